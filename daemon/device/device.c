// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The composition of the parts, and the order of things: what happened goes to the part that it is
 * about (take), the first thing that is to be done is done (choose), the state is derived, the
 * history closed. See device.h.
 */
#include "device/device.h"
#include "base/clock.h"
#include "device/baseline.h"
#include "device/flash.h"
#include "device/reading.h"
#include "device/results.h"
#include "plan/make.h"

#include <string.h>

/* What the driver is at by itself it tells of; that may get lost. */
#define MOVING_LOOK USEC_PER_SEC

/**
 * device_new() - a device that has not been read yet.
 * @env: outlives it
 * @config: the one in force for the whole switch
 * @trigger: how it was found
 * @memory: what is known of it from before, taken over; NULL: nothing
 */
struct device *device_new(const struct device_env *env, const char *handle, struct config *config,
			  enum trigger trigger, struct memory *memory, uint64_t now)
{
	struct device *d = mem_new(struct device);

	d->env = env;
	d->handle = mem_strdup(handle);
	d->world.kernel = env->kernel;
	d->world.boot = env->boot;
	if (memory) {
		d->world.memory = *memory;
		*memory = (struct memory){};
		if (d->world.memory.leaving)
			memory_restart(&d->world.memory);
		/* another config than before ends the way back from a trial */
		if (d->world.memory.lasting.accepted != config->hash)
			memory_set_undo(&d->world.memory, false);
	}
	d->mandate = MANDATE_RELOAD;
	d->history.trigger = trigger;
	assignment_set_latest(&d->assignment, config);
	view_init(&d->view, now);
	failures_init(&d->failures);
	patience_init(&d->patience);
	status_init(&d->status, now);
	return d;
}

/** device_free() - Return: NULL. */
struct device *device_free(struct device *d)
{
	if (!d)
		return NULL;
	failures_clear(&d->failures);
	fights_end(&d->fights);
	patience_clear(&d->patience);
	history_clear(&d->history);
	reloads_clear(&d->reloads);
	run_clear(&d->run);
	state_clear(&d->goal);
	assignment_clear(&d->assignment);
	world_clear(&d->world);
	status_clear(&d->status);
	view_clear(&d->view);
	free(d->turn.rival);
	free(d->handle);
	free(d);
	return NULL;
}

/* --- what is asked for ------------------------------------------------------- */

/* What is planned or read answers an old question. */
static void ask_again(struct device *d)
{
	d->settled = false;
	view_doubt_identity(&d->view);
	failures_forget(&d->failures);
	run_forget_done(&d->run);
	view_forget_image(&d->world);
	d->run.last_phase = run_may_write(&d->run);
	if (d->run.activity != ACTIVITY_WRITING)
		view_need(&d->view, PART_OBJECTS);
}

static void take_config(struct device *d, const struct device_event *e)
{
	history_set_who(&d->history, e->who);
	history_set_trigger(&d->history, e->undo ? TRIGGER_ROLLBACK : TRIGGER_CONFIG);
	assignment_set_latest(&d->assignment, e->config);
	d->mandate =
		MAX(MIN(d->mandate, MANDATE_ANYTHING), e->undo ? MANDATE_UNDO : MANDATE_RELOAD);
	if (e->undo) /* also of an entry that is gone with its `on_removal: keep` */
		baseline_undo(&d->world);
	else
		memory_set_undo(&d->world.memory, false);
	ask_again(d);
	fights_end(&d->fights);
	device_match(d);
}

static void forgive(struct device *d)
{
	fights_end(&d->fights);
	flash_forgive(&d->world.memory);
	if (d->world.memory.registered)
		memory_end_wait(&d->world.memory);
	if (d->world.memory.lasting.rollback != ROLLBACK_NONE)
		memory_forgive(&d->world.memory);
	device_match(d);
}

static void take_apply(struct device *d, const struct device_event *e)
{
	enum mandate mandate = e->allow_reload ? MANDATE_ANYTHING
			       : e->retry      ? mandate_of_retry(&d->world.memory)
					       : MANDATE_LIVE;

	history_set_who(&d->history, e->who);
	history_set_trigger(&d->history, e->retry ? TRIGGER_RETRY : TRIGGER_APPLY);
	if (!d->world.memory.pause.until) /* what is asked for now is not meant for later */
		d->mandate = MAX(d->mandate, mandate);
	ask_again(d);
	if (e->retry)
		forgive(d);
}

