/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of bus/ share. */
#pragma once

#include "base/vec.h"
#include "device/device.h"

#include <systemd/sd-bus.h>

struct auth_check;
struct bus;
struct loading;
struct look;
struct loop;
struct manager;
struct runner;

#define BUS_ERROR(name)	  "org.carved1.Error." name
#define BUS_NAME	  "org.carved1"
#define BUS_PATH	  "/org/carved1"
#define BUS_DEVICE_PREFIX "/org/carved1/device"
#define BUS_MANAGER	  "org.carved1.Manager"
#define BUS_DEVICE	  "org.carved1.Device"

#define _cleanup_error_	  _cleanup_(sd_bus_error_free)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

/* What a call would do, and the config by which it would. */
struct assessment {
	enum disrupts disrupts;
	uint64_t hash; /* 0: not known, or it does not matter */
};

enum share { SHARE_QUESTIONS, SHARE_CAPTURES, SHARE_PLANS, SHARE_JOBS, N_SHARES };

/* A connection to the bus. */
struct caller {
	struct bus *bus;
	char *name;
	sd_bus_slot *slot; /* the question whose it is */
	bool known;
	uint32_t uid;	 /* UINT32_MAX until it is known, and where the bus does not tell it */
	uint64_t charge; /* until it is known: as of struct account */
	unsigned taken[N_SHARES];
	struct assessment granted; /* of the call that was authorized last */
};

/* What a uid has used of the loop's time: it is refused while this is too far in the future. */
struct account {
	uint32_t uid;
	uint64_t charge;
};

/* A call whose sender's uid is asked for. */
struct unidentified {
	struct caller *caller;
	sd_bus_message *call;
	int (*then)(struct bus *b, struct caller *c, sd_bus_message *call, sd_bus_error *error);
};

/* The answer to a call that is refused: at once, it would only be followed by another. */
struct refusal {
	sd_bus_message *answer;
	uint64_t at;
};

struct callers {
	VEC(struct refusal) refusals; /* by time */
	VEC(struct caller *) list;
	VEC(struct account) accounts;
	VEC(struct unidentified) waiting;
	struct caller *current; /* whose call is being handled */
};

/* The rest of a method's handler, see sd_bus_message_handler_t(3). */
typedef int (*caller_handler)(struct bus *b, struct caller *c, sd_bus_message *call,
			      sd_bus_error *error);

/*
 * What a call wants done, for polkit to say whether its caller may. The texts belong to the call or
 * to the program.
 */
struct demand {
	const char *action;
	caller_handler then;
	const char *device; /* or entry; "" for all */
	bool allow_reload;
	bool files;    /* the config is that of the files, which are to be read; else: */
	uint64_t hash; /* ... a kept one; 0: the one in force */
	bool idle;     /* nothing is done to any device */
	enum mandate mandate;
	bool retry;
};

/* Properties of a device that are told with their values when they change. */
enum { BUS_DEVICE_TEXTS = 9, BUS_DEVICE_NUMBERS = 10 };

/* A device that the bus knows, and what it has told of it. */
struct bus_device {
	struct bus *bus;
	struct runner *runner;
	char *path;
	sd_bus_slot *slot;
	uint64_t revision, records;
	uint64_t read_at, read_due; /* all of it, for whoever asked: the last time and the next */
	char *texts[BUS_DEVICE_TEXTS];
	uint64_t numbers[BUS_DEVICE_NUMBERS];
	char *diagnostics, *netdevs;
};

/* Somebody who waits for a device's catalogue. */
struct bus_capture {
	struct caller *caller;
	sd_bus_message *call;
	struct runner *runner;
	uint64_t catalogues; /* as many had been read when it was asked for */
	uint64_t until;	     /* no answer comes later, see bus_capture_until() */
	bool facts, json;
};

/* All is read that says what @config would do; NULL: there is none. */
typedef void (*check_ready)(struct auth_check *check, struct config *config);

/* Somebody who waits for what a config would do that is not in force. */
struct bus_candidate {
	bool in_force; /* of the config in force, else of another */
	bool permitted;
	struct caller *caller;
	sd_bus_message *call;
	struct auth_check *check; /* is told of the config; NULL: the caller, of the plan */
	check_ready ready;
	struct loading *loading;
	struct config *config;	       /* NULL until it is loaded */
	const char *name;	       /* borrowed from the call */
	VEC(struct bus_capture) reads; /* those that are not done yet; without a call */
	VEC(struct look *) looks;      /* at the files of firmware that it would flash */
};

/* A call that needs a kept config, which is read from disk. */
struct bus_lookup {
	struct caller *caller;
	sd_bus_message *call;
	struct loading *loading;
	const char *name; /* of the config; borrowed from the call */
	int (*then)(struct bus *b, struct caller *c, sd_bus_message *call, sd_bus_error *error);
};

/*
 * A change that was asked for; the answer to the call comes when it is known what stands in its
 * way.
 */
struct pending_reply {
	struct caller *caller;
	sd_bus_message *call;
	const char *name; /* borrowed from the call */
	uint64_t job;
	bool allow_reload;
};

/* A pause, or its end, that is in force and not on disk yet: it is answered then. */
struct pending_pause {
	struct caller *caller;
	sd_bus_message *call;
	const char *name; /* borrowed from the call */
};

/* What an a{sv} may set. */
struct bus_option {
	const char *name;
	bool *ret;
	uint64_t *number;	 /* instead of ret */
	struct overlay *overlay; /* instead of ret: an a{ss} of files and their texts */
	struct overlay *without; /* instead of ret: an as of files that are gone */
	const char **text;	 /* instead of ret; belongs to the message */
};

