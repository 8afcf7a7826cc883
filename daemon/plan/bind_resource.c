// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sizes of resources: what percentages, `rest`, `min` and `max` come to on this device, whether
 * each size is allowed, and whether children fit into their parent. The kernel checks sums only at
 * the reload and without looking for overflow, so all of it is checked here first.
 */
#include "plan/binder.h"
#include "plan/quirks.h"

#include <inttypes.h>
#include <string.h>

/* One resource of the device, and what becomes of it. */
struct slot {
	const struct object *have;
	const struct slot *parent;   /* NULL: a root */
	const struct winner *winner; /* NULL: nobody wants anything of it */
	bool back;	 /* nor now: winner is made of what was written, and it goes back */
	struct wish was; /* ... and these are what it is made of */
	struct winner own;
	struct size size;
	bool resolved; /* value is final: wanted and valid, or not wanted */
	uint64_t value;
};

struct tree {
	struct binder *b;
	VEC(struct slot) slots;
};

static bool is_wanted(const struct slot *s)
{
	return s->winner && !s->back;
}

static struct slot *find_slot(struct tree *t, const char *path)
{
	vec_each(s, &t->slots)
		if (strcmp(s->have->name, path) == 0)
			return s;
	return NULL;
}

/*
 * There may be hundreds, and every look at one asks for its parent: names are compared only here.
 */
static void find_parents(struct tree *t)
{
	vec_each(s, &t->slots)
		vec_each(parent, &t->slots)
			if (resource_is_child(s->have->name, parent->have->name))
				s->parent = parent;
}

static uint64_t granularity(const struct slot *s)
{
	return MAX(object_num(s->have, RESOURCE_GRAN, 1), UINT64_C(1));
}

static uint64_t round_down(uint64_t n, uint64_t gran)
{
	return n == VALUE_UNLIMITED ? n : n - n % gran;
}

static uint64_t round_up(uint64_t n, uint64_t gran)
{
	uint64_t down = round_down(n, gran), up;

	return down == n || __builtin_add_overflow(down, gran, &up) ? n : up;
}

/*
 * The device's own limits, which are brought inside the granularity if a multiple of it is between
 * them.
 */
static void limits(const struct slot *s, uint64_t *ret_least, uint64_t *ret_most)
{
	uint64_t min = object_num(s->have, RESOURCE_MIN, 0);
	uint64_t max = object_num(s->have, RESOURCE_MAX, VALUE_UNLIMITED);
	uint64_t up = round_up(min, granularity(s)), down = round_down(max, granularity(s));

	*ret_least = up <= down ? up : min;
	*ret_most = up <= down ? down : max;
}

static uint64_t least(const struct slot *s)
{
	uint64_t n, most;

	limits(s, &n, &most);
	return n;
}

static uint64_t own_most(const struct slot *s)
{
	uint64_t least, n;

	limits(s, &least, &n);
	return n;
}

/* Where the driver is known to fail at its own maximum: one granule less, unless it is there. */
static uint64_t most(const struct tree *t, const struct slot *s)
{
	const struct quirks *q = quirks_of(t->b->world->facts.driver);
	uint64_t max = own_most(s);
	bool fails = quirks_lists(q->below_maximum, s->have->name) &&
		     object_num(s->have, RESOURCE_SIZE, 0) != max;

	return fails && max > least(s) ? max - granularity(s) : max;
}

/* The driver need not keep its own rules; what is there is never written. */
static bool is_there(const struct slot *s)
{
	return object_has(s->have, RESOURCE_SIZE) && s->have->v[RESOURCE_SIZE].num == s->value;
}

