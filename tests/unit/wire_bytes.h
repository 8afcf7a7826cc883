/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink messages byte by byte, for tests of the code that reads and writes them. Uses neither
 * libnl nor daemon/wire/: what those two agree on may still be wrong.
 *
 *	size_t m = msg_open(&b, family, NLM_F_MULTI, seq, command);
 *	put_string(&b, attribute, "text");
 *	size_t nest = nest_open(&b, attribute);
 *	...
 *	nest_close(&b, nest);
 *	msg_close(&b, m);
 */
#pragma once

#include <assert.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	_Alignas(8) unsigned char data[32768];
	size_t len;
};

/* Put @n bytes, and zeroes up to the next multiple of 4. */
static inline size_t put_raw(struct bytes *b, const void *p, size_t n)
{
	size_t at = b->len, padded = (n + 3) & ~(size_t)3;

	assert(at + padded <= sizeof(b->data));
	memset(b->data + at, 0, padded);
	if (n)
		memcpy(b->data + at, p, n);
	b->len += padded;
	return at;
}

/* Header and no more: NLMSG_NOOP, NLMSG_DONE, or what a test wants to lie about. */
static inline size_t msg_open_bare(struct bytes *b, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq};

	return put_raw(b, &h, sizeof(h));
}

static inline size_t msg_open(struct bytes *b, uint16_t type, uint16_t flags, uint32_t seq,
			      uint8_t command)
{
	size_t at = msg_open_bare(b, type, flags, seq);
	struct genlmsghdr g = {.cmd = command, .version = 1};

	put_raw(b, &g, sizeof(g));
	return at;
}

static inline void msg_close(struct bytes *b, size_t at)
{
	uint32_t len = (uint32_t)(b->len - at);

	memcpy(b->data + at, &len, sizeof(len));
}

/* An attribute whose length counts @n bytes of payload. */
static inline void put_attr(struct bytes *b, uint16_t type, const void *p, size_t n)
{
	uint16_t head[2] = {(uint16_t)(n + 4), type};

	put_raw(b, head, sizeof(head));
	put_raw(b, p, n);
}

static inline void put_string(struct bytes *b, uint16_t type, const char *s)
{
	put_attr(b, type, s, strlen(s) + 1);
}

static inline void put_u8(struct bytes *b, uint16_t type, uint8_t n)
{
	put_attr(b, type, &n, sizeof(n));
}

static inline void put_u16(struct bytes *b, uint16_t type, uint16_t n)
{
	put_attr(b, type, &n, sizeof(n));
}

static inline void put_u32(struct bytes *b, uint16_t type, uint32_t n)
{
	put_attr(b, type, &n, sizeof(n));
}

static inline void put_u64(struct bytes *b, uint16_t type, uint64_t n)
{
	put_attr(b, type, &n, sizeof(n));
}

static inline size_t nest_open(struct bytes *b, uint16_t type)
{
	uint16_t head[2] = {0, type};

	return put_raw(b, head, sizeof(head));
}

static inline void nest_close(struct bytes *b, size_t at)
{
	uint16_t len = (uint16_t)(b->len - at);

	memcpy(b->data + at, &len, sizeof(len));
}

/* NLMSG_ERROR as CAP_ACK and EXT_ACK give it: a success does not have the text's flag. */
static inline void put_ack(struct bytes *b, uint32_t seq, int error, const char *text)
{
	uint16_t flags = (uint16_t)(NLM_F_CAPPED | (text ? NLM_F_ACK_TLVS : 0));
	size_t at = msg_open_bare(b, NLMSG_ERROR, flags, seq);
	struct nlmsgerr e = {.error = error, .msg = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_seq = seq}};

	put_raw(b, &e, sizeof(e));
	if (text)
		put_string(b, NLMSGERR_ATTR_MSG, text);
	msg_close(b, at);
}

static inline void put_done(struct bytes *b, uint32_t seq, int error)
{
	size_t at = msg_open_bare(b, NLMSG_DONE, NLM_F_MULTI, seq);

	put_raw(b, &error, sizeof(error));
	msg_close(b, at);
}
