// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of the device machine, each by itself: presence and permission over all that can be,
 * the others by their invariants; and the candidate, which plans on copies and leaves no trace.
 */
#include "base/clock.h"
#include "base/log.h"
#include "device/baseline.h"
#include "device/flash.h"
#include "device/goal.h"
#include "model/json.h"
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/devlink.h>
#include <string.h>

/* ---- presence ---- */

static void test_presence_gone_is_final(void **state)
{
	(void)state;
	for (enum presence_event e = PRESENCE_EV_NEW; e <= PRESENCE_EV_SAME; e++)
		assert_int_equal(presence_next(PRESENCE_GONE, e), PRESENCE_GONE);
	for (enum presence p = PRESENCE_UNKNOWN; p <= PRESENCE_GONE; p++)
		assert_int_equal(presence_next(p, PRESENCE_EV_NO_DEVICE), PRESENCE_GONE);
}

/* What happens, in order, and what the device is then. */
static enum presence after(size_t n, const enum presence_event *events)
{
	enum presence p = PRESENCE_UNKNOWN;

	for (size_t i = 0; i < n; i++)
		p = presence_next(p, events[i]);
	return p;
}

#define AFTER(...)                                                                                 \
	after(sizeof((enum presence_event[]){__VA_ARGS__}) / sizeof(enum presence_event),          \
	      (enum presence_event[]){__VA_ARGS__})
#define NEW	   PRESENCE_EV_NEW
#define DEL	   PRESENCE_EV_DEL
#define ANSWER	   PRESENCE_EV_ANSWER
#define INFO	   PRESENCE_EV_INFO
#define REGISTERED PRESENCE_EV_REGISTERED

static void test_presence_stories(void **state)
{
	(void)state;
	assert_int_equal(AFTER(ANSWER), PRESENCE_UNKNOWN);
	assert_int_equal(AFTER(ANSWER, INFO), PRESENCE_HERE);
	assert_int_equal(AFTER(DEL, NEW), PRESENCE_UNKNOWN);
	/* bound anew: the answer is another instance's, whatever it counts */
	assert_int_equal(AFTER(INFO, DEL, NEW, ANSWER), PRESENCE_UNKNOWN);
	/* a move to another namespace that failed: it still answers, twice */
	assert_int_equal(AFTER(INFO, DEL, ANSWER), PRESENCE_LINGERING);
	assert_int_equal(AFTER(INFO, DEL, ANSWER, ANSWER), PRESENCE_HERE);
	/* the successor answered a moment before its message came */
	assert_int_equal(AFTER(INFO, DEL, ANSWER, NEW), PRESENCE_REPLACED);
	assert_int_equal(AFTER(INFO, DEL, ANSWER, NEW, ANSWER, INFO), PRESENCE_HERE);
	/* goodbye again: once more before it is believed to have stayed */
	assert_int_equal(AFTER(INFO, DEL, ANSWER, DEL), PRESENCE_LEAVING);
	assert_int_equal(AFTER(INFO, DEL, NEW, DEL), PRESENCE_LEAVING);
	assert_int_equal(AFTER(INFO, REGISTERED), PRESENCE_UNKNOWN);
	assert_int_equal(AFTER(INFO, PRESENCE_EV_WAS_REPLACED), PRESENCE_REPLACED);
	/* a number tells at once that it has stayed; who it is is told by nothing else than INFO */
	assert_int_equal(AFTER(INFO, DEL, PRESENCE_EV_SAME), PRESENCE_HERE);
	assert_int_equal(AFTER(INFO, DEL, NEW, PRESENCE_EV_SAME), PRESENCE_HERE);
	assert_int_equal(AFTER(PRESENCE_EV_SAME), PRESENCE_UNKNOWN);
}

/* ---- permission ---- */

static bool is_due(const struct circumstances *c)
{
	return c->torn_down && c->retry_at == USEC_NEVER &&
	       (c->rollback == ROLLBACK_GOOD || c->rollback == ROLLBACK_DEFAULTS);
}

