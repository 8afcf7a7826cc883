// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where drivers differ. The defaults come from reading drivers/net/netdevsim, mlxsw and mlx5 of
 * Linux 6.1; a facts file says otherwise with
 *
 *	"fake": {
 *	  "unread": ["/kvd"],			sizes that the driver never reads
 *	  "performed": {"fw_activate": ["driver_reinit", "fw_activate"]},
 *	  "reads_params": ["driver_reinit"],	actions in which it reads driverinit params
 *	  "policer": {"rate": [1, 8000], "burst": [8, 65536], "power_of_two": false},
 *	  "params": {"max_macs": {"min": 1, "max": 4096, "zero": false}},
 *	  "driver_specific": ["test1"],		not generic, in the order of the driver's ids
 *	  "port_resources": {"/test_resource": {"size": 20}},	of each port
 *	  "fixed_groups": ["acl_sample"],	refuse a policer
 *	  "group_set": true, "mirror": true, "info": true, "flash": true, "occ_enforced": false,
 *	  "traps_survive": false, "runtime_survives": false,
 *	  "ports": 1, "first_port": 0, "cpu_port": false, "region": "dummy",
 *	  "reload_msec": 0, "flash_msec": 0, "flash_steps": 10,
 *	  "components": ["fw.mgmt"], "overwrite": 0,
 *	  "files": {"a.bin": {"fw.version": "2.0"}}}	what the kernel's firmware path holds
 */
#include "model.h"

#include <errno.h>
#include <string.h>

#define BIT(n) (1u << (n))
#define BOTH_ACTIONS                                                                               \
	(BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT) | BIT(DEVLINK_RELOAD_ACTION_FW_ACTIVATE))

/* The table of net/devlink's generic params that the modelled drivers have, in its order. */
bool is_generic_param(const char *name, uint64_t *ret_id)
{
	static const char *const names[] = {"internal_error_reset",
					    "max_macs",
					    "enable_sriov",
					    "region_snapshot_enable",
					    "ignore_ari",
					    "msix_vec_per_pf_max",
					    "msix_vec_per_pf_min",
					    "fw_load_policy",
					    "reset_dev_on_drv_probe",
					    "enable_roce",
					    "enable_remote_dev_reset",
					    "enable_eth",
					    "enable_rdma",
					    "enable_vnet",
					    "enable_iwarp",
					    "io_eq_size",
					    "event_eq_size"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*ret_id = i;
			return true;
		}
	return false;
}

static bool driver_is(const struct device *d, const char *stem)
{
	return d->driver && strncmp(d->driver, stem, strlen(stem)) == 0;
}

/* nsim_dev_resources_register(): only the leaves are ever read. */
static void quirks_netdevsim(struct device *d, enum fake_line line)
{
	for (size_t i = 0; i < d->n_resources; i++)
		d->resources[i].unread = !d->resources[i].leaf;
	d->quirks.rate_max = 8000;
	d->quirks.burst_min = 8;
	d->quirks.burst_max = 65536;
	d->quirks.occ_enforced = true;
	d->quirks.ports = 1;
	d->quirks.region = "dummy";
	d->quirks.flash_steps = line < FAKE_7_3 ? 500 : 50;
	d->quirks.runtime_survives = true;
	d->quirks.flash_select = true;
	d->quirks.removed_by_id = line >= FAKE_6_12;
	d->quirks.eswitch_survives = true; /* without VFs */
	d->quirks.overwrite_mask = true;
}

static void limit(struct device *d, const char *name, uint64_t min, uint64_t max)
{
	struct param *p = param_find(d, name);

	if (!p)
		return;
	p->limited = true;
	p->min = min;
	p->max = max;
}

/* mlxsw_core_reload(): one reset does both; mlxsw_sp_trap_policer_params_check(). */
static void quirks_mlxsw(struct device *d, enum fake_line line)
{
	struct param *rehash = param_find(d, "acl_region_rehash_interval");
	struct trap *early_drop = trap_find(d, "early_drop");

	for (size_t i = 0; i < d->n_resources; i++)
		d->resources[i].unread = strcmp(d->resources[i].path, "/kvd") == 0;
	d->quirks.performed[DEVLINK_RELOAD_ACTION_DRIVER_REINIT] = BOTH_ACTIONS;
	d->quirks.performed[DEVLINK_RELOAD_ACTION_FW_ACTIVATE] = BOTH_ACTIONS;
	d->quirks.mirror = false;
	d->quirks.burst_power_of_two = true;
	d->quirks.frozen_buffers = true;
	d->quirks.rate_max = 2000000000;
	d->quirks.burst_min = 16;
	d->quirks.burst_max = 1 << 24;
	limit(d, "fw_load_policy", 0, DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_FLASH);
	limit(d, "acl_region_rehash_interval", 3000, UINT32_MAX);
	if (rehash) {
		rehash->zero = true;
		rehash->by_up = line >= FAKE_6_12;
	}
	if (early_drop)
		early_drop->source = true;
}

