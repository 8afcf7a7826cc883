// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a read tells beyond the values themselves: whether the device registered anew, whether it
 * was reloaded and by whom, which staged values are in force now. Counters are compared for
 * difference: they restart whenever the device registers.
 */
#include "device_parts.h"
#include "base/log.h"

#include <linux/devlink.h>

/* Everything is at the driver's defaults, and what we knew is worth nothing. */
static void registered(struct device *d)
{
	memory_restart(&d->world.memory);
	state_clear(&d->world.catalogue);
	d->world.has_catalogue = false;
	d->identified = false;
	d->identify = d->need_read = true;
	d->explicit = d->allow_reload = true;
	d->own_reload = d->learn_unread = d->known = false;
	failures_clear(d);
	steps_clear(&d->ran);
	d->trigger = "registration";
	log_with(LOG_NOTICE, &(struct log_fields){.device = d->handle, .trigger = d->trigger},
		 "%s: the device registered anew", d->handle);
}

static void reloaded(struct device *d, const counter_list *now)
{
	struct memory *m = &d->world.memory;
	unsigned n = counters_reloads(now, &m->counters), own = d->own_reload ? 1 : 0;
	unsigned foreign = n > own ? n - own : 0;

	if (counters_action_differs(now, &m->counters, DEVLINK_RELOAD_ACTION_DRIVER_REINIT))
		notes_clear(&m->in_force);
	d->learn_unread = d->own_reload && !foreign;
	m->reloads += own;
	if (own)
		failures_drop_transient(d); /* a lost answer to it: here it is */
	d->identify = true;		    /* versions may have changed */
	d->recovering = true;
	d->revision++;
	if (!foreign)
		return;
	m->foreign_reloads += foreign;
	d->foreign += foreign;
	d->trigger = "foreign-reload";
	d->restored = 0;
	failures_clear(d);
	steps_clear(&d->ran);
}

static void take_facts(struct device *d, const struct device_reading *r)
{
	struct facts *facts = &d->world.facts;

	if (r->identified) {
		facts_clear(facts);
		*facts = *r->facts;
		*r->facts = (struct facts){};
		d->identified = true;
		d->identify = false;
	} else {
		counters_copy(&facts->counters, &r->facts->counters);
		facts->reload_failed = r->facts->reload_failed;
	}
}

static void take_states(struct device *d, const struct device_reading *r)
{
	state_clear(&d->world.have);
	d->world.have = *r->have;
	*r->have = (struct state){};
	if (!r->catalogued)
		return;
	state_clear(&d->world.catalogue);
	d->world.catalogue = *r->catalogue;
	*r->catalogue = (struct state){};
	d->world.has_catalogue = true;
	d->need_catalogue = false;
	d->catalogues++;
}

/**
 * device_absorb() - take in a successful read.
 *
 * Return: false where it has to be read again first, as it is another instance than we thought.
 */
bool device_absorb(struct device *d, const struct device_reading *r)
{
	const counter_list *now = &r->facts->counters;
	struct memory *m = &d->world.memory;
	bool known = m->counters.n > 0;
	bool again = known && counters_restarted(now, &m->counters);

	if (d->vanished && d->identified)
		again = true;
	d->vanished = false;
	d->dirty |= counters_differ(now, &m->counters);
	if (again) {
		registered(d);
		if (!r->identified)
			return false;
	} else if (known && counters_differ(now, &m->counters)) {
		reloaded(d, now);
	}
	d->own_reload = false;
	counters_copy(&m->counters, now);
	take_facts(d, r);
	take_states(d, r);
	return true;
}

static void learn_in_force(struct device *d, const struct object *want)
{
	const struct object *have =
		state_find(&d->world.have, want->class, want->name, want->cmode);

	if (!have || !object_has(have, PARAM_VALUE) || notes_find(&d->world.memory.in_force, want))
		return;
	notes_put(&d->world.memory.in_force, want, &have->v[PARAM_VALUE]);
	d->dirty = true;
}

/* After a good reload of ours a size is still pending: the driver does not read it. */
static void learn_unread(struct device *d, const struct object *want)
{
	const struct object *have =
		state_find(&d->world.have, want->class, want->name, want->cmode);

	if (!have || !object_has(have, RESOURCE_SIZE_NEW) ||
	    !value_equal(&have->v[RESOURCE_SIZE_NEW], &want->v[RESOURCE_SIZE]))
		return;
	notes_put(&d->world.memory.unread, want, &want->v[RESOURCE_SIZE]);
	d->dirty = true;
	log_with(LOG_NOTICE,
		 &(struct log_fields){.device = d->handle,
				      .object = want->name,
				      .file = want->mark[0].file,
				      .line = want->mark[0].line},
		 "%s: resource %s was accepted, but the driver did not read it in the reload",
		 d->handle, want->name);
}

/** device_learn() - note what follows from a read, now that it is bound. */
void device_learn(struct device *d)
{
	vec_each(want, &d->want.objects) {
		if (want->class == &class_param && want->cmode == CMODE_DRIVERINIT)
			learn_in_force(d, want);
		if (want->class == &class_resource && d->learn_unread)
			learn_unread(d, want);
	}
	d->learn_unread = false;
}
