// SPDX-License-Identifier: GPL-2.0-or-later
/* See failures.h. */
#include "device/failures.h"
#include "base/clock.h"
#include "model/errors.h"

#include <errno.h>
#include <string.h>

const uint64_t failure_retry_after[] = {USEC_PER_SEC, 10 * USEC_PER_SEC, 60 * USEC_PER_SEC};
const unsigned failure_retries = ARRAY_SIZE(failure_retry_after);

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
	f->retry_at = at;
}

/** failures_rest() - nothing waits for another try: what fails next is the first of a row. */
void failures_rest(struct failures *f)
{
	f->tries = 0;
}

/** failures_block_reload() - did anything fail that belongs to a reload? */
bool failures_block_reload(const struct failures *f)
{
	vec_each(failure, &f->list)
		if (is_of_reload(failure))
			return true;
	return false;
}

/** failure_explain() - append "trap x: drop was refused: Invalid argument: text of the kernel". */
void failure_explain(const struct failure *f, struct buf *out)
{
	_cleanup_free_ char *object = step_object_label(&f->step);
	_cleanup_free_ char *place = mark_format(f->step.mark);

	buf_add(out, "%s %s", step_kind_name(&f->step), object);
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
		buf_add(out, "; it is tried again");
}

static void set_last(struct failures *f, const struct failure *failure)
{
	struct buf b = {};

	failure_explain(failure, &b);
	free(f->last_error);
	f->last_error = buf_take(&b);
	free(f->last_extack);
	f->last_extack = mem_strdup(failure->extack ? failure->extack : "");
}

/**
 * failures_add() - @s did not come true.
 * @r: error 0 means that it was accepted but not kept
 *
 * Return: it, until the list changes.
 */
const struct failure *failures_add(struct failures *f, const struct step *s,
				   const struct step_result *r, uint64_t now)
{
	struct failure *failure = vec_add(&f->list);

	failure->step = step_copy(s);
	failure->error = r->error;
	failure->lost = r->lost;
	failure->extack = mem_strdup(r->extack);
	failure->transient =
		(r->lost || error_is(r->error, ERROR_BUSY)) && f->tries < failure_retries;
	if (failure->transient && f->retry_at == USEC_NEVER)
		f->retry_at = now + failure_retry_after[f->tries++];
	set_last(f, failure);
	return failure;
}
