// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What to plan for. It is what the config wants, but for two things: values that were taken out of
 * the config go back to what they were before our first write, and after a reload that left the
 * device torn down its reload-class values are not the wanted ones, but those that worked.
 */
#include "device/parts.h"

#include <string.h>

static const struct entry removed[] = {
	[RELOAD_AUTO] = {.name = "", .reload = RELOAD_AUTO},
	[RELOAD_BOOT] = {.name = "", .reload = RELOAD_BOOT},
	[RELOAD_MANUAL] = {.name = "", .reload = RELOAD_MANUAL},
};

/** device_removed_entry() - what stands for an entry that is gone while its values are set back. */
const struct entry *device_removed_entry(const struct device *d)
{
	const struct memory *m = &d->world.memory;

	return m->restore && m->pristine.notes.n ? &removed[m->reload] : NULL;
}

/** device_is_removed() - is what it left behind all that is still managed? */
bool device_is_removed(const struct device *d)
{
	return d->used.entry >= removed && d->used.entry < removed + ARRAY_SIZE(removed);
}

static const struct object *have_of(const struct device *d, const struct note *n)
{
	return state_find(&d->world.have, n->class, n->name, n->cmode);
}

/* To what it goes back: not each size that was there may be set. */
static struct value goal_of(const struct note *n, const struct object *have)
{
	struct value v = n->value;

	if (n->class == &class_resource)
		v.num = resource_settable(have, v.num);
	return v;
}

static bool is_wanted(const struct device *d, const struct note *n)
{
	const struct object *want = state_find(&d->want, n->class, n->name, n->cmode);

	return want && object_has(want, n->field);
}

static bool is_back(const struct device *d, const struct note *n)
{
	const struct object o = note_object(n), *have = have_of(d, n);
	const struct value *v = world_in_force(&d->world, &o, n->field);
	struct value goal;

	if (!v)
		return false;
	goal = goal_of(n, have);
	return value_equal(v, &goal) && value_equal(&have->v[n->field], &goal) &&
	       !(n->class == &class_resource && object_has(have, RESOURCE_SIZE_NEW));
}

/* Forget the values of what is not wanted any more: they are back, or nobody wants them back. */
static void forget_restored(struct device *d)
{
	struct notes *notes = &d->world.memory.pristine;

	for (size_t i = notes->notes.n; i-- > 0;) {
		const struct note *n = &notes->notes.v[i];
		const struct object o = note_object(n);

		if (is_wanted(d, n) || (d->world.memory.restore && !is_back(d, n)))
			continue;
		memory_drop(&d->world.memory, notes, &o, n->field);
	}
}

/* What nobody wants, nor wants back, is not rolled back either. */
static void forget_good(struct device *d)
{
	struct notes *good = &d->world.memory.lasting.good;

	for (size_t i = good->notes.n; i-- > 0;) {
		const struct object o = note_object(&good->notes.v[i]);
		const struct value *v = world_in_force(&d->world, &o, 0);

		if (is_wanted(d, &good->notes.v[i]) || !v)
			continue;
		if (notes_find(&d->world.memory.pristine, &o, 0)) {
			memory_note(&d->world.memory, good, &o, 0, v);
		} else {
			memory_drop(&d->world.memory, good, &o, 0);
		}
	}
}

/* The values that a roll-back would bring back: those that work now. */
static void learn_good(struct device *d)
{
	struct lasting *l = &d->world.memory.lasting;

	if (l->rollback != ROLLBACK_NONE || l->attempt || d->world.facts.reload_failed)
		return;
	vec_each(want, &d->want.objects) {
		const struct value *v =
			object_reload_class(want) ? world_in_force(&d->world, want, 0) : NULL;

		if (v)
			memory_note(&d->world.memory, &l->good, want, 0, v);
	}
	forget_good(d);
}

/** device_note_pristine() - @s is about to be sent: note what it replaces for the first time. */
void device_note_pristine(struct device *d, const struct step *s)
{
	struct notes *pristine = &d->world.memory.pristine;

	if (s->kind != STEP_SET || s->foreign || s->target.cmode == CMODE_PERMANENT)
		return;
	for (unsigned i = 0; i < s->target.class->n_writable; i++) {
		const struct value *v = world_in_force(&d->world, &s->target, i);

		if (v && object_has(&s->target, i) && !notes_find(pristine, &s->target, i))
			memory_note(&d->world.memory, pristine, &s->target, i, v);
	}
}

static void set_goal(struct device *d, const struct note *n)
{
	const struct object like = note_object(n), *have = have_of(d, n);
	struct object *o = NULL;

	if (!have || have->error)
		return;
	vec_each(goal, &d->goal.objects)
		if (object_compare(goal, &like) == 0)
			o = goal;
	if (!o)
		o = state_add(&d->goal, n->class, n->name, n->cmode);
	object_set(o, n->field, goal_of(n, have));
	if (n->value.type == VALUE_STRING)
		o->v[n->field].str = arena_strdup(&d->goal.arena, n->value.str);
	if (n->class == &class_resource && object_has(have, RESOURCE_ID))
		object_set(o, RESOURCE_ID, have->v[RESOURCE_ID]);
}

static void set_goals(struct device *d, const struct notes *notes, bool wanted_too)
{
	vec_each(n, &notes->notes) {
		const struct object o = note_object(n);

		if (wanted_too ? object_reload_class(&o) : !is_wanted(d, n))
			set_goal(d, n);
	}
}

/** device_is_bound() - does `want` say what the entry says? One that was refused changes nothing. */
bool device_is_bound(const struct device *d)
{
	return d->accepted.config && d->accepted.config == d->used.config &&
	       d->accepted.entry == d->used.entry;
}

/** device_compose() - make the goal anew, after a read that was bound. */
void device_compose(struct device *d)
{
	struct memory *m = &d->world.memory;

	if (d->used.entry && !device_is_removed(d))
		memory_set_removal(m, d->used.entry->on_removal == REMOVAL_RESTORE,
				   (uint8_t)d->used.entry->reload);
	if (!d->world.facts.reload_failed && device_is_bound(d))
		forget_restored(d);
	learn_good(d);
	device_follow_firmware(d);
	state_clear(&d->goal);
	state_copy(&d->goal, &d->want);
	if (d->identity_error) /* nothing is decided by versions that may have been */
		d->goal.firmware = (struct firmware){};
	if (device_is_bound(d))
		set_goals(d, &m->pristine, false);
	if (m->lasting.rollback != ROLLBACK_NONE)
		set_goals(d, &m->pristine, true);
	if (m->lasting.rollback == ROLLBACK_GOOD) /* has nothing of what came while it was down */
		set_goals(d, &m->lasting.good, true);
	state_sort(&d->goal);
}
