// SPDX-License-Identifier: GPL-2.0-or-later
/* org.carved1.Manager: its properties, ListDevices(), and which other methods there are. */
#include "bus/internal.h"
#include "manager/manager.h"
#include "manager/runner.h"
#include "model/ledger.h"

/* --- properties -------------------------------------------------------------- */

static int get_version(_unused_ sd_bus *bus, _unused_ const char *path,
		       _unused_ const char *interface, _unused_ const char *property,
		       sd_bus_message *reply, _unused_ void *user, _unused_ sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", PACKAGE_VERSION);
}

static int get_state(_unused_ sd_bus *bus, _unused_ const char *path,
		     _unused_ const char *interface, _unused_ const char *property,
		     sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;

	return sd_bus_message_append(reply, "s", device_state_name(manager_state(b->manager)));
}

static int get_generation(_unused_ sd_bus *bus, _unused_ const char *path,
			  _unused_ const char *interface, _unused_ const char *property,
			  sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;

	return sd_bus_message_append(reply, "t", manager_generation(b->manager));
}

static int get_files(_unused_ sd_bus *bus, _unused_ const char *path,
		     _unused_ const char *interface, _unused_ const char *property,
		     sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	vec_each(f, &manager_config(b->manager)->files)
		if (r >= 0)
			r = sd_bus_message_append(reply, "s", f->path);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_out_of_sync(_unused_ sd_bus *bus, _unused_ const char *path,
			   _unused_ const char *interface, _unused_ const char *property,
			   sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;

	return sd_bus_message_append(reply, "b", (int)manager_out_of_sync(b->manager));
}

static int append_diags(sd_bus_message *reply, const struct diag_list *diags, int r)
{
	vec_each(d, &diags->diags) {
		_cleanup_free_ char *text = NULL;
		struct buf buf = {};

		diag_render(d, &buf);
		text = buf_take(&buf);
		if (r >= 0)
			r = sd_bus_message_append(reply, "s", text);
	}
	return r;
}

static int append_unsaved(sd_bus_message *reply, const struct manager *m)
{
	_cleanup_free_ char *text = NULL;

	if (!manager_unsaved(m))
		return 0;
	text = mem_printf(
		"which config is in force cannot be saved, and a restart may bring another "
		"one into force: %s; it is tried again every minute",
		strerror(-manager_unsaved(m)));
	return sd_bus_message_append(reply, "s", text);
}

static int get_diagnostics(_unused_ sd_bus *bus, _unused_ const char *path,
			   _unused_ const char *interface, _unused_ const char *property,
			   sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	if (r >= 0 && manager_problem(b->manager))
		r = sd_bus_message_append(reply, "s", manager_problem(b->manager));
	if (r >= 0)
		r = append_unsaved(reply, b->manager);
	if (r >= 0 && manager_ledger(b->manager)->why)
		r = sd_bus_message_append(reply, "s", manager_ledger(b->manager)->why);
	r = append_diags(reply, manager_diagnostics(b->manager), r);
	for (size_t i = 0; i < manager_count(b->manager); i++)
		r = append_diags(reply, &runner_device(manager_at(b->manager, i))->assignment.diags,
				 r);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Who has thousands of entries looks into the journal: every caller of GetAll is told of these. */
#define ABSENT_MAX 100

static int get_absent(_unused_ sd_bus *bus, _unused_ const char *path,
		      _unused_ const char *interface, _unused_ const char *property,
		      sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;
	entry_list absent = {};
	bool known = manager_absent(b->manager, &absent) == STATE_ABSENT;
	int r = sd_bus_message_open_container(reply, 'a', "(ss)");

	for (size_t i = 0; r >= 0 && known && i < MIN(absent.n, (size_t)ABSENT_MAX); i++) {
		const struct entry *e = absent.v[i];
		_cleanup_free_ char *why = manager_absent_reason(b->manager, e);

		r = sd_bus_message_append(reply, "(ss)", e->name, why);
	}
	vec_clear(&absent);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* --- methods ----------------------------------------------------------------- */

/* A row for each entry by whose name it is called. */
static int append_device(sd_bus_message *reply, const struct device *d)
{
	_cleanup_free_ char *path = bus_device_path(d->handle);
	const char *state = device_state_name(d->status.state);
	entry_list entries = {};
	int r = 0;

	device_entries(d, &entries);
	if (!entries.n)
		r = sd_bus_message_append(reply, "(ssso)", d->handle, "", state, path);
	vec_each(e, &entries)
		if (r >= 0)
			r = sd_bus_message_append(reply, "(ssso)", d->handle, (*e)->name, state,
						  path);
	vec_clear(&entries);
	return r;
}

static int list_devices(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;
	sd_bus_message *reply = NULL;
	entry_list absent = {};
	const char *state;
	int r = sd_bus_message_new_method_return(m, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssso)");
	for (size_t i = 0; r >= 0 && i < manager_count(b->manager); i++) {
		struct runner *runner = manager_at(b->manager, i);

		if (bus_find_device(b, runner)) /* or its path is not there yet */
			r = append_device(reply, runner_device(runner));
	}
	state = device_state_name(manager_absent(b->manager, &absent));
	vec_each(e, &absent)
		if (r >= 0)
			r = sd_bus_message_append(reply, "(ssso)", "", (*e)->name, state, "/");
	vec_clear(&absent);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

#define CHANGES	       SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define INVALIDATES    SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION
#define ARGUMENT(name) SD_BUS_PARAM(name)

/* All may call it: where rights are needed, it asks itself. */
#define METHOD(name, in, in_names, out, out_names, handler)                                        \
	SD_BUS_METHOD_WITH_NAMES(name, in, in_names, out, out_names, handler,                      \
				 SD_BUS_VTABLE_UNPRIVILEGED)

const sd_bus_vtable bus_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	METHOD("Reload", "a{sv}", ARGUMENT(options), "t", ARGUMENT(job), bus_reload),
	METHOD("Confirm", "a{sv}", ARGUMENT(options), "", "", bus_confirm),
	METHOD("Rollback", "sa{sv}", ARGUMENT(config) ARGUMENT(options), "t", ARGUMENT(job),
	       bus_rollback),
	METHOD("ListConfigs", "", "", "a(stss)", ARGUMENT(configs), bus_list_configs),
	METHOD("ReadConfig", "s", ARGUMENT(config), "a(ss)", ARGUMENT(files), bus_read_config),
	METHOD("Apply", "sa{sv}", ARGUMENT(device) ARGUMENT(options), "t", ARGUMENT(job),
	       bus_apply),
	METHOD("Retry", "s", ARGUMENT(device), "t", ARGUMENT(job), bus_retry),
	METHOD("Pause", "sta{sv}", ARGUMENT(device) ARGUMENT(until) ARGUMENT(options), "", "",
	       bus_pause),
	METHOD("Resume", "sa{sv}", ARGUMENT(device) ARGUMENT(options), "", "", bus_resume),
	METHOD("Plan", "sa{sv}", ARGUMENT(device) ARGUMENT(options), "a(sssssss)", ARGUMENT(steps),
	       bus_plan),
	METHOD("Capture", "sa{sv}", ARGUMENT(device) ARGUMENT(options), "s", ARGUMENT(text),
	       bus_capture),
	METHOD("History", "su", ARGUMENT(device) ARGUMENT(max), "a(tsssst)", ARGUMENT(records),
	       bus_history),
	METHOD("ListDevices", "", "", "a(ssso)", ARGUMENT(devices), list_devices),
	SD_BUS_SIGNAL_WITH_NAMES("JobRemoved", "ts", ARGUMENT(job) ARGUMENT(result), 0),
	SD_BUS_SIGNAL_WITH_NAMES("Changed", "sss",
				 ARGUMENT(device) ARGUMENT(trigger) ARGUMENT(result), 0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
	SD_BUS_PROPERTY("Generation", "t", get_generation, 0, CHANGES),
	SD_BUS_PROPERTY("ConfigFiles", "as", get_files, 0, CHANGES),
	SD_BUS_PROPERTY("AbsentEntries", "a(ss)", get_absent, 0, 0),
	SD_BUS_PROPERTY("Diagnostics", "as", get_diagnostics, 0, INVALIDATES),
	SD_BUS_PROPERTY("ConfirmDeadlineUSec", "t", bus_get_confirm_deadline, 0, CHANGES),
	SD_BUS_PROPERTY("ConfigOutOfSync", "b", get_out_of_sync, 0,
			0), /* nobody watches the files */
	SD_BUS_VTABLE_END,
};
