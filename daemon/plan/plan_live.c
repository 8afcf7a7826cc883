// SPDX-License-Identifier: GPL-2.0-or-later
/* What is set while the device works: at once, by the next power cycle, or for ports that go. */
#include "plan/planner.h"

/*
 * A default that the kernel tells is brought back by the driver itself: it may show a value that it
 * does not take. Some can tell their default only; that is set like any value.
 */
static void reset_to_default(struct planner *p)
{
	struct step plain = step_copy(planner_last(p));

	planner_last(p)->reset = true;
	free(planner_last(p)->to);
	planner_last(p)->to = mem_printf("%s (the default)", plain.to);
	if (planner_drop_refused(p))
		vec_push(&p->plan->steps, plain);
	else
		step_clear(&plain);
}

/*
 * A driver may go on showing what works until the power cycle: what was set is what there is then.
 */
static struct object stored(const struct planner *p, const struct object *have)
{
	const struct value *set =
		notes_find(&p->world->memory.hidden_until_boot, have, PARAM_VALUE);
	struct object ret = *have;

	if (set && object_effect(have) == EFFECT_POWER_CYCLE)
		object_set(&ret, PARAM_VALUE, *set);
	return ret;
}

static enum disruption disruption_of(const struct object *target, field_mask fields)
{
	for (unsigned i = 0; i < target->class->n_writable; i++)
		if (fields & FIELD_BIT(i) && target->class->fields[i].flags & FIELD_STRUCTURAL)
			return DISRUPTION_PORTS;
	return object_effect(target) == EFFECT_POWER_CYCLE ? DISRUPTION_POWER_CYCLE
							   : DISRUPTION_LIVE;
}

/* The netdevs that a structural SET takes away: " (takes away eth0, eth1)". */
static void name_netdevs(const struct planner *p, const struct object *target, struct buf *out)
{
	const struct class *class = target->class;
	unsigned n = 0;

	vec_each(port, &p->world->have.ports) {
		if (!port->netdev ||
		    (class->concerns && !(port->name && class->concerns(target->name, port->name))))
			continue;
		buf_add(out, "%s%s", n++ ? ", " : " (takes away ", port->netdev);
	}
	buf_add(out, "%s", n ? ")" : "");
}

static char *format_structural(const struct planner *p, const struct object *target,
			       const struct object *have, field_mask fields)
{
	_cleanup_free_ char *values = object_format(have, fields);
	struct buf b = {};

	buf_add(&b, "%s", values);
	name_netdevs(p, target, &b);
	return buf_take(&b);
}

static enum phase phase_of(const struct object *target, field_mask fields)
{
	const struct class *class = target->class;

	if (class->fields[0].flags & FIELD_BY_NONE && object_is_none(target, 0))
		return class->none_phase;
	return class->back_phase && target->restored & fields & FIELD_BIT(0) ? class->back_phase
									     : class->phase;
}

static void add_live(struct planner *p, const struct object *target, field_mask fields, char *from)
{
	planner_add_set(p, target, fields, phase_of(target, fields), disruption_of(target, fields),
			from);
	planner_drop_refused(p);
}

static bool goes_by_none(const struct object *target, const struct object *have, field_mask fields)
{
	return fields & FIELD_BIT(0) && target->class->fields[0].flags & FIELD_BY_NONE &&
	       !object_is_none(target, 0) && !object_is_none(have, 0);
}

static void set_structural(struct planner *p, const struct object *target, field_mask fields,
			   const struct object *have)
{
	size_t first = p->plan->steps.n;
	struct object none = *target;

	if (!goes_by_none(target, have, fields)) {
		add_live(p, target, fields, format_structural(p, target, have, fields));
		return;
	}
	none.v[0] = (struct value){.type = target->v[0].type};
	if (none.v[0].type == VALUE_STRING)
		none.v[0].str = "";
	add_live(p, &none, FIELD_BIT(0), format_structural(p, target, have, FIELD_BIT(0)));
	if (p->plan->steps.n > first) /* it was not refused */
		add_live(p, target, FIELD_BIT(0), object_format(&none, FIELD_BIT(0)));
}

/* The steps from @first on wait for a permission. Without any they were refused, as is known. */
static void hold_back(struct planner *p, size_t first, const struct object *target)
{
	if (p->plan->steps.n == first)
		return;
	while (p->plan->steps.n > first)
		step_clear(&p->plan->steps.v[--p->plan->steps.n]);
	planner_name(&p->plan->pending_text, target);
	p->plan->ports_wait = true;
}

static bool is_default(const struct object *target, const struct object *have)
{
	return target->class == &class_param && object_has(have, PARAM_DEFAULT) &&
	       value_equal(&target->v[PARAM_VALUE], &have->v[PARAM_DEFAULT]);
}

static void set_live(struct planner *p, const struct object *target, field_mask fields,
		     const struct object *have)
{
	size_t first = p->plan->steps.n;

	if (disruption_of(target, fields) != DISRUPTION_PORTS) {
		planner_add_set(p, target, fields, phase_of(target, fields),
				disruption_of(target, fields), object_format(have, fields));
		if (is_default(target, have))
			reset_to_default(p);
		planner_drop_refused(p);
		return;
	}
	set_structural(p, target, fields, have);
	if (!p->policy->reload)
		hold_back(p, first, target);
}

/* A SET of all fields carries, of those that are not wanted, what is there. */
static struct object whole(const struct object *want, const struct object *have)
{
	struct object target = *want;

	for (unsigned i = 0; i < want->class->n_writable; i++)
		if (!object_has(want, i) && object_has(have, i))
			target.v[i] = have->v[i];
	return target;
}

/* "line card 1 (provisioning)" */
static void say_moving(struct planner *p, const struct object *have)
{
	_cleanup_free_ char *state = object_progress(have);

	planner_name(&p->plan->moving_text, have);
	buf_add(&p->plan->moving_text, " (%s)", state);
}

/* The name of the port that @o is of. Return: to be freed, or NULL. */
static char *port_of(const struct object *o)
{
	const char *end = class_port_of(o->class, o->name);

	return end ? mem_printf("%.*s", (int)(end - o->name), o->name) : NULL;
}

/* Does a step of the plan take the port of @o away? Of a class that comes before that of @o. */
static bool is_taken_away(const struct planner *p, const struct object *o)
{
	_cleanup_free_ char *port = o->has_port ? port_of(o) : NULL;

	vec_each(s, &p->plan->steps)
		if (port && s->disruption == DISRUPTION_PORTS && s->target.class != o->class &&
		    (!s->target.class->concerns || s->target.class->concerns(s->target.name, port)))
			return true;
	return false;
}

/** plan_live() - steps for an object that needs no reload. */
void plan_live(struct planner *p, const struct object *want, const struct object *shown)
{
	const struct object have = stored(p, shown);
	struct object target = want->class->set == SET_WHOLE ? whole(want, &have) : *want;
	field_mask fields = object_differs(want, &have);

	target.has_port = have.has_port;
	target.port = have.port;
	if (fields && want->class->moves && want->class->moves(&have)) {
		say_moving(p, &have);
		if (!p->policy->overdue)
			return;
	}
	if (p->takes_ports && is_taken_away(p, &have))
		return; /* set when the port is there again */
	if (want->class->set != SET_EACH) {
		if (fields)
			set_live(p, &target, fields, &have);
		return;
	}
	for (unsigned i = 0; i < want->class->n_writable; i++)
		if (fields & FIELD_BIT(i))
			set_live(p, &target, FIELD_BIT(i), &have);
}
