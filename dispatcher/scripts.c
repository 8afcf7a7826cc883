// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See scripts.h. Decides what may be run: whoever could write to a script, to its folder or to one
 * above would have it run as root.
 */
#include "scripts.h"
#include "base/log.h"
#include "base/text.h"
#include "base/trusted.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * scripts_open() - look below @root from now on.
 * @root: "" for the system's own
 * @owner: whose files are trusted like root's
 *
 * Return: 0 or -errno.
 */
int scripts_open(struct scripts *s, const char *root, uid_t owner)
{
	*s = (struct scripts){.root = root, .owner = owner};
	s->fd = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

/* That the same thing still stands in the way is no news. */
static void refuse(struct scripts *s, const char *path, const char *why)
{
	_cleanup_free_ char *text = mem_printf("%s is not run: %s", path, why);

	vec_each(told, &s->told)
		if (strcmp(*told, text) == 0)
			return;
	log_fact(LOG_WARNING, MESSAGE_SCRIPT_REFUSED, "%s", text);
	vec_push(&s->told, TAKE(text));
}

/* Return: a descriptor; -errno, of which it was told where something stands in the way. */
static int open_trusted(struct scripts *s, const char *path)
{
	_cleanup_free_ char *place = NULL, *why = NULL;
	int fd = trusted_open(s->fd, s->owner, path, &place, &why);

	if (fd < 0 && fd != -EISDIR && fd != -ENOENT)
		refuse(s, path, why);
	return fd;
}

static bool may_be_run(struct scripts *s, const char *path)
{
	int fd = open_trusted(s, path);
	struct stat st;
	bool may;

	if (fd < 0)
		return false;
	may = fstat(fd, &st) == 0 && (st.st_mode & S_IXUSR);
	close(fd);
	return may;
}

/* What editors and dpkg leave behind is no script. */
static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && name[n - 1] != '~' && !strstr(name, ".dpkg-");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** scripts_find() - those of @event, to be freed, are added to @ret. */
void scripts_find(struct scripts *s, enum event event, path_list *ret)
{
	_cleanup_free_ char *folder = mem_printf(SCRIPTS_FOLDER "/%s.d", event_name(event));
	_cleanup_free_ char *real = mem_printf("%s%s", s->root, folder);
	path_list found = {};
	DIR *dir = open_trusted(s, folder) == -EISDIR ? opendir(real) : NULL;

	for (const struct dirent *e; dir && (e = readdir(dir));) {
		_cleanup_free_ char *path = mem_printf("%s/%s", folder, e->d_name);

		if (is_name(e->d_name) && may_be_run(s, path))
			vec_push(&found, mem_printf("%s%s", s->root, path));
	}
	if (dir)
		closedir(dir);
	vec_sort(&found, by_name);
	vec_each(path, &found)
		vec_push(ret, *path);
	vec_clear(&found);
}

static void clear_paths(path_list *paths)
{
	vec_each(path, paths)
		free(*path);
	vec_clear(paths);
}

/** scripts_close() - free what it holds. */
void scripts_close(struct scripts *s)
{
	close(s->fd);
	clear_paths(&s->told);
}
