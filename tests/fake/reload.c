// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DEVLINK_CMD_RELOAD: the checks of devlink_nl_cmd_reload(), then devlink_reload() in two halves
 * with the time of the reload between them.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of mutually exclusive bits, which one: -EINVAL none, -EOPNOTSUPP several. */
static int limit_of(struct call *c, uint8_t action, uint8_t *ret)
{
	const struct nlattr *a = c->a.v[DEVLINK_ATTR_RELOAD_LIMITS];
	struct nla_bitfield32 limits;
	uint32_t selected;

	*ret = DEVLINK_RELOAD_LIMIT_UNSPEC;
	if (!a)
		return 0;
	memcpy(&limits, attr_data(a), sizeof(limits));
	selected = limits.value & limits.selector;
	if (!selected) {
		call_say(c, "Invalid limit selected");
		return -EINVAL;
	}
	*ret = (uint8_t)__builtin_ctz(selected);
	if (selected != 1u << *ret) {
		call_say(c, "Multiselection of limit is not supported");
		return -EOPNOTSUPP;
	}
	if (!(c->dev->limits & selected)) {
		call_say(c, "Requested limit is not supported by the driver");
		return -EOPNOTSUPP;
	}
	if (action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT) {
		call_say(c, "Requested limit is invalid for this action");
		return -EINVAL;
	}
	return 0;
}

/* Devices of the model live in one network namespace: no other can be found. */
static int check_netns(struct call *c)
{
	unsigned n = !!c->a.v[DEVLINK_ATTR_NETNS_FD] + !!c->a.v[DEVLINK_ATTR_NETNS_PID] +
		     !!c->a.v[DEVLINK_ATTR_NETNS_ID];

	if (n)
		call_say(c, n > 1 ? "multiple netns identifying attributes specified"
				  : "Unable to find specified network namespace");
	return n ? -EINVAL : 0;
}

static int check(struct call *c, uint8_t *ret_action, uint8_t *ret_limit)
{
	const struct nlattr *action = c->a.v[DEVLINK_ATTR_RELOAD_ACTION];
	struct device *d = c->dev;
	int r;

	if (!d->actions)
		return -EOPNOTSUPP;
	if (!resources_valid(d)) {
		call_say(c, "resources size validation failed");
		return -EINVAL;
	}
	*ret_action = action ? (uint8_t)attr_num(action) : DEVLINK_RELOAD_ACTION_DRIVER_REINIT;
	if (!(d->actions & (1u << *ret_action))) {
		call_say(c, "Requested reload action is not supported by the driver");
		return -EOPNOTSUPP;
	}
	r = limit_of(c, *ret_action, ret_limit);
	return r ? r : check_netns(c);
}

static void traps_disable(struct device *d)
{
	for (size_t i = 0; i < d->n_traps; i++)
		d->traps[i].action = DEVLINK_TRAP_ACTION_DROP;
}

/** reload_down() - the driver tears down: the core disables each trap before it tells. */
void reload_down(struct fake *f, struct device *d)
{
	if (!d->up)
		return;
	notify_ports_down(f, d);
	if (!d->quirks.traps_survive) {
		traps_disable(d);
		notify_traps(f, d, false);
	}
	notify_params(f, d, DEVLINK_CMD_PARAM_DEL, true);
	notify_region(f, d, false);
	linecards_notify(f, d, false);
	d->up = false;
}

/* devl_resource_size_get() commits, before the driver knows that it can live with the size. */
static void read_sizes(struct device *d)
{
	for (size_t i = 0; i < d->n_resources; i++)
		if (!d->resources[i].unread)
			d->resources[i].size = d->resources[i].size_new;
}

static void read_params(struct device *d, uint8_t action)
{
	for (size_t i = 0; i < d->n_params; i++) {
		struct param *p = &d->params[i];

		if (d->quirks.reads_params & (1u << action))
			p->mode[DEVLINK_PARAM_CMODE_DRIVERINIT].active =
				p->mode[DEVLINK_PARAM_CMODE_DRIVERINIT].now;
		if (d->quirks.runtime_survives)
			continue;
		p->mode[DEVLINK_PARAM_CMODE_RUNTIME].now =
			p->mode[DEVLINK_PARAM_CMODE_RUNTIME].active =
				p->mode[DEVLINK_PARAM_CMODE_RUNTIME].initial;
	}
}

/** reload_up() - the driver brings everything up at its defaults. */
void reload_up(struct fake *f, struct device *d, uint8_t action)
{
	read_sizes(d);
	for (size_t i = 0; i < d->n_resources; i++)
		if (!d->resources[i].unread)
			d->resources[i].active = d->resources[i].size;
	read_params(d, action);
	if (!d->quirks.traps_survive)
		objects_reset(d);
	ports_reset(d);
	flats_reset(d, true);
	d->up = true;
	linecards_notify(f, d, true);
	notify_region(f, d, true);
	notify_params(f, d, DEVLINK_CMD_PARAM_NEW, true);
	if (!d->quirks.traps_survive)
		notify_traps(f, d, true);
	notify_ports_up(f, d);
}

