/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device inside the test, and the machine that looks after it, on virtual time:
 *
 *	struct rig r = {};
 *	rig_start(&r, facts, config);		until it rests
 *	sim_set(&r.sim, "traps", "t1", "action", 1);	somebody else's doing
 *	rig_stale(&r);				the machine is told
 *	rig_expect(&r, "converged", "trap t1: trap -> drop\n");
 *
 * The device behaves as net/devlink of Linux 6.1 does: sizes are staged and committed by a reload,
 * a param in mode driverinit shows what is staged, a reload puts traps, groups and policers back to
 * the driver's defaults and forgets every split of a port, traps that are no drops are passed
 * over. A line card is provisioned, or not any more, when sim_card() says so.
 */
#pragma once

#include "device/device.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct sim;

/* What goes wrong: the next @times SETs of @object, or reloads of "reload", end with @error. */
struct fault {
	const char *object; /* as object_label() names it */
	int error;
	const char *extack;
	unsigned times;
	bool done;			    /* ... but are carried out: the answer was lost */
	bool (*cause)(const struct sim *s); /* only while this holds; NULL: always */
};

struct sim {
	struct state now, defaults; /* `now` as a GET shows it */
	struct state active;	    /* what the driver works with: params as of the last reload */
	struct facts facts;
	VEC(struct fault) faults;
	const char *unread;  /* a resource whose size the driver never reads */
	const char *forgets; /* an object that accepts every SET and keeps its value */
	const char *hides;   /* the name of an object that the driver cannot read */
	unsigned denies;     /* so many reads say that there are no resources */
	bool gone;
	unsigned tears_down; /* so many reloads fail after the tear-down */
	const char *fades;   /* a param that is not there while it is torn down */
	bool dumb;	     /* torn down it cannot say what it is */
	bool mute;	     /* ... nor otherwise */
	unsigned reloads, sets, refused;
	const char *image;   /* the version that a flash writes; NULL: the one that is wanted */
	const char *written; /* by the last flash, and not activated yet */
	bool both;	     /* each action does and counts the other one, too */
	bool asks;	     /* Linux 6.3: params are loaded by what asks for driver_reinit only */
	unsigned flashes;
	bool numbered; /* Linux 7.1: registrations have numbers */
	unsigned registrations;
	struct impact impact;
	int image_error; /* of looking at the file */
};

struct rig {
	struct sim sim;
	struct device *d;
	struct config *config;
	uint64_t now, wake_at;
	unsigned events; /* since the last thing that happened outside */
	unsigned reads, identified, catalogued, ports_asked; /* ports_asked: of all devices */
	int read_error;					     /* of the next read_errors reads */
	unsigned read_errors, good_reads;		     /* ... after so many good ones */
	bool gone, stuck;
	unsigned kill_at, actions; /* the process dies in the n-th thing it does; 0: never */
	unsigned undone;	   /* ... and so many of the last steps of it are not sent */
	bool killed, quiet;	   /* quiet: a reload and a param's SET bring no notification */
	bool holds;		   /* a gate is shut before what is offered along with a glance */
	bool undoing;		   /* at a restart the manager says that a trial is rolled back */
	struct device_env env;	   /* without kernel and boot: those of most tests */
	struct buf log;		   /* what was sent */
	json_t *saved, *lasting;   /* the memory on disk */
	bool unsaved;		   /* what is remembered is not, or not all of it */
	bool unsaved_running;	   /* ... of what a reboot ends */
	/* called once, while a read or a write is in flight */
	void (*during_read)(struct rig *r);
	void (*during_write)(struct rig *r);
	unsigned reloads_seen; /* by rig_was_reloaded() */
	/* before each request; @s: NULL for a read. Return: true where it fails as @ret says */
	bool (*at_request)(struct rig *r, const struct step *s, struct fault *ret);
	void (*watch)(struct rig *r); /* after each event */
	void *user;		      /* of those two */
	unsigned requests;
	bool loses; /* at_request: whatever the error says, it is no answer of the driver */
	unsigned saves, dies_at_save; /* in the n-th one, which is not on disk; 0: never */
	bool disk_full;		      /* nothing is saved, of which the machine is told */
};

void sim_set(struct sim *s, const char *section, const char *name, const char *field, uint64_t num);
uint64_t sim_get(const struct sim *s, const char *section, const char *name, const char *field);
void sim_fault(struct sim *s, struct fault f);
int sim_reload(struct sim *s, uint8_t action);
void sim_card(struct sim *s, const char *number, const char *type);
int sim_split(struct sim *s, const char *port, uint64_t count);
void sim_version(struct sim *s, enum version_kind kind, const char *value);
void sim_register(struct sim *s);
uint64_t sim_active(const struct sim *s, const char *param);