/* The contract with users, in other words than permission.c has. */
static void check_permission(const struct circumstances *c)
{
	struct permission p = permission_of(c);
	bool asked = c->mandate >= MANDATE_LIVE, anything = c->mandate >= MANDATE_ANYTHING;

	if (!c->entry || c->off) {
		assert_int_equal(p.may, MAY_NOTHING);
		assert_int_equal(p.why, c->entry ? HINDRANCE_OFF : HINDRANCE_UNMANAGED);
		return;
	}
	if (c->paused_until) {
		assert_int_equal(p.may, MAY_NOTHING);
		assert_int_equal(p.why, HINDRANCE_PAUSED);
		assert_int_equal(p.until, c->paused_until);
		return;
	}
	if (c->entry->drift == DRIFT_REPORT && !asked && !is_due(c)) {
		assert_int_equal(p.may, MAY_NOTHING);
		assert_int_equal(p.why, HINDRANCE_REPORT_ONLY);
		return;
	}
	assert_true(p.may >= MAY_LIVE);
	assert_int_equal(p.may == MAY_LIVE, p.why != HINDRANCE_NONE);
	assert_int_equal(p.until, p.why == HINDRANCE_ROLLBACK_WAITS ? c->retry_at : USEC_NEVER);
	if (c->torn_down && c->rollback != ROLLBACK_NONE) {
		assert_int_equal(p.may >= MAY_RELOAD, is_due(c));
		return;
	}
	if (c->reload_part_failed)
		assert_int_equal(p.may, MAY_LIVE);
	else if (anything)
		assert_int_equal(p.may, MAY_DESTROY);
	else if (c->entry->reload == RELOAD_MANUAL)
		assert_int_equal(p.may, MAY_LIVE);
	else if (c->entry->reload == RELOAD_BOOT)
		assert_int_equal(p.may, c->converged_once ? MAY_LIVE : MAY_RELOAD);
	else
		assert_int_equal(p.may, c->mandate == MANDATE_RELOAD ? MAY_RELOAD : MAY_LIVE);
	assert_true(p.may < MAY_DESTROY || anything);
}

static void test_permission_exhaustively(void **state)
{
	static const uint64_t pauses[] = {0, 99, USEC_NEVER};
	struct entry entry = {.name = "e"};
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 5u * 3 * 2 * 2 * 2 * 2 * 2 * 2 * 3 * ROLLBACK_MAX; i++) {
		unsigned rest = i;
		struct circumstances c = {};

#define PICK(count)                                                                                \
	({                                                                                         \
		unsigned picked = rest % (count);                                                  \
		rest /= (count);                                                                   \
		picked;                                                                            \
	})
		c.mandate = PICK(5u);
		entry.reload = PICK(3u);
		entry.drift = PICK(2u);
		c.entry = PICK(2u) ? &entry : NULL;
		c.off = PICK(2u);
		c.paused_until = pauses[PICK(3u)];
		c.converged_once = PICK(2u);
		c.torn_down = PICK(2u);
		c.reload_part_failed = PICK(2u);
		c.retry_at = USEC_NEVER;
		c.rollback = PICK((unsigned)ROLLBACK_MAX);
		check_permission(&c);
		c.retry_at = 17;
		check_permission(&c);
		n += 2;
	}
	assert_int_equal(n, 2 * 5 * 3 * 64 * 3 * ROLLBACK_MAX);
}

/* ---- failures, fights, run, history ---- */

static struct step set_step(const char *trap, uint64_t action)
{
	struct object o = {.class = &class_trap, .name = trap, .cmode = CLASS_NO_CMODE};
	struct step s = {.kind = STEP_SET, .phase = PHASE_TRAP, .disruption = DISRUPTION_LIVE};

	object_set(&o, TRAP_ACTION, (struct value){.type = VALUE_U8, .num = action});
	step_set_target(&s, &o, 1);
	s.from = mem_strdup("drop");
	s.to = mem_strdup("trap");
	return s;
}

