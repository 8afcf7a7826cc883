/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: descriptors, one timer per owner, signals. Nothing that runs in it may block.
 * Times are those of clock_now().
 *
 * What follows from several things that happened at once is done once, by a task:
 *
 *	struct loop_task *t = loop_task_new(loop, conclude, user);
 *	loop_defer(t);	... as often as there is a reason: conclude(user) runs once, when
 *			all that was ready at this wake-up has been handled
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_io;
struct loop_timer;
struct loop_task;

typedef void (*loop_handler)(void *user);

struct loop *loop_new(void);
struct loop *loop_free(struct loop *l);
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

struct loop_io *loop_watch(struct loop *l, int fd, loop_handler handler, void *user);
struct loop_io *loop_watch_signal(struct loop *l, int signal, loop_handler handler, void *user);
void loop_io_events(struct loop_io *io, short poll_events);
struct loop_io *loop_unwatch(struct loop_io *io);

struct loop_timer *loop_timer_new(struct loop *l, loop_handler handler, void *user);
void loop_timer_set(struct loop_timer *t, uint64_t at);
struct loop_timer *loop_timer_free(struct loop_timer *t);

struct loop_task *loop_task_new(struct loop *l, loop_handler handler, void *user);
void loop_defer(struct loop_task *t);
struct loop_task *loop_task_free(struct loop_task *t);
