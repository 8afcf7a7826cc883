// SPDX-License-Identifier: GPL-2.0-or-later
/* devlink packet traps: what becomes of packets that the ASIC would drop. */
#include "model/object.h"

#include <errno.h>
#include <linux/devlink.h>

static const struct enum_name actions[] = {
	{"drop", DEVLINK_TRAP_ACTION_DROP},
	{"trap", DEVLINK_TRAP_ACTION_TRAP},
	{"mirror", DEVLINK_TRAP_ACTION_MIRROR},
};
const struct enum_names trap_action_names = {actions, ARRAY_SIZE(actions), .closed = true};

static const struct enum_name types[] = {
	{"drop", DEVLINK_TRAP_TYPE_DROP},
	{"exception", DEVLINK_TRAP_TYPE_EXCEPTION},
	{"control", DEVLINK_TRAP_TYPE_CONTROL},
};
const struct enum_names trap_type_names = {types, ARRAY_SIZE(types), .closed = true};

static const struct field fields[] = {
	[TRAP_ACTION] = {"action", VALUE_U8, DEVLINK_ATTR_TRAP_ACTION, FIELD_WRITABLE,
			 &trap_action_names, "drop, trap or mirror; traps of type drop only"},
	[TRAP_TYPE] = {"type", VALUE_U8, DEVLINK_ATTR_TRAP_TYPE, 0, &trap_type_names,
		       "drop, exception or control"},
	[TRAP_GROUP] = {"group", VALUE_STRING, DEVLINK_ATTR_TRAP_GROUP_NAME, 0, NULL,
			"the group it belongs to"},
};

static bool settable(const struct object *have, struct buf *why)
{
	uint64_t type = object_num(have, TRAP_TYPE, TRAP_TYPE_DROP);

	if (type != TRAP_TYPE_DROP)
		buf_add(why, "is of type %s: only traps of type drop have an action to set",
			enum_name(&trap_type_names, type));
	return type == TRAP_TYPE_DROP;
}

const struct class class_trap = {
	.name = "trap",
	.section = "traps",
	.noun = "trap",
	.form = FORM_SCALAR,
	.phase = PHASE_TRAP,
	.keys = {{"name", VALUE_STRING, DEVLINK_ATTR_TRAP_NAME, NULL, 0}},
	.absent_errors = {ENOENT, EOPNOTSUPP, EINVAL},
	.cmd_get = DEVLINK_CMD_TRAP_GET,
	.cmd_set = DEVLINK_CMD_TRAP_SET,
	.cmd_reply = DEVLINK_CMD_TRAP_NEW,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 1,
	.resets = true,
	.settable = settable,
};
