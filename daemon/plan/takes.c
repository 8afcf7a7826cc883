// SPDX-License-Identifier: GPL-2.0-or-later
/* What a driver is known to refuse is complained of before anything is written. */
#include "plan/binder.h"
#include "plan/quirks.h"

#include <inttypes.h>
#include <linux/devlink.h>
#include <string.h>

static bool takes_trap(struct binder *b, const struct wish *w, const struct object *have,
		       _unused_ unsigned field, const struct value *v)
{
	const char *driver = b->world->facts.driver;
	const struct quirks *q = b->quirks;

	if (q->no_mirror && v->num == DEVLINK_TRAP_ACTION_MIRROR)
		bind_error(b, w, "%s cannot mirror packets of trap %s; write drop or trap", driver,
			   have->name);
	else if (quirks_lists(q->fixed_traps, have->name))
		bind_error(b, w, "the action of trap %s is fixed in %s", have->name, driver);
	else
		return true;
	return false;
}

static bool takes_group(struct binder *b, const struct wish *w, const struct object *have,
			_unused_ unsigned field, _unused_ const struct value *v)
{
	const char *driver = b->world->facts.driver;

	if (!quirks_lists(b->quirks->fixed_groups, have->name))
		return true;
	bind_error(b, w, "the policer of trap group %s is fixed in %s", have->name, driver);
	return false;
}

/* The power of two at or below @n, or the one after it, within the limits. */
static uint64_t nearest_power(uint64_t n, bool above, const struct quirk_range *range)
{
	uint64_t low = UINT64_C(1) << (63 - __builtin_clzll(n | 1));

	return MAX(MIN(above ? low * 2 : low, range->max), range->min);
}

static bool takes_policer(struct binder *b, const struct wish *w, const struct object *have,
			  unsigned field, const struct value *v)
{
	const char *name = have->class->fields[field].name, *driver = b->world->facts.driver;
	const struct quirks *q = b->quirks;
	const struct quirk_range *range = field == POLICER_RATE ? &q->rate : &q->burst;

	if (!range->max)
		return true;
	if (v->num < range->min)
		bind_error(b, w, "%s %" PRIu64 " is less than the minimum %" PRIu64 " of %s", name,
			   v->num, range->min, driver);
	else if (v->num > range->max)
		bind_error(b, w, "%s %" PRIu64 " is more than the maximum %" PRIu64 " of %s", name,
			   v->num, range->max, driver);
	else if (field == POLICER_BURST && q->power_of_two && (v->num & (v->num - 1)))
		bind_error(b, w,
			   "%s %" PRIu64 " is not a power of two, which %s requires; the nearest "
			   "are %" PRIu64 " and %" PRIu64,
			   name, v->num, driver, nearest_power(v->num, false, range),
			   nearest_power(v->num, true, range));
	else
		return true;
	return false;
}

/* A winning wish for a trap, or for all of a group, to have the action trap; or NULL. */
static const struct wish *wish_to_trap(const struct binder *b)
{
	vec_each(winner, b->winners) {
		const struct wish *w = winner->wish;

		if ((w->class == &class_trap || text_equal(w->attr, "action")) &&
		    strcmp(w->text, "trap") == 0)
			return w;
	}
	return NULL;
}

/* What two values together make impossible, whether one of them is there already or not. */
static bool excludes(struct binder *b, const struct wish *w, const struct object *have,
		     unsigned field, const struct value *v)
{
	const char *driver = b->world->facts.driver;
	const struct wish *trap;

	if (have->class != &class_eswitch || field != ESWITCH_MODE ||
	    v->num == DEVLINK_ESWITCH_MODE_LEGACY || !b->quirks->traps_need_legacy)
		return false;
	trap = wish_to_trap(b);
	if (trap)
		bind_error(b, w,
			   "%s does not take mode %s together with action trap (of %s %s, "
			   "line %u)",
			   driver, w->text, trap->class->noun, trap->object, trap->mark.line);
	return trap;
}

