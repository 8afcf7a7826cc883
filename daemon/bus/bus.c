// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection: made without waiting, pumped by the loop, made again when it breaks or when the
 * name is not to be had: the bus may not know our user yet. The name is asked for last, when all
 * objects are there.
 */
#include "base/clock.h"
#include "base/log.h"
#include "bus/internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define RECONNECT_USEC USEC_PER_SEC
#define NAME_IS_OURS   1 /* the bus's answer to RequestName: primary owner */

static void connect_bus(struct bus *b);

char *bus_device_path(const char *handle)
{
	char *path = NULL;

	if (sd_bus_path_encode(BUS_DEVICE_PREFIX, handle, &path) < 0)
		abort();
	return path;
}

/* More than this off, and the clock was set rather than kept. */
#define CLOCK_STEP_USEC (10 * USEC_PER_MSEC)

/**
 * bus_realtime() - a time of the boot clock as one of the wall clock.
 *
 * The same time is told the same way until the wall clock is set.
 */
uint64_t bus_realtime(struct bus *b, uint64_t boot_time)
{
	uint64_t zero = clock_wall() - clock_now();
	uint64_t off = zero > b->boot_time ? zero - b->boot_time : b->boot_time - zero;

	if (off > CLOCK_STEP_USEC)
		b->boot_time = zero;
	return b->boot_time + boot_time;
}

/* The variant that comes next is @option's. */
static int read_option(sd_bus_message *m, const struct bus_option *option, sd_bus_error *error)
{
	int value, r = sd_bus_message_read(m, "v", "b", &value);

	if (r == -ENXIO)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "the option %s takes a boolean", option->name);
	*option->ret = r >= 0 && value;
	return r;
}

/**
 * bus_read_options() - which of @options the a{sv} that comes next sets; others are passed over.
 * @error: says what is wrong where that is known
 */
int bus_read_options(sd_bus_message *m, const struct bus_option *options, size_t n,
		     sd_bus_error *error)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");
	const char *key;
	size_t i;

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &key);
		for (i = 0; r >= 0 && i < n && strcmp(key, options[i].name) != 0; i++)
			;
		if (r >= 0)
			r = i < n ? read_option(m, &options[i], error)
				  : sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

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
	bus_candidates_drop(b);
	bus_changes_drop(b);
	bus_questions_drop(b);
	drop_objects(b);
	b->io = loop_unwatch(b->io);
	b->manager_slot = sd_bus_slot_unref(b->manager_slot);
	b->tree_slot = sd_bus_slot_unref(b->tree_slot);
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

/** bus_update_wait() - what the connection waits for now; after anything was sent outside of pump(). */
void bus_update_wait(struct bus *b)
{
	uint64_t timeout = UINT64_MAX; /* CLOCK_MONOTONIC */
	int events = sd_bus_get_events(b->connection);

	if (events >= 0)
		loop_io_events(b->io, (short)events);
	if (sd_bus_get_timeout(b->connection, &timeout) < 0 || timeout == UINT64_MAX) {
		loop_timer_set(b->timer, USEC_NEVER);
	} else {
		uint64_t now = clock_monotonic();

		loop_timer_set(b->timer, clock_now() + (timeout > now ? timeout - now : 0));
	}
}

static void pump(void *user)
{
	struct bus *b = user;
	int r;

	if (!b->connection) {
		connect_bus(b);
		return;
	}
	do
		r = sd_bus_process(b->connection, NULL);
	while (r > 0);
	if (r < 0 || b->nameless)
		lost(b, r);
	else
		bus_update_wait(b);
}

/* Somebody has waited long enough, or began to wait. */
static void on_patience(void *user)
{
	struct bus *b = user;
	uint64_t now = clock_now(), captures, candidates;

	if (!b->connection)
		return;
	captures = bus_captures_expire(b, now);
	candidates = bus_candidates_expire(b, now);
	loop_timer_set(b->patience, MIN(captures, candidates));
	bus_update_wait(b);
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

static struct bus_device *find(struct bus *b, const struct runner *runner)
{
	vec_each(d, &b->devices)
		if ((*d)->runner == runner)
			return *d;
	return NULL;
}

static void add_device(struct bus *b, struct runner *runner)
{
	struct bus_device *d = mem_new(struct bus_device);

	vec_push(&b->devices, d);
	d->bus = b;
	d->runner = runner;
	d->path = bus_device_path(runner_device(runner)->handle);
	d->records = runner_device(runner)->history.n_records;
	bus_device_tell(d, true);
	sd_bus_add_object_vtable(b->connection, &d->slot, d->path, BUS_DEVICE, bus_device_vtable,
				 d);
	sd_bus_emit_object_added(b->connection, d->path);
}

static int open_connection(struct bus *b)
{
	return b->kind == BUS_USER ? sd_bus_open_user(&b->connection)
				   : sd_bus_open_system(&b->connection);
}

static void connect_bus(struct bus *b)
{
	int r = open_connection(b);

	if (r < 0) {
		loop_timer_set(b->timer, clock_now() + RECONNECT_USEC);
		return;
	}
	b->io = loop_watch(b->loop, sd_bus_get_fd(b->connection), pump, b);
	sd_bus_add_object_manager(b->connection, &b->tree_slot, BUS_PATH);
	sd_bus_add_object_vtable(b->connection, &b->manager_slot, BUS_PATH, BUS_MANAGER,
				 bus_manager_vtable, b);
	for (size_t i = 0; i < manager_count(b->manager); i++)
		add_device(b, manager_at(b->manager, i));
	b->state = manager_state(b->manager);
	b->has_problem = manager_problem(b->manager);
	sd_bus_request_name_async(b->connection, NULL, BUS_NAME, 0, on_name, b);
	/* by the loop: nobody is answered before the manager has started */
	loop_timer_set(b->timer, clock_now());
}

static void tell_state(struct bus *b)
{
	enum device_state state = manager_state(b->manager);
	bool has_problem = manager_problem(b->manager);

	if (state != b->state)
		sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "State", NULL);
	if (has_problem != b->has_problem)
		sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "Diagnostics",
					       NULL);
	b->state = state;
	b->has_problem = has_problem;
}

