// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a load would read the same files with the same texts again, told without understanding
 * any of them: which presets are read follows from the texts of the others.
 */
#include "yaml/files.h"
#include "yaml/source.h"
#include "yaml/yaml.h"

#include <string.h>
#include <unistd.h>

struct comparison {
	const struct yaml_paths *paths;
	const struct config *config;
	size_t next; /* file of the config */
};

/* Is the file that would be read now the next one of the config? */
static bool is_next(struct comparison *c, const char *path)
{
	const char *root = c->paths->root ? c->paths->root : "";
	bool trusted = c->paths->trusted_only && path != c->paths->file;
	const struct config_file *f = &c->config->files.v[c->next++];

	return c->next <= c->config->files.n && strcmp(f->path, path) == 0 &&
	       source_is(trusted ? root : NULL, path, f->text);
}

static bool same_named(struct comparison *c)
{
	bool same = is_next(c, c->paths->file);

	for (size_t i = 0; same && i < c->paths->n_dropins; i++)
		same = is_next(c, c->paths->dropins[i]);
	return same;
}

static bool same_found(struct comparison *c, struct arena *arena, struct diag_list *diags)
{
	const char *root = c->paths->root ? c->paths->root : "";
	const char *path = arena_printf(arena, "%s%s", root, FILES_MAIN);
	found_list dropins = {};
	bool same = access(path, F_OK) < 0 || is_next(c, path);

	files_find(c->paths, files_dropin_dirs, arena, diags, &dropins);
	vec_each(f, &dropins)
		same = same && (f->masked || is_next(c, f->path));
	vec_clear(&dropins);
	return same;
}

/* The rest of the config's files are presets. */
static bool same_presets(struct comparison *c, struct arena *arena, struct diag_list *diags)
{
	found_list presets = {};
	bool same = true;

	files_find(c->paths, files_preset_dirs, arena, diags, &presets);
	while (same && c->next < c->config->files.n) {
		const char *path = c->config->files.v[c->next].path;
		bool there = false;

		vec_each(f, &presets)
			there |= !f->masked && strcmp(f->path, path) == 0;
		same = there && is_next(c, path);
	}
	vec_clear(&presets);
	return same;
}

/**
 * yaml_unchanged() - are the files what @config was read from?
 * @paths: of files on disk, none of which is a pipe
 */
bool yaml_unchanged(const struct yaml_paths *paths, const struct config *config)
{
	struct comparison c = {.paths = paths, .config = config};
	struct diag_list diags = {};
	struct arena arena = {};
	bool same = paths->file ? same_named(&c) : same_found(&c, &arena, &diags);

	same = same && same_presets(&c, &arena, &diags) && !diags.n_errors;
	diag_clear(&diags);
	arena_clear(&arena);
	return same;
}