/* "2", "2 or 4", "2, 4 or 8": what so many lanes can be split into. */
static char *list_splits(uint64_t lanes)
{
	struct buf b = {};

	for (uint64_t n = 2; n <= lanes; n *= 2)
		buf_add(&b, "%s%" PRIu64, n == 2 ? "" : 2 * n > lanes ? " or " : ", ", n);
	return buf_take(&b);
}

static bool takes_split(struct binder *b, const struct wish *w, const struct object *have,
			_unused_ unsigned field, const struct value *v)
{
	uint64_t lanes = object_num(have, SPLIT_LANES, 0);
	bool can = object_num(have, SPLIT_COUNT, 0) || object_num(have, SPLIT_SPLITTABLE, 0);
	_cleanup_free_ char *choice = list_splits(lanes);

	if (v->num == 0)
		return true;
	if (!can || lanes == 1)
		bind_error(b, w, "port %s cannot be split%s", have->name,
			   lanes == 1 ? ": it has one lane" : "");
	else if (lanes && (v->num < 2 || v->num & (v->num - 1) || v->num > lanes))
		bind_error(b, w,
			   "port %s has %" PRIu64 " lanes: it can be split into %s, or be none",
			   have->name, lanes, choice);
	else
		return true;
	return false;
}

/* "16x100G, 8x200G" in its parts, which point into @list; to be freed. */
static void split_list(char *list, text_list *ret)
{
	char *rest = list, *item;

	while ((item = strsep(&rest, ",")))
		vec_push(ret, item + strspn(item, " "));
}

static bool takes_card(struct binder *b, const struct wish *w, const struct object *have,
		       _unused_ unsigned field, const struct value *v)
{
	const char *supported = object_str(have, CARD_SUPPORTED), *near;
	_cleanup_free_ char *list = mem_strdup(supported ? supported : "");
	bool known = !*v->str;
	text_list types = {};

	split_list(list, &types);
	vec_each(type, &types)
		known |= strcmp(*type, v->str) == 0;
	near = text_nearest(v->str, types.v, types.n);
	if (!known && (!supported || !*supported))
		bind_error(b, w, "the driver knows no type for line card %s", have->name);
	else if (!known)
		bind_error(b, w, "line card %s cannot be %s%s%s%s %s, or none", have->name, v->str,
			   near ? "; did you mean " : "", near ? near : "",
			   near ? "? It can be" : ": it can be", supported);
	vec_clear(&types);
	return known;
}

/* The name of the pool in which the threshold of @have counts; to be freed. */
typedef char *pool_fn(const struct binder *b, const struct wish *w, const struct object *have);

static const struct object *find_pool(const struct binder *b, const char *name)
{
	const struct object *o = state_find(&b->world->have, &class_sb_pool, name, CLASS_NO_CMODE);

	return o ? o : state_find(&b->world->catalogue, &class_sb_pool, name, CLASS_NO_CMODE);
}

static bool takes_size(struct binder *b, const struct wish *w, const struct value *v)
{
	const char *whole = b->quirks->whole_pool;
	const struct object *pool = whole ? find_pool(b, whole) : NULL;
	uint64_t most = pool ? object_num(pool, POOL_SIZE, UINT64_MAX) : UINT64_MAX;

	if (whole && !pool && !b->world->has_catalogue) {
		b->needs_catalogue = true;
		return false;
	}
	if (v->num <= most)
		return true;
	bind_error(b, w, "%" PRIu64 " bytes are more than the %" PRIu64 " of the whole buffer",
		   v->num, most);
	return false;
}

static bool takes_pool(struct binder *b, const struct wish *w, const struct object *have,
		       unsigned field, const struct value *v)
{
	const char *driver = b->world->facts.driver;
	const struct quirks *q = b->quirks;

	if (!quirks_match(field == POOL_TYPE ? q->fixed_pool_types : q->fixed_pools, have->name))
		return field != POOL_SIZE || takes_size(b, w, v);
	bind_error(b, w, "the %s of shared buffer pool %s is fixed in %s",
		   have->class->fields[field].name, have->name, driver);
	return false;
}

