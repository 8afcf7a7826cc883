/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of one netlink message, read with their lengths checked. */
#pragma once

#include <linux/devlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>

#include <stdbool.h>
#include <stdint.h>

/* Those above it are passed over by libnl. The headers of older kernels end before. */
#define ATTR_MAX 186

struct attrs {
	struct nlattr *v[ATTR_MAX + 1];
};

bool attrs_parse(struct attrs *a, const struct nlmsghdr *m);
bool attrs_parse_nest(struct attrs *a, const struct nlattr *nest);
bool attr_uint(const struct nlattr *a, size_t size, uint64_t *ret);
const char *attr_string(const struct nlattr *a);
char *attr_clean(const struct nlattr *a);
