// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine of one device, driven by scripts: what happens outside, what is sent then, in which
 * state it ends. sim.h has the device and the clock. ONLY=test_name runs one of them.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/json.h"
#include "plan/drift.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>
#include <unistd.h>

/* ---- the plain way ---- */

static void test_first_convergence(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64, mode: smfs}, " LIVE));
	rig_expect(&r, "converged",
		   "param macs/driverinit: 32 -> 64\n" SIZES_SENT RELOAD LIVE_SENT
		   "param mode/runtime: dmfs -> smfs\n");
	assert_int_equal(r.sim.reloads, 1);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/b", "size"), 700);
	assert_int_equal(r.d->world.memory.reloads, 1);
	assert_int_equal(r.d->world.memory.foreign_reloads, 0);
	assert_string_equal(r.d->status.reason, "");
	rig_stale(&r);
	rig_stale(&r);
	rig_config(&r, ENTRY(SIZES ", params: {macs: 64, mode: smfs}, " LIVE));
	rig_expect(&r, "converged", "");
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

static void test_unmanaged(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, "devices: {sim/b: {" LIVE "}}");
	rig_expect(&r, "unmanaged", "");
	assert_true(r.reads <= 2);
	rig_config(&r, ENTRY(LIVE));
	rig_expect(&r, "converged", LIVE_SENT);
	rig_config(&r, "devices: {sim/b: {" LIVE "}}");
	rig_expect(&r, "unmanaged", LIVE_RESTORED "trap t1: trap -> drop\n");
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "unmanaged", "");
	rig_clear(&r);
}

static void test_config_change(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "converged", LIVE_SENT);
	rig_config(&r, ENTRY("params: {fast: false}, traps: {t1: mirror}"));
	rig_expect(&r, "converged",
		   "param fast/driverinit: true -> false\n" RELOAD "trap t1: -> mirror\n");
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

static void test_drift_is_set_back(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_log_clear(&r);
	sim_set(&r.sim, "traps", "t1", "action", 2);
	sim_set(&r.sim, "traps", "t2", "action", 2); /* nobody's business */
	sim_set(&r.sim, "params", "macs/driverinit", "value", 128);
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 200);
	rig_stale(&r);
	rig_expect(&r, "drifted", "trap t1: mirror -> trap\n");
	rig_expect_reason(
		&r, "once that is not changed for 5 s: resource /kvd/a, param macs/driverinit");
	rig_tick(&r);
	rig_expect(&r, "converged",
		   "param macs/driverinit: 128 -> 64\n"
		   "resource /kvd/a: 200 -> 300\n");
	assert_int_equal(r.sim.reloads, 1);
	assert_int_equal(sim_get(&r.sim, "traps", "t2", "action"), 2);
	rig_clear(&r);
}

static void test_group_action(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("trap_groups: {l2: {action: trap}}"));
	rig_expect(&r, "converged", "trap t1: drop -> trap\ntrap t2: drop -> trap\n");
	rig_config(&r, ENTRY("trap_groups: {l2: {action: trap}}, traps: {t2: mirror}"));
	rig_expect(&r, "converged", "trap t2: trap -> mirror\n");
	assert_int_equal(r.catalogued, 1);
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	assert_int_equal(r.catalogued, 1);
	rig_clear(&r);
}

static void test_permanent_param(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {sriov: true}"));
	rig_expect(&r, "pending-power-cycle", "param sriov/permanent: false -> true\n");
	assert_int_equal(device_pending(r.d), DISRUPTION_POWER_CYCLE);
	assert_int_equal(r.sim.reloads, 0);
	rig_clear(&r);
}

/* ---- reloads and registrations by others ---- */

/*
 * A driver may show the value that works until the power cycle: what was set is set, and not worn
 * out.
 */
static void test_permanent_param_that_shows_later(void **state)
{
	struct rig r = {.sim = {.forgets = "sriov"}};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {sriov: true}"));
	rig_expect(&r, "pending-power-cycle", "param sriov/permanent: false -> true\n");
	rig_stale(&r);
	assert_true(drift_is_in_force(&r.d->assignment.want.objects.v[0], &r.d->world));
	rig_restart(&r);
	rig_config(&r, ENTRY("params: {sriov: true}"));
	rig_expect(&r, "pending-power-cycle", "");
	rig_config(&r, ENTRY("params: {sriov: false}")); /* as it shows, and is not stored */
	rig_expect(&r, "converged", "param sriov/permanent: true -> false\n");
	rig_restart(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* What was in force all the time waits for no power cycle; of another registration it may be. */
static void test_permanent_param_that_is_set_back(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {sriov: true}"));
	rig_expect(&r, "pending-power-cycle", "param sriov/permanent: false -> true\n");
	rig_restart(&r);
	rig_config(&r, ENTRY("params: {sriov: false}"));
	rig_expect(&r, "converged", "param sriov/permanent: true -> false\n");
	assert_int_equal(device_pending(r.d), DISRUPTION_NONE);
	rig_config(&r, ENTRY("params: {sriov: true}"));
	rig_expect(&r, "pending-power-cycle", "param sriov/permanent: false -> true\n");
	sim_register(&r.sim);
	sim_set(&r.sim, "params", "sriov/permanent", "value", 1);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED});
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
	rig_config(&r, ENTRY("params: {sriov: false}"));
	rig_expect(&r, "pending-power-cycle", "param sriov/permanent: true -> false\n");
	rig_clear(&r);
}

