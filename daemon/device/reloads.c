// SPDX-License-Identifier: GPL-2.0-or-later
/* See reloads.h. */
#include "device/reloads.h"
#include "plan/quirks.h"

#include <linux/devlink.h>

#define FW_ACTIVATE DEVLINK_RELOAD_ACTION_FW_ACTIVATE

/*
 * A reload that ends in another registration is not tried more often in a row: it may be its cause.
 * Many, as the cause may as well be another program that binds the driver again and again.
 */
#define REREGISTRATIONS_MAX 10

/** reloads_resume() - an earlier process may have sent a reload: the counters will tell. */
void reloads_resume(struct reloads *r, const struct memory *m)
{
	if (m->lasting.attempt)
		r->own_action = m->lasting.action;
}

static bool is_driverinit(const struct object *o)
{
	return o->class == &class_param && o->cmode == CMODE_DRIVERINIT;
}

/**
 * reloads_staging() - @s is about to be sent: note what is in force while another value is staged.
 *
 * Should another program reload the device, that may happen before or after the SET.
 */
void reloads_staging(struct reloads *r, struct world *w, const struct step *s)
{
	const struct object *have;

	if (s->kind == STEP_REMEMBER)
		memory_note(&w->memory, &w->memory.in_force, &s->target, PARAM_VALUE,
			    &s->target.v[PARAM_VALUE]);
	if (!step_traits(s)->sets)
		return;
	if (object_reload_class(&s->target) && s->disruption == DISRUPTION_RELOAD)
		memory_note(&w->memory, &w->memory.staged, &s->target, 0, &s->target.v[0]);
	if (s->target.class != &class_param)
		return;
	have = state_find(&w->have, s->target.class, s->target.name, s->target.cmode);
	if (s->target.cmode == CMODE_PERMANENT && object_has(have, PARAM_VALUE) &&
	    !notes_find(&w->memory.until_boot, &s->target, PARAM_VALUE))
		memory_note(&w->memory, &w->memory.before_boot, &s->target, PARAM_VALUE,
			    &have->v[PARAM_VALUE]);
	if (is_driverinit(&s->target) && object_has(have, PARAM_VALUE))
		notes_put(&r->replaced, &s->target, PARAM_VALUE, &have->v[PARAM_VALUE]);
}

/* The reload-class part of what is wanted, where it is wanted; to be freed. */
static char *key_of(const struct world *w, const struct state *want)
{
	struct buf b = {};

	buf_add(&b, "kernel %s driver %s", w->kernel, w->facts.driver ? w->facts.driver : "");
	vec_each(o, &want->objects) {
		_cleanup_free_ char *label = NULL, *value = NULL;

		if (!object_reload_class(o))
			continue;
		label = object_label(o);
		value = object_format(o, 1);
		buf_add(&b, ", %s %s %s", o->class->name, label, value);
	}
	if (want->firmware.version) {
		_cleanup_free_ char *text = firmware_text(&want->firmware);

		buf_add(&b, ", firmware %s", text);
	}
	return buf_take(&b);
}

/**
 * reloads_begin() - @s is about to be sent for @want: a reload is an attempt.
 *
 * A device that another program left torn down gets one reload to recover and no roll-back.
 */
void reloads_begin(struct world *w, const struct state *want, const struct step *s)
{
	if (s->kind == STEP_RELOAD && (!w->facts.reload_failed || w->memory.lasting.torn))
		memory_begin_attempt(&w->memory, key_of(w, want), s->action);
}

/**
 * reloads_sent() - a reload may have happened, though no answer says so: the counters will tell.
 */
void reloads_sent(struct reloads *r, uint8_t action)
{
	r->own_action = action;
}

/** reloads_acknowledged() - @s was carried out. */
void reloads_acknowledged(struct reloads *r, struct memory *m, const struct step *s)
{
	bool sets = step_traits(s)->sets;

	if (sets && s->target.cmode == CMODE_PERMANENT)
		memory_wait_for_boot(m, &s->target, &s->target.v[PARAM_VALUE]);
	if (sets && s->disruption == DISRUPTION_LIVE)
		memory_drop(m, &m->staged, &s->target, 0);
	if (s->kind != STEP_RELOAD)
		return;
	reloads_sent(r, s->action);
	notes_clear(&r->replaced);
}

