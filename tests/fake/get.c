// SPDX-License-Identifier: GPL-2.0-or-later
/* The GET commands, by name and as dumps, and RESOURCE_DUMP, which is no dump before 7.3. */
#include "model.h"

#include <errno.h>
#include <string.h>

/* A doit's buffer, GENLMSG_DEFAULT_SIZE: what is left of a page. */
#define REPLY_ROOM 3760

/* Send what was filled, unless filling it failed with @r. */
static int reply_one(struct call *c, int r, struct bytes *b, size_t at)
{
	if (r == 0)
		reply_send(c, b, at);
	else
		bytes_clear(b);
	return r;
}

int get_device(struct call *c)
{
	struct bytes b = {};
	size_t at = reply_start(c, &b, DEVLINK_CMD_NEW, 0);

	fill_device(c->fake, &b, c->dev);
	return reply_one(c, 0, &b, at);
}

int get_info(struct call *c)
{
	struct bytes b = {};
	size_t at;

	if (!c->dev->quirks.info)
		return -EOPNOTSUPP;
	at = reply_start(c, &b, DEVLINK_CMD_INFO_GET, 0);
	fill_info(&b, c->dev);
	return reply_one(c, 0, &b, at);
}

int get_port(struct call *c)
{
	const struct nlattr *index = c->a.v[DEVLINK_ATTR_PORT_INDEX];
	struct bytes b = {};
	size_t at;

	if (!index)
		return -EINVAL;
	for (unsigned i = 0; c->dev->up && i < ports_of(c->dev); i++) {
		if (port_index(c->dev, i) != attr_num(index))
			continue;
		at = reply_start(c, &b, DEVLINK_CMD_PORT_NEW, 0);
		return reply_one(c, fill_port(&b, c->dev, i, PORT_NETDEV), &b, at);
	}
	return -ENODEV;
}

/** param_by_id() - number @i of a dump: 6.1 keeps a list, 6.12 goes by the ids. */
const struct param *param_by_id(const struct fake *f, const struct device *d, size_t i)
{
	for (size_t k = 0; f->line >= FAKE_6_12 && k < d->n_params; k++) {
		size_t before = 0;

		for (size_t n = 0; n < d->n_params; n++)
			before += d->params[n].id < d->params[k].id;
		if (before == i)
			return &d->params[k];
	}
	return &d->params[i];
}

int get_param(struct call *c)
{
	const char *name = call_string(c, DEVLINK_ATTR_PARAM_NAME);
	struct param *p;
	struct bytes b = {};
	size_t at;

	if (!name)
		return call_missing(c, DEVLINK_ATTR_PARAM_NAME);
	p = param_find(c->dev, name);
	if (!p || (p->by_up && !c->dev->up))
		return -EINVAL;
	at = reply_start(c, &b, DEVLINK_CMD_PARAM_GET, 0);
	return reply_one(c, fill_param(c->fake, &b, c->dev, p), &b, at);
}

int get_trap(struct call *c)
{
	const char *name = call_string(c, DEVLINK_ATTR_TRAP_NAME);
	struct trap *t = name ? trap_find(c->dev, name) : NULL;
	struct bytes b = {};
	size_t at;

	if (!c->dev->n_traps || !device_has_traps(c->dev))
		return -EOPNOTSUPP;
	if (!t) {
		call_say(c, "Device did not register this trap");
		return -ENOENT;
	}
	at = reply_start(c, &b, DEVLINK_CMD_TRAP_NEW, 0);
	return reply_one(c, fill_trap(&b, c->dev, t), &b, at);
}

int get_group(struct call *c)
{
	const char *name = call_string(c, DEVLINK_ATTR_TRAP_GROUP_NAME);
	struct group *g = name ? group_find(c->dev, name) : NULL;
	struct bytes b = {};
	size_t at;

	if (!c->dev->n_groups || !device_has_traps(c->dev))
		return -EOPNOTSUPP;
	if (!g) {
		call_say(c, "Device did not register this trap group");
		return -ENOENT;
	}
	at = reply_start(c, &b, DEVLINK_CMD_TRAP_GROUP_NEW, 0);
	return reply_one(c, fill_group(&b, c->dev, g), &b, at);
}

int get_policer(struct call *c)
{
	const struct nlattr *id = c->a.v[DEVLINK_ATTR_TRAP_POLICER_ID];
	struct policer *p = id ? policer_find(c->dev, (uint32_t)attr_num(id)) : NULL;
	struct bytes b = {};
	size_t at;

	if (!c->dev->n_policers || !device_has_traps(c->dev))
		return -EOPNOTSUPP;
	if (!p) {
		call_say(c, "Device did not register this trap policer");
		return -ENOENT;
	}
	at = reply_start(c, &b, DEVLINK_CMD_TRAP_POLICER_NEW, 0);
	return reply_one(c, fill_policer(&b, c->dev, p), &b, at);
}

