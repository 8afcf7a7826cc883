/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files there are: NAME.yaml in three directories, the later one masking the earlier. */
#pragma once

#include "base/arena.h"
#include "model/diag.h"

struct node;
struct overlaid;
struct yaml_paths;

struct found {
	const char *name; /* without ".yaml" */
	const char *path;
	unsigned rank;	   /* of its directory */
	bool masked;	   /* empty, or a link to /dev/null */
	bool wanted;	   /* a preset that somebody names */
	struct node *root; /* what was read of it */
};

typedef VEC(struct found) found_list;

#define FILES_MAIN "/etc/carved/carved.yaml"

/* FILES_DIRS: directories from the least to the most important, each under a root. */
#define FILES_DIRS 3
extern const char *const files_dropin_dirs[FILES_DIRS], *const files_preset_dirs[FILES_DIRS];

void files_find(const struct yaml_paths *paths, const char *const dirs[FILES_DIRS],
		struct arena *arena, struct diag_list *diags, found_list *ret);
bool files_may_be(const struct yaml_paths *paths, const char *const dirs[FILES_DIRS],
		  const struct overlaid *file);
struct found *files_get(const found_list *list, const char *name);
