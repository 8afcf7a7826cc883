// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the memory of a device is kept. What stands in its files is model/json.c's. */
#include "store/memory.h"
#include "base/log.h"
#include "model/json.h"
#include "store/file.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* A handle is a path; in a file name its slashes are written as sysfs does. */
static char *device_path(const char *dir, const char *handle)
{
	char *path = mem_printf("%s/devices/%s.json", dir, handle);

	for (char *p = path + strlen(dir) + strlen("/devices/"); *p; p++)
		if (*p == '/')
			*p = '!';
	return path;
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

static void load(const char *path, int (*parse)(json_t *j, struct memory *m), struct memory *m)
{
	json_t *j = NULL;
	int r = file_read_json(path, &j);

	if (r < 0 && r != -EINVAL) {
		if (r != -ENOENT)
			log_fact(LOG_WARNING, MESSAGE_NOT_SAVED, "%s: %s", path, strerror(-r));
		return;
	}
	if (r == 0)
		r = parse(j, m);
	json_decref(j);
	if (r < 0)
		file_set_aside(path);
}

/**
 * store_load_memory() - what is remembered of a device.
 * @ret: must be empty; what is missing or damaged stays so
 */
void store_load_memory(const struct store *s, const char *handle, struct memory *ret)
{
	_cleanup_free_ char *running = device_path(s->runtime_dir, handle);
	_cleanup_free_ char *lasting = device_path(s->state_dir, handle);

	load(running, parse_memory, ret);
	load(lasting, parse_lasting, ret);
}

struct search {
	const char *dir;
	void (*each)(void *user, uint64_t hash);
	void *user;
};

static void look(void *user, const char *name)
{
	const struct search *search = user;
	_cleanup_free_ char *path = mem_printf("%s/%s", search->dir, name);
	struct lasting l = {};
	json_t *j = NULL;

	if (file_read_json(path, &j) == 0 && lasting_from_json(j, &l) == 0)
		search->each(search->user, l.accepted);
	lasting_clear(&l);
	json_decref(j);
}

/**
 * store_each_accepted() - the configs that devices live by, also of devices that are not there now.
 */
void store_each_accepted(const struct store *s, void (*each)(void *user, uint64_t hash), void *user)
{
	_cleanup_free_ char *dir = mem_printf("%s/devices", s->state_dir);

	file_each(dir, look, &(struct search){dir, each, user});
}

struct saving {
	char *running, *lasting; /* paths */
	char *memory, *rest;	 /* texts */
};

/** store_saving_new() - Return: what is remembered of a device now, to be written later. */
struct saving *store_saving_new(const struct store *s, const char *handle, const struct memory *m)
{
	struct saving *saving = mem_new(struct saving);

	saving->running = device_path(s->runtime_dir, handle);
	saving->lasting = device_path(s->state_dir, handle);
	saving->memory = file_json_text(memory_to_json(handle, m));
	saving->rest = file_json_text(lasting_to_json(handle, &m->lasting));
	return saving;
}

/** store_saving_write() - on disk when it returns. Return: 0 or -errno. */
int store_saving_write(const struct saving *saving)
{
	int r = file_save(saving->lasting, saving->rest);
	int error = file_save(saving->running, saving->memory);

	return r < 0 ? r : error;
}

/** store_saving_free() - Return: NULL. */
struct saving *store_saving_free(struct saving *saving)
{
	free(saving->running);
	free(saving->lasting);
	free(saving->memory);
	free(saving->rest);
	free(saving);
	return NULL;
}
