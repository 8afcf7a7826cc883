// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of devlink: which device they are about, and who reads what is in them. Trusts no length
 * and no order.
 */
#include "wire/decode.h"
#include "wire/attr.h"
#include "wire/facts.h"
#include "wire/objects.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

/** decode_first() - the first message of a buffer, or NULL. */
const struct nlmsghdr *decode_first(const void *data, size_t len)
{
	return nlmsg_ok(data, (int)len) ? data : NULL;
}

/** decode_next() - the message behind @m, or NULL. */
const struct nlmsghdr *decode_next(const struct nlmsghdr *m, const void *data, size_t len)
{
	size_t used = (size_t)((const char *)m - (const char *)data) + NLMSG_ALIGN(m->nlmsg_len);

	return used < len ? decode_first((const char *)data + used, len - used) : NULL;
}

static uint8_t command_of(const struct nlmsghdr *m)
{
	return ((const struct genlmsghdr *)nlmsg_data(m))->cmd;
}

static uint32_t config_group(const struct nlattr *groups)
{
	struct nlattr *group, *g[CTRL_ATTR_MCAST_GRP_MAX + 1];
	uint64_t id;
	int left;

	nla_for_each_nested(group, groups, left) {
		const char *name;

		if (nla_parse_nested(g, CTRL_ATTR_MCAST_GRP_MAX, group, NULL) < 0)
			continue;
		name = attr_string(g[CTRL_ATTR_MCAST_GRP_NAME]);
		if (name && strcmp(name, DEVLINK_GENL_MCGRP_CONFIG_NAME) == 0 &&
		    attr_uint(g[CTRL_ATTR_MCAST_GRP_ID], 4, &id))
			return (uint32_t)id;
	}
	return 0;
}

/** decode_family() - numbers of the devlink family. Return: 0, or -EBADMSG if @m has none. */
int decode_family(const struct nlmsghdr *m, struct family *ret)
{
	struct nlattr *a[CTRL_ATTR_MAX + 1];
	uint64_t id;

	if (m->nlmsg_type != GENL_ID_CTRL || m->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ||
	    nlmsg_parse((struct nlmsghdr *)m, GENL_HDRLEN, a, CTRL_ATTR_MAX, NULL) < 0 ||
	    !attr_uint(a[CTRL_ATTR_FAMILY_ID], 2, &id) || !a[CTRL_ATTR_MCAST_GROUPS])
		return -EBADMSG;
	*ret = (struct family){(uint16_t)id, config_group(a[CTRL_ATTR_MCAST_GROUPS])};
	return ret->config_group ? 0 : -EBADMSG;
}

/* Return: 0; -EILSEQ where it is not text, which *ret is made; -EBADMSG where there is none. */
static int handle_of(const struct attrs *a, char ret[static HANDLE_MAX])
{
	_cleanup_free_ char *text = NULL;
	const char *bus = attr_string(a->v[DEVLINK_ATTR_BUS_NAME]);
	const char *dev = attr_string(a->v[DEVLINK_ATTR_DEV_NAME]);
	int n;

	if (!bus || !dev)
		return -EBADMSG;
	n = snprintf(ret, HANDLE_MAX, "%s/%s", bus, dev);
	if (n >= HANDLE_MAX)
		return -EBADMSG;
	if (handle_valid(ret))
		return 0;
	if (text_is_line(ret))
		return -EBADMSG;
	text = text_clean_line(ret);
	strcpy(ret, text);
	return -EILSEQ;
}

/*
 * Is @a about the device @handle? Nearly all messages are, which two comparisons show.
 *
 * Return: 1; 0: about another; -EBADMSG where it names none.
 */
static int is_about(const struct attrs *a, const char *handle)
{
	const char *bus = attr_string(a->v[DEVLINK_ATTR_BUS_NAME]);
	const char *dev = attr_string(a->v[DEVLINK_ATTR_DEV_NAME]);
	size_t n = bus ? strlen(bus) : 0;
	char other[HANDLE_MAX];

	if (n && dev && strncmp(handle, bus, n) == 0 && handle[n] == '/' &&
	    strcmp(handle + n + 1, dev) == 0)
		return 1;
	return handle_of(a, other) == -EBADMSG ? -EBADMSG : 0;
}

