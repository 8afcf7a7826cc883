// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a map is checked against the table of its keys. Decides how a wrong key or type is reported;
 * which keys there are is said by schema.c and objects.c.
 */
#include "yaml/rules.h"
#include "model/class.h"

#include <string.h>

/** rules_type_name() - what a node of @type is called in messages. Return: NULL for none. */
const char *rules_type_name(enum node_type type)
{
	switch (type) {
	case NODE_MAP:
		return "a map (KEY: VALUE)";
	case NODE_LIST:
		return "a list ([A, B])";
	case NODE_SCALAR:
	case NODE_NULL:
	case NODE_EMPTY:
	case NODE_BAD:
		return "a single value";
	}
	return NULL;
}

/** rules_is_half() - is it what follows a comma of a value that has no quotes, in braces? */
bool rules_is_half(const struct pair *p)
{
	struct place end = p->at;

	end.column += (uint32_t)strlen(p->key);
	return p->value->type == NODE_EMPTY && place_char(end) != ':';
}

/**
 * rules_expect() - whether @p has a value of @type to look at.
 *
 * False for null, for a map or list that is left empty, and for what is wrong, which is reported.
 */
bool rules_expect(struct schema *s, struct pair *p, enum node_type type)
{
	struct node *v = p->value;

	if (v->type == type)
		return true;
	if (v->type == NODE_NULL || v->type == NODE_BAD)
		return false;
	if (v->type == NODE_EMPTY && type != NODE_SCALAR)
		return false;
	if (v->type != NODE_EMPTY)
		place_error(s->diags, v->at, "\"%s\" must be %s, not %s", p->key,
			    rules_type_name(type), rules_type_name(v->type));
	else if (strchr(p->key, ':'))
		place_error(s->diags, p->at, "\"%s\" has no value; is a space missing after \":\"?",
			    p->key);
	else if (rules_is_half(p))
		place_error(s->diags, p->at,
			    "\"%s\" has no value; write numbers without a comma, and quote a "
			    "value that has one",
			    p->key);
	else
		place_error(s->diags, p->at, "\"%s\" has no value; to take it away write null",
			    p->key);
	v->type = NODE_BAD;
	return false;
}

/** rules_text() - refuse a text without quotes that not all programs take for one. */
void rules_text(struct schema *s, const struct pair *p)
{
	const struct node *v = p->value;
	bool letter = strlen(v->text) == 1; /* y and n are text to most */
	_cleanup_free_ char *other = v->quoted || letter ? NULL : value_yaml11(v->text);

	if (other)
		place_error(s->diags, v->at,
			    "%s: put \"%s\" into quotes; not all programs take it for text", p->key,
			    v->text);
}

/**
 * rules_unknown() - report a key that is not one of @names.
 *
 * The pair takes the name that was probably meant, so that nobody misses it.
 */
void rules_unknown(struct schema *s, struct pair *p, const char *where, const char *const *names,
		   size_t n)
{
	const char *nearest = text_nearest(p->key, names, n);
	struct buf known = {};

	for (size_t i = 0; i < n; i++)
		buf_add(&known, "%s%s", i ? ", " : "", names[i]);
	if (nearest)
		place_error(s->diags, p->at, "unknown key \"%s\" in %s; did you mean \"%s\"?",
			    p->key, where, nearest);
	else
		place_error(s->diags, p->at, "unknown key \"%s\" in %s; known are %s%s", p->key,
			    where, known.s, rules_is_half(p) ? "; quote a value with a comma" : "");
	buf_clear(&known);
	p->key = nearest ? nearest : p->key;
	p->value->type = NODE_BAD;
}

static bool is_section(const struct key_set *set, const struct class *class)
{
	return set->section && class && text_equal(class->within, set->within);
}

static const struct key_rule *find_rule(const struct key_set *set, const char *key)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->rules[i].key, key) == 0)
			return &set->rules[i];
	return is_section(set, class_by_section(key)) ? set->section : NULL;
}

static void unknown_key(struct schema *s, struct pair *p, const struct key_set *set)
{
	const char *names[64];
	size_t n = 0;

	if (set->lower && find_rule(set->lower, p->key)) {
		place_error(
			s->diags, p->at,
			"\"%s\" belongs to a device: write it under devices: and the entry's name",
			p->key);
		p->value->type = NODE_BAD;
		return;
	}
	for (size_t i = 0; i < set->n; i++)
		if (set->rules[i].files)
			names[n++] = set->rules[i].key;
	for (size_t i = 0; i < n_classes && n < ARRAY_SIZE(names); i++)
		if (is_section(set, classes[i]))
			names[n++] = classes[i]->section;
	rules_unknown(s, p, set->where, names, n);
}

/** rules_check() - check all pairs of @map against @set. */
void rules_check(struct schema *s, struct node *map, const struct key_set *set, enum file_kind kind)
{
	for (size_t i = 0; i < map->n; i++) {
		struct pair *p = &map->pairs[i];
		const struct key_rule *rule = find_rule(set, p->key);

		if (!rule) {
			unknown_key(s, p, set);
		} else if (!(rule->files & kind)) {
			place_error(s->diags, p->at, "\"%s\" cannot be written in %s", p->key,
				    set->where);
			p->value->type = NODE_BAD;
		} else if (rules_expect(s, p, rule->type)) {
			rule->check(s, p);
		}
	}
}
