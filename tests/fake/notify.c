// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Contents of messages, as the fill functions of net/devlink write them, and notifications: flags,
 * sequence number and port are 0, and they go to every member of the group, the sender included.
 * A notification whose fill fails is not sent.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void put_handle(struct bytes *b, const struct device *d)
{
	put_string(b, DEVLINK_ATTR_BUS_NAME, d->bus);
	put_string(b, DEVLINK_ATTR_DEV_NAME, d->dev);
	if (d->index)
		put_u32(b, ATTR_INDEX, d->index);
}

/* devlink_reload_stats_put(): the remote half lists all pairs that are valid at all. */
static void put_stats(struct bytes *b, const struct device *d, bool remote)
{
	size_t stats = nest_start(
		b, (remote ? DEVLINK_ATTR_REMOTE_RELOAD_STATS : DEVLINK_ATTR_RELOAD_STATS) |
			   NLA_F_NESTED);

	for (uint8_t action = 1; action < N_ACTIONS; action++) {
		size_t info, list;

		if (!remote && !(d->actions & (1u << action)))
			continue;
		info = nest_start(b, DEVLINK_ATTR_RELOAD_ACTION_INFO | NLA_F_NESTED);
		put_u8(b, DEVLINK_ATTR_RELOAD_ACTION, action);
		list = nest_start(b, DEVLINK_ATTR_RELOAD_ACTION_STATS | NLA_F_NESTED);
		for (uint8_t limit = 0; limit < N_LIMITS; limit++) {
			size_t entry;

			if (limit && (action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT ||
				      (!remote && !(d->limits & (1u << limit)))))
				continue;
			entry = nest_start(b, DEVLINK_ATTR_RELOAD_STATS_ENTRY | NLA_F_NESTED);
			put_u8(b, DEVLINK_ATTR_RELOAD_STATS_LIMIT, limit);
			put_u32(b, DEVLINK_ATTR_RELOAD_STATS_VALUE,
				d->stats[remote][action][limit]);
			nest_end(b, entry);
		}
		nest_end(b, list);
		nest_end(b, info);
	}
	nest_end(b, stats);
}

/** fill_device() - devlink_nl_fill(). */
void fill_device(struct fake *f, struct bytes *b, const struct device *d)
{
	size_t stats;

	b->pad = f->pad;
	put_handle(b, d);
	put_u8(b, DEVLINK_ATTR_RELOAD_FAILED, d->reload_failed);
	stats = nest_start(b, DEVLINK_ATTR_DEV_STATS | NLA_F_NESTED);
	put_stats(b, d, false);
	put_stats(b, d, true);
	nest_end(b, stats);
}

static void put_versions(struct bytes *b, uint16_t type, json_t *list)
{
	const char *name;
	json_t *value;

	json_object_foreach(list, name, value) {
		size_t nest = nest_start(b, type);

		put_string(b, DEVLINK_ATTR_INFO_VERSION_NAME, name);
		put_string(b, DEVLINK_ATTR_INFO_VERSION_VALUE, json_string_value(value));
		nest_end(b, nest);
	}
}

/** fill_info() - what a driver's info_get tells. */
void fill_info(struct bytes *b, const struct device *d)
{
	const char *serial = json_string_value(json_object_get(d->facts, "serial_number"));
	const char *board = json_string_value(json_object_get(d->facts, "board.serial_number"));

	put_handle(b, d);
	if (d->driver)
		put_string(b, DEVLINK_ATTR_INFO_DRIVER_NAME, d->driver);
	if (serial)
		put_string(b, DEVLINK_ATTR_INFO_SERIAL_NUMBER, serial);
	if (board)
		put_string(b, DEVLINK_ATTR_INFO_BOARD_SERIAL_NUMBER, board);
	put_versions(b, DEVLINK_ATTR_INFO_VERSION_FIXED, json_object_get(d->versions, "fixed"));
	put_versions(b, DEVLINK_ATTR_INFO_VERSION_RUNNING, json_object_get(d->versions, "running"));
	put_versions(b, DEVLINK_ATTR_INFO_VERSION_STORED, json_object_get(d->versions, "stored"));
}

