/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that outlive the process: the memory of each device, over restarts; the config files that were
 * accepted last, and older ones by which a device still lives, over reboots. Loads and saves, decides nothing.
 *
 * A config is named by its hash; 0 is the newest.
 */
#pragma once

#include "base/text.h"
#include "model/config.h"
#include "model/memory.h"

typedef VEC(uint64_t) hash_list;

struct store {
	const char *runtime_dir; /* over restarts, gone at a reboot */
	const char *state_dir;	 /* over reboots */
	int lock_fd;		 /* -1: not locked */
};

/* What is to be saved, taken at one time; writing it waits for the disk and is for a thread. */
struct saving;

int store_open(struct store *s, const char *runtime_dir, const char *state_dir);
int store_lock(struct store *s);
void store_close(struct store *s);

void store_load_memory(const struct store *s, const char *handle, struct memory *ret);
struct saving *store_saving_new(const struct store *s, const char *handle, const struct memory *m);
int store_saving_write(const struct saving *saving);
struct saving *store_saving_free(struct saving *saving);

/* Kept files as a tree. */
struct unpacked {
	char *root;
	char *file;    /* below it, the one that was read alone; or NULL */
	uint64_t hash; /* of the config that was accepted; 0: an earlier carved did not say it */
	size_t n_files;
};

int store_keep_config(const struct store *s, const char *root, const char *file,
		      const struct config *config);
int store_unpack_config(const struct store *s, uint64_t hash, struct unpacked *ret);
void unpacked_clear(struct unpacked *u);
void store_damaged_config(const struct store *s, uint64_t hash);
void store_forget_configs(const struct store *s, const hash_list *used);
