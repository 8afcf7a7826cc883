// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See device.h. Decides when it is time: a moment after the device has come to rest, as several
 * things are told of one rest, and when udev has named its netdevs.
 */
#include "device.h"
#include "base/clock.h"
#include "base/log.h"
#include "netdevs.h"

#include <errno.h>
#include <string.h>

#define MOMENT_USEC   (200 * USEC_PER_MSEC)
#define PATIENCE_USEC (30 * USEC_PER_SEC)

#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void run_next(struct device *d);

/* --- the environment ---------------------------------------------------------------- */

static void set(struct device *d, const char *name, const char *value)
{
	vec_push(&d->environment, mem_printf("%s=%s", name, value ? value : ""));
}

static void clear_environment(struct device *d)
{
	vec_each(line, &d->environment)
		free(*line);
	vec_clear(&d->environment);
}

/* What is the same for all scripts of one rest. */
static void make_environment(struct device *d, const char *netdevs)
{
	clear_environment(d);
	vec_push(&d->environment, mem_strdup(PATH));
	set(d, "CARVED_HANDLE", d->told.handle);
	set(d, "CARVED_ENTRY", d->told.entry);
	set(d, "CARVED_DRIVER", d->told.driver);
	set(d, "CARVED_TRIGGER", d->trigger);
	set(d, "CARVED_STATE", d->told.state);
	set(d, "CARVED_NETDEVS", netdevs);
}

/* --- one script after the other ------------------------------------------------------- */

static void forget_due(struct device *d)
{
	vec_each(due, &d->due)
		free(due->path);
	vec_clear(&d->due);
	d->at = 0;
}

static void say(const struct device *d, int level, const char *id, const char *what)
{
	log_with(level,
		 &(struct log_fields){.id = id,
				      .device = d->told.handle,
				      .trigger = d->trigger,
				      .state = d->told.state},
		 "%s: %s: %s", d->told.handle, d->due.v[d->at].path, what);
}

static void on_end(void *user, const char *failure)
{
	struct device *d = user;

	d->child = NULL;
	if (failure)
		say(d, LOG_WARNING, MESSAGE_SCRIPT_FAILED, failure);
	else
		say(d, LOG_INFO, MESSAGE_SCRIPT, "done");
	d->at++;
	run_next(d);
}

/* Return: does it run? */
static bool start(struct device *d)
{
	const struct due *due = &d->due.v[d->at];
	_cleanup_free_ char *event = mem_printf("CARVED_EVENT=%s", event_name(due->event));
	size_t n = d->environment.n;
	int r;

	vec_push(&d->environment, event);
	vec_push(&d->environment, NULL);
	r = child_start(d->bench->event,
			&(struct child_call){.path = due->path,
					     .environment = d->environment.v,
					     .limit = d->bench->limit,
					     .then = on_end,
					     .user = d},
			&d->child);
	d->environment.n = n;
	if (r < 0)
		say(d, LOG_WARNING, MESSAGE_SCRIPT_FAILED, strerror(-r));
	return r >= 0;
}

static void run_next(struct device *d)
{
	for (; d->at < d->due.n; d->at++)
		if (start(d))
			return;
	forget_due(d);
	device_hear(d, NULL);
}

static void find_scripts(struct device *d)
{
	for (enum event e = 0; e < N_EVENTS; e++) {
		path_list paths = {};

		if (d->events.due & 1U << e)
			scripts_find(&d->bench->scripts, e, &paths);
		vec_each(path, &paths)
			vec_push(&d->due, ((struct due){e, *path}));
		vec_clear(&paths);
	}
	d->events.due = 0;
}

/* --- when ------------------------------------------------------------------------------ */

static void wait_for(struct device *d, uint64_t usec)
{
	sd_event_source_set_time_relative(d->timer, usec);
	sd_event_source_set_enabled(d->timer, SD_EVENT_ONESHOT);
}

static int on_moment(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *user)
{
	_cleanup_free_ char *netdevs = NULL;
	struct device *d = user;
	uint64_t now = clock_now();
	bool named;

	netdevs = netdevs_of(d->told.handle, &named);
	if (!d->patience)
		d->patience = now + PATIENCE_USEC;
	if (!named && now < d->patience) {
		wait_for(d, MOMENT_USEC);
		return 0;
	}
	d->patience = 0;
	make_environment(d, netdevs);
	find_scripts(d);
	run_next(d);
	return 0;
}

static bool is_waiting(const struct device *d)
{
	int enabled = SD_EVENT_OFF;

	return sd_event_source_get_enabled(d->timer, &enabled) > 0;
}

/**
 * device_hear() - something was told of it.
 * @trigger: what set it going, or NULL where that was not told
 */
void device_hear(struct device *d, const char *trigger)
{
	if (trigger) {
		free(d->trigger);
		d->trigger = mem_strdup(trigger);
	}
	if (!d->told.state || !d->told.handle)
		return;
	d->rests = events_take(&d->events, d->told.state, d->told.registrations,
			       d->told.reloads + d->told.foreign_reloads);
	if (d->gone || !d->rests || !d->events.due) {
		sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
		d->patience = 0;
	} else if (!d->child && !is_waiting(d)) {
		wait_for(d, MOMENT_USEC);
	}
}

/** device_leave() - carved says that it has gone; if it comes back, it is another one. */
void device_leave(struct device *d)
{
	d->gone = true;
	d->events = (struct events){};
	sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
}

/** device_is_idle() - do no scripts of it run? */
bool device_is_idle(const struct device *d)
{
	return !d->child;
}

/** device_new() - a device that has @path on D-Bus, of which nothing is known. */
struct device *device_new(struct bench *b, const char *path, const char *trigger)
{
	struct device *d = mem_new(struct device);

	*d = (struct device){.bench = b, .path = mem_strdup(path), .trigger = mem_strdup(trigger)};
	sd_event_add_time(b->event, &d->timer, CLOCK_MONOTONIC, 0, 0, on_moment, d);
	sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
	return d;
}

/** device_free() - a script of it that runs is asked to end. Return: NULL. */
struct device *device_free(struct device *d)
{
	child_free(d->child);
	sd_event_source_disable_unref(d->timer);
	forget_due(d);
	clear_environment(d);
	told_clear(&d->told);
	free(d->trigger);
	free(d->path);
	free(d);
	return NULL;
}
