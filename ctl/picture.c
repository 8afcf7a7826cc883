// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an ASIC is divided into, as lines with bars: sizes where they lie in their parent, children
 * of one parent side by side in the order of their names; pools of its packet buffer and trap
 * policers, each beside the largest.
 */
#include "picture.h"
#include "bars.h"
#include "model/value.h"
#include "table.h"

#include <inttypes.h>

static unsigned depth_of(const struct object *o)
{
	unsigned n = 0;

	for (const char *p = o->name; *p; p++)
		n += *p == '/';
	return n;
}

static bool is_child(const struct object *o, const struct object *parent)
{
	size_t n = strlen(parent->name);

	return strncmp(o->name, parent->name, n) == 0 && o->name[n] == '/' &&
	       !strchr(o->name + n + 1, '/');
}

static const struct object *parent_of(const struct world *w, const struct object *o)
{
	vec_each(p, &w->have.objects)
		if (p->class == &class_resource && is_child(o, p))
			return p;
	return NULL;
}

static uint64_t size_of(const struct object *o)
{
	return object_num(o, RESOURCE_SIZE, 0);
}

/* A stretch of the bar, whose length is 1. */
struct stretch {
	double from, to;
};

/* Where @o lies: a root is as long as the bar. */
static struct stretch place(const struct world *w, const struct object *o)
{
	const struct object *parent = parent_of(w, o);
	struct stretch in = {0, 1};
	uint64_t before = 0;
	double scale;

	if (!parent)
		return in;
	in = place(w, parent);
	if (!size_of(parent) || size_of(parent) == VALUE_UNLIMITED)
		return in;
	scale = (in.to - in.from) / (double)size_of(parent);
	vec_each(s, &w->have.objects)
		if (s->class == &class_resource && is_child(s, parent) &&
		    strcmp(s->name, o->name) < 0)
			before += size_of(s);
	in.from += (double)before * scale;
	in.to = in.from + (double)size_of(o) * scale;
	return in;
}

static double used_part(const struct object *o)
{
	uint64_t size = size_of(o);

	if (!size || size == VALUE_UNLIMITED || !object_has(o, RESOURCE_OCC))
		return 0;
	return (double)MIN(o->v[RESOURCE_OCC].num, size) / (double)size;
}

/* --- sizes ------------------------------------------------------------------------------------ */

static const char *put_size(struct arena *a, uint64_t size)
{
	_cleanup_free_ char *text = size_text(size);

	return arena_strdup(a, text);
}

static const char *put_number(struct arena *a, uint64_t n)
{
	return arena_printf(a, "%" PRIu64, n);
}

static const char *put_name(struct arena *a, const char *name)
{
	_cleanup_free_ char *clean = text_clean_line(name);

	return arena_strdup(a, clean);
}

/* Which sizes it can have; "" for no other. */
static const char *put_range(struct arena *a, const struct object *o)
{
	uint64_t min = object_num(o, RESOURCE_MIN, 0), max = object_num(o, RESOURCE_MAX, 0);

	if (!object_has(o, RESOURCE_MAX) || min == max)
		return "";
	return arena_printf(a, "%" PRIu64 "-%s/%" PRIu64, min, put_size(a, max),
			    object_num(o, RESOURCE_GRAN, 1));
}

/* What the next reload brings; "" where that is nothing else. */
static const char *put_pending(struct arena *a, const struct object *o, const struct style *style)
{
	uint64_t pending = object_num(o, RESOURCE_SIZE_NEW, size_of(o));

	if (pending == size_of(o))
		return "";
	return arena_printf(a, "%s %s at the next reload", style->utf8 ? "→" : "->",
			    put_size(a, pending));
}

/* The name of one of a port is shown as a whole. */
static void add_size(struct bars *b, const struct world *w, const struct object *o,
		     const struct style *style)
{
	unsigned indent = resource_is_of_port(o) ? 0 : 2 * depth_of(o) - 2;
	bool occ = object_has(o, RESOURCE_OCC);
	struct stretch s = place(w, o);
	struct bar *l = bars_add(b);
	struct arena *a = &b->arena;

	l->indent = indent;
	l->name = put_name(a, indent ? strrchr(o->name, '/') + 1 : o->name);
	l->size = put_size(a, size_of(o));
	l->used = occ ? put_number(a, o->v[RESOURCE_OCC].num) : "-";
	l->range = put_range(a, o);
	l->range_is = "from-to/step: ";
	l->below = put_pending(a, o, style);
	l->kind = size_of(o) == VALUE_UNLIMITED ? BAR_NONE : BAR_PART;
	l->from = s.from;
	l->to = s.to;
	l->taken = s.from + (s.to - s.from) * used_part(o);
}

/* Those of the device, then those of its ports. */
static void add_sizes(struct bars *b, const struct world *w, const struct style *style)
{
	size_t title = b->lines.n;

	bars_title(b, "RESOURCE", "SIZE", "IN USE", "FROM-TO/STEP", "IN THE PARENT");
	vec_each(o, &w->have.objects)
		if (o->class == &class_resource)
			add_size(b, w, o, style);
	vec_each(o, &w->catalogue.objects)
		if (resource_is_of_port(o))
			add_size(b, w, o, style);
	if (b->lines.n == title + 1)
		b->lines.n = title;
}

