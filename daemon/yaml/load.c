// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order of a load: find the files, read and check each by itself, read the presets that they
 * name, merge, build. Decides which file is of which kind, and that a config with an error is none.
 * A file that cannot be read does not keep the others from being checked.
 */
#include "yaml/yaml.h"
#include "yaml/entry.h"
#include "yaml/files.h"
#include "yaml/merge.h"
#include "yaml/schema.h"
#include "yaml/values.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>

struct load {
	const struct yaml_paths *paths;
	const char *root;
	struct config *config;
	struct diag_list *diags;
	SHA2_CTX sha256;
	struct arena scratch; /* nodes and names: gone after the load */
	VEC(struct source *) sources;
	VEC(struct node *) trees; /* of the main file and the drop-ins, in order */
	struct node *merged;	  /* or NULL */
	found_list presets;
	bool incomplete;
};

/* FNV-1a, which earlier versions used: what they kept is known by it. */
static void hash_as_before(uint64_t *h, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*h = (*h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
}

static void hash(struct load *l, const char *bytes, size_t n)
{
	SHA256Update(&l->sha256, (const uint8_t *)bytes, n);
	hash_as_before(&l->config->hash_before, bytes, n);
}

/* The first 16 of the digest's hexadecimal digits. */
static uint64_t hash_end(struct load *l)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	uint64_t h = 0;

	SHA256Final(digest, &l->sha256);
	for (size_t i = 0; i < sizeof(h); i++)
		h = h << 8 | digest[i];
	return h;
}

/* By the name without the root: what is kept elsewhere for bad times is the same config. */
static void keep_file(struct load *l, struct source *s)
{
	struct config *c = l->config;
	const char *path = text_below(s->path, l->root);

	s->kept = arena_strndup(&c->arena, s->bytes, s->size);
	vec_push(&c->files, ((struct config_file){s->path, s->kept}));
	hash(l, path, strlen(path) + 1);
	hash(l, s->bytes, s->size + 1);
}

/* May it be missing? Nothing at all says nothing; a link to nothing is a mistake. */
static bool may_be_missing(const struct load *l, const char *path, enum file_kind kind)
{
	return kind == FILE_MAIN && !l->paths->file &&
	       (l->paths->files || overlay_find(l->paths->overlay, path) || !source_dangles(path));
}

static int read_source(struct load *l, const char *path, enum source_kind kind, struct source **ret)
{
	const struct yaml_files *files = l->paths->files;
	const struct overlaid *over = overlay_find(l->paths->overlay, path);
	const char *text = over ? over->text : files ? files->read(files->user, path) : NULL;

	if (over || files)
		return text ? source_of_text(path, text, l->diags, ret) : -ENOENT;
	if (l->paths->trusted_only && path != l->paths->file)
		return source_read_trusted(l->root, path, l->diags, ret);
	return source_read(path, kind, l->diags, ret);
}

/* Reads and checks a file. Return: its tree, or NULL where there is none. */
static struct node *load_file(struct load *l, const char *path, enum file_kind kind,
			      enum source_kind source_kind)
{
	struct schema schema = {l->diags, &l->presets};
	struct source *source;
	struct node *tree;
	int r = read_source(l, path, source_kind, &source);

	if (r == -ENOENT && may_be_missing(l, path, kind))
		return NULL;
	if (r == -ENOENT)
		file_error(l->diags, path, "cannot read the file: %s", strerror(-r));
	if (r == 0) {
		vec_push(&l->sources, source);
		keep_file(l, source);
		r = node_parse(source, &l->scratch, l->diags, &tree);
	}
	if (r < 0) {
		l->incomplete = true;
		return NULL;
	}
	schema_check(&schema, tree, kind);
	return tree;
}

static void add_tree(struct load *l, struct node *tree)
{
	if (tree)
		vec_push(&l->trees, tree);
}

static void load_main_and_dropins(struct load *l)
{
	_cleanup_free_ char *path = mem_printf("%s%s", l->root, FILES_MAIN);
	found_list dropins = {};

	add_tree(l, load_file(l, path, FILE_MAIN, SOURCE_REGULAR));
	files_find(l->paths, files_dropin_dirs, &l->scratch, l->diags, &dropins);
	vec_each(f, &dropins)
		if (!f->masked)
			add_tree(l, load_file(l, f->path, FILE_DROPIN, SOURCE_REGULAR));
	vec_clear(&dropins);
}