static void on_device_added(void *user, struct runner *runner)
{
	struct bus *b = user;

	if (!b->connection)
		return;
	add_device(b, runner);
	bus_update_wait(b);
}

static void on_device_changed(void *user, struct runner *runner)
{
	struct bus *b = user;
	struct bus_device *d;

	if (!b->connection)
		return;
	bus_captures_answer(b, runner);
	bus_candidates_answer(b, runner, false);
	bus_changes_working(b, runner);
	d = find(b, runner);
	if (d && bus_device_tell(d, false))
		sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "Diagnostics",
					       NULL);
	tell_state(b);
	if (d)
		bus_tell_records(d);
	bus_update_wait(b);
}

static void on_device_progress(void *user, struct runner *runner)
{
	struct bus *b = user;
	struct bus_device *d = b->connection ? find(b, runner) : NULL;

	if (!d)
		return;
	sd_bus_emit_properties_changed(b->connection, d->path, BUS_DEVICE, "Progress", NULL);
	bus_update_wait(b);
}

static void on_device_removed(void *user, struct runner *runner)
{
	struct bus *b = user;
	struct bus_device *d = b->connection ? find(b, runner) : NULL;

	if (!d)
		return;
	bus_captures_drop(b, runner);
	bus_candidates_answer(b, runner, true);
	sd_bus_emit_object_removed(b->connection, d->path);
	for (size_t i = b->devices.n; i-- > 0;)
		if (b->devices.v[i] == d)
			vec_remove(&b->devices, i);
	bus_device_forget(d);
	tell_state(b);
	bus_update_wait(b);
}

static void on_manager_changed(void *user)
{
	struct bus *b = user;

	if (!b->connection)
		return;
	sd_bus_emit_properties_changed(b->connection, BUS_PATH, BUS_MANAGER, "Generation",
				       "ConfigFiles", "Diagnostics", NULL);
	tell_state(b);
	bus_update_wait(b);
}

static void on_job_removed(void *user, uint64_t job, const char *result)
{
	struct bus *b = user;

	if (!b->connection)
		return;
	bus_changes_end(b, job, result);
	sd_bus_emit_signal(b->connection, BUS_PATH, BUS_MANAGER, "JobRemoved", "ts", job, result);
	bus_update_wait(b);
}

static void on_ready(void *user, bool ready)
{
	struct bus *b = user;

	b->hooks.ready(b->hooks.user, ready);
	if (!b->connection)
		return;
	tell_state(b);
	bus_update_wait(b);
}

static const struct manager_face face = {
	.device_added = on_device_added,
	.device_changed = on_device_changed,
	.device_removed = on_device_removed,
	.device_progress = on_device_progress,
	.manager_changed = on_manager_changed,
	.job_removed = on_job_removed,
	.ready = on_ready,
};

/** bus_new() - be the manager's face on @kind of bus; with BUS_NONE only the hooks are served. */
struct bus *bus_new(struct loop *loop, struct manager *manager, enum bus_kind kind,
		    const struct bus_hooks *hooks)
{
	struct bus *b = mem_new(struct bus);

	*b = (struct bus){.loop = loop, .manager = manager, .kind = kind, .hooks = *hooks};
	b->timer = loop_timer_new(loop, pump, b);
	b->patience = loop_timer_new(loop, on_patience, b);
	manager_set_face(manager, &face, b);
	if (kind != BUS_NONE)
		connect_bus(b);
	return b;
}

struct bus *bus_free(struct bus *b)
{
	if (!b)
		return NULL;
	if (b->connection)
		sd_bus_flush(b->connection);
	disconnect_bus(b);
	loop_timer_free(b->timer);
	loop_timer_free(b->patience);
	manager_set_face(b->manager, NULL, NULL);
	free(b);
	return NULL;
}
