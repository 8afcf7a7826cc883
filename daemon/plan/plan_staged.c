// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a reload puts into force. Such an object has three values: wanted, staged (what the next
 * reload will bring) and in force. Its goal is the wanted value where a reload is permitted, else
 * the value in force: so nothing is staged without permission, and what was staged by an attempt
 * that ended otherwise, or by somebody else, is set back.
 */
#include "plan/planner.h"

/* The three values of an object. */
struct triple {
	struct value wanted, staged, in_force;
	bool in_force_known;
};

static void add_remember(struct planner *p, const struct object *o, const struct value *in_force)
{
	struct step *s = planner_add(p, STEP_REMEMBER, PHASE_STAGE_PARAM, DISRUPTION_NONE);
	struct object note = *o;

	note.v[0] = *in_force;
	step_set_target(s, &note, FIELD_BIT(0));
	s->to = planner_format(o, in_force);
}

/* Is the device shown with what is staged, and not with what is in force? */
static bool shows_staged(const struct class *class)
{
	return !class->pending;
}

/* Has carved staged it, for a reload that has not come? */
static bool is_own(const struct planner *p, const struct object *want, const struct value *staged)
{
	const struct value *own = notes_find(&p->world->memory.staged, want, 0);

	return own && value_equal(own, staged);
}

/*
 * Bring a staged value to its goal. What an operator stages as it is wanted is left alone: the next
 * reload is his.
 */
static void stage(struct planner *p, const struct object *want, const struct triple *t)
{
	bool goes = p->permitted;
	const struct value *goal = goes ? &t->wanted : &t->in_force;
	bool back = value_equal(goal, &t->in_force);
	struct object target = *want;

	if (!value_equal(&t->wanted, &t->in_force)) {
		p->reload = true;
		if (!goes)
			planner_name(&p->plan->pending_text, want);
	}
	if (!goes && p->world->facts.reload_failed) /* nothing is in force */
		return;
	if (!goes && value_equal(&t->staged, &t->wanted) && !is_own(p, want, &t->staged))
		return;
	if (value_equal(goal, &t->staged))
		return;
	target.v[0] = *goal;
	if (shows_staged(want->class) && !back && t->in_force_known)
		add_remember(p, want, &t->in_force);
	planner_add_set(p, &target, FIELD_BIT(0), want->class->staged_phase,
			back ? DISRUPTION_LIVE : DISRUPTION_RELOAD,
			planner_format(want, value_equal(&t->staged, &t->in_force) ? &t->in_force
										   : &t->staged));
	if (back && !goes && p->policy->patient && !is_own(p, want, &t->staged))
		planner_put_aside(p, &p->plan->left);
	else if (back)
		planner_drop_refused(p);
}

static struct triple triple_of(const struct planner *p, const struct object *want,
			       const struct object *have)
{
	const struct value *shown = &have->v[0], *noted;
	unsigned pending = want->class->pending;

	if (!shows_staged(want->class))
		return (struct triple){.wanted = want->v[0],
				       .staged = object_has(have, pending) ? have->v[pending]
									   : *shown,
				       .in_force = *shown,
				       .in_force_known = true};
	noted = notes_find(&p->world->memory.in_force, want, 0);
	return (struct triple){.wanted = want->v[0],
			       .staged = *shown,
			       .in_force = noted ? *noted : *shown,
			       .in_force_known = noted || object_has(have, 0)};
}

/** plan_staged() - steps for an object whose value the next reload brings. */
void plan_staged(struct planner *p, const struct object *want, const struct object *have)
{
	const struct triple t = triple_of(p, want, have);
	const struct value *ignored = notes_find(&p->world->memory.ignored_sizes, want, 0);

	if (ignored && value_equal(ignored, &t.wanted) && value_equal(&t.staged, &t.wanted))
		buf_add(&p->plan->unread_text, "%s%s", p->plan->unread_text.n ? ", " : "",
			want->name);
	else
		stage(p, want, &t);
}

/**
 * plan_undo_foreign() - a size that somebody else left pending would be committed by our reload:
 * set it back first.
 */
void plan_undo_foreign(struct planner *p)
{
	vec_each(have, &p->world->have.objects) {
		unsigned pending = have->class->pending;
		struct object target = *have;

		if (!pending || !object_has(have, pending) ||
		    state_find(p->want, have->class, have->name, have->cmode))
			continue;
		target.v[0].num = resource_settable(have, have->v[0].num);
		if (value_equal(&target.v[0], &have->v[pending]))
			continue;
		planner_add_set(p, &target, FIELD_BIT(0), have->class->staged_phase,
				DISRUPTION_LIVE, planner_format(have, &have->v[pending]));
		p->plan->steps.v[p->plan->steps.n - 1].foreign = true;
	}
}
