// SPDX-License-Identifier: GPL-2.0
/*
 * Packet traps, their groups and policers: registering them, the rules by which the hardware
 * refuses a change, and what is in force. Knows nothing of reloads but "up" and "down".
 *
 * A kept trap (knob keep_traps) stays registered where the core allows it; where the core wants
 * everything gone in the middle of a driver_reinit, it is registered anew with the value it had.
 */
#include <linux/log2.h>

#include "asicsim.h"

const char *asicsim_action_name(enum devlink_trap_action action)
{
	switch (action) {
	case DEVLINK_TRAP_ACTION_DROP:
		return "drop";
	case DEVLINK_TRAP_ACTION_TRAP:
		return "trap";
	case DEVLINK_TRAP_ACTION_MIRROR:
		return "mirror";
	default:
		return "?";
	}
}

static struct asicsim_trap *trap_of(struct asicsim *sim, const struct devlink_trap *def)
{
	return &sim->traps[def - sim->trap_defs];
}

static struct asicsim_group *group_of(struct asicsim *sim, const struct devlink_trap_group *def)
{
	return &sim->groups[def - sim->group_defs];
}

static struct asicsim_policer *policer_of(struct asicsim *sim,
					  const struct devlink_trap_policer *def)
{
	return &sim->policers[def - sim->policer_defs];
}

static void add_traps(struct asicsim *sim, const struct asicsim_trap_desc *desc, size_t n)
{
	for (; n; n--, desc++) {
		sim->trap_defs[sim->n_traps] = desc->trap;
		sim->traps[sim->n_traps++].source = desc->source;
	}
}

static void add_groups(struct asicsim *sim, const struct asicsim_group_desc *desc, size_t n)
{
	for (; n; n--, desc++) {
		sim->group_defs[sim->n_groups] = desc->group;
		sim->groups[sim->n_groups++].fixed = desc->fixed;
	}
}

/* Everything as the model has it. Nothing may be registered. */
void asicsim_traps_reset(struct asicsim *sim)
{
	const struct asicsim_model *m = sim->model;

	mutex_lock(&sim->lock);
	sim->n_traps = 0;
	sim->n_groups = 0;
	sim->n_policers = m->n_policers;
	add_traps(sim, m->traps, m->n_traps);
	add_traps(sim, m->own_traps, m->n_own_traps);
	add_groups(sim, m->groups, m->n_groups);
	add_groups(sim, m->own_groups, m->n_own_groups);
	memcpy(sim->policer_defs, m->policers, m->n_policers * sizeof(*m->policers));
	mutex_unlock(&sim->lock);
}

/* What is in force becomes what the next registration starts with. */
static void traps_remember(struct asicsim *sim)
{
	u32 i;

	mutex_lock(&sim->lock);
	for (i = 0; i < sim->n_traps; i++)
		sim->trap_defs[i].init_action = sim->traps[i].action;
	for (i = 0; i < sim->n_groups; i++)
		sim->group_defs[i].init_policer_id = sim->groups[i].policer;
	for (i = 0; i < sim->n_policers; i++) {
		sim->policer_defs[i].init_rate = sim->policers[i].rate;
		sim->policer_defs[i].init_burst = sim->policers[i].burst;
	}
	mutex_unlock(&sim->lock);
}

static void set_on(struct asicsim *sim, bool on)
{
	mutex_lock(&sim->lock);
	sim->traps_on = on;
	mutex_unlock(&sim->lock);
}

/*
 * Policers, then groups, then traps, as in mlxsw_sp_devlink_traps_init(); all of a kind at once
 * and not one by one, which spares a synchronize_rcu() per trap when they go.
 */
