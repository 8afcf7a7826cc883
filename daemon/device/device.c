// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device machine: when to read, what to carry out, when to rest. See device.h. It calls nothing
 * that waits and knows neither netlink nor D-Bus.
 */
#include "device/parts.h"
#include "base/clock.h"
#include "base/log.h"
#include "plan/bind.h"

#include <errno.h>
#include <string.h>

/* Re-reads after notifications: so many at once, then so many a second. */
#define BUCKET_SIZE 3.0
#define BUCKET_RATE 2.0

/* A device that cannot be read is asked again after this. */
#define READ_RETRY_USEC (10 * USEC_PER_SEC)
#define READ_LOSSES_MAX 3

/**
 * device_new() - a device that has not been read yet.
 * @env: outlives it
 * @config: the one in force for the whole switch
 * @trigger: how it was found, a literal
 * @memory: what is known of it from before, taken over; NULL: nothing
 * @now: microseconds, as in device_event()
 */
struct device *device_new(const struct device_env *env, const char *handle, struct config *config,
			  const char *trigger, struct memory *memory, uint64_t now)
{
	struct device *d = mem_new(struct device);

	d->handle = mem_strdup(handle);
	d->latest = config_ref(config);
	d->need_read = d->identify = true;
	d->explicit = d->allow_reload = true;
	d->tokens = BUCKET_SIZE;
	d->tokens_at = now;
	d->retry_at = USEC_NEVER;
	d->env = env;
	d->trigger = trigger;
	d->world.kernel = env->kernel;
	if (memory) {
		d->world.memory = *memory;
		*memory = (struct memory){};
	}
	d->state = d->told = STATE_READING;
	d->reason = mem_strdup("");
	d->last_error = mem_strdup("");
	d->last_extack = mem_strdup("");
	return d;
}

/** device_free() - Return: NULL. */
struct device *device_free(struct device *d)
{
	if (!d)
		return NULL;
	failures_clear(d);
	device_end_fights(d);
	device_drop_records(d);
	notes_clear(&d->replaced);
	steps_clear(&d->ran);
	plan_clear(&d->plan);
	state_clear(&d->want);
	state_clear(&d->goal);
	vec_clear(&d->matches);
	diag_clear(&d->diags);
	world_clear(&d->world);
	assignment_set(&d->used, NULL, NULL);
	assignment_set(&d->accepted, NULL, NULL);
	config_unref(d->latest);
	free(d->handle);
	free(d->who);
	free(d->reason);
	free(d->told_reason);
	free(d->last_error);
	free(d->last_extack);
	free(d);
	return NULL;
}

/* Does the entry's policy let a reload happen now? */
static bool policy_permits(const struct device *d)
{
	if (d->force_reload)
		return true;
	switch (d->used.entry->reload) {
	case RELOAD_AUTO:
		return d->allow_reload;
	case RELOAD_BOOT:
		return !d->world.memory.converged_once;
	case RELOAD_MANUAL:
		return false;
	}
	abort();
}

bool device_reload_permitted(const struct device *d)
{
	if (d->env->off || !d->used.entry)
		return false;
	if (d->world.facts.reload_failed && d->world.memory.lasting.rollback != ROLLBACK_NONE)
		return device_rollback_due(d);
	return policy_permits(d) && !failures_block_reload(d);
}

bool device_live_permitted(const struct device *d)
{
	return d->used.entry && !d->env->off &&
	       (d->used.entry->drift == DRIFT_ENFORCE || d->explicit || device_rollback_due(d));
}

static void make_plan(struct device *d)
{
	struct policy policy = {.reload = device_reload_permitted(d), .destroy = d->force_reload};
	step_list refused = {};

	vec_each(f, &d->failures)
		vec_push(&refused, f->step); /* borrowed */
	policy.refused = &refused;
	policy.held = &d->held;
	plan_clear(&d->plan);
	d->first = d->end = 0;
	plan_make(&d->goal, &d->world, &policy, &d->plan);
	vec_clear(&refused);
}

static unsigned times_run(const struct device *d, const struct step *s)
{
	unsigned n = 0;

	vec_each(r, &d->ran)
		n += step_same(r, s);
	return n;
}

static bool was_run(const struct device *d, const struct step *s)
{
	return times_run(d, s) > 0;
}

/*
 * What needs no reload may have been changed by somebody else before it was read back: once more, and
 * again where something was heard since. What needs one is not tried twice, whatever is heard.
 */
