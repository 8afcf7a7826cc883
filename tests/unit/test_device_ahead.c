// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a reload has reset is set before all is read, and the read decides. In what is sent, "-> x"
 * with nothing before it is a setting whose object was not read. ONLY=test_name runs one of them.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

#define DROP   DEVLINK_TRAP_ACTION_DROP
#define TRAP   DEVLINK_TRAP_ACTION_TRAP
#define MIRROR DEVLINK_TRAP_ACTION_MIRROR

static void tell(struct rig *r, enum device_event_type type)
{
	rig_send(r, &(struct device_event){.type = type, .trigger = TRIGGER_NOTIFICATION});
}

static void reload(struct rig *r)
{
	sim_reload(&r->sim, REINIT);
	tell(r, DEVICE_EV_COUNTED);
}

/* Is what is offered along with a glance not sent? Then it is what follows the answer. */
static bool holds;

static void begin(struct rig *r, const char *config)
{
	r->holds = holds;
	rig_start(r, FACTS, config);
	rig_log_clear(r);
}

static const char *last_detail(const struct rig *r)
{
	const record_list *records = &r->d->history.records;

	return records->v[records->n - 1].detail;
}

static uint64_t pristine(const struct rig *r, const char *trap)
{
	const struct object o = {.class = &class_trap, .name = trap, .cmode = CLASS_NO_CMODE};
	const struct value *v = notes_find(&r->d->world.memory.pristine, &o, TRAP_ACTION);

	assert_non_null(v);
	return v->num;
}

static void test_foreign_reload(void **state)
{
	struct rig r = {};
	unsigned reads;

	(void)state;
	begin(&r, ENTRY(LIVE));
	for (int i = 1; i < 4; i++) {
		reads = r.reads;
		reload(&r);
		rig_expect(&r, "converged", LIVE_AHEAD);
		assert_int_equal(r.reads - reads, 2);
		assert_int_equal(r.d->world.memory.foreign_reloads, i);
		assert_string_equal(r.d->history.records.v[i].trigger, "foreign-reload");
		assert_non_null(strstr(last_detail(&r), "trap_group l2 -> 2; trap t1 -> trap"));
		r.now += USEC_PER_MIN;
	}
	assert_int_equal(pristine(&r, "t1"), DROP);
	rig_config(&r, ENTRY(""));
	rig_expect(&r, "converged", LIVE_RESTORED "trap t1: trap -> drop\n");
	rig_clear(&r);
}

/* The time that the journal tells is that of the last setting, and they are counted. */
static unsigned restored;
static uint64_t restored_at, answered_at;

static void watch_restore(struct rig *r)
{
	if (r->d->history.restored.notes.n == restored)
		return;
	restored = r->d->history.restored.notes.n;
	if (restored) {
		restored_at = r->d->history.restored_at;
		answered_at = r->now;
	}
}

static void test_restored_at(void **state)
{
	struct rig r = {};
	uint64_t rested_at;

	(void)state;
	begin(&r, ENTRY(LIVE));
	r.watch = watch_restore;
	restored = 0;
	reload(&r);
	rested_at = r.now;
	assert_int_equal(restored_at, answered_at);
	assert_true(restored_at < rested_at);
	assert_int_equal(history_restored_after(&r.d->history, restored_at - 7), 7);
	assert_int_equal(history_restored_after(&r.d->history, restored_at), 1);
	rig_clear(&r);
}

/* What follows the reload is no step of it. */
static void watch_progress(struct rig *r)
{
	if (r->d->status.state != STATE_RELOADING)
		return;
	rig_expect_reason(r, "0 of 1 steps");
	r->user = r;
}

