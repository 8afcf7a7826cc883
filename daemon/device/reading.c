// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See reading.h. Hands what the view says on to the other parts, in the order in which they need
 * it.
 */
#include "device/reading.h"
#include "base/clock.h"
#include "device/baseline.h"
#include "device/goal.h"
#include "plan/bind.h"
#include "plan/make.h"

/* --- plan -------------------------------------------------------------------- */

static void plan_for(struct device *d, enum may may, bool patient)
{
	struct policy policy = {.reload = may >= MAY_RELOAD,
				.destroy = may >= MAY_DESTROY,
				.overdue = d->run.overdue,
				.patient = patient,
				.yielded = &d->fights.yielded};
	step_list refused = {};
	struct state goal = {};
	struct plan plan = {};

	vec_each(f, &d->failures.list)
		if (!f->due || (f->step.disruption == DISRUPTION_PORTS && may < MAY_RELOAD))
			vec_push(&refused, f->step); /* borrowed */
	policy.refused = &refused;
	device_goal(d, &goal);
	plan_make(&goal, &d->world, &policy, &plan);
	run_set_plan(&d->run, &plan);
	state_clear(&goal);
	vec_clear(&refused);
}

/* What is torn down is brought back at once; all else that disrupts waits for its turn. */
static enum turn take_turn(struct device *d)
{
	enum disrupts what = steps_disrupt(&d->run.plan.steps);

	if (!d->env->take_turn || d->world.facts.reload_failed || what == DISRUPTS_NONE)
		return TURN_NOW;
	return d->env->take_turn(d->env->user, d, what == DISRUPTS_FLASH, &d->turn.rival);
}

static void forget_turn(struct device *d)
{
	d->turn.is = TURN_NOW;
	free(TAKE(d->turn.rival));
}

static void make_plan(struct device *d, uint64_t now)
{
	bool patient;

	forget_turn(d);
	patient = d->mandate == MANDATE_NONE && device_permission(d).may != MAY_NOTHING;
	plan_for(d, device_permission(d).may, patient);
	if (patience_look(&d->patience, &d->run.plan.left, now)) {
		patient = false;
		plan_for(d, device_permission(d).may, patient);
	}
	d->turn.is = take_turn(d);
	if (d->turn.is != TURN_NOW)
		plan_for(d, device_permission(d).may, patient);
}

/*
 * What a reload resets is looked at right before it, and for whoever has to permit it; torn down
 * there is nothing left to look at.
 */
static bool impact_is_missing(const struct device *d)
{
	const struct plan *p = &d->run.plan;

	if (d->world.impact.known || d->world.facts.reload_failed)
		return false;
	if (p->pending == DISRUPTION_RELOAD && !p->steps.n)
		return true;
	vec_each(s, &p->steps)
		if (s->phase == PHASE_RELOAD)
			return true;
	return false;
}

/* A step that was acknowledged has not come true, and the driver may say how far it is. */
static void add_not_kept(struct device *d, const struct step *s, uint64_t now)
{
	const struct object *t = &s->target;
	const struct object *have =
		t->class ? state_find(&d->world.have, t->class, t->name, t->cmode) : NULL;
	_cleanup_free_ char *progress = have ? object_progress(have) : NULL;

	device_add_failure(d, s,
			   &(struct step_result){.extack = progress && *progress ? progress : NULL},
			   now);
}

/*
 * What the driver is at by itself has taken too long. A step that waits for it, as it needs the
 * room, was not sent.
 */
static void give_up_waiting(struct device *d, uint64_t now)
{
	const struct step *last = NULL;

	plan_for(d, device_permission(d).may, false);
	vec_each(s, &d->run.plan.steps) {
		const struct object *t = &s->target;
		const struct object *have =
			t->class && t->class->moves
				? state_find(&d->world.have, t->class, t->name, t->cmode)
				: NULL;

		if (have && t->class->moves(have) &&
		    !(last && object_compare(&last->target, t) == 0))
			add_not_kept(d, s, now);
		last = s;
	}
}

