/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of one netlink message, read with their lengths checked. */
#pragma once

#include <linux/devlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * What the header of the machine that builds may not have yet. Which kernel runs is another matter:
 * an attribute is asked for by its number, and is there or not.
 */
enum {
	ATTR_PARAM_VALUE_DEFAULT = 182,
	ATTR_PARAM_RESET_DEFAULT = 183,
	ATTR_INDEX = 184,
};
#define PARAM_TYPE_U64_ARRAY 0x81
#define PORT_FLAVOUR_SF	     7
#define RATE_TYPE_NODE	     1

#define ATTR_MAX 186 /* libnl passes over what is above */

struct attrs {
	struct nlattr *v[ATTR_MAX + 1];
};

bool attrs_parse(struct attrs *a, const struct nlmsghdr *m);
bool attrs_parse_nest(struct attrs *a, const struct nlattr *nest);
bool attr_uint(const struct nlattr *a, size_t size, uint64_t *ret);
bool attr_number(const struct nlattr *a, uint64_t *ret);
const char *attr_string(const struct nlattr *a);
char *attr_clean(const struct nlattr *a);
