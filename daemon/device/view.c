// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a read tells beyond the values themselves: whether the device registered anew, whether it
 * was reloaded and by whom, which staged values are in force now. Counters are compared for
 * difference: they restart whenever the device registers.
 */
#include "device/parts.h"
#include "base/clock.h"
#include "base/log.h"

#include <linux/devlink.h>

/* A successor can be asked at most so long before its message comes. */
#define DOUBT_USEC (USEC_PER_SEC / 20)

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
	device_look_again(d);
	d->trigger = "registration";
	log_with(LOG_NOTICE,
		 &(struct log_fields){
			 .id = MESSAGE_REGISTERED, .device = d->handle, .trigger = d->trigger},
		 "%s: the device registered anew", d->handle);
}

/* The action that is counted of reloads that initialise the driver: one without driver_reinit counts none. */
static uint8_t initialising_action(const counter_list *counters)
{
	return counters_offer(counters, DEVLINK_RELOAD_ACTION_DRIVER_REINIT,
			      DEVLINK_RELOAD_LIMIT_UNSPEC)
		       ? DEVLINK_RELOAD_ACTION_DRIVER_REINIT
		       : DEVLINK_RELOAD_ACTION_FW_ACTIVATE;
}

/*
 * Somebody else's reload has loaded what was staged before or after our SET: rather the one that is not wanted,
 * which a reload of ours puts right, than to believe the other.
 */
static void doubt_replaced(struct device *d)
{
	vec_each(n, &d->replaced.notes) {
		const struct object o = note_object(n);
		const struct object *goal = state_find(&d->goal, n->class, n->name, n->cmode);

		if (!goal || !value_equal(&goal->v[n->field], &n->value))
			memory_note(&d->world.memory, &d->world.memory.in_force, &o, n->field,
				    &n->value);
	}
}

/*
 * What the driver reads in its initialisation it has read: sizes, and staged params where the kernel loads
 * them. Of ours it is known which action was asked for, of somebody else's only what was performed.
 */
static void reloaded(struct device *d, const counter_list *now)
{
	struct memory *m = &d->world.memory;
	unsigned n = counters_reloads(now, &m->counters), own = d->own_reload ? 1 : 0;
	unsigned foreign = n > own ? n - own : 0;
	uint8_t action = initialising_action(now);
	bool only_ours = own && !foreign;
	bool initialised = counters_action_differs(now, &m->counters, action);
	bool activated =
		counters_action_differs(now, &m->counters, DEVLINK_RELOAD_ACTION_FW_ACTIVATE);

	if (initialised &&
	    world_loads(&d->world, &class_param, only_ours ? d->own_action : action)) {
		memory_drop_all(m, &m->in_force);
		if (foreign)
			doubt_replaced(d);
	}
	if (only_ours && activated && d->own_action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT)
		memory_set_both_performed(m);
	d->learn_unread = only_ours && initialised;
	/* params bring traps in some drivers; before Linux 6.6 to look would wait for any device that is busy */
	d->old_catalogue |= own > 0 && world_kernel_is(&d->world, 6, 6);
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
		d->old_catalogue |= !facts_same_versions(facts, r->facts);
		facts_clear(facts);
		*facts = *r->facts;
		*r->facts = (struct facts){};
		d->identified = true;
		d->identify = false;
		d->identity_error = 0;
		d->identify_at = 0;
		d->revision++;
	} else {
		counters_copy(&facts->counters, &r->facts->counters);
		facts->reload_failed = r->facts->reload_failed;
	}
}

static void take_states(struct device *d, const struct device_reading *r)
{
	if (!state_same(&d->world.have, r->have))
		d->revision++;
	state_clear(&d->world.have);
	d->world.have = *r->have;
	*r->have = (struct state){};
	if (r->impact->known) {
		d->world.impact = *r->impact;
		d->need_impact = false;
	}
	if (!r->catalogued)
		return;
	state_clear(&d->world.catalogue);
	d->world.catalogue = *r->catalogue;
	*r->catalogue = (struct state){};
	d->world.params_cut = r->params_cut;
	d->world.has_catalogue = !d->world.facts.reload_failed; /* else traps are missing in it */
	d->need_catalogue = d->old_catalogue = false;
	d->catalogues++;
}

