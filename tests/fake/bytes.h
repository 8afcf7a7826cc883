/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink messages written and read byte by byte. Made from the uapi headers alone, so that a
 * mistake of the daemon's encoder or of its library has no counterpart here.
 */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A buffer that grows. With pad, u64 attributes are aligned as on machines that need it. */
struct bytes {
	uint8_t *data;
	size_t len, size;
	bool pad;
};

void bytes_put(struct bytes *b, const void *data, size_t len);
void bytes_clear(struct bytes *b);

size_t message_start(struct bytes *b, uint16_t type, uint16_t flags, uint32_t seq, uint32_t pid);
size_t genl_start(struct bytes *b, uint16_t family, uint8_t command, uint16_t flags, uint32_t seq,
		  uint32_t pid);
void message_end(struct bytes *b, size_t at);

void put_attr(struct bytes *b, uint16_t type, const void *data, size_t len);
void put_u8(struct bytes *b, uint16_t type, uint8_t n);
void put_u16(struct bytes *b, uint16_t type, uint16_t n);
void put_u32(struct bytes *b, uint16_t type, uint32_t n);
void put_u64(struct bytes *b, uint16_t type, uint64_t n);
void put_string(struct bytes *b, uint16_t type, const char *s);
void put_flag(struct bytes *b, uint16_t type);
size_t nest_start(struct bytes *b, uint16_t type);
void nest_end(struct bytes *b, size_t at);

/* Attributes of one level, the last of each type. */
#define ATTRS_MAX 200

struct attrs {
	const struct nlattr *v[ATTRS_MAX + 1];
	size_t left; /* bytes behind the last good attribute */
	bool unknown;
};

const struct nlattr *attr_first(const void *data, size_t len);
const struct nlattr *attr_next(const struct nlattr *a, const void *data, size_t len);
void attrs_read(struct attrs *a, const void *data, size_t len);
uint16_t attr_type(const struct nlattr *a);
size_t attr_len(const struct nlattr *a);
const void *attr_data(const struct nlattr *a);
uint64_t attr_num(const struct nlattr *a);

#define attrs_each(a, data, len)                                                                   \
	for (const struct nlattr *a = attr_first(data, len); a; a = attr_next(a, data, len))
