// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory and facts as JSON: what is written is read back; damaged documents are refused, not more.
 */
#include "model/config.h"
#include "model/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/devlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
	_cleanup_free_ char *copy = mem_strdup(text);
	json_error_t error;
	json_t *j;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(copy, JSON_DECODE_ANY, &error);
	if (!j)
		fail_msg("%s: %s", text, error.text);
	return j;
}

/* ---- memory ---- */

static void put(struct notes *n, const struct class *class, const char *name, uint8_t cmode,
		struct value v)
{
	struct object o = {.class = class, .name = name, .cmode = cmode};

	notes_put(n, &o, 0, &v);
}

static void fill(struct memory *m)
{
	m->reloads = 7;
	m->foreign_reloads = INT64_MAX;
	m->converged_once = true;
	m->registration = UINT64_C(1) << 31;
	m->leaving = true;
	vec_push(&m->counters, ((struct counter){1, 0, false, UINT32_MAX}));
	vec_push(&m->counters, ((struct counter){2, 1, true, 3}));
	put(&m->in_force, &class_param, "b", CMODE_DRIVERINIT,
	    (struct value){.type = VALUE_BOOL, .num = 1});
	put(&m->in_force, &class_param, "s", CMODE_DRIVERINIT,
	    (struct value){.type = VALUE_STRING, .str = "text: \" with \\ a\tquote"});
	put(&m->in_force, &class_param, "u", CMODE_DRIVERINIT,
	    (struct value){.type = VALUE_U64, .num = UINT64_MAX});
	put(&m->ignored_sizes, &class_resource, "/a/b", CLASS_NO_CMODE,
	    (struct value){.type = VALUE_U64, .num = UINT64_MAX - 1});
}

static void assert_same_notes(const struct notes *a, const struct notes *b)
{
	assert_int_equal(a->notes.n, b->notes.n);
	vec_each(note, &a->notes) {
		struct object o = {.class = note->class, .name = note->name, .cmode = note->cmode};
		const struct value *other = notes_find(b, &o, note->field);

		assert_non_null(other);
		assert_true(value_equal(&note->value, other));
	}
}

static void test_memory_round_trip(void **state)
{
	struct memory m = {}, back = {};
	json_t *j;

	(void)state;
	fill(&m);
	j = memory_to_json("pci/0000:03:00.0", &m);
	assert_non_null(j);
	assert_int_equal(memory_from_json(j, &back), 0);
	json_decref(j);
	assert_int_equal(back.reloads, m.reloads);
	assert_int_equal(back.foreign_reloads, m.foreign_reloads);
	assert_int_equal(back.converged_once, m.converged_once);
	assert_int_equal(back.registration, m.registration);
	assert_true(back.leaving);
	assert_false(counters_differ(&m.counters, &back.counters));
	assert_same_notes(&m.in_force, &back.in_force);
	assert_same_notes(&m.ignored_sizes, &back.ignored_sizes);
	memory_clear(&m);
	memory_clear(&back);
}

static void test_empty_memory(void **state)
{
	struct memory m = {}, back = {};
	json_t *j = memory_to_json("a/b", &m);

	(void)state;
	assert_int_equal(memory_from_json(j, &back), 0);
	json_decref(j);
	memory_clear(&back);
}

static void fill_lasting(struct lasting *l)
{
	put(&l->good, &class_resource, "/a/b", CLASS_NO_CMODE,
	    (struct value){.type = VALUE_U64, .num = 7});
	l->attempt = mem_strdup("a key");
	l->action = DEVLINK_RELOAD_ACTION_FW_ACTIVATE;
	l->rollback = ROLLBACK_DEFAULTS;
	l->tries = 2;
	l->reregistrations = 1;
	l->torn = true;
	l->accepted = UINT64_C(0xfedcba9876543210);
}

