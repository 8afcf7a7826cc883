// SPDX-License-Identifier: GPL-2.0-or-later
/* See status.h. */
#include "device/status.h"
#include "device/patience.h"
#include "base/clock.h"
#include "model/errors.h"
#include "plan/drift.h"

#include <string.h>

/* A re-read shows as `reading` only when it takes longer than this. */
#define SLOW_READ_USEC USEC_PER_SEC

/** device_state_name() - as D-Bus, carvectl and the journal show it. */
const char *device_state_name(enum device_state s)
{
	static const char *const names[] = {
		[STATE_QUARANTINED] = "quarantined",
		[STATE_FAILED] = "failed",
		[STATE_REFUSED] = "refused",
		[STATE_PAUSED] = "paused",
		[STATE_RELOADING] = "reloading",
		[STATE_FLASHING] = "flashing",
		[STATE_APPLYING] = "applying",
		[STATE_READING] = "reading",
		[STATE_PENDING_POWER_CYCLE] = "pending-power-cycle",
		[STATE_PENDING_RELOAD] = "pending-reload",
		[STATE_DRIFTED] = "drifted",
		[STATE_ABSENT] = "absent",
		[STATE_CONVERGED] = "converged",
		[STATE_UNMANAGED] = "unmanaged",
	};

	return names[s];
}

/* What holds, as far as it was looked at. */
struct finding {
	enum device_state state;
	struct buf reason;
};

/* @state holds, too; its reason is appended by the caller or given as @format. */
static struct buf *also(struct finding *f, enum device_state state)
{
	f->state = MIN(f->state, state);
	if (f->reason.n)
		buf_add(&f->reason, "; ");
	return &f->reason;
}

/* Is there something that cannot be decided while the driver does not tell its versions? */
static bool needs_identity(const struct assignment *a)
{
	return a->may.n || a->want.firmware.version;
}

static void find_unread(const struct status_input *in, struct finding *f)
{
	const struct view *v = in->view;
	_cleanup_free_ char *device = error_text(v->read.error, v->read.words);
	_cleanup_free_ char *versions = error_text(v->identity.error, v->identity.words);

	if (v->read.error)
		buf_add(also(f, STATE_FAILED), "the device cannot be read: %s", device);
	else if (v->identity.error) /* where nothing can be read, it may be no fault of versions */
		buf_add(also(f, needs_identity(in->assignment) ? STATE_FAILED : STATE_CONVERGED),
			"the driver does not tell its versions: %s", versions);
}

static void find_failures(const struct status_input *in, struct finding *f)
{
	const struct world *w = in->world;

	if (in->run->broken)
		buf_add(also(f, STATE_FAILED), "the kernel broke down in %s of this device; reboot",
			in->run->broken);
	find_unread(in, f);
	if (in->run->plan.unreadable_text.n)
		buf_add(also(f, STATE_FAILED), "the driver cannot read %s",
			in->run->plan.unreadable_text.s);
	if (w->memory.unreadable)
		buf_add(also(f, STATE_FAILED),
			"nothing is written: what carved remembers of the device cannot be read: "
			"%s",
			strerror(-w->memory.unreadable));
	vec_each(failure, &in->failures->list) {
		failure_explain(failure, also(f, STATE_FAILED));
		if (failure_is_final(failure, in->permission.may >= MAY_RELOAD))
			buf_add(&f->reason, "; it is not tried again until the config changes or "
					    "carvectl retry");
	}
	if (w->facts.reload_failed && w->memory.lasting.rollback == ROLLBACK_NONE)
		buf_add(also(f, STATE_FAILED), "its last reload failed: ports and traps are gone");
}