static void test_failures_wait(void **state)
{
	struct step s = set_step("t1", DEVLINK_TRAP_ACTION_TRAP);
	struct failures f;

	(void)state;
	failures_init(&f);
	for (unsigned i = 0; i < failure_retries; i++) {
		const struct failure *failure =
			failures_add(&f, &s, &(struct step_result){.error = -EBUSY}, 100);

		assert_true(failure->transient);
		assert_int_equal(f.retry_at, 100 + failure_retry_after[i]);
		failures_forget_transient(&f);
		assert_int_equal(f.list.n, 0);
		assert_true(f.retry_at == USEC_NEVER);
	}
	/* that was often enough: it is permanent now, as what is no matter of the moment */
	assert_false(failures_add(&f, &s, &(struct step_result){.error = -EBUSY}, 100)->transient);
	assert_true(f.retry_at == USEC_NEVER);
	failures_rest(&f);
	assert_false(
		failures_add(&f, &s, &(struct step_result){.error = -EINVAL, .extack = "no"}, 100)
			->transient);
	assert_string_equal(f.last_extack, "no");
	failures_forget_transient(&f);
	assert_int_equal(f.list.n, 1);
	assert_false(failures_block_reload(&f));
	step_clear(&s);
	failures_clear(&f);
}

static void test_failures_of_reloads_block(void **state)
{
	struct step reload = {.kind = STEP_RELOAD, .action = DEVLINK_RELOAD_ACTION_DRIVER_REINIT};
	struct failures f;

	(void)state;
	failures_init(&f);
	failures_add(&f, &reload, &(struct step_result){.error = -EINVAL}, 1);
	assert_true(failures_block_reload(&f));
	failures_forget_reload(&f);
	assert_false(failures_block_reload(&f));
	failures_clear(&f);
}

/* Three changes within ten minutes; the same one seen by two reads counts once. */
static void test_fights_count_episodes(void **state)
{
	static const uint64_t minutes[] = {0, 4, 8};
	struct step s = set_step("t1", DEVLINK_TRAP_ACTION_TRAP);
	step_list plan = {&s, 1, 1};
	struct fights f = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(minutes); i++) {
		uint64_t now = 1 + minutes[i] * 60 * USEC_PER_SEC;
		struct drift_news news = {}, again = {};

		fights_look(&f, &plan, now, &news);
		fights_look(&f, &plan, now + 1, &again);
		assert_int_equal(news.yielded.n, i == 2);
		assert_int_equal(news.n, i != 2);
		assert_int_equal(again.n + again.yielded.n, 0);
		fights_next_episode(&f);
		vec_clear(&news.yielded);
	}
	assert_non_null(notes_find(&f.yielded, &s.target, 0));
	fights_end(&f);
	assert_null(notes_find(&f.yielded, &s.target, 0));
	step_clear(&s);
}

static void test_fights_over_ten_minutes(void **state)
{
	struct step s = set_step("t1", DEVLINK_TRAP_ACTION_TRAP);
	step_list plan = {&s, 1, 1};
	struct fights f = {};

	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		struct drift_news news = {};

		fights_look(&f, &plan, 1 + i * 301 * USEC_PER_SEC, &news);
		assert_int_equal(news.yielded.n, 0);
		assert_ptr_equal(news.first, &s);
		fights_next_episode(&f);
	}
	fights_end(&f);
	step_clear(&s);
}

/* Phases come one by one, and nothing behind a barrier. */
static void test_run_stops_at_a_barrier(void **state)
{
	static const struct {
		enum step_kind kind;
		enum phase phase;
	} steps[] = {{STEP_SET, PHASE_STAGE_RESOURCE},
		     {STEP_RELOAD, PHASE_RELOAD},
		     {STEP_RELOAD, PHASE_RELOAD},
		     {STEP_SET, PHASE_TRAP}};
	struct plan plan = {};
	struct run r = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct step s = set_step("t1", DEVLINK_TRAP_ACTION_TRAP);

		s.kind = steps[i].kind;
		s.phase = steps[i].phase;
		vec_push(&plan.steps, s);
	}
	run_set_plan(&r, &plan);
	assert_int_equal(plan.steps.n, 0);
	assert_true(run_next(&r));
	assert_int_equal(r.end, 1);
	assert_true(run_next(&r));
	assert_int_equal(r.first, 1);
	assert_int_equal(r.end, 2);
	assert_int_equal(run_traits(&r)->state, STATE_RELOADING);
	assert_false(run_has_next(&r));
	assert_false(run_next(&r));
	run_clear(&r);
}

