// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devlink trap groups: which policer a group is bound to. The `action` that the YAML takes here is
 * not an attribute of the group (the kernel does not report it): bind expands it to the group's
 * traps.
 */
#include "model/class.h"

#include <errno.h>
#include <linux/devlink.h>

static const struct enum_name no_policer[] = {{"none", 0}};
const struct enum_names policer_names = {no_policer, ARRAY_SIZE(no_policer), .closed = false};

static const struct field fields[] = {
	[GROUP_POLICER] = {"policer", VALUE_U32, DEVLINK_ATTR_TRAP_POLICER_ID,
			   FIELD_WRITABLE | FIELD_ZERO_IS_NONE, &policer_names,
			   "number of the policer of the group's packets, or none"},
	[GROUP_ACTION] = {"action", VALUE_U8, 0, FIELD_MACRO, &trap_action_names,
			  "drop, trap or mirror, for all traps of type drop in the group"},
};

const struct class class_trap_group = {
	.name = "trap_group",
	.section = "trap_groups",
	.noun = "trap group",
	.form = FORM_MAP,
	.phase = PHASE_GROUP,
	.keys = {{"name", VALUE_STRING, DEVLINK_ATTR_TRAP_GROUP_NAME, NULL, 0}},
	.absent_errors = {ENOENT, EOPNOTSUPP, EINVAL},
	.cmd_get = DEVLINK_CMD_TRAP_GROUP_GET,
	.cmd_set = DEVLINK_CMD_TRAP_GROUP_SET,
	.cmd_reply = DEVLINK_CMD_TRAP_GROUP_NEW,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 1,
	.resets = true,
};