/* Only a physical port has a number that a person can read on the switch. */
static char *physical_name(const struct attrs *a)
{
	uint64_t flavour, number, card, part;
	struct buf b = {};

	if (!attr_uint(a->v[DEVLINK_ATTR_PORT_FLAVOUR], 2, &flavour) ||
	    flavour != DEVLINK_PORT_FLAVOUR_PHYSICAL ||
	    !attr_uint(a->v[DEVLINK_ATTR_PORT_NUMBER], 4, &number))
		return NULL;
	if (attr_uint(a->v[DEVLINK_ATTR_LINECARD_INDEX], 4, &card))
		buf_add(&b, "l%" PRIu64, card);
	buf_add(&b, "p%" PRIu64, number);
	if (a->v[DEVLINK_ATTR_PORT_SPLIT_GROUP] &&
	    attr_uint(a->v[DEVLINK_ATTR_PORT_SPLIT_SUBPORT_NUMBER], 4, &part))
		buf_add(&b, "s%" PRIu64, part);
	return buf_take(&b);
}

/**
 * decode_port() - add the port that an answer to PORT_GET tells of, whatever its command: see
 * decode_impact().
 *
 * Return: false where it is about another device, or was cut.
 */
bool decode_port(const struct nlmsghdr *m, uint16_t family, const char *handle, struct state *state)
{
	_cleanup_free_ char *name = NULL, *netdev = NULL;
	struct attrs a;
	uint64_t index, lanes, splittable;

	if (m->nlmsg_type != family || !attrs_parse(&a, m) || is_about(&a, handle) <= 0 ||
	    !attr_uint(a.v[DEVLINK_ATTR_PORT_INDEX], 4, &index))
		return false;
	if (!attr_uint(a.v[DEVLINK_ATTR_PORT_LANES], 4, &lanes))
		lanes = 0;
	if (!attr_uint(a.v[DEVLINK_ATTR_PORT_SPLITTABLE], 1, &splittable))
		splittable = 0;
	name = physical_name(&a);
	netdev = attr_clean(a.v[DEVLINK_ATTR_PORT_NETDEV_NAME]);
	state_add_port(state, &(struct port){.index = (uint32_t)index,
					     .name = name,
					     .netdev = netdev,
					     .lanes = (uint32_t)lanes,
					     .splittable = splittable});
	return true;
}

/**
 * decode_port_resources() - add what a port has of resources; that of the device is passed over.
 * @state: with the ports that have a name
 *
 * Return: false where it is about another device, or was cut.
 */
bool decode_port_resources(const struct nlmsghdr *m, uint16_t family, const char *handle,
			   struct state *state)
{
	struct attrs a;

	if (m->nlmsg_type != family || !attrs_parse(&a, m) || is_about(&a, handle) <= 0)
		return false;
	decode_resources_of_port(&a, state);
	return true;
}

/**
 * decode_impact() - an answer to PORT_GET, RATE_GET or ESWITCH_GET, by its attributes: Linux 6.1
 * gives the ports of a dump the command of a device.
 *
 * Return: false where it is about another device, or was cut.
 */
bool decode_impact(const struct nlmsghdr *m, uint16_t family, const char *handle,
		   struct impact *impact)
{
	struct attrs a;
	uint64_t mode, kind;

	if (m->nlmsg_type != family || !attrs_parse(&a, m) || is_about(&a, handle) <= 0)
		return false;
	if (a.v[DEVLINK_ATTR_PORT_SPLIT_GROUP])
		impact->splits++;
	if (attr_uint(a.v[DEVLINK_ATTR_PORT_FLAVOUR], 2, &kind) && kind == PORT_FLAVOUR_SF)
		impact->subfunctions++;
	if (attr_uint(a.v[DEVLINK_ATTR_RATE_TYPE], 2, &kind) && kind == RATE_TYPE_NODE)
		impact->rate_nodes++;
	if (attr_uint(a.v[DEVLINK_ATTR_ESWITCH_MODE], 2, &mode))
		impact->switchdev = mode != DEVLINK_ESWITCH_MODE_LEGACY;
	return true;
}

