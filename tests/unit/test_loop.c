// SPDX-License-Identifier: GPL-2.0-or-later
/* What runs when in the event loop. */
#include "base/clock.h"
#include "base/mem.h"
#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct bed {
	struct loop *loop;
	struct loop_task *task;
	int pipes[2][2];
	struct loop_io *io[2];
	char log[20];  /* r: a descriptor was read; t: the task ran */
	unsigned more; /* so often the task asks for itself */
};

static void note(struct bed *b, char c)
{
	b->log[strlen(b->log)] = c;
}

static void on_readable(struct bed *b, int i)
{
	char c;

	assert_int_equal(read(b->pipes[i][0], &c, 1), 1);
	note(b, 'r');
	loop_defer(b->task);
	loop_defer(b->task);
}

static void on_first(void *user)
{
	on_readable(user, 0);
}

static void on_second(void *user)
{
	on_readable(user, 1);
}

static void on_task(void *user)
{
	struct bed *b = user;

	note(b, 't');
	if (b->more > 0) {
		b->more--;
		loop_defer(b->task);
	} else {
		loop_stop(b->loop);
	}
}

static void bed_open(struct bed *b)
{
	static const loop_handler handlers[2] = {on_first, on_second};

	*b = (struct bed){.loop = loop_new()};
	b->task = loop_task_new(b->loop, on_task, b);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(b->pipes[i]), 0);
		b->io[i] = loop_watch(b->loop, b->pipes[i][0], handlers[i], b);
	}
}

static void bed_close(struct bed *b)
{
	for (int i = 0; i < 2; i++) {
		loop_unwatch(b->io[i]);
		close(b->pipes[i][0]);
		close(b->pipes[i][1]);
	}
	loop_task_free(b->task);
	loop_free(b->loop);
}

/* Two descriptors are ready at once, each of which asks for the task twice. */
static void test_task_runs_once_and_last(_unused_ void **state)
{
	struct bed b;

	bed_open(&b);
	for (int i = 0; i < 2; i++)
		assert_int_equal(write(b.pipes[i][1], "x", 1), 1);
	loop_run(b.loop);
	assert_string_equal(b.log, "rrt");
	bed_close(&b);
}

static void test_task_may_ask_for_itself(_unused_ void **state)
{
	struct bed b;

	bed_open(&b);
	b.more = 1;
	loop_defer(b.task); /* before the loop runs */
	loop_run(b.loop);
	assert_string_equal(b.log, "tt");
	bed_close(&b);
}

static void must_not_run(_unused_ void *user)
{
	fail_msg("a task ran that was freed");
}

static void stop(void *user)
{
	struct bed *b = user;

	loop_stop(b->loop);
}

static void test_freed_task_does_not_run(_unused_ void **state)
{
	struct loop_task *task;
	struct loop_timer *end;
	struct bed b;

	bed_open(&b);
	task = loop_task_new(b.loop, must_not_run, NULL);
	loop_defer(task);
	loop_task_free(task);
	end = loop_timer_new(b.loop, stop, &b);
	loop_timer_set(end, clock_now());
	loop_run(b.loop);
	assert_string_equal(b.log, "");
	loop_timer_free(end);
	bed_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_task_runs_once_and_last),
		cmocka_unit_test(test_task_may_ask_for_itself),
		cmocka_unit_test(test_freed_task_does_not_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
