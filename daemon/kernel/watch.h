/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications of devlink. They only say that what was read may be out of date: nothing in them is
 * taken for state. The progress of a flash is passed on, as nobody can ask for it. The socket is
 * never used for requests, so that answers cannot drown in a burst.
 */
#pragma once

#include "kernel/transport.h"
#include "wire/decode.h"

#include <stdbool.h>

/* What a notification is to the manager. */
enum watch_event {
	WATCH_STALE,	 /* something of the device may have changed */
	WATCH_PORT,	 /* ... a port of it has come, gone or got another netdev */
	WATCH_APPEARED,	 /* it registered, or one of its counters changed */
	WATCH_RECREATED, /* traps, groups or policers go or come: they will be at defaults */
	WATCH_VANISHED,	 /* it says that it is gone: to be verified */
	WATCH_OVERRUN,	 /* messages were lost: everything is stale; handle is NULL */
	WATCH_UNNAMED,	 /* of a device whose name is not text; handle is that name, made text */
	WATCH_PROGRESS,	 /* a flash goes on or has ended, well or not: for people to look at */
};

/* @progress: NULL but for WATCH_PROGRESS; valid during the call */
typedef void (*watch_handler)(void *user, enum watch_event event, const char *handle,
			      const struct flash_progress *progress);

struct watch;

int watch_open(const struct transport *t, const struct family *family, watch_handler handler,
	       void *user, struct watch **ret);
struct watch *watch_free(struct watch *w);
int watch_fd(const struct watch *w);
int watch_dispatch(struct watch *w);