static void test_own_reload(void **state)
{
	struct rig r = {};
	unsigned reads;

	(void)state;
	begin(&r, ENTRY(LIVE));
	r.watch = watch_progress;
	reads = r.reads;
	rig_config(&r, ENTRY("params: {macs: 64}, " LIVE));
	rig_expect(&r, "converged", STAGED RELOAD LIVE_AHEAD);
	assert_non_null(r.user);
	assert_int_equal(r.reads - reads, 4); /* also of what it resets, twice */
	assert_int_equal(r.d->world.memory.foreign_reloads, 0);
	assert_int_equal(pristine(&r, "t1"), DROP);
	assert_non_null(
		strstr(last_detail(&r), "reload driver_reinit; trap_policer 1 -> rate 500"));
	rig_clear(&r);
}

/* Behind a reload that did not come about nothing is sent. */
static void test_own_reload_fails(void **state)
{
	static const struct fault faults[] = {
		{.object = "reload", .error = -EBUSY, .times = 1},
		{.object = "reload", .error = -ETIMEDOUT, .times = 1, .done = true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct rig r = {};

		begin(&r, ENTRY(LIVE));
		sim_fault(&r.sim, faults[i]);
		rig_config(&r, ENTRY("params: {macs: 64}, " LIVE));
		if (!faults[i].done)
			rig_tick(&r);
		rig_expect(&r, "converged",
			   faults[i].done ? STAGED RELOAD LIVE_SENT
					  : STAGED RELOAD
				   "param macs/driverinit: 64 -> 32\n" STAGED RELOAD LIVE_AHEAD);
		rig_clear(&r);
	}
}

/* The read decides: what is refused once is set then, what is refused twice has failed. */
static void test_refused(void **state)
{
	(void)state;
	for (unsigned times = 1; times < 3; times++) {
		struct rig r = {};

		begin(&r, ENTRY(LIVE));
		sim_fault(&r.sim, (struct fault){.object = "l2",
						 .error = -EINVAL,
						 .extack = "no",
						 .times = times});
		reload(&r);
		rig_expect(&r, times == 1 ? "converged" : "failed",
			   "trap_policer 1: -> rate 500\n"
			   "trap_group l2: -> 2\n"
			   "trap_group l2: none -> 2\n"
			   "trap t1: drop -> trap\n");
		assert_int_equal(r.d->failures.list.n, times - 1);
		assert_string_equal(r.d->failures.last_error,
				    times == 1 ? "" : r.d->failures.last_error);
		if (times == 2)
			assert_int_equal(r.d->failures.list.v[0].refusals, 1);
		rig_log_clear(&r);
		reload(&r); /* and what has failed does not go ahead */
		rig_expect(&r, "converged",
			   times == 1 ? LIVE_AHEAD
				      : "trap_policer 1: -> rate 500\n" AHEAD
					"trap_group l2: none -> 2\n");
		rig_clear(&r);
	}
}

/* Busy, lost or out of memory: neither waited for nor told. */
static void test_not_answered(void **state)
{
	static const int errors[] = {-EBUSY, -ETIMEDOUT, -ENOBUFS, -EIO, -ENOENT};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct rig r = {};

		begin(&r, ENTRY(LIVE));
		sim_fault(&r.sim, (struct fault){.object = "t1", .error = errors[i], .times = 1});
		reload(&r);
		rig_expect(&r, "converged", LIVE_AHEAD "trap t1: drop -> trap\n");
		assert_int_equal(r.d->failures.list.n, 0);
		assert_true(r.d->failures.retry_at == USEC_NEVER);
		rig_clear(&r);
	}
}

static bool is_t1(const struct object *o)
{
	return o->class == &class_trap && strcmp(o->name, "t1") == 0;
}

static void remove_t1(struct state *s)
{
	for (size_t i = s->objects.n; i-- > 0;)
		if (is_t1(&s->objects.v[i]))
			vec_remove(&s->objects, i);
}

