// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * org.carved1.Device: the properties of one device, and which of them have changed. Short ones are
 * told with their values, long ones only as changed.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "device/goal.h"
#include "manager/runner.h"
#include "plan/drift.h"
#include "plan/match.h"

#include <string.h>

/* --- texts and numbers ------------------------------------------------------- */

static const char *const text_names[BUS_DEVICE_TEXTS] = {
	"Entry",     "Driver",	   "State",	      "StateReason",   "PendingClass",
	"LastError", "LastExtack", "FirmwareRunning", "FirmwareStored"};

static const char *const number_names[BUS_DEVICE_NUMBERS] = {
	"ReloadCount",	   "ForeignReloadCount", "RegistrationCount", "LastReloadOutageUSec",
	"ConvergedAtUSec", "PausedUntilUSec",	 "StateSinceUSec",    "DownSinceUSec",
	"NextAttemptUSec", "LastErrorUSec"};

/* The version that the entry, or by default the driver, means by firmware. */
static const char *firmware(const struct device *d, enum version_kind kind)
{
	const struct facts *f = &d->world.facts;
	struct firmware_wish wish = {};
	const char *key;

	if (d->assignment.used.entry)
		vec_each(l, &d->assignment.used.entry->layers)
			if (match_layer(l, d->handle, f))
				firmware_merge(&wish, l->firmware);
	key = facts_firmware_key(f, wish.v[FIRMWARE_VERSION_KEY].text);
	return key ? facts_version(f, kind, key) : NULL;
}

static const char *text_of(const struct device *d, const char *property)
{
	const char *s = "";

	if (strcmp(property, "Handle") == 0)
		s = d->handle;
	else if (strcmp(property, "Entry") == 0)
		s = device_entry_name(d);
	else if (strcmp(property, "Driver") == 0)
		s = d->world.facts.driver;
	else if (strcmp(property, "State") == 0)
		s = device_state_name(d->status.state);
	else if (strcmp(property, "StateReason") == 0)
		s = d->status.reason;
	else if (strcmp(property, "PendingClass") == 0)
		s = disruption_name(device_pending(d));
	else if (strcmp(property, "LastError") == 0)
		s = d->failures.last_error;
	else if (strcmp(property, "LastExtack") == 0)
		s = d->failures.last_extack;
	else if (strcmp(property, "FirmwareRunning") == 0)
		s = firmware(d, VERSION_RUNNING);
	else if (strcmp(property, "FirmwareStored") == 0)
		s = firmware(d, VERSION_STORED);
	return s ? s : "";
}

static uint64_t number_of(const struct device *d, const char *property)
{
	if (strcmp(property, "ReloadCount") == 0)
		return d->world.memory.reloads;
	if (strcmp(property, "ForeignReloadCount") == 0)
		return d->world.memory.foreign_reloads;
	if (strcmp(property, "RegistrationCount") == 0)
		return d->world.memory.times_registered;
	if (strcmp(property, "LastReloadOutageUSec") == 0)
		return d->history.outage;
	if (strcmp(property, "PausedUntilUSec") == 0)
		return d->world.memory.pause.until;
	if (strcmp(property, "StateSinceUSec") == 0)
		return d->status.since;
	if (strcmp(property, "DownSinceUSec") == 0)
		return device_down_since(d);
	if (strcmp(property, "NextAttemptUSec") == 0)
		return device_retry_at(d);
	if (strcmp(property, "LastErrorUSec") == 0)
		return d->failures.last_at;
	return d->status.converged_at;
}

static int get_text(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
		    const char *property, sd_bus_message *reply, void *user,
		    _unused_ sd_bus_error *error)
{
	const struct bus_device *d = user;

	return sd_bus_message_append(reply, "s", text_of(runner_device(d->runner), property));
}

static int get_number(_unused_ sd_bus *bus, _unused_ const char *path,
		      _unused_ const char *interface, const char *property, sd_bus_message *reply,
		      void *user, _unused_ sd_bus_error *error)
{
	const struct bus_device *d = user;

	return sd_bus_message_append(reply, "t", number_of(runner_device(d->runner), property));
}

static int get_time(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
		    const char *property, sd_bus_message *reply, void *user,
		    _unused_ sd_bus_error *error)
{
	const struct bus_device *d = user;
	uint64_t at = number_of(runner_device(d->runner), property);

	return sd_bus_message_append(reply, "t",
				     at && at != USEC_NEVER ? bus_realtime(d->bus, at) : at);
}

static int get_last_read(_unused_ sd_bus *bus, _unused_ const char *path,
			 _unused_ const char *interface, _unused_ const char *property,
			 sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct bus_device *d = user;
	uint64_t at = runner_device(d->runner)->view.read.at;

	return sd_bus_message_append(reply, "t", at ? bus_realtime(d->bus, at) : 0);
}

