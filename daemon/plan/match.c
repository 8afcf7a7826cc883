// SPDX-License-Identifier: GPL-2.0-or-later
/* Matching by shell patterns; `*` crosses a slash, a key that the device lacks never matches. */
#include "plan/match.h"

#include <fnmatch.h>
#include <string.h>

/** match_value() - Return: whether a value is as the shell pattern says. */
bool match_value(const char *pattern, const char *value)
{
	return fnmatch(pattern, value, 0) == 0;
}

static bool is_netdev(const struct match *m)
{
	return strcmp(m->key, "netdev") == 0;
}

/** match_netdev() - does a netdev of the device have such a name, be it an alternative one? */
bool match_netdev(const char *pattern, const struct facts *f)
{
	vec_each(name, &f->netdevs)
		if (match_value(pattern, *name))
			return true;
	vec_each(name, &f->altnames)
		if (match_value(pattern, *name))
			return true;
	return false;
}

static bool holds(const struct match *m, const char *handle, const struct facts *f)
{
	const char *value = facts_lookup(f, handle, m->key);

	if (is_netdev(m) && match_netdev(m->pattern, f))
		return true;
	return value && match_value(m->pattern, value);
}

/*
 * From Linux 7.1 on there are instances without a device of their own, in which those of one chip
 * are nested. They report the driver of these and have nothing that could be declared: such an
 * instance is meant only by a pattern that names its bus.
 */
#define NO_DEVICE "devlink_index/"

static bool is_device(const char *handle)
{
	return strncmp(handle, NO_DEVICE, strlen(NO_DEVICE)) != 0;
}

/* Does the entry speak of such instances, or is it a device? */
static bool is_of_its_bus(const struct entry *e, const char *handle)
{
	if (is_device(handle))
		return true;
	vec_each(m, &e->matches)
		if (strcmp(m->key, "handle") == 0 && !is_device(m->pattern))
			return true;
	return false;
}

/** match_entry() - do all keys hold? An entry without any is named by its handle. */
bool match_entry(const struct entry *e, const char *handle, const struct facts *f)
{
	if (!e->matches.n)
		return text_equal(e->name, handle);
	if (!is_of_its_bus(e, handle))
		return false;
	vec_each(m, &e->matches)
		if (!holds(m, handle, f))
			return false;
	return true;
}

/**
 * match_may_be() - may match_entry() hold? A key that @f lacks may, as @f is not all that there is
 * to know.
 */
bool match_may_be(const struct entry *e, const char *handle, const struct facts *f)
{
	if (!e->matches.n)
		return text_equal(e->name, handle);
	if (!is_of_its_bus(e, handle))
		return false;
	vec_each(m, &e->matches)
		if (facts_lookup(f, handle, m->key) && !holds(m, handle, f))
			return false;
	return true;
}

/** match_open() - append the entries of @c that only what the driver fails to tell may keep off. */
void match_open(const struct config *c, const char *handle, const struct facts *f, entry_list *ret)
{
	vec_each(e, &c->entries)
		if (f->untold && match_may_be(e, handle, f))
			vec_push(ret, e);
}

/** match_has_key() - does the device report a value for a key of `match`? */
bool match_has_key(const char *key, const char *handle, const struct facts *f)
{
	return facts_lookup(f, handle, key) || (strcmp(key, "netdev") == 0 && f->netdevs.n);
}

static void add_names(const struct match *m, text_list *ret)
{
	if (is_netdev(m) && !strpbrk(m->pattern, "*?[\\"))
		vec_push(ret, m->pattern);
}

/** match_netdev_names() - append what @c matches by `netdev` that is no pattern. */
void match_netdev_names(const struct config *c, text_list *ret)
{
	vec_each(e, &c->entries) {
		vec_each(m, &e->matches)
			add_names(m, ret);
		vec_each(l, &e->layers)
			vec_each(m, &l->matches)
				add_names(m, ret);
	}
}

/** match_named() - the one handle that can match the entry, or NULL where it may be others. */
const char *match_named(const struct entry *e)
{
	if (!e->matches.n)
		return e->name;
	vec_each(m, &e->matches)
		if (strcmp(m->key, "handle") == 0 && !strpbrk(m->pattern, "*?[\\"))
			return m->pattern;
	return NULL;
}

/** match_layer() - is the layer laid under this device? One without `match` always is. */
bool match_layer(const struct layer *l, const char *handle, const struct facts *f)
{
	vec_each(m, &l->matches)
		if (!holds(m, handle, f))
			return false;
	return true;
}

/* The reported key that is meant by @written, if it is near to one; or NULL. */
static const char *nearest_key(const char *written, const char *handle, const struct facts *f)
{
	static const char *const usual[] = {"handle", "driver", "serial_number",
					    "board.serial_number", "netdev"};
	text_list keys = {};
	const char *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (match_has_key(usual[i], handle, f))
			vec_push(&keys, usual[i]);
	vec_each(v, &f->versions)
		vec_push(&keys, v->name);
	nearest = text_nearest(written, keys.v, keys.n);
	vec_clear(&keys);
	return nearest;
}

/** match_note_layers() - a note for each preset of @e by a key that is not reported. */
void match_note_layers(const struct entry *e, const char *handle, const struct facts *f,
		       struct diag_list *diags)
{
	vec_each(l, &e->layers) {
		vec_each(m, &l->matches) {
			const char *near;

			if (f->untold || is_netdev(m) || match_has_key(m->key, handle, f))
				continue;
			near = nearest_key(m->key, handle, f);
			diag_add(diags, DIAG_NOTE, m->mark, NULL, handle,
				 "preset %s is left out: the device reports no key %s%s%s%s",
				 l->preset, m->key, near ? "; did you mean " : "", near ?: "",
				 near ? "?" : "");
		}
	}
}

/** match_all() - append the entries that match the device; more than one is an error. */
void match_all(const struct config *c, const char *handle, const struct facts *f, entry_list *ret)
{
	vec_each(e, &c->entries)
		if (match_entry(e, handle, f))
			vec_push(ret, e);
}

/** match_conflict() - report that all of @matches, more than one, match the device. */
void match_conflict(const entry_list *matches, const char *handle, struct diag_list *diags)
{
	const struct entry *one = matches->v[0];
	_cleanup_free_ char *place = mark_format(one->mark);

	for (size_t i = 1; i < matches->n; i++) {
		const struct entry *other = matches->v[i];

		diag_add(diags, DIAG_ERROR, other->mark, other->source, handle,
			 "entries %s (%s) and %s both match the device; narrow one down, or move "
			 "what they share into a preset with `match:`",
			 one->name, place, other->name);
	}
}