static bool check_limits(struct tree *t, const struct slot *s, uint64_t n, const char *sum)
{
	uint64_t gran = granularity(s), occ = object_num(s->have, RESOURCE_OCC, 0);
	_cleanup_free_ char *max = size_text(most(t, s)), *size = size_text(n);
	const struct wish *w = s->winner->wish;

	if (n != least(s) && least(s) == own_most(s))
		bind_error(
			t->b, w,
			"%s%s is not %s, which is both the minimum and the maximum of %s: it "
			"%s",
			sum, size, max, w->object,
			quirks_lists(quirks_of(t->b->world->facts.driver)->kept_by_nic, w->object)
				? "is set in the NIC's own configuration (mlxconfig)"
				: "cannot be changed");
	else if (n > most(t, s))
		bind_error(t->b, w, "%s%s is more than the maximum %s of %s%s%s", sum, size, max,
			   w->object,
			   most(t, s) < own_most(s) ? ", one granule below that of " : "",
			   most(t, s) < own_most(s) ? t->b->world->facts.driver : "");
	else if (n < least(s))
		bind_error(t->b, w, "%s%s is less than the minimum %" PRIu64 " of %s", sum, size,
			   least(s), w->object);
	else if (n != VALUE_UNLIMITED && n % gran)
		bind_error(t->b, w,
			   "%s%s is not a multiple of the granularity %" PRIu64
			   " of %s; the nearest are %" PRIu64 " and %" PRIu64,
			   sum, size, gran, w->object, MAX(round_down(n, gran), least(s)),
			   MIN(round_up(n, gran), most(t, s)));
	else if (n < occ)
		bind_error(t->b, w, "%s%s is less than the %" PRIu64 " entries of %s in use", sum,
			   size, occ, w->object);
	else
		return true;
	return false;
}

static void settle(struct tree *t, struct slot *s, uint64_t n, const char *sum)
{
	s->value = n;
	s->resolved = is_there(s) || check_limits(t, s, n, sum);
}

/* The size of which a percentage or the rest is taken; complains where there is none. */
static bool whole_of(struct tree *t, const struct slot *s, const struct slot *parent, uint64_t *ret)
{
	const struct wish *w = s->winner->wish;

	if (!parent)
		bind_error(t->b, w, "%s has no parent to take %s of", w->object, w->text);
	else if (parent->resolved && parent->value == VALUE_UNLIMITED)
		bind_error(t->b, w, "%s is unlimited, %s of it is not a number", parent->have->name,
			   w->text);
	else if (parent->resolved)
		*ret = parent->value;
	return parent && parent->resolved && parent->value != VALUE_UNLIMITED;
}

static void resolve_percent(struct tree *t, struct slot *s, const struct slot *parent)
{
	_cleanup_free_ char *sum = NULL;
	uint64_t whole, part;

	if (!whole_of(t, s, parent, &whole))
		return;
	part = (uint64_t)((unsigned __int128)whole * s->size.num / 100);
	sum = mem_printf("%s of %" PRIu64 ": ", s->winner->wish->text, whole);
	settle(t, s, round_down(part, granularity(s)), sum);
}

static void resolve(struct tree *t, struct slot *s, const struct slot *parent)
{
	switch (s->size.kind) {
	case SIZE_NUMBER:
		settle(t, s, s->size.num, s->back ? "what stood here cannot be set back: " : "");
		return;
	case SIZE_LEAST:
		settle(t, s, least(s), "");
		return;
	case SIZE_MOST:
		settle(t, s, most(t, s), "");
		return;
	case SIZE_PERCENT:
		resolve_percent(t, s, parent);
		return;
	case SIZE_REST:
		return; /* when all siblings are known */
	}
}

/* Sum of the children of @parent but @except, as a number and as text. Return: false on overflow.
 */
static bool sum_children(struct tree *t, const struct slot *parent, const struct slot *except,
			 uint64_t *ret, struct buf *text)
{
	bool fits = true;

	*ret = 0;
	vec_each(s, &t->slots) {
		_cleanup_free_ char *size = size_text(s->value);

		if (s == except || s->parent != parent)
			continue;
		buf_add(text, "%s%s %s%s", text->n ? " + " : "", s->have->name, size,
			s->back	    ? " (set back)"
			: s->winner ? ""
				    : " (as it is)");
		if (__builtin_add_overflow(*ret, s->value, ret))
			fits = false;
	}
	return fits;
}

static void resolve_rest(struct tree *t, struct slot *s, const struct slot *parent)
{
	_cleanup_free_ char *siblings = NULL, *sum = NULL;
	uint64_t whole, used = 0;
	struct buf text = {};
	bool fits;

	vec_each(o, &t->slots) {
		if (o == s || !parent || o->parent != parent)
			continue;
		if (o->winner && o->size.kind == SIZE_REST && o < s) {
			bind_error(t->b, s->winner->wish,
				   "%s already takes the rest: only one child of a parent can",
				   o->have->name);
			return;
		}
		if (!o->resolved) /* has its own error */
			return;
	}
	if (!whole_of(t, s, parent, &whole))
		return;
	fits = sum_children(t, parent, s, &used, &text);
	siblings = buf_take(&text);
	if (!fits || used > whole) {
		bind_error(t->b, s->winner->wish, "nothing is left of %s %" PRIu64 ": %s",
			   parent->have->name, whole, siblings);
		return;
	}
	sum = mem_printf("rest of %" PRIu64 " after %s: ", whole, siblings);
	settle(t, s, round_down(whole - used, granularity(s)), sum);
}

