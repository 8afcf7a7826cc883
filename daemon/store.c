// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON files, one for each device, written to a temporary file, synced and renamed. A file that cannot
 * be understood is set aside under another name and counts as missing: it can only cost a reload.
 */
#include "store.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_VERSION 1

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
 * Return: 0; -EWOULDBLOCK while another one is, even if it is dead and the kernel still holds one of
 * its requests; -errno.
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

static json_t *value_to_json(const struct value *v)
{
	if (v->type == VALUE_STRING)
		return json_pack("{s:i,s:s}", "type", (int)v->type, "value", v->str);
	return json_pack("{s:i,s:o}", "type", (int)v->type, "value",
			 json_sprintf("%llu", (unsigned long long)v->num));
}

static int value_from_json(json_t *j, struct value *ret)
{
	const char *text;
	int type;

	if (json_unpack(j, "{s:i,s:s}", "type", &type, "value", &text) < 0 || type <= VALUE_NONE ||
	    type > VALUE_BOOL)
		return -EINVAL;
	ret->type = (enum value_type)type;
	if (ret->type == VALUE_STRING)
		ret->str = text;
	else
		ret->num = strtoull(text, NULL, 10);
	return 0;
}

static json_t *notes_to_json(const struct notes *n)
{
	json_t *list = json_array();

	vec_each(note, &n->notes)
		json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:o}", "class", note->class->name,
						      "name", note->name, "cmode", (int)note->cmode,
						      "value", value_to_json(&note->value)));
	return list;
}

static int notes_from_json(json_t *list, struct notes *n)
{
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j)
	{
		const char *class, *name;
		struct value value = {};
		struct object o = {};
		json_t *v;
		int cmode;

		if (json_unpack(j, "{s:s,s:s,s:i,s:o}", "class", &class, "name", &name, "cmode", &cmode,
				"value", &v) < 0 ||
		    value_from_json(v, &value) < 0 || !class_by_name(class))
			return -EINVAL;
		o = (struct object){
			.class = class_by_name(class), .name = name, .cmode = (uint8_t)cmode};
		notes_put(n, &o, &value);
	}
	return 0;
}

static json_t *counters_to_json(const counter_list *list)
{
	json_t *out = json_array();

	vec_each(c, list)
		json_array_append_new(out, json_pack("[i,i,b,I]", (int)c->action, (int)c->limit,
						     (int)c->remote, (json_int_t)c->value));
	return out;
}

static int counters_from_json(json_t *list, counter_list *ret)
{
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j)
	{
		int action, limit, remote;
		json_int_t value;

		if (json_unpack(j, "[i,i,b,I]", &action, &limit, &remote, &value) < 0)
			return -EINVAL;
		vec_push(ret, ((struct counter){(uint8_t)action, (uint8_t)limit, remote, (uint32_t)value}));
	}
	return 0;
}

static int memory_from_json(json_t *j, struct memory *m)
{
	json_t *counters, *in_force, *unread;
	json_int_t reloads, foreign;
	int version, settled;

	if (json_unpack(j, "{s:i,s:o,s:o,s:o,s:I,s:I,s:b}", "version", &version, "counters", &counters,
			"in_force", &in_force, "unread", &unread, "reloads", &reloads, "foreign_reloads",
			&foreign, "settled", &settled) < 0 ||
	    version != FORMAT_VERSION)
		return -EINVAL;
	m->reloads = (uint64_t)reloads;
	m->foreign_reloads = (uint64_t)foreign;
	m->settled = settled;
	if (counters_from_json(counters, &m->counters) < 0 ||
	    notes_from_json(in_force, &m->in_force) < 0 || notes_from_json(unread, &m->unread) < 0)
		return -EINVAL;
	return 0;
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
	json_t *j = json_pack("{s:i,s:s,s:o,s:o,s:o,s:I,s:I,s:b}", "version", FORMAT_VERSION, "handle",
			      handle, "counters", counters_to_json(&m->counters), "in_force",
			      notes_to_json(&m->in_force), "unread", notes_to_json(&m->unread),
			      "reloads", (json_int_t)m->reloads, "foreign_reloads",
			      (json_int_t)m->foreign_reloads, "settled", (int)m->settled);
	_cleanup_free_ char *text = j ? json_dumps(j, JSON_INDENT(1)) : NULL;

	json_decref(j);
	return text ? write_file(path, text) : -ENOMEM;
}