static void take_pause(struct device *d, const struct device_event *e)
{
	if (!e->until && !d->world.memory.pause.until)
		return;
	history_set_asked(&d->history, e->until ? TRIGGER_PAUSE : TRIGGER_RESUME, e->who);
	memory_set_pause(&d->world.memory, e->until, e->wall, e->who);
	status_changed(&d->status);
	ask_again(d);
}

/* Its time is over: what has changed meanwhile is no fight, and what was asked for is done. */
static void end_pause(struct device *d, uint64_t now)
{
	if (now >= d->world.memory.pause.until && d->world.memory.pause.until)
		take_pause(d, &(struct device_event){});
}

static void take_notification(struct device *d, const struct device_event *e, uint64_t now)
{
	static const unsigned heard[] = {[DEVICE_EV_STALE] = HEARD_ANY,
					 [DEVICE_EV_COUNTED] = HEARD_COUNTERS,
					 [DEVICE_EV_VANISHED] = HEARD_COUNTERS,
					 [DEVICE_EV_RECREATED] = HEARD_RECREATED};

	view_hear(&d->view, e->type == DEVICE_EV_VANISHED ? PRESENCE_EV_DEL : PRESENCE_EV_NEW,
		  heard[e->type] | (e->trigger == TRIGGER_AUDIT ? 0 : HEARD_KERNEL), now);
	if (e->type == DEVICE_EV_VANISHED)
		memory_set_leaving(&d->world.memory, true);
	if (e->trigger == TRIGGER_FLASH) {
		view_flashed(&d->view, now);
		history_flashed(&d->history, now);
	}
	if (e->identify)
		view_outdate(&d->view, PART_IDENTITY);
	if (e->trigger == TRIGGER_AUDIT)
		failures_audit(&d->failures, now);
	else if (d->run.activity != ACTIVITY_WRITING) /* else it is most likely by carved itself */
		failures_suspect(&d->failures, now);
	/* what has begun was set going by something else, and may bring notifications */
	if (d->run.activity == ACTIVITY_NONE && !history_is_open(&d->history))
		history_set_trigger(&d->history, e->trigger);
}

static void take_tick(struct device *d, uint64_t now)
{
	if (failures_tick(&d->failures, now) || patience_tick(&d->patience, now) ||
	    run_waits(&d->run))
		view_need(&d->view, PART_OBJECTS);
	if (now < d->failures.retry_at)
		return;
	failures_forget_transient(&d->failures);
	d->failures.retrying = true;
	run_forget_done(&d->run);
	view_need(&d->view, PART_OBJECTS);
}

static void take_notifications(struct device *d, const struct device_event *e, uint64_t now)
{
	struct device_event one = *e;

	for (size_t i = 0; i < e->n_heard; i++) {
		one.type = e->heard[i];
		take_notification(d, &one, now);
	}
}

static void take(struct device *d, const struct device_event *e, uint64_t now)
{
	switch (e->type) {
	case DEVICE_EV_CONFIG:
		take_config(d, e);
		return;
	case DEVICE_EV_STALE:
	case DEVICE_EV_COUNTED:
	case DEVICE_EV_VANISHED:
	case DEVICE_EV_RECREATED:
		take_notification(d, e, now);
		return;
	case DEVICE_EV_HEARD:
		take_notifications(d, e, now);
		return;
	case DEVICE_EV_APPLY:
		take_apply(d, e);
		return;
	case DEVICE_EV_PAUSE:
		take_pause(d, e);
		return;
	case DEVICE_EV_IMAGE:
		run_end(&d->run);
		view_take_image(&d->view, &d->world, e->error, e->why);
		return;
	case DEVICE_EV_READ:
		if (device_take_reading(d, e->reading, e->n_results, now))
			device_take_results(d, e->results, e->n_results, now);
		return;
	case DEVICE_EV_DONE:
		device_take_results(d, e->results, e->n_results, now);
		return;
	case DEVICE_EV_CAPTURE:
		view_need(&d->view, PART_CATALOGUE);
		return;
	case DEVICE_EV_TURN: /* on one chip, what another has flashed is this one's firmware, too */
		view_outdate(&d->view, PART_IDENTITY);
		view_need(&d->view, PART_OBJECTS);
		return;
	case DEVICE_EV_BROKEN:
		run_break(&d->run);
		return;
	case DEVICE_EV_TICK:
		take_tick(d, now);
		return;
	}
}

/* --- what to do next --------------------------------------------------------- */

static void ask(struct device *d, uint64_t now, struct device_todo *todo)
{
	const struct assignment *a = &d->assignment;

	todo->what = DEVICE_READ;
	if (!d->view.read.at)
		reloads_resume(&d->reloads, &d->world.memory);
	view_ask(&d->view, &d->world, a->used.entry ? &a->winners : NULL, now, &todo->reads);
	run_begin(&d->run, ACTIVITY_READING, now);
}

