/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What carved tells of a device on D-Bus, as far as it matters here. */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

struct told {
	char *handle, *entry, *driver, *state; /* NULL: not told yet */
	uint64_t reloads, foreign_reloads, registrations;
};

int told_read(struct told *t, sd_bus_message *m);
void told_clear(struct told *t);
