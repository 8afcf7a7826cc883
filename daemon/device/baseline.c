// SPDX-License-Identifier: GPL-2.0-or-later
/* See baseline.h. */
#include "device/baseline.h"

#include <stdlib.h>
#include <string.h>

static const struct object *wanted(const struct assignment *a, const struct note *n)
{
	const struct object *want = state_find(&a->want, n->class, n->name, n->cmode);

	return want && object_has(want, n->field) ? want : NULL;
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

/* Is something still to go back whose change makes the driver reckon other values anew? */
static bool others_will_change(const struct world *w, const struct assignment *a)
{
	vec_each(n, &w->memory.pristine.notes)
		if (n->class->fields[n->field].flags & FIELD_REREAD && !wanted(a, n) &&
		    !is_back(w, n))
			return true;
	return false;
}

/*
 * Values that are back, or that the operator wants kept, need not be remembered: while a config is
 * on trial, the latter are.
 */
static void forget_restored(struct world *w, const struct assignment *a, bool keep)
{
	struct notes *notes = &w->memory.pristine;
	bool back = !others_will_change(w, a);

	for (size_t i = notes->notes.n; i-- > 0;) {
		struct note *n = &notes->notes.v[i];
		const struct object o = note_object(n), *want = wanted(a, n);

		if (want)
			memory_set_place(&w->memory, n, object_mark(want, n->field));
		memory_keep(&w->memory, n, !want && (keep || n->kept));
		if (!want && (n->kept ? !w->trial : back && is_back(w, n)))
			memory_drop(&w->memory, notes, &o, n->field);
	}
}

/*
 * Is what left the config kept? So says the entry that wanted it, or the one in use now: what is
 * wanted of other objects makes no reload for this one.
 */
static bool keeps(const struct world *w, const struct entry *e)
{
	return !w->memory.undo && !(w->memory.restore && e->on_removal == REMOVAL_RESTORE);
}

/* The part of a name that is a port. */
struct port_part {
	const char *name;
	size_t n;
};

static int compare_part(const void *key, const void *port)
{
	const struct port_part *part = key;
	const char *name = *(const char *const *)port;
	int c = strncmp(part->name, name, part->n);

	return c ? c : -(name[part->n] != '\0');
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of all ports; sorted, to be cleared. What is of a whole port is of its parts, too. */
struct port_names {
	text_list all, whole;
};

static void port_names_make(const struct state *have, struct port_names *ret)
{
	vec_each(p, &have->ports) {
		if (!p->name)
			continue;
		vec_push(&ret->all, p->name);
		vec_push(&ret->whole, port_whole(p->name));
	}
	vec_sort(&ret->all, compare_names);
	vec_sort(&ret->whole, compare_names);
}

static void port_names_clear(struct port_names *names)
{
	vec_each(name, &names->whole)
		free((char *)*name);
	vec_clear(&names->whole);
	vec_clear(&names->all);
}

/* Is the port of the noted object there? */
static bool has_port(const struct port_names *names, const struct note *n)
{
	const char *end = class_port_of(n->class, n->name);
	const text_list *list = n->class->whole_ports ? &names->whole : &names->all;
	const struct port_part part = {n->name, end ? (size_t)(end - n->name) : 0};

	return !end ||
	       (list->n && bsearch(&part, list->v, list->n, sizeof(*list->v), compare_part));
}

/*
 * A port that is gone takes along what it had: one that is called so later is another one. After a
 * failed reload all are away, and come back with the next one.
 */
static void forget_gone_ports(struct world *w)
{
	struct notes *notes = &w->memory.pristine;
	struct port_names names = {};

	if (!w->have.ports_read || w->facts.reload_failed)
		return;
	port_names_make(&w->have, &names);
	for (size_t i = notes->notes.n; i-- > 0;) {
		const struct object o = note_object(&notes->notes.v[i]);

		if (!has_port(&names, &notes->notes.v[i]))
			memory_drop(&w->memory, notes, &o, notes->notes.v[i].field);
	}
	port_names_clear(&names);
}

/* What is neither wanted nor to be set back is not rolled back either. */
static void forget_good(struct world *w, const struct assignment *a)
{
	struct notes *good = &w->memory.lasting.good;

	for (size_t i = good->notes.n; i-- > 0;) {
		const struct object o = note_object(&good->notes.v[i]);
		const struct value *v = world_in_force(w, &o, 0);

		if (wanted(a, &good->notes.v[i]) || !v)
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
 * baseline_follow() - after a read that was bound: note what works, forget what is back and what
 * was of ports that are gone.
 */
void baseline_follow(struct world *w, const struct assignment *a)
{
	const struct entry *e = a->used.entry;

	forget_gone_ports(w);
	if (!w->facts.reload_failed && e && assignment_is_bound(a)) {
		forget_restored(w, a, keeps(w, e));
		if (!assignment_is_removed(a))
			memory_set_removal(&w->memory,
					   w->memory.undo || e->on_removal == REMOVAL_RESTORE,
					   (uint8_t)e->reload);
	}
	learn_good(w, a);
}

/** baseline_release() - no entry is left, and nothing that is to be set back: so it is kept. */
void baseline_release(struct world *w)
{
	struct notes *notes = &w->memory.pristine;

	if (!w->trial)
		memory_drop_all(&w->memory, notes);
	vec_each(n, &notes->notes)
		memory_keep(&w->memory, n, true);
}

/** baseline_undo() - a trial ends: what it kept goes back after all. */
void baseline_undo(struct world *w)
{
	memory_set_undo(&w->memory, true);
	memory_set_removal(&w->memory, true, w->memory.reload);
	vec_each(n, &w->memory.pristine.notes)
		memory_keep(&w->memory, n, false);
}

static void keep(struct world *w, const struct object *o, unsigned field)
{
	struct notes *pristine = &w->memory.pristine;
	const struct value *v = world_in_force(w, o, field);

	if (v && object_has(o, field) && !notes_find(pristine, o, field))
		memory_note(&w->memory, pristine, o, field, v);
}

/* Does the driver show others of the same section anew after @s? */
static bool shows_anew(const struct step *s)
{
	const struct class *class = s->target.class;

	for (unsigned i = 0; class->within && i < class->n_writable; i++)
		if (object_has(&s->target, i) && class->fields[i].flags & FIELD_REREAD)
			return true;
	return false;
}

static void keep_others(struct world *w, const struct state *want, const struct class *class)
{
	vec_each(o, &want->objects) {
		if (o->class == class || !text_equal(o->class->within, class->within))
			continue;
		for (unsigned i = 0; i < o->class->n_writable; i++)
			keep(w, o, i);
	}
}

/**
 * baseline_keep() - @s is about to be sent: note what it replaces for the first time.
 *
 * @want: what else is wanted, as it is before @s changes how it is shown
 */
void baseline_keep(struct world *w, const struct state *want, const struct step *s)
{
	if (!step_traits(s)->sets || s->foreign || s->target.cmode == CMODE_PERMANENT)
		return;
	for (unsigned i = 0; i < s->target.class->n_writable; i++)
		keep(w, &s->target, i);
	if (shows_anew(s))
		keep_others(w, want, s->target.class);
}
