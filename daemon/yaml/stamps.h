/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the config files can have changed since they were read, told without reading them:
 *
 *	stamps_take(&paths, &before);
 *	... yaml_load(&paths, ...)
 *	stamps_take(&paths, &now);
 *	if (stamps_settled(&before, taken_at) && stamps_same(&before, &now))
 *		they are what they were
	stamps_clear(&before), stamps_clear(&now);
 */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct yaml_paths;

/* One file or directory. */
struct stamp {
	char *path;
	int error; /* -errno: it cannot be looked at, and the rest is 0 */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

typedef VEC(struct stamp) stamp_list;

void stamps_take(const struct yaml_paths *paths, stamp_list *ret);
void stamps_clear(stamp_list *l);
bool stamps_same(const stamp_list *a, const stamp_list *b);
bool stamps_settled(const stamp_list *l, uint64_t wall);
