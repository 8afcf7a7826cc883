/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose reload was it, what did it bring into force, and what does a failed one mean? The only
 * writer of memory's counters, in_force, doubtful, ignored_sizes, hidden_until_boot, until_boot,
 * reloads, foreign_reloads, both_performed, converged_once and of all of memory.lasting but good,
 * flash and accepted.
 *
 * Counters are compared for difference: they restart whenever the device registers.
 *
 * A reload that failed after the tear-down has left ports and traps gone. The values with which the
 * device worked before come back by another reload, now and after 1, 10 and 60 seconds, then those
 * of the driver, then nothing. What failed is not tried again: its key, the reload-class part with
 * kernel and driver, is kept over restarts and reboots, until it changes or somebody asks. One with
 * which the device had converged before is tried once more in each boot, unless the system went
 * down with it.
 *
 * Invariants: rollback != ROLLBACK_NONE implies quarantine and reason; `replaced` is empty after
 * each read.
 */
#pragma once

#include "device/failures.h"
#include "model/world.h"

struct reloads {
	/* DEVLINK_RELOAD_ACTION_* of a reload of carved's since the last read; 0: none */
	uint8_t own_action;
	/* by carved's alone: a size still pending is one that the driver ignores */
	bool initialised;
	unsigned foreign_open; /* by others, and not made good yet */
	struct notes replaced; /* values over which SETs have staged since the last read */
};

/* What two sets of counters say. */
struct reload_news {
	unsigned own, foreign;
};

/* What a read says of an attempt. */
enum attempt_news {
	ATTEMPT_NONE,
	ATTEMPT_ENDED,
	ATTEMPT_ROLLED_BACK,	 /* the roll-back begins */
	ATTEMPT_GIVEN_UP,	 /* it failed, and nothing is left to be tried */
	ATTEMPT_ROLLBACK_FAILED, /* the next try waits for failures.retry_at, if any */
};

typedef VEC(const struct object *) object_list;

void reloads_resume(struct reloads *r, const struct memory *m);
void reloads_staging(struct reloads *r, struct world *w, const struct step *s);
void reloads_begin(struct world *w, const struct state *want, const struct step *s);
void reloads_sent(struct reloads *r, uint8_t action);
void reloads_acknowledged(struct reloads *r, struct memory *m, const struct step *s);
struct reload_news reloads_attribute(struct reloads *r, struct world *w, const struct state *goal,
				     const counter_list *before, const counter_list *now);
void reloads_gone(struct reloads *r, struct world *w, const struct state *goal);
void reloads_registered(struct reloads *r, struct world *w, const struct state *goal);
void reloads_doubt(struct world *w, const struct state *want);
void reloads_answered(struct reloads *r, struct memory *m, const counter_list *now);
enum attempt_news reloads_judge(struct world *w, struct failures *f, bool registered, uint64_t now,
				char **ret_why);
void reloads_learn(struct reloads *r, struct world *w, const struct state *want,
		   const step_list *done, object_list *ret_ignored);
void reloads_check_key(struct world *w, const struct state *want);
void reloads_rest(struct reloads *r, struct world *w, const struct state *want, bool good);
void reloads_clear(struct reloads *r);
