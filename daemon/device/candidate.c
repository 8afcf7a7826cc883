// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a config that is not in force would do to a device: bound and planned on copies of its
 * parts. The machine itself is not touched, and nobody is told of problems but who asks.
 */
#include "device/baseline.h"
#include "device/device.h"
#include "device/flash.h"
#include "device/goal.h"
#include "plan/bind.h"
#include "plan/match.h"

#include <errno.h>

struct candidate {
	const char *handle;
	struct assignment assignment; /* borrows the config */
	struct world world;	      /* have and memory are copies, the rest is borrowed */
	device_look look;
	void *user;
};

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

/* What the machine knows of a file may be old: the caller tells. */
static int bind_with_image(struct candidate *c, const struct entry *entry, struct diag_list *diags)
{
	struct state *want = &c->assignment.want;
	const struct image_verdict *image;
	int r = bind_entry(entry, c->handle, &c->world, want, diags);

	if (r != BIND_NEEDS_IMAGE)
		return r;
	image = c->look(c->user, &want->firmware);
	if (!image)
		return -EAGAIN;
	state_clear(want);
	c->world.image = *image; /* borrowed */
	return bind_entry(entry, c->handle, &c->world, want, diags);
}

/* Return: 0; -EINVAL: @diags says what is wrong; -EAGAIN. */
static int bind(struct candidate *c, struct diag_list *diags)
{
	struct assignment *a = &c->assignment;
	const struct entry *entry;
	int r;

	match_all(a->latest, c->handle, &c->world.facts, &a->matches);
	if (a->matches.n > 1) {
		match_conflict(&a->matches, c->handle, diags);
		return -EINVAL;
	}
	entry = a->matches.n ? a->matches.v[0] : NULL;
	r = entry ? bind_with_image(c, entry, diags) : 0;
	if (r == 0)
		a->used.entry = a->accepted.entry =
			entry ? entry : assignment_removed_entry(&c->world.memory);
	return r;
}

static void plan(struct candidate *c, const struct device *d, struct plan *ret)
{
	struct state goal = {};

	reloads_check_key(&c->world, &c->assignment.want);
	baseline_follow(&c->world, &c->assignment, false);
	flash_end_boot(&c->world.memory, d->env->boot);
	flash_follow(&c->world, d->env->boot, &c->assignment.want.firmware);
	goal_compose(&(struct goal_input){.assignment = &c->assignment,
					  .world = &c->world,
					  .identified = !d->view.identity.error},
		     &goal);
	plan_make(&goal, &c->world, &(struct policy){.reload = true, .destroy = true}, ret);
	state_clear(&goal);
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
	struct candidate c = {.handle = d->handle,
			      .assignment = {.latest = config,
					     .used = {.config = config},
					     .accepted = {.config = config}},
			      .world = d->world,
			      .look = look,
			      .user = user};
	int r;

	c.world.image = (struct image_verdict){};
	c.world.have = (struct state){};
	state_copy(&c.world.have, &d->world.have);
	add_catalogue(&c.world.have, &d->world.catalogue);
	memory_copy(&c.world.memory, &d->world.memory);
	r = bind(&c, diags);
	if (c.assignment.used.entry)
		plan(&c, d, ret);
	vec_clear(&c.assignment.matches);
	state_clear(&c.assignment.want);
	state_clear(&c.world.have);
	memory_clear(&c.world.memory);
	return r;
}