/* What is staged goes phase by phase, the policy in one, and a split ends it: ports are others. */
static void test_run_together(void **state)
{
	static const enum phase phases[] = {PHASE_STAGE_PARAM, PHASE_STAGE_RESOURCE, PHASE_POLICER,
					    PHASE_GROUP,       PHASE_TRAP,	     PHASE_TRAP};
	struct step split = set_step("t1", DEVLINK_TRAP_ACTION_TRAP);
	struct plan plan = {}, ports = {};
	struct run r = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		struct step s = set_step("t1", DEVLINK_TRAP_ACTION_TRAP);

		s.phase = phases[i];
		vec_push(&plan.steps, s);
	}
	run_set_plan(&r, &plan);
	for (size_t end = 1; end <= 2; end++) {
		assert_true(run_next(&r));
		assert_int_equal(r.end, end);
	}
	assert_true(run_next(&r));
	assert_int_equal(r.end, ARRAY_SIZE(phases));
	assert_false(run_next(&r));
	run_clear(&r);

	split.target.class = &class_port_split;
	split.phase = PHASE_SPLIT;
	vec_push(&ports.steps, split);
	vec_push(&ports.steps, set_step("t1", DEVLINK_TRAP_ACTION_TRAP));
	ports.steps.v[1].phase = PHASE_TRAP;
	run_set_plan(&r, &ports);
	assert_true(run_next(&r));
	assert_int_equal(r.end, 1);
	assert_false(run_next(&r));
	run_clear(&r);
}

/*
 * What needs no reload is sent twice before it counts as not kept; three times where something was
 * heard.
 */
static void test_run_not_kept(void **state)
{
	struct step s = set_step("t1", DEVLINK_TRAP_ACTION_TRAP);
	struct run r = {};

	(void)state;
	assert_false(run_was_kept_out(&r, &s, false));
	run_acknowledged(&r, &s);
	assert_false(run_was_kept_out(&r, &s, false));
	run_acknowledged(&r, &s);
	assert_true(run_was_kept_out(&r, &s, false));
	assert_false(run_was_kept_out(&r, &s, true));
	s.phase = PHASE_STAGE_PARAM;
	assert_true(run_was_kept_out(&r, &s, true));
	run_forget_kept(&r); /* the plan is empty: all is kept */
	assert_false(run_was_kept_out(&r, &s, false));
	step_clear(&s);
	run_clear(&r);
}

static void test_history_is_bounded(void **state)
{
	const struct ending e = {.result = "converged", .reason = "", .worth_telling = true};
	struct history h = {.trigger = TRIGGER_AUDIT};

	(void)state;
	assert_false(
		history_close(&h, &(struct ending){.result = "converged", .reason = ""}, 0, 1));
	for (uint64_t i = 1; i <= RECORDS_MAX + 10; i++)
		assert_true(history_close(&h, &e, 0, i));
	assert_int_equal(h.records.n, RECORDS_MAX);
	assert_int_equal(h.records.v[0].at, 11);
	assert_int_equal(h.n_records, RECORDS_MAX + 10);
	assert_string_equal(h.records.v[0].trigger, "audit");
	history_clear(&h);
}

/* What was begun is told when the device goes, and that it is back by the successor. */
static void test_history_of_one_that_went(void **state)
{
	struct history h = {.trigger = TRIGGER_CONFIG}, next = {.trigger = TRIGGER_REGISTRATION};
	struct step s = {.kind = STEP_RELOAD};
	const struct ending e = {.result = "converged", .reason = ""};

	(void)state;
	assert_false(history_gone(&h, 0, 1)); /* nothing was done */
	history_add_cut_off(&h, &s);
	assert_true(history_gone(&h, 0, 2));
	assert_string_equal(h.records.v[0].result, "gone");
	assert_non_null(strstr(h.records.v[0].detail, " was cut off; the device is gone"));
	history_inherit(&next, &h.records);
	assert_true(history_close(&next, &e, 0, 3));
	assert_false(history_close(&next, &e, 0, 4));
	history_inherit(&h, &next.records); /* it has converged since */
	assert_false(history_close(&h, &e, 0, 5));
	history_clear(&h);
	history_clear(&next);
}

