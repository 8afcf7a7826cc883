// SPDX-License-Identifier: GPL-2.0
/*
 * The devlink operations of the two families: who may reload how, what INFO_GET tells and what
 * a firmware image must look like. The work of a reload is in device.c, of traps in traps.c.
 */
#include <linux/delay.h>
#include <linux/firmware.h>
#include <linux/reboot.h>

#include "asicsim.h"

void asicsim_version_print(char *buf, size_t size, const struct asicsim *sim,
			   const struct asicsim_version *version)
{
	/* mlx5_devlink_info_get() pads the third number, mlxsw_devlink_info_get() does not */
	snprintf(buf, size, sim->model->shows_stored ? "%u.%u.%04u" : "%u.%u.%u",
		 version->major, version->minor, version->sub);
}

static int reload_down(struct asicsim *sim, struct devlink *devlink, const char *what,
		       bool no_reset, struct netlink_ext_ack *extack)
{
	int err;

	asicsim_count(sim, "reload_down %s", what);
	err = asicsim_fault_hit(sim, &sim->fail_down);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "the device cannot be reloaded now");
		asicsim_count(sim, "reload_refused %d", -err);
		return err;
	}
	if (!no_reset) {
		asicsim_down(sim, devlink, false);
		return 0;
	}
	/* success would clear reload_failed although nothing is up */
	if (!sim->up) {
		NL_SET_ERR_MSG_MOD(extack, "the device is down, no_reset is impossible");
		asicsim_count(sim, "reload_refused %d", EINVAL);
		return -EINVAL;
	}
	return 0;
}

/* The knobs that keep a reload from returning to its caller. */
static void reload_stays_away(struct asicsim *sim)
{
	if (READ_ONCE(sim->die)) {
		dev_emerg(&sim->dev, "the machine goes down in this reload\n");
		emergency_restart();
	}
	while (READ_ONCE(sim->hang))
		msleep(20);
	BUG_ON(READ_ONCE(sim->oops));
}

static void reload_done(struct asicsim *sim)
{
	asicsim_count(sim, "reload_up");
	asicsim_stamp(sim, &sim->reload_at);
}

static int reload_up(struct asicsim *sim, struct devlink *devlink, bool activate,
		     struct netlink_ext_ack *extack)
{
	int err;

	asicsim_pause(sim, &sim->reload_ms);
	reload_stays_away(sim);
	err = asicsim_fault_hit(sim, &sim->fail_up);
	if (err)
		NL_SET_ERR_MSG_MOD(extack, "the device did not come up");
	if (!err && activate)
		asicsim_fw_activate(sim);
	if (!err)
		err = asicsim_up(sim, devlink, false, extack);
	if (err)
		asicsim_count(sim, "reload_failed %d", -err);
	else
		reload_done(sim);
	return err;
}

static const char *action_name(enum devlink_reload_action action, enum devlink_reload_limit limit)
{
	if (action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT)
		return "driver_reinit";
	return limit == DEVLINK_RELOAD_LIMIT_NO_RESET ? "fw_activate/no_reset" : "fw_activate";
}

/* mlxsw_devlink_core_bus_device_reload_down() */
static int spectrum_reload_down(struct devlink *devlink, bool netns_change,
				enum devlink_reload_action action, enum devlink_reload_limit limit,
				struct netlink_ext_ack *extack)
{
	return reload_down(asicsim_of(devlink), devlink, action_name(action, limit), false, extack);
}

/* mlxsw_devlink_core_bus_device_reload_up(): both actions reset the ASIC, both are reported. */
static int spectrum_reload_up(struct devlink *devlink, enum devlink_reload_action action,
			      enum devlink_reload_limit limit, u32 *performed,
			      struct netlink_ext_ack *extack)
{
	*performed = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT) |
		     BIT(DEVLINK_RELOAD_ACTION_FW_ACTIVATE);
	return reload_up(asicsim_of(devlink), devlink, true, extack);
}

/* mlx5_devlink_reload_down() */
static int mlx5ish_reload_down(struct devlink *devlink, bool netns_change,
			       enum devlink_reload_action action, enum devlink_reload_limit limit,
			       struct netlink_ext_ack *extack)
{
	return reload_down(asicsim_of(devlink), devlink, action_name(action, limit),
			   limit == DEVLINK_RELOAD_LIMIT_NO_RESET, extack);
}

/* mlx5_devlink_reload_up(): only fw_activate restarts the board, and reinitialises as well. */
static int mlx5ish_reload_up(struct devlink *devlink, enum devlink_reload_action action,
			     enum devlink_reload_limit limit, u32 *performed,
			     struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);

	*performed = BIT(action);
	if (action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT)
		return reload_up(sim, devlink, false, extack);
	if (limit == DEVLINK_RELOAD_LIMIT_NO_RESET) {
		asicsim_pause(sim, &sim->reload_ms);
		asicsim_fw_activate(sim);
		reload_done(sim);
		return 0;
	}
	*performed |= BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	asicsim_params_power_on(sim);
	return reload_up(sim, devlink, true, extack);
}

