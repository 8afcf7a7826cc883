// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what the kernel says of itself to handles and marks. Decides whom to ask by name, and when
 * to look again.
 */
#include "manager/finder.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/chan.h"
#include "kernel/directory.h"
#include "kernel/netdevs.h"
#include "kernel/watch.h"
#include "loop/loop.h"
#include "model/handle.h"
#include "plan/match.h"

#include <errno.h>
#include <string.h>

/* A kernel that does not answer is asked again. */
#define KERNEL_RETRY_USEC (10 * USEC_PER_SEC)
/* A storm can make the kernel drop notifications many times a second. */
#define OVERRUN_LOG_USEC (60 * USEC_PER_SEC)

static void hear(struct finder *f, const char *handle, enum device_event_type kind)
{
	devices_hear(f->devices, handle, kind, false, TRIGGER_NOTIFICATION);
}

/* All that is known of it is old, with its versions. */
static void doubt(struct finder *f, const char *handle, enum trigger trigger)
{
	devices_hear(f->devices, handle, DEVICE_EV_STALE, true, trigger);
}

/* A list waits for each device's lock, and where the kernel broke down that is held for ever. */
static void list(struct finder *f)
{
	if (!devices_broken(f->devices))
		directory_list(f->directory);
}

static void log_overrun(struct finder *f)
{
	uint64_t now = clock_now();

	if (f->overrun_logged && now < f->overrun_logged + OVERRUN_LOG_USEC)
		return;
	f->overrun_logged = now;
	log_fact(LOG_WARNING, MESSAGE_OVERRUN, "notifications were lost: everything is read again");
}

static void on_unnamed(void *user, const char *name)
{
	struct finder *f = user;

	if (!f->unnamed_told)
		log_fact(LOG_WARNING, MESSAGE_UNNAMED,
			 "a device is passed over, as its name is not text: %s", name);
	f->unnamed_told = true;
}

static void on_notification(void *user, enum watch_event event, const char *handle,
			    const struct flash_progress *progress)
{
	struct finder *f = user;

	switch (event) {
	case WATCH_STALE:
		hear(f, handle, DEVICE_EV_STALE);
		return;
	case WATCH_PORT: /* facts name the netdevs */
		devices_hear(f->devices, handle, DEVICE_EV_STALE, true, TRIGGER_NOTIFICATION);
		return;
	case WATCH_APPEARED:
		devices_appeared(f->devices, handle);
		return;
	case WATCH_RECREATED:
		hear(f, handle, DEVICE_EV_RECREATED);
		return;
	case WATCH_VANISHED:
		hear(f, handle, DEVICE_EV_VANISHED);
		return;
	case WATCH_UNNAMED:
		on_unnamed(f, handle);
		return;
	case WATCH_PROGRESS:
		devices_progress(f->devices, handle, progress);
		if (progress->ended)
			doubt(f, handle, TRIGGER_FLASH);
		return;
	case WATCH_OVERRUN:
		log_overrun(f);
		devices_progress(f->devices, NULL, NULL);
		doubt(f, NULL, TRIGGER_OVERRUN);
		list(f);
		return;
	}
}

static void on_watch(void *user)
{
	struct finder *f = user;
	int r = f->watch ? watch_dispatch(f->watch) : 0;

	devices_deliver(f->devices);
	if (r == 0)
		return;
	log_fact(LOG_ERR, MESSAGE_KERNEL, "notifications: %s", strerror(-r));
	f->watch_io = loop_unwatch(f->watch_io);
	f->watch = watch_free(f->watch);
	loop_timer_set(f->audit_timer, clock_now() + KERNEL_RETRY_USEC);
}

/* Notifications that came before an answer are to be known before it is judged. */
static void on_hub(void *user)
{
	struct finder *f = user;

	on_watch(f);
	chan_hub_dispatch(f->hub);
}

static void schedule_audit(struct finder *f)
{
	uint64_t interval = f->devices->config->audit_interval;

	loop_timer_set(f->audit_timer, interval ? clock_now() + interval : USEC_NEVER);
}