static void test_permanent_param_changed_by_others(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {sriov: true}"));
	rig_log_clear(&r);
	sim_set(&r.sim, "params", "sriov/permanent", "value", 0);
	rig_stale(&r);
	rig_expect(&r, "pending-power-cycle", "param sriov/permanent: false -> true\n");
	rig_clear(&r);
}

/* How many values are noted on disk as those before the first write; and reloads by others. */
static void saved(const struct rig *r, size_t *pristine, unsigned *foreign)
{
	struct memory m = {};

	assert_int_equal(memory_from_json(r->saved, &m), 0);
	*pristine = m.pristine.notes.n;
	*foreign = (unsigned)m.foreign_reloads;
	memory_clear(&m);
}

static void look_at_first_write(struct rig *r)
{
	size_t pristine;
	unsigned foreign;

	saved(r, &pristine, &foreign);
	assert_int_equal(pristine, 1);
	assert_null(r->lasting);
}

static void look_at_restore(struct rig *r)
{
	size_t pristine;
	unsigned foreign;

	saved(r, &pristine, &foreign);
	assert_int_equal(foreign, 0);
	assert_int_equal(r->d->world.memory.foreign_reloads, 1);
}

/* What policy replaces for the first time is kept before, which waits for no disk. */
static void test_restore_waits_for_no_disk(void **state)
{
	struct rig r = {.during_write = look_at_first_write};
	size_t pristine;
	unsigned foreign;

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	assert_null(r.during_write);
	rig_log_clear(&r);
	sim_reload(&r.sim, REINIT);
	r.during_write = look_at_restore;
	rig_stale(&r);
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	assert_null(r.during_write);
	saved(&r, &pristine, &foreign);
	assert_int_equal(foreign, 1);
	rig_clear(&r);
}

static void test_foreign_reload(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_log_clear(&r);
	sim_reload(&r.sim, REINIT);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					    .trigger = TRIGGER_NOTIFICATION});
	rig_expect(&r, "converged", LIVE_AHEAD);
	assert_int_equal(r.sim.reloads, 2);
	assert_int_equal(r.d->world.memory.reloads, 1);
	assert_int_equal(r.d->world.memory.foreign_reloads, 1);
	assert_string_equal(trigger_name(r.d->history.trigger), "foreign-reload");
	sim_reload(&r.sim, REINIT);
	sim_reload(&r.sim, REINIT);
	rig_stale(&r);
	rig_expect(&r, "converged", LIVE_SENT);
	assert_int_equal(r.d->world.memory.foreign_reloads, 3);
	rig_clear(&r);
}

/* A reload of somebody else brings into force what was staged behind our back. */
static void test_foreign_reload_with_another_value(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	rig_log_clear(&r);
	sim_set(&r.sim, "params", "macs/driverinit", "value", 128);
	sim_reload(&r.sim, REINIT);
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "");
	rig_expect_reason(&r, "macs");
	rig_config(&r, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "converged", "param macs/driverinit: 128 -> 64\n" RELOAD);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	rig_clear(&r);
}

static void test_registered_anew(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_log_clear(&r);
	sim_register(&r.sim); /* the counter falls from 1 to 0 */
	rig_stale(&r);
	rig_expect(&r, "converged",
		   "param macs/driverinit: 32 -> 64\n" SIZES_SENT RELOAD LIVE_SENT);
	assert_int_equal(r.sim.reloads, 2);
	assert_int_equal(r.d->world.memory.reloads, 2);
	assert_int_equal(r.d->world.memory.foreign_reloads, 0);
	rig_clear(&r);
}

/* Never reloaded: only its farewell tells that it is another one. */
static void reappear(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED});
}

static void test_registered_anew_without_a_reload(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "converged", LIVE_SENT);
	sim_register(&r.sim);
	r.during_read = reappear;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					    .trigger = TRIGGER_NOTIFICATION});
	rig_expect(&r, "converged", LIVE_SENT);
	assert_string_equal(trigger_name(r.d->history.trigger), "registration");
	rig_clear(&r);
}

static void test_vanishes(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	r.sim.gone = true;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED});
	assert_true(r.gone);
	rig_clear(&r);
}

/* The old instance's farewell is still being answered when its successor registers. */
static void succeed(struct rig *r)
{
	r->read_error = -ENODEV;
	r->read_errors = 1;
	sim_register(&r->sim);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED});
}