/* devlink_resource_put(): number @i of the @n in @list, with its children. */
static void put_resource(struct bytes *b, const struct device *d, const struct resource *all,
			 size_t n, size_t i)
{
	const struct resource *r = &all[i];
	size_t nest = nest_start(b, DEVLINK_ATTR_RESOURCE), list;

	put_string(b, DEVLINK_ATTR_RESOURCE_NAME, strrchr(r->path, '/') + 1);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE, r->size);
	put_u64(b, DEVLINK_ATTR_RESOURCE_ID, r->id);
	if (r->size != r->size_new)
		put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_NEW, r->size_new);
	if (r->has_occ && d->up)
		put_u64(b, DEVLINK_ATTR_RESOURCE_OCC, r->occ);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_GRAN, r->granularity);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_MAX, r->max);
	put_u64(b, DEVLINK_ATTR_RESOURCE_SIZE_MIN, r->min);
	put_u8(b, DEVLINK_ATTR_RESOURCE_UNIT, r->unit);
	if (!r->leaf) {
		put_u8(b, DEVLINK_ATTR_RESOURCE_SIZE_VALID, r->valid);
		list = nest_start(b, DEVLINK_ATTR_RESOURCE_LIST);
		for (size_t k = 0; k < n; k++)
			if (all[k].parent == i + 1)
				put_resource(b, d, all, n, k);
		nest_end(b, list);
	}
	nest_end(b, nest);
}

/* The resources of the port @i, in one list. */
static int fill_port_resources(struct bytes *b, const struct device *d, unsigned i)
{
	size_t list;

	if (!d->n_port_resources)
		return -EOPNOTSUPP;
	put_handle(b, d);
	put_u32(b, DEVLINK_ATTR_PORT_INDEX, port_index(d, i));
	list = nest_start(b, DEVLINK_ATTR_RESOURCE_LIST);
	for (size_t k = 0; k < d->n_port_resources; k++)
		put_resource(b, d, d->port_resources, d->n_port_resources, k);
	nest_end(b, list);
	return 0;
}

static int get_port_resources(struct call *c, uint64_t port)
{
	struct device *d = c->dev;
	struct bytes b = {};
	unsigned i = 0, n = d->up ? ports_of(d) : 0;
	size_t at;
	int r;

	while (i < n && port_index(d, i) != port)
		i++;
	if (i == n)
		return -ENODEV;
	at = reply_start(c, &b, DEVLINK_CMD_RESOURCE_DUMP, NLM_F_MULTI);
	r = fill_port_resources(&b, d, i);
	if (r)
		return reply_one(c, r, &b, at);
	message_end(&b, at);
	at = b.len;
	message_start(&b, NLMSG_DONE, NLM_F_MULTI, c->m->nlmsg_seq, c->m->nlmsg_pid);
	reply_send(c, &b, at);
	return 0;
}

/* Part @i of a dump of 7.3: the device's resources, then those of its ports. */
static int fill_resources(struct bytes *b, const struct device *d, uint32_t scope, size_t i)
{
	size_t list;

	if (scope && !(scope & (i ? SCOPE_PORTS : SCOPE_DEVICE)))
		return -EOPNOTSUPP;
	if (i)
		return fill_port_resources(b, d, (unsigned)i - 1);
	if (!d->n_resources)
		return -EOPNOTSUPP;
	put_handle(b, d);
	list = nest_start(b, DEVLINK_ATTR_RESOURCE_LIST);
	for (size_t k = 0; k < d->n_resources; k++)
		if (d->resources[k].depth == 1)
			put_resource(b, d, d->resources, d->n_resources, k);
	nest_end(b, list);
	return 0;
}

/*
 * devlink_resource_fill(): as many top-level trees in a message as fit, each message in a datagram
 * of its own, NLMSG_DONE behind the last. The acknowledgement comes after it.
 */
int get_resources(struct call *c)
{
	struct device *d = c->dev;
	size_t room = c->fake->chunk_limit ?: REPLY_ROOM, next = 0;
	const struct nlattr *port = c->a.v[DEVLINK_ATTR_PORT_INDEX];

	if (port && c->fake->line >= FAKE_7_3)
		return get_port_resources(c, attr_num(port));
	if (!d->n_resources)
		return -EOPNOTSUPP;
	while (next < d->n_resources) {
		struct bytes b = {};
		size_t at = reply_start(c, &b, DEVLINK_CMD_RESOURCE_DUMP, NLM_F_MULTI), list;
		unsigned n = 0;

		put_handle(&b, d);
		list = nest_start(&b, DEVLINK_ATTR_RESOURCE_LIST);
		for (; next < d->n_resources; next++) {
			size_t before = b.len;

			if (d->resources[next].depth != 1)
				continue;
			put_resource(&b, d, d->resources, d->n_resources, next);
			if (b.len <= room || n++ == 0)
				continue;
			b.len = before;
			break;
		}
		nest_end(&b, list);
		message_end(&b, at);
		at = b.len;
		if (next == d->n_resources)
			message_start(&b, NLMSG_DONE, NLM_F_MULTI, c->m->nlmsg_seq,
				      c->m->nlmsg_pid);
		reply_send(c, &b, at);
	}
	return 0;
}

