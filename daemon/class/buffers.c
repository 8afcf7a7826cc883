// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devlink shared buffers: the pools of the ASIC's packet buffer, how much of each a port may take,
 * and which pool the packets of a port's traffic class lie in. The kernel tells nobody of a change.
 */
#include "model/object.h"

#include <errno.h>
#include <linux/devlink.h>

#define WITHIN "shared_buffers"

static const struct enum_name directions[] = {{"ingress", DEVLINK_SB_POOL_TYPE_INGRESS},
					      {"egress", DEVLINK_SB_POOL_TYPE_EGRESS}};
static const struct enum_names direction_names = {directions, ARRAY_SIZE(directions),
						  .closed = true};
static const struct enum_name kinds[] = {{"static", DEVLINK_SB_THRESHOLD_TYPE_STATIC},
					 {"dynamic", DEVLINK_SB_THRESHOLD_TYPE_DYNAMIC}};
static const struct enum_names kind_names = {kinds, ARRAY_SIZE(kinds), .closed = true};

static const struct field pool_fields[] = {
	[POOL_SIZE] = {"size", VALUE_U32, DEVLINK_ATTR_SB_POOL_SIZE, FIELD_WRITABLE, NULL,
		       "bytes, rounded up to cells"},
	[POOL_TYPE] = {"type", VALUE_U8, DEVLINK_ATTR_SB_POOL_THRESHOLD_TYPE,
		       FIELD_WRITABLE | FIELD_REREAD, &kind_names, "static or dynamic"},
	[POOL_DIRECTION] = {"direction", VALUE_U8, DEVLINK_ATTR_SB_POOL_TYPE, 0, &direction_names,
			    "ingress or egress"},
	[POOL_CELL] = {"cell", VALUE_U32, DEVLINK_ATTR_SB_POOL_CELL_SIZE, 0, NULL,
		       "bytes; sizes are multiples of it"},
};

/* A driver shows what it made of a size, which is not what was asked for. */
static void round_size(const struct object *have, unsigned field, struct value *v)
{
	uint64_t cell = MAX(object_num(have, POOL_CELL, 1), UINT64_C(1));

	if (field == POOL_SIZE && v->num <= UINT32_MAX - cell)
		v->num = (v->num + cell - 1) / cell * cell;
}

const struct class class_sb_pool = {
	.name = "sb_pool",
	.section = "pools",
	.within = WITHIN,
	.noun = "shared buffer pool",
	.form = FORM_MAP,
	.set = SET_WHOLE,
	.phase = PHASE_POOL,
	.keys = {{"sb", VALUE_U32, DEVLINK_ATTR_SB_INDEX, NULL, 0},
		 {"pool", VALUE_U16, DEVLINK_ATTR_SB_POOL_INDEX, NULL, 0}},
	.absent_errors = {ENODEV, EINVAL, EOPNOTSUPP, ENOENT},
	.cmd_get = DEVLINK_CMD_SB_POOL_GET,
	.cmd_set = DEVLINK_CMD_SB_POOL_SET,
	.cmd_reply = DEVLINK_CMD_SB_POOL_NEW,
	.fields = pool_fields,
	.n_fields = ARRAY_SIZE(pool_fields),
	.n_writable = 2,
	.round = round_size,
};

static const struct field port_fields[] = {
	{"threshold", VALUE_U32, DEVLINK_ATTR_SB_THRESHOLD, FIELD_WRITABLE, NULL,
	 "bytes in a static pool, a code of the driver in a dynamic one"},
	{"occ", VALUE_U32, DEVLINK_ATTR_SB_OCC_CUR, FIELD_LIVE, NULL, "bytes in use"},
	{"occ_max", VALUE_U32, DEVLINK_ATTR_SB_OCC_MAX, FIELD_LIVE, NULL, "most of them so far"},
};

const struct class class_sb_port = {
	.name = "sb_port",
	.section = "ports",
	.within = WITHIN,
	.noun = "shared buffer port",
	.form = FORM_MAP,
	.phase = PHASE_THRESHOLD,
	.keys = {{"port", VALUE_STRING, DEVLINK_ATTR_PORT_INDEX, NULL, 0},
		 {"sb", VALUE_U32, DEVLINK_ATTR_SB_INDEX, NULL, 0},
		 {"pool", VALUE_U16, DEVLINK_ATTR_SB_POOL_INDEX, NULL, 0}},
	.absent_errors = {ENODEV, EINVAL, EOPNOTSUPP, ENOENT},
	.cmd_get = DEVLINK_CMD_SB_PORT_POOL_GET,
	.cmd_set = DEVLINK_CMD_SB_PORT_POOL_SET,
	.cmd_reply = DEVLINK_CMD_SB_PORT_POOL_NEW,
	.fields = port_fields,
	.n_fields = ARRAY_SIZE(port_fields),
	.n_writable = 1,
};

static const struct field tc_fields[] = {
	[TC_POOL] = {"pool", VALUE_U16, DEVLINK_ATTR_SB_POOL_INDEX, FIELD_WRITABLE, NULL,
		     "number of a pool of the same direction"},
	[TC_THRESHOLD] = {"threshold", VALUE_U32, DEVLINK_ATTR_SB_THRESHOLD, FIELD_WRITABLE, NULL,
			  "bytes in a static pool, a code of the driver in a dynamic one"},
	[TC_OCC] = {"occ", VALUE_U32, DEVLINK_ATTR_SB_OCC_CUR, FIELD_LIVE, NULL, "bytes in use"},
	[TC_OCC_MAX] = {"occ_max", VALUE_U32, DEVLINK_ATTR_SB_OCC_MAX, FIELD_LIVE, NULL,
			"most of them so far"},
};

const struct class class_sb_tc = {
	.name = "sb_tc",
	.section = "tcs",
	.within = WITHIN,
	.noun = "shared buffer TC",
	.form = FORM_MAP,
	.set = SET_WHOLE,
	.phase = PHASE_BINDING,
	.back_phase = PHASE_UNBIND,
	.keys = {{"port", VALUE_STRING, DEVLINK_ATTR_PORT_INDEX, NULL, 0},
		 {"sb", VALUE_U32, DEVLINK_ATTR_SB_INDEX, NULL, 0},
		 {"direction", VALUE_U8, DEVLINK_ATTR_SB_POOL_TYPE, &direction_names, 0},
		 {"tc", VALUE_U16, DEVLINK_ATTR_SB_TC_INDEX, NULL, 0}},
	.absent_errors = {ENODEV, EINVAL, EOPNOTSUPP, ENOENT},
	.cmd_get = DEVLINK_CMD_SB_TC_POOL_BIND_GET,
	.cmd_set = DEVLINK_CMD_SB_TC_POOL_BIND_SET,
	.cmd_reply = DEVLINK_CMD_SB_TC_POOL_BIND_NEW,
	.fields = tc_fields,
	.n_fields = ARRAY_SIZE(tc_fields),
	.n_writable = 2,
};
