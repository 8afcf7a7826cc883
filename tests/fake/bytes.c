// SPDX-License-Identifier: GPL-2.0-or-later
/* The layout of netlink messages and attributes: linux/netlink.h and linux/genetlink.h. */
#include "bytes.h"

#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (b->len + len > b->size) {
		b->size = (b->len + len) * 2;
		b->data = realloc(b->data, b->size);
		if (!b->data)
			abort();
	}
	if (data)
		memcpy(b->data + b->len, data, len);
	else
		memset(b->data + b->len, 0, len);
	b->len += len;
}

void bytes_clear(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){.pad = b->pad};
}

static void align(struct bytes *b)
{
	bytes_put(b, NULL, NLMSG_ALIGN(b->len) - b->len);
}

/** message_start() - Return: what message_end() needs. */
size_t message_start(struct bytes *b, uint16_t type, uint16_t flags, uint32_t seq, uint32_t pid)
{
	struct nlmsghdr h = {
		.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq, .nlmsg_pid = pid};
	size_t at = b->len;

	bytes_put(b, &h, sizeof(h));
	return at;
}

size_t genl_start(struct bytes *b, uint16_t family, uint8_t command, uint16_t flags, uint32_t seq,
		  uint32_t pid)
{
	size_t at = message_start(b, family, flags, seq, pid);
	struct genlmsghdr g = {.cmd = command, .version = 1};

	bytes_put(b, &g, sizeof(g));
	return at;
}

void message_end(struct bytes *b, size_t at)
{
	uint32_t len = (uint32_t)(b->len - at);

	memcpy(b->data + at, &len, sizeof(len));
	align(b);
}

void put_attr(struct bytes *b, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type};

	bytes_put(b, &a, sizeof(a));
	if (len)
		bytes_put(b, data, len);
	align(b);
}

void put_u8(struct bytes *b, uint16_t type, uint8_t n)
{
	put_attr(b, type, &n, sizeof(n));
}

void put_u16(struct bytes *b, uint16_t type, uint16_t n)
{
	put_attr(b, type, &n, sizeof(n));
}

void put_u32(struct bytes *b, uint16_t type, uint32_t n)
{
	put_attr(b, type, &n, sizeof(n));
}

/* nla_put_u64_64bit(): an empty attribute in front where the payload would not be aligned. */
void put_u64(struct bytes *b, uint16_t type, uint64_t n)
{
	if (b->pad && b->len % 8 == 0)
		put_attr(b, DEVLINK_ATTR_PAD, NULL, 0);
	put_attr(b, type, &n, sizeof(n));
}

void put_string(struct bytes *b, uint16_t type, const char *s)
{
	put_attr(b, type, s, strlen(s) + 1);
}

void put_flag(struct bytes *b, uint16_t type)
{
	put_attr(b, type, NULL, 0);
}

size_t nest_start(struct bytes *b, uint16_t type)
{
	size_t at = b->len;

	put_attr(b, type, NULL, 0);
	return at;
}

void nest_end(struct bytes *b, size_t at)
{
	uint16_t len = (uint16_t)(b->len - at);

	memcpy(b->data + at, &len, sizeof(len));
}

const struct nlattr *attr_first(const void *data, size_t len)
{
	const struct nlattr *a = data;

	return len >= sizeof(*a) && a->nla_len >= sizeof(*a) && a->nla_len <= len ? a : NULL;
}

const struct nlattr *attr_next(const struct nlattr *a, const void *data, size_t len)
{
	size_t used = (size_t)((const char *)a - (const char *)data) + NLA_ALIGN(a->nla_len);

	return used < len ? attr_first((const char *)data + used, len - used) : NULL;
}

uint16_t attr_type(const struct nlattr *a)
{
	return a->nla_type & NLA_TYPE_MASK;
}

size_t attr_len(const struct nlattr *a)
{
	return a->nla_len - (size_t)NLA_HDRLEN;
}

const void *attr_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

/** attr_num() - an attribute of 1, 2, 4 or 8 bytes; the policy has seen to its length. */
uint64_t attr_num(const struct nlattr *a)
{
	uint64_t n = 0;
	size_t len = attr_len(a);

	memcpy(&n, attr_data(a), len < sizeof(n) ? len : sizeof(n)); /* little endian */
	return n;
}

void attrs_read(struct attrs *a, const void *data, size_t len)
{
	size_t used = 0;

	*a = (struct attrs){};
	attrs_each(attr, data, len)
	{
		if (attr_type(attr) > ATTRS_MAX)
			a->unknown = true;
		else
			a->v[attr_type(attr)] = attr;
		used = (size_t)((const char *)attr - (const char *)data) + NLA_ALIGN(attr->nla_len);
	}
	a->left = used < len ? len - used : 0;
}
