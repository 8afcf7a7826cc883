/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program that sets a value back again and again: after three changes in ten minutes the
 * object is left to it, until the config changes or somebody asks. What a reload resets is no
 * fight.
 *
 * Invariant: an object in `yielded` has a flip.
 */
#pragma once

#include "model/memory.h"
#include "model/step.h"

#define FLIPS_MAX     3
#define FLIPS_IN_USEC UINT64_C(600000000)

struct flip {
	struct note key;
	uint64_t at[FLIPS_MAX]; /* the latest changes, in a ring */
	unsigned n;
	uint64_t episode; /* of the last one: a change is counted once until the device rests */
};

struct fights {
	VEC(struct flip) flips;
	struct notes yielded; /* objects no longer enforced, as they are changed again and again */
	uint64_t episode;     /* counts the rests, and the reads that showed nothing to do */
};

/* What a plan shows; steps are borrowed from it. */
struct drift_news {
	const struct step *first; /* changed by another program, and to be set back; or NULL */
	size_t n;		  /* so many of them */
	VEC(const struct step *) yielded; /* left alone from now on */
};

void fights_look(struct fights *f, const step_list *plan, uint64_t now, struct drift_news *ret);
void fights_next_episode(struct fights *f);
void fights_end(struct fights *f);
