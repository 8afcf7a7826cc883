// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden tests of binding and planning. A case is a folder of tests/golden/plan, whose README.md
 * names its files: a device, what somebody wants of it, and what comes of it: the diagnostics, or
 * the plan where a reload is permitted and where it is not.
 *
 * Everything is done twice: with all objects of the device, and with those that bind_reads() asks
 * for.
 */
#include "device/goal.h"
#include "golden.h"
#include "model/json.h"
#include "plan/bind.h"
#include "plan/match.h"
#include "plan/make.h"
#include "plan/quirks.h"
#include "yaml/emit.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <jansson.h>
#include <unistd.h>

#define LEAST_CASES 140

/* ---- a case's files ---- */

struct plan_case {
	const char *home;
	char *handle;
	struct config *config;
	struct world world;
	const struct entry *entry;
	entry_list matches;
	/* of situation.json */
	json_t *situation, *refused; /* labels of objects whose SETs were refused before */
	struct notes yielded;
	bool destroy;
};

static json_t *load_json(const char *home, const char *name)
{
	_cleanup_free_ char *path = mem_printf("%s/%s", home, name);
	json_error_t error;
	json_t *j = json_load_file(path, 0, &error);

	if (!j)
		print_error("%s:%d: %s\n", path, error.line, error.text);
	return j;
}

static void load_facts(struct plan_case *c)
{
	json_t *j = load_json(c->home, "facts.json");
	char *why = NULL;

	assert_non_null(j);
	if (facts_from_json(j, &c->world, &c->handle, &why) < 0)
		print_error("%s/facts.json: %s\n", c->home, why);
	assert_null(why);
	json_decref(j);
}

/* Return: NULL where the case has no such file. */
static json_t *load_optional(const struct plan_case *c, const char *name)
{
	_cleanup_free_ char *path = mem_printf("%s/%s", c->home, name);
	json_t *j;

	if (access(path, F_OK) < 0)
		return NULL;
	j = load_json(c->home, name);
	assert_non_null(j);
	return j;
}

static void load_memory(struct plan_case *c)
{
	json_t *j = load_optional(c, "memory.json"), *lasting = load_optional(c, "lasting.json");

	if (j)
		assert_int_equal(memory_from_json(j, &c->world.memory), 0);
	if (lasting)
		assert_int_equal(lasting_from_json(lasting, &c->world.memory.lasting), 0);
	json_decref(j);
	json_decref(lasting);
}

static char *label_of(const struct object *o)
{
	_cleanup_free_ char *label = object_label(o);

	return mem_printf("%s %s", o->class->name, label);
}

static bool names_label(json_t *list, const char *label)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item), label) == 0)
			return true;
	return false;
}

/* What is neither of the device nor of memory: see README.md there. */
static void load_situation(struct plan_case *c)
{
	json_t *yielded = NULL, *unreadable = NULL;
	size_t n = 0;
	int destroy = false;

	c->situation = load_optional(c, "situation.json");
	if (!c->situation)
		return;
	assert_int_equal(json_unpack(c->situation, "{s?o,s?o,s?o,s?b!}", "yielded", &yielded,
				     "refused", &c->refused, "unreadable", &unreadable, "destroy",
				     &destroy),
			 0);
	c->destroy = destroy;
	vec_each(o, &c->world.have.objects) {
		_cleanup_free_ char *label = label_of(o);

		if (names_label(yielded, label) && ++n)
			notes_put(&c->yielded, o, 0, &o->v[0]);
		if (names_label(unreadable, label) && ++n)
			o->error = -EIO;
	}
	assert_int_equal(n, json_array_size(yielded) + json_array_size(unreadable));
}

/* A firmware file that was looked at, and what is wrong with it. */
static void load_image(struct plan_case *c)
{
	json_t *j = load_optional(c, "image.json");
	const char *file, *why = NULL;

	if (!j)
		return;
	assert_int_equal(json_unpack(j, "{s:s,s?s}", "file", &file, "why", &why), 0);
	c->world.offline = false;
	c->world.image = (struct image_verdict){.file = mem_strdup(file),
						.error = why ? -ENOENT : 0,
						.why = why ? mem_strdup(why) : NULL};
	json_decref(j);
}

/* Return: NULL, or what is wrong without a device, to be freed. */
static char *load_config(struct plan_case *c)
{
	_cleanup_free_ char *path = mem_printf("%s/carved.yaml", c->home);
	struct yaml_paths paths = {.root = c->home, .file = path};
	struct diag_list diags = {};
	char *text = NULL;

	if (yaml_load(&paths, &c->config, &diags) < 0)
		text = diag_render_all(&diags);
	diag_clear(&diags);
	if (text)
		return text;
	match_all(c->config, c->handle, &c->world.facts, &c->matches);
	assert_true(c->matches.n > 0);
	c->entry = c->matches.v[0];
	return NULL;
}

