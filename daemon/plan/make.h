/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what is wanted and what is there to the least disruptive steps. A pure function. */
#pragma once

#include "plan/plan.h"

void plan_make(const struct state *want, const struct world *w, const struct policy *policy,
	       struct plan *ret);