/*
 * The action that is counted of reloads that initialise the driver: one without driver_reinit
 * counts none.
 */
static uint8_t initialising_action(const counter_list *counters)
{
	return counters_offer(counters, DEVLINK_RELOAD_ACTION_DRIVER_REINIT,
			      DEVLINK_RELOAD_LIMIT_UNSPEC)
		       ? DEVLINK_RELOAD_ACTION_DRIVER_REINIT
		       : FW_ACTIVATE;
}

/*
 * A reload by another program, or another registration, came before or after a SET of carved's:
 * rather the value that is not wanted is in force, which a reload puts right, than to believe the
 * other. Both are noted, as another may be wanted later.
 */
static void doubt_replaced(const struct reloads *r, struct world *w, const struct state *goal)
{
	struct memory *m = &w->memory;

	vec_each(n, &r->replaced.notes) {
		const struct object o = note_object(n);
		const struct object *want = state_find(goal, n->class, n->name, n->cmode);
		const struct value *shown = world_in_force(w, &o, n->field);
		bool wanted = want && value_equal(&want->v[n->field], &n->value);

		if (shown && !value_equal(shown, &n->value))
			memory_note(m, &m->doubtful, &o, n->field, wanted ? &n->value : shown);
		if (!wanted)
			memory_note(m, &m->in_force, &o, n->field, &n->value);
	}
}

/* What @o comes to: as wanted, or set back; NULL: as it is. */
static const struct value *goal_of(const struct world *w, const struct state *want,
				   const struct object *o)
{
	const struct object *wanted = state_find(want, o->class, o->name, o->cmode);

	return wanted ? &wanted->v[PARAM_VALUE] : notes_find(&w->memory.pristine, o, PARAM_VALUE);
}

/* @n may be in force instead of @believed, and is taken for it from here on. */
static void swap(struct memory *m, const struct note *n, const struct value *believed)
{
	_cleanup_free_ char *text =
		believed->type == VALUE_STRING ? mem_strdup(believed->str) : NULL;
	const struct object o = note_object(n);
	struct value other = *believed;

	if (text)
		other.str = text;
	memory_note(m, &m->in_force, &o, n->field, &n->value);
	memory_note(m, &m->doubtful, &o, n->field, &other);
}

/**
 * reloads_doubt() - after bind: of two values either of which may be in force, the one that is not
 * wanted is taken for it.
 */
void reloads_doubt(struct world *w, const struct state *want)
{
	for (size_t i = 0; i < w->memory.doubtful.notes.n; i++) {
		const struct note *n = &w->memory.doubtful.notes.v[i];
		const struct object o = note_object(n);
		const struct value *goal = goal_of(w, want, &o);
		const struct value *believed = world_in_force(w, &o, n->field);

		if (goal && believed && value_equal(believed, goal))
			swap(&w->memory, n, believed);
	}
}

/**
 * reloads_attribute() - the counters differ: whose reloads were these, and what did they bring into
 * force?
 * @goal: what was planned for
 *
 * What the driver reads in its initialisation it has read: sizes, and staged params where the
 * kernel loads them. Of carved's it is known which action was asked for, of others' only what was
 * performed.
 */
struct reload_news reloads_attribute(struct reloads *r, struct world *w, const struct state *goal,
				     const counter_list *before, const counter_list *now)
{
	struct memory *m = &w->memory;
	unsigned n = counters_reloads(now, before), own = r->own_action ? 1 : 0;
	unsigned foreign = n > own ? n - own : 0;
	uint8_t action = initialising_action(now);
	bool only_ours = own && !foreign;
	bool initialised = counters_action_differs(now, before, action);

	if (initialised && world_loads(w, &class_param, only_ours ? r->own_action : action)) {
		memory_drop_all(m, &m->in_force);
		memory_drop_all(m, &m->doubtful);
		if (foreign)
			doubt_replaced(r, w, goal);
	}
	if (only_ours && r->own_action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT &&
	    counters_action_differs(now, before, FW_ACTIVATE))
		memory_set_both_performed(m);
	if (initialised)
		memory_drop_all(m, &m->staged);
	m->activated |= m->until_boot.notes.n && counters_action_differs(now, before, FW_ACTIVATE);
	if (m->activated) /* it may have loaded them */
		memory_drop_all(m, &m->before_boot);
	r->initialised = only_ours && initialised;
	r->foreign_open += foreign;
	memory_count_reloads(m, own, foreign);
	return (struct reload_news){own, foreign};
}

