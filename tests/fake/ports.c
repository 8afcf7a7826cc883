// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports of a device, and how they are split, after mlxsw: drivers/net/ethernet/mellanox/mlxsw,
 * spectrum.c of Linux 6.1. Split or not, a port that is made has another index than those before
 * it, but for the whole one, which has its own again: what is of a port is made with it, at the
 * driver's defaults.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** ports_of() - all ports, the CPU's among them. */
unsigned ports_of(const struct device *d)
{
	return (unsigned)d->n_ports;
}

/** port_index() - what the kernel calls the port @i, counted in the order of registration. */
unsigned port_index(const struct device *d, unsigned i)
{
	return d->ports[i].index;
}

/** port_by_index() - Return: the port, or NULL. */
const struct port *port_by_index(const struct device *d, uint64_t index)
{
	for (size_t i = 0; i < d->n_ports; i++)
		if (d->ports[i].index == index)
			return &d->ports[i];
	return NULL;
}

/** port_label() - "p5", "p5s1", "l1p5s1"; "cpu". */
const char *port_label(const struct port *p, char buffer[static HANDLE_SIZE])
{
	char card[16] = "", part[16] = "";

	if (p->card >= 0)
		snprintf(card, sizeof(card), "l%d", p->card);
	if (p->part >= 0)
		snprintf(part, sizeof(part), "s%d", p->part);
	snprintf(buffer, HANDLE_SIZE, "%sp%u%s", card, p->number, part);
	return p->cpu ? "cpu" : buffer;
}

/** port_by_label() - Return: the port, or NULL. */
const struct port *port_by_label(const struct device *d, const char *label)
{
	char buffer[HANDLE_SIZE];

	for (size_t i = 0; i < d->n_ports; i++)
		if (strcmp(port_label(&d->ports[i], buffer), label) == 0)
			return &d->ports[i];
	return NULL;
}

static bool is_cpu_port(const struct device *d, unsigned i)
{
	return d->ports[i].cpu;
}

static void fill_split(struct bytes *b, const struct port *p)
{
	if (p->lanes) {
		put_u32(b, DEVLINK_ATTR_PORT_LANES, p->lanes);
		put_u8(b, DEVLINK_ATTR_PORT_SPLITTABLE, p->part < 0 && p->lanes > 1);
	}
	if (p->part >= 0) {
		put_u32(b, DEVLINK_ATTR_PORT_SPLIT_GROUP, p->number);
		put_u32(b, DEVLINK_ATTR_PORT_SPLIT_SUBPORT_NUMBER, (unsigned)p->part);
	}
	if (p->card >= 0)
		put_u32(b, DEVLINK_ATTR_LINECARD_INDEX, (unsigned)p->card);
}

/* devlink_nl_port_fill(). Return: 0. Shaped as the other fills. */
int fill_port(struct bytes *b, const struct device *d, unsigned i, enum port_is is)
{
	const struct port *p = &d->ports[i];
	char name[32];

	if (p->cpu)
		is = PORT_BARE;
	put_handle(b, d);
	put_u32(b, DEVLINK_ATTR_PORT_INDEX, p->index);
	put_u16(b, DEVLINK_ATTR_PORT_TYPE,
		is == PORT_BARE ? DEVLINK_PORT_TYPE_NOTSET : DEVLINK_PORT_TYPE_ETH);
	put_u16(b, DEVLINK_ATTR_PORT_FLAVOUR,
		p->cpu ? DEVLINK_PORT_FLAVOUR_CPU : DEVLINK_PORT_FLAVOUR_PHYSICAL);
	put_u32(b, DEVLINK_ATTR_PORT_NUMBER, p->number);
	fill_split(b, p);
	if (is == PORT_NETDEV) {
		snprintf(name, sizeof(name), "eth%u", p->index);
		put_u32(b, DEVLINK_ATTR_PORT_NETDEV_IFINDEX, 1000 * (uint32_t)d->serial + p->index);
		put_string(b, DEVLINK_ATTR_PORT_NETDEV_NAME, name);
	}
	return 0;
}

void notify_port(struct fake *f, struct device *d, uint8_t command, unsigned i, enum port_is is)
{
	struct bytes b = {};
	size_t at = notify_start(f, &b, command);

	notify_finish(f, &b, at, fill_port(&b, d, i, is));
}

/* From 6.2 on a port also tells of its netdev's coming and going. */
static void tell_up(struct fake *f, struct device *d, unsigned i)
{
	notify_port(f, d, DEVLINK_CMD_PORT_NEW, i, PORT_BARE);
	if (is_cpu_port(d, i))
		return;
	if (f->line >= FAKE_6_12)
		notify_port(f, d, DEVLINK_CMD_PORT_NEW, i, PORT_ETH);
	notify_port(f, d, DEVLINK_CMD_PORT_NEW, i, PORT_NETDEV);
}

static void tell_down(struct fake *f, struct device *d, unsigned i)
{
	if (f->line >= FAKE_6_12 && !is_cpu_port(d, i))
		notify_port(f, d, DEVLINK_CMD_PORT_NEW, i, PORT_ETH);
	if (!is_cpu_port(d, i))
		notify_port(f, d, DEVLINK_CMD_PORT_NEW, i, PORT_BARE);
	notify_port(f, d, DEVLINK_CMD_PORT_DEL, i, PORT_BARE);
}

