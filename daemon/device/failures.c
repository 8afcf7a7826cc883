// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel refused, or accepted and did not keep. A permanent failure is not tried again
 * until something changes; what was in the way for the moment is, after 1, 10 and 60 seconds.
 * Decides on error numbers only, never on texts.
 */
#include "device/parts.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

static const uint64_t retry_after[] = {USEC_PER_SEC, 10 * USEC_PER_SEC, 60 * USEC_PER_SEC};
const unsigned failure_retries = ARRAY_SIZE(retry_after);

/** failure_retry_after() - how long to wait before the next try; @attempt < failure_retries. */
uint64_t failure_retry_after(unsigned attempt)
{
	return retry_after[attempt];
}

/** error_is_transient() - might the same request succeed later, with nothing changed? */
bool error_is_transient(int error)
{
	return error == -EAGAIN || error == -EBUSY;
}

/** steps_copy() - append a copy of @s. */
void steps_copy(step_list *to, const struct step *s)
{
	struct step *copy = vec_add(to);

	*copy = *s;
	step_set_firmware(copy, &s->firmware);
	if (s->target.class)
		step_set_target(copy, &s->target, object_writable(&s->target));
	copy->from = mem_strdup(s->from);
	copy->to = mem_strdup(s->to);
}

static void failure_clear(struct failure *f)
{
	step_clear(&f->step);
	free(f->extack);
}

void failures_clear(struct device *d)
{
	vec_each(f, &d->failures)
		failure_clear(f);
	vec_clear(&d->failures);
	d->attempts = 0;
	d->retry_at = USEC_NEVER;
}

static bool is_transient(const struct failure *f)
{
	return f->transient;
}

static bool is_of_reload(const struct failure *f)
{
	return step_is_barrier(&f->step) || object_reload_class(&f->step.target);
}

static void drop(struct device *d, bool (*which)(const struct failure *f))
{
	size_t n = 0;

	for (size_t i = 0; i < d->failures.n; i++) {
		if (which(&d->failures.v[i]))
			failure_clear(&d->failures.v[i]);
		else
			d->failures.v[n++] = d->failures.v[i];
	}
	d->failures.n = n;
}

/** failures_drop_transient() - it is time to try again. */
void failures_drop_transient(struct device *d)
{
	drop(d, is_transient);
	d->retry_at = USEC_NEVER;
}

/** failures_drop_reload() - what belongs to a reload is told by the roll-back from now on. */
void failures_drop_reload(struct device *d)
{
	drop(d, is_of_reload);
}

/** failures_block_reload() - did anything fail that belongs to a reload? */
bool failures_block_reload(const struct device *d)
{
	vec_each(f, &d->failures)
		if (is_of_reload(f))
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

/** device_note_error() - what LastError and LastExtack show; @extack may be NULL. */
void device_note_error(struct device *d, const char *error, const char *extack)
{
	free(d->last_error);
	d->last_error = mem_strdup(error);
	free(d->last_extack);
	d->last_extack = mem_strdup(extack ? extack : "");
	d->revision++;
}

static void report(struct device *d, const struct failure *f)
{
	_cleanup_free_ char *text = NULL, *object = step_object_label(&f->step);
	struct buf b = {};

	failure_explain(f, &b);
	text = buf_take(&b);
	device_note_error(d, text, f->extack);
	log_with(LOG_ERR,
		 &(struct log_fields){.id = step_traits(&f->step)->failed,
				      .device = d->handle,
				      .object = object,
				      .trigger = d->trigger,
				      .extack = f->extack,
				      .file = f->step.mark.file,
				      .line = f->step.mark.line},
		 "%s: %s", d->handle, text);
}

/** failure_add() - @s did not come true; error 0: it was accepted but not kept. */
void failure_add(struct device *d, const struct step *s, const struct step_result *r, uint64_t now)
{
	struct failure *f = vec_add(&d->failures);
	step_list copy = {};

	steps_copy(&copy, s);
	f->step = copy.v[0];
	vec_clear(&copy);
	f->error = r->error;
	f->lost = r->lost;
	f->extack = r->extack ? mem_strdup(r->extack) : NULL;
	f->transient =
		(r->lost || error_is_transient(r->error)) && d->attempts < ARRAY_SIZE(retry_after);
	if (f->transient && d->retry_at == USEC_NEVER)
		d->retry_at = now + retry_after[d->attempts++];
	d->tried = true;
	report(d, f);
}