static bool was_tried(const struct device *d, const struct step *s)
{
	return times_run(d, s) > (s->phase > PHASE_RELOAD ? 1u + d->stale : 0);
}

/* A reload again is no wonder where something is flashed, or staged that was not staged before. */
static bool reload_is_new(const struct device *d)
{
	vec_each(s, &d->plan.steps)
		if (s->kind == STEP_FLASH ||
		    (s->kind == STEP_SET && s->phase < PHASE_RELOAD && !was_run(d, s)))
			return true;
	return false;
}

static bool is_planned(const struct device *d, const struct step *s)
{
	vec_each(p, &d->plan.steps)
		if (step_same(p, s))
			return true;
	return false;
}

/* What the read shows to be kept may drift later on. */
static void forget_kept(struct device *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->ran.n; i++) {
		if (is_planned(d, &d->ran.v[i]))
			d->ran.v[n++] = d->ran.v[i];
		else
			step_clear(&d->ran.v[i]);
	}
	d->ran.n = n;
}

/* What was acknowledged since the device last rested and is to be done again was not kept. */
static bool find_not_kept(struct device *d, uint64_t now)
{
	bool found = false;

	vec_each(s, &d->plan.steps) {
		if (!step_traits(s)->kept || !was_tried(d, s) ||
		    (s->kind == STEP_RELOAD && reload_is_new(d)))
			continue;
		failure_add(d, s, &(struct step_result){}, now);
		found = true;
	}
	if (!found)
		forget_kept(d);
	return found;
}

/*
 * What a reload resets is looked at right before it, and for whoever has to permit it; torn down there is
 * nothing left to look at.
 */
static bool impact_is_missing(const struct device *d)
{
	if (d->world.impact.known || d->world.facts.reload_failed)
		return false;
	if (d->plan.pending == DISRUPTION_RELOAD && !d->plan.steps.n)
		return true;
	vec_each(s, &d->plan.steps)
		if (s->kind == STEP_RELOAD)
			return true;
	return false;
}

static void replan(struct device *d, uint64_t now)
{
	make_plan(d);
	if (impact_is_missing(d)) {
		plan_clear(&d->plan);
		d->need_impact = d->need_read = true;
		return;
	}
	if (!d->plan.steps.n && !d->failures.n)
		d->episode++; /* all is as wanted: what differs from now on has been changed since */
	if (find_not_kept(d, now))
		make_plan(d);
	if (device_find_fights(d, now))
		make_plan(d);
}

/* What to carry out next: [first, end) of one phase. Nothing behind a barrier that was passed. */
static bool next_phase(struct device *d)
{
	size_t n = d->plan.steps.n;

	if (!device_live_permitted(d))
		return false;
	if (d->end > 0 && step_is_barrier(&d->plan.steps.v[d->end - 1]))
		return false;
	for (d->first = d->end; d->end < n; d->end++)
		if (d->plan.steps.v[d->end].phase != d->plan.steps.v[d->first].phase ||
		    (d->end > d->first && step_is_barrier(&d->plan.steps.v[d->end])))
			break;
	return d->end > d->first;
}

static void log_restored(struct device *d, uint64_t now)
{
	uint64_t since = d->counted_at ? d->counted_at : d->disturbed_at;

	if (!since) { /* it happened while we did not watch */
		log_with(LOG_NOTICE,
			 &(struct log_fields){.id = MESSAGE_RESTORED,
					      .device = d->handle,
					      .trigger = d->trigger},
			 "%s: %u settings restored after an earlier reload by somebody else",
			 d->handle, d->restored);
		return;
	}
	log_with(LOG_NOTICE,
		 &(struct log_fields){
			 .id = MESSAGE_RESTORED, .device = d->handle, .trigger = d->trigger},
		 "%s: %u settings restored %.1f ms after a reload by somebody else", d->handle,
		 d->restored, (double)(now - since) / USEC_PER_MSEC);
}

static void log_reloaded(const struct device *d)
{
	log_with(LOG_NOTICE,
		 &(struct log_fields){
			 .id = MESSAGE_RELOADED, .device = d->handle, .trigger = d->trigger},
		 "%s: at rest %.1f ms after the start of a reload by carved", d->handle,
		 (double)d->outage / USEC_PER_MSEC);
}

/* What was heard before the last question is answered. */
static uint64_t unanswered(const struct device *d, uint64_t heard_at)
{
	return d->stale && heard_at >= d->since ? heard_at : 0;
}

