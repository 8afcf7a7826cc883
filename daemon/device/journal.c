// SPDX-License-Identifier: GPL-2.0-or-later
/* See journal.h. Each kind of line has its id in base/messages.h and its text in the catalog. */
#include "device/journal.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/errors.h"

#include <string.h>

static struct log_fields fields(struct journal j, const char *id)
{
	return (struct log_fields){
		.id = id, .device = j.handle, .trigger = trigger_name(j.trigger)};
}

static struct log_fields fields_at(struct journal j, const char *id, const char *object,
				   struct mark mark)
{
	struct log_fields f = fields(j, id);

	f.object = object;
	f.file = mark.file;
	f.line = mark.line;
	return f;
}

/**
 * journal_registered() - the driver was bound again, or another device has the handle.
 * @managed: else there is nothing to be done about it
 */
void journal_registered(struct journal j, bool managed)
{
	struct log_fields f = fields(j, MESSAGE_REGISTERED);

	log_with(managed ? LOG_NOTICE : LOG_DEBUG, &f, "%s: the device registered again", j.handle);
}

/** journal_unreadable() - reads fail for good; see error_text(). */
void journal_unreadable(struct journal j, int error, const char *words)
{
	_cleanup_free_ char *text = error_text(error, words);
	struct log_fields f = fields(j, MESSAGE_UNREADABLE);

	log_with(LOG_ERR, &f, "%s: the device cannot be read: %s", j.handle, text);
}

/** journal_slow() - the kernel has not finished @request for @age, microseconds. */
void journal_slow(struct journal j, const char *request, uint64_t age)
{
	struct log_fields f = fields(j, MESSAGE_SLOW);

	log_with(LOG_WARNING, &f, "%s: the kernel has not finished %s for %u s", j.handle, request,
		 (unsigned)(age / USEC_PER_SEC));
}

/** journal_unnamed() - INFO_GET fails; see error_text(). */
void journal_unnamed(struct journal j, int error, const char *words)
{
	_cleanup_free_ char *text = error_text(error, words);
	struct log_fields f = fields(j, MESSAGE_UNREADABLE);

	log_with(LOG_ERR, &f, "%s: the driver does not tell its versions: %s", j.handle, text);
}

/** journal_problems() - what is wrong with the entry, on this device. */
void journal_problems(struct journal j, const struct diag_list *diags)
{
	vec_each(diag, &diags->diags) {
		_cleanup_free_ char *place = mark_format(diag->mark);
		struct log_fields f = fields_at(j, MESSAGE_DEVICE_PROBLEM, NULL, diag->mark);

		log_with(diag->severity == DIAG_ERROR ? LOG_ERR : LOG_INFO, &f, "%s: %s: %s", place,
			 j.handle, diag->message);
	}
}

/** journal_failure() - a step did not come true. */
void journal_failure(struct journal j, const struct failure *failure)
{
	_cleanup_free_ char *text = NULL, *object = step_object_label(&failure->step);
	struct log_fields f =
		fields_at(j, step_traits(&failure->step)->failed, object, failure->step.mark);
	struct buf b = {};

	failure_explain(failure, &b);
	text = buf_take(&b);
	f.extack = failure->extack;
	log_with(LOG_ERR, &f, "%s: %s", j.handle, text);
}

/* Of what is not in force yet: what it waits for. */
static const char *waits_for(const struct object *o)
{
	static const char *const words[] = {[EFFECT_LIVE] = "",
					    [EFFECT_STAGED] = ", at the next reload",
					    [EFFECT_POWER_CYCLE] = ", at the next power cycle"};

	return words[object_effect(o)];
}

/**
 * journal_set() - @s was carried out, which is a SET.
 * @took: microseconds, of its whole phase
 */