/* The reload has brought a driver without it. */
static void test_absent(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY("trap_policers: {1: {rate: 500}}, traps: {t1: trap}"));
	remove_t1(&r.sim.defaults);
	sim_fault(&r.sim, (struct fault){.object = "t1", .error = -ENOENT, .times = 9});
	reload(&r);
	assert_string_equal(r.log.s, "trap_policer 1: -> rate 500\n" AHEAD);
	assert_int_equal(r.d->failures.list.n, 0);
	assert_string_equal(device_state_name(r.d->status.state), "refused");
	rig_expect_reason(&r, "t1");
	rig_clear(&r);
}

static void test_permission(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY("drift: report, " LIVE));
	reload(&r);
	rig_expect(&r, "drifted", "");
	rig_config(&r, ENTRY(LIVE));
	rig_log_clear(&r);
	rig_send(&r, &(struct device_event){
			     .type = DEVICE_EV_PAUSE, .until = USEC_NEVER, .who = "the test"});
	reload(&r);
	rig_expect(&r, "paused", "");
	rig_send(&r, &(struct device_event){.type = DEVICE_EV_PAUSE});
	rig_expect(&r, "converged", LIVE_SENT); /* it knew already */
	rig_clear(&r);
}

static void pause_it(struct rig *r)
{
	rig_send(r, &(struct device_event){
			    .type = DEVICE_EV_PAUSE, .until = USEC_NEVER, .who = "the test"});
}

/* Paused, or told of another config, while the counters are asked for, or between two phases. */
static void test_called_off(void **state)
{
	struct rig r = {}, later = {};

	(void)state;
	begin(&r, ENTRY(LIVE));
	r.during_read = pause_it;
	reload(&r);
	rig_expect(&r, "paused", "");
	rig_clear(&r);
	begin(&later, ENTRY(LIVE));
	later.during_write = pause_it;
	reload(&later);
	rig_expect(&later, "paused", "trap_policer 1: -> rate 500\n");
	rig_clear(&later);
}

static void flip(struct rig *r)
{
	sim_set(&r->sim, "traps", "t1", "action", MIRROR);
	rig_stale(r);
}

/* What is left to another program is left to it, and a reload is no move of it. */
static void test_yielded(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY("trap_policers: {1: {rate: 500}}, traps: {t1: trap}"));
	for (int i = 0; i < 2; i++) {
		flip(&r);
		r.now += USEC_PER_MIN;
		reload(&r);
		r.now += USEC_PER_MIN;
	}
	rig_expect(&r, "converged",
		   FLIPPED "trap_policer 1: -> rate 500\n" AHEAD FLIPPED
			   "trap_policer 1: -> rate 500\n" AHEAD);
	flip(&r);
	rig_expect(&r, "drifted", "");
	reload(&r);
	rig_expect(&r, "drifted", "trap_policer 1: -> rate 500\n");
	assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), DROP);
	rig_clear(&r);
}

/* Of another registration nothing is known: what was there before is read before it is replaced. */
static void test_registered_anew(void **state)
{
	static const bool numbered[] = {false, true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++) {
		struct rig r = {.sim = {.numbered = numbered[i]}};

		begin(&r, ENTRY(LIVE));
		sim_register(&r.sim);
		sim_set(&r.sim, "traps", "t1", "action", MIRROR);
		sim_reload(&r.sim, REINIT);
		sim_set(&r.sim, "traps", "t1", "action", MIRROR);
		rig_tell_registration(&r);
		rig_expect(&r, "converged",
			   "trap_policer 1: rate 1000 -> rate 500\n"
			   "trap_group l2: none -> 2\n"
			   "trap t1: mirror -> trap\n");
		assert_int_equal(pristine(&r, "t1"), MIRROR);
		rig_clear(&r);
	}
}

static void replace_it(struct rig *r)
{
	sim_register(&r->sim);
	sim_reload(&r->sim, REINIT);
	if (!r->sim.numbered)
		rig_tell_registration(r);
}

