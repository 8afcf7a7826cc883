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

/* A device is not read more often than this, whoever asks. */
#define SHARED_USEC (250 * USEC_PER_MSEC)

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

/* --- reads, shared by all who ask --------------------------------------------------- */

static bool is_waited_for(const struct bus *b, const struct runner *r)
{
	uint64_t catalogues = runner_device(r)->view.catalogues;

	vec_each(c, &b->captures)
		if (c->runner == r && c->catalogues == catalogues)
			return true;
	vec_each(c, &b->candidates)
		vec_each(read, &c->reads)
			if (read->runner == r && read->catalogues == catalogues)
				return true;
	return false;
}

/** bus_read_soon() - somebody waits for all that the device of @runner has. */
void bus_read_soon(struct bus *b, const struct runner *runner)
{
	struct bus_device *d = bus_find_device(b, runner);

	if (d && d->read_due == USEC_NEVER)
		d->read_due = MAX(clock_now(), d->read_at + SHARED_USEC);
	loop_timer_set(b->timeout_timer, clock_now());
}

/** bus_reads_begin() - begin those that are due. Return: when to look again. */
uint64_t bus_reads_begin(struct bus *b, uint64_t now)
{
	uint64_t next = USEC_NEVER;

	vec_each(p, &b->devices) {
		struct bus_device *d = *p;

		if (d->read_due > now) {
			next = MIN(next, d->read_due);
			continue;
		}
		d->read_due = USEC_NEVER;
		if (!is_waited_for(b, d->runner))
			continue;
		d->read_at = now;
		runner_event(d->runner, &(struct device_event){.type = DEVICE_EV_CAPTURE});
	}
	return next;
}

/* --- the method ----------------------------------------------------------------------- */

struct arguments {
	const char *name;
	bool facts, json;
};

/* They belong to @m, from its beginning. */
static int read_arguments(sd_bus_message *m, struct arguments *ret, sd_bus_error *error)
{
	const struct bus_option options[] = {{"facts", .ret = &ret->facts},
					     {"json", .ret = &ret->json}};
	int r;

	*ret = (struct arguments){};
	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, &ret->name, error);
	return r < 0 ? r : bus_read_options(m, options, ARRAY_SIZE(options), error);
}

static int capture(struct bus *b, struct caller *caller, sd_bus_message *m, sd_bus_error *error)
{
	const struct device *obstacle;
	struct runner *runner = NULL;
	struct arguments a;
	int r = read_arguments(m, &a, error);

	if (r >= 0)
		r = find(b, a.name, &runner, error);
	if (r < 0)
		return r;
	obstacle = bus_capture_obstacle(b, runner_device(runner));
	if (obstacle)
		return sd_bus_error_setf(
			error, BUS_ERROR("Busy"), "%s cannot be read now: %s is %s", a.name,
			obstacle->handle, device_state_name(obstacle->status.state));
	r = caller_take(caller, SHARE_CAPTURES, error);
	if (r < 0)
		return r;
	vec_push(&b->captures,
		 ((struct bus_capture){.caller = caller,
				       .call = sd_bus_message_ref(m),
				       .runner = runner,
				       .catalogues = runner_device(runner)->view.catalogues,
				       .until = bus_capture_until(b, runner_device(runner)),
				       .facts = a.facts,
				       .json = a.json}));
	bus_read_soon(b, runner);
	return 1;
}

/** bus_capture() - the method; see sd_bus_message_handler_t(3). */
int bus_capture(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct arguments a;
	int r = read_arguments(m, &a, error);

	return r < 0 ? r : caller_identify(user, m, capture);
}

/* It is not waited for any more, and was answered if there is anybody. */
static void end(struct bus *b, size_t i)
{
	struct bus_capture *c = &b->captures.v[i];

	caller_give(c->caller, SHARE_CAPTURES);
	sd_bus_message_unref(c->call);
	vec_remove(&b->captures, i);
}

static void answer(const struct bus_capture *c)
{
	const struct device *d = runner_device(c->runner);
	_cleanup_free_ char *text = c->facts ? facts_to_text(d->handle, &d->world)
					     : yaml_emit_world(d->handle, &d->world, c->json);

	sd_bus_reply_method_return(c->call, "s", text);
}

/** bus_captures_expire() - nobody waits longer than that. Return: when to look again. */
uint64_t bus_captures_expire(struct bus *b, uint64_t now)
{
	uint64_t next = USEC_NEVER;

	for (size_t i = b->captures.n; i-- > 0;) {
		const struct bus_capture *c = &b->captures.v[i];
		const struct device *d = runner_device(c->runner);

		if (c->until > now) {
			next = MIN(next, c->until);
			continue;
		}
		bus_reply_unread(c->call, d);
		end(b, i);
	}
	return next;
}

/** bus_reply_unread() - @d would have had to be read for @call. Return: as sd_bus_send(). */
int bus_reply_unread(sd_bus_message *call, const struct device *d)
{
	return sd_bus_reply_method_errorf(call, BUS_ERROR("Busy"), "%s cannot be read now%s%s",
					  d->handle, *d->status.reason ? ": " : "",
					  d->status.reason);
}

/** bus_captures_answer() - answer those who waited for what @changed has read now. */
void bus_captures_answer(struct bus *b, const struct runner *changed)
{
	for (size_t i = b->captures.n; i-- > 0;) {
		const struct bus_capture *c = &b->captures.v[i];

		if (c->runner != changed ||
		    runner_device(c->runner)->view.catalogues == c->catalogues)
			continue;
		answer(c);
		end(b, i);
	}
}

/** bus_captures_drop() - the device is gone; NULL: all, the connection is. */
void bus_captures_drop(struct bus *b, const struct runner *removed)
{
	for (size_t i = b->captures.n; i-- > 0;) {
		if (removed && b->captures.v[i].runner != removed)
			continue;
		sd_bus_reply_method_errorf(b->captures.v[i].call, BUS_ERROR("NoSuchDevice"),
					   "the device is gone");
		end(b, i);
	}
}

/** bus_captures_forget() - @left is gone. */
void bus_captures_forget(struct bus *b, const struct caller *left)
{
	for (size_t i = b->captures.n; i-- > 0;)
		if (b->captures.v[i].caller == left)
			end(b, i);
}