static void explain_bars(const struct style *style, struct buf *out)
{
	buf_add(out, style->utf8 ? "█ in use  ▒ free, or not known  · the rest of the parent\n"
				 : "# in use  = free, or not known  . the rest of the parent\n");
}

/** picture_render_sizes() - append a bar for each resource, and what the bars mean. */
void picture_render_sizes(const struct world *w, const struct style *style, struct buf *out)
{
	struct bars b = {};

	add_sizes(&b, w, style);
	if (b.lines.n) {
		bars_render(&b, style, out);
		explain_bars(style, out);
	} else {
		buf_add(out, "It has no resources.\n");
	}
	bars_clear(&b);
}

/* --- pools and policers ----------------------------------------------------------------------- */

typedef VEC(const struct object *) object_refs;

static object_refs objects_of(const struct world *w, const struct class *class)
{
	object_refs found = {};

	vec_each(o, &w->have.objects)
		if (o->class == class)
			vec_push(&found, o);
	return found;
}

static double largest(const object_refs *all, unsigned field)
{
	uint64_t n = 1;

	vec_each(o, all)
		n = MAX(n, object_num(*o, field, 0));
	return (double)n;
}

/* Of which traffic classes of ports the packets lie in @pool, of the same buffer. */
static uint64_t count_bound(const object_refs *tcs, const struct object *pool)
{
	uint64_t n = 0;

	vec_each(p, tcs) {
		const char *sb = strchr((*p)->name, '/');
		_cleanup_free_ char *name =
			mem_printf("%.*s/%" PRIu64, sb ? (int)strcspn(sb + 1, "/") : 0,
				   sb ? sb + 1 : "", object_num(*p, TC_POOL, UINT64_MAX));

		n += strcmp(name, pool->name) == 0;
	}
	return n;
}

static const char *value_word(struct arena *a, const struct object *o, unsigned field)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	if (!object_has(o, field))
		return "";
	value_format(&o->v[field], object_names(o, field), &b);
	text = buf_take(&b);
	return arena_strdup(a, text);
}

static void add_pools(struct bars *b, const struct world *w)
{
	object_refs pools = objects_of(w, &class_sb_pool), tcs = objects_of(w, &class_sb_tc);
	double whole = largest(&pools, POOL_SIZE);
	struct arena *a = &b->arena;

	if (pools.n)
		bars_title(b, "BUFFER POOL", "BYTES", "TCS", "KIND", "BESIDE THE LARGEST");
	vec_each(p, &pools) {
		const struct object *o = *p;
		uint64_t bytes = object_num(o, POOL_SIZE, 0);
		struct bar *l = bars_add(b);

		l->name = put_name(a, o->name);
		l->size = put_number(a, bytes);
		l->used = put_number(a, count_bound(&tcs, o));
		l->range = arena_printf(a, "%s, %s", value_word(a, o, POOL_DIRECTION),
					value_word(a, o, POOL_TYPE));
		l->kind = bytes ? BAR_ALONE : BAR_NONE;
		l->to = (double)bytes / whole;
	}
	vec_clear(&pools);
	vec_clear(&tcs);
}

static const char *put_groups(struct arena *a, const object_refs *groups,
			      const struct object *policer)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	vec_each(p, groups) {
		_cleanup_free_ char *number =
			mem_printf("%" PRIu64, object_num(*p, GROUP_POLICER, UINT64_MAX));

		if (strcmp(number, policer->name) == 0)
			buf_add(&b, "%s%s", b.n ? ", " : "", (*p)->name);
	}
	if (!b.n)
		return "";
	text = buf_take(&b);
	return arena_strdup(a, text);
}

static void add_policers(struct bars *b, const struct world *w)
{
	object_refs policers = objects_of(w, &class_trap_policer);
	object_refs groups = objects_of(w, &class_trap_group);
	double whole = largest(&policers, POLICER_RATE);
	struct arena *a = &b->arena;

	if (policers.n)
		bars_title(b, "TRAP POLICER", "RATE", "BURST", "", "BESIDE THE FASTEST");
	vec_each(p, &policers) {
		const struct object *o = *p;
		uint64_t rate = object_num(o, POLICER_RATE, 0);
		struct bar *l = bars_add(b);

		l->name = put_name(a, o->name);
		l->size = put_number(a, rate);
		l->used = put_number(a, object_num(o, POLICER_BURST, 0));
		l->below = put_groups(a, &groups, o);
		l->kind = rate ? BAR_LINE : BAR_NONE;
		l->to = (double)rate / whole;
	}
	vec_clear(&policers);
	vec_clear(&groups);
}

/** picture_render() - append what the device of @w is divided into. */
void picture_render(const char *handle, const struct world *w, const struct style *style,
		    struct buf *out)
{
	_cleanup_free_ char *name = text_clean_line(handle);
	struct bars b = {};
	size_t sizes;

	buf_add(out, "%s%s%s%s%s\n", colour_begin(COLOUR_STRONG, style), name,
		colour_end(COLOUR_STRONG, style), w->facts.driver ? "  " : "",
		w->facts.driver ? w->facts.driver : "");
	add_sizes(&b, w, style);
	sizes = b.lines.n;
	add_pools(&b, w);
	add_policers(&b, w);
	bars_render(&b, style, out);
	if (sizes)
		explain_bars(style, out);
	else if (!b.lines.n)
		buf_add(out, "It has no resources, shared buffers or trap policers.\n");
	bars_clear(&b);
}