/* Nothing more to do for now. */
static void rest(struct device *d, uint64_t now)
{
	bool good = !d->failures.n && !d->refused && !d->plan.pending && !d->plan.steps.n &&
		    !d->plan.unreadable_text.n && !d->plan.held_text.n &&
		    !d->world.facts.reload_failed && d->plan.firmware == FIRMWARE_RUNS &&
		    d->world.memory.lasting.rollback == ROLLBACK_NONE;

	d->known |= (d->identified && !device_rereads(d)) || d->read_error;
	if (d->retry_at != USEC_NEVER)
		return;
	if (good)
		memory_set_converged(&d->world.memory);
	if (good && d->foreign)
		log_restored(d, now);
	if (d->disturbed_at && d->recovering) {
		d->outage = now - d->disturbed_at;
		d->recovered = true;
		if (!d->foreign)
			log_reloaded(d);
	}
	d->record |= d->n_done || d->tried || d->foreign || d->recovered;
	d->recovering = d->force_reload = d->explained = false;
	d->world.impact.known = false;
	d->episode++;
	d->foreign = d->restored = 0;
	d->disturbed_at = d->stale ? MAX(d->disturbed_at, d->since) : 0;
	d->counted_at = unanswered(d, d->counted_at);
	d->recreated_at = unanswered(d, d->recreated_at);
	if (!d->identity_error || !d->want.firmware.version) /* firmware is decided on later */
		d->allow_reload = d->explicit = false;
	d->attempts = 0;
	steps_clear(&d->ran);
}

/*
 * "No such device" may be the farewell of an instance that has a successor already: only if nothing was
 * heard since the question is it gone.
 */
static void on_no_device(struct device *d)
{
	if (d->stale)
		d->need_read = d->identify = d->vanished = d->appeared = true;
	else
		d->gone = true;
}

static bool is_of_the_moment(int error)
{
	switch (-error) {
	case EINTR:
	case ENOMEM:
	case ENOBUFS:
	case ETIMEDOUT: /* the answer was lost, */
	case EBADMSG:	/* or a part of it */
		return true;
	default:
		return error_is_transient(error);
	}
}

/* Not while it is torn down: a driver may have no answer then, or one that lacks half of it. */
static bool identity_is_due(const struct device *d, uint64_t now)
{
	return d->identify && now >= d->identify_at &&
	       !(d->identified && d->world.facts.reload_failed);
}

/*
 * Its versions are told by the firmware, which may be at a loss where all else can be read: what the device
 * is was known, and its policy does not wait. Only firmware does, see device_compose().
 */
static bool go_on_unidentified(struct device *d, int error, uint64_t now)
{
	if (!d->identified || !identity_is_due(d, now))
		return false;
	if (d->identity_error != error)
		log_with(LOG_ERR,
			 &(struct log_fields){.id = MESSAGE_UNREADABLE,
					      .device = d->handle,
					      .trigger = d->trigger},
			 "%s: the driver does not tell its versions: %s", d->handle,
			 strerror(-error));
	d->identity_error = error;
	d->identify_at = now + READ_RETRY_USEC;
	d->need_read = true;
	return true;
}

/* A lost answer or a busy kernel is asked again soon; that it goes on is an error to show. */
static void on_read_error(struct device *d, int error, uint64_t now)
{
	if (error == -ENODEV) {
		on_no_device(d);
		return;
	}
	if (is_of_the_moment(error) && d->read_losses++ < READ_LOSSES_MAX) {
		d->retry_at = now + USEC_PER_SEC / 10;
		return;
	}
	if (go_on_unidentified(d, error, now))
		return;
	if (d->read_error != error)
		log_with(LOG_ERR,
			 &(struct log_fields){.id = MESSAGE_UNREADABLE,
					      .device = d->handle,
					      .trigger = d->trigger},
			 "%s: the device cannot be read: %s", d->handle, strerror(-error));
	d->read_error = error;
	d->retry_at = now + READ_RETRY_USEC;
}

/* Versions and names may have changed, and an entry that was refused may fit now. */
static bool rematch(struct device *d)
{
	const struct entry *before = d->used.entry;

	device_use_latest(d);
	return d->used.entry != before && d->used.entry;
}

/* Return: false where something has to be read before a plan can be made, or there is none to make. */
static bool bind_again(struct device *d)
{
	if (device_bind(d) == BIND_NEEDS_CATALOGUE)
		d->need_catalogue = d->need_read = true;
	if (d->need_read || d->need_image)
		return false;
	device_learn(d);
	device_check_key(d);
	device_compose(d);
	if (device_is_removed(d) && !device_removed_entry(d))
		device_release(d);
	return d->used.entry;
}

