/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a device as an operator sees it: derived from what holds, the first in order of
 * precedence, with all that holds in the reason; and why an object is not as wanted. Nothing is
 * decided by it. The only place that finds words for both: D-Bus, journal, plan and carvectl print
 * them.
 */
#pragma once

#include "device/assignment.h"
#include "device/failures.h"
#include "device/fights.h"
#include "device/history.h"
#include "device/permission.h"
#include "device/reloads.h"
#include "device/run.h"
#include "device/view.h"

struct status {
	enum device_state state, told; /* told: in the journal, the last time */
	char *reason, *told_reason;
	bool moved;	       /* it has had another state since it was told */
	uint64_t converged_at; /* microseconds; 0: never */
	uint64_t since;	       /* in this state; a look that changes nothing does not count */
	struct {
		enum device_state state;
		uint64_t since;
		bool untouched; /* nothing was done since */
	} rested;		/* the last state that does not pass */
	uint64_t revision;	/* counts every change that can be shown */
};

/* What it is derived from. */
struct status_input {
	const struct world *world;
	const struct assignment *assignment;
	const struct state *goal;
	const struct view *view;
	const struct run *run;
	const struct failures *failures;
	const struct reloads *reloads;
	const struct fights *fights;
	const struct history *history;
	struct permission permission;
	const char *rival; /* who wants which other firmware in the same flash chip, or NULL */
	bool settled;
};

/* What the journal is to be told. */
struct status_news {
	bool passing; /* a state that passes: from .before, for debugging */
	bool told;    /* how it ended: from .from */
	enum device_state before, from;
};

const char *device_state_name(enum device_state s);
void status_init(struct status *s, uint64_t now);
struct status_news status_update(struct status *s, const struct status_input *in, uint64_t now);
void status_changed(struct status *s);
bool status_is_as_wanted(const struct status_input *in);
char *status_of_object(const struct status_input *in, const struct object *want);
char *status_of_firmware(const struct status_input *in);
enum disruption status_pending(const struct status_input *in);
void status_clear(struct status *s);
