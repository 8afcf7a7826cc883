// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Into how many ports a physical port is split. The kernel has no such object: it tells of ports,
 * and those that are parts say of which group. A port that is split has no index of its own, so
 * that of its first part stands for it: any will do to unsplit. Drivers that split no ports tell
 * of no lanes.
 */
#include "model/impact.h"
#include "model/object.h"

#include <inttypes.h>
#include <linux/devlink.h>
#include <string.h>

static const struct enum_name none[] = {{"none", 0}};
static const struct enum_names counts = {none, ARRAY_SIZE(none), .closed = false};

static const struct field fields[] = {
	[SPLIT_COUNT] = {"count", VALUE_U32, DEVLINK_ATTR_PORT_SPLIT_COUNT,
			 FIELD_WRITABLE | FIELD_STRUCTURAL | FIELD_BY_NONE, &counts,
			 "number of ports that it is split into, or none"},
	[SPLIT_LANES] = {"lanes", VALUE_U32, DEVLINK_ATTR_PORT_LANES, 0, NULL,
			 "lanes of the port, or of all its parts"},
	[SPLIT_SPLITTABLE] = {"splittable", VALUE_U8, DEVLINK_ATTR_PORT_SPLITTABLE, 0, NULL,
			      "1: the driver would split it as it is"},
};

static struct object *find(struct state *s, size_t first, const char *name)
{
	for (size_t i = first; i < s->objects.n; i++)
		if (strcmp(s->objects.v[i].name, name) == 0)
			return &s->objects.v[i];
	return NULL;
}

static void add_to(struct object *o, unsigned field, uint64_t n)
{
	object_set(o, field,
		   (struct value){.type = o->class->fields[field].type,
				  .num = object_num(o, field, 0) + n});
}

static void take_port(struct state *s, size_t first, const struct port *p)
{
	_cleanup_free_ char *whole = port_whole(p->name);
	struct object *o = find(s, first, whole);

	if (!o) {
		o = state_add(s, &class_port_split, whole, CLASS_NO_CMODE);
		o->has_port = true;
		o->port = p->index;
	}
	add_to(o, SPLIT_COUNT, port_is_part(p->name));
	if (p->lanes)
		add_to(o, SPLIT_LANES, p->lanes);
	add_to(o, SPLIT_SPLITTABLE, p->splittable);
}

static void of_ports(struct state *s)
{
	size_t first = s->objects.n;

	vec_each(p, &s->ports)
		if (p->name && (p->lanes || p->splittable || port_is_part(p->name)))
			take_port(s, first, p);
}

static enum port_fate fate(const struct object *have, const struct value *wanted, const char *port,
			   struct buf *hint)
{
	struct port_number number;

	if (!port_parse(port, &number))
		return PORT_STAYS;
	if (number.has_part ? number.part >= wanted->num : wanted->num > 0) {
		if (wanted->num)
			buf_add(hint, "; there are %ss0 to %ss%" PRIu64, have->name, have->name,
				wanted->num - 1);
		return PORT_GOES;
	}
	return object_num(have, SPLIT_COUNT, 0) == wanted->num ? PORT_STAYS : PORT_COMES;
}

static void declares(_unused_ const struct object *want, const struct object *have,
		     struct impact *i)
{
	uint64_t parts = have ? object_num(have, SPLIT_COUNT, 0) : 0;

	i->splits -= (unsigned)MIN(parts, (uint64_t)i->splits);
}

static bool concerns(const char *object, const char *port)
{
	_cleanup_free_ char *whole = port_whole(port);

	return strcmp(object, whole) == 0;
}

/* What is neither split nor can be is not worth a line each. */
static bool is_captured(const struct object *have)
{
	return object_num(have, SPLIT_COUNT, 0) || object_num(have, SPLIT_SPLITTABLE, 0);
}

const struct class class_port_split = {
	.name = "port_split",
	.section = "port_splits",
	.noun = "port",
	.none_at_all = "the driver splits none of its ports",
	.form = FORM_SCALAR,
	.read = READ_PORTS,
	.phase = PHASE_SPLIT,
	.none_phase = PHASE_UNSPLIT,
	.keys = {{"port", VALUE_STRING, DEVLINK_ATTR_PORT_INDEX, NULL, 0}},
	.whole_ports = true,
	.cmd_set = DEVLINK_CMD_PORT_SPLIT,
	.cmd_none = DEVLINK_CMD_PORT_UNSPLIT,
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.n_writable = 1,
	.of_ports = of_ports,
	.declares = declares,
	.concerns = concerns,
	.maker = port_whole,
	.fate = fate,
	.is_captured = is_captured,
};
