// SPDX-License-Identifier: GPL-2.0-or-later
/* See failures.h. */
#include "device/failures.h"
#include "base/clock.h"
#include "model/errors.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

const uint64_t failure_retry_after[] = {USEC_PER_SEC, 10 * USEC_PER_SEC, 60 * USEC_PER_SEC};
const unsigned failure_retries = ARRAY_SIZE(failure_retry_after);

#define PAUSE_LEAST USEC_PER_SEC
#define PAUSE_MOST  (60 * USEC_PER_SEC)
#define WAIT_MOST   (3600 * USEC_PER_SEC)

/** failures_init() - nothing has failed yet. */
void failures_init(struct failures *f)
{
	*f = (struct failures){.retry_at = USEC_NEVER,
			       .last_error = mem_strdup(""),
			       .last_extack = mem_strdup("")};
}

static void failure_clear(struct failure *f)
{
	step_clear(&f->step);
	free(f->extack);
}

/** failures_forget() - everything may be tried again at once. */
void failures_forget(struct failures *f)
{
	vec_each(failure, &f->list)
		failure_clear(failure);
	vec_clear(&f->list);
	f->tries = 0;
	f->retrying = false;
	f->retry_at = USEC_NEVER;
}

/** failures_clear() - free what it holds. */
void failures_clear(struct failures *f)
{
	failures_forget(f);
	free(f->last_error);
	free(f->last_extack);
}

static bool is_transient(const struct failure *f)
{
	return f->transient;
}

/* A SET that was not kept out only for the moment. */
static bool is_refused_set(const struct failure *f)
{
	return step_traits(&f->step)->sets && !f->transient && f->error;
}

/* ... and needs no reload. */
static bool is_refusal(const struct failure *f)
{
	return is_refused_set(f) && !object_reload_class(&f->step.target);
}

static bool is_no_refusal(const struct failure *f)
{
	return !is_refusal(f);
}

static bool is_of_reload(const struct failure *f)
{
	return step_is_barrier(&f->step) || object_reload_class(&f->step.target);
}

static void drop(struct failures *f, bool (*which)(const struct failure *f))
{
	size_t n = 0;

	for (size_t i = 0; i < f->list.n; i++) {
		if (which(&f->list.v[i]))
			failure_clear(&f->list.v[i]);
		else
			f->list.v[n++] = f->list.v[i];
	}
	f->list.n = n;
}

/** failures_forget_transient() - it is time to try again what failed for the moment. */
void failures_forget_transient(struct failures *f)
{
	drop(f, is_transient);
	f->retry_at = USEC_NEVER;
}

/** failures_forget_reload() - what belongs to a reload is told by the roll-back from now on. */
void failures_forget_reload(struct failures *f)
{
	drop(f, is_of_reload);
}

/** failures_retry_at() - try again at @at, microseconds, whatever was waited for before. */
void failures_retry_at(struct failures *f, uint64_t at)
{
	f->retrying = false;
	f->retry_at = at;
}

/** failures_reloaded() - by others: nothing holds of what failed, what was refused is due. */
void failures_reloaded(struct failures *f)
{
	drop(f, is_no_refusal);
	f->tries = 0;
	f->retry_at = USEC_NEVER;
	vec_each(failure, &f->list)
		failure->due = true;
}

/** failures_rest() - nothing waits for another try: what fails next is the first of a row. */
void failures_rest(struct failures *f)
{
	f->tries = 0;
}

/** failures_block_reload() - did anything fail that belongs to a reload, and is not due again? */
bool failures_block_reload(const struct failures *f)
{
	vec_each(failure, &f->list)
		if (is_of_reload(failure) && !failure->due)
			return true;
	return false;
}

