// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The devices by their handles and names. Decides when one is forgotten and when its successor is
 * asked; what happens to a device is its machine's to decide.
 */
#include "manager/devices.h"
#include "base/clock.h"
#include "base/log.h"
#include "loop/loop.h"
#include "plan/match.h"
#include "store/memory.h"

#include <string.h>

#define DEPARTURES_PER_LOOK 16

static const char *handle_of(const struct member *m)
{
	return runner_device(m->runner)->handle;
}

static int by_key(const void *handle, const void *member)
{
	return strcmp(handle, handle_of(member));
}

static struct member *find(struct devices *d, const char *handle)
{
	return d->list.n ? bsearch(handle, d->list.v, d->list.n, sizeof(*d->list.v), by_key) : NULL;
}

/* In the order of handles. */
static void insert(struct devices *d, struct runner *r)
{
	const char *handle = runner_device(r)->handle;
	size_t at;

	vec_add(&d->list);
	for (at = d->list.n - 1; at > 0 && strcmp(handle_of(&d->list.v[at - 1]), handle) > 0; at--)
		d->list.v[at] = d->list.v[at - 1];
	d->list.v[at] = (struct member){.runner = r};
}

static void on_changed(void *user, struct runner *r)
{
	struct devices *d = user;
	struct member *m = find(d, runner_device(r)->handle);

	m->changed = true;
	loop_defer(d->conclusion);
}

/** devices_init() - env, conclusion and observers are filled in. */
void devices_init(struct devices *d)
{
	d->env.changed = on_changed;
	d->env.user = d;
}

/** devices_clear() - at the end; observers are not told. */
void devices_clear(struct devices *d)
{
	vec_each(m, &d->list)
		runner_free(m->runner);
	vec_clear(&d->list);
	departed_clear(&d->departed);
}

/* --- who is there ------------------------------------------------------------ */

/* What it accepted last, before a restart, is of use where it refuses the config in force. */
static void inherit_accepted(const struct devices *d, struct runner *r)
{
	const struct device *device = runner_device(r);
	_cleanup_config_ struct config *config = NULL;
	uint64_t hash = device->world.memory.lasting.accepted;

	if (!hash || hash == d->config->hash || device->assignment.accepted.config)
		return;
	if (store_load_config(d->env.store, hash, &config) == 0)
		runner_inherit(r, NULL, &(struct config_entry){.config = config});
	else
		log_with(LOG_WARNING,
			 &(struct log_fields){.id = MESSAGE_NOT_SAVED, .device = device->handle},
			 "%s: the config that it accepted last cannot be read again",
			 device->handle);
}

static void add(struct devices *d, const char *handle)
{
	struct runner *r = runner_new(&d->env, handle, d->config,
				      d->listed ? TRIGGER_REGISTRATION : TRIGGER_START);

	departed_return(&d->departed, r);
	inherit_accepted(d, r);
	insert(d, r);
	runner_event(r, d->undoing ? &(struct device_event){.type = DEVICE_EV_CONFIG,
							    .config = d->config,
							    .undo = true}
				   : &(struct device_event){.type = DEVICE_EV_TICK});
}

/** devices_ask() - there may be a device @handle. One that is gone is forgotten first. */
void devices_ask(struct devices *d, const char *handle)
{
	struct member *m = find(d, handle);

	if (!m)
		add(d, handle);
	else if (runner_gone(m->runner))
		m->succeeded = true;
}

/* There are names, as of Scalable Functions, that never come back: their files go now and then. */
static void forget_files(struct devices *d)
{
	if (d->departures < DEPARTURES_PER_LOOK)
		return;
	d->departures = 0;
	for (size_t i = 0; i < d->list.n; i++)
		if (devices_at(d, i)->view.read.at)
			store_touch_memory(d->env.store, devices_at(d, i)->handle);
	store_forget_devices(d->env.store);
}

/* What it has done is kept for its successor, which is asked now if it is known to be there. */
static void forget(struct devices *d, size_t i)
{
	struct member m = d->list.v[i];
	_cleanup_free_ char *handle = mem_strdup(handle_of(&m));

	vec_remove(&d->list, i);
	log_with(LOG_INFO, &(struct log_fields){.id = MESSAGE_GONE, .device = handle},
		 "%s: the device is gone", handle);
	emit(d->observers, device_removed, m.runner);
	departed_keep(&d->departed, m.runner);
	runner_free(m.runner);
	if (m.succeeded)
		add(d, handle);
	d->departures++;
}