void notify_ports_up(struct fake *f, struct device *d)
{
	for (unsigned i = 0; i < ports_of(d); i++)
		tell_up(f, d, i);
}

void notify_ports_down(struct fake *f, struct device *d)
{
	for (unsigned i = ports_of(d); i-- > 0;)
		tell_down(f, d, i);
}

static struct port *add_port(struct device *d, struct port p)
{
	d->ports = realloc(d->ports, (d->n_ports + 1) * sizeof(*d->ports));
	if (!d->ports)
		abort();
	d->ports[d->n_ports] = p;
	if (p.index >= d->next_index)
		d->next_index = p.index + 1;
	return &d->ports[d->n_ports++];
}

static void remove_port(struct device *d, size_t i)
{
	memmove(&d->ports[i], &d->ports[i + 1], (d->n_ports - i - 1) * sizeof(*d->ports));
	d->n_ports--;
}

static bool is_part_of(const struct port *p, const struct port *whole)
{
	return p->card == whole->card && p->number == whole->number && p->part >= 0;
}

/* What a port has while those are made that take its index. */
#define SET_ASIDE UINT32_MAX

/* @f NULL: nothing is told. */
static void make_parts(struct fake *f, struct device *d, size_t at, unsigned count)
{
	struct port whole = d->ports[at];

	if (f)
		tell_down(f, d, (unsigned)at);
	remove_port(d, at);
	flats_move_port(d, whole.index, SET_ASIDE);
	for (unsigned i = 0; i < count; i++) {
		struct port part = whole;

		part.part = (int)i;
		part.lanes = whole.lanes / count;
		part.whole = whole.index;
		part.index = d->quirks.lane_indexes ? whole.index + i * part.lanes : d->next_index;
		add_port(d, part);
		flats_copy_port(d, SET_ASIDE, &part);
		if (f)
			tell_up(f, d, ports_of(d) - 1);
	}
	flats_drop_port(d, SET_ASIDE);
}

static void make_whole(struct fake *f, struct device *d, struct port part)
{
	struct port whole = part;
	unsigned lanes = 0;

	whole.part = -1;
	whole.index = SET_ASIDE;
	flats_copy_port(d, part.index, &whole);
	whole.index = part.whole;
	for (size_t i = d->n_ports; i-- > 0;) {
		if (!is_part_of(&d->ports[i], &part))
			continue;
		lanes += d->ports[i].lanes;
		flats_drop_port(d, d->ports[i].index);
		if (f)
			tell_down(f, d, (unsigned)i);
		remove_port(d, i);
	}
	whole.lanes = lanes;
	flats_move_port(d, SET_ASIDE, whole.index);
	add_port(d, whole);
	if (f)
		tell_up(f, d, ports_of(d) - 1);
}

#define CARD_LANES 4

/* As asicsim counts them: behind those of the board, sixteen for each card. */
static unsigned card_index(const struct device *d, int card, unsigned i)
{
	return d->quirks.lane_indexes
		       ? 1 + d->quirks.lane_indexes * (64 + ((unsigned)card - 1) * 16 + i)
		       : d->next_index;
}

/** ports_add_card() - a line card was provisioned. @f NULL: nothing is told. */
void ports_add_card(struct fake *f, struct device *d, int card, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		add_port(d, (struct port){.index = card_index(d, card, i),
					  .number = i + 1,
					  .card = card,
					  .part = -1,
					  .lanes = CARD_LANES});
		if (f)
			tell_up(f, d, ports_of(d) - 1);
	}
}

/** ports_drop_card() - mlxsw_sp_ports_remove_selected(): a line card goes, and what it has. */
void ports_drop_card(struct fake *f, struct device *d, int card)
{
	for (size_t i = d->n_ports; i-- > 0;) {
		if (d->ports[i].card != card)
			continue;
		tell_down(f, d, (unsigned)i);
		flats_drop_port(d, d->ports[i].index);
		remove_port(d, i);
	}
}

static size_t asked_port(const struct call *c)
{
	const struct nlattr *index = c->a.v[DEVLINK_ATTR_PORT_INDEX];
	size_t i = 0;

	while (index && i < c->dev->n_ports && c->dev->ports[i].index != attr_num(index))
		i++;
	return index && c->dev->up ? i : c->dev->n_ports;
}

/* devlink_nl_port_split_doit(), mlxsw_sp_port_split() */
int split_port(struct call *c)
{
	const struct nlattr *attr = c->a.v[DEVLINK_ATTR_PORT_SPLIT_COUNT];
	size_t i = asked_port(c);
	const struct port *p = &c->dev->ports[i];
	uint64_t count;

	if (i == c->dev->n_ports)
		return c->a.v[DEVLINK_ATTR_PORT_INDEX] ? -ENODEV : -EINVAL;
	if (!attr)
		return call_missing(c, DEVLINK_ATTR_PORT_SPLIT_COUNT);
	if (!p->lanes)
		return -EOPNOTSUPP;
	count = attr_num(attr);
	if (p->part >= 0 || p->lanes < 2) {
		call_say(c, p->part >= 0 ? "Port cannot be split further" : "Port cannot be split");
		return -EINVAL;
	}
	if (count < 2 || count & (count - 1) || count > p->lanes) {
		call_say(c, "Invalid split count");
		return -EINVAL;
	}
	make_parts(c->fake, c->dev, i, (unsigned)count);
	return 0;
}

