// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine of one device when things go wrong or are taken back: reloads that fail, values that
 * leave the config, somebody else who fights. ONLY=test_name runs one of them.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"
#include "device/goal.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

/* ---- configs that come at a bad moment ---- */

/* @names: of all entries by which the device is called */
static void expect_entries(struct rig *r, const char *names)
{
	_cleanup_free_ char *got = NULL;
	entry_list entries = {};
	struct buf b = {};

	device_entries(r->d, &entries);
	vec_each(e, &entries) {
		buf_add(&b, "%s%s", b.n ? " " : "", (*e)->name);
		assert_true(device_matches_name(r->d, (*e)->name));
	}
	vec_clear(&entries);
	got = buf_take(&b);
	assert_string_equal(got, names);
}

/*
 * Entries of a config that is gone are not asked any more, though it is not known yet which are
 * right.
 */
static void test_config_while_unread(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES));
	rig_config(&r, "devices: {sim/a: {" LIVE
		       "}, x: {match: {driver: sim}}, z: {match: {driver: s*}}}");
	rig_expect_reason(&r, "sim/a (");
	rig_expect_reason(&r, "and x both match");
	rig_expect_reason(&r, "and z both match");
	expect_entries(&r, "sim/a x z");
	sim_register(&r.sim);
	r.reads = 0;
	r.good_reads = 1; /* that shows that it is another */
	r.read_error = -ETIMEDOUT;
	r.read_errors = 2;
	rig_stale(&r);
	assert_false(view_is_identified(&r.d->view));
	rig_config(&r, "devices: {y: {match: {driver: sim}, " LIVE "}}");
	expect_entries(&r, "sim/a");
	rig_tick(&r);
	expect_entries(&r, "y");
	rig_clear(&r);
}

/* ---- what is taken out of the config ---- */

static void test_removal_restores(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64, mode: smfs, sriov: true}, " LIVE));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("resources: {/kvd/a: 300}, trap_policers: {1: {burst: 64}}, params: "
			     "{mode: smfs}"));
	rig_expect(&r, "converged",
		   "param macs/driverinit: 64 -> 32\nresource /kvd/b: 700 -> 500\n" RELOAD
		   "trap_policer 1: burst 128 -> burst 64\n");
	rig_expect_reason(&r,
			  "param sriov was set before, and takes effect at the next power cycle");
	assert_int_equal(sim_get(&r.sim, "trap_policers", "1", "rate"), 1000);
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), 0);
	assert_int_equal(r.d->world.memory.pristine.notes.n, 3);
	rig_clear(&r);
}

static void test_removal_restores_what_was_there(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t2: trap}"));
	sim_set(&r.sim, "traps", "t1", "action", 2);
	rig_config(&r, ENTRY("traps: {t1: trap}"));
	rig_restart(&r);
	rig_log_clear(&r);
	rig_config(&r, ENTRY("reload: manual"));
	rig_expect(&r, "converged", "trap t1: trap -> mirror\n");
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/*
 * A driver need not keep its own granularity in what it registers, and the kernel does in what is
 * set.
 */
#define ODD_FACTS                                                                                  \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'reload': {'failed': false,"            \
	" 'counters': [['driver_reinit', 'unspec', 'local', 0]]}, 'resources': {"                  \
	"  '/t': {'size': 495, 'min': 100, 'max': 900, 'granularity': 10, 'id': 1},"               \
	"  '/u': {'size': 95, 'min': 100, 'max': 900, 'granularity': 10, 'id': 2}}}"

static void test_removal_of_an_odd_size(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, ODD_FACTS, ENTRY("resources: {/t: 300, /u: 200}"));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("reload: auto"));
	rig_expect(&r, "converged", "resource /u: 200 -> 100\nresource /t: 300 -> 490\n" RELOAD);
	assert_int_equal(r.d->world.memory.pristine.notes.n, 0);
	rig_clear(&r);
}

static void test_roll_back_to_an_odd_size(void **state)
{
	struct rig r = {};

	(void)state;
	r.sim.tears_down = 1;
	rig_start(&r, ODD_FACTS, ENTRY("resources: {/t: 300}"));
	rig_expect(&r, "quarantined",
		   "resource /t: 495 -> 300\n" RELOAD "resource /t: 300 -> 490\n" RELOAD);
	rig_clear(&r);
}

static void test_removal_keeps(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("on_removal: keep, " SIZES ", " LIVE));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("on_removal: keep, resources: {/kvd/a: 300}"));
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* What goes back is a want as any other: it has to fit, before anything of it is written. */
static void test_removal_has_to_fit(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", " LIVE));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("resources: {/kvd/b: 700}, traps: {t1: mirror}"));
	rig_expect(&r, "refused", "");
	rig_expect_reason(&r, "/kvd/a 500 (set back) + /kvd/b 700 = 1200");
	rig_stale(&r);
	rig_expect(&r, "refused", "");
	sim_set(&r.sim, "traps", "t1", "action", DEVLINK_TRAP_ACTION_DROP);
	rig_stale(&r); /* what was accepted before is enforced */
	rig_expect(&r, "refused", "trap t1: drop -> trap\n");
	rig_config(&r, ENTRY("resources: {/kvd/b: 400}, " LIVE));
	rig_expect(&r, "converged",
		   "resource /kvd/b: 700 -> 400\nresource /kvd/a: 300 -> 500\n" RELOAD LIVE_AHEAD);
	rig_clear(&r);
}

static const struct step *find_step(const struct plan *p, const char *name)
{
	vec_each(s, &p->steps)
		if (s->kind == STEP_SET && strcmp(s->target.name, name) == 0)
			return s;
	return NULL;
}

static void expect_was(struct rig *r, const char *object, const char *line)
{
	_cleanup_free_ char *text = NULL;
	struct plan plan = {};

	device_preview(r->d, false, &plan);
	assert_non_null(find_step(&plan, object));
	text = step_origin(find_step(&plan, object));
	assert_true(strncmp(text, "restore: was /", 14) == 0);
	assert_string_equal(strrchr(text, ':'), line);
	plan_clear(&plan);
}

