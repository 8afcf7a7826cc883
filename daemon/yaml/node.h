/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML document as a tree of nodes, each with its place. All nodes live in the arena that
 * node_parse() was given; their places point to the source, which must live as long.
 */
#pragma once

#include "yaml/source.h"

#define NODE_DEPTH_MAX 32

enum node_type {
	NODE_SCALAR,
	NODE_MAP,
	NODE_LIST,
	NODE_NULL,  /* `null`: takes away what a lower file or layer says */
	NODE_EMPTY, /* nothing after the colon: as if the key was not there */
	NODE_BAD,   /* already reported: takes part in merging, means nothing */
};

struct node {
	enum node_type type;
	bool quoted; /* a scalar in quotes */
	struct place at;
	const char *text;     /* of a scalar */
	struct pair *pairs;   /* of a map, as written; merged maps by key */
	struct node **items;  /* of a list */
	size_t n;	      /* pairs or items */
	struct node *cleared; /* merged: a `null` that this was written over, or NULL */
};

struct pair {
	const char *key;
	struct place at; /* of the key */
	struct node *value;
	size_t order; /* as it is written; merged: file by file, where it is written last */
};

int node_parse(struct source *source, struct arena *arena, struct diag_list *diags,
	       struct node **ret);
struct node *node_new(struct arena *arena, enum node_type type, struct place at);
struct pair *node_find(const struct node *map, const char *key);
struct node *node_get(const struct node *map, const char *key);
bool node_says_nothing(const struct node *map);
