// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values: how they are written, compared and shown. Knows no device; limits that only a device
 * knows are bind's.
 */
#include "model/value.h"
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** value_type_name() - as a person calls it. */
const char *value_type_name(enum value_type type)
{
	static const char *const names[] = {
		[VALUE_NONE] = "nothing", [VALUE_U8] = "u8",	  [VALUE_U16] = "u16",
		[VALUE_U32] = "u32",	  [VALUE_U64] = "u64",	  [VALUE_STRING] = "string",
		[VALUE_BOOL] = "bool",	  [VALUE_OTHER] = "other"};

	return names[type];
}

/** value_is_text() - Return: is it a string, or described by one? */
bool value_is_text(const struct value *v)
{
	return v->type == VALUE_STRING || v->type == VALUE_OTHER;
}

/** size_text() - a number of entries, or "unlimited"; to be freed. */
char *size_text(uint64_t size)
{
	return size == VALUE_UNLIMITED ? mem_strdup("unlimited") : mem_printf("%" PRIu64, size);
}

/** value_equal() - are type and value the same? Return: true if so. */
bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	if (value_is_text(a))
		return text_equal(a->str, b->str);
	return a->num == b->num;
}

/** enum_name() - the name of @num, or NULL. */
const char *enum_name(const struct enum_names *names, uint64_t num)
{
	for (size_t i = 0; names && i < names->n; i++)
		if (names->v[i].num == num)
			return names->v[i].name;
	return NULL;
}

/**
 * enum_number() - the number that is called @text. Return: false where @names (or NULL) has no such
 * name.
 */
bool enum_number(const struct enum_names *names, const char *text, uint64_t *ret)
{
	for (size_t i = 0; names && i < names->n; i++) {
		if (strcmp(names->v[i].name, text) == 0) {
			*ret = names->v[i].num;
			return true;
		}
	}
	return false;
}

/* In the largest unit that leaves no rest. */
static void format_duration(uint64_t msec, struct buf *out)
{
	static const struct {
		const char *unit;
		uint64_t msec;
	} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	size_t i = 0;

	while (msec % units[i].msec || (msec == 0 && units[i].msec != 1000))
		i++;
	buf_add(out, "%" PRIu64 "%s", msec / units[i].msec, units[i].unit);
}

/** value_format() - append @v as the YAML would say it. */
void value_format(const struct value *v, const struct enum_names *names, struct buf *out)
{
	const char *name;

	switch (v->type) {
	case VALUE_NONE:
		buf_put(out, "-");
		return;
	case VALUE_STRING:
		buf_put(out, names && names->empty && !*v->str ? names->empty : v->str);
		return;
	case VALUE_OTHER:
		buf_put(out, v->str);
		return;
	case VALUE_BOOL:
		buf_put(out, v->num ? "true" : "false");
		return;
	case VALUE_U8:
	case VALUE_U16:
	case VALUE_U32:
	case VALUE_U64:
		name = enum_name(names, v->num);
		if (name)
			buf_put(out, name);
		else if (names && names->duration)
			format_duration(v->num, out);
		else
			buf_put_number(out, v->num);
		return;
	}
}

static const struct {
	const char *suffix;
	uint64_t factor;
} suffixes[] = {
	{"", 1},
	{"Ki", UINT64_C(1) << 10},
	{"Mi", UINT64_C(1) << 20},
	{"Gi", UINT64_C(1) << 30},
	{"k", 1000},
	{"M", 1000000},
	{"G", 1000000000},
};

static int fail(char **ret_why, char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static const char *yaml11_bool(const char *text)
{
	static const struct {
		const char *word, *meant;
	} words[] = {{"y", "true"},  {"yes", "true"}, {"on", "true"},	{"true", "true"},
		     {"n", "false"}, {"no", "false"}, {"off", "false"}, {"false", "false"}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i].word) == 0)
			return strcmp(text, words[i].meant) == 0 ? NULL : words[i].meant;
	return NULL;
}

