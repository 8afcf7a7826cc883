// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes one carved the owner of the files, and takes over those of the version before. They were
 * one directory up, which is root's now: there they can be read, not moved, and the next boot
 * removes them.
 */
#include "store/lock.h"
#include "base/text.h"
#include "store/file.h"

#include <errno.h>
#include <jansson.h>
#include <sys/file.h>

#define LOCK "lock"

/* Return: 0; -EWOULDBLOCK while another process has it, dead or alive; -errno. */
static int lock(int *fd, int dir, bool create)
{
	if (*fd < 0)
		*fd = file_open_lock(dir, LOCK, create);
	if (*fd < 0)
		return *fd;
	return flock(*fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

static void take_over(void *user, const char *name)
{
	const struct store *s = user;
	_cleanup_free_ char *path = mem_printf("devices/%s", name), *text = NULL;
	json_t *j = NULL;

	if (file_read_json(s->former_fd, path, &j) < 0)
		return;
	text = file_json_text(j);
	(void)file_save(s->runtime_fd, path, text, false);
}

/* Only the first start finds no lock of its own: what it takes over is not older than its own. */
static int lock_former(struct store *s)
{
	int r = lock(&s->former_lock_fd, s->former_fd, false);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!file_exists(s->runtime_fd, LOCK))
		file_each(s->former_fd, "devices", take_over, s);
	return 0;
}

/**
 * store_lock() - be the only carved on these files.
 *
 * Return: 0; -EWOULDBLOCK while another one is, even if it is dead and the kernel still holds one
 * of its requests; -errno.
 */
int store_lock(struct store *s)
{
	int r = s->former_fd < 0 ? 0 : lock_former(s);

	return r < 0 ? r : lock(&s->lock_fd, s->runtime_fd, true);
}
