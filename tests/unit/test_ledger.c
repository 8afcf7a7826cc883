// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which config is in force, over trials, restarts and reboots: stories, and all sequences of what
 * can happen, against a model in other words.
 */
#include "base/mem.h"
#include "model/ledger.h"
#include "store/file.h"
#include "store/ledger.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BOOT  "boot 1"
#define AFTER "boot 2"

static void test_a_trial_is_confirmed(void **state)
{
	struct ledger l = {};

	(void)state;
	ledger_accept(&l, 1, "", 100);
	ledger_accept(&l, 2, "root", 200);
	ledger_try(&l, 1000, BOOT, 1);
	assert_true(ledger_has_trial(&l));
	assert_int_equal(l.accepted.v[0].fate, FATE_ON_TRIAL);
	assert_false(ledger_is_over(&l, 999, BOOT));
	assert_true(ledger_is_over(&l, 1000, BOOT));
	assert_true(ledger_is_over(&l, 1, AFTER));
	assert_true(ledger_confirm(&l));
	assert_false(ledger_confirm(&l));
	assert_false(ledger_is_over(&l, 2000, AFTER));
	assert_int_equal(ledger_in_force(&l), 2);
	assert_int_equal(l.accepted.v[0].fate, FATE_IN_FORCE);
	assert_int_equal(ledger_stands_for(&l, 2), 0);
	ledger_clear(&l);
}

static void test_a_trial_is_rolled_back(void **state)
{
	struct ledger l = {};

	(void)state;
	ledger_accept(&l, 1, "", 100);
	ledger_accept(&l, 2, "root", 200);
	ledger_try(&l, 1000, BOOT, 1);
	ledger_roll_back(&l, "why", NULL, 300);
	assert_int_equal(ledger_in_force(&l), 1);
	assert_int_equal(l.accepted.n, 3);
	assert_int_equal(l.accepted.v[1].fate, FATE_ROLLED_BACK);
	assert_int_equal(l.accepted.v[2].fate, FATE_REPLACED);
	assert_string_equal(l.why, "why");
	assert_true(l.undoing);
	/* the files that were on trial do not count at the next start, others do */
	assert_int_equal(ledger_stands_for(&l, 2), 1);
	assert_int_equal(ledger_stands_for(&l, 3), 0);
	/* nor what was kept last, where the files are refused */
	assert_int_equal(ledger_stands_for(&l, 0), 1);
	/* the config before, accepted once more, does not end the way back to it */
	ledger_accept(&l, 1, NULL, 400);
	assert_true(l.undoing);
	/* asked for, they do */
	ledger_accept(&l, 2, NULL, 400);
	assert_int_equal(ledger_stands_for(&l, 2), 0);
	assert_null(l.why);
	assert_false(l.undoing);
	ledger_clear(&l);
}

/* The clock starts again, against the same old config. */
static void test_a_trial_after_another(void **state)
{
	struct ledger l = {};

	(void)state;
	ledger_accept(&l, 1, NULL, 0);
	ledger_accept(&l, 2, NULL, 0);
	ledger_try(&l, 1000, BOOT, 1);
	ledger_accept(&l, 3, NULL, 0);
	ledger_try(&l, 2000, BOOT, 1);
	assert_false(ledger_is_over(&l, 1500, BOOT));
	ledger_roll_back(&l, "why", NULL, 0);
	assert_int_equal(ledger_in_force(&l), 1);
	/* one that is what was before is on trial for nothing */
	ledger_accept(&l, 2, NULL, 0);
	ledger_try(&l, 1000, BOOT, 1);
	ledger_accept(&l, 1, NULL, 0);
	ledger_try(&l, 1000, BOOT, 1);
	assert_false(ledger_has_trial(&l));
	ledger_clear(&l);
}