static void test_lasting_round_trip(void **state)
{
	struct lasting l = {}, back = {};
	json_t *j;

	(void)state;
	fill_lasting(&l);
	j = lasting_to_json("a/b", &l);
	assert_non_null(j);
	assert_int_equal(lasting_from_json(j, &back), 0);
	json_decref(j);
	assert_same_notes(&l.good, &back.good);
	assert_string_equal(back.attempt, l.attempt);
	assert_int_equal(back.action, l.action);
	assert_int_equal(back.rollback, l.rollback);
	assert_int_equal(back.tries, l.tries);
	assert_int_equal(back.reregistrations, l.reregistrations);
	assert_true(back.torn);
	assert_true(back.accepted == l.accepted);
	lasting_clear(&l);
	lasting_clear(&back);
}

/* As written by the first version. */
static void test_lasting_of_before(void **state)
{
	struct lasting l = {}, back = {};
	json_t *j;

	(void)state;
	fill_lasting(&l);
	j = lasting_to_json("a/b", &l);
	json_object_del(j, "action");
	json_object_del(j, "torn");
	json_object_del(j, "vain");
	assert_int_equal(lasting_from_json(j, &back), 0);
	json_decref(j);
	assert_int_equal(back.action, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	assert_int_equal(back.reregistrations, 0);
	assert_true(back.torn); /* what is rolled back by reloads of ours */
	lasting_clear(&l);
	lasting_clear(&back);
}

/* As written before a device's file named a config, and while it names none. */
static void test_lasting_without_config(void **state)
{
	struct lasting l = {.tries = 1}, back = {};
	json_t *j = lasting_to_json("a/b", &l);

	(void)state;
	assert_null(json_object_get(j, "accepted"));
	assert_int_equal(lasting_from_json(j, &back), 0);
	json_decref(j);
	assert_int_equal(back.tries, 1);
	assert_true(back.accepted == 0);
	lasting_clear(&back);
}

#define MEMORY(counters, in_force, unread)                                                         \
	"{'version': 1, 'handle': 'a/b', 'counters': " counters ", 'in_force': " in_force          \
	", 'unread': " unread ", 'reloads': 0, 'foreign_reloads': 0, 'settled': false}"
#define NOTE(class, name, cmode, value)                                                            \
	"[{'class': " class ", 'name': " name ", 'cmode': " cmode ", 'value': " value "}]"

/* Word for word what the version before names wrote. */
static void test_memory_of_numbers(void **state)
{
	static const char text[] =
		"{'version': 1, 'handle': 'pci/0000:03:00.0', 'counters': [[1, 0, false, 3]],"
		" 'in_force': [{'class': 'param', 'name': 'p', 'cmode': 1, 'field': 0,"
		"   'value': {'type': 6, 'value': '1'}}],"
		" 'unread': [{'class': 'resource', 'name': '/r', 'cmode': 255, 'field': 0,"
		"   'value': {'type': 4, 'value': '18446744073709551615'}},"
		"  {'class': 'param', 'name': 'q', 'cmode': 2,"
		"   'value': {'type': 5, 'value': 'text'}}],"
		" 'until_boot': [], 'pristine': [{'class': 'trap_policer', 'name': '7', 'cmode': "
		"255,"
		"   'field': 1, 'value': {'type': 4, 'value': '9'}}], 'restore': true, 'reload': 2,"
		" 'both_performed': true, 'reloads': 5, 'foreign_reloads': 2, 'settled': true}";
	const struct note *n;
	struct memory m = {};
	json_t *j = parse(text);

	(void)state;
	assert_int_equal(memory_from_json(j, &m), 0);
	json_decref(j);
	n = &m.in_force.notes.v[0];
	assert_true(n->class == &class_param && n->cmode == CMODE_DRIVERINIT && n->field == 0);
	assert_true(n->value.type == VALUE_BOOL && n->value.num == 1);
	assert_string_equal(n->name, "p");
	n = &m.ignored_sizes.notes.v[0];
	assert_true(n->class == &class_resource && n->cmode == CLASS_NO_CMODE);
	assert_true(n->value.type == VALUE_U64 && n->value.num == UINT64_MAX);
	n = &m.hidden_until_boot.notes.v[0];
	assert_true(n->cmode == CMODE_PERMANENT && n->value.type == VALUE_STRING);
	assert_string_equal(n->value.str, "text");
	assert_int_equal(m.pristine.notes.v[0].field, 1);
	assert_int_equal(m.counters.v[0].action, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	assert_int_equal(m.counters.v[0].value, 3);
	assert_true(m.restore && m.both_performed && m.converged_once);
	assert_int_equal(m.reload, RELOAD_MANUAL);
	assert_int_equal(m.reloads, 5);
	assert_int_equal(m.foreign_reloads, 2);
	memory_clear(&m);
}

/* As the version wrote them that had values as objects. */
static void test_memory_of_objects(void **state)
{
	json_t *j = parse(MEMORY(
		"[]", NOTE("'param'", "'p'", "'runtime'", "{'type': 'string', 'value': 'a:b'}"),
		NOTE("'resource'", "'/r'", "255", "{'type': 'u64', 'value': '8'}")));
	struct memory m = {};

	(void)state;
	assert_int_equal(memory_from_json(j, &m), 0);
	json_decref(j);
	assert_string_equal(m.in_force.notes.v[0].value.str, "a:b");
	assert_true(m.ignored_sizes.notes.v[0].value.type == VALUE_U64);
	assert_true(m.ignored_sizes.notes.v[0].value.num == 8);
	memory_clear(&m);
}

static void test_lasting_of_numbers(void **state)
{
	static const char text[] =
		"{'version': 1, 'handle': 'a/b', 'good': [],"
		" 'flash': {'stage': 6, 'firmware': 'f', 'boot': 'b', 'reason': 'r'}, 'action': 2,"
		" 'torn': true, 'vain': 3, 'rollback': 2, 'tries': 4, 'attempt': 'k',"
		" 'quarantine': 'q', 'reason': 'why', 'accepted': 'fedcba9876543210'}";
	struct lasting l = {};
	json_t *j = parse(text);

	(void)state;
	assert_int_equal(lasting_from_json(j, &l), 0);
	json_decref(j);
	assert_int_equal(l.flash.stage, FLASH_MISMATCH);
	assert_string_equal(l.flash.firmware, "f");
	assert_string_equal(l.flash.boot, "b");
	assert_string_equal(l.flash.reason, "r");
	assert_int_equal(l.action, DEVLINK_RELOAD_ACTION_FW_ACTIVATE);
	assert_int_equal(l.rollback, ROLLBACK_DEFAULTS);
	assert_true(l.torn && l.reregistrations == 3 && l.tries == 4);
	assert_string_equal(l.attempt, "k");
	assert_string_equal(l.quarantine, "q");
	assert_string_equal(l.reason, "why");
	assert_true(l.accepted == UINT64_C(0xfedcba9876543210));
	lasting_clear(&l);
}

/* No number of an enum is in a file, so none is bound to its place. */
static void test_names_are_written(void **state)
{
	struct memory m = {.reload = RELOAD_BOOT};
	json_t *j, *note;

	(void)state;
	put(&m.in_force, &class_param, "p", CMODE_PERMANENT,
	    (struct value){.type = VALUE_U8, .num = 7});
	put(&m.pristine, &class_resource, "/r", CLASS_NO_CMODE,
	    (struct value){.type = VALUE_U64, .num = 8});
	fill_lasting(&m.lasting);
	m.lasting.flash.stage = FLASH_WRITTEN;
	j = memory_to_json("a/b", &m);
	assert_string_equal(json_string_value(json_object_get(j, "reload")), "boot");
	note = json_array_get(json_object_get(j, "in_force"), 0);
	assert_string_equal(json_string_value(json_object_get(note, "cmode")), "permanent");
	assert_string_equal(json_string_value(json_object_get(note, "field")), "value");
	assert_string_equal(json_string_value(json_object_get(note, "value")), "u8:7");
	note = json_array_get(json_object_get(j, "pristine"), 0);
	assert_null(json_object_get(note, "cmode"));
	json_decref(j);
	j = lasting_to_json("a/b", &m.lasting);
	assert_string_equal(json_string_value(json_object_get(j, "rollback")), "defaults");
	assert_string_equal(json_string_value(json_object_get(j, "action")), "fw_activate");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "flash"), "stage")),
		"written");
	json_decref(j);
	memory_clear(&m);
}