static int get_progress(_unused_ sd_bus *bus, _unused_ const char *path,
			_unused_ const char *interface, _unused_ const char *property,
			sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct runner *r = ((const struct bus_device *)user)->runner;
	enum device_state state = runner_device(r)->status.state;
	/* somebody else's is not what the device is at */
	const struct progress *flash = state == STATE_FLASHING ? runner_progress(r) : NULL;

	if (flash)
		return sd_bus_message_append(reply, "(stt)", flash->what, flash->done,
					     flash->total);
	return sd_bus_message_append(reply, "(stt)", state == STATE_RELOADING ? "reload" : "",
				     UINT64_C(0), UINT64_C(0));
}

/* --- lists ------------------------------------------------------------------- */

/* What is in force, which for a param that waits for a reload is not what the kernel shows. */
static char *format_actual(const struct device *d, const struct object *want, field_mask fields)
{
	const struct object *have =
		state_find(&d->world.have, want->class, want->name, want->cmode);
	const struct value *noted = notes_find(&d->world.memory.in_force, want, PARAM_VALUE);
	struct object shown;

	if (!have)
		return mem_strdup("-");
	shown = *have;
	if (want->class == &class_param && noted)
		shown.v[PARAM_VALUE] = *noted;
	return object_format(&shown, fields);
}

/** bus_append_object() - a row of Objects. Return: as sd_bus_message_append(). */
int bus_append_object(sd_bus_message *reply, const struct device *d, const struct object *want)
{
	field_mask fields = object_writable(want);
	_cleanup_free_ char *label = object_label(want), *wanted = object_format(want, fields);
	_cleanup_free_ char *actual = format_actual(d, want, fields);
	_cleanup_free_ char *reason = device_object_status(d, want);
	_cleanup_free_ char *origin = object_origin(want, fields & 1 ? 0 : 1);

	return sd_bus_message_append(reply, "(ssssss)", want->class->name, label, wanted, actual,
				     reason, origin);
}

static int append_firmware(sd_bus_message *reply, const struct device *d)
{
	const struct firmware *f = &d->assignment.want.firmware;
	const char *runs =
		f->version ? facts_version(&d->world.facts, VERSION_RUNNING, f->key) : NULL;
	_cleanup_free_ char *reason = device_firmware_status(d), *origin = mark_format(f->mark);

	if (!f->version)
		return 0;
	return sd_bus_message_append(reply, "(ssssss)", "firmware", f->key, f->version,
				     runs ? runs : "-", reason, origin);
}

