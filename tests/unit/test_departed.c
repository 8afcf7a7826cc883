// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is remembered of the devices that went. What carries them out is the test's. */
#include "manager/departed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REMEMBERED 64

struct runner {
	struct device device;
	unsigned inherited; /* so many records */
};

const struct device *runner_device(const struct runner *r)
{
	return &r->device;
}

record_list runner_take_records(struct runner *r)
{
	return device_take_records(&r->device);
}

void runner_inherit(struct runner *r, record_list *records,
		    _unused_ const struct config_entry *accepted)
{
	r->inherited += (unsigned)records->n;
}

/* One that has done @n things goes. */
static void go(departed_list *l, unsigned number, unsigned n)
{
	char handle[32];
	struct runner r = {.device.handle = handle};

	snprintf(handle, sizeof(handle), "pci/%u", number);
	while (n-- > 0)
		*vec_add(&r.device.history.records) = (struct record){};
	departed_keep(l, &r);
}

/* Return: how many records it has from its predecessors. */
static unsigned come(departed_list *l, unsigned number)
{
	char handle[32];
	struct runner r = {.device.handle = handle};

	snprintf(handle, sizeof(handle), "pci/%u", number);
	departed_return(l, &r);
	return r.inherited;
}

/* Who went first is forgotten first. */
static void test_more_than_are_remembered(_unused_ void **state)
{
	departed_list l = {};

	for (unsigned i = 0; i <= REMEMBERED; i++)
		go(&l, i, 1 + i % 3);
	assert_int_equal(l.n, REMEMBERED);
	assert_int_equal(come(&l, 0), 0);
	for (unsigned i = 1; i <= REMEMBERED; i++)
		assert_int_equal(come(&l, i), 1 + i % 3);
	assert_int_equal(l.n, 0);
	departed_clear(&l);
}

static void test_nothing_to_tell(_unused_ void **state)
{
	departed_list l = {};

	go(&l, 1, 0);
	assert_int_equal(l.n, 0);
	go(&l, 1, 2);
	assert_int_equal(come(&l, 2), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(come(&l, 1), 2);
	assert_int_equal(come(&l, 1), 0);
	departed_clear(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_than_are_remembered),
		cmocka_unit_test(test_nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
