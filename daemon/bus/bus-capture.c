// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Capture(): what a device is like, as a desired state (option `json`: written as JSON) or (option
 * `facts`) as facts. The catalogue is read for it, so the answer comes later than the question;
 * nobody else waits for it. Decides how long that may take.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "loop/loop.h"
#include "manager/manager.h"
#include "manager/runner.h"
#include "model/json.h"
#include "yaml/emit.h"

#define PATIENCE_USEC (2 * USEC_PER_SEC)
#define SLOW_USEC     USEC_PER_SEC

/* The one device that is meant. Return: 0, or -errno with @error. */
static int find(const struct bus *b, const char *name, struct runner **ret, sd_bus_error *error)
{
	struct runner *found = NULL;

	for (size_t i = 0; i < manager_count(b->manager); i++) {
		struct runner *runner = manager_at(b->manager, i);

		if (!*name || runner_gone(runner) ||
		    !device_matches_name(runner_device(runner), name))
			continue;
		if (found)
			return sd_bus_error_setf(
				error, SD_BUS_ERROR_INVALID_ARGS,
				"%s is more than one device, among them %s and %s; "
				"name one of them",
				name, runner_device(found)->handle, runner_device(runner)->handle);
		found = runner;
	}
	if (!found)
		return sd_bus_error_setf(error, BUS_ERROR("NoSuchDevice"), "no device %s", name);
	*ret = found;
	return 0;
}

/* Is the kernel busy with it for long? */
static bool is_busy(const struct device *d)
{
	return d->status.state == STATE_RELOADING || d->status.state == STATE_FLASHING ||
	       (d->run.activity == ACTIVITY_READING && clock_now() >= d->run.since + SLOW_USEC);
}

/**
 * bus_capture_obstacle() - the other device for which a read of all that @d has would wait now.
 *
 * Before Linux 6.6 that can be any. What is to be done to @d would wait for the read, so it is not
 * begun. Return: NULL where there is none.
 */
const struct device *bus_capture_obstacle(const struct bus *b, const struct device *d)
{
	for (size_t i = 0; !world_kernel_is(&d->world, 6, 6) && i < manager_count(b->manager);
	     i++) {
		const struct device *other = runner_device(manager_at(b->manager, i));

		if (other != d && is_busy(other))
			return other;
	}
	return NULL;
}

/**
 * bus_capture_until() - until when somebody who asks now waits for the device to be read.
 *
 * A read that takes longer waits itself, for a reload or a flash.
 */
uint64_t bus_capture_until(struct bus *b, const struct device *d)
{
	uint64_t now = clock_now();

	loop_timer_set(b->timeout_timer, now);
	return (d->run.activity == ACTIVITY_READING ? d->run.since : now) + PATIENCE_USEC;
}

/** bus_capture() - the method; see sd_bus_message_handler_t(3). */
int bus_capture(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct bus *b = user;
	const struct device *obstacle;
	struct runner *runner = NULL;
	const char *name;
	bool facts = false, json = false;
	const struct bus_option options[] = {{"facts", &facts}, {"json", &json}};
	int r = sd_bus_message_read(m, "s", &name);

	if (r >= 0)
		r = bus_read_options(m, options, ARRAY_SIZE(options), error);
	if (r >= 0)
		r = find(b, name, &runner, error);
	if (r < 0)
		return r;
	obstacle = bus_capture_obstacle(b, runner_device(runner));
	if (obstacle)
		return sd_bus_error_setf(error, BUS_ERROR("Busy"),
					 "%s cannot be read now: %s is %s", name, obstacle->handle,
					 device_state_name(obstacle->status.state));
	vec_push(&b->captures,
		 ((struct bus_capture){.call = sd_bus_message_ref(m),
				       .runner = runner,
				       .catalogues = runner_device(runner)->view.catalogues,
				       .until = bus_capture_until(b, runner_device(runner)),
				       .facts = facts,
				       .json = json}));
	runner_event(runner, &(struct device_event){.type = DEVICE_EV_CAPTURE});
	return 1;
}

static void answer(const struct bus_capture *c)
{
	const struct device *d = runner_device(c->runner);
	_cleanup_free_ char *text = c->facts ? facts_to_text(d->handle, &d->world)
					     : yaml_emit_world(d->handle, &d->world, c->json);

	sd_bus_reply_method_return(c->call, "s", text);
	sd_bus_message_unref(c->call);
}

/** bus_captures_expire() - nobody waits longer than that. Return: when to look again. */
uint64_t bus_captures_expire(struct bus *b, uint64_t now)
{
	uint64_t next = USEC_NEVER;

	for (size_t i = b->captures.n; i-- > 0;) {
		struct bus_capture c = b->captures.v[i];
		const struct device *d = runner_device(c.runner);

		if (c.until > now) {
			next = MIN(next, c.until);
			continue;
		}
		vec_remove(&b->captures, i);
		sd_bus_reply_method_errorf(c.call, BUS_ERROR("Busy"), "%s cannot be read now%s%s",
					   d->handle, *d->status.reason ? ": " : "",
					   d->status.reason);
		sd_bus_message_unref(c.call);
	}
	return next;
}

/** bus_captures_answer() - answer those who waited for what @changed has read now. */
void bus_captures_answer(struct bus *b, const struct runner *changed)
{
	for (size_t i = b->captures.n; i-- > 0;) {
		struct bus_capture c = b->captures.v[i];

		if (c.runner != changed || runner_device(c.runner)->view.catalogues == c.catalogues)
			continue;
		vec_remove(&b->captures, i);
		answer(&c);
	}
}

/** bus_captures_drop() - the device is gone; NULL: all, the connection is. */
void bus_captures_drop(struct bus *b, const struct runner *removed)
{
	for (size_t i = b->captures.n; i-- > 0;) {
		struct bus_capture c = b->captures.v[i];

		if (removed && c.runner != removed)
			continue;
		vec_remove(&b->captures, i);
		sd_bus_reply_method_errorf(c.call, BUS_ERROR("NoSuchDevice"), "the device is gone");
		sd_bus_message_unref(c.call);
	}
}
