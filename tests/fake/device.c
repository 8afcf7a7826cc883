// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices come and go. The instance lock is "an operation is running": the owner's connection waits
 * for its end, everybody else's for the lock.
 */
#include "model.h"

#include <string.h>

struct device *device_find(struct fake *f, const char *handle)
{
	for (struct device *d = f->devices; d; d = d->next)
		if (strcmp(d->handle, handle) == 0)
			return d;
	return NULL;
}

bool device_locked(const struct device *d)
{
	return d->operation.kind != OPERATION_NONE;
}

bool device_has_traps(const struct device *d)
{
	return d->up || d->quirks.traps_survive;
}

/* devlink_resource_validate_children(): a plain u64 sum, which may wrap. */
void resource_validate(struct device *d, size_t i)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < d->n_resources; k++)
		if (d->resources[k].parent == i + 1)
			sum += d->resources[k].size_new;
	d->resources[i].valid = d->resources[i].leaf || sum <= d->resources[i].size_new;
}

/* devlink_resources_validate() believes the flags; it does no sums of its own. */
bool resources_valid(const struct device *d)
{
	for (size_t i = 0; i < d->n_resources; i++)
		if (!d->resources[i].valid)
			return false;
	return true;
}

/** objects_reset() - traps, groups and policers are registered anew. */
void objects_reset(struct device *d)
{
	for (size_t i = 0; i < d->n_policers; i++) {
		d->policers[i].rate = d->policers[i].initial_rate;
		d->policers[i].burst = d->policers[i].initial_burst;
	}
	for (size_t i = 0; i < d->n_groups; i++)
		d->groups[i].policer = d->groups[i].initial;
	for (size_t i = 0; i < d->n_traps; i++)
		d->traps[i].action = d->traps[i].initial;
}

/** device_defaults() - what a probe begins with: all but NVRAM and flash is the driver's own. */
void device_defaults(struct device *d)
{
	for (size_t i = 0; i < d->n_params; i++) {
		for (unsigned m = 0; m < N_CMODES; m++) {
			if (m == DEVLINK_PARAM_CMODE_PERMANENT)
				continue;
			d->params[i].mode[m].now = d->params[i].mode[m].initial;
			d->params[i].mode[m].active = d->params[i].mode[m].initial;
			d->params[i].mode[m].fresh = (struct value){};
		}
	}
	for (size_t i = 0; i < d->n_resources; i++) {
		struct resource *r = &d->resources[i];

		r->size = r->size_new = r->active = r->initial;
		r->valid = true;
	}
	objects_reset(d);
	ports_reset(d);
	flats_reset(d, false);
	memset(d->stats, 0, sizeof(d->stats));
	d->reload_failed = false;
	d->up = true;
	firmware_probe(d);
}

/* Devices stand in the order in which they have registered, as dumps tell of them. */
static void move_to_end(struct fake *f, struct device *d)
{
	struct device **p = &f->devices;

	while (*p && *p != d)
		p = &(*p)->next;
	if (*p)
		*p = d->next;
	while (*p)
		p = &(*p)->next;
	*p = d;
	d->next = NULL;
}

/* 6.1 tells all at the end of the probe; 6.12 registers first. */
void device_register(struct fake *f, struct device *d)
{
	move_to_end(f, d);
	d->serial = ++f->serial;
	if (f->line >= FAKE_7_3 && strcmp(d->bus, INDEX_BUS) != 0)
		d->index = ++f->last_index;
	d->registered = true;
	notify_device(f, d, DEVLINK_CMD_NEW);
	if (d->up)
		linecards_notify(f, d, true);
	if (f->line >= FAKE_6_12) {
		notify_params(f, d, DEVLINK_CMD_PARAM_NEW, false);
		if (d->up)
			notify_region(f, d, true);
		if (d->up)
			notify_params(f, d, DEVLINK_CMD_PARAM_NEW, true);
		if (device_has_traps(d))
			notify_traps(f, d, true);
		if (d->up)
			notify_ports_up(f, d);
		return;
	}
	for (unsigned i = 0; d->up && i < ports_of(d); i++)
		notify_port(f, d, DEVLINK_CMD_PORT_NEW, i, PORT_NETDEV);
	if (device_has_traps(d))
		notify_traps(f, d, true);
	if (d->up)
		notify_region(f, d, true);
	notify_params(f, d, DEVLINK_CMD_PARAM_NEW, false);
}

/* devlink_notify_unregister() of 6.1: before the driver tears down, so with the true actions. */
static void tell_gone_6_1(struct fake *f, struct device *d)
{
	notify_params(f, d, DEVLINK_CMD_PARAM_DEL, false);
	if (d->up)
		notify_region(f, d, false);
	if (device_has_traps(d))
		notify_traps(f, d, false);
	for (unsigned i = d->up ? ports_of(d) : 0; i-- > 0;)
		notify_port(f, d, DEVLINK_CMD_PORT_DEL, i, PORT_NETDEV);
	if (d->up)
		linecards_notify(f, d, false);
	notify_device(f, d, DEVLINK_CMD_DEL);
}

static void tell_gone_6_12(struct fake *f, struct device *d)
{
	reload_down(f, d);
	notify_params(f, d, DEVLINK_CMD_PARAM_DEL, false);
	notify_device(f, d, DEVLINK_CMD_DEL);
}

/** device_unregister() - an unbind; waits for the lock. */
void device_unregister(struct fake *f, struct device *d)
{
	if (!d->registered)
		return;
	if (device_locked(d)) {
		d->dying = true;
		return;
	}
	if (f->line >= FAKE_6_12)
		tell_gone_6_12(f, d);
	else
		tell_gone_6_1(f, d);
	d->registered = d->dying = false;
}

/** devices_reap() - carry out what waited for a lock. */
void devices_reap(struct fake *f)
{
	struct device **p = &f->devices;

	while (*p) {
		struct device *d = *p;

		if (d->dying && !device_locked(d))
			device_unregister(f, d);
		if (d->forget && !d->registered) {
			*p = d->next;
			device_free(d);
		} else {
			p = &d->next;
		}
	}
}
