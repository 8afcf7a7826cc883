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
	const struct quirks *q = quirks_of(driver);

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

	if (!quirks_lists(quirks_of(driver)->fixed_groups, have->name))
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
	const struct quirks *q = quirks_of(driver);
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
	    v->num == DEVLINK_ESWITCH_MODE_LEGACY || !quirks_of(driver)->traps_need_legacy)
		return false;
	trap = wish_to_trap(b);
	if (trap)
		bind_error(b, w,
			   "%s takes mode %s and action trap (of %s %s, line %u) only one without "
			   "the other",
			   driver, w->text, trap->class->noun, trap->object, trap->mark.line);
	return trap;
}

static bool takes_pool(struct binder *b, const struct wish *w, const struct object *have,
		       unsigned field, _unused_ const struct value *v)
{
	const char *driver = b->world->facts.driver;
	const struct quirks *q = quirks_of(driver);

	if (!quirks_match(field == POOL_TYPE ? q->fixed_pool_types : q->fixed_pools, have->name))
		return true;
	bind_error(b, w, "the %s of shared buffer pool %s is fixed in %s",
		   have->class->fields[field].name, have->name, driver);
	return false;
}

/* The pool that a TC is to be bound to, as far as it is known. */
static const struct object *pool_of(const struct binder *b, const struct object *tc, uint64_t pool)
{
	_cleanup_free_ char *name = NULL;
	const char *sb = strchr(tc->name, '/') + 1;
	const struct object *found;

	name = mem_printf("%.*s/%" PRIu64, (int)strcspn(sb, "/"), sb, pool);
	found = state_find(&b->world->have, &class_sb_pool, name, CLASS_NO_CMODE);
	return found ? found
		     : state_find(&b->world->catalogue, &class_sb_pool, name, CLASS_NO_CMODE);
}

static bool takes_tc(struct binder *b, const struct wish *w, const struct object *have,
		     unsigned field, const struct value *v)
{
	const char *driver = b->world->facts.driver;
	bool egress = strstr(have->name, "/egress/");
	const struct object *pool;

	if (quirks_match(quirks_of(driver)->fixed_tcs, have->name)) {
		bind_error(b, w, "shared buffer TC %s is fixed in %s", have->name, driver);
		return false;
	}
	pool = field == TC_POOL ? pool_of(b, have, v->num) : NULL;
	if (field == TC_POOL && !pool && !b->world->has_catalogue)
		b->needs_catalogue = true;
	else if (field == TC_POOL && !pool)
		bind_error(b, w, "the device has no shared buffer pool %" PRIu64, v->num);
	else if (pool && object_num(pool, POOL_DIRECTION, egress) != egress)
		bind_error(b, w, "pool %" PRIu64 " is one of %s, TC %s one of %s", v->num,
			   egress ? "ingress" : "egress", have->name,
			   egress ? "egress" : "ingress");
	else
		return true;
	return false;
}

static const struct {
	const struct class *class;
	bool (*takes)(struct binder *b, const struct wish *w, const struct object *have,
		      unsigned field, const struct value *v);
} table[] = {
	{&class_trap, takes_trap},
	{&class_sb_pool, takes_pool},
	{&class_sb_tc, takes_tc},
	{&class_trap_group, takes_group},
	{&class_trap_policer, takes_policer},
};

/**
 * bind_takes() - complain of a value that the driver is known to refuse; never of what is there.
 *
 * Return: false where it was complained of.
 */
bool bind_takes(struct binder *b, const struct wish *w, const struct object *have, unsigned field,
		const struct value *v)
{
	if (excludes(b, w, have, field, v))
		return false;
	if (object_has(have, field) && value_equal(&have->v[field], v))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].class == have->class)
			return table[i].takes(b, w, have, field, v);
	return true;
}
