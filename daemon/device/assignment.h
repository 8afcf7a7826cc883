/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which entry of the config is the device's, and what it comes to. A config that the device cannot
 * satisfy is refused as a whole for it: the one accepted before stays in use.
 *
 * Invariants: `want` is what `accepted` says; used.entry is NULL while the device is unmanaged or
 * not known yet; `matches` are entries of `latest`; diags has an error where `refused`. The only
 * writer of lasting.accepted.
 */
#pragma once

#include "plan/bind.h"

/* A reference on a config, and one of its entries. */
struct config_entry {
	struct config *config; /* or NULL */
	const struct entry *entry;
};

struct assignment {
	struct config *latest; /* the one in force for the whole switch */
	struct config_entry used, accepted;
	bool unverified;	/* accepted was a predecessor's: whether it matches is to be seen */
	winner_list winners;	/* of used.entry */
	entry_list matches;	/* more than one are refused */
	entry_list may;		/* without matches: those that need what the driver fails to tell */
	bool refused;		/* the latest config is not carried out */
	struct diag_list diags; /* errors, and notes */
	struct state want;
};

/* What changed by a call. */
struct assignment_news {
	bool other;    /* another entry is in use: its objects have to be read */
	bool released; /* no entry is in use any more */
	bool want;     /* something else is wanted */
	bool problems; /* diags are not those that were told */
};

void assignment_set_latest(struct assignment *a, struct config *config);
void assignment_inherit(struct assignment *a, struct memory *m,
			const struct config_entry *accepted);
void assignment_match(struct assignment *a, const char *handle, struct world *w,
		      struct assignment_news *news);
int assignment_bind(struct assignment *a, const char *handle, struct world *w,
		    struct assignment_news *news);
void assignment_release(struct assignment *a, struct memory *m);
bool assignment_is_bound(const struct assignment *a);
bool assignment_is_removed(const struct assignment *a);
const struct entry *assignment_removed_entry(const struct memory *m);
void assignment_entries(const struct assignment *a, entry_list *ret);
void assignment_clear(struct assignment *a);
void config_entry_set(struct config_entry *e, struct config *config, const struct entry *entry);