static const char *const damaged_memories[] = {
	"null",
	"true",
	"[]",
	"{}",
	"'text'",
	"{'version': 1}",
	"{'version': '1'}",
	"{'version': 2, 'handle': 'a/b', 'counters': [], 'in_force': [], 'unread': [],"
	" 'reloads': 0, 'foreign_reloads': 0, 'settled': false}",
	"{'version': 1, 'handle': 'a/b', 'counters': [], 'in_force': [], 'unread': [],"
	" 'reloads': 'many', 'foreign_reloads': 0, 'settled': false}",
	"{'version': 1, 'handle': 'a/b', 'counters': [], 'in_force': [], 'unread': [],"
	" 'reloads': 0, 'foreign_reloads': 0, 'settled': 'yes'}",
	MEMORY("[[]]", "[]", "[]"),
	MEMORY("[[1, 2, 3, 4]]", "[]", "[]"),
	MEMORY("[{}]", "[]", "[]"),
	MEMORY("[1]", "[]", "[]"),
	MEMORY("[]", "[{}]", "[]"),
	MEMORY("[]", "[null]", "[]"),
	MEMORY("[]", "['x']", "[]"),
	MEMORY("[]", NOTE("'nonsense'", "'x'", "1", "{'type': 3, 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("1", "'x'", "1", "{'type': 3, 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("'param'", "null", "1", "{'type': 3, 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "'y'", "{'type': 3, 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "null"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "{'type': 0, 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "{'type': 7, 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "{'type': -1, 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "{'type': 3, 'value': 1}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "{'type': 3}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "{'type': 'u9', 'value': '1'}"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "'u9:1'"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "'u32'"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "'u32 1'"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "':1'"), "[]"),
	MEMORY("[]", NOTE("'param'", "'x'", "1", "''"), "[]"),
	MEMORY("[]", "[]", NOTE("'resource'", "'/x'", "255", "{'type': 5, 'value': null}")),
};

static void test_damaged_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged_memories); i++) {
		struct memory m = {};
		json_t *j = parse(damaged_memories[i]);

		if (memory_from_json(j, &m) != -EINVAL)
			fail_msg("taken: %s", damaged_memories[i]);
		json_decref(j);
		memory_clear(&m);
	}
}

/* ---- facts ---- */

static const char whole[] =
	"{'format': 1, 'handle': 'pci/0000:03:00.0', 'driver': 'd', 'serial_number': 's',"
	" 'board.serial_number': 'b',"
	" 'versions': {'fixed': {'hw': '1'}, 'running': {'fw': '2', 'hw': '3'}, 'stored': {'fw': "
	"'4'}},"
	" 'reload': {'failed': true, 'counters': [['driver_reinit', 'unspec', 'local', 4294967295],"
	"  ['fw_activate', 'no_reset', 'remote', 1]]},"
	" 'resources': {'/r': {'size': 'unlimited', 'size_new': '18446744073709551614', 'min': 0,"
	"  'max': 'unlimited', 'granularity': 1, 'occ': 5, 'id': 6, 'unit': 0}},"
	" 'params': {'fw_load_policy': {'driverinit': {'value': 1, 'type': 'u8'}},"
	"  'p': {'runtime': {'value': 'text', 'type': 'string'},"
	"        'permanent': {'value': 'other', 'type': 'string'}},"
	"  'n': {'runtime': {'type': 'u32'}},"
	"  't': {'runtime': {'value': false, 'type': 'bool'}}},"
	" 'trap_policers': {'2': {'rate': 1, 'burst': 2}, '10': {'rate': '18446744073709551614',"
	"  'burst': 16}},"
	" 'trap_groups': {'g': {'policer': 'none'}, 'h': {'policer': 2}},"
	" 'traps': {'t': {'action': 'mirror', 'type': 'control', 'group': 'g'}}}";

static void assert_is_whole(const struct world *w)
{
	const struct object *o;

	assert_string_equal(facts_lookup(&w->facts, "x/y", "serial_number"), "s");
	assert_string_equal(facts_lookup(&w->facts, "x/y", "hw"), "1");
	assert_true(w->facts.reload_failed && w->has_catalogue);
	assert_int_equal(w->facts.counters.n, 2);
	assert_int_equal(w->facts.counters.v[0].value, UINT32_MAX);
	assert_true(w->facts.counters.v[1].remote);
	assert_true(facts_offers(&w->facts, 1, 0));
	assert_false(facts_offers(&w->facts, 2, 1));
	o = state_find(&w->have, &class_resource, "/r", CLASS_NO_CMODE);
	assert_int_equal(o->present, 0xff);
	assert_true(o->v[RESOURCE_SIZE].num == VALUE_UNLIMITED);
	assert_true(o->v[RESOURCE_SIZE_NEW].num == VALUE_UNLIMITED - 1);
	o = state_find(&w->catalogue, &class_param, "p", CMODE_PERMANENT);
	assert_string_equal(object_str(o, PARAM_VALUE), "other");
	o = state_find(&w->have, &class_param, "n", CMODE_RUNTIME);
	assert_false(object_has(o, PARAM_VALUE));
	assert_int_equal(o->v[PARAM_VALUE].type, VALUE_U32);
	o = state_find(&w->have, &class_trap, "t", CLASS_NO_CMODE);
	assert_int_equal(object_num(o, TRAP_TYPE, 0), TRAP_TYPE_CONTROL);
	o = state_find(&w->have, &class_trap_group, "g", CLASS_NO_CMODE);
	assert_true(object_has(o, GROUP_POLICER) && o->v[GROUP_POLICER].num == 0);
}

static void test_facts_round_trip(void **state)
{
	json_t *first = parse(whole), *second, *third;
	struct world w = {}, again = {};
	char *handle = NULL, *why = NULL;

	(void)state;
	assert_int_equal(facts_from_json(first, &w, &handle, &why), 0);
	assert_string_equal(handle, "pci/0000:03:00.0");
	assert_is_whole(&w);
	second = facts_to_json(handle, &w);
	free(handle);
	assert_int_equal(facts_from_json(second, &again, &handle, &why), 0);
	assert_is_whole(&again);
	third = facts_to_json(handle, &again);
	assert_true(json_equal(second, third));
	free(handle);
	world_clear(&w);
	world_clear(&again);
	json_decref(first);
	json_decref(second);
	json_decref(third);
}

#define BROKEN(rest) "{'format': 1, 'handle': 'a/b', " rest "}"

static const char *const damaged_facts[] = {
	"null",
	"[]",
	"'text'",
	"{}",
	"{'format': 2, 'handle': 'a/b'}",
	"{'format': '1', 'handle': 'a/b'}",
	"{'format': 1}",
	"{'format': 1, 'handle': 5}",
	BROKEN("'reload': {'counters': [['driver_reinit', 'unspec', 'local']]}"),
	BROKEN("'reload': {'counters': [['nonsense', 'unspec', 'local', 0]]}"),
	BROKEN("'reload': {'counters': [['driver_reinit', 'nonsense', 'local', 0]]}"),
	BROKEN("'reload': {'counters': [7]}"),
	BROKEN("'resources': {'/r': null}"),
	BROKEN("'resources': {'/r': 5}"),
	BROKEN("'resources': {'/r': {'size': -1}}"),
	BROKEN("'resources': {'/r': {'size': '12x'}}"),
	BROKEN("'resources': {'/r': {'size': ''}}"),
	BROKEN("'resources': {'/r': {'size': 1.5}}"),
	BROKEN("'resources': {'/r': {'size': []}}"),
	BROKEN("'params': {'p': 5}"),
	BROKEN("'params': {'p': {'nonsense': {'type': 'u8', 'value': 1}}}"),
	BROKEN("'params': {'p': {'runtime': {'value': 1}}}"),
	BROKEN("'params': {'p': {'runtime': {'type': 'u9', 'value': 1}}}"),
	BROKEN("'params': {'p': {'runtime': {'type': 'bool', 'value': 1}}}"),
	BROKEN("'params': {'p': {'runtime': {'type': 'string', 'value': 1}}}"),
	BROKEN("'params': {'p': {'runtime': {'type': 'u32', 'value': 'x'}}}"),
	BROKEN("'params': {'p': {'runtime': null}}"),
	BROKEN("'traps': {'t': {'action': 'nonsense'}}"),
	BROKEN("'traps': {'t': {'type': 'nonsense'}}"),
	BROKEN("'traps': {'t': {'group': 5}}"),
	BROKEN("'trap_groups': {'g': {'policer': 'nonsense'}}"),
	BROKEN("'trap_policers': {'1': {'rate': true}}"),
};

static void test_damaged_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged_facts); i++) {
		struct world w = {};
		char *handle = NULL, *why = NULL;
		json_t *j = parse(damaged_facts[i]);

		if (facts_from_json(j, &w, &handle, &why) != -EINVAL)
			fail_msg("taken: %s", damaged_facts[i]);
		assert_non_null(why);
		assert_null(handle);
		free(why);
		json_decref(j);
		world_clear(&w);
	}
}

