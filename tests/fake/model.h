/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the model. Names of objects are borrowed from the facts document that a device was
 * made of; all that can change is a number or a short string.
 *
 * load.c makes devices; socket.c carries out what sockets send, message by message; commands.c
 * finds command and device and checks attributes; get.c and set.c are the commands; reload.c and
 * flash.c are the long ones; ports.c has ports; notify.c fills and multicasts messages; device.c
 * registers and unregisters.
 */
#pragma once

#include "bytes.h"
#include "fake.h"

#include <linux/devlink.h>
#include <linux/genetlink.h>

/* What the uapi header of Linux 7.3 has and those of the oldest kernels have not. */
enum {
	ATTR_MAX_6_12 = 179,
	ATTR_BURST_PERIOD = 181,
	ATTR_PARAM_VALUE_DEFAULT = 182,
	ATTR_PARAM_RESET_DEFAULT = 183,
	ATTR_INDEX = 184,
	ATTR_RESOURCE_SCOPE_MASK = 185,
};
enum { SCOPE_DEVICE = 1, SCOPE_PORTS = 2 };
#define INDEX_BUS "devlink_index"

#define FAMILY	     21
#define GROUP	     5
#define HANDLE_SIZE  128
#define TEXT_SIZE    160
#define STRING_SIZE  32 /* __DEVLINK_PARAM_MAX_STRING_VALUE */
#define NOT_BEFORE   UINT64_MAX
#define N_ACTIONS    (DEVLINK_RELOAD_ACTION_MAX + 1)
#define N_LIMITS     (DEVLINK_RELOAD_LIMIT_MAX + 1)
#define N_CMODES     3
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct value {
	bool has;
	uint64_t num;
	char str[STRING_SIZE];
};

/* NLA numbers: the types of params on the wire. */
enum param_type {
	TYPE_U8 = 1,
	TYPE_U16 = 2,
	TYPE_U32 = 3,
	TYPE_U64 = 4,
	TYPE_STRING = 5,
	TYPE_FLAG = 6
};

struct param {
	const char *name;
	uint64_t id; /* the order of dumps from 6.3 on */
	enum param_type type;
	bool generic, broken;
	bool by_up;   /* registered by each bring-up */
	bool limited; /* the driver's validator takes min to max, or 0 where zero */
	bool zero;
	uint64_t min, max;
	const char *const *words; /* or one of these */
	struct {
		bool supported;
		struct value initial; /* the driver's own */
		struct value now;     /* what a GET says */
		struct value fresh;   /* driverinit from 6.3 on: set, not loaded yet */
		struct value active;  /* what the driver works with */
		struct value preset;  /* 7.3: what a reset to the default leads to */
	} mode[N_CMODES];
};

struct resource {
	const char *path;
	size_t parent, depth; /* parent: index + 1, 0 for top level */
	uint64_t id, initial, size, size_new, min, max, granularity, occ;
	uint64_t active; /* what the driver works with */
	uint8_t unit;
	bool has_occ, valid, unread, leaf;
};

struct policer {
	uint32_t id;
	uint64_t initial_rate, initial_burst, rate, burst;
	bool broken;
};

struct group {
	const char *name;
	uint32_t initial, policer; /* 0: none */
	bool generic, fixed, broken;
};

struct trap {
	const char *name;
	size_t group;
	uint8_t type, initial, action;
	bool generic, source, broken; /* source: the driver takes no other action */
};

#define FLAT_KEYS   4
#define FLAT_FIELDS 8

/* An object of one of the kinds of flat.c. */
struct flat {
	size_t kind;
	const char *name; /* in facts: "p1/tx" */
	char *own;	  /* the same, where facts do not have it */
	char *text;	  /* what the strings of the key point into */
	int64_t port;	  /* index; -1: of the device */
	struct {
		uint64_t num;
		const char *str;
	} key[FLAT_KEYS];
	struct {
		bool has;
		uint64_t num;
	} v[FLAT_FIELDS], initial[FLAT_FIELDS];
};

struct port {
	unsigned index, number;
	int card, part; /* -1: it is on none, or whole */
	unsigned whole; /* of a part: the index of the whole port */
	unsigned lanes; /* 0: the driver does not tell */
	bool cpu;
};

/* A line card of a modular switch. */
struct card {
	unsigned index, fails; /* fails: so many of the next provisionings */
	uint8_t state;	       /* DEVLINK_LINECARD_STATE_* */
	char type[STRING_SIZE];
	json_t *supported;
	uint64_t due; /* it goes on by itself then */
};