/* The plan says where it was written; also after a restart, and of an entry that is gone. */
static void test_removal_has_an_origin(void **state)
{
	struct state restored = {};
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, params: {macs: 64}"));
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_config(&r, "\n\n" ENTRY("reload: manual, params: {macs: 64}")); /* now in line 4 */
	rig_expect(&r, "converged", "param macs/driverinit: 32 -> 64\n" RELOAD);
	rig_config(&r, ENTRY("reload: manual"));
	rig_expect(&r, "pending-reload", "");
	expect_was(&r, "macs", ":4");
	rig_restart(&r);
	expect_was(&r, "macs", ":4");
	rig_config(&r, "devices: {}");
	expect_was(&r, "macs", ":4");
	goal_restored(&r.d->goal, &restored);
	assert_int_equal(restored.objects.n, 1);
	assert_int_equal(restored.objects.v[0].v[0].num, 32);
	state_clear(&restored);
	rig_clear(&r);
}

/* `keep` holds when the whole entry goes, whatever another entry says later, or at once. */
static void test_kept_outlives_the_entry(void **state)
{
	struct rig r = {};

	(void)state;
	for (int in_one_step = 0; in_one_step <= 1; in_one_step++) {
		rig_start(&r, FACTS, ENTRY("on_removal: keep, " SIZES ", traps: {t1: trap}"));
		rig_log_clear(&r);
		if (!in_one_step)
			rig_config(&r, "devices: {}");
		rig_config(&r, ENTRY("traps: {t2: mirror}"));
		rig_expect(&r, "converged", "trap t2: drop -> mirror\n");
		rig_config(&r, ENTRY("reload: auto")); /* and that one's own values go back */
		rig_expect(&r, "converged", "trap t2: mirror -> drop\n");
		assert_int_equal(r.d->world.memory.pristine.notes.n, 0);
		rig_clear(&r);
	}
}

/* The entry goes on saying keep when its keys go, or begins to. */
static void test_kept_by_the_edit_that_removes(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", " LIVE));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("on_removal: keep"));
	rig_expect(&r, "converged", "");
	rig_config(&r, ENTRY("on_removal: restore"));
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* The whole entry goes: its values too, by its own reload policy, also where nobody watched. */
static void test_removal_of_the_entry(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, " LIVE));
	rig_log_clear(&r);
	config_unref(r.config);
	r.config = rig_load("devices: {sim/b: {traps: {t1: trap}}}");
	rig_restart(&r);
	rig_expect(&r, "unmanaged", "param macs/driverinit: 64 -> 32\n" RELOAD);
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), 0);
	rig_config(&r, ENTRY("reload: manual, " LIVE));
	rig_log_clear(&r);
	rig_config(&r, "devices: {}");
	rig_expect(&r, "unmanaged",
		   "trap_policer 1: rate 500 -> rate 1000\n"
		   "trap_group l2: 2 -> none\n"
		   "trap t1: trap -> drop\n");
	rig_clear(&r);
}

/* A restart into a config that the device refuses: what it has stays. */
static void test_refusal_removes_nothing(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	config_unref(r.config);
	r.config = rig_load(ENTRY("traps: {nonsense: drop}"));
	rig_restart(&r);
	rig_expect(&r, "refused", "");
	rig_stale(&r);
	rig_expect(&r, "refused", "");
	rig_config(&r, ENTRY("traps: {t2: trap}"));
	rig_expect(&r, "converged", LIVE_RESTORED "trap t1: trap -> drop\ntrap t2: drop -> trap\n");
	rig_clear(&r);
}

static void test_removal_waits_for_a_reload(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, params: {macs: 64}"));
	rig_expect(&r, "pending-reload", "");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "converged", STAGED RELOAD);
	rig_config(&r, "devices: {}");
	rig_expect(&r, "pending-reload", "");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY});
	rig_expect(&r, "pending-reload", "");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "unmanaged", "param macs/driverinit: 64 -> 32\n" RELOAD);
	rig_clear(&r);
}

/* ---- somebody else who wants something else ---- */

static void flip(struct rig *r, unsigned minutes)
{
	r->now += minutes * 60 * USEC_PER_SEC;
	sim_set(&r->sim, "traps", "t1", "action", 2);
	rig_stale(r);
}

static void test_fight(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap, t2: trap}"));
	rig_log_clear(&r);
	flip(&r, 1);
	flip(&r, 7);
	flip(&r, 7); /* the first one is too long ago */
	rig_expect(&r, "converged", FLIPPED FLIPPED FLIPPED);
	flip(&r, 1);
	rig_expect(&r, "drifted", "");
	rig_expect_reason(&r, "trap t1");
	sim_set(&r.sim, "traps", "t2", "action", 0);
	rig_stale(&r);
	rig_expect(&r, "drifted", "trap t2: drop -> trap\n");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	rig_expect(&r, "converged", FLIPPED);
	rig_clear(&r);
}

static void hear_something(struct rig *r)
{
	rig_send(r,
		 &(struct device_event){.type = DEVICE_EV_STALE, .trigger = TRIGGER_NOTIFICATION});
}

static void hear_always(struct rig *r)
{
	r->during_read = hear_always;
	hear_something(r);
}

/*
 * Something is heard during every read: what is not kept is not tried for ever, least of all by
 * reloads, and the device comes to rest for those who wait for it.
 */
static void test_not_kept_in_a_storm(void **state)
{
	struct rig r = {.during_read = hear_always, .sim = {.forgets = "macs"}};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "failed", STAGED "trap t1: drop -> trap\n");
	rig_expect_reason(&r, "param macs/driverinit to 64 was accepted but not kept");
	assert_false(device_busy(r.d));
	r.sim.forgets = "t1";
	rig_config(&r, ENTRY("traps: {t1: mirror}"));
	rig_expect(&r, "failed",
		   "trap t1: trap -> mirror\ntrap t1: trap -> mirror\ntrap t1: trap -> mirror\n");
	assert_false(device_busy(r.d));
	rig_clear(&r);
}