static int info_get(struct devlink *devlink, struct devlink_info_req *req,
		    struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	const struct asicsim_model *m = sim->model;
	char running[32], stored[32], serial[32];
	int err;

	mutex_lock(&sim->lock);
	asicsim_version_print(running, sizeof(running), sim, &sim->running);
	asicsim_version_print(stored, sizeof(stored), sim, &sim->stored);
	strscpy(serial, sim->serial, sizeof(serial));
	mutex_unlock(&sim->lock);

	err = asicsim_info_driver(req, ASICSIM_NAME);
	if (!err && *serial)
		err = devlink_info_serial_number_put(req, serial);
	if (!err && m->hw_revision)
		err = devlink_info_version_fixed_put(req, "hw.revision", m->hw_revision);
	if (!err)
		err = devlink_info_version_fixed_put(req, DEVLINK_INFO_VERSION_GENERIC_FW_PSID,
						     m->psid);
	if (!err)
		err = devlink_info_version_running_put(req, "fw.version", running);
	if (!err)
		err = devlink_info_version_running_put(req, DEVLINK_INFO_VERSION_GENERIC_FW,
						       running);
	if (err || !m->shows_stored)
		return err;
	err = devlink_info_version_stored_put(req, "fw.version", stored);
	if (err)
		return err;
	return devlink_info_version_stored_put(req, DEVLINK_INFO_VERSION_GENERIC_FW, stored);
}

/* An image is one line of text, "asicsim-fw PERSONALITY VERSION", and then anything. */
static int image_parse(const struct asicsim *sim, const struct firmware *fw,
		       struct asicsim_version *version, struct netlink_ext_ack *extack)
{
	size_t len = min_t(size_t, fw->size, 79);
	char line[80], model[16], *end;
	int used = 0;

	memcpy(line, fw->data, len);
	line[len] = '\0';
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	if (!end || sscanf(line, "asicsim-fw %15s %u.%u.%u%n", model, &version->major,
			   &version->minor, &version->sub, &used) != 4 || line[used]) {
		NL_SET_ERR_MSG_MOD(extack, "not a firmware image");
		return -EINVAL;
	}
	if (strcmp(model, sim->model->name)) {
		NL_SET_ERR_MSG_MOD(extack, "the firmware image is for another kind of device");
		return -EINVAL;
	}
	return 0;
}

static int flash_update(struct devlink *devlink, struct devlink_flash_update_params *params,
			struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	struct asicsim_version version;
	char text[32];
	int err;

	err = image_parse(sim, params->fw, &version, extack);
	if (err) {
		asicsim_count(sim, "flash_refused");
		return err;
	}
	err = asicsim_fw_write(sim, devlink, &version, extack);
	asicsim_version_print(text, sizeof(text), sim, &version);
	if (err)
		asicsim_count(sim, "flash_failed %s %d", text, -err);
	else
		asicsim_count(sim, "flash %s", text);
	return err;
}

#define SPECTRUM_OPS									\
	.reload_actions = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT) |			\
			  BIT(DEVLINK_RELOAD_ACTION_FW_ACTIVATE),			\
	.reload_down = spectrum_reload_down,						\
	.reload_up = spectrum_reload_up,						\
	.info_get = info_get,								\
	.flash_update = flash_update,							\
	.trap_init = asicsim_trap_init,							\
	.trap_action_set = asicsim_spectrum_trap_set,					\
	.trap_group_init = asicsim_group_init,						\
	.trap_group_set = asicsim_group_set,						\
	.trap_policer_init = asicsim_policer_init,					\
	.trap_policer_set = asicsim_policer_set,					\
	.trap_policer_counter_get = asicsim_policer_drops

const struct devlink_ops asicsim_spectrum_ops = { SPECTRUM_OPS };

const struct devlink_ops asicsim_sn4800_ops = {
	SPECTRUM_OPS,
	ASICSIM_SPLIT_OPS
	.sb_pool_get = asicsim_pool_get,
	.sb_pool_set = asicsim_pool_set,
	.sb_port_pool_get = asicsim_quota_get,
	.sb_port_pool_set = asicsim_quota_set,
	.sb_tc_pool_bind_get = asicsim_tc_get,
	.sb_tc_pool_bind_set = asicsim_tc_set,
	.sb_occ_snapshot = asicsim_occ_snapshot,
	.sb_occ_max_clear = asicsim_occ_clear,
	.sb_occ_port_pool_get = asicsim_occ_port,
	.sb_occ_tc_port_bind_get = asicsim_occ_tc,
};

#define MLX5ISH_OPS									\
	.reload_actions = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT) |			\
			  BIT(DEVLINK_RELOAD_ACTION_FW_ACTIVATE),			\
	.reload_limits = BIT(DEVLINK_RELOAD_LIMIT_NO_RESET),				\
	.reload_down = mlx5ish_reload_down,						\
	.reload_up = mlx5ish_reload_up,							\
	.info_get = info_get,								\
	.flash_update = flash_update,							\
	.trap_init = asicsim_trap_init,							\
	.trap_action_set = asicsim_mlx5ish_trap_set,					\
	.trap_group_init = asicsim_group_init

const struct devlink_ops asicsim_rvuish_ops = { MLX5ISH_OPS };

const struct devlink_ops asicsim_mlx5ish_ops = {
	MLX5ISH_OPS,
	.eswitch_mode_get = asicsim_esw_mode_get,
	.eswitch_mode_set = asicsim_esw_mode_set,
	.eswitch_inline_mode_get = asicsim_esw_inline_get,
	.eswitch_inline_mode_set = asicsim_esw_inline_set,
	.eswitch_encap_mode_get = asicsim_esw_encap_get,
	.eswitch_encap_mode_set = asicsim_esw_encap_set,
};

/* An instance without a device can do nothing. */
const struct devlink_ops asicsim_shared_ops = {};
