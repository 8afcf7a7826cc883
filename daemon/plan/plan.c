// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which steps lead from what is there to what is wanted, in which order, and whether a reload is
 * among them. A reload-class object has three values: wanted, staged (what the next reload will
 * bring) and in force. Its goal is the wanted value where a reload is permitted, else the value in
 * force: so nothing is staged without permission, and what was staged by an attempt that ended
 * otherwise, or by somebody else, is set back. Knows no time, no state machine, no messages.
 */
#include "plan/plan.h"
#include "model/errors.h"
#include "plan/firmware.h"
#include "plan/quirks.h"

#include <linux/devlink.h>
#include <string.h>

#define DRIVER_REINIT DEVLINK_RELOAD_ACTION_DRIVER_REINIT
#define FW_ACTIVATE   DEVLINK_RELOAD_ACTION_FW_ACTIVATE

struct planner {
	const struct state *want;
	const struct world *world;
	const struct policy *policy;
	struct plan *plan;
	bool reload;	/* something wanted is not in force */
	bool permitted; /* it may be brought about by a reload now */
	bool flash, activate, takes_ports;
	const char *in_the_way; /* version of an image that is to be activated before the flash */
};

/* What an object is now: see above. */
struct triple {
	struct value wanted, staged, in_force;
	bool in_force_known;
};

static struct step *add_step(struct planner *p, enum step_kind kind, enum phase phase,
			     enum disruption disruption)
{
	struct step *s = vec_add(&p->plan->steps);

	p->takes_ports |= disruption == DISRUPTION_PORTS;
	*s = (struct step){.kind = kind, .phase = phase, .disruption = disruption};
	return s;
}

static void name_object(struct buf *list, const struct object *o)
{
	bool only = o->class->form == FORM_SECTION;

	buf_add(list, "%s%s%s%s", list->n ? ", " : "", o->class->noun, only ? "" : " ",
		only ? "" : o->name);
}

static void say_pending(struct planner *p, const char *kind, const char *name)
{
	struct buf *b = &p->plan->pending_text;

	buf_add(b, "%s%s %s", b->n ? ", " : "", kind, name);
}

static char *format_value(const struct object *o, const struct value *v)
{
	struct buf b = {};

	value_format(v, object_names(o, 0), &b);
	return buf_take(&b);
}

static void add_set(struct planner *p, const struct object *target, field_mask fields,
		    enum phase phase, enum disruption disruption, char *from)
{
	struct step *s = add_step(p, STEP_SET, phase, disruption);

	step_set_target(s, target, fields);
	s->from = from;
	s->to = object_format(target, fields);
	s->mark = object_mark(target, (unsigned)__builtin_ctz(fields));
}

static void add_remember(struct planner *p, const struct object *o, const struct value *in_force)
{
	struct step *s = add_step(p, STEP_REMEMBER, PHASE_STAGE_PARAM, DISRUPTION_NONE);
	struct object note = *o;

	note.v[0] = *in_force;
	step_set_target(s, &note, FIELD_BIT(0));
	s->to = format_value(o, in_force);
}

/* The last step is not for now. */
static void put_aside(struct planner *p, step_list *list)
{
	vec_push(list, p->plan->steps.v[--p->plan->steps.n]);
}

static struct step *last_step(const struct planner *p)
{
	return &p->plan->steps.v[p->plan->steps.n - 1];
}

/* Put the last step aside if the kernel has refused the very same before. */
static bool drop_refused(struct planner *p)
{
	if (!p->policy->refused)
		return false;
	vec_each(s, p->policy->refused) {
		if (!step_same(s, last_step(p)))
			continue;
		put_aside(p, &p->plan->refused);
		return true;
	}
	return false;
}

/*
 * A default that the kernel tells is brought back by the driver itself: it may show a value that it
 * does not take. Some can tell their default only; that is set like any value.
 */
