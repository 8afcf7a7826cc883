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
	_cleanup_free_ char *who = caller_text(c);
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
	manager_pause(b->manager, a.name, who,
		      a.until == UINT64_MAX ? USEC_NEVER : clock_now() + (a.until - wall), a.until);
	return sd_bus_reply_method_return(m, NULL);
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
	_cleanup_free_ char *who = caller_text(c);
	const char *name;
	int r = read_resume(m, &name, error);

	if (r < 0)
		return r;
	if (!is_known(b, name))
		return no_such_device(error, name);
	manager_pause(b->manager, name, who, 0, 0);
	return sd_bus_reply_method_return(m, NULL);
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