static void tell(struct devices *d, struct member *m)
{
	if (!m->told)
		emit(d->observers, device_added, m->runner);
	d->grown |= m->changed;
	if (m->changed)
		emit(d->observers, device_changed, m->runner);
	if (m->progress)
		emit(d->observers, device_progress, m->runner);
	m->told = true;
	m->changed = m->progress = false;
}

/** devices_trim() - on the way to a rest more memory is used than in it: give it back. */
void devices_trim(struct devices *d)
{
	if (!d->grown || devices_busy(d) || devices_saving(d))
		return;
	d->grown = false;
	mem_trim();
}

/**
 * devices_conclude() - forget those that are gone, and tell the observers of all that has changed.
 */
void devices_conclude(struct devices *d)
{
	for (size_t i = d->list.n; i-- > 0;)
		if (runner_gone(d->list.v[i].runner) && !runner_saving(d->list.v[i].runner))
			forget(d, i);
	forget_files(d);
	vec_each(m, &d->list)
		if (!runner_gone(m->runner))
			tell(d, m);
}

/** devices_keep() - what is remembered is saved where a device rests. */
void devices_keep(struct devices *d)
{
	vec_each(m, &d->list)
		runner_keep(m->runner);
}

/* --- what is heard of them ---------------------------------------------------- */

/**
 * devices_hear() - mark what a notification means; devices_deliver() is to follow.
 * @handle: NULL: all devices
 * @kind, @identify, @trigger: as in marks_add()
 */
void devices_hear(struct devices *d, const char *handle, enum device_event_type kind, bool identify,
		  enum trigger trigger)
{
	struct member *one = handle ? find(d, handle) : NULL;

	if (one)
		marks_add(&one->marks, kind, identify, trigger);
	if (handle)
		return;
	vec_each(m, &d->list)
		marks_add(&m->marks, kind, identify, trigger);
}

/** devices_appeared() - it registered, or one of its counters changed. */
void devices_appeared(struct devices *d, const char *handle)
{
	struct member *m = find(d, handle);

	if (m && !runner_gone(m->runner))
		marks_add(&m->marks, DEVICE_EV_COUNTED, false, TRIGGER_NOTIFICATION);
	else
		devices_ask(d, handle);
}

/**
 * devices_progress() - how far a flash is.
 * @handle: NULL: all devices
 * @flash: NULL: nothing is known
 */
void devices_progress(struct devices *d, const char *handle, const struct flash_progress *flash)
{
	vec_each(m, &d->list) {
		if (handle && strcmp(handle_of(m), handle) != 0)
			continue;
		runner_set_progress(m->runner, flash);
		m->progress = true;
		loop_defer(d->conclusion);
	}
}

/** devices_deliver() - hand each machine all that was heard of its device, as one event. */
void devices_deliver(struct devices *d)
{
	for (size_t i = 0; i < d->list.n; i++) {
		struct member *m = &d->list.v[i];
		struct marks marks = m->marks;
		struct device_event event = marks_event(&marks);

		if (!marks.n)
			continue;
		m->marks = (struct marks){};
		log_debug("%s: %u notifications at once", handle_of(m), marks.messages);
		runner_event(m->runner, &event);
	}
}

/** devices_send() - hand @e to each device that @name means. */
void devices_send(struct devices *d, const char *name, const struct device_event *e)
{
	if (e->type == DEVICE_EV_CONFIG || e->type == DEVICE_EV_APPLY)
		d->halted = false;
	for (size_t i = 0; i < d->list.n; i++)
		if (device_matches_name(devices_at(d, i), name))
			runner_event(d->list.v[i].runner, e);
}

/* --- what they are like -------------------------------------------------------- */

/** devices_at() - Return: the machine of the device number @i. */
const struct device *devices_at(const struct devices *d, size_t i)
{
	return runner_device(d->list.v[i].runner);
}

/**
 * devices_configs() - append the hashes of the configs that devices live by, also of those that are
 * gone.
 */
