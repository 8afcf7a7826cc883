/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What files of others do, as a config:
 *
 *	struct imported im = {};
 *	import_text(&im, "setup.sh", text);	for each file
 *	import_render(&im, &out);
 *	import_clear(&im);
 *
 * import_words.c makes commands of a file, import.c settings of a command, import_yaml.c a config
 * and import_json.c JSON of settings. import_try.c asks carved's own reader of YAML what it would
 * take.
 */
#pragma once

#include "base/arena.h"
#include "base/text.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

typedef VEC(const char *) word_list;

/* A place in a file. */
struct at {
	const char *file;
	unsigned line;
};

/* One key and value; what comes later replaces it. */
struct setting {
	const char *device, *section, *object, *attr, *value; /* object and attr: "" for none */
	const char *text;				      /* as it is written */
	struct at at;
};

/* What cannot be said in a config. */
struct unsaid {
	const char *file, *text, *why;
	unsigned line;
};

struct imported {
	struct arena arena;
	VEC(struct setting) settings;
	VEC(struct unsaid) unsaid;
	const char *text; /* what is looked at now */
	struct at at;
	unsigned depth; /* of commands in commands */
};

void import_text(struct imported *im, const char *file, const char *text);
void import_clear(struct imported *im);

/* import_words.c */
typedef void (*import_command)(struct imported *im, struct at at, const word_list *words,
			       const char *text);
void import_script(struct imported *im, struct at at, const char *text, import_command found);

/* import_yaml.c */
void import_render(const struct imported *im, struct buf *out);
const char *import_parent(const char *section);
bool import_hex(const char *text, uint64_t *ret);

/* import_json.c */
void import_render_json(const struct imported *im, struct buf *out);

/* import.c, for the others */
const char *import_add(struct imported *im, const char *device, const char *section,
		       const char *object, const char *attr, const char *value);
void import_leave(struct imported *im, struct at at, const char *text, const char *why);
void import_devlink(struct imported *im, struct at at, const word_list *words, const char *text);

/* import_try.c */
const char *import_try(struct imported *im, const struct setting *s);

/* import_ini.c */
void import_unit(struct imported *im, struct at at, const char *text);
void import_devlink_file(struct imported *im, struct at at, const char *text);
