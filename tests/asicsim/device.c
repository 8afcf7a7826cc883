// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a bound device: probe and remove, bring-up and tear-down, and the parts that live
 * between them: resource sizes and firmware. Does not know who asks for a
 * tear-down: a reload, a recovery of its own or an unbind.
 */
#include <linux/delay.h>

#include "asicsim.h"

void asicsim_pause(struct asicsim *sim, const u32 *ms)
{
	u32 t;

	mutex_lock(&sim->lock);
	t = *ms;
	mutex_unlock(&sim->lock);
	if (t)
		msleep(t);
}

/* ---- firmware ---- */

static bool older(const struct asicsim_version *a, const struct asicsim_version *b)
{
	return a->minor < b->minor || (a->minor == b->minor && a->sub < b->sub);
}

/* The board loads what is stored. */
void asicsim_fw_activate(struct asicsim *sim)
{
	mutex_lock(&sim->lock);
	if (!sim->sticky_version)
		sim->running = sim->stored;
	mutex_unlock(&sim->lock);
}

/* Some boards go back to the image of the factory when they are taken again. */
static void fw_power_on(struct asicsim *sim)
{
	mutex_lock(&sim->lock);
	if (sim->lose_fw)
		sim->running = sim->stored = sim->model->fw;
	mutex_unlock(&sim->lock);
}

/* The time of a flash may be changed while it lasts. */
static void flash_pause(struct asicsim *sim, u32 steps)
{
	u32 ms;

	mutex_lock(&sim->lock);
	ms = sim->flash_ms;
	mutex_unlock(&sim->lock);
	if (ms)
		msleep(ms / steps);
}

/* Writes the flash in steps, telling user space of each; the version counts when all is written. */
int asicsim_fw_write(struct asicsim *sim, struct devlink *devlink,
		     const struct asicsim_version *version, struct netlink_ext_ack *extack)
{
	u32 i, steps, stop;
	int err;

	mutex_lock(&sim->lock);
	steps = sim->flash_steps;
	stop = sim->flash_fail.err ? steps * sim->flash_fail_percent / 100 : steps;
	mutex_unlock(&sim->lock);

	devlink_flash_update_status_notify(devlink, "Preparing to flash", NULL, 0, 0);
	for (i = 0; i < steps && i < stop; i++) {
		devlink_flash_update_status_notify(devlink, "Flashing", NULL, i, steps);
		flash_pause(sim, steps);
	}
	err = asicsim_fault_hit(sim, &sim->flash_fail);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "the flash memory does not take the image");
		devlink_flash_update_status_notify(devlink, "Flashing failed", NULL, 0, 0);
		return err;
	}
	devlink_flash_update_status_notify(devlink, "Flashing", NULL, steps, steps);
	mutex_lock(&sim->lock);
	sim->stored = *version;
	mutex_unlock(&sim->lock);
	devlink_flash_update_status_notify(devlink, "Flashing done", NULL, 0, 0);
	return 0;
}

/*
 * mlxsw_core_fw_rev_validate(): with fw_load_policy "driver" firmware older than the driver's own
 * is replaced, upwards only, and the ASIC must start again (EAGAIN), which
 * mlxsw_core_bus_device_register() does once.
 */
static int fw_check(struct asicsim *sim, struct devlink *devlink, struct netlink_ext_ack *extack)
{
	struct asicsim_version running, want;
	union devlink_param_value policy;
	int err;

	if (!sim->model->wants_fw)
		return 0;
	err = asicsim_driverinit_get(devlink, DEVLINK_PARAM_GENERIC_ID_FW_LOAD_POLICY, &policy);
	if (err)
		return err;
	if (policy.vu8 == DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_FLASH)
		return 0;
	mutex_lock(&sim->lock);
	running = sim->running;
	want = sim->builtin;
	mutex_unlock(&sim->lock);
	if (running.major != want.major) {
		NL_SET_ERR_MSG_MOD(extack, "the firmware's major number is not this device's");
		return -EINVAL;
	}
	if (!older(&running, &want))
		return 0;
	asicsim_count(sim, "auto_flash %u.%u.%u", want.major, want.minor, want.sub);
	return asicsim_fw_write(sim, devlink, &want, extack) ?: -EAGAIN;
}

/* ---- resources ---- */

static u64 occ_get(void *priv)
{
	struct asicsim_resource *res = priv;
	u64 occ;

	mutex_lock(&res->sim->lock);
	occ = res->occ;
	mutex_unlock(&res->sim->lock);
	return occ;
}

