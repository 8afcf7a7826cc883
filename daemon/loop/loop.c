// SPDX-License-Identifier: GPL-2.0-or-later
/* The only user of libevent. */
#include "loop/loop.h"
#include "base/clock.h"
#include "base/mem.h"

#include <event2/event.h>
#include <poll.h>

struct loop {
	struct event_base *base;
	bool stopped;
};

struct loop_io {
	struct loop *loop;
	struct event *event;
	int fd;
	short events;
	loop_handler handler;
	void *user;
};

struct loop_timer {
	struct event *event;
	uint64_t at;
	loop_handler handler;
	void *user;
};

struct loop_task {
	struct event *event;
	loop_handler handler;
	void *user;
};

/** loop_new() - a loop without anything to wait for. */
struct loop *loop_new(void)
{
	struct loop *l = mem_new(struct loop);

	l->base = event_base_new();
	if (!l->base)
		abort();
	return l;
}

/** loop_free() - after all that belongs to it. Return: NULL. */
struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	event_base_free(l->base);
	free(l);
	libevent_global_shutdown();
	return NULL;
}

/** loop_run() - until loop_stop(), which may have been called already. */
void loop_run(struct loop *l)
{
	if (!l->stopped)
		event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

/** loop_stop() - loop_run() returns when the handler that runs now has. */
void loop_stop(struct loop *l)
{
	l->stopped = true;
	event_base_loopbreak(l->base);
}

static void on_io(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct loop_io *io = arg;

	io->handler(io->user);
}

static struct loop_io *watch(struct loop *l, int fd, short events, loop_handler handler, void *user)
{
	struct loop_io *io = mem_new(struct loop_io);

	*io = (struct loop_io){
		.loop = l, .fd = fd, .events = events, .handler = handler, .user = user};
	io->event = event_new(l->base, fd, (short)(events | EV_PERSIST), on_io, io);
	if (!io->event || event_add(io->event, NULL) < 0)
		abort();
	return io;
}

/** loop_watch() - call @handler whenever @fd is readable. */
struct loop_io *loop_watch(struct loop *l, int fd, loop_handler handler, void *user)
{
	return watch(l, fd, EV_READ, handler, user);
}

/** loop_watch_signal() - call @handler in the loop, not in the signal's context. */
struct loop_io *loop_watch_signal(struct loop *l, int signal, loop_handler handler, void *user)
{
	return watch(l, signal, EV_SIGNAL, handler, user);
}

/** loop_io_events() - change what is waited for: POLLIN, POLLOUT or both. */
void loop_io_events(struct loop_io *io, short poll_events)
{
	short events = (short)((poll_events & POLLIN ? EV_READ : 0) |
			       (poll_events & POLLOUT ? EV_WRITE : 0));

	if (events == io->events)
		return;
	io->events = events;
	event_del(io->event);
	event_assign(io->event, io->loop->base, io->fd, (short)(events | EV_PERSIST), on_io, io);
	event_add(io->event, NULL);
}

/** loop_unwatch() - the descriptor stays open. Return: NULL. */
struct loop_io *loop_unwatch(struct loop_io *io)
{
	if (!io)
		return NULL;
	event_free(io->event);
	free(io);
	return NULL;
}

static void arm(struct loop_timer *t)
{
	uint64_t now = clock_now(), delay = t->at > now ? t->at - now : 0;
	struct timeval tv = {.tv_sec = (time_t)(delay / USEC_PER_SEC),
			     .tv_usec = (suseconds_t)(delay % USEC_PER_SEC)};

	evtimer_add(t->event, &tv);
}

/* libevent counts on a clock of its own, which may be a little ahead of ours. */
static void on_timer(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct loop_timer *t = arg;

	if (clock_now() < t->at) {
		arm(t);
		return;
	}
	t->at = USEC_NEVER;
	t->handler(t->user);
}

/** loop_timer_new() - a timer that is not set yet. */
struct loop_timer *loop_timer_new(struct loop *l, loop_handler handler, void *user)
{
	struct loop_timer *t = mem_new(struct loop_timer);

	*t = (struct loop_timer){.at = USEC_NEVER, .handler = handler, .user = user};
	t->event = evtimer_new(l->base, on_timer, t);
	if (!t->event)
		abort();
	return t;
}

/** loop_timer_set() - fire once at @at, instead of what was set before; USEC_NEVER: not at all. */
void loop_timer_set(struct loop_timer *t, uint64_t at)
{
	if (at == t->at)
		return;
	t->at = at;
	if (at == USEC_NEVER)
		evtimer_del(t->event);
	else
		arm(t);
}

/** loop_timer_free() - Return: NULL. */
struct loop_timer *loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return NULL;
	event_free(t->event);
	free(t);
	return NULL;
}

static void on_task(_unused_ evutil_socket_t fd, _unused_ short what, void *arg)
{
	struct loop_task *t = arg;

	t->handler(t->user);
}

/** loop_task_new() - a task that nothing has asked for yet. */
struct loop_task *loop_task_new(struct loop *l, loop_handler handler, void *user)
{
	struct loop_task *t = mem_new(struct loop_task);

	*t = (struct loop_task){.handler = handler, .user = user};
	t->event = event_new(l->base, -1, 0, on_task, t);
	if (!t->event)
		abort();
	return t;
}

/**
 * loop_defer() - run the task once, after all that is ready at this wake-up.
 *
 * The events that libevent found ready are a queue, at the end of which the task is put.
 */
void loop_defer(struct loop_task *t)
{
	event_active(t->event, EV_TIMEOUT, 0);
}

/** loop_task_free() - it does not run any more. Return: NULL. */
struct loop_task *loop_task_free(struct loop_task *t)
{
	if (!t)
		return NULL;
	event_free(t->event);
	free(t);
	return NULL;
}
