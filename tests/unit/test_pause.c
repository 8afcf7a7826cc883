// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device that is paused, and one whose config was on trial: nothing is written before the one
 * ends, and nothing that only the other wanted is left behind.
 */
#include "base/clock.h"
#include "sim.h"

#include <linux/devlink.h>
#include <string.h>

static void pause_until(struct rig *r, uint64_t until)
{
	rig_send(r, &(struct device_event){
			    .type = DEVICE_EV_PAUSE, .until = until, .who = "the test"});
}

static void flip(struct rig *r)
{
	sim_set(&r->sim, "traps", "t1", "action", DEVLINK_TRAP_ACTION_MIRROR);
	rig_stale(r);
}

static void test_nothing_is_written(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	pause_until(&r, USEC_NEVER);
	rig_expect(&r, "paused", "");
	rig_expect_reason(&r, "paused by the test until carvectl resume");
	flip(&r);
	rig_expect(&r, "paused", "");
	rig_expect_reason(&r, "1 difference waits for its end");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "paused", "");
	rig_config(&r, ENTRY(SIZES ", " LIVE));
	rig_expect(&r, "paused", "");
	assert_true(r.wake_at == USEC_NEVER);
	pause_until(&r, 0);
	rig_expect(&r, "converged", SIZES_SENT RELOAD LIVE_AHEAD);
	rig_clear(&r);
}

static void test_it_ends_by_itself(void **state)
{
	struct rig r = {};
	uint64_t until;

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	until = r.now + 60 * USEC_PER_SEC;
	pause_until(&r, until);
	flip(&r);
	rig_expect(&r, "paused", "");
	assert_true(r.wake_at == until);
	rig_tick(&r);
	rig_expect(&r, "converged", FLIPPED);
	assert_true(r.wake_at == USEC_NEVER);
	rig_clear(&r);
}

static void test_over_a_restart(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	pause_until(&r, r.now + 60 * USEC_PER_SEC);
	flip(&r);
	rig_restart(&r);
	rig_expect(&r, "paused", "");
	rig_expect_reason(&r, "paused by the test");
	rig_tick(&r);
	rig_expect(&r, "converged", FLIPPED);
	rig_restart(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* What another program changes meanwhile is what the pause is for. */
static void test_it_is_no_fight(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	for (unsigned i = 0; i < 2 * FLIPS_MAX; i++) {
		pause_until(&r, USEC_NEVER);
		flip(&r);
		rig_log_clear(&r);
		pause_until(&r, 0);
		rig_expect(&r, "converged", FLIPPED);
	}
	rig_clear(&r);
}

/* `apply` asks for now; the mandate of a registration, whose time is not over, is kept. */
static void test_mandates(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, " SIZES));
	rig_expect(&r, "pending-reload", "");
	pause_until(&r, USEC_NEVER);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	pause_until(&r, 0);
	rig_expect(&r, "pending-reload", "");
	rig_config(&r, ENTRY("reload: auto, " LIVE));
	rig_log_clear(&r);
	pause_until(&r, USEC_NEVER);
	rig_config(&r, ENTRY("reload: auto, " SIZES ", " LIVE));
	rig_stale(&r);
	rig_expect(&r, "paused", "");
	pause_until(&r, 0);
	rig_expect(&r, "converged", SIZES_SENT RELOAD LIVE_AHEAD);
	rig_clear(&r);
}

static void pause_now(struct rig *r)
{
	pause_until(r, USEC_NEVER);
}

/* What the kernel is at cannot be taken back; what comes after it waits. */
static void test_between_two_phases(void **state)
{
	struct rig r = {.during_write = pause_now};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", " LIVE));
	rig_expect(&r, "paused", SIZES_SENT);
	assert_int_equal(r.sim.reloads, 0);
	pause_until(&r, 0);
	rig_expect(&r, "converged", RELOAD LIVE_SENT);
	rig_clear(&r);
}

static void test_while_torn_down(void **state)
{
	struct rig r = {.sim = {.tears_down = 1}, .during_write = NULL};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	pause_until(&r, USEC_NEVER);
	r.sim.facts.reload_failed = true;
	rig_config(&r, ENTRY(SIZES ", " LIVE));
	assert_int_equal(r.sim.reloads, 0);
	assert_string_equal(r.log.s ? r.log.s : "", "");
	rig_clear(&r);
}

/* ---- the end of a trial ---- */

static void roll_back(struct rig *r, const char *config)
{
	config_unref(r->config);
	r->config = rig_load(config);
	rig_send(r, &(struct device_event){
			    .type = DEVICE_EV_CONFIG, .config = r->config, .undo = true});
}

