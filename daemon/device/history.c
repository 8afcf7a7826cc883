// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happened between two rests, for people: what set it going, what was done, how it ended. It is
 * never looked at to decide anything.
 */
#include "device/parts.h"

#include <inttypes.h>

#define DETAIL_STEPS_MAX 12

/** device_note_done() - @s was carried out. */
void device_note_done(struct device *d, const struct step *s)
{
	_cleanup_free_ char *object = step_object_label(s);

	if (d->n_done++ >= DETAIL_STEPS_MAX)
		return;
	buf_add(&d->done, "%s%s %s", d->done.n ? "; " : "", step_kind_name(s), object);
	if (s->kind != STEP_RELOAD)
		buf_add(&d->done, " %s -> %s", s->from, s->to);
}

static void record_clear(struct record *r)
{
	free(r->trigger);
	free(r->result);
	free(r->detail);
}

static char *take_detail(struct device *d)
{
	if (d->n_done > DETAIL_STEPS_MAX)
		buf_add(&d->done, "; and %u more", d->n_done - DETAIL_STEPS_MAX);
	if (*d->reason)
		buf_add(&d->done, "%s%s", d->done.n ? "; " : "", d->reason);
	if (d->latest && d->latest->hash)
		buf_add(&d->done, "%sconfig %08" PRIx32, d->done.n ? "; " : "",
			(uint32_t)(d->latest->hash >> 32));
	if (d->who)
		buf_add(&d->done, "%sasked by %s", d->done.n ? ", " : "", d->who);
	free(d->who);
	d->who = NULL;
	d->n_done = 0;
	return buf_take(&d->done);
}

/** device_record() - it has come to rest, and its state says how. */
void device_record(struct device *d, uint64_t now)
{
	struct record r = {.at = now,
			   .trigger = mem_strdup(d->trigger),
			   .result = mem_strdup(device_state_name(d->state)),
			   .outage = d->recovered ? d->outage : 0};

	r.detail = take_detail(d);
	if (d->records.n == RECORDS_MAX) {
		record_clear(&d->records.v[0]);
		vec_remove(&d->records, 0);
	}
	vec_push(&d->records, r);
	d->n_records++;
	d->revision++;
	d->record = d->recovered = d->tried = false;
}

/** records_clear() - forget them all. */
void records_clear(record_list *records)
{
	vec_each(r, records)
		record_clear(r);
	vec_clear(records);
}

void device_drop_records(struct device *d)
{
	records_clear(&d->records);
	buf_clear(&d->done);
}
