// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a config that is not in force would do to a device: bound and planned on a copy. The machine
 * itself is not touched, and nobody is told of its problems but who asks.
 */
#include "device_parts.h"
#include "plan/bind.h"
#include "plan/match.h"

/* The catalogue has what no wish of the config in force asked for. */
static void add_catalogue(struct state *have, const struct state *catalogue)
{
	struct state sum = {};

	state_copy(&sum, have);
	vec_each(o, &catalogue->objects) {
		struct state one = {.objects = {o, 1, 1}};

		if (!state_find(have, o->class, o->name, o->cmode))
			state_copy(&sum, &one);
	}
	state_sort(&sum);
	state_clear(have);
	*have = sum;
}

/* A file of firmware that was not looked at is taken for good: it is looked at before it is used. */
static int bind_offline(struct device *c, const struct entry *entry, struct diag_list *diags)
{
	int r = bind_entry(entry, c->handle, &c->world, &c->want, diags);

	if (r != BIND_NEEDS_IMAGE)
		return r;
	state_clear(&c->want);
	c->world.offline = true;
	return bind_entry(entry, c->handle, &c->world, &c->want, diags);
}

/* Return: the entry to plan for, or NULL where there is nothing to do or @diags says what is wrong. */
static const struct entry *bind(struct device *c, struct diag_list *diags)
{
	const struct entry *second;
	const struct entry *entry = match_device(c->latest, c->handle, &c->world.facts, &second);

	if (second) {
		match_conflict(entry, second, c->handle, diags);
		return NULL;
	}
	if (!entry)
		return device_removed_entry(c);
	return bind_offline(c, entry, diags) == 0 ? entry : NULL;
}

/**
 * device_candidate() - the plan under @config if every reload were permitted now.
 * @d: has a catalogue
 * @ret: must be empty
 * @diags: gets notes, and errors where the device would refuse the config
 */
void device_candidate(const struct device *d, struct config *config, struct plan *ret,
		      struct diag_list *diags)
{
	struct device c = {.handle = d->handle,
			   .latest = config,
			   .boot = d->boot,
			   .identified = true,
			   .world = d->world};

	c.world.have = (struct state){};
	state_copy(&c.world.have, &d->world.have);
	add_catalogue(&c.world.have, &d->world.catalogue);
	memory_copy(&c.world.memory, &d->world.memory);
	c.used = c.accepted = (struct assignment){config, bind(&c, diags)}; /* borrowed */
	if (c.used.entry) {
		device_check_key(&c);
		device_compose(&c);
		device_preview(&c, ret);
	}
	state_clear(&c.want);
	state_clear(&c.goal);
	state_clear(&c.world.have);
	memory_clear(&c.world.memory);
}
