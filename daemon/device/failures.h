/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel refused, or accepted and did not keep, and when it is tried again. Decides on
 * error numbers only, never on texts.
 *
 * What was in the way for the moment is tried again after 1, 10 and 60 seconds (`transient`,
 * retry_at); the device does not rest before. A step of a reload that failed is not tried again
 * until something changes.
 *
 * A SET that was refused, but for sizes, may need something else first: another param, a mode,
 * ports. So it is sent again
 *
 *	failures_acknowledged()	  at once after another SET of the same phase, the first time, and
 *				  again after one that was refused before
 *
 * and, where it needs no reload, while the device rests with it,
 *
 *	failures_suspect()	  after something else has changed; not before `pause`, which grows
 *				  from a second to a minute while this is in vain
 *	failures_audit()	  at an audit; not before `wait`, which is doubled, up to an hour
 *	failures_reloaded()	  after a reload by others, at once
 *	failures_retry_refused()  after one of carved's, at once
 *
 * Invariants: retry_at is USEC_NEVER unless something transient waits; `again_at` only of what was
 * refused.
 */
#pragma once

#include "model/step.h"

/* What came of a step. */
struct step_result {
	int error;	    /* 0 or -errno */
	bool lost;	    /* no answer came: it may have been carried out or not */
	bool unsent;	    /* what must hold before it did not: the kernel knows nothing of it */
	const char *extack; /* borrowed */
};

/* A step that did not come true. */
struct failure {
	struct step step;
	int error;    /* -errno; 0: accepted but not kept */
	bool lost;    /* no answer came */
	char *extack; /* the kernel's words, or NULL */
	bool transient;
	uint64_t delay;		     /* of what is transient: until the next try, microseconds */
	bool due;		     /* is sent again with the next plan */
	bool by_audit;		     /* ... because of an audit */
	unsigned refusals;	     /* so many in a row */
	uint64_t tried_at, again_at; /* the last time; due then, or USEC_NEVER */
	uint64_t pause, wait;	     /* see above, microseconds */
};

struct failures {
	VEC(struct failure) list;
	unsigned tries; /* of what failed for the moment, in a row */
	bool retrying;	/* it is forgotten, and not planned again yet */
	uint64_t retry_at;
	char *last_error, *last_extack; /* of the last one; "" where nothing of it holds */
	uint64_t last_at;		/* microseconds; 0: none */
};

/* How long to wait before each further try, microseconds. */
extern const uint64_t failure_retry_after[];
extern const unsigned failure_retries;

void failures_init(struct failures *f);
void failures_clear(struct failures *f);
const struct failure *failures_add(struct failures *f, const struct step *s,
				   const struct step_result *r, uint64_t now);
void failures_acknowledged(struct failures *f, const struct step *s, uint64_t now);
void failures_suspect(struct failures *f, uint64_t now);
void failures_audit(struct failures *f, uint64_t now);
void failures_reloaded(struct failures *f);
void failures_retry_refused(struct failures *f);
bool failures_has(const struct failures *f, const struct step *s);
bool failures_tick(struct failures *f, uint64_t now);
uint64_t failures_again_at(const struct failures *f);
bool failures_follow(struct failures *f, const step_list *planned, const step_list *refused);
void failures_forget(struct failures *f);
void failures_forget_transient(struct failures *f);
void failures_forget_reload(struct failures *f);
void failures_forget_last(struct failures *f);
void failures_retry_at(struct failures *f, uint64_t at);
void failures_rest(struct failures *f);
bool failures_block_reload(const struct failures *f);
bool failure_is_final(const struct failure *f, bool ports);
void failure_explain(const struct failure *f, struct buf *out);