struct config *rig_load(const char *text);
void rig_start(struct rig *r, const char *facts, const char *config);
void rig_restart(struct rig *r);
void rig_reboot(struct rig *r, const char *boot);
void rig_send(struct rig *r, const struct device_event *e);
void rig_stale(struct rig *r);
bool rig_was_reloaded(struct rig *r);
void rig_tell_registration(struct rig *r);
void rig_tick(struct rig *r);
void rig_config(struct rig *r, const char *config);
void rig_log_clear(struct rig *r);
void rig_expect_at(struct rig *r, int line, const char *state, const char *steps);
void rig_expect_reason(const struct rig *r, const char *part);
void rig_clear(struct rig *r);

#define rig_expect(r, state, steps) rig_expect_at(r, __LINE__, state, steps)

/* ---- the device of most tests, what is wanted of it, and what is sent then ---- */

#define FACTS                                                                                      \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'versions': {'running': {'fw': "        \
	"'1.0'}},"                                                                                 \
	" 'reload': {'failed': false, 'counters': [['driver_reinit', 'unspec', 'local', 0]]},"     \
	" 'resources': {"                                                                          \
	"  '/kvd': {'size': 1000, 'min': 1000, 'max': 1000, 'granularity': 10, 'id': 1},"          \
	"  '/kvd/a': {'size': 500, 'min': 100, 'max': 900, 'granularity': 10, 'occ': 3, 'id': 2}," \
	"  '/kvd/b': {'size': 500, 'min': 100, 'max': 900, 'granularity': 10, 'occ': 3, 'id': 3}," \
	"  '/top': {'size': 'unlimited', 'min': 0, 'max': 'unlimited', 'granularity': 1, 'id': "   \
	"4}},"                                                                                     \
	" 'params': {"                                                                             \
	"  'macs': {'driverinit': {'type': 'u32', 'value': 32}},"                                  \
	"  'fast': {'driverinit': {'type': 'bool', 'value': true}},"                               \
	"  'mode': {'runtime': {'type': 'string', 'value': 'dmfs'}},"                              \
	"  'sriov': {'permanent': {'type': 'bool', 'value': false}}},"                             \
	" 'trap_policers': {'1': {'rate': 1000, 'burst': 128}, '2': {'rate': 2000, 'burst': "      \
	"256}},"                                                                                   \
	" 'trap_groups': {'l2': {'policer': 'none'}, 'l3': {'policer': 1}},"                       \
	" 'traps': {"                                                                              \
	"  't1': {'action': 'drop', 'type': 'drop', 'group': 'l2'},"                               \
	"  't2': {'action': 'drop', 'type': 'drop', 'group': 'l2'},"                               \
	"  'x1': {'action': 'trap', 'type': 'exception', 'group': 'l2'},"                          \
	"  't3': {'action': 'drop', 'type': 'drop', 'group': 'l3'}}}"

#define ENTRY(keys) "devices: {sim/a: {" keys "}}"

#define LIVE "trap_policers: {1: {rate: 500}}, trap_groups: {l2: {policer: 2}}, traps: {t1: trap}"
#define LIVE_RESTORED                                                                              \
	"trap_policer 1: rate 500 -> rate 1000\n"                                                  \
	"trap_group l2: 2 -> none\n"
#define LIVE_SENT                                                                                  \
	"trap_policer 1: rate 1000 -> rate 500\n"                                                  \
	"trap_group l2: none -> 2\n"                                                               \
	"trap t1: drop -> trap\n"
/* ... after a reload, before it is read */
#define LIVE_AHEAD                                                                                 \
	"trap_policer 1: -> rate 500\n"                                                            \
	"trap_group l2: -> 2\n" AHEAD
#define AHEAD "trap t1: -> trap\n"
#define SIZES "resources: {/kvd/a: 300, /kvd/b: 700}"
#define SIZES_SENT                                                                                 \
	"resource /kvd/a: 500 -> 300\n"                                                            \
	"resource /kvd/b: 500 -> 700\n"
#define RELOAD	"reload driver_reinit\n"
#define FLIPPED "trap t1: mirror -> trap\n"
#define REINIT	DEVLINK_RELOAD_ACTION_DRIVER_REINIT
#define STAGED	"param macs/driverinit: 32 -> 64\n"
