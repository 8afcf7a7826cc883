/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configs that were accepted: the newest, for a start with broken files, and older ones by which a
 * device still lives as it refuses the later ones. A config is kept with the texts of its files,
 * and loaded from them again. It is named by its hash; 0 is the newest.
 */
#pragma once

#include "base/vec.h"
#include "model/config.h"

struct store;

typedef VEC(uint64_t) hash_list;

int store_keep_config(const struct store *s, const char *file, const struct config *config);
int store_load_config(const struct store *s, uint64_t hash, struct config **ret);
void store_forget_configs(const struct store *s, const hash_list *used);