static void put_value(struct bytes *b, uint16_t attr, enum param_type type, const struct value *v)
{
	switch (type) {
	case TYPE_U8:
		put_u8(b, attr, (uint8_t)v->num);
		return;
	case TYPE_U16:
		put_u16(b, attr, (uint16_t)v->num);
		return;
	case TYPE_U32:
		put_u32(b, attr, (uint32_t)v->num);
		return;
	case TYPE_U64:
		put_u64(b, attr, v->num);
		return;
	case TYPE_STRING:
		put_string(b, attr, v->str);
		return;
	case TYPE_FLAG: /* false is the absence of the attribute, except as a default */
		if (attr == ATTR_PARAM_VALUE_DEFAULT)
			put_u8(b, attr, v->num != 0);
		else if (v->num)
			put_flag(b, attr);
		return;
	}
}

/**
 * fill_param() - devlink_nl_param_fill().
 *
 * Return: 0; -EOPNOTSUPP where a driverinit value was never set or the param is not there now;
 * -EMSGSIZE where it is broken.
 */
int fill_param(struct fake *f, struct bytes *b, const struct device *d, const struct param *p)
{
	size_t param, list;

	if (p->broken)
		return -EMSGSIZE;
	if (p->by_up && !d->up)
		return -EOPNOTSUPP;
	if (p->mode[DEVLINK_PARAM_CMODE_DRIVERINIT].supported &&
	    !p->mode[DEVLINK_PARAM_CMODE_DRIVERINIT].now.has &&
	    !p->mode[DEVLINK_PARAM_CMODE_DRIVERINIT].fresh.has)
		return -EOPNOTSUPP;
	b->pad = f->pad;
	put_handle(b, d);
	param = nest_start(b, DEVLINK_ATTR_PARAM);
	put_string(b, DEVLINK_ATTR_PARAM_NAME, p->name);
	if (p->generic)
		put_flag(b, DEVLINK_ATTR_PARAM_GENERIC);
	put_u8(b, DEVLINK_ATTR_PARAM_TYPE, (uint8_t)p->type);
	list = nest_start(b, DEVLINK_ATTR_PARAM_VALUES_LIST);
	for (uint8_t i = 0; i < N_CMODES; i++) {
		const struct value *v = p->mode[i].fresh.has ? &p->mode[i].fresh : &p->mode[i].now;
		size_t nest;

		if (!p->mode[i].supported)
			continue;
		nest = nest_start(b, DEVLINK_ATTR_PARAM_VALUE);
		put_u8(b, DEVLINK_ATTR_PARAM_VALUE_CMODE, i);
		if (v->has)
			put_value(b, DEVLINK_ATTR_PARAM_VALUE_DATA, p->type, v);
		if (f->line >= FAKE_7_3 && p->mode[i].preset.has)
			put_value(b, ATTR_PARAM_VALUE_DEFAULT, p->type, &p->mode[i].preset);
		nest_end(b, nest);
	}
	nest_end(b, list);
	nest_end(b, param);
	return 0;
}

/* Nothing is ever trapped here: the counters stand at 0. */
static void put_trap_stats(struct bytes *b)
{
	size_t stats = nest_start(b, DEVLINK_ATTR_STATS);

	put_u64(b, DEVLINK_ATTR_STATS_RX_PACKETS, 0);
	put_u64(b, DEVLINK_ATTR_STATS_RX_BYTES, 0);
	nest_end(b, stats);
}

