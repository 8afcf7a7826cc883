// SPDX-License-Identifier: GPL-2.0-or-later
/* See events.h. Decides that a device is told of only when it rests, and once. */
#include "events.h"
#include "base/mem.h"

#include <string.h>

/** event_name() - as its folder of scripts is called. */
const char *event_name(enum event e)
{
	static const char *const names[] = {[EVENT_REGISTERED] = "registered",
					    [EVENT_RELOADED] = "reloaded",
					    [EVENT_CONVERGED] = "converged",
					    [EVENT_FAILED] = "failed"};

	return names[e];
}

static enum standing standing_of(const char *state)
{
	static const struct {
		const char *state;
		enum standing standing;
	} known[] = {
		{"reading", STANDING_BUSY},    {"applying", STANDING_BUSY},
		{"flashing", STANDING_BUSY},   {"reloading", STANDING_BUSY},
		{"converged", STANDING_GOOD},  {"failed", STANDING_BAD},
		{"quarantined", STANDING_BAD}, {"refused", STANDING_BAD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].state, state) == 0)
			return known[i].standing;
	return STANDING_OTHER;
}

static void add(struct events *e, enum event event)
{
	e->due |= 1U << event;
}

static void drop(struct events *e, enum event event)
{
	e->due &= ~(1U << event);
}

/* What its counters say. */
static void compare(struct events *e, uint64_t registrations, uint64_t reloads)
{
	if (!e->known || registrations != e->registrations) {
		add(e, EVENT_REGISTERED);
		e->rested = STANDING_UNKNOWN;
	}
	if (reloads != e->reloads)
		add(e, EVENT_RELOADED);
	e->known = true;
	e->registrations = registrations;
	e->reloads = reloads;
}

/**
 * events_take() - the device is in @state.
 * @registrations, @reloads: so many, by whomever
 *
 * Return: does it rest?
 */
bool events_take(struct events *e, const char *state, uint64_t registrations, uint64_t reloads)
{
	enum standing now = standing_of(state);

	compare(e, registrations, reloads);
	if (now == STANDING_BUSY) {
		e->worked |= strcmp(state, "reading") != 0;
		return false;
	}
	if (now != STANDING_GOOD)
		drop(e, EVENT_CONVERGED);
	else if (e->rested != STANDING_GOOD || e->worked)
		add(e, EVENT_CONVERGED);
	if (now != STANDING_BAD)
		drop(e, EVENT_FAILED);
	else if (e->rested != STANDING_BAD)
		add(e, EVENT_FAILED);
	e->rested = now;
	e->worked = false;
	return true;
}