/* What is written for the field of an object, or NULL. */
static const struct wish *wish_for(const struct binder *b, const struct class *class,
				   const char *object, const char *attr)
{
	vec_each(winner, b->winners) {
		const struct wish *w = winner->wish;

		if (w->class == class && strcmp(w->object, object) == 0 &&
		    text_equal(w->attr, attr))
			return w;
	}
	return NULL;
}

static bool is_dynamic(const struct binder *b, const struct object *pool)
{
	const struct wish *w = wish_for(b, &class_sb_pool, pool->name, "type");

	return w ? strcmp(w->text, "dynamic") == 0
		 : object_num(pool, POOL_TYPE, 0) == DEVLINK_SB_THRESHOLD_TYPE_DYNAMIC;
}

/* In a dynamic pool thresholds are codes, and the driver may be known to have so many of them. */
static bool takes_code(struct binder *b, const struct wish *w, const struct quirk_range *range,
		       const char *name, uint64_t n)
{
	const struct object *pool = find_pool(b, name);

	if (!pool && !b->world->has_catalogue) {
		b->needs_catalogue = true;
		return false;
	}
	if (!pool || !is_dynamic(b, pool) || (n >= range->min && n <= range->max))
		return true;
	bind_error(b, w,
		   "threshold %" PRIu64 " in pool %s, which is dynamic: %s takes %" PRIu64
		   " to %" PRIu64,
		   n, name, b->world->facts.driver, range->min, range->max);
	return false;
}

/* @pool: names the pool in which @have counts. */
static bool takes_threshold(struct binder *b, const struct wish *w, const struct object *have,
			    pool_fn *pool, uint64_t n)
{
	const struct quirk_range *range = &b->quirks->dynamic;
	_cleanup_free_ char *name = range->max ? pool(b, w, have) : NULL;

	return !name || takes_code(b, w, range, name, n);
}

static char *pool_of_port(_unused_ const struct binder *b, _unused_ const struct wish *w,
			  const struct object *have)
{
	return mem_strdup(class_port_of(have->class, have->name) + 1);
}

static bool takes_port(struct binder *b, const struct wish *w, const struct object *have,
		       _unused_ unsigned field, const struct value *v)
{
	return takes_threshold(b, w, have, pool_of_port, v->num);
}

/* "0/4": the pool of this number in the shared buffer of a TC; to be freed. */
static char *pool_name(const struct object *tc, uint64_t pool)
{
	const char *sb = class_port_of(tc->class, tc->name) + 1;

	return mem_printf("%.*s/%" PRIu64, (int)strcspn(sb, "/"), sb, pool);
}

/* The number of the pool in which a TC's threshold is to count. */
static uint64_t wanted_pool(const struct binder *b, const struct wish *w, const struct object *tc)
{
	const struct wish *pool = wish_for(b, w->class, w->object, "pool");

	if (!pool)
		return object_num(tc, TC_POOL, 0);
	return strtoul(pool->text, NULL, 10);
}

static char *pool_of_tc(const struct binder *b, const struct wish *w, const struct object *have)
{
	return pool_name(have, wanted_pool(b, w, have));
}

/* The numbers of all pools into which @tc can be bound. */
static void add_pools(const struct binder *b, const struct object *tc, bool egress, struct buf *out)
{
	size_t before = out->n;

	vec_each(pool, &b->world->catalogue.objects) {
		_cleanup_free_ char *last = mem_strdup(strrchr(pool->name, '/'));
		_cleanup_free_ char *same =
			last ? pool_name(tc, strtoul(last + 1, NULL, 10)) : NULL;

		if (pool->class != &class_sb_pool || strcmp(same, pool->name) != 0 ||
		    object_num(pool, POOL_DIRECTION, egress) != egress)
			continue;
		buf_add(out, "%s%s", out->n > before ? ", " : "", last + 1);
	}
}

