// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the driver refuses because something else has to come first: it is sent again when that may
 * have happened, and seldom while it has not. ONLY=test_name runs one of them.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

/* ---- two params that exclude each other ---- */

#define NIC                                                                                        \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'versions': {'running': {'fw': "        \
	"'1.0'}},"                                                                                 \
	" 'reload': {'failed': false, 'counters': [['driver_reinit', 'unspec', 'local', 0]]},"     \
	" 'params': {'roce': {'runtime': {'type': 'bool', 'value': true}},"                        \
	"  'iwarp': {'runtime': {'type': 'bool', 'value': false}},"                                \
	"  'other': {'runtime': {'type': 'bool', 'value': false}},"                                \
	"  'macs': {'driverinit': {'type': 'u32', 'value': 32}},"                                  \
	"  'queues': {'driverinit': {'type': 'u32', 'value': 4}}}}"
#define PORTS                                                                                      \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim',"                                        \
	" 'reload': {'failed': false, 'counters': []},"                                            \
	" 'port_splits': {'p1': {'count': 0, 'lanes': 4, 'splittable': 1}}}"
#define OFF   "param roce/runtime: true -> false\n"
#define ON    "param iwarp/runtime: false -> true\n"
#define OTHER "param other/runtime: false -> true\n"
#define MACS  "param macs/driverinit: 32 -> 64\n"

static bool roce_is_on(const struct sim *s)
{
	return sim_get(s, "params", "roce/runtime", "value");
}

static bool other_is_off(const struct sim *s)
{
	return !sim_get(s, "params", "other/runtime", "value");
}

static bool queues_are_few(const struct sim *s)
{
	return sim_get(s, "params", "queues/driverinit", "value") < 8;
}

static void refuse_iwarp(struct rig *r, bool (*cause)(const struct sim *s))
{
	sim_fault(&r->sim, (struct fault){.object = "iwarp/runtime",
					  .error = -EOPNOTSUPP,
					  .extack = "RoCEv2 is currently enabled",
					  .times = 1000,
					  .cause = cause});
}

#define ESWITCH                                                                                    \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim',"                                        \
	" 'reload': {'failed': false, 'counters': []},"                                            \
	" 'eswitch': {'mode': 'legacy', 'inline_mode': 'none', 'encap': 'true'}}"

/* Which inline modes an ASIC takes only its driver knows: its words, and the place in the file. */
static void test_inline_mode(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, ESWITCH, ENTRY("eswitch: {mode: legacy}"));
	sim_fault(&r.sim, (struct fault){.object = "eswitch",
					 .error = -EOPNOTSUPP,
					 .extack = "Inline mode can't be set",
					 .times = 1000});
	rig_log_clear(&r);
	rig_config(&r, ENTRY("eswitch: {mode: legacy, inline_mode: transport}"));
	rig_expect(&r, "failed", "eswitch eswitch: inline_mode none -> inline_mode transport\n");
	rig_expect_reason(&r, "inline_mode transport was refused: Operation not supported: "
			      "Inline mode can't be set (/proc/self/fd/");
	rig_expect_reason(&r, ":2:56)");
	assert_null(strstr(r.d->status.reason, "eswitch eswitch"));
	rig_clear(&r);
}

static void test_order_of_the_file(void **state)
{
	struct rig r = {};

	(void)state;
	refuse_iwarp(&r, roce_is_on);
	rig_start(&r, NIC, ENTRY("params: {roce: false, iwarp: true}"));
	rig_expect(&r, "converged", OFF ON);
	rig_clear(&r);
}

/* In the other order it is sent once more. */
static void test_once_more(void **state)
{
	struct rig r = {};

	(void)state;
	refuse_iwarp(&r, roce_is_on);
	rig_start(&r, NIC, ENTRY("params: {iwarp: true, roce: false}"));
	rig_expect(&r, "converged", ON OFF ON);
	assert_int_equal(r.d->history.records.n, 1);
	rig_clear(&r);
}

static void test_once_more_in_vain(void **state)
{
	struct rig r = {};

	(void)state;
	refuse_iwarp(&r, NULL);
	rig_start(&r, NIC, ENTRY("params: {iwarp: true, other: true, roce: false}"));
	rig_expect(&r, "failed", ON OTHER OFF ON);
	rig_expect_reason(&r, "param iwarp/runtime to true was refused: Operation not supported: "
			      "RoCEv2 is currently enabled");
	assert_int_equal(r.wake_at, USEC_NEVER);
	rig_tick(&r);
	rig_expect(&r, "failed", "");
	rig_clear(&r);
}

