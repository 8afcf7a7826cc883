/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as seen over D-Bus. Whatever fails is said on standard error, with what to do about
 * it, before the function returns -errno: the caller only has to end.
 */
#pragma once

#include "base/mem.h"
#include "ctl.h"
#include "message.h"

#include <systemd/sd-bus.h>

#define CLIENT_NAME    "org.carved1"
#define CLIENT_PATH    "/org/carved1"
#define CLIENT_MANAGER "org.carved1.Manager"
#define CLIENT_DEVICE  "org.carved1.Device"
#define CLIENT_DEVICES "/org/carved1/device"

#define CLIENT_NO_SUCH_DEVICE "org.carved1.Error.NoSuchDevice"
#define CLIENT_INVALID_CONFIG "org.carved1.Error.InvalidConfig"
#define CLIENT_NOT_ALLOWED    "org.carved1.Error.ReloadNotAllowed"
#define CLIENT_REFUSED	      "org.carved1.Error.Refused"

#define _cleanup_client_ _cleanup_(client_close)

struct client {
	const struct ctl *ctl;
	sd_bus *bus;
	uint64_t heard; /* when carved gave the last sign of life; 0: not yet */
};

int client_open(struct client *c, const struct ctl *ctl);
void client_close(struct client *c);

int client_new_call(struct client *c, const char *member, sd_bus_message **ret);
int client_append(sd_bus_message *call, const char *device, const char *option);
int client_send(struct client *c, sd_bus_message *call, uint64_t timeout_usec, sd_bus_error *error,
		sd_bus_message **ret_reply);
int client_send_patiently(struct client *c, sd_bus_message *call, sd_bus_error *error,
			  sd_bus_message **ret_reply);
int client_wait(struct client *c, uint64_t usec);
int client_match_devices(struct client *c, sd_bus_message_handler_t handler, void *user);
int client_match_owner(struct client *c, sd_bus_message_handler_t handler, void *user);
int client_get_all(struct client *c, const char *path, const char *interface,
		   sd_bus_message **ret_reply);

void client_say(const char *format, ...) _printf_(1, 2);
int client_fail(const struct client *c, const sd_bus_error *error, int r);
char *client_explain(const struct ctl *ctl, const char *name, const char *message);
