// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Somebody else who sets a value back again and again: after three times in ten minutes it is left
 * to him, until the config changes or somebody asks. What a reload resets is no fight.
 */
#include "device/parts.h"
#include "base/clock.h"
#include "base/log.h"

#include <string.h>

#define FLIPS_MAX     3
#define FLIPS_IN_USEC (600 * USEC_PER_SEC)

struct flip {
	struct note key;
	uint64_t at[FLIPS_MAX]; /* the latest ones, in a ring */
	unsigned n;
	uint64_t episode; /* of the last one: counted once until the device rests */
};

static struct flip *flip_of(struct device *d, const struct object *o)
{
	struct flip *flip;

	vec_each(f, &d->flips)
		if (f->key.class == o->class && f->key.cmode == o->cmode &&
		    strcmp(f->key.name, o->name) == 0)
			return f;
	flip = vec_add(&d->flips);
	flip->key =
		(struct note){.class = o->class, .name = mem_strdup(o->name), .cmode = o->cmode};
	flip->episode = UINT64_MAX;
	return flip;
}

/* The same change, seen by an earlier read. */
static bool is_counted(struct device *d, const struct step *s)
{
	return flip_of(d, &s->target)->episode == d->episode;
}

static bool flips(struct device *d, const struct step *s, uint64_t now)
{
	struct flip *f = flip_of(d, &s->target);
	_cleanup_free_ char *object = NULL;

	f->episode = d->episode;
	f->at[f->n++ % FLIPS_MAX] = now;
	if (f->n < FLIPS_MAX || now - f->at[f->n % FLIPS_MAX] > FLIPS_IN_USEC)
		return false;
	notes_put(&d->held, &s->target, 0, &(struct value){.type = VALUE_BOOL});
	object = step_object_label(s);
	log_with(LOG_WARNING,
		 &(struct log_fields){.id = MESSAGE_FIGHT,
				      .device = d->handle,
				      .object = object,
				      .trigger = d->trigger,
				      .file = s->mark.file,
				      .line = s->mark.line},
		 "%s: %s %s: somebody else has changed it three times in ten minutes (now %s, "
		 "wanted "
		 "%s); it is left alone until the config changes or carvectl retry",
		 d->handle, s->target.class->noun, object, s->from, s->to);
	return true;
}

/* One line for all that a read has found. */
static void log_drift(struct device *d, const struct step *s, size_t n)
{
	_cleanup_free_ char *object = step_object_label(s);
	_cleanup_free_ char *more = n > 1 ? mem_printf(", and %zu more", n - 1) : mem_strdup("");

	log_with(LOG_NOTICE,
		 &(struct log_fields){.id = MESSAGE_DRIFT,
				      .device = d->handle,
				      .object = object,
				      .trigger = d->trigger,
				      .file = s->mark.file,
				      .line = s->mark.line},
		 "%s: changed by somebody else: %s %s is %s, wanted %s%s", d->handle,
		 s->target.class->noun, object, s->from, s->to, more);
	d->explained = true;
}

/** device_find_fights() - look for one more flip in a new plan. Return: true where one is too many. */
bool device_find_fights(struct device *d, uint64_t now)
{
	bool drift = d->known && !d->explicit && !d->foreign && !d->recovering && !d->recreated_at;
	const struct step *first = NULL;
	size_t n = 0;
	bool found = false;

	if (!drift || !device_live_permitted(d))
		return false;
	vec_each(s, &d->plan.steps) {
		if (s->kind != STEP_SET || s->foreign || s->disruption != DISRUPTION_LIVE ||
		    is_counted(d, s))
			continue;
		if (flips(d, s, now)) {
			found = true;
			continue;
		}
		first = first ? first : s;
		n++;
	}
	if (n)
		log_drift(d, first, n);
	return found;
}

/** device_end_fights() - a new config, or somebody who asks. */
void device_end_fights(struct device *d)
{
	vec_each(f, &d->flips)
		free(f->key.name);
	vec_clear(&d->flips);
	notes_clear(&d->held);
}
