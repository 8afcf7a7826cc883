/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devlink's answers as a kernel writes them, for test_wire.c: whole messages, and nests of which a
 * test fills the inside.
 */
#pragma once

#include "wire_bytes.h"

#include <linux/devlink.h>
#include <stddef.h>

#define FAMILY 0x1d
#define HANDLE "pci/0000:03:00.0"

/* Attributes that are newer than some headers. */
#define ATTR_PARAM_VALUE_DEFAULT 182
#define ATTR_INDEX		 184
#define ATTR_PAD		 61

static inline void put_handle(struct bytes *b, const char *bus, const char *dev)
{
	put_string(b, DEVLINK_ATTR_BUS_NAME, bus);
	put_string(b, DEVLINK_ATTR_DEV_NAME, dev);
}

/* A message of the device; to be closed with msg_close(). */
static inline size_t answer_open(struct bytes *b, uint8_t command)
{
	size_t at = msg_open(b, FAMILY, 0, 1, command);

	put_handle(b, "pci", "0000:03:00.0");
	return at;
}

static inline void put_trap(struct bytes *b, const char *name, uint8_t action)
{
	size_t at = answer_open(b, DEVLINK_CMD_TRAP_NEW), nest;

	put_string(b, DEVLINK_ATTR_TRAP_GROUP_NAME, "l2_drops");
	put_string(b, DEVLINK_ATTR_TRAP_NAME, name);
	put_attr(b, DEVLINK_ATTR_TRAP_GENERIC, NULL, 0);
	put_u8(b, DEVLINK_ATTR_TRAP_TYPE, 0);
	put_u8(b, DEVLINK_ATTR_TRAP_ACTION, action);
	nest = nest_open(b, DEVLINK_ATTR_STATS);
	put_attr(b, ATTR_PAD, NULL, 0);
	put_u64(b, 0, 77);
	nest_close(b, nest);
	msg_close(b, at);
}

static inline void put_policer(struct bytes *b, uint32_t id)
{
	size_t at = answer_open(b, DEVLINK_CMD_TRAP_POLICER_NEW);

	put_u32(b, DEVLINK_ATTR_TRAP_POLICER_ID, id);
	put_attr(b, ATTR_PAD, NULL, 0);
	put_u64(b, DEVLINK_ATTR_TRAP_POLICER_RATE, UINT64_MAX);
	put_attr(b, ATTR_PAD, NULL, 0);
	put_u64(b, DEVLINK_ATTR_TRAP_POLICER_BURST, 128);
	msg_close(b, at);
}

static inline void put_group(struct bytes *b, const char *name, uint32_t policer)
{
	size_t at = answer_open(b, DEVLINK_CMD_TRAP_GROUP_NEW);

	put_string(b, DEVLINK_ATTR_TRAP_GROUP_NAME, name);
	if (policer)
		put_u32(b, DEVLINK_ATTR_TRAP_POLICER_ID, policer);
	msg_close(b, at);
}

/* A param whose VALUES_LIST is open; to be closed with param_close(). */
struct param_nests {
	size_t message, param, list;
};

static struct param_nests param_open(struct bytes *b, const char *name, int type)
{
	struct param_nests p = {.message = answer_open(b, DEVLINK_CMD_PARAM_GET)};

	p.param = nest_open(b, DEVLINK_ATTR_PARAM);
	if (name)
		put_string(b, DEVLINK_ATTR_PARAM_NAME, name);
	put_attr(b, DEVLINK_ATTR_PARAM_GENERIC, NULL, 0);
	if (type >= 0)
		put_u8(b, DEVLINK_ATTR_PARAM_TYPE, (uint8_t)type);
	p.list = nest_open(b, DEVLINK_ATTR_PARAM_VALUES_LIST);
	return p;
}

static inline void param_close(struct bytes *b, const struct param_nests *p)
{
	nest_close(b, p->list);
	nest_close(b, p->param);
	msg_close(b, p->message);
}

static const void *const absent = &absent;

static inline void put_value(struct bytes *b, uint8_t cmode, const void *data, size_t n)
{
	size_t nest = nest_open(b, DEVLINK_ATTR_PARAM_VALUE);

	if (data != absent)
		put_attr(b, DEVLINK_ATTR_PARAM_VALUE_DATA, data, n);
	put_u8(b, DEVLINK_ATTR_PARAM_VALUE_CMODE, cmode);
	nest_close(b, nest);
}

/* A param with one value, of runtime. */
static inline void put_param(struct bytes *b, const char *name, int type, const void *data,
			     size_t n)
{
	struct param_nests p = param_open(b, name, type);

	put_value(b, 0, data, n);
	param_close(b, &p);
}

