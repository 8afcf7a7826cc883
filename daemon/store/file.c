// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only file of store/ that opens any, below one of its two directories: what lies there may
 * have been put there by whoever owns them, so no link is followed and no path leads outside, and a
 * temporary file is new. What makes no sense is set aside under another name: it can only cost a
 * reload.
 */
#include "store/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* None that carved writes is larger. */
#define SIZE_MAX_BYTES (64 * 1024 * 1024)

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_close_ _cleanup_(closep)

/* A name may not lead out of the directory. */
static bool stays_below(const char *name)
{
	const char *part = name;

	while (part) {
		const char *slash = strchr(part, '/');
		size_t n = slash ? (size_t)(slash - part) : strlen(part);

		if (n == 0 || (n == 2 && strncmp(part, "..", 2) == 0))
			return false;
		part = slash ? slash + 1 : NULL;
	}
	return true;
}

/*
 * @name in or below @dir, part by part, none of which may be a symbolic link. openat2(2) would do
 * it at once, but RestrictSUIDSGID= of the unit answers it with ENOSYS, as it cannot see the mode.
 *
 * Return: a descriptor; -EXDEV, -ELOOP or -ENOTDIR where the name leads elsewhere; -errno.
 */
static int open_below(int dir, const char *name, int flags)
{
	_cleanup_close_ int at = -1;
	const char *part = name, *slash;
	int fd;

	if (dir < 0)
		return dir;
	if (!stays_below(name))
		return -EXDEV;
	while ((slash = strchr(part, '/'))) {
		_cleanup_free_ char *folder = mem_printf("%.*s", (int)(slash - part), part);
		int next = openat(at < 0 ? dir : at, folder,
				  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0)
			return -errno;
		closep(&at);
		at = next;
		part = slash + 1;
	}
	fd = openat(at < 0 ? dir : at, part, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

/* The directory that @name is in; to be freed. @ret_base: the rest of the name */
static char *parent_of(const char *name, const char **ret_base)
{
	const char *slash = strrchr(name, '/');

	*ret_base = slash ? slash + 1 : name;
	return slash ? mem_printf("%.*s", (int)(slash - name), name) : mem_strdup(".");
}

/* The directory that @name is in, for names alone. Return: a descriptor or -errno. */
static int open_parent(int dir, const char *name, const char **ret_base)
{
	_cleanup_free_ char *parent = parent_of(name, ret_base);

	return open_below(dir, parent, O_RDONLY | O_DIRECTORY);
}

/* The same, to write there: one that was removed since the start is made again. */
static int make_parent(int dir, const char *name, const char **ret_base)
{
	_cleanup_free_ char *parent = parent_of(name, ret_base);
	int fd = open_parent(dir, name, ret_base);

	if (fd != -ENOENT || mkdirat(dir, parent, 0700) < 0)
		return fd;
	return open_parent(dir, name, ret_base);
}

/* For people. */
static char *path_of(int dir, const char *name)
{
	_cleanup_free_ char *link = mem_printf("/proc/self/fd/%d", dir);
	char path[4096];
	ssize_t n = readlink(link, path, sizeof(path));

	return n < 0 ? mem_strdup(name) : mem_printf("%.*s/%s", (int)n, path, name);
}

/* --- directories and the lock --------------------------------------------------- */

static int make_dir(int at, const char *path, mode_t mode)
{
	return mkdirat(at, path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* Return: a descriptor or -errno. */
static int open_dir(const char *path, mode_t mode)
{
	int r = make_dir(AT_FDCWD, path, mode), fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return r < 0 ? r : -errno;
	return fd;
}

/* Where the version before had what is in @runtime_dir. Return: a descriptor or -errno. */
static int open_former(const char *runtime_dir)
{
	_cleanup_free_ char *path = mem_strdup(runtime_dir);
	char *end = strrchr(path, '/');
	int fd;

	if (!end || end == path || strcmp(end, "/private") != 0)
		return -ENOENT;
	*end = '\0';
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * store_open() - make the directories of @s, whose paths are filled in, and open them.
 *
 * Return: 0, or the first -errno; the others are made nevertheless.
 */
int store_open(struct store *s)
{
	int r = 0, error;

	s->state_fd = open_dir(s->state_dir, 0700);
	s->runtime_fd = open_dir(s->runtime_dir, 0755);
	s->former_fd = open_former(s->runtime_dir);
	r = MIN(s->state_fd, s->runtime_fd);
	if (s->state_fd >= 0) {
		error = make_dir(s->state_fd, "devices", 0700);
		r = r < 0 ? r : error;
		error = make_dir(s->state_fd, "configs", 0700);
		r = r < 0 ? r : error;
	}
	if (s->runtime_fd >= 0) {
		error = make_dir(s->runtime_fd, "devices", 0755);
		r = r < 0 ? r : error;
	}
	return MIN(r, 0);
}

/**
 * file_open_lock() - open a file for flock(2).
 *
 * Return: a descriptor or -errno.
 */
int file_open_lock(int dir, const char *name, bool create)
{
	return open_below(dir, name, create ? O_RDWR | O_CREAT : O_RDONLY);
}

/** store_reader() - Return: for a thread that reads; to be closed. */
struct store store_reader(const struct store *s)
{
	struct store reader = *s;

	reader.runtime_fd = reader.lock_fd = reader.former_fd = reader.former_lock_fd = -1;
	if (s->state_fd >= 0)
		reader.state_fd = fcntl(s->state_fd, F_DUPFD_CLOEXEC, 0);
	return reader;
}

/** store_close() - let another carved have the files. */
void store_close(struct store *s)
{
	int *fds[] = {&s->lock_fd, &s->former_lock_fd, &s->state_fd, &s->runtime_fd, &s->former_fd};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		closep(fds[i]);
		*fds[i] = -1;
	}
}

/* --- writing ---------------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len, bool lasting)
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
	return lasting && fsync(fd) < 0 ? -errno : 0;
}

/* One that is left from a crash, or was put there by another, is not written to. */
static int write_new(int dir, const char *name, const char *text, bool lasting)
{
	_cleanup_close_ int fd = -1;

	(void)unlinkat(dir, name, 0);
	fd = open_below(dir, name, O_WRONLY | O_CREAT | O_EXCL);
	return fd < 0 ? fd : write_all(fd, text, strlen(text), lasting);
}

/* A rename is on disk when its directory is. */
static int replace(int dir, const char *name, const char *text, bool lasting)
{
	_cleanup_free_ char *temporary = NULL;
	const char *base;
	_cleanup_close_ int parent = make_parent(dir, name, &base);
	int r;

	if (parent < 0)
		return parent;
	temporary = mem_printf("%s.new", base);
	r = write_new(parent, temporary, text, lasting);
	if (r == 0 && renameat(parent, temporary, parent, base) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(parent, temporary, 0);
	return r < 0 || !lasting || fsync(parent) == 0 ? r : -errno;
}

/* --- reading ---------------------------------------------------------------------- */

/* Return: 0 with a text to be freed, which may have NULs in it; -errno. */
static int read_all(int dir, const char *name, char **ret, size_t *ret_n)
{
	_cleanup_close_ int fd = open_below(dir, name, O_RDONLY | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	size_t size = 0, cap = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADF;
	do {
		if (size + 1 >= cap) {
			cap = cap ? 2 * cap : 4096;
			text = mem_resize(text, cap);
		}
		n = read(fd, text + size, cap - size - 1);
		if (n < 0 && errno != EINTR)
			return -errno;
		size += n > 0 ? (size_t)n : 0;
		if (size > SIZE_MAX_BYTES)
			return -EFBIG;
	} while (n != 0);
	text[size] = '\0';
	*ret = TAKE(text);
	*ret_n = size;
	return 0;
}

/**
 * file_save() - @text is what is to be there when it returns; what stands there already is not
 * written again.
 * @text: NULL: it cannot be written
 * @lasting: also after a power cut; else only after a crash of the process
 *
 * Return: 0; -EILSEQ without a text; -errno.
 */
int file_save(int dir, const char *name, const char *text, bool lasting)
{
	_cleanup_free_ char *before = NULL;
	size_t n;

	if (!text)
		return -EILSEQ;
	if (read_all(dir, name, &before, &n) == 0 && n == strlen(text) &&
	    memcmp(before, text, n) == 0)
		return 0;
	return replace(dir, name, text, lasting);
}

/** file_exists() - is there a file of that name, or is that not known? */
bool file_exists(int dir, const char *name)
{
	_cleanup_close_ int fd = open_below(dir, name, O_PATH);

	return fd >= 0 || fd != -ENOENT;
}

/** file_touch() - it is of use: see file_keep_newest(). */
void file_touch(int dir, const char *name)
{
	_cleanup_close_ int fd = open_below(dir, name, O_WRONLY | O_NONBLOCK);

	if (fd >= 0)
		(void)futimens(fd, NULL);
}

/**
 * file_link() - give a saved file another name, under which it stays when it is saved again.
 * @text: what is in it; what has that name already and another text is replaced
 *
 * Return: 0 or -errno.
 */
int file_link(int dir, const char *name, const char *other, const char *text)
{
	const char *from, *to;
	_cleanup_close_ int source = open_parent(dir, name, &from);
	_cleanup_close_ int target = make_parent(dir, other, &to);

	if (source < 0 || target < 0)
		return MIN(source, target);
	if (linkat(source, from, target, to, 0) < 0)
		return errno == EEXIST ? file_save(dir, other, text, true) : -errno;
	return fsync(target) < 0 ? -errno : 0;
}

/**
 * file_read_json() - a file as JSON.
 * @ret: a new reference
 *
 * Return: 0; -EINVAL where it is none; -errno, of which -ENOENT says that there is no such file.
 */
int file_read_json(int dir, const char *name, json_t **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = read_all(dir, name, &text, &n);

	if (r < 0)
		return r;
	*ret = json_loadb(text, n, 0, NULL);
	return *ret ? 0 : -EINVAL;
}

/**
 * file_json_text() - the text of a file; gives up the reference @j.
 *
 * Return: to be freed; NULL where something in it is no text, which file_save() tells.
 */
char *file_json_text(json_t *j)
{
	char *text = json_dumps(j, JSON_INDENT(1));

	json_decref(j);
	return text;
}

/* --- directories ------------------------------------------------------------------- */

/** file_each() - call @each with the name of each file in @sub, which it may remove. */
void file_each(int dir, const char *sub, void (*each)(void *user, const char *name), void *user)
{
	int fd = open_below(dir, sub, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			each(user, e->d_name);
	if (d)
		closedir(d);
}

/** file_remove() - where it can be. */
void file_remove(int dir, const char *name)
{
	const char *base;
	_cleanup_close_ int parent = open_parent(dir, name, &base);

	if (parent >= 0)
		(void)unlinkat(parent, base, 0);
}

struct aged {
	struct timespec at;
	char *name;
};

static int by_age(const void *pa, const void *pb)
{
	const struct aged *a = pa, *b = pb;
	int c = CMP(b->at.tv_sec, a->at.tv_sec);

	return c ? c : CMP(b->at.tv_nsec, a->at.tv_nsec);
}

struct ages {
	int dir;
	const char *sub;
	VEC(struct aged) list;
};

static void add_age(void *user, const char *name)
{
	struct ages *ages = user;
	struct aged one = {.name = mem_printf("%s/%s", ages->sub, name)};
	_cleanup_close_ int fd = open_below(ages->dir, one.name, O_PATH);
	struct stat st = {};

	if (fd >= 0)
		(void)fstat(fd, &st);
	one.at = st.st_mtim;
	vec_push(&ages->list, one);
}

/** file_keep_newest() - remove all files in @sub but @n that were written or touched last. */
void file_keep_newest(int dir, const char *sub, size_t n)
{
	struct ages ages = {.dir = dir, .sub = sub};

	file_each(dir, sub, add_age, &ages);
	vec_sort(&ages.list, by_age);
	for (size_t i = 0; i < ages.list.n; i++) {
		if (i >= n)
			file_remove(dir, ages.list.v[i].name);
		free(ages.list.v[i].name);
	}
	vec_clear(&ages.list);
}

/**
 * file_set_aside() - it makes no sense, or was written by a later version: it counts as missing.
 */
void file_set_aside(int dir, const char *name)
{
	_cleanup_free_ char *path = path_of(dir, name), *aside = NULL;
	const char *base;
	_cleanup_close_ int parent = open_parent(dir, name, &base);

	log_fact(LOG_WARNING, MESSAGE_DAMAGED, "%s: not understood, set aside as %s.damaged", path,
		 path);
	aside = mem_printf("%s.damaged", base);
	if (parent < 0 || renameat(parent, base, parent, aside) < 0)
		log_fact(LOG_WARNING, MESSAGE_NOT_SAVED, "%s: %s", path, strerror(errno));
}
