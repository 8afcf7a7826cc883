// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a config that is not in force would do to a device: bound and planned on a copy. The machine
 * itself is not touched, and nobody is told of its problems but who asks.
 */
#include "device/parts.h"
#include "plan/bind.h"
#include "plan/match.h"

#include <errno.h>

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

/* What the machine knows of a file may be old: @look tells. */
static int bind_with_image(struct device *c, const struct entry *entry, device_look look,
			   void *user, struct diag_list *diags)
{
	const struct image_verdict *image;
	int r = bind_entry(entry, c->handle, &c->world, &c->want, diags);

	if (r != BIND_NEEDS_IMAGE)
		return r;
	image = look(user, &c->want.firmware);
	if (!image)
		return -EAGAIN;
	state_clear(&c->want);
	c->world.image = *image; /* borrowed */
	return bind_entry(entry, c->handle, &c->world, &c->want, diags);
}

/* The entry to plan for goes to @c. Return: 0; -EINVAL: @diags says what is wrong; -EAGAIN. */
static int bind(struct device *c, device_look look, void *user, struct diag_list *diags)
{
	const struct entry *entry;
	int r;

	match_all(c->latest, c->handle, &c->world.facts, &c->matches);
	if (c->matches.n > 1) {
		match_conflict(&c->matches, c->handle, diags);
		return -EINVAL;
	}
	entry = c->matches.n ? c->matches.v[0] : NULL;
	r = entry ? bind_with_image(c, entry, look, user, diags) : 0;
	if (r == 0)
		c->used.entry = c->accepted.entry = entry ? entry : device_removed_entry(c);
	return r;
}

/**
 * device_candidate() - the plan under @config if every reload were permitted now.
 * @d: has a catalogue
 * @look: is asked what a file of firmware is like; NULL where that is not known yet
 * @ret: must be empty
 * @diags: gets notes, and errors where the device would refuse the config
 *
 * Return: 0; -EINVAL: it would be refused; -EAGAIN: a file is to be looked at first.
 */
int device_candidate(const struct device *d, struct config *config, device_look look, void *user,
		     struct plan *ret, struct diag_list *diags)
{
	struct device c = {.handle = d->handle,
			   .latest = config,
			   .env = d->env,
			   .identified = true,
			   .used = {.config = config}, /* borrowed */
			   .accepted = {.config = config},
			   .world = d->world};
	int r;

	c.world.image = (struct image_verdict){};
	c.world.have = (struct state){};
	state_copy(&c.world.have, &d->world.have);
	add_catalogue(&c.world.have, &d->world.catalogue);
	memory_copy(&c.world.memory, &d->world.memory);
	r = bind(&c, look, user, diags);
	if (c.used.entry) {
		device_check_key(&c);
		device_compose(&c);
		device_preview(&c, ret);
	}
	vec_clear(&c.matches);
	state_clear(&c.want);
	state_clear(&c.goal);
	state_clear(&c.world.have);
	memory_clear(&c.world.memory);
	return r;
}
