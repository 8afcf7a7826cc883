/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carved on D-Bus: which devices there are and what it tells of them. It may come and go.
 *
 *	struct watch w = {.bench = &bench};
 *	r = watch_start(&w, bus);
 */
#pragma once

#include "device.h"

struct watch {
	struct bench *bench;
	sd_bus *bus;
	sd_bus_slot *asked; /* for all devices, and not answered yet */
	sd_event_source *again;
	VEC(struct device *) devices;
};

int watch_start(struct watch *w, sd_bus *bus);
void watch_stop(struct watch *w);