/* What was acknowledged since the device last rested and is to be done again was not kept. */
static bool find_not_kept(struct device *d, uint64_t now)
{
	bool found = false;

	vec_each(s, &d->run.plan.steps) {
		if (!run_was_kept_out(&d->run, s, view_has_heard(&d->view)))
			continue;
		add_not_kept(d, s, now);
		found = true;
	}
	if (!found)
		run_forget_kept(&d->run);
	return found;
}

/* Does @s bring the wanted value? Of what waits for a reload it brings back the one in force. */
static bool is_wanted(const struct state *goal, const struct step *s)
{
	const struct object *o = &s->target;
	const struct object *want = state_find(goal, o->class, o->name, o->cmode);

	return !object_reload_class(o) || (want && value_equal(&want->v[0], &o->v[0]));
}

/*
 * At rest, what differs was changed by another program, unless a reload or a registration explains
 * it.
 */
static bool find_drift(struct device *d, uint64_t now)
{
	struct drift_news news = {};
	struct state goal = {};
	step_list steps = {};
	bool found;

	if (!d->settled || d->mandate >= MANDATE_LIVE || d->reloads.foreign_open ||
	    d->history.recovering || d->view.heard.recreated_at ||
	    device_permission(d).may == MAY_NOTHING)
		return false;
	/* what was refused has never been as wanted, what was unread is not known to have been */
	vec_each(s, &d->run.plan.steps)
		if (!failures_has(&d->failures, s) && !view_was_unread(&d->view, &s->target))
			vec_push(&steps, *s); /* borrowed */
	fights_look(&d->fights, &steps, now, &news);
	device_goal(d, &goal);
	vec_each(s, &news.yielded)
		journal_yielded(device_journal(d), *s, is_wanted(&goal, *s));
	if (news.n) {
		journal_drift(device_journal(d), news.first, is_wanted(&goal, news.first), news.n);
		history_tell_drift(&d->history, news.first);
	}
	found = news.yielded.n;
	state_clear(&goal);
	vec_clear(&news.yielded);
	vec_clear(&steps);
	return found;
}

static void replan(struct device *d, uint64_t now)
{
	make_plan(d, now);
	if (impact_is_missing(d)) {
		run_hold(&d->run);
		view_need(&d->view, PART_IMPACT);
		return;
	}
	if (run_wait(&d->run, now)) {
		give_up_waiting(d, now);
		make_plan(d, now);
	}
	if (!d->run.plan.steps.n && !d->failures.list.n)
		fights_next_episode(&d->fights);
	if (find_not_kept(d, now))
		make_plan(d, now);
	if (find_drift(d, now))
		make_plan(d, now);
	if (failures_follow(&d->failures, &d->run.plan.steps, &d->run.plan.refused))
		status_changed(&d->status);
}

/* --- reads ------------------------------------------------------------------- */

/* The device is not managed any more; what is in flight is still looked at. */
static void release(struct device *d)
{
	state_clear(&d->goal);
	forget_turn(d);
	if (d->run.activity != ACTIVITY_WRITING)
		run_drop(&d->run);
	failures_forget(&d->failures);
	patience_clear(&d->patience);
	fights_end(&d->fights);
}

static void take_assignment_news(struct device *d, const struct assignment_news *news)
{
	if (news->problems)
		journal_problems(device_journal(d), &d->assignment.diags);
	if (news->released) {
		baseline_release(&d->world);
		release(d);
	}
	if (news->other)
		view_need(&d->view, PART_OBJECTS);
	if (news->problems || news->want)
		status_changed(&d->status);
}

/** device_match() - the config, versions or names may have changed: which entry is the device's? */
void device_match(struct device *d)
{
	struct assignment_news news = {};

	if (!view_is_identified(&d->view))
		return;
	d->world.trial = d->env->trial;
	assignment_match(&d->assignment, d->handle, &d->world, &news);
	take_assignment_news(d, &news);
}

static void follow_firmware(struct device *d)
{
	const char *reason;
	enum flash_news news;

	flash_end_boot(&d->world.memory, d->env->boot);
	if (d->view.old & PART_IDENTITY) /* the versions may be others by now */
		return;
	news = flash_follow(&d->world, d->env->boot, &d->assignment.want.firmware);
	reason = d->world.memory.lasting.flash.reason;
	journal_flash(device_journal(d), news, &d->assignment.want.firmware, reason);
}

