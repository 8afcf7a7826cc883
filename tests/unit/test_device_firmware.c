// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine of one device and its firmware: flashed once, activated in the reload that is due
 * anyway, and left alone when it does not come true. ONLY=test_name runs one of them.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

#define OBJECTS                                                                                    \
	" 'resources': {'/kvd': {'size': 500, 'min': 100, 'max': 900, 'granularity': 10, 'id': "   \
	"2}},"                                                                                     \
	" 'params': {"                                                                             \
	"  'fw_load_policy': {'driverinit': {'type': 'u8', 'value': 0}},"                          \
	"  'macs': {'driverinit': {'type': 'u32', 'value': 32}}},"                                 \
	" 'trap_groups': {'l2': {'policer': 'none'}},"                                             \
	" 'traps': {'t1': {'action': 'drop', 'type': 'drop', 'group': 'l2'}}}"
#define DEVICE(driver, versions, counters)                                                         \
	"{'format': 1, 'handle': 'sim/a', 'driver': '" driver "', 'versions': {" versions "},"     \
	" 'reload': {'failed': false, 'counters': [" counters "]}," OBJECTS
#define RUNNING	 "'running': {'fw': '1.0.0'}"
#define STORED	 "'running': {'fw': '1.0.0'}, 'stored': {'fw': '1.0.0'}"
#define REINITS	 "['driver_reinit', 'unspec', 'local', 0]"
#define BOTH	 REINITS ", ['fw_activate', 'unspec', 'local', 0]"
#define NO_RESET BOTH ", ['fw_activate', 'no_reset', 'local', 0]"

#define MLXSW DEVICE("mlxsw_spectrum", RUNNING, BOTH)
#define NIC   DEVICE("mlx5_core", STORED, NO_RESET)
#define OTHER DEVICE("acme", STORED, BOTH)

#define WANTED	 "firmware: {version: 2.0.0, file: acme.bin}"
#define ACTIVATE "reload fw_activate\n"
#define POLICY	 "param fw_load_policy/driverinit: driver -> flash\n"

static void retry(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
}

/* All in the one reload: what the flash depends on, the image, sizes and params. */
static void test_one_reload(void **state)
{
	struct rig r = {.sim = {.both = true}};

	(void)state;
	rig_start(&r, MLXSW,
		  ENTRY(WANTED
			", params: {fw_load_policy: flash, macs: 64}, resources: {/kvd: 400},"
			" traps: {t1: trap}"));
	rig_expect(&r, "converged",
		   POLICY "flash 2.0.0\n" STAGED "resource /kvd: 500 -> 400\n" RELOAD
			  "trap t1: drop -> trap\n");
	assert_int_equal(r.sim.flashes, 1);
	assert_int_equal(r.sim.reloads, 1);
	rig_restart(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

static void test_only_firmware(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, OTHER, ENTRY(WANTED ", traps: {t1: trap}"));
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE "trap t1: drop -> trap\n");
	rig_clear(&r);
}

/* What is stored already is only activated, without a reset where nothing else needs one. */
static void test_activate_live(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, NIC, ENTRY("traps: {t1: trap}"));
	r.sim.written = "2.0.0";
	sim_version(&r.sim, VERSION_STORED, "2.0.0");
	rig_log_clear(&r);
	rig_config(&r, ENTRY("firmware: {version: 2.0.0}, traps: {t1: trap}"));
	rig_expect(&r, "converged", "reload fw_activate no_reset\ntrap t1: drop -> trap\n");
	assert_int_equal(r.sim.flashes, 0);
	rig_clear(&r);
}

/*
 * Linux 6.12: a reload fw_activate loads no params, so a second one is needed where it cannot be
 * folded.
 */
