/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger of configs, as one file that is replaced as a whole: a crash leaves the one before or
 * the one after.
 */
#pragma once

#include "model/ledger.h"

struct store;

int store_load_ledger(const struct store *s, struct ledger *ret);
int store_save_ledger(const struct store *s, const struct ledger *l);