/* ... also where the counters that were asked for are a successor's. */
static void test_successor_answers(void **state)
{
	static const bool numbered[] = {false, true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++) {
		struct rig r = {.sim = {.numbered = numbered[i]}};

		begin(&r, ENTRY(LIVE));
		replace_it(&r);
		if (numbered[i])
			tell(&r, DEVICE_EV_STALE);
		rig_expect(&r, "converged", LIVE_SENT);
		assert_int_equal(r.d->world.memory.times_registered, 1);
		rig_clear(&r);
	}
}

/* So many settings the journal is told of. */
static void watch_last(struct rig *r)
{
	if (r->d->history.restored.notes.n)
		restored = (unsigned)r->d->history.restored.notes.n;
}

/* What is set already is undone: it is not kept out, and counted once. */
static void test_second_reload(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY(LIVE));
	r.watch = watch_last;
	r.during_write = reload;
	reload(&r);
	rig_expect(&r, "converged", LIVE_AHEAD "trap_policer 1: rate 1000 -> rate 500\n");
	assert_int_equal(restored, 3);
	assert_int_equal(r.d->world.memory.foreign_reloads, 2);
	assert_int_equal(r.d->failures.list.n, 0);
	rig_clear(&r);
}

static void is_reset(struct rig *r)
{
	tell(r, DEVICE_EV_RECREATED);
	assert_string_equal(device_state_name(r->d->status.state), "reading");
	rig_expect_reason(r, "its driver registers traps again");
	assert_true(device_busy(r->d));
	r->user = r;
}

/* What is heard to be at defaults is not there, though what goes ahead is not answered yet. */
static void test_not_converged(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY(LIVE));
	r.during_read = is_reset;
	reload(&r);
	assert_non_null(r.user);
	rig_expect(&r, "converged", LIVE_AHEAD);
	assert_false(device_busy(r.d));
	tell(&r, DEVICE_EV_RECREATED); /* of no reload */
	rig_expect(&r, "converged", "");
	r.during_read = is_reset;
	r.now += USEC_PER_MIN;
	rig_stale(&r);
	rig_expect(&r, "converged", "");
	rig_clear(&r);
}

/* Between the glance and what goes ahead, which undoes both reloads then. */
static void test_second_before(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY(LIVE));
	r.watch = watch_last;
	restored = 0;
	r.during_read = reload;
	reload(&r);
	rig_expect(&r, "converged", LIVE_AHEAD);
	assert_int_equal(restored, 3);
	assert_int_equal(r.d->world.memory.foreign_reloads, 2);
	rig_clear(&r);
}

static void apply_it(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_APPLY});
}

static void capture_it(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_CAPTURE});
}

/* Asked for something else after a part of it was sent, or all: what was done is known. */
static void test_asked_meanwhile(void **state)
{
	static void (*const asks[])(struct rig *) = {pause_it, apply_it, capture_it};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		struct rig r = {};

		begin(&r, ENTRY(LIVE));
		r.watch = watch_last;
		restored = 0;
		r.during_write = asks[i];
		reload(&r);
		assert_int_equal(restored, asks[i] == pause_it ? 1 : 3);
		assert_non_null(strstr(last_detail(&r), "trap_policer 1 -> rate 500"));
		rig_clear(&r);
	}
}

/* Nothing was there to be set: the driver keeps what another program has set over a reload. */
static void test_default_is_wanted(void **state)
{
	struct rig r = {};

	(void)state;
	rig_start(&r, FACTS, ENTRY("traps: {t1: drop, t2: trap}"));
	sim_set(&r.sim, "traps", "t1", "action", MIRROR);
	rig_stale(&r);
	rig_log_clear(&r);
	reload(&r);
	rig_expect(&r, "converged", "trap t1: -> drop\ntrap t2: -> trap\n");
	rig_clear(&r);
}

