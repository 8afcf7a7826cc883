/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checking a map against the table of its keys, which says the type of each value and who looks at
 * it:
 *
 *	static const struct key_rule rules[] = {{"file", NODE_SCALAR, check_file, FILE_MAIN}};
 *	static const struct key_set keys = {"firmware", rules, ARRAY_SIZE(rules), NULL, NULL, NULL};
 *
 *	rules_check(s, map, &keys, FILE_MAIN);
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

/* The keys of one map. */
struct key_set {
	const char *where; /* in messages */
	const struct key_rule *rules;
	size_t n;
	const struct key_rule *section; /* of the classes' sections, which are keys too; or NULL */
	const char *within;		/* ... of those that are parts of this one; or NULL */
	const struct key_set
		*lower; /* of the devices below: a key of theirs is misplaced; or NULL */
};

const char *rules_type_name(enum node_type type);
bool rules_is_half(const struct pair *p);
bool rules_expect(struct schema *s, struct pair *p, enum node_type type);
void rules_text(struct schema *s, const struct pair *p);
void rules_check(struct schema *s, struct node *map, const struct key_set *set,
		 enum file_kind kind);
void rules_unknown(struct schema *s, struct pair *p, const char *where, const char *const *names,
		   size_t n);