static void test_successor_registers_during_a_read(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	r.during_read = succeed;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED});
	assert_false(r.gone);
	rig_expect(&r, "converged", LIVE_SENT);
	rig_clear(&r);
}

static void unplug(struct rig *r)
{
	r->sim.gone = true;
	rig_send(r, &(struct device_event){.type = DEVICE_EV_VANISHED});
}

static void test_vanishes_during_a_write(void **state)
{
	struct rig r = {.during_write = unplug};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	assert_true(r.gone);
	assert_int_equal(r.d->failures.list.n, 0);
	rig_clear(&r);
}

/* Linux 6.1 says that a device is gone where a move to another namespace failed. */
static void test_false_farewell(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", " LIVE));
	rig_log_clear(&r);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED});
	rig_tick(&r);
	rig_expect(&r, "converged", "");
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

/* ---- what the kernel refuses ---- */

#define REFUSED_SENT "trap t1: drop -> trap\n"

static void test_refused_for_good(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"t1", -EINVAL, "no such luck", 99, false, NULL});
	rig_start(&r, FACTS, ENTRY(LIVE ", params: {mode: smfs}"));
	rig_expect(&r, "failed", LIVE_SENT "param mode/runtime: dmfs -> smfs\n");
	rig_expect_reason(&r, "trap t1 to trap was refused: Invalid argument: no such luck");
	assert_string_equal(r.d->failures.last_extack, "no such luck");
	rig_tick(&r); /* the param may have been what it waited for */
	rig_expect(&r, "failed", REFUSED_SENT);
	assert_int_equal(r.wake_at, USEC_NEVER);
	rig_tick(&r);
	rig_expect(&r, "failed", "");
	sim_set(&r.sim, "trap_policers", "1", "rate", 7); /* the rest goes on being enforced */
	rig_stale(&r);
	rig_expect(&r, "failed", "trap_policer 1: rate 7 -> rate 500\n" REFUSED_SENT);
	r.sim.faults.n = 0;
	rig_config(&r, ENTRY(LIVE ", params: {mode: smfs}"));
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	rig_clear(&r);
}

static void test_refused_while_staging(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"/kvd/b", -EINVAL, "too large", 1, false, NULL});
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_expect(&r, "failed",
		   "param macs/driverinit: 32 -> 64\n" SIZES_SENT
		   "param macs/driverinit: 64 -> 32\n"
		   "resource /kvd/a: 300 -> 500\n" LIVE_SENT);
	rig_expect_reason(&r, "/kvd/b to 700 was refused");
	assert_int_equal(r.sim.reloads, 0);
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	rig_config(&r, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_expect(&r, "converged",
		   "param macs/driverinit: 32 -> 64\n" SIZES_SENT RELOAD LIVE_AHEAD);
	rig_clear(&r);
}

/* Setting back what was staged is refused too: that is no reason to go on for ever. */
static void test_refused_while_undoing(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 32}"));
	rig_expect(&r, "converged", "");
	sim_fault(&r.sim, (struct fault){"macs/driverinit", -EPERM, NULL, 9999, false, NULL});
	sim_set(&r.sim, "params", "macs/driverinit", "value", 128);
	rig_stale(&r);
	rig_tick(&r);
	rig_expect(&r, "failed", "param macs/driverinit: 128 -> 32\n");
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	rig_clear(&r);
}

static void test_busy_while_undoing(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("resources: {/kvd/a: 500}"));
	sim_fault(&r.sim, (struct fault){"/kvd/a", -EBUSY, NULL, 1, false, NULL});
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 200);
	rig_stale(&r);
	rig_tick(&r);
	rig_expect(&r, "failed", "resource /kvd/a: 200 -> 500\n");
	assert_int_equal(r.wake_at / USEC_PER_SEC, r.now / USEC_PER_SEC + 1);
	rig_tick(&r);
	rig_expect(&r, "converged", "resource /kvd/a: 200 -> 500\n");
	rig_clear(&r);
}

/* An ENODEV that is only of the one object: the device is there, and nothing is tried again. */
static void test_no_such_device_says_the_driver(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"t1", -ENODEV, NULL, 9999, false, NULL});
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "failed",
		   "trap_policer 1: rate 1000 -> rate 500\n"
		   "trap_group l2: none -> 2\n"
		   "trap t1: drop -> trap\n");
	rig_expect_reason(&r, "trap t1 to trap was refused: No such device");
	rig_clear(&r);
}

#define UNDONE "param macs/driverinit: 64 -> 32\n"

static void test_busy_reload(void **state)
{
	static const unsigned waits[] = {1, 10, 60};
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"reload", -EBUSY, "in use", 4, false, NULL});
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		rig_expect(&r, "failed",
			   i ? STAGED RELOAD UNDONE
			     : STAGED RELOAD UNDONE "trap t1: drop -> trap\n");
		rig_expect_reason(&r, "in use");
		assert_in_range(r.wake_at - r.now, waits[i] * USEC_PER_SEC - 100000,
				waits[i] * USEC_PER_SEC);
		assert_int_equal(sim_get(&r.sim, "params", "macs/driverinit", "value"), 32);
		rig_tick(&r);
	}
	rig_expect(&r, "failed", STAGED RELOAD UNDONE);
	assert_int_equal(r.wake_at, USEC_NEVER);
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	rig_config(&r, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "converged", STAGED RELOAD AHEAD);
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