static void on_read(struct device *d, const struct device_reading *r, uint64_t now)
{
	d->activity = DEVICE_IDLE;
	if (r->error < 0) {
		on_read_error(d, r->error, now);
		return;
	}
	d->read_error = 0;
	d->read_at = now;
	d->read_losses = 0;
	if (d->outdated) {
		d->outdated = false;
		d->need_read = true;
		if (!r->identified)
			return;
	}
	if (!device_absorb(d, r, now))
		return;
	if (r->identified && rematch(d))
		d->need_read = true;
	if (!d->used.entry || d->need_read)
		return;
	if (!d->full || r->catalogued) /* the catalogue names more to read */
		d->need_read = true;
	else if (bind_again(d))
		replan(d, now);
}

/* A size that nobody wants can only have been staged by somebody else. */
static void warn_of_foreign_size(const struct device *d, const struct step *s)
{
	if (!s->foreign)
		return;
	log_with(LOG_WARNING,
		 &(struct log_fields){.id = MESSAGE_FOREIGN_SIZE,
				      .device = d->handle,
				      .object = s->target.name,
				      .trigger = d->trigger},
		 "%s: resource %s: the size %s that somebody else left pending was set back to %s",
		 d->handle, s->target.name, s->from, s->to);
}

static void on_acknowledged(struct device *d, const struct step *s)
{
	warn_of_foreign_size(d, s);
	device_note_done(d, s);
	if (s->kind == STEP_FLASH) /* a reload activates another image from here on */
		steps_clear(&d->ran);
	steps_copy(&d->ran, s);
	if (s->kind == STEP_SET && s->target.cmode == CMODE_PERMANENT) {
		memory_note(&d->world.memory, &d->world.memory.until_boot, &s->target, PARAM_VALUE,
			    &s->target.v[PARAM_VALUE]);
	}
	if (s->kind == STEP_RELOAD) {
		d->own_reload = d->identify = true;
		d->own_action = s->action;
		notes_clear(&d->replaced);
		if (s->activates)
			device_activated(d);
		d->disturbed_at = d->since;
		d->recovering = true;
	} else if (d->foreign) {
		d->restored++;
	}
}

static void on_done(struct device *d, const struct step_result *results, uint64_t now)
{
	enum phase phase = d->plan.steps.v[d->first].phase;
	bool failed = false;
	size_t n = 0;

	d->activity = DEVICE_IDLE;
	d->stale = false; /* a read follows */
	for (size_t i = d->first; i < d->end; i++) {
		const struct step *s = &d->plan.steps.v[i];
		const struct step_result *r;

		if (!step_traits(s)->request)
			continue;
		r = &results[n++];
		if (s->kind == STEP_FLASH)
			device_flash_ended(d, s, r, now);
		if (r->error == 0) {
			on_acknowledged(d, s);
			continue;
		}
		failed = true;
		if (s->kind == STEP_RELOAD && r->lost) {
			d->own_reload = true; /* if the counters say that there was one */
			d->own_action = s->action;
		}
		if (s->kind != STEP_FLASH && (r->error != -ENODEV || !d->vanished))
			failure_add(d, s, r, now);
	}
	if (d->outdated || (failed && phase <= PHASE_RELOAD)) {
		d->outdated = false;
		plan_clear(&d->plan);
		steps_clear(&d->ran);
		d->first = d->end = 0;
	} else if (d->counted && (phase <= PHASE_RELOAD || d->vanished)) {
		/* what is planned may be done, or another's; policy does not wait to know */
		plan_clear(&d->plan);
		d->first = d->end = 0;
	}
	if (!next_phase(d))
		d->need_read = true;
	else
		d->end = d->first; /* to be started by act() */
}

/* For the record. */
static void note_who(struct device *d, const char *who)
{
	free(d->who);
	d->who = who ? mem_strdup(who) : NULL;
}

static void on_config(struct device *d, struct config *config)
{
	config_ref(config);
	config_unref(d->latest);
	d->latest = config;
	vec_clear(&d->matches); /* they were of the one before */
	device_look_again(d);
	d->identify = true;
	d->explicit = d->allow_reload = true;
	failures_clear(d);
	steps_clear(&d->ran);
	device_end_fights(d);
	d->trigger = "config";
	d->known = false;
	if (d->identified)
		device_use_latest(d);
	if (d->activity == DEVICE_IDLE)
		d->need_read = true;
	else
		d->outdated = true;
}

