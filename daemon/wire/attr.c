// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading attributes so that no short or unterminated one can hurt. */
#include "wire/attr.h"
#include "base/text.h"

#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

/** attrs_parse() - top-level attributes. Return: false where @m is not generic netlink. */
bool attrs_parse(struct attrs *a, const struct nlmsghdr *m)
{
	if (m->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return false;
	return nlmsg_parse((struct nlmsghdr *)m, GENL_HDRLEN, a->v, ATTR_MAX, NULL) >= 0;
}

/**
 * attrs_parse_nest() - attributes in @nest, which may be NULL. Return: false where there are none.
 */
bool attrs_parse_nest(struct attrs *a, const struct nlattr *nest)
{
	return nest && nla_parse_nested(a->v, ATTR_MAX, (struct nlattr *)nest, NULL) >= 0;
}

/** attr_uint() - a little number of @size bytes (1, 2, 4, 8). Return: false if absent or short. */
bool attr_uint(const struct nlattr *a, size_t size, uint64_t *ret)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} n;

	if (!a || (size_t)nla_len(a) < size)
		return false;
	memcpy(&n, nla_data(a), size);
	*ret = size == 1 ? n.u8 : size == 2 ? n.u16 : size == 4 ? n.u32 : n.u64;
	return true;
}

/** attr_number() - one that the kernel writes with 4 or with 8 bytes. Return: as attr_uint(). */
bool attr_number(const struct nlattr *a, uint64_t *ret)
{
	return attr_uint(a, a && nla_len(a) >= 8 ? 8 : 4, ret);
}

/** attr_string() - NULL if absent or not terminated. */
const char *attr_string(const struct nlattr *a)
{
	if (!a || nla_len(a) < 1 || !memchr(nla_data(a), '\0', (size_t)nla_len(a)))
		return NULL;
	return nla_data(a);
}

/**
 * attr_clean() - a string as one line that can be shown and remembered, whatever bytes a driver
 * puts there.
 *
 * Return: to be freed; NULL if absent or not terminated.
 */
char *attr_clean(const struct nlattr *a)
{
	const char *s = attr_string(a);
	char *text = s ? text_clean(s, strlen(s)) : NULL;

	for (char *p = text; p && *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	return text;
}
