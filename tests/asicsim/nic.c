// SPDX-License-Identifier: GPL-2.0
/*
 * What is an adapter's, after mlx5: the eswitch with its representors, and health reporters, of
 * which the device's live as long as the instance, and a port's as long as its netdev.
 */
#include "asicsim.h"

/* ---- health reporters ---- */

/* mlx5_fw_fatal_reporter_recover() */
static int health_recover(struct devlink_health_reporter *reporter, void *ctx,
			  struct netlink_ext_ack *extack)
{
	struct asicsim *sim = devlink_health_reporter_priv(reporter);

	return asicsim_reinit(sim, priv_to_devlink(dev_get_drvdata(&sim->dev)));
}

/* mlx5e_tx_reporter_recover() */
static int tx_recover(struct devlink_health_reporter *reporter, void *ctx,
		      struct netlink_ext_ack *extack)
{
	return 0;
}

static int health_dump(struct devlink_health_reporter *reporter, struct devlink_fmsg *fmsg,
		       void *ctx, struct netlink_ext_ack *extack)
{
	return 0;
}

static const struct devlink_health_reporter_ops fw_ops = {
	.name = "fw",
	.dump = health_dump,
};

static const struct devlink_health_reporter_ops fw_fatal_ops = {
	.name = "fw_fatal",
	.recover = health_recover,
	.dump = health_dump,
};

static const struct devlink_health_reporter_ops tx_ops = {
	.name = "tx",
	.recover = tx_recover,
	.dump = health_dump,
	ASICSIM_GRACE(ASICSIM_TX_GRACE)
};

/* mlx5_fw_reporters_create() */
int asicsim_nic_reporters_add(struct asicsim *sim, struct devlink *devlink)
{
	struct devlink_health_reporter *fw;

	if (!sim->model->nic)
		return 0;
	fw = asicsim_reporter_create(devlink, &fw_ops, sim);
	if (IS_ERR(fw))
		return PTR_ERR(fw);
	sim->reporter = asicsim_reporter_create(devlink, &fw_fatal_ops, sim);
	if (IS_ERR(sim->reporter)) {
		int err = PTR_ERR(sim->reporter);

		sim->reporter = NULL;
		asicsim_reporter_destroy(fw);
		return err;
	}
	sim->fw_reporter = fw;
	return 0;
}

void asicsim_nic_reporters_del(struct asicsim *sim)
{
	if (!sim->reporter)
		return;
	asicsim_reporter_destroy(sim->reporter);
	asicsim_reporter_destroy(sim->fw_reporter);
	sim->reporter = NULL;
}

/* mlx5e_reporter_tx_create() */
int asicsim_nic_port_up(struct asicsim *sim, struct asicsim_port *p)
{
	struct devlink_health_reporter *tx;

	if (!sim->model->nic)
		return 0;
	tx = asicsim_port_reporter_create(&p->port, &tx_ops, p);
	if (IS_ERR(tx))
		return PTR_ERR(tx);
	p->tx = tx;
	return 0;
}

void asicsim_nic_port_down(struct asicsim_port *p)
{
	if (p->tx)
		asicsim_port_reporter_destroy(p->tx);
	p->tx = NULL;
}

/* ---- eswitch ---- */

static bool is_representor(const struct asicsim_port *p, const void *unused)
{
	return p->flavour == DEVLINK_PORT_FLAVOUR_PCI_VF;
}

/* esw_offloads_load_rep(); indexes after mlx5_esw_vport_to_devlink_port_index() */
static int representors_add(struct asicsim *sim, struct devlink *devlink)
{
	struct asicsim_port p = { .part = -1, .flavour = DEVLINK_PORT_FLAVOUR_PCI_VF };
	int err = 0;

	for (p.nr = 0; !err && p.nr < sim->num_vfs; p.nr++) {
		p.index = 65536 + p.nr;
		err = asicsim_port_add(sim, devlink, &p);
	}
	if (err)
		asicsim_ports_del(sim, is_representor, NULL);
	return err;
}

