/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be written where. Each file is checked by itself, also what a later file overrides; what
 * only shows when all files are merged is entry.c's.
 */
#pragma once

#include "yaml/rules.h"

extern const struct enum_names reload_names, drift_names, removal_names;

void schema_check(struct schema *s, struct node *root, enum file_kind kind);