static void glance(struct device *d, uint64_t now, struct device_todo *todo)
{
	todo->what = DEVICE_READ;
	device_ahead(d, &d->run.offered);
	todo->steps = d->run.offered.v;
	todo->n_steps = d->run.offered.n;
	view_glance(&d->view, now);
	run_begin(&d->run, ACTIVITY_READING, now);
}

static void look(struct device *d, uint64_t now, struct device_todo *todo)
{
	todo->what = DEVICE_LOOK;
	todo->image = &d->world.image;
	view_look(&d->view, now);
	run_begin(&d->run, ACTIVITY_READING, now);
}

/* What the reload that is sent next resets is set right behind it. */
static void follow_reload(struct device *d)
{
	const struct step *s = &d->run.plan.steps.v[d->run.first];
	step_list steps = {};

	if (s->kind != STEP_RELOAD || s->disruption != DISRUPTION_RELOAD)
		return;
	device_ahead(d, &steps);
	run_add_ahead(&d->run, &steps);
}

/*
 * What is noted of a step is kept before it is sent; on disk before a flash, a reload or what is
 * staged for one, as is all that is remembered. Policy does not wait for the disk: a power cut ends
 * what was set, too.
 */
static void send(struct device *d, uint64_t now, struct device_todo *todo)
{
	struct memory *m = &d->world.memory;
	bool changed = m->changed;

	m->changed = false;
	follow_reload(d);
	todo->what = DEVICE_RUN;
	todo->steps = d->run.plan.steps.v + d->run.first;
	todo->n_steps = d->run.end - d->run.first;
	for (size_t i = d->run.first; i < d->run.end; i++) {
		const struct step *s = &d->run.plan.steps.v[i];

		baseline_keep(&d->world, &d->assignment.want, s);
		reloads_staging(&d->reloads, &d->world, s);
		reloads_begin(&d->world, &d->assignment.want, s);
		history_sending(&d->history, s, now);
		flash_begin(&d->world.memory, d->env->boot, s);
		todo->save |= m->changed || s->phase <= PHASE_RELOAD;
		todo->lasting |= s->phase <= PHASE_RELOAD;
	}
	m->changed |= changed;
	run_begin(&d->run, ACTIVITY_WRITING, now);
}

/* What came of a rest. */
struct resting {
	bool rests, foreign; /* foreign: reloads by others came before it */
	uint64_t outage;     /* microseconds; 0: none */
};

/* @good: all is as wanted. */
static void tell_rest(struct device *d, bool good, const struct resting *r)
{
	uint64_t counted_at = d->view.heard.counters_at;
	uint64_t since = counted_at ? counted_at : d->view.heard.first_at;

	if (r->foreign && d->assignment.used.entry)
		journal_restored(device_journal(d), d->history.restored.notes.n, good,
				 since ? history_restored_after(&d->history, since) : 0);
	if (r->outage && !r->foreign)
		journal_reloaded(device_journal(d), r->outage);
}

/*
 * Which entry is the device's, and firmware, are decided on when the driver tells its versions: the
 * mandate for that is kept. So is that of a paused device: it is used when the pause is over.
 */
static enum mandate mandate_at_rest(const struct device *d)
{
	if (d->world.memory.pause.until || d->turn.is == TURN_HELD || d->turn.is == TURN_CLASH)
		return d->mandate;
	return d->assignment.may.n ||
			       (d->view.identity.error && d->assignment.want.firmware.version)
		       ? MIN(d->mandate, MANDATE_RELOAD)
		       : MANDATE_NONE;
}

static void forget_last_error(struct device *d)
{
	const struct lasting *l = &d->world.memory.lasting;

	if (d->failures.list.n || l->rollback != ROLLBACK_NONE || l->flash.reason ||
	    d->world.facts.reload_failed || !d->failures.last_at)
		return;
	failures_forget_last(&d->failures);
	status_changed(&d->status);
}

