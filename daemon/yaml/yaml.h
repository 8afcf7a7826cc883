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

struct yaml_paths {
	const char *root; /* put before /etc, /run and /usr; "" in production */
	const char *file; /* read this file only: no drop-ins (presets still resolve); or NULL */
	const char *const *dropins; /* with file: laid over it, in this order */
	size_t n_dropins;
};

int yaml_load(const struct yaml_paths *paths, struct config **ret, struct diag_list *diags);
