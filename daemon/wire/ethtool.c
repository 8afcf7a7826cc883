// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See ethtool.h. Shapes: include/uapi/linux/ethtool_netlink.h and Documentation/networking/
 * ethtool-netlink.rst of Linux 6.1. Of all that can be asked of a netdev its features need no
 * driver.
 */
#include "wire/ethtool.h"
#include "wire/attr.h"

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>

static struct nl_msg *new_request(uint16_t family, uint8_t command, uint8_t version)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, NLM_F_REQUEST, command, version))
		abort();
	return msg;
}

/** ethtool_encode_getfamily() - asks the generic netlink controller for ethtool's number. */
struct nl_msg *ethtool_encode_getfamily(void)
{
	struct nl_msg *msg = new_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);

	if (nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME) < 0)
		abort();
	return msg;
}

/** ethtool_decode_family() - Return: false if @m is no answer with ethtool's number. */
bool ethtool_decode_family(const struct nlmsghdr *m, uint16_t *ret)
{
	struct nlattr *a[CTRL_ATTR_MAX + 1];
	uint64_t id;

	if (m->nlmsg_type != GENL_ID_CTRL || m->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ||
	    nlmsg_parse((struct nlmsghdr *)m, GENL_HDRLEN, a, CTRL_ATTR_MAX, NULL) < 0 ||
	    !attr_uint(a[CTRL_ATTR_FAMILY_ID], 2, &id))
		return false;
	*ret = (uint16_t)id;
	return true;
}

/** ethtool_encode_get() - which netdev is called @name? */
struct nl_msg *ethtool_encode_get(uint16_t family, const char *name)
{
	struct nl_msg *msg = new_request(family, ETHTOOL_MSG_FEATURES_GET, ETHTOOL_GENL_VERSION);
	struct nlattr *header = nla_nest_start(msg, ETHTOOL_A_FEATURES_HEADER | NLA_F_NESTED);

	if (!header || nla_put_string(msg, ETHTOOL_A_HEADER_DEV_NAME, name) < 0 ||
	    nla_put_u32(msg, ETHTOOL_A_HEADER_FLAGS, ETHTOOL_FLAG_COMPACT_BITSETS) < 0 ||
	    nla_nest_end(msg, header) < 0)
		abort();
	return msg;
}

/** ethtool_decode_name() - the netdev's own name, in the answer; or NULL. */
const char *ethtool_decode_name(const struct nlmsghdr *m, uint16_t family)
{
	struct attrs a, header;

	if (m->nlmsg_type != family || !attrs_parse(&a, m) || !a.v[ETHTOOL_A_FEATURES_HEADER] ||
	    !attrs_parse_nest(&header, a.v[ETHTOOL_A_FEATURES_HEADER]))
		return NULL;
	return attr_string(header.v[ETHTOOL_A_HEADER_DEV_NAME]);
}