void journal_set(struct journal j, const struct step *s, uint64_t took)
{
	/* what the driver goes on with by itself takes longer */
	bool away = s->disruption == DISRUPTION_PORTS && !s->target.class->progress;
	_cleanup_free_ char *object = step_object_label(s), *title = step_title(s), *ports = NULL;
	struct log_fields f = fields_at(j, MESSAGE_SET, object, s->mark);

	ports = away ? mem_printf("; ports were down for up to %.1f ms",
				  (double)took / USEC_PER_MSEC)
		     : mem_strdup("");
	log_with(LOG_INFO, &f, "%s: %s is set: %s%s%s%s%s", j.handle, title, s->from,
		 *s->from ? " -> " : "", s->to, waits_for(&s->target), ports);
}

/** journal_foreign_size() - @s has set back a size that only another program can have staged. */
void journal_foreign_size(struct journal j, const struct step *s)
{
	struct log_fields f = fields(j, MESSAGE_FOREIGN_SIZE);

	f.object = s->target.name;
	log_with(LOG_WARNING, &f,
		 "%s: resource %s: the size %s that somebody else left pending was set back to %s",
		 j.handle, s->target.name, s->from, s->to);
}

/** journal_ignored_size() - a reload has not loaded the size of @want, a resource. */
void journal_ignored_size(struct journal j, const struct object *want)
{
	struct log_fields f = fields_at(j, MESSAGE_UNREAD_SIZE, want->name, object_mark(want, 0));

	log_with(LOG_NOTICE, &f,
		 "%s: resource %s was accepted, but the driver did not read it in the reload",
		 j.handle, want->name);
}

/**
 * journal_drift() - @n objects are set back, @s the first. One line for all that a read has found.
 */
void journal_drift(struct journal j, const struct step *s, bool wanted, size_t n)
{
	_cleanup_free_ char *object = step_object_label(s), *title = step_title(s);
	_cleanup_free_ char *more = n > 1 ? mem_printf(", and %zu more", n - 1) : mem_strdup("");
	struct log_fields f = fields_at(j, MESSAGE_DRIFT, object, s->mark);

	log_with(LOG_NOTICE, &f, "%s: changed by somebody else: %s is %s, %s %s%s", j.handle, title,
		 s->from, wanted ? "wanted" : "in force", s->to, more);
}

/** journal_yielded() - what @s would set is left alone from now on. */
void journal_yielded(struct journal j, const struct step *s, bool wanted)
{
	_cleanup_free_ char *object = step_object_label(s), *title = step_title(s);
	struct log_fields f = fields_at(j, MESSAGE_FIGHT, object, s->mark);

	log_with(LOG_WARNING, &f,
		 "%s: %s: somebody else has changed it three times in ten minutes (now %s, "
		 "%s %s); it is left alone until the config changes or carvectl retry",
		 j.handle, title, s->from, wanted ? "wanted" : "in force", s->to);
}

/** journal_flash() - how far @firmware has come. @reason: of a mismatch */
void journal_flash(struct journal j, enum flash_news news, const struct firmware *firmware,
		   const char *reason)
{
	struct log_fields f = fields_at(j, MESSAGE_FLASHED, firmware->key, firmware->mark);

	switch (news) {
	case FLASH_NEWS_WRITTEN:
		log_with(LOG_NOTICE, &f, "%s: firmware %s is written to flash", j.handle,
			 firmware->version);
		return;
	case FLASH_NEWS_RUNS:
		f.id = MESSAGE_FIRMWARE_RUNS;
		log_with(LOG_NOTICE, &f, "%s: firmware %s runs", j.handle, firmware->version);
		return;
	case FLASH_NEWS_MISMATCH:
		f.id = MESSAGE_FIRMWARE_MISMATCH;
		log_with(LOG_ERR, &f, "%s: %s; it is not tried again", j.handle, reason);
		return;
	case FLASH_NEWS_NONE:
	case FLASH_NEWS_FAILED:
		return;
	}
}

/**
 * journal_attempt() - a roll-back begins, or has failed.
 * @why: NULL where a line has told it
 * @given_up: nothing is left to try
 */