/* ... and what was permitted for once is not permitted as long as it lasts. */
static void test_permission_in_a_storm(void **state)
{
	struct rig r = {.during_read = hear_always};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", traps: {t1: trap}"));
	rig_expect(&r, "converged", SIZES_SENT RELOAD "trap t1: drop -> trap\n");
	assert_false(device_busy(r.d));
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 200);
	sim_reload(&r.sim, REINIT);
	for (int i = 0; i < 3; i++)
		rig_tick(&r);
	rig_expect(&r, "pending-reload", AHEAD);
	rig_clear(&r);
}

/* It never rests, as there is always something to read again. */
static void test_fight_without_a_rest(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	rig_log_clear(&r);
	for (unsigned i = 0; i < 3; i++) {
		r.during_read = hear_something;
		flip(&r, 1);
	}
	rig_expect(&r, "drifted", FLIPPED FLIPPED);
	rig_clear(&r);
}

static void test_reloads_are_no_fight(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	rig_log_clear(&r);
	for (unsigned i = 0; i < 5; i++) {
		sim_reload(&r.sim, REINIT);
		rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
		rig_expect(&r, "converged", AHEAD);
		sim_set(&r.sim, "traps", "t1", "action", 0); /* made anew by the driver itself */
		r.now += USEC_PER_MIN;			     /* for a token */
		rig_send(&r, &(struct device_event){.type = DEVICE_EV_RECREATED});
		rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	}
	rig_clear(&r);
}

static void use_up_tokens(struct rig *r)
{
	for (unsigned i = 0; i < 4; i++)
		hear_something(r);
}

/* What is heard while nothing can be read for a moment is known when it is read. */
static void test_heard_at_rest(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	rig_log_clear(&r);
	for (unsigned i = 0; i < 5; i++) {
		r.now += USEC_PER_MIN;
		use_up_tokens(&r);
		sim_set(&r.sim, "traps", "t1", "action", 0); /* made anew by the driver itself */
		rig_send(&r, &(struct device_event){.type = DEVICE_EV_RECREATED});
		rig_tick(&r);
		rig_expect(&r, "converged", "trap t1: drop -> trap\n");
	}
	r.now += USEC_PER_MIN;
	use_up_tokens(&r);
	sim_reload(&r.sim, REINIT);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
	assert_int_equal(r.d->history.outage, 0);
	rig_tick(&r);
	rig_expect(&r, "converged", AHEAD);
	assert_in_range(r.d->history.outage, USEC_PER_SEC / 3, USEC_PER_SEC);
	rig_clear(&r);
}

static void test_off(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	rig_log_clear(&r);
	r.env.off = true;
	rig_config(&r, ENTRY("params: {macs: 64}, traps: {t1: mirror}"));
	rig_expect(&r, "pending-reload", "");
	rig_expect_reason(&r, "carved=off");
	rig_config(&r, ENTRY("traps: {t1: mirror}"));
	rig_expect(&r, "drifted", "");
	rig_clear(&r);
}

/* ---- somebody else's reload at a bad moment ---- */

static void reload_with_another(struct rig *r)
{
	sim_reload(&r->sim, REINIT);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					   .trigger = TRIGGER_NOTIFICATION});
}

/*
 * Somebody stages another value and reloads, as he must: the value is found, and set back when the
 * reload has loaded it already. It is in force, whatever a GET shows.
 */
static void test_set_back_too_late(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	rig_log_clear(&r);
	sim_set(&r.sim, "params", "macs/driverinit", "value", 128);
	rig_stale(&r);
	rig_expect(&r, "drifted", "");
	r.during_read = reload_with_another;
	rig_tick(&r);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 128);
	rig_expect(&r, "pending-reload", "param macs/driverinit: 128 -> 64\n");
	rig_config(&r, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "converged", RELOAD);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	rig_clear(&r);
}

/*
 * He stages several values one after the other, and an audit comes between: nothing is set back
 * before he has done nothing for a while, and then all of it.
 */
static void test_staged_line_by_line(void **state)
{
	struct rig r = {};
	uint64_t until;

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES));
	rig_log_clear(&r);
	sim_set(&r.sim, "resources", "/kvd/b", "size_new", 500);
	rig_stale(&r);
	rig_expect(&r, "drifted", "");
	r.now += 4 * USEC_PER_SEC;
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 500);
	rig_tick(&r);
	rig_expect(&r, "drifted", "");
	until = r.wake_at;
	r.now += 4 * USEC_PER_SEC;
	rig_stale(&r);
	rig_expect(&r, "drifted", "");
	assert_true(r.wake_at == until); /* or audits would put it off for ever */
	rig_tick(&r);
	rig_expect(&r, "converged", "resource /kvd/a: 500 -> 300\nresource /kvd/b: 500 -> 700\n");
	assert_true(r.wake_at == USEC_NEVER);
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 500);
	rig_stale(&r);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY}); /* who asks need not wait */
	rig_expect(&r, "converged", "resource /kvd/a: 500 -> 300\n");
	rig_clear(&r);
}

/* What an operator stages as it is declared is his to load: it is no drift, and no fight. */
static void test_staged_as_declared(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", params: {macs: 64}"));
	rig_log_clear(&r);
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 500);
	sim_set(&r.sim, "resources", "/kvd/b", "size_new", 500);
	sim_set(&r.sim, "params", "macs/driverinit", "value", 32);
	reload_with_another(&r);
	rig_expect(&r, "pending-reload", "");
	sim_set(&r.sim, "resources", "/kvd/a", "size_new", 300);
	for (unsigned i = 0; i < 4; i++)
		rig_stale(&r);
	sim_set(&r.sim, "resources", "/kvd/b", "size_new", 700);
	sim_set(&r.sim, "params", "macs/driverinit", "value", 64);
	rig_stale(&r);
	rig_restart(&r);
	rig_expect(&r, "converged", RELOAD); /* a start permits it */
	assert_int_equal(r.d->fights.flips.n, 0);
	rig_clear(&r);
}