/* What a port's message tells: that it is there, its type, its netdev. */
enum port_is { PORT_BARE, PORT_ETH, PORT_NETDEV };

/* How a driver behaves where drivers differ. Set by its name, then by "fake" in the facts. */
struct quirks {
	uint32_t performed[N_ACTIONS]; /* RELOAD_ACTIONS_PERFORMED of a full reload */
	uint32_t reads_params;	       /* actions in which driverinit params are read */
	bool info, flash, mirror, group_set, occ_enforced;
	bool traps_survive, runtime_survives, burst_power_of_two;
	bool health_survives, eswitch_survives; /* a reload */
	bool frozen_buffers;			/* some of its pools and TCs are fixed */
	bool inactive;				/* it knows the mode switchdev_inactive */
	bool traps_need_legacy;			/* mode of the eswitch */
	bool removed_by_id;			/* PARAM_DELs are in the order of ids */
	uint64_t rate_min, rate_max, burst_min, burst_max;
	bool overwrite_mask; /* it knows the attribute, and takes these bits of it: */
	uint32_t overwrite;
	int mirror_error; /* where it refuses to mirror */
	unsigned ports, first_port;
	unsigned lane_indexes; /* of a port, where indexes count lanes; 0: they count ports */
	bool cpu_port;	       /* port 0, which has no netdev */
	const char *region;
	uint64_t reload_msec, flash_msec;
	unsigned flash_steps, flash_unit; /* progress of a step */
	const char *flash_failed;	  /* the last words of a flash that fails */
	bool flash_select;
};

/* An action that takes time and holds the device's lock. */
enum operation_kind { OPERATION_NONE, OPERATION_RELOAD, OPERATION_FLASH };

struct operation {
	enum operation_kind kind;
	uint8_t action, limit;
	uint64_t started, due;
	unsigned step;
	uint32_t performed;
	int error;
	char text[TEXT_SIZE];
	char file[HANDLE_SIZE], component[HANDLE_SIZE];
};

/* What shall happen to the next reload or flash. */
struct fate {
	unsigned times;
	int error;
	char text[TEXT_SIZE];
	unsigned percent; /* of a flash */
	bool early;	  /* of a reload: before the driver has read its sizes */
};

struct counts {
	unsigned gets, sets, reloads, flashes;
};

struct device {
	char handle[HANDLE_SIZE], bus[HANDLE_SIZE], dev[HANDLE_SIZE];
	const char *driver;
	json_t *facts;		   /* owns the names */
	json_t *versions;	   /* {"running": {...}, ...} as they are now */
	json_t *flashed;	   /* {name: value}: comes true at the activation, or NULL */
	bool sticky;		   /* no activation changes what runs */
	bool loses;		   /* each probe starts from the image that it was made with */
	char builtin[STRING_SIZE]; /* replaces older firmware while fw_load_policy is 0 */
	uint64_t serial;	   /* order of registration */
	uint32_t index;		   /* 7.3: of the registration, from 1 on; else 0 */
	bool registered, dying, forget;
	bool up; /* the objects that a reload tears down are there */
	bool reload_failed;
	uint32_t actions, limits;		/* bits: offered by the driver */
	uint32_t stats[2][N_ACTIONS][N_LIMITS]; /* local, remote */
	struct param *params;
	struct resource *resources, *port_resources; /* of each port, all at the top level */
	struct policer *policers;
	struct group *groups;
	struct trap *traps;
	struct flat *flats, **ordered; /* ordered: see put_in_order() */
	struct card *cards;
	size_t n_cards;
	uint64_t linecard_msec; /* that each provisioning takes */
	struct port *ports;
	size_t n_ports;
	unsigned next_index; /* of the next port that is made */
	size_t n_flats, n_ordered, n_params, n_resources, n_port_resources, n_policers, n_groups,
		n_traps;
	struct quirks quirks;
	struct operation operation;
	struct fate refuse_down, fail_up, fail_flash;
	struct counts counts;
	struct device *next;
};

enum rule_effect {
	RULE_ERROR,	  /* refuse, with errno and text */
	RULE_IGNORE,	  /* say yes and do nothing */
	RULE_CLAMP,	  /* do less than asked: a resource's size */
	RULE_LOSE_ANSWER, /* do it, answer nothing */
	RULE_LOSE,	  /* do not even do it */
	RULE_HOLD,	  /* do not do it until released; never, if the sender goes away */
};

struct rule {
	char handle[HANDLE_SIZE]; /* "*": any */
	uint8_t command;	  /* 0: any */
	char name[HANDLE_SIZE];	  /* "": any */
	enum rule_effect effect;
	unsigned skip, times;
	int error;
	uint64_t value;
	char text[TEXT_SIZE];
	struct rule *next;
};