static void on_apply(struct device *d, const struct device_event *e)
{
	d->explicit = true;
	d->force_reload |= e->allow_reload;
	d->trigger = e->retry ? "retry" : "apply";
	device_look_again(d);
	d->identify = true;
	failures_clear(d);
	steps_clear(&d->ran);
	if (e->retry) {
		d->allow_reload = true;
		device_end_fights(d);
		device_forgive(d);
		if (d->identified)
			device_use_latest(d);
	}
	d->known = false;
	if (d->activity == DEVICE_IDLE)
		d->need_read = true;
	else
		d->outdated = true;
}

static void on_stale(struct device *d, const struct device_event *e, uint64_t now)
{
	d->stale = true;
	d->identify |= e->identify;
	if (!d->disturbed_at)
		d->disturbed_at = now;
	if (e->type == DEVICE_EV_COUNTED) {
		d->counted_at = now;
		d->counted = true;
		d->appeared = d->vanished;
	}
	if (e->type == DEVICE_EV_VANISHED) {
		d->counted = d->vanished = d->identify = true;
		d->appeared = false;
	}
	if (e->type == DEVICE_EV_RECREATED)
		d->recreated_at = now;
	if (e->trigger && d->activity == DEVICE_IDLE)
		d->trigger = e->trigger;
}

static void on_tick(struct device *d, uint64_t now)
{
	if (now < d->retry_at)
		return;
	failures_drop_transient(d);
	steps_clear(&d->ran);
	d->need_read = true;
}

static void handle(struct device *d, const struct device_event *e, uint64_t now)
{
	switch (e->type) {
	case DEVICE_EV_CONFIG:
		note_who(d, e->who);
		on_config(d, e->config);
		return;
	case DEVICE_EV_STALE:
	case DEVICE_EV_COUNTED:
	case DEVICE_EV_VANISHED:
	case DEVICE_EV_RECREATED:
		on_stale(d, e, now);
		return;
	case DEVICE_EV_APPLY:
		note_who(d, e->who);
		on_apply(d, e);
		return;
	case DEVICE_EV_IMAGE:
		d->activity = DEVICE_IDLE;
		device_take_image(d, e->error, e->why);
		d->need_read = true;
		return;
	case DEVICE_EV_READ:
		on_read(d, e->reading, now);
		return;
	case DEVICE_EV_DONE:
		on_done(d, e->results, now);
		return;
	case DEVICE_EV_CAPTURE:
		d->need_catalogue = d->need_read = true;
		return;
	case DEVICE_EV_TICK:
		on_tick(d, now);
		return;
	}
}

/* May a notification make us read now? Takes a token. */
static bool take_token(struct device *d, uint64_t now)
{
	d->tokens += (double)(now - d->tokens_at) * BUCKET_RATE / USEC_PER_SEC;
	d->tokens = MIN(d->tokens, BUCKET_SIZE);
	d->tokens_at = now;
	if (d->tokens < 1)
		return false;
	d->tokens -= 1;
	return true;
}

/* A reload may have changed them. */
static bool wants_versions(const struct device *d, uint64_t now)
{
	return identity_is_due(d, now) && d->used.entry && d->retry_at == USEC_NEVER;
}

/* Which traps a group has is known of a dump, which other devices can delay: policy is not kept waiting for it. */
static bool catalogue_is_due(const struct device *d)
{
	return d->old_catalogue && d->world.has_catalogue && d->used.entry &&
	       d->retry_at == USEC_NEVER && !d->world.facts.reload_failed;
}

static void start_read(struct device *d, uint64_t now, struct device_todo *todo)
{
	d->activity = DEVICE_READING;
	d->since = now;
	d->need_read = d->stale = d->counted = false;
	/* an earlier process may have sent it: the counters will tell */
	if (!d->read_at && d->world.memory.lasting.attempt) {
		d->own_reload = true;
		d->own_action = d->world.memory.lasting.action;
	}
	todo->what = DEVICE_READ;
	todo->reads.identify = identity_is_due(d, now);
	d->full = d->identified && !d->vanished && d->used.entry;
	if (d->full)
		bind_reads(d->used.entry, d->handle, &d->world, &todo->reads);
	else
		todo->reads.identify = true;
	if (d->need_catalogue)
		todo->reads.catalogue = todo->reads.resources = true;
	todo->reads.impact = d->full && d->need_impact;
	todo->reads.ports = world_kernel_is(&d->world, 6, 6);
}