/* Of what carved has never written nothing is known: it is set once it was read, and noted. */
static void test_never_written(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY("traps: {t1: drop, t2: trap}"));
	assert_int_equal(r.d->world.memory.pristine.notes.n, 1);
	reload(&r);
	rig_expect(&r, "converged", "trap t2: -> trap\n");
	sim_reload(&r.sim, REINIT);
	sim_set(&r.sim, "traps", "t1", "action", MIRROR);
	tell(&r, DEVICE_EV_COUNTED);
	rig_expect(&r, "converged", "trap t2: -> trap\ntrap t1: mirror -> drop\n");
	assert_int_equal(pristine(&r, "t1"), MIRROR);
	rig_clear(&r);
}

/* Killed anywhere: the next process sets what is missing, and what was there before is known. */
static void test_killed(void **state)
{
	(void)state;
	for (unsigned at = 1; at < 5; at++) {
		for (unsigned undone = 0; undone < 4; undone++) {
			struct rig r = {};

			begin(&r, ENTRY(LIVE));
			r.kill_at = r.actions + at;
			r.undone = undone;
			reload(&r);
			r.kill_at = 0;
			if (r.killed)
				rig_restart(&r);
			assert_string_equal(device_state_name(r.d->status.state), "converged");
			assert_int_equal(r.d->world.memory.foreign_reloads, 1);
			assert_int_equal(sim_get(&r.sim, "traps", "t1", "action"), TRAP);
			rig_log_clear(&r);
			rig_config(&r, ENTRY(""));
			rig_expect(&r, "converged", LIVE_RESTORED "trap t1: trap -> drop\n");
			rig_clear(&r);
		}
	}
}

/* A message that is no reload's costs one question more, an audit none. */
static void test_no_reload(void **state)
{
	struct rig r = {};
	unsigned reads;

	(void)state;
	begin(&r, ENTRY(LIVE));
	r.now += USEC_PER_MIN;
	reads = r.reads;
	tell(&r, DEVICE_EV_STALE);
	assert_int_equal(r.reads - reads, 2);
	rig_stale(&r);
	assert_int_equal(r.reads - reads, 3);
	rig_expect(&r, "converged", "");
	rig_config(&r, ENTRY("params: {mode: smfs}"));
	r.now += USEC_PER_MIN;
	reads = r.reads;
	tell(&r, DEVICE_EV_STALE); /* there would be nothing to set */
	assert_int_equal(r.reads - reads, 1);
	rig_clear(&r);
}

/* A reload that fails leaves nothing to be set. */
static void test_torn_down(void **state)
{
	struct rig r = {};

	(void)state;
	begin(&r, ENTRY("reload: manual, " LIVE));
	r.sim.tears_down = 1;
	reload(&r);
	rig_expect(&r, "failed", "");
	rig_clear(&r);
}

static int open_gate(void **state)
{
	(void)state;
	holds = false;
	return 0;
}

static int shut_gate(void **state)
{
	(void)state;
	holds = true;
	return 0;
}

#define BOTH(f)                                                                                    \
	cmocka_unit_test_setup(f, open_gate),                                                      \
	{                                                                                          \
		.name = #f ", not offered", .test_func = f, .setup_func = shut_gate                \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_foreign_reload),
		BOTH(test_restored_at),
		BOTH(test_own_reload),
		BOTH(test_own_reload_fails),
		BOTH(test_refused),
		BOTH(test_not_answered),
		BOTH(test_absent),
		BOTH(test_permission),
		BOTH(test_called_off),
		BOTH(test_yielded),
		BOTH(test_registered_anew),
		BOTH(test_successor_answers),
		BOTH(test_not_converged),
		BOTH(test_second_reload),
		BOTH(test_second_before),
		BOTH(test_asked_meanwhile),
		BOTH(test_default_is_wanted),
		BOTH(test_never_written),
		BOTH(test_killed),
		BOTH(test_no_reload),
		BOTH(test_torn_down),
	};

	cmocka_set_test_filter(getenv("ONLY"));
	log_set_level(getenv("LOG_LEVEL") ? getenv("LOG_LEVEL") : "emerg");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
