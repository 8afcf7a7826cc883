// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine of one device the second time: at the next reload, in the next registration, under
 * the next kernel, with another config after a crash. What was learnt the first time is what it is
 * tempted to believe. ONLY=test_name runs one of them.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

/* VFs that were made since the last reload are destroyed by the next one, too. */
static void test_impact_is_read_before_each_reload(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES));
	rig_expect(&r, "converged", SIZES_SENT RELOAD);
	r.sim.impact.vfs = 2;
	rig_config(&r, ENTRY("resources: {/kvd/a: 400, /kvd/b: 600}"));
	rig_expect(&r, "pending-reload", "");
	rig_expect_reason(&r, "2 VFs");
	rig_clear(&r);
}

static bool plug_while_staging(struct rig *r, const struct step *s, _unused_ struct fault *ret)
{
	if (s && s->target.class == &class_param)
		r->sim.impact.vfs = 2;
	return false;
}

/* VFs come after it was found that there are none, and before the reload. */
static void test_impact_while_staging(void **state)
{
	struct rig r = {.at_request = plug_while_staging};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, " SIZES));
	rig_expect(&r, "pending-reload",
		   STAGED SIZES_SENT "param macs/driverinit: 64 -> 32\n"
				     "resource /kvd/b: 700 -> 500\n"
				     "resource /kvd/a: 300 -> 500\n");
	rig_expect_reason(&r, "2 VFs");
	assert_int_equal(r.sim.reloads, 0);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "converged", STAGED SIZES_SENT RELOAD);
	rig_clear(&r);
}

/* Before Linux 6.6 a dump of ports waits for each device that is busy. */
static void test_reload_waits_for_no_other(void **state)
{
	static const struct {
		const char *kernel;
		unsigned asked;
	} kernels[] = {{"6.1.0", 0}, {"6.5.0", 0}, {"6.6.0", 2}, {"6.12.1", 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct rig r = {.env.kernel = kernels[i].kernel};

		rig_start(&r, FACTS, ENTRY(SIZES));
		rig_expect(&r, "converged", SIZES_SENT RELOAD);
		assert_int_equal(r.ports_asked, kernels[i].asked);
		rig_clear(&r);
	}
}

static void never_refused(struct rig *r)
{
	assert_int_not_equal(r->d->status.state, STATE_REFUSED);
}

/*
 * Right after a reload the driver may have no answer yet for what it had before: that makes no
 * config impossible. What it says twice is believed.
 */
static void test_denied_once(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", " LIVE));
	rig_log_clear(&r);
	sim_reload(&r.sim, REINIT);
	r.sim.denies = 1;
	r.watch = never_refused;
	rig_stale(&r);
	rig_expect(&r, "converged", LIVE_SENT);
	r.watch = NULL;
	r.sim.denies = 2;
	rig_stale(&r);
	rig_expect(&r, "refused", "");
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

static bool go_in_reload(struct rig *r, const struct step *s, struct fault *ret)
{
	bool goes = s && s->kind == STEP_RELOAD;

	if (!goes)
		return false;
	r->sim.gone = true;
	if (!r->quiet)
		rig_send(r, &(struct device_event){.type = DEVICE_EV_VANISHED,
						   .trigger = TRIGGER_NOTIFICATION});
	ret->error = -ENODEV;
	return true;
}

/* The history has what was attempted when the device went, which may be heard of later. */
static void remove_in_a_reload(bool quiet)
{
	struct rig r = {.quiet = quiet};
	const struct record *last;

	rig_start(&r, FACTS, ENTRY(LIVE));
	r.at_request = go_in_reload;
	rig_config(&r, ENTRY("params: {macs: 64}, " LIVE));
	assert_true(r.gone);
	assert_int_equal(r.d->history.records.n, 2);
	last = &r.d->history.records.v[1];
	assert_string_equal(last->trigger, "config");
	assert_string_equal(last->result, "gone");
	assert_non_null(strstr(last->detail, "param macs/driverinit 32 -> 64; reload driver_reinit "
					     "was cut off; the device is gone; config "));
	rig_clear(&r);
}