static int get_objects(_unused_ sd_bus *bus, _unused_ const char *path,
		       _unused_ const char *interface, _unused_ const char *property,
		       sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct device *d = runner_device(((const struct bus_device *)user)->runner);
	int r = sd_bus_message_open_container(reply, 'a', "(ssssss)");
	struct state restored = {};

	if (r >= 0)
		r = append_firmware(reply, d);
	vec_each(want, &d->assignment.want.objects)
		if (r >= 0)
			r = bus_append_object(reply, d, want);
	goal_restored(&d->goal, &restored);
	vec_each(want, &restored.objects)
		if (r >= 0)
			r = bus_append_object(reply, d, want);
	state_clear(&restored);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_drift(_unused_ sd_bus *bus, _unused_ const char *path,
		     _unused_ const char *interface, _unused_ const char *property,
		     sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct device *d = runner_device(((const struct bus_device *)user)->runner);
	drift_list drifts = {};
	int r = sd_bus_message_open_container(reply, 'a', "(ssss)");
	struct state restored = {};

	drift_find(&d->assignment.want, &d->world, &drifts);
	goal_restored(&d->goal, &restored);
	drift_find(&restored, &d->world, &drifts);
	state_clear(&restored);
	vec_each(drift, &drifts)
		if (r >= 0)
			r = sd_bus_message_append(reply, "(ssss)", drift->object, drift->attribute,
						  drift->wanted, drift->actual);
	drift_clear(&drifts);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_field(sd_bus_message *reply, const struct object *o, unsigned field)
{
	const char *name = o->class->fields[field].name;

	if (!object_has(o, field) || field == RESOURCE_ID)
		return 0;
	if (field == RESOURCE_UNIT)
		return sd_bus_message_append(reply, "{sv}", name, "s",
					     o->v[field].num == 0 ? "entry" : "unknown");
	return sd_bus_message_append(reply, "{sv}", name, "t", o->v[field].num);
}

static int append_resource(sd_bus_message *reply, const struct object *o)
{
	int r = sd_bus_message_open_container(reply, 'r', "sa{sv}");

	if (r >= 0)
		r = sd_bus_message_append(reply, "s", o->name);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{sv}");
	for (unsigned i = 0; r >= 0 && i < o->class->n_fields; i++)
		r = append_field(reply, o, i);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_resources(_unused_ sd_bus *bus, _unused_ const char *path,
			 _unused_ const char *interface, _unused_ const char *property,
			 sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct device *d = runner_device(((const struct bus_device *)user)->runner);
	int r = sd_bus_message_open_container(reply, 'a', "(sa{sv})");

	vec_each(o, &d->world.have.objects)
		if (r >= 0 && o->class == &class_resource)
			r = append_resource(reply, o);
	vec_each(o, &d->world.catalogue.objects)
		if (r >= 0 && resource_is_of_port(o))
			r = append_resource(reply, o);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_netdevs(_unused_ sd_bus *bus, _unused_ const char *path,
		       _unused_ const char *interface, _unused_ const char *property,
		       sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct device *d = runner_device(((const struct bus_device *)user)->runner);
	int r = sd_bus_message_open_container(reply, 'a', "s");

	vec_each(name, &d->world.facts.netdevs)
		if (r >= 0)
			r = sd_bus_message_append(reply, "s", *name);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define CHANGES	    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define INVALIDATES SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION

const sd_bus_vtable bus_device_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Handle", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Entry", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Driver", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("State", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("StateReason", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("PendingClass", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Objects", "a(ssssss)", get_objects, 0, INVALIDATES),
	SD_BUS_PROPERTY("Drift", "a(ssss)", get_drift, 0, INVALIDATES),
	SD_BUS_PROPERTY("LastError", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("LastExtack", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("ReloadCount", "t", get_number, 0, CHANGES),
	SD_BUS_PROPERTY("ForeignReloadCount", "t", get_number, 0, CHANGES),
	SD_BUS_PROPERTY("RegistrationCount", "t", get_number, 0, CHANGES),
	SD_BUS_PROPERTY("LastReloadOutageUSec", "t", get_number, 0, CHANGES),
	SD_BUS_PROPERTY("ConvergedAtUSec", "t", get_time, 0, CHANGES),
	SD_BUS_PROPERTY("PausedUntilUSec", "t", get_time, 0, CHANGES),
	SD_BUS_PROPERTY("StateSinceUSec", "t", get_time, 0, CHANGES),
	SD_BUS_PROPERTY("DownSinceUSec", "t", get_time, 0, CHANGES),
	SD_BUS_PROPERTY("NextAttemptUSec", "t", get_time, 0, CHANGES),
	SD_BUS_PROPERTY("LastErrorUSec", "t", get_time, 0, CHANGES),
	SD_BUS_PROPERTY("FirmwareRunning", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("FirmwareStored", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("NetDevs", "as", get_netdevs, 0, CHANGES),
	SD_BUS_PROPERTY("Progress", "(stt)", get_progress, 0, CHANGES),
	SD_BUS_PROPERTY("LastReadUSec", "t", get_last_read, 0, 0), /* moves at every read */
	SD_BUS_PROPERTY("Resources", "a(sa{sv})", get_resources, 0, INVALIDATES),
	SD_BUS_VTABLE_END,
};

/* --- what has changed -------------------------------------------------------- */

/* Take over the value. Return: was it another? */
static bool take(char **told, const char *now)
{
	if (text_equal(*told, now))
		return false;
	free(*told);
	*told = mem_strdup(now);
	return true;
}

static bool take_netdevs(struct bus_device *d)
{
	_cleanup_free_ char *now = NULL;
	struct buf b = {};

	vec_each(name, &runner_device(d->runner)->world.facts.netdevs)
		buf_add(&b, "%s ", *name);
	now = buf_take(&b);
	return take(&d->netdevs, now);
}

static bool take_diagnostics(struct bus_device *d)
{
	_cleanup_free_ char *now = diag_render_all(&runner_device(d->runner)->assignment.diags);

	return take(&d->diagnostics, now);
}

/**
 * bus_device_tell() - tell what has changed since the last call.
 * @silently: only note it: who sees the device for the first time sees all of it
 *
 * Return: have the problems of the device changed, which the manager shows?
 */
bool bus_device_tell(struct bus_device *d, bool silently)
{
	const struct device *device = runner_device(d->runner);
	VEC(const char *) names = {};
	bool moved = false;

	if (!silently && d->revision == device->status.revision)
		return false;
	d->revision = device->status.revision;
	for (size_t i = 0; i < BUS_DEVICE_TEXTS; i++)
		if (take(&d->texts[i], text_of(device, text_names[i]))) {
			vec_push(&names, text_names[i]);
			moved |= strcmp(text_names[i], "State") == 0;
		}
	for (size_t i = 0; i < BUS_DEVICE_NUMBERS; i++)
		if (d->numbers[i] != number_of(device, number_names[i])) {
			d->numbers[i] = number_of(device, number_names[i]);
			vec_push(&names, number_names[i]);
		}
	if (take_netdevs(d))
		vec_push(&names, "NetDevs");
	if (moved)
		vec_push(&names, "Progress");
	vec_push(&names, "Objects");
	vec_push(&names, "Drift");
	vec_push(&names, "Resources");
	vec_push(&names, NULL);
	if (!silently)
		sd_bus_emit_properties_changed_strv(d->bus->connection, d->path, BUS_DEVICE,
						    (char **)names.v);
	vec_clear(&names);
	return take_diagnostics(d);
}

/** bus_device_forget() - the device is gone, or the connection. */
void bus_device_forget(struct bus_device *d)
{
	sd_bus_slot_unref(d->slot);
	for (size_t i = 0; i < BUS_DEVICE_TEXTS; i++)
		free(d->texts[i]);
	free(d->diagnostics);
	free(d->netdevs);
	free(d->path);
	free(d);
}