static void test_staged_as_declared_and_reloaded(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, params: {macs: 64}"));
	rig_expect(&r, "pending-reload", "");
	sim_set(&r.sim, "params", "macs/driverinit", "value", 64);
	rig_stale(&r);
	rig_restart(&r);
	rig_expect(&r, "pending-reload", "");
	reload_with_another(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

static void then_reload(struct rig *r)
{
	r->during_write = reload_with_another;
}

/*
 * A wanted value is set back, as another was refused, before or after: it is not believed to be in
 * force.
 */
static void test_taken_back_too_early(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	rig_log_clear(&r);
	sim_fault(&r.sim, (struct fault){"fast/driverinit", -EINVAL, "no", 9, false, NULL});
	r.during_write = then_reload;
	rig_config(&r, ENTRY("params: {macs: 64, fast: false}"));
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 32);
	rig_expect_reason(&r, "param macs");
	rig_config(&r, ENTRY("params: {macs: 64}"));
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	rig_clear(&r);
}

/* His reload has loaded what we have staged: ours is not needed any more. */
static void test_reloaded_between_staging_and_reload(void **state)
{
	struct rig r = {.during_write = reload_with_another};

	(void)state;
	rig_start(&r, FACTS, ENTRY(SIZES ", traps: {t1: trap}"));
	rig_expect(&r, "converged", SIZES_SENT "trap t1: drop -> trap\n");
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

/* ---- another device under the same handle ---- */

static void exchange(struct rig *r)
{
	r->sim.gone = true;
	rig_send(r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					   .trigger = TRIGGER_NOTIFICATION});
	assert_true(r->gone);
	r->sim.gone = false;
	sim_register(&r->sim);
}

/* Its counters may be those of the one before: what is known of that is worth nothing. */
static void test_another_device(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 32, mode: smfs}"));
	rig_log_clear(&r);
	exchange(&r);
	sim_set(&r.sim, "params", "macs/driverinit", "value", 16);
	sim_reload(&r.sim, REINIT);
	r.sim.facts.counters.v[0].value = 0;
	rig_restart(&r);
	rig_expect(&r, "converged",
		   "param macs/driverinit: 16 -> 32\n" RELOAD "param mode/runtime: dmfs -> smfs\n");
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 32);
	rig_clear(&r);
}

static void test_boot_policy_of_another_device(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: boot, traps: {t1: trap}"));
	rig_config(&r, ENTRY("reload: boot, params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "pending-reload", "trap t1: drop -> trap\n");
	exchange(&r);
	rig_restart(&r);
	rig_expect(&r, "converged", STAGED RELOAD "trap t1: drop -> trap\n");
	rig_clear(&r);
}

/* ---- reloads that would destroy something ---- */

static void test_reload_that_destroys(void **state)
{
	struct rig r = {.sim = {.impact = {.netdevs = 4, .up = 3, .mastered = 1, .splits = 2}}};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "pending-reload", "trap t1: drop -> trap\n");
	rig_expect_reason(&r, "3 netdevs up, 1 netdev down, 1 with a master, 2 split ports");
	rig_expect_reason(&r, "--allow-reload");
	rig_config(&r, ENTRY("params: {macs: 64}, traps: {t1: mirror}"));
	rig_expect(&r, "pending-reload", "trap t1: trap -> mirror\n");
	r.sim.impact.splits = 0; /* now it is permitted, when the next occasion comes */
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "");
	r.sim.impact.switchdev = true;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "converged", STAGED RELOAD "trap t1: -> mirror\n");
	rig_clear(&r);
}

/* Where a reload waits for permission, whoever is to give it is told what it resets. */
static void test_what_a_reload_resets(void **state)
{
	struct rig r = {.sim = {.impact = {.netdevs = 4, .up = 3, .mastered = 1}}};
	struct plan plan = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: manual, params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "pending-reload", "trap t1: drop -> trap\n");
	device_preview(r.d, false, &plan);
	assert_string_equal(plan.steps.v[plan.steps.n - 1].from,
			    "3 netdevs up, 1 netdev down, 1 with a master");
	plan_clear(&plan);
	rig_clear(&r);
}

/* ---- reloads that fail ---- */

/*
 * A reload fails after the tear-down: what worked before comes back, and what failed is left alone.
 */
static void test_roll_back(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS,
		  ENTRY("resources: {/kvd/a: 400}, params: {macs: 48}, traps: {t1: trap}"));
	rig_expect(&r, "converged",
		   "param macs/driverinit: 32 -> 48\nresource /kvd/a: 500 -> 400\n" RELOAD
		   "trap t1: drop -> trap\n");
	r.sim.tears_down = 1;
	rig_config(&r, ENTRY(SIZES ", params: {macs: 64}, traps: {t1: trap, t2: mirror}"));
	rig_expect(&r, "quarantined",
		   "param macs/driverinit: 48 -> 64\nresource /kvd/a: 400 -> 300\n"
		   "resource /kvd/b: 500 -> 700\n" RELOAD "param macs/driverinit: 64 -> 48\n"
		   "resource /kvd/b: 700 -> 500\nresource /kvd/a: 300 -> 400\n" RELOAD
		   "trap t1: drop -> trap\ntrap t2: drop -> mirror\n");
	rig_expect_reason(&r, "No space left on device");
	rig_expect_reason(&r, "worked before are in force");
	assert_non_null(strstr(r.d->history.records.v[1].detail, "are being brought back"));
	assert_null(strstr(r.d->history.records.v[1].detail, "steps"));
	assert_int_equal(sim_get(&r.sim, "resources", "/kvd/a", "size"), 400);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 48);
	sim_set(&r.sim, "traps", "t1", "action", 0); /* live policy goes on being enforced */
	rig_stale(&r);
	rig_expect(&r, "quarantined", "trap t1: drop -> trap\n");
	rig_restart(&r);
	rig_expect(&r, "quarantined", "");
	rig_config(&r, ENTRY(SIZES
			     ", params: {macs: 64}, traps: {t1: trap}")); /* the same reload part */
	rig_expect(&r, "quarantined", "trap t2: mirror -> drop\n");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	rig_expect(&r, "converged",
		   "param macs/driverinit: 48 -> 64\nresource /kvd/a: 400 -> 300\n"
		   "resource /kvd/b: 500 -> 700\n" RELOAD AHEAD);
	rig_clear(&r);
}