static void test_removed_in_a_reload(void **state)
{
	(void)state;
	remove_in_a_reload(false);
	remove_in_a_reload(true);
}

/* Another kernel may have a driver that was mended. */
static void test_quarantine_ends_with_another_kernel(void **state)
{
	struct rig r = {.sim = {.tears_down = 1}};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "quarantined", STAGED RELOAD "param macs/driverinit: 64 -> 32\n" RELOAD);
	sim_register(&r.sim);
	json_decref(r.saved);
	r.saved = NULL;
	r.env.kernel = "6.1.1";
	rig_restart(&r);
	rig_expect(&r, "converged", STAGED RELOAD);
	rig_clear(&r);
}

static void set_default(struct sim *s, const char *trap, uint64_t action)
{
	vec_each(o, &s->defaults.objects)
		if (o->class == &class_trap && strcmp(o->name, trap) == 0)
			o->v[TRAP_ACTION].num = action;
}

/* What leaves the config goes back to what this registration had, not an earlier one. */
static void test_pristine_is_of_this_registration(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	set_default(&r.sim, "t1", DEVLINK_TRAP_ACTION_MIRROR);
	sim_register(&r.sim);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					    .trigger = TRIGGER_NOTIFICATION});
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					    .trigger = TRIGGER_NOTIFICATION});
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	rig_log_clear(&r);
	rig_config(&r, ENTRY("reload: manual"));
	rig_expect(&r, "converged", "trap t1: trap -> mirror\n");
	rig_clear(&r);
}

/* Return: did it die there? */
static bool stage_and_forget(unsigned at, unsigned undone)
{
	struct rig r = {};
	bool killed;

	rig_start(&r, FACTS, ENTRY(LIVE));
	r.kill_at = r.actions + at;
	r.undone = undone;
	rig_config(&r, ENTRY("params: {macs: 64}, " LIVE));
	killed = r.killed;
	config_unref(r.config);
	r.config = rig_load(ENTRY(LIVE));
	rig_restart(&r);
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(sim_get(&r.sim, "params", "macs/driverinit", "value"), 32);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 32);
	rig_clear(&r);
	return killed;
}

/*
 * Killed between a staging and its reload, and the param leaves the config meanwhile: it must not
 * stay staged, as the next reload by anybody would load it.
 */
static void test_staged_over_what_is_set_back(void **state)
{
	(void)state;
	for (unsigned undone = 0; undone < 2; undone++)
		for (unsigned at = 1; stage_and_forget(at, undone); at++)
			assert_true(at < 100);
}

/* Ten reloads each of which ended in a registration are in vain only if nothing came of them. */
static void register_in_reload(struct rig *r)
{
	r->during_write = register_in_reload;
	if (!rig_was_reloaded(r))
		return;
	for (size_t i = 0; i < r->sim.facts.counters.n; i++)
		r->sim.facts.counters.v[i].value = 0;
	rig_tell_registration(r);
}

static void test_not_in_vain(void **state)
{
	struct rig r = {.during_write = register_in_reload};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	for (unsigned i = 0; i < 12; i++) {
		_cleanup_free_ char *config =
			mem_printf(ENTRY("params: {macs: %u}, " LIVE), 40 + i);

		rig_config(&r, config);
		assert_string_equal(device_state_name(r.d->status.state), "converged");
		assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 40 + i);
	}
	assert_int_equal(r.sim.reloads, 12);
	rig_clear(&r);
}

static void replace(struct rig *r)
{
	sim_register(&r->sim);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					   .trigger = TRIGGER_NOTIFICATION});
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					   .trigger = TRIGGER_NOTIFICATION});
}

static unsigned reads_until_then;

