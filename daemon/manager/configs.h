/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The config of the whole switch: read from the files, adopted, kept for a start with broken files.
 *
 *	configs_load(c, &config)		the files now; tells the journal what is wrong
 *	configs_adopt(c, config)		it is in force from here on
 *	configs_keep(c, &used)			... and on disk, as soon as this carved has the lock
 *
 * Invariants: in_force is set once configs_start() has succeeded, and never goes away; diags are
 * those of the last configs_load(), adopted or not; fresh is true from an adoption to its
 * configs_keep().
 */
#pragma once

#include "store/configs.h"
#include "yaml/stamps.h"
#include "yaml/yaml.h"

struct configs {
	const struct store *store;
	struct yaml_paths paths;
	struct config *in_force;
	struct diag_list diags;
	uint64_t generation; /* counts the configs that came into force */
	bool fresh;
	struct {
		stamp_list stamps; /* of the files when they were compared; empty: not known */
		uint64_t with;	   /* the hash of the config that was in force */
		bool differ;
	} compared;
};

int configs_load(struct configs *c, struct config **ret);
int configs_start(struct configs *c, bool may_be_kept);
void configs_adopt(struct configs *c, struct config *config);
void configs_keep(struct configs *c, const hash_list *used);
int configs_candidate(const struct configs *c, struct config **ret, struct diag_list *diags);
bool configs_out_of_sync(struct configs *c);
void configs_clear(struct configs *c);