/* What left the config before is not part of what is rolled back to. */
/*
 * A driver whose INFO_GET fails while it is torn down: it was known before, and whoever asks can
 * bring it back.
 */
static void test_torn_down_and_dumb(void **state)
{
	struct rig r = {.sim = {.dumb = true}};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 48}, traps: {t1: trap}"));
	rig_log_clear(&r);
	r.sim.tears_down = 9;
	rig_config(&r, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	for (int i = 0; i < 4; i++)
		rig_tick(&r);
	assert_string_equal(device_state_name(r.d->status.state), "quarantined");
	rig_expect_reason(&r, "no roll-back succeeded");
	rig_log_clear(&r);
	r.sim.tears_down = 0;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	rig_expect(&r, "converged",
		   "param macs/driverinit: 32 -> 64\n" RELOAD "trap t1: drop -> trap\n");
	rig_clear(&r);
}

static void wait_for_minutes(struct rig *r)
{
	r->now += 59 * USEC_PER_SEC;
	rig_send(r, &(struct device_event){.type = DEVICE_EV_TICK});
	assert_null(strstr(r->d->status.reason, "has not finished"));
	r->now += 66 * USEC_PER_SEC;
	rig_send(r, &(struct device_event){.type = DEVICE_EV_TICK});
	rig_expect_reason(r, "the kernel has not finished a setting for 2 min");
	assert_true(r->d->run.told_slow);
	assert_true(device_busy(r->d));
}

/* A request that does not come back is told, with its age. */
static void test_kernel_takes_long(void **state)
{
	struct rig r = {.during_write = wait_for_minutes};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "converged", STAGED RELOAD);
	rig_clear(&r);
}

/* The thread of the request died with the kernel: the device is not touched again. */
static void test_kernel_breaks_down(void **state)
{
	struct rig r = {.kill_at = 3};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	assert_int_equal(r.d->run.activity, ACTIVITY_WRITING);
	r.kill_at = 0;
	r.killed = false;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_BROKEN});
	assert_string_equal(device_state_name(r.d->status.state), "failed");
	rig_expect_reason(&r, "the kernel broke down in a setting of this device; reboot");
	assert_false(device_busy(r.d));
	rig_log_clear(&r);
	sim_set(&r.sim, "traps", "t1", "action", 0);
	r.now += USEC_PER_SEC;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_RECREATED});
	rig_stale(&r);
	rig_tick(&r);
	rig_config(&r, ENTRY("traps: {t1: mirror}"));
	rig_expect(&r, "failed", "");
	assert_string_equal(r.d->status.reason,
			    "the kernel broke down in a setting of this device; reboot");
	assert_int_equal(r.wake_at, USEC_NEVER);
	rig_clear(&r);
}

static void test_roll_back_after_a_removal(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 48, fast: false}"));
	rig_config(&r, ENTRY("params: {macs: 48}"));
	rig_log_clear(&r);
	r.sim.tears_down = 1;
	rig_config(&r, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "quarantined",
		   "param macs/driverinit: 48 -> 64\n" RELOAD
		   "param macs/driverinit: 64 -> 48\n" RELOAD);
	assert_int_equal(r.d->world.memory.lasting.good.notes.n, 1);
	rig_clear(&r);
}

static void test_quarantine_ends_with_another_config(void **state)
{
	struct rig r = {};

	(void)state;
	r.sim.tears_down = 1;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "quarantined", STAGED RELOAD "param macs/driverinit: 64 -> 32\n" RELOAD);
	rig_config(&r, ENTRY("params: {macs: 48}"));
	rig_expect(&r, "converged", "param macs/driverinit: 32 -> 48\n" RELOAD);
	rig_clear(&r);
}

static void test_quarantine_outlives_a_reboot(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 48}"));
	r.sim.tears_down = 1;
	rig_config(&r, ENTRY("params: {macs: 64}"));
	assert_string_equal(device_state_name(r.d->status.state), "quarantined");
	rig_log_clear(&r);
	sim_register(&r.sim);
	json_decref(r.saved);
	r.saved = NULL;
	rig_restart(&r);
	rig_expect(&r, "quarantined", "param macs/driverinit: 32 -> 48\n" RELOAD);
	rig_clear(&r);
}

static void reboot(struct rig *r, const char *boot)
{
	sim_register(&r->sim);
	json_decref(r->saved);
	r->saved = NULL;
	r->env.boot = boot;
	rig_restart(r);
}

/* What has worked before is tried once more in each boot, and only what has. */
static void test_what_worked_is_tried_in_each_boot(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	reboot(&r, "boot 2");
	rig_expect(&r, "converged",
		   "param macs/driverinit: 32 -> 64\n" RELOAD
		   "param macs/driverinit: 32 -> 64\n" RELOAD);
	for (unsigned i = 0; i < 2; i++) {
		r.sim.tears_down = 1;
		reboot(&r, i ? "boot 4" : "boot 3");
		rig_expect(&r, "quarantined",
			   "param macs/driverinit: 32 -> 64\n" RELOAD
			   "param macs/driverinit: 64 -> 32\n" RELOAD);
		rig_restart(&r);
		rig_stale(&r);
		rig_expect(&r, "quarantined", "");
		sim_register(&r.sim); /* not in the same boot */
		rig_stale(&r);
		rig_expect(&r, "quarantined", "");
	}
	reboot(&r, "boot 5");
	rig_expect(&r, "converged", "param macs/driverinit: 32 -> 64\n" RELOAD);
	r.sim.tears_down = 1;
	rig_config(&r, ENTRY("params: {macs: 48}"));
	rig_log_clear(&r);
	reboot(&r, "boot 6");
	rig_expect(&r, "quarantined", "param macs/driverinit: 32 -> 64\n" RELOAD);
	rig_clear(&r);
}