/* From 6.3 on: devlink_params_driverinit_load_new(), for the requested action only. */
static void load_fresh(struct device *d)
{
	for (size_t i = 0; i < d->n_params; i++) {
		struct value *fresh = &d->params[i].mode[DEVLINK_PARAM_CMODE_DRIVERINIT].fresh;

		if (!fresh->has)
			continue;
		d->params[i].mode[DEVLINK_PARAM_CMODE_DRIVERINIT].now = *fresh;
		*fresh = (struct value){};
	}
}

static bool strikes(struct fate *fate)
{
	if (!fate->times)
		return false;
	fate->times--;
	return true;
}

int reload_start(struct call *c)
{
	struct device *d = c->dev;
	struct operation *o = &d->operation;
	uint8_t action, limit;
	int r = check(c, &action, &limit);

	if (r)
		return r;
	d->counts.reloads++;
	if (strikes(&d->refuse_down)) {
		call_say_driver(c, d->refuse_down.text);
		return -d->refuse_down.error;
	}
	if (limit && !d->up) {
		call_say_driver(c, "The device is down");
		return -EINVAL;
	}
	*o = (struct operation){.kind = OPERATION_RELOAD,
				.action = action,
				.limit = limit,
				.started = c->fake->now,
				.due = c->fake->now + d->quirks.reload_msec,
				.performed = limit ? 1u << action : d->quirks.performed[action]};
	if (!limit)
		reload_down(c->fake, d);
	if (c->fake->line >= FAKE_6_12 && action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT)
		load_fresh(d);
	c->socket->working = d;
	return reload_continue(c, d);
}

/* netdevsim's sizes are below what is in use: it gets half-way up and takes it all back. */
static int occupancy_error(struct fake *f, struct device *d)
{
	for (size_t i = 0; d->quirks.occ_enforced && i < d->n_resources; i++) {
		struct resource *r = &d->resources[i];

		if (r->unread || !r->has_occ || r->occ <= r->size)
			continue;
		objects_reset(d);
		notify_region(f, d, true);
		notify_traps(f, d, true);
		traps_disable(d);
		notify_traps(f, d, false);
		notify_region(f, d, false);
		return -ENOSPC;
	}
	return 0;
}

static int bring_up(struct call *c, struct device *d)
{
	bool fails = strikes(&d->fail_up);
	int r;

	if (!fails || !d->fail_up.early)
		read_sizes(d);
	if (fails) {
		call_say_driver(c, d->fail_up.text);
		return -d->fail_up.error;
	}
	r = occupancy_error(c->fake, d);
	if (r == 0)
		reload_up(c->fake, d, d->operation.action);
	return r;
}

/* devlink_reload_failed_set() tells only when the flag flips. */
static void set_failed(struct fake *f, struct device *d, bool failed)
{
	if (d->reload_failed == failed)
		return;
	d->reload_failed = failed;
	notify_device(f, d, DEVLINK_CMD_NEW);
}

static void count(struct device *d)
{
	for (unsigned action = 1; action < N_ACTIONS; action++)
		if (d->operation.performed & (1u << action))
			d->stats[0][action][d->operation.limit]++;
}

/* Only a request that named an action or a limit is told what was performed. */
static void reply(struct call *c, struct device *d)
{
	struct nla_bitfield32 performed = {d->operation.performed, d->operation.performed};
	struct bytes b = {};
	size_t at;

	if (!c->a.v[DEVLINK_ATTR_RELOAD_ACTION] && !c->a.v[DEVLINK_ATTR_RELOAD_LIMITS])
		return;
	at = reply_start(c, &b, DEVLINK_CMD_RELOAD, 0);
	put_handle(&b, d);
	put_attr(&b, DEVLINK_ATTR_RELOAD_ACTIONS_PERFORMED, &performed, sizeof(performed));
	reply_send(c, &b, at);
}

/** reload_continue() - the second half, when the time has come. */
int reload_continue(struct call *c, struct device *d)
{
	struct operation *o = &d->operation;
	int r = 0;

	if (c->fake->now < o->due)
		return CALL_WAIT;
	if (!o->limit)
		r = bring_up(c, d);
	set_failed(c->fake, d, r != 0);
	if (r == 0) {
		if (o->performed & (1u << DEVLINK_RELOAD_ACTION_FW_ACTIVATE))
			firmware_activate(d);
		firmware_upgrade(c->fake, d);
		count(d);
		notify_device(c->fake, d, DEVLINK_CMD_NEW);
		reply(c, d);
	}
	o->kind = OPERATION_NONE;
	c->socket->working = NULL;
	return r;
}
