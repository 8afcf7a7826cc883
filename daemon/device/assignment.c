// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which entry of the config is the device's. A config that the device cannot satisfy is refused as
 * a whole for it: the one accepted before stays in use.
 */
#include "device/parts.h"
#include "base/log.h"
#include "plan/bind.h"
#include "plan/match.h"

#include <string.h>

/** assignment_set() - hold a reference on @config, which may be NULL. */
void assignment_set(struct assignment *a, struct config *config, const struct entry *entry)
{
	struct config *old = a->config;

	a->config = config ? config_ref(config) : NULL;
	a->entry = entry;
	config_unref(old);
}

static void add_entry(entry_list *list, const struct entry *entry)
{
	vec_each(e, list)
		if (strcmp((*e)->name, entry->name) == 0)
			return;
	vec_push(list, entry);
}

/**
 * device_entries() - by whose names the device is called: the entry in use, then those of the latest
 * config that match it, which may be refused.
 * @ret: must be empty; gets each name once
 */
void device_entries(const struct device *d, entry_list *ret)
{
	if (d->used.entry)
		add_entry(ret, d->used.entry);
	vec_each(e, &d->matches)
		add_entry(ret, *e);
}

/** device_entry_name() - the first of device_entries(), or "". */
const char *device_entry_name(const struct device *d)
{
	if (d->used.entry)
		return d->used.entry->name;
	return d->matches.n ? d->matches.v[0]->name : "";
}

/** device_is_called() - is one of device_entries() called @name? */
bool device_is_called(const struct device *d, const char *name)
{
	if (d->used.entry && strcmp(d->used.entry->name, name) == 0)
		return true;
	vec_each(e, &d->matches)
		if (strcmp((*e)->name, name) == 0)
			return true;
	return false;
}

/* @config, which may be NULL, is what the device is kept to where a later one is refused; on disk, too. */
static void set_accepted(struct device *d, struct config *config, const struct entry *entry)
{
	uint64_t hash = config ? config->hash : 0;

	assignment_set(&d->accepted, config, entry);
	memory_set_accepted(&d->world.memory, hash);
}

/** device_release() - it is nobody's business any more. */
void device_release(struct device *d)
{
	assignment_set(&d->used, NULL, NULL);
	set_accepted(d, NULL, NULL);
	state_clear(&d->want);
	state_clear(&d->goal);
	if (d->activity != DEVICE_WRITING) { /* else what is in flight is still looked at */
		plan_clear(&d->plan);
		d->first = d->end = 0;
	}
	failures_clear(d);
	device_end_fights(d);
}

/* Show the problems once, not at every read. */
static void take_diags(struct device *d, struct diag_list *diags)
{
	_cleanup_free_ char *before = diag_render_all(&d->diags);
	_cleanup_free_ char *after = diag_render_all(diags);

	diag_clear(&d->diags);
	diag_move(&d->diags, diags);
	if (strcmp(before, after) == 0)
		return;
	d->revision++;
	vec_each(diag, &d->diags.diags) {
		_cleanup_free_ char *place = mark_format(diag->mark);

		log_with(diag->severity == DIAG_ERROR ? LOG_ERR : LOG_INFO,
			 &(struct log_fields){.id = MESSAGE_DEVICE_PROBLEM,
					      .device = d->handle,
					      .trigger = d->trigger,
					      .file = diag->mark.file,
					      .line = diag->mark.line},
			 "%s: %s: %s", place, d->handle, diag->message);
	}
}

static void refuse_all(struct device *d)
{
	struct diag_list diags = {};

	d->refused = true;
	match_conflict(&d->matches, d->handle, &diags);
	take_diags(d, &diags);
}

/**
 * device_inherit() - what a predecessor of the same handle has accepted last.
 * @accepted: its entry is NULL where that is not known: the one that matches the device
 *
 * It is in use where the latest config is refused, as it would be had the device never gone.
 */
void device_inherit(struct device *d, const struct assignment *accepted)
{
	if (!accepted->config || accepted->config == d->latest)
		return;
	set_accepted(d, accepted->config, accepted->entry);
	d->inherited = true;
}

/* Another device may have the handle now. */
static void check_inheritance(struct device *d)
{
	const struct entry *first;
	entry_list matches = {};

	if (!d->inherited)
		return;
	d->inherited = false;
	match_all(d->accepted.config, d->handle, &d->world.facts, &matches);
	first = matches.n ? matches.v[0] : NULL;
	if (!first || (d->accepted.entry ? first != d->accepted.entry : matches.n > 1))
		set_accepted(d, NULL, NULL);
	else
		assignment_set(&d->accepted, d->accepted.config, first);
	vec_clear(&matches);
}

/* Back to what was accepted before, if that is something else. */
static void fall_back(struct device *d)
{
	if (!d->accepted.config || d->accepted.config == d->used.config)
		return;
	assignment_set(&d->used, d->accepted.config, d->accepted.entry);
	d->need_read = true;
}

/**
 * device_use_latest() - turn to the latest config; needs the device to be identified.
 *
 * Whether it is still refused is for device_bind() to say: until then it is.
 */
void device_use_latest(struct device *d)
{
	check_inheritance(d);
	vec_clear(&d->matches);
	match_all(d->latest, d->handle, &d->world.facts, &d->matches);
	if (d->matches.n > 1) {
		refuse_all(d);
		if (!d->used.entry)
			fall_back(d);
		return;
	}
	if (d->matches.n) {
		assignment_set(&d->used, d->latest, d->matches.v[0]);
		return;
	}
	d->refused = false;
	diag_clear(&d->diags);
	if (device_removed_entry(d))
		assignment_set(&d->used, d->latest, device_removed_entry(d));
	else
		device_release(d);
}

/**
 * device_bind() - tie the entry in use to what was read.
 *
 * Return: 0 where `want` is up to date; BIND_NEEDS_CATALOGUE, BIND_NEEDS_IMAGE; -EINVAL where the entry is refused,
 * which leaves `want` as it was.
 */
int device_bind(struct device *d)
{
	struct diag_list diags = {};
	struct state want = {};
	int r = bind_entry(d->used.entry, d->handle, &d->world, &want, &diags);

	if (r == BIND_NEEDS_IMAGE)
		device_need_image(d, &want.firmware);
	if (r > 0) {
		state_clear(&want);
		return r;
	}
	if (r < 0) {
		d->refused = true;
		take_diags(d, &diags);
		fall_back(d);
		return r;
	}
	if (!state_same(&d->want, &want))
		d->revision++;
	state_clear(&d->want);
	d->want = want;
	set_accepted(d, d->used.config, d->used.entry);
	if (d->used.config == d->latest) {
		d->refused = false;
		take_diags(d, &diags);
	}
	diag_clear(&diags);
	return 0;
}
