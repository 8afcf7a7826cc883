// SPDX-License-Identifier: GPL-2.0-or-later
/* The switch between a device and its functions: one object, each field with a SET of its own. */
#include "model/impact.h"
#include "model/object.h"

#include <errno.h>
#include <linux/devlink.h>

static const struct enum_name modes[] = {
	{"legacy", DEVLINK_ESWITCH_MODE_LEGACY},
	{"switchdev", DEVLINK_ESWITCH_MODE_SWITCHDEV},
	{"switchdev_inactive", 2}, /* from Linux 6.19 on */
};
static const struct enum_names mode_names = {modes, ARRAY_SIZE(modes), .closed = true};
static const struct enum_name inline_modes[] = {
	{"none", DEVLINK_ESWITCH_INLINE_MODE_NONE},
	{"link", DEVLINK_ESWITCH_INLINE_MODE_LINK},
	{"network", DEVLINK_ESWITCH_INLINE_MODE_NETWORK},
	{"transport", DEVLINK_ESWITCH_INLINE_MODE_TRANSPORT},
};
static const struct enum_names inline_mode_names = {inline_modes, ARRAY_SIZE(inline_modes),
						    .closed = true};
static const struct enum_name truths[] = {{"false", DEVLINK_ESWITCH_ENCAP_MODE_NONE},
					  {"true", DEVLINK_ESWITCH_ENCAP_MODE_BASIC}};
static const struct enum_names truth_names = {truths, ARRAY_SIZE(truths), .closed = true};

static const struct field fields[] = {
	[ESWITCH_MODE] = {"mode", VALUE_U16, DEVLINK_ATTR_ESWITCH_MODE,
			  FIELD_WRITABLE | FIELD_STRUCTURAL, &mode_names,
			  "legacy, switchdev or switchdev_inactive"},
	[ESWITCH_INLINE_MODE] = {"inline_mode", VALUE_U8, DEVLINK_ATTR_ESWITCH_INLINE_MODE,
				 FIELD_WRITABLE, &inline_mode_names,
				 "headers that VFs put into descriptors"},
	[ESWITCH_ENCAP] = {"encap", VALUE_U8, DEVLINK_ATTR_ESWITCH_ENCAP_MODE, FIELD_WRITABLE,
			   &truth_names, "encapsulation in hardware"},
};

static void declares(const struct object *want, _unused_ const struct object *have,
		     struct impact *i)
{
	if (object_has(want, ESWITCH_MODE))
		i->switchdev = false;
}

const struct class class_eswitch = {
	.name = "eswitch",
	.section = "eswitch",
	.noun = "eswitch",
	.form = FORM_SECTION,
	.set = SET_EACH,
	.phase = PHASE_ESWITCH,
	.absent_errors = {EOPNOTSUPP, EINVAL, ENOENT},
	.cmd_get = DEVLINK_CMD_ESWITCH_GET,
	.cmd_set = DEVLINK_CMD_ESWITCH_SET,
	.cmd_reply = DEVLINK_CMD_ESWITCH_GET,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 3,
	.declares = declares,
};