/*
 * Where the driver is known to load permanent params when it binds to firmware that was activated,
 * they are in force; elsewhere they may be.
 */
static void end_wait_for_boot(struct memory *m, const char *driver)
{
	m->registered = m->until_boot.notes.n;
	if (m->registered && m->activated && quirks_of(driver)->loads_permanent)
		memory_end_wait(m);
}

/**
 * reloads_gone() - nothing holds of this registration.
 * @goal: what was planned for
 *
 * A SET that was in flight meanwhile may have come to the next one, where it is only staged.
 */
void reloads_gone(struct reloads *r, struct world *w, const struct state *goal)
{
	memory_restart(&w->memory);
	doubt_replaced(r, w, goal);
}

/**
 * reloads_registered() - another registration: nothing holds of the one before.
 * @goal: what was planned for
 */
void reloads_registered(struct reloads *r, struct world *w, const struct state *goal)
{
	struct memory *m = &w->memory;

	end_wait_for_boot(m, w->facts.driver);
	reloads_gone(r, w, goal);
	r->own_action = 0;
	r->initialised = false;
}

/** reloads_answered() - a read was taken in, with @now as its counters. */
void reloads_answered(struct reloads *r, struct memory *m, const counter_list *now)
{
	r->own_action = 0;
	notes_clear(&r->replaced);
	memory_set_counters(m, now);
}

static char *explain(const struct world *w, const struct failures *f)
{
	struct buf b = {};

	if (!w->facts.reload_failed)
		return mem_printf("in each of %d reloads the device registered again, or the "
				  "system went down",
				  REREGISTRATIONS_MAX);
	vec_each(failure, &f->list) {
		struct failure once = *failure;

		if (failure->step.kind != STEP_RELOAD)
			continue;
		once.transient = false; /* it is not tried again as it was */
		failure_explain(&once, &b);
		return buf_take(&b);
	}
	return mem_strdup("a reload ended with the device torn down");
}

static enum attempt_news fail(struct world *w, struct failures *f, uint64_t now, char **ret_why)
{
	struct lasting *l = &w->memory.lasting;

	if (l->rollback == ROLLBACK_GIVEN_UP)
		return ATTEMPT_GIVEN_UP;
	*ret_why = explain(w, f);
	if (!w->facts.reload_failed)
		memory_set_proven(&w->memory, NULL);
	if (l->rollback == ROLLBACK_NONE) {
		memory_begin_rollback(&w->memory, mem_strdup(*ret_why), w->boot);
		failures_forget_transient(f); /* nothing is worth waiting for now */
		return ATTEMPT_ROLLED_BACK;
	}
	if (l->rollback == ROLLBACK_GOOD && l->tries < failure_retries) {
		failures_retry_at(f, now + failure_retry_after[l->tries]);
		memory_set_rollback(&w->memory, ROLLBACK_GOOD, l->tries + 1);
	} else {
		memory_set_rollback(&w->memory, l->rollback + 1, 0);
	}
	return ATTEMPT_ROLLBACK_FAILED;
}

/**
 * reloads_judge() - a read shows what became of a reload of carved's.
 * @registered: since the read before, the device has registered
 * @ret_why: to be freed; NULL unless a roll-back begins or has failed
 */
enum attempt_news reloads_judge(struct world *w, struct failures *f, bool registered, uint64_t now,
				char **ret_why)
{
	struct lasting *l = &w->memory.lasting;
	bool torn = w->facts.reload_failed && (l->torn || l->attempt);
	unsigned again = registered ? l->reregistrations : 0;
	enum attempt_news news = ATTEMPT_ENDED;

	*ret_why = NULL;
	memory_set_torn(&w->memory, torn);
	if (!l->attempt)
		return ATTEMPT_NONE;
	if (torn || again >= REREGISTRATIONS_MAX) {
		news = fail(w, f, now, ret_why);
		failures_forget_reload(f);
	} else if (l->rollback == ROLLBACK_GOOD) {
		memory_set_rollback(&w->memory, ROLLBACK_GOOD, 0);
	}
	memory_end_attempt(&w->memory, again);
	return news;
}

