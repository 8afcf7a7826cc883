/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events of one device its scripts are run for. Pure: what is told goes in, what is due comes
 * out, when the device rests.
 *
 *	if (events_take(&e, state, registrations, reloads))	it rests
 *		run the scripts of e.due; e.due = 0
 *
 * All is taken from what the device is like, not from counting signals: so one that was missed
 * while carved was started again makes no difference.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* In the order in which they are told where several are due. */
enum event {
	EVENT_REGISTERED,
	EVENT_RELOADED,
	EVENT_CONVERGED,
	EVENT_FAILED,
	N_EVENTS,
};

/* What a state comes to. */
enum standing {
	STANDING_UNKNOWN,
	STANDING_BUSY,
	STANDING_GOOD,
	STANDING_BAD,
	STANDING_OTHER,
};

struct events {
	bool known; /* it has been looked at, when the next two were so many */
	uint64_t registrations;
	uint64_t reloads;     /* by whomever */
	enum standing rested; /* as it rested last */
	bool worked;	      /* something has been set or reloaded since */
	unsigned due;	      /* a bit for each event */
};

const char *event_name(enum event e);
bool events_take(struct events *e, const char *state, uint64_t registrations, uint64_t reloads);
