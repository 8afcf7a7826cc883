/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asicsim: switch and NIC ASICs without the ASIC, on the real devlink core.
 *
 * struct asicsim is the device object, the board in its slot. It outlives bind and unbind and
 * holds what a board keeps (NVRAM, firmware), what the tester set (knobs), what was done to it
 * (counts) and what is in force inside the "hardware". The devlink instance only points to it.
 *
 * Locks, outer first: device lock (driver core, and devlink from 6.8), bind_lock (probe, remove
 * and the knobs that act on the instance), devlink's instance lock, lock (all plain data below
 * it). Devlink callbacks run under the instance lock and never take bind_lock.
 */
#ifndef ASICSIM_H
#define ASICSIM_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>
#include <net/devlink.h>

#include "compat.h"

#define ASICSIM_NAME		"asicsim"
#define ASICSIM_TRAPS		80
#define ASICSIM_GROUPS		28
#define ASICSIM_POLICERS	28
#define ASICSIM_RESOURCES	20
#define ASICSIM_PARAMS		8
#define ASICSIM_PORTS		64
#define ASICSIM_CARDS		4
#define ASICSIM_POOLS		11
#define ASICSIM_TCS		16
#define ASICSIM_NAME_SIZE	32
#define ASICSIM_MAX_ID		999999	/* names of netdevs are short */
#define ASICSIM_RULES		32
#define ASICSIM_KNOBS		32
#define ASICSIM_TEXT		80

struct asicsim;

struct asicsim_version {
	u32 major, minor, sub;
};

struct asicsim_trap_desc {
	struct devlink_trap trap;
	bool source;			/* a fixed mirroring source, action not settable */
};

struct asicsim_group_desc {
	struct devlink_trap_group group;
	bool fixed;			/* policer binding not settable */
};

struct asicsim_resource_desc {
	const char *path;
	u64 id, parent;
	u64 size, min, max, gran;
	bool fixed;			/* never read back: min == max */
	bool occ;
};

struct asicsim_param_desc {
	struct devlink_param param;
	union devlink_param_value def;
	int (*check)(const union devlink_param_value *val, struct netlink_ext_ack *extack);
	bool lost_at_init;		/* runtime value that every bring-up resets */
};

#define ASICSIM_TABLE(type, name) const struct type *name; size_t n_##name
#define ASICSIM_ROWS(field, array) .field = array, .n_##field = ARRAY_SIZE(array)

/* A kind of board: only constants. */
struct asicsim_model {
	const char *name;
	const char *psid;
	const char *hw_revision;	/* NULL: not reported */
	const struct devlink_ops *ops;
	struct asicsim_version fw;	/* on the board when it is new, and built into the driver */
	bool resets_asic;		/* probe and every reload restart the ASIC with stored fw */
	bool wants_fw;			/* the driver upgrades firmware older than its own */
	bool shows_stored;
	bool nic;			/* it has an eswitch and health reporters */
	bool cpu_port;
	bool buffers;
	u32 lanes;			/* of a port; 0: no port can be split */
	u32 n_cards;			/* slots for line cards */
	bool shared;			/* all boards of the kind are one chip */
	bool keeps_traps;		/* default of the knob keep_traps */
	u64 kvd_size, hash_single_min, hash_double_min;
	ASICSIM_TABLE(asicsim_trap_desc, traps);
	ASICSIM_TABLE(asicsim_trap_desc, own_traps);
	ASICSIM_TABLE(asicsim_group_desc, groups);
	ASICSIM_TABLE(asicsim_group_desc, own_groups);
	ASICSIM_TABLE(devlink_trap_policer, policers);
	ASICSIM_TABLE(asicsim_resource_desc, resources);
	ASICSIM_TABLE(asicsim_param_desc, params);
};

enum asicsim_kind {
	ASICSIM_PARAM,
	ASICSIM_TRAP,
	ASICSIM_GROUP,
	ASICSIM_POLICER,
	ASICSIM_POOL,
	ASICSIM_SB_PORT,
	ASICSIM_SB_TC,
	ASICSIM_SPLIT,
	ASICSIM_LINECARD,
	ASICSIM_ESWITCH,
	ASICSIM_KINDS,
};

/* Fails the next @left times, or always, with @err; no fault if @err is 0. */
struct asicsim_fault {
	int err;
	u32 left;
	bool always;
};

/* One line of fail_set (err != 0) or ignore_set (err == 0). */
struct asicsim_rule {
	bool used;
	enum asicsim_kind kind;
	char name[48];
	struct asicsim_fault fault;
	char text[ASICSIM_TEXT];
};

