// SPDX-License-Identifier: GPL-2.0-or-later
/* What all files of bus/ need. It calls none of them. */
#include "base/clock.h"
#include "bus/internal.h"
#include "loop/loop.h"
#include "manager/manager.h"
#include "manager/runner.h"
#include "model/handle.h"
#include "yaml/overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* No handle and no name of an entry is longer. */
#define TEXT_MAX    (2 * HANDLE_PART_MAX)
#define OPTIONS_MAX 16

/** bus_device_path() - Return: the object of a device, to be freed. */
char *bus_device_path(const char *handle)
{
	char *path = NULL;

	if (sd_bus_path_encode(BUS_DEVICE_PREFIX, handle, &path) < 0)
		abort();
	return path;
}

/* More than this off, and the clock was set rather than kept. */
#define CLOCK_STEP_USEC (10 * USEC_PER_MSEC)

/**
 * bus_realtime() - a time of the boot clock as one of the wall clock.
 *
 * The same time is told the same way until the wall clock is set.
 *
 * Return: microseconds since 1970.
 */
uint64_t bus_realtime(struct bus *b, uint64_t boot_time)
{
	uint64_t zero = clock_wall() - clock_now();
	uint64_t off = zero > b->boot_time ? zero - b->boot_time : b->boot_time - zero;

	if (off > CLOCK_STEP_USEC)
		b->boot_time = zero;
	return boot_time < UINT64_MAX - b->boot_time ? b->boot_time + boot_time : UINT64_MAX;
}

static int read_texts(sd_bus_message *m, struct overlay *ret)
{
	const char *path, *text;
	int r = sd_bus_message_enter_container(m, 'a', "{ss}");

	while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &path, &text)) > 0)
		overlay_add(ret, path, text);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_without(sd_bus_message *m, struct overlay *ret)
{
	const char *path;
	int r = sd_bus_message_enter_container(m, 'a', "s");

	while (r >= 0 && (r = sd_bus_message_read(m, "s", &path)) > 0)
		overlay_add(ret, path, NULL);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_files(sd_bus_message *m, const struct bus_option *option)
{
	int r = sd_bus_message_enter_container(m, 'v', option->overlay ? "a{ss}" : "as");

	if (r >= 0)
		r = option->overlay ? read_texts(m, option->overlay)
				    : read_without(m, option->without);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_boolean(sd_bus_message *m, bool *ret)
{
	int value, r = sd_bus_message_read(m, "v", "b", &value);

	*ret = r >= 0 && value;
	return r;
}

/* The variant that comes next is @option's. */
static int read_option(sd_bus_message *m, const struct bus_option *option, sd_bus_error *error)
{
	const char *what = option->number    ? "a number"
			   : option->text    ? "a short text"
			   : option->overlay ? "files and their texts"
			   : option->without ? "files"
					     : "a boolean";
	int r = option->number ? sd_bus_message_read(m, "v", "t", option->number)
		: option->text ? sd_bus_message_read(m, "v", "s", option->text)
		: option->overlay || option->without ? read_files(m, option)
						     : read_boolean(m, option->ret);

	if (r >= 0 && option->text && strlen(*option->text) > TEXT_MAX)
		r = -ENXIO;
	return r == -ENXIO ? sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					       "the option %s takes %s", option->name, what)
			   : r;
}

/* A later client may know more options, but none that is large: the call may have to be kept. */
static int pass_over(sd_bus_message *m, const char *key, sd_bus_error *error)
{
	const char *contents = "", *text = "";
	int r = sd_bus_message_peek_type(m, NULL, &contents);

	if (r >= 0 && strcmp(contents, "s") == 0)
		r = sd_bus_message_read(m, "v", "s", &text);
	else if (r >= 0 && strlen(contents) == 1 && strchr("bynqiuxtd", *contents))
		r = sd_bus_message_skip(m, "v");
	else if (r >= 0)
		r = -ENXIO;
	if (r == -ENXIO || strlen(key) > TEXT_MAX || strlen(text) > TEXT_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "an option that carved does not know is not a short one");
	return r;
}

/**
 * bus_read_options() - which of @options the a{sv} that comes next sets; others are passed over.
 * @error: says what is wrong where that is known
 *
 * Return: as of sd_bus_message_read().
 */
int bus_read_options(sd_bus_message *m, const struct bus_option *options, size_t n,
		     sd_bus_error *error)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");
	int count = 0;
	const char *key;
	size_t i;

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &key);
		for (i = 0; r >= 0 && i < n && strcmp(key, options[i].name) != 0; i++)
			;
		if (r >= 0)
			r = i < n ? read_option(m, &options[i], error) : pass_over(m, key, error);
		if (r >= 0 && ++count > OPTIONS_MAX)
			r = sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					      "there are more than %d options", OPTIONS_MAX);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/**
 * bus_read_name() - the name of a device or an entry, which comes next; it belongs to the message.
 *
 * Return: as of sd_bus_message_read().
 */
int bus_read_name(sd_bus_message *m, const char **ret, sd_bus_error *error)
{
	int r = sd_bus_message_read(m, "s", ret);

	return r >= 0 && strlen(*ret) > TEXT_MAX
		       ? sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					   "the name is longer than %d characters", TEXT_MAX)
		       : r;
}

/** bus_find_device() - Return: what the bus knows of the device of @runner, or NULL. */
struct bus_device *bus_find_device(const struct bus *b, const struct runner *runner)
{
	vec_each(d, &b->devices)
		if ((*d)->runner == runner)
			return *d;
	return NULL;
}

/**
 * bus_flush_later() - something was sent by other than an answer to a call: see what to wait for.
 */
void bus_flush_later(struct bus *b)
{
	loop_defer(b->flush);
}

/**
 * bus_paused_device() - is nothing written to any device that @name means?
 * @ret_known: is there such a device at all?
 *
 * Return: one of them; NULL where one is not paused, or there is none.
 */
const struct device *bus_paused_device(const struct bus *b, const char *name, bool *ret_known)
{
	const struct device *paused = NULL;
	bool all = true;

	for (size_t i = 0; i < manager_count(b->manager); i++) {
		const struct runner *runner = manager_at(b->manager, i);
		const struct device *d = runner_device(runner);

		if (runner_gone(runner) || !device_matches_name(d, name))
			continue;
		paused = d;
		all &= d->world.memory.pause.until > 0;
	}
	*ret_known = paused;
	return all ? paused : NULL;
}

/** bus_is_entry() - is an entry of @config called @name? */
bool bus_is_entry(const struct config *config, const char *name)
{
	vec_each(e, &config->entries)
		if (strcmp(e->name, name) == 0)
			return true;
	return false;
}

/** bus_parse_hash() - of a config, by its name; "": 0, which no name is. Return: 0 or -EINVAL. */
int bus_parse_hash(const char *text, uint64_t *ret)
{
	bool is_hash = strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;

	*ret = is_hash ? strtoull(text, NULL, 16) : 0;
	return !*text || *ret ? 0 : -EINVAL;
}

/** bus_no_such_config() - set @error. Return: as a method that fails. */
int bus_no_such_config(sd_bus_error *error, const char *name)
{
	return sd_bus_error_setf(error, BUS_ERROR("NoSuchConfig"),
				 *name ? "no config %s is kept" : "no config before is kept", name);
}