/* A param that has no value, of runtime, and this default. */
static inline void put_param_default(struct bytes *b, const char *name, int type, const void *data,
				     size_t n)
{
	struct param_nests p = param_open(b, name, type);
	size_t nest = nest_open(b, DEVLINK_ATTR_PARAM_VALUE);

	put_u8(b, DEVLINK_ATTR_PARAM_VALUE_CMODE, 0);
	if (data != absent)
		put_attr(b, ATTR_PARAM_VALUE_DEFAULT, data, n);
	nest_close(b, nest);
	param_close(b, &p);
}

static inline size_t resource_open(struct bytes *b, const char *name, uint64_t id)
{
	size_t nest = nest_open(b, DEVLINK_ATTR_RESOURCE);

	put_string(b, DEVLINK_ATTR_RESOURCE_NAME, name);
	put_attr(b, ATTR_PAD, NULL, 0);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE, id * 100);
	put_attr(b, ATTR_PAD, NULL, 0);
	put_u64(b, DEVLINK_ATTR_RESOURCE_ID, id);
	return nest;
}

static inline void put_resource(struct bytes *b, const char *name, uint64_t id)
{
	nest_close(b, resource_open(b, name, id));
}

static inline void put_whole_resource(struct bytes *b)
{
	size_t nest = resource_open(b, "whole", 9);

	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_NEW, UINT64_MAX);
	put_u64(b, DEVLINK_ATTR_RESOURCE_OCC, 3);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_GRAN, 4);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_MAX, 5);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_MIN, 6);
	put_u8(b, DEVLINK_ATTR_RESOURCE_UNIT, 0);
	put_u8(b, DEVLINK_ATTR_RESOURCE_SIZE_VALID, 1);
	nest_close(b, nest);
}

/* Two messages, as the kernel splits a large tree: each has some of the top-level resources. */
static inline void put_tree(struct bytes *b)
{
	size_t at = answer_open(b, DEVLINK_CMD_RESOURCE_DUMP), list, kvd, inner;

	list = nest_open(b, DEVLINK_ATTR_RESOURCE_LIST);
	kvd = resource_open(b, "kvd", 1);
	inner = nest_open(b, DEVLINK_ATTR_RESOURCE_LIST | NLA_F_NESTED);
	put_resource(b, "linear", 2);
	put_resource(b, "hash", 3);
	nest_close(b, inner);
	nest_close(b, kvd);
	nest_close(b, list);
	msg_close(b, at);
	at = answer_open(b, DEVLINK_CMD_RESOURCE_DUMP);
	list = nest_open(b, DEVLINK_ATTR_RESOURCE_LIST);
	put_whole_resource(b);
	put_resource(b, "linear", 4);
	put_attr(b, DEVLINK_ATTR_RESOURCE, NULL, 0); /* without a name */
	nest_close(b, list);
	msg_close(b, at);
}

static inline void put_counter(struct bytes *b, uint8_t limit, uint32_t value)
{
	size_t entry = nest_open(b, DEVLINK_ATTR_RELOAD_STATS_ENTRY);

	put_u8(b, DEVLINK_ATTR_RELOAD_STATS_LIMIT, limit);
	put_u32(b, DEVLINK_ATTR_RELOAD_STATS_VALUE, value);
	nest_close(b, entry);
}

static inline void put_counters(struct bytes *b, uint16_t type, uint32_t value)
{
	size_t stats = nest_open(b, type), info, entries;

	info = nest_open(b, DEVLINK_ATTR_RELOAD_ACTION_INFO);
	put_u8(b, DEVLINK_ATTR_RELOAD_ACTION, 1);
	entries = nest_open(b, DEVLINK_ATTR_RELOAD_ACTION_STATS);
	put_counter(b, 0, value);
	nest_close(b, entries);
	nest_close(b, info);
	info = nest_open(b, DEVLINK_ATTR_RELOAD_ACTION_INFO);
	put_u8(b, DEVLINK_ATTR_RELOAD_ACTION, 2);
	entries = nest_open(b, DEVLINK_ATTR_RELOAD_ACTION_STATS);
	put_counter(b, 0, value + 1);
	put_counter(b, 1, value + 2);
	put_attr(b, DEVLINK_ATTR_RELOAD_STATS_ENTRY, NULL, 0);
	nest_close(b, entries);
	nest_close(b, info);
	info = nest_open(b, DEVLINK_ATTR_RELOAD_ACTION_INFO); /* no action: passed over */
	entries = nest_open(b, DEVLINK_ATTR_RELOAD_ACTION_STATS);
	put_counter(b, 0, 99);
	nest_close(b, entries);
	nest_close(b, info);
	info = nest_open(b, DEVLINK_ATTR_RELOAD_ACTION_INFO); /* no counters */
	put_u8(b, DEVLINK_ATTR_RELOAD_ACTION, 3);
	nest_close(b, info);
	nest_close(b, stats);
}

