// SPDX-License-Identifier: GPL-2.0-or-later
/* org.carved1.Manager: the methods, and who may call those that change something. */
#include "bus/internal.h"

#include <string.h>
#include <unistd.h>

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

	vec_each(file, &manager_config(b->manager)->files)
		if (r >= 0)
			r = sd_bus_message_append(reply, "s", *file);
	return r < 0 ? r : sd_bus_message_close_container(reply);
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

static int get_diagnostics(_unused_ sd_bus *bus, _unused_ const char *path,
			   _unused_ const char *interface, _unused_ const char *property,
			   sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	if (r >= 0 && manager_problem(b->manager))
		r = sd_bus_message_append(reply, "s", manager_problem(b->manager));
	r = append_diags(reply, manager_diagnostics(b->manager), r);
	for (size_t i = 0; i < manager_count(b->manager); i++)
		r = append_diags(reply, &managed_device(manager_at(b->manager, i))->diags, r);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* --- reading methods --------------------------------------------------------- */

static int append_device(sd_bus_message *reply, const struct device *d)
{
	_cleanup_free_ char *path = bus_device_path(d->handle);

	return sd_bus_message_append(reply, "(ssso)", d->handle,
				     d->used.entry ? d->used.entry->name : "",
				     device_state_name(d->state), path);
}

static int list_devices(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	const struct bus *b = user;
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(m, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssso)");
	for (size_t i = 0; r >= 0 && i < manager_count(b->manager); i++)
		r = append_device(reply, managed_device(manager_at(b->manager, i)));
	vec_each(e, &manager_config(b->manager)->entries)
		if (r >= 0 && !manager_entry_matched(b->manager, e))
			r = sd_bus_message_append(reply, "(ssso)", "", e->name,
						  device_state_name(STATE_ABSENT), "/");
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

/** bus_device_is_meant() - by @name: its handle, its entry's name, or "" for all. */
bool bus_device_is_meant(const struct device *d, const char *name)
{
	return !*name || strcmp(d->handle, name) == 0 ||
	       (d->used.entry && strcmp(d->used.entry->name, name) == 0);
}

static bool is_entry(const struct bus *b, const char *name)
{
	vec_each(e, &manager_config(b->manager)->entries)
		if (strcmp(e->name, name) == 0)
			return true;
	return false;
}

static int append_step(sd_bus_message *reply, const char *handle, const struct step *s)
{
	_cleanup_free_ char *object = step_object_label(s), *origin = mark_format(s->mark);

	if (s->kind == STEP_REMEMBER)
		return 0;
	return sd_bus_message_append(reply, "(sssssss)", handle, step_kind_name(s), object, s->from,
				     s->to, disruption_name(s->disruption), origin);
}

static int append_plan(sd_bus_message *reply, const struct device *d)
{
	struct plan plan = {};
	int r = 0;

	device_preview(d, &plan);
	vec_each(s, &plan.steps)
		if (r >= 0)
			r = append_step(reply, d->handle, s);
	plan_clear(&plan);
	return r;
}

static int plan(sd_bus_message *m, void *user, sd_bus_error *error)
{
	const struct bus *b = user;
	sd_bus_message *reply = NULL;
	const char *name;
	bool found;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	found = !*name || is_entry(b, name);
	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(sssssss)");
	for (size_t i = 0; r >= 0 && i < manager_count(b->manager); i++) {
		const struct device *d = managed_device(manager_at(b->manager, i));

		if (!bus_device_is_meant(d, name))
			continue;
		found = true;
		r = append_plan(reply, d);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0 && !found)
		r = sd_bus_error_setf(error, BUS_ERROR("NoSuchDevice"), "no device or entry %s",
				      name);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

/* --- changing methods: only for root ----------------------------------------- */

static int do_reload(struct bus *b, sd_bus_message *m)
{
	_cleanup_free_ char *text = NULL;
	uint64_t job;

	if (b->hooks.reload(b->hooks.user, &job) == 0)
		return sd_bus_reply_method_return(m, "t", job);
	text = diag_render_all(manager_diagnostics(b->manager));
	return sd_bus_reply_method_errorf(m, BUS_ERROR("InvalidConfig"), "%s", text);
}

/* Who asks? The bus tells, later: nothing waits for it. */
struct asked {
	struct bus *bus;
	sd_bus_message *call;
};

static void asked_free(void *user)
{
	struct asked *a = user;

	sd_bus_message_unref(a->call);
	free(a);
}

static int on_uid(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct asked *a = user;
	uint32_t uid;

	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &uid) < 0)
		return sd_bus_reply_method_errorf(a->call, SD_BUS_ERROR_ACCESS_DENIED,
						  "the caller is not known");
	if (uid != 0 && !(a->bus->kind == BUS_USER && uid == getuid()))
		return sd_bus_reply_method_errorf(
			a->call, SD_BUS_ERROR_ACCESS_DENIED,
			"only root may change the configuration in force");
	return do_reload(a->bus, a->call);
}

static int reload(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct asked *a = mem_new(struct asked);
	sd_bus_slot *slot = NULL;
	int r;

	*a = (struct asked){user, sd_bus_message_ref(m)};
	r = sd_bus_call_method_async(sd_bus_message_get_bus(m), &slot, "org.freedesktop.DBus",
				     "/org/freedesktop/DBus", "org.freedesktop.DBus",
				     "GetConnectionUnixUser", on_uid, a, "s",
				     sd_bus_message_get_sender(m));
	if (r < 0) {
		asked_free(a);
		return r;
	}
	sd_bus_slot_set_destroy_callback(slot, asked_free);
	sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
	return 1;
}

#define CHANGES	     SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define UNPRIVILEGED SD_BUS_VTABLE_UNPRIVILEGED

const sd_bus_vtable bus_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Reload", "a{sv}", "t", reload, UNPRIVILEGED),
	SD_BUS_METHOD("Plan", "sa{sv}", "a(sssssss)", plan, UNPRIVILEGED),
	SD_BUS_METHOD("Capture", "sa{sv}", "s", bus_capture, UNPRIVILEGED),
	SD_BUS_METHOD("ListDevices", "", "a(ssso)", list_devices, UNPRIVILEGED),
	SD_BUS_SIGNAL("JobRemoved", "ts", 0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
	SD_BUS_PROPERTY("Generation", "t", get_generation, 0, CHANGES),
	SD_BUS_PROPERTY("ConfigFiles", "as", get_files, 0, CHANGES),
	SD_BUS_PROPERTY("Diagnostics", "as", get_diagnostics, 0, CHANGES),
	SD_BUS_VTABLE_END,
};