/*
 * It said that it is gone, and it is there: is it another instance? Only if that said that it is there,
 * too. Linux 6.1 says that a device is gone when a move to another namespace failed, and leaves it at
 * that; a real successor can be asked a moment before its message comes.
 *
 * Return: false where that is not known yet.
 */
static bool tell_farewell(struct device *d, uint64_t now, bool *ret_another)
{
	bool sure = d->appeared || d->doubted || !d->identified;

	*ret_another = d->vanished && d->appeared && d->identified;
	if (d->vanished && !sure) {
		d->doubted = true;
		d->known = false;
		d->retry_at = MIN(d->retry_at, now + DOUBT_USEC);
		return false;
	}
	d->vanished = d->appeared = d->doubted = false;
	return true;
}

/**
 * device_absorb() - take in a successful read.
 *
 * Return: false where it has to be read again first, as it is another instance than we thought.
 */
bool device_absorb(struct device *d, const struct device_reading *r, uint64_t now)
{
	const counter_list *counters = &r->facts->counters;
	struct memory *m = &d->world.memory;
	bool known = m->counters.n > 0, again;

	if (!tell_farewell(d, now, &again))
		return false;
	again |= known && counters_restarted(counters, &m->counters);
	if (again) {
		registered(d);
		if (!r->identified)
			return false;
	} else if (known && counters_differ(counters, &m->counters)) {
		reloaded(d, counters);
	}
	d->own_reload = false;
	notes_clear(&d->replaced);
	memory_set_counters(m, counters);
	take_facts(d, r);
	take_states(d, r);
	device_judge_attempt(d, again || (!known && counters->n), now);
	return true;
}

static void learn_in_force(struct device *d, const struct object *want)
{
	const struct object *have =
		state_find(&d->world.have, want->class, want->name, want->cmode);

	if (!have || !object_has(have, PARAM_VALUE) ||
	    notes_find(&d->world.memory.in_force, want, PARAM_VALUE))
		return;
	memory_note(&d->world.memory, &d->world.memory.in_force, want, PARAM_VALUE,
		    &have->v[PARAM_VALUE]);
}

/* After a good reload of ours a size is still pending: the driver does not read it. */
static void learn_unread(struct device *d, const struct object *want)
{
	const struct object *have =
		state_find(&d->world.have, want->class, want->name, want->cmode);

	if (!have || !object_has(have, RESOURCE_SIZE_NEW) ||
	    !value_equal(&have->v[RESOURCE_SIZE_NEW], &want->v[RESOURCE_SIZE]))
		return;
	memory_note(&d->world.memory, &d->world.memory.ignored_sizes, want, RESOURCE_SIZE,
		    &want->v[RESOURCE_SIZE]);
	log_with(LOG_NOTICE,
		 &(struct log_fields){.id = MESSAGE_UNREAD_SIZE,
				      .device = d->handle,
				      .object = want->name,
				      .trigger = d->trigger,
				      .file = want->mark[0].file,
				      .line = want->mark[0].line},
		 "%s: resource %s was accepted, but the driver did not read it in the reload",
		 d->handle, want->name);
}

/* Set a moment ago, and it shows what it showed before: the value comes with the power cycle. */
static void learn_stored(struct device *d, const struct object *want)
{
	const struct object *have =
		state_find(&d->world.have, want->class, want->name, want->cmode);
	_cleanup_free_ char *shown = have && !have->error ? object_format(have, 1) : NULL;
	struct notes *hidden = &d->world.memory.hidden_until_boot;

	vec_each(s, &d->ran)
		if (s->kind == STEP_SET && object_compare(&s->target, want) == 0 &&
		    (notes_find(hidden, want, PARAM_VALUE) || text_equal(s->from, shown)))
			memory_note(&d->world.memory, hidden, want, PARAM_VALUE,
				    &s->target.v[PARAM_VALUE]);
}

/** device_learn() - note what follows from a read, now that it is bound. */
void device_learn(struct device *d)
{
	vec_each(want, &d->want.objects) {
		if (want->class == &class_param && want->cmode == CMODE_DRIVERINIT)
			learn_in_force(d, want);
		if (want->class == &class_param && want->cmode == CMODE_PERMANENT)
			learn_stored(d, want);
		if (want->class == &class_resource && d->learn_unread)
			learn_unread(d, want);
	}
	d->learn_unread = false;
}