static void test_undo_takes_the_reload(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, " LIVE));
	rig_config(&r, ENTRY("reload: auto, " SIZES ", params: {macs: 64}, traps: {t1: mirror}"));
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(r.sim.reloads, 1);
	rig_log_clear(&r);
	roll_back(&r, ENTRY("reload: manual, " LIVE));
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(r.sim.reloads, 2);
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 500);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 32);
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), DEVLINK_TRAP_ACTION_TRAP);
	assert_int_equal(r.d->mandate, MANDATE_NONE);
	rig_clear(&r);
}

/* `keep` is about what the operator takes out, not about what was only tried. */
static void test_undo_overrules_keep(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("on_removal: keep, traps: {t1: trap}"));
	rig_config(&r, ENTRY("on_removal: keep, traps: {t1: trap, t2: mirror}, " SIZES));
	rig_log_clear(&r);
	roll_back(&r, ENTRY("on_removal: keep, traps: {t1: trap}"));
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 500);
	assert_int_equal(sim_get(&r.sim, "traps", "t2", "action"), DEVLINK_TRAP_ACTION_DROP);
	rig_log_clear(&r);
	rig_config(&r, ENTRY("on_removal: keep"));
	rig_expect(&r, "converged", ""); /* and `keep` keeps again */
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), DEVLINK_TRAP_ACTION_TRAP);
	rig_clear(&r);
}

/*
 * What a trial takes out under `keep` comes back to where it was, not only to what the config
 * before wants.
 */
static void test_undo_of_what_was_kept_on_trial(void **state)
{
	const char *const without[] = {ENTRY("on_removal: keep, traps: {t1: trap}"), "devices: {}"};
	struct rig r = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(without); i++) {
		rig_start(&r, FACTS, ENTRY("on_removal: keep, traps: {t1: trap}"));
		r.env.trial = true;
		rig_config(&r, ENTRY("on_removal: keep, traps: {t1: trap, t2: mirror}, " SIZES));
		rig_config(&r, without[i]); /* another trial, the same config to go back to */
		assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 300);
		rig_restart(&r);
		assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 300);
		r.env.trial = false;
		roll_back(&r, ENTRY("on_removal: keep, traps: {t1: trap}"));
		assert_string_equal(device_state_name(r.d->status.state), "converged");
		assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 500);
		assert_int_equal(sim_get(&r.sim, "traps", "t2", "action"),
				 DEVLINK_TRAP_ACTION_DROP);
		assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"),
				 DEVLINK_TRAP_ACTION_TRAP);
		rig_clear(&r);
	}
}

/* Once it is confirmed, what it kept is kept for good. */
static void test_kept_on_a_trial_that_is_confirmed(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("on_removal: keep, traps: {t1: trap}, " SIZES));
	r.env.trial = true;
	rig_config(&r, ENTRY("on_removal: keep, traps: {t1: trap}"));
	r.env.trial = false;
	rig_log_clear(&r);
	rig_stale(&r);
	roll_back(&r, ENTRY("on_removal: keep, traps: {t1: trap}"));
	rig_expect(&r, "converged", "");
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 300);
	rig_clear(&r);
}

/* The device was not managed at all before. */
static void test_undo_of_a_new_entry(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, "devices: {}");
	rig_config(&r, ENTRY("on_removal: keep, traps: {t1: trap}, " SIZES));
	assert_int_equal(r.sim.reloads, 1);
	roll_back(&r, "devices: {}");
	assert_string_equal(device_state_name(r.d->status.state), "unmanaged");
	assert_int_equal(r.sim.reloads, 2);
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 500);
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), DEVLINK_TRAP_ACTION_DROP);
	rig_clear(&r);
}

static void test_undo_that_fails(void **state)
{
	struct rig r = {};
	unsigned reloads;

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_config(&r, ENTRY(SIZES ", " LIVE));
	r.sim.tears_down = 1;
	roll_back(&r, ENTRY(LIVE));
	assert_false(r.stuck);
	assert_string_equal(device_state_name(r.d->status.state), "quarantined");
	assert_false(r.sim.facts.reload_failed);
	reloads = r.sim.reloads;
	rig_restart(&r);
	rig_stale(&r);
	assert_string_equal(device_state_name(r.d->status.state), "quarantined");
	assert_int_equal(r.sim.reloads, reloads);
	rig_clear(&r);
}

static void test_undo_of_a_paused_device(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, on_removal: keep, " LIVE));
	rig_config(&r, ENTRY("reload: auto, on_removal: keep, " SIZES ", " LIVE));
	pause_until(&r, USEC_NEVER);
	rig_log_clear(&r);
	roll_back(&r, ENTRY("reload: manual, on_removal: keep, " LIVE));
	rig_stale(&r);
	rig_expect(&r, "paused", "");
	pause_until(&r, 0);
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 500);
	rig_clear(&r);
}