static void test_busy_reload_once(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"reload", -EBUSY, NULL, 1, false, NULL});
	rig_start(&r, FACTS, ENTRY(SIZES));
	rig_expect(&r, "failed",
		   SIZES_SENT RELOAD "resource /kvd/b: 700 -> 500\nresource /kvd/a: 300 -> 500\n");
	rig_tick(&r);
	rig_expect(&r, "converged", SIZES_SENT RELOAD);
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

/* While a retry is due, drift is set back as always, and nothing is said to be `not kept`. */
static void test_drift_while_a_retry_is_due(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"1", -EBUSY, NULL, 1, false, NULL});
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "failed", LIVE_SENT);
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "failed", "trap t1: drop -> trap\n");
	rig_tick(&r);
	rig_expect(&r, "converged", "trap_policer 1: rate 1000 -> rate 500\n");
	rig_clear(&r);
}

static void test_accepted_but_not_kept(void **state)
{
	struct rig r = {};

	(void)state;
	r.sim.forgets = "t1";
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "failed", LIVE_SENT "trap t1: drop -> trap\n");
	rig_expect_reason(&r, "trap t1 to trap was accepted but not kept");
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	rig_clear(&r);
}

static void set_back(struct rig *r)
{
	sim_set(&r->sim, "traps", "t1", "action", 0);
}

/* Between our request and the look at what became of it: that is no reason to give up. */
static void test_changed_before_it_is_read_back(void **state)
{
	struct rig r = {.during_write = set_back};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	rig_expect(&r, "converged", "trap t1: drop -> trap\ntrap t1: drop -> trap\n");
	rig_clear(&r);
}

static void test_staged_but_not_kept(void **state)
{
	struct rig r = {};

	(void)state;
	r.sim.forgets = "macs";
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "failed", STAGED "trap t1: drop -> trap\n");
	rig_expect_reason(&r, "param macs/driverinit to 64 was accepted but not kept");
	assert_int_equal(r.sim.reloads, 0);
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	rig_clear(&r);
}

static void test_size_that_is_never_read(void **state)
{
	struct rig r = {};

	(void)state;
	r.sim.unread = "/top";
	rig_start(&r, FACTS, ENTRY("resources: {/top: 5000}"));
	rig_expect(&r, "converged", "resource /top: unlimited -> 5000\n" RELOAD);
	rig_expect_reason(&r, "accepted-unread: /top");
	rig_stale(&r);
	rig_config(&r, ENTRY("resources: {/top: 5000}, traps: {t1: trap}"));
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	rig_restart(&r);
	rig_expect(&r, "converged", "");
	rig_config(&r, ENTRY("resources: {/top: 6000}"));
	rig_expect(&r, "converged", "resource /top: 5000 -> 6000\n" RELOAD);
	assert_int_equal(r.sim.reloads, 2);
	rig_clear(&r);
}

/* Binding takes time in the event loop: a thousand resources must not make it minutes. */
static void test_many_resources(void **state)
{
	_cleanup_free_ char *facts = NULL;
	struct buf b = {};
	struct rig r = {};

	(void)state;
	buf_add(&b, "{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'reload': {'failed': false,"
		    " 'counters': [['driver_reinit', 'unspec', 'local', 0]]}, 'resources': {");
	for (unsigned i = 0; i < 1000; i++)
		buf_add(&b, "%s'/r%u': {'size': 20, 'min': 0, 'max': 90, 'id': %u}", i ? ", " : "",
			i, i);
	buf_add(&b, "}}");
	facts = buf_take(&b);
	alarm(60);
	rig_start(&r, facts, ENTRY("resources: {/r7: 30}"));
	alarm(0);
	rig_expect(&r, "converged", "resource /r7: 20 -> 30\n" RELOAD);
	rig_clear(&r);
}

static void test_lost_answers(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){"reload", -ETIMEDOUT, NULL, 1, true, NULL});
	sim_fault(&r.sim, (struct fault){"t1", -ENOBUFS, NULL, 1, true, NULL});
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	for (int i = 0; i < 3 && r.d->status.state == STATE_FAILED; i++)
		rig_tick(&r);
	rig_expect(&r, "converged", STAGED RELOAD "trap t1: drop -> trap\n");
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

/* The driver's own ETIMEDOUT is an answer: nothing is tried again. */
static void test_driver_times_out(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim,
		  (struct fault){"reload", -ETIMEDOUT, "the firmware sleeps", 1, false, NULL});
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "failed",
		   STAGED RELOAD "param macs/driverinit: 64 -> 32\ntrap t1: drop -> trap\n");
	rig_expect_reason(&r, "failed: Connection timed out: the firmware sleeps");
	assert_int_equal(r.wake_at, USEC_NEVER);
	rig_clear(&r);
}

