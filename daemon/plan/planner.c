// SPDX-License-Identifier: GPL-2.0-or-later
/* See planner.h: the list of steps that a plan becomes. */
#include "plan/planner.h"

/** planner_add() - a further step, to be filled in; it is valid until the next one is added. */
struct step *planner_add(struct planner *p, enum step_kind kind, enum phase phase,
			 enum disruption disruption)
{
	struct step *s;

	vec_reserve(&p->plan->steps, p->want->objects.n); /* what is new is often all of it */
	s = vec_add(&p->plan->steps);
	p->takes_ports |= disruption == DISRUPTION_PORTS;
	*s = (struct step){.kind = kind, .phase = phase, .disruption = disruption};
	return s;
}

/** planner_name() - append "trap blackhole_route" to a list for people. */
void planner_name(struct buf *list, const struct object *o)
{
	bool only = o->class->form == FORM_SECTION;

	buf_add(list, "%s%s%s%s", list->n ? ", " : "", o->class->noun, only ? "" : " ",
		only ? "" : o->name);
}

/** planner_format() - the value of the first field of @o. Return: to be freed. */
char *planner_format(const struct object *o, const struct value *v)
{
	struct buf b = {};

	value_format(v, object_names(o, 0), &b);
	return buf_take(&b);
}

/**
 * planner_add_set() - a further step, a SET.
 * @from: what is there now, for people; taken over
 */
void planner_add_set(struct planner *p, const struct object *target, field_mask fields,
		     enum phase phase, enum disruption disruption, char *from)
{
	struct step *s = planner_add(p, STEP_SET, phase, disruption);

	step_set_target(s, target, fields);
	s->from = from;
	s->to = object_format(target, fields);
	s->mark = object_mark(target, (unsigned)__builtin_ctz(fields));
}

/** planner_put_aside() - the last step is not for now: it goes to @list. */
void planner_put_aside(struct planner *p, step_list *list)
{
	vec_push(list, p->plan->steps.v[--p->plan->steps.n]);
}

/** planner_last() - the step that was added last; there must be one. */
struct step *planner_last(const struct planner *p)
{
	return &p->plan->steps.v[p->plan->steps.n - 1];
}

/**
 * planner_drop_refused() - put the last step aside if the kernel has refused the very same before.
 *
 * Return: was it?
 */
bool planner_drop_refused(struct planner *p)
{
	if (!p->policy->refused)
		return false;
	vec_each(s, p->policy->refused) {
		if (!step_same(s, planner_last(p)))
			continue;
		planner_put_aside(p, &p->plan->refused);
		return true;
	}
	return false;
}