/* Another config counts as ever: what it takes out under `keep` is kept. */
static void test_config_after_an_undo_that_waits(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("on_removal: keep, " LIVE));
	pause_until(&r, USEC_NEVER);
	roll_back(&r, ENTRY("on_removal: keep, " LIVE));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("on_removal: keep, traps: {t1: trap}"));
	pause_until(&r, 0);
	rig_expect(&r, "converged", "");
	assert_int_equal(sim_get(&r.sim, "trap_policers", "1", "rate"), 500);
	rig_clear(&r);
}

#define OLD                                                                                        \
	ENTRY("reload: manual, on_removal: keep, params: {mode: smfs}, traps: {t1: trap, t2: "     \
	      "trap}")
#define NEW                                                                                        \
	ENTRY("on_removal: keep, params: {macs: 64, mode: dmfs}, trap_policers: {1: {rate: "       \
	      "500}}, "                                                                            \
	      "traps: {t1: mirror, t3: trap}, " SIZES)

static void check_old(const struct rig *r)
{
	const struct sim *s = &r->sim;

	assert_false(r->stuck);
	assert_string_equal(device_state_name(r->d->status.state), "converged");
	assert_int_equal(sim_get(s, "resources", "/kvd/a", "size"), 500);
	assert_int_equal(sim_get(s, "resources", "/kvd/b", "size"), 500);
	assert_int_equal(sim_active(s, "macs/driverinit"), 32);
	assert_int_equal(sim_get(s, "trap_policers", "1", "rate"), 1000);
	assert_int_equal(sim_get(s, "traps", "t1", "action"), DEVLINK_TRAP_ACTION_TRAP);
	assert_int_equal(sim_get(s, "traps", "t2", "action"), DEVLINK_TRAP_ACTION_TRAP);
	assert_int_equal(sim_get(s, "traps", "t3", "action"), DEVLINK_TRAP_ACTION_DROP);
}

static void check_new(const struct rig *r)
{
	const struct sim *s = &r->sim;

	assert_false(r->stuck);
	assert_string_equal(device_state_name(r->d->status.state), "converged");
	assert_int_equal(sim_get(s, "resources", "/kvd/a", "size"), 300);
	assert_int_equal(sim_active(s, "macs/driverinit"), 64);
	assert_int_equal(sim_get(s, "trap_policers", "1", "rate"), 500);
	assert_int_equal(sim_get(s, "traps", "t1", "action"), DEVLINK_TRAP_ACTION_MIRROR);
	assert_int_equal(sim_get(s, "traps", "t3", "action"), DEVLINK_TRAP_ACTION_TRAP);
}

static void die_at(struct rig *r, unsigned at, unsigned undone)
{
	r->kill_at = at ? r->actions + at : 0;
	r->undone = undone;
}

/*
 * carved dies in whatever it does of a trial, which is confirmed or rolled back then, or in
 * whatever it does of its roll-back. Return: did it?
 */
static bool trial_with_death(unsigned at, unsigned undone, bool in_rollback, bool confirmed)
{
	struct rig r = {};
	bool killed;

	rig_start(&r, FACTS, OLD);
	die_at(&r, in_rollback ? 0 : at, undone);
	rig_config(&r, NEW);
	killed = r.killed;
	if (r.killed)
		rig_restart(&r);
	check_new(&r);
	if (!confirmed) {
		die_at(&r, in_rollback ? at : 0, undone);
		r.undoing = true;
		roll_back(&r, OLD);
		killed |= r.killed;
		if (r.killed)
			rig_restart(&r);
		r.undoing = false;
		check_old(&r);
	}
	rig_restart(&r);
	rig_log_clear(&r);
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
	return killed;
}

static void test_killed_anywhere(void **state)
{
	unsigned deaths = 0;

	(void)state;
	for (unsigned undone = 0; undone < 4; undone++) {
		for (unsigned at = 1; trial_with_death(at, undone, false, true); at++)
			deaths++;
		for (unsigned at = 1; trial_with_death(at, undone, false, false); at++)
			deaths++;
		for (unsigned at = 1; trial_with_death(at, undone, true, false); at++)
			deaths++;
	}
	assert_true(deaths > 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_written),
		cmocka_unit_test(test_it_ends_by_itself),
		cmocka_unit_test(test_over_a_restart),
		cmocka_unit_test(test_it_is_no_fight),
		cmocka_unit_test(test_mandates),
		cmocka_unit_test(test_between_two_phases),
		cmocka_unit_test(test_while_torn_down),
		cmocka_unit_test(test_undo_takes_the_reload),
		cmocka_unit_test(test_undo_overrules_keep),
		cmocka_unit_test(test_undo_of_a_new_entry),
		cmocka_unit_test(test_undo_of_what_was_kept_on_trial),
		cmocka_unit_test(test_kept_on_a_trial_that_is_confirmed),
		cmocka_unit_test(test_undo_that_fails),
		cmocka_unit_test(test_undo_of_a_paused_device),
		cmocka_unit_test(test_config_after_an_undo_that_waits),
		cmocka_unit_test(test_killed_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
