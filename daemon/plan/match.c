// SPDX-License-Identifier: GPL-2.0-or-later
/* Matching by shell patterns; `*` crosses a slash, a key that the device lacks never matches. */
#include "plan/match.h"

#include <fnmatch.h>

static bool holds(const struct match *m, const char *handle, const struct facts *f)
{
	const char *value = facts_lookup(f, handle, m->key);

	return value && fnmatch(m->pattern, value, 0) == 0;
}

/** match_entry() - do all keys hold? An entry without any is named by its handle. */
bool match_entry(const struct entry *e, const char *handle, const struct facts *f)
{
	if (!e->matches.n)
		return text_equal(e->name, handle);
	vec_each(m, &e->matches)
		if (!holds(m, handle, f))
			return false;
	return true;
}

/** match_may_be() - match_entry() as far as @f tells; a key that it lacks may hold. */
bool match_may_be(const struct entry *e, const char *handle, const struct facts *f)
{
	if (!e->matches.n)
		return text_equal(e->name, handle);
	vec_each(m, &e->matches)
		if (facts_lookup(f, handle, m->key) && !holds(m, handle, f))
			return false;
	return true;
}

/** match_layer() - is the layer laid under this device? One without `match` always is. */
bool match_layer(const struct layer *l, const char *handle, const struct facts *f)
{
	vec_each(m, &l->matches)
		if (!holds(m, handle, f))
			return false;
	return true;
}

/** match_conflict() - report that @one and @other both match the device. */
void match_conflict(const struct entry *one, const struct entry *other, const char *handle,
		    struct diag_list *diags)
{
	_cleanup_free_ char *place = mark_format(one->mark);

	diag_add(diags, DIAG_ERROR, other->mark, other->source, handle,
		 "entries %s (%s) and %s both match the device; narrow one down", one->name, place,
		 other->name);
}

/**
 * match_device() - the device's entry, or NULL if it is unmanaged.
 * @ret_second: another entry that matches too, which is an error, or NULL
 */
const struct entry *match_device(const struct config *c, const char *handle, const struct facts *f,
				 const struct entry **ret_second)
{
	const struct entry *first = NULL;

	*ret_second = NULL;
	vec_each(e, &c->entries) {
		if (!match_entry(e, handle, f))
			continue;
		if (first) {
			*ret_second = e;
			break;
		}
		first = e;
	}
	return first;
}
