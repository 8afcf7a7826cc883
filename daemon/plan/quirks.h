/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What drivers are known to do or to refuse that the kernel does not report: one table. Where a
 * driver is not in it, the kernel's answer at the SET is the first to tell.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quirk_range {
	uint64_t min, max; /* max 0: not known */
};

struct quirks {
	const char *driver;	/* a shell pattern for facts.driver */
	bool reinit_activates;	/* a reload driver_reinit activates stored firmware too */
	bool one_image;		/* no flash while another stored image waits for its activation */
	bool loads_permanent;	/* params, when it binds after an activation of firmware */
	bool no_mirror;		/* traps take drop and trap only */
	bool power_of_two;	/* bursts of policers */
	bool traps_need_legacy; /* action trap and another mode of the eswitch exclude each other */
	struct quirk_range rate, burst;
	struct quirk_range dynamic;	     /* thresholds in dynamic pools of shared buffers */
	const char *whole_pool;		     /* one that is as large as the whole buffer, or NULL */
	const char *const *fixed_groups;     /* their policer cannot be changed */
	const char *const *fixed_traps;	     /* of type drop, their action cannot be changed */
	const char *const *fixed_pools;	     /* shell patterns: of shared buffers, their size */
	const char *const *fixed_pool_types; /* ... their type */
	const char *const *fixed_tcs;	     /* ... bindings of traffic classes */
	const char *const *kept_by_nic;	     /* resources that its own configuration sizes */
	const char *const *below_maximum; /* resources that fail at the size that the driver calls
					      their maximum: one granule less works */
};

const struct quirks *quirks_of(const char *driver);
bool quirks_match(const char *const *patterns, const char *name);
bool quirks_lists(const char *const *names, const char *name);
bool quirks_reinit_activates(const char *driver);
