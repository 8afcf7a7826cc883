// SPDX-License-Identifier: GPL-2.0-or-later
/* The only user of sd-daemon. The watchdog is fed by the loop: a loop that hangs does not feed it.
 */
#include "loop/sdnotify.h"
#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

/* While the kernel is busy for us, ask for this much more time at start or stop, this often. */
#define EXTEND_USEC  (60 * USEC_PER_SEC)
#define EXTEND_EVERY (20 * USEC_PER_SEC)

struct sdnotify {
	struct loop_timer *watchdog, *extend;
	uint64_t watchdog_every;
	bool ready, reloading, busy;
	char *status;
};

static void feed(void *user)
{
	struct sdnotify *s = user;

	sd_notify(0, "WATCHDOG=1");
	loop_timer_set(s->watchdog, clock_now() + s->watchdog_every);
}

static void extend(void *user)
{
	struct sdnotify *s = user;

	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, (uint64_t)EXTEND_USEC);
	loop_timer_set(s->extend, clock_now() + EXTEND_EVERY);
}

/** sdnotify_new() - starts to feed the watchdog if there is one. */
struct sdnotify *sdnotify_new(struct loop *l)
{
	struct sdnotify *s = mem_new(struct sdnotify);
	uint64_t usec = 0;

	s->watchdog = loop_timer_new(l, feed, s);
	s->extend = loop_timer_new(l, extend, s);
	if (sd_watchdog_enabled(0, &usec) > 0) {
		s->watchdog_every = usec / 2;
		feed(s);
	}
	return s;
}

/** sdnotify_free() - the watchdog is fed no longer. Return: NULL. */
struct sdnotify *sdnotify_free(struct sdnotify *s)
{
	if (!s)
		return NULL;
	loop_timer_free(s->watchdog);
	loop_timer_free(s->extend);
	free(s->status);
	free(s);
	return NULL;
}

/** sdnotify_reload_ended() - tell so if one was told of. */
void sdnotify_reload_ended(struct sdnotify *s)
{
	if (s->reloading)
		sd_notify(0, "READY=1");
	s->reloading = false;
}

/** sdnotify_ready() - start-up or a reload of the config has come to rest. */
void sdnotify_ready(struct sdnotify *s)
{
	if (!s->ready)
		sd_notify(0, "READY=1");
	s->ready = true;
	sdnotify_reload_ended(s);
}

/** sdnotify_reloading() - the config is being read anew. */
void sdnotify_reloading(struct sdnotify *s)
{
	if (s->ready)
		sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic());
	s->reloading = s->ready;
}

/** sdnotify_stopping() - carved will end as soon as it can. */
void sdnotify_stopping(_unused_ struct sdnotify *s)
{
	sd_notify(0, "STOPPING=1");
}

/** sdnotify_status() - the line that `systemctl status` shows. */
void sdnotify_status(struct sdnotify *s, const char *text)
{
	if (text_equal(text, s->status))
		return;
	free(s->status);
	s->status = mem_strdup(text);
	sd_notifyf(0, "STATUS=%s", text);
}

/** sdnotify_busy() - as long as @busy, no timeout of the service manager may end us. */
void sdnotify_busy(struct sdnotify *s, bool busy)
{
	if (busy == s->busy)
		return;
	s->busy = busy;
	loop_timer_set(s->extend, busy ? clock_now() : USEC_NEVER);
}