static char *yaml11_number(const char *text)
{
	static const struct {
		const char *start, *digits;
		int base;
	} forms[] = {{"0x", "0123456789abcdefABCDEF_", 16},
		     {"0X", "0123456789abcdefABCDEF_", 16},
		     {"0o", "01234567_", 8},
		     {"0b", "01_", 2},
		     {"", "0123456789_", 10}};
	size_t skip, n = 0, i = 0;
	char digits[80];
	uint64_t number;

	while (strncmp(text, forms[i].start, strlen(forms[i].start)) != 0)
		i++;
	skip = strlen(forms[i].start);
	if (text[skip] == '\0' || text[skip] == '_' ||
	    text[skip + strspn(text + skip, forms[i].digits)] != '\0')
		return NULL;
	if (forms[i].base == 10 && !strchr(text, '_') && (text[0] != '0' || !text[1]))
		return NULL;
	for (const char *p = text + skip; *p && n < sizeof(digits) - 1; p++)
		if (*p != '_')
			digits[n++] = *p;
	digits[n] = '\0';
	errno = 0;
	number = strtoull(digits, NULL, forms[i].base);
	return errno || n == sizeof(digits) - 1 ? mem_strdup("a decimal number")
						: mem_printf("%" PRIu64, number);
}

/**
 * value_yaml11() - how to write what YAML 1.1 takes for a bool or a number, and YAML 1.2 for text.
 *
 * Return: to be freed; NULL where all take @text for the same.
 */
char *value_yaml11(const char *text)
{
	const char *meant = yaml11_bool(text);

	return meant ? mem_strdup(meant) : yaml11_number(text);
}

/* Why @text is no number, with what to write instead. */
static char *explain_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	_cleanup_free_ char *plain = yaml11_number(text);

	if (plain)
		return mem_printf("write %s instead of \"%s\"", plain, text);
	if (digits > 1 && text[0] == '0')
		return mem_printf("write the number without leading zeros instead of \"%s\"", text);
	if (text[0] == '-' || text[0] == '+')
		return mem_printf("\"%s\" has a sign; a whole number, 0 or more, is wanted", text);
	if (digits && (text[digits] == '.' || text[digits] == 'e' || text[digits] == 'E'))
		return mem_printf("\"%s\" is not a whole number", text);
	if (digits && text[digits] == ' ')
		return mem_printf("\"%s\" has a space before its unit; write it without", text);
	if (digits && (isalpha((unsigned char)text[digits]) || text[digits] == '%'))
		return mem_printf("\"%s\" ends in an unknown unit; known are Ki, Mi, Gi (1024) and "
				  "k, M, G (1000)",
				  text);
	return mem_printf("\"%s\" is not a number", text);
}

static int parse_number(const char *text, uint64_t *ret, char **ret_why)
{
	size_t digits = strspn(text, "0123456789");

	if (digits && (digits == 1 || text[0] != '0')) {
		for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
			uint64_t n;

			if (strcmp(text + digits, suffixes[i].suffix) != 0)
				continue;
			if (text_number(text, digits, &n) < 0 ||
			    __builtin_mul_overflow(n, suffixes[i].factor, &n))
				return fail(ret_why, mem_printf("%s is more than 2^64-1", text));
			*ret = n;
			return 0;
		}
	}
	return fail(ret_why, explain_number(text));
}

static int parse_bool(const char *text, struct value *ret, char **ret_why)
{
	bool is_true = strcmp(text, "true") == 0;
	const char *meant = yaml11_bool(text);

	if (!is_true && strcmp(text, "false") != 0)
		return fail(ret_why, mem_printf("write %s instead of \"%s\"",
						meant ? meant : "true or false", text));
	*ret = (struct value){.type = VALUE_BOOL, .num = is_true};
	return 0;
}

static int unknown_name(const char *text, const struct enum_names *names, char **ret_why)
{
	const char *meant = yaml11_bool(text);
	struct buf b = {};
	uint64_t num;

	if (meant && enum_number(names, meant, &num))
		return fail(ret_why, mem_printf("write %s instead of \"%s\"", meant, text));
	if (names->closed)
		buf_add(&b, "\"%s\" is not one of ", text);
	else
		buf_add(&b, "\"%s\" is neither a number nor %s", text,
			names->n > 1 ? "one of " : "");
	for (size_t i = 0; i < names->n; i++)
		buf_add(&b, "%s%s", i == 0 ? "" : ", ", names->v[i].name);
	return fail(ret_why, buf_take(&b));
}

static int parse_duration(const char *text, uint64_t *ret, char **ret_why)
{
	int r = clock_parse_duration(text, ret);

	if (r == -ERANGE)
		return fail(ret_why, mem_printf("\"%s\" is too long", text));
	if (r < 0)
		return fail(ret_why,
			    mem_printf("\"%s\" is not a duration like 500ms, 30s, 5m or 1h", text));
	*ret /= USEC_PER_MSEC;
	return 0;
}