static bool takes_binding(struct binder *b, const struct wish *w, const struct object *have,
			  uint64_t number)
{
	_cleanup_free_ char *name = pool_name(have, number);
	const struct object *pool = find_pool(b, name);
	bool egress = strstr(have->name, "/egress/");
	const char *own = egress ? "egress" : "ingress";
	_cleanup_free_ char *text = NULL;
	struct buf pools = {};

	if (pool && object_num(pool, POOL_DIRECTION, egress) == egress)
		return true;
	if (!b->world->has_catalogue) {
		b->needs_catalogue = true;
		return false;
	}
	add_pools(b, have, egress, &pools);
	text = buf_take(&pools);
	if (!pool)
		bind_error(b, w,
			   "the device has no shared buffer pool %" PRIu64 "; of %s it has %s",
			   number, own, text);
	else
		bind_error(b, w, "pool %" PRIu64 " is one of %s, TC %s one of %s; of %s are %s",
			   number, egress ? "ingress" : "egress", have->name, own, own, text);
	return false;
}

static bool takes_tc(struct binder *b, const struct wish *w, const struct object *have,
		     unsigned field, const struct value *v)
{
	const char *driver = b->world->facts.driver;

	if (quirks_match(b->quirks->fixed_tcs, have->name)) {
		bind_error(b, w, "shared buffer TC %s is fixed in %s", have->name, driver);
		return false;
	}
	if (field == TC_POOL)
		return takes_binding(b, w, have, v->num);
	return takes_threshold(b, w, have, pool_of_tc, v->num);
}

static const struct row {
	const struct class *class;
	bool (*takes)(struct binder *b, const struct wish *w, const struct object *have,
		      unsigned field, const struct value *v);
	pool_fn *pool; /* of the field that is a threshold */
	unsigned threshold;
} table[] = {
	{&class_trap, takes_trap, NULL, 0},
	{&class_linecard, takes_card, NULL, 0},
	{&class_port_split, takes_split, NULL, 0},
	{&class_sb_pool, takes_pool, NULL, 0},
	{&class_sb_port, takes_port, pool_of_port, 0},
	{&class_sb_tc, takes_tc, pool_of_tc, TC_THRESHOLD},
	{&class_trap_group, takes_group, NULL, 0},
	{&class_trap_policer, takes_policer, NULL, 0},
};

static const struct row *row_of(const struct class *class)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].class == class)
			return &table[i];
	return NULL;
}

/* A threshold in a static pool becomes as many cells as the driver makes of it. */
static bool round_threshold(struct binder *b, const struct wish *w, const struct object *have,
			    const struct row *row, struct value *v)
{
	_cleanup_free_ char *name = row->pool(b, w, have);
	const struct object *pool = find_pool(b, name);

	if (!pool && !b->world->has_catalogue) {
		b->needs_catalogue = true;
		return false;
	}
	if (pool && !is_dynamic(b, pool))
		class_sb_pool.round(pool, POOL_SIZE, v);
	return true;
}

/** bind_threshold_reads() - the pool in which a threshold of a port counts. */
void bind_threshold_reads(struct reads *reads, _unused_ const struct world *w,
			  const struct wish *wish)
{
	reads_add(reads, &class_sb_pool, class_port_of(wish->class, wish->object) + 1);
}

/**
 * bind_round() - @v becomes what the driver makes of it. @v: read and written
 *
 * Return: false where more has to be read first.
 */
bool bind_round(struct binder *b, const struct wish *w, const struct object *have, unsigned field,
		struct value *v)
{
	const struct row *row = row_of(have->class);

	if (have->class->round)
		have->class->round(have, field, v);
	if (!row || !row->pool || field != row->threshold ||
	    (object_has(have, field) && value_equal(&have->v[field], v)))
		return true;
	return round_threshold(b, w, have, row, v);
}

/**
 * bind_takes() - complain of a value that the driver is known to refuse; never of what is there.
 *
 * Return: false where it was complained of.
 */
bool bind_takes(struct binder *b, const struct wish *w, const struct object *have, unsigned field,
		const struct value *v)
{
	const struct row *row;

	if (excludes(b, w, have, field, v))
		return false;
	if (object_has(have, field) && value_equal(&have->v[field], v))
		return true;
	row = row_of(have->class);
	return !row || row->takes(b, w, have, field, v);
}
