/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between a glance and the SETs that are offered along with it, in one batch: they are sent where
 * its answer shows that the registration which is known was reloaded. That is found out in the
 * channel's thread, so nothing else can come between the reload and what restores its policy.
 */
#pragma once

#include "kernel/exchange.h"
#include "model/facts.h"

struct glance {
	const struct exchange *answer; /* of the GET, in the same batch */
	uint16_t family;
	const char *handle;
	counter_list counters; /* as they were, see facts_show_reload() */
	uint64_t registration;
};

struct precheck *glance_precheck(const struct glance *g);
