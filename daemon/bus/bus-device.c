// SPDX-License-Identifier: GPL-2.0-or-later
/* org.carved1.Device: the properties of one device. */
#include "bus/internal.h"

#include <string.h>

static int get_string(_unused_ sd_bus *bus, _unused_ const char *path,
		      _unused_ const char *interface, const char *property, sd_bus_message *reply,
		      void *user, _unused_ sd_bus_error *error)
{
	const struct device *d = managed_device(user);
	const struct facts *f = &d->world.facts;
	const char *s = "";

	if (strcmp(property, "Handle") == 0)
		s = d->handle;
	else if (strcmp(property, "Entry") == 0)
		s = d->used.entry ? d->used.entry->name : "";
	else if (strcmp(property, "Driver") == 0)
		s = f->driver ? f->driver : "";
	else if (strcmp(property, "State") == 0)
		s = device_state_name(d->state);
	else if (strcmp(property, "StateReason") == 0)
		s = d->reason;
	else if (strcmp(property, "PendingClass") == 0)
		s = disruption_name(d->plan.pending);
	else if (strcmp(property, "LastError") == 0)
		s = d->last_error;
	else if (strcmp(property, "LastExtack") == 0)
		s = d->last_extack;
	return sd_bus_message_append(reply, "s", s);
}

static int get_number(_unused_ sd_bus *bus, _unused_ const char *path,
		      _unused_ const char *interface, const char *property, sd_bus_message *reply,
		      void *user, _unused_ sd_bus_error *error)
{
	const struct device *d = managed_device(user);
	uint64_t n = d->outage;

	if (strcmp(property, "ReloadCount") == 0)
		n = d->world.memory.reloads;
	else if (strcmp(property, "ForeignReloadCount") == 0)
		n = d->world.memory.foreign_reloads;
	return sd_bus_message_append(reply, "t", n);
}

static char *why_not(const struct device *d, const struct object *want)
{
	vec_each(f, &d->failures) {
		struct buf b = {};

		if (f->step.kind != STEP_SET || object_compare(&f->step.target, want) != 0)
			continue;
		failure_explain(f, &b);
		return buf_take(&b);
	}
	return mem_strdup("");
}

static int append_object(sd_bus_message *reply, const struct device *d, const struct object *want)
{
	uint8_t fields = want->present & (uint8_t)((1u << want->class->n_writable) - 1);
	const struct object *have =
		state_find(&d->world.have, want->class, want->name, want->cmode);
	_cleanup_free_ char *label = object_label(want), *wanted = object_format(want, fields);
	_cleanup_free_ char *actual = have ? object_format(have, fields) : mem_strdup("-");
	_cleanup_free_ char *reason = why_not(d, want);
	_cleanup_free_ char *origin = mark_format(want->mark[fields & 1 ? 0 : 1]);

	return sd_bus_message_append(reply, "(ssssss)", want->class->name, label, wanted, actual,
				     reason, origin);
}

static int get_objects(_unused_ sd_bus *bus, _unused_ const char *path,
		       _unused_ const char *interface, _unused_ const char *property,
		       sd_bus_message *reply, void *user, _unused_ sd_bus_error *error)
{
	const struct device *d = managed_device(user);
	int r = sd_bus_message_open_container(reply, 'a', "(ssssss)");

	vec_each(want, &d->want.objects)
		if (r >= 0)
			r = append_object(reply, d, want);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define CHANGES	    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define INVALIDATES SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION

const sd_bus_vtable bus_device_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Handle", "s", get_string, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Entry", "s", get_string, 0, CHANGES),
	SD_BUS_PROPERTY("Driver", "s", get_string, 0, CHANGES),
	SD_BUS_PROPERTY("State", "s", get_string, 0, CHANGES),
	SD_BUS_PROPERTY("StateReason", "s", get_string, 0, CHANGES),
	SD_BUS_PROPERTY("PendingClass", "s", get_string, 0, CHANGES),
	SD_BUS_PROPERTY("Objects", "a(ssssss)", get_objects, 0, INVALIDATES),
	SD_BUS_PROPERTY("LastError", "s", get_string, 0, CHANGES),
	SD_BUS_PROPERTY("LastExtack", "s", get_string, 0, CHANGES),
	SD_BUS_PROPERTY("ReloadCount", "t", get_number, 0, CHANGES),
	SD_BUS_PROPERTY("ForeignReloadCount", "t", get_number, 0, CHANGES),
	SD_BUS_PROPERTY("LastReloadOutageUSec", "t", get_number, 0, CHANGES),
	SD_BUS_VTABLE_END,
};