/* Of a chain the last one comes first: each step of it makes the one before possible. */
static void test_chain(void **state)
{
	struct rig r = {};

	(void)state;
	refuse_iwarp(&r, other_is_off);
	sim_fault(&r.sim, (struct fault){.object = "other/runtime",
					 .error = -EOPNOTSUPP,
					 .extack = "RoCEv2 is currently enabled",
					 .times = 1000,
					 .cause = roce_is_on});
	rig_start(&r, NIC, ENTRY("params: {iwarp: true, other: true, roce: false}"));
	rig_expect(&r, "converged", ON OTHER OFF ON OTHER ON);
	rig_clear(&r);
}

/* What is staged for a reload is sent once more, too, and one reload loads it. */
static void test_staged_once_more(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){.object = "macs/driverinit",
					 .error = -EOPNOTSUPP,
					 .extack = "more queues first",
					 .times = 1000,
					 .cause = queues_are_few});
	rig_start(&r, NIC, ENTRY("params: {macs: 64, queues: 8}"));
	rig_expect(&r, "converged",
		   MACS "param queues/driverinit: 4 -> 8\n" MACS "reload driver_reinit\n");
	rig_clear(&r);
}

static void test_staged_once_more_in_vain(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){.object = "macs/driverinit",
					 .error = -EOPNOTSUPP,
					 .extack = "more queues first",
					 .times = 1000});
	rig_start(&r, NIC, ENTRY("params: {macs: 64, queues: 8}"));
	rig_expect(&r, "failed",
		   MACS "param queues/driverinit: 4 -> 8\n" MACS
			"param queues/driverinit: 8 -> 4\n");
	assert_int_equal(r.sim.reloads, 0);
	rig_tick(&r);
	rig_expect(&r, "failed", "");
	rig_clear(&r);
}

/* What was written first is set back last. */
static void test_set_back_in_reverse(void **state)
{
	struct rig r = {};

	(void)state;
	refuse_iwarp(&r, roce_is_on);
	rig_start(&r, NIC, ENTRY("params: {roce: false, iwarp: true}"));
	rig_log_clear(&r);
	rig_config(&r, ENTRY("reload: manual"));
	rig_expect(&r, "converged",
		   "param iwarp/runtime: true -> false\nparam roce/runtime: false -> true\n");
	rig_clear(&r);
}

/* ---- a cause that goes away later ---- */

static void start_refused(struct rig *r)
{
	refuse_iwarp(r, other_is_off);
	rig_start(r, NIC, ENTRY("params: {iwarp: true}"));
	rig_expect(r, "failed", ON);
	assert_int_equal(r->d->history.n_records, 1);
}

static void audit_at(struct rig *r, uint64_t usec)
{
	r->now = usec;
	rig_stale(r);
}

/* At audits, but ever less often; told once, one record. */
static void test_audits(void **state)
{
	uint64_t start, second = USEC_PER_SEC;
	struct rig r = {};
	unsigned refused;

	(void)state;
	start_refused(&r);
	start = r.now;
	refused = r.sim.refused;
	for (unsigned i = 1; i <= 4000; i++) {
		audit_at(&r, start + i * second);
		assert_string_equal(device_state_name(r.d->status.state), "failed");
	}
	rig_log_clear(&r);
	assert_in_range(r.sim.refused - refused, 10, 13); /* 1, 2, 4, ... 2048 s */
	assert_int_equal(r.d->history.n_records, 1);
	assert_int_equal(r.d->failures.list.n, 1);
	sim_set(&r.sim, "params", "other/runtime", "value", 1);
	for (unsigned i = 0; i < 15; i++)
		audit_at(&r, r.now + 300 * second);
	rig_expect(&r, "converged", ON);
	rig_clear(&r);
}

/* Every audit is one SET at most, however rare they are. */
static void test_rare_audits(void **state)
{
	struct rig r = {};
	uint64_t start;

	(void)state;
	start_refused(&r);
	start = r.now;
	for (unsigned i = 1; i <= 60; i++) {
		unsigned refused = r.sim.refused;

		audit_at(&r, start + i * 300 * USEC_PER_SEC);
		assert_in_range(r.sim.refused, refused, refused + 1);
		assert_int_equal(r.wake_at, USEC_NEVER);
	}
	assert_int_equal(r.sim.refused, 9); /* 5, 10, 20, 40, 55 minutes, ... */
	rig_clear(&r);
}