/* Under another kernel it has not been proven, and its quarantine is over. */
static void test_what_worked_under_another_kernel(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	r.env.kernel = "6.2.0";
	r.sim.tears_down = 1;
	reboot(&r, "boot 2");
	rig_log_clear(&r);
	reboot(&r, "boot 3");
	rig_expect(&r, "quarantined", "");
	rig_clear(&r);
}

/* Nothing brings it back up: tries at once, after 1, 10 and 60 s, then the driver's own values. */
static void test_roll_back_fails(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 48}"));
	rig_log_clear(&r);
	r.sim.tears_down = 100;
	rig_config(&r, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "quarantined",
		   "param macs/driverinit: 48 -> 64\n" RELOAD
		   "param macs/driverinit: 64 -> 48\n" RELOAD);
	rig_expect_reason(&r, "are being brought back");
	assert_null(strstr(r.d->status.reason, "permitted")); /* what it waits for */
	for (unsigned i = 0; i < 2; i++) {
		rig_stale(&r);
		rig_expect(&r, "quarantined", "");
		rig_tick(&r);
		rig_expect(&r, "quarantined", RELOAD);
	}
	rig_tick(&r);
	rig_expect(&r, "quarantined", RELOAD "param macs/driverinit: 48 -> 32\n" RELOAD);
	rig_expect_reason(&r, "no roll-back succeeded");
	assert_null(strstr(r.d->status.reason, "permitted"));
	rig_tick(&r);
	rig_stale(&r);
	rig_restart(&r);
	rig_expect(&r, "quarantined", "");
	r.sim.tears_down = 0;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	rig_expect(&r, "converged", "param macs/driverinit: 32 -> 64\n" RELOAD);
	rig_clear(&r);
}

/* The process dies when the reload that fails has been sent: the next one knows whose it was. */
static void test_killed_in_a_failing_reload(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 12; at++) {
		struct rig r = {};

		rig_start(&r, FACTS, ENTRY("params: {macs: 48}, traps: {t1: trap}"));
		r.sim.tears_down = 1;
		r.actions = 0;
		r.kill_at = at;
		rig_config(&r, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
		if (r.killed)
			rig_restart(&r);
		assert_false(r.sim.facts.reload_failed);
		assert_string_equal(device_state_name(r.d->status.state), "quarantined");
		assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 48);
		assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), 1);
		assert_true(r.sim.reloads <= 3);
		rig_clear(&r);
	}
}

/* "Busy" after the tear-down is no reason to leave it down for a second. */
static void test_roll_back_when_busy(void **state)
{
	struct rig r = {.sim = {.tears_down = 1}};

	(void)state;
	sim_fault(&r.sim, (struct fault){"reload", -EBUSY, "too late", 1, true, NULL});
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "quarantined", STAGED RELOAD "param macs/driverinit: 64 -> 32\n" RELOAD);
	rig_expect_reason(
		&r,
		"Device or resource busy: too late; the values that worked before are in force");
	rig_clear(&r);
}

static void register_in_reload(struct rig *r)
{
	r->during_write = register_in_reload;
	if (!rig_was_reloaded(r))
		return;
	sim_register(&r->sim);
	rig_tell_registration(r);
}

/* Each reload makes the driver bind anew, and at that a reload is permitted: not for ever. */
static void test_reload_registers_anew(void **state)
{
	struct rig r = {.during_write = register_in_reload};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	assert_int_equal(r.sim.reloads, 10);
	rig_log_clear(&r);
	rig_stale(&r);
	rig_expect(&r, "quarantined", "");
	rig_expect_reason(&r, "in each of 10 reloads the device registered again");
	rig_restart(&r);
	rig_expect(&r, "quarantined", "");
	r.during_write = NULL;
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	rig_expect(&r, "converged", STAGED RELOAD AHEAD);
	rig_clear(&r);
}

/* ---- what an operator sees meanwhile ---- */

/* From the first tear-down on it is down, whatever is tried, and the outage is all of it. */
static void test_down(void **state)
{
	struct rig r = {};
	uint64_t start;

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 48}"));
	r.sim.tears_down = 3;
	assert_int_equal(device_down_since(r.d), 0);
	start = r.now;
	rig_config(&r, ENTRY("params: {macs: 64}"));
	assert_in_range(device_down_since(r.d), start, start + USEC_PER_SEC);
	assert_int_equal(device_retry_at(r.d), r.wake_at);
	assert_int_equal(r.d->history.records.n, 2); /* at once, not when it is up again */
	assert_string_equal(r.d->history.records.v[1].result, "quarantined");
	rig_tick(&r); /* a second later: in vain */
	assert_in_range(device_down_since(r.d), start, start + USEC_PER_SEC);
	rig_tick(&r); /* ten seconds later */
	rig_expect_reason(&r, "worked before are in force");
	assert_int_equal(device_down_since(r.d), 0);
	assert_int_equal(device_retry_at(r.d), 0);
	assert_in_range(r.d->history.outage, 11 * USEC_PER_SEC, r.now - start);
	assert_int_equal(r.d->history.records.n, 3);
	assert_int_equal(r.d->history.records.v[2].outage, r.d->history.outage);
	rig_clear(&r);
}

/* Two reloads without a rest in between are one outage. */
static void edit_in_the_reload(struct rig *r)
{
	if (run_traits(&r->d->run)->state != STATE_RELOADING) {
		r->during_write = edit_in_the_reload;
		return;
	}
	r->now += 5 * USEC_PER_SEC;
	rig_config(r, ENTRY("params: {macs: 96}"));
}

static void test_outage_of_two_reloads(void **state)
{
	struct rig r = {.during_write = edit_in_the_reload};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}"));
	assert_int_equal(r.sim.reloads, 2);
	assert_in_range(r.d->history.outage, 5 * USEC_PER_SEC, 6 * USEC_PER_SEC);
	rig_clear(&r);
}