/* mlx5_devlink_traps_register() at the probe; a full fw_activate also re-initialises. */
static void quirks_mlx5(struct device *d, enum fake_line line)
{
	static const char *const steering[] = {"dmfs", "smfs", NULL};
	struct param *mode = param_find(d, "flow_steering_mode");

	d->quirks.performed[DEVLINK_RELOAD_ACTION_FW_ACTIVATE] = BOTH_ACTIONS;
	d->quirks.mirror = false;
	d->quirks.mirror_error = EOPNOTSUPP;
	d->quirks.health_survives = true;
	d->quirks.inactive = line >= FAKE_7_3;
	d->quirks.traps_need_legacy = true;
	d->quirks.group_set = false;
	d->quirks.traps_survive = line == FAKE_6_1; /* from 6.3 on at each load */
	d->quirks.runtime_survives = true;
	limit(d, "io_eq_size", 64, 4096);
	limit(d, "event_eq_size", 64, 4096);
	if (mode)
		mode->words = steering;
}

/* tests/asicsim: which driver it takes after is in its PSID. */
static void quirks_asicsim(struct device *d, enum fake_line line)
{
	static const char *const fixed[] = {"buffer_drops", "acl_sample"};
	const char *psid = json_string_value(
		json_object_get(json_object_get(d->versions, "fixed"), "fw.psid"));

	d->quirks.ports = 2;
	d->quirks.first_port = 1;
	d->quirks.flash_unit = 1;
	d->quirks.flash_failed = "Flashing failed";
	if (psid && strncmp(psid, "ASIM_NIC_", 9) == 0) {
		quirks_mlx5(d, line);
		limit(d, "msix_vec_per_pf_max", 0, 512);
		return;
	}
	quirks_mlxsw(d, line);
	d->quirks.cpu_port = true;
	if (!psid || strncmp(psid, "ASIM_SP1_", 9) == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		group_find(d, fixed[i])->fixed = true;
	if (strncmp(psid, "ASIM_SP3_", 9) == 0)
		d->quirks.lane_indexes = 4;
}

void quirks_by_driver(struct device *d, enum fake_line line)
{
	d->quirks = (struct quirks){
		.performed = {0, BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT),
			      BIT(DEVLINK_RELOAD_ACTION_FW_ACTIVATE)},
		.reads_params = BOTH_ACTIONS,
		.info = true,
		.flash = true,
		.mirror = true,
		.group_set = true,
		.rate_min = 1,
		.rate_max = UINT64_MAX,
		.burst_min = 1,
		.burst_max = UINT64_MAX,
		.mirror_error = EINVAL,
		.flash_steps = 10,
		.flash_unit = 1000,
	};
	if (driver_is(d, "netdevsim"))
		quirks_netdevsim(d, line);
	else if (driver_is(d, "mlxsw"))
		quirks_mlxsw(d, line);
	else if (driver_is(d, "mlx5"))
		quirks_mlx5(d, line);
	else if (driver_is(d, "asicsim"))
		quirks_asicsim(d, line);
}

static uint32_t actions_read(json_t *list)
{
	uint32_t bits = 0;
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j)
		bits |= strcmp(json_string_value(j) ?: "", "fw_activate") == 0
				? BIT(DEVLINK_RELOAD_ACTION_FW_ACTIVATE)
				: BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	return bits;
}

static void read_bool(json_t *j, const char *key, bool *ret)
{
	json_t *value = json_object_get(j, key);

	if (value)
		*ret = json_is_true(value);
}

static void read_uint(json_t *j, const char *key, uint64_t *ret)
{
	uint64_t n;

	if (number_read(json_object_get(j, key), &n))
		*ret = n;
}