/** failure_explain() - append "trap x: drop was refused: Invalid argument: text of the kernel". */
void failure_explain(const struct failure *f, struct buf *out)
{
	_cleanup_free_ char *title = step_title(&f->step);
	_cleanup_free_ char *place = mark_format(f->step.mark);

	buf_add(out, "%s", title);
	if (step_traits(&f->step)->to)
		buf_add(out, " to %s", f->step.to);
	if (f->error == 0)
		buf_add(out, " was accepted but not kept");
	else if (f->lost)
		buf_add(out, ": the kernel's answer was lost");
	else
		buf_add(out, " %s: %s", step_is_barrier(&f->step) ? "failed" : "was refused",
			strerror(-f->error));
	if (f->extack)
		buf_add(out, ": %s", f->extack);
	if (f->error == -EPERM && !f->extack) /* not the driver's own: it would say so */
		buf_add(out, " (carved needs CAP_NET_ADMIN in the initial user namespace)");
	if (*place)
		buf_add(out, " (%s)", place);
	if (f->transient)
		buf_add(out, "; it is tried again after %" PRIu64 " s", f->delay / USEC_PER_SEC);
}

/**
 * failure_is_final() - is it not tried again until the config changes or somebody asks?
 * @ports: may ports be taken down?
 */
bool failure_is_final(const struct failure *f, bool ports)
{
	return !f->transient &&
	       (is_of_reload(f) || (f->step.disruption == DISRUPTION_PORTS && !ports));
}

static void set_last(struct failures *f, char *error, const char *extack, uint64_t at)
{
	free(f->last_error);
	f->last_error = error;
	free(f->last_extack);
	f->last_extack = mem_strdup(extack ? extack : "");
	f->last_at = at;
}

/** failures_forget_last() - nothing of what failed last holds any more. */
void failures_forget_last(struct failures *f)
{
	set_last(f, mem_strdup(""), NULL, 0);
}

static struct failure *find_refusal(struct failures *f, const struct step *s)
{
	vec_each(failure, &f->list)
		if (is_refused_set(failure) && step_same(&failure->step, s))
			return failure;
	return NULL;
}

static struct failure *add(struct failures *f, const struct step *s, const struct step_result *r,
			   uint64_t now)
{
	bool busy = r->lost || error_is(r->error, ERROR_BUSY);
	struct failure *failure = vec_add(&f->list);

	failure->step = step_copy(s);
	failure->again_at = USEC_NEVER;
	failure->pause = PAUSE_LEAST;
	failure->transient = busy && f->tries < failure_retries;
	if (!failure->transient)
		return failure;
	if (f->retry_at == USEC_NEVER)
		f->retry_at = now + failure_retry_after[f->tries++];
	failure->delay = f->retry_at - MIN(now, f->retry_at);
	return failure;
}

/* Another try was in vain: the next one comes later, unless the last one was long ago. */
static void wait_longer(struct failure *failure, uint64_t now)
{
	uint64_t waited = now - failure->tried_at;

	if (failure->by_audit)
		failure->wait = MIN(2 * waited, WAIT_MOST);
	if (waited < 4 * failure->pause)
		failure->pause = MIN(2 * failure->pause, PAUSE_MOST);
	else
		failure->pause = PAUSE_LEAST;
	failure->due = failure->by_audit = false;
	failure->again_at = USEC_NEVER;
}

/**
 * failures_add() - @s did not come true.
 * @r: error 0 means that it was accepted but not kept
 *
 * Return: it, until the list changes; NULL where the kernel has said the same of it before.
 */
const struct failure *failures_add(struct failures *f, const struct step *s,
				   const struct step_result *r, uint64_t now)
{
	struct failure *failure = find_refusal(f, s);
	struct buf b = {};
	bool told = failure && failure->error == r->error && text_equal(failure->extack, r->extack);

	if (failure)
		wait_longer(failure, now);
	else
		failure = add(f, s, r, now);
	failure->refusals++;
	failure->tried_at = now;
	failure->error = r->error;
	failure->lost = r->lost;
	if (told)
		return NULL;
	free(failure->extack);
	failure->extack = mem_strdup(r->extack);
	failure_explain(failure, &b);
	set_last(f, buf_take(&b), failure->extack, now);
	return failure;
}

