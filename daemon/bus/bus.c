// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection: made without waiting, pumped by the loop, made again when it breaks or when the
 * name is not to be had: the bus may not know our user yet. The name is asked for last, when all
 * objects are there.
 */
#include "bus/bus.h"
#include "base/clock.h"
#include "base/log.h"
#include "bus/internal.h"
#include "loop/loop.h"
#include "manager/manager.h"
#include "manager/runner.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define RECONNECT_USEC USEC_PER_SEC
#define NAME_IS_OURS   1 /* the bus's answer to RequestName: primary owner */

/* A connection to the bus has ended, or a name is owned by none. */
#define MATCH_LEFT                                                                                 \
	"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"            \
	"member='NameOwnerChanged',arg2=''"

/* Calls get no more than this of one wake-up; then come the kernel and the watchdog. */
#define TURN_USEC     (5 * USEC_PER_MSEC)
#define TURN_MESSAGES 64

static void connect_bus(struct bus *b);

static void drop_objects(struct bus *b)
{
	vec_each(d, &b->devices)
		bus_device_forget(*d);
	vec_clear(&b->devices);
}

static void disconnect_bus(struct bus *b)
{
	bus_captures_drop(b, NULL);
	vec_clear(&b->captures);
	bus_candidates_drop(b, NULL);
	bus_lookups_drop(b, NULL);
	bus_replies_drop(b, NULL);
	bus_pauses_drop(b, NULL);
	bus_auth_checks_drop(b, NULL);
	callers_drop(b);
	drop_objects(b);
	b->io = loop_unwatch(b->io);
	b->manager_slot = sd_bus_slot_unref(b->manager_slot);
	b->tree_slot = sd_bus_slot_unref(b->tree_slot);
	b->filter_slot = sd_bus_slot_unref(b->filter_slot);
	b->left_slot = sd_bus_slot_unref(b->left_slot);
	b->connection = sd_bus_close_unref(b->connection);
}

static void lost(struct bus *b, int error)
{
	b->nameless = false;
	if (!b->lost)
		log_fact(LOG_WARNING, MESSAGE_BUS, "no D-Bus: %s", strerror(-error));
	b->lost = true;
	disconnect_bus(b);
	loop_timer_set(b->timer, clock_now() + RECONNECT_USEC);
}

/* Does what was said wait for a bus that has let us in to take it? */
static bool is_behind(const struct bus *b)
{
	uint64_t n = 0;

	return sd_bus_is_ready(b->connection) > 0 &&
	       sd_bus_get_n_queued_write(b->connection, &n) >= 0 && n > 0;
}

/* What the connection waits for now; @more: for nothing but its next turn. */
static void update_wait(struct bus *b, bool more)
{
	uint64_t timeout = UINT64_MAX; /* CLOCK_MONOTONIC */
	int events = sd_bus_get_events(b->connection);
	bool behind = is_behind(b);

	if (events >= 0)
		loop_io_events(b->io, (short)(more || behind ? events & ~POLLIN : events));
	if (more && !behind) {
		loop_timer_set(b->timer, clock_now());
	} else if (sd_bus_get_timeout(b->connection, &timeout) < 0 || timeout == UINT64_MAX) {
		loop_timer_set(b->timer, USEC_NEVER);
	} else {
		uint64_t now = clock_monotonic();

		loop_timer_set(b->timer, clock_now() + (timeout > now ? timeout - now : 0));
	}
}

/* What was sent outside of pump() may wait for the socket to take more. */
static void on_flush(void *user)
{
	struct bus *b = user;

	if (b->connection)
		update_wait(b, b->more);
}

/*
 * While answers wait, no further calls are taken: that of root would wait behind all of them.
 * Return: as of sd_bus_process(): is there more to do?
 */
static int take_turn(struct bus *b)
{
	uint64_t start = clock_now(), before, now = start;
	int r;

	for (int i = 0; i < TURN_MESSAGES; i++) {
		before = now;
		r = sd_bus_process(b->connection, NULL);
		now = clock_now();
		callers_charge(b, now - before);
		if (r <= 0 || now >= start + TURN_USEC || is_behind(b))
			break;
	}
	return r;
}

