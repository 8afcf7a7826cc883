// SPDX-License-Identifier: GPL-2.0-or-later
/* Pause and Resume. Decides that a pause has an end that is still to come, or none. */
#include "base/clock.h"
#include "bus/internal.h"
#include "manager/manager.h"

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

static int do_pause(struct bus *b, sd_bus_message *m, const char *who, sd_bus_error *error)
{
	uint64_t until, wall = clock_wall();
	const char *name;
	int r = sd_bus_message_read(m, "st", &name, &until);

	if (r >= 0)
		r = bus_read_options(m, NULL, 0, error);
	if (r < 0)
		return r;
	if (!is_known(b, name))
		return no_such_device(error, name);
	if (until <= wall)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "the end of the pause is in the past");
	manager_pause(b->manager, name, who,
		      until == UINT64_MAX ? USEC_NEVER : clock_now() + (until - wall), until);
	return sd_bus_reply_method_return(m, NULL);
}

/** bus_pause() - the method; see sd_bus_message_handler_t(3). */
int bus_pause(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	return bus_authorize(user, m, ACTION_APPLY, do_pause);
}

static int do_resume(struct bus *b, sd_bus_message *m, const char *who, sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(m, "s", &name);

	if (r >= 0)
		r = bus_read_options(m, NULL, 0, error);
	if (r < 0)
		return r;
	if (!is_known(b, name))
		return no_such_device(error, name);
	manager_pause(b->manager, name, who, 0, 0);
	return sd_bus_reply_method_return(m, NULL);
}

/** bus_resume() - the method; see sd_bus_message_handler_t(3). */
int bus_resume(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	return bus_authorize(user, m, ACTION_APPLY, do_resume);
}
