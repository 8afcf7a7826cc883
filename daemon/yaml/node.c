// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From libyaml's events to nodes. Decides what YAML may be used at all: one document of maps, lists
 * and scalars, keys that are words and written once; no anchors, aliases, tags, directives or merge
 * keys; no deeper than 32. Refuses to know what the keys mean.
 *
 * An error that leaves the structure intact is reported and reading goes on; a map or list that a
 * bad node stands in is complete all the same.
 */
#include "yaml/node.h"
#include "yaml/syntax.h"

#include <errno.h>
#include <string.h>

/* A map or list that is not yet closed; its arrays serve the next one of the same depth too. */
struct frame {
	struct node *node;
	struct node *key; /* of a map: read, and its value not yet */
	VEC(struct pair) pairs;
	VEC(struct node *) items;
};

struct reader {
	struct source *source;
	struct arena *arena;
	struct diag_list *diags;
	struct node *root;
	unsigned documents, depth;
	struct frame frames[NODE_DEPTH_MAX];
};

/** node_new() - a node without content. */
struct node *node_new(struct arena *arena, enum node_type type, struct place at)
{
	struct node *node = arena_alloc(arena, sizeof(*node));

	node->type = type;
	node->at = at;
	return node;
}

/** node_find() - the pair of @map under @key, or NULL; NULL too where @map is no map. */
struct pair *node_find(const struct node *map, const char *key)
{
	for (size_t i = 0; map && map->type == NODE_MAP && i < map->n; i++)
		if (strcmp(map->pairs[i].key, key) == 0)
			return &map->pairs[i];
	return NULL;
}

/** node_get() - the value of @map under @key, or NULL if it has none or an empty one. */
struct node *node_get(const struct node *map, const char *key)
{
	const struct pair *p = node_find(map, key);

	return p && p->value->type != NODE_EMPTY ? p->value : NULL;
}

/** node_says_nothing() - whether @map has no pair, or only such as take something away. */
bool node_says_nothing(const struct node *map)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->pairs[i].value->type != NODE_NULL)
			return false;
	return true;
}

static struct frame *top(struct reader *r)
{
	return r->depth ? &r->frames[r->depth - 1] : NULL;
}

static void add_pair(struct reader *r, struct frame *f, struct node *key, struct node *value)
{
	if (key->type != NODE_SCALAR) {
		if (key->type != NODE_BAD)
			place_error(r->diags, key->at, "a key must be a word, not a map or list");
		return;
	}
	if (key->text[0] == '\0')
		place_error(r->diags, key->at, "a key must not be empty");
	else if (strcmp(key->text, "<<") == 0)
		place_error(r->diags, key->at, "merge keys (<<) are not supported; use a preset");
	else
		vec_push(&f->pairs, ((struct pair){key->text, key->at, value, f->pairs.n}));
}

/* Puts a complete node where it belongs: a key, the value of a key, an item, the root. */
static void add_node(struct reader *r, struct node *node)
{
	struct frame *f = top(r);

	if (!f) {
		r->root = node;
	} else if (f->node->type == NODE_LIST) {
		vec_push(&f->items, node);
	} else if (!f->key) {
		f->key = node;
	} else {
		add_pair(r, f, f->key, node);
		f->key = NULL;
	}
}

static void refuse_decoration(struct reader *r, struct place at, const yaml_char_t *anchor,
			      const yaml_char_t *tag)
{
	if (anchor)
		place_error(r->diags, at,
			    "anchors (&%s) are not supported; write the value out, or use a preset",
			    (const char *)anchor);
	if (tag)
		place_error(r->diags, at,
			    "tags (!...) are not supported; put text into quotes instead");
}

/* What a value without quotes is: YAML knows more spellings of null than carved takes. */
static enum node_type plain_type(struct reader *r, struct place at, const char *text)
{
	static const char *const others[] = {"~", "Null", "NULL"};

	if (text[0] == '\0')
		return NODE_EMPTY;
	if (strcmp(text, "null") == 0)
		return NODE_NULL;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (strcmp(text, others[i]) == 0) {
			place_error(r->diags, at, "write null instead of %s", text);
			return NODE_BAD;
		}
	}
	return NODE_SCALAR;
}

static void read_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t n = e->data.scalar.length;
	const struct frame *f = top(r);
	bool is_key = f && f->node->type == NODE_MAP && !f->key;
	struct node *node = node_new(r->arena, NODE_SCALAR, place_of(r->source, e->start_mark));

	refuse_decoration(r, node->at, e->data.scalar.anchor, e->data.scalar.tag);
	node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_strndup(r->arena, text, n);
	if (strlen(node->text) != n || !text_is_line(node->text)) {
		place_error(r->diags, node->at,
			    "a line break or another control character in a value or key");
		node->type = NODE_BAD;
	} else if (!node->quoted && text_blank(node->text)) {
		place_blank(r->diags, node->at, text_blank(node->text));
		node->type = NODE_BAD;
	} else if (!is_key && !node->quoted && !e->data.scalar.tag) {
		node->type = plain_type(r, node->at, node->text);
	}
	add_node(r, node);
}

static void read_alias(struct reader *r, const yaml_event_t *e)
{
	struct node *node = node_new(r->arena, NODE_BAD, place_of(r->source, e->start_mark));
	const char *name = (const char *)e->data.alias.anchor;

	place_error(
		r->diags, node->at,
		"aliases (*%s) are not supported; if a pattern is meant, write \"*%s\" in quotes",
		name, name);
	add_node(r, node);
}