struct datagram {
	struct bytes bytes;
	struct datagram *next;
};

struct dump {
	bool running, filtered;
	uint8_t command;
	uint32_t seq;
	uint64_t serial; /* 6.12: the instance it has come to */
	size_t index;
	int error;	/* of its end */
	uint32_t scope; /* of RESOURCE_DUMP; 0: all */
	char handle[HANDLE_SIZE];
};

struct fake_socket {
	struct fake *fake;
	unsigned id;
	bool member, admin, ext_ack, cap_ack;
	bool stranger;	 /* sends what the control lines say others do */
	bool held;	 /* by a rule */
	bool closed;	 /* to be freed as soon as the sendmsg() is over */
	int error;	 /* of the last message */
	struct bytes in; /* one datagram of the sender */
	size_t at;
	bool sending;
	uint64_t ticket;
	struct device *working; /* the operation is this socket's */
	struct datagram *out, **out_end;
	size_t n_out;
	bool congested, overrun, muted;
	size_t room; /* of a dump's chunk: the greatest buffer that was received into */
	struct dump dump;
	json_t *entry; /* of the request log */
	struct fake_socket *next;
};

struct fake {
	enum fake_line line;
	uint64_t now, serial, ticket;
	uint32_t last_index;
	unsigned sockets_made;
	bool no_devlink, pad;
	size_t queue_limit; /* datagrams; 0: none */
	size_t chunk_limit; /* bytes; 0: the kernel's */
	struct device *devices;
	struct fake_socket *sockets;
	struct rule *rules;
	json_t *requests;
	size_t forgotten;
};

/* One message while it is carried out. */
struct call {
	struct fake *fake;
	struct fake_socket *socket;
	const struct nlmsghdr *m;
	uint8_t command;
	struct attrs a;
	bool checked; /* the attributes are as the policy wants them */
	struct device *dev;
	const struct rule *rule;
	char text[TEXT_SIZE + 64];
	const struct nlattr *bad;
	uint16_t missing;
};

/* Of functions that else return 0 or -errno. */
enum { CALL_WAIT = 1, CALL_NO_ACK = 2 };

/* load.c */
bool is_generic_param(const char *name, uint64_t *ret_id);
void quirks_by_driver(struct device *d, enum fake_line line);
int quirks_read(struct device *d, json_t *j);
struct device *device_free(struct device *d);
bool number_read(json_t *j, uint64_t *ret);

/* device.c */
struct device *device_find(struct fake *f, const char *handle);
void device_register(struct fake *f, struct device *d);
void device_unregister(struct fake *f, struct device *d);
void device_defaults(struct device *d);
void objects_reset(struct device *d);
void resource_validate(struct device *d, size_t i);
bool resources_valid(const struct device *d);
bool device_locked(const struct device *d);
void device_unlock(struct fake *f, struct device *d);
bool device_has_traps(const struct device *d);
void devices_reap(struct fake *f);

/* notify.c */
void fill_device(struct fake *f, struct bytes *b, const struct device *d);
void fill_info(struct bytes *b, const struct device *d);
int fill_param(struct fake *f, struct bytes *b, const struct device *d, const struct param *p);
int fill_trap(struct bytes *b, const struct device *d, const struct trap *t);
int fill_group(struct bytes *b, const struct device *d, const struct group *g);
int fill_policer(struct bytes *b, const struct device *d, const struct policer *p);
void put_handle(struct bytes *b, const struct device *d);
void notify_device(struct fake *f, struct device *d, uint8_t command);
void notify_param(struct fake *f, struct device *d, struct param *p, uint8_t command);
void notify_params(struct fake *f, struct device *d, uint8_t command, bool by_up);
void notify_traps(struct fake *f, struct device *d, bool new);
void notify_region(struct fake *f, struct device *d, bool new);
void notify_flash(struct fake *f, struct device *d, uint8_t command);
void notify_status(struct fake *f, struct device *d, const char *text, uint64_t done,
		   uint64_t total, uint64_t timeout);
size_t notify_start(struct fake *f, struct bytes *b, uint8_t command);
void notify_finish(struct fake *f, struct bytes *b, size_t at, int error);
void notify_send(struct fake *f, struct bytes *b);

/* reload.c, flash.c */
int reload_start(struct call *c);
int reload_continue(struct call *c, struct device *d);
void reload_down(struct fake *f, struct device *d);
void reload_up(struct fake *f, struct device *d, uint8_t action);
int flash_start(struct call *c);
int flash_continue(struct call *c, struct device *d);
void firmware_activate(struct device *d);
void firmware_probe(struct device *d);
void firmware_upgrade(struct fake *f, struct device *d);

