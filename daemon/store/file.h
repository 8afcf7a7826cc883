/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that outlive the process. All that the store keeps goes through here: a file is written to
 * a temporary one and renamed, so that it is there as a whole or not at all, also after a crash.
 * What outlives a reboot is synced in between, and its directory afterwards; what does not is in
 * memory (/run), and has nothing to wait for. A file is named below one of the two directories of
 * the store, which are descriptors. Decides nothing of what is in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t; /* of jansson */

struct store {
	const char *runtime_dir; /* over restarts, gone at a reboot */
	const char *state_dir;	 /* over reboots */
	const char
		*config_root; /* what the paths of config files begin with, and kept ones do not */
	int runtime_fd, state_fd; /* -errno: not open */
	int lock_fd;		  /* -1: not locked */
	int former_fd;		  /* where runtime_dir's files were before; -errno: nowhere */
	int former_lock_fd;
};

int store_open(struct store *s);
struct store store_reader(const struct store *s);
void store_close(struct store *s);

int file_save(int dir, const char *name, const char *text, bool lasting);
int file_open_lock(int dir, const char *name, bool create);
bool file_exists(int dir, const char *name);
void file_touch(int dir, const char *name);
void file_keep_newest(int dir, const char *sub, size_t n);
int file_link(int dir, const char *name, const char *other, const char *text);
int file_read_json(int dir, const char *name, struct json_t **ret);
char *file_json_text(struct json_t *j);
void file_each(int dir, const char *sub, void (*each)(void *user, const char *name), void *user);
void file_remove(int dir, const char *name);
void file_set_aside(int dir, const char *name);
