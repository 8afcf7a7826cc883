/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What notifications said of one device at one wake-up of the loop, reduced to what makes a
 * difference to its machine. Invariants: each kind is there once, where it came last;
 * DEVICE_EV_STALE, which each of the others implies, only where nothing came before it.
 *
 * Why that is enough: all kinds but two only set marks. Of DEVICE_EV_VANISHED and DEVICE_EV_COUNTED
 * the order matters: a device that says goodbye and registers has a successor, one that registers
 * and says goodbye may be gone. What a machine makes of many of them depends on which came last,
 * and on whether the other came before that.
 */
#pragma once

#include "device/device.h"

struct marks {
	enum device_event_type kinds[DEVICE_HEARD_MAX];
	size_t n;
	bool identify;	      /* versions, too, may have changed */
	enum trigger trigger; /* of the first */
	unsigned messages;    /* that were reduced to this */
};

void marks_add(struct marks *m, enum device_event_type kind, bool identify, enum trigger trigger);
struct device_event marks_event(const struct marks *m);
