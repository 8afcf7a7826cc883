// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine and what makes ports go and come: splits, and line cards that take their time. */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

#define PORTS                                                                                      \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim',"                                        \
	" 'reload': {'failed': false, 'counters': [['driver_reinit', 'unspec', 'local', 0]]},"     \
	" 'params': {'macs': {'driverinit': {'type': 'u32', 'value': 32}}},"                       \
	" 'port_splits': {'p1': {'count': 0, 'lanes': 4, 'splittable': 1},"                        \
	"  'p2': {'count': 0, 'lanes': 4, 'splittable': 1}},"                                      \
	" 'linecards': {'1': {'type': '', 'state': 'unprovisioned', 'supported': 'A, B'}},"        \
	" 'shared_buffers': {'pools': {'0/0': {'size': 960, 'type': 'dynamic', 'cell': 1}},"       \
	"'ports': {'p1/0/0': {'threshold': 7},"                                                    \
	"  'p2/0/0': {'threshold': 7}}}}"

static void test_from_two_to_four(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, PORTS, ENTRY("port_splits: {p1: 2}"));
	rig_expect(&r, "converged", "port_split p1: none -> 2\n");
	rig_config(&r, ENTRY("port_splits: {p1: 4}"));
	rig_expect(&r, "converged", "port_split p1: 2 -> none\nport_split p1: none -> 4\n");
	rig_config(&r, ENTRY(""));
	rig_expect(&r, "converged", "port_split p1: 4 -> none\n");
	rig_clear(&r);
}

/* Killed when it is whole, and not split again yet. */
static void test_killed_half_way(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, PORTS, ENTRY("port_splits: {p1: 2}"));
	rig_log_clear(&r);
	r.kill_at = r.actions + 2;
	rig_config(&r, ENTRY("port_splits: {p1: 4}"));
	assert_true(r.killed);
	assert_int_equal(sim_get(&r.sim, "port_splits", "p1", "count"), 0);
	rig_log_clear(&r);
	rig_restart(&r);
	rig_expect(&r, "converged", "port_split p1: none -> 4\n");
	rig_config(&r, ENTRY(""));
	rig_expect(&r, "converged", "port_split p1: 4 -> none\n");
	rig_clear(&r);
}

static void test_reload_forgets(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, PORTS, ENTRY("port_splits: {p1: 2}"));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("port_splits: {p1: 2}, params: {macs: 64}, shared_buffers: {ports: "
			     "{p1s1/0/0: {threshold: 9}}}"));
	rig_expect(&r, "converged",
		   STAGED RELOAD "port_split p1: none -> 2\nsb_port p1s1/0/0: 7 -> 9\n");
	rig_clear(&r);
}

/* Its mode was declared, so a reload that forgets it needs no permission of its own. */
static void test_reload_forgets_mode(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r,
		  "{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'reload': {'failed': false, "
		  "'counters': [['driver_reinit', 'unspec', 'local', 0]]}, 'eswitch': {'mode': "
		  "'legacy'}, 'params': {'macs': {'driverinit': {'type': 'u32', 'value': 32}}}}",
		  ENTRY("eswitch: {mode: switchdev}"));
	rig_expect(&r, "converged", "eswitch eswitch: mode legacy -> mode switchdev\n");
	rig_config(&r, ENTRY("eswitch: {mode: switchdev}, params: {macs: 64}"));
	rig_expect(&r, "converged",
		   STAGED RELOAD "eswitch eswitch: mode legacy -> mode switchdev\n");
	rig_clear(&r);
}

/* What was split when it worked is gone, and holds no roll-back back. */
static void test_roll_back_of_what_was_split(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, PORTS, ENTRY("port_splits: {p1: 2, p2: 2}"));
	rig_log_clear(&r);
	r.sim.tears_down = 1;
	rig_config(&r, ENTRY("params: {macs: 64}"));
	rig_expect(&r, "quarantined", STAGED RELOAD "param macs/driverinit: 64 -> 32\n" RELOAD);
	assert_false(r.sim.facts.reload_failed);
	rig_clear(&r);
}

#define SPLIT_AGAIN "port_split p1: none -> 2\nsb_port p1s0/0/0: 7 -> 9\nsb_port p1s1/0/0: 7 -> 9\n"

static void start_split(struct rig *r)
{
	rig_start(r, PORTS,
		  ENTRY("port_splits: {p1: 2}, shared_buffers: {ports: "
			"{default/0/0: {threshold: 9}}}"));
	rig_log_clear(r);
}

/* One by somebody else is no permission to take a port down: live policy comes back at once. */
static void test_foreign_reload_forgets(void **state)
{
	struct rig r = {};

	(void)state;
	start_split(&r);
	assert_int_equal(sim_reload(&r.sim, REINIT), 0);
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "sb_port p1/0/0: 7 -> 9\nsb_port p2/0/0: 7 -> 9\n");
	rig_expect_reason(&r, "port p1");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	rig_expect(&r, "converged", SPLIT_AGAIN);
	rig_clear(&r);
}