/* An answer that is lost now and then is asked for again; that it goes on is said. */
static void test_unreadable(void **state)
{
	struct rig r = {.read_error = -ETIMEDOUT, .read_errors = 1};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "reading", ""); /* not `converged`: nothing is known of it yet */
	assert_in_range(r.wake_at - r.now, 1, USEC_PER_SEC);
	rig_tick(&r);
	rig_expect(&r, "converged", LIVE_SENT);
	r.read_errors = 20;
	rig_stale(&r);
	for (int i = 0; i < 10 && r.d->status.state != STATE_FAILED; i++)
		rig_tick(&r);
	rig_expect(&r, "failed", "");
	rig_expect_reason(&r, "cannot be read");
	assert_in_range(r.wake_at - r.now, USEC_PER_SEC / 2, 10 * USEC_PER_SEC);
	r.read_errors = 0;
	rig_tick(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* Whichever read is lost: nothing is said of the device before another one has shown it. */
static void test_lost_read(void **state)
{
	unsigned reads = 1;

	(void)state;
	for (unsigned i = 0; i < reads; i++) {
		struct rig r = {.read_error = -ETIMEDOUT, .read_errors = 1, .good_reads = i};

		rig_start(&r, FACTS, ENTRY(LIVE));
		assert_string_equal(device_state_name(r.d->status.state), "reading");
		assert_true(device_busy(r.d));
		rig_tick(&r);
		rig_expect(&r, "converged", LIVE_SENT);
		assert_false(device_busy(r.d));
		reads = r.reads - 1;
		rig_clear(&r);
	}
	assert_true(reads >= 3);
}

/* It says something else than "try again". */
static void test_unreadable_for_good(void **state)
{
	struct rig r = {.read_error = -EIO, .read_errors = 2};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "failed", "");
	assert_in_range(r.wake_at - r.now, 2 * USEC_PER_SEC, 10 * USEC_PER_SEC);
	rig_tick(&r);
	rig_expect(&r, "failed", "");
	rig_stale(&r); /* it can be read before the time has come */
	rig_expect(&r, "converged", LIVE_SENT);
	rig_tick(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* What the device is was read once: the policy does not wait until the driver can say it again. */
static void test_unidentified(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	r.sim.mute = true;
	for (int i = 0; i < 2; i++) {
		sim_reload(&r.sim, REINIT);
		rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
		rig_expect(&r, "converged", LIVE_AHEAD);
		rig_expect_reason(&r, "does not tell its versions: Input/output error");
		assert_in_range(r.wake_at - r.now, USEC_PER_SEC, 10 * USEC_PER_SEC);
		rig_tick(&r);
		rig_expect(&r, "converged", "");
	}
	rig_config(&r, ENTRY(LIVE ", firmware: {version: '2.0', file: x}"));
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "failed", "trap t1: drop -> trap\n");
	r.sim.mute = false;
	rig_tick(&r);
	rig_expect(&r, "pending-power-cycle", "flash 2.0\n");
	assert_int_equal(r.wake_at, USEC_NEVER);
	rig_clear(&r);
}

/* It is not known from before, either: what names it by its handle holds. */
static void test_never_identified(void **state)
{
	struct rig r = {.sim = {.mute = true}};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "converged", LIVE_SENT);
	rig_expect_reason(&r, "does not tell its versions: Input/output error");
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	rig_config(&r, ENTRY(LIVE ", firmware: {version: '2.0', file: x}"));
	rig_expect(&r, "failed", "");
	rig_restart(&r);
	rig_expect(&r, "failed", "");
	r.sim.mute = false;
	rig_tick(&r);
	rig_expect(&r, "pending-power-cycle", "flash 2.0\n");
	rig_clear(&r);
}

static void check_not_converged_before_set(struct rig *r)
{
	if (sim_get(&r->sim, "traps", "t1", "action") == 0)
		assert_int_not_equal(r->d->status.state, STATE_CONVERGED);
}

/* A version is what it is matched by. What the entry wants is read only once it is known. */
static void test_never_matched(void **state)
{
	struct rig r = {.sim = {.mute = true}};

	(void)state;
	rig_start(&r, FACTS, "devices: {x: {match: {driver: sim, fw: '1.*'}, " LIVE "}}");
	rig_expect(&r, "failed", "");
	rig_expect_reason(&r, "does not tell its versions: Input/output error");
	assert_in_range(r.wake_at - r.now, USEC_PER_SEC, 10 * USEC_PER_SEC);
	rig_config(&r, "devices: {x: {match: {driver: other, fw: '1.*'}, " LIVE "}}");
	rig_expect(&r, "unmanaged", "");
	rig_config(&r, "devices: {x: {match: {driver: sim, fw: '1.*'}, " LIVE "}}");
	r.sim.mute = false;
	r.watch = check_not_converged_before_set;
	rig_tick(&r);
	rig_expect(&r, "converged", LIVE_SENT);
	rig_clear(&r);
}