static void reset_to_default(struct planner *p)
{
	struct step plain = step_copy(last_step(p));

	last_step(p)->reset = true;
	free(last_step(p)->to);
	last_step(p)->to = mem_printf("%s (the default)", plain.to);
	if (drop_refused(p))
		vec_push(&p->plan->steps, plain);
	else
		step_clear(&plain);
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
			name_object(&p->plan->pending_text, want);
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
	add_set(p, &target, FIELD_BIT(0), want->class->staged_phase,
		back ? DISRUPTION_LIVE : DISRUPTION_RELOAD,
		format_value(want,
			     value_equal(&t->staged, &t->in_force) ? &t->in_force : &t->staged));
	if (back && !goes && p->policy->patient && !is_own(p, want, &t->staged))
		put_aside(p, &p->plan->left);
	else if (back)
		drop_refused(p);
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

static void plan_staged(struct planner *p, const struct object *want, const struct object *have)
{
	const struct triple t = triple_of(p, want, have);
	const struct value *ignored = notes_find(&p->world->memory.ignored_sizes, want, 0);

	if (ignored && value_equal(ignored, &t.wanted) && value_equal(&t.staged, &t.wanted))
		buf_add(&p->plan->unread_text, "%s%s", p->plan->unread_text.n ? ", " : "",
			want->name);
	else
		stage(p, want, &t);
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
	add_set(p, target, fields, phase_of(target, fields), disruption_of(target, fields), from);
	drop_refused(p);
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
	name_object(&p->plan->pending_text, target);
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
		add_set(p, target, fields, phase_of(target, fields), disruption_of(target, fields),
			object_format(have, fields));
		if (is_default(target, have))
			reset_to_default(p);
		drop_refused(p);
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

	name_object(&p->plan->moving_text, have);
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

static void plan_live(struct planner *p, const struct object *want, const struct object *shown)
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

static bool differs(const struct object *want, const struct object *have)
{
	unsigned pending = want->class->pending;

	return object_differs(want, have) || (pending && object_has(have, pending));
}

static void say_unreadable(struct planner *p, const struct object *want, const struct object *have)
{
	_cleanup_free_ char *error = error_text(have->error, have->error_words);

	name_object(&p->plan->unreadable_text, want);
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
			name_object(&p->plan->yielded_text, want);
		return;
	}
	if (object_reload_class(want))
		plan_staged(p, want, have);
	else
		plan_live(p, want, have);
}

/* A size that somebody else left pending would be committed by our reload: set it back first. */
static void undo_foreign(struct planner *p)
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
		add_set(p, &target, FIELD_BIT(0), have->class->staged_phase, DISRUPTION_LIVE,
			format_value(have, &have->v[pending]));
		p->plan->steps.v[p->plan->steps.n - 1].foreign = true;
	}
}

static bool offers(const struct planner *p, uint8_t action)
{
	return facts_offers(&p->world->facts, action, DEVLINK_RELOAD_LIMIT_UNSPEC);
}

static bool activates(const struct planner *p, uint8_t action)
{
	return firmware_activated_by(p->world, action);
}

static char *format_impact(const struct planner *p)
{
	struct buf b = {};

	impact_format(&p->world->impact, &b);
	return buf_take(&b);
}

static bool activates_live(const struct planner *p)
{
	return !p->reload &&
	       facts_offers(&p->world->facts, FW_ACTIVATE, DEVLINK_RELOAD_LIMIT_NO_RESET);
}

static enum disruption activation_class(const struct planner *p)
{
	if (!p->activate)
		return DISRUPTION_POWER_CYCLE;
	return activates_live(p) ? DISRUPTION_FW_LIVE : DISRUPTION_RELOAD;
}

static void add_reload(struct planner *p, uint8_t action, unsigned n, unsigned of)
{
	bool live = action == FW_ACTIVATE && activates_live(p);
	struct step *s = add_step(p, STEP_RELOAD, PHASE_RELOAD,
				  live ? DISRUPTION_FW_LIVE : DISRUPTION_RELOAD);

	s->action = action;
	s->limit = live ? DEVLINK_RELOAD_LIMIT_NO_RESET : DEVLINK_RELOAD_LIMIT_UNSPEC;
	s->activates = p->activate && activates(p, action);
	s->from = format_impact(p);
	s->to = mem_printf("reload %u of %u%s%s", n, of,
			   s->activates ? ", activates firmware " : "",
			   s->activates ? p->want->firmware.version : "");
}

static uint8_t activating_action(const struct planner *p)
{
	return activates(p, FW_ACTIVATE) ? FW_ACTIVATE : DRIVER_REINIT;
}

/* The driver takes no other image before: one more reload, and the flash after it. */
static void add_making_room(struct planner *p, unsigned of)
{
	struct step *s = add_step(p, STEP_RELOAD, PHASE_MAKE_ROOM, DISRUPTION_RELOAD);

	s->action = activating_action(p);
	s->limit = DEVLINK_RELOAD_LIMIT_UNSPEC;
	s->from = format_impact(p);
	s->to = mem_printf(
		"reload 1 of %u, activates firmware %s, which is stored: the driver takes "
		"no other image before",
		of, p->in_the_way);
}

