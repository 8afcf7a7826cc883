/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be written where. Each file is checked by itself, also what a later file overrides; what
 * only shows when all files are merged is entry.c's.
 */
#pragma once

#include "yaml/rules.h"

#define SCHEMA_NAME_MAX 64 /* bytes in the name of an entry */

extern const struct enum_names reload_names, drift_names, removal_names;

size_t schema_entry_name(const char *name);
void schema_check(struct schema *s, struct node *root, enum file_kind kind);
