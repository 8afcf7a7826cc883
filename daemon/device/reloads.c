// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A reload that failed after the tear-down: ports and traps are gone. The values with which the
 * device worked before come back by another reload, now and after 1, 10 and 60 seconds, then those of
 * the driver, then nothing. What failed is not tried again: its key, the reload-class part with
 * kernel and driver, is kept over restarts and reboots, until it changes or somebody asks.
 */
#include "device/parts.h"
#include "base/clock.h"
#include "base/log.h"

#include <string.h>

/*
 * A reload that ends in another registration is not tried more often in a row: it may be its cause. Many, as it may
 * as well be somebody who binds the driver again and again.
 */
#define REREGISTRATIONS_MAX 10

/** device_key() - the reload-class part of what is wanted, where it is wanted; to be freed. */
char *device_key(const struct device *d)
{
	const char *driver = d->world.facts.driver;
	struct buf b = {};

	buf_add(&b, "kernel %s driver %s", d->world.kernel, driver ? driver : "");
	vec_each(want, &d->want.objects) {
		_cleanup_free_ char *label = NULL, *value = NULL;

		if (!object_reload_class(want))
			continue;
		label = object_label(want);
		value = object_format(want, 1);
		buf_add(&b, ", %s %s %s", want->class->name, label, value);
	}
	if (d->want.firmware.version) {
		_cleanup_free_ char *text = firmware_text(&d->want.firmware);

		buf_add(&b, ", firmware %s", text);
	}
	return buf_take(&b);
}

/** device_forgive() - let what failed be tried again. */
void device_forgive(struct device *d)
{
	memory_set_flash(&d->world.memory, (struct flash_latch){});
	if (d->world.memory.lasting.rollback == ROLLBACK_NONE)
		return;
	memory_forgive(&d->world.memory);
	d->revision++;
}

/** device_check_key() - after bind: what is wanted now may be something else than what failed. */
void device_check_key(struct device *d)
{
	_cleanup_free_ char *key = NULL;

	if (d->world.memory.lasting.rollback == ROLLBACK_NONE || !device_is_bound(d))
		return;
	key = device_key(d);
	if (text_equal(key, d->world.memory.lasting.quarantine))
		return;
	memory_forgive(&d->world.memory);
	d->revision++;
}

/**
 * device_begin_attempt() - @s, a reload, is about to be sent.
 *
 * A device that somebody else left torn down gets one reload to recover and no roll-back.
 */
void device_begin_attempt(struct device *d, const struct step *s)
{
	struct lasting *l = &d->world.memory.lasting;

	if (d->world.facts.reload_failed && !l->torn)
		return;
	memory_begin_attempt(&d->world.memory, device_key(d), s->action);
}

static char *explain(const struct device *d)
{
	struct buf b = {};

	if (!d->world.facts.reload_failed)
		return mem_printf(
			"in each of %d reloads the device registered anew, or all went down",
			REREGISTRATIONS_MAX);
	vec_each(f, &d->failures) {
		struct failure once = *f;

		if (f->step.kind != STEP_RELOAD)
			continue;
		once.transient = false; /* it is not tried again as it was */
		failure_explain(&once, &b);
		return buf_take(&b);
	}
	return mem_strdup("a reload ended with the device torn down");
}

static void begin(struct device *d, struct lasting *l)
{
	memory_begin_rollback(&d->world.memory, explain(d));
	failures_drop_transient(d); /* nothing is worth waiting for now */
	log_with(LOG_ERR,
		 &(struct log_fields){
			 .id = MESSAGE_ROLLBACK, .device = d->handle, .trigger = d->trigger},
		 "%s: %s; going back to the values that worked", d->handle, l->reason);
}

static void next(struct device *d, struct lasting *l, uint64_t now)
{
	_cleanup_free_ char *why = explain(d);

	if (l->rollback == ROLLBACK_GOOD && l->tries < failure_retries) {
		d->retry_at = now + failure_retry_after(l->tries);
		memory_set_rollback(&d->world.memory, ROLLBACK_GOOD, l->tries + 1);
	} else {
		memory_set_rollback(&d->world.memory, l->rollback + 1, 0);
	}
	log_with(LOG_ERR,
		 &(struct log_fields){
			 .id = MESSAGE_ROLLBACK_FAILED, .device = d->handle, .trigger = d->trigger},
		 "%s: the roll-back failed too: %s%s", d->handle, why,
		 l->rollback == ROLLBACK_GIVEN_UP ? "; given up" : "");
}

/**
 * device_judge_attempt() - a read shows what became of a reload of ours.
 * @another: since the read before, the device has registered
 */
void device_judge_attempt(struct device *d, bool another, uint64_t now)
{
	struct lasting *l = &d->world.memory.lasting;
	bool torn = d->world.facts.reload_failed && (l->torn || l->attempt);
	unsigned again;

	memory_set_torn(&d->world.memory, torn);
	if (!l->attempt)
		return;
	again = another ? l->reregistrations + 1 : 0;
	if (torn || again >= REREGISTRATIONS_MAX) {
		if (l->rollback == ROLLBACK_NONE)
			begin(d, l);
		else if (l->rollback != ROLLBACK_GIVEN_UP)
			next(d, l, now);
		failures_drop_reload(d);
		steps_clear(&d->ran);
		d->revision++;
	} else if (l->rollback == ROLLBACK_GOOD) {
		memory_set_rollback(&d->world.memory, ROLLBACK_GOOD, 0);
	}
	memory_end_attempt(&d->world.memory, again);
}

/** device_rollback_due() - bring it back up now, whatever the reload policy: nothing works anyway. */
bool device_rollback_due(const struct device *d)
{
	enum rollback rollback = d->world.memory.lasting.rollback;

	return d->world.facts.reload_failed && d->retry_at == USEC_NEVER &&
	       (rollback == ROLLBACK_GOOD || rollback == ROLLBACK_DEFAULTS);
}