/*
 * One reload, where there is a way. Two where firmware is to be activated and something else needs
 * a driver_reinit, which does not activate it: from Linux 6.3 on the other action loads no params.
 */
static void add_reloads(struct planner *p)
{
	unsigned before = p->in_the_way ? 1 : 0;
	bool two = p->reload && p->activate && !activates(p, DRIVER_REINIT) &&
		   activates(p, FW_ACTIVATE) && offers(p, DRIVER_REINIT);

	if (before && p->activate)
		add_making_room(p, before + (two ? 2 : 1));
	if (two) {
		add_reload(p, FW_ACTIVATE, before + 1, before + 2);
		add_reload(p, DRIVER_REINIT, before + 2, before + 2);
	} else if (p->reload) {
		add_reload(p,
			   offers(p, DRIVER_REINIT) || !offers(p, FW_ACTIVATE) ? DRIVER_REINIT
									       : FW_ACTIVATE,
			   before + 1, before + 1);
	} else if (p->activate) {
		add_reload(p, activating_action(p), before + 1, before + 1);
	}
}

static void add_flash(struct planner *p, const struct firmware *f)
{
	const char *running = facts_version(&p->world->facts, VERSION_RUNNING, f->key);
	struct step *s = add_step(p, STEP_FLASH, PHASE_FLASH, activation_class(p));

	step_set_firmware(s, f);
	s->from = mem_strdup(running ? running : "");
	s->to = mem_strdup(f->version);
	s->mark = f->mark;
}

/* While a roll-back is in force, firmware is left as it is. */
static void plan_firmware(struct planner *p)
{
	const struct firmware *f = &p->want->firmware;

	if (p->world->memory.lasting.rollback != ROLLBACK_NONE)
		return;
	p->plan->firmware = firmware_need(f, p->world);
	switch (p->plan->firmware) {
	case FIRMWARE_RUNS:
	case FIRMWARE_MISMATCH:
	case FIRMWARE_FAILED:
	case FIRMWARE_GONE:
		return;
	case FIRMWARE_FLASH:
		p->flash = true;
		break;
	case FIRMWARE_ACTIVATE:
		break;
	}
	p->activate = activates(p, DRIVER_REINIT) || activates(p, FW_ACTIVATE);
	p->in_the_way = p->flash ? firmware_in_the_way(f, p->world) : NULL;
	if (p->flash && p->permitted && !(p->in_the_way && !p->activate)) {
		add_flash(p, f);
		return;
	}
	if (!p->permitted || !p->activate)
		say_pending(p, "firmware", f->version);
	if (p->in_the_way)
		buf_add(&p->plan->pending_text,
			" (%s is stored and waits for its activation; the driver takes no other "
			"image before)",
			p->in_the_way);
	if (!p->activate)
		p->plan->pending = DISRUPTION_POWER_CYCLE;
}

static void say_destroyed(struct planner *p)
{
	_cleanup_free_ char *impact = format_impact(p);

	buf_add(&p->plan->pending_text,
		" (it would destroy or reset %s, so it needs carvectl apply --allow-reload)",
		impact);
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
		return s->action == DRIVER_REINIT;
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
		undo_foreign(&p);
	if (p.permitted)
		add_reloads(&p);
	else if (p.reload)
		ret->pending = DISRUPTION_RELOAD;
	else if (ret->firmware == FIRMWARE_FLASH || ret->firmware == FIRMWARE_ACTIVATE)
		ret->pending = activation_class(&p);
	else if (ret->ports_wait)
		ret->pending = DISRUPTION_PORTS;
	if (ret->pending > DISRUPTION_PORTS && destroys)
		say_destroyed(&p);
	if (p.flash)
		order_for_flash(&p);
	if (ret->steps.n > 1)
		qsort_r(ret->steps.v, ret->steps.n, sizeof(struct step), by_phase, &p);
}

/** plan_clear() - free the steps and texts; the plan is empty then. */
void plan_clear(struct plan *p)
{
	steps_clear(&p->steps);
	steps_clear(&p->refused);
	steps_clear(&p->left);
	buf_clear(&p->pending_text);
	buf_clear(&p->moving_text);
	buf_clear(&p->unread_text);
	buf_clear(&p->unreadable_text);
	buf_clear(&p->yielded_text);
	*p = (struct plan){};
}
