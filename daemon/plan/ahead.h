/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be set after a reload whatever a read will show: objects that a reload brings back at
 * the driver's defaults, of which carved has replaced another value since the device registered. A
 * pure function.
 */
#pragma once

#include "model/step.h"
#include "model/world.h"

/* Objects that are left for the plan. */
struct ahead_limits {
	const struct notes *yielded; /* to another program */
	VEC(const struct step *) failed;
};

void ahead_make(const struct state *goal, const struct world *w, const struct ahead_limits *limits,
		step_list *ret);
