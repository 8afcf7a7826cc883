/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From files to a config:
 *
 *	struct diag_list diags = {};
 *	struct config *c;
 *	if (yaml_load(&(struct yaml_paths){.root = ""}, &c, &diags) < 0)
 *		show(&diags);
 *
 * All problems of all files are collected in one go. Only without an error a config is returned.
 */
#pragma once

#include "model/config.h"
#include "yaml/overlay.h"

/* Files that are not on disk. */
struct yaml_files {
	/* Return: the text of a file, good until the load ends; NULL where there is none. */
	const char *(*read)(void *user, const char *path);
	/* Calls @found for each name in a directory. */
	void (*list)(void *user, const char *dir, void (*found)(void *list, const char *name),
		     void *list);
	void *user;
};

struct yaml_paths {
	const char *root; /* put before /etc, /run and /usr; "" in production */
	const char *file; /* read this file only: no drop-ins (presets still resolve); or NULL */
	const char *const *dropins; /* with file: laid over it, in this order */
	size_t n_dropins;
	/* a file or directory that others than root and the root's owner may change is an error */
	bool trusted_only;
	bool regular_only;		/* file is not read where it is a pipe, which could block */
	const struct yaml_files *files; /* where they are instead of on disk; or NULL */
	const struct overlay *overlay;	/* laid over those on disk; or NULL */
};

/* A value with the path of its key, "devices.leaf.reload". */
struct yaml_value {
	const char *path, *text;
	struct mark mark;
};

typedef VEC(struct yaml_value) value_list;

int yaml_load_values(const struct yaml_paths *paths, struct arena *arena, value_list *ret,
		     struct diag_list *diags);
bool yaml_unchanged(const struct yaml_paths *paths, const struct config *config);
int yaml_load(const struct yaml_paths *paths, struct config **ret, struct diag_list *diags);