static void replace_and_count(struct rig *r)
{
	reads_until_then = r->reads;
	replace(r);
}

/* The successor, which may be of another entry, gets nothing before it was looked at. */
static void test_replaced_during_a_write(void **state)
{
	struct rig r = {.during_write = replace_and_count};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	assert_true(r.reads > reads_until_then);
	rig_expect(&r, "converged", "trap_policer 1: rate 1000 -> rate 500\n" LIVE_SENT);
	rig_clear(&r);
}

static void is_not_converged(struct rig *r)
{
	assert_string_not_equal(device_state_name(r->d->status.state), "converged");
}

/* Converged is said after the read-back, not when the SET was acknowledged. */
static void look_at_read_back(struct rig *r)
{
	r->during_read = is_not_converged;
}

static void test_not_converged_before_the_read_back(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	sim_set(&r.sim, "traps", "t1", "action", DEVLINK_TRAP_ACTION_MIRROR);
	r.during_write = look_at_read_back;
	rig_stale(&r);
	rig_expect(&r, "converged", FLIPPED);
	assert_null(r.during_read);
	rig_clear(&r);
}

/* What may pass in a moment is no failure: the read is made again at once, not seconds later. */
static void test_read_of_the_moment(void **state)
{
	static const int errors[] = {EAGAIN, EBUSY, EINTR, ENOMEM, ENOBUFS, EBADMSG, ETIMEDOUT};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
		struct rig r = {};

		rig_start(&r, FACTS, ENTRY(LIVE));
		rig_log_clear(&r);
		r.read_error = -errors[i];
		r.read_errors = 1;
		rig_stale(&r);
		assert_string_not_equal(device_state_name(r.d->status.state), "failed");
		assert_true(r.wake_at <= r.now + USEC_PER_SEC);
		rig_tick(&r);
		rig_expect(&r, "converged", "");
		rig_clear(&r);
	}
}

static struct config_entry inherited;

static void inherit(struct rig *r)
{
	device_inherit(r->d, NULL, &inherited);
}

/*
 * A device whose config is refused lives by the one that its predecessor under the handle accepted,
 * but only by the entry that would be its own.
 */
static void test_inherits_by_its_own_entry(void **state)
{
	static const struct {
		const char *config, *entry, *trap;
	} cases[] = {
		{"devices: {a: {match: {driver: sim}, traps: {t1: trap}}}", "a", "trap"},
		{"devices: {a: {match: {driver: sim}, traps: {t1: trap}}}", NULL, "trap"},
		{"devices: {a: {match: {driver: sim}, traps: {t1: trap}}, b: {match: {driver: s*}, "
		 "traps: {t1: trap}}}",
		 "b", "drop"},
		{"devices: {a: {match: {driver: sim}, traps: {t1: trap}}, b: {match: {driver: s*}, "
		 "traps: {t1: trap}}}",
		 NULL, "drop"},
		{"devices: {a: {match: {driver: other}, traps: {t1: trap}}}", "a", "drop"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *old = rig_load(cases[i].config);
		struct rig r = {.during_read = inherit};

		inherited = (struct config_entry){.config = old};
		vec_each(e, &old->entries)
			if (cases[i].entry && strcmp(e->name, cases[i].entry) == 0)
				inherited.entry = e;
		rig_start(&r, FACTS, ENTRY("resources: {/kvd/a: 5}"));
		assert_string_equal(device_state_name(r.d->status.state), "refused");
		assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"),
				 strcmp(cases[i].trap, "trap") == 0 ? DEVLINK_TRAP_ACTION_TRAP
								    : DEVLINK_TRAP_ACTION_DROP);
		config_unref(old);
		rig_clear(&r);
	}
}

#define BEFORE ENTRY("on_removal: keep, reload: manual, " LIVE)

static void undo(struct rig *r)
{
	config_unref(r->config);
	r->config = rig_load(BEFORE);
	r->env.trial = false;
	rig_send(r, &(struct device_event){
			    .type = DEVICE_EV_CONFIG, .config = r->config, .undo = true});
}

