/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configs that were accepted before a restart: the newest, for a start with broken files; an older one
 * for each device that lives by it, as it refuses the later ones.
 */
#pragma once

#include "manager/runner.h"

int kept_load(const struct store *s, uint64_t hash, struct config **ret);
void kept_return(const struct store *s, struct runner *r);