static const char *rollback_text(const struct status_input *in)
{
	static const char *const up[] = {
		[ROLLBACK_GOOD] = "the values that worked before are in force",
		[ROLLBACK_DEFAULTS] = "the values before our first write are in force",
		[ROLLBACK_GIVEN_UP] = "somebody else brought the device back"};
	static const char *const down[] = {
		[ROLLBACK_GOOD] = "the values that worked before are being brought back",
		[ROLLBACK_DEFAULTS] = "the values before our first write are being brought back",
		[ROLLBACK_GIVEN_UP] = "no roll-back succeeded: ports and traps are gone"};
	enum rollback rollback = in->world->memory.lasting.rollback;

	if (!view_is_identified(in->view))
		return "what is in force now is being read";
	return in->world->facts.reload_failed ? down[rollback] : up[rollback];
}

static void find_quarantine(const struct status_input *in, struct finding *f)
{
	const struct lasting *l = &in->world->memory.lasting;

	if (l->rollback != ROLLBACK_NONE)
		buf_add(also(f, STATE_QUARANTINED),
			"%s; %s; what failed is not tried again until the config changes or "
			"carvectl retry",
			l->reason ? l->reason : "a reload failed", rollback_text(in));
}

static void find_firmware(const struct status_input *in, struct finding *f)
{
	const struct firmware *want = &in->goal->firmware;
	const struct flash_latch *l = &in->world->memory.lasting.flash;
	struct buf *b = NULL;

	switch (in->run->plan.firmware) {
	case FIRMWARE_RUNS:
	case FIRMWARE_FLASH:
	case FIRMWARE_ACTIVATE:
		return;
	case FIRMWARE_MISMATCH:
		b = also(f, STATE_QUARANTINED);
		break;
	case FIRMWARE_FAILED:
	case FIRMWARE_GONE:
		b = also(f, STATE_FAILED);
		break;
	}
	if (l->reason)
		buf_add(b, "%s", l->reason);
	else
		buf_add(b, "firmware %s ran in this boot, but no longer does", want->version);
	buf_add(b, "; it is not flashed again until its config changes or carvectl retry");
}

static void find_refusal(const struct status_input *in, struct finding *f)
{
	if (!in->assignment->refused)
		return;
	vec_each(diag, &in->assignment->diags.diags) {
		_cleanup_free_ char *place = mark_format(diag->mark);

		if (diag->severity == DIAG_ERROR)
			buf_add(also(f, STATE_REFUSED), "%s: %s", place, diag->message);
	}
}

static void find_pause(const struct status_input *in, struct finding *f)
{
	const struct pause *p = &in->world->memory.pause;
	_cleanup_free_ char *until = NULL;

	if (!p->until)
		return;
	until = p->until == USEC_NEVER ? mem_strdup("carvectl resume") : clock_text(p->wall);
	buf_add(also(f, STATE_PAUSED), "paused by %s until %s", p->by, until);
}

static bool is_reading(const struct status_input *in)
{
	return in->run->activity == ACTIVITY_READING;
}

/* Is what its entry wants to be read for the first time? */
static bool is_unread(const struct status_input *in)
{
	const struct assignment *a = in->assignment;

	return !in->settled || (a->used.entry && !a->refused && !assignment_is_bound(a));
}

/* What is in flight has been so for minutes. */
static void add_age(const struct run *r, uint64_t now, struct finding *f)
{
	unsigned minutes = run_minutes(r, now);

	if (minutes)
		buf_add(&f->reason, ", and the kernel has not finished %s for %u min",
			run_request(r), minutes);
}

/* find_quarantine() tells of it. */
static bool rolls_back(const struct status_input *in)
{
	enum rollback rollback = in->world->memory.lasting.rollback;

	return in->run->activity == ACTIVITY_WRITING && in->world->facts.reload_failed &&
	       (rollback == ROLLBACK_GOOD || rollback == ROLLBACK_DEFAULTS);
}

/* What follows a reload without a question is no step of the plan. */
static size_t count_steps(const struct run *r)
{
	size_t n = 0;

	vec_each(s, &r->plan.steps)
		n += !s->ahead || run_goes_ahead(r);
	return n;
}