static int resources_register(struct asicsim *sim, struct devlink *devlink)
{
	const struct asicsim_resource_desc *desc = sim->model->resources;
	struct devlink_resource_size_params params;
	size_t i;
	int err;

	for (i = 0; i < sim->model->n_resources; i++, desc++) {
		devlink_resource_size_params_init(&params, desc->min, desc->max, desc->gran,
						  DEVLINK_RESOURCE_UNIT_ENTRY);
		err = devl_resource_register(devlink, kbasename(desc->path),
					     sim->resources[i].size, desc->id, desc->parent,
					     &params);
		if (err) {
			devl_resources_unregister(devlink);
			return err;
		}
	}
	return 0;
}

static void resources_reset(struct asicsim *sim)
{
	size_t i;

	mutex_lock(&sim->lock);
	for (i = 0; i < sim->model->n_resources; i++)
		sim->resources[i].size = sim->model->resources[i].size;
	mutex_unlock(&sim->lock);
}

static u64 size_of(const struct asicsim *sim, const char *path)
{
	return sim->resources[asicsim_resource_find(sim->model, path)].size;
}

/* mlxsw_sp_kvd_sizes_get(): what the ASIC itself cannot do, whatever user space was allowed. */
static int kvd_check(const struct asicsim *sim, struct netlink_ext_ack *extack)
{
	const struct asicsim_model *m = sim->model;

	if (!m->kvd_size)
		return 0;
	if (size_of(sim, "kvd/hash_single") >= m->hash_single_min &&
	    size_of(sim, "kvd/hash_double") >= m->hash_double_min &&
	    size_of(sim, "kvd/linear") <= m->kvd_size)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "the ASIC cannot divide its KVD like this");
	return -EIO;
}

/* Reads what user space wants; a clamped part gets less, and says so unless told to hide it. */
static int sizes_read(struct asicsim *sim, struct devlink *devlink, struct netlink_ext_ack *extack)
{
	bool again = false;
	size_t i;
	int err;

	for (i = 0; i < sim->model->n_resources; i++) {
		struct asicsim_resource *res = &sim->resources[i];
		u64 size;

		if (sim->model->resources[i].fixed)
			continue;
		err = devl_resource_size_get(devlink, sim->model->resources[i].id, &size);
		if (err)
			return err;
		mutex_lock(&sim->lock);
		if (res->clamp && size > res->clamp) {
			size = res->clamp;
			again = again || !res->clamp_hidden;
		}
		res->size = size;
		mutex_unlock(&sim->lock);
	}
	err = kvd_check(sim, extack);
	if (err || !again)
		return err;
	devl_resources_unregister(devlink);
	return resources_register(sim, devlink);
}

static void occ_register(struct asicsim *sim, struct devlink *devlink, bool on)
{
	const struct asicsim_resource_desc *desc = sim->model->resources;
	size_t i;

	if (sim->occ_on == on)
		return;
	for (i = 0; i < sim->model->n_resources; i++, desc++) {
		if (!desc->occ)
			continue;
		if (on)
			devl_resource_occ_get_register(devlink, desc->id, occ_get,
						       &sim->resources[i]);
		else
			devl_resource_occ_get_unregister(devlink, desc->id);
	}
	sim->occ_on = on;
}

/* ---- up and down ---- */

static void set_up(struct asicsim *sim, bool up)
{
	mutex_lock(&sim->lock);
	sim->up = up;
	mutex_unlock(&sim->lock);
}

static int start(struct asicsim *sim, struct devlink *devlink, bool boot,
		 struct netlink_ext_ack *extack)
{
	int err = 0;

	if (!boot)
		err = sizes_read(sim, devlink, extack);
	if (!err)
		err = fw_check(sim, devlink, extack);
	if (!err)
		err = asicsim_cards_up(sim, devlink);
	if (!err)
		err = asicsim_params_up(sim, devlink);
	if (!err)
		err = asicsim_traps_up(sim, devlink);
	if (!err)
		err = asicsim_buffers_up(sim, devlink);
	if (!err)
		err = asicsim_ports_up(sim, devlink);
	if (!err)
		err = asicsim_cards_ports_up(sim, devlink);
	return err;
}

/* @boot: the first bring-up of an instance, whose resource sizes are the defaults. */
int asicsim_up(struct asicsim *sim, struct devlink *devlink, bool boot,
	       struct netlink_ext_ack *extack)
{
	int err;