/* By somebody else, and without permission to split: what waits has its own reason. */
static void test_held_back(void **state)
{
	struct rig r = {};

	(void)state;
	start_split(&r);
	sim_split(&r.sim, "p1", 0);
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "sb_port p1/0/0: 7 -> 9\n");
	rig_expect_reason(&r, "port p1");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "converged", SPLIT_AGAIN);
	rig_clear(&r);
}

#define CARD "linecards: {1: A}"

static void test_linecard(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, PORTS, ENTRY(CARD));
	rig_expect(&r, "applying", "linecard 1: none -> A\n");
	rig_expect_reason(&r, "waits for line card 1 (provisioning)");
	assert_true(device_busy(r.d));
	assert_int_equal(r.wake_at, r.now + USEC_PER_SEC);
	rig_tick(&r);
	rig_expect(&r, "applying", "");
	sim_card(&r.sim, "1", "A");
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	assert_int_equal(r.wake_at, USEC_NEVER);
	rig_config(&r, ENTRY("linecards: {1: B}"));
	rig_expect(&r, "applying", "linecard 1: A -> none\n");
	rig_expect_reason(&r, "unprovisioning");
	sim_card(&r.sim, "1", "");
	rig_stale(&r);
	rig_expect(&r, "applying", "linecard 1: none -> B\n");
	sim_card(&r.sim, "1", "B");
	rig_send(&r,
		 &(struct device_event){.type = DEVICE_EV_STALE, .trigger = TRIGGER_NOTIFICATION});
	rig_expect(&r, "converged", "");
	assert_int_equal(r.d->history.n_records, 2);
	/* what tells of it has not set it going */
	assert_string_equal(r.d->history.records.v[1].trigger, "config");
	rig_clear(&r);
}

static void reckon_anew(struct rig *r)
{
	sim_set(&r->sim, "ports", "p1/0/0", "threshold", 960);
	sim_set(&r->sim, "ports", "p2/0/0", "threshold", 960);
}

/* What the driver makes of a threshold because of another type is not what was there before. */
static void test_thresholds_go_back(void **state)
{
	struct rig r = {.during_write = reckon_anew};

	(void)state;
	rig_start(
		&r, PORTS,
		ENTRY("shared_buffers: {pools: {0/0: {type: static}}, ports: {p1/0/0: {threshold: "
		      "96}, p2/0/0: {threshold: 7}}}"));
	rig_expect(&r, "converged",
		   "sb_pool 0/0: type dynamic -> type static\nsb_port p1/0/0: 960 -> 96\n"
		   "sb_port p2/0/0: 960 -> 7\n");
	r.during_write = reckon_anew;
	rig_config(&r, ENTRY(""));
	rig_expect(&r, "converged",
		   "sb_pool 0/0: type static -> type dynamic\nsb_port p2/0/0: 960 -> 7\n"
		   "sb_port p1/0/0: 960 -> 7\n");
	rig_clear(&r);
}

/* It is not waited for for ever; if it comes after all, that is well. */
static void test_linecard_takes_too_long(void **state)
{
	struct rig r = {};
	uint64_t begun;

	(void)state;
	rig_start(&r, PORTS, ENTRY(CARD));
	rig_log_clear(&r);
	begun = r.now;
	while (r.d->status.state == STATE_APPLYING && r.now < begun + 40 * USEC_PER_SEC)
		rig_tick(&r);
	rig_expect(&r, "failed", "");
	rig_expect_reason(&r, "line card 1 to A was accepted but not kept: provisioning");
	assert_in_range(r.now - begun, 30 * USEC_PER_SEC, 32 * USEC_PER_SEC);
	rig_stale(&r);
	rig_expect(&r, "failed", "");
	sim_card(&r.sim, "1", "A");
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* What was not sent yet, as it needs the card to be free, was not accepted either. */
static void test_linecard_is_not_free(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, PORTS, ENTRY(CARD));
	sim_card(&r.sim, "1", "A");
	rig_stale(&r);
	rig_log_clear(&r);
	rig_config(&r, ENTRY("linecards: {1: B}"));
	for (uint64_t end = r.now + 40 * USEC_PER_SEC;
	     r.d->status.state == STATE_APPLYING && r.now < end;)
		rig_tick(&r);
	rig_expect(&r, "failed", "linecard 1: A -> none\n");
	rig_expect_reason(&r, "line card 1 to none was accepted but not kept: unprovisioning");
	assert_null(strstr(r.d->status.reason, "to B"));
	assert_null(strstr(r.d->failures.last_error, "to B"));
	sim_card(&r.sim, "1", "");
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "");
	rig_clear(&r);
}

#define SPLIT_1	  "port_splits: {p1: 2}"
#define PORTS_9	  ", shared_buffers: {ports: {p1s1/0/0: {threshold: 9}, p2/0/0: {threshold: 9}}}"
#define PORTS_SET "sb_port p1s1/0/0: 5 -> 9\nsb_port p2/0/0: 5 -> 9\n"

