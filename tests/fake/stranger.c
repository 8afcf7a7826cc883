// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Somebody else's requests: real messages on a socket of their own, so that they meet the same
 * checks, the same lock and the same notifications. One that has to wait goes on by itself.
 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t begin(struct line *l, struct bytes *b, uint8_t command)
{
	size_t at = genl_start(b, FAMILY, command, NLM_F_REQUEST | NLM_F_ACK, 1, 0);

	put_string(b, DEVLINK_ATTR_BUS_NAME, l->dev->bus); /* its index as well would be wrong */
	put_string(b, DEVLINK_ATTR_DEV_NAME, l->dev->dev);
	return at;
}

static int send_it(struct line *l, struct bytes *b, size_t at)
{
	struct fake_socket *s = fake_socket_new(l->fake);
	int r = 0;

	message_end(b, at);
	s->stranger = true;
	fake_begin(s, b->data, b->len);
	if (!fake_busy(s))
		r = s->error;
	else
		l->answer = json_pack("{s:b,s:b}", "ok", 1, "waiting", 1);
	fake_socket_free(s);
	bytes_clear(b);
	return r;
}

int stranger_reload(struct line *l)
{
	struct bytes b = {};
	size_t at = begin(l, &b, DEVLINK_CMD_RELOAD);

	if (l->n > 2)
		put_u8(&b, DEVLINK_ATTR_RELOAD_ACTION,
		       strcmp(l->word[2], "fw_activate") == 0
			       ? DEVLINK_RELOAD_ACTION_FW_ACTIVATE
			       : DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	if (l->n > 3) {
		struct nla_bitfield32 limit = {1u << DEVLINK_RELOAD_LIMIT_NO_RESET,
					       1u << DEVLINK_RELOAD_LIMIT_NO_RESET};

		put_attr(&b, DEVLINK_ATTR_RELOAD_LIMITS, &limit, sizeof(limit));
	}
	return send_it(l, &b, at);
}

int stranger_update(struct line *l)
{
	struct bytes b = {};
	size_t at = begin(l, &b, DEVLINK_CMD_FLASH_UPDATE);

	put_string(&b, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME, l->word[2]);
	if (line_pair(l, "component"))
		put_string(&b, DEVLINK_ATTR_FLASH_UPDATE_COMPONENT, line_pair(l, "component"));
	return send_it(l, &b, at);
}

static int set_trap_line(struct line *l)
{
	static const char *const actions[] = {"drop", "trap", "mirror"};
	struct bytes b = {};
	size_t at = begin(l, &b, DEVLINK_CMD_TRAP_SET);

	put_string(&b, DEVLINK_ATTR_TRAP_NAME, l->word[3]);
	for (uint8_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(l->word[4] ?: "", actions[i]) == 0)
			put_u8(&b, DEVLINK_ATTR_TRAP_ACTION, i);
	return send_it(l, &b, at);
}

static int set_group_line(struct line *l)
{
	struct bytes b = {};
	size_t at = begin(l, &b, DEVLINK_CMD_TRAP_GROUP_SET);

	put_string(&b, DEVLINK_ATTR_TRAP_GROUP_NAME, l->word[3]);
	put_u32(&b, DEVLINK_ATTR_TRAP_POLICER_ID, (uint32_t)strtoul(l->word[4] ?: "0", NULL, 10));
	return send_it(l, &b, at);
}

static int set_policer_line(struct line *l)
{
	struct bytes b = {};
	size_t at = begin(l, &b, DEVLINK_CMD_TRAP_POLICER_SET);

	put_u32(&b, DEVLINK_ATTR_TRAP_POLICER_ID, (uint32_t)strtoul(l->word[3], NULL, 10));
	if (line_pair(l, "rate"))
		put_u64(&b, DEVLINK_ATTR_TRAP_POLICER_RATE, line_number(l, "rate", 0));
	if (line_pair(l, "burst"))
		put_u64(&b, DEVLINK_ATTR_TRAP_POLICER_BURST, line_number(l, "burst", 0));
	return send_it(l, &b, at);
}

static int set_resource_line(struct line *l)
{
	const struct resource *r = resource_find(l->dev, l->word[3]);
	struct bytes b = {};
	size_t at;

	if (!r || !l->word[4])
		return -EINVAL;
	at = begin(l, &b, DEVLINK_CMD_RESOURCE_SET);
	put_u64(&b, DEVLINK_ATTR_RESOURCE_ID, r->id);
	put_u64(&b, DEVLINK_ATTR_RESOURCE_SIZE, strtoull(l->word[4], NULL, 10));
	return send_it(l, &b, at);
}

static void put_param_value(struct bytes *b, enum param_type type, const char *text)
{
	uint64_t n = strtoull(text, NULL, 10);

	switch (type) {
	case TYPE_U8:
		put_u8(b, DEVLINK_ATTR_PARAM_VALUE_DATA, (uint8_t)n);
		return;
	case TYPE_U16:
		put_u16(b, DEVLINK_ATTR_PARAM_VALUE_DATA, (uint16_t)n);
		return;
	case TYPE_U32:
		put_u32(b, DEVLINK_ATTR_PARAM_VALUE_DATA, (uint32_t)n);
		return;
	case TYPE_U64:
		put_u64(b, DEVLINK_ATTR_PARAM_VALUE_DATA, n);
		return;
	case TYPE_STRING:
		put_string(b, DEVLINK_ATTR_PARAM_VALUE_DATA, text);
		return;
	case TYPE_FLAG:
		if (strcmp(text, "true") == 0)
			put_flag(b, DEVLINK_ATTR_PARAM_VALUE_DATA);
		return;
	}
}

static int set_param_line(struct line *l)
{
	static const char *const cmodes[] = {"runtime", "driverinit", "permanent"};
	const struct param *p = param_find(l->dev, l->word[3]);
	struct bytes b = {};
	size_t at;

	if (!p || l->n < 6)
		return -EINVAL;
	at = begin(l, &b, DEVLINK_CMD_PARAM_SET);
	put_string(&b, DEVLINK_ATTR_PARAM_NAME, l->word[3]);
	put_u8(&b, DEVLINK_ATTR_PARAM_TYPE, (uint8_t)p->type);
	for (uint8_t i = 0; i < ARRAY_LEN(cmodes); i++)
		if (strcmp(l->word[4], cmodes[i]) == 0)
			put_u8(&b, DEVLINK_ATTR_PARAM_VALUE_CMODE, i);
	put_param_value(&b, p->type, l->word[5]);
	return send_it(l, &b, at);
}

static int set_port_line(struct line *l)
{
	const struct port *port = port_by_label(l->dev, l->word[3]);
	unsigned long count = strtoul(l->word[4] ?: "0", NULL, 10);
	struct bytes b = {};
	size_t at;

	if (!port)
		return -EINVAL;
	at = begin(l, &b, count ? DEVLINK_CMD_PORT_SPLIT : DEVLINK_CMD_PORT_UNSPLIT);
	put_u32(&b, DEVLINK_ATTR_PORT_INDEX, port->index);
	if (count)
		put_u32(&b, DEVLINK_ATTR_PORT_SPLIT_COUNT, (uint32_t)count);
	return send_it(l, &b, at);
}

int stranger_set(struct line *l)
{
	static const struct {
		const char *kind;
		int (*run)(struct line *l);
	} kinds[] = {{"trap", set_trap_line},	    {"group", set_group_line},
		     {"policer", set_policer_line}, {"resource", set_resource_line},
		     {"param", set_param_line},	    {"port", set_port_line}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(l->word[2], kinds[i].kind) == 0)
			return kinds[i].run(l);
	return -EINVAL;
}