/*
 * The reload back from a trial failed, and carved may have been killed meanwhile: a retry goes on
 * with it. Return: was it killed there?
 */
static bool retry_the_undo(unsigned at)
{
	struct rig r = {};
	bool killed;

	rig_start(&r, FACTS, BEFORE);
	r.env.trial = true;
	rig_config(&r, ENTRY("params: {macs: 64}, " SIZES ", traps: {t1: trap, t2: trap}"));
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	r.sim.tears_down = 1;
	r.kill_at = r.actions + at;
	undo(&r);
	killed = r.killed;
	if (killed) {
		r.undoing = true;
		rig_restart(&r);
		r.undoing = false;
	}
	assert_string_equal(device_state_name(r.d->status.state), "quarantined");
	rig_stale(&r);
	rig_restart(&r);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 32);
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 500);
	assert_int_equal(sim_get(&r.sim, "traps", "t2", "action"), DEVLINK_TRAP_ACTION_DROP);
	rig_clear(&r);
	return killed;
}

static void test_retry_of_an_undo(void **state)
{
	(void)state;
	assert_false(retry_the_undo(100));
	for (unsigned at = 1; retry_the_undo(at); at++)
		assert_true(at < 100);
}

/*
 * The reload back from a trial failed, and another config comes, while carved runs or with its next
 * start: its `on_removal: keep` holds again, for what it takes out as for what the trial has left.
 */
static void test_config_after_an_undo(void **state)
{
	(void)state;
	for (int restart = 0; restart < 2; restart++) {
		const char *other = ENTRY("on_removal: keep, reload: manual, traps: {t1: trap}");
		struct rig r = {};

		rig_start(&r, FACTS, BEFORE);
		r.env.trial = true;
		rig_config(&r, ENTRY("params: {macs: 64}, " SIZES ", traps: {t1: trap, t2: trap}"));
		r.sim.tears_down = 1;
		undo(&r);
		assert_string_equal(device_state_name(r.d->status.state), "quarantined");
		if (restart) {
			config_unref(r.config);
			r.config = rig_load(other);
			rig_restart(&r);
		} else {
			rig_config(&r, other);
		}
		assert_int_equal(sim_get(&r.sim, "trap_groups", "l2", "policer"), 2);
		assert_int_equal(sim_get(&r.sim, "params", "macs/driverinit", "value"), 64);
		assert_false(r.d->world.memory.undo);
		rig_clear(&r);
	}
}

/* No way back works: it ends, and stays ended over restarts; nothing loops. */
static void test_trial_whose_roll_back_never_works(void **state)
{
	struct rig r = {};
	unsigned ticks;

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_config(&r, ENTRY(SIZES ", " LIVE));
	rig_log_clear(&r);
	r.sim.tears_down = 1000;
	config_unref(r.config);
	r.config = rig_load(ENTRY(LIVE));
	r.undoing = true;
	rig_send(&r, &(struct device_event){
			     .type = DEVICE_EV_CONFIG, .config = r.config, .undo = true});
	for (ticks = 0; ticks < 50 && r.wake_at != USEC_NEVER; ticks++)
		rig_tick(&r);
	assert_false(r.stuck);
	assert_true(ticks < 20);
	assert_true(1000 - r.sim.tears_down <= 8);
	assert_string_equal(device_state_name(r.d->status.state), "quarantined");
	rig_expect_reason(&r, "no roll-back succeeded");
	rig_log_clear(&r);
	rig_restart(&r);
	rig_tick(&r);
	rig_stale(&r);
	rig_expect(&r, "quarantined", "");
	rig_clear(&r);
}

#define AUDITS (24 * 60) /* one a minute */

static void audit_for_a_day(struct rig *r)
{
	for (unsigned i = 0; i < AUDITS; i++) {
		r->now += 60 * USEC_PER_SEC;
		rig_stale(r);
	}
}

