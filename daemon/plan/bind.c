// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From wishes to wanted objects: names must exist, values must have the device's type, actions must
 * be possible. Decides which binder does it: the general one, where the table below has none.
 * Complains about everything at once, each with the place where it was written.
 */
#include "plan/bind.h"
#include "plan/binder.h"
#include "plan/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The values of one object were wanted one by one: fold them. No value was wanted twice. */
static void fold_objects(struct state *s)
{
	size_t n = 0;

	state_sort(s);
	for (size_t i = 0; i < s->objects.n; i++) {
		struct object *o = &s->objects.v[i], *kept = n ? &s->objects.v[n - 1] : NULL;

		if (!kept || object_compare(kept, o) != 0) {
			s->objects.v[n++] = *o;
			continue;
		}
		for (unsigned f = 0; f < o->class->n_writable; f++) {
			if (!object_has(o, f))
				continue;
			object_set(kept, f, o->v[f]);
			state_set_mark(s, kept, f, object_mark(o, f));
		}
		kept->order = MIN(kept->order, o->order);
	}
	s->objects.n = n;
}

typedef void binder_fn(struct binder *b, const struct winner *first, size_t n);

/* Classes of which the table in class/ does not say all. */
static const struct special {
	const struct class *class;
	binder_fn *bind;
	void (*reads)(struct reads *reads, const struct world *w, const struct wish *wish);
} specials[] = {
	{&class_resource, bind_resources, NULL},
	{&class_param, bind_params, NULL},
	{&class_trap_group, bind_groups, bind_group_reads},
	{&class_sb_port, bind_objects, bind_threshold_reads},
};

static const struct special *special_of(const struct class *class)
{
	static const struct special general = {NULL, bind_objects, NULL};

	for (size_t i = 0; i < ARRAY_SIZE(specials); i++)
		if (specials[i].class == class)
			return &specials[i];
	return &general;
}

/* All winners of one class at a time: they are sorted by it. */
static void bind_all(struct binder *b)
{
	bool sizes = false;

	for (size_t i = 0, n; i < b->winners->n; i += n) {
		const struct winner *first = &b->winners->v[i];
		const struct class *class = first->wish->class;

		for (n = 1; i + n < b->winners->n && first[n].wish->class == class; n++)
			;
		if (!b->world->facts.reload_failed || class->outlives_reload)
			special_of(class)->bind(b, first, n);
		sizes |= class == &class_resource;
	}
	if (b->restores && !sizes && !b->world->facts.reload_failed)
		bind_resources(b, NULL, 0);
}

/* Whether what was taken out of @e goes back is said by it, and by the entry that wanted it. */
static bool restores(const struct entry *e, const struct world *w)
{
	return w->memory.undo || (w->memory.restore && e->on_removal == REMOVAL_RESTORE);
}

/**
 * bind_winners() - what entry @e wants of the device.
 * @winners: from winners_collect()
 * @ret_want: must be empty; sorted; resources carry their id
 * @diags: notes, and the errors if it fails
 *
 * Return: 0; BIND_NEEDS_CATALOGUE, with nothing in @ret_want and @diags; BIND_NEEDS_IMAGE, with
 * nothing but the firmware there; -EINVAL with errors.
 */
int bind_winners(const struct entry *e, const winner_list *winners, const char *handle,
		 const struct world *w, struct state *ret_want, struct diag_list *diags)
{
	struct diag_list found = {};
	struct state want = {};
	struct binder b = {.handle = handle,
			   .world = w,
			   .quirks = quirks_of(w->facts.driver),
			   .winners = winners,
			   .want = &want,
			   .diags = &found,
			   .restores = restores(e, w)};
	int r = 0;

	vec_reserve(&want.objects, w->have.objects.n); /* most of what is read is wanted */
	bind_firmware(&b, e);
	bind_all(&b);
	bind_note_lacks(&b);
	match_note_layers(e, handle, &w->facts, &found);
	vec_clear(&b.lacks);
	if (b.needs_catalogue)
		r = BIND_NEEDS_CATALOGUE;
	else if (found.n_errors)
		r = -EINVAL;
	else if (b.needs_image)
		r = BIND_NEEDS_IMAGE;
	if (r <= 0) {
		diag_sort(&found);
		diag_move(diags, &found);
	}
	diag_clear(&found);
	if (r == BIND_NEEDS_IMAGE)
		firmware_copy(&ret_want->arena, &ret_want->firmware, &want.firmware);
	if (r == 0) {
		fold_objects(&want);
		*ret_want = want;
	} else {
		state_clear(&want);
	}
	return r;
}

/** bind_entry() - winners_collect() and bind_winners(). Return: as the latter. */
int bind_entry(const struct entry *e, const char *handle, const struct world *w,
	       struct state *ret_want, struct diag_list *diags)
{
	winner_list winners = {};
	int r;

	winners_collect(&winners, e, handle, &w->facts);
	r = bind_winners(e, &winners, handle, w, ret_want, diags);
	vec_clear(&winners);
	return r;
}

static int by_name(const void *pa, const void *pb)
{
	const struct read_name *a = pa, *b = pb;

	return object_compare_names(a->class, a->name, b->class, b->name);
}

static bool are_sorted(const struct reads *reads)
{
	for (size_t i = 1; i < reads->names.n; i++)
		if (by_name(&reads->names.v[i - 1], &reads->names.v[i]) > 0)
			return false;
	return true;
}

/* Each name once, in order: as winners are, unless some of them are read along with others. */
static void drop_doubles(struct reads *reads)
{
	size_t n = 0;

	if (!are_sorted(reads))
		vec_sort(&reads->names, by_name);
	for (size_t i = 0; i < reads->names.n; i++)
		if (n == 0 || by_name(&reads->names.v[n - 1], &reads->names.v[i]) != 0)
			reads->names.v[n++] = reads->names.v[i];
	reads->names.n = n;
}

/*
 * Is @name among the first @n of @names, which are sorted? Most likely it is number *at, the one
 * behind that which was looked for before.
 */
static bool is_among(const struct read_name *names, size_t n, const struct read_name *name,
		     size_t *at)
{
	const struct read_name *found = NULL;

	if (*at < n && by_name(name, &names[*at]) == 0)
		found = &names[*at];
	else if (n)
		found = bsearch(name, names, n, sizeof(*names), by_name);
	if (found)
		*at = (size_t)(found - names) + 1;
	return found;
}

/* What nobody wants any more, but carved has written. */
static void add_noted(struct reads *reads, const struct notes *notes)
{
	size_t n = reads->names.n, at = 0;

	vec_each(note, &notes->notes) {
		const struct read_name name = {.class = note->class, .name = note->name};

		if (note->class->read != READ_DEVICE && !is_among(reads->names.v, n, &name, &at))
			vec_push(&reads->names, name);
	}
	if (reads->names.n > n)
		drop_doubles(reads);
}

static void add_wish(struct reads *reads, const struct world *w, const struct wish *wish)
{
	const struct special *special = special_of(wish->class);

	if (wish->class->read != READ_DEVICE)
		reads_add(reads, wish->class, wish->object);
	if (special->reads)
		special->reads(reads, w, wish);
}

/**
 * bind_reads() - the objects that bind_winners() and the planner look at.
 * @ret: must be empty; names point into what @winners point to, and into @w
 */
void bind_reads(const winner_list *winners, const struct world *w, struct reads *ret)
{
	ret->resources = true;
	vec_each(winner, winners)
		add_wish(ret, w, winner->wish);
	drop_doubles(ret);
	add_noted(ret, &w->memory.pristine);
	add_noted(ret, &w->memory.lasting.good);
}
