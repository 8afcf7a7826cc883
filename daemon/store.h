/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that outlive the process: the memory of each device, over restarts; the config files that were
 * accepted last, over reboots. Loads and saves, decides nothing.
 */
#pragma once

#include "base/text.h"
#include "model/memory.h"

struct store {
	const char *runtime_dir; /* over restarts, gone at a reboot */
	const char *state_dir;	 /* over reboots */
	int lock_fd;		 /* -1: not locked */
};

int store_open(struct store *s, const char *runtime_dir, const char *state_dir);
int store_lock(struct store *s);
void store_close(struct store *s);

void store_load_memory(const struct store *s, const char *handle, struct memory *ret);
int store_save_memory(const struct store *s, const char *handle, const struct memory *m);

int store_keep_config(const struct store *s, const char *root, const text_list *files);
int store_unpack_config(const struct store *s, char **ret_root);
