// SPDX-License-Identifier: GPL-2.0-or-later
/* The clocks that carved reads, the grammar of durations, and how times are written. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/** clock_now() - microseconds since boot, time asleep included: an audit is due after a suspend. */
uint64_t clock_now(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

/** clock_monotonic() - the service manager's clock. */
uint64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/** clock_wall() - microseconds since 1970 by the clock that can be set: only to be shown. */
uint64_t clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

/** clock_text() - @wall as "2026-11-22 19:40:01" in the reader's time zone; to be freed. */
char *clock_text(uint64_t wall)
{
	time_t seconds = (time_t)(wall / USEC_PER_SEC);
	char text[64];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%F %T", &tm))
		return mem_strdup("?");
	return mem_strdup(text);
}

/**
 * clock_parse_duration() - "500ms", "30s", "5m", "1h" or "0".
 *
 * Return: 0; -EINVAL where @text is none of these; -ERANGE from 2^63 microseconds on, which could
 * not be added to a time.
 */
int clock_parse_duration(const char *text, uint64_t *ret_usec)
{
	static const struct {
		const char *suffix;
		uint64_t usec;
	} units[] = {{"ms", USEC_PER_MSEC},
		     {"s", USEC_PER_SEC},
		     {"m", USEC_PER_MIN},
		     {"h", USEC_PER_HOUR}};
	size_t digits = strspn(text, "0123456789");
	uint64_t n;

	if (digits == 0 || (digits > 1 && text[0] == '0'))
		return -EINVAL;
	if (text_number(text, digits, &n) < 0)
		return -ERANGE;
	if (n == 0 && text[digits] == '\0') {
		*ret_usec = 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text + digits, units[i].suffix) != 0)
			continue;
		if (__builtin_mul_overflow(n, units[i].usec, &n) || n > INT64_MAX)
			return -ERANGE;
		*ret_usec = n;
		return 0;
	}
	return -EINVAL;
}
