/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time in microseconds, and durations as the config writes them. */
#pragma once

#include <stdint.h>

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_NEVER    UINT64_MAX

uint64_t clock_now(void);
uint64_t clock_monotonic(void);
uint64_t clock_wall(void);
char *clock_text(uint64_t wall);
int clock_parse_duration(const char *text, uint64_t *ret_usec);
