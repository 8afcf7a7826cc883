// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Of all layers that apply to a device, the wishes that win: a higher layer beats a lower one key
 * by key, and its `null` takes lower ones away.
 */
#include "plan/winners.h"
#include "model/object.h"
#include "plan/match.h"

#include <string.h>

struct candidate {
	struct winner winner;
	size_t layer;
};

static int by_object(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;
	const struct wish *x = a->winner.wish, *y = b->winner.wish;
	int c = object_compare_names(x->class, x->object, y->class, y->object);

	return c ? c : CMP(a->layer, b->layer);
}

/* Does the wish @high end what the lower wish @low of the same object says? */
static bool beats(const struct wish *high, const struct wish *low)
{
	if (!high->attr || !low->attr) /* a bare value or a null against the whole object */
		return true;
	return strcmp(high->attr, low->attr) == 0;
}

static bool beaten(const struct candidate *c, const struct candidate *end)
{
	for (const struct candidate *d = c + 1; d < end; d++) {
		if (d->winner.wish->class != c->winner.wish->class ||
		    strcmp(d->winner.wish->object, c->winner.wish->object) != 0)
			return false;
		if (d->layer > c->layer && beats(d->winner.wish, c->winner.wish))
			return true;
	}
	return false;
}

static bool clears(const struct layer *l, const struct class *class)
{
	vec_each(w, &l->wishes)
		if (w->class == class && !w->object)
			return true;
	return false;
}

/** winners_collect() - append to @ret the wishes that win, sorted by class and object. */
void winners_collect(winner_list *ret, const struct entry *e, const char *handle,
		     const struct facts *facts)
{
	VEC(struct candidate) all = {};

	for (size_t c = 0; c < n_classes; c++) {
		size_t first = all.n;

		for (size_t i = 0; i < e->layers.n; i++) {
			const struct layer *l = &e->layers.v[i];

			if (!match_layer(l, handle, facts))
				continue;
			if (clears(l, classes[c]))
				all.n = first;
			vec_each(w, &l->wishes)
				if (w->class == classes[c] && w->object)
					vec_push(&all, ((struct candidate){{w, l->preset}, i}));
		}
	}
	vec_sort(&all, by_object);
	vec_each(c, &all)
		if (c->winner.wish->text && !beaten(c, all.v + all.n))
			vec_push(ret, c->winner);
	vec_clear(&all);
}