/* How far it is with what is being done, or why nothing is. */
static void find_progress(const struct status_input *in, uint64_t now, struct finding *f)
{
	const struct run *r = in->run;
	const struct view *v = in->view;
	bool will_read = is_reading(in) || view_needs(v) == PART_OBJECTS || view_has_heard(v);

	if (r->activity == ACTIVITY_WRITING)
		buf_add(also(f, run_traits(r)->state), "%zu of %zu steps, trigger %s", r->first,
			count_steps(r), trigger_name(in->history->trigger));
	else if (is_reading(in) && now >= r->since + SLOW_READ_USEC)
		buf_add(also(f, STATE_READING),
			"the kernel is busy with another request to the device");
	else if (run_waits(r))
		buf_add(also(f, STATE_APPLYING), "waits for %s", r->plan.moving_text.s);
	else if (view_rereads(v))
		buf_add(also(f, STATE_READING), "the kernel did not answer, and is asked again");
	else if (run_reads_back(r))
		buf_add(also(f, STATE_APPLYING), "reading back");
	else if (in->reloads->foreign_open && will_read)
		buf_add(also(f, STATE_READING), "it was reloaded by somebody else");
	else if (view_has_vanished(v))
		buf_add(also(f, STATE_READING), "the kernel says that it is gone%s",
			v->presence == PRESENCE_LINGERING ? ", but it still answers" : "");
	else if (is_unread(in) && (is_reading(in) || !view_is_identified(v)))
		buf_add(also(f, STATE_READING), "reading the device");
	else if (view_is_reset(v))
		buf_add(also(f, STATE_READING), "its driver registers traps again, as in a reload");
}

static void find_activity(const struct status_input *in, uint64_t now, struct finding *f)
{
	const struct run *r = in->run;

	if (!rolls_back(in) && !r->broken)
		find_progress(in, now, f);
	if (r->activity == ACTIVITY_WRITING || (is_reading(in) && f->reason.n))
		add_age(r, now, f);
}

static bool is_wanted(const struct status_input *in, const struct note *n)
{
	const struct object *want = state_find(&in->assignment->want, n->class, n->name, n->cmode);

	return want && object_has(want, n->field);
}

/** status_pending() - what it would take to bring about all that is wanted. */
enum disruption status_pending(const struct status_input *in)
{
	vec_each(note, &in->world->memory.until_boot.notes)
		if (is_wanted(in, note))
			return DISRUPTION_POWER_CYCLE;
	return in->run->plan.pending;
}

/* The params that wait for a power cycle and are @wanted. Return: how many; their names in @ret. */
static size_t list_until_boot(const struct status_input *in, bool wanted, struct buf *ret)
{
	size_t n = 0;

	vec_each(note, &in->world->memory.until_boot.notes)
		if (is_wanted(in, note) == wanted)
			buf_add(ret, "%sparam %s", n++ ? ", " : "", note->name);
	return n;
}

/* Params that were set, and take effect later; also those that no file names any more. */
static void find_until_boot(const struct status_input *in, struct finding *f)
{
	struct buf wanted = {}, left = {};
	size_t n = list_until_boot(in, true, &wanted), n_left = list_until_boot(in, false, &left);

	if (n)
		buf_add(also(f, STATE_PENDING_POWER_CYCLE), "waits for a power cycle: %s",
			wanted.s);
	if (n && in->world->memory.registered)
		buf_add(&f->reason, "; the device registered anew since; carved cannot tell "
				    "whether that was enough; carvectl retry ends the wait");
	if (n_left)
		buf_add(also(f, STATE_UNMANAGED), "%s %s at the next power cycle", left.s,
			n_left == 1 ? "was set before, and takes effect"
				    : "were set before, and take effect");
	buf_clear(&wanted);
	buf_clear(&left);
}