static enum device_state seen[8];
static unsigned n_seen;

static void see(struct rig *r)
{
	if (n_seen < ARRAY_SIZE(seen))
		seen[n_seen++] = r->d->status.state;
}

/* What is staged is no difference yet, and told for itself. */
static void test_report_of_staged(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("drift: report, params: {macs: 32}, traps: {t1: trap}"));
	sim_set(&r.sim, "params", "macs/driverinit", "value", 64);
	rig_stale(&r);
	assert_string_equal(r.d->status.reason, "what somebody else has staged is only reported "
						"(drift: report): param macs/driverinit");
	sim_set(&r.sim, "traps", "t1", "action", 2);
	rig_stale(&r);
	assert_string_equal(r.d->status.reason,
			    "1 difference is only reported (drift: report): trap "
			    "t1; what somebody else has staged is only reported "
			    "(drift: report): param macs/driverinit");
	rig_clear(&r);
}

/* Differences that are only reported stay so while they are looked at. */
static void test_report_does_not_flap(void **state)
{
	uint64_t since, converged_at;
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("drift: report, traps: {t1: trap}"));
	sim_set(&r.sim, "traps", "t1", "action", 2);
	rig_stale(&r);
	rig_expect_reason(&r, "1 difference is only reported (drift: report): trap t1");
	since = r.d->status.since;
	converged_at = r.d->status.converged_at;
	for (n_seen = 0; n_seen < 3;) {
		r.now += 10 * USEC_PER_SEC;
		r.during_read = see;
		rig_stale(&r);
	}
	for (unsigned i = 0; i < n_seen; i++)
		assert_int_equal(seen[i], STATE_DRIFTED);
	assert_int_equal(r.d->status.since, since);
	assert_int_equal(r.d->status.converged_at, converged_at);
	rig_clear(&r);
}

/* A config that changes nothing is no other state; what is done is. */
static void test_since(void **state)
{
	struct rig r = {};
	uint64_t since;

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: trap}"));
	since = r.d->status.since;
	r.now += 10 * USEC_PER_SEC;
	rig_config(&r, ENTRY("traps: {t1: trap}"));
	assert_int_equal(r.d->status.since, since);
	rig_config(&r, ENTRY("traps: {t1: mirror}"));
	assert_true(r.d->status.since > since + 10 * USEC_PER_SEC);
	rig_clear(&r);
}

/* Once nothing of it holds, it is no error any more. */
static void test_last_error_goes(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){.object = "/kvd/b", .error = -EINVAL, .times = 1});
	rig_start(&r, FACTS, ENTRY(SIZES));
	assert_non_null(strstr(r.d->failures.last_error, "/kvd/b to 700 was refused"));
	assert_in_range(r.d->failures.last_at, r.now - USEC_PER_SEC, r.now);
	rig_stale(&r);
	assert_true(r.d->failures.last_at > 0);
	rig_config(&r, ENTRY(SIZES));
	rig_expect_reason(&r, "");
	assert_string_equal(r.d->failures.last_error, "");
	assert_int_equal(r.d->failures.last_at, 0);
	rig_clear(&r);
}

/* ---- reloads that end otherwise ---- */

/* The system goes down with it: nothing is left but the disk. */
static void power_cut(struct rig *r)
{
	_cleanup_free_ char *boot = mem_printf("boot %u", r->sim.reloads);

	sim_register(&r->sim);
	json_decref(r->saved);
	r->saved = NULL;
	r->env.boot = arena_strdup(&r->sim.facts.arena, boot);
	rig_restart(r);
}

static void die_in_the_reload(struct rig *r)
{
	r->killed = run_traits(&r->d->run)->state == STATE_RELOADING;
	if (!r->killed)
		r->during_write = die_in_the_reload;
}

/* Ten reloads in a row that end with the system going down are enough. */
static void test_power_cuts(void **state)
{
	unsigned reloads;

	(void)state;
	for (int quiet = 0; quiet < 2; quiet++) {
		struct rig r = {.quiet = quiet, .during_write = die_in_the_reload};

		rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
		for (unsigned i = 0; i < 15 && r.killed; i++) {
			r.during_write = die_in_the_reload;
			power_cut(&r);
		}
		assert_string_equal(device_state_name(r.d->status.state), "quarantined");
		rig_expect_reason(&r, "in each of 10 reloads the device registered again");
		reloads = r.sim.reloads;
		assert_int_equal(reloads, 10);
		assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), 1);
		rig_clear(&r);
	}
}

/* What worked before, and what the system goes down with now, is not tried again in each boot. */
static void test_power_cuts_of_what_worked(void **state)
{
	unsigned before, cuts = 0;
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	before = r.sim.reloads;
	for (unsigned boot = 0; boot < 40; boot++) {
		r.during_write = die_in_the_reload;
		power_cut(&r);
		for (unsigned i = 0; i < 8 && !r.killed; i++)
			rig_tick(&r);
		cuts += r.killed;
	}
	assert_false(r.killed);
	assert_string_equal(device_state_name(r.d->status.state), "quarantined");
	assert_int_equal(r.sim.reloads, before + cuts);
	assert_int_equal(cuts, 10);
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), 1);
	rig_clear(&r);
}

/* While it is down another config comes, which fails too: all that it brought is rolled back. */
static void test_roll_back_again(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {macs: 48}"));
	r.sim.tears_down = 3;
	rig_config(&r, ENTRY("params: {macs: 64}"));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("params: {macs: 96}, resources: {/kvd/a: 400}"));
	rig_expect(&r, "quarantined",
		   "param macs/driverinit: 48 -> 96\nresource /kvd/a: 500 -> 400\n" RELOAD
		   "param macs/driverinit: 96 -> 48\nresource /kvd/a: 400 -> 500\n" RELOAD);
	rig_expect_reason(&r, "worked before are in force");
	rig_clear(&r);
}