/* Each bring-up begins in legacy mode: mlx5_eswitch_init(), esw_offloads_init(). */
void asicsim_nic_reset(struct asicsim *sim)
{
	mutex_lock(&sim->lock);
	sim->esw_mode = DEVLINK_ESWITCH_MODE_LEGACY;
	sim->esw_inline = DEVLINK_ESWITCH_INLINE_MODE_NONE;
	sim->esw_encap = DEVLINK_ESWITCH_ENCAP_MODE_BASIC;
	mutex_unlock(&sim->lock);
}

int asicsim_esw_mode_get(struct devlink *devlink, u16 *mode)
{
	*mode = asicsim_of(devlink)->esw_mode;
	return 0;
}

/* The changes of mode are told of by what comes and goes. */
static int mode_change(struct asicsim *sim, struct devlink *devlink, u16 mode,
		       struct netlink_ext_ack *extack)
{
	bool was = sim->esw_mode != DEVLINK_ESWITCH_MODE_LEGACY;
	bool is = mode != DEVLINK_ESWITCH_MODE_LEGACY;
	int err = 0;

	if (is && !was && asicsim_traps_active(sim)) {
		NL_SET_ERR_MSG_MOD(extack, "Can't change mode while devlink traps are active");
		return -EOPNOTSUPP;
	}
	asicsim_pause(sim, &sim->ports_ms);
	if (was && !is)
		asicsim_ports_del(sim, is_representor, NULL);
	if (is && !was)
		err = representors_add(sim, devlink);
	if (err)
		return err;
	mutex_lock(&sim->lock);
	sim->esw_mode = mode;
	mutex_unlock(&sim->lock);
	return 0;
}

/* mlx5_devlink_eswitch_mode_set() */
int asicsim_esw_mode_set(struct devlink *devlink, u16 mode, struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	int err;

	err = asicsim_set_begin(sim, ASICSIM_ESWITCH, "mode", extack);
	if (!err && mode != sim->esw_mode)
		err = asicsim_set_check(sim, ASICSIM_ESWITCH, "mode",
					mode_change(sim, devlink, mode, extack));
	if (!err)
		asicsim_count(sim, "eswitch_set mode %u", mode);
	return min(err, 0);
}

int asicsim_esw_inline_get(struct devlink *devlink, u8 *mode)
{
	*mode = asicsim_of(devlink)->esw_inline;
	return 0;
}

/* mlx5_devlink_eswitch_inline_mode_set(), of an adapter that needs nothing inline. */
static int inline_check(u8 mode, struct netlink_ext_ack *extack)
{
	if (mode == DEVLINK_ESWITCH_INLINE_MODE_NONE)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "Inline mode can't be set");
	return -EOPNOTSUPP;
}

int asicsim_esw_inline_set(struct devlink *devlink, u8 mode, struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	int err;

	err = asicsim_set_begin(sim, ASICSIM_ESWITCH, "inline_mode", extack);
	if (!err)
		err = asicsim_set_check(sim, ASICSIM_ESWITCH, "inline_mode",
					inline_check(mode, extack));
	if (!err)
		asicsim_count(sim, "eswitch_set inline_mode %u", mode);
	return min(err, 0);
}

int asicsim_esw_encap_get(struct devlink *devlink, enum devlink_eswitch_encap_mode *mode)
{
	*mode = asicsim_of(devlink)->esw_encap;
	return 0;
}

/* mlx5_devlink_eswitch_encap_mode_set() */
int asicsim_esw_encap_set(struct devlink *devlink, enum devlink_eswitch_encap_mode mode,
			  struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	int err;

	err = asicsim_set_begin(sim, ASICSIM_ESWITCH, "encap_mode", extack);
	if (err)
		return min(err, 0);
	mutex_lock(&sim->lock);
	sim->esw_encap = mode;
	mutex_unlock(&sim->lock);
	asicsim_count(sim, "eswitch_set encap_mode %u", mode);
	return 0;
}

/* With sim->lock. */
void asicsim_nic_show(const struct asicsim *sim, struct seq_file *s)
{
	static const char * const modes[] = { "legacy", "switchdev", "switchdev_inactive" };

	if (sim->model->nic)
		seq_printf(s, "eswitch %s %u %u\n", modes[sim->esw_mode], sim->esw_inline,
			   sim->esw_encap);
}
