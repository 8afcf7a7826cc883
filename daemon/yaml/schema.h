/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be written where. Each file is checked by itself, also what a later file overrides; what
 * only shows when all files are merged is entry.c's.
 *
 * Nodes that are reported become NODE_BAD, so that nobody complains of them again.
 */
#pragma once

#include "model/value.h"
#include "yaml/files.h"
#include "yaml/node.h"

enum file_kind {
	FILE_MAIN = 1 << 0,
	FILE_DROPIN = 1 << 1,
	FILE_PRESET = 1 << 2,
};

struct schema {
	struct diag_list *diags;
	found_list *presets; /* those that are named become wanted */
};

struct key_rule {
	const char *key;
	enum node_type type;
	void (*check)(struct schema *s, struct pair *p);
	unsigned files; /* enum file_kind; elsewhere the key is known but refused */
};

/* The keys of one map; sections: those of the classes too. */
struct key_set {
	const char *where; /* in messages */
	const struct key_rule *rules;
	size_t n;
	bool sections;
};

extern const struct enum_names reload_names, drift_names, removal_names;

void schema_check(struct schema *s, struct node *root, enum file_kind kind);
bool schema_expect(struct schema *s, struct pair *p, enum node_type type);
void schema_text(struct schema *s, const struct pair *p);
void schema_keys(struct schema *s, struct node *map, const struct key_set *set,
		 enum file_kind kind);
void schema_unknown(struct schema *s, struct pair *p, const char *where, const char *const *names,
		    size_t n);