/* ---- events while something is in flight ---- */

static void edit(struct rig *r)
{
	rig_config(r, ENTRY("traps: {t1: mirror}"));
}

static void test_config_during_a_write(void **state)
{
	struct rig r = {.during_write = edit};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "converged",
		   "trap_policer 1: rate 1000 -> rate 500\n"
		   "trap_policer 1: rate 500 -> rate 1000\ntrap t1: drop -> mirror\n");
	rig_clear(&r);
}

static void test_config_during_a_read(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t2: trap}"));
	rig_log_clear(&r);
	r.during_read = edit;
	rig_stale(&r);
	rig_expect(&r, "converged", "trap t2: trap -> drop\ntrap t1: drop -> mirror\n");
	rig_clear(&r);
}

static void test_config_during_the_first_read(void **state)
{
	struct rig r = {.during_read = edit};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "converged", "trap t1: drop -> mirror\n");
	rig_clear(&r);
}

static void take_away(struct rig *r)
{
	rig_config(r, "devices: {}");
}

/* The entry goes while the kernel is at work for it. */
static void test_entry_goes_during_a_write(void **state)
{
	struct rig r = {.during_write = take_away};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_expect(&r, "unmanaged",
		   "trap_policer 1: rate 1000 -> rate 500\n"
		   "trap_policer 1: rate 500 -> rate 1000\n");
	rig_clear(&r);
}

static void test_entry_goes_during_a_read(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	r.during_read = take_away;
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "unmanaged", LIVE_RESTORED);
	rig_clear(&r);
}

static void reload_behind_our_back(struct rig *r)
{
	sim_reload(&r->sim, REINIT);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					   .trigger = TRIGGER_NOTIFICATION});
}

static void test_foreign_reload_during_a_write(void **state)
{
	struct rig r = {.during_write = reload_behind_our_back};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(sim_get(&r.sim, "trap_policers", "1", "rate"), 500);
	assert_int_equal(sim_get(&r.sim, "trap_groups", "l2", "policer"), 2);
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), 1);
	assert_int_equal(r.d->world.memory.foreign_reloads, 1);
	rig_clear(&r);
}

static void test_foreign_reload_during_a_read(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	r.during_read = reload_behind_our_back;
	rig_stale(&r);
	rig_expect(&r, "converged", LIVE_AHEAD);
	rig_clear(&r);
}

/* Nothing is read between the reload and the last setting that makes up for it. */
static void test_foreign_reload_told_late(void **state)
{
	struct rig r = {};
	unsigned before;

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	sim_reload(&r.sim, REINIT);
	before = r.reads;
	r.during_read = reappear;
	rig_stale(&r);
	rig_expect(&r, "converged", LIVE_SENT);
	assert_int_equal(r.reads - before, 2);
	rig_clear(&r);
}

/* A flood of notifications makes it read three times at once, and then twice a second. */
static void test_flood(void **state)
{
	struct rig r = {};
	unsigned before;

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	r.now += 100 * USEC_PER_SEC;
	before = r.reads;
	for (int i = 0; i < 50; i++)
		rig_stale(&r);
	assert_int_equal(r.reads - before, 3);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 2; j++) {
			rig_tick(&r);
			rig_stale(&r);
		}
	assert_in_range(r.reads - before, 6, 12);
	rig_tick(&r);
	rig_tick(&r);
	before = r.reads;
	rig_tick(&r);
	assert_int_equal(r.reads, before); /* all is quiet again */
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	rig_clear(&r);
}

/* ---- policies ---- */

static void test_drift_is_reported(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("drift: report, " LIVE));
	rig_expect(&r, "converged", LIVE_SENT);
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "drifted", "");
	rig_expect_reason(&r, "1 difference");
	sim_set(&r.sim, "traps", "t1", "action", 1);
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_config(&r, ENTRY("drift: report, " LIVE));
	rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	rig_clear(&r);
}

static void test_reload_manual(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, " SIZES ", params: {macs: 64}, " LIVE));
	rig_expect(&r, "pending-reload", LIVE_SENT);
	rig_expect_reason(&r, "resource /kvd/a, resource /kvd/b, param macs");
	rig_config(&r, ENTRY("reload: manual, " SIZES ", params: {macs: 64}, " LIVE));
	rig_expect(&r, "pending-reload", "");
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "trap t1: drop -> trap\n");
	rig_config(&r, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_expect(&r, "converged", STAGED SIZES_SENT RELOAD LIVE_AHEAD);
	rig_clear(&r);
}

static void test_reload_boot(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: boot, params: {macs: 64}"));
	rig_expect(&r, "converged", STAGED RELOAD);
	rig_config(&r, ENTRY("reload: boot, params: {macs: 128}"));
	rig_expect(&r, "pending-reload", "");
	rig_restart(&r);
	rig_expect(&r, "pending-reload", "");
	sim_register(&r.sim);
	rig_stale(&r);
	rig_expect(&r, "converged", "param macs/driverinit: 32 -> 128\n" RELOAD);
	rig_clear(&r);
}