/* The state of the trap, group or policer with the same index in the array of definitions. */
struct asicsim_trap {
	bool source;
	enum devlink_trap_action action;
};

struct asicsim_group {
	bool fixed;
	u32 policer;
};

struct asicsim_policer {
	u64 rate, burst;
};

struct asicsim_resource {
	struct asicsim *sim;
	u64 size;			/* in force */
	u64 clamp;			/* 0: none */
	bool clamp_hidden;
	u64 occ;
};

struct asicsim_param {
	union devlink_param_value active;
	union devlink_param_value nvram;	/* permanent cmode only */
	bool ignore_next;
	bool registered;
};

struct asicsim_pool {
	enum devlink_sb_threshold_type type;
	u32 cells;
};

/* A port's share of a pool; the threshold is a code where the pool is dynamic. */
struct asicsim_quota {
	u32 threshold;
	u32 used, peak, shown, shown_peak;
};

struct asicsim_tc {
	u16 pool;
	u32 threshold;
};

enum asicsim_card_state {
	ASICSIM_CARD_EMPTY,
	ASICSIM_CARD_COMING,
	ASICSIM_CARD_ACTIVE,
	ASICSIM_CARD_GOING,
};

struct asicsim_card {
	struct asicsim *sim;
	struct devlink_linecard *linecard;
	u32 index;
	enum asicsim_card_state state;	/* and @type: the board's, whoever is bound */
	size_t type;
	struct delayed_work work;
};

struct asicsim_port {
	struct list_head node;
	struct devlink_port port;
	struct net_device *netdev;
	struct devlink_health_reporter *tx;
	int ifindex;
	enum devlink_port_flavour flavour;
	struct asicsim_card *card;	/* NULL: the board's own */
	u32 nr;				/* physical number, or that of the VF */
	int part;			/* -1: not split */
	u32 index, whole;		/* its own, and the one it has unsplit */
	u32 lanes;
	struct asicsim_quota pools[ASICSIM_POOLS];
	struct asicsim_tc tcs[2][ASICSIM_TCS];
};

struct asicsim_count {
	struct list_head node;
	u64 n;
	char key[];
};

struct asicsim_knob;

struct asicsim_file {
	struct asicsim *sim;
	const struct asicsim_knob *knob;
};

struct asicsim {
	struct device dev;
	u32 id;
	u32 n_ports;
	const struct asicsim_model *model;
	struct list_head node;
	bool dying;

	struct dentry *dir;
	struct asicsim_file files[ASICSIM_KNOBS];

	struct mutex bind_lock;		/* protects the three below */
	struct devlink *devlink;
	struct devlink_health_reporter *reporter, *fw_reporter;

	struct mutex lock;		/* protects all that follows */

	/* knobs */
	struct asicsim_fault fail_down, fail_up, fail_probe, flash_fail, fail_linecard;
	u32 flash_fail_percent;
	u32 reload_ms, probe_ms, flash_ms, flash_steps, ports_ms, linecard_ms;
	u32 num_vfs;
	bool sticky_version, lose_fw, keep_traps;
	bool hang, oops, die;
	struct asicsim_version builtin;
	char serial[32];
	struct asicsim_rule fail_set[ASICSIM_RULES], ignore_set[ASICSIM_RULES];

	/* the board */
	struct asicsim_version running, stored;
	struct asicsim_card cards[ASICSIM_CARDS];

	/* in force */
	bool up, traps_on, removing, occ_on;
	u32 n_traps, n_groups, n_policers;
	struct devlink_trap trap_defs[ASICSIM_TRAPS];
	struct devlink_trap_group group_defs[ASICSIM_GROUPS];
	struct devlink_trap_policer policer_defs[ASICSIM_POLICERS];
	struct asicsim_trap traps[ASICSIM_TRAPS];
	struct asicsim_group groups[ASICSIM_GROUPS];
	struct asicsim_policer policers[ASICSIM_POLICERS];
	struct asicsim_resource resources[ASICSIM_RESOURCES];
	struct asicsim_param params[ASICSIM_PARAMS];
	struct list_head ports;		/* as registered; changed with the instance's lock, too */
	struct asicsim_pool pools[ASICSIM_POOLS];
	bool buffers_on;
	u16 esw_mode;
	u8 esw_inline;
	enum devlink_eswitch_encap_mode esw_encap;

	struct list_head counts;
	u32 n_counts;
	u64 reload_at, set_at;		/* ktime_get_ns() */
};

struct asicsim_priv {
	struct asicsim *sim;
	struct devlink *shared;
};

