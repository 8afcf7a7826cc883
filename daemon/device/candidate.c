// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a config that is not in force would do to a device: bound and planned on copies of its
 * parts. The machine itself is not touched, and nobody is told of problems but who asks.
 */
#include "base/clock.h"
#include "device/baseline.h"
#include "device/device.h"
#include "device/flash.h"
#include "device/goal.h"
#include "plan/bind.h"
#include "plan/make.h"
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
	entry = a->matches.n ? a->matches.v[0] : assignment_removed_entry(&c->world.memory);
	r = entry ? bind_with_image(c, entry, diags) : 0;
	if (r == 0)
		a->used.entry = a->accepted.entry = entry;
	return r;
}

/* What was in the way of the config in force, a failure or a turn, is not of a new one. */
static struct policy policy_of(const struct candidate *c, const struct device *d, bool permitted)
{
	struct permission p = permission_of(
		&(struct circumstances){.entry = c->assignment.used.entry,
					.mandate = MANDATE_RELOAD,
					.off = d->env->off,
					.unreadable = d->world.memory.unreadable < 0,
					.paused_until = d->world.memory.pause.until,
					.converged_once = d->world.memory.converged_once,
					.retry_at = USEC_NEVER});

	return (struct policy){.reload = !permitted || p.may >= MAY_RELOAD,
			       .destroy = !permitted || p.may >= MAY_DESTROY};
}

static void plan(struct candidate *c, const struct device *d, bool permitted, struct plan *ret)
{
	struct policy policy = policy_of(c, d, permitted);
	struct state goal = {}, whole = {};

	reloads_check_key(&c->world, &c->assignment.want);
	baseline_follow(&c->world, &c->assignment);
	flash_end_boot(&c->world.memory, d->env->boot);
	flash_follow(&c->world, d->env->boot, &c->assignment.want.firmware);
	goal_compose(&(struct goal_input){.assignment = &c->assignment,
					  .world = &c->world,
					  .identified = !d->view.identity.error},
		     &goal);
	goal_whole(&goal, &c->assignment.want, &whole);
	plan_make(&whole, &c->world, &policy, ret);
	state_clear(&whole);
	state_clear(&goal);
}

static void candidate_open(struct candidate *c, const struct device *d, struct config *config)
{
	c->handle = d->handle;
	c->assignment = (struct assignment){
		.latest = config, .used = {.config = config}, .accepted = {.config = config}};
	c->world = d->world;
	c->world.image = (struct image_verdict){};
	c->world.have = (struct state){};
	state_copy(&c->world.have, &d->world.have);
	add_catalogue(&c->world.have, &d->world.catalogue);
	memory_copy(&c->world.memory, &d->world.memory);
	if (config != d->assignment.latest) /* it would end the way back from a trial */
		memory_set_undo(&c->world.memory, false);
}

static void candidate_close(struct candidate *c)
{
	vec_clear(&c->assignment.matches);
	state_clear(&c->assignment.want);
	state_clear(&c->world.have);
	memory_clear(&c->world.memory);
}

/**
 * device_candidate() - the plan under @config if every reload were permitted now.
 * @d: has a catalogue
 * @permitted: only what would be done if it came into force now
 * @look: is asked what a file of firmware is like; NULL where that is not known yet
 * @ret: must be empty
 * @diags: gets notes, and errors where the device would refuse the config
 *
 * Return: 0; -EINVAL: it would be refused; -EAGAIN: a file is to be looked at first.
 */
int device_candidate(const struct device *d, struct config *config, bool permitted,
		     device_look look, void *user, struct plan *ret, struct diag_list *diags)
{
	struct candidate c = {.look = look, .user = user};
	int r;

	candidate_open(&c, d, config);
	r = bind(&c, diags);
	if (c.assignment.used.entry)
		plan(&c, d, permitted, ret);
	candidate_close(&c);
	return r;
}

/* --- whether traffic would be interrupted ---------------------------------------- */

static const struct image_verdict *look_at_none(_unused_ void *user,
						_unused_ const struct firmware *f)
{
	return NULL;
}

static void forget_failures(struct memory *m)
{
	flash_forgive(m);
	memory_forgive(m);
}

static bool permits(const struct candidate *c, const struct device *d, const struct entry *entry,
		    enum mandate mandate)
{
	return permission_of(&(struct circumstances){
				     .entry = entry,
				     .mandate = mandate,
				     .off = d->env->off,
				     .converged_once = d->world.memory.converged_once,
				     .torn_down = d->world.facts.reload_failed,
				     .rollback = c->world.memory.lasting.rollback,
				     .retry_at = USEC_NEVER,
			     })
		       .may >= MAY_RELOAD;
}

/* What comes of @s, also where a reload that is not in the plan would follow. */
static enum disrupts leads_to(const struct step *s)
{
	bool stops = s->disruption == DISRUPTION_PORTS || s->disruption == DISRUPTION_RELOAD;

	return MAX(step_traits(s)->disrupts, stops ? DISRUPTS_RELOAD : DISRUPTS_NONE);
}

/* An image that nobody has looked at would be flashed. */
static enum disrupts judge(struct candidate *c, const struct device *d, int bound,
			   enum mandate mandate)
{
	const struct assignment *a = &c->assignment;
	enum disrupts most = bound == -EAGAIN ? DISRUPTS_FLASH : DISRUPTS_NONE;
	const struct entry *entry = bound == -EAGAIN ? a->matches.v[0] : a->used.entry;
	struct plan p = {};

	if (a->used.entry)
		plan(c, d, false, &p);
	vec_each(s, &p.steps)
		most = MAX(most, leads_to(s));
	plan_clear(&p);
	return permits(c, d, entry, mandate) ? most : DISRUPTS_NONE;
}

/**
 * device_would_disrupt() - what would be done to traffic if @ask came now; a pause does not count,
 * as what waits for its end is done then.
 * @d: has been read, and has a catalogue where @ask has another config than the one in force
 */
enum disrupts device_would_disrupt(const struct device *d, const struct device_ask *ask)
{
	enum mandate mandate = ask->retry ? mandate_of_retry(&d->world.memory) : ask->mandate;
	struct config *accepted = d->assignment.used.config;
	struct candidate c = {.look = look_at_none};
	struct diag_list diags = {};
	enum disrupts disrupts;
	int r;

	candidate_open(&c, d, ask->config);
	if (ask->retry)
		forget_failures(&c.world.memory);
	if (mandate == MANDATE_UNDO)
		baseline_undo(&c.world);
	r = bind(&c, &diags);
	disrupts = judge(&c, d, r, mandate);
	diag_clear(&diags);
	candidate_close(&c);
	if (r != -EINVAL || !accepted || accepted == ask->config)
		return disrupts;
	/* refused: it goes on with what it has accepted */
	return device_would_disrupt(d, &(struct device_ask){accepted, ask->mandate, ask->retry});
}