/* Nothing is to be done for now. What failed for the moment is tried again: that is no rest. */
static void rest(struct device *d, uint64_t now, struct device_todo *todo, struct resting *ret)
{
	const struct status_input in = device_status_input(d);
	bool good;

	todo->wake_at =
		MIN(MIN(d->failures.retry_at, in.permission.until), view_wake_at(&d->view, now));
	todo->wake_at = MIN(todo->wake_at, failures_again_at(&d->failures));
	todo->wake_at = MIN(todo->wake_at, d->patience.until);
	if (view_is_identified(&d->view) ? !view_rereads(&d->view) : d->view.read.error != 0)
		d->settled = true;
	if (d->turn.is == TURN_LATER || run_waits(&d->run))
		d->settled = false;
	if (run_waits(&d->run))
		todo->wake_at = MIN(todo->wake_at, now + MOVING_LOOK);
	if (d->failures.retry_at != USEC_NEVER || d->turn.is == TURN_LATER || run_waits(&d->run))
		return;
	ret->rests = true;
	ret->foreign = d->reloads.foreign_open;
	if (!d->world.facts.reload_failed)
		ret->outage = history_end_outage(&d->history, now);
	good = status_is_as_wanted(&in);
	reloads_rest(&d->reloads, &d->world, &d->assignment.want, good);
	tell_rest(d, good, ret);
	fights_next_episode(&d->fights);
	failures_rest(&d->failures);
	forget_last_error(d);
	run_forget_done(&d->run);
	view_rest(&d->view, &d->world);
	d->mandate = mandate_at_rest(d);
}

/* The kernel should have ended what it is at. */
static void look_at_clock(struct device *d, uint64_t now)
{
	if (d->run.told_slow || !run_minutes(&d->run, now))
		return;
	d->run.told_slow = true;
	journal_slow(device_journal(d), run_request(&d->run), now - d->run.since);
}

/* A successor is another one, whatever it counts. */
static void go(struct device *d, struct device_todo *todo)
{
	struct state goal = {};

	todo->what = DEVICE_GONE;
	device_goal(d, &goal);
	reloads_gone(&d->reloads, &d->world, &goal);
	state_clear(&goal);
}

/* The first thing that is to be done, in this order. */
static void choose(struct device *d, uint64_t now, struct device_todo *todo, struct resting *ret)
{
	const struct view *v = &d->view;
	bool managed = d->assignment.used.entry || d->assignment.may.n,
	     waits = d->failures.retry_at != USEC_NEVER;

	if (v->presence == PRESENCE_GONE) {
		go(d, todo);
	} else if (d->run.broken) { /* the kernel holds its lock for ever: who asks hangs, too */
		d->settled = ret->rests = true;
	} else if (d->run.activity != ACTIVITY_NONE) {
		look_at_clock(d, now);
	} else if (view_needs(v) == PART_OBJECTS) {
		ask(d, now, todo);
	} else if (view_needs(v) == PART_IMAGE) {
		look(d, now, todo);
	} else if (device_permission(d).may >= MAY_LIVE && run_next(&d->run)) {
		send(d, now, todo);
	} else if (view_would_read(&d->view, &d->world, managed, waits, now)) {
		if (view_may_glance(&d->view) && device_may_go_ahead(d))
			glance(d, now, todo);
		else
			ask(d, now, todo);
	} else {
		rest(d, now, todo, ret);
	}
}

static uint64_t config_hash(const struct device *d)
{
	return d->assignment.latest ? d->assignment.latest->hash : 0;
}

static void close_history(struct device *d, const struct resting *r, uint64_t now)
{
	const struct ending e = {.result = device_state_name(d->status.state),
				 .reason = d->status.reason,
				 .config = config_hash(d),
				 .worth_telling = r->foreign};

	if (history_close(&d->history, &e, r->outage, now))
		status_changed(&d->status);
}

/**
 * device_event() - something happened at @now; @ret says what to do next.
 *
 * With DEVICE_READ, DEVICE_LOOK and DEVICE_RUN the machine waits for the outcome; other events are
 * taken meanwhile.
 */
void device_event(struct device *d, const struct device_event *event, uint64_t now,
		  struct device_todo *ret)
{
	bool was_down = d->world.facts.reload_failed, was_leaving = d->world.memory.leaving;
	struct resting resting = {};
	struct status_input in;
	struct status_news news;

	*ret = (struct device_todo){.what = DEVICE_REST, .wake_at = USEC_NEVER};
	end_pause(d, now);
	take(d, event, now);
	choose(d, now, ret, &resting);
	ret->wake_at = MIN(ret->wake_at, run_wake_at(&d->run, now));
	if (ret->what != DEVICE_RUN || ret->save)
		ret->save = memory_take_changed(&d->world.memory, &ret->running);
	ret->save_first = ret->save && d->world.memory.leaving && !was_leaving;
	if (ret->save)
		status_changed(&d->status);
	if (ret->what == DEVICE_GONE) {
		history_gone(&d->history, config_hash(d), now);
		return;
	}
	in = device_status_input(d);
	news = status_update(&d->status, &in, now);
	journal_status(device_journal(d), &d->status, &news);
	if (resting.rests || (d->world.facts.reload_failed && !was_down))
		close_history(d, &resting, now);
}

