/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carved knows of a device that the kernel does not tell. Most of it holds for one registration of
 * the device only, and but for struct lasting for one boot.
 */
#pragma once

#include "model/facts.h"
#include "model/object.h"

/* A value of one attribute of an object; owns its strings. */
struct note {
	const struct class *class;
	char *name;
	uint8_t cmode, field;
	struct value value;
};

struct notes {
	VEC(struct note) notes;
};

/* After a reload that failed and left the device torn down: what is tried to bring it back. */
enum rollback {
	ROLLBACK_NONE,
	ROLLBACK_GOOD,	   /* the values with which it worked before */
	ROLLBACK_DEFAULTS, /* those it had before our first write */
	ROLLBACK_GIVEN_UP,
	ROLLBACK_MAX
};

/* What outlives a reboot. */
struct lasting {
	struct notes good; /* reload-class values with which the device worked */
	char *attempt;	   /* the key of a reload whose outcome is not known yet, or NULL */
	uint8_t action;	   /* ... which asks for this one */
	bool torn;	   /* a reload of ours has left the device torn down */
	unsigned vain;	   /* reloads of ours in a row after which the device registered anew */
	enum rollback rollback;
	unsigned tries;	  /* reloads that brought `good` back in vain */
	char *quarantine; /* the key that is not tried again while rollback is not NONE */
	char *reason;	  /* why, for people */
	struct flash_latch flash;
	uint64_t accepted; /* the hash of the config that the device accepted last, or 0 */
};

struct memory {
	counter_list counters;	 /* as last read: less now means another registration */
	struct notes in_force;	 /* driverinit params: in force while another value is staged */
	struct notes unread;	 /* sizes that the driver left staged in a good reload of ours, and
				    permanent params that it does not show until a power cycle */
	struct notes pristine;	 /* before our first write since the device registered */
	bool restore;		 /* on_removal: pristine values of what nobody wants come back */
	uint8_t reload;		 /* enum reload_policy of the entry that wrote them */
	struct notes until_boot; /* permanent params that we set: in force after a power cycle */
	uint64_t reloads, foreign_reloads;
	bool settled;	     /* has converged since the device registered */
	bool both_performed; /* a driver_reinit of ours was counted as fw_activate too */
	struct lasting lasting;
};

const struct value *notes_find(const struct notes *n, const struct object *o, unsigned field);
bool notes_put(struct notes *n, const struct object *o, unsigned field, const struct value *value);
void notes_drop(struct notes *n, const struct object *o, unsigned field);
void notes_clear(struct notes *n);
struct object note_object(const struct note *n);

void lasting_forgive(struct lasting *l);
void lasting_clear(struct lasting *l);
void memory_restart(struct memory *m);
void memory_copy(struct memory *to, const struct memory *from);
void memory_clear(struct memory *m);