/* Sizes are planned in an order that fits: no other one is what they wait for. */
static bool may_wait_for(const struct failure *f, const struct step *s)
{
	return is_refused_set(f) && f->step.phase == s->phase && !f->step.target.class->pending;
}

/**
 * failures_acknowledged() - @s was carried out, which others may have waited for.
 *
 * One that was refused itself may be the next of a chain: what waits for it was sent too early
 * twice.
 */
void failures_acknowledged(struct failures *f, const struct step *s, uint64_t now)
{
	struct failure *same = find_refusal(f, s);
	bool late = same;

	if (same) {
		failure_clear(same);
		vec_remove(&f->list, (size_t)(same - f->list.v));
	}
	if (!step_traits(s)->sets)
		return;
	vec_each(failure, &f->list)
		if ((failure->refusals == 1 || late) && may_wait_for(failure, s))
			failure->due = true;
	failures_suspect(f, now);
}

/** failures_suspect() - something has changed that what was refused may wait for. */
void failures_suspect(struct failures *f, uint64_t now)
{
	vec_each(failure, &f->list) {
		if (!is_refusal(failure) || failure->due)
			continue;
		if (now >= failure->tried_at + failure->pause)
			failure->due = true;
		else
			failure->again_at = failure->tried_at + failure->pause;
	}
}

/** failures_audit() - the device is about to be read by an audit. */
void failures_audit(struct failures *f, uint64_t now)
{
	/* audits come at regular times: one that is a little early is the one that is meant */
	vec_each(failure, &f->list)
		if (is_refusal(failure) && !failure->due &&
		    now >= failure->tried_at + failure->wait - failure->wait / 8)
			failure->due = failure->by_audit = true;
}

/** failures_retry_refused() - after a reload of carved's: what was refused is sent again. */
void failures_retry_refused(struct failures *f)
{
	vec_each(failure, &f->list)
		failure->due |= is_refusal(failure);
}

/** failures_has() - did the very same step fail before? */
bool failures_has(const struct failures *f, const struct step *s)
{
	vec_each(failure, &f->list)
		if (step_same(&failure->step, s))
			return true;
	return false;
}

/** failures_tick() - it is @now, microseconds. Return: has a refused SET become due? */
bool failures_tick(struct failures *f, uint64_t now)
{
	bool any = false;

	vec_each(failure, &f->list) {
		if (now < failure->again_at)
			continue;
		failure->again_at = USEC_NEVER;
		failure->due = any = true;
	}
	return any;
}

/** failures_again_at() - when failures_tick() has something to say, microseconds; USEC_NEVER. */
uint64_t failures_again_at(const struct failures *f)
{
	uint64_t at = USEC_NEVER;

	vec_each(failure, &f->list)
		at = MIN(at, failure->again_at);
	return at;
}

static bool is_among(const step_list *steps, const struct step *s)
{
	vec_each(step, steps)
		if (step_same(step, s))
			return true;
	return false;
}

/**
 * failures_follow() - a plan is made: what would not be in it is as wanted by now, or not wanted.
 * @planned, @refused: of the plan
 *
 * Return: was any forgotten?
 */
bool failures_follow(struct failures *f, const step_list *planned, const step_list *refused)
{
	size_t n = 0, before = f->list.n;

	f->retrying = false;
	for (size_t i = 0; i < before; i++) {
		struct failure *failure = &f->list.v[i];

		if (step_traits(&failure->step)->sets && !failure->transient &&
		    !is_of_reload(failure) && !is_among(planned, &failure->step) &&
		    !is_among(refused, &failure->step))
			failure_clear(failure);
		else
			f->list.v[n++] = *failure;
	}
	f->list.n = n;
	return n < before;
}
