// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides who wins: maps merge key by key, anything else replaces, `null` deletes, and a key
 * without a value says nothing. All files are merged at once: the pairs of all maps are sorted by
 * key and then by file, so that the work grows with the settings and not with settings times files.
 * Refuses to know which keys there are.
 */
#include "yaml/merge.h"

#include <string.h>

struct ranked {
	const struct pair *pair;
	size_t rank; /* position in the order of the files */
};

static int by_key_and_rank(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;
	int c = strcmp(a->pair->key, b->pair->key);

	return c ? c : CMP(a->rank, b->rank);
}

static struct ranked *sorted_pairs(struct node *const *maps, size_t n, size_t *ret_n)
{
	size_t total = 0, at = 0;
	struct ranked *all;

	for (size_t i = 0; i < n; i++)
		total += maps[i]->n;
	all = mem_alloc(total * sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < maps[i]->n; k++, at++)
			all[at] = (struct ranked){&maps[i]->pairs[k], at};
	}
	qsort(all, total, sizeof(*all), by_key_and_rank);
	*ret_n = total;
	return all;
}

/* Adds the pair that @n pairs of one key make. */
static void merge_pairs(struct arena *arena, struct node *map, const struct ranked *pairs, size_t n)
{
	struct node **values = mem_alloc(n * sizeof(*values));
	struct pair *out = &map->pairs[map->n++];

	for (size_t i = 0; i < n; i++)
		values[i] = pairs[i].pair->value;
	*out = *pairs[n - 1].pair;
	out->value = merge_nodes(arena, values, n);
	out->order = pairs[n - 1].rank;
	free(values);
}

static struct node *merge_maps(struct arena *arena, struct node *const *maps, size_t n)
{
	struct node *map = node_new(arena, NODE_MAP, maps[n - 1]->at);
	size_t total, same;
	struct ranked *all = sorted_pairs(maps, n, &total);

	map->pairs = arena_alloc(arena, total * sizeof(*map->pairs));
	for (size_t i = 0; i < total; i += same) {
		for (same = 1; i + same < total; same++)
			if (strcmp(all[i].pair->key, all[i + same].pair->key) != 0)
				break;
		merge_pairs(arena, map, all + i, same);
	}
	free(all);
	return map;
}

/**
 * merge_nodes() - what @nodes, the least important first, say together.
 *
 * Return: a node whose maps hold each key once, sorted; @nodes are left as they are.
 */
struct node *merge_nodes(struct arena *arena, struct node *const *nodes, size_t n)
{
	struct node *cleared = NULL, *result, **said;
	size_t n_said = 0, first;

	if (n == 1 && nodes[0]->type != NODE_MAP)
		return nodes[0];
	said = mem_alloc(n * sizeof(*said));
	for (size_t i = 0; i < n; i++) {
		if (nodes[i]->type != NODE_EMPTY)
			said[n_said++] = nodes[i];
		if (nodes[i]->type == NODE_NULL)
			cleared = nodes[i];
	}
	for (first = n_said; first > 0 && said[first - 1]->type == NODE_MAP; first--)
		;
	if (n_said == 0) {
		result = nodes[n - 1];
	} else if (first < n_said) {
		result = merge_maps(arena, said + first, n_said - first);
	} else {
		result = node_new(arena, NODE_BAD, said[n_said - 1]->at);
		*result = *said[n_said - 1];
	}
	if (n_said && result->type != NODE_NULL)
		result->cleared = cleared;
	free(said);
	return result;
}