static inline void put_get(struct bytes *b, uint8_t failed)
{
	size_t at = answer_open(b, DEVLINK_CMD_NEW), stats;

	put_u8(b, DEVLINK_ATTR_RELOAD_FAILED, failed);
	stats = nest_open(b, DEVLINK_ATTR_DEV_STATS);
	put_counters(b, DEVLINK_ATTR_RELOAD_STATS, 5);
	put_counters(b, DEVLINK_ATTR_REMOTE_RELOAD_STATS, UINT32_MAX - 2);
	nest_close(b, stats);
	stats = nest_open(b, 175); /* a nested devlink, of 6.7 on */
	put_handle(b, "auxiliary", "another");
	nest_close(b, stats);
	msg_close(b, at);
}

static inline void put_version(struct bytes *b, uint16_t type, const char *name, const char *value)
{
	size_t nest = nest_open(b, type);

	if (name)
		put_string(b, DEVLINK_ATTR_INFO_VERSION_NAME, name);
	if (value)
		put_string(b, DEVLINK_ATTR_INFO_VERSION_VALUE, value);
	nest_close(b, nest);
}

static inline void put_info(struct bytes *b)
{
	size_t at = answer_open(b, DEVLINK_CMD_INFO_GET);

	put_string(b, DEVLINK_ATTR_INFO_DRIVER_NAME, "mlxsw_spectrum");
	put_string(b, DEVLINK_ATTR_INFO_SERIAL_NUMBER, "S1");
	put_string(b, DEVLINK_ATTR_INFO_BOARD_SERIAL_NUMBER, "B1");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_FIXED, "hw.revision", "A0");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_FIXED, "fw.psid", "MT_1");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_RUNNING, "fw.version", "13.1.2");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_RUNNING, "fw", "13.1.2");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_STORED, "fw", "13.1.3");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_STORED, "fw", "13.1.4");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_STORED, "no value", NULL);
	put_version(b, DEVLINK_ATTR_INFO_VERSION_STORED, NULL, "no name");
	put_version(b, DEVLINK_ATTR_INFO_VERSION_STORED | NLA_F_NESTED, "empty", "");
	msg_close(b, at);
}

/* NLMSG_ERROR with the request, of which @said is the length it claims to have. */
static inline void put_error(struct bytes *b, uint16_t flags, int error, size_t request,
			     uint32_t said)
{
	static const char filler[64];
	struct nlmsgerr e = {.error = error, .msg = {.nlmsg_len = said, .nlmsg_type = FAMILY}};
	size_t at = msg_open_bare(b, NLMSG_ERROR, flags, 1);

	put_raw(b, &e, sizeof(e));
	put_raw(b, filler, request);
	if (flags & NLM_F_ACK_TLVS) {
		put_attr(b, NLMSGERR_ATTR_COOKIE, "\x01\x02\x03", 3);
		put_u32(b, NLMSGERR_ATTR_OFFS, 20);
		put_string(b, NLMSGERR_ATTR_MSG, "words");
		put_u32(b, 5, 3); /* NLMSGERR_ATTR_MISS_TYPE */
		put_u32(b, 6, 4);
		put_u32(b, 99, 4);
	}
	msg_close(b, at);
}

static inline void put_group_of(struct bytes *b, uint16_t index, const char *name, uint32_t id)
{
	size_t nest = nest_open(b, index);

	put_u32(b, CTRL_ATTR_MCAST_GRP_ID, id);
	if (name)
		put_string(b, CTRL_ATTR_MCAST_GRP_NAME, name);
	nest_close(b, nest);
}

/* @config: the number of the group "config", or 0 where there is none. */
static inline void put_family(struct bytes *b, uint16_t type, uint16_t id, uint32_t config)
{
	size_t at = msg_open(b, type, 0, 1, CTRL_CMD_NEWFAMILY), nest;

	put_string(b, CTRL_ATTR_FAMILY_NAME, "devlink");
	if (id)
		put_u16(b, CTRL_ATTR_FAMILY_ID, id);
	nest = nest_open(b, CTRL_ATTR_OPS);
	put_group_of(b, 1, NULL, 7);
	nest_close(b, nest);
	nest = nest_open(b, CTRL_ATTR_MCAST_GROUPS);
	put_group_of(b, 1, "configuration", 5);
	put_group_of(b, 2, NULL, 6);
	if (config)
		put_group_of(b, 3, "config", config);
	put_group_of(b, 4, "other", 7);
	nest_close(b, nest);
	msg_close(b, at);
}