int asicsim_traps_up(struct asicsim *sim, struct devlink *devlink)
{
	int err;

	if (sim->traps_on)
		return 0;
	if (!sim->keep_traps)
		asicsim_traps_reset(sim);
	err = devl_trap_policers_register(devlink, sim->policer_defs, sim->n_policers);
	if (err)
		return err;
	err = devl_trap_groups_register(devlink, sim->group_defs, sim->n_groups);
	if (err)
		goto err_policers;
	err = devl_traps_register(devlink, sim->trap_defs, sim->n_traps, sim);
	if (err)
		goto err_groups;
	set_on(sim, true);
	return 0;

err_groups:
	devl_trap_groups_unregister(devlink, sim->group_defs, sim->n_groups);
err_policers:
	devl_trap_policers_unregister(devlink, sim->policer_defs, sim->n_policers);
	return err;
}

void asicsim_traps_down(struct asicsim *sim, struct devlink *devlink, bool final)
{
	bool keep = sim->keep_traps && !final;

	if (!sim->traps_on || (keep && !ASICSIM_REGISTERS_FIRST))
		return;
	if (keep)
		traps_remember(sim);
	sim->removing = true;		/* the core sets each trap to "drop" before it goes */
	devl_traps_unregister(devlink, sim->trap_defs, sim->n_traps);
	sim->removing = false;
	devl_trap_groups_unregister(devlink, sim->group_defs, sim->n_groups);
	devl_trap_policers_unregister(devlink, sim->policer_defs, sim->n_policers);
	set_on(sim, false);
}

int asicsim_trap_init(struct devlink *devlink, const struct devlink_trap *trap, void *ctx)
{
	struct asicsim *sim = asicsim_of(devlink);

	mutex_lock(&sim->lock);
	trap_of(sim, trap)->action = trap->init_action;
	mutex_unlock(&sim->lock);
	return 0;
}

static int trap_take(struct asicsim *sim, const struct devlink_trap *trap,
		     enum devlink_trap_action action)
{
	const char *name = asicsim_action_name(action);

	if (asicsim_set_ignored(sim, ASICSIM_TRAP, trap->name)) {
		asicsim_count(sim, "trap_ignored %s %s", trap->name, name);
		return 0;
	}
	mutex_lock(&sim->lock);
	trap_of(sim, trap)->action = action;
	mutex_unlock(&sim->lock);
	asicsim_count(sim, "trap_set %s %s", trap->name, name);
	asicsim_stamp(sim, &sim->set_at);
	return 0;
}

static int trap_refuse(struct asicsim *sim, const struct devlink_trap *trap,
		       enum devlink_trap_action action, int err)
{
	asicsim_count(sim, "trap_refused %s %s %d", trap->name, asicsim_action_name(action), -err);
	return err;
}

/* mlxsw_sp_trap_action_set(): fixed sources first, then anything but drop and trap. */
int asicsim_spectrum_trap_set(struct devlink *devlink, const struct devlink_trap *trap,
			      enum devlink_trap_action action, struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	int err;

	if (sim->removing)
		return 0;
	err = asicsim_set_fails(sim, ASICSIM_TRAP, trap->name, extack);
	if (!err && trap_of(sim, trap)->source) {
		NL_SET_ERR_MSG_MOD(extack, "the action of a source trap cannot be changed");
		err = -EOPNOTSUPP;
	}
	if (!err && action != DEVLINK_TRAP_ACTION_DROP && action != DEVLINK_TRAP_ACTION_TRAP)
		err = -EINVAL;
	return err ? trap_refuse(sim, trap, action, err) : trap_take(sim, trap, action);
}

/* mlx5_devlink_trap_get_num_active() */
bool asicsim_traps_active(struct asicsim *sim)
{
	bool active = false;
	u32 i;

	mutex_lock(&sim->lock);
	for (i = 0; i < sim->n_traps; i++)
		active |= sim->trap_defs[i].type == DEVLINK_TRAP_TYPE_DROP &&
			  sim->traps[i].action == DEVLINK_TRAP_ACTION_TRAP;
	mutex_unlock(&sim->lock);
	return active;
}

