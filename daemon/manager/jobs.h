/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was asked for and when it has come to rest. A job is about the devices that its name means
 * at the time; it ends with the first conclusion that finds all of them at rest, once.
 */
#pragma once

#include "manager/devices.h"

struct job {
	uint64_t id;
	char *name; /* of a device or an entry; "": all */
};

struct jobs {
	VEC(struct job) list;
	uint64_t last;
	uint64_t started;   /* when carved was */
	bool waited_enough; /* entries without a device are not waited for any more */
};

uint64_t jobs_add(struct jobs *j, const char *name);
bool jobs_full(const struct jobs *j, bool limited);
void jobs_end(struct jobs *j, const struct devices *d, const struct observers *o);
bool jobs_settled(struct jobs *j, const struct devices *d, bool reachable);
void jobs_clear(struct jobs *j);
