// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what the daemon says of itself, led by the tables of answer.c: properties that have no row
 * are passed over, those that a daemon of another version lacks stay empty.
 */
#include "fetch.h"
#include "reader.h"
#include "remarks.h"

#include <errno.h>

/* --- messages ---------------------------------------------------------------- */

/* Report a message of another form than expected. */
static int misread(const struct client *c, int r)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

	if (r >= 0)
		return 0;
	sd_bus_error_set_const(&error, SD_BUS_ERROR_INVALID_SIGNATURE,
			       "its answer is not understood");
	return client_fail(c, &error, r);
}

static int get_properties(struct client *c, const char *path, const char *interface,
			  const struct answer_type *type, struct arena *arena, void *answer)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = client_get_all(c, path, interface, &reply);

	return r ? r : misread(c, reader_properties(reply, type, arena, answer));
}

static int call_simple(struct client *c, sd_bus_message *call, sd_bus_message **ret)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = client_send(c, call, 0, &error, ret);

	return r < 0 ? client_fail(c, &error, r) : 0;
}

/**
 * fetch_changed() - what a PropertiesChanged tells of a device, into @ret.
 *
 * Return: 0; -ENOMSG where the message is about something else, which is not reported.
 */
int fetch_changed(sd_bus_message *m, struct arena *arena, struct device_answer *ret)
{
	const char *interface;
	int r = message_read_line(m, arena, &interface);

	if (r >= 0)
		r = reader_properties(m, &device_type, arena, ret);
	return r < 0 ? -ENOMSG : 0;
}

/* --- what happened ----------------------------------------------------------- */

static int new_history_call(struct client *c, const char *device, unsigned max,
			    sd_bus_message **ret)
{
	int r = client_new_call(c, "History", ret);

	return r < 0 ? r : sd_bus_message_append(*ret, "su", device, max);
}

/**
 * fetch_ask_records() - ask for all records of all devices.
 * @then: is called with the answer
 *
 * Return: 0 or more; -errno, which is not reported.
 */
int fetch_ask_records(struct client *c, sd_bus_message_handler_t then, void *user,
		      sd_bus_slot **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = new_history_call(c, "", 0, &call);

	return r < 0 ? r : sd_bus_call_async(c->bus, ret, call, then, user, 0);
}

/**
 * fetch_read_records() - those of the answer are added to @ret.
 *
 * Return: 0; -errno, which has been reported.
 */
int fetch_read_records(struct client *c, sd_bus_message *reply, struct arena *arena,
		       record_list *ret)
{
	return misread(c, reader_rows(reply, &record_type, arena, ret));
}

/**
 * fetch_records() - what @device, or all if it is "", did lately.
 * @max: so many of the newest; 0: all that are kept
 * @ret: is added to, the oldest first
 *
 * Return: 0; -ENODEV where there is no such device, which is not reported; -errno.
 */
int fetch_records(struct client *c, const char *device, unsigned max, struct arena *arena,
		  record_list *ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = new_history_call(c, device, max, &call);

	if (r < 0)
		return r;
	r = client_send(c, call, 0, &error, &reply);
	if (r < 0 && sd_bus_error_has_name(&error, CLIENT_NO_SUCH_DEVICE))
		return -ENODEV;
	if (r < 0)
		return client_fail(c, &error, r);
	return fetch_read_records(c, reply, arena, ret);
}

/* --- devices ----------------------------------------------------------------- */

static int list_devices(struct client *c, sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = client_new_call(c, "ListDevices", &call);

	return r < 0 ? r : call_simple(c, call, ret);
}

/* A row of ListDevices; without a device the handle is "". */
struct listed {
	const char *handle, *entry, *state, *path;
};

/* Return: 0 at the end of the list. */
static int read_listed(sd_bus_message *m, struct arena *arena, struct listed *ret)
{
	int r = sd_bus_message_enter_container(m, 'r', "ssso");

	if (r <= 0)
		return r;
	r = message_read_line(m, arena, &ret->handle);
	if (r >= 0)
		r = message_read_line(m, arena, &ret->entry);
	if (r >= 0)
		r = message_read_line(m, arena, &ret->state);
	if (r >= 0)
		r = sd_bus_message_read(m, "o", &ret->path);
	r = r < 0 ? r : sd_bus_message_exit_container(m);
	return r < 0 ? r : 1;
}

/**
 * fetch_states() - which devices there are.
 * @found: is called for each
 *
 * Return: 0 or more; -errno, which has been reported.
 */