static inline struct asicsim *asicsim_of(struct devlink *devlink)
{
	return ((struct asicsim_priv *)devlink_priv(devlink))->sim;
}

/* models.c */
extern const struct asicsim_model asicsim_spectrum1, asicsim_spectrum2, asicsim_sn4800,
				  asicsim_mlx5ish;
const struct asicsim_model *asicsim_model_find(const char *name);
int asicsim_resource_find(const struct asicsim_model *model, const char *path);

/* ports.c */
void asicsim_port_name(char *buf, size_t size, const struct asicsim_port *p);
struct asicsim_port *asicsim_port_find(struct asicsim *sim, const char *name);
u32 asicsim_port_index(const struct asicsim *sim, u32 slot);
int asicsim_port_add(struct asicsim *sim, struct devlink *devlink, const struct asicsim_port *like);
int asicsim_ports_up(struct asicsim *sim, struct devlink *devlink);
void asicsim_ports_del(struct asicsim *sim,
		       bool (*like)(const struct asicsim_port *p, const void *what),
		       const void *what);

/* buffers.c */
void asicsim_buffers_port_reset(struct asicsim *sim, struct asicsim_port *p);
int asicsim_buffers_up(struct asicsim *sim, struct devlink *devlink);
void asicsim_buffers_down(struct asicsim *sim, struct devlink *devlink);
int asicsim_pool_get(struct devlink *devlink, unsigned int sb, u16 pool,
		     struct devlink_sb_pool_info *info);
int asicsim_pool_set(struct devlink *devlink, unsigned int sb, u16 pool, u32 size,
		     enum devlink_sb_threshold_type type, struct netlink_ext_ack *extack);
int asicsim_quota_get(struct devlink_port *port, unsigned int sb, u16 pool, u32 *threshold);
int asicsim_quota_set(struct devlink_port *port, unsigned int sb, u16 pool, u32 threshold,
		      struct netlink_ext_ack *extack);
int asicsim_tc_get(struct devlink_port *port, unsigned int sb, u16 tc,
		   enum devlink_sb_pool_type dir, u16 *pool, u32 *threshold);
int asicsim_tc_set(struct devlink_port *port, unsigned int sb, u16 tc,
		   enum devlink_sb_pool_type dir, u16 pool, u32 threshold,
		   struct netlink_ext_ack *extack);
int asicsim_occ_snapshot(struct devlink *devlink, unsigned int sb);
int asicsim_occ_clear(struct devlink *devlink, unsigned int sb);
int asicsim_occ_port(struct devlink_port *port, unsigned int sb, u16 pool, u32 *cur, u32 *peak);
int asicsim_occ_tc(struct devlink_port *port, unsigned int sb, u16 tc,
		   enum devlink_sb_pool_type dir, u32 *cur, u32 *peak);
int asicsim_buffer_fill(struct asicsim *sim, const char *port, u32 pool, u32 cells);
void asicsim_buffers_show(const struct asicsim *sim, struct seq_file *s);

/* cards.c */
void asicsim_cards_init(struct asicsim *sim);
int asicsim_cards_up(struct asicsim *sim, struct devlink *devlink);
int asicsim_cards_ports_up(struct asicsim *sim, struct devlink *devlink);
void asicsim_cards_hurry(struct asicsim *sim, u32 ms);
void asicsim_cards_down(struct asicsim *sim);
void asicsim_cards_show(const struct asicsim *sim, struct seq_file *s);

/* nic.c */
int asicsim_nic_reporters_add(struct asicsim *sim, struct devlink *devlink);
void asicsim_nic_reporters_del(struct asicsim *sim);
int asicsim_nic_port_up(struct asicsim *sim, struct asicsim_port *p);
void asicsim_nic_port_down(struct asicsim_port *p);
void asicsim_nic_reset(struct asicsim *sim);
int asicsim_esw_mode_get(struct devlink *devlink, u16 *mode);
int asicsim_esw_mode_set(struct devlink *devlink, u16 mode, struct netlink_ext_ack *extack);
int asicsim_esw_inline_get(struct devlink *devlink, u8 *mode);
int asicsim_esw_inline_set(struct devlink *devlink, u8 mode, struct netlink_ext_ack *extack);
int asicsim_esw_encap_get(struct devlink *devlink, enum devlink_eswitch_encap_mode *mode);
int asicsim_esw_encap_set(struct devlink *devlink, enum devlink_eswitch_encap_mode mode,
			  struct netlink_ext_ack *extack);
void asicsim_nic_show(const struct asicsim *sim, struct seq_file *s);

