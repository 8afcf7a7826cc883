/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How devices are found and heard of: devlink's numbers, the subscription to its notifications, the
 * list of devices, and the audit that reads what no notification tells.
 *
 *	finder_start(f)		look for devlink; goes on by itself
 *
 * Invariants: watch is open exactly while notifications are heard, and then problem is NULL; what
 * came before an answer of the kernel is known to a machine before that answer is.
 */
#pragma once

#include "kernel/transport.h"
#include "manager/devices.h"

struct finder {
	struct devices *devices;
	struct loop *loop;
	struct chan_hub *hub;
	const struct transport *transport;
	struct directory *directory;
	struct watch *watch;
	struct loop_io *watch_io, *hub_io;
	struct loop_timer *audit_timer;
	bool unnamed_told;
	char *problem;		 /* why no device can be reached at all, or NULL */
	uint64_t overrun_logged; /* when it was said last that notifications were lost; 0: never */
};

void finder_init(struct finder *f);
void finder_start(struct finder *f);
void finder_follow_config(struct finder *f);
void finder_clear(struct finder *f);