int fetch_states(struct client *c,
		 void (*found)(void *user, const char *handle, const char *entry,
			       const char *state),
		 void *user)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct arena arena = {};
	struct listed row;
	int r = list_devices(c, &reply);

	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "(ssso)");
	while (r >= 0 && (r = read_listed(reply, &arena, &row)) > 0)
		if (*row.handle)
			found(user, row.handle, row.entry, row.state);
	arena_clear(&arena);
	return misread(c, r);
}

/* Handles and names of entries, each once. */
static void add_name(text_list *names, const char *name)
{
	if (!*name)
		return;
	vec_each(known, names)
		if (strcmp(*known, name) == 0)
			return;
	vec_push(names, name);
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

/**
 * fetch_no_such_device() - say that nothing is called @device, and what was probably meant.
 *
 * Return: -ENODEV.
 */
int fetch_no_such_device(struct client *c, const char *device)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct listed row;
	const char *nearest;
	struct arena arena = {};
	text_list names = {};
	bool absent = false;
	int r = list_devices(c, &reply);

	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "(ssso)");
	while (r >= 0 && (r = read_listed(reply, &arena, &row)) > 0) {
		add_name(&names, row.handle);
		add_name(&names, row.entry);
		absent |= !*row.handle && strcmp(row.entry, device) == 0;
	}
	nearest = names.n ? text_nearest(device, names.v, names.n) : NULL;
	if (absent) {
		client_say("no device matches the entry %s", device);
	} else if (nearest) {
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

/* A device that two entries match has two rows. */
static bool is_there(const struct status_answer *a, const char *handle)
{
	vec_each(d, &a->devices)
		if (*handle && strcmp(d->handle, handle) == 0)
			return true;
	return false;
}

/* The time and the trigger of the last record of the device. */
static int add_last_change(struct client *c, struct device_answer *d, struct arena *arena)
{
	record_list records = {};
	int r = fetch_records(c, d->handle, 1, arena, &records);

	if (records.n) {
		d->changed_at = records.v[0].time;
		d->last_trigger = records.v[0].trigger;
	}
	vec_clear(&records);
	return r == -ENODEV ? 1 : r; /* the device is gone by now */
}

/* Why there is no device of the entry, as far as carved has said. */
static const char *why_absent(const struct status_answer *a, const char *entry)
{
	vec_each(row, &a->absent)
		if (strcmp(row->entry, entry) == 0)
			return row->reason;
	return "no device matches this entry";
}

/* Add one row of ListDevices to @ret, with its properties; a device that is gone by now is left
 * out. */
static int add_device(struct client *c, const struct listed *row, struct status_answer *ret)
{
	struct device_answer *d = vec_add(&ret->devices);
	int r = 0;

	answer_init(&device_type, d);
	d->handle = row->handle;
	d->entry = row->entry;
	d->state = row->state;
	if (*row->handle)
		r = get_properties(c, row->path, CLIENT_DEVICE, &device_type, &ret->arena, d);
	else
		d->reason = strcmp(row->state, "absent") == 0
				    ? why_absent(ret, d->entry)
				    : "it is not known yet which devices there are";
	if (*row->handle && r == 0)
		r = add_last_change(c, d, &ret->arena);
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
	struct listed row;
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
	while (r >= 0 && (r = read_listed(reply, &ret->arena, &row)) > 0) {
		if (is_meant(device, row.handle, row.entry) && !is_there(ret, row.handle) &&
		    add_device(c, &row, ret) < 0)
			return -EIO;
	}
	if (r < 0)
		return misread(c, r);
	return device && !ret->devices.n ? fetch_no_such_device(c, device) : 0;
}

/* --- plan and reload --------------------------------------------------------- */

static int append_texts(sd_bus_message *call, const struct overlay *o)
{
	int r = sd_bus_message_open_container(call, 'a', "{ss}");

	for (size_t i = 0; r >= 0 && i < o->files.n; i++)
		if (o->files.v[i].text)
			r = sd_bus_message_append(call, "{ss}", o->files.v[i].path,
						  o->files.v[i].text);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_without(sd_bus_message *call, const struct overlay *o)
{
	int r = sd_bus_message_open_container(call, 'a', "s");

	for (size_t i = 0; r >= 0 && i < o->files.n; i++)
		if (!o->files.v[i].text)
			r = sd_bus_message_append(call, "s", o->files.v[i].path);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/* An option whose value @append writes. */
static int append_files(sd_bus_message *call, const char *name, const char *type,
			int (*append)(sd_bus_message *call, const struct overlay *o),
			const struct overlay *o)
{
	int r = sd_bus_message_open_container(call, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append(call, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'v', type);
	if (r >= 0)
		r = append(call, o);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/* The files of the command line lie over those on disk. */
static int append_plan_options(sd_bus_message *call, const struct plan_query *q,
			       const struct overlay *o)
{
	bool laid = q->candidate && o->files.n;
	int r = sd_bus_message_append(call, "s", q->device ? q->device : "");

	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_append(call, "{sv}", "candidate", "b", q->candidate);
	if (r >= 0)
		r = sd_bus_message_append(call, "{sv}", "permitted", "b", q->permitted);
	if (r >= 0 && q->config)
		r = sd_bus_message_append(call, "{sv}", "config", "s", q->config);
	if (r >= 0 && laid)
		r = append_files(call, "files", "a{ss}", append_texts, o);
	if (r >= 0 && laid)
		r = append_files(call, "without", "as", append_without, o);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/**
 * fetch_plan_quietly() - the steps, if they can be told.
 * @ret: is to be cleared in any case
 * @error: why they cannot; where it is not set, that has been reported
 *
 * Return: 0; -errno.
 */
int fetch_plan_quietly(struct client *c, const struct plan_query *q, struct plan_answer *ret,
		       sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	int r = client_new_call(c, "Plan", &call);

	answer_init(&plan_type, ret);
	if (r >= 0)
		r = append_plan_options(call, q, &c->ctl->overlay);
	if (r >= 0)
		r = client_send_patiently(c, call, error, &reply);
	return r < 0 ? r : misread(c, reader_rows(reply, &step_type, &ret->arena, &ret->steps));
}

/**
 * fetch_plan() - the steps.
 * @ret: is to be cleared in any case
 *
 * Return: 0; -errno, which has been reported.
 */
int fetch_plan(struct client *c, const struct plan_query *q, struct plan_answer *ret)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = fetch_plan_quietly(c, q, ret, &error);

	if (r >= 0 || !sd_bus_error_is_set(&error)) /* else it has been reported */
		return r;
	if (q->device && sd_bus_error_has_name(&error, CLIENT_NO_SUCH_DEVICE)) {
		if (!strstr(error.message, "matches the entry"))
			return fetch_no_such_device(c, q->device);
		client_say("%s", error.message);
		return r;
	}
	if (sd_bus_error_has_name(&error, CLIENT_INVALID_CONFIG) ||
	    sd_bus_error_has_name(&error, CLIENT_REFUSED)) {
		remarks_print(error.message);
		client_say("the files on disk would be refused");
		return r;
	}
	return client_fail(c, &error, r);
}

/** fetch_diagnostics() - what the daemon says about the config, added to @ret. */
int fetch_diagnostics(struct client *c, struct reload_answer *ret)
{
	int r = get_properties(c, CLIENT_PATH, CLIENT_MANAGER, &reload_type, &ret->arena, ret);

	return r > 0 ? -EPROTO : r;
}

/* --- configs ------------------------------------------------------------------------ */

/** fetch_configs() - which ones were accepted. @ret: is to be cleared in any case */
int fetch_configs(struct client *c, struct configs_answer *ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	int r = client_new_call(c, "ListConfigs", &call);

	answer_init(&configs_type, ret);
	if (r >= 0)
		r = call_simple(c, call, &reply);
	if (r < 0)
		return r;
	return misread(c,
		       reader_rows(reply, configs_type.fields[0].of, &ret->arena, &ret->configs));
}

/**
 * fetch_config_hash() - the hash of a config by its number.
 * @number: 0 is the one in force
 * @ret: to be freed
 *
 * Return: 0; -errno, which has been reported.
 */
int fetch_config_hash(struct client *c, const char *number, char **ret)
{
	struct configs_answer a;
	uint64_t n = 0;
	int r = fetch_configs(c, &a);

	if (r == 0 && (!*number || number[strspn(number, "0123456789")] ||
		       text_number(number, strlen(number), &n) < 0 || n >= a.configs.n)) {
		client_say("no config has the number %s; carvectl configs shows those that are "
			   "kept",
			   number);
		r = -ENOENT;
	}
	if (r == 0)
		*ret = mem_strdup(a.configs.v[n].hash);
	answer_clear(&configs_type, &a, &a.arena);
	return r;
}

/**
 * fetch_config() - the files of a config.
 * @name: its number
 * @ret: is to be cleared in any case
 */
int fetch_config(struct client *c, const char *name, struct files_answer *ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *hash = NULL;
	int r = fetch_config_hash(c, name, &hash);

	answer_init(&files_type, ret);
	if (r >= 0)
		r = client_new_call(c, "ReadConfig", &call);
	if (r >= 0)
		r = sd_bus_message_append(call, "s", hash);
	if (r < 0)
		return r;
	r = client_send(c, call, 0, &error, &reply);
	if (r < 0)
		return client_fail(c, &error, r);
	return misread(c, reader_rows(reply, files_type.fields[0].of, &ret->arena, &ret->files));
}
