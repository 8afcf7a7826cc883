// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks the tables of all kinds of object: what code takes for granted about them holds. */
#include "model/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_classes; i++) {
		assert_ptr_equal(class_by_name(classes[i]->name), classes[i]);
		assert_ptr_equal(class_by_section(classes[i]->section), classes[i]);
		assert_true(*classes[i]->noun);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(classes[i]->noun, classes[j]->noun);
			assert_int_not_equal(classes[i]->cmd_get, classes[j]->cmd_get);
			assert_int_not_equal(classes[i]->cmd_set, classes[j]->cmd_set);
			assert_int_not_equal(classes[i]->cmd_reply, classes[j]->cmd_reply);
		}
	}
	assert_null(class_by_name("nonsense"));
	assert_null(class_by_section("trap"));
}

/* Writable fields come first; a field is written, read or a macro; all are explained. */
static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_classes; i++) {
		const struct class *c = classes[i];

		assert_in_range(c->n_fields, 1, CLASS_MAX_FIELDS);
		assert_in_range(c->n_writable, 1, CLASS_MAX_WRITABLE);
		assert_true(c->form == FORM_MAP || c->form == FORM_SECTION || c->n_writable == 1);
		assert_true(c->phase <= PHASE_PARAM && c->phase != PHASE_RELOAD);
		assert_true(c->cmd_set && !c->cmd_get == !c->cmd_reply);
		assert_int_equal(!c->cmd_get, c->read == READ_PORTS);
		assert_int_equal(c->of_ports != NULL, c->read == READ_PORTS);
		assert_int_equal(c->maker != NULL, c->fate != NULL);
		if (c->fields[0].flags & FIELD_BY_NONE)
			assert_true(c->none_phase < c->phase && c->n_writable == 1);
		for (unsigned f = 0; f < c->n_fields; f++) {
			const struct field *field = &c->fields[f];

			assert_int_equal(!!(field->flags & FIELD_WRITABLE), f < c->n_writable);
			assert_int_equal(!field->attr, !!(field->flags & FIELD_MACRO));
			assert_true(field->name && *field->name && field->doc && *field->doc);
			for (unsigned g = 0; g < f; g++) {
				assert_string_not_equal(field->name, c->fields[g].name);
				assert_true(!field->attr || field->attr != c->fields[g].attr);
			}
		}
	}
}

/* Parts of a key come without a gap; only a section that is the object has none. */
static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_classes; i++) {
		const struct class *c = classes[i];
		size_t n = class_n_keys(c);

		assert_int_equal(n == 0, c->form == FORM_SECTION);
		for (size_t k = 0; k < CLASS_MAX_KEYS; k++) {
			assert_int_equal(c->keys[k].type != VALUE_NONE, k < n);
			assert_int_equal(c->keys[k].attr != 0, k < n);
			assert_int_equal(c->keys[k].name != NULL, k < n);
		}
		assert_true(c->absent_errors[0] > 0 || c->read == READ_PORTS);
	}
}

/* What is staged is one value, and is loaded before what is live is set. */
static void test_effects(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_classes; i++) {
		const struct class *c = classes[i];
		bool staged = c->effect == EFFECT_STAGED || c->cmode_effects;

		assert_int_equal(c->cmode_effects != NULL, c->form == FORM_BY_CMODE);
		assert_true(!c->pending || (c->pending >= c->n_writable && staged));
		if (!staged)
			continue;
		assert_int_equal(c->n_writable, 1);
		assert_true(c->staged_phase < PHASE_RELOAD);
	}
}

static void check_names(const struct enum_names *names)
{
	for (size_t i = 0; names && i < names->n; i++) {
		assert_ptr_equal(enum_name(names, names->v[i].num), names->v[i].name);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(names->v[i].name, names->v[j].name);
	}
}