struct bus {
	struct loop *loop;
	struct manager *manager;
	bool is_users; /* not the system's: who runs carved may do all */
	sd_bus *connection;
	struct loop_io *io;
	struct loop_timer *timer, *timeout_timer;
	struct loop_task *flush;
	sd_bus_slot *manager_slot, *tree_slot, *filter_slot, *left_slot;
	struct callers callers;
	bool lost;     /* ... and it was said so, since the name was ours */
	bool nameless; /* the bus has refused the name */
	bool more;     /* calls wait for the next turn */
	VEC(struct bus_device *) devices;
	VEC(struct bus_capture) captures;
	VEC(struct bus_candidate) candidates;
	VEC(struct bus_lookup) lookups;
	VEC(struct pending_reply) pending_replies;
	VEC(struct pending_pause) pending_pauses;
	VEC(struct auth_check *) auth_checks;
	uint64_t n_auth_checks;	 /* so many were made */
	enum device_state state; /* as told */
	bool has_problem;	 /* ... among the diagnostics */
	uint64_t boot_time;	 /* when the boot clock was 0, see bus_realtime() */
};

extern const sd_bus_vtable bus_manager_vtable[], bus_device_vtable[];

/* callers.c: who calls, and what each may take; see there */
bool callers_begin(struct bus *b, sd_bus_message *call);
uint64_t callers_answer(struct bus *b, uint64_t now);
void callers_charge(struct bus *b, uint64_t usec);
int caller_identify(struct bus *b, sd_bus_message *call, caller_handler then);
char *caller_text(const struct caller *c);
bool caller_is_master(const struct caller *c);
int caller_take(struct caller *c, enum share share, sd_bus_error *error);
void caller_give(struct caller *c, enum share share);
struct caller *callers_find(struct bus *b, const char *name);
void caller_forget(struct caller *c);
void callers_drop(struct bus *b);

/* util.c */
int bus_parse_hash(const char *text, uint64_t *ret);
int bus_no_such_config(sd_bus_error *error, const char *name);
char *bus_device_path(const char *handle);
uint64_t bus_realtime(struct bus *b, uint64_t boot_time);
struct bus_device *bus_find_device(const struct bus *b, const struct runner *runner);
void bus_flush_later(struct bus *b);
const struct device *bus_paused_device(const struct bus *b, const char *name, bool *ret_known);
bool bus_is_entry(const struct config *config, const char *name);
int bus_read_name(sd_bus_message *m, const char **ret, sd_bus_error *error);
int bus_read_options(sd_bus_message *m, const struct bus_option *options, size_t n,
		     sd_bus_error *error);

/* bus-device.c */
void bus_device_forget(struct bus_device *d);
int bus_append_object(sd_bus_message *reply, const struct device *d, const struct object *want);
bool bus_device_tell(struct bus_device *d, bool silently);

/* bus-auth.c: who may change something */
int bus_authorize(struct bus *b, struct caller *c, sd_bus_message *call,
		  const struct demand *demand, sd_bus_error *error);
void bus_auth_checks_drop(struct bus *b, const struct caller *left);

/* bus-config.c */
int bus_reload(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_confirm(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_rollback(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_list_configs(sd_bus_message *m, void *user, sd_bus_error *error);
void bus_lookups_drop(struct bus *b, const struct caller *left);
int bus_read_config(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_get_confirm_deadline(sd_bus *bus, const char *path, const char *interface,
			     const char *property, sd_bus_message *reply, void *user,
			     sd_bus_error *error);

/* bus-change.c: methods that change something, see sd_bus_message_handler_t(3) */
int bus_apply(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_retry(sd_bus_message *m, void *user, sd_bus_error *error);
void bus_replies_working(struct bus *b, const struct runner *changed);
void bus_replies_end(struct bus *b, uint64_t job, const char *result);
void bus_replies_drop(struct bus *b, const struct caller *left);

/* bus-pause.c */
void bus_pauses_answer(struct bus *b);
void bus_pauses_drop(struct bus *b, const struct caller *left);

/* bus-pause.c */
int bus_pause(sd_bus_message *m, void *user, sd_bus_error *error);
int bus_resume(sd_bus_message *m, void *user, sd_bus_error *error);

/* bus-demand.c: what would be done to traffic */
bool bus_is_concerned(const struct device *d, const struct config *config);
bool bus_is_open(const struct device *d, const struct config *config);
enum disrupts bus_disrupts(const struct bus *b, const struct demand *demand, struct config *config);
const char *bus_disrupts_name(enum disrupts disrupts);

/* bus-plan.c */
void bus_assess(struct caller *c, sd_bus_message *call, struct config *config,
		struct auth_check *check, check_ready ready);
int bus_plan(sd_bus_message *m, void *user, sd_bus_error *error);
uint64_t bus_candidates_expire(struct bus *b, uint64_t now);
void bus_candidates_answer(struct bus *b, const struct runner *changed, bool gone);
void bus_candidates_drop(struct bus *b, const struct caller *left);

/* bus-history.c */
int bus_history(sd_bus_message *m, void *user, sd_bus_error *error);
void bus_tell_records(struct bus_device *d);

/* bus-capture.c */
int bus_capture(sd_bus_message *m, void *user, sd_bus_error *error);
const struct device *bus_capture_obstacle(const struct bus *b, const struct device *d);
uint64_t bus_capture_until(struct bus *b, const struct device *d);
void bus_read_soon(struct bus *b, const struct runner *runner);
uint64_t bus_reads_begin(struct bus *b, uint64_t now);
uint64_t bus_captures_expire(struct bus *b, uint64_t now);
int bus_reply_unread(sd_bus_message *call, const struct device *d);
void bus_captures_answer(struct bus *b, const struct runner *changed);
void bus_captures_drop(struct bus *b, const struct runner *removed);
void bus_captures_forget(struct bus *b, const struct caller *left);
