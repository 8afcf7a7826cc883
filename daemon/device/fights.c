// SPDX-License-Identifier: GPL-2.0-or-later
/* See fights.h. */
#include "device/fights.h"

#include <string.h>

static struct flip *flip_of(struct fights *f, const struct object *o)
{
	struct flip *flip;

	vec_each(known, &f->flips)
		if (known->key.class == o->class && known->key.cmode == o->cmode &&
		    strcmp(known->key.name, o->name) == 0)
			return known;
	flip = vec_add(&f->flips);
	flip->key =
		(struct note){.class = o->class, .name = mem_strdup(o->name), .cmode = o->cmode};
	flip->episode = UINT64_MAX;
	return flip;
}

/* Return: is it one change too many? */
static bool count(struct fights *f, struct flip *flip, uint64_t now)
{
	flip->episode = f->episode;
	flip->at[flip->n++ % FLIPS_MAX] = now;
	return flip->n >= FLIPS_MAX && now - flip->at[flip->n % FLIPS_MAX] <= FLIPS_IN_USEC;
}

/**
 * fights_look() - count what a plan made at rest sets back: another program has changed it.
 * @ret: must be empty; its list is to be cleared
 */
void fights_look(struct fights *f, const step_list *plan, uint64_t now, struct drift_news *ret)
{
	vec_each(s, plan) {
		struct flip *flip;

		if (!step_traits(s)->sets || s->foreign || s->disruption != DISRUPTION_LIVE)
			continue;
		flip = flip_of(f, &s->target);
		if (flip->episode == f->episode)
			continue;
		if (count(f, flip, now)) {
			notes_put(&f->yielded, &s->target, 0, &(struct value){.type = VALUE_BOOL});
			vec_push(&ret->yielded, s);
			continue;
		}
		ret->first = ret->first ? ret->first : s;
		ret->n++;
	}
}

/**
 * fights_next_episode() - all is as wanted or at rest: what differs from now on has changed since.
 */
void fights_next_episode(struct fights *f)
{
	f->episode++;
}

/** fights_end() - a new config, or somebody who asks: everything is enforced again. */
void fights_end(struct fights *f)
{
	vec_each(flip, &f->flips)
		free(flip->key.name);
	vec_clear(&f->flips);
	notes_clear(&f->yielded);
}