/* Children of one parent (NULL: the roots): first those with a size of their own, then the rest. */
static void resolve_level(struct tree *t, const struct slot *parent)
{
	for (int rest = 0; rest <= 1; rest++) {
		vec_each(s, &t->slots) {
			if (!s->winner || s->parent != parent ||
			    (s->size.kind == SIZE_REST) != rest)
				continue;
			if (rest)
				resolve_rest(t, s, parent);
			else
				resolve(t, s, parent);
		}
	}
	vec_each(s, &t->slots)
		if (s->parent == parent)
			resolve_level(t, s);
}

/* Is it what made the family too large: a child that grows, or a parent that shrinks? */
static bool is_to_change(const struct slot *s, const struct slot *parent)
{
	uint64_t now = object_num(s->have, RESOURCE_SIZE, 0);

	if (s == parent)
		return s->value < now && now != VALUE_UNLIMITED;
	return s->value > now;
}

/* How well the wish for it explains what does not fit; 0: there is none. */
static int guilt(const struct slot *s, const struct slot *parent)
{
	if (!is_wanted(s))
		return s->winner != NULL;
	if (s->winner->preset)
		return 2;
	return is_to_change(s, parent) ? 4 : 3;
}

/*
 * The wish to blame for a family that does not fit: best of the entry's own, and of what
 * changes its size; a child's rather than the parent's.
 */
static const struct slot *blame(struct tree *t, const struct slot *parent)
{
	bool shrinks = guilt(parent, parent) == 4;
	const struct slot *found = parent;

	vec_each(s, &t->slots)
		if (s->parent == parent && guilt(s, parent) &&
		    (guilt(s, parent) >= guilt(found, parent) ||
		     (found == parent && is_wanted(s) && !shrinks)))
			found = s;
	return found;
}

/* Each of them at its own place, and together those that nobody wants. */
static bool unlimited_children(struct tree *t, const struct slot *parent, const struct wish *w)
{
	_cleanup_free_ char *names = NULL;
	struct buf unwanted = {};
	bool found = false;

	vec_each(s, &t->slots) {
		if (s->parent != parent || s->value != VALUE_UNLIMITED)
			continue;
		found = true;
		if (is_wanted(s))
			bind_error(t->b, s->winner->wish,
				   "%s is unlimited and does not fit into %s %" PRIu64,
				   s->have->name, parent->have->name, parent->value);
		else
			buf_add(&unwanted, "%s%s: SIZE", unwanted.n ? ", " : "", s->have->name);
	}
	names = buf_take(&unwanted);
	if (*names)
		bind_error(t->b, w, "unlimited children do not fit into %s %" PRIu64 "; add %s",
			   parent->have->name, parent->value, names);
	return found;
}

/* What the children that nobody wants have, and what the wanted ones leave of @parent for them. */
static void sum_unwanted(struct tree *t, const struct slot *parent, unsigned __int128 *ret_have,
			 unsigned __int128 *ret_left)
{
	unsigned __int128 wanted = 0;

	*ret_have = 0;
	vec_each(s, &t->slots)
		if (s->parent == parent)
			*(is_wanted(s) ? &wanted : ret_have) += s->value;
	*ret_left = wanted < parent->value ? parent->value - wanted : 0;
}

/*
 * Lines that would give the children that nobody wants a size of their own: in the proportions that
 * they have now, as far as that is possible.
 */
static char *lines_to_add(struct tree *t, const struct slot *parent)
{
	unsigned __int128 have, left;
	struct buf b = {};

	sum_unwanted(t, parent, &have, &left);
	vec_each(s, &t->slots) {
		uint64_t n, lowest = MAX(least(s), object_num(s->have, RESOURCE_OCC, 0));

		if (is_wanted(s) || s->parent != parent)
			continue;
		n = round_down((uint64_t)(have ? s->value * left / have : 0), granularity(s));
		buf_add(&b, "%s%s: ", b.n ? ", " : "; lower a size or add ", s->have->name);
		if (n && n >= lowest)
			buf_add(&b, "%" PRIu64, n);
		else
			buf_add(&b, "SIZE");
	}
	return buf_take(&b);
}

