// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DEVLINK_CMD_FLASH_UPDATE: checks, the file's search, FLASH_UPDATE, progress, FLASH_UPDATE_END
 * whatever the outcome. The image runs after an activation; where the driver reports stored
 * versions they show it before. And what a probe or a driver of its own accord makes of it.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Where the driver knows the mask at all, which bits it can do is its own affair. */
static uint32_t overwrite_of(const struct call *c)
{
	const struct nlattr *a = c->a.v[DEVLINK_ATTR_FLASH_UPDATE_OVERWRITE_MASK];
	struct nla_bitfield32 mask = {};

	if (a)
		memcpy(&mask, attr_data(a), sizeof(mask));
	return mask.value & mask.selector;
}

static json_t *fake_key(const struct device *d, const char *key)
{
	return json_object_get(json_object_get(d->facts, "fake"), key);
}

/* Only versions that the driver marks as components can be flashed on their own. */
static int check_component(struct call *c)
{
	const char *component = call_string(c, DEVLINK_ATTR_FLASH_UPDATE_COMPONENT);
	size_t i;
	json_t *j;

	if (!component)
		return 0;
	if (!c->dev->quirks.info) {
		call_say(c, "component update is not supported by this device");
		return -EOPNOTSUPP;
	}
	json_array_foreach(fake_key(c->dev, "components"), i, j)
		if (strcmp(json_string_value(j) ?: "", component) == 0)
			return 0;
	call_say(c, "selected component is not supported by this device");
	return -EINVAL;
}

static int check_overwrite(struct call *c)
{
	const struct nlattr *a = c->a.v[DEVLINK_ATTR_FLASH_UPDATE_OVERWRITE_MASK];

	if (!a || c->dev->quirks.overwrite_mask)
		return 0;
	call_say(c, "overwrite settings are not supported by this device");
	return -EOPNOTSUPP;
}

/* request_firmware(): the name is put behind the search path, so an absolute one is not found. */
static int find_file(struct call *c, const char *name)
{
	int r = 0;

	if (strstr(name, "..") || !*name)
		r = -EINVAL;
	else if (!json_object_get(fake_key(c->dev, "files"), name))
		r = -ENOENT;
	if (r)
		call_say(c, "failed to locate the requested firmware file");
	return r;
}

static int check(struct call *c)
{
	const char *file = call_string(c, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME);
	int r;

	if (!c->dev->quirks.flash)
		return -EOPNOTSUPP;
	if (!file)
		return call_missing(c, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME);
	r = check_component(c);
	if (r == 0)
		r = check_overwrite(c);
	return r ? r : find_file(c, file);
}

/* The versions of @image where the device reports such. @kind: "running" or "stored" */
static void report(struct device *d, const char *kind, json_t *image)
{
	json_t *list = json_object_get(d->versions, kind), *value;
	const char *name;

	json_object_foreach(image, name, value)
		if (json_object_get(list, name))
			json_object_set(list, name, value);
}

static void store(struct device *d, json_t *image)
{
	report(d, "stored", image);
	json_decref(d->flashed);
	d->flashed = json_incref(image);
}

static int end(struct call *c, struct device *d, int error)
{
	if (error == 0) {
		if (d->quirks.flash_select)
			notify_status(c->fake, d, "Flash select", 0, 0, 81);
		notify_status(c->fake, d, "Flashing done", 0, 0, 0);
		store(d, json_object_get(fake_key(d, "files"), d->operation.file));
	} else if (d->quirks.flash_failed) {
		notify_status(c->fake, d, d->quirks.flash_failed, 0, 0, 0);
	}
	notify_flash(c->fake, d, DEVLINK_CMD_FLASH_UPDATE_END);
	d->operation.kind = OPERATION_NONE;
	c->socket->working = NULL;
	return error;
}

/** flash_continue() - as much of the image as is due. */
int flash_continue(struct call *c, struct device *d)
{
	struct operation *o = &d->operation;
	unsigned n = d->quirks.flash_steps, unit = d->quirks.flash_unit;

	while (c->fake->now >= o->due) {
		if (d->fail_flash.times && o->step * 100 >= d->fail_flash.percent * n) {
			d->fail_flash.times--;
			call_say_driver(c, d->fail_flash.text);
			return end(c, d, -d->fail_flash.error);
		}
		notify_status(c->fake, d, "Flashing", (uint64_t)o->step * unit, (uint64_t)n * unit,
			      0);
		if (o->step == n)
			return end(c, d, 0);
		o->step++;
		o->due = o->started + d->quirks.flash_msec * o->step / n;
	}
	return CALL_WAIT;
}

int flash_start(struct call *c)
{
	struct device *d = c->dev;
	struct operation *o = &d->operation;
	int r = check(c);

	if (r)
		return r;
	d->counts.flashes++;
	*o = (struct operation){.kind = OPERATION_FLASH, .started = c->fake->now};
	o->due = o->started;
	snprintf(o->file, sizeof(o->file), "%s",
		 call_string(c, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME));
	snprintf(o->component, sizeof(o->component), "%s",
		 call_string(c, DEVLINK_ATTR_FLASH_UPDATE_COMPONENT) ?: "");
	notify_flash(c->fake, d, DEVLINK_CMD_FLASH_UPDATE);
	if (overwrite_of(c) & ~d->quirks.overwrite)
		return end(c, d, -EOPNOTSUPP);
	notify_status(c->fake, d, "Preparing to flash", 0, 0, 0);
	c->socket->working = d;
	return flash_continue(c, d);
}

/** firmware_activate() - the flashed image is the running one. */
void firmware_activate(struct device *d)
{
	if (d->sticky)
		return;
	report(d, "running", d->flashed);
	json_decref(d->flashed);
	d->flashed = NULL;
}

static bool older(const char *version, const char *than)
{
	unsigned a[3] = {}, b[3] = {};

	if (!version || sscanf(version, "%u.%u.%u", &a[0], &a[1], &a[2]) != 3 ||
	    sscanf(than, "%u.%u.%u", &b[0], &b[1], &b[2]) != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/** firmware_upgrade() - mlxsw_core_fw_rev_validate(): upwards only. @f: NULL: nobody can hear it */
void firmware_upgrade(struct fake *f, struct device *d)
{
	json_t *running = json_object_get(json_object_get(d->versions, "running"), "fw.version");
	struct param *policy = param_find(d, "fw_load_policy");
	json_t *image;

	if (!d->builtin[0] || !older(json_string_value(running), d->builtin) ||
	    (policy && policy->mode[DEVLINK_PARAM_CMODE_DRIVERINIT].active.num != 0))
		return;
	image = json_pack("{s:s,s:s}", "fw", d->builtin, "fw.version", d->builtin);
	store(d, image);
	json_decref(image);
	if (f) /* without FLASH_UPDATE and FLASH_UPDATE_END */
		notify_status(f, d, "Flashing done", 0, 0, 0);
	firmware_activate(d);
}

/** firmware_probe() - which image a new instance runs. */
void firmware_probe(struct device *d)
{
	if (d->loses) {
		json_decref(d->flashed);
		d->flashed = NULL;
		json_decref(d->versions);
		d->versions = json_deep_copy(json_object_get(d->facts, "versions"));
	}
	if (d->quirks.performed[DEVLINK_RELOAD_ACTION_DRIVER_REINIT] &
	    (1u << DEVLINK_RELOAD_ACTION_FW_ACTIVATE))
		firmware_activate(d); /* this driver's probe resets the device */
	firmware_upgrade(NULL, d);
}
