// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides which files are read: *.yaml in the directories of the vendor, of this boot and of the
 * administrator, as one list by name. Names that start with a dot are leftovers of editors. Refuses
 * to know what is in the files.
 */
#include "yaml/files.h"
#include "yaml/overlay.h"
#include "yaml/source.h"
#include "yaml/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SUFFIX	      ".yaml"
#define SUFFIX_OTHERS ".yml" /* what others than carved take for the same */

const char *const files_dropin_dirs[FILES_DIRS] = {"/usr/lib/carved/carved.d",
						   "/run/carved/carved.d", "/etc/carved/carved.d"};
const char *const files_preset_dirs[FILES_DIRS] = {"/usr/share/carved/presets",
						   "/run/carved/presets", "/etc/carved/presets"};

/* The suffix counts: "a-b.yaml" comes before "a.yaml". */
static const char *file_name(const struct found *f)
{
	return strrchr(f->path, '/') + 1;
}

static int by_name_and_rank(const void *pa, const void *pb)
{
	const struct found *a = pa, *b = pb;
	int c = strcmp(file_name(a), file_name(b));

	return c ? c : CMP(a->rank, b->rank);
}

static bool is_masked(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	return (S_ISREG(st.st_mode) && st.st_size == 0) ||
	       (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}

/* One directory that is looked through. */
struct search {
	const char *dir;
	unsigned rank;
	struct arena *arena;
	struct diag_list *diags;
	found_list *list;
	const struct overlay *overlay;
};

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static void note_passed_over(const struct search *s, const char *name)
{
	_cleanup_free_ char *path = mem_printf("%s/%s", s->dir, name);
	_cleanup_free_ char *shown = text_clean_line(path);

	diag_add(s->diags, DIAG_NOTE, (struct mark){.file = text_intern(shown)}, NULL, NULL,
		 "it is not read: only names that end in " SUFFIX " are");
}

static void take(void *user, const char *name)
{
	const struct search *s = user;
	size_t n = strlen(name), suffix = strlen(SUFFIX);
	const struct overlaid *over;
	const char *path;

	if (name[0] == '.')
		return;
	if (ends_in(name, SUFFIX_OTHERS))
		note_passed_over(s, name);
	if (!ends_in(name, SUFFIX))
		return;
	path = arena_printf(s->arena, "%s/%s", s->dir, name);
	over = overlay_find(s->overlay, path);
	if (over && !over->text)
		return;
	vec_push(s->list, ((struct found){.name = arena_strndup(s->arena, name, n - suffix),
					  .path = path,
					  .rank = s->rank,
					  .masked = over && !*over->text}));
}

static void list_overlay(struct search *s)
{
	for (size_t i = 0; s->overlay && i < s->overlay->files.n; i++) {
		const struct overlaid *f = &s->overlay->files.v[i];

		if (overlay_is_in(f, s->dir))
			take(s, f->path + strlen(s->dir) + 1);
	}
}

/* @root: below which the directory is to be trusted, or NULL */
static void list_dir(struct search *s, const char *root, struct diag_list *diags)
{
	DIR *d = NULL;
	int fd = -1;

	if (root && source_trust(root, s->dir, diags, &fd) < 0)
		return;
	if (fd >= 0) /* a file */
		close(fd);
	d = opendir(s->dir);
	if (!d) {
		if (errno != ENOENT || source_dangles(s->dir))
			file_error(diags, s->dir, "cannot read the directory: %s", strerror(errno));
		return;
	}
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		take(s, e->d_name);
	closedir(d);
}

/**
 * files_find() - all files of @dirs under the root by name, one per name.
 * @arena: keeps the names and paths
 */
void files_find(const struct yaml_paths *paths, const char *const dirs[FILES_DIRS],
		struct arena *arena, struct diag_list *diags, found_list *ret)
{
	const char *root = paths->root ? paths->root : "";
	const struct yaml_files *files = paths->files;
	size_t kept = 0;

	for (unsigned i = 0; i < FILES_DIRS; i++) {
		struct search s = {arena_printf(arena, "%s%s", root, dirs[i]),
				   i,
				   arena,
				   diags,
				   ret,
				   paths->overlay};

		if (files)
			files->list(files->user, s.dir, take, &s);
		else
			list_dir(&s, paths->trusted_only ? root : NULL, diags);
		list_overlay(&s);
	}
	vec_sort(ret, by_name_and_rank);
	for (size_t i = 0; i < ret->n; i++) {
		if (i + 1 < ret->n && strcmp(ret->v[i].name, ret->v[i + 1].name) == 0)
			continue;
		ret->v[kept] = ret->v[i];
		if (!files && !overlay_find(paths->overlay, ret->v[kept].path))
			ret->v[kept].masked = is_masked(ret->v[kept].path);
		kept++;
	}
	ret->n = kept;
}

/** files_may_be() - would files_find() find @file in @dirs, were it there? */
bool files_may_be(const struct yaml_paths *paths, const char *const dirs[FILES_DIRS],
		  const struct overlaid *file)
{
	bool is_in = false;

	for (unsigned i = 0; i < FILES_DIRS; i++) {
		_cleanup_free_ char *dir =
			mem_printf("%s%s", paths->root ? paths->root : "", dirs[i]);

		is_in |= overlay_is_in(file, dir);
	}
	return is_in && ends_in(file->path, SUFFIX) && strrchr(file->path, '/')[1] != '.';
}

static int by_file_name(const void *name, const void *found)
{
	return strcmp(name, file_name(found));
}

/** files_get() - the file called @name, masked or not, or NULL. */
struct found *files_get(const found_list *list, const char *name)
{
	_cleanup_free_ char *file = mem_printf("%s" SUFFIX, name);

	return list->n ? bsearch(file, list->v, list->n, sizeof(*list->v), by_file_name) : NULL;
}
