/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel refused, or accepted and did not keep, and when it is tried again. A permanent
 * failure is not tried again until something changes; what was in the way for the moment is, after
 * 1, 10 and 60 seconds. Decides on error numbers only, never on texts.
 *
 * Invariant: retry_at is USEC_NEVER unless something waits for another try.
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
};

struct failures {
	VEC(struct failure) list;
	unsigned tries; /* of what failed for the moment, in a row */
	uint64_t retry_at;
	char *last_error, *last_extack; /* of the last one, "" if there was none */
};

/* How long to wait before each further try, microseconds. */
extern const uint64_t failure_retry_after[];
extern const unsigned failure_retries;

void failures_init(struct failures *f);
void failures_clear(struct failures *f);
const struct failure *failures_add(struct failures *f, const struct step *s,
				   const struct step_result *r, uint64_t now);
void failures_forget(struct failures *f);
void failures_forget_transient(struct failures *f);
void failures_forget_reload(struct failures *f);
void failures_retry_at(struct failures *f, uint64_t at);
void failures_rest(struct failures *f);
bool failures_block_reload(const struct failures *f);
void failure_explain(const struct failure *f, struct buf *out);
