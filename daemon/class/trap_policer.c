// SPDX-License-Identifier: GPL-2.0-or-later
/* devlink trap policers: rate and burst of the packets that reach the CPU. */
#include "model/class.h"

#include <errno.h>
#include <linux/devlink.h>

static const struct field fields[] = {
	[POLICER_RATE] = {"rate", VALUE_U64, DEVLINK_ATTR_TRAP_POLICER_RATE, FIELD_WRITABLE, NULL,
			  "packets per second"},
	[POLICER_BURST] = {"burst", VALUE_U64, DEVLINK_ATTR_TRAP_POLICER_BURST, FIELD_WRITABLE,
			   NULL, "packets"},
};

const struct class class_trap_policer = {
	.name = "trap_policer",
	.section = "trap_policers",
	.noun = "trap policer",
	.form = FORM_MAP,
	.phase = PHASE_POLICER,
	.keys = {{"number", VALUE_U32, DEVLINK_ATTR_TRAP_POLICER_ID, NULL, 1}},
	.absent_errors = {ENOENT, EOPNOTSUPP, EINVAL},
	.cmd_get = DEVLINK_CMD_TRAP_POLICER_GET,
	.cmd_set = DEVLINK_CMD_TRAP_POLICER_SET,
	.cmd_reply = DEVLINK_CMD_TRAP_POLICER_NEW,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 2,
	.resets = true,
};
