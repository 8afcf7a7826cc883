/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carved knows of a device that the kernel does not tell. Most of it holds for one registration of
 * the device only, all of it for one boot.
 */
#pragma once

#include "model/facts.h"
#include "model/object.h"

/* A value of an object; owns its strings. */
struct note {
	const struct class *class;
	char *name;
	uint8_t cmode;
	struct value value;
};

struct notes {
	VEC(struct note) notes;
};

struct memory {
	counter_list counters;	 /* as last read: less now means another registration */
	struct notes in_force;	 /* driverinit params: in force while another value is staged */
	struct notes unread;	 /* sizes that the driver left staged in a good reload of ours */
	struct notes until_boot; /* permanent params that we set: in force after a power cycle */
	uint64_t reloads, foreign_reloads;
	bool settled; /* has converged since the device registered */
};

const struct value *notes_find(const struct notes *n, const struct object *o);
void notes_put(struct notes *n, const struct object *o, const struct value *value);
void notes_drop(struct notes *n, const struct object *o);
void notes_clear(struct notes *n);

void memory_restart(struct memory *m);
void memory_clear(struct memory *m);