static void test_reload_failed_by_others(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY(LIVE));
	rig_log_clear(&r);
	r.sim.tears_down = 1;
	sim_reload(&r.sim, REINIT);
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	rig_expect_reason(&r, "last reload failed");
	rig_config(&r, ENTRY(LIVE));
	rig_expect(&r, "converged", RELOAD LIVE_SENT);
	assert_int_equal(r.sim.reloads, 1);
	rig_clear(&r);
}

static void test_reload_failed_at_start(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r,
		  "{'format': 1, 'handle': 'sim/a', 'driver': 'sim',"
		  " 'reload': {'failed': true, 'counters':"
		  "  [['driver_reinit', 'unspec', 'local', 2]]},"
		  " 'params': {'macs': {'driverinit': {'type': 'u32', 'value': 32}}},"
		  " 'traps': {'t1': {'action': 'drop', 'type': 'drop', 'group': 'l2'}}}",
		  ENTRY("params: {macs: 64}, traps: {t1: trap}"));
	rig_expect(&r, "converged", STAGED RELOAD "trap t1: drop -> trap\n");
	rig_clear(&r);
}

/*
 * A param that is registered by the bring-up is not there while that has failed: no reason to wait
 * for it.
 */
static void test_param_goes_with_the_ports(void **state)
{
	static const char config[] = ENTRY("params: {mode: smfs, macs: 64}");
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("params: {mode: smfs}"));
	r.sim.fades = "mode";
	r.sim.tears_down = 1;
	rig_log_clear(&r);
	rig_config(&r, config);
	rig_expect(&r, "quarantined", STAGED RELOAD "param macs/driverinit: 64 -> 32\n" RELOAD);
	rig_expect_reason(&r, "worked before are in force");
	r.sim.tears_down = 1; /* by somebody else, and it is nobody's turn */
	sim_reload(&r.sim, REINIT);
	rig_restart(&r);
	rig_expect(&r, "quarantined", RELOAD);
	rig_clear(&r);
}

static void reload_beside(struct rig *r)
{
	sim_reload(&r->sim, REINIT);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					   .trigger = TRIGGER_NOTIFICATION});
	rig_send(r, &(struct device_event){
			    .type = DEVICE_EV_PAUSE, .until = USEC_NEVER, .who = "the test"});
}

/*
 * Another program reloads beside a SET of what is staged: which value it has loaded nobody can
 * tell. Whichever is wanted later takes a reload, also that of before.
 */
static void test_reloaded_beside_a_set(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("reload: auto, params: {macs: 32}"));
	rig_log_clear(&r);
	r.during_write = reload_beside;
	rig_config(&r, ENTRY("reload: auto, params: {macs: 64}"));
	rig_expect(&r, "paused", STAGED);
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 64);
	rig_config(&r, ENTRY("reload: auto, params: {macs: 32}"));
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_PAUSE});
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	assert_int_equal(sim_active(&r.sim, "macs/driverinit"), 32);
	rig_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_while_unread),
		cmocka_unit_test(test_removal_restores),
		cmocka_unit_test(test_removal_restores_what_was_there),
		cmocka_unit_test(test_removal_of_an_odd_size),
		cmocka_unit_test(test_roll_back_to_an_odd_size),
		cmocka_unit_test(test_removal_keeps),
		cmocka_unit_test(test_removal_has_to_fit),
		cmocka_unit_test(test_removal_has_an_origin),
		cmocka_unit_test(test_kept_outlives_the_entry),
		cmocka_unit_test(test_kept_by_the_edit_that_removes),
		cmocka_unit_test(test_removal_of_the_entry),
		cmocka_unit_test(test_refusal_removes_nothing),
		cmocka_unit_test(test_removal_waits_for_a_reload),
		cmocka_unit_test(test_fight),
		cmocka_unit_test(test_not_kept_in_a_storm),
		cmocka_unit_test(test_permission_in_a_storm),
		cmocka_unit_test(test_fight_without_a_rest),
		cmocka_unit_test(test_reloads_are_no_fight),
		cmocka_unit_test(test_heard_at_rest),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_set_back_too_late),
		cmocka_unit_test(test_taken_back_too_early),
		cmocka_unit_test(test_reloaded_between_staging_and_reload),
		cmocka_unit_test(test_another_device),
		cmocka_unit_test(test_boot_policy_of_another_device),
		cmocka_unit_test(test_reload_that_destroys),
		cmocka_unit_test(test_what_a_reload_resets),
		cmocka_unit_test(test_roll_back),
		cmocka_unit_test(test_torn_down_and_dumb),
		cmocka_unit_test(test_param_goes_with_the_ports),
		cmocka_unit_test(test_kernel_takes_long),
		cmocka_unit_test(test_kernel_breaks_down),
		cmocka_unit_test(test_roll_back_after_a_removal),
		cmocka_unit_test(test_quarantine_ends_with_another_config),
		cmocka_unit_test(test_quarantine_outlives_a_reboot),
		cmocka_unit_test(test_what_worked_is_tried_in_each_boot),
		cmocka_unit_test(test_what_worked_under_another_kernel),
		cmocka_unit_test(test_roll_back_fails),
		cmocka_unit_test(test_killed_in_a_failing_reload),
		cmocka_unit_test(test_roll_back_when_busy),
		cmocka_unit_test(test_reload_registers_anew),
		cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_power_cuts_of_what_worked),
		cmocka_unit_test(test_staged_line_by_line),
		cmocka_unit_test(test_staged_as_declared),
		cmocka_unit_test(test_staged_as_declared_and_reloaded),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_outage_of_two_reloads),
		cmocka_unit_test(test_report_of_staged),
		cmocka_unit_test(test_report_does_not_flap),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_last_error_goes),
		cmocka_unit_test(test_roll_back_again),
		cmocka_unit_test(test_reload_failed_by_others),
		cmocka_unit_test(test_reload_failed_at_start),
		cmocka_unit_test(test_reloaded_beside_a_set),
	};

	log_set_level(getenv("LOG_LEVEL") ? getenv("LOG_LEVEL") : "crit");
	if (getenv("ONLY"))
		cmocka_set_test_filter(getenv("ONLY"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