/* mlx5_devlink_trap_action_set(): EOPNOTSUPP where mlxsw says EINVAL. */
int asicsim_mlx5ish_trap_set(struct devlink *devlink, const struct devlink_trap *trap,
			     enum devlink_trap_action action, struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	int err;

	if (sim->removing)
		return 0;
	err = asicsim_set_fails(sim, ASICSIM_TRAP, trap->name, extack);
	if (!err && action != DEVLINK_TRAP_ACTION_DROP && action != DEVLINK_TRAP_ACTION_TRAP)
		err = -EOPNOTSUPP;
	if (!err && sim->esw_mode != DEVLINK_ESWITCH_MODE_LEGACY) {
		NL_SET_ERR_MSG_MOD(extack, "Devlink traps can't be set in switchdev mode");
		err = -EOPNOTSUPP;
	}
	return err ? trap_refuse(sim, trap, action, err) : trap_take(sim, trap, action);
}

int asicsim_group_init(struct devlink *devlink, const struct devlink_trap_group *group)
{
	struct asicsim *sim = asicsim_of(devlink);

	mutex_lock(&sim->lock);
	group_of(sim, group)->policer = group->init_policer_id;
	mutex_unlock(&sim->lock);
	return 0;
}

/* __mlxsw_sp_trap_group_init(): a fixed binding may be set to what it is, to nothing else. */
int asicsim_group_set(struct devlink *devlink, const struct devlink_trap_group *group,
		      const struct devlink_trap_policer *policer, struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	u32 id = policer ? policer->id : 0;
	int err;

	err = asicsim_set_fails(sim, ASICSIM_GROUP, group->name, extack);
	if (!err && group_of(sim, group)->fixed && id != group->init_policer_id) {
		NL_SET_ERR_MSG_MOD(extack, "the policer of this group is fixed");
		err = -EOPNOTSUPP;
	}
	if (err) {
		asicsim_count(sim, "group_refused %s %u %d", group->name, id, -err);
		return err;
	}
	if (asicsim_set_ignored(sim, ASICSIM_GROUP, group->name)) {
		asicsim_count(sim, "group_ignored %s %u", group->name, id);
		return 0;
	}
	mutex_lock(&sim->lock);
	group_of(sim, group)->policer = id;
	mutex_unlock(&sim->lock);
	asicsim_count(sim, "group_set %s %u", group->name, id);
	asicsim_stamp(sim, &sim->set_at);
	return 0;
}

int asicsim_policer_init(struct devlink *devlink, const struct devlink_trap_policer *policer)
{
	struct asicsim *sim = asicsim_of(devlink);

	mutex_lock(&sim->lock);
	policer_of(sim, policer)->rate = policer->init_rate;
	policer_of(sim, policer)->burst = policer->init_burst;
	mutex_unlock(&sim->lock);
	return 0;
}

/* mlxsw_sp_trap_policer_bs(); the core has checked minimum and maximum. */
int asicsim_policer_set(struct devlink *devlink, const struct devlink_trap_policer *policer,
			u64 rate, u64 burst, struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	char name[16];
	int err;

	snprintf(name, sizeof(name), "%u", policer->id);
	err = asicsim_set_fails(sim, ASICSIM_POLICER, name, extack);
	if (!err && !is_power_of_2(burst)) {
		NL_SET_ERR_MSG_MOD(extack, "the burst must be a power of two");
		err = -EINVAL;
	}
	if (err) {
		asicsim_count(sim, "policer_refused %s %llu %llu %d", name, rate, burst, -err);
		return err;
	}
	if (asicsim_set_ignored(sim, ASICSIM_POLICER, name)) {
		asicsim_count(sim, "policer_ignored %s %llu %llu", name, rate, burst);
		return 0;
	}
	mutex_lock(&sim->lock);
	policer_of(sim, policer)->rate = rate;
	policer_of(sim, policer)->burst = burst;
	mutex_unlock(&sim->lock);
	asicsim_count(sim, "policer_set %s %llu %llu", name, rate, burst);
	asicsim_stamp(sim, &sim->set_at);
	return 0;
}

int asicsim_policer_drops(struct devlink *devlink, const struct devlink_trap_policer *policer,
			  u64 *drops)
{
	*drops = 0;
	return 0;
}