static void test_two_reloads(void **state)
{
	struct rig r = {.env.kernel = "6.12.1"};

	(void)state;
	rig_start(&r, OTHER, ENTRY(WANTED ", params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "converged",
		   "flash 2.0.0\n" STAGED ACTIVATE RELOAD "trap t1: drop -> trap\n");
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	rig_clear(&r);
}

/*
 * Sizes that an activation leaves staged are not unread: the reload that loads them is still to
 * come.
 */
static void test_sizes_need_the_second_reload(void **state)
{
	static const char *const kernels[] = {"6.1.0", "6.12.1"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct rig r = {.env.kernel = kernels[i]};

		rig_start(&r, OTHER, ENTRY(WANTED ", resources: {/kvd: 400}, traps: {t1: trap}"));
		rig_expect(&r, "converged",
			   "flash 2.0.0\nresource /kvd: 500 -> 400\n" ACTIVATE RELOAD
			   "trap t1: drop -> trap\n");
		assert_int_equal(sim_get(&r.sim, "resources", "/kvd", "size"), 400);
		rig_clear(&r);
	}
}

/*
 * A driver without driver_reinit: before Linux 6.3 its fw_activate may load params, later on
 * nothing does.
 */
static void test_params_without_driver_reinit(void **state)
{
	static const char facts[] = DEVICE("acme", STORED, "['fw_activate', 'unspec', 'local', 0]");
	static const char config[] = ENTRY("params: {macs: 64}, traps: {t1: trap}");
	struct rig r = {}, later = {.env.kernel = "6.12.1"};

	(void)state;
	rig_start(&r, facts, config);
	rig_expect(&r, "converged", STAGED ACTIVATE "trap t1: drop -> trap\n");
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	rig_clear(&r);
	rig_start(&later, facts, config);
	rig_expect(&later, "refused", "");
	rig_expect_reason(&later, "the driver offers no driver_reinit reload");
	rig_config(&later, ENTRY("params: {macs: 32}, resources: {/kvd: 400}, traps: {t1: trap}"));
	rig_expect(&later, "converged",
		   "resource /kvd: 500 -> 400\n" ACTIVATE "trap t1: drop -> trap\n");
	rig_clear(&later);
}

/* A driver that does both with either: seen once, it is known. */
static void test_learns_that_both_are_done(void **state)
{
	struct rig r = {.sim = {.both = true}};

	(void)state;
	rig_start(&r, OTHER, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "converged", STAGED RELOAD);
	rig_restart(&r);
	rig_config(&r, ENTRY(WANTED ", params: {macs: 48}"));
	rig_expect(&r, "converged", "flash 2.0.0\nparam macs/driverinit: 64 -> 48\n" RELOAD);
	rig_clear(&r);
}

static void add_trap(struct sim *s, const char *name)
{
	struct state *const states[] = {&s->now, &s->defaults};

	for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
		struct object o = *state_find(&s->defaults, &class_trap, "t1", CLASS_NO_CMODE);
		struct object *trap = state_add(states[i], &class_trap, name, CLASS_NO_CMODE);

		o.name = trap->name;
		*trap = o;
		state_sort(states[i]);
	}
}

/* Other firmware, or a param in force, may bring more traps: the group's action is theirs, too. */
static void test_new_traps(void **state)
{
	static const char group[] = "trap_groups: {l2: {action: trap}}";
	_cleanup_free_ char *before = mem_printf(ENTRY("%s"), group);
	_cleanup_free_ char *param = mem_printf(ENTRY("params: {macs: 64}, %s"), group);
	_cleanup_free_ char *both = mem_printf(ENTRY(WANTED ", params: {macs: 64}, %s"), group);
	struct rig r = {.env.kernel = "6.12.1"}, older = {};

	(void)state;
	rig_start(&r, OTHER, before);
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	add_trap(&r.sim, "t2");
	rig_config(&r, param);
	rig_expect(&r, "converged", STAGED RELOAD "trap t1: -> trap\ntrap t2: drop -> trap\n");
	add_trap(&r.sim, "t3");
	rig_config(&r, both);
	rig_expect(&r, "converged",
		   "flash 2.0.0\n" ACTIVATE "trap t1: -> trap\ntrap t2: -> trap\n"
		   "trap t3: drop -> trap\n");
	assert_int_equal(r.catalogued, 3);
	/* by somebody else */
	add_trap(&r.sim, "t4");
	sim_version(&r.sim, VERSION_RUNNING, "2.0");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_STALE, .identify = true});
	rig_tick(&r);
	rig_expect(&r, "converged", "trap t4: drop -> trap\n");
	assert_int_equal(r.catalogued, 4);
	rig_clear(&r);
	/* a dump that another device may delay is made for other firmware alone */
	rig_start(&older, OTHER, before);
	rig_config(&older, param);
	assert_int_equal(older.catalogued, 1);
	rig_config(&older, both);
	assert_int_equal(older.catalogued, 2);
	rig_clear(&older);
}

