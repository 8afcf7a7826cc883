// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device is, in the answers to GET and INFO_GET. */
#include "wire/facts.h"

#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

static void read_stats_entries(const struct nlattr *info, bool remote, struct facts *facts)
{
	struct nlattr *entry, *stats;
	struct attrs a, e;
	uint64_t action;
	int left;

	if (!attrs_parse_nest(&a, info) || !attr_uint(a.v[DEVLINK_ATTR_RELOAD_ACTION], 1, &action))
		return;
	stats = a.v[DEVLINK_ATTR_RELOAD_ACTION_STATS];
	if (!stats)
		return;
	nla_for_each_nested(entry, stats, left) {
		uint64_t limit, value;

		if (attrs_parse_nest(&e, entry) &&
		    attr_uint(e.v[DEVLINK_ATTR_RELOAD_STATS_LIMIT], 1, &limit) &&
		    attr_uint(e.v[DEVLINK_ATTR_RELOAD_STATS_VALUE], 4, &value))
			vec_push(&facts->counters, ((struct counter){.action = (uint8_t)action,
								     .limit = (uint8_t)limit,
								     .remote = remote,
								     .value = (uint32_t)value}));
	}
}

static void read_stats(const struct nlattr *stats, bool remote, struct facts *facts)
{
	struct nlattr *info;
	int left;

	if (!stats)
		return;
	nla_for_each_nested(info, stats, left)
		if (nla_type(info) == DEVLINK_ATTR_RELOAD_ACTION_INFO)
			read_stats_entries(info, remote, facts);
}

/**
 * decode_get() - a GET's answer: RELOAD_FAILED, the registration, and the counters, which it
 * replaces.
 *
 * Return: false where it was cut.
 */
bool decode_get(const struct attrs *a, struct facts *facts)
{
	struct attrs stats;
	uint64_t failed, index;

	if (!attr_uint(a->v[DEVLINK_ATTR_RELOAD_FAILED], 1, &failed))
		return false;
	facts->reload_failed = failed;
	facts->registration = attr_number(a->v[ATTR_INDEX], &index) ? index + 1 : 0;
	vec_clear(&facts->counters);
	if (!attrs_parse_nest(&stats, a->v[DEVLINK_ATTR_DEV_STATS]))
		return true;
	read_stats(stats.v[DEVLINK_ATTR_RELOAD_STATS], false, facts);
	read_stats(stats.v[DEVLINK_ATTR_REMOTE_RELOAD_STATS], true, facts);
	return true;
}

static const char *keep_string(struct facts *facts, const struct nlattr *a)
{
	_cleanup_free_ char *text = attr_clean(a);

	return arena_strdup(&facts->arena, text);
}

static void read_version(const struct nlattr *nest, enum version_kind kind, struct facts *facts)
{
	struct attrs v;

	if (!attrs_parse_nest(&v, nest) || !attr_string(v.v[DEVLINK_ATTR_INFO_VERSION_NAME]) ||
	    !attr_string(v.v[DEVLINK_ATTR_INFO_VERSION_VALUE]))
		return;
	vec_push(&facts->versions,
		 ((struct version){kind, keep_string(facts, v.v[DEVLINK_ATTR_INFO_VERSION_NAME]),
				   keep_string(facts, v.v[DEVLINK_ATTR_INFO_VERSION_VALUE])}));
}

/**
 * decode_info() - add an INFO_GET's answer to @facts.
 *
 * Versions repeat at the top level, so they are walked, not looked up.
 */
void decode_info(const struct nlmsghdr *m, const struct attrs *a, struct facts *facts)
{
	struct nlattr *attr;
	int left;

	facts->driver = keep_string(facts, a->v[DEVLINK_ATTR_INFO_DRIVER_NAME]);
	facts->serial_number = keep_string(facts, a->v[DEVLINK_ATTR_INFO_SERIAL_NUMBER]);
	facts->board_serial_number =
		keep_string(facts, a->v[DEVLINK_ATTR_INFO_BOARD_SERIAL_NUMBER]);
	nlmsg_for_each_attr(attr, (struct nlmsghdr *)m, GENL_HDRLEN, left) {
		if (nla_type(attr) == DEVLINK_ATTR_INFO_VERSION_FIXED)
			read_version(attr, VERSION_FIXED, facts);
		else if (nla_type(attr) == DEVLINK_ATTR_INFO_VERSION_RUNNING)
			read_version(attr, VERSION_RUNNING, facts);
		else if (nla_type(attr) == DEVLINK_ATTR_INFO_VERSION_STORED)
			read_version(attr, VERSION_STORED, facts);
	}
}
