// SPDX-License-Identifier: GPL-2.0-or-later
/* carvectl capture: the present state of a device, as the daemon writes it. */
#include "ctl.h"
#include "fetch.h"
#include "output.h"

static int ask(struct client *c, const struct ctl *ctl, sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = client_new_call(c, "Capture", &call);

	if (r >= 0)
		r = client_append(call, ctl->args[0],
				  ctl->facts  ? "facts"
				  : ctl->json ? "json"
					      : NULL);
	if (r >= 0)
		r = client_send_patiently(c, call, &error, ret);
	if (r < 0 && sd_bus_error_has_name(&error, CLIENT_NO_SUCH_DEVICE))
		return fetch_no_such_device(c, ctl->args[0]);
	return r < 0 && sd_bus_error_is_set(&error) ? client_fail(c, &error, r) : r;
}

/**
 * command_capture() - carvectl capture DEVICE [--facts] [--json]; facts are JSON.
 *
 * Return: the exit code.
 */
int command_capture(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct arena arena = {};
	struct buf text = {};
	const char *captured;

	if (client_open(&c, ctl) < 0 || ask(&c, ctl, &reply) < 0 ||
	    message_read_text(reply, &arena, &captured) < 0)
		return CTL_ERROR;
	buf_add(&text, "%s%s", captured, output_newline(captured));
	arena_clear(&arena);
	return output_text(&text, CTL_OK);
}
