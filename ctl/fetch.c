// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what the daemon says of itself, led by the tables of answer.c: properties that have no row
 * are passed over, those that a daemon of another version lacks stay empty.
 */
#include "fetch.h"

#include <errno.h>

/* --- messages ---------------------------------------------------------------- */

static void *member(void *answer, const struct answer_field *f)
{
	return (char *)answer + f->offset;
}

static int read_text(sd_bus_message *m, struct arena *arena, const char **ret)
{
	const char *text;
	int r = sd_bus_message_read(m, "s", &text);

	if (r > 0)
		*ret = arena_strdup(arena, text);
	return r;
}

static int read_texts(sd_bus_message *m, struct arena *arena, text_list *to)
{
	const char *text;
	int r = sd_bus_message_enter_container(m, 'a', "s");

	while (r >= 0 && (r = read_text(m, arena, &text)) > 0)
		vec_push(to, text);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* The signature of a struct of the texts of @type: "ss..."; to be freed. */
static char *row_signature(const struct answer_type *type)
{
	struct buf b = {};

	for (size_t i = 0; i < type->n_fields; i++)
		buf_add(&b, "s");
	return buf_take(&b);
}

static void *add_row(const struct answer_type *type, void *list)
{
	struct answer_rows rows;
	void *row;

	memcpy(&rows, list, sizeof(rows));
	if (rows.n == rows.cap) {
		rows.cap = rows.cap ? rows.cap * 2 : 8;
		rows.v = mem_resize(rows.v, rows.cap * type->size);
	}
	row = (char *)rows.v + rows.n++ * type->size;
	memcpy(list, &rows, sizeof(rows));
	answer_init(type, row);
	return row;
}

static int read_row(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
		    void *list)
{
	_cleanup_free_ char *signature = row_signature(type);
	int r = sd_bus_message_enter_container(m, 'r', signature);
	void *row;

	if (r <= 0)
		return r;
	row = add_row(type, list);
	for (size_t i = 0; r >= 0 && i < type->n_fields; i++)
		r = read_text(m, arena, member(row, &type->fields[i]));
	r = r < 0 ? r : sd_bus_message_exit_container(m);
	return r < 0 ? r : 1;
}

static int read_rows(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
		     void *list)
{
	_cleanup_free_ char *row = row_signature(type), *signature = mem_printf("(%s)", row);
	int r = sd_bus_message_enter_container(m, 'a', signature);

	while (r >= 0 && (r = read_row(m, type, arena, list)) > 0)
		;
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, const struct answer_field *f, struct arena *arena,
		      void *to)
{
	switch (f->form) {
	case ANSWER_TEXT:
		return read_text(m, arena, to);
	case ANSWER_NUMBER:
		return sd_bus_message_read(m, "t", to);
	case ANSWER_TEXTS:
		return read_texts(m, arena, to);
	case ANSWER_ROWS:
		return read_rows(m, f->rows, arena, to);
	}
	return -EINVAL;
}

static const struct answer_field *find_field(const struct answer_type *type, const char *property)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (text_equal(type->fields[i].property, property))
			return &type->fields[i];
	return NULL;
}

static int read_property(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
			 void *answer)
{
	const struct answer_field *f;
	const char *name, *contents;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	f = find_field(type, name);
	if (!f)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_peek_type(m, NULL, &contents);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'v', contents);
	if (r >= 0)
		r = read_value(m, f, arena, member(answer, f));
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Read an a{sv} into those fields of @answer that have a property. */
static int read_properties(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
			   void *answer)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_property(m, type, arena, answer);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* The message is not what it should be. */
static int misread(const struct client *c, int r)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

	if (r >= 0)
		return 0;
	sd_bus_error_set_const(&error, SD_BUS_ERROR_INVALID_SIGNATURE,
			       "its answer has another form");
	return client_fail(c, &error, r);
}

static int get_properties(struct client *c, const char *path, const char *interface,
			  const struct answer_type *type, struct arena *arena, void *answer)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = client_get_all(c, path, interface, &reply);

	return r ? r : misread(c, read_properties(reply, type, arena, answer));
}

static int call_simple(struct client *c, sd_bus_message *call, sd_bus_message **ret)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = client_send(c, call, 0, &error, ret);

	return r < 0 ? client_fail(c, &error, r) : 0;
}

/* --- devices ----------------------------------------------------------------- */

static int list_devices(struct client *c, sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = client_new_call(c, "ListDevices", &call);

	return r < 0 ? r : call_simple(c, call, ret);
}

