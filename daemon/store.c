// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON files, one for each device, written to a temporary file, synced and renamed. A file that
 * cannot be understood is set aside under another name and counts as missing: it can only cost a
 * reload.
 */
#include "store.h"
#include "base/log.h"
#include "model/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_dir(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/** store_open() - make the directories. Return: 0 or -errno. */
int store_open(struct store *s, const char *runtime_dir)
{
	_cleanup_free_ char *devices = mem_printf("%s/devices", runtime_dir);
	int r;

	*s = (struct store){.runtime_dir = runtime_dir, .lock_fd = -1};
	r = make_dir(runtime_dir);
	return r < 0 ? r : make_dir(devices);
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

void store_close(struct store *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
}

/* A handle is a path; in a file name its slashes are written as sysfs does. */
static char *memory_path(const struct store *s, const char *handle)
{
	char *path = mem_printf("%s/devices/%s.json", s->runtime_dir, handle);

	for (char *p = path + strlen(s->runtime_dir) + strlen("/devices/"); *p; p++)
		if (*p == '/')
			*p = '!';
	return path;
}

/**
 * store_load_memory() - what is remembered of a device.
 * @ret: must be empty; stays so if there is nothing
 *
 * Return: 0; -ENOENT; -EINVAL where the file made no sense and has been set aside.
 */
int store_load_memory(const struct store *s, const char *handle, struct memory *ret)
{
	_cleanup_free_ char *path = memory_path(s, handle);
	_cleanup_free_ char *aside = mem_printf("%s.damaged", path);
	json_error_t error;
	json_t *j;
	int r;

	if (access(path, R_OK) < 0)
		return -errno;
	j = json_load_file(path, 0, &error);
	r = j ? memory_from_json(j, ret) : -EINVAL;
	json_decref(j);
	if (r < 0) {
		memory_clear(ret);
		log_warning("%s: not understood, set aside as %s", path, aside);
		(void)rename(path, aside);
	}
	return r;
}

static int write_file(const char *path, const char *text)
{
	_cleanup_free_ char *temporary = mem_printf("%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r = 0;
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) < 0)
		r = errno ? -errno : -EIO;
	close(fd);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	return r;
}

/** store_save_memory() - on disk when it returns. Return: 0 or -errno. */
int store_save_memory(const struct store *s, const char *handle, const struct memory *m)
{
	_cleanup_free_ char *path = memory_path(s, handle);
	json_t *j = memory_to_json(handle, m);
	_cleanup_free_ char *text = j ? json_dumps(j, JSON_INDENT(1)) : NULL;

	json_decref(j);
	return text ? write_file(path, text) : -ENOMEM;
}
