/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened between two rests, for those who ask later: what set the device going, what was
 * done, how it ended, how long an outage took. It is never looked at to decide anything.
 */
#pragma once

#include "base/text.h"
#include "model/memory.h"
#include "model/step.h"

/* What set a device going. */
enum trigger {
	TRIGGER_NONE, /* of an event: as before */
	TRIGGER_START,
	TRIGGER_REGISTRATION,
	TRIGGER_CONFIG,
	TRIGGER_APPLY,
	TRIGGER_RETRY,
	TRIGGER_NOTIFICATION,
	TRIGGER_FLASH, /* somebody's flash has ended */
	TRIGGER_OVERRUN,
	TRIGGER_AUDIT,
	TRIGGER_FOREIGN_RELOAD,
	TRIGGER_PAUSE,
	TRIGGER_RESUME,
	TRIGGER_ROLLBACK, /* a config of before comes back */
};

/* What the device did between two rests. */
struct record {
	uint64_t at;			 /* when it came to rest, microseconds */
	char *trigger, *result, *detail; /* result: a state, or "gone" */
	uint64_t outage;		 /* of a reload in it, microseconds; 0: none */
};

typedef VEC(struct record) record_list;

/* So many are kept; the oldest goes first. */
#define RECORDS_MAX 64

struct history {
	enum trigger trigger; /* what set it going last */
	char *who;	      /* who asked for it, or NULL */
	struct buf done;      /* steps since the device rested */
	unsigned n_done, n_failed;
	struct notes restored; /* objects that were set after reloads by others */
	uint64_t restored_at;  /* the last of them was answered, microseconds */
	bool recovering;       /* from a reload: an outage goes on */
	uint64_t outage_from;  /* when it began; 0: not known */
	uint64_t reload_sent;  /* microseconds; 0: none since the device rested */
	uint64_t outage;       /* of the last reload, microseconds */
	bool asked;	       /* what set it going is worth a record by itself */
	char *drift_told;      /* the first object of which the journal says that it is set back */
	record_list records;   /* oldest first */
	uint64_t n_records;    /* made since the device registered */
};

/* What comes into a record from elsewhere. */
struct ending {
	const char *result, *reason;
	uint64_t config; /* its hash, or 0 */
	bool worth_telling;
};

const char *trigger_name(enum trigger t);
bool history_is_open(const struct history *h);
void history_set_trigger(struct history *h, enum trigger t);
void history_set_asked(struct history *h, enum trigger t, const char *who);
void history_set_who(struct history *h, const char *who);
void history_add_step(struct history *h, const struct step *s);
void history_add_failure(struct history *h);
void history_add_cut_off(struct history *h, const struct step *s);
void history_add_restored(struct history *h, const struct step *s, uint64_t now);
uint64_t history_restored_after(const struct history *h, uint64_t since);
void history_tell_drift(struct history *h, const struct step *s);
bool history_drift_tells(const struct history *h, const struct step *s);
void history_sending(struct history *h, const struct step *s, uint64_t now);
void history_flashed(struct history *h, uint64_t now);
void history_begin_outage(struct history *h, uint64_t from);
void history_torn_down(struct history *h, uint64_t now);
uint64_t history_end_outage(struct history *h, uint64_t now);
bool history_close(struct history *h, const struct ending *e, uint64_t outage, uint64_t now);
bool history_gone(struct history *h, uint64_t config, uint64_t now);
void history_inherit(struct history *h, record_list *records);
void history_clear(struct history *h);
void records_clear(record_list *records);