static void find_pending(const struct status_input *in, struct finding *f)
{
	enum hindrance why = in->permission.why;
	const struct plan *plan = &in->run->plan;
	bool torn_down = in->world->facts.reload_failed &&
			 in->world->memory.lasting.rollback != ROLLBACK_NONE;

	find_until_boot(in, f);
	if (plan->pending == DISRUPTION_POWER_CYCLE)
		buf_add(also(f, STATE_PENDING_POWER_CYCLE),
			"waits for a power cycle, no reload can activate it: %s",
			plan->pending_text.s);
	else if (in->rival)
		buf_add(also(f, STATE_FAILED),
			"firmware %s is not flashed: %s in the same flash chip; the entries of "
			"both have to agree",
			in->goal->firmware.version, in->rival);
	else if (plan->pending != DISRUPTION_NONE &&
		 (why == HINDRANCE_TURN || why == HINDRANCE_HELD || why == HINDRANCE_FAILED))
		buf_add(also(f, STATE_PENDING_RELOAD), "%s: %s", hindrance_text(why),
			plan->pending_text.s);
	else if (plan->pending != DISRUPTION_NONE && !torn_down)
		buf_add(also(f, STATE_PENDING_RELOAD), "waits for a permitted reload: %s",
			plan->pending_text.s);
}

/* What would be done about it: so many objects are named. */
#define REPORTED_MAX 5

static void name_steps(const step_list *steps, struct buf *b)
{
	size_t n = 0;

	vec_each(s, steps) {
		_cleanup_free_ char *title = step_title(s);

		if (step_traits(s)->request && n++ < REPORTED_MAX)
			buf_add(b, "%s %s", n > 1 ? "," : ":", title);
	}
	if (n > REPORTED_MAX)
		buf_add(b, " and %zu more", n - REPORTED_MAX);
}

/* Is all in force that @s sets? Then another program has staged something else. */
static bool is_only_staged(const struct status_input *in, const struct step *s)
{
	return step_traits(s)->sets && drift_is_in_force(&s->target, in->world);
}

/* Steps that are requests; the lists borrow them. */
static void sort_reported(const struct status_input *in, step_list *differ, step_list *staged)
{
	vec_each(s, &in->run->plan.steps)
		if (step_traits(s)->request)
			vec_push(is_only_staged(in, s) ? staged : differ, *s);
}

static void report(const struct status_input *in, const step_list *differ, const step_list *staged,
		   struct finding *f)
{
	enum hindrance why = in->permission.why;
	bool paused = why == HINDRANCE_PAUSED;
	enum device_state state = paused ? STATE_PAUSED : STATE_DRIFTED;
	const char *cause = why == HINDRANCE_OFF ? hindrance_text(why) : "drift: report";

	if (differ->n && paused)
		buf_add(also(f, state), "%zu %s for its end", differ->n,
			differ->n == 1 ? "difference waits" : "differences wait");
	else if (differ->n)
		buf_add(also(f, state), "%zu %s only reported (%s)", differ->n,
			differ->n == 1 ? "difference is" : "differences are", cause);
	name_steps(differ, &f->reason);
	if (staged->n && paused)
		buf_add(also(f, state), "what somebody else has staged waits for its end");
	else if (staged->n)
		buf_add(also(f, state), "what somebody else has staged is only reported (%s)",
			cause);
	name_steps(staged, &f->reason);
}

static void find_reported(const struct status_input *in, struct finding *f)
{
	step_list differ = {}, staged = {};

	if (in->permission.may != MAY_NOTHING)
		return;
	sort_reported(in, &differ, &staged);
	report(in, &differ, &staged, f);
	vec_clear(&differ);
	vec_clear(&staged);
}

static void find_drift(const struct status_input *in, struct finding *f)
{
	const struct plan *plan = &in->run->plan;

	find_reported(in, f);
	if (plan->left.n) {
		struct buf *b = also(f, STATE_DRIFTED);

		buf_add(b,
			"somebody else has staged it, and it is set back once that is not "
			"changed for %u s",
			(unsigned)(STAGED_REST_USEC / USEC_PER_SEC));
		name_steps(&plan->left, b);
	}
	if (plan->yielded_text.n)
		buf_add(also(f, STATE_DRIFTED),
			"another program keeps changing it; left alone until the config "
			"changes or carvectl retry: %s",
			plan->yielded_text.s);
	if (plan->unread_text.n)
		buf_add(also(f, STATE_CONVERGED), "accepted-unread: %s", plan->unread_text.s);
}

