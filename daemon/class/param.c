// SPDX-License-Identifier: GPL-2.0-or-later
/* devlink params: one object per name and configuration mode (cmode). */
#include "model/object.h"

#include <errno.h>
#include <linux/devlink.h>
#include <string.h>

static const struct enum_name cmodes[] = {
	{"runtime", DEVLINK_PARAM_CMODE_RUNTIME},
	{"driverinit", DEVLINK_PARAM_CMODE_DRIVERINIT},
	{"permanent", DEVLINK_PARAM_CMODE_PERMANENT},
};
const struct enum_names cmode_names = {cmodes, ARRAY_SIZE(cmodes), .closed = true};

/* Generic params whose numbers have names, from include/uapi/linux/devlink.h. */
static const struct enum_name fw_load_policies[] = {
	{"driver", DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_DRIVER},
	{"flash", DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_FLASH},
	{"disk", DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_DISK},
	{"unknown", DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_UNKNOWN},
};
static const struct enum_name reset_policies[] = {
	{"unknown", DEVLINK_PARAM_RESET_DEV_ON_DRV_PROBE_VALUE_UNKNOWN},
	{"always", DEVLINK_PARAM_RESET_DEV_ON_DRV_PROBE_VALUE_ALWAYS},
	{"never", DEVLINK_PARAM_RESET_DEV_ON_DRV_PROBE_VALUE_NEVER},
	{"disk", DEVLINK_PARAM_RESET_DEV_ON_DRV_PROBE_VALUE_DISK},
};

static const struct {
	const char *param;
	struct enum_names names;
} named[] = {
	{"fw_load_policy", {.v = fw_load_policies, .n = ARRAY_SIZE(fw_load_policies)}},
	{"reset_dev_on_drv_probe", {.v = reset_policies, .n = ARRAY_SIZE(reset_policies)}},
};

/** param_value_names() - the names of a generic param's values, or NULL. */
const struct enum_names *param_value_names(const char *param)
{
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (strcmp(param, named[i].param) == 0)
			return &named[i].names;
	return NULL;
}

static bool settable(const struct object *have, struct buf *why)
{
	const struct value *v = &have->v[PARAM_VALUE];

	if (v->type == VALUE_OTHER)
		buf_add(why, "is %s, which carved does not set", v->str);
	return v->type != VALUE_OTHER;
}

static const struct field fields[] = {
	[PARAM_VALUE] = {"value", VALUE_NONE, DEVLINK_ATTR_PARAM_VALUE_DATA, FIELD_WRITABLE, NULL,
			 "the value in this cmode; the device tells the type"},
	[PARAM_DEFAULT] = {"default", VALUE_NONE, 182 /* from Linux 6.19 on */, 0, NULL,
			   "what the driver begins with"},
};

static const enum effect effects[] = {
	[CMODE_RUNTIME] = EFFECT_LIVE,
	[CMODE_DRIVERINIT] = EFFECT_STAGED,
	[CMODE_PERMANENT] = EFFECT_POWER_CYCLE,
};

const struct class class_param = {
	.name = "param",
	.section = "params",
	.noun = "param",
	.form = FORM_BY_CMODE,
	.cmode_effects = effects,
	.phase = PHASE_PARAM,
	.staged_phase = PHASE_STAGE_PARAM,
	.outlives_reload = true,
	.ends_dump = true,
	.keys = {{"name", VALUE_STRING, DEVLINK_ATTR_PARAM_NAME, NULL, 0}},
	.absent_errors = {EINVAL, ENOENT, EOPNOTSUPP},
	.cmd_get = DEVLINK_CMD_PARAM_GET,
	.cmd_set = DEVLINK_CMD_PARAM_SET,
	.cmd_reply = DEVLINK_CMD_PARAM_GET,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 1,
	.value_names = param_value_names,
	.settable = settable,
};
