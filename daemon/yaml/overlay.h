/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files as they might be, laid over those on disk: what would the config be with this text in place
 * of that file, or without it?
 *
 *	struct overlay o = {};
 *	overlay_add(&o, "/etc/carved/carved.d/50-leaf.yaml", text);
 *	yaml_load(&(struct yaml_paths){.root = "", .overlay = &o}, &config, &diags);
 *
 * An empty text masks, as an empty file does.
 */
#pragma once

#include "base/vec.h"

#include <stdbool.h>

struct overlaid {
	char *path, *text; /* text NULL: there is no such file */
};

struct overlay {
	VEC(struct overlaid) files; /* one for a path */
};

void overlay_add(struct overlay *o, const char *path, const char *text);
const struct overlaid *overlay_find(const struct overlay *o, const char *path);
bool overlay_is_in(const struct overlaid *file, const char *dir);
void overlay_clear(struct overlay *o);