static void learn(struct device *d)
{
	object_list ignored = {};

	reloads_learn(&d->reloads, &d->world, &d->assignment.want, &d->run.done, &ignored);
	vec_each(o, &ignored)
		journal_ignored_size(device_journal(d), *o);
	vec_clear(&ignored);
}

static void compose_goal(struct device *d)
{
	baseline_follow(&d->world, &d->assignment);
	follow_firmware(d);
	goal_compose(&(struct goal_input){.assignment = &d->assignment,
					  .world = &d->world,
					  .identified = !d->view.identity.error},
		     &d->goal);
}

/*
 * Return: false where something has to be read before a plan can be made, or there is none to make.
 */
static bool bind(struct device *d)
{
	struct assignment_news news = {};
	int r;

	d->world.trial = d->env->trial;
	r = assignment_bind(&d->assignment, d->handle, &d->world, &news);
	take_assignment_news(d, &news);
	if (r == BIND_NEEDS_CATALOGUE)
		view_need(&d->view, PART_CATALOGUE);
	if (r == BIND_NEEDS_IMAGE)
		view_need(&d->view, PART_IMAGE);
	if (view_needs(&d->view))
		return false;
	learn(d);
	if (assignment_is_bound(&d->assignment)) {
		reloads_doubt(&d->world, &d->assignment.want);
		reloads_check_key(&d->world, &d->assignment.want);
	}
	compose_goal(d);
	if (assignment_is_removed(&d->assignment) && !assignment_removed_entry(&d->world.memory)) {
		assignment_release(&d->assignment, &d->world.memory);
		release(d);
	}
	return d->assignment.used.entry;
}

/* Another instance is under this handle: everything is at the driver's defaults. */
static void start_anew(struct device *d)
{
	struct state goal = {};

	device_goal(d, &goal);
	reloads_registered(&d->reloads, &d->world, &goal);
	state_clear(&goal);
	d->mandate = MAX(d->mandate, MANDATE_RELOAD);
	d->settled = false;
	failures_forget(&d->failures);
	run_forget_done(&d->run);
	history_set_trigger(&d->history, TRIGGER_REGISTRATION);
	/* right after a start it is not matched yet, but it may have been before */
	journal_registered(device_journal(d),
			   d->assignment.used.entry || d->world.memory.lasting.accepted);
}

/* The device was reloaded: by whom, and what does that make of what is known? */
static void account(struct device *d, const struct reading_news *news)
{
	struct reload_news reload;
	struct state goal = {};

	device_goal(d, &goal);
	reload = reloads_attribute(&d->reloads, &d->world, &goal, &news->before, &news->now);
	state_clear(&goal);
	if (!news->identified) /* versions may have changed */
		view_outdate(&d->view, PART_IDENTITY);
	/* firmware whose activation was carried out, but not answered, is not activated again */
	if (!news->identified && reload.own && d->goal.firmware.version)
		view_need(&d->view, PART_OBJECTS);
	/*
	 * params bring traps in some drivers; before Linux 6.6 to look would wait for any device
	 * that is busy
	 */
	if (reload.own && !news->catalogued && world_kernel_is(&d->world, 6, 6))
		view_outdate(&d->view, PART_CATALOGUE);
	if (reload.own)
		failures_forget_transient(&d->failures); /* a lost answer to it: here it is */
	failures_retry_refused(&d->failures);
	history_begin_outage(&d->history, d->history.recovering ? 0 : d->view.heard.first_at);
	status_changed(&d->status);
	if (!reload.foreign)
		return;
	history_set_trigger(&d->history, TRIGGER_FOREIGN_RELOAD);
	failures_reloaded(&d->failures);
	run_forget_done(&d->run);
}

/*
 * A glance shows a reload: what it has reset is set at once, and then read. Return: is there
 * anything?
 */
