// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only file of store/ that opens any. What makes no sense is set aside under another name: it
 * can only cost a reload.
 */
#include "store/file.h"
#include "base/log.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_close_ _cleanup_(closep)

/* --- directories and the lock --------------------------------------------------- */

static int make_dir(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/**
 * store_open() - make the directories of @s, whose paths are filled in.
 *
 * Return: 0, or the first -errno; the others are made nevertheless.
 */
int store_open(const struct store *s)
{
	_cleanup_free_ char *running = mem_printf("%s/devices", s->runtime_dir);
	_cleanup_free_ char *lasting = mem_printf("%s/devices", s->state_dir);
	_cleanup_free_ char *configs = mem_printf("%s/configs", s->state_dir);
	const char *const dirs[] = {s->state_dir, lasting, configs, s->runtime_dir, running};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int error = make_dir(dirs[i], i < 3 ? 0700 : 0755);

		r = r ? r : error;
	}
	return r;
}

/**
 * store_lock() - be the only carved on these files.
 *
 * Return: 0; -EWOULDBLOCK while another one is, even if it is dead and the kernel still holds one
 * of its requests; -errno.
 */
int store_lock(struct store *s)
{
	_cleanup_free_ char *path = mem_printf("%s/lock", s->runtime_dir);

	if (s->lock_fd < 0)
		s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return -errno;
	return flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

/** store_close() - let another carved have the files. */
void store_close(struct store *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
}

/* --- writing ---------------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* A rename is on disk when its directory is. */
static int sync_parent(const char *path)
{
	_cleanup_free_ char *dir = mem_printf("%.*s", (int)(strrchr(path, '/') - path), path);
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int write_new(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}

static int replace(const char *path, const char *text)
{
	_cleanup_free_ char *temporary = mem_printf("%s.new", path);
	int r = write_new(temporary, text);

	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r < 0 ? r : sync_parent(path);
}

/* --- reading ---------------------------------------------------------------------- */

/* Return: 0 with a text to be freed, which may have NULs in it; -errno. */
static int read_all(const char *path, char **ret, size_t *ret_n)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t size = 0, cap = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		if (size + 1 >= cap) {
			cap = cap ? 2 * cap : 4096;
			text = mem_resize(text, cap);
		}
		n = read(fd, text + size, cap - size - 1);
		if (n < 0 && errno != EINTR)
			return -errno;
		size += n > 0 ? (size_t)n : 0;
	} while (n != 0);
	text[size] = '\0';
	*ret = TAKE(text);
	*ret_n = size;
	return 0;
}

/**
 * file_save() - @text is what is to be on disk when it returns; what stands there already is not
 * written again.
 *
 * Return: 0 or -errno.
 */
int file_save(const char *path, const char *text)
{
	_cleanup_free_ char *before = NULL;
	size_t n;

	if (read_all(path, &before, &n) == 0 && n == strlen(text) && memcmp(before, text, n) == 0)
		return 0;
	return replace(path, text);
}

/**
 * file_link() - give a saved file another name, under which it stays when it is saved again.
 *
 * Return: 0, also where that name is taken; -errno.
 */
int file_link(const char *path, const char *other)
{
	if (link(path, other) < 0)
		return errno == EEXIST ? 0 : -errno;
	return sync_parent(other);
}

/**
 * file_read_json() - a file as JSON.
 * @ret: a new reference
 *
 * Return: 0; -EINVAL where it is none; -errno, of which -ENOENT says that there is no such file.
 */
int file_read_json(const char *path, json_t **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = read_all(path, &text, &n);

	if (r < 0)
		return r;
	*ret = json_loadb(text, n, 0, NULL);
	return *ret ? 0 : -EINVAL;
}

/**
 * file_json_text() - the text of a file; gives up the reference @j.
 *
 * Return: to be freed.
 */
char *file_json_text(json_t *j)
{
	char *text = json_dumps(j, JSON_INDENT(1));

	json_decref(j);
	return text;
}

/* --- directories ------------------------------------------------------------------- */

/** file_each() - call @each with the name of each file in @dir, which it may remove. */
void file_each(const char *dir, void (*each)(void *user, const char *name), void *user)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			each(user, e->d_name);
	if (d)
		closedir(d);
}

/** file_remove() - where it can be. */
void file_remove(const char *path)
{
	(void)unlink(path);
}

/**
 * file_set_aside() - it makes no sense, or was written by a later version: it counts as missing.
 */
void file_set_aside(const char *path)
{
	_cleanup_free_ char *aside = mem_printf("%s.damaged", path);

	log_fact(LOG_WARNING, MESSAGE_DAMAGED, "%s: not understood, set aside as %s", path, aside);
	if (rename(path, aside) < 0)
		log_fact(LOG_WARNING, MESSAGE_NOT_SAVED, "%s: %s", path, strerror(errno));
}