/* traps.c */
bool asicsim_traps_active(struct asicsim *sim);
void asicsim_traps_reset(struct asicsim *sim);
int asicsim_traps_up(struct asicsim *sim, struct devlink *devlink);
void asicsim_traps_down(struct asicsim *sim, struct devlink *devlink, bool final);
int asicsim_trap_init(struct devlink *devlink, const struct devlink_trap *trap, void *ctx);
int asicsim_spectrum_trap_set(struct devlink *devlink, const struct devlink_trap *trap,
			      enum devlink_trap_action action, struct netlink_ext_ack *extack);
int asicsim_mlx5ish_trap_set(struct devlink *devlink, const struct devlink_trap *trap,
			     enum devlink_trap_action action, struct netlink_ext_ack *extack);
int asicsim_group_init(struct devlink *devlink, const struct devlink_trap_group *group);
int asicsim_group_set(struct devlink *devlink, const struct devlink_trap_group *group,
		      const struct devlink_trap_policer *policer, struct netlink_ext_ack *extack);
int asicsim_policer_init(struct devlink *devlink, const struct devlink_trap_policer *policer);
int asicsim_policer_set(struct devlink *devlink, const struct devlink_trap_policer *policer,
			u64 rate, u64 burst, struct netlink_ext_ack *extack);
int asicsim_policer_drops(struct devlink *devlink, const struct devlink_trap_policer *policer,
			  u64 *drops);
const char *asicsim_action_name(enum devlink_trap_action action);

/* params.c */
int ASICSIM_PARAM_GET(asicsim_param_get);
int ASICSIM_PARAM_SET(asicsim_param_set);
int ASICSIM_PARAM_VALIDATE(asicsim_param_validate);
int ASICSIM_PARAM_GET(asicsim_param_get_default);
int asicsim_param_reset_default(struct devlink *devlink, u32 id, enum devlink_param_cmode cmode,
				struct netlink_ext_ack *extack);
int asicsim_params_add(struct asicsim *sim, struct devlink *devlink);
void asicsim_params_del(struct asicsim *sim, struct devlink *devlink);
int asicsim_params_up(struct asicsim *sim, struct devlink *devlink);
void asicsim_params_down(struct asicsim *sim, struct devlink *devlink);
void asicsim_params_power_on(struct asicsim *sim);
void asicsim_param_print(char *buf, size_t size, const struct devlink_param *param,
			 const union devlink_param_value *val);
const char *asicsim_cmode_name(const struct devlink_param *param);

/* device.c */
int asicsim_probe(struct device *dev);
int asicsim_remove(struct device *dev);
int asicsim_up(struct asicsim *sim, struct devlink *devlink, bool boot,
	       struct netlink_ext_ack *extack);
void asicsim_down(struct asicsim *sim, struct devlink *devlink, bool final);
int asicsim_reinit(struct asicsim *sim, struct devlink *devlink);
void asicsim_fw_activate(struct asicsim *sim);
int asicsim_fw_write(struct asicsim *sim, struct devlink *devlink,
		     const struct asicsim_version *version, struct netlink_ext_ack *extack);
void asicsim_pause(struct asicsim *sim, const u32 *ms);

/* ops.c */
extern const struct devlink_ops asicsim_spectrum_ops, asicsim_sn4800_ops, asicsim_mlx5ish_ops,
				asicsim_rvuish_ops, asicsim_shared_ops;
void asicsim_version_print(char *buf, size_t size, const struct asicsim *sim,
			   const struct asicsim_version *version);

/* knobs.c */
void asicsim_knobs_add(struct asicsim *sim);
void asicsim_knobs_del(struct asicsim *sim);
int asicsim_knobs_init(void);
void asicsim_knobs_exit(void);
__printf(2, 3) void asicsim_count(struct asicsim *sim, const char *fmt, ...);
void asicsim_counts_clear(struct asicsim *sim);
void asicsim_stamp(struct asicsim *sim, u64 *at);
int asicsim_fault_hit(struct asicsim *sim, struct asicsim_fault *fault);
int asicsim_set_fails(struct asicsim *sim, enum asicsim_kind kind, const char *name,
		      struct netlink_ext_ack *extack);
int asicsim_set_begin(struct asicsim *sim, enum asicsim_kind kind, const char *name,
		      struct netlink_ext_ack *extack);
int asicsim_set_check(struct asicsim *sim, enum asicsim_kind kind, const char *name, int err);
bool asicsim_set_ignored(struct asicsim *sim, enum asicsim_kind kind, const char *name);

#endif