static int open_node(struct reader *r, enum node_type type, struct place at)
{
	struct frame *f;

	if (r->depth == NODE_DEPTH_MAX) {
		place_error(r->diags, at, "nested more than %d deep", NODE_DEPTH_MAX);
		return -EINVAL;
	}
	f = &r->frames[r->depth++];
	f->node = node_new(r->arena, type, at);
	f->key = NULL;
	f->pairs.n = f->items.n = 0;
	return 0;
}

static int open_map(struct reader *r, const yaml_event_t *e)
{
	struct place at = place_of(r->source, e->start_mark);

	refuse_decoration(r, at, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	return open_node(r, NODE_MAP, at);
}

static int open_list(struct reader *r, const yaml_event_t *e)
{
	struct place at = place_of(r->source, e->start_mark);

	refuse_decoration(r, at, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	return open_node(r, NODE_LIST, at);
}

static int by_key(const void *pa, const void *pb)
{
	const struct pair *const *a = pa, *const *b = pb;
	int c = strcmp((*a)->key, (*b)->key);

	return c ? c : CMP(*a, *b);
}

static void refuse_duplicates(struct reader *r, const struct node *map)
{
	const struct pair **sorted = mem_alloc(map->n * sizeof(*sorted));

	for (size_t i = 0; i < map->n; i++)
		sorted[i] = &map->pairs[i];
	qsort(sorted, map->n, sizeof(*sorted), by_key);
	for (size_t i = 1; i < map->n; i++) {
		_cleanup_free_ char *first = NULL;

		if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
			continue;
		first = mark_format(place_mark(sorted[i - 1]->at));
		place_error(r->diags, sorted[i]->at, "key \"%s\" is already written at %s",
			    sorted[i]->key, first);
	}
	free(sorted);
}

static void close_node(struct reader *r)
{
	struct frame *f = top(r);
	struct node *node = f->node;

	r->depth--;
	node->n = node->type == NODE_MAP ? f->pairs.n : f->items.n;
	if (f->pairs.n) {
		node->pairs = arena_alloc(r->arena, f->pairs.n * sizeof(*f->pairs.v));
		memcpy(node->pairs, f->pairs.v, f->pairs.n * sizeof(*f->pairs.v));
		if (node->n > 1)
			refuse_duplicates(r, node);
	}
	if (f->items.n) {
		node->items = arena_alloc(r->arena, f->items.n * sizeof(*f->items.v));
		memcpy(node->items, f->items.v, f->items.n * sizeof(*f->items.v));
	}
	add_node(r, node);
}

static int open_document(struct reader *r, const yaml_event_t *e)
{
	struct place at = place_of(r->source, e->start_mark);

	if (r->documents++) {
		place_error(r->diags, at, "a second document starts here; a file holds one");
		return -EINVAL;
	}
	if (e->data.document_start.version_directive ||
	    e->data.document_start.tag_directives.start !=
		    e->data.document_start.tag_directives.end)
		place_error(r->diags, at, "directives (%%YAML, %%TAG) are not supported");
	return 0;
}

/* Return: 0 to go on, 1 at the end, -EINVAL where what follows would make no sense. */
static int read_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_STREAM_END_EVENT:
		return 1;
	case YAML_DOCUMENT_START_EVENT:
		return open_document(r, e);
	case YAML_ALIAS_EVENT:
		read_alias(r, e);
		return 0;
	case YAML_SCALAR_EVENT:
		read_scalar(r, e);
		return 0;
	case YAML_SEQUENCE_START_EVENT:
		return open_list(r, e);
	case YAML_MAPPING_START_EVENT:
		return open_map(r, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_node(r);
		return 0;
	}
	return 0;
}

/* Where the innermost map or list that is not closed begins. */
static struct place innermost(struct reader *r)
{
	const struct frame *f = top(r);

	return f ? f->node->at : (struct place){r->source, 1, 1};
}

static int read_events(struct reader *r)
{
	yaml_parser_t parser;
	int result = 0;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)r->source->bytes,
				     r->source->size);
	while (result == 0) {
		yaml_event_t e;

		if (!yaml_parser_parse(&parser, &e)) {
			syntax_report(&parser, innermost(r), r->diags);
			result = -EINVAL;
			break;
		}
		result = read_event(r, &e);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	return MIN(result, 0);
}

/**
 * node_parse() - the one document of @source as nodes in @arena.
 * @ret: the root; of type NODE_EMPTY if the file says nothing
 *
 * Return: 0, or -EINVAL where the file is malformed. Errors that leave the structure intact are in
 * @diags only.
 */
int node_parse(struct source *source, struct arena *arena, struct diag_list *diags,
	       struct node **ret)
{
	struct reader r = {.source = source, .arena = arena, .diags = diags};
	int result = read_events(&r);

	for (size_t i = 0; i < NODE_DEPTH_MAX; i++) {
		vec_clear(&r.frames[i].pairs);
		vec_clear(&r.frames[i].items);
	}
	if (result < 0)
		return result;
	*ret = r.root ? r.root : node_new(arena, NODE_EMPTY, (struct place){source, 1, 1});
	return 0;
}