static void case_clear(struct plan_case *c)
{
	vec_clear(&c->matches);
	config_unref(c->config);
	world_clear(&c->world);
	notes_clear(&c->yielded);
	json_decref(c->situation);
	free(c->handle);
}

/* ---- the text of a plan ---- */

static void show_step(struct buf *out, const struct step *s)
{
	_cleanup_free_ char *object = step_object_label(s), *place = step_origin(s);

	if (s->kind == STEP_REMEMBER) {
		buf_add(out, "  remember     %s %s: %s in force", step_kind_name(s), object, s->to);
	} else {
		buf_add(out, "  %-12s %s %s: ", disruption_name(s->disruption), step_kind_name(s),
			object);
		buf_add(out, "%s%s%s", s->from, *s->from ? " -> " : "", s->to);
	}
	if (*place)
		buf_add(out, "  # %s", place);
	buf_add(out, "\n");
}

/* The SETs of a first plan that situation.json says were refused; borrowed from it. */
static void find_refused(const struct plan_case *c, const struct plan *first, step_list *ret)
{
	vec_each(s, &first->steps) {
		_cleanup_free_ char *label = s->kind == STEP_SET ? label_of(&s->target) : NULL;

		if (label && names_label(c->refused, label))
			vec_push(ret, *s);
	}
}

static void show_texts(struct buf *out, const struct plan *plan)
{
	static const char *const firmware[] = {
		[FIRMWARE_RUNS] = NULL,		  [FIRMWARE_FLASH] = NULL,
		[FIRMWARE_ACTIVATE] = NULL,	  [FIRMWARE_FAILED] = "flash-failed",
		[FIRMWARE_GONE] = "runs-no-more", [FIRMWARE_MISMATCH] = "another-version",
	};

	if (plan->pending)
		buf_add(out, "  pending %s: %s\n", disruption_name(plan->pending),
			plan->pending_text.s);
	if (plan->unread_text.n)
		buf_add(out, "  accepted-unread: %s\n", plan->unread_text.s);
	if (plan->unreadable_text.n)
		buf_add(out, "  unreadable: %s\n", plan->unreadable_text.s);
	if (plan->yielded_text.n)
		buf_add(out, "  left alone: %s\n", plan->yielded_text.s);
	if (firmware[plan->firmware])
		buf_add(out, "  firmware: %s\n", firmware[plan->firmware]);
}

static void show_plan(struct buf *out, const struct plan_case *c, const struct state *want,
		      const struct world *w, bool reload)
{
	struct policy policy = {.reload = reload, .destroy = c->destroy, .yielded = &c->yielded};
	struct plan first = {}, plan = {};
	step_list refused = {};

	plan_make(want, w, &policy, &first);
	find_refused(c, &first, &refused);
	policy.refused = &refused;
	plan_make(want, w, &policy, &plan);
	buf_add(out, "%s:\n", reload ? "permitted" : "held");
	vec_each(s, &plan.steps)
		show_step(out, s);
	show_texts(out, &plan);
	if (!plan.steps.n && !plan.pending)
		buf_add(out, "  nothing to do\n");
	vec_clear(&refused);
	plan_clear(&first);
	plan_clear(&plan);
}

/* The text without the case's folder in it. */
static char *without_home(const char *text, const char *home)
{
	_cleanup_free_ char *prefix = mem_printf("%s/", home);
	struct buf out = {};

	for (const char *hit = strstr(text, prefix); hit; hit = strstr(text, prefix)) {
		buf_add(&out, "%.*s", (int)(hit - text), text);
		text = hit + strlen(prefix);
	}
	buf_add(&out, "%s", text);
	return buf_take(&out);
}

/* What the device's machine plans for: what is wanted, or goes back, or is rolled back. */
static void compose(const struct plan_case *c, const struct world *w, const struct state *want,
		    struct state *goal)
{
	const struct config_entry bound = {c->config, c->entry};
	const struct assignment a = {.used = bound, .accepted = bound, .want = *want};

	goal_compose(&(struct goal_input){.assignment = &a, .world = w, .identified = true}, goal);
}

