// SPDX-License-Identifier: GPL-2.0-or-later
/* What the file system says of all that yaml_load() would look at. Refuses to read any of it. */
#include "yaml/stamps.h"
#include "base/clock.h"
#include "yaml/files.h"
#include "yaml/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/*
 * Two changes within a tick of the kernel's clock have one time; file systems are coarser, up to a
 * second.
 */
#define SETTLED_USEC (2 * USEC_PER_SEC)

/* Links are followed: who makes one point elsewhere changes its directory. */
static void add(stamp_list *l, const char *path)
{
	struct stat st;
	struct stamp s = {.path = mem_strdup(path)};

	if (stat(path, &st) < 0) {
		s.error = -errno;
	} else {
		s.device = st.st_dev;
		s.inode = st.st_ino;
		s.size = st.st_size;
		s.modified = st.st_mtim;
		s.changed = st.st_ctim;
	}
	vec_push(l, s);
}

static void add_dir(stamp_list *l, const char *root, const char *name)
{
	_cleanup_free_ char *dir = mem_printf("%s%s", root, name);
	DIR *d = opendir(dir);

	add(l, dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		_cleanup_free_ char *path = mem_printf("%s/%s", dir, e->d_name);

		if (e->d_name[0] != '.')
			add(l, path);
	}
	if (d)
		closedir(d);
}

static int by_path(const void *pa, const void *pb)
{
	const struct stamp *a = pa, *b = pb;

	return strcmp(a->path, b->path);
}

/** stamps_take() - of the files and directories of @paths, as they are now; @ret must be empty. */
void stamps_take(const struct yaml_paths *paths, stamp_list *ret)
{
	const char *root = paths->root ? paths->root : "";
	_cleanup_free_ char *main_file = mem_printf("%s%s", root, FILES_MAIN);

	for (unsigned i = 0; i < FILES_DIRS; i++) {
		add_dir(ret, root, files_preset_dirs[i]);
		if (!paths->file)
			add_dir(ret, root, files_dropin_dirs[i]);
	}
	add(ret, paths->file ? paths->file : main_file);
	for (size_t i = 0; i < paths->n_dropins; i++)
		add(ret, paths->dropins[i]);
	vec_sort(ret, by_path);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same(const struct stamp *a, const struct stamp *b)
{
	return strcmp(a->path, b->path) == 0 && a->error == b->error && a->device == b->device &&
	       a->inode == b->inode && a->size == b->size &&
	       same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

/** stamps_clear() - empty it. */
void stamps_clear(stamp_list *l)
{
	vec_each(s, l)
		free(s->path);
	vec_clear(l);
}

/** stamps_same() - Return: whether nothing has changed from @a to @b, if @a was settled. */
bool stamps_same(const stamp_list *a, const stamp_list *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (!same(&a->v[i], &b->v[i]))
			return false;
	return a->n == b->n;
}

/**
 * stamps_settled() - would a change that came after they were taken show in others?
 * @wall: when they were taken, in microseconds since 1970
 *
 * Return: false where something has changed a moment before that, or by its time will yet.
 */
bool stamps_settled(const stamp_list *l, uint64_t wall)
{
	vec_each(s, l)
		if ((uint64_t)s->changed.tv_sec * USEC_PER_SEC + SETTLED_USEC > wall)
			return false;
	return true;
}
