// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order of firmware versions, which drivers print in forms of their own. A version is read as
 * text and groups of dotted numbers in turn: "1.2.3.4/pkg 5.6" is 1.2.3.4, "/pkg ", 5.6. Numbers
 * are compared as numbers, text must be the same. Where two versions differ in text, or in a build
 * id, no order is made up: letters mean release candidates to one vendor and fixes to another.
 */
#include "model/version.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Versions whose dotted numbers are printed in hexadecimal, without a prefix. */
static const struct {
	const char *driver, *key;
} hexadecimal[] = {
	/* "%x.%02x" in ice_info_nvm_ver(), Linux 6.1 and 6.12 */
	{"ice", "fw.psid.api"},
	/* "%x.%x.%x-%x.%x.%x" in ice_info_netlist_ver() */
	{"ice", "fw.netlist"},
};

typedef int (*digit_test)(int c);

static digit_test digits_of(const char *driver, const char *key)
{
	for (size_t i = 0; driver && key && i < ARRAY_SIZE(hexadecimal); i++)
		if (strcmp(hexadecimal[i].driver, driver) == 0 &&
		    strcmp(hexadecimal[i].key, key) == 0)
			return isxdigit;
	return isdigit;
}

static size_t span(const char *s, digit_test is_digit)
{
	size_t n = 0;

	while (is_digit((unsigned char)s[n]))
		n++;
	return n;
}

/* A run of digits without its leading zeros. */
struct number {
	const char *digits;
	size_t n;
	bool glued; /* to a letter: "3a" may be more or less than "10" */
};

static struct number take_number(const char **s, digit_test is_digit)
{
	struct number ret;

	*s += strspn(*s, "0");
	ret = (struct number){.digits = *s, .n = span(*s, is_digit)};
	*s += ret.n;
	ret.glued = isalpha((unsigned char)**s);
	return ret;
}

static enum version_order compare_numbers(struct number a, struct number b)
{
	int r = a.n == b.n ? strncasecmp(a.digits, b.digits, a.n) : CMP(a.n, b.n);

	if (r != 0 && (a.glued || b.glued))
		return VERSION_DIFFERENT;
	return CMP(r, 0);
}

static bool goes_on(const char *s, digit_test is_digit)
{
	return s[0] == '.' && is_digit((unsigned char)s[1]);
}

/* The next part of a dotted group, or 0 where the group is over. */
static struct number take_part(const char **s, digit_test is_digit)
{
	if (!goes_on(*s, is_digit))
		return (struct number){.digits = "",
				       .glued = **s == '.' || isalpha((unsigned char)**s)};
	(*s)++;
	return take_number(s, is_digit);
}

static enum version_order compare_groups(const char **a, const char **b, digit_test is_digit)
{
	enum version_order r = compare_numbers(take_number(a, is_digit), take_number(b, is_digit));

	while (r == VERSION_SAME && (goes_on(*a, is_digit) || goes_on(*b, is_digit)))
		r = compare_numbers(take_part(a, is_digit), take_part(b, is_digit));
	return r;
}

static bool is_build_id(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isxdigit((unsigned char)s[2]);
}

static enum version_order compare_build_ids(const char **a, const char **b)
{
	if (!is_build_id(*a) || !is_build_id(*b))
		return VERSION_DIFFERENT;
	*a += 2;
	*b += 2;
	return compare_numbers(take_number(a, isxdigit), take_number(b, isxdigit)) == VERSION_SAME
		       ? VERSION_SAME
		       : VERSION_DIFFERENT;
}

/**
 * version_compare() - where @a stands in the order of versions, seen from @b.
 * @driver: as INFO_GET names it; may be NULL
 * @key: the name of the version; may be NULL
 *
 * Parts that are missing are 0: "1.2" is "1.2.0". "0x8000d8b1" is a build id, which has no order.
 *
 * Return: VERSION_DIFFERENT where only equality can be decided, and they are not equal.
 */
enum version_order version_compare(const char *driver, const char *key, const char *a,
				   const char *b)
{
	digit_test is_digit = digits_of(driver, key);
	enum version_order r = VERSION_SAME;

	while (r == VERSION_SAME && (*a || *b)) {
		if (is_build_id(a) || is_build_id(b))
			r = compare_build_ids(&a, &b);
		else if (is_digit((unsigned char)*a) && is_digit((unsigned char)*b))
			r = compare_groups(&a, &b, is_digit);
		else if (*a++ != *b++)
			r = VERSION_DIFFERENT;
	}
	return r;
}