/* get.c, set.c */
int get_device(struct call *c);
int get_info(struct call *c);
int get_port(struct call *c);
int get_param(struct call *c);
int get_resources(struct call *c);
int get_trap(struct call *c);
int get_group(struct call *c);
int get_policer(struct call *c);
bool dump_chunk(struct fake_socket *s, struct bytes *b, size_t room);
int set_param(struct call *c);
int set_resource(struct call *c);
int set_trap(struct call *c);
int set_group(struct call *c);
int set_policer(struct call *c);
const struct param *param_by_id(const struct fake *f, const struct device *d, size_t i);
struct param *param_find(struct device *d, const char *name);
struct trap *trap_find(struct device *d, const char *name);
struct group *group_find(struct device *d, const char *name);
struct policer *policer_find(struct device *d, uint32_t id);
struct resource *resource_find(struct device *d, const char *path);
struct resource *resource_by_id(struct device *d, uint64_t id);

/* ports.c */
unsigned ports_of(const struct device *d);
unsigned port_index(const struct device *d, unsigned i);
const struct port *port_by_index(const struct device *d, uint64_t index);
const struct port *port_by_label(const struct device *d, const char *label);
const char *port_label(const struct port *p, char buffer[static HANDLE_SIZE]);
bool port_parse(const char *label, struct port *ret);
int fill_port(struct bytes *b, const struct device *d, unsigned i, enum port_is is);
void notify_port(struct fake *f, struct device *d, uint8_t command, unsigned i, enum port_is is);
void notify_ports_up(struct fake *f, struct device *d);
void notify_ports_down(struct fake *f, struct device *d);
int split_port(struct call *c);
int unsplit_port(struct call *c);
void ports_add_card(struct fake *f, struct device *d, int card, unsigned count);
void ports_drop_card(struct fake *f, struct device *d, int card);
void ports_reset(struct device *d);
const char *ports_load(struct device *d, json_t *facts);
void ports_json(const struct device *d, json_t *all);

/* linecards.c */
int get_linecard(struct call *c);
int set_linecard(struct call *c);
const char *linecard_label(const struct call *c, char buffer[static HANDLE_SIZE]);
int linecard_dump(struct bytes *b, const struct device *d, size_t i);
void linecards_notify(struct fake *f, struct device *d, bool new);
uint64_t linecards_due(const struct device *d);
void linecards_run(struct fake *f, struct device *d);
bool linecard_fail(struct device *d, unsigned index, unsigned times);
void linecards_hurry(struct fake *f, struct device *d, uint64_t msec);
const char *linecards_load(struct device *d, json_t *facts);
void linecards_free(struct device *d);
void linecards_json(const struct device *d, json_t *all);

/* flat.c */
struct flat *flat_find(const struct call *c);
uint8_t flat_reply(uint8_t command);
int get_flat(struct call *c);
int set_flat(struct call *c);
size_t flats_of(struct device *d, uint8_t command);
int flat_dump(struct fake *f, struct bytes *b, struct device *d, uint8_t command, size_t i);
void flats_reset(struct device *d, bool reload);
const char *flats_load(struct device *d, json_t *facts);
const char *flats_bind_ports(struct device *d);
unsigned flats_highest_port(const struct device *d);
void flats_copy_port(struct device *d, unsigned from, const struct port *to);
void flats_drop_port(struct device *d, unsigned index);
void flats_move_port(struct device *d, unsigned from, unsigned to);
void flats_free(struct device *d);
void flats_json(const struct device *d, json_t *all);
void flat_details(json_t *j, const struct call *c);
bool flat_is_switchdev(const struct device *d);

/* commands.c */
int call_run(struct call *c);
int call_missing(struct call *c, uint16_t attr);
void call_say(struct call *c, const char *text);
void call_say_driver(struct call *c, const char *text);
const char *call_string(const struct call *c, uint16_t attr);
const char *command_name(uint8_t command);
uint8_t command_by_name(const char *name);
const char *call_object(const struct call *c, char buffer[static HANDLE_SIZE]);
size_t reply_start(struct call *c, struct bytes *b, uint8_t command, uint16_t flags);
void reply_send(struct call *c, struct bytes *b, size_t at);

/* socket.c */
void socket_put(struct fake_socket *s, struct bytes *b);
void fake_run(struct fake *f);

/* state.c */
json_t *number_json(uint64_t n);
json_t *device_json(const struct device *d);
void log_start(struct call *c);
void log_end(struct call *c, int error);