/** fill_trap() - devlink_nl_trap_fill(). Return: 0, or -EMSGSIZE where a counter cannot be read. */
int fill_trap(struct bytes *b, const struct device *d, const struct trap *t)
{
	size_t nest;

	if (t->broken)
		return -EMSGSIZE;
	put_handle(b, d);
	put_string(b, DEVLINK_ATTR_TRAP_GROUP_NAME, d->groups[t->group].name);
	put_string(b, DEVLINK_ATTR_TRAP_NAME, t->name);
	put_u8(b, DEVLINK_ATTR_TRAP_TYPE, t->type);
	if (t->generic)
		put_flag(b, DEVLINK_ATTR_TRAP_GENERIC);
	put_u8(b, DEVLINK_ATTR_TRAP_ACTION, t->action);
	nest = nest_start(b, DEVLINK_ATTR_TRAP_METADATA);
	put_flag(b, DEVLINK_ATTR_TRAP_METADATA_TYPE_IN_PORT);
	nest_end(b, nest);
	put_trap_stats(b);
	return 0;
}

int fill_group(struct bytes *b, const struct device *d, const struct group *g)
{
	if (g->broken)
		return -EMSGSIZE;
	put_handle(b, d);
	put_string(b, DEVLINK_ATTR_TRAP_GROUP_NAME, g->name);
	if (g->generic)
		put_flag(b, DEVLINK_ATTR_TRAP_GENERIC);
	if (g->policer)
		put_u32(b, DEVLINK_ATTR_TRAP_POLICER_ID, g->policer);
	put_trap_stats(b);
	return 0;
}

int fill_policer(struct bytes *b, const struct device *d, const struct policer *p)
{
	size_t stats;

	if (p->broken)
		return -EMSGSIZE;
	put_handle(b, d);
	put_u32(b, DEVLINK_ATTR_TRAP_POLICER_ID, p->id);
	put_u64(b, DEVLINK_ATTR_TRAP_POLICER_RATE, p->rate);
	put_u64(b, DEVLINK_ATTR_TRAP_POLICER_BURST, p->burst);
	stats = nest_start(b, DEVLINK_ATTR_STATS);
	put_u64(b, DEVLINK_ATTR_STATS_RX_DROPPED, 0);
	nest_end(b, stats);
	return 0;
}

/** notify_send() - multicast what is in @b, and free it. */
void notify_send(struct fake *f, struct bytes *b)
{
	for (struct fake_socket *s = f->sockets; s; s = s->next) {
		struct bytes copy = {};

		if (!s->member)
			continue;
		bytes_put(&copy, b->data, b->len);
		socket_put(s, &copy);
	}
	bytes_clear(b);
}

/** notify_start() - a notification begins in @b. Return: for notify_finish(). */
size_t notify_start(struct fake *f, struct bytes *b, uint8_t command)
{
	b->pad = f->pad;
	return genl_start(b, FAMILY, command, 0, 0, 0);
}

/** notify_finish() - send it, unless there was an @error. */
void notify_finish(struct fake *f, struct bytes *b, size_t at, int error)
{
	message_end(b, at);
	if (error)
		bytes_clear(b);
	else
		notify_send(f, b);
}

void notify_device(struct fake *f, struct device *d, uint8_t command)
{
	struct bytes b = {};
	size_t at = notify_start(f, &b, command);

	fill_device(f, &b, d);
	notify_finish(f, &b, at, 0);
}

void notify_param(struct fake *f, struct device *d, struct param *p, uint8_t command)
{
	struct bytes b = {};
	size_t at = notify_start(f, &b, command);

	notify_finish(f, &b, at, fill_param(f, &b, d, p));
}

/* In the order of registration. 6.1 tells of their removal in the opposite order. */
void notify_params(struct fake *f, struct device *d, uint8_t command, bool by_up)
{
	bool back = command == DEVLINK_CMD_PARAM_DEL && f->line < FAKE_6_12;

	for (size_t i = 0; i < d->n_params; i++) {
		struct param *p = &d->params[back ? d->n_params - 1 - i : i];

		if (command == DEVLINK_CMD_PARAM_DEL && d->quirks.removed_by_id)
			p = &d->params[param_by_id(f, d, i) - d->params];
		if (p->by_up == by_up)
			notify_param(f, d, p, command);
	}
}