static void check_round_trip(const struct value *v, const struct enum_names *names)
{
	_cleanup_free_ char *text = NULL;
	struct value back = {};
	struct buf b = {};
	char *why = NULL;

	value_format(v, names, &b);
	text = buf_take(&b);
	if (value_parse(text, v->type, names, &back, &why) < 0)
		fail_msg("%s: %s", text, why);
	assert_true(value_equal(v, &back));
}

static void check_numbers(enum value_type type, const struct enum_names *names)
{
	static const uint64_t most[] = {[VALUE_U8] = UINT8_MAX,
					[VALUE_U16] = UINT16_MAX,
					[VALUE_U32] = UINT32_MAX,
					[VALUE_U64] = UINT64_MAX - 1};
	uint64_t numbers[] = {0, 1, 9, 10, 127, most[type] / 2, most[type]};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!(names && names->duration && numbers[i] > UINT32_MAX) &&
		    (!names || !names->closed || enum_name(names, numbers[i])))
			check_round_trip(&(struct value){.type = type, .num = numbers[i]}, names);
}

static void test_values_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_classes; i++) {
		for (unsigned f = 0; f < classes[i]->n_writable; f++) {
			const struct field *field = &classes[i]->fields[f];

			check_names(field->names);
			if (field->type != VALUE_NONE && field->type != VALUE_STRING)
				check_numbers(field->type, field->names);
		}
	}
	for (int type = VALUE_U8; type <= VALUE_U64; type++)
		check_numbers((enum value_type)type, NULL);
	check_numbers(VALUE_U8, param_value_names("fw_load_policy"));
	check_numbers(VALUE_U8, param_value_names("reset_dev_on_drv_probe"));
	check_names(&cmode_names);
	check_names(&trap_type_names);
	check_names(param_value_names("fw_load_policy"));
	check_round_trip(&(struct value){.type = VALUE_BOOL, .num = 0}, NULL);
	check_round_trip(&(struct value){.type = VALUE_BOOL, .num = 1}, NULL);
	check_round_trip(&(struct value){.type = VALUE_STRING, .str = "a b: c"}, NULL);
	check_round_trip(&(struct value){.type = VALUE_STRING, .str = ""}, NULL);
}

/* Sizes have words of their own; what is shown for one can be written. */
static void test_sizes_round_trip(void **state)
{
	static const uint64_t numbers[] = {0, 1, 98304, UINT64_MAX - 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct value v = {.type = VALUE_U64, .num = numbers[i]};
		struct size size = {};
		struct buf b = {};
		char *why = NULL;

		value_format(&v, NULL, &b);
		assert_int_equal(size_parse(b.s, &size, &why), 0);
		assert_int_equal(size.kind, SIZE_NUMBER);
		assert_int_equal(size.num, numbers[i]);
		buf_clear(&b);
	}
}

static void test_order_of_objects(void **state)
{
	struct object a = {.class = &class_trap_policer, .name = "2", .cmode = CLASS_NO_CMODE};
	struct object b = {.class = &class_trap_policer, .name = "10", .cmode = CLASS_NO_CMODE};
	struct object p = {.class = &class_param, .name = "p", .cmode = CMODE_RUNTIME};
	struct object q = {.class = &class_param, .name = "p", .cmode = CMODE_PERMANENT};

	(void)state;
	assert_true(object_compare(&a, &b) < 0);
	assert_true(object_compare(&p, &q) < 0);
	assert_true(object_compare(&p, &a) < 0);
	assert_int_equal(object_compare(&q, &q), 0);
	assert_true(resource_is_child("/kvd/linear", "/kvd"));
	assert_false(resource_is_child("/kvd/linear/singles", "/kvd"));
	assert_false(resource_is_child("/kvdx/linear", "/kvd"));
	assert_false(resource_is_child("/kvd", "/kvd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_unique),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_effects),
		cmocka_unit_test(test_values_round_trip),
		cmocka_unit_test(test_sizes_round_trip),
		cmocka_unit_test(test_order_of_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