static void hear(struct rig *r)
{
	rig_send(r,
		 &(struct device_event){.type = DEVICE_EV_STALE, .trigger = TRIGGER_NOTIFICATION});
}

/* Something has changed, and nothing says what: a port, a param that the config does not name. */
static void test_notification(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	r.now += 4 * USEC_PER_SEC;
	sim_set(&r.sim, "params", "other/runtime", "value", 1);
	hear(&r);
	rig_expect(&r, "converged", ON);
	assert_int_equal(r.d->failures.list.n, 0);
	rig_clear(&r);
}

/* Right after the refusal it waits a second. */
static void test_early_notification(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	sim_set(&r.sim, "params", "other/runtime", "value", 1);
	hear(&r);
	rig_expect(&r, "failed", "");
	assert_true(r.wake_at < r.now + USEC_PER_SEC);
	rig_tick(&r);
	rig_expect(&r, "converged", ON);
	rig_clear(&r);
}

/* A storm of notifications is no storm of SETs. */
static void test_storm(void **state)
{
	struct rig r = {};
	unsigned refused;

	(void)state;
	start_refused(&r);
	refused = r.sim.refused;
	for (unsigned i = 0; i < 600; i++) {
		r.now += USEC_PER_SEC / 10;
		hear(&r);
		if (r.wake_at <= r.now)
			rig_tick(&r);
	}
	assert_in_range(r.sim.refused - refused, 4, 7); /* after 1, 2, 4, ... seconds */
	rig_clear(&r);
}

static void test_own_reload(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	r.now += USEC_PER_SEC / 10;
	rig_config(&r, ENTRY("reload: manual, params: {iwarp: true, macs: 64}"));
	rig_expect(&r, "failed", ON);
	sim_set(&r.sim, "params", "other/runtime", "value", 1);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	rig_expect(&r, "converged", STAGED RELOAD ON);
	rig_clear(&r);
}

static void test_foreign_reload(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	assert_int_equal(sim_reload(&r.sim, REINIT), 0);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
	rig_expect(&r, "failed", ON);
	sim_set(&r.sim, "params", "other/runtime", "value", 1);
	assert_int_equal(sim_reload(&r.sim, REINIT), 0);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
	rig_expect(&r, "converged", ON);
	rig_clear(&r);
}

static void test_registration(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	sim_register(&r.sim);
	sim_set(&r.sim, "params", "other/runtime", "value", 1);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_VANISHED});
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_COUNTED});
	rig_expect(&r, "converged", ON);
	rig_clear(&r);
}

/* It is never taken for another program's change, and not given up as a fight. */
static void test_no_fight(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	for (unsigned i = 0; i < 20; i++)
		audit_at(&r, r.now + 10 * USEC_PER_SEC);
	assert_int_equal(r.d->fights.yielded.notes.n, 0);
	assert_int_equal(r.d->fights.flips.n, 0);
	rig_clear(&r);
}

/* What the driver could not read was not changed by anybody. */
static void test_unread_is_no_change(void **state)
{
	static const char *const names[] = {"iwarp", "t1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct rig r = {.sim.hides = names[i]};

		rig_start(&r, i ? FACTS : NIC,
			  i ? ENTRY("traps: {t1: trap}") : ENTRY("params: {iwarp: true}"));
		rig_expect(&r, "failed", "");
		r.sim.hides = NULL;
		audit_at(&r, r.now + 10 * USEC_PER_SEC);
		rig_expect(&r, "converged", i ? "trap t1: drop -> trap\n" : ON);
		assert_int_equal(r.d->fights.flips.n, 0);
		rig_clear(&r);
	}
}

static void not_said_too_early(struct rig *r)
{
	assert_true(r->d->status.state != STATE_CONVERGED ||
		    sim_get(&r->sim, "params", "other/runtime", "value"));
}

/* Until it is tried again it is not as wanted. */
static void test_another_try(void **state)
{
	struct rig r = {.watch = not_said_too_early};

	(void)state;
	sim_fault(&r.sim, (struct fault){.object = "other/runtime", .error = -EBUSY, .times = 2});
	rig_start(&r, NIC, ENTRY("params: {other: true}"));
	rig_expect(&r, "failed", OTHER);
	rig_tick(&r);
	rig_expect(&r, "failed", OTHER);
	rig_tick(&r);
	rig_expect(&r, "converged", OTHER);
	rig_clear(&r);
}

