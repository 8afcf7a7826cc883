/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carved knows of a device that the kernel does not tell. Most of it holds for one
 * registration of the device only, and but for struct lasting for one boot.
 */
#pragma once

#include "model/facts.h"
#include "model/object.h"

/* A value of one attribute of an object; owns its strings. */
struct note {
	const struct class *class;
	char *name;
	struct mark mark; /* of a pristine value: where another one was written last */
	struct value value;
	uint8_t cmode, field;
	bool kept; /* of a pristine value: it comes back only if a trial is undone */
};

/* In the order in which they were made. */
struct notes {
	VEC(struct note) notes;
	VEC(uint32_t) sorted; /* where they are, by what they are of */
};

/* After a reload that failed and left the device torn down: what is tried to bring it back. */
enum rollback {
	ROLLBACK_NONE,
	ROLLBACK_GOOD,	   /* the values with which it worked before */
	ROLLBACK_DEFAULTS, /* those it had before our first write */
	ROLLBACK_GIVEN_UP,
	ROLLBACK_MAX
};

/* Somebody has asked to leave the device alone. */
struct pause {
	uint64_t until; /* of the boot's clock, microseconds; 0: it is not; UINT64_MAX: no end */
	uint64_t wall;	/* the same, since 1970, to be shown */
	char *by;	/* who asked */
};

/* What outlives a reboot. */
struct lasting {
	struct notes good;	  /* reload-class values with which the device worked */
	char *attempt;		  /* the key of a reload whose outcome is not known yet, or NULL */
	uint8_t action;		  /* ... which asks for this one */
	bool torn;		  /* a reload of ours has left the device torn down */
	unsigned reregistrations; /* reloads of ours in a row with no other outcome */
	enum rollback rollback;
	unsigned tries;	   /* reloads that brought `good` back in vain */
	char *quarantine;  /* the key that is not tried again while rollback is not NONE */
	char *failed_boot; /* the id of the boot in which it failed */
	char *proven;	   /* the key with which the device converged last, or NULL */
	char *reason;	   /* why, for people */
	struct flash_latch flash;
	uint64_t accepted; /* the hash of the config that the device accepted last, or 0 */
};

struct memory {
	counter_list counters; /* as last read: less now means another registration */
	uint64_t registration; /* which one all this is about, see struct facts; 0: not known */
	bool leaving; /* it has said that it is gone: what answers to a later process is another */
	struct notes in_force; /* driverinit params: in force while another value is staged */
	struct notes doubtful; /* ... or this is, as a reload by others came beside a SET of it */
	struct notes staged;   /* by carved, for a reload of its own that has not come yet */
	struct notes ignored_sizes; /* that the driver left staged in a good reload of ours */
	struct notes
		hidden_until_boot; /* permanent params set by us whose GET shows the old value */
	struct notes pristine;	   /* before our first write since the device registered */
	bool restore;		   /* on_removal: pristine values of what nobody wants come back */
	uint8_t reload;		   /* enum reload_policy of the entry that wrote them */
	bool undo;		   /* what only a trial wanted is still to go back, kept or not */
	struct notes until_boot;   /* permanent params that we set: in force after a power cycle */
	struct notes before_boot;  /* ... and what they were before, which is in force until then */
	bool activated;		   /* ... and firmware was activated since */
	bool registered;	   /* ... and the device has registered since */
	uint64_t reloads, foreign_reloads;
	uint64_t times_registered; /* how often it has registered anew, as far as that was seen */
	bool converged_once;	   /* since the device registered */
	bool both_performed;	   /* a driver_reinit of ours was counted as fw_activate too */
	struct pause pause;
	struct lasting lasting;
	int unreadable; /* -errno: what was remembered cannot be read, so nothing is written */
	/* since memory_take_changed(): not on disk; set by the functions below */
	bool changed, accepted_changed;
};

const struct value *notes_find(const struct notes *n, const struct object *o, unsigned field);
bool notes_put(struct notes *n, const struct object *o, unsigned field, const struct value *value);
void notes_clear(struct notes *n);
struct object note_object(const struct note *n);
struct value note_settable(const struct note *n, const struct object *have);

bool memory_take_changed(struct memory *m, bool *ret_running);
bool memory_note(struct memory *m, struct notes *list, const struct object *o, unsigned field,
		 const struct value *value);
void memory_drop(struct memory *m, struct notes *list, const struct object *o, unsigned field);
void memory_drop_all(struct memory *m, struct notes *list);
void memory_set_counters(struct memory *m, const counter_list *counters);
void memory_set_registration(struct memory *m, uint64_t registration);
void memory_set_leaving(struct memory *m, bool leaving);
void memory_count_reloads(struct memory *m, unsigned own, unsigned foreign);
void memory_set_removal(struct memory *m, bool restore, uint8_t reload);
void memory_set_undo(struct memory *m, bool undo);
void memory_set_place(struct memory *m, struct note *n, struct mark mark);
void memory_keep(struct memory *m, struct note *n, bool kept);
void memory_set_both_performed(struct memory *m);
void memory_wait_for_boot(struct memory *m, const struct object *o, const struct value *v);
void memory_end_wait(struct memory *m);
void memory_set_converged(struct memory *m);
void memory_set_accepted(struct memory *m, uint64_t hash);
void memory_set_pause(struct memory *m, uint64_t until, uint64_t wall, const char *by);
void memory_set_flash(struct memory *m, struct flash_latch latch);
void memory_set_torn(struct memory *m, bool torn);
void memory_begin_attempt(struct memory *m, char *key, uint8_t action);
void memory_end_attempt(struct memory *m, unsigned reregistrations);
void memory_begin_rollback(struct memory *m, char *reason, const char *boot);
void memory_set_proven(struct memory *m, const char *key);
void memory_set_rollback(struct memory *m, enum rollback rollback, unsigned tries);
void memory_forgive(struct memory *m);
void memory_restart(struct memory *m);
void memory_copy(struct memory *to, const struct memory *from);
void memory_clear(struct memory *m);
void lasting_clear(struct lasting *l);
