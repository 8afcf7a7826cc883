// SPDX-License-Identifier: GPL-2.0-or-later
/* See history.h. */
#include "device/history.h"

#include <inttypes.h>

#define DETAIL_STEPS_MAX 12
#define GONE		 "gone"

/** trigger_name() - as History, status and the journal show it; "" for none. */
const char *trigger_name(enum trigger t)
{
	static const char *const names[] = {[TRIGGER_NONE] = "",
					    [TRIGGER_START] = "start",
					    [TRIGGER_REGISTRATION] = "registration",
					    [TRIGGER_CONFIG] = "config",
					    [TRIGGER_APPLY] = "apply",
					    [TRIGGER_RETRY] = "retry",
					    [TRIGGER_NOTIFICATION] = "notification",
					    [TRIGGER_FLASH] = "flash",
					    [TRIGGER_OVERRUN] = "overrun",
					    [TRIGGER_AUDIT] = "audit",
					    [TRIGGER_FOREIGN_RELOAD] = "foreign-reload",
					    [TRIGGER_PAUSE] = "pause",
					    [TRIGGER_RESUME] = "resume",
					    [TRIGGER_ROLLBACK] = "rollback"};

	return names[t];
}

/** history_set_trigger() - @t has set it going; TRIGGER_NONE changes nothing. */
void history_set_trigger(struct history *h, enum trigger t)
{
	if (t != TRIGGER_NONE)
		h->trigger = t;
}

/** history_set_who() - @who asks, or NULL where that is not known. */
void history_set_who(struct history *h, const char *who)
{
	free(h->who);
	h->who = mem_strdup(who);
}

/**
 * history_set_asked() - @who has asked for @t, which is worth a record whatever follows from it.
 */
void history_set_asked(struct history *h, enum trigger t, const char *who)
{
	history_set_who(h, who);
	history_set_trigger(h, t);
	h->asked = true;
}

/* What was not kept is sent once more. */
static bool tells_last(const struct buf *done, const char *text)
{
	size_t n = strlen(text);

	return done->n >= n && strcmp(done->s + done->n - n, text) == 0;
}

/** history_add_step() - @s was carried out. */
void history_add_step(struct history *h, const struct step *s)
{
	_cleanup_free_ char *object = NULL, *text = NULL;
	bool to = step_traits(s)->to, from = to && *s->from;

	if (h->n_done > DETAIL_STEPS_MAX) { /* others came behind the last one that is told */
		h->n_done++;
		return;
	}
	object = step_object_label(s);
	text = mem_printf("%s %s%s%s%s%s", step_kind_name(s), object, from ? " " : "",
			  from ? s->from : "", to ? " -> " : "", to ? s->to : "");
	if (to && tells_last(&h->done, text))
		return;
	if (h->n_done++ >= DETAIL_STEPS_MAX)
		return;
	buf_add(&h->done, "%s%s", h->done.n ? "; " : "", text);
}

/** history_add_failure() - a step did not come true. */
void history_add_failure(struct history *h)
{
	h->n_failed++;
}

/**
 * history_add_restored() - @s makes up for a reload by another program.
 *
 * What another such reload undoes is set once more, and counted once.
 */
void history_add_restored(struct history *h, const struct step *s, uint64_t now)
{
	notes_put(&h->restored, &s->target, 0, &(struct value){.type = VALUE_BOOL});
	h->restored_at = now;
}

/**
 * history_restored_after() - how long after @since the last of them was answered, microseconds.
 *
 * It may have been answered before the end of the reload was heard of.
 */
uint64_t history_restored_after(const struct history *h, uint64_t since)
{
	return since < h->restored_at ? h->restored_at - since : 1;
}

static char *name_of(const struct step *s)
{
	_cleanup_free_ char *object = step_object_label(s);

	return mem_printf("%s %s", step_kind_name(s), object);
}

/** history_add_cut_off() - the device went away while @s was carried out. */
void history_add_cut_off(struct history *h, const struct step *s)
{
	_cleanup_free_ char *name = name_of(s);

	h->n_failed++;
	buf_add(&h->done, "%s%s was cut off", h->done.n ? "; " : "", name);
}

/** history_tell_drift() - a line of the journal says what is being set back, @s the first. */
void history_tell_drift(struct history *h, const struct step *s)
{
	free(h->drift_told);
	h->drift_told = name_of(s);
}

/** history_drift_tells() - does that line name what @s sets? */
bool history_drift_tells(const struct history *h, const struct step *s)
{
	_cleanup_free_ char *name = h->drift_told ? name_of(s) : NULL;

	return name && text_equal(h->drift_told, name);
}