/* A state that passes is told for debugging only. */
static bool passes(enum device_state s, const struct plan *plan)
{
	return s == STATE_APPLYING || s == STATE_READING || (s == STATE_DRIFTED && plan->left.n);
}

/* A state that is come back to after nothing but a look has never been left. */
static void set_since(struct status *s, enum device_state state, uint64_t now)
{
	bool back = s->rested.untouched && s->rested.state == state;

	if (state == s->state)
		return;
	s->since = back ? s->rested.since : now;
	if (state != STATE_READING)
		s->rested.untouched = false;
	if (state == STATE_APPLYING || state == STATE_READING)
		return;
	s->rested.state = state;
	s->rested.since = s->since;
	s->rested.untouched = true;
}

static void set_state(struct status *s, const struct status_input *in, enum device_state state,
		      const char *reason, struct status_news *news)
{
	news->before = s->state;
	if (state == s->state && text_equal(reason, s->reason))
		return;
	s->revision++;
	s->state = state;
	free(s->reason);
	s->reason = mem_strdup(reason);
	if (state == news->before)
		return;
	s->moved = true;
	news->passing = passes(state, &in->run->plan);
	if (state == STATE_APPLYING && !in->history->drift_told && !in->reloads->foreign_open)
		s->told = state;
}

/*
 * The journal is told how it ended, and at once of what stops traffic. To be back where it was is
 * news only after something was done of which no other line tells.
 */
static void tell(struct status *s, const struct status_input *in, struct status_news *news)
{
	bool other = s->state != s->told || !text_equal(s->reason, s->told_reason);
	bool stops = s->state == STATE_RELOADING || s->state == STATE_FLASHING;

	if (!s->moved || passes(s->state, &in->run->plan) ||
	    (in->run->activity != ACTIVITY_NONE && !stops))
		return;
	news->told = other;
	news->from = s->told;
	s->moved = false;
	s->told = s->state;
	free(s->told_reason);
	s->told_reason = mem_strdup(s->reason);
}

/*
 * What a reload would reset is being looked at, or what failed for the moment is about to be tried
 * again: nothing is done until that is known, so what was found before still holds. It takes no
 * longer than a read does.
 */
static bool is_undecided(const struct status_input *in, uint64_t now)
{
	bool looks = in->settled && !in->reloads->foreign_open && (in->view->need & PART_IMPACT);

	return (looks || in->failures->retrying) && !view_is_reset(in->view) &&
	       in->run->activity != ACTIVITY_WRITING &&
	       (!is_reading(in) || now < in->run->since + SLOW_READ_USEC);
}

/** status_update() - derive the state. Return: what the journal is to be told. */
struct status_news status_update(struct status *s, const struct status_input *in, uint64_t now)
{
	bool managed = in->assignment->used.entry || in->assignment->refused ||
		       in->assignment->may.n || !view_is_identified(in->view);
	struct finding f = {.state = managed ? STATE_CONVERGED : STATE_UNMANAGED};
	_cleanup_free_ char *reason = NULL;
	struct status_news news = {};

	if (is_undecided(in, now))
		return news;
	if (!managed)
		find_until_boot(in, &f);
	if (managed) {
		find_quarantine(in, &f);
		find_firmware(in, &f);
		find_failures(in, &f);
		find_refusal(in, &f);
		find_pause(in, &f);
		find_activity(in, now, &f);
		find_pending(in, &f);
		find_drift(in, &f);
	}
	reason = buf_take(&f.reason);
	if (f.state == STATE_CONVERGED && s->state != STATE_CONVERGED)
		s->converged_at = now;
	set_since(s, f.state, now);
	set_state(s, in, f.state, reason, &news);
	tell(s, in, &news);
	return news;
}

/**
 * status_is_as_wanted() - does nothing stand in the way of `converged`, now that nothing is to be
 * done?
 */
