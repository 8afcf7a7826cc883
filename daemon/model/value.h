/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A typed value of an attribute: what the kernel reports, what the YAML wants. */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define VALUE_UNLIMITED UINT64_MAX
#define PARAM_STRING_MAX                                                                           \
	31 /* bytes; the kernel's __DEVLINK_PARAM_MAX_STRING_VALUE less the NUL                    \
	    */

enum value_type {
	VALUE_NONE,
	VALUE_U8,
	VALUE_U16,
	VALUE_U32,
	VALUE_U64,
	VALUE_STRING,
	VALUE_BOOL,
	VALUE_OTHER, /* carved does not set it; str says what it is: "a list of numbers (1, 2)" */
} __attribute__((packed));

/* Packed, as an object has eight of them: nine bytes instead of sixteen. */
struct value {
	union {
		uint64_t num;	 /* VALUE_BOOL: 0 or 1 */
		const char *str; /* where value_is_text() */
	};
	enum value_type type;
} __attribute__((packed));

/* Names for numbers: "drop" for 0. */
struct enum_name {
	const char *name;
	uint64_t num;
};

struct enum_names {
	const struct enum_name *v;
	size_t n;
	bool closed;	   /* a name must be written, a number will not do */
	bool duration;	   /* numbers are milliseconds, written with a unit: "500ms", "30s" */
	const char *empty; /* what the empty string is called, or NULL */
};

const char *value_type_name(enum value_type type);
bool value_is_text(const struct value *v);
char *size_text(uint64_t size);
bool value_equal(const struct value *a, const struct value *b);
const char *enum_name(const struct enum_names *names, uint64_t num);
bool enum_number(const struct enum_names *names, const char *text, uint64_t *ret);
void value_format(const struct value *v, const struct enum_names *names, struct buf *out);
char *value_yaml11(const char *text);
int value_parse(const char *text, enum value_type type, const struct enum_names *names,
		struct value *ret, char **ret_why);

/* A size as written for a resource: a number, or words that need the device to become one. */
enum size_kind { SIZE_NUMBER, SIZE_PERCENT, SIZE_REST, SIZE_LEAST, SIZE_MOST };

struct size {
	enum size_kind kind;
	uint64_t num; /* SIZE_NUMBER: entries; SIZE_PERCENT: 0 to 100 */
};

int size_parse(const char *text, struct size *ret, char **ret_why);