/* Names people can mean, each once. */
static void add_name(text_list *names, struct arena *arena, const char *name)
{
	if (!*name)
		return;
	vec_each(known, names)
		if (strcmp(*known, name) == 0)
			return;
	vec_push(names, arena_strdup(arena, name));
}

static void say_known(const text_list *names)
{
	struct buf b = {};

	vec_each(name, names)
		buf_add(&b, "%s%s", b.n ? ", " : "", *name);
	if (b.n)
		client_say("known are: %s", b.s);
	else
		client_say("there are no devices, and the configuration names none");
	buf_clear(&b);
}

/* Say that nothing is called @device, and what was probably meant. */
static int no_such_device(struct client *c, const char *device)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *handle, *entry, *nearest;
	struct arena arena = {};
	text_list names = {};
	int r = list_devices(c, &reply);

	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "(ssso)");
	while (r >= 0 &&
	       (r = sd_bus_message_read(reply, "(ssso)", &handle, &entry, NULL, NULL)) > 0) {
		add_name(&names, &arena, handle);
		add_name(&names, &arena, entry);
	}
	nearest = names.n ? text_nearest(device, names.v, names.n) : NULL;
	if (nearest) {
		client_say("no device or entry is called %s; did you mean %s?", device, nearest);
	} else {
		client_say("no device or entry is called %s", device);
		say_known(&names);
	}
	vec_clear(&names);
	arena_clear(&arena);
	return -ENODEV;
}

static bool is_meant(const char *device, const char *handle, const char *entry)
{
	return !device || strcmp(device, handle) == 0 || strcmp(device, entry) == 0;
}

/* Add one row of ListDevices to @ret, with its properties; a device that is gone by now is left
 * out. */
static int add_device(struct client *c, const char *handle, const char *entry, const char *state,
		      const char *path, struct status_answer *ret)
{
	struct device_answer *d = vec_add(&ret->devices);
	int r = 0;

	answer_init(&device_type, d);
	d->handle = arena_strdup(&ret->arena, handle);
	d->entry = arena_strdup(&ret->arena, entry);
	d->state = arena_strdup(&ret->arena, state);
	if (*handle)
		r = get_properties(c, path, CLIENT_DEVICE, &device_type, &ret->arena, d);
	else
		d->reason = "no device matches this entry";
	if (r > 0)
		vec_remove(&ret->devices, ret->devices.n - 1);
	return r < 0 ? r : 0;
}

/**
 * fetch_status() - the manager and its devices.
 * @device: a handle or an entry's name; NULL for all
 * @ret: empty; to be cleared in any case
 */
int fetch_status(struct client *c, const char *device, struct status_answer *ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *handle, *entry, *state, *path;
	int r;

	answer_init(&status_type, ret);
	r = get_properties(c, CLIENT_PATH, CLIENT_MANAGER, &status_type, &ret->arena, ret);
	if (r > 0) { /* the name is taken before the object is there: not carved */
		client_say("what is called " CLIENT_NAME " on D-Bus is not carved");
		return -EPROTO;
	}
	if (r == 0)
		r = list_devices(c, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "(ssso)");
	while (r >= 0 &&
	       (r = sd_bus_message_read(reply, "(ssso)", &handle, &entry, &state, &path)) > 0) {
		if (is_meant(device, handle, entry) &&
		    add_device(c, handle, entry, state, path, ret) < 0)
			return -EIO;
	}
	if (r < 0)
		return misread(c, r);
	return device && !ret->devices.n ? no_such_device(c, device) : 0;
}

/* --- plan and reload --------------------------------------------------------- */

/** fetch_plan() - the steps for @device, or for all if it is NULL; @ret is to be cleared in any
 * case. */
int fetch_plan(struct client *c, const char *device, struct plan_answer *ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	answer_init(&plan_type, ret);
	r = client_new_call(c, "Plan", &call);
	if (r >= 0)
		r = sd_bus_message_append(call, "sa{sv}", device ? device : "", 0);
	if (r < 0)
		return r;
	r = client_send(c, call, 0, &error, &reply);
	if (r < 0 && device && sd_bus_error_has_name(&error, CLIENT_NO_SUCH_DEVICE))
		return no_such_device(c, device);
	if (r < 0)
		return client_fail(c, &error, r);
	return misread(c, read_rows(reply, &step_type, &ret->arena, &ret->steps));
}

/** fetch_diagnostics() - what the daemon says about the config, added to @ret. */
int fetch_diagnostics(struct client *c, struct reload_answer *ret)
{
	int r = get_properties(c, CLIENT_PATH, CLIENT_MANAGER, &reload_type, &ret->arena, ret);

	return r > 0 ? -EPROTO : r;
}