/**
 * decode_handle() - which device @m is about.
 *
 * Return: 0; -EBADMSG where @m is not devlink's or names none; -EILSEQ where the name is not one
 * line of text, with *ret made so.
 */
int decode_handle(const struct nlmsghdr *m, uint16_t family, char ret[static HANDLE_MAX])
{
	struct attrs a;

	if (m->nlmsg_type != family || !attrs_parse(&a, m))
		return -EBADMSG;
	return handle_of(&a, ret);
}

static bool tells_of(const struct nlmsghdr *m, const struct attrs *a, const struct class *class)
{
	uint64_t sort;

	return class->cmd_reply == command_of(m) &&
	       (!class->sort_attr ||
		(attr_uint(a->v[class->sort_attr], 2, &sort) && sort == class->sort));
}

/**
 * decode_answer() - add what @m says of @handle to @state and @facts.
 *
 * The state needs a state_sort() afterwards. An INFO_GET answer adds to facts; a GET answer
 * replaces the counters.
 *
 * Return: 1; 0 where @m is not about @handle, or of an unknown command or kind; -EBADMSG where it
 * was cut.
 */
int decode_answer(const struct nlmsghdr *m, uint16_t family, const char *handle,
		  struct state *state, struct facts *facts)
{
	struct attrs a;
	int about;

	if (m->nlmsg_type != family)
		return 0;
	if (!attrs_parse(&a, m))
		return -EBADMSG;
	about = is_about(&a, handle);
	if (about <= 0)
		return about;
	switch (command_of(m)) {
	case DEVLINK_CMD_NEW:
		return decode_get(&a, facts) ? 1 : -EBADMSG;
	case DEVLINK_CMD_INFO_GET:
		decode_info(m, &a, facts);
		return 1;
	}
	for (size_t i = 0; i < n_classes; i++)
		if (tells_of(m, &a, classes[i]))
			return decode_objects(classes[i], &a, state) ? 1 : -EBADMSG;
	return 0;
}

static bool is_of_flash(uint8_t command)
{
	return command == DEVLINK_CMD_FLASH_UPDATE || command == DEVLINK_CMD_FLASH_UPDATE_STATUS ||
	       command == DEVLINK_CMD_FLASH_UPDATE_END;
}

static void read_progress(const struct attrs *a, bool ended, struct flash_progress *ret)
{
	*ret = (struct flash_progress){
		.ended = ended,
		.text = attr_string(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_MSG]),
		.component = attr_string(a->v[DEVLINK_ATTR_FLASH_UPDATE_COMPONENT]),
	};
	attr_uint(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_DONE], 8, &ret->done);
	attr_uint(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_TOTAL], 8, &ret->total);
	attr_uint(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_TIMEOUT], 8, &ret->timeout);
}

/**
 * decode_notification() - which device and which command, and the progress of a flash.
 * @ret: strings point into @m
 *
 * Return: 0; -EBADMSG where @m is not devlink's or names no device; -EILSEQ where the name is not
 * one line of text, with ret->handle made so.
 */
int decode_notification(const struct nlmsghdr *m, uint16_t family, struct notification *ret)
{
	struct attrs a;
	int r;

	if (m->nlmsg_type != family || !attrs_parse(&a, m))
		return -EBADMSG;
	r = handle_of(&a, ret->handle);
	if (r < 0)
		return r;
	ret->command = command_of(m);
	ret->is_flash = is_of_flash(ret->command);
	if (ret->is_flash)
		read_progress(&a, ret->command == DEVLINK_CMD_FLASH_UPDATE_END, &ret->flash);
	return 0;
}