static void test_an_older_one(void **state)
{
	struct ledger l = {};

	(void)state;
	assert_int_equal(ledger_previous(&l), 0);
	ledger_accept(&l, 1, NULL, 0);
	ledger_accept(&l, 2, NULL, 0);
	ledger_accept(&l, 3, NULL, 0);
	assert_int_equal(ledger_previous(&l), 2);
	ledger_replace(&l, 2, 3, "why", "me", 7);
	assert_int_equal(ledger_stands_for(&l, 3), 2);
	assert_string_equal(l.accepted.v[0].who, "me");
	/* on trial, and back: the files are still put aside */
	ledger_replace(&l, 1, 3, "why", NULL, 8);
	ledger_try(&l, 10, BOOT, 2);
	ledger_roll_back(&l, "why", NULL, 9);
	assert_int_equal(ledger_stands_for(&l, 3), 2);
	/* to what the files say: nothing stands in their place */
	ledger_replace(&l, 3, 3, "why", NULL, 8);
	assert_null(l.why);
	ledger_clear(&l);
}

static void test_twenty_are_kept(void **state)
{
	struct ledger l = {};

	(void)state;
	for (uint64_t i = 1; i <= 50; i++)
		ledger_accept(&l, i, "", i);
	ledger_accept(&l, 50, "", 51); /* the same again is no other */
	assert_int_equal(l.accepted.n, ACCEPTED_MAX);
	for (size_t i = 0; i < l.accepted.n; i++)
		assert_int_equal(l.accepted.v[i].hash, 50 - i);
	ledger_clear(&l);
}

/* ---- everything that can happen, in every order ---- */

enum happening { EDIT, RELOAD, TRY, CONFIRM, DEADLINE, REBOOT, RESTART, HAPPENINGS };

/* In other words: which config is in force, which comes back, what the files say. */
struct model {
	uint64_t in_force, before, files, aside;
	bool trial;
};

static void model_back(struct model *m)
{
	if (!m->trial)
		return;
	m->aside = m->in_force;
	m->in_force = m->before;
	m->trial = false;
}

static void model_start(struct model *m)
{
	if (!m->trial && m->files != m->aside)
		m->in_force = m->files;
}

static void model_take(struct model *m, bool on_trial)
{
	uint64_t before = m->trial ? m->before : m->in_force;

	if (m->trial && !on_trial)
		return; /* refused */
	m->in_force = m->files;
	m->aside = 0;
	m->trial = on_trial && before != m->in_force;
	m->before = before;
}

static void model_apply(struct model *m, enum happening h)
{
	switch (h) {
	case EDIT:
		m->files++;
		return;
	case RELOAD:
	case TRY:
		model_take(m, h == TRY);
		return;
	case CONFIRM:
		m->trial = false;
		return;
	case DEADLINE:
		model_back(m);
		return;
	case REBOOT:
		model_back(m);
		model_start(m);
		return;
	case RESTART:
		model_start(m);
		return;
	case HAPPENINGS:
		return;
	}
}

/* As the manager does. */
static void start(struct ledger *l, uint64_t files, uint64_t now, const char *boot)
{
	if (ledger_is_over(l, now, boot))
		ledger_roll_back(l, "why", NULL, 0);
	if (!ledger_has_trial(l) && !ledger_stands_for(l, files))
		ledger_accept(l, files, NULL, 0);
}

static void apply(struct ledger *l, enum happening h, uint64_t files)
{
	uint64_t before = ledger_has_trial(l) ? l->trial.before : ledger_in_force(l);

	switch (h) {
	case EDIT:
	case HAPPENINGS:
		return;
	case RELOAD:
		if (!ledger_has_trial(l))
			ledger_accept(l, files, NULL, 0);
		return;
	case TRY:
		ledger_accept(l, files, NULL, 0);
		ledger_try(l, 1000, BOOT, before);
		return;
	case CONFIRM:
		ledger_confirm(l);
		return;
	case DEADLINE:
		if (ledger_is_over(l, 1000, BOOT))
			ledger_roll_back(l, "why", NULL, 0);
		return;
	case REBOOT:
		start(l, files, 1, AFTER);
		return;
	case RESTART:
		start(l, files, 1, BOOT);
		return;
	}
}