/* What was asked for and found done is not the reason of what comes later. */
static void test_who_asked(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, NIC, ENTRY("params: {iwarp: true}"));
	rig_expect(&r, "converged", ON);
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .who = "root"});
	sim_set(&r.sim, "params", "iwarp/runtime", "value", 0);
	audit_at(&r, r.now + 10 * USEC_PER_SEC);
	rig_expect(&r, "converged", ON);
	assert_int_equal(r.d->history.n_records, 2);
	assert_null(strstr(r.d->history.records.v[1].detail, "root"));
	rig_clear(&r);
}

/* Ports are not taken down at any time: it is said that it is not tried again. */
static void test_mode_is_not_tried_again(void **state)
{
	struct rig r = {};

	(void)state;
	sim_fault(&r.sim, (struct fault){.object = "p1", .error = -EOPNOTSUPP, .times = 1});
	rig_start(&r, PORTS, ENTRY("port_splits: {p1: 2}"));
	rig_expect(&r, "failed", "port_split p1: none -> 2\n");
	rig_expect_reason(&r, "it is not tried again until the config changes or carvectl retry");
	audit_at(&r, r.now + 10 * USEC_PER_SEC);
	rig_expect(&r, "failed", "");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	rig_expect(&r, "converged", "port_split p1: none -> 2\n");
	rig_clear(&r);
}

/* From 2 to 4 goes by none: where that is refused, the port is not split as if it were whole. */
static void test_what_follows_is_not_sent(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, PORTS, ENTRY("port_splits: {p1: 2}"));
	rig_expect(&r, "converged", "port_split p1: none -> 2\n");
	sim_fault(&r.sim, (struct fault){.object = "p1", .error = -EOPNOTSUPP, .times = 1});
	rig_config(&r, ENTRY("port_splits: {p1: 4}"));
	rig_expect(&r, "failed", "port_split p1: 2 -> none\n");
	rig_expect_reason(&r, "port p1 to none was refused");
	audit_at(&r, r.now + 10 * USEC_PER_SEC);
	rig_expect(&r, "failed", "");
	assert_int_equal(sim_get(&r.sim, "port_splits", "p1", "count"), 2);
	rig_clear(&r);
}

/* Somebody else has set it, or nobody wants it any more: nothing of it holds. */
static void test_made_good_by_others(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	sim_set(&r.sim, "params", "iwarp/runtime", "value", 1);
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	assert_int_equal(r.d->failures.list.n, 0);
	rig_clear(&r);
}

/* Other words of the kernel are told. */
static void test_other_words(void **state)
{
	struct rig r = {};

	(void)state;
	start_refused(&r);
	r.sim.faults.v[0].extack = "RDMA is in use";
	audit_at(&r, r.now + USEC_PER_SEC);
	rig_expect(&r, "failed", ON);
	rig_expect_reason(&r, "RDMA is in use");
	assert_int_equal(r.d->failures.list.n, 1);
	rig_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inline_mode),
		cmocka_unit_test(test_order_of_the_file),
		cmocka_unit_test(test_once_more),
		cmocka_unit_test(test_once_more_in_vain),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_staged_once_more),
		cmocka_unit_test(test_staged_once_more_in_vain),
		cmocka_unit_test(test_set_back_in_reverse),
		cmocka_unit_test(test_audits),
		cmocka_unit_test(test_rare_audits),
		cmocka_unit_test(test_notification),
		cmocka_unit_test(test_early_notification),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_own_reload),
		cmocka_unit_test(test_foreign_reload),
		cmocka_unit_test(test_registration),
		cmocka_unit_test(test_no_fight),
		cmocka_unit_test(test_unread_is_no_change),
		cmocka_unit_test(test_another_try),
		cmocka_unit_test(test_who_asked),
		cmocka_unit_test(test_mode_is_not_tried_again),
		cmocka_unit_test(test_what_follows_is_not_sent),
		cmocka_unit_test(test_made_good_by_others),
		cmocka_unit_test(test_other_words),
	};

	log_set_level(getenv("LOG_LEVEL") ? getenv("LOG_LEVEL") : "crit");
	if (getenv("ONLY"))
		cmocka_set_test_filter(getenv("ONLY"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
