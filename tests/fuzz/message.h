/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * D-Bus messages of what an input says. Those with bytes that libsystemd or the bus daemon lets
 * nobody see (texts that are not UTF-8, paths that are none) cannot be made.
 *
 * A value is: a number as many bytes, the lowest first; a text and a NUL; an array's number of
 * elements in one byte, and they; a variant's signature and a NUL, and its value.
 */
#pragma once

#include "fuzz.h"

#include <systemd/sd-bus.h>

sd_bus *message_connection(void);
int message_fill(sd_bus_message *m, struct fuzz_input *in, const char *signature);
int message_finish(sd_bus_message *m);
