// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of all kinds of object, and nothing else: a test may link another one. */
#include "model/class.h"

const struct class *const classes[] = {
	&class_resource, &class_param,	  &class_trap_policer, &class_trap_group,
	&class_trap,	 &class_linecard, &class_port_split,   &class_eswitch,
	&class_sb_pool,	 &class_sb_port,  &class_sb_tc,	       &class_health_reporter,
};
const size_t n_classes = ARRAY_SIZE(classes);