bool status_is_as_wanted(const struct status_input *in)
{
	const struct plan *p = &in->run->plan;

	return !in->failures->list.n && !in->assignment->refused && !p->pending && !p->steps.n &&
	       !p->left.n && !p->unreadable_text.n && !p->yielded_text.n &&
	       p->firmware == FIRMWARE_RUNS && !in->world->facts.reload_failed &&
	       in->world->memory.lasting.rollback == ROLLBACK_NONE;
}

/** status_changed() - something that can be shown is different. */
void status_changed(struct status *s)
{
	s->revision++;
}

static char *failure_text(const struct failure *f)
{
	struct buf b = {};

	failure_explain(f, &b);
	return buf_take(&b);
}

static const struct failure *failure_of(const struct failures *f, const struct object *want)
{
	vec_each(failure, &f->list)
		if (step_traits(&failure->step)->sets &&
		    object_compare(&failure->step.target, want) == 0)
			return failure;
	return NULL;
}

/* Of an object that differs: what stands in the way. */
static enum hindrance hindrance_of(const struct status_input *in, const struct object *want)
{
	bool reload = object_reload_class(want);

	if (notes_find(&in->fights->yielded, want, 0))
		return HINDRANCE_FIGHT;
	if (reload && in->world->memory.lasting.rollback != ROLLBACK_NONE)
		return HINDRANCE_QUARANTINE;
	if ((reload && in->run->plan.pending == DISRUPTION_RELOAD) ||
	    (class_is_structural(want->class) && in->run->plan.ports_wait))
		return in->permission.why == HINDRANCE_FAILED ? HINDRANCE_FAILED : HINDRANCE_POLICY;
	return in->permission.may == MAY_NOTHING ? in->permission.why : HINDRANCE_NONE;
}

static char *unreadable_text(const struct object *have)
{
	_cleanup_free_ char *error = error_text(have->error, have->error_words);

	return mem_printf("the driver cannot read it: %s", error);
}

/**
 * status_of_object() - why @want, which is wanted, is not in force; or what is odd about it.
 *
 * Return: the kernel's words for it or ours, to be freed; "" where all is well.
 */
char *status_of_object(const struct status_input *in, const struct object *want)
{
	const struct memory *m = &in->world->memory;
	const struct object *have =
		state_find(&in->world->have, want->class, want->name, want->cmode);
	const struct failure *failure = failure_of(in->failures, want);

	if (failure)
		return failure_text(failure);
	if (have && have->error)
		return unreadable_text(have);
	if (have && !drift_is_in_force(want, in->world) && want->class->progress)
		return object_progress(have);
	if (!drift_is_in_force(want, in->world))
		return mem_strdup(hindrance_text(hindrance_of(in, want)));
	if (notes_find(&m->until_boot, want, 0))
		return mem_strdup("in force after a power cycle");
	if (notes_find(&m->ignored_sizes, want, 0))
		return mem_strdup("accepted, but the driver does not read it");
	return mem_strdup("");
}

/**
 * status_of_firmware() - why the wanted firmware does not run.
 *
 * Return: to be freed; "" where it does.
 */
char *status_of_firmware(const struct status_input *in)
{
	const char *reason = in->world->memory.lasting.flash.reason, *why;

	vec_each(f, &in->failures->list)
		if (f->step.kind == STEP_FLASH)
			return failure_text(f);
	if (!drift_of_firmware(&in->assignment->want.firmware, in->world))
		return mem_strdup("");
	if (reason)
		return mem_strdup(reason);
	if (in->run->plan.pending == DISRUPTION_NONE)
		return mem_strdup("");
	why = hindrance_text(in->permission.why);
	return mem_strdup(*why ? why : hindrance_text(HINDRANCE_POLICY));
}

/** status_init() - of a device that has not been read yet. */
void status_init(struct status *s, uint64_t now)
{
	*s = (struct status){.state = STATE_READING,
			     .told = STATE_READING,
			     .reason = mem_strdup(""),
			     .since = now};
}

/** status_clear() - free what it holds. */
void status_clear(struct status *s)
{
	free(s->reason);
	free(s->told_reason);
}