static void read_range(json_t *j, uint64_t *min, uint64_t *max)
{
	number_read(json_array_get(j, 0), min);
	number_read(json_array_get(j, 1), max);
}

static int read_unread(struct device *d, json_t *list)
{
	size_t i;
	json_t *j;

	for (i = 0; list && i < d->n_resources; i++)
		d->resources[i].unread = false;
	json_array_foreach(list, i, j) {
		struct resource *r = resource_find(d, json_string_value(j) ?: "");

		if (!r)
			return -EINVAL;
		r->unread = true;
	}
	return 0;
}

static int read_params(struct device *d, json_t *limits, json_t *specific)
{
	const char *name;
	size_t i;
	json_t *j;

	json_object_foreach(limits, name, j) {
		struct param *p = param_find(d, name);

		if (!p)
			return -EINVAL;
		p->limited = true;
		p->max = UINT64_MAX;
		read_uint(j, "min", &p->min);
		read_uint(j, "max", &p->max);
		read_bool(j, "zero", &p->zero);
	}
	json_array_foreach(specific, i, j) {
		struct trap *t = trap_find(d, json_string_value(j) ?: "");
		struct param *p = param_find(d, json_string_value(j) ?: "");

		if (t)
			t->generic = false;
		if (p) {
			p->generic = false;
			p->id = UINT32_MAX + i;
		}
	}
	return 0;
}

static int read_groups(struct device *d, json_t *fixed)
{
	size_t i;
	json_t *j;

	json_array_foreach(fixed, i, j) {
		struct group *g = group_find(d, json_string_value(j) ?: "");

		if (!g)
			return -EINVAL;
		g->fixed = true;
	}
	return 0;
}

static void read_numbers(struct quirks *q, json_t *j)
{
	uint64_t ports = q->ports, first = q->first_port, steps = q->flash_steps;
	uint64_t overwrite = q->overwrite;

	read_uint(j, "ports", &ports);
	read_uint(j, "first_port", &first);
	read_uint(j, "flash_steps", &steps);
	read_uint(j, "overwrite", &overwrite);
	read_uint(j, "reload_msec", &q->reload_msec);
	read_uint(j, "flash_msec", &q->flash_msec);
	q->ports = (unsigned)ports;
	q->first_port = (unsigned)first;
	q->flash_steps = steps ? (unsigned)steps : 1;
	q->overwrite = (uint32_t)overwrite;
	q->overwrite_mask |= overwrite != 0;
}

/** quirks_read() - the key "fake" of a facts file. Return: 0, or -EINVAL for an unknown name. */
int quirks_read(struct device *d, json_t *j)
{
	struct quirks *q = &d->quirks;
	json_t *policer = json_object_get(j, "policer"), *performed, *one;
	const char *region = json_string_value(json_object_get(j, "region"));
	const char *action;

	if (!j)
		return 0;
	performed = json_object_get(j, "performed");
	json_object_foreach(performed, action, one)
		q->performed[strcmp(action, "fw_activate") == 0
				     ? DEVLINK_RELOAD_ACTION_FW_ACTIVATE
				     : DEVLINK_RELOAD_ACTION_DRIVER_REINIT] = actions_read(one);
	if (json_object_get(j, "reads_params"))
		q->reads_params = actions_read(json_object_get(j, "reads_params"));
	read_range(json_object_get(policer, "rate"), &q->rate_min, &q->rate_max);
	read_range(json_object_get(policer, "burst"), &q->burst_min, &q->burst_max);
	read_bool(policer, "power_of_two", &q->burst_power_of_two);
	read_bool(j, "info", &q->info);
	read_bool(j, "flash", &q->flash);
	read_bool(j, "mirror", &q->mirror);
	read_bool(j, "cpu_port", &q->cpu_port);
	read_bool(j, "group_set", &q->group_set);
	read_bool(j, "occ_enforced", &q->occ_enforced);
	read_bool(j, "traps_survive", &q->traps_survive);
	read_bool(j, "runtime_survives", &q->runtime_survives);
	q->region = region ? region : q->region;
	read_numbers(q, j);
	if (read_unread(d, json_object_get(j, "unread")) < 0 ||
	    read_params(d, json_object_get(j, "params"), json_object_get(j, "driver_specific")) < 0)
		return -EINVAL;
	return read_groups(d, json_object_get(j, "fixed_groups"));
}