/* Drift that needs a reload waits for somebody to ask. */
static void test_reload_auto_does_not_follow_drift(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES));
	rig_log_clear(&r);
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 200);
	sim_reload(&r.sim, REINIT);
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "");
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "");
	assert_int_equal(r.sim.reloads, 2);
	rig_clear(&r);
}

/* ---- configs that cannot be ---- */

static void test_refused_config(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("resources: {/kvd/a: 300, /kvd/b: 800}, " LIVE));
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "children do not fit");
	rig_config(&r, ENTRY(LIVE));
	rig_expect(&r, "converged", LIVE_SENT);
	rig_config(&r, ENTRY("traps: {t1: mirror, nonsense: drop}"));
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "the device has no trap nonsense");
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "refused", "trap t1: drop -> trap\n");
	sim_reload(&r.sim, REINIT);
	rig_stale(&r);
	rig_expect(&r, "refused", LIVE_SENT);
	rig_stale(&r);
	rig_stale(&r);
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "the device has no trap nonsense");
	rig_config(&r, ENTRY("traps: {t1: mirror}"));
	rig_expect(&r, "converged", LIVE_RESTORED "trap t1: trap -> mirror\n");
	rig_clear(&r);
}

/* What was possible when it was accepted is not any more: it is not written. */
static void test_accepted_config_does_not_fit_any_more(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, " SIZES ", traps: {t1: trap}"));
	rig_expect(&r, "pending-reload", "trap t1: drop -> trap\n");
	sim_set(&r.sim, "resources", "/kvd/a", "occ", 400);
	rig_config(&r, ENTRY(SIZES ", traps: {t1: trap}"));
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "in use");
	assert_int_equal(r.sim.reloads, 0);
	rig_clear(&r);
}

static void test_two_entries(void **state)
{
	static const char two[] = "devices: {one: {match: {driver: sim}, traps: {t1: mirror}}, "
				  "two: {match: {fw: '1.*'}, traps: {t2: mirror}}}";
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, two);
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "entries one");
	rig_expect_reason(&r, "two both match the device");
	rig_config(&r, ENTRY(LIVE));
	rig_expect(&r, "converged", LIVE_SENT);
	rig_config(&r, two);
	rig_expect(&r, "refused", "");
	sim_set(&r.sim, "traps", "t1", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "refused", "trap t1: drop -> trap\n");
	rig_clear(&r);
}

/* ---- the process dies ---- */

static void test_restart_when_converged(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_log_clear(&r);
	rig_restart(&r);
	rig_expect(&r, "converged", "");
	assert_int_equal(r.d->world.memory.reloads, 1);
	rig_clear(&r);
}

/* Killed in whatever it does: it converges, with at most one reload more; none where it was over.
 */
static void killed_at(unsigned at, unsigned undone, bool *ret_killed)
{
	struct rig r = {.kill_at = at, .undone = undone, .sim = {.unread = "/top"}};

	rig_start(&r, FACTS,
		  ENTRY("resources: {/kvd/a: 300, /kvd/b: 700, /top: 5000}, "
			"params: {macs: 64, fast: false}, " LIVE));
	*ret_killed = r.killed;
	if (r.killed)
		rig_restart(&r);
	assert_false(r.stuck);
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(r.sim.reloads, 1);
	assert_int_equal(r.d->world.memory.reloads, 1);
	assert_int_equal(r.d->world.memory.foreign_reloads, 0);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	assert_int_equal(sim_active(&r.sim, "fast/driverinit"), 0);
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 300);
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), 1);
	rig_log_clear(&r);
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

static void test_killed_anywhere(void **state)
{
	(void)state;
	for (unsigned undone = 0; undone < 4; undone++) {
		bool killed = true;

		for (unsigned at = 1; killed; at++)
			killed_at(at, undone, &killed);
	}
}

static void test_registered_anew_while_not_running(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64}, " LIVE));
	rig_log_clear(&r);
	sim_register(&r.sim);
	rig_restart(&r);
	rig_expect(&r, "converged", STAGED SIZES_SENT RELOAD LIVE_SENT);
	rig_clear(&r);
}

/* ---- where the kernel numbers registrations (Linux 7.1) ---- */

/* No counter is less than before, and not a word was heard, while carved runs or does not. */
static void test_numbered_anew_in_silence(void **state)
{
	for (int restarted = 0; restarted < 2; restarted++) {
		struct rig r = {.sim = {.numbered = true}};

		(void)state;
		rig_start(&r, FACTS, ENTRY(LIVE));
		rig_log_clear(&r);
		sim_register(&r.sim);
		if (restarted)
			rig_restart(&r);
		else
			rig_stale(&r);
		rig_expect(&r, "converged", LIVE_SENT);
		assert_string_equal(trigger_name(r.d->history.trigger), "registration");
		rig_clear(&r);
	}
}