static void on_audit(void *user)
{
	struct finder *f = user;

	schedule_audit(f);
	if (f->watch) {
		doubt(f, NULL, TRIGGER_AUDIT);
		devices_deliver(f->devices);
		if (!devices_writing(f->devices))
			list(f); /* one may have come, and nobody has heard of it */
	} else {
		directory_find(f->directory);
	}
}

/* ENOENT is final: this kernel has no devlink. Anything else is retried. */
static void set_problem(struct finder *f, int error)
{
	char *problem = error == -ENOENT
				? mem_strdup("this kernel has no devlink")
				: mem_printf("the kernel cannot be asked: %s", strerror(-error));

	if (!text_equal(problem, f->problem))
		log_fact(LOG_ERR, MESSAGE_KERNEL, "%s: no device can be managed", problem);
	free(f->problem);
	f->problem = problem;
	f->devices->listed = true;
	if (error != -ENOENT)
		loop_timer_set(f->audit_timer, clock_now() + KERNEL_RETRY_USEC);
	loop_defer(f->devices->conclusion);
}

/* A device that the config names outright is asked by name: no other device can delay that. */
static void ask_named(struct finder *f)
{
	vec_each(e, &f->devices->config->entries) {
		const char *handle = match_named(e);

		if (handle && handle_valid(handle))
			devices_ask(f->devices, handle);
	}
}

static void on_netdev(void *user, const char *handle, const char *driver)
{
	struct finder *f = user;

	vec_each(e, &f->devices->config->entries)
		if (handle_valid(handle) &&
		    match_may_be(e, handle, &(struct facts){.driver = driver}))
			devices_ask(f->devices, handle);
}

/*
 * The list of devices waits for each that is busy. Those that the config names, and those that have
 * netdevs, are asked by name before: no other device can delay that.
 */
static void on_found(void *user, int error, const struct family *family)
{
	struct finder *f = user;

	if (error == 0)
		error = watch_open(f->transport, family, on_notification, f, &f->watch);
	if (error < 0) {
		set_problem(f, error);
		return;
	}
	free(f->problem);
	f->problem = NULL;
	f->devices->env.family = family->id;
	f->watch_io = loop_watch(f->loop, watch_fd(f->watch), on_watch, f);
	doubt(f, NULL, TRIGGER_START); /* where the notifications had ended */
	devices_deliver(f->devices);
	ask_named(f);
	netdevs_each_device(f->devices->env.sysfs, on_netdev, f);
	directory_list(f->directory);
	schedule_audit(f);
}

static void on_device(void *user, const char *handle)
{
	struct finder *f = user;

	devices_ask(f->devices, handle);
}

static void on_listed(void *user, int error)
{
	struct finder *f = user;

	if (error < 0)
		log_fact(LOG_ERR, MESSAGE_KERNEL, "devices cannot be listed: %s", strerror(-error));
	f->devices->listed = true;
	loop_defer(f->devices->conclusion);
}

static const struct directory_handlers directory_handlers = {
	.found = on_found, .device = on_device, .unnamed = on_unnamed, .listed = on_listed};

/** finder_init() - devices, loop, hub and transport are filled in. Nothing is sent yet. */
void finder_init(struct finder *f)
{
	f->directory = directory_new(f->hub, &directory_handlers, f);
	f->hub_io = loop_watch(f->loop, chan_hub_fd(f->hub), on_hub, f);
	f->audit_timer = loop_timer_new(f->loop, on_audit, f);
}

/** finder_start() - look for devlink and its devices. */
void finder_start(struct finder *f)
{
	directory_find(f->directory);
}

/**
 * finder_follow_config() - another config is in force: it may name devices, and the audit's
 * interval.
 */
void finder_follow_config(struct finder *f)
{
	if (!f->watch)
		return;
	ask_named(f);
	schedule_audit(f);
}

/** finder_clear() - at the end, before the hub. */
void finder_clear(struct finder *f)
{
	loop_unwatch(f->watch_io);
	loop_unwatch(f->hub_io);
	watch_free(f->watch);
	directory_free(f->directory);
	loop_timer_free(f->audit_timer);
	free(f->problem);
}
