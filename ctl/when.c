// SPDX-License-Identifier: GPL-2.0-or-later
/* How times are written. Reads no clock: callers pass the present time. */
#include "when.h"
#include "base/clock.h"
#include "base/mem.h"

#include <inttypes.h>
#include <time.h>

/** when_text() - the time as "2026-11-22 19:40:01" in the reader's time zone; to be freed. */
char *when_text(uint64_t time)
{
	return clock_text(time);
}

/** when_ago() - the time as "5min ago", or "0s ago" where a clock was set back; to be freed. */
char *when_ago(uint64_t time, uint64_t now)
{
	static const struct {
		const char *unit;
		uint64_t usec;
	} units[] = {{"d", 24 * USEC_PER_HOUR}, {"h", USEC_PER_HOUR}, {"min", USEC_PER_MIN}};
	uint64_t ago = now > time ? now - time : 0;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (ago >= units[i].usec)
			return mem_printf("%" PRIu64 "%s ago", ago / units[i].usec, units[i].unit);
	return mem_printf("%" PRIu64 "s ago", ago / USEC_PER_SEC);
}

/** when_left() - how long it is from @now to @time, as "90 s", "59 min" or "3 h"; to be freed. */
char *when_left(uint64_t time, uint64_t now)
{
	uint64_t left = time > now ? time - now : 0;

	if (left >= 2 * USEC_PER_HOUR)
		return mem_printf("%" PRIu64 " h", left / USEC_PER_HOUR);
	if (left >= 2 * USEC_PER_MIN)
		return mem_printf("%" PRIu64 " min", left / USEC_PER_MIN);
	return mem_printf("%" PRIu64 " s", left / USEC_PER_SEC);
}

/** when_duration() - the duration as "3.012 s"; to be freed. */
char *when_duration(uint64_t usec)
{
	return mem_printf("%" PRIu64 ".%03" PRIu64 " s", usec / USEC_PER_SEC,
			  usec / USEC_PER_MSEC % 1000);
}
