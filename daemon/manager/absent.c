// SPDX-License-Identifier: GPL-2.0-or-later
/* Compares the keys and values of `match` with those that devices report. */
#include "manager/absent.h"
#include "base/text.h"
#include "plan/match.h"

#include <string.h>

/* So many keys or values are named, of so many that are compared. */
#define NAMED_MAX    12
#define COMPARED_MAX 64

typedef VEC(const char *) word_list;

static void add_word(word_list *words, const char *word)
{
	if (!word || words->n >= COMPARED_MAX)
		return;
	vec_each(w, words)
		if (strcmp(*w, word) == 0)
			return;
	vec_push(words, word);
}

static void add_keys(word_list *keys, const struct device *d)
{
	static const char *const usual[] = {"handle", "driver", "serial_number",
					    "board.serial_number", "netdev"};
	const struct facts *f = &d->world.facts;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (match_has_key(usual[i], d->handle, f))
			add_word(keys, usual[i]);
	vec_each(v, &f->versions)
		if (v->kind != VERSION_STORED)
			add_word(keys, v->name);
}

static void add_values(word_list *values, const struct device *d, const char *key)
{
	const struct facts *f = &d->world.facts;

	add_word(values, facts_lookup(f, d->handle, key));
	if (strcmp(key, "netdev") == 0)
		vec_each(name, &f->netdevs)
			add_word(values, *name);
}

/* Which of them is meant by @written, if that is near to one; and "; @intro ..." with them all. */
static void name_words(const word_list *words, const char *written, const char *intro,
		       struct buf *b)
{
	const char *nearest = text_nearest(written, words->v, words->n);

	if (nearest)
		buf_add(b, "; did you mean %s?", nearest);
	buf_add(b, "%s %s ", nearest ? "" : ";", intro);
	for (size_t i = 0; i < words->n && i < NAMED_MAX; i++)
		buf_add(b, "%s%s", i ? ", " : "", words->v[i]);
	if (words->n > NAMED_MAX)
		buf_add(b, " and %zu more", words->n - NAMED_MAX);
}

static bool has_value(const struct device *d, const char *key, const char *pattern)
{
	const struct facts *f = &d->world.facts;
	const char *value = facts_lookup(f, d->handle, key);

	if (strcmp(key, "netdev") == 0 && match_netdev(pattern, f))
		return true;
	return value && match_value(pattern, value);
}

/* Return: false where some device has the value. */
static bool explain(const struct devices *d, const char *key, const char *pattern, struct buf *b)
{
	word_list keys = {}, values = {};

	for (size_t i = 0; i < d->list.n; i++) {
		if (has_value(devices_at(d, i), key, pattern))
			goto out;
		if (!view_is_identified(&devices_at(d, i)->view))
			continue;
		add_keys(&keys, devices_at(d, i));
		add_values(&values, devices_at(d, i), key);
	}
	if (values.n) {
		buf_add(b, "no device has the %s %s", key, pattern);
		name_words(&values, pattern, "known here are", b);
	} else {
		buf_add(b, "no device reports a key %s", key);
		name_words(&keys, key, "keys reported here are", b);
	}
out:
	vec_clear(&keys);
	vec_clear(&values);
	return b->n;
}

/** absent_reason() - why no device matches @e, which none does. Return: to be freed. */
char *absent_reason(const struct devices *d, const struct entry *e)
{
	struct buf b = {};

	if (!d->list.n)
		return mem_strdup("this kernel shows no devlink device");
	if (!e->matches.n)
		explain(d, "handle", e->name, &b);
	vec_each(m, &e->matches)
		if (explain(d, m->key, m->pattern, &b))
			break;
	if (!b.n)
		buf_add(&b, "no device matches all its keys");
	return buf_take(&b);
}
