// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the memory of a device is kept. What stands in its files is model/json.c's. */
#include "store/memory.h"
#include "base/log.h"
#include "model/json.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* A handle is a path; in a file name its slashes are written as sysfs does. */
static char *device_file(const char *handle)
{
	char *name = mem_printf("devices/%s.json", handle);

	for (char *p = name + strlen("devices/"); *p; p++)
		if (*p == '/')
			*p = '!';
	return name;
}

static int parse_memory(json_t *j, struct memory *m)
{
	int r = memory_from_json(j, m);

	if (r < 0)
		memory_clear(m);
	return r;
}

static int parse_lasting(json_t *j, struct memory *m)
{
	int r = lasting_from_json(j, &m->lasting);

	if (r < 0)
		lasting_clear(&m->lasting);
	return r;
}

/* Return: 0, also where there is none or it makes no sense; -errno where that is not known. */
static int load(int dir, const char *name, int (*parse)(json_t *j, struct memory *m),
		struct memory *m)
{
	json_t *j = NULL;
	int r = file_read_json(dir, name, &j);

	if (r < 0 && r != -EINVAL)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	if (r == 0)
		r = parse(j, m);
	json_decref(j);
	if (r < 0)
		file_set_aside(dir, name);
	else
		file_touch(dir, name);
	return 0;
}

/**
 * store_load_memory() - what is remembered of a device.
 * @ret: must be empty; what is missing or damaged stays so; what cannot be read makes it unreadable
 */
void store_load_memory(const struct store *s, const char *handle, struct memory *ret)
{
	_cleanup_free_ char *name = device_file(handle);
	int running = load(s->runtime_fd, name, parse_memory, ret);
	int lasting = load(s->state_fd, name, parse_lasting, ret);

	ret->unreadable = running < 0 ? running : lasting;
	if (ret->unreadable)
		log_with(LOG_ERR, &(struct log_fields){.id = MESSAGE_NOT_SAVED, .device = handle},
			 "%s: %s: %s", handle, name, strerror(-ret->unreadable));
}

struct search {
	int dir;
	void (*each)(void *user, uint64_t hash);
	void *user;
};

static void look(void *user, const char *name)
{
	const struct search *search = user;
	_cleanup_free_ char *path = mem_printf("devices/%s", name);
	struct lasting l = {};
	json_t *j = NULL;

	if (file_read_json(search->dir, path, &j) == 0 && lasting_from_json(j, &l) == 0)
		search->each(search->user, l.accepted);
	lasting_clear(&l);
	json_decref(j);
}

/**
 * store_each_accepted() - the configs that devices live by, also of devices that are not there now.
 */
void store_each_accepted(const struct store *s, void (*each)(void *user, uint64_t hash), void *user)
{
	file_each(s->state_fd, "devices", look, &(struct search){s->state_fd, each, user});
}

/* Devices come under ever new names; those that were seen last are remembered. */
#define DEVICES_MAX 256

/** store_touch_memory() - the device is there: others are forgotten before it. */
void store_touch_memory(const struct store *s, const char *handle)
{
	_cleanup_free_ char *name = device_file(handle);

	file_touch(s->state_fd, name);
	file_touch(s->runtime_fd, name);
}

/** store_forget_devices() - that were not seen for long, where there are very many. */
void store_forget_devices(const struct store *s)
{
	file_keep_newest(s->state_fd, "devices", DEVICES_MAX);
	file_keep_newest(s->runtime_fd, "devices", DEVICES_MAX);
}

struct saving {
	int running, lasting; /* directories, of its own: a thread may be at it for long */
	enum saving_kind kind;
	char *name;
	char *memory, *rest; /* texts, by the kind; NULL: something in it is no text */
};

static int duplicate(int dir)
{
	int fd = dir < 0 ? dir : fcntl(dir, F_DUPFD_CLOEXEC, 0);

	return dir < 0 || fd >= 0 ? fd : -errno;
}

/**
 * store_saving_new() - what is remembered of a device now, to be written later.
 *
 * Return: to be freed.
 */
struct saving *store_saving_new(const struct store *s, const char *handle, const struct memory *m,
				enum saving_kind kind)
{
	struct saving *saving = mem_new(struct saving);

	saving->kind = kind;
	saving->running = duplicate(s->runtime_fd);
	saving->lasting = duplicate(s->state_fd);
	saving->name = device_file(handle);
	if (kind != SAVING_LASTING)
		saving->memory = file_json_text(memory_to_json(handle, m));
	if (kind != SAVING_RUNNING)
		saving->rest = file_json_text(lasting_to_json(handle, &m->lasting));
	return saving;
}

/** store_saving_write() - on disk when it returns. Return: 0 or -errno. */
int store_saving_write(const struct saving *saving)
{
	int r = 0, error = 0;

	if (saving->kind == SAVING_AGAIN && !file_exists(saving->lasting, saving->name) &&
	    !file_exists(saving->running, saving->name))
		return 0;
	if (saving->kind != SAVING_RUNNING)
		r = file_save(saving->lasting, saving->name, saving->rest, true);
	if (saving->kind != SAVING_LASTING)
		error = file_save(saving->running, saving->name, saving->memory, false);
	return r < 0 ? r : error;
}

/** store_saving_free() - Return: NULL. */
struct saving *store_saving_free(struct saving *saving)
{
	if (saving->running >= 0)
		close(saving->running);
	if (saving->lasting >= 0)
		close(saving->lasting);
	free(saving->name);
	free(saving->memory);
	free(saving->rest);
	free(saving);
	return NULL;
}