static char *case_as_text(const struct plan_case *c, const struct world *w)
{
	_cleanup_free_ char *diagnostics = NULL, *all = NULL;
	struct diag_list diags = {};
	struct state want = {}, goal = {}, whole = {};
	struct buf out = {};
	int r = -EINVAL;

	if (c->matches.n > 1)
		match_conflict(&c->matches, c->handle, &diags);
	else
		r = bind_entry(c->entry, c->handle, w, &want, &diags);
	assert_int_equal(r, diags.n_errors ? -EINVAL : 0);
	diagnostics = diag_render_all(&diags);
	buf_add(&out, "%s", diagnostics);
	if (r == 0) {
		compose(c, w, &want, &goal);
		goal_whole(&goal, &want, &whole);
		show_plan(&out, c, &whole, w, true);
		show_plan(&out, c, &whole, w, false);
	}
	state_clear(&whole);
	state_clear(&goal);
	state_clear(&want);
	diag_clear(&diags);
	all = buf_take(&out);
	return without_home(all, c->home);
}

/* ---- what a read would have brought ---- */

static bool is_read(const struct reads *reads, const struct object *o)
{
	if (o->class == &class_resource)
		return reads->resources;
	if (reads_all_of(reads, o->class))
		return true;
	vec_each(n, &reads->names)
		if (n->class == o->class && strcmp(n->name, o->name) == 0)
			return true;
	return false;
}

/* Leaves in `have` what bind_reads() asks for. */
static void keep_what_is_read(struct plan_case *c)
{
	struct state *have = &c->world.have;
	winner_list winners = {};
	struct reads reads = {};
	size_t n = 0;

	winners_collect(&winners, c->entry, c->handle, &c->world.facts);
	bind_reads(&winners, &c->world, &reads);
	assert_false(reads.catalogue);
	for (size_t i = 0; i < have->objects.n; i++)
		if (is_read(&reads, &have->objects.v[i]))
			have->objects.v[n++] = have->objects.v[i];
	have->objects.n = n;
	vec_clear(&reads.names);
	vec_clear(&winners);
}

static bool check_case(const char *home)
{
	_cleanup_free_ char *wrong = NULL, *all = NULL, *read = NULL;
	struct plan_case c = {.home = home};
	bool good;

	load_facts(&c);
	load_memory(&c);
	load_image(&c);
	load_situation(&c);
	wrong = load_config(&c);
	if (wrong) { /* a golden of the YAML layer, not of this one */
		print_error("%s: %s", home, wrong);
		case_clear(&c);
		return false;
	}
	all = case_as_text(&c, &c.world);
	keep_what_is_read(&c);
	read = case_as_text(&c, &c.world);
	good = golden_check(home, all);
	if (strcmp(all, read) != 0) {
		print_error("%s: with a read that brings only what is asked for:\n%s", home, read);
		good = false;
	}
	case_clear(&c);
	return good;
}

static void test_golden(void **state)
{
	(void)state;
	golden_walk("tests/golden/plan", LEAST_CASES, check_case);
}

/* ---- a captured device wants what it has ---- */

static bool has_staged_sizes(const struct world *w)
{
	vec_each(o, &w->have.objects)
		if (o->class == &class_resource && object_has(o, RESOURCE_SIZE_NEW))
			return true;
	return false;
}

/* The state of @c's device as a config, loaded again. */
static void capture_config(struct plan_case *c)
{
	_cleanup_free_ char *text = yaml_emit_world(c->handle, &c->world, false);
	struct diag_list diags = {};
	char path[] = "/tmp/carved-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (yaml_load(&(struct yaml_paths){.root = c->home, .file = path}, &c->config, &diags) < 0)
		print_error("%s: %s", c->home, text);
	unlink(path);
	assert_non_null(c->config);
	match_all(c->config, c->handle, &c->world.facts, &c->matches);
	assert_true(c->matches.n > 0);
	c->entry = c->matches.v[0];
	diag_clear(&diags);
}

static bool check_captured(const char *home)
{
	struct plan_case c = {.home = home};
	_cleanup_free_ char *got = NULL;
	bool good = true;

	load_facts(&c);
	if (!c.world.facts.reload_failed && !has_staged_sizes(&c.world)) {
		capture_config(&c);
		got = case_as_text(&c, &c.world);
		good = strcmp(got, "permitted:\n  nothing to do\nheld:\n  nothing to do\n") == 0;
		if (!good)
			print_error("%s: what was captured is not at rest:\n%s", home, got);
	}
	case_clear(&c);
	return good;
}

static void test_captured(void **state)
{
	(void)state;
	golden_walk("tests/golden/plan", LEAST_CASES, check_captured);
}