static void test_history_outage(void **state)
{
	struct history h = {};

	(void)state;
	assert_int_equal(history_end_outage(&h, 5), 0);
	history_begin_outage(&h, 10);
	history_begin_outage(&h, 0);
	assert_int_equal(history_end_outage(&h, 25), 15);
	assert_int_equal(h.outage, 15);
	assert_int_equal(history_end_outage(&h, 30), 0);
	history_begin_outage(&h, 0); /* when it began is not known */
	assert_int_equal(history_end_outage(&h, 30), 0);
	history_clear(&h);
}

/* ---- the candidate ---- */

static const struct image_verdict *no_image(void *user, const struct firmware *f)
{
	(void)user;
	(void)f;
	return NULL;
}

static char *plan_text(const struct plan *p)
{
	struct buf b = {};

	vec_each(s, &p->steps) {
		_cleanup_free_ char *object = step_object_label(s);

		if (s->kind != STEP_REMEMBER)
			buf_add(&b, "%s %s\n", step_kind_name(s), object);
	}
	return buf_take(&b);
}

/* All that the machine knows and shows, as text. */
static char *everything(const struct rig *r)
{
	json_t *memory = memory_to_json("sim/a", &r->d->world.memory);
	json_t *lasting = lasting_to_json("sim/a", &r->d->world.memory.lasting);
	char *a = json_dumps(memory, JSON_SORT_KEYS), *b = json_dumps(lasting, JSON_SORT_KEYS);
	char *text = mem_printf("%s %s %s (%s) %" PRIu64 " %zu", a, b,
				device_state_name(r->d->status.state), r->d->status.reason,
				r->d->status.revision, r->d->history.records.n);

	free(a);
	free(b);
	json_decref(memory);
	json_decref(lasting);
	return text;
}

static void start_with_catalogue(struct rig *r, const char *facts, const char *config)
{
	rig_start(r, facts, config);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_CAPTURE});
}

static int candidate(struct rig *r, const char *config, struct plan *plan, struct diag_list *diags)
{
	_cleanup_config_ struct config *c = rig_load(config);

	return device_candidate(r->d, c, false, no_image, NULL, plan, diags);
}

static void finish(struct rig *r, struct plan *plan, struct diag_list *diags)
{
	plan_clear(plan);
	diag_clear(diags);
	rig_clear(r);
}

static void test_candidate_leaves_no_trace(void **state)
{
	_cleanup_free_ char *before = NULL, *after = NULL, *text = NULL;
	struct diag_list diags = {};
	struct plan plan = {};
	struct rig r = {};

	(void)state;
	start_with_catalogue(&r, FACTS, ENTRY(LIVE));
	before = everything(&r);
	assert_int_equal(candidate(&r, ENTRY(SIZES ", " LIVE), &plan, &diags), 0);
	text = plan_text(&plan);
	assert_string_equal(text, "resource /kvd/a\nresource /kvd/b\nreload driver_reinit\n");
	after = everything(&r);
	assert_string_equal(before, after);
	finish(&r, &plan, &diags);
}

static void test_candidate_takes_away(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct diag_list diags = {};
	struct plan plan = {};
	struct rig r = {};

	(void)state;
	start_with_catalogue(&r, FACTS, ENTRY(LIVE));
	assert_int_equal(candidate(&r, "devices: {}", &plan, &diags), 0);
	text = plan_text(&plan);
	assert_string_equal(text, "trap_policer 1\ntrap_group l2\ntrap t1\n");
	finish(&r, &plan, &diags);
}

static void test_candidate_refused(void **state)
{
	struct diag_list diags = {};
	struct plan plan = {};
	struct rig r = {};

	(void)state;
	start_with_catalogue(&r, FACTS, ENTRY(LIVE));
	assert_int_equal(candidate(&r, ENTRY("traps: {t9: drop}"), &plan, &diags), -EINVAL);
	assert_int_equal(diags.n_errors, 1);
	assert_int_equal(plan.steps.n, 0);
	assert_string_equal(device_state_name(r.d->status.state), "converged");
	finish(&r, &plan, &diags);
}