static void load_named(struct load *l)
{
	enum source_kind kind = l->paths->regular_only ? SOURCE_REGULAR : SOURCE_ANY;

	add_tree(l, load_file(l, l->paths->file, FILE_MAIN, kind));
	for (size_t i = 0; i < l->paths->n_dropins; i++)
		add_tree(l, load_file(l, l->paths->dropins[i], FILE_DROPIN, SOURCE_ANY));
}

static void load_presets(struct load *l)
{
	vec_each(f, &l->presets)
		if (f->wanted)
			f->root = load_file(l, f->path, FILE_PRESET, SOURCE_REGULAR);
}

static bool may_be_read(const struct load *l, const struct overlaid *file)
{
	const struct yaml_paths *p = l->paths;
	_cleanup_free_ char *main_file = mem_printf("%s%s", l->root, FILES_MAIN);

	if (files_may_be(p, files_preset_dirs, file))
		return true;
	if (p->file)
		return strcmp(file->path, p->file) == 0;
	return strcmp(file->path, main_file) == 0 || files_may_be(p, files_dropin_dirs, file);
}

/* A plan for what would not be read is no answer. */
static void check_overlay(const struct load *l)
{
	for (size_t i = 0; l->paths->overlay && i < l->paths->overlay->files.n; i++) {
		const struct overlaid *f = &l->paths->overlay->files.v[i];
		_cleanup_free_ char *shown = text_clean_line(f->path);

		if (!may_be_read(l, f))
			file_error(l->diags, shown,
				   "it would not be read: only the main file is, and what ends in "
				   ".yaml in carved.d and presets");
	}
}

static void load_all(struct load *l)
{
	struct build build = {
		.config = l->config, .diags = l->diags, .presets = &l->presets, .order = 1};

	check_overlay(l);
	files_find(l->paths, files_preset_dirs, &l->scratch, l->diags, &l->presets);
	if (l->paths->file)
		load_named(l);
	else
		load_main_and_dropins(l);
	load_presets(l);
	build.incomplete = l->incomplete;
	if (l->trees.n) {
		l->merged = merge_nodes(&l->scratch, l->trees.v, l->trees.n);
		build_config(&build, l->merged);
	}
}

static void load_clear(struct load *l)
{
	vec_each(s, &l->sources)
		source_free(*s);
	vec_clear(&l->sources);
	vec_clear(&l->trees);
	vec_clear(&l->presets);
	arena_clear(&l->scratch);
	config_unref(l->config);
}

static void begin(struct load *l)
{
	l->config = config_new();
	l->config->hash_before = UINT64_C(0xcbf29ce484222325);
	SHA256Init(&l->sha256);
	load_all(l);
	diag_sort(l->diags);
}

/**
 * yaml_load_values() - read, check and merge all files, for what they say key by key.
 * @arena: keeps the texts
 * @ret: sorted by path; is added to
 * @diags: gets everything that is wrong, sorted by place
 *
 * Return: 0, or -EINVAL with at least one error in @diags.
 */
int yaml_load_values(const struct yaml_paths *paths, struct arena *arena, value_list *ret,
		     struct diag_list *diags)
{
	struct load l = {.paths = paths, .root = paths->root ? paths->root : "", .diags = diags};
	size_t errors = diags->n_errors;

	begin(&l);
	if (l.merged)
		values_add(ret, arena, "", l.merged);
	vec_each(f, &l.presets)
		if (f->root)
			values_add(ret, arena, arena_printf(arena, "presets.%s", f->name), f->root);
	values_sort(ret);
	load_clear(&l);
	return diags->n_errors == errors ? 0 : -EINVAL;
}

/**
 * yaml_load() - read, check and merge all files.
 * @ret: written only if there is no error; the caller's reference
 * @diags: gets everything that is wrong, sorted by place
 *
 * Return: 0, or -EINVAL with at least one error in @diags.
 */
int yaml_load(const struct yaml_paths *paths, struct config **ret, struct diag_list *diags)
{
	struct load l = {.paths = paths, .root = paths->root ? paths->root : "", .diags = diags};
	size_t errors = diags->n_errors;

	begin(&l);
	l.config->hash = hash_end(&l);
	if (diags->n_errors == errors)
		*ret = TAKE(l.config);
	load_clear(&l);
	return diags->n_errors == errors ? 0 : -EINVAL;
}