static void expect_why(const struct rig *r, const char *why)
{
	const struct status_input in = device_status_input(r->d);
	_cleanup_free_ char *text = status_of_firmware(&in);

	assert_string_equal(text, why);
}

static void test_waits_for_permission(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, OTHER, ENTRY("reload: manual, " WANTED ", traps: {t1: trap}"));
	rig_expect(&r, "pending-reload", "trap t1: drop -> trap\n");
	rig_expect_reason(&r, "firmware 2.0.0");
	expect_why(&r, "waits for a permitted reload");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_PAUSE, .until = USEC_NEVER});
	expect_why(&r, "the device is paused");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_PAUSE});
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE AHEAD);
	rig_clear(&r);
}

static void test_no_reload_activates(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, DEVICE("netdevsim", STORED, REINITS), ENTRY(WANTED ", traps: {t1: trap}"));
	rig_expect(&r, "pending-power-cycle", "flash 2.0.0\ntrap t1: drop -> trap\n");
	rig_restart(&r);
	rig_expect(&r, "pending-power-cycle", "");
	sim_version(&r.sim, VERSION_RUNNING, "2.0.0");
	r.env.boot = "boot 2";
	rig_restart(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

static void test_refused_before_anything_is_written(void **state)
{
	struct rig r = {.sim = {.image_error = -ENOENT}};

	(void)state;
	rig_start(&r, OTHER, ENTRY(WANTED ", traps: {t1: trap}"));
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "the test's file");
	rig_stale(&r);
	rig_restart(&r);
	rig_expect(&r, "refused", "");
	r.sim.image_error = 0; /* the file is there now, and somebody says so */
	rig_config(&r, ENTRY(WANTED ", traps: {t1: trap}"));
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE "trap t1: drop -> trap\n");
	rig_config(&r, ENTRY("firmware: {version: 1.9.0, file: acme.bin}"));
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "allow_downgrade");
	rig_config(&r, ENTRY("firmware: {version: 1.9.0, file: acme.bin, allow_downgrade: true}"));
	rig_expect(&r, "converged", "flash 1.9.0\n" ACTIVATE);
	rig_clear(&r);
}

/* What was flashed shows as stored and is not what was said: it is not activated. */
static void test_wrong_image(void **state)
{
	struct rig r = {.sim = {.image = "1.5.0"}};

	(void)state;
	rig_start(&r, OTHER, ENTRY(WANTED ", traps: {t1: trap}"));
	rig_expect(&r, "quarantined", "flash 2.0.0\ntrap t1: drop -> trap\n");
	rig_expect_reason(&r, "stored 1.5.0");
	r.env.boot = "boot 2";
	rig_restart(&r);
	rig_config(&r, ENTRY(WANTED ", traps: {t1: mirror}"));
	rig_expect(&r, "quarantined", "trap t1: trap -> mirror\n");
	r.sim.image = NULL;
	retry(&r);
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE "trap t1: -> mirror\n");
	rig_clear(&r);
}

/* A driver that reports nothing stored: only the activation tells. */
static void test_does_not_come_true(void **state)
{
	struct rig r = {.sim = {.both = true, .image = "1.0.0"}};

	(void)state;
	rig_start(&r, MLXSW, ENTRY(WANTED));
	rig_expect(&r, "quarantined", "flash 2.0.0\n" ACTIVATE);
	for (int i = 0; i < 3; i++) {
		rig_stale(&r);
		rig_restart(&r);
		sim_reload(&r.sim, REINIT);
		rig_stale(&r);
	}
	rig_expect(&r, "quarantined", "");
	assert_int_equal(r.sim.flashes, 1);
	rig_clear(&r);
}

