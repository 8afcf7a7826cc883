/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is known of one device at one time, and what to ask the kernel to know it. */
#pragma once

#include "model/facts.h"
#include "model/impact.h"
#include "model/memory.h"
#include "model/object.h"

struct world {
	struct state have;	/* as of the last read: all resources, and the objects asked for */
	struct state catalogue; /* params, policers, groups and traps, as of their dump; what ports
				   have of resources */
	bool has_catalogue, params_cut; /* params_cut: some of them are missing in it */
	struct facts facts;
	struct memory memory;
	struct image_verdict image;
	struct impact impact;
	const char *kernel; /* its release, borrowed; NULL: not known */
	const char *boot;   /* the boot's id, borrowed; NULL: not known */
	bool offline;	    /* captured: files of firmware are not there to be looked at */
	bool trial;	    /* a config is on trial: what it keeps may have to go back */
};

/* Which answers a read consists of. GET is always one, and the first: it waits for a reload's end.
 */
struct read_name {
	const struct class *class;
	const char *name; /* borrowed */
};

struct reads {
	bool identify;	/* INFO_GET */
	bool catalogue; /* dumps: they wait for every busy device before Linux 6.6, so only when
			   needed */
	bool resources;
	bool port_resources; /* with the catalogue */
	bool impact;	     /* what a reload would reset */
	bool narrowed;	     /* a dump is of this device alone, waits for no other: Linux 6.6 on */
	VEC(struct read_name) names; /* sorted by class, and by name */
};

bool reads_all_of(const struct reads *reads, const struct class *class);
const struct value *world_in_force(const struct world *w, const struct object *o, unsigned field);
bool world_kernel_is(const struct world *w, unsigned major, unsigned minor);
bool world_loads(const struct world *w, const struct class *class, uint8_t action);
bool world_can_load(const struct world *w, const struct class *class);
struct impact world_undeclared(const struct world *w, const struct state *want);
void world_clear(struct world *w);
