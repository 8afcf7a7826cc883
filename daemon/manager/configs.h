/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The config of the whole switch: read from the files, adopted, kept for a start with broken files;
 * on trial, and back from it.
 *
 *	configs_load(c, &config)		the files now; tells the journal what is wrong
 *	configs_accept(c, config, who, 0)	it is in force from here on
 *	configs_begin(c)			... is told of, as soon as this carved has the lock
 *	configs_keep(c, &used)			... and on disk: at once if configs_is_urgent(c)
 *
 * On trial it is in force until configs_confirm(), or else configs_roll_back() brings back the one
 * that was in force before.
 *
 * Invariants: in_force is set once configs_start() has succeeded, and never goes away; diags are
 * those of the last configs_load() or configs_read(), adopted or not; fresh is true from an
 * adoption to its configs_keep(), and so is urgent where a start would not come to the same config
 * by the files and the ledger on disk.
 */
#pragma once

#include "model/ledger.h"
#include "store/configs.h"
#include "yaml/stamps.h"
#include "yaml/yaml.h"

struct configs {
	const struct store *store;
	struct yaml_paths paths;
	const char *boot; /* its id */
	struct config *in_force;
	struct config *before; /* of a trial that this process has begun, or NULL */
	struct config *found;  /* a kept one that was read again last, or NULL */
	struct ledger ledger;
	struct diag_list diags;
	uint64_t generation; /* counts the configs that came into force */
	bool fresh, urgent;
	struct {
		int config, ledger;
	} unsaved; /* -errno of the last write of each */
	struct {
		stamp_list stamps; /* of the files when they were compared; empty: not known */
		uint64_t with;	   /* the hash of the config that was in force */
		bool differ;
	} compared;
	struct {
		stamp_list stamps; /* of the files that diags are about */
		bool settled;
		bool outdated;	  /* they have changed since, and were not read again yet */
		uint64_t changes; /* that were seen so far */
	} judged;
};

bool configs_read_once(const struct configs *c);
int configs_load(struct configs *c, struct config **ret);
void configs_adopt(struct configs *c, struct config *config);
void configs_begin(struct configs *c);
bool configs_is_urgent(const struct configs *c);
void configs_keep(struct configs *c, const hash_list *used);
int configs_save_ledger(struct configs *c);
int configs_unsaved(const struct configs *c);
int configs_find(const struct configs *c, uint64_t hash, struct config **ret);
int configs_candidate(const struct configs *c, struct config **ret, struct diag_list *diags);
struct config *configs_known(const struct configs *c, uint64_t hash);
bool configs_out_of_sync(struct configs *c);
bool configs_doubt(struct configs *c);
const struct diag_list *configs_problems(const struct configs *c);
void configs_read(struct configs *c, uint64_t changes, struct diag_list *diags);
void configs_found(struct configs *c, struct config *config);
void configs_clear(struct configs *c);

/* trial.c */
int configs_start(struct configs *c, bool may_be_kept);
void configs_start_again(struct configs *c);
void configs_accept(struct configs *c, struct config *config, const char *who, uint64_t confirm);
int configs_confirm(struct configs *c);
int configs_roll_back(struct configs *c, const char *why, const char *who);
int configs_replace(struct configs *c, uint64_t hash, const char *who, uint64_t confirm);
void configs_undone(struct configs *c);
