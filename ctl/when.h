/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times (since 1970) and durations, both in microseconds, as text that is to be freed. */
#pragma once

#include <stdint.h>

char *when_text(uint64_t time);
char *when_ago(uint64_t time, uint64_t now);
char *when_left(uint64_t time, uint64_t now);
char *when_duration(uint64_t usec);