/* devlink_nl_port_unsplit_doit(), mlxsw_sp_port_unsplit(): of any of the parts */
int unsplit_port(struct call *c)
{
	size_t i = asked_port(c);

	if (i == c->dev->n_ports)
		return c->a.v[DEVLINK_ATTR_PORT_INDEX] ? -ENODEV : -EINVAL;
	if (!c->dev->ports[i].lanes)
		return -EOPNOTSUPP;
	if (c->dev->ports[i].part < 0) {
		call_say_driver(c, "Port was not split");
		return -EINVAL;
	}
	make_whole(c->fake, c->dev, c->dev->ports[i]);
	return 0;
}

static int by_index(const void *pa, const void *pb)
{
	const struct port *a = pa, *b = pb;

	return a->index < b->index ? -1 : a->index > b->index;
}

/** ports_reset() - the driver makes them anew, unsplit. */
void ports_reset(struct device *d)
{
	for (size_t i = 0; i < d->n_ports;) {
		if (d->ports[i].part >= 0) {
			make_whole(NULL, d, d->ports[i]);
			i = 0;
		} else {
			i++;
		}
	}
	if (d->n_ports)
		qsort(d->ports, d->n_ports, sizeof(*d->ports), by_index);
}

/** port_parse() - "p5", "p5s1", "l1p5s1" into card, number and part. */
bool port_parse(const char *label, struct port *ret)
{
	int n = 0;

	*ret = (struct port){.card = -1, .part = -1};
	if (sscanf(label, "l%d%n", &ret->card, &n) == 1)
		label += n;
	if (sscanf(label, "p%u%n", &ret->number, &n) != 1)
		return false;
	label += n;
	if (*label && (sscanf(label, "s%d%n", &ret->part, &n) != 1 || label[n]))
		return false;
	return true;
}

/* One that facts tell of, with its lanes; of a split one there are so many parts. */
static const char *load_split(struct device *d, const char *label, json_t *j)
{
	const struct port *port = port_by_label(d, label);
	uint64_t lanes = 0, count = 0;

	if (!port)
		return label;
	number_read(json_object_get(j, "lanes"), &lanes);
	number_read(json_object_get(j, "count"), &count);
	d->ports[port - d->ports].lanes = (unsigned)lanes;
	if (count)
		make_parts(NULL, d, (size_t)(port - d->ports), (unsigned)count);
	return NULL;
}

static unsigned highest_number(const struct device *d, json_t *splits)
{
	unsigned highest = flats_highest_port(d);
	const char *label;
	struct port p;
	json_t *j;

	if (d->quirks.ports > highest)
		highest = d->quirks.ports;
	json_object_foreach(splits, label, j)
		if (port_parse(label, &p) && p.card < 0 && p.number > highest)
			highest = p.number;
	return highest;
}

/** ports_load() - those of facts and quirks. Return: NULL, or the name that is wrong. */
const char *ports_load(struct device *d, json_t *facts)
{
	json_t *splits = json_object_get(facts, "port_splits"), *j;
	unsigned n = highest_number(d, splits);
	const char *label, *wrong = NULL;

	if (d->quirks.cpu_port)
		add_port(d, (struct port){.card = -1, .part = -1, .cpu = true});
	for (unsigned i = 0; i < n; i++)
		add_port(d, (struct port){.index = d->quirks.first_port +
						   i * (d->quirks.lane_indexes ?: 1),
					  .number = i + 1,
					  .card = -1,
					  .part = -1});
	wrong = linecards_load(d, facts);
	json_object_foreach(splits, label, j)
		wrong = wrong ?: load_split(d, label, j);
	return wrong;
}

/** ports_json() - the section of what can be split, for tests to look at. */
void ports_json(const struct device *d, json_t *all)
{
	json_t *splits = json_object();

	for (size_t i = 0; i < d->n_ports; i++) {
		struct port whole = d->ports[i];
		char label[HANDLE_SIZE];
		json_t *j;

		if (!whole.lanes)
			continue;
		whole.part = -1;
		j = json_object_get(splits, port_label(&whole, label));
		if (!j) {
			j = json_pack("{s:i,s:i,s:i}", "count", 0, "lanes", 0, "index",
				      (int)d->ports[i].index);
			json_object_set_new(splits, label, j);
		}
		json_object_set_new(j, "count",
				    json_integer(json_integer_value(json_object_get(j, "count")) +
						 (d->ports[i].part >= 0)));
		json_object_set_new(j, "lanes",
				    json_integer(json_integer_value(json_object_get(j, "lanes")) +
						 d->ports[i].lanes));
	}
	if (json_object_size(splits))
		json_object_set(all, "port_splits", splits);
	json_decref(splits);
}
