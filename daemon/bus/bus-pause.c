// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pause and Resume. Decides that a pause has an end that is still to come, or none, and that it is
 * answered when it would outlive a crash.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "manager/manager.h"
#include "manager/runner.h"

#include <errno.h>
#include <string.h>

#define ACTION_APPLY "org.carved1.apply"

static int no_such_device(sd_bus_error *error, const char *name)
{
	return sd_bus_error_setf(error, BUS_ERROR("NoSuchDevice"),
				 *name ? "no device %s" : "no name is given", name);
}

static bool is_known(const struct bus *b, const char *name)
{
	bool known;

	bus_paused_device(b, name, &known);
	return known && *name;
}

/* --- the answer, when all is on disk --------------------------------------------------- */

static void answer(struct bus *b, size_t i, int error)
{
	struct pending_pause p = b->pending_pauses.v[i];

	vec_remove(&b->pending_pauses, i);
	caller_give(p.caller, SHARE_JOBS);
	if (error)
		sd_bus_reply_method_errorf(p.call, SD_BUS_ERROR_IO_ERROR,
					   "this is in force, but would not outlive a restart of "
					   "carved, as it cannot be saved: %s",
					   strerror(-error));
	else
		sd_bus_reply_method_return(p.call, NULL);
	sd_bus_message_unref(p.call);
}

/* Return: -EAGAIN: something of the devices is not on disk yet; -errno: it cannot be saved. */
static int find_saved(const struct bus *b, const char *name)
{
	int error = 0;

	for (size_t i = 0; i < manager_count(b->manager); i++) {
		const struct runner *r = manager_at(b->manager, i);

		if (!device_matches_name(runner_device(r), name))
			continue;
		if (runner_saving(r))
			return -EAGAIN;
		error = error ? error : runner_save_error(r);
	}
	return error;
}

/** bus_pauses_answer() - answer those that are on disk by now. */
void bus_pauses_answer(struct bus *b)
{
	for (size_t i = b->pending_pauses.n; i-- > 0;) {
		int error = find_saved(b, b->pending_pauses.v[i].name);

		if (error != -EAGAIN)
			answer(b, i, error);
	}
}

/** bus_pauses_drop() - @left is gone; NULL: all, the connection is. The pauses stay in force. */
void bus_pauses_drop(struct bus *b, const struct caller *left)
{
	for (size_t i = b->pending_pauses.n; i-- > 0;) {
		struct pending_pause p = b->pending_pauses.v[i];

		if (left && p.caller != left)
			continue;
		vec_remove(&b->pending_pauses, i);
		caller_give(p.caller, SHARE_JOBS);
		sd_bus_message_unref(p.call);
	}
	if (!left)
		vec_clear(&b->pending_pauses);
}

/* The conclusion that follows answers it, if there is nothing to save. */
static int set_pause(struct bus *b, struct caller *c, sd_bus_message *m, const char *name,
		     uint64_t until, uint64_t wall, sd_bus_error *error)
{
	_cleanup_free_ char *who = caller_text(c);
	int r = caller_take(c, SHARE_JOBS, error);

	if (r != 0)
		return r;
	vec_push(&b->pending_pauses, ((struct pending_pause){c, sd_bus_message_ref(m), name}));
	manager_pause(b->manager, name, who, until, wall);
	return 1;
}

/* --- the methods ------------------------------------------------------------------------- */

struct arguments {
	const char *name;
	uint64_t until;
};

/* They belong to @m, from its beginning. */
static int read_pause(sd_bus_message *m, struct arguments *ret, sd_bus_error *error)
{
	int r;

	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, &ret->name, error);
	if (r >= 0)
		r = sd_bus_message_read(m, "t", &ret->until);
	return r < 0 ? r : bus_read_options(m, NULL, 0, error);
}

static int do_pause(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	uint64_t wall = clock_wall();
	struct arguments a;
	int r = read_pause(m, &a, error);

	if (r < 0)
		return r;
	if (!is_known(b, a.name))
		return no_such_device(error, a.name);
	if (a.until <= wall)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "the end of the pause is in the past");
	return set_pause(b, c, m, a.name,
			 a.until == UINT64_MAX ? USEC_NEVER : clock_now() + (a.until - wall),
			 a.until, error);
}

static int authorize_pause(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	struct arguments a;
	int r = read_pause(m, &a, error);

	return r < 0 ? r
		     : bus_authorize(b, c, m,
				     &(struct demand){.action = ACTION_APPLY,
						      .then = do_pause,
						      .device = a.name,
						      .idle = true},
				     error);
}

/** bus_pause() - the method; see sd_bus_message_handler_t(3). */
int bus_pause(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct arguments a;
	int r = read_pause(m, &a, error);

	return r < 0 ? r : caller_identify(user, m, authorize_pause);
}

/* It belongs to @m, from its beginning. */
static int read_resume(sd_bus_message *m, const char **ret, sd_bus_error *error)
{
	int r;

	sd_bus_message_rewind(m, true);
	r = bus_read_name(m, ret, error);
	return r < 0 ? r : bus_read_options(m, NULL, 0, error);
}

static int do_resume(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	const char *name;
	int r = read_resume(m, &name, error);

	if (r < 0)
		return r;
	if (!is_known(b, name))
		return no_such_device(error, name);
	return set_pause(b, c, m, name, 0, 0, error);
}

static int authorize_resume(struct bus *b, struct caller *c, sd_bus_message *m, sd_bus_error *error)
{
	const char *name;
	int r = read_resume(m, &name, error);

	/* what waits for the end of the pause may have come with a config */
	return r < 0 ? r
		     : bus_authorize(b, c, m,
				     &(struct demand){.action = ACTION_APPLY,
						      .then = do_resume,
						      .device = name,
						      .mandate = MANDATE_RELOAD},
				     error);
}

/** bus_resume() - the method; see sd_bus_message_handler_t(3). */
int bus_resume(sd_bus_message *m, void *user, sd_bus_error *error)
{
	const char *name;
	int r = read_resume(m, &name, error);

	return r < 0 ? r : caller_identify(user, m, authorize_resume);
}
