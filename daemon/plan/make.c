// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which steps lead from what is there to what is wanted, in which order, and whether a reload is
 * among them. Knows no time, no state machine, no messages.
 */
#include "plan/make.h"
#include "model/errors.h"
#include "plan/planner.h"

#include <linux/devlink.h>
#include <string.h>

static bool differs(const struct object *want, const struct object *have)
{
	unsigned pending = want->class->pending;

	return object_differs(want, have) || (pending && object_has(have, pending));
}

static void say_unreadable(struct planner *p, const struct object *want, const struct object *have)
{
	_cleanup_free_ char *error = error_text(have->error, have->error_words);

	planner_name(&p->plan->unreadable_text, want);
	buf_add(&p->plan->unreadable_text, " (%s)", error);
}

static void plan_object(struct planner *p, const struct object *want)
{
	const struct object *have =
		state_find(&p->world->have, want->class, want->name, want->cmode);

	if (!have) /* gone since it was bound: the next bind says so */
		return;
	if (have->error) {
		say_unreadable(p, want, have);
		return;
	}
	if (p->policy->yielded && notes_find(p->policy->yielded, want, 0)) {
		if (differs(want, have))
			planner_name(&p->plan->yielded_text, want);
		return;
	}
	if (object_reload_class(want))
		plan_staged(p, want, have);
	else
		plan_live(p, want, have);
}

/* Params that say what the driver does with firmware by itself: generic, see devlink-params. */
static bool flash_depends_on(const struct step *s)
{
	return s->target.class == &class_param && s->phase == PHASE_STAGE_PARAM &&
	       strcmp(s->target.name, "fw_load_policy") == 0;
}

static void order_for_flash(struct planner *p)
{
	vec_each(s, &p->plan->steps)
		if (flash_depends_on(s))
			s->phase = PHASE_FLASH_PARAM;
}

/* The order within a phase: notes before the SETs that they protect, then as the class says. */
static int rank(const struct planner *p, const struct step *s)
{
	if (!step_traits(s)->request)
		return -1;
	if (!step_traits(s)->sets) /* of two reloads the one that activates firmware is the first */
		return s->action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT;
	if (!s->target.class->rank)
		return 0;
	return s->target.class->rank(&s->target, state_find(&p->world->have, s->target.class,
							    s->target.name, s->target.cmode));
}

static int by_phase(const void *pa, const void *pb, void *user)
{
	const struct step *a = pa, *b = pb;
	int c = CMP(a->phase, b->phase);

	if (c == 0)
		c = CMP(rank(user, a), rank(user, b));
	if (c == 0)
		c = CMP(a->target.order, b->target.order);
	if (c || step_is_barrier(a))
		return c;
	c = object_compare(&a->target, &b->target);
	return c ? c : CMP(a->target.present, b->target.present);
}

/**
 * plan_make() - plan.
 * @want: from bind_entry()
 * @ret: must be empty
 */
void plan_make(const struct state *want, const struct world *w, const struct policy *policy,
	       struct plan *ret)
{
	struct planner p = {.want = want, .world = w, .policy = policy, .plan = ret};
	const struct impact impact = world_undeclared(w, want);
	/* torn down there is nothing left to destroy, whatever there was before */
	bool destroys = !w->facts.reload_failed && impact.known && impact_destroys(&impact);

	p.permitted = policy->reload && (policy->destroy || !destroys);
	vec_each(o, &want->objects)
		plan_object(&p, o);
	if (w->facts.reload_failed) {
		p.reload = true;
		buf_add(&ret->pending_text, "%srecovery of the failed reload",
			ret->pending_text.n ? ", " : "");
	}
	plan_firmware(&p);
	if (p.permitted && (p.reload || p.activate))
		plan_undo_foreign(&p);
	if (p.permitted)
		plan_reloads(&p);
	else if (p.reload)
		ret->pending = DISRUPTION_RELOAD;
	else if (ret->firmware == FIRMWARE_FLASH || ret->firmware == FIRMWARE_ACTIVATE)
		ret->pending = plan_activation_class(&p);
	else if (ret->ports_wait)
		ret->pending = DISRUPTION_PORTS;
	if (ret->pending > DISRUPTION_PORTS && destroys)
		plan_say_destroyed(&p);
	if (p.flash)
		order_for_flash(&p);
	if (ret->steps.n > 1)
		qsort_r(ret->steps.v, ret->steps.n, sizeof(struct step), by_phase, &p);
}
