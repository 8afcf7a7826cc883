// SPDX-License-Identifier: GPL-2.0-or-later
/* See results.h. */
#include "device/results.h"
#include "model/errors.h"

#include <errno.h>

/*
 * What is restored after a reload by others, images and reloads have lines of their own, and so has
 * what is set back.
 */
static void tell_step(const struct device *d, const struct step *s, uint64_t now)
{
	if (s->foreign)
		journal_foreign_size(device_journal(d), s);
	else if (step_traits(s)->sets && !d->reloads.foreign_open &&
		 !history_drift_tells(&d->history, s))
		journal_set(device_journal(d), s, now - d->run.since);
}

static void take_acknowledged(struct device *d, const struct step *s, uint64_t now)
{
	tell_step(d, s, now);
	history_add_step(&d->history, s);
	run_acknowledged(&d->run, s);
	failures_acknowledged(&d->failures, s, now);
	reloads_acknowledged(&d->reloads, &d->world.memory, s);
	if (s->kind == STEP_RELOAD) {
		view_outdate(&d->view, PART_IDENTITY);
		history_begin_outage(&d->history, d->run.since);
		if (s->activates)
			flash_activated(&d->world.memory, d->env->boot, &d->goal.firmware);
	} else if (step_traits(s)->sets && d->reloads.foreign_open) {
		history_add_restored(&d->history, s, now);
	}
}

static void take_flash(struct device *d, const struct step *s, const struct step_result *r,
		       uint64_t now)
{
	enum flash_news news = flash_ended(&d->world.memory, d->env->boot, s, r);
	const struct failure *f;

	view_outdate(&d->view, PART_IDENTITY);
	journal_flash(device_journal(d), news, &s->firmware, NULL);
	if (news != FLASH_NEWS_FAILED)
		return;
	device_add_failure(d, s, r, now);
	f = &d->failures.list.v[d->failures.list.n - 1];
	if (r->unsent || error_is(r->error, ERROR_BUSY))
		return;
	flash_failed(&d->world.memory, d->env->boot, f);
	failures_forget_reload(&d->failures); /* the latch tells from now on */
}

static void take_result(struct device *d, const struct step *s, const struct step_result *r,
			uint64_t now)
{
	if (s->ahead && r->error) /* the read decides */
		return;
	if (s->kind == STEP_FLASH)
		take_flash(d, s, r, now);
	if (r->error == 0) {
		take_acknowledged(d, s, now);
		return;
	}
	if (s->kind == STEP_RELOAD && r->lost)
		reloads_sent(&d->reloads, s->action);
	if (s->kind == STEP_RELOAD && r->error == -ENODEV) /* whether or not it was heard to go */
		history_add_cut_off(&d->history, s);
	if (s->kind != STEP_FLASH && (r->error != -ENODEV || !view_has_vanished(&d->view)))
		device_add_failure(d, s, r, now);
}

/* Is what is left of the plan still what is to be done? */
static bool goes_on(struct device *d, enum phase phase, bool failed)
{
	bool of_reload = phase <= PHASE_RELOAD, last = d->run.last_phase;

	d->run.last_phase = false;
	if (last || (failed && of_reload)) {
		run_forget_done(&d->run);
		return false;
	}
	/* what is planned may be done, or another instance's; policy does not wait to know */
	return !(d->view.heard.open & HEARD_COUNTERS) ||
	       !(of_reload || view_has_vanished(&d->view));
}

/*
 * Staging and flashing take a while, in which VFs or SFs may have come: what the reload would reset
 * is looked at again, unless it may destroy whatever there is.
 */
static void look_before_reload(struct device *d, enum phase phase)
{
	const struct run *r = &d->run;
	bool next = r->end < r->plan.steps.n && r->plan.steps.v[r->end].kind == STEP_RELOAD;

	if (d->world.facts.reload_failed || device_permission(d).may >= MAY_DESTROY ||
	    !(next || phase == PHASE_FLASH))
		return;
	run_drop(&d->run);
	view_need(&d->view, PART_IMPACT);
}

/**
 * device_take_results() - what was in flight was answered.
 * @results, @n_results: see DEVICE_EV_DONE
 */
void device_take_results(struct device *d, const struct step_result *results, size_t n_results,
			 uint64_t now)
{
	enum phase phase = d->run.plan.steps.v[d->run.first].phase;
	bool failed = false;
	size_t n = 0;

	run_end(&d->run);
	for (size_t i = d->run.first; i < d->run.end; i++) {
		const struct step *s = &d->run.plan.steps.v[i];

		if (!step_traits(s)->request)
			continue;
		if (n == n_results) {
			d->run.end = i;
			break;
		}
		failed |= results[n].error && !s->ahead;
		take_result(d, s, &results[n++], now);
	}
	if (!goes_on(d, phase, failed))
		run_drop(&d->run);
	else if (run_goes_ahead(&d->run)) /* also where not all of it was sent */
		run_hold(&d->run);
	view_will_read(&d->view);
	look_before_reload(d, phase);
	if (device_permission(d).may == MAY_NOTHING || !run_has_next(&d->run))
		view_need(&d->view, PART_OBJECTS);
}