static void test_disappears(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, OTHER, ENTRY(WANTED));
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE);
	sim_version(&r.sim, VERSION_RUNNING, "1.0.0");
	sim_version(&r.sim, VERSION_STORED, "1.0.0");
	sim_register(&r.sim);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED});
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
	rig_expect(&r, "failed", "");
	rig_expect_reason(&r, "no longer does");
	rig_restart(&r);
	rig_expect(&r, "failed", "");
	r.env.boot = "boot 2";
	rig_restart(&r);
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE);
	rig_clear(&r);
}

static void test_flash_fails(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"flash", -EIO, "the image is bad", 2, false, NULL});
	rig_start(&r, MLXSW, ENTRY(WANTED ", params: {fw_load_policy: flash}, traps: {t1: trap}"));
	rig_expect_reason(&r, "the image is bad");
	assert_string_equal(device_state_name(r.d->status.state), "failed");
	assert_int_equal(r.sim.reloads, 1); /* for the param */
	rig_log_clear(&r);
	rig_restart(&r);
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	rig_expect_reason(&r, "the image is bad");
	r.env.boot = "boot 2";
	rig_restart(&r);
	rig_expect(&r, "failed", "flash 2.0.0\n");
	retry(&r);
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE AHEAD);
	rig_clear(&r);
}

static void test_busy_flash(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"flash", -EBUSY, NULL, 1, false, NULL});
	rig_start(&r, OTHER, ENTRY(WANTED));
	rig_expect(&r, "failed", "flash 2.0.0\n");
	rig_tick(&r);
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE);
	rig_clear(&r);
}

/* Whatever comes meanwhile, it is waited for. */
static void ten_minutes(struct rig *r)
{
	const enum device_event_type types[] = {DEVICE_EV_TICK, DEVICE_EV_STALE, DEVICE_EV_COUNTED,
						DEVICE_EV_APPLY};

	for (unsigned i = 0; i < 600; i++) {
		r->now += USEC_PER_SEC;
		r->events = 0;
		rig_send(r, &(struct device_event){.type = types[i % 4]});
		assert_string_equal(device_state_name(r->d->status.state), "flashing");
	}
}

static void test_long_flash(void **state)
{
	struct rig r = {.during_write = ten_minutes};

	(void)state;
	rig_start(&r, MLXSW, ENTRY(WANTED ", traps: {t1: trap}"));
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE "trap t1: drop -> trap\n");
	assert_int_equal(r.sim.flashes, 1);
	rig_clear(&r);
}

static void test_lost_answer_to_a_flash(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"flash", -ETIMEDOUT, NULL, 1, true, NULL});
	rig_start(&r, MLXSW, ENTRY(WANTED));
	rig_expect(&r, "converged", "flash 2.0.0\n" ACTIVATE);
	rig_clear(&r);
}

/* Whether it came to the kernel is not known: only an activation tells, or the stored version. */
static void test_lost_flash(void **state)
{
	static const struct {
		const char *facts, *sent;
	} cases[] = {
		{MLXSW, "flash 2.0.0\n" ACTIVATE "flash 2.0.0\n" ACTIVATE},
		{OTHER, "flash 2.0.0\nflash 2.0.0\n" ACTIVATE},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r = {};

		sim_fault(&r.sim, (struct fault){"flash", -ETIMEDOUT, NULL, 1, false, NULL});
		rig_start(&r, cases[i].facts, ENTRY(WANTED));
		rig_expect(&r, "converged", cases[i].sent);
		assert_int_equal(r.sim.flashes, 1);
		rig_clear(&r);
	}
}

/* Not a third time. */
static void test_flash_always_lost(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"flash", -ETIMEDOUT, NULL, 9, false, NULL});
	rig_start(&r, MLXSW, ENTRY(WANTED));
	rig_expect(&r, "quarantined", "flash 2.0.0\n" ACTIVATE "flash 2.0.0\n" ACTIVATE);
	rig_restart(&r);
	rig_expect(&r, "quarantined", "");
	rig_clear(&r);
}

