/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which configs were accepted, which one is on trial, and what came back in place of the files.
 * Pure: what has happened goes in, times are numbers that it is told.
 *
 *	ledger_accept(l, hash, who, wall)	the config of the files is in force
 *	ledger_try(l, hash, before, &trial)	... until ledger_confirm(), or else
 *	ledger_is_over(l, now, boot)		its time is: ledger_roll_back()
 *	ledger_replace(l, hash, ...)		an older one is in force, whatever the files say
 *	ledger_stands_for(l, files)		at a start: what is in force in their place
 *
 * Invariants: accepted[0] is in force; trial.hash is 0, or that of accepted[0]. The files of the
 * config in force are those with the hash `files`, or else `why` says why they are not.
 */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

/* What became of it. */
enum fate {
	FATE_IN_FORCE,
	FATE_ON_TRIAL,
	FATE_REPLACED,
	FATE_ROLLED_BACK,
};

struct accepted {
	uint64_t hash;
	uint64_t at; /* microseconds since 1970 */
	char *who;   /* asked, or "" */
	enum fate fate;
};

typedef VEC(struct accepted) accepted_list;

/* So many are kept. */
#define ACCEPTED_MAX 20

struct trial {
	uint64_t hash;	   /* of the config on trial; 0: there is none */
	uint64_t before;   /* of the one that comes back */
	uint64_t deadline; /* of the boot's clock, microseconds */
	char *boot;	   /* the id of the boot that this is */
};

struct ledger {
	accepted_list accepted; /* the newest first */
	struct trial trial;
	uint64_t files; /* the hash of the files, when they were looked at last; 0: not known */
	char *why;	/* the files are not in force, for people; or NULL */
	bool undoing;	/* devices are on their way back from a trial */
};

const char *fate_name(enum fate f);
bool ledger_has_trial(const struct ledger *l);
bool ledger_ends_trial(const struct ledger *l, uint64_t hash);
bool ledger_follows_files(const struct ledger *l);
uint64_t ledger_in_force(const struct ledger *l);
uint64_t ledger_previous(const struct ledger *l);
void ledger_accept(struct ledger *l, uint64_t hash, const char *who, uint64_t wall);
void ledger_try(struct ledger *l, uint64_t deadline, const char *boot, uint64_t before);
bool ledger_confirm(struct ledger *l);
bool ledger_is_over(const struct ledger *l, uint64_t now, const char *boot);
void ledger_roll_back(struct ledger *l, const char *why, const char *who, uint64_t wall);
void ledger_replace(struct ledger *l, uint64_t hash, uint64_t files, const char *why,
		    const char *who, uint64_t wall);
uint64_t ledger_stands_for(const struct ledger *l, uint64_t files);
void ledger_clear(struct ledger *l);
