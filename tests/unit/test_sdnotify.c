// SPDX-License-Identifier: GPL-2.0-or-later
/* What the service manager is told, and when: the loop's timers are the test's, and so is time. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "loop/sdnotify.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define WATCHDOG_USEC UINT64_C(1000000)

struct loop_timer {
	loop_handler handler;
	void *user;
	uint64_t at;
};

static struct loop_timer timers[2]; /* in the order in which they are made */
static unsigned n_timers;
static int heard_fd;

struct loop_timer *loop_timer_new(_unused_ struct loop *l, loop_handler handler, void *user)
{
	assert_true(n_timers < ARRAY_SIZE(timers));
	timers[n_timers] = (struct loop_timer){handler, user, USEC_NEVER};
	return &timers[n_timers++];
}

void loop_timer_set(struct loop_timer *t, uint64_t at)
{
	t->at = at;
}

struct loop_timer *loop_timer_free(struct loop_timer *t)
{
	t->at = USEC_NEVER;
	return NULL;
}

/* What was told since, a message a line; to be freed. */
static char *heard(void)
{
	struct buf b = {};
	char piece[512];
	ssize_t n;

	while ((n = recv(heard_fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		buf_add(&b, "%.*s\n", (int)n, piece);
	return buf_take(&b);
}

static void expect(const char *what)
{
	_cleanup_free_ char *text = heard();

	assert_string_equal(text, what);
}

/* The only timer that is set rings. Return: how long it has been waited for, microseconds. */
static uint64_t ring(void)
{
	struct loop_timer *t = timers[0].at == USEC_NEVER ? &timers[1] : &timers[0];
	uint64_t waited = t->at - MIN(clock_now(), t->at);

	assert_true(t->at != USEC_NEVER);
	t->at = USEC_NEVER;
	t->handler(t->user);
	return waited;
}

static int listen_to_it(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	heard_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "carved-test-%d", (int)getpid());
	assert_int_equal(bind(heard_fd, (struct sockaddr *)&a,
			      (socklen_t)(sizeof(a.sun_family) + 1 + strlen(a.sun_path + 1))),
			 0);
	a.sun_path[0] = '@';
	setenv("NOTIFY_SOCKET", a.sun_path, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	n_timers = 0;
	*state = NULL;
	return 0;
}

static int hang_up(_unused_ void **state)
{
	close(heard_fd);
	return 0;
}

/* It is fed twice in its time, and by the loop's timer alone. */
static void test_watchdog(_unused_ void **state)
{
	struct sdnotify *s;

	setenv("WATCHDOG_USEC", "1000000", 1);
	s = sdnotify_new(NULL);
	expect("WATCHDOG=1\n");
	for (int i = 0; i < 3; i++) {
		assert_true(timers[0].at <= clock_now() + WATCHDOG_USEC / 2);
		sdnotify_status(s, i ? "works" : "rests");
		expect(i == 0 ? "STATUS=rests\n" : i == 1 ? "STATUS=works\n" : "");
		assert_in_range(ring(), 1, WATCHDOG_USEC / 2);
		expect("WATCHDOG=1\n");
	}
	sdnotify_free(s);
}

static void test_no_watchdog(_unused_ void **state)
{
	struct sdnotify *s = sdnotify_new(NULL);

	expect("");
	assert_true(timers[0].at == USEC_NEVER && timers[1].at == USEC_NEVER);
	sdnotify_free(s);
}

/* Type=notify-reload takes READY=1 for the end of a reload only where it was told of one. */
static void test_reload(_unused_ void **state)
{
	struct sdnotify *s = sdnotify_new(NULL);
	_cleanup_free_ char *text = NULL;
	uint64_t before = clock_monotonic(), told = 0;

	sdnotify_reloading(s); /* not ready yet: that is still to come */
	expect("");
	sdnotify_ready(s);
	expect("READY=1\n");
	sdnotify_ready(s);
	expect("");
	sdnotify_reloading(s);
	text = heard();
	assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &told), 1);
	assert_in_range(told, before, clock_monotonic());
	sdnotify_ready(s);
	expect("READY=1\n");
	sdnotify_reload_ended(s);
	expect("");
	sdnotify_stopping(s);
	expect("STOPPING=1\n");
	sdnotify_free(s);
}

/* As long as the kernel is busy, each time before the time that was asked for is over. */
static void test_busy(_unused_ void **state)
{
	struct sdnotify *s = sdnotify_new(NULL);

	sdnotify_busy(s, true);
	sdnotify_busy(s, true);
	for (int i = 0; i < 3; i++) {
		uint64_t waited = ring(), more = 0;
		_cleanup_free_ char *text = heard();

		assert_int_equal(sscanf(text, "EXTEND_TIMEOUT_USEC=%" SCNu64 "\n", &more), 1);
		assert_true(waited <= more / 2);
	}
	sdnotify_busy(s, false);
	assert_true(timers[0].at == USEC_NEVER && timers[1].at == USEC_NEVER);
	sdnotify_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_watchdog, listen_to_it, hang_up),
		cmocka_unit_test_setup_teardown(test_no_watchdog, listen_to_it, hang_up),
		cmocka_unit_test_setup_teardown(test_reload, listen_to_it, hang_up),
		cmocka_unit_test_setup_teardown(test_busy, listen_to_it, hang_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