/* Before all handlers. */
static int on_message(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	return sd_bus_message_is_method_call(m, NULL, NULL) > 0 && !callers_begin(user, m);
}

/* A caller has left: what it waits for is of no use to anybody. */
static int on_left(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct bus *b = user;
	struct caller *c;
	const char *name;

	if (sd_bus_message_read(m, "s", &name) < 0)
		return 0;
	c = callers_find(b, name);
	if (!c)
		return 0;
	bus_captures_forget(b, c);
	bus_candidates_drop(b, c);
	bus_lookups_drop(b, c);
	bus_replies_drop(b, c);
	bus_pauses_drop(b, c);
	bus_auth_checks_drop(b, c);
	caller_forget(c);
	return 0;
}

static void pump(void *user)
{
	struct bus *b = user;
	int r;

	if (!b->connection) {
		connect_bus(b);
		return;
	}
	r = take_turn(b);
	b->more = r > 0;
	if (r < 0 || b->nameless)
		lost(b, r);
	else
		update_wait(b, b->more);
}

/* A caller has waited long enough, or began to wait. */
static void on_timeout(void *user)
{
	struct bus *b = user;
	uint64_t now = clock_now(), next;

	if (!b->connection)
		return;
	next = bus_reads_begin(b, now);
	next = MIN(next, bus_captures_expire(b, now));
	next = MIN(next, bus_candidates_expire(b, now));
	next = MIN(next, callers_answer(b, now));
	loop_timer_set(b->timeout_timer, next);
	bus_flush_later(b);
}

static int on_name(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct bus *b = user;

	const sd_bus_error *refusal = sd_bus_message_get_error(m);
	uint32_t answer = 0;

	if (!refusal)
		sd_bus_message_read(m, "u", &answer);
	b->nameless = answer != NAME_IS_OURS;
	if (b->nameless && !b->lost)
		log_fact(LOG_WARNING, MESSAGE_BUS, "D-Bus name " BUS_NAME ": %s; asking again",
			 refusal ? refusal->message : "somebody else has it");
	else if (!b->nameless)
		log_debug("D-Bus name " BUS_NAME " is ours");
	b->lost = b->nameless;
	return 0;
}

static void add_device(struct bus *b, struct runner *runner)
{
	struct bus_device *d = mem_new(struct bus_device);

	vec_push(&b->devices, d);
	d->bus = b;
	d->runner = runner;
	d->read_due = USEC_NEVER;
	d->path = bus_device_path(runner_device(runner)->handle);
	d->records = runner_device(runner)->history.n_records;
	bus_device_tell(d, true);
	sd_bus_add_object_vtable(b->connection, &d->slot, d->path, BUS_DEVICE, bus_device_vtable,
				 d);
	sd_bus_emit_object_added(b->connection, d->path);
}

static int open_connection(struct bus *b)
{
	return b->is_users ? sd_bus_open_user(&b->connection) : sd_bus_open_system(&b->connection);
}

/* One of carved's own, of no file and no device. */
static bool has_problem(const struct bus *b)
{
	return manager_problem(b->manager) || manager_unsaved(b->manager);
}

static void connect_bus(struct bus *b)
{
	int r = open_connection(b);

	if (r < 0) {
		loop_timer_set(b->timer, clock_now() + RECONNECT_USEC);
		return;
	}
	b->io = loop_watch(b->loop, sd_bus_get_fd(b->connection), pump, b);
	sd_bus_add_filter(b->connection, &b->filter_slot, on_message, b);
	sd_bus_add_match_async(b->connection, &b->left_slot, MATCH_LEFT, on_left, NULL, b);
	sd_bus_add_object_manager(b->connection, &b->tree_slot, BUS_PATH);
	sd_bus_add_object_vtable(b->connection, &b->manager_slot, BUS_PATH, BUS_MANAGER,
				 bus_manager_vtable, b);
	for (size_t i = 0; i < manager_count(b->manager); i++)
		add_device(b, manager_at(b->manager, i));
	b->state = manager_state(b->manager);
	b->has_problem = has_problem(b);
	sd_bus_request_name_async(b->connection, NULL, BUS_NAME, 0, on_name, b);
	/* by the loop: nobody is answered before the manager has started */
	loop_timer_set(b->timer, clock_now());
}

