/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only way by which texts come in from D-Bus. Whoever has the name on the bus may say anything:
 * what a terminal would obey is made "?" here, once, and the rest of carvectl need not think of it.
 * tests/lint/bus-texts sees that texts come in nowhere else.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)
#define _cleanup_error_	  _cleanup_(sd_bus_error_free)

int message_read_line(sd_bus_message *m, struct arena *arena, const char **ret);
int message_read_text(sd_bus_message *m, struct arena *arena, const char **ret);
int message_read_owners(sd_bus_message *m, bool *ret_before, bool *ret_now);
char *message_handle(const char *path, const char *prefix);
int message_error(sd_bus_message *m, sd_bus_error *ret);
void message_clean_error(sd_bus_error *error);