/* Counters say less than the number does: they may be those of another host. */
static void test_numbered_the_same(void **state)
{
	struct rig r = {.sim = {.numbered = true}};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES));
	rig_log_clear(&r);
	r.sim.facts.counters.v[0].value = 0;
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	assert_string_not_equal(trigger_name(r.d->history.trigger), "registration");
	rig_clear(&r);
}

/* The first answer says that it has stayed. */
static void test_numbered_false_farewell(void **state)
{
	struct rig r = {.sim = {.numbered = true}};
	unsigned reads;

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	reads = r.reads;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED});
	rig_expect(&r, "converged", "");
	assert_in_range(r.reads - reads, 1, 2);
	assert_true(r.wake_at == USEC_NEVER);
	rig_clear(&r);
}

/* A farewell that comes while it is asked may be of the instance that answers. */
static void say_goodbye(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_VANISHED});
}

static void test_numbered_farewell_during_a_read(void **state)
{
	struct rig r = {.sim = {.numbered = true}};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	r.during_read = say_goodbye;
	rig_stale(&r);
	sim_register(&r.sim);
	rig_tick(&r);
	rig_expect(&r, "converged", LIVE_SENT);
	rig_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_convergence),
		cmocka_unit_test(test_unmanaged),
		cmocka_unit_test(test_config_change),
		cmocka_unit_test(test_drift_is_set_back),
		cmocka_unit_test(test_group_action),
		cmocka_unit_test(test_permanent_param),
		cmocka_unit_test(test_permanent_param_that_shows_later),
		cmocka_unit_test(test_permanent_param_that_is_set_back),
		cmocka_unit_test(test_permanent_param_changed_by_others),
		cmocka_unit_test(test_foreign_reload),
		cmocka_unit_test(test_restore_waits_for_no_disk),
		cmocka_unit_test(test_foreign_reload_with_another_value),
		cmocka_unit_test(test_registered_anew),
		cmocka_unit_test(test_registered_anew_without_a_reload),
		cmocka_unit_test(test_vanishes),
		cmocka_unit_test(test_successor_registers_during_a_read),
		cmocka_unit_test(test_vanishes_during_a_write),
		cmocka_unit_test(test_false_farewell),
		cmocka_unit_test(test_refused_for_good),
		cmocka_unit_test(test_refused_while_staging),
		cmocka_unit_test(test_refused_while_undoing),
		cmocka_unit_test(test_busy_while_undoing),
		cmocka_unit_test(test_no_such_device_says_the_driver),
		cmocka_unit_test(test_busy_reload),
		cmocka_unit_test(test_busy_reload_once),
		cmocka_unit_test(test_drift_while_a_retry_is_due),
		cmocka_unit_test(test_accepted_but_not_kept),
		cmocka_unit_test(test_changed_before_it_is_read_back),
		cmocka_unit_test(test_staged_but_not_kept),
		cmocka_unit_test(test_size_that_is_never_read),
		cmocka_unit_test(test_many_resources),
		cmocka_unit_test(test_lost_answers),
		cmocka_unit_test(test_driver_times_out),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_lost_read),
		cmocka_unit_test(test_unreadable_for_good),
		cmocka_unit_test(test_unidentified),
		cmocka_unit_test(test_never_identified),
		cmocka_unit_test(test_never_matched),
		cmocka_unit_test(test_config_during_a_write),
		cmocka_unit_test(test_config_during_a_read),
		cmocka_unit_test(test_config_during_the_first_read),
		cmocka_unit_test(test_entry_goes_during_a_write),
		cmocka_unit_test(test_entry_goes_during_a_read),
		cmocka_unit_test(test_foreign_reload_during_a_write),
		cmocka_unit_test(test_foreign_reload_during_a_read),
		cmocka_unit_test(test_foreign_reload_told_late),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_drift_is_reported),
		cmocka_unit_test(test_reload_manual),
		cmocka_unit_test(test_reload_boot),
		cmocka_unit_test(test_reload_auto_does_not_follow_drift),
		cmocka_unit_test(test_refused_config),
		cmocka_unit_test(test_accepted_config_does_not_fit_any_more),
		cmocka_unit_test(test_two_entries),
		cmocka_unit_test(test_restart_when_converged),
		cmocka_unit_test(test_killed_anywhere),
		cmocka_unit_test(test_registered_anew_while_not_running),
		cmocka_unit_test(test_numbered_anew_in_silence),
		cmocka_unit_test(test_numbered_the_same),
		cmocka_unit_test(test_numbered_false_farewell),
		cmocka_unit_test(test_numbered_farewell_during_a_read),
	};

	log_set_level(getenv("LOG_LEVEL") ? getenv("LOG_LEVEL") : "crit");
	if (getenv("ONLY"))
		cmocka_set_test_filter(getenv("ONLY"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
