// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of driver quirks; each row says where it comes from. No code but the look-up. */
#include "plan/quirks.h"

#include "base/mem.h"

#include <fnmatch.h>
#include <string.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/*
 * All generations: Linux 6.1 to 7.3, drivers/net/ethernet/mellanox/mlxsw: core.c (one reset for
 * both reload actions, reported as both), spectrum_trap.c (the policers' limits and
 * is_power_of_2(), the actions that mlxsw_sp_trap_action_set() takes); spectrum_buffers.c: what is
 * frozen in the tables of pools and of egress TCs for multicast, how large its pool is, and
 * mlxsw_sp_sb_threshold_in().
 */
#define MLXSW                                                                                      \
	.reinit_activates = true, .no_mirror = true, .power_of_two = true,                         \
	.fixed_pools = NAMES("0/8", "0/9", "0/10"),                                                \
	.fixed_pool_types = NAMES("0/4", "0/8", "0/9", "0/10"),                                    \
	.fixed_tcs = NAMES("*/0/egress/[89]", "*/0/egress/1[0-5]"), .dynamic = {3, 16},            \
	.whole_pool = "0/8", .rate = {1, 2000000000}, .burst = {16, 1 << 24}

static const struct quirks table[] = {
	{
		/*
		 * The kernel's selftest mlxsw/spectrum/devlink_resources.sh leaves these maxima
		 * out as known to fail, and goes to 128 entries below.
		 */
		.driver = "mlxsw_spectrum",
		.below_maximum = NAMES("/kvd/hash_single", "/kvd/hash_double"),
		MLXSW,
	},
	{
		/* spectrum_trap.c: fixed_policer and is_source of the mlxsw_sp2 tables. */
		.driver = "mlxsw_spectrum[2-9]",
		.fixed_groups = NAMES("acl_sample", "buffer_drops"),
		.fixed_traps = NAMES("early_drop"),
		MLXSW,
	},
	{
		/* Linux 6.1 to 7.3, drivers/net/netdevsim/dev.c: the policers' rows. */
		.driver = "netdevsim",
		.rate = {1, 8000},
		.burst = {8, 65536},
	},
	{
		/*
		 * Linux 6.1 to 7.3, mellanox/mlx5/core: mlx5_devlink_trap_action_set() in
		 * devlink.c, the check of a trap's action and of switchdev mode;
		 * mlx5_devlink_eswitch_mode_set() in eswitch_offloads.c, while a trap is active.
		 * lib/mlx5_fw.c, mlx5_fsm_lock(): "pending reset"; networking/devlink/mlx5.rst:
		 * permanent params take a reset of the firmware and a rescan of the bus. Resources:
		 * devlink.c and sf/hw_table.c, what the firmware's configuration leaves room for.
		 */
		.one_image = true,
		.loads_permanent = true,
		.traps_need_legacy = true,
		.driver = "mlx5_core",
		.kept_by_nic = NAMES("/max_local_SFs", "/max_external_SFs"),
		.no_mirror = true,
	},
};

/** quirks_of() - the row of @driver (may be NULL); one without quirks where there is none. */
const struct quirks *quirks_of(const char *driver)
{
	static const struct quirks none = {};

	for (size_t i = 0; driver && i < ARRAY_SIZE(table); i++)
		if (fnmatch(table[i].driver, driver, 0) == 0)
			return &table[i];
	return &none;
}

/** quirks_lists() - is @name one of @names, a list of a row? */
bool quirks_lists(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/** quirks_match() - does one of @patterns, a list of a row, fit @name? */
bool quirks_match(const char *const *patterns, const char *name)
{
	for (; patterns && *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

/** quirks_reinit_activates() - does a reload driver_reinit activate stored firmware too? */
bool quirks_reinit_activates(const char *driver)
{
	return quirks_of(driver)->reinit_activates;
}