static void notify_policers(struct fake *f, struct device *d, bool new)
{
	for (size_t i = 0; i < d->n_policers; i++) {
		struct bytes b = {};
		size_t at = notify_start(
			f, &b, new ? DEVLINK_CMD_TRAP_POLICER_NEW : DEVLINK_CMD_TRAP_POLICER_DEL);

		notify_finish(f, &b, at,
			      fill_policer(&b, d, &d->policers[new ? i : d->n_policers - 1 - i]));
	}
}

static void notify_groups(struct fake *f, struct device *d, bool new)
{
	for (size_t i = 0; i < d->n_groups; i++) {
		struct bytes b = {};
		size_t at = notify_start(
			f, &b, new ? DEVLINK_CMD_TRAP_GROUP_NEW : DEVLINK_CMD_TRAP_GROUP_DEL);

		notify_finish(f, &b, at,
			      fill_group(&b, d, &d->groups[new ? i : d->n_groups - 1 - i]));
	}
}

/**
 * notify_traps() - all trap policers, groups and traps; removal is the mirror of registration.
 *
 * The caller has set the actions of the traps to drop where the core disables a trap before it
 * tells of its removal.
 */
void notify_traps(struct fake *f, struct device *d, bool new)
{
	if (new) {
		notify_policers(f, d, true);
		notify_groups(f, d, true);
	}
	for (size_t i = 0; i < d->n_traps; i++) {
		struct bytes b = {};
		size_t at = notify_start(f, &b, new ? DEVLINK_CMD_TRAP_NEW : DEVLINK_CMD_TRAP_DEL);

		notify_finish(f, &b, at, fill_trap(&b, d, &d->traps[new ? i : d->n_traps - 1 - i]));
	}
	if (!new) {
		notify_groups(f, d, false);
		notify_policers(f, d, false);
	}
}

void notify_region(struct fake *f, struct device *d, bool new)
{
	struct bytes b = {};
	size_t at;

	if (!d->quirks.region)
		return;
	at = notify_start(f, &b, new ? DEVLINK_CMD_REGION_NEW : DEVLINK_CMD_REGION_DEL);
	put_handle(&b, d);
	put_string(&b, DEVLINK_ATTR_REGION_NAME, d->quirks.region);
	put_u64(&b, DEVLINK_ATTR_REGION_SIZE, 32768);
	notify_finish(f, &b, at, 0);
}

/** notify_flash() - FLASH_UPDATE and _END carry the handle only. */
void notify_flash(struct fake *f, struct device *d, uint8_t command)
{
	struct bytes b = {};
	size_t at = notify_start(f, &b, command);

	put_handle(&b, d);
	notify_finish(f, &b, at, 0);
}

/** notify_status() - progress of a flash: @done of @total, or for how many seconds to wait. */
void notify_status(struct fake *f, struct device *d, const char *text, uint64_t done,
		   uint64_t total, uint64_t timeout)
{
	struct bytes b = {};
	size_t at = notify_start(f, &b, DEVLINK_CMD_FLASH_UPDATE_STATUS);

	put_handle(&b, d);
	put_string(&b, DEVLINK_ATTR_FLASH_UPDATE_STATUS_MSG, text);
	if (*d->operation.component)
		put_string(&b, DEVLINK_ATTR_FLASH_UPDATE_COMPONENT, d->operation.component);
	put_u64(&b, DEVLINK_ATTR_FLASH_UPDATE_STATUS_DONE, done);
	put_u64(&b, DEVLINK_ATTR_FLASH_UPDATE_STATUS_TOTAL, total);
	put_u64(&b, DEVLINK_ATTR_FLASH_UPDATE_STATUS_TIMEOUT, timeout);
	notify_finish(f, &b, at, 0);
}