/* Nothing is written, saved, noted in the history or waited for, whether all is well or not. */
static void test_a_day_of_audits(void **state)
{
	/* what waits for a permitted reload is shown with what that resets: another question */
	static const struct {
		const char *config, *state;
		unsigned reads;
	} cases[] = {{"params: {macs: 64}, " SIZES ", " LIVE, "converged", 1},
		     {"reload: manual, params: {macs: 64}, " LIVE, "pending-reload", 2},
		     {"drift: report, " LIVE, "converged", 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *config = mem_printf(ENTRY("%s"), cases[i].config);
		uint64_t records, revision;
		struct rig r = {};
		unsigned saves;

		rig_start(&r, FACTS, config);
		rig_log_clear(&r);
		saves = r.saves;
		records = r.d->history.n_records;
		revision = r.d->status.revision;
		r.reads = 0;
		audit_for_a_day(&r);
		rig_expect(&r, cases[i].state, "");
		assert_int_equal(r.saves, saves);
		assert_int_equal(r.d->history.n_records, records);
		assert_int_equal(r.d->status.revision, revision);
		assert_int_equal(r.reads, cases[i].reads * AUDITS);
		assert_int_equal(r.wake_at, USEC_NEVER);
		rig_clear(&r);
	}
}

/* What the driver refuses for good is tried once an hour in the end, and told once. */
static void test_a_day_of_refusals(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim,
		  (struct fault){
			  .object = "t1", .error = -EINVAL, .extack = "never", .times = 1000000});
	rig_start(&r, FACTS, ENTRY(LIVE));
	audit_for_a_day(&r);
	assert_string_equal(device_state_name(r.d->status.state), "failed");
	rig_expect_reason(&r, "never");
	assert_in_range(r.sim.refused, 24, 24 + 12);
	assert_true(r.d->history.n_records < 40);
	rig_clear(&r);
}

/*
 * It says that it is gone, and carved ends; a successor is reloaded as often as it was. What was in
 * force in the one is not in the other.
 */
static void test_gone_before_the_end(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "converged", STAGED RELOAD);
	r.kill_at = r.actions + 1;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					    .trigger = TRIGGER_NOTIFICATION});
	assert_true(r.killed);
	sim_register(&r.sim);
	assert_int_equal(sim_reload(&r.sim, REINIT), 0);
	rig_restart(&r);
	rig_expect(&r, "converged", STAGED RELOAD);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	rig_restart(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_day_of_audits),
		cmocka_unit_test(test_a_day_of_refusals),
		cmocka_unit_test(test_impact_is_read_before_each_reload),
		cmocka_unit_test(test_impact_while_staging),
		cmocka_unit_test(test_denied_once),
		cmocka_unit_test(test_removed_in_a_reload),
		cmocka_unit_test(test_reload_waits_for_no_other),
		cmocka_unit_test(test_quarantine_ends_with_another_kernel),
		cmocka_unit_test(test_gone_before_the_end),
		cmocka_unit_test(test_pristine_is_of_this_registration),
		cmocka_unit_test(test_staged_over_what_is_set_back),
		cmocka_unit_test(test_not_in_vain),
		cmocka_unit_test(test_replaced_during_a_write),
		cmocka_unit_test(test_not_converged_before_the_read_back),
		cmocka_unit_test(test_read_of_the_moment),
		cmocka_unit_test(test_inherits_by_its_own_entry),
		cmocka_unit_test(test_retry_of_an_undo),
		cmocka_unit_test(test_config_after_an_undo),
		cmocka_unit_test(test_trial_whose_roll_back_never_works),
	};

	log_set_level(getenv("LOG_LEVEL") ? getenv("LOG_LEVEL") : "emerg");
	if (getenv("ONLY"))
		cmocka_set_test_filter(getenv("ONLY"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
