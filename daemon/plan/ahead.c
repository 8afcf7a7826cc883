// SPDX-License-Identifier: GPL-2.0-or-later
/* See ahead.h. What the device was at before the reload does not count: that is gone. */
#include "plan/ahead.h"

static bool is_left(const struct object *want, const struct ahead_limits *limits)
{
	if (notes_find(limits->yielded, want, 0))
		return true;
	vec_each(s, &limits->failed)
		if ((*s)->target.class && object_compare(&(*s)->target, want) == 0)
			return true;
	return false;
}

/* The fields that were another value before carved's first write. */
static field_mask replaced(const struct object *want, const struct world *w)
{
	field_mask fields = 0;

	for (unsigned i = 0; i < want->class->n_writable; i++) {
		const struct value *before =
			object_has(want, i) ? notes_find(&w->memory.pristine, want, i) : NULL;

		if (before && !value_equal(before, &want->v[i]))
			fields |= FIELD_BIT(i);
	}
	return fields;
}

/* Was it there, and could be read? */
static bool was_read(const struct object *want, const struct world *w)
{
	const struct object *have = state_find(&w->have, want->class, want->name, want->cmode);

	return have && !have->error;
}

static void add_set(const struct object *want, field_mask fields, step_list *ret)
{
	struct step *s = vec_add(ret);

	*s = (struct step){.kind = STEP_SET,
			   .phase = want->class->phase,
			   .disruption = DISRUPTION_LIVE,
			   .ahead = true,
			   .from = mem_strdup(""),
			   .to = object_format(want, fields),
			   .mark = object_mark(want, (unsigned)__builtin_ctz(fields))};
	step_set_target(s, want, fields);
}

static int by_phase(const void *pa, const void *pb)
{
	const struct step *a = pa, *b = pb;
	int c = CMP(a->phase, b->phase);

	if (c == 0)
		c = CMP(a->target.order, b->target.order);
	return c ? c : object_compare(&a->target, &b->target);
}

/**
 * ahead_make() - which SETs go ahead of the read.
 * @goal: all that is planned for
 * @w: as it was before the reload
 * @ret: must be empty; phase by phase
 */
void ahead_make(const struct state *goal, const struct world *w, const struct ahead_limits *limits,
		step_list *ret)
{
	vec_each(want, &goal->objects) {
		field_mask fields = want->class->resets ? replaced(want, w) : 0;

		if (fields && was_read(want, w) && !is_left(want, limits))
			add_set(want, fields, ret);
	}
	vec_sort(ret, by_phase);
}
