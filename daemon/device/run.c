// SPDX-License-Identifier: GPL-2.0-or-later
/* See run.h. */
#include "device/run.h"
#include "base/clock.h"

#define MOVING_MOST (30 * USEC_PER_SEC) /* mlxsw itself gives up after 10 s */

/** run_begin() - an answer is waited for from @now on. */
void run_begin(struct run *r, enum activity a, uint64_t now)
{
	r->activity = a;
	r->since = now;
	r->told_slow = false;
}

/** run_end() - the answer is there. */
void run_end(struct run *r)
{
	r->activity = ACTIVITY_NONE;
}

/** run_may_write() - is something in flight that writes, or may do so without another word? */
bool run_may_write(const struct run *r)
{
	return r->activity == ACTIVITY_WRITING || (r->activity == ACTIVITY_READING && r->offered.n);
}

/** run_drop() - there is nothing to carry out. */
void run_drop(struct run *r)
{
	plan_clear(&r->plan);
	r->first = r->end = 0;
}

/** run_hold() - nothing is carried out until more is known; what is pending holds meanwhile. */
void run_hold(struct run *r)
{
	steps_clear(&r->plan.steps);
	r->first = r->end = 0;
}

/** run_set_plan() - @plan, which is taken over, is carried out from its start. */
void run_set_plan(struct run *r, struct plan *plan)
{
	run_drop(r);
	r->plan = *plan;
	*plan = (struct plan){};
}

/** run_set_ahead() - @steps, which are taken over, are sent next; what is pending holds. */
void run_set_ahead(struct run *r, step_list *steps)
{
	run_hold(r);
	r->plan.steps = *steps;
	*steps = (step_list){};
}

/** run_add_ahead() - @steps, which are taken over, go along with the reload that is sent next. */
void run_add_ahead(struct run *r, step_list *steps)
{
	vec_each(s, steps)
		vec_insert(&r->plan.steps, r->end++, *s);
	vec_clear(steps);
}

/** run_goes_ahead() - is what is in flight, or was last, ahead of a read, with no reload in it? */
bool run_goes_ahead(const struct run *r)
{
	return r->first < r->end && r->plan.steps.v[r->first].ahead;
}

/** run_has_next() - is another phase to be carried out? */
bool run_has_next(const struct run *r)
{
	for (size_t i = r->first; i < r->end; i++)
		if (step_ends_run(&r->plan.steps.v[i]))
			return false;
	return r->end < r->plan.steps.n;
}

/*
 * Is @next sent together with @last, the step before it? What is staged for a reload is looked at
 * phase by phase.
 */
static bool goes_along(const struct run *r, const struct step *last, const struct step *next)
{
	if (step_is_barrier(next))
		return false;
	return next->phase == last->phase || (last->phase > PHASE_RELOAD && run_has_next(r));
}

/** run_next() - step on to what is sent next. Return: is there anything? */
bool run_next(struct run *r)
{
	const struct step *v = r->plan.steps.v;

	if (!run_has_next(r))
		return false;
	r->first = r->end++;
	while (r->end < r->plan.steps.n && goes_along(r, &v[r->end - 1], &v[r->end]))
		r->end++;
	return true;
}

/** run_acknowledged() - @s was carried out. */
void run_acknowledged(struct run *r, const struct step *s)
{
	if (step_traits(s)->restarts)
		run_forget_done(r);
	vec_reserve(&r->done, r->plan.steps.n);
	vec_push(&r->done, step_copy(s));
}

/** run_forget_done() - whatever was done may be done again. */
void run_forget_done(struct run *r)
{
	steps_clear(&r->done);
}

static unsigned times_done(const struct run *r, const struct step *s)
{
	unsigned n = 0;

	vec_each(done, &r->done)
		n += step_same(done, s);
	return n;
}

static bool is_planned(const struct run *r, const struct step *s)
{
	vec_each(p, &r->plan.steps)
		if (step_same(p, s))
			return true;
	return false;
}

/** run_forget_kept() - what the plan shows to be kept may drift later on. */
void run_forget_kept(struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->done.n; i++) {
		if (is_planned(r, &r->done.v[i]))
			r->done.v[n++] = r->done.v[i];
		else
			step_clear(&r->done.v[i]);
	}
	r->done.n = n;
}

/* Another reload is expected if something was flashed or newly staged since the last one. */
static bool reload_is_expected(const struct run *r)
{
	vec_each(s, &r->plan.steps)
		if (step_traits(s)->restarts ||
		    (step_traits(s)->sets && s->phase < PHASE_RELOAD && !times_done(r, s)))
			return true;
	return false;
}

/**
 * run_was_kept_out() - was @s of the plan acknowledged often enough to say that it is not kept?
 * @heard: a notification came since the last question: the change may be another program's
 */
bool run_was_kept_out(const struct run *r, const struct step *s, bool heard)
{
	const struct step_traits *traits = step_traits(s);
	unsigned tries = s->phase > PHASE_RELOAD ? traits->tries + heard : 0;

	if (!traits->kept || times_done(r, s) <= tries)
		return false;
	return !traits->barrier || s->phase == PHASE_MAKE_ROOM || !reload_is_expected(r);
}

/** run_reads_back() - is the read in flight the one that shows what was done? */
bool run_reads_back(const struct run *r)
{
	return r->activity == ACTIVITY_READING && r->done.n;
}

/**
 * run_traits() - what is true of the steps in flight.
 *
 * They are of one kind, but for notes that come before SETs, and for SETs that follow a reload.
 */
const struct step_traits *run_traits(const struct run *r)
{
	const struct step *first = &r->plan.steps.v[r->first];

	return step_traits(step_is_barrier(first) ? first : &r->plan.steps.v[r->end - 1]);
}

/** run_wake_at() - when an activity is to be looked at although nothing happens; USEC_NEVER. */
uint64_t run_wake_at(const struct run *r, uint64_t now)
{
	return r->activity == ACTIVITY_NONE ? USEC_NEVER : now + USEC_PER_SEC;
}

/** run_waits() - for what the driver is at by itself? */
bool run_waits(const struct run *r)
{
	return r->moving_at && !r->overdue;
}

/** run_wait() - the plan says whether the driver is at something. Return: is it for too long? */
bool run_wait(struct run *r, uint64_t now)
{
	if (!r->plan.moving_text.n) {
		r->moving_at = 0;
		r->overdue = false;
		return false;
	}
	if (!r->moving_at)
		r->moving_at = now;
	if (r->overdue || now < r->moving_at + MOVING_MOST)
		return false;
	r->overdue = true;
	return true;
}

/** run_minutes() - for how many minutes has the kernel been at what is in flight? */
unsigned run_minutes(const struct run *r, uint64_t now)
{
	return r->activity == ACTIVITY_NONE ? 0
					    : (unsigned)((now - r->since) / (60 * USEC_PER_SEC));
}

/** run_request() - what is in flight, as "a reload". */
const char *run_request(const struct run *r)
{
	const char *request = r->activity == ACTIVITY_WRITING ? run_traits(r)->request : NULL;

	return request ? request : "a read";
}

/** run_break() - the kernel broke down in what was in flight: nothing follows. */
void run_break(struct run *r)
{
	r->broken = run_request(r);
	run_end(r);
}

/** run_clear() - free what it holds. */
void run_clear(struct run *r)
{
	run_drop(r);
	run_forget_done(r);
	steps_clear(&r->offered);
}