/* What the kernel says may be no text at all. */
static void test_captured_bytes(void **state)
{
	static const char *const values[] = {"good", "\xff\xfe", "cut off \xe2\x82", "\x1b[31m",
					     "\xc2\x85"};
	struct world w = {.has_catalogue = true};
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_free_ char *name = mem_printf("param%zu", i);
		struct object *o = state_add(&w.catalogue, &class_param, name, CMODE_RUNTIME);

		object_set(o, PARAM_VALUE, (struct value){.type = VALUE_STRING, .str = values[i]});
	}
	state_sort(&w.catalogue);
	text = yaml_emit_world("pci/0000:03:00.0", &w, false);
	assert_non_null(strstr(text, "param0: {runtime: \"good\"}"));
	for (size_t i = 1; i < ARRAY_SIZE(values); i++) {
		_cleanup_free_ char *name = mem_printf("param%zu", i);

		assert_null(strstr(text, name));
	}
	world_clear(&w);
}

static void capture_param(struct world *w, const char *name, struct value v, const char *preset)
{
	struct object *o = state_add(&w->catalogue, &class_param, name, CMODE_RUNTIME);

	object_set(o, PARAM_VALUE, v);
	if (preset)
		object_set(o, PARAM_DEFAULT, (struct value){.type = VALUE_STRING, .str = preset});
}

/* What a driver may tell and not take back is marked, where the kernel has no other way to it. */
static void test_captured_flaws(void **state)
{
	const struct value odd = {.type = VALUE_STRING, .str = "default"};
	struct world w = {.has_catalogue = true};
	_cleanup_free_ char *text = NULL, *as_json = NULL;

	(void)state;
	capture_param(&w, "csum", odd, NULL);
	capture_param(&w, "dsum", odd, "default");
	capture_param(&w, "fw_load_policy", (struct value){.type = VALUE_U8, .num = 3}, NULL);
	capture_param(&w, "order", (struct value){.type = VALUE_OTHER, .str = "of type 129"}, NULL);
	capture_param(&w, "plain", (struct value){.type = VALUE_U8, .num = 3}, NULL);
	state_sort(&w.catalogue);
	text = yaml_emit_world("pci/0000:03:00.0", &w, false);
	assert_string_equal(
		text,
		"# Param csum/runtime is default, which the driver may report but not accept.\n"
		"# Param fw_load_policy/runtime is unknown, which the driver may report "
		"but not accept.\n"
		"# Param order/runtime is of type 129, which carved does not set.\n"
		"version: 1\n"
		"devices:\n"
		"  \"pci/0000:03:00.0\":\n"
		"    params:\n"
		"      csum: {runtime: \"default\"}\n"
		"      dsum: {runtime: \"default\"}\n"
		"      fw_load_policy: {runtime: unknown}\n"
		"      plain: {runtime: 3}\n");
	as_json = yaml_emit_world("pci/0000:03:00.0", &w, true);
	assert_null(strchr(as_json, '#'));
	world_clear(&w);
}

static void test_reinit_activates(void **state)
{
	(void)state;
	assert_true(quirks_reinit_activates("mlxsw_spectrum"));
	assert_true(quirks_reinit_activates("mlxsw_spectrum4"));
	assert_false(quirks_reinit_activates("mlx5_core"));
	assert_false(quirks_reinit_activates("mlxsw_i2c"));
	assert_false(quirks_reinit_activates(NULL));
}

static bool matches(const char *key, const char *pattern, const char *handle)
{
	struct facts facts = {.driver = "mlx5_core"};
	struct match m[] = {{.key = (char *)key, .pattern = (char *)pattern},
			    {.key = "driver", .pattern = "mlx5*"}};
	struct entry e = {.name = "nics", .matches = {.v = m, .n = ARRAY_SIZE(m)}};
	bool whole = match_entry(&e, handle, &facts);

	assert_int_equal(match_may_be(&e, handle, &facts), whole);
	return whole;
}

/* An instance in which those of one chip are nested reports their driver and is not one of them. */
static void test_instance_without_a_device(void **state)
{
	(void)state;
	assert_true(matches("driver", "mlx5_core", "pci/0000:03:00.0"));
	assert_false(matches("driver", "mlx5_core", "devlink_index/7"));
	assert_false(matches("handle", "*", "devlink_index/7"));
	assert_false(matches("handle", "devlink*", "devlink_index/7"));
	assert_true(matches("handle", "devlink_index/7", "devlink_index/7"));
	assert_true(matches("handle", "devlink_index/*", "devlink_index/7"));
	assert_false(matches("handle", "devlink_index/7", "devlink_index/70"));
	assert_false(matches("handle", "devlink_index/*", "pci/0000:03:00.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_captured_bytes),
		cmocka_unit_test(test_captured_flaws),
		cmocka_unit_test(test_reinit_activates),
		cmocka_unit_test(test_instance_without_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