#define FW_FACTS                                                                                   \
	"{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'versions': {'running': {'fw': "        \
	"'1.0'}, 'stored': {'fw': '1.0'}}, 'reload': {'failed': false, 'counters': "               \
	"[['driver_reinit', 'unspec', 'local', 0], ['fw_activate', 'unspec', 'local', 0]]}}"

/*
 * A latch that the versions prove wrong is followed on the copy only: the journal would be told
 * once more, and the machine not try what the operator asks for.
 */
static void test_candidate_follows_firmware_on_the_copy(void **state)
{
	struct diag_list diags = {};
	struct plan plan = {};
	struct rig r = {};

	(void)state;
	start_with_catalogue(&r, FW_FACTS, ENTRY("firmware: {version: '1.0'}"));
	memory_set_flash(&r.d->world.memory,
			 (struct flash_latch){.stage = FLASH_WRITTEN,
					      .firmware = firmware_text(&(struct firmware){
						      .version = "2.0", .key = "fw"}),
					      .boot = mem_strdup("boot 1")});
	assert_int_equal(candidate(&r, ENTRY("firmware: {version: '2.0'}"), &plan, &diags), 0);
	assert_int_equal(plan.firmware, FIRMWARE_MISMATCH);
	assert_int_equal(r.d->world.memory.lasting.flash.stage, FLASH_WRITTEN);
	finish(&r, &plan, &diags);
}

/* ---- baseline ---- */

/* Ports are told apart by their whole name; a split is of the whole port, whatever its parts. */
static void test_baseline_forgets_gone_ports(void **state)
{
	static const struct {
		const struct class *class;
		const char *name;
		bool stays;
	} noted[] = {{&class_sb_port, "p1/0/0", false},	  {&class_sb_port, "p1s0/0/0", true},
		     {&class_sb_port, "p10/0/0", true},	  {&class_sb_port, "p2/0/0", false},
		     {&class_sb_port, "p100/0/0", false}, {&class_port_split, "p1", true},
		     {&class_port_split, "p2", false},	  {&class_sb_pool, "0/1", true}};
	const char *const ports[] = {"p3", "p10", NULL, "p1s0", "p1s1"};
	struct world w = {.have = {.ports_read = true}};
	const struct value v = {.type = VALUE_U32, .num = 4};
	const struct assignment a = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		vec_push(&w.have.ports, ((struct port){.name = ports[i]}));
	for (size_t i = 0; i < ARRAY_SIZE(noted); i++) {
		const struct object o = {
			.class = noted[i].class, .name = noted[i].name, .cmode = CLASS_NO_CMODE};

		memory_note(&w.memory, &w.memory.pristine, &o, 0, &v);
	}
	baseline_follow(&w, &a);
	for (size_t i = 0; i < ARRAY_SIZE(noted); i++) {
		const struct object o = {
			.class = noted[i].class, .name = noted[i].name, .cmode = CLASS_NO_CMODE};

		assert_int_equal(notes_find(&w.memory.pristine, &o, 0) != NULL, noted[i].stays);
	}
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_baseline_forgets_gone_ports),
		cmocka_unit_test(test_presence_gone_is_final),
		cmocka_unit_test(test_presence_stories),
		cmocka_unit_test(test_permission_exhaustively),
		cmocka_unit_test(test_failures_wait),
		cmocka_unit_test(test_failures_of_reloads_block),
		cmocka_unit_test(test_fights_count_episodes),
		cmocka_unit_test(test_fights_over_ten_minutes),
		cmocka_unit_test(test_run_stops_at_a_barrier),
		cmocka_unit_test(test_run_together),
		cmocka_unit_test(test_run_not_kept),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_history_of_one_that_went),
		cmocka_unit_test(test_history_outage),
		cmocka_unit_test(test_candidate_leaves_no_trace),
		cmocka_unit_test(test_candidate_takes_away),
		cmocka_unit_test(test_candidate_refused),
		cmocka_unit_test(test_candidate_follows_firmware_on_the_copy),
	};

	log_set_level("emerg");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