/* A number of @type, or one of @names. */
static int parse_enum(const char *text, enum value_type type, const struct enum_names *names,
		      uint64_t *ret, char **ret_why)
{
	static const uint64_t max[] = {[VALUE_U8] = UINT8_MAX,
				       [VALUE_U16] = UINT16_MAX,
				       [VALUE_U32] = UINT32_MAX,
				       [VALUE_U64] = UINT64_MAX};
	size_t digits = strspn(text, "0123456789");
	bool named = names && names->n;
	uint64_t num;
	int r;

	if (enum_number(names, text, ret))
		return 0;
	if (names && names->duration)
		return parse_duration(text, ret, ret_why);
	if (named && (names->closed || digits == 0))
		return unknown_name(text, names, ret_why);
	r = parse_number(text, &num, ret_why);
	if (r < 0)
		return r;
	if (named && text[digits]) /* it tells which, not how many */
		return fail(ret_why, mem_printf("write %" PRIu64 " instead of \"%s\"", num, text));
	if (num > max[type])
		return fail(ret_why,
			    mem_printf("%s is more than %" PRIu64 ", the most that %s holds", text,
				       max[type], value_type_name(type)));
	*ret = num;
	return 0;
}

static int parse_string(const char *text, const struct enum_names *names, struct value *ret,
			char **ret_why)
{
	if (names && names->empty && strcmp(text, names->empty) == 0)
		text = "";
	if (strlen(text) > PARAM_STRING_MAX)
		return fail(ret_why, mem_printf("longer than %d bytes", PARAM_STRING_MAX));
	*ret = (struct value){.type = VALUE_STRING, .str = text};
	return 0;
}

/**
 * value_parse() - the value that @text writes.
 * @names: names that stand for numbers; where there are some, a bare number without a unit is taken
 * too
 * @ret: a string value points into @text
 * @ret_why: on error the reason, without place or subject, to be freed
 *
 * Return: 0 or -EINVAL.
 */
int value_parse(const char *text, enum value_type type, const struct enum_names *names,
		struct value *ret, char **ret_why)
{
	uint64_t num;

	if (type == VALUE_BOOL)
		return parse_bool(text, ret, ret_why);
	if (type == VALUE_STRING)
		return parse_string(text, names, ret, ret_why);
	if (parse_enum(text, type, names, &num, ret_why) < 0)
		return -EINVAL;
	*ret = (struct value){.type = type, .num = num};
	return 0;
}

static bool parse_size_word(const char *text, struct size *ret)
{
	static const struct {
		const char *word;
		struct size size;
	} words[] = {{"rest", {SIZE_REST, 0}},
		     {"min", {SIZE_LEAST, 0}},
		     {"max", {SIZE_MOST, 0}},
		     {"unlimited", {SIZE_NUMBER, VALUE_UNLIMITED}}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			*ret = words[i].size;
			return true;
		}
	}
	return false;
}

static int parse_percent(const char *text, size_t digits, struct size *ret, char **ret_why)
{
	uint64_t num;

	if (text_number(text, digits, &num) < 0 || num > 100 || (digits > 1 && text[0] == '0'))
		return fail(ret_why, mem_printf("%s is not a percentage from 0%% to 100%%", text));
	*ret = (struct size){SIZE_PERCENT, num};
	return 0;
}

/**
 * size_parse() - a resource size: a number, `40%`, `rest`, `min`, `max` or `unlimited`.
 *
 * Return: 0, or -EINVAL with the reason in @ret_why.
 */
int size_parse(const char *text, struct size *ret, char **ret_why)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t num;
	int r;

	if (parse_size_word(text, ret))
		return 0;
	if (digits && strcmp(text + digits, "%") == 0)
		return parse_percent(text, digits, ret, ret_why);
	if (!digits && text[0] != '-' && text[0] != '+')
		return fail(ret_why,
			    mem_printf("\"%s\" is not a size: write a number, 40%%, rest, min, "
				       "max or unlimited",
				       text));
	r = parse_number(text, &num, ret_why);
	if (r < 0)
		return r;
	*ret = (struct size){SIZE_NUMBER, num};
	return 0;
}
