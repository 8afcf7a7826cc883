// SPDX-License-Identifier: GPL-2.0-or-later
/* See baseline.h. */
#include "device/baseline.h"

static bool is_wanted(const struct assignment *a, const struct note *n)
{
	const struct object *want = state_find(&a->want, n->class, n->name, n->cmode);

	return want && object_has(want, n->field);
}

/* Is the noted value there again, or the nearest one that can be set? */
static bool is_back(const struct world *w, const struct note *n)
{
	const struct object o = note_object(n);
	const struct object *have = state_find(&w->have, n->class, n->name, n->cmode);
	const struct value *v = world_in_force(w, &o, n->field);
	struct value goal;

	if (!v)
		return false;
	goal = note_settable(n, have);
	return value_equal(v, &goal) && value_equal(&have->v[n->field], &goal) &&
	       !(n->class == &class_resource && object_has(have, RESOURCE_SIZE_NEW));
}

/* Values that are back, or that the operator wants kept, need not be remembered. */
static void forget_restored(struct world *w, const struct assignment *a)
{
	struct notes *notes = &w->memory.pristine;

	for (size_t i = notes->notes.n; i-- > 0;) {
		const struct note *n = &notes->notes.v[i];
		const struct object o = note_object(n);

		if (!is_wanted(a, n) && (!w->memory.restore || is_back(w, n)))
			memory_drop(&w->memory, notes, &o, n->field);
	}
}

/* What is neither wanted nor to be set back is not rolled back either. */
static void forget_good(struct world *w, const struct assignment *a)
{
	struct notes *good = &w->memory.lasting.good;

	for (size_t i = good->notes.n; i-- > 0;) {
		const struct object o = note_object(&good->notes.v[i]);
		const struct value *v = world_in_force(w, &o, 0);

		if (is_wanted(a, &good->notes.v[i]) || !v)
			continue;
		if (notes_find(&w->memory.pristine, &o, 0))
			memory_note(&w->memory, good, &o, 0, v);
		else
			memory_drop(&w->memory, good, &o, 0);
	}
}

/* The values that a roll-back would bring back: those that work now. */
static void learn_good(struct world *w, const struct assignment *a)
{
	struct lasting *l = &w->memory.lasting;

	if (l->rollback != ROLLBACK_NONE || l->attempt || w->facts.reload_failed)
		return;
	vec_each(want, &a->want.objects) {
		const struct value *v =
			object_reload_class(want) ? world_in_force(w, want, 0) : NULL;

		if (v)
			memory_note(&w->memory, &l->good, want, 0, v);
	}
	forget_good(w, a);
}

/**
 * baseline_follow() - after a read that was bound: note what works, forget what is back.
 * @undo: a trial ends: its values go back whatever `on_removal` says
 */
void baseline_follow(struct world *w, const struct assignment *a, bool undo)
{
	if (a->used.entry && !assignment_is_removed(a))
		memory_set_removal(&w->memory, undo || a->used.entry->on_removal == REMOVAL_RESTORE,
				   (uint8_t)a->used.entry->reload);
	if (!w->facts.reload_failed && assignment_is_bound(a))
		forget_restored(w, a);
	learn_good(w, a);
}

/** baseline_keep() - @s is about to be sent: note what it replaces for the first time. */
void baseline_keep(struct world *w, const struct step *s)
{
	struct notes *pristine = &w->memory.pristine;

	if (!step_traits(s)->sets || s->foreign || s->target.cmode == CMODE_PERMANENT)
		return;
	for (unsigned i = 0; i < s->target.class->n_writable; i++) {
		const struct value *v = world_in_force(w, &s->target, i);

		if (v && object_has(&s->target, i) && !notes_find(pristine, &s->target, i))
			memory_note(&w->memory, pristine, &s->target, i, v);
	}
}
