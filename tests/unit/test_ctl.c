// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What carvectl makes of the daemon's answers: tables for any width, JSON, exit codes, what it
 * tells people to do. No bus: plain structs go in, text comes out. $srcdir is the top of the source
 * tree, "." if not set.
 */
#include "ctl/answer.h"
#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/glyph.h"
#include "ctl/history.h"
#include "ctl/metrics.h"
#include "ctl/plan.h"
#include "ctl/progress.h"
#include "ctl/remarks.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/when.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* 2026-11-22 12:00:00 UTC */
#define NOW UINT64_C(1795348800000000)

static const struct style pipe_style = {.utf8 = true};
static const struct style ascii = {};

static struct style terminal(unsigned width)
{
	return (struct style){.width = width, .marks = true, .utf8 = true};
}

/* @out must say @expected; frees it. */
static void check(struct buf *out, const char *expected)
{
	_cleanup_free_ char *text = buf_take(out);

	assert_string_equal(text, expected);
}

/* No line of @out is wider than @width, none ends in a space; frees it. */
static void check_width(struct buf *out, size_t width)
{
	_cleanup_free_ char *text = buf_take(out);

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (glyph_width(line, n) > width)
			fail_msg("wider than %zu: %.*s", width, (int)n, line);
		if (n && line[n - 1] == ' ')
			fail_msg("a space at the end: \"%.*s\"", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

/* --- text -------------------------------------------------------------------- */

static void test_glyphs(_unused_ void **state)
{
	assert_int_equal(glyph_width("größe", SIZE_MAX), 5);
	assert_int_equal(glyph_width("größe", 4), 3);
	assert_int_equal(glyph_width("漢字", SIZE_MAX), 4);
	assert_int_equal(glyph_width("e\xcc\x81", SIZE_MAX), 1);
	assert_int_equal(glyph_width("\xff\xc3", SIZE_MAX), 2);
	assert_int_equal(glyph_width("", SIZE_MAX), 0);
	assert_int_equal(glyph_fit("größe", 3), 4);
	assert_int_equal(glyph_fit("漢字", 3), 3);
	assert_int_equal(glyph_fit("漢", 1), 0);
	assert_int_equal(glyph_fit("abc", SIZE_MAX), 3);
}

static void check_clean(const char *text, const char *expected)
{
	_cleanup_free_ char *clean = text_clean_line(text);

	assert_string_equal(clean, expected);
}

static void test_clean(_unused_ void **state)
{
	check_clean("größe", "größe");
	check_clean("a\033[31mb\nc\x7f", "a?[31mb?c?");
	check_clean("\xc2\x9b", "?"); /* CSI in one character */
	check_clean("a\xe2\x80\xae"
		    "b",
		    "a?b"); /* right-to-left override */
	check_clean("\xc0\xaf\xff", "???");
	check_clean("\xed\xa0\x80", "???");
	check_clean("cut \xe2\x82", "cut ??");
}

static void test_wrap(_unused_ void **state)
{
	struct style s = terminal(30);
	struct buf out = {};

	wrap_render("one two three four five six", 10, &s, &out);
	check(&out, "one two three four\n          five six\n");
	wrap_render("", 10, &s, &out);
	check(&out, "\n");
	wrap_render("one two three four five six", 10, &pipe_style, &out);
	check(&out, "one two three four five six\n");
}

/* --- tables ------------------------------------------------------------------ */

static const struct table_column three_columns[] = {
	{.title = "NAME", .fit = TABLE_WRAP},
	{.title = "SPARE", .fit = TABLE_WRAP, .spare = 1},
	{.title = "TEXT", .fit = TABLE_CUT, .min = 6},
};

static const struct table_column below_columns[] = {
	{.title = "NAME", .fit = TABLE_WRAP},
	{.title = "TEXT", .fit = TABLE_WRAP, .min = 20, .spare = 1, .below = true},
};

static void add_three(struct table *t, const char *a, const char *b, const char *c)
{
	table_add(t, a, COLOUR_NONE);
	table_add(t, b, COLOUR_NONE);
	table_add(t, c, COLOUR_GOOD);
}

static void test_table(_unused_ void **state)
{
	struct table t = {.columns = three_columns, .n_columns = 3};
	struct style s = terminal(0);
	struct buf out = {};

	table_render(&t, &pipe_style, &out);
	check(&out, "NAME  SPARE  TEXT\n");
	add_three(&t, "größe", "x", "long enough to be cut");
	add_three(&t, "b", "", "");
	table_render(&t, &pipe_style, &out);
	check(&out, "NAME   SPARE  TEXT\n"
		    "größe  x      long enough to be cut\n"
		    "b      -      -\n");
	s.colour = true;
	table_render(&t, &s, &out);
	check(&out, "\033[1mNAME\033[0m   \033[1mSPARE\033[0m  \033[1mTEXT\033[0m\n"
		    "größe  x      \033[32mlong enough to be cut\033[0m\n"
		    "b      -      \033[32m-\033[0m\n");
	table_clear(&t);
}

static void test_table_cut(_unused_ void **state)
{
	struct table t = {.columns = three_columns, .n_columns = 3};
	struct style s = terminal(22);
	struct buf out = {};

	add_three(&t, "größe", "x", "long enough to be cut");
	table_render(&t, &s, &out);
	check(&out, "NAME   SPARE  TEXT\n"
		    "größe  x      long en…\n");
	s.width = 18;
	table_render(&t, &s, &out);
	check(&out, "NAME   TEXT\n"
		    "größe  long enoug…\n");
	s.utf8 = false;
	table_render(&t, &s, &out);
	check(&out, "NAME   TEXT\n"
		    "größe  long eno...\n");
	table_clear(&t);
}

/* A column in which nothing stands goes before one that may be spared. */
static void test_table_empty_column(_unused_ void **state)
{
	struct table t = {.columns = three_columns, .n_columns = 3};
	struct style s = terminal(13);
	struct buf out = {};

	add_three(&t, "name", "spare", "");
	table_render(&t, &s, &out);
	check(&out, "NAME  SPARE\n"
		    "name  spare\n");
	table_clear(&t);
}

static void test_table_below(_unused_ void **state)
{
	struct table t = {.columns = below_columns, .n_columns = 2};
	struct style s = terminal(20);
	struct buf out = {};

	table_add(&t, "a/long/name", COLOUR_NONE);
	table_add(&t, "what has no room in the row", COLOUR_NONE);
	table_add(&t, "b", COLOUR_NONE);
	table_add(&t, "", COLOUR_NONE);
	table_render(&t, &s, &out);
	check(&out, "NAME\n"
		    "a/long/name\n"
		    "    what has no room\n"
		    "    in the row\n"
		    "b\n");
	s.width = 8;
	table_render(&t, &s, &out);
	check(&out, "NAME\n"
		    "a/long/\n"
		    "name\n"
		    "    what\n"
		    "    has\n"
		    "    no\n"
		    "    room\n"
		    "    in\n"
		    "    the\n"
		    "    row\n"
		    "b\n");
	table_clear(&t);
}

/* --- style ------------------------------------------------------------------- */

static void test_style(_unused_ void **state)
{
	struct style_signs signs = {.terminal = true, .utf8 = true, .columns = 132};

	assert_int_equal(style_decide(&signs).width, 132);
	assert_true(style_decide(&signs).colour && style_decide(&signs).marks);
	signs.env_columns = "50";
	assert_int_equal(style_decide(&signs).width, 50);
	signs.env_columns = "5";
	assert_int_equal(style_decide(&signs).width, 40);
	signs.env_columns = "wide";
	assert_int_equal(style_decide(&signs).width, 132);
	signs.columns = 0;
	assert_int_equal(style_decide(&signs).width, 80);
	signs.env_no_color = "";
	assert_true(style_decide(&signs).colour);
	signs.env_no_color = "1";
	assert_false(style_decide(&signs).colour);
	assert_true(style_decide(&signs).marks);
	signs.env_no_color = NULL;
	signs.env_term = "dumb";
	assert_false(style_decide(&signs).colour);
	signs = (struct style_signs){.columns = 132, .env_columns = "50"};
	assert_int_equal(style_decide(&signs).width, 0);
	assert_false(style_decide(&signs).colour || style_decide(&signs).marks);
}

/* --- status ------------------------------------------------------------------ */

static struct device_answer *add_device(struct status_answer *a, const char *handle,
					const char *entry, const char *state)
{
	struct device_answer *d = vec_add(&a->devices);

	answer_init(&device_type, d);
	d->handle = handle;
	d->entry = entry;
	d->state = state;
	return d;
}

static void add_object(struct device_answer *d, const char *kind, const char *object,
		       const char *wanted, const char *actual, const char *reason,
		       const char *origin)
{
	vec_push(&d->objects,
		 ((struct object_answer){kind, object, wanted, actual, reason, origin}));
}

/* A device in trouble, an entry without a device, a device that is nobody's. */
static void make_status(struct status_answer *a)
{
	struct device_answer *d;

	answer_init(&status_type, a);
	a->state = "failed";
	d = add_device(a, "pci/0000:03:00.0", "leaf-asic", "failed");
	d->driver = "mlxsw_spectrum";
	d->reason = "trap source_mac_is_multicast: the kernel refuses it";
	d->pending_class = "reload";
	d->reloads = 2;
	d->foreign_reloads = 1;
	d->outage_usec = 3012345;
	d->last_error = "Invalid argument";
	d->last_extack = "mlxsw_spectrum: Cannot change the action";
	d->firmware_running = "13.2010.1006";
	d->converged_at = NOW - UINT64_C(7200000000);
	d->changed_at = NOW - UINT64_C(300000000);
	d->state_since = NOW - UINT64_C(240000000);
	d->error_at = NOW - UINT64_C(60000000);
	d->last_trigger = "config";
	vec_push(&d->drift,
		 ((struct drift_answer){"source_mac_is_multicast", "action", "drop", "trap"}));
	add_object(d, "trap", "source_mac_is_multicast", "drop", "trap", "the kernel refuses it",
		   "/etc/carved/carved.yaml:31:7");
	add_object(d, "trap_policer", "1", "rate 1000, burst 128", "rate 1000, burst 128", "",
		   "/etc/carved/carved.d/größe.yaml:4:3");
	add_device(a, "", "spine", "absent")->reason = "no device matches this entry";
	add_device(a, "pci/0000:04:00.0", "", "unmanaged")->driver = "mlx5_core";
}

static void clear_status(struct status_answer *a)
{
	answer_clear(&status_type, a, &a->arena);
}

static void test_status(_unused_ void **state)
{
	struct style s = terminal(80);
	struct status_answer a;
	struct buf out = {};

	make_status(&a);
	status_render(&a, &pipe_style, NOW, &out);
	check(&out,
	      "DEVICE            ENTRY      DRIVER          STATE      FIRMWARE      RELOADS DRIFT "
	      "CHANGED              REASON\n"
	      "pci/0000:03:00.0  leaf-asic  mlxsw_spectrum  failed     13.2010.1006  2/1     1     "
	      "2026-11-22 11:55:00  trap source_mac_is_multicast: the kernel refuses it\n"
	      "spine             -          -               absent     -             -       -     "
	      "-                    no device matches this entry\n"
	      "pci/0000:04:00.0  -          mlx5_core       unmanaged  -             0/0     0     "
	      "-                    -\n"
	      "\n"
	      "carved: failed, 0 of 2 converged\n");
	status_render(&a, &s, NOW, &out);
	check(&out,
	      "  DEVICE           ENTRY     DRIVER         STATE     FIRMWARE     RELOADS DRIFT\n"
	      "× pci/0000:03:00.0 leaf-asic mlxsw_spectrum failed    13.2010.1006 2/1     1\n"
	      "    trap source_mac_is_multicast: the kernel refuses it\n"
	      "○ spine            -         -              absent    -            -       -\n"
	      "    no device matches this entry\n"
	      "  pci/0000:04:00.0 -         mlx5_core      unmanaged -            0/0     0\n"
	      "\n"
	      "carved: failed, 0 of 2 converged\n");
	clear_status(&a);
}

static void test_status_empty(_unused_ void **state)
{
	struct status_answer a;
	struct buf out = {};

	answer_init(&status_type, &a);
	a.state = "converged";
	status_render(&a, &pipe_style, NOW, &out);
	check(&out, "There are no devices, and the configuration names none.\n"
		    "\n"
		    "carved: converged\n");
	clear_status(&a);
}

static void test_status_diagnostics(_unused_ void **state)
{
	text_list texts = {};
	struct buf out = {};

	remarks_render(&texts, &ascii, &out);
	check(&out, "");
	vec_push(&texts, "this kernel has no devlink");
	remarks_render(&texts, &ascii, &out);
	check(&out, "\nRemarks:\nthis kernel has no devlink\n");
	vec_push(&texts, "a.yaml:1:1: error: unknown key \"x\"\n  x: 1\n  ^\n");
	remarks_render(&texts, &ascii, &out);
	check(&out, "\nThe configuration has errors; what was accepted before stays in force.\n"
		    "this kernel has no devlink\n"
		    "a.yaml:1:1: error: unknown key \"x\"\n  x: 1\n  ^\n");
	vec_clear(&texts);
}

static void test_status_device(_unused_ void **state)
{
	struct style s = terminal(80);
	struct status_answer a;
	struct buf out = {};

	make_status(&a);
	status_render_device(&a.devices.v[0], true, &s, NOW, &out);
	check(&out,
	      "× pci/0000:03:00.0\n"
	      "         Entry: leaf-asic\n"
	      "        Driver: mlxsw_spectrum\n"
	      "      Firmware: 13.2010.1006 running\n"
	      "         State: failed\n"
	      "        Reason: trap source_mac_is_multicast: the kernel refuses it\n"
	      "       Pending: reload\n"
	      "         Since: 2026-11-22 11:56:00 (4min ago)\n"
	      "   Last change: 2026-11-22 11:55:00 (5min ago), trigger config\n"
	      " Was converged: 2026-11-22 10:00:00 (2h ago)\n"
	      "         Drift: trap source_mac_is_multicast action: wanted drop, is trap\n"
	      "       Reloads: 2 by carved, 1 by others\n"
	      "   Last reload: 3.012 s outage\n"
	      "\n"
	      "KIND         OBJECT                  WANTED                ACTUAL\n"
	      "trap         source_mac_is_multicast drop                  trap\n"
	      "    the kernel refuses it\n"
	      "    /etc/carved/carved.yaml:31:7\n"
	      "trap_policer 1                       rate 1000, burst 128  rate 1000, burst 128\n"
	      "    /etc/carved/carved.d/größe.yaml:4:3\n"
	      "\n"
	      "    Last error: Invalid argument\n"
	      "   Last extack: mlxsw_spectrum: Cannot change the action\n"
	      "     Failed at: 2026-11-22 11:59:00 (1min ago)\n");
	a.devices.v[0].down_since = NOW - 12000000;
	a.devices.v[0].next_attempt = NOW + 9500000;
	status_render_device(&a.devices.v[0], true, &s, NOW, &out);
	assert_non_null(strstr(out.s, "         State: failed, DOWN\n"));
	assert_non_null(strstr(
		out.s,
		"          DOWN: since 2026-11-22 11:59:48 (12s ago), next attempt in 10 s\n"));
	buf_clear(&out);
	status_render_device(&a.devices.v[1], true, &ascii, NOW, &out);
	check(&out, "spine\n"
		    "         Entry: spine\n"
		    "         State: absent\n"
		    "        Reason: no device matches this entry\n");
	status_render_device(&a.devices.v[2], true, &ascii, NOW, &out);
	check(&out, "pci/0000:04:00.0\n"
		    "        Driver: mlx5_core\n"
		    "         State: unmanaged\n"
		    "       Reloads: 0 by carved, 0 by others\n"
		    "\n"
		    "Nothing is managed on it.\n");
	clear_status(&a);
}

static void test_status_exit_code(_unused_ void **state)
{
	struct status_answer a;

	make_status(&a);
	assert_int_equal(status_exit_code(&a, true), CTL_NOT_THERE);
	assert_int_equal(status_exit_code(&a, false), CTL_NOT_THERE);
	vec_remove(&a.devices, 1);
	a.devices.v[0].state = "converged";
	assert_int_equal(status_exit_code(&a, false), CTL_OK);
	assert_int_equal(status_exit_code(&a, true), CTL_NOT_THERE);
	a.state = "converged";
	assert_int_equal(status_exit_code(&a, true), CTL_OK);
	vec_clear(&a.devices.v[0].objects);
	clear_status(&a);
}

/* --- plan -------------------------------------------------------------------- */

static void make_plan(struct plan_answer *a)
{
	answer_init(&plan_type, a);
	vec_push(&a->steps,
		 ((struct step_answer){"pci/0000:03:00.0", "resource", "/kvd/hash_double", "59392",
				       "60416", "reload", "/etc/carved/carved.yaml:9:22"}));
	vec_push(&a->steps, ((struct step_answer){"pci/0000:03:00.0", "reload", "driver_reinit", "",
						  "reload 1 of 1", "reload", ""}));
}

static void test_plan(_unused_ void **state)
{
	struct plan_answer a;
	struct buf out = {};

	make_plan(&a);
	plan_render(&a, &pipe_style, &out);
	check(&out,
	      "DEVICE            CLASS   KIND      OBJECT            CHANGE         FILE:LINE:COL\n"
	      "pci/0000:03:00.0  reload  resource  /kvd/hash_double  59392 → 60416  "
	      "/etc/carved/carved.yaml:9:22\n"
	      "pci/0000:03:00.0  reload  reload    driver_reinit     reload 1 of 1  -\n"
	      "\n"
	      "2 steps, 1 reload\n");
	a.steps.n = 1;
	plan_render(&a, &ascii, &out);
	check(&out, "DEVICE            CLASS   KIND      OBJECT            CHANGE          "
		    "FILE:LINE:COL\n"
		    "pci/0000:03:00.0  reload  resource  /kvd/hash_double  59392 -> 60416  "
		    "/etc/carved/carved.yaml:9:22\n"
		    "\n"
		    "1 step\n");
	a.steps.n = 0;
	plan_render(&a, &ascii, &out);
	check(&out, "Nothing to do.\n");
	answer_clear(&plan_type, &a, &a.arena);
}

/* What is not in the steps is said, and is no success. */
static void test_plan_hindered(_unused_ void **state)
{
	struct plan_answer a, permitted;
	struct buf out = {};

	make_plan(&a);
	assert_int_equal(plan_exit_code(&a), CTL_STEPS);
	answer_init(&plan_type, &permitted);
	vec_push(&permitted.steps, a.steps.v[1]);
	vec_push(&a.steps, ((struct step_answer){"pci/0000:03:00.0", "trap", "taken_meanwhile",
						 "drop", "trap", "live", ""}));
	plan_find_held(&a, &permitted);
	assert_int_equal(a.held.n, 1);
	a.steps.n--;
	plan_render(&a, &ascii, &out);
	assert_non_null(strstr(out.s,
			       "\n2 steps, 1 reload\n1 of them waits for a permitted reload; "
			       "to take it now: carvectl apply pci/0000:03:00.0 "
			       "--allow-reload\n"));
	buf_clear(&out);
	a.steps.n = 0;
	a.out_of_sync = true;
	vec_push(&a.hindered, ((struct hindered_answer){"pci/0000:03:00.0", "leaf", "paused", ""}));
	assert_int_equal(plan_exit_code(&a), CTL_OK);
	vec_push(&a.hindered, ((struct hindered_answer){"", "spine", "absent", "why"}));
	assert_int_equal(plan_exit_code(&a), CTL_ERROR);
	plan_render(&a, &ascii, &out);
	check(&out, "pci/0000:03:00.0 is paused\nentry spine is absent: why\nThe files on disk "
		    "differ from what is in force; the plan for them: carvectl plan "
		    "--candidate\n");
	answer_clear(&plan_type, &permitted, &permitted.arena);
	answer_clear(&plan_type, &a, &a.arena);
}

/* What waits for other devices is not told to be permitted. */
static void test_waits_for_others(_unused_ void **state)
{
	struct status_answer a;
	struct device_answer *d;
	struct buf out = {};

	answer_init(&status_type, &a);
	d = add_device(&a, "pci/0000:08:00.1", "nic", "pending-reload");
	d->reason = "waits until others are reloaded or flashed: firmware fw";
	explain_render(d, NULL, 0, &ascii, &out);
	check(&out, "pci/0000:08:00.1 is pending-reload\n"
		    "  waits until others are reloaded or flashed: firmware fw\n");
	d->reason = "waits for a permitted reload: firmware fw";
	explain_render(d, NULL, 0, &ascii, &out);
	check(&out, "pci/0000:08:00.1 is pending-reload\n"
		    "  waits for a permitted reload: firmware fw\n"
		    "  to reload it now, whatever that resets: carvectl apply pci/0000:08:00.1 "
		    "--allow-reload\n");
	clear_status(&a);
}

/* What could not be read yet may well be managed. */
static void test_status_unread(_unused_ void **state)
{
	struct status_answer a;
	struct device_answer *d;
	struct buf out = {};

	answer_init(&status_type, &a);
	d = add_device(&a, "pci/0000:03:00.0", "", "failed");
	d->reason = "the device cannot be read: Input/output error";
	status_render_device(d, false, &ascii, NOW, &out);
	assert_non_null(strstr(out.s, "\n\nIt has not been read yet: what is managed on it is not "
				      "known.\n"));
	buf_clear(&out);
	d->state = "converged";
	d->read_at = NOW;
	status_render_device(d, false, &ascii, NOW, &out);
	assert_non_null(strstr(out.s, "\n\nNothing is managed on it.\n"));
	buf_clear(&out);
	clear_status(&a);
}

/* The longest name of a device leaves room for its driver, its entry and its firmware. */
static void test_status_narrow(_unused_ void **state)
{
	struct style s = terminal(80);
	struct status_answer a;
	struct device_answer *d;
	struct buf out = {};

	answer_init(&status_type, &a);
	a.state = "converged";
	d = add_device(&a, "netdevsim/netdevsim10", "leaf", "converged");
	d->driver = "mlxsw_spectrum";
	d->firmware_running = "13.2010.1006";
	d->changed_at = NOW;
	status_render(&a, &s, NOW, &out);
	check(&out,
	      "  DEVICE                 ENTRY  DRIVER          STATE      FIRMWARE      DRIFT\n"
	      "● netdevsim/netdevsim10  leaf   mlxsw_spectrum  converged  13.2010.1006  0\n"
	      "\ncarved: converged, 1 of 1 converged\n");
	clear_status(&a);
}

/* Only what traffic or firmware would notice is worth a question. */
static void test_ask(_unused_ void **state)
{
	struct plan_answer a;
	struct buf out = {};

	make_plan(&a);
	a.steps.v[1].from = "3 netdevs up, 1 with a master";
	vec_push(&a.steps, ((struct step_answer){"a/b", "firmware", "fw", "1", "2", "reload", ""}));
	vec_push(&a.steps,
		 ((struct step_answer){"a/b", "port_split", "p5", "swp5", "4", "ports", ""}));
	assert_int_equal(ask_render(&a, &ascii, &out), 3);
	check(&out, "This disturbs traffic:\n"
		    "  pci/0000:03:00.0: reload, 3 netdevs up, 1 with a master\n"
		    "  a/b: flash fw 1 -> 2\n"
		    "  a/b: port_split p5, its netdevs go away and come back: swp5\n");
	a.steps.n = 1;
	assert_int_equal(ask_render(&a, &ascii, &out), 0);
	answer_clear(&plan_type, &a, &a.arena);
}

/* Whatever the width, nothing is wider, and all that is shown by `plan` is still there. */
static void test_all_widths(_unused_ void **state)
{
	struct status_answer status;
	struct plan_answer plan;
	struct buf out = {};

	make_status(&status);
	make_plan(&plan);
	for (unsigned width = 40; width < 200; width++) {
		struct style s = terminal(width);

		status_render(&status, &s, NOW, &out);
		check_width(&out, width);
		vec_each(d, &status.devices)
			status_render_device(d, width % 2, &s, NOW, &out);
		check_width(&out, width);
		plan_render(&plan, &s, &out);
		assert_non_null(strstr(out.s, "9:22"));
		check_width(&out, width);
	}
	clear_status(&status);
	answer_clear(&plan_type, &plan, &plan.arena);
}

/* --- times, history, progress, metrics ---------------------------------------- */

static void check_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void test_when(_unused_ void **state)
{
	check_text(when_text(NOW), "2026-11-22 12:00:00");
	check_text(when_ago(NOW, NOW + 59999999), "59s ago");
	check_text(when_ago(NOW, NOW + 60000000), "1min ago");
	check_text(when_ago(NOW, NOW + UINT64_C(90000000000)), "1d ago");
	check_text(when_ago(NOW, NOW - 1), "0s ago");
	check_text(when_duration(3012345), "3.012 s");
}

static void test_history(_unused_ void **state)
{
	struct style s = terminal(80);
	_cleanup_free_ char *line = NULL;
	struct buf out = {};
	record_list records = {};

	vec_push(&records,
		 ((struct record_answer){"pci/0000:03:00.0", "apply", "converged",
					 "reload driver_reinit; trap a b", NOW, 1250000}));
	history_render(&records, &s, &out);
	check(&out, "TIME                 DEVICE            TRIGGER  RESULT     OUTAGE\n"
		    "2026-11-22 12:00:00  pci/0000:03:00.0  apply    converged  1.250 s\n"
		    "    reload driver_reinit; trap a b\n");
	line = history_line(&records.v[0]);
	assert_string_equal(line, "pci/0000:03:00.0: converged (apply), outage 1.250 s: "
				  "reload driver_reinit; trap a b");
	vec_clear(&records);
}

static void check_progress(struct device_answer *d, uint64_t elapsed, const char *expected)
{
	struct progress_line p = {.n_managed = 1, .elapsed = elapsed};
	struct buf out = {};

	if (d)
		vec_push(&p.working, ((struct working){d, elapsed}));
	progress_render(&p, &ascii, &out);
	check(&out, expected);
	vec_clear(&p.working);
}

static void test_progress(_unused_ void **state)
{
	struct device_answer d;

	answer_init(&device_type, &d);
	d.handle = "pci/0000:03:00.0";
	d.state = "flashing";
	d.progress = (struct progress_answer){"Downloading", 1, 4};
	check_progress(
		&d, 12999999,
		"pci/0000:03:00.0  flashing  Downloading  [######..................]  25%  12 s");
	d.progress.done = 9; /* drivers do that */
	check_progress(
		&d, 0,
		"pci/0000:03:00.0  flashing  Downloading  [########################] 100%  0 s");
	d.state = "reloading";
	d.progress = (struct progress_answer){"reload", 0, 0};
	check_progress(&d, 1000000, "pci/0000:03:00.0  reloading  1 s");
	check_progress(NULL, 0, "waiting for all devices to come to rest  0 s");
}

/* All that work are counted, and as many named as there is room for. */
static void test_progress_of_many(_unused_ void **state)
{
	struct progress_line p = {.n_managed = 40, .elapsed = 5000000};
	struct device_answer d[3];
	struct buf out = {};

	for (size_t i = 0; i < ARRAY_SIZE(d); i++) {
		answer_init(&device_type, &d[i]);
		d[i].handle = i ? "pci/0000:08:00.0" : "pci/0000:03:00.0";
		d[i].state = "reloading";
		vec_push(&p.working, ((struct working){&d[i], 0}));
	}
	d[1].progress = (struct progress_answer){"Größe", 3, 4};
	d[1].state = "flashing";
	progress_render(&p, &ascii, &out);
	check(&out, "37 of 40 at rest: pci/0000:03:00.0 reloading, pci/0000:08:00.0 flashing 75%, "
		    "pci/0000:08:00.0 reloading  5 s");
	for (unsigned width = 40; width < 140; width++) {
		struct style s = terminal(width);

		progress_render(&p, &s, &out);
		assert_true(glyph_width(out.s, SIZE_MAX) < width);
		assert_non_null(strstr(out.s, width < 61    ? "37 of 40 at rest  5 s"
					      : width < 92  ? "reloading and 2 more  5 s"
					      : width < 109 ? "flashing 75% and 1 more  5 s"
							    : "reloading  5 s"));
		buf_clear(&out);
	}
	vec_clear(&p.working);
}

/* Messages are wrapped at words, source lines and carets stay as they are. */
static void test_remarks_wrapped(_unused_ void **state)
{
	struct style s = terminal(40);
	struct buf out = {};

	remarks_add("f.yaml:1:5: error: unknown key \"drivr\"; did you mean \"driver\"?\n"
		    "  a very long line of the source, as it is in the file\n      ^\n",
		    &s, &out);
	check(&out, "f.yaml:1:5: error: unknown key\n    \"drivr\"; did you mean \"driver\"?\n"
		    "  a very long line of the source, as it is in the file\n      ^\n");
}

static void check_line(const struct buf *out, const char *line)
{
	_cleanup_free_ char *whole = mem_printf("\n%s\n", line);

	if (!strstr(out->s, whole))
		fail_msg("there is no line: %s", line);
}

static void test_metrics(_unused_ void **state)
{
	struct device_answer *d;
	struct status_answer a;
	struct buf out = {};

	make_status(&a);
	a.out_of_sync = true;
	vec_push(&a.diagnostics, "f:1:2: error: x");
	vec_push(&a.diagnostics, "f:1:2: note: no error: x");
	d = &a.devices.v[0];
	d->entry = "a \"b\" \\ \n";
	vec_push(&d->resources,
		 ((struct resource_answer){
			 .path = "/kvd", .size = {5, true}, .max = {UINT64_MAX, true}}));
	add_object(d, "resource", "/kvd", "7", "5", "", "");
	add_object(d, "resource", "/x", "unlimited", "5", "", "");
	metrics_render(
		&a, &(struct config_answer){.hash = "00000000000000ab", .time = 1700000000000007},
		&out);
	check_line(&out, "carved_config_info{hash=\"00000000000000ab\"} 1");
	check_line(&out, "carved_config_timestamp_seconds 1700000000.000007");
	check_line(&out, "carved_config_errors 1");
	check_line(&out, "carved_config_out_of_sync 1");
	check_line(&out, "carved_entry_absent{entry=\"spine\"} 1");
	check_line(&out, "carved_device_info{device=\"pci/0000:03:00.0\","
			 "entry=\"a \\\"b\\\" \\\\ \\n\",driver=\"mlxsw_spectrum\","
			 "firmware_running=\"13.2010.1006\",firmware_stored=\"\"} 1");
	check_line(&out, "carved_device_state{device=\"pci/0000:03:00.0\",state=\"failed\"} 1");
	check_line(&out,
		   "carved_device_reloads_total{device=\"pci/0000:03:00.0\",by=\"others\"} 1");
	check_line(&out, "carved_device_drift{device=\"pci/0000:03:00.0\"} 1");
	check_line(&out, "carved_device_last_reload_outage_seconds{device=\"pci/0000:03:00.0\"} "
			 "3.012345");
	check_line(&out, "carved_resource_size{device=\"pci/0000:03:00.0\",path=\"/kvd\"} 5");
	check_line(&out, "carved_resource_max{device=\"pci/0000:03:00.0\",path=\"/kvd\"} +Inf");
	check_line(&out, "carved_resource_wanted{device=\"pci/0000:03:00.0\",path=\"/kvd\"} 7");
	check_line(&out, "carved_resource_wanted{device=\"pci/0000:03:00.0\",path=\"/x\"} +Inf");
	assert_null(strstr(out.s, "carved_resource_occupancy{"));
	buf_clear(&out);
	clear_status(&a);
}

/* Of a device only its own remarks are shown, and those on files. */
static void test_status_remarks(_unused_ void **state)
{
	struct status_answer a;
	struct buf out = {};

	answer_init(&status_type, &a);
	add_device(&a, "pci/0000:03:00.0", "leaf", "refused");
	vec_push(&a.diagnostics, "f:1:2: error: pci/0000:03:00.0: bad size\n");
	vec_push(&a.diagnostics, "f:1:2: error: pci/0000:04:00.0: another size\n");
	vec_push(&a.diagnostics, "f:1:2: error: pci/0000:03:00: a shorter one's\n");
	vec_push(&a.diagnostics, "f:1:2: error: unknown key x/y: z\n");
	status_render_devices(&a, false, &ascii, NOW, &out);
	assert_non_null(strstr(out.s, "bad size"));
	assert_null(strstr(out.s, "another size"));
	assert_null(strstr(out.s, "a shorter one's"));
	assert_non_null(strstr(out.s, "unknown key"));
	buf_clear(&out);
	clear_status(&a);
}

/* --- JSON -------------------------------------------------------------------- */

static void check_json(const struct answer_type *type, const void *answer, const char *expected)
{
	json_t *document = answer_to_json(type, answer);
	_cleanup_free_ char *text = json_dumps(document, JSON_COMPACT);

	json_decref(document);
	assert_string_equal(text, expected);
}

#define MANAGER_JSON(state, files, diagnostics)                                                    \
	"{\"version\":\"\",\"state\":\"" state "\",\"generation\":0,\"config_files\":[" files      \
	"],\"config_out_of_sync\":false,\"confirm_deadline_usec\":0,\"absent_entries\":[],"        \
	"\"diagnostics\":[" diagnostics "],\"devices\":["

#define DEVICE_JSON                                                                                \
	MANAGER_JSON("converged", "\"c.yaml\"", "\"one\",\"größe\"")                               \
	"{\"handle\":\"pci/0000:03:00.0\",\"entry\":\"leaf\",\"driver\":\"\","                     \
	"\"state\":\"converged\",\"reason\":\"\",\"pending_class\":\"\","                          \
	"\"firmware_running\":\"13\",\"firmware_stored\":\"\",\"reload_count\":3,"                 \
	"\"foreign_reload_count\":0,\"last_reload_outage_usec\":5000000000,"                       \
	"\"converged_at_usec\":0,\"state_since_usec\":0,\"down_since_usec\":0,"                    \
	"\"next_attempt_usec\":0,\"last_error_usec\":0,"                                           \
	"\"last_read_usec\":0,\"paused_until_usec\":0,\"last_change_"                              \
	"usec\":0,"                                                                                \
	"\"last_trigger\":\"\",\"last_error\":\"\",\"last_extack\":\"\","                          \
	"\"netdevs\":[],\"progress\":{\"what\":\"flash\",\"done\":1,\"total\":2},\"drift\":["      \
	"{\"object\":\"x\",\"attribute\":\"action\",\"wanted\":\"drop\",\"actual\":\"trap\"}]"

static void test_json_status(_unused_ void **state)
{
	struct device_answer *d;
	struct status_answer a;

	answer_init(&status_type, &a);
	check_json(&overview_type, &a, MANAGER_JSON("", "", "") "]}");
	a.state = "converged";
	vec_push(&a.files, "c.yaml");
	vec_push(&a.diagnostics, "one");
	vec_push(&a.diagnostics, "größe");
	d = add_device(&a, "pci/0000:03:00.0", "leaf", "converged");
	d->reloads = 3;
	d->outage_usec = UINT64_C(5000000000);
	d->firmware_running = "13";
	d->progress = (struct progress_answer){"flash", 1, 2};
	vec_push(&d->drift, ((struct drift_answer){"x", "action", "drop", "trap"}));
	check_json(&overview_type, &a, DEVICE_JSON "}]}");
	check_json(&status_type, &a, DEVICE_JSON ",\"resources\":[],\"objects\":[]}]}");
	vec_push(&d->resources, ((struct resource_answer){.path = "/kvd",
							  .unit = "entry",
							  .size = {5, true},
							  .max = {UINT64_MAX, true}}));
	add_object(d, "trap", "x", "drop", "trap", "why", "f:1:2");
	check_json(&status_type, &a,
		   DEVICE_JSON
		   ",\"resources\":[{\"path\":\"/kvd\",\"size\":5,\"size_new\":null,\"min\":null,"
		   "\"max\":\"unlimited\",\"granularity\":null,\"occ\":null,"
		   "\"unit\":\"entry\"}],\"objects\":[{\"kind\":\"trap\",\"object\":\"x\","
		   "\"wanted\":\"drop\",\"actual\":\"trap\",\"reason\":\"why\","
		   "\"origin\":\"f:1:2\"}]}]}");
	clear_status(&a);
}

static void test_json_plan_and_reload(_unused_ void **state)
{
	struct reload_answer reload;
	struct plan_answer plan;

	make_plan(&plan);
	plan.steps.n = 1;
	vec_push(&plan.hindered, ((struct hindered_answer){"", "spine", "absent", "why"}));
	check_json(&plan_type, &plan,
		   "{\"steps\":[{\"handle\":\"pci/0000:03:00.0\",\"kind\":\"resource\","
		   "\"object\":\"/kvd/hash_double\",\"from\":\"59392\",\"to\":\"60416\","
		   "\"class\":\"reload\",\"origin\":\"/etc/carved/carved.yaml:9:22\"}],"
		   "\"held\":[],\"hindered\":[{\"handle\":\"\",\"entry\":\"spine\","
		   "\"state\":\"absent\",\"reason\":\"why\"}]}");
	answer_clear(&plan_type, &plan, &plan.arena);
	answer_init(&reload_type, &reload);
	reload.result = "refused";
	check_json(&reload_type, &reload,
		   "{\"result\":\"refused\",\"diagnostics\":[],\"confirm_deadline_usec\":0,"
		   "\"records\":[]}");
	answer_clear(&reload_type, &reload, &reload.arena);
}

static char *read_man_page(void)
{
	const char *top = getenv("srcdir") ? getenv("srcdir") : ".";
	_cleanup_free_ char *path = mem_printf("%s/man/carvectl.1", top);
	char *text = mem_alloc(100000);
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	assert_true(fread(text, 1, 99999, f) > 0);
	fclose(f);
	return text;
}

static void check_described(const struct answer_type *type, const char *page)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		_cleanup_free_ char *key = mem_printf("Ql %s\n", type->fields[i].name);
		_cleanup_free_ char *inner = mem_printf("Ql %s ,\n", type->fields[i].name);

		if (!strstr(page, key) && !strstr(page, inner))
			fail_msg("carvectl(1) does not describe \"%s\"", type->fields[i].name);
		if (type->fields[i].of)
			check_described(type->fields[i].of, page);
	}
}