void devices_configs(const struct devices *d, hash_list *ret)
{
	vec_push(ret, d->config->hash);
	for (size_t i = 0; i < d->list.n; i++)
		vec_push(ret, devices_at(d, i)->world.memory.lasting.accepted);
	vec_each(gone, &d->departed)
		if (gone->accepted.config)
			vec_push(ret, gone->accepted.config->hash);
}

/* Is it not told yet, or fails the device to tell, which entry is its? */
static bool is_open(const struct device *d)
{
	return d->assignment.may.n || !view_is_identified(&d->view);
}

/* Entries that match nothing, but may match a device that is there, are not absent. */
static void add_open(const struct devices *d, bool *matched)
{
	for (size_t i = 0; i < d->list.n; i++) {
		const struct device *one = devices_at(d, i);

		for (size_t k = 0; is_open(one) && k < d->config->entries.n; k++)
			matched[k] |= match_may_be(&d->config->entries.v[k], one->handle,
						   &one->world.facts);
	}
}

/**
 * devices_absent() - append the entries of which there is no device.
 *
 * Wanted at each conclusion: one look at each device and each entry.
 *
 * Return: their state: absent, but for as long as it is not known what there is.
 */
enum device_state devices_absent(const struct devices *d, entry_list *ret)
{
	const struct config *c = d->config;
	_cleanup_free_ bool *matched = mem_alloc(c->entries.n);

	for (size_t i = 0; i < d->list.n; i++)
		vec_each(e, &devices_at(d, i)->assignment.matches)
			if (*e >= c->entries.v && *e < c->entries.v + c->entries.n)
				matched[*e - c->entries.v] = true; /* else of one before */
	add_open(d, matched);
	for (size_t i = 0; i < c->entries.n; i++)
		if (!matched[i])
			vec_push(ret, &c->entries.v[i]);
	return d->listed ? STATE_ABSENT : STATE_READING;
}

/** devices_any_absent() - Return: whether there is no device of some entry. */
bool devices_any_absent(const struct devices *d)
{
	entry_list absent = {};
	bool any;

	devices_absent(d, &absent);
	any = absent.n;
	vec_clear(&absent);
	return any;
}

/** devices_state() - Return: the first in precedence over managed devices and absent entries. */
enum device_state devices_state(const struct devices *d)
{
	enum device_state state = STATE_CONVERGED;

	if (!d->listed)
		return STATE_READING;
	for (size_t i = 0; i < d->list.n; i++)
		if (devices_at(d, i)->status.state != STATE_UNMANAGED)
			state = MIN(state, devices_at(d, i)->status.state);
	return state > STATE_ABSENT && devices_any_absent(d) ? STATE_ABSENT : state;
}

/** devices_busy() - is any device not at rest, or not known yet? */
bool devices_busy(const struct devices *d)
{
	if (!d->listed)
		return true;
	for (size_t i = 0; i < d->list.n; i++)
		if (device_busy(devices_at(d, i)))
			return true;
	return false;
}

/** devices_interruptible() - may carved end? Not while the kernel writes for it, or the disk. */
bool devices_interruptible(const struct devices *d)
{
	vec_each(m, &d->list)
		if (runner_writing(m->runner) || runner_saving(m->runner))
			return false;
	return true;
}

/** devices_saving() - is something that is to be remembered not on disk yet? */
bool devices_saving(const struct devices *d)
{
	vec_each(m, &d->list)
		if (runner_saving(m->runner))
			return true;
	return false;
}

/** devices_writing() - is the kernel at a write of any of them? */
bool devices_writing(const struct devices *d)
{
	vec_each(m, &d->list)
		if (runner_writing(m->runner))
			return true;
	return false;
}

/** devices_broken() - has the kernel broken down in a request of any of them? */
bool devices_broken(const struct devices *d)
{
	for (size_t i = 0; i < d->list.n; i++)
		if (devices_at(d, i)->run.broken)
			return true;
	return false;
}

/** devices_stop() - begin nothing new. */
void devices_stop(struct devices *d)
{
	d->env.stopping = true;
	vec_each(m, &d->list)
		runner_stop(m->runner);
}

/** devices_retrying() - is there something that --once waits for, though all is at rest? */
bool devices_retrying(const struct devices *d)
{
	vec_each(m, &d->list)
		if (runner_device(m->runner)->failures.retry_at != USEC_NEVER ||
		    runner_saving(m->runner))
			return true;
	return false;
}
