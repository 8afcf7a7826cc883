// SPDX-License-Identifier: GPL-2.0-or-later
/* See values.h. A list is one value: who changes an item has changed the list. */
#include "yaml/values.h"
#include "base/text.h"

#include <string.h>

static void add(value_list *list, struct arena *arena, const char *path, const char *text,
		struct place at)
{
	vec_push(list, ((struct yaml_value){arena_strdup(arena, path), arena_strdup(arena, text),
					    place_mark(at)}));
}

static void add_items(value_list *list, struct arena *arena, const char *path,
		      const struct node *node)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = {};

	buf_add(&b, "[");
	for (size_t i = 0; i < node->n; i++)
		buf_add(&b, "%s%s", i ? ", " : "",
			node->items[i]->type == NODE_SCALAR ? node->items[i]->text : "...");
	buf_add(&b, "]");
	text = buf_take(&b);
	add(list, arena, path, text, node->at);
}

/** values_add() - what @node says, which is at @path; "" for the whole. */
void values_add(value_list *list, struct arena *arena, const char *path, const struct node *node)
{
	switch (node->type) {
	case NODE_SCALAR:
		add(list, arena, path, node->text, node->at);
		return;
	case NODE_LIST:
		add_items(list, arena, path, node);
		return;
	case NODE_NULL:
		add(list, arena, path, "null", node->at);
		return;
	case NODE_MAP:
		for (size_t i = 0; i < node->n; i++)
			values_add(list, arena,
				   arena_printf(arena, "%s%s%s", path, *path ? "." : "",
						node->pairs[i].key),
				   node->pairs[i].value);
		if (!node->n && *path)
			add(list, arena, path, "{}", node->at);
		return;
	case NODE_EMPTY:
	case NODE_BAD:
		return;
	}
}

static int by_path(const void *pa, const void *pb)
{
	const struct yaml_value *a = pa, *b = pb;

	return strcmp(a->path, b->path);
}

/** values_sort() - by path, of which each is there once. */
void values_sort(value_list *list)
{
	vec_sort(list, by_path);
}
