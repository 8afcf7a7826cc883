// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks a path one component at a time and looks at each directory that it enters and at the file
 * in the end, by their descriptors: what was looked at is what is opened. A symbolic link is as
 * good as the directory that it is in, and is followed by the same steps. Any write permission for
 * a group counts, as an access control list hides behind it.
 */
#include "base/trusted.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* the kernel's own limit */

struct walk {
	int root, dir;
	uid_t owner;
	char *place; /* the path of dir, for messages and the result; "" is the root */
	char *rest;  /* of the path */
	unsigned links;
	char **why;
};

static int complain(struct walk *w, const char *place, int error, const char *what)
{
	*w->why = mem_printf("%s %s", *place ? place : "/", what);
	return error;
}

static int complain_errno(struct walk *w, const char *place, int error)
{
	*w->why = mem_printf("%s: %s", *place ? place : "/", strerror(-error));
	return error;
}

static int check(struct walk *w, const char *place, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != w->owner)
		return complain(w, place, -EPERM, "does not belong to root");
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		_cleanup_free_ char *what = mem_printf(
			"is writable by others than root (mode %04o)", st->st_mode & 07777);

		return complain(w, place, -EPERM, what);
	}
	return 0;
}

/* Go on from @fd, which becomes the walk's, and is @place. */
static int enter(struct walk *w, int fd, char *place)
{
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (w->dir >= 0)
		close(w->dir);
	free(w->place);
	w->dir = fd;
	w->place = place;
	return r < 0 ? complain_errno(w, place, r) : check(w, place, &st);
}

static int start_again(struct walk *w)
{
	return enter(w, fcntl(w->root, F_DUPFD_CLOEXEC, 0), mem_strdup(""));
}

static bool at_root(const struct walk *w)
{
	return w->place[0] == '\0';
}

static int go_up(struct walk *w)
{
	char *place;

	if (at_root(w))
		return 0;
	place = mem_strdup(w->place);
	*strrchr(place, '/') = '\0';
	return enter(w, openat(w->dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC), place);
}

static int follow(struct walk *w, int link)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);
	char *rest;

	if (n < 0)
		return complain(w, w->place, -errno, "has a symbolic link that cannot be read");
	if (++w->links > LINKS_MAX)
		return complain(w, w->place, -ELOOP, "has too many symbolic links");
	target[n] = '\0';
	rest = mem_printf("%s/%s", target, w->rest);
	free(w->rest);
	w->rest = rest;
	return target[0] == '/' ? start_again(w) : 0;
}

/* Take the next component off the rest of the path. Return: NULL at the end. */
static char *next(struct walk *w)
{
	size_t skip = strspn(w->rest, "/"), n = strcspn(w->rest + skip, "/");
	char *name = n ? mem_printf("%.*s", (int)n, w->rest + skip) : NULL;

	memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
	return name;
}

/* Opened for reading only now: before, it might have been a device or a pipe. */
static int open_file(struct walk *w, const char *name, const char *place)
{
	int fd = openat(w->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return complain_errno(w, place, -errno);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		r = complain(w, place, -EACCES, "is not a regular file");
	else
		r = check(w, place, &st);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* Return: 0: go on; > 0: the file; -errno. */
static int step(struct walk *w, const char *name)
{
	_cleanup_free_ char *place = mem_printf("%s/%s", w->place, name);
	struct stat st;
	int fd, r;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return go_up(w);
	fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : complain_errno(w, place, -errno);
	r = fstat(fd, &st);
	if (r == 0 && S_ISDIR(st.st_mode))
		return enter(w, fd, TAKE(place));
	if (r < 0)
		r = complain_errno(w, place, -errno);
	else if (S_ISLNK(st.st_mode))
		r = follow(w, fd);
	else if (w->rest[strspn(w->rest, "/")])
		r = complain(w, place, -ENOTDIR, "is not a directory");
	else if (!S_ISREG(st.st_mode))
		r = complain(w, place, -EACCES, "is not a regular file");
	else
		r = open_file(w, name, place);
	close(fd);
	if (r > 0) {
		free(w->place);
		w->place = TAKE(place);
	}
	return r;
}

static int walk(struct walk *w)
{
	int r = start_again(w);

	while (r == 0) {
		_cleanup_free_ char *name = next(w);

		r = name ? step(w, name) : complain(w, w->place, -EISDIR, "is a directory");
	}
	return r;
}

/**
 * trusted_open() - open a regular file for reading.
 * @root: a directory, which no component of @path leaves
 * @owner: whose files are trusted like root's
 * @path: relative to @root, whether it starts with a slash or not
 * @ret_place: on success, where the file is when all links are followed
 * @ret_why: on an error but ENOENT, the reason as text
 *
 * Return: a descriptor; -EISDIR for a directory that is trusted; -ENOENT where there is no such
 * file; -EPERM where the file or a directory on the way is not root's or is writable by others;
 * -errno.
 */
int trusted_open(int root, uid_t owner, const char *path, char **ret_place, char **ret_why)
{
	struct walk w = {
		.root = root, .dir = -1, .owner = owner, .rest = mem_strdup(path), .why = ret_why};
	int r = walk(&w);

	if (w.dir >= 0)
		close(w.dir);
	free(w.rest);
	if (r >= 0)
		*ret_place = w.place;
	else
		free(w.place);
	return r;
}