/** device_stops() - are later phases of what is in flight no longer to be sent? */
bool device_stops(const struct device *d)
{
	return run_may_write(&d->run) &&
	       (d->run.last_phase ||
		((d->view.heard.open & HEARD_COUNTERS) && view_has_vanished(&d->view)));
}

/** device_down_since() - when the device was torn down, microseconds; 0: it is not. */
uint64_t device_down_since(const struct device *d)
{
	return d->world.facts.reload_failed ? d->history.outage_from : 0;
}

/** device_retry_at() - when what failed is tried again by itself, microseconds; 0: it is not. */
uint64_t device_retry_at(const struct device *d)
{
	uint64_t at = MIN(d->failures.retry_at, failures_again_at(&d->failures));

	return at == USEC_NEVER ? 0 : at;
}

/**
 * device_not_saved() - what todo.save asked for is not on disk: the next event asks for it again.
 */
void device_not_saved(struct device *d)
{
	d->world.memory.changed = true;
}

/* --- a successor, and what others ask ---------------------------------------- */

/**
 * device_inherit() - the device is new, and goes on where a predecessor of the same handle was.
 * @records: taken over; NULL: none are known
 * @accepted: what it has accepted last, see assignment_inherit()
 */
void device_inherit(struct device *d, record_list *records, const struct config_entry *accepted)
{
	if (records)
		history_inherit(&d->history, records);
	assignment_inherit(&d->assignment, &d->world.memory, accepted);
}

/** device_take_records() - what the device has done, which is forgotten here. */
record_list device_take_records(struct device *d)
{
	record_list records = d->history.records;

	d->history.records = (record_list){};
	return records;
}

/**
 * device_busy() - is it on its way to another state?
 *
 * A re-read of what is known does not count, but where policy is known to be at defaults.
 */
bool device_busy(const struct device *d)
{
	return !d->settled || view_rereads(&d->view) || d->run.activity == ACTIVITY_WRITING ||
	       run_reads_back(&d->run) ||
	       (d->run.activity == ACTIVITY_READING && view_is_reset(&d->view));
}

/** device_entries() - see assignment_entries(). */
void device_entries(const struct device *d, entry_list *ret)
{
	assignment_entries(&d->assignment, ret);
}

/** device_entry_name() - the first of device_entries(), or "". */
const char *device_entry_name(const struct device *d)
{
	const struct assignment *a = &d->assignment;

	if (a->used.entry)
		return a->used.entry->name;
	return a->matches.n ? a->matches.v[0]->name : "";
}

/**
 * device_matches_name() - is @name its handle, the name of one of its entries, or "" for all
 * devices?
 */
bool device_matches_name(const struct device *d, const char *name)
{
	entry_list entries = {};
	bool found = !*name || strcmp(d->handle, name) == 0;

	device_entries(d, &entries);
	vec_each(e, &entries)
		found |= strcmp((*e)->name, name) == 0;
	vec_clear(&entries);
	return found;
}

/** device_pending() - what it would take to bring about all that is wanted. */
enum disruption device_pending(const struct device *d)
{
	const struct status_input in = device_status_input(d);

	return status_pending(&in);
}

/** device_object_status() - see status_of_object(). */
char *device_object_status(const struct device *d, const struct object *want)
{
	const struct status_input in = device_status_input(d);

	return status_of_object(&in, want);
}

/** device_firmware_status() - see status_of_firmware(). */
char *device_firmware_status(const struct device *d)
{
	const struct status_input in = device_status_input(d);

	return status_of_firmware(&in);
}

/**
 * device_preview() - the plan if every reload were permitted now.
 * @permitted: only what `carvectl apply` would do; nothing where nothing may be written
 * @ret: must be empty
 */
void device_preview(const struct device *d, bool permitted, struct plan *ret)
{
	struct permission p = device_permission_by(d, MAX(d->mandate, MANDATE_LIVE));
	struct state goal = {};

	if (permitted && p.may == MAY_NOTHING)
		return;
	device_goal(d, &goal);
	plan_make(&goal, &d->world,
		  &(struct policy){.reload = !permitted || p.may >= MAY_RELOAD,
				   .destroy = !permitted || p.may >= MAY_DESTROY,
				   .yielded = &d->fights.yielded},
		  ret);
	state_clear(&goal);
}