static void check_story(unsigned story, unsigned length)
{
	struct model m = {.in_force = 1, .files = 1};
	struct ledger l = {};

	ledger_accept(&l, 1, NULL, 0);
	for (unsigned i = 0; i < length; i++, story /= HAPPENINGS) {
		enum happening h = (enum happening)(story % HAPPENINGS);

		model_apply(&m, h);
		apply(&l, h, m.files);
		assert_int_equal(ledger_in_force(&l), m.in_force);
		assert_int_equal(ledger_has_trial(&l), m.trial);
		assert_true(!m.trial || l.trial.hash == m.in_force);
	}
	ledger_clear(&l);
}

static void test_all_stories(void **state)
{
	enum { LENGTH = 6 };
	unsigned n = 1;

	(void)state;
	for (unsigned i = 0; i < LENGTH; i++)
		n *= HAPPENINGS;
	for (unsigned i = 0; i < n; i++)
		check_story(i, LENGTH);
}

/* ---- on disk ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void test_on_disk(void **state)
{
	char dir[] = "/tmp/carved-ledger-XXXXXX";
	struct store s = {
		.state_dir = dir, .runtime_dir = dir, .lock_fd = -1, .former_lock_fd = -1};
	struct ledger l = {}, back = {};

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(store_open(&s), 0);
	assert_int_equal(store_load_ledger(&s, &back), -ENOENT);
	ledger_accept(&l, 1, "", 100);
	ledger_accept(&l, UINT64_MAX, "uid 0", 200);
	ledger_try(&l, 1000, BOOT, 1);
	assert_int_equal(store_save_ledger(&s, &l), 0);
	assert_int_equal(store_load_ledger(&s, &back), 0);
	assert_int_equal(back.accepted.n, 2);
	assert_true(ledger_in_force(&back) == UINT64_MAX);
	assert_string_equal(back.accepted.v[0].who, "uid 0");
	assert_int_equal(back.accepted.v[0].fate, FATE_ON_TRIAL);
	assert_int_equal(back.accepted.v[1].fate, FATE_REPLACED);
	assert_int_equal(back.accepted.v[0].at, 200);
	assert_int_equal(back.trial.before, 1);
	assert_true(ledger_is_over(&back, 1000, BOOT));
	assert_false(ledger_is_over(&back, 999, BOOT));
	ledger_clear(&back);
	ledger_roll_back(&l, "why", NULL, 300);
	assert_int_equal(store_save_ledger(&s, &l), 0);
	assert_int_equal(store_load_ledger(&s, &back), 0);
	assert_false(ledger_has_trial(&back));
	assert_true(back.undoing);
	assert_string_equal(back.why, "why");
	assert_int_equal(ledger_stands_for(&back, UINT64_MAX), 1);
	ledger_clear(&back);
	ledger_clear(&l);
	store_close(&s);
	nftw(dir, remove_one, 4, FTW_DEPTH);
}

static void test_makes_no_sense(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{\"version\": 2, \"accepted\": []}",
		"{\"version\": 1, \"accepted\": [{}]}",
		"{\"version\": 1, \"accepted\": [], \"trial\": {\"hash\": \"1\", \"before\": \"2\","
		" \"deadline\": 1, \"boot\": \"b\"}}"};
	char dir[] = "/tmp/carved-ledger-XXXXXX";
	struct store s = {
		.state_dir = dir, .runtime_dir = dir, .lock_fd = -1, .former_lock_fd = -1};

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(store_open(&s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_free_ char *path = mem_printf("%s/ledger.json", dir);
		struct ledger l = {};
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(store_load_ledger(&s, &l), -EINVAL);
		assert_int_equal(l.accepted.n, 0);
		assert_int_equal(store_load_ledger(&s, &l), -ENOENT); /* it was set aside */
	}
	store_close(&s);
	nftw(dir, remove_one, 4, FTW_DEPTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_trial_is_confirmed),
		cmocka_unit_test(test_a_trial_is_rolled_back),
		cmocka_unit_test(test_a_trial_after_another),
		cmocka_unit_test(test_an_older_one),
		cmocka_unit_test(test_twenty_are_kept),
		cmocka_unit_test(test_all_stories),
		cmocka_unit_test(test_on_disk),
		cmocka_unit_test(test_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
