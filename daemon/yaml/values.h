/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What files say, as a list of paths with a value each: to be compared with what others say. */
#pragma once

#include "yaml/node.h"
#include "yaml/yaml.h"

void values_add(value_list *list, struct arena *arena, const char *path, const struct node *node);
void values_sort(value_list *list);