void journal_attempt(struct journal j, enum attempt_news news, const char *why, bool given_up)
{
	struct log_fields f = fields(j, MESSAGE_ROLLBACK);

	if (news == ATTEMPT_ROLLED_BACK)
		log_with(LOG_ERR, &f, "%s: %s%sgoing back to the values that worked", j.handle,
			 why ? why : "", why ? "; " : "");
	f.id = MESSAGE_ROLLBACK_FAILED;
	if (news == ATTEMPT_ROLLBACK_FAILED)
		log_with(LOG_ERR, &f, "%s: the roll-back failed too%s%s%s", j.handle,
			 why ? ": " : "", why ? why : "", given_up ? "; given up" : "");
}

/**
 * journal_restored() - after a reload by another program.
 * @good: all is as wanted now
 * @took: microseconds; 0: not known
 */
void journal_restored(struct journal j, unsigned settings, bool good, uint64_t took)
{
	const char *s = settings == 1 ? "" : "s";
	struct log_fields f = fields(j, MESSAGE_RESTORED);

	if (!settings)
		log_with(LOG_NOTICE, &f, "%s: nothing was %s a reload by somebody else", j.handle,
			 good ? "lost in" : "restored after");
	else if (took)
		log_with(LOG_NOTICE, &f,
			 "%s: %u setting%s restored %.1f ms after a reload by somebody else",
			 j.handle, settings, s, (double)took / USEC_PER_MSEC);
	else
		log_with(LOG_NOTICE, &f,
			 "%s: %u setting%s restored after an earlier reload by somebody else",
			 j.handle, settings, s);
}

/** journal_reloaded() - a reload of carved's is over. @outage: microseconds */
void journal_reloaded(struct journal j, uint64_t outage)
{
	struct log_fields f = fields(j, MESSAGE_RELOADED);

	log_with(LOG_NOTICE, &f, "%s: reloaded by carved; ports were down for up to %.1f ms",
		 j.handle, (double)outage / USEC_PER_MSEC);
}

/* What needs an operator's eye is a warning, and has a text of its own in the catalog. */
static const struct {
	int level;
	const char *id;
} states[] = {
	[STATE_QUARANTINED] = {LOG_WARNING, MESSAGE_QUARANTINED},
	[STATE_FAILED] = {LOG_WARNING, MESSAGE_FAILED},
	[STATE_REFUSED] = {LOG_WARNING, MESSAGE_REFUSED},
	[STATE_PAUSED] = {LOG_NOTICE, MESSAGE_PAUSED},
	[STATE_RELOADING] = {LOG_INFO, MESSAGE_STATE},
	[STATE_FLASHING] = {LOG_INFO, MESSAGE_STATE},
	[STATE_APPLYING] = {LOG_DEBUG, MESSAGE_STATE},
	[STATE_READING] = {LOG_DEBUG, MESSAGE_STATE},
	[STATE_PENDING_POWER_CYCLE] = {LOG_NOTICE, MESSAGE_PENDING_POWER},
	[STATE_PENDING_RELOAD] = {LOG_NOTICE, MESSAGE_PENDING_RELOAD},
	[STATE_DRIFTED] = {LOG_WARNING, MESSAGE_DRIFTED},
	[STATE_ABSENT] = {LOG_INFO, MESSAGE_STATE},
	[STATE_CONVERGED] = {LOG_INFO, MESSAGE_STATE},
	[STATE_UNMANAGED] = {LOG_INFO, MESSAGE_STATE},
};

static void state_line(struct journal j, const struct status *s, enum device_state before,
		       int level)
{
	struct log_fields f = fields(j, states[s->state].id);

	f.state = device_state_name(s->state);
	log_with(level, &f, "%s: %s -> %s%s%s%s", j.handle, device_state_name(before), f.state,
		 *s->reason ? " (" : "", s->reason, *s->reason ? ")" : "");
}

/** journal_status() - @news of status_update(). */
void journal_status(struct journal j, const struct status *s, const struct status_news *news)
{
	if (news->passing)
		state_line(j, s, news->before, LOG_DEBUG);
	if (news->told)
		state_line(j, s, news->from, states[s->state].level);
}