static void tell_state(struct bus *b)
{
	enum device_state state = manager_state(b->manager);
	bool problem = has_problem(b);

	if (state != b->state)
		sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "State", NULL);
	if (problem != b->has_problem)
		sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "Diagnostics",
					       NULL);
	b->state = state;
	b->has_problem = problem;
}

/* A connection that was made since it was found shows it already. */
static void on_device_added(void *user, struct runner *runner)
{
	struct bus *b = user;

	if (b->connection && !bus_find_device(b, runner))
		add_device(b, runner);
}

static void on_device_changed(void *user, struct runner *runner)
{
	struct bus *b = user;
	struct bus_device *d = b->connection ? bus_find_device(b, runner) : NULL;

	if (!d)
		return;
	bus_captures_answer(b, runner);
	bus_candidates_answer(b, runner, false);
	bus_replies_working(b, runner);
	if (bus_device_tell(d, false))
		sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "Diagnostics",
					       NULL);
	bus_tell_records(d);
}

static void on_device_progress(void *user, struct runner *runner)
{
	struct bus *b = user;
	struct bus_device *d = b->connection ? bus_find_device(b, runner) : NULL;

	if (d)
		sd_bus_emit_properties_changed(b->connection, d->path, BUS_DEVICE, "Progress",
					       NULL);
}

static void on_device_removed(void *user, struct runner *runner)
{
	struct bus *b = user;
	struct bus_device *d;

	if (!b->connection)
		return;
	bus_captures_drop(b, runner);
	bus_candidates_answer(b, runner, true);
	d = bus_find_device(b, runner);
	if (!d)
		return;
	bus_tell_records(d);
	sd_bus_emit_object_removed(b->connection, d->path);
	for (size_t i = b->devices.n; i-- > 0;)
		if (b->devices.v[i] == d)
			vec_remove(&b->devices, i);
	bus_device_forget(d);
}

static void on_config_loaded(void *user, _unused_ bool accepted)
{
	struct bus *b = user;

	if (b->connection)
		sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "Generation",
					       "ConfigFiles", "Diagnostics", "ConfirmDeadlineUSec",
					       NULL);
}

/* Who waits for a job may look at the state when it ends. */
static void on_job_removed(void *user, uint64_t job, const char *result)
{
	struct bus *b = user;

	if (!b->connection)
		return;
	tell_state(b);
	bus_replies_end(b, job, result);
	sd_bus_emit_signal(b->connection, BUS_PATH, BUS_MANAGER, "JobRemoved", "ts", job, result);
}

static void on_concluded(void *user, _unused_ bool settled)
{
	struct bus *b = user;

	if (!b->connection)
		return;
	tell_state(b);
	bus_pauses_answer(b);
	bus_flush_later(b);
}

static const struct manager_observer observer = {
	.device_added = on_device_added,
	.device_changed = on_device_changed,
	.device_removed = on_device_removed,
	.device_progress = on_device_progress,
	.config_loaded = on_config_loaded,
	.job_removed = on_job_removed,
	.concluded = on_concluded,
};

/** bus_new() - show @manager on @kind of bus, whenever that is there. */
struct bus *bus_new(struct loop *loop, struct manager *manager, enum bus_kind kind)
{
	struct bus *b = mem_new(struct bus);

	*b = (struct bus){.loop = loop, .manager = manager, .is_users = kind == BUS_USER};
	b->timer = loop_timer_new(loop, pump, b);
	b->timeout_timer = loop_timer_new(loop, on_timeout, b);
	b->flush = loop_task_new(loop, on_flush, b);
	if (kind == BUS_NONE)
		return b;
	manager_add_observer(manager, &observer, b);
	connect_bus(b);
	return b;
}

/** bus_free() - once the loop has ended. Return: NULL. */
struct bus *bus_free(struct bus *b)
{
	if (!b)
		return NULL;
	if (b->connection)
		sd_bus_flush(b->connection);
	disconnect_bus(b);
	loop_timer_free(b->timer);
	loop_timer_free(b->timeout_timer);
	loop_task_free(b->flush);
	free(b);
	return NULL;
}
