/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls, and what each may take of carved: time in the event loop, and places for what is kept
 * until it is answered. All is counted by connection, by uid and in all; only root, and on a user's
 * bus its owner, goes without limits. Whose a connection is has to be asked of the bus, so that:
 *
 *	callers_begin(b, m)		a call has come; false: it is refused already
 *	caller_identify(b, m, then)	then(), at once or when it is known whose call it is
 *	caller_take(c, SHARE_PLANS, error); ... caller_give(c, SHARE_PLANS);
 *
 * A caller is forgotten when its connection ends; whoever keeps something for it has let go of it
 * before.
 */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct bus;

enum share { SHARE_QUESTIONS, SHARE_CAPTURES, SHARE_PLANS, SHARE_JOBS, N_SHARES };

/* A connection to the bus. */
struct caller {
	struct bus *bus;
	char *name;
	sd_bus_slot *slot; /* the question whose it is */
	bool known;
	uint32_t uid;	 /* UINT32_MAX until it is known, and where the bus does not tell it */
	uint64_t charge; /* until it is known: as of struct account */
	unsigned taken[N_SHARES];
};

/* What a uid has used of the loop's time: it is refused while this is too far in the future. */
struct account {
	uint32_t uid;
	uint64_t charge;
};

/* A call whose sender's uid is asked for. */
struct unidentified {
	struct caller *caller;
	sd_bus_message *call;
	int (*then)(struct bus *b, struct caller *c, sd_bus_message *call, sd_bus_error *error);
};

/* The answer to a call that is refused: at once, it would only be followed by another. */
struct refusal {
	sd_bus_message *answer;
	uint64_t at;
};

struct callers {
	VEC(struct refusal) refusals; /* by time */
	VEC(struct caller *) list;
	VEC(struct account) accounts;
	VEC(struct unidentified) waiting;
	struct caller *current; /* whose call is being handled */
};

/* The rest of a method's handler, see sd_bus_message_handler_t(3). */
typedef int (*caller_handler)(struct bus *b, struct caller *c, sd_bus_message *call,
			      sd_bus_error *error);

bool callers_begin(struct bus *b, sd_bus_message *call);
uint64_t callers_answer(struct bus *b, uint64_t now);
void callers_charge(struct bus *b, uint64_t usec);
int caller_identify(struct bus *b, sd_bus_message *call, caller_handler then);
char *caller_text(const struct caller *c);
bool caller_is_master(const struct caller *c);
int caller_take(struct caller *c, enum share share, sd_bus_error *error);
void caller_give(struct caller *c, enum share share);
struct caller *callers_find(struct bus *b, const char *name);
void caller_forget(struct caller *c);
void callers_drop(struct bus *b);