/* Where a size is not known, that has its own error. */
static bool family_resolved(struct tree *t, const struct slot *parent)
{
	vec_each(s, &t->slots)
		if (s->parent == parent && !s->resolved)
			return false;
	return parent->resolved;
}

/* Is it all as the driver has registered it, which the kernel takes whatever the sum? */
static bool family_is_there(struct tree *t, const struct slot *parent)
{
	vec_each(s, &t->slots)
		if (s->parent == parent && !is_there(s))
			return false;
	return is_there(parent);
}

static void check_family(struct tree *t, const struct slot *parent)
{
	const struct slot *to_blame = blame(t, parent);
	const struct winner *winner = to_blame->winner;
	_cleanup_free_ char *children = NULL, *add = NULL;
	_cleanup_free_ char *total = NULL;
	struct buf text = {};
	uint64_t sum;
	bool fits;

	if (!winner || !family_resolved(t, parent) || parent->value == VALUE_UNLIMITED ||
	    family_is_there(t, parent) || unlimited_children(t, parent, winner->wish))
		return;
	fits = sum_children(t, parent, NULL, &sum, &text);
	children = buf_take(&text);
	if (fits && sum <= parent->value)
		return;
	add = lines_to_add(t, parent);
	total = fits ? mem_printf("%" PRIu64 ", %" PRIu64 " too many", sum, sum - parent->value)
		     : mem_strdup("more than 2^64-1");
	bind_error(t->b, winner->wish, "%schildren do not fit into %s %" PRIu64 ": %s = %s%s",
		   to_blame->back ? "what stood here cannot be set back: " : "", parent->have->name,
		   parent->value, children, total, add);
}

static void attach(struct tree *t, const struct winner *w)
{
	struct slot *s = find_slot(t, w->wish->object);
	_cleanup_free_ char *why = NULL;

	if (!s) {
		bind_missing(t->b, w);
		return;
	}
	s->winner = w;
	s->resolved = false;
	if (size_parse(w->wish->text, &s->size, &why) < 0) {
		bind_error(t->b, w->wish, "%s", why);
		s->winner = NULL;
	}
}

/* What carved has set, and nobody wants any more: it goes back to what it was. */
static void attach_restored(struct tree *t, const struct note *n)
{
	struct slot *s = n->class == &class_resource && !n->kept ? find_slot(t, n->name) : NULL;

	if (!s || s->winner)
		return;
	s->back = true;
	s->size = (struct size){.kind = SIZE_NUMBER, .num = note_settable(n, s->have).num};
	s->was = (struct wish){.class = n->class, .object = n->name, .mark = n->mark};
	s->own = (struct winner){.wish = &s->was};
	s->winner = &s->own;
	s->resolved = false;
}

static void want_size(struct binder *b, const struct slot *s)
{
	struct object *o = state_add(b->want, s->have->class, s->have->name, CLASS_NO_CMODE);

	object_set(o, RESOURCE_SIZE, (struct value){.type = VALUE_U64, .num = s->value});
	object_set(o, RESOURCE_ID, s->have->v[RESOURCE_ID]);
	state_set_mark(b->want, o, RESOURCE_SIZE, s->winner->wish->mark);
	o->order = s->winner->wish->order;
	bind_staged(b, s->winner->wish, o);
}

/**
 * bind_resources() - want the sizes that @n winners write, if all of them are possible together.
 * @first: winners of class resource
 */
void bind_resources(struct binder *b, const struct winner *first, size_t n)
{
	struct tree t = {.b = b};

	vec_each(o, &b->world->have.objects)
		if (o->class == &class_resource)
			vec_push(&t.slots,
				 ((struct slot){.have = o,
						.resolved = true,
						.value = object_num(o, RESOURCE_SIZE, 0)}));
	find_parents(&t);
	for (size_t i = 0; i < n; i++)
		attach(&t, &first[i]);
	if (b->restores)
		vec_each(note, &b->world->memory.pristine.notes)
			attach_restored(&t, note);
	resolve_level(&t, NULL);
	vec_each(s, &t.slots)
		check_family(&t, s);
	vec_each(s, &t.slots)
		if (is_wanted(s) && s->resolved)
			want_size(b, s);
	vec_clear(&t.slots);
}