/** history_sending() - @s is about to be sent: the outage of a reload begins. */
void history_sending(struct history *h, const struct step *s, uint64_t now)
{
	if (s->kind == STEP_RELOAD)
		h->reload_sent = now;
}

/** history_flashed() - a flash is over: a reload that was sent before has waited for that. */
void history_flashed(struct history *h, uint64_t now)
{
	if (h->reload_sent && !h->recovering)
		h->reload_sent = now;
}

/**
 * history_begin_outage() - a reload: all until the next rest is its outage, further reloads too.
 * @from: microseconds; 0: not known
 */
void history_begin_outage(struct history *h, uint64_t from)
{
	h->recovering = true;
	h->outage_from = h->outage_from ? h->outage_from : from;
}

/** history_torn_down() - the device is down: the outage goes on until it is up again. */
void history_torn_down(struct history *h, uint64_t now)
{
	history_begin_outage(h, h->reload_sent ? h->reload_sent : now);
}

/**
 * history_end_outage() - it rests.
 *
 * Return: how long the outage took, microseconds; 0: there was none.
 */
uint64_t history_end_outage(struct history *h, uint64_t now)
{
	uint64_t from = h->outage_from;
	bool known = h->recovering && from;

	h->recovering = false;
	h->outage_from = h->reload_sent = 0;
	if (!known)
		return 0;
	h->outage = now - from;
	return h->outage;
}

/** history_is_open() - was anything done, or tried, since the device rested? */
bool history_is_open(const struct history *h)
{
	return h->n_done || h->n_failed;
}

static void record_clear(struct record *r)
{
	free(r->trigger);
	free(r->result);
	free(r->detail);
}

static char *take_detail(struct history *h, const struct ending *e)
{
	if (h->n_done > DETAIL_STEPS_MAX)
		buf_add(&h->done, "; and %u more", h->n_done - DETAIL_STEPS_MAX);
	if (*e->reason)
		buf_add(&h->done, "%s%s", h->done.n ? "; " : "", e->reason);
	if (e->config)
		buf_add(&h->done, "%sconfig %08" PRIx32, h->done.n ? "; " : "",
			(uint32_t)(e->config >> 32));
	if (h->who)
		buf_add(&h->done, "%sasked by %s", h->done.n ? ", " : "", h->who);
	history_set_who(h, NULL);
	return buf_take(&h->done);
}

/**
 * history_close() - the device has come to rest.
 * @outage: from history_end_outage()
 *
 * Return: was anything worth a record?
 */
bool history_close(struct history *h, const struct ending *e, uint64_t outage, uint64_t now)
{
	struct record r = {.at = now, .outage = outage};

	free(TAKE(h->drift_told));
	notes_clear(&h->restored);
	if (!history_is_open(h) && !h->asked && !e->worth_telling && !outage) {
		history_set_who(h, NULL); /* what comes next is not what was asked for */
		return false;
	}
	h->asked = false;
	r.trigger = mem_strdup(trigger_name(h->trigger));
	r.result = mem_strdup(e->result);
	r.detail = take_detail(h, e);
	h->n_done = h->n_failed = 0;
	if (h->records.n == RECORDS_MAX) {
		record_clear(&h->records.v[0]);
		vec_remove(&h->records, 0);
	}
	vec_push(&h->records, r);
	h->n_records++;
	return true;
}

/**
 * history_gone() - the device has gone. @config: the hash of the one in force, or 0.
 *
 * Return: was anything worth a record?
 */
bool history_gone(struct history *h, uint64_t config, uint64_t now)
{
	const struct ending e = {.result = GONE, .reason = "the device is gone", .config = config};

	return history_is_open(h) && history_close(h, &e, 0, now);
}

/**
 * history_inherit() - @records of a predecessor under the same handle, which are taken over.
 *
 * That one which went away in the middle of something is back is worth a record.
 */
void history_inherit(struct history *h, record_list *records)
{
	h->asked |= records->n && strcmp(records->v[records->n - 1].result, GONE) == 0;
	records_clear(&h->records);
	h->records = *records;
	*records = (record_list){};
}

/** records_clear() - forget them all. */
void records_clear(record_list *records)
{
	vec_each(r, records)
		record_clear(r);
	vec_clear(records);
}

/** history_clear() - free what it holds. */
void history_clear(struct history *h)
{
	records_clear(&h->records);
	notes_clear(&h->restored);
	buf_clear(&h->done);
	free(h->who);
	free(h->drift_told);
}
