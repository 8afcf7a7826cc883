/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that another program has staged, and that are to be set back to what is in force: not
 * while it may be at work. A script that stages a parent and its children line by line would be
 * left with half of it, which no reload takes. What it has staged is set back together, once it
 * has not changed for a while.
 */
#pragma once

#include "model/step.h"

#define STAGED_REST_USEC UINT64_C(5000000)

struct patience {
	step_list left; /* what is to be set back: as planned last */
	uint64_t until; /* microseconds: when, if nothing changes; USEC_NEVER: that was */
	bool due;	/* ... and the next plan may */
};

void patience_init(struct patience *p);
bool patience_tick(struct patience *p, uint64_t now);
bool patience_look(struct patience *p, const step_list *planned, uint64_t now);
void patience_clear(struct patience *p);