static bool go_ahead(struct device *d, const struct reading_news *news)
{
	step_list steps = {};

	if (!counters_differ(&news->now, &news->before) || d->world.facts.reload_failed ||
	    d->view.presence != PRESENCE_HERE)
		return false;
	device_ahead(d, &steps);
	if (!steps.n)
		return false;
	run_set_ahead(&d->run, &steps);
	return true;
}

/* It is set already: the glance has shown the reload to the channel, too. */
static void note_offered(struct device *d)
{
	run_set_ahead(&d->run, &d->run.offered);
	run_next(&d->run);
}

static bool has_failed_reload(const struct failures *f)
{
	vec_each(failure, &f->list)
		if (failure->step.kind == STEP_RELOAD)
			return true;
	return false;
}

static void judge_attempt(struct device *d, bool registered, uint64_t now)
{
	bool told = has_failed_reload(&d->failures); /* by a line of its own */
	_cleanup_free_ char *why = NULL;
	enum attempt_news news = reloads_judge(&d->world, &d->failures, registered, now, &why);

	if (news == ATTEMPT_NONE || news == ATTEMPT_ENDED)
		return;
	journal_attempt(device_journal(d), news, told ? NULL : why,
			d->world.memory.lasting.rollback == ROLLBACK_GIVEN_UP);
	run_forget_done(&d->run);
	status_changed(&d->status);
}

/* Return: are the answers to what was @sent along with a glance to be taken in? */
static bool take_news(struct device *d, const struct reading_news *news, bool sent, uint64_t now)
{
	if (news->registered)
		start_anew(d);
	memory_set_leaving(&d->world.memory, view_has_vanished(&d->view));
	if (news->registered && !news->identified)
		return false;
	if (!news->registered && news->before.n && counters_differ(&news->now, &news->before))
		account(d, news);
	reloads_answered(&d->reloads, &d->world.memory, &news->now);
	memory_set_registration(&d->world.memory, d->world.facts.registration);
	judge_attempt(d, news->registered || news->first, now);
	if (news->changed)
		status_changed(&d->status);
	if (d->world.facts.reload_failed)
		history_torn_down(&d->history, now);
	if (news->changed && !d->run.done.n)
		failures_suspect(&d->failures, now);
	if (news->identified)
		device_match(d);
	if (sent) { /* whatever is asked for by now */
		note_offered(d);
		return true;
	}
	if (!d->assignment.used.entry || view_needs(&d->view) == PART_OBJECTS)
		return false;
	if (news->glance && go_ahead(d, news))
		return false; /* read when that is answered */
	if (news->partial)
		view_need(&d->view, PART_OBJECTS);
	else if (bind(d))
		replan(d, now);
	return false;
}

/**
 * device_take_reading() - what was read is there: learn from it, bind, plan.
 * @sent: what was offered along with a glance was sent, or some of it
 *
 * Return: is device_take_results() to follow, for that? Not where it is of no more interest.
 */
bool device_take_reading(struct device *d, const struct device_reading *r, bool sent, uint64_t now)
{
	bool follows = false;
	struct reading_news news = {};

	run_end(&d->run);
	switch (view_answer(&d->view, &d->world, r, now, &news)) {
	case READING_GOOD:
		if (news.untold)
			journal_unnamed(device_journal(d), r->untold, r->untold_words);
		follows = take_news(d, &news, sent, now);
		break;
	case READING_UNSURE:
		if (!news.retry_at)
			break;
		d->settled = false;
		failures_retry_at(&d->failures, MIN(d->failures.retry_at, news.retry_at));
		break;
	case READING_UNNAMED:
		if (news.first_time)
			journal_unnamed(device_journal(d), d->view.identity.error,
					d->view.identity.words);
		break;
	case READING_FAILED:
		if (news.first_time)
			journal_unreadable(device_journal(d), r->error, r->words);
		failures_retry_at(&d->failures, news.retry_at);
		break;
	case READING_LATER:
		failures_retry_at(&d->failures, news.retry_at);
		break;
	case READING_GONE:
		break;
	}
	steps_clear(&d->run.offered);
	d->run.last_phase &= follows;
	vec_clear(&news.before);
	vec_clear(&news.now);
	return follows;
}