static size_t dump_items(struct device *d, uint8_t command)
{
	switch (command) {
	case DEVLINK_CMD_GET:
		return 1;
	case DEVLINK_CMD_INFO_GET:
		return d->quirks.info;
	case DEVLINK_CMD_PORT_GET:
		return d->up ? ports_of(d) : 0;
	case DEVLINK_CMD_LINECARD_GET:
		return d->up ? d->n_cards : 0;
	case DEVLINK_CMD_RESOURCE_DUMP:
		return 1 + (d->up ? ports_of(d) : 0);
	case DEVLINK_CMD_PARAM_GET:
		return d->n_params;
	case DEVLINK_CMD_TRAP_GET:
		return device_has_traps(d) ? d->n_traps : 0;
	case DEVLINK_CMD_TRAP_GROUP_GET:
		return device_has_traps(d) ? d->n_groups : 0;
	case DEVLINK_CMD_TRAP_POLICER_GET:
		return device_has_traps(d) ? d->n_policers : 0;
	default:
		return flats_of(d, command);
	}
}

static int fill_item(struct fake *f, struct bytes *b, struct device *d, const struct dump *dump,
		     size_t i)
{
	switch (dump->command) {
	case DEVLINK_CMD_GET:
		fill_device(f, b, d);
		return 0;
	case DEVLINK_CMD_INFO_GET:
		fill_info(b, d);
		return 0;
	case DEVLINK_CMD_RESOURCE_DUMP:
		return fill_resources(b, d, dump->scope, i);
	case DEVLINK_CMD_PORT_GET:
		return fill_port(b, d, (unsigned)i, PORT_NETDEV);
	case DEVLINK_CMD_LINECARD_GET:
		return linecard_dump(b, d, i);
	case DEVLINK_CMD_PARAM_GET:
		return fill_param(f, b, d, param_by_id(f, d, i));
	case DEVLINK_CMD_TRAP_GET:
		return fill_trap(b, d, &d->traps[i]);
	case DEVLINK_CMD_TRAP_GROUP_GET:
		return fill_group(b, d, &d->groups[i]);
	case DEVLINK_CMD_TRAP_POLICER_GET:
		return fill_policer(b, d, &d->policers[i]);
	default:
		return flat_dump(f, b, d, dump->command, i);
	}
}

static uint8_t reply_command(const struct fake *f, uint8_t command)
{
	switch (command) {
	case DEVLINK_CMD_GET:
		return DEVLINK_CMD_NEW;
	case DEVLINK_CMD_PORT_GET: /* of the kernel's dumps, 6.1 has this one wrong */
		return f->line >= FAKE_6_12 ? DEVLINK_CMD_PORT_NEW : DEVLINK_CMD_NEW;
	case DEVLINK_CMD_TRAP_GET:
		return DEVLINK_CMD_TRAP_NEW;
	case DEVLINK_CMD_TRAP_GROUP_GET:
		return DEVLINK_CMD_TRAP_GROUP_NEW;
	case DEVLINK_CMD_TRAP_POLICER_GET:
		return DEVLINK_CMD_TRAP_POLICER_NEW;
	default:
		return flat_reply(command);
	}
}

/* One object more. Return: false where the chunk ends: it is full, or the object cannot be told. */
static bool add_item(struct fake_socket *s, struct bytes *b, size_t room, struct device *d,
		     size_t i)
{
	const struct dump *dump = &s->dump;
	uint16_t flags = NLM_F_MULTI | (dump->filtered ? NLM_F_DUMP_FILTERED : 0);
	size_t before = b->len;
	size_t at = genl_start(b, FAMILY, reply_command(s->fake, dump->command), flags, dump->seq,
			       s->id);
	int r = fill_item(s->fake, b, d, dump, i);

	message_end(b, at);
	if (r == 0 && (b->len <= room || before == 0))
		return true;
	b->len = before;
	return r == -EOPNOTSUPP;
}

/**
 * dump_chunk() - the next datagram of a dump.
 *
 * Where it goes on is a number: in 6.1 one that runs over the objects of all instances, from 6.6 on
 * the instance and a number in it. An object that cannot be filled ends the dump, without an error.
 *
 * Return: false where nothing is left to say.
 */
bool dump_chunk(struct fake_socket *s, struct bytes *b, size_t room)
{
	struct dump *dump = &s->dump;
	bool by_instance = s->fake->line >= FAKE_6_12;
	size_t index = 0;

	for (struct device *d = s->fake->devices; d; d = d->next) {
		if (!d->registered || d->dying || (by_instance && d->serial < dump->serial) ||
		    (dump->filtered && strcmp(d->handle, dump->handle) != 0))
			continue;
		if (by_instance)
			index = 0;
		if (by_instance && d->serial > dump->serial)
			dump->index = 0;
		dump->serial = d->serial;
		for (size_t i = 0, n = dump_items(d, dump->command); i < n; i++, index++) {
			if (index < dump->index)
				continue;
			if (!add_item(s, b, room, d, i))
				return b->len > 0;
			dump->index = index + 1;
		}
	}
	return b->len > 0;
}
