// SPDX-License-Identifier: GPL-2.0-or-later
/* carvectl pause and resume: have carved leave devices alone, and go on. */
#include "base/clock.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"

#include <errno.h>

/* Return: 0 or more; -errno, which has been reported. */
static int send(struct client *c, sd_bus_message *call, const char *device)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_message_set_allow_interactive_authorization(call, true);

	if (r >= 0)
		r = client_send_patiently(c, call, &error, &reply);
	if (r < 0 && sd_bus_error_has_name(&error, CLIENT_NO_SUCH_DEVICE))
		return fetch_no_such_device(c, device);
	return r < 0 && sd_bus_error_is_set(&error) ? client_fail(c, &error, r) : r;
}

static int request_pause(struct client *c, const char *device, uint64_t until)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = client_new_call(c, "Pause", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "sta{sv}", device, until, 0);
	return r < 0 ? r : send(c, call, device);
}

static int request_resume(struct client *c, const char *device)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = client_new_call(c, "Resume", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "sa{sv}", device, 0);
	return r < 0 ? r : send(c, call, device);
}

/* Of the devices that are meant, as they are now. */
static int show_json(struct client *c)
{
	int exit_code = CTL_ERROR;
	struct status_answer a;

	if (fetch_status(c, c->ctl->args[0], &a) >= 0)
		exit_code = output_json(&overview_type, &a, CTL_OK);
	answer_clear(&status_type, &a, &a.arena);
	return exit_code;
}

static int say_paused(const char *device, uint64_t until)
{
	_cleanup_free_ char *end =
		until == UINT64_MAX ? mem_strdup("it is resumed") : clock_text(until);
	struct buf out = {};

	buf_add(&out, "%s is paused until %s; to end it: carvectl resume %s\n", device, end,
		device);
	return output_text(&out, CTL_OK);
}

/**
 * command_pause() - carvectl pause DEVICE [TIME].
 *
 * Return: the exit code.
 */
int command_pause(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	uint64_t until = UINT64_MAX, time;

	if (ctl->n_args > 1) {
		if (clock_parse_duration(ctl->args[1], &time) < 0 || !time) {
			client_say("%s is not a time; write it like 90s, 5m or 1h", ctl->args[1]);
			return CTL_USAGE;
		}
		until = clock_wall() + time;
	}
	if (client_open(&c, ctl) < 0 || request_pause(&c, ctl->args[0], until) < 0)
		return CTL_ERROR;
	return ctl->json ? show_json(&c) : say_paused(ctl->args[0], until);
}

/* Return: 1 where one that is meant is paused; 0; -errno, which has been reported. */
static int is_paused(struct client *c)
{
	struct status_answer a;
	int r = fetch_status(c, c->ctl->args[0], &a);

	vec_each(d, &a.devices)
		if (r >= 0 && d->paused_until)
			r = 1;
	answer_clear(&status_type, &a, &a.arena);
	return r;
}

/**
 * command_resume() - carvectl resume DEVICE.
 *
 * Return: the exit code.
 */
int command_resume(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	int paused = client_open(&c, ctl) < 0 ? -EIO : is_paused(&c);

	if (paused < 0 || request_resume(&c, ctl->args[0]) < 0)
		return CTL_ERROR;
	if (ctl->json)
		return show_json(&c);
	if (!paused)
		client_say("%s was not paused", ctl->args[0]);
	return CTL_OK;
}
