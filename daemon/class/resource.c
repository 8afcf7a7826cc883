// SPDX-License-Identifier: GPL-2.0-or-later
/* devlink resources: sizes of the ASIC's tables, a tree. Sizes take effect at a reload. */
#include "model/object.h"

#include <errno.h>
#include <linux/devlink.h>

static const struct enum_name no_limit[] = {{"unlimited", VALUE_UNLIMITED}};
static const struct enum_names size_names = {no_limit, ARRAY_SIZE(no_limit), .closed = false};

static const struct field fields[] = {
	[RESOURCE_SIZE] = {"size", VALUE_U64, DEVLINK_ATTR_RESOURCE_SIZE,
			   FIELD_WRITABLE | FIELD_SIZE, &size_names,
			   "entries: a number, a percentage of the parent, rest, min, max"},
	[RESOURCE_SIZE_NEW] = {"size_new", VALUE_U64, DEVLINK_ATTR_RESOURCE_SIZE_NEW, 0,
			       &size_names, "the size that the next reload brings"},
	[RESOURCE_MIN] = {"min", VALUE_U64, DEVLINK_ATTR_RESOURCE_SIZE_MIN, 0, NULL, "least size"},
	[RESOURCE_MAX] = {"max", VALUE_U64, DEVLINK_ATTR_RESOURCE_SIZE_MAX, 0, &size_names,
			  "greatest size"},
	[RESOURCE_GRAN] = {"granularity", VALUE_U64, DEVLINK_ATTR_RESOURCE_SIZE_GRAN, 0, NULL,
			   "sizes are multiples of it"},
	[RESOURCE_OCC] = {"occ", VALUE_U64, DEVLINK_ATTR_RESOURCE_OCC, FIELD_LIVE, NULL,
			  "entries in use"},
	[RESOURCE_ID] = {"id", VALUE_U64, DEVLINK_ATTR_RESOURCE_ID, 0, NULL, "the driver's number"},
	[RESOURCE_UNIT] = {"unit", VALUE_U8, DEVLINK_ATTR_RESOURCE_UNIT, 0, NULL, "0: entries"},
};

/* Those that become smaller than staged go first, so that sums are never larger. */
static int rank(const struct object *target, const struct object *have)
{
	uint64_t staged = object_num(have, RESOURCE_SIZE_NEW, object_num(have, RESOURCE_SIZE, 0));

	return target->v[RESOURCE_SIZE].num < staged ? 0 : 1;
}

const struct class class_resource = {
	.name = "resource",
	.section = "resources",
	.noun = "resource",
	.form = FORM_SCALAR,
	.read = READ_DEVICE,
	.effect = EFFECT_STAGED,
	.phase = PHASE_STAGE_RESOURCE,
	.staged_phase = PHASE_STAGE_RESOURCE,
	.tree = true,
	.outlives_reload = true,
	.pending = RESOURCE_SIZE_NEW,
	.keys = {{"id", VALUE_U64, DEVLINK_ATTR_RESOURCE_ID, NULL, 0}},
	.absent_errors = {EOPNOTSUPP, ENOENT, EINVAL},
	.cmd_get = DEVLINK_CMD_RESOURCE_DUMP,
	.cmd_set = DEVLINK_CMD_RESOURCE_SET,
	.cmd_reply = DEVLINK_CMD_RESOURCE_DUMP,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 1,
	.rank = rank,
};