static void learn_in_force(struct memory *m, const struct object *want, const struct object *have)
{
	if (object_has(have, PARAM_VALUE) && !notes_find(&m->in_force, want, PARAM_VALUE))
		memory_note(m, &m->in_force, want, PARAM_VALUE, &have->v[PARAM_VALUE]);
}

/* After a good reload of carved's a size is still pending: the driver does not read it. */
static bool learn_ignored(struct memory *m, const struct object *want, const struct object *have)
{
	if (!object_has(have, RESOURCE_SIZE_NEW) ||
	    !value_equal(&have->v[RESOURCE_SIZE_NEW], &want->v[RESOURCE_SIZE]))
		return false;
	memory_note(m, &m->ignored_sizes, want, RESOURCE_SIZE, &want->v[RESOURCE_SIZE]);
	return true;
}

/* Set a moment ago, and it shows what it showed before: the value comes with the power cycle. */
static void learn_hidden(struct memory *m, const struct object *want, const struct object *have,
			 const step_list *done)
{
	_cleanup_free_ char *shown = have && !have->error ? object_format(have, 1) : NULL;
	struct notes *hidden = &m->hidden_until_boot;

	vec_each(s, done)
		if (step_traits(s)->sets && object_compare(&s->target, want) == 0 &&
		    (notes_find(hidden, want, PARAM_VALUE) || text_equal(s->from, shown)))
			memory_note(m, hidden, want, PARAM_VALUE, &s->target.v[PARAM_VALUE]);
}

/**
 * reloads_learn() - note what follows from a read, now that it is bound to @want.
 * @done: steps that were acknowledged since the device rested
 * @ret_ignored: must be empty; resources whose size the driver was found to ignore, borrowed from
 * @want
 */
void reloads_learn(struct reloads *r, struct world *w, const struct state *want,
		   const step_list *done, object_list *ret_ignored)
{
	vec_each(o, &want->objects) {
		const struct object *have = state_find(&w->have, o->class, o->name, o->cmode);

		if (have && is_driverinit(o))
			learn_in_force(&w->memory, o, have);
		if (o->class == &class_param && o->cmode == CMODE_PERMANENT)
			learn_hidden(&w->memory, o, have, done);
		if (have && o->class == &class_resource && r->initialised &&
		    learn_ignored(&w->memory, o, have))
			vec_push(ret_ignored, o);
	}
	r->initialised = false;
}

/* It has worked before, and failed in another boot. */
static bool is_worth_a_try(const struct world *w, const char *key)
{
	const struct lasting *l = &w->memory.lasting;

	return w->boot && !text_equal(w->boot, l->failed_boot) && text_equal(key, l->proven);
}

/**
 * reloads_check_key() - after bind: what is wanted now may be something else than what failed, or
 * the boot another one than that in which it did.
 */
void reloads_check_key(struct world *w, const struct state *want)
{
	_cleanup_free_ char *key = NULL;

	if (w->memory.lasting.rollback == ROLLBACK_NONE)
		return;
	key = key_of(w, want);
	if (!text_equal(key, w->memory.lasting.quarantine) || is_worth_a_try(w, key))
		memory_forgive(&w->memory);
}

/* Nothing of what is wanted takes a reload: then there is nothing to prove. */
static bool has_reload_part(const struct state *want)
{
	vec_each(o, &want->objects)
		if (object_reload_class(o))
			return true;
	return want->firmware.version;
}

/** reloads_rest() - the device rests. @good: as @want says. */
void reloads_rest(struct reloads *r, struct world *w, const struct state *want, bool good)
{
	_cleanup_free_ char *key = good && has_reload_part(want) ? key_of(w, want) : NULL;

	if (good) {
		memory_set_converged(&w->memory);
		memory_set_undo(&w->memory, false);
	}
	if (key)
		memory_set_proven(&w->memory, key);
	r->foreign_open = 0;
}

/** reloads_clear() - free what it holds. */
void reloads_clear(struct reloads *r)
{
	notes_clear(&r->replaced);
}