	err = start(sim, devlink, boot, extack);
	if (err == -EAGAIN) {
		asicsim_fw_activate(sim);
		err = start(sim, devlink, boot, extack);
	}
	set_up(sim, true);
	if (err) {
		asicsim_down(sim, devlink, boot);
		return err;
	}
	occ_register(sim, devlink, true);
	return 0;
}

/* May find a device that is down already, or half of it. @final: nothing may stay registered. */
void asicsim_down(struct asicsim *sim, struct devlink *devlink, bool final)
{
	if (sim->up) {
		occ_register(sim, devlink, false);
		asicsim_ports_del(sim, NULL, NULL);
	}
	if (sim->up || final)
		asicsim_traps_down(sim, devlink, final);
	if (sim->up) {
		asicsim_buffers_down(sim, devlink);
		asicsim_nic_reset(sim);
		asicsim_params_down(sim, devlink);
		asicsim_cards_down(sim);
	}
	set_up(sim, false);
}

/* Down and up without devlink's knowledge: no counter moves, reload_failed stays as it is. */
int asicsim_reinit(struct asicsim *sim, struct devlink *devlink)
{
	int err;

	asicsim_down(sim, devlink, false);
	asicsim_pause(sim, &sim->reload_ms);
	err = asicsim_fault_hit(sim, &sim->fail_up);
	if (!err)
		err = asicsim_up(sim, devlink, false, NULL);
	if (err)
		asicsim_count(sim, "reinit_failed %d", -err);
	else
		asicsim_count(sim, "reinit");
	return err;
}

/* ---- probe and remove ---- */

static int instance_up(struct asicsim *sim, struct devlink *devlink)
{
	int err;

	err = asicsim_params_add(sim, devlink);
	if (err)
		return err;
	err = resources_register(sim, devlink);
	if (err)
		goto err_params;
	err = asicsim_nic_reporters_add(sim, devlink);
	if (err)
		goto err_resources;
	asicsim_pause(sim, &sim->probe_ms);
	err = asicsim_fault_hit(sim, &sim->fail_probe);
	if (!err)
		err = asicsim_up(sim, devlink, true, NULL);
	if (err)
		goto err_reporter;
	return 0;

err_reporter:
	asicsim_nic_reporters_del(sim);
err_resources:
	devl_resources_unregister(devlink);
err_params:
	asicsim_params_del(sim, devlink);
	return err;
}

static void instance_free(struct device *dev, struct devlink *devlink)
{
	struct asicsim_priv *priv = devlink_priv(devlink);
	struct devlink *shared = priv->shared;

	dev_set_drvdata(dev, NULL);
	devlink_free(devlink);
	asicsim_shared_put(shared);
}

int asicsim_probe(struct device *dev)
{
	struct asicsim *sim = container_of(dev, struct asicsim, dev);
	struct asicsim_priv *priv;
	struct devlink *devlink;
	int err;

	devlink = devlink_alloc(sim->model->ops, sizeof(*priv), dev);
	if (!devlink)
		return -ENOMEM;
	priv = devlink_priv(devlink);
	priv->sim = sim;

	mutex_lock(&sim->bind_lock);
	if (sim->model->shared)
		priv->shared = asicsim_shared_get(devlink, dev, &asicsim_shared_ops);
	dev_set_drvdata(dev, priv);
	asicsim_traps_reset(sim);
	resources_reset(sim);
	fw_power_on(sim);
	if (sim->model->resets_asic)
		asicsim_fw_activate(sim);
	asicsim_devlink_begin(devlink);
	err = instance_up(sim, devlink);
	if (err) {
		asicsim_count(sim, "probe_failed %d", -err);
		asicsim_devlink_end(devlink);
		instance_free(dev, devlink);
	} else {
		asicsim_count(sim, "probe");
		sim->devlink = devlink;
		asicsim_devlink_publish(devlink);
	}
	mutex_unlock(&sim->bind_lock);
	return err;
}

int asicsim_remove(struct device *dev)
{
	struct asicsim *sim = container_of(dev, struct asicsim, dev);
	struct devlink *devlink;

	mutex_lock(&sim->bind_lock);
	devlink = sim->devlink;
	sim->devlink = NULL;
	asicsim_devlink_withdraw(devlink);
	asicsim_down(sim, devlink, true);
	asicsim_nic_reporters_del(sim);
	devl_resources_unregister(devlink);
	asicsim_params_del(sim, devlink);
	asicsim_devlink_end(devlink);
	instance_free(dev, devlink);
	asicsim_count(sim, "remove");
	mutex_unlock(&sim->bind_lock);
	return 0;
}
