// SPDX-License-Identifier: GPL-2.0-or-later
/* See goal.h. */
#include "device/goal.h"

#include <string.h>

static bool is_wanted(const struct state *want, const struct note *n)
{
	const struct object *o = state_find(want, n->class, n->name, n->cmode);

	return o && object_has(o, n->field);
}

static struct object *set_goal(struct state *goal, const struct world *w, const struct note *n)
{
	const struct object *have = state_find(&w->have, n->class, n->name, n->cmode);
	struct object *o = NULL;

	if (!have || have->error)
		return NULL;
	vec_each(known, &goal->objects)
		if (known->class == n->class && known->cmode == n->cmode &&
		    strcmp(known->name, n->name) == 0)
			o = known;
	if (!o)
		o = state_add(goal, n->class, n->name, n->cmode);
	object_set(o, n->field, note_settable(n, have));
	if (n->value.type == VALUE_STRING)
		o->v[n->field].str = arena_strdup(&goal->arena, n->value.str);
	if (n->class == &class_resource && object_has(have, RESOURCE_ID))
		object_set(o, RESOURCE_ID, have->v[RESOURCE_ID]);
	return o;
}

/*
 * Of values that left the config: those are set back that nothing else is wanted of, what was
 * written last first, and before what the config wants.
 */
static void set_back(struct state *goal, const struct goal_input *in)
{
	int order = 0;

	vec_each(n, &in->world->memory.pristine.notes) {
		struct object *o = NULL;

		order--;
		if (!n->kept && !is_wanted(&in->assignment->want, n))
			o = set_goal(goal, in->world, n);
		if (!o)
			continue;
		state_set_mark(goal, o, n->field, n->mark);
		o->restored |= FIELD_BIT(n->field);
		if (!o->order)
			o->order = order;
	}
}

/* Of a roll-back: what needs a reload, wanted or not. */
static void roll_back(struct state *goal, const struct world *w, const struct notes *notes)
{
	vec_each(n, &notes->notes) {
		const struct object o = note_object(n);

		if (object_reload_class(&o) && !n->kept)
			set_goal(goal, w, n);
	}
}

/** goal_restored() - what of @goal is set back, as it is not written any more; @ret is replaced. */
void goal_restored(const struct state *goal, struct state *ret)
{
	state_clear(ret);
	vec_each(o, &goal->objects) {
		struct object *back;

		if (!o->restored)
			continue;
		back = state_add(ret, o->class, o->name, o->cmode);
		for (unsigned i = 0; i < o->class->n_writable; i++)
			if (o->restored & FIELD_BIT(i)) {
				object_set(back, i, o->v[i]);
				state_set_mark(ret, back, i, object_mark(o, i));
			}
		back->restored = o->restored;
	}
}

/**
 * goal_compose() - after a read that was bound: what is planned for and not wanted.
 * @ret: is replaced; with the firmware
 */
void goal_compose(const struct goal_input *in, struct state *ret)
{
	const struct memory *m = &in->world->memory;

	state_clear(ret);
	if (in->identified)
		firmware_copy(&ret->arena, &ret->firmware, &in->assignment->want.firmware);
	if (assignment_is_bound(in->assignment))
		set_back(ret, in);
	if (m->lasting.rollback != ROLLBACK_NONE)
		roll_back(ret, in->world, &m->pristine);
	if (m->lasting.rollback == ROLLBACK_GOOD) /* has nothing of what came while it was down */
		roll_back(ret, in->world, &m->lasting.good);
	state_sort(ret);
}

static void add_overlaid(struct state *ret, const struct object *want, const struct object *own)
{
	struct object o = *want;

	for (unsigned i = 0; i < o.class->n_fields; i++)
		if (object_has(own, i))
			object_set(&o, i, own->v[i]);
	o.marks = NULL;
	for (unsigned i = 0; i < o.class->n_writable; i++)
		state_set_mark(ret, &o, i,
			       object_mark(own->restored & FIELD_BIT(i) ? own : want, i));
	o.restored = own->restored;
	o.order = want->order ? want->order : own->order;
	vec_push(&ret->objects, o);
}

/**
 * goal_whole() - all that is planned for.
 * @goal: of goal_compose()
 * @want: of the assignment that it was composed of
 * @ret: must be empty; borrows from both
 */
void goal_whole(const struct state *goal, const struct state *want, struct state *ret)
{
	const struct object *v = want->objects.v;
	size_t i = 0, n = want->objects.n;

	ret->firmware = goal->firmware;
	vec_reserve(&ret->objects, n + goal->objects.n);
	vec_each(own, &goal->objects) {
		while (i < n && object_compare(&v[i], own) < 0)
			vec_push(&ret->objects, v[i++]);
		if (i < n && object_compare(&v[i], own) == 0)
			add_overlaid(ret, &v[i++], own);
		else
			vec_push(&ret->objects, *own);
	}
	while (i < n)
		vec_push(&ret->objects, v[i++]);
	state_sorted(ret);
}