/* What is strange but says nothing wrong, or too much: taken or refused, never more than that. */
static const char *const odd_facts[] = {
	BROKEN("'versions': 5, 'reload': 'x', 'params': [], 'traps': 'x'"),
	BROKEN("'versions': {'running': {'fw': 5}}"),
	BROKEN("'versions': {'running': {'fw': null}}, 'driver': 5"),
	BROKEN("'resources': {'/r': {}}, 'trap_policers': {'not a number': {'rate': 1}}"),
	BROKEN("'resources': {'': {'size': 5}, 'no slash': {'size': 5}, '/a/': {'size': 5}}"),
	BROKEN("'resources': {'/r': {'size': '99999999999999999999999'}}"),
	BROKEN("'traps': {'t': {'action': 200}}, 'params': {'p': {'runtime': {'type': 'u8',"
	       " 'value': 256}}}"),
	BROKEN("'reload': {'counters': [['driver_reinit', 'unspec', 'whose', -1]]}"),
};

static void test_odd_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd_facts); i++) {
		struct world w = {};
		char *handle = NULL, *why = NULL;
		json_t *j = parse(odd_facts[i]), *back;

		if (facts_from_json(j, &w, &handle, &why) == 0) {
			vec_each(v, &w.facts.versions)
				assert_true(v->name && v->value);
			back = facts_to_json(handle, &w);
			assert_non_null(back);
			json_decref(back);
		}
		free(handle);
		free(why);
		json_decref(j);
		world_clear(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_round_trip),
		cmocka_unit_test(test_empty_memory),
		cmocka_unit_test(test_lasting_round_trip),
		cmocka_unit_test(test_lasting_of_before),
		cmocka_unit_test(test_memory_of_numbers),
		cmocka_unit_test(test_memory_of_objects),
		cmocka_unit_test(test_lasting_of_numbers),
		cmocka_unit_test(test_names_are_written),
		cmocka_unit_test(test_lasting_without_config),
		cmocka_unit_test(test_damaged_memory),
		cmocka_unit_test(test_facts_round_trip),
		cmocka_unit_test(test_damaged_facts),
		cmocka_unit_test(test_odd_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