/* Every key of the JSON output is in the man page. */
static void test_man_page(_unused_ void **state)
{
	_cleanup_free_ char *page = read_man_page();

	check_described(&status_type, page);
	check_described(&plan_type, page);
	check_described(&reload_type, page);
	check_described(&apply_type, page);
	check_described(&history_type, page);
	check_described(&event_type, page);
}

/* --- what people are told ---------------------------------------------------- */

static void check_told(bool user_bus, const char *name, const char *message, const char *expected)
{
	struct ctl ctl = {.command = "reload", .user_bus = user_bus};
	_cleanup_free_ char *text = client_explain(&ctl, name, message);

	assert_string_equal(text, expected);
}

static void test_explain(_unused_ void **state)
{
	check_told(false, SD_BUS_ERROR_SERVICE_UNKNOWN, "x",
		   "carved is not running; start it with: systemctl start carved");
	check_told(true, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "x",
		   "carved is not running; start it with: carved --bus=user");
	check_told(false, SD_BUS_ERROR_ACCESS_DENIED, "only root may",
		   "no permission (only root may): \"carvectl reload\" needs root");
	check_told(false, SD_BUS_ERROR_NO_REPLY, "x",
		   "carved ended before it answered; look at: journalctl -u carved");
	check_told(false, SD_BUS_ERROR_TIMEOUT, "x",
		   "carved does not answer; look at: systemctl status carved");
	check_told(false, SD_BUS_ERROR_UNKNOWN_METHOD, "no Plan",
		   "the carved that runs is another version (no Plan); restart it with: "
		   "systemctl restart carved");
	check_told(false, "org.carved1.Error.Busy", "a flash is in progress",
		   "a flash is in progress");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glyphs),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_cut),
		cmocka_unit_test(test_table_empty_column),
		cmocka_unit_test(test_table_below),
		cmocka_unit_test(test_style),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_empty),
		cmocka_unit_test(test_status_diagnostics),
		cmocka_unit_test(test_status_device),
		cmocka_unit_test(test_status_exit_code),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_plan_hindered),
		cmocka_unit_test(test_waits_for_others),
		cmocka_unit_test(test_status_unread),
		cmocka_unit_test(test_status_narrow),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_all_widths),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_progress_of_many),
		cmocka_unit_test(test_remarks_wrapped),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_status_remarks),
		cmocka_unit_test(test_json_status),
		cmocka_unit_test(test_json_plan_and_reload),
		cmocka_unit_test(test_man_page),
		cmocka_unit_test(test_explain),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
