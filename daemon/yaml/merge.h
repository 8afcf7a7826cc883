/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several files say about the same thing, as one tree. */
#pragma once

#include "yaml/node.h"

struct node *merge_nodes(struct arena *arena, struct node *const *nodes, size_t n);
