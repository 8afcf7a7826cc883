// SPDX-License-Identifier: GPL-2.0-or-later
/* devlink health reporters of a device and of its ports: what the driver does about its errors. */
#include "model/class.h"

#include <errno.h>
#include <linux/devlink.h>

#define ATTR_BURST_PERIOD 181 /* DEVLINK_ATTR_HEALTH_REPORTER_BURST_PERIOD, from Linux 6.18 on */

static const struct enum_names periods = {.duration = true};
static const struct enum_name truths[] = {{"false", 0}, {"true", 1}};
static const struct enum_names truth_names = {truths, ARRAY_SIZE(truths), .closed = true};
static const struct enum_name states[] = {{"healthy", 0}, {"error", 1}};
static const struct enum_names state_names = {states, ARRAY_SIZE(states), .closed = true};

/* The kernel reports the first three where the driver can recover, auto_dump where it can dump. */
static const struct field fields[] = {
	[HEALTH_GRACE_PERIOD] = {"grace_period", VALUE_U64,
				 DEVLINK_ATTR_HEALTH_REPORTER_GRACEFUL_PERIOD, FIELD_WRITABLE,
				 &periods, "after a recovery none is made by itself for so long"},
	[HEALTH_BURST_PERIOD] = {"burst_period", VALUE_U64, ATTR_BURST_PERIOD, FIELD_WRITABLE,
				 &periods,
				 "so long after the first recovery more of them are made"},
	[HEALTH_AUTO_RECOVER] = {"auto_recover", VALUE_U8,
				 DEVLINK_ATTR_HEALTH_REPORTER_AUTO_RECOVER, FIELD_WRITABLE,
				 &truth_names, "recover from an error without being told to"},
	[HEALTH_AUTO_DUMP] = {"auto_dump", VALUE_U8, DEVLINK_ATTR_HEALTH_REPORTER_AUTO_DUMP,
			      FIELD_WRITABLE, &truth_names, "keep a dump of the first error"},
	[HEALTH_STATE] = {"state", VALUE_U8, DEVLINK_ATTR_HEALTH_REPORTER_STATE, FIELD_LIVE,
			  &state_names, "healthy or error"},
	[HEALTH_ERRORS] = {"errors", VALUE_U64, DEVLINK_ATTR_HEALTH_REPORTER_ERR_COUNT, FIELD_LIVE,
			   NULL, "errors so far"},
	[HEALTH_RECOVERIES] = {"recoveries", VALUE_U64, DEVLINK_ATTR_HEALTH_REPORTER_RECOVER_COUNT,
			       FIELD_LIVE, NULL, "recoveries so far"},
};

const struct class class_health_reporter = {
	.name = "health_reporter",
	.section = "health_reporters",
	.noun = "health reporter",
	.form = FORM_MAP,
	.phase = PHASE_HEALTH,
	.keys = {{"port", VALUE_STRING, DEVLINK_ATTR_PORT_INDEX, NULL, 0},
		 {"reporter", VALUE_STRING, DEVLINK_ATTR_HEALTH_REPORTER_NAME, NULL, 0}},
	.port_optional = true,
	.nest = DEVLINK_ATTR_HEALTH_REPORTER,
	.absent_errors = {EINVAL, ENOENT, EOPNOTSUPP},
	.cmd_get = DEVLINK_CMD_HEALTH_REPORTER_GET,
	.cmd_set = DEVLINK_CMD_HEALTH_REPORTER_SET,
	.cmd_reply = DEVLINK_CMD_HEALTH_REPORTER_GET,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 4,
};
