// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is left of many notifications: from it the machine derives the same as from all of them.
 * Said of every sequence of up to seven, from every state in which the machine can be meanwhile.
 * And how often something is derived and told for it.
 */
#include "kernel/chan.h"
#include "loop/loop.h"
#include "manager/devices.h"
#include "store/file.h"
#include "yaml/yaml.h"

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

/* Two devices, of which no question is ever answered. */
struct bed {
	struct observers observers;
	struct devices devices;
	struct transport transport;
	struct store store;
	unsigned derived, concluded; /* states; the loop's conclusions */
	unsigned told[2];	     /* changes of a device */
};

static const char *const handles[] = {"netdevsim/netdevsim1", "netdevsim/netdevsim2"};

static const char *read_file(_unused_ void *user, _unused_ const char *path)
{
	return "version: 1\n";
}

static void list_nothing(_unused_ void *user, _unused_ const char *dir,
			 _unused_ void (*found)(void *list, const char *name), _unused_ void *list)
{
}

/* As the manager does: what came of an event is told by the conclusion. */
static void on_event(void *user, struct runner *r)
{
	struct bed *b = user;

	b->derived++;
	vec_each(m, &b->devices.list)
		m->changed |= m->runner == r;
	loop_defer(b->devices.conclusion);
}

static void on_changed(void *user, struct runner *r)
{
	struct bed *b = user;

	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		b->told[i] += strcmp(runner_device(r)->handle, handles[i]) == 0;
}

static void conclude(void *user)
{
	struct bed *b = user;

	b->concluded++;
	devices_conclude(&b->devices);
	loop_stop(b->devices.env.loop);
}

static void bed_make(struct bed *b)
{
	static const struct manager_observer calls = {.device_changed = on_changed};
	static const struct yaml_files files = {.read = read_file, .list = list_nothing};
	const struct yaml_paths paths = {.root = "", .files = &files};
	struct diag_list diags = {};
	struct devices *d = &b->devices;

	b->transport.unix_path = "/nowhere";
	b->store = (struct store){.runtime_fd = -1, .state_fd = -1, .lock_fd = -1};
	vec_push(&b->observers.list, ((struct observer){&calls, b}));
	d->observers = &b->observers;
	d->env = (struct runner_env){.device = {.kernel = "6.12", .boot = "one"},
				     .loop = loop_new(),
				     .hub = chan_hub_new(&b->transport),
				     .store = &b->store};
	d->conclusion = loop_task_new(d->env.loop, conclude, b);
	devices_init(d);
	d->env.changed = on_event;
	d->env.user = b;
	assert_int_equal(yaml_load(&paths, &d->config, &diags), 0);
	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		devices_ask(d, handles[i]);
	devices_conclude(d);
	b->derived = b->concluded = b->told[0] = b->told[1] = 0;
}

static void bed_clear(struct bed *b)
{
	struct devices *d = &b->devices;

	devices_clear(d);
	config_unref(d->config);
	loop_task_free(d->conclusion);
	chan_hub_free(d->env.hub);
	loop_free(d->env.loop);
	vec_clear(&b->observers.list);
}

/* A reload by somebody else: the device, its traps, groups and policers, and the device again. */
static void hear_reload(struct devices *d, const char *handle)
{
	devices_hear(d, handle, DEVICE_EV_VANISHED, false, TRIGGER_NOTIFICATION);
	for (int i = 0; i < 800; i++)
		devices_hear(d, handle, i % 2 ? DEVICE_EV_STALE : DEVICE_EV_RECREATED, false,
			     TRIGGER_NOTIFICATION);
	devices_appeared(d, handle);
}

static void test_hundreds_cost_one_conclusion(_unused_ void **state)
{
	struct bed b = {};

	bed_make(&b);
	hear_reload(&b.devices, handles[1]);
	assert_int_equal(b.derived, 0);
	devices_deliver(&b.devices);
	assert_int_equal(b.derived, 1);
	devices_deliver(&b.devices);
	assert_int_equal(b.derived, 1);
	assert_int_equal(b.told[1], 0);
	loop_run(b.devices.env.loop);
	assert_int_equal(b.concluded, 1);
	assert_int_equal(b.told[0], 0);
	assert_int_equal(b.told[1], 1);
	bed_clear(&b);
}

/* What is lost may have been of any device: each derives its state once, and all is told once. */
static void test_all_devices_at_once(_unused_ void **state)
{
	struct bed b = {};

	bed_make(&b);
	for (size_t i = 0; i < ARRAY_SIZE(handles); i++)
		hear_reload(&b.devices, handles[i]);
	devices_hear(&b.devices, NULL, DEVICE_EV_STALE, true, TRIGGER_OVERRUN);
	devices_deliver(&b.devices);
	assert_int_equal(b.derived, 2);
	loop_run(b.devices.env.loop);
	assert_int_equal(b.concluded, 1);
	assert_int_equal(b.told[0], 1);
	assert_int_equal(b.told[1], 1);
	bed_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_that_matters_is_lost),
		cmocka_unit_test(test_hundreds_are_few),
		cmocka_unit_test(test_doubts_stay),
		cmocka_unit_test(test_hundreds_cost_one_conclusion),
		cmocka_unit_test(test_all_devices_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