/* What failed is not activated by the way back, whatever the reload that failed had asked for. */
static void test_no_firmware_in_a_roll_back(void **state)
{
	struct rig r = {.env.kernel = "6.12.1", .sim = {.asks = true, .tears_down = 1}};

	(void)state;
	rig_start(&r, OTHER, ENTRY(WANTED ", params: {macs: 64}"));
	rig_expect(&r, "quarantined",
		   "flash 2.0.0\n" STAGED ACTIVATE "param macs/driverinit: 64 -> 32\n" RELOAD);
	assert_string_equal(facts_version(&r.sim.facts, VERSION_RUNNING, "fw"), "1.0.0");
	rig_clear(&r);
}

/* A size that another program has staged is not loaded by an activation. */
static void test_foreign_size_before_an_activation(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, OTHER, ENTRY("traps: {t1: trap}"));
	r.sim.written = "2.0.0";
	sim_version(&r.sim, VERSION_STORED, "2.0.0");
	sim_set(&r.sim, "resources", "/kvd", "size_new", 400);
	rig_log_clear(&r);
	rig_config(&r, ENTRY("firmware: {version: 2.0.0}, traps: {t1: trap}"));
	rig_expect(&r, "converged", "resource /kvd: 400 -> 500\n" ACTIVATE AHEAD);
	rig_clear(&r);
}

/* Killed anywhere: one flash, and at most one reload more than needed. */
static void test_killed_anywhere(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 14; at++) {
		struct rig r = {.sim = {.both = true}, .kill_at = at};

		rig_start(&r, MLXSW,
			  ENTRY(WANTED ", params: {fw_load_policy: flash}, traps: {t1: trap}"));
		if (r.killed)
			rig_restart(&r);
		assert_string_equal(device_state_name(r.d->status.state), "converged");
		assert_int_equal(r.sim.flashes, 1);
		assert_true(r.sim.reloads <= 2);
		rig_clear(&r);
	}
}

/* The reload that it died in activates and is counted as both, but has loaded no params. */
static void test_killed_between_two_reloads(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 14; at++) {
		struct rig r = {
			.env.kernel = "6.12.1", .sim = {.both = true, .asks = true}, .kill_at = at};

		rig_start(&r, OTHER, ENTRY(WANTED ", params: {macs: 64}, traps: {t1: trap}"));
		if (r.killed)
			rig_restart(&r);
		assert_string_equal(device_state_name(r.d->status.state), "converged");
		assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
		assert_int_equal(r.sim.flashes, 1);
		assert_true(r.sim.reloads <= 3);
		rig_clear(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_reload),
		cmocka_unit_test(test_only_firmware),
		cmocka_unit_test(test_activate_live),
		cmocka_unit_test(test_two_reloads),
		cmocka_unit_test(test_sizes_need_the_second_reload),
		cmocka_unit_test(test_params_without_driver_reinit),
		cmocka_unit_test(test_learns_that_both_are_done),
		cmocka_unit_test(test_new_traps),
		cmocka_unit_test(test_waits_for_permission),
		cmocka_unit_test(test_no_reload_activates),
		cmocka_unit_test(test_refused_before_anything_is_written),
		cmocka_unit_test(test_wrong_image),
		cmocka_unit_test(test_does_not_come_true),
		cmocka_unit_test(test_disappears),
		cmocka_unit_test(test_flash_fails),
		cmocka_unit_test(test_busy_flash),
		cmocka_unit_test(test_long_flash),
		cmocka_unit_test(test_lost_answer_to_a_flash),
		cmocka_unit_test(test_lost_flash),
		cmocka_unit_test(test_flash_always_lost),
		cmocka_unit_test(test_no_firmware_in_a_roll_back),
		cmocka_unit_test(test_foreign_size_before_an_activation),
		cmocka_unit_test(test_killed_anywhere),
		cmocka_unit_test(test_killed_between_two_reloads),
	};

	log_set_level(getenv("LOG_LEVEL") ? getenv("LOG_LEVEL") : "crit");
	if (getenv("ONLY"))
		cmocka_set_test_filter(getenv("ONLY"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
