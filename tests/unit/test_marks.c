// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is left of many notifications: from it the machine derives the same as from all of them.
 * Said of every sequence of up to seven, from every state in which the machine can be meanwhile.
 */
#include "manager/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const enum device_event_type kinds[] = {DEVICE_EV_STALE, DEVICE_EV_COUNTED,
					       DEVICE_EV_VANISHED, DEVICE_EV_RECREATED};

enum { KINDS = ARRAY_SIZE(kinds), LENGTH = 7 };

/* What a machine may make of it; but for presence, the rules are written again. */
struct known {
	bool stale, counted, recreated;
	enum presence presence;
};

static void learn(struct known *k, enum device_event_type kind)
{
	k->stale = true;
	k->counted |= kind == DEVICE_EV_COUNTED || kind == DEVICE_EV_VANISHED;
	k->recreated |= kind == DEVICE_EV_RECREATED;
	if (kind == DEVICE_EV_VANISHED)
		k->presence = presence_next(k->presence, PRESENCE_EV_DEL);
	if (kind == DEVICE_EV_COUNTED)
		k->presence = presence_next(k->presence, PRESENCE_EV_NEW);
}

static void check(const enum device_event_type *sequence, size_t n)
{
	struct marks h = {};
	struct device_event e;

	for (size_t i = 0; i < n; i++)
		marks_add(&h, sequence[i], false, TRIGGER_NOTIFICATION);
	assert_int_equal(h.messages, n);
	e = marks_event(&h);
	assert_true(e.n_heard <= KINDS);
	for (int start = PRESENCE_UNKNOWN; start <= PRESENCE_GONE; start++) {
		struct known all = {.presence = (enum presence)start}, less = all;

		for (size_t i = 0; i < n; i++)
			learn(&all, sequence[i]);
		for (size_t i = 0; i < e.n_heard; i++)
			learn(&less, e.heard[i]);
		assert_true(all.stale == less.stale && all.counted == less.counted &&
			    all.recreated == less.recreated && all.presence == less.presence);
	}
}

static void test_nothing_that_matters_is_lost(_unused_ void **state)
{
	enum device_event_type sequence[LENGTH];
	unsigned many = 1;

	for (size_t n = 1; n <= LENGTH; n++) {
		many *= KINDS;
		for (unsigned which = 0; which < many; which++) {
			unsigned rest = which;

			for (size_t i = 0; i < n; i++, rest /= KINDS)
				sequence[i] = kinds[rest % KINDS];
			check(sequence, n);
		}
	}
}

static void test_hundreds_are_few(_unused_ void **state)
{
	struct marks h = {};

	marks_add(&h, DEVICE_EV_VANISHED, false, TRIGGER_NOTIFICATION);
	for (int i = 0; i < 800; i++)
		marks_add(&h, i % 2 ? DEVICE_EV_STALE : DEVICE_EV_RECREATED, false,
			  TRIGGER_NOTIFICATION);
	marks_add(&h, DEVICE_EV_COUNTED, false, TRIGGER_NOTIFICATION);
	assert_int_equal(h.messages, 802);
	assert_int_equal(h.n, 3);
	assert_int_equal(h.kinds[0], DEVICE_EV_VANISHED);
	assert_int_equal(h.kinds[1], DEVICE_EV_RECREATED);
	assert_int_equal(h.kinds[2], DEVICE_EV_COUNTED);
}

/*
 * An overrun or the end of a flash: versions are in doubt, and the reason that came first is told.
 */
static void test_doubts_stay(_unused_ void **state)
{
	struct marks h = {};
	struct device_event e;

	marks_add(&h, DEVICE_EV_COUNTED, false, TRIGGER_NOTIFICATION);
	marks_add(&h, DEVICE_EV_STALE, true, TRIGGER_FLASH);
	e = marks_event(&h);
	assert_int_equal(e.type, DEVICE_EV_HEARD);
	assert_int_equal(e.n_heard, 1);
	assert_true(e.identify);
	assert_int_equal(e.trigger, TRIGGER_NOTIFICATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_that_matters_is_lost),
		cmocka_unit_test(test_hundreds_are_few),
		cmocka_unit_test(test_doubts_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
