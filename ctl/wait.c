// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides which devices are shown while they work, and when waiting is in vain. */
#include "wait.h"
#include "base/clock.h"
#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define TICK_USEC (USEC_PER_SEC / 5)

/* What takes less than this is not shown. */
#define SHOW_AFTER_USEC (USEC_PER_SEC / 2)

static int on_job_removed(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct wait *w = user;
	const char *result;
	uint64_t job;

	if (sd_bus_message_read(m, "t", &job) >= 0 && message_read_line(m, &w->arena, &result) >= 0)
		vec_push(&w->ended, ((struct ended){job, result}));
	return 0;
}

static int on_owner(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct wait *w = user;
	bool before, now;

	if (message_read_owners(m, &before, &now) >= 0 && before)
		w->gone = true;
	return 0;
}

/* --- what goes on ------------------------------------------------------------ */

static struct watched *watched_get(struct wait *w, const char *handle)
{
	struct watched *new;

	vec_each(d, &w->watched)
		if (strcmp(d->device.handle, handle) == 0)
			return d;
	new = vec_add(&w->watched);
	answer_init(&device_type, &new->device);
	new->device.handle = arena_strdup(&w->arena, handle);
	new->since = clock_now();
	return new;
}

static void add_watched(void *user, const char *handle, const char *entry, const char *state)
{
	struct wait *w = user;
	struct watched *d = watched_get(w, handle);

	d->device.entry = arena_strdup(&w->arena, entry);
	d->device.state = arena_strdup(&w->arena, state);
}

static int on_device(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	_cleanup_free_ char *handle = message_handle(sd_bus_message_get_path(m), CLIENT_DEVICES);
	struct wait *w = user;
	struct watched *d;
	const char *before;

	if (!handle)
		return 0;
	d = watched_get(w, handle);
	before = d->device.state;
	fetch_changed(m, &w->arena, &d->device);
	if (strcmp(before, d->device.state) != 0)
		d->since = clock_now();
	return 0;
}

/* One that has failed, too, may be reloaded. */
static bool is_working(const struct device_answer *d)
{
	return state_colour(d->state) == COLOUR_BUSY || *d->progress.what;
}

static int by_time(const void *pa, const void *pb)
{
	const struct working *a = pa, *b = pb;

	return CMP(b->elapsed, a->elapsed);
}

static void show(struct wait *w)
{
	uint64_t now = clock_now();
	struct progress_line p = {.elapsed = now - w->began};
	struct buf line = {};

	if (!w->style.marks || now < w->began + SHOW_AFTER_USEC)
		return;
	vec_each(d, &w->watched) {
		bool works = is_working(&d->device);

		p.n_managed += works || *d->device.entry;
		if (works)
			vec_push(&p.working, ((struct working){&d->device, now - d->since}));
	}
	vec_sort(&p.working, by_time);
	progress_render(&p, &w->style, &line);
	fprintf(stderr, "\r%s\033[K", line.s);
	buf_clear(&line);
	vec_clear(&p.working);
	w->shown = true;
}

static void hide(struct wait *w)
{
	if (w->shown)
		fputs("\r\033[K", stderr);
	w->shown = false;
}

/* --- interrupted ------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(_unused_ int number)
{
	interrupted = 1;
}

/* Nothing that was asked for ends with carvectl, and who thinks so is told. */
static void end_interrupted(void)
{
	client_say("carved goes on; to follow it: carvectl monitor, or carvectl status");
	signal(SIGINT, SIG_DFL);
	raise(SIGINT);
}

/* --- waiting ----------------------------------------------------------------- */

/**
 * wait_prepare() - listen for the ends of jobs; on a terminal also to what devices do.
 *
 * Return: 0 or more; -errno, which has been reported.
 */
int wait_prepare(struct wait *w)
{
	int r = sd_bus_match_signal(w->client->bus, NULL, CLIENT_NAME, CLIENT_PATH, CLIENT_MANAGER,
				    "JobRemoved", on_job_removed, w);

	w->style = style_of(STDERR_FILENO);
	w->began = clock_now();
	if (r < 0)
		return client_fail(w->client, NULL, r);
	r = client_match_owner(w->client, on_owner, w);
	if (r == 0 && w->style.marks)
		r = client_match_devices(w->client, on_device, w);
	if (r == 0 && w->style.marks)
		r = fetch_states(w->client, add_watched, w);
	return r;
}

static const char *find_result(const struct wait *w, uint64_t job)
{
	vec_each(e, &w->ended)
		if (e->job == job)
			return e->result;
	return NULL;
}

/** wait_begin() - the job is about to be asked for: from here on Ctrl-C ends only the wait. */
void wait_begin(void)
{
	signal(SIGINT, on_interrupt);
}

/** wait_for() - the result of @job; NULL when none will come, which has been reported. */
const char *wait_for(struct wait *w, uint64_t job)
{
	const char *result = NULL;
	int r = 0;

	while (r >= 0 && !w->gone && !interrupted && !(result = find_result(w, job))) {
		r = sd_bus_process(w->client->bus, NULL);
		if (r == 0) {
			show(w);
			r = client_wait(w->client, w->style.marks ? TICK_USEC : UINT64_MAX);
		}
		if (r == -EINTR)
			r = 0;
	}
	hide(w);
	if (interrupted)
		end_interrupted();
	signal(SIGINT, SIG_DFL);
	if (!result && r != -ETIMEDOUT)
		client_say("carved ended before all devices had come to rest; look at: "
			   "journalctl -u carved");
	return result;
}

/** wait_clear() - stop listening, and free what has been heard. */
void wait_clear(struct wait *w)
{
	vec_clear(&w->ended);
	vec_each(d, &w->watched) {
		vec_clear(&d->device.drift);
		vec_clear(&d->device.resources);
		vec_clear(&d->device.objects);
	}
	vec_clear(&w->watched);
	arena_clear(&w->arena);
}
