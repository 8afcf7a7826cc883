// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions about a device's identity and its reload counters. */
#include "model/facts.h"
#include "base/text.h"

#include <string.h>

/** facts_clear() - free what a device has told of itself. */
void facts_clear(struct facts *f)
{
	vec_clear(&f->versions);
	vec_clear(&f->netdevs);
	vec_clear(&f->altnames);
	vec_clear(&f->counters);
	arena_clear(&f->arena);
	*f = (struct facts){};
}

/**
 * facts_lookup() - what the device reports under a key of `match`.
 * @key: "handle", "driver", "serial_number", "board.serial_number" or the name of a version; fixed
 *       versions come before running ones
 *
 * Return: the value, or NULL where the device reports none.
 */
const char *facts_lookup(const struct facts *f, const char *handle, const char *key)
{
	if (strcmp(key, "handle") == 0)
		return handle;
	if (strcmp(key, "driver") == 0)
		return f->driver;
	if (strcmp(key, "serial_number") == 0)
		return f->serial_number;
	if (strcmp(key, "board.serial_number") == 0)
		return f->board_serial_number;
	return facts_version(f, VERSION_FIXED, key) ?: facts_version(f, VERSION_RUNNING, key);
}

/** facts_add_netdev() - the device has a netdev @name. */
void facts_add_netdev(struct facts *f, const char *name)
{
	vec_push(&f->netdevs, arena_strdup(&f->arena, name));
}

/** facts_add_altname() - a netdev of the device is also called @name. */
void facts_add_altname(struct facts *f, const char *name)
{
	vec_push(&f->altnames, arena_strdup(&f->arena, name));
}

/** facts_version() - the value of a version, or NULL where the device reports none of this kind. */
const char *facts_version(const struct facts *f, enum version_kind kind, const char *name)
{
	vec_each(v, &f->versions)
		if (v->kind == kind && strcmp(v->name, name) == 0)
			return v->value;
	return NULL;
}

/** facts_same_versions() - are all versions the same, of every kind and in the driver's order? */
bool facts_same_versions(const struct facts *a, const struct facts *b)
{
	if (a->versions.n != b->versions.n)
		return false;
	for (size_t i = 0; i < a->versions.n; i++) {
		const struct version *x = &a->versions.v[i], *y = &b->versions.v[i];

		if (x->kind != y->kind || !text_equal(x->name, y->name) ||
		    !text_equal(x->value, y->value))
			return false;
	}
	return true;
}

static const char *only_changeable_version(const struct facts *f)
{
	const char *only = NULL;

	vec_each(v, &f->versions) {
		if (v->kind != VERSION_RUNNING || facts_version(f, VERSION_FIXED, v->name))
			continue;
		if (only && strcmp(only, v->name) != 0)
			return NULL;
		only = v->name;
	}
	return only;
}

/**
 * facts_firmware_key() - the name of the version that `firmware:` is about.
 * @written: `version_key`, or NULL
 *
 * Return: what is written, else fw, else fw.version, else the only running version that is not
 * fixed, else NULL.
 */
const char *facts_firmware_key(const struct facts *f, const char *written)
{
	static const char *const usual[] = {"fw", "fw.version"};

	if (written)
		return written;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (facts_version(f, VERSION_RUNNING, usual[i]))
			return usual[i];
	return only_changeable_version(f);
}

static const struct counter *find(const counter_list *list, const struct counter *like)
{
	vec_each(c, list)
		if (c->action == like->action && c->limit == like->limit &&
		    c->remote == like->remote)
			return c;
	return NULL;
}

/** counters_offer() - does the driver count this reload of its own, and so offer it? */
bool counters_offer(const counter_list *list, uint8_t action, uint8_t limit)
{
	return find(list, &(struct counter){.action = action, .limit = limit}) != NULL;
}

/** facts_offers() - can the driver do this reload? */
bool facts_offers(const struct facts *f, uint8_t action, uint8_t limit)
{
	return counters_offer(&f->counters, action, limit);
}

/**
 * counters_reloads() - how many reloads there were since @before.
 *
 * One reload may perform several actions and so raise several counters, each by one: the largest
 * rise is the number of reloads. Counters that restarted are counted from 0.
 */
unsigned counters_reloads(const counter_list *now, const counter_list *before)
{
	unsigned most = 0;

	vec_each(c, now) {
		const struct counter *old = find(before, c);
		uint32_t from = old && old->value <= c->value ? old->value : 0;

		most = MAX(most, c->value - from);
	}
	return most;
}

/**
 * counters_differ() - does any counter differ? A fall counts too: counters restart at every
 * registration.
 */
bool counters_differ(const counter_list *a, const counter_list *b)
{
	if (a->n != b->n)
		return true;
	vec_each(c, a) {
		const struct counter *other = find(b, c);

		if (!other || other->value != c->value)
			return true;
	}
	return false;
}

/** counters_restarted() - a counter fell: the device registered anew in between. */
bool counters_restarted(const counter_list *now, const counter_list *before)
{
	vec_each(c, now) {
		const struct counter *old = find(before, c);

		if (old && old->value > c->value)
			return true;
	}
	return false;
}

/** counters_action_differs() - was a full reload with this local action counted in between? */
bool counters_action_differs(const counter_list *a, const counter_list *b, uint8_t action)
{
	vec_each(c, a) {
		const struct counter *other = find(b, c);

		if (c->action == action && !c->limit && !c->remote &&
		    (!other || other->value != c->value))
			return true;
	}
	return false;
}

/**
 * facts_of_another() - as far as numbers and counters tell: is it another registration?
 * @now: of a GET
 * @known: the counters as they were
 * @registration: its number, or 0
 */
bool facts_of_another(const struct facts *now, const counter_list *known, uint64_t registration)
{
	return registration && now->registration ? now->registration != registration
						 : counters_restarted(&now->counters, known);
}

/**
 * facts_show_reload() - was the registration that is known reloaded since?
 * @now, @known, @registration: as in facts_of_another()
 *
 * Return: false also where it may be another registration, it is torn down, or nothing was told.
 */
bool facts_show_reload(const struct facts *now, const counter_list *known, uint64_t registration)
{
	return known->n && now->counters.n && !now->reload_failed &&
	       counters_differ(&now->counters, known) &&
	       !facts_of_another(now, known, registration);
}

/** counters_copy() - make @to equal to @from. */
void counters_copy(counter_list *to, const counter_list *from)
{
	to->n = 0;
	vec_each(c, from)
		vec_push(to, *c);
}