/* Both ports had another value than the driver gives them. */
static void start_with_ports(struct rig *r)
{
	rig_start(r, PORTS, ENTRY(SPLIT_1));
	sim_set(&r->sim, "ports", "p1s1/0/0", "threshold", 5);
	sim_set(&r->sim, "ports", "p2/0/0", "threshold", 5);
	rig_log_clear(r);
	rig_config(r, ENTRY(SPLIT_1 PORTS_9));
	rig_expect(r, "converged", PORTS_SET);
}

/* A part that is made anew is another port: what the one before had is not given to it. */
static void test_port_of_the_same_name(void **state)
{
	struct rig r = {};

	(void)state;
	start_with_ports(&r);
	sim_split(&r.sim, "p1", 0);
	rig_stale(&r);
	rig_expect(&r, "pending-reload", "");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "converged", "port_split p1: none -> 2\nsb_port p1s1/0/0: 7 -> 9\n");
	rig_config(&r, ENTRY(SPLIT_1));
	rig_expect(&r, "converged", "sb_port p1s1/0/0: 9 -> 7\nsb_port p2/0/0: 9 -> 5\n");
	rig_config(&r, ENTRY(""));
	rig_expect(&r, "converged", "port_split p1: 2 -> none\n");
	rig_clear(&r);
}

/* A read that fails says nothing of ports. */
static void test_ports_that_are_not_read(void **state)
{
	struct rig r = {};

	(void)state;
	start_with_ports(&r);
	r.read_error = -EIO;
	r.read_errors = 2;
	rig_stale(&r);
	rig_tick(&r);
	rig_log_clear(&r);
	rig_config(&r, ENTRY(SPLIT_1));
	rig_expect(&r, "converged", "sb_port p2/0/0: 9 -> 5\nsb_port p1s1/0/0: 9 -> 5\n");
	rig_clear(&r);
}

/* Without its ports after a failed reload: those that are not split come back as the same. */
static void test_ports_of_a_failed_reload(void **state)
{
	struct rig r = {};

	(void)state;
	start_with_ports(&r);
	r.sim.tears_down = 1;
	rig_config(&r, ENTRY("params: {macs: 64}, " SPLIT_1 PORTS_9));
	rig_log_clear(&r);
	rig_config(&r, ENTRY(SPLIT_1));
	rig_expect(&r, "converged", "sb_port p1s1/0/0: 9 -> 7\nsb_port p2/0/0: 9 -> 5\n");
	rig_clear(&r);
}

#define BOUND                                                                                      \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim',"                                        \
	" 'reload': {'failed': false, 'counters': [['driver_reinit', 'unspec', 'local', 0]]},"     \
	" 'port_splits': {'p1': {'count': 0, 'lanes': 4, 'splittable': 1}},"                       \
	" 'shared_buffers': {'pools': {"                                                           \
	"  '0/0': {'size': 960, 'type': 'static', 'direction': 'ingress', 'cell': 1},"             \
	"  '0/1': {'size': 0, 'type': 'static', 'direction': 'ingress', 'cell': 1}},"              \
	" 'tcs': {'p1/0/ingress/1': {'pool': 0, 'threshold': 8}}}}"

/* Drivers refuse to change a pool that something is bound to: out of it first, into it last. */
static void test_out_of_a_pool_first(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, BOUND,
		  ENTRY("shared_buffers: {pools: {0/1: {size: 480}}, tcs: {p1/0/ingress/1: "
			"{pool: 1}}}"));
	rig_expect(&r, "converged",
		   "sb_pool 0/1: size 0 -> size 480\n"
		   "sb_tc p1/0/ingress/1: pool 0 -> pool 1\n");
	rig_config(&r, ENTRY(""));
	rig_expect(&r, "converged",
		   "sb_tc p1/0/ingress/1: pool 1 -> pool 0\n"
		   "sb_pool 0/1: size 480 -> size 0\n");
	rig_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_two_to_four),
		cmocka_unit_test(test_killed_half_way),
		cmocka_unit_test(test_reload_forgets),
		cmocka_unit_test(test_reload_forgets_mode),
		cmocka_unit_test(test_roll_back_of_what_was_split),
		cmocka_unit_test(test_foreign_reload_forgets),
		cmocka_unit_test(test_held_back),
		cmocka_unit_test(test_linecard),
		cmocka_unit_test(test_thresholds_go_back),
		cmocka_unit_test(test_linecard_takes_too_long),
		cmocka_unit_test(test_linecard_is_not_free),
		cmocka_unit_test(test_port_of_the_same_name),
		cmocka_unit_test(test_ports_that_are_not_read),
		cmocka_unit_test(test_ports_of_a_failed_reload),
		cmocka_unit_test(test_out_of_a_pool_first),
	};

	log_set_level("emerg");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