static void start_look(struct device *d, uint64_t now, struct device_todo *todo)
{
	d->activity = DEVICE_READING;
	d->since = now;
	d->need_image = false;
	todo->what = DEVICE_LOOK;
	todo->image = &d->world.image;
}

/* Should somebody else reload the device, it may be before or after this. */
static void note_replaced(struct device *d, const struct step *s)
{
	const struct object *have;

	if (s->kind != STEP_SET || s->target.class != &class_param ||
	    s->target.cmode != CMODE_DRIVERINIT)
		return;
	have = state_find(&d->world.have, s->target.class, s->target.name, s->target.cmode);
	if (object_has(have, PARAM_VALUE))
		notes_put(&d->replaced, &s->target, PARAM_VALUE, &have->v[PARAM_VALUE]);
}

static void start_run(struct device *d, uint64_t now, struct device_todo *todo)
{
	d->activity = DEVICE_WRITING;
	d->since = now;
	todo->what = DEVICE_RUN;
	todo->steps = d->plan.steps.v + d->first;
	todo->n_steps = d->end - d->first;
	for (size_t i = d->first; i < d->end; i++) {
		const struct step *s = &d->plan.steps.v[i];

		device_note_pristine(d, s);
		note_replaced(d, s);
		if (s->kind == STEP_RELOAD)
			device_begin_attempt(d, s);
		if (s->kind == STEP_FLASH)
			device_begin_flash(d, s);
		if (s->kind == STEP_REMEMBER)
			memory_note(&d->world.memory, &d->world.memory.in_force, &s->target,
				    PARAM_VALUE, &s->target.v[0]);
	}
}

static void act(struct device *d, uint64_t now, struct device_todo *todo)
{
	if (d->gone) {
		todo->what = DEVICE_GONE;
		memory_restart(
			&d->world.memory); /* a successor is another one, whatever it counts */
	} else if (d->activity != DEVICE_IDLE) {
		todo->wake_at =
			d->activity == DEVICE_READING ? d->since + USEC_PER_SEC : USEC_NEVER;
	} else if (d->need_read) {
		start_read(d, now, todo);
	} else if (d->need_image) {
		start_look(d, now, todo);
	} else if (next_phase(d)) {
		start_run(d, now, todo);
	} else if (d->stale ? take_token(d, now) : wants_versions(d, now)) {
		start_read(d, now, todo);
	} else if (!d->stale && catalogue_is_due(d)) {
		d->need_catalogue = true;
		start_read(d, now, todo);
	} else {
		rest(d, now); /* what was heard since waits for a token */
		todo->wake_at = d->stale ? MIN(d->retry_at, now + USEC_PER_SEC / 2) : d->retry_at;
		if (d->identify_at > now)
			todo->wake_at = MIN(todo->wake_at, d->identify_at);
	}
	todo->save = memory_take_changed(&d->world.memory);
}

/**
 * device_event() - something happened at @now; @ret says what to do next.
 *
 * With DEVICE_READ and DEVICE_RUN the machine waits for the outcome; other events are taken
 * meanwhile.
 */
void device_event(struct device *d, const struct device_event *event, uint64_t now,
		  struct device_todo *ret)
{
	*ret = (struct device_todo){.what = DEVICE_REST, .wake_at = USEC_NEVER};
	handle(d, event, now);
	act(d, now, ret);
	if (d->gone)
		return;
	device_update_state(d, now);
	if (d->record)
		device_record(d, now);
}

/** device_not_saved() - what todo.save asked for is not on disk: the next event asks for it again. */
void device_not_saved(struct device *d)
{
	d->world.memory.changed = true;
}

/** device_rereads() - has an answer been lost, so that what is known may be old? */
bool device_rereads(const struct device *d)
{
	return d->read_losses && !d->read_error;
}

/** device_busy() - is it on its way to another state? A re-read of what is known does not count. */
bool device_busy(const struct device *d)
{
	return !d->known || device_rereads(d) || d->activity == DEVICE_WRITING ||
	       (d->activity == DEVICE_READING && d->ran.n);
}

/** device_preview() - the plan if every reload were permitted now; @ret must be empty. */
void device_preview(const struct device *d, struct plan *ret)
{
	plan_make(&d->goal, &d->world,
		  &(struct policy){.reload = true, .destroy = true, .held = &d->held}, ret);
}
