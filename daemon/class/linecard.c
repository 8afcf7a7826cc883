// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Line cards of a modular switch. To provision one for a type is only begun by its SET: the driver
 * goes on by itself, and tells of each state. Then the ports of the card are there.
 */
#include "model/object.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

static const struct enum_names types = {.empty = "none"};
static const struct enum_name states[] = {
	{"unspecified", DEVLINK_LINECARD_STATE_UNSPEC},
	{"unprovisioned", DEVLINK_LINECARD_STATE_UNPROVISIONED},
	{"unprovisioning", DEVLINK_LINECARD_STATE_UNPROVISIONING},
	{"provisioning", DEVLINK_LINECARD_STATE_PROVISIONING},
	{"provisioning_failed", DEVLINK_LINECARD_STATE_PROVISIONING_FAILED},
	{"provisioned", DEVLINK_LINECARD_STATE_PROVISIONED},
	{"active", DEVLINK_LINECARD_STATE_ACTIVE},
};
static const struct enum_names state_names = {states, ARRAY_SIZE(states), .closed = true};

static const struct field fields[] = {
	[CARD_TYPE] = {"type", VALUE_STRING, DEVLINK_ATTR_LINECARD_TYPE,
		       FIELD_WRITABLE | FIELD_STRUCTURAL | FIELD_ZERO_IS_NONE | FIELD_BY_NONE,
		       &types, "what it is provisioned for, or none"},
	[CARD_STATE] = {"state", VALUE_U8, DEVLINK_ATTR_LINECARD_STATE, 0, &state_names,
			"how far the driver is with it"},
	[CARD_SUPPORTED] = {"supported", VALUE_STRING, DEVLINK_ATTR_LINECARD_SUPPORTED_TYPES,
			    FIELD_LIST, NULL, "types that it can be provisioned for"},
};

/* While it is being provisioned, and after that has failed, the type is not in force. */
static void was_read(struct object *o)
{
	uint64_t state = object_num(o, CARD_STATE, DEVLINK_LINECARD_STATE_ACTIVE);

	if (state == DEVLINK_LINECARD_STATE_PROVISIONING ||
	    state == DEVLINK_LINECARD_STATE_PROVISIONING_FAILED)
		object_set(o, CARD_TYPE, (struct value){.type = VALUE_STRING, .str = ""});
}

static bool moves(const struct object *have)
{
	uint64_t state = object_num(have, CARD_STATE, DEVLINK_LINECARD_STATE_ACTIVE);

	return state == DEVLINK_LINECARD_STATE_PROVISIONING ||
	       state == DEVLINK_LINECARD_STATE_UNPROVISIONING;
}

static char *maker(const char *port)
{
	struct port_number number;

	return port_parse(port, &number) && number.has_card ? mem_printf("%u", number.card) : NULL;
}

static enum port_fate fate(const struct object *have, const struct value *wanted,
			   _unused_ const char *port, _unused_ struct buf *hint)
{
	if (!*wanted->str)
		return PORT_GOES;
	return value_equal(&have->v[CARD_TYPE], wanted) ? PORT_STAYS : PORT_COMES;
}

static bool concerns(const char *object, const char *port)
{
	_cleanup_free_ char *card = maker(port);

	return text_equal(object, card);
}

const struct class class_linecard = {
	.name = "linecard",
	.section = "linecards",
	.noun = "line card",
	.form = FORM_SCALAR,
	.phase = PHASE_LINECARD,
	.none_phase = PHASE_UNPROVISION,
	.progress = CARD_STATE,
	.keys = {{"number", VALUE_U32, DEVLINK_ATTR_LINECARD_INDEX, NULL, 0}},
	.absent_errors = {ENODEV, EINVAL, EOPNOTSUPP, ENOENT},
	.cmd_get = DEVLINK_CMD_LINECARD_GET,
	.cmd_set = DEVLINK_CMD_LINECARD_SET,
	.cmd_reply = DEVLINK_CMD_LINECARD_NEW,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 1,
	.was_read = was_read,
	.moves = moves,
	.concerns = concerns,
	.maker = maker,
	.fate = fate,
};
