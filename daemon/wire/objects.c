// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects in an answer. Flat ones follow the classes' tables; params and resources are nests of
 * their own shape.
 */
#include "wire/objects.h"

#include <inttypes.h>
#include <string.h>

#define RESOURCE_DEPTH_MAX 8

static bool read_value(const struct nlattr *a, enum value_type type, struct arena *arena,
		       struct value *ret)
{
	static const size_t sizes[] = {
		[VALUE_U8] = 1, [VALUE_U16] = 2, [VALUE_U32] = 4, [VALUE_U64] = 8};
	uint64_t num;

	switch (type) {
	case VALUE_BOOL:
		*ret = (struct value){.type = type, .num = a != NULL};
		return true;
	case VALUE_STRING:
		if (!attr_string(a) || !text_is_utf8(attr_string(a)))
			return false;
		*ret = (struct value){.type = type, .str = arena_strdup(arena, attr_string(a))};
		return true;
	case VALUE_U8:
	case VALUE_U16:
	case VALUE_U32:
	case VALUE_U64:
		if (!attr_uint(a, sizes[type], &num))
			return false;
		*ret = (struct value){.type = type, .num = num};
		return true;
	case VALUE_NONE:
	case VALUE_OTHER:
		break;
	}
	return false;
}

/* A nest of strings, as one text. */
static bool read_list(const struct nlattr *a, struct arena *arena, struct value *ret)
{
	_cleanup_free_ char *text = NULL;
	struct nlattr *item;
	struct buf b = {};
	int left;

	if (!a)
		return false;
	nla_for_each_nested(item, a, left) {
		_cleanup_free_ char *name = attr_clean(item);

		buf_add(&b, "%s%s", b.n ? ", " : "", name ? name : "");
	}
	text = buf_take(&b);
	*ret = (struct value){.type = VALUE_STRING, .str = arena_strdup(arena, text)};
	return true;
}

/* A bool is a number here: its absence would say nothing. */
static bool read_default(const struct nlattr *a, enum value_type type, struct arena *arena,
			 struct value *ret)
{
	uint64_t num;

	if (type == VALUE_BOOL) {
		if (!attr_uint(a, 1, &num))
			return false;
		*ret = (struct value){.type = type, .num = num != 0};
		return true;
	}
	return a && read_value(a, type, arena, ret);
}

static struct value nothing_of(enum value_type type)
{
	struct value v = {.type = type};

	if (type == VALUE_STRING)
		v.str = "";
	return v;
}

/* What may lie in the class's nest is looked for there first. */
static const struct nlattr *attr_in(const struct attrs *top, const struct attrs *nest,
				    uint16_t attr)
{
	return nest && nest->v[attr] ? nest->v[attr] : top->v[attr];
}

static void read_fields(struct object *o, const struct attrs *top, const struct attrs *nest,
			struct arena *arena)
{
	for (unsigned i = 0; i < o->class->n_fields; i++) {
		const struct field *f = &o->class->fields[i];
		struct value v;

		if (f->flags & FIELD_MACRO)
			continue;
		if (f->flags & FIELD_LIST
			    ? read_list(attr_in(top, nest, f->attr), arena, &v)
			    : read_value(attr_in(top, nest, f->attr), f->type, arena, &v))
			object_set(o, i, v);
		else if (f->flags & FIELD_ZERO_IS_NONE)
			object_set(o, i, nothing_of(f->type));
	}
}

static bool read_key(const struct nlattr *a, enum value_type type, struct arena *arena,
		     struct value *ret)
{
	if (type != VALUE_STRING)
		return read_value(a, type, arena, ret);
	*ret = (struct value){.type = type, .str = attr_string(a)};
	return ret->str;
}

/* An object whose name is not text could be neither asked for, nor shown, nor remembered. */
static bool is_named(const char *name, struct state *state)
{
	_cleanup_free_ char *text = NULL;

	if (text_is_line(name))
		return true;
	text = text_clean_line(name);
	state->passed_over = arena_strdup(&state->arena, text);
	return false;
}

/* What a message is about: an object with a name, one of a port without one, or was it cut? */
enum owner { OWNER_NAMED, OWNER_NAMELESS, OWNER_UNKNOWN };

/* The port that an object is of, by the ports of the same read. */
static enum owner read_port(const struct class *class, const struct attrs *top,
			    const struct state *state, struct object *o, struct value *ret)
{
	uint64_t index;

	*ret = (struct value){};
	if (!attr_uint(top->v[DEVLINK_ATTR_PORT_INDEX], 4, &index))
		return class->port_optional ? OWNER_NAMED : OWNER_UNKNOWN;
	o->has_port = true;
	o->port = (uint32_t)index;
	*ret = (struct value){.type = VALUE_STRING, .str = port_name(&state->ports, o->port)};
	return ret->str ? OWNER_NAMED : OWNER_NAMELESS;
}

/* Readers return false where the message lacks what makes it one of its kind: it was cut. */
static bool read_flat(const struct class *class, const struct attrs *top, struct state *state)
{
	struct value key[CLASS_MAX_KEYS];
	_cleanup_free_ char *name = NULL;
	const struct attrs *in = NULL;
	size_t first = class_has_ports(class);
	struct object owned = {}, *o;
	struct attrs nest;
	enum owner owner;

	if (class->nest) {
		if (!attrs_parse_nest(&nest, top->v[class->nest]))
			return false;
		in = &nest;
	}
	owner = first ? read_port(class, top, state, &owned, &key[0]) : OWNER_NAMED;
	if (owner != OWNER_NAMED)
		return owner == OWNER_NAMELESS;
	for (size_t i = first; i < class_n_keys(class); i++)
		if (!read_key(attr_in(top, in, class->keys[i].attr), class->keys[i].type,
			      &state->arena, &key[i]))
			return false;
	name = class_key_format(class, key);
	if (!is_named(name, state))
		return true;
	o = state_add(state, class, name, CLASS_NO_CMODE);
	o->has_port = owned.has_port;
	o->port = owned.port;
	read_fields(o, top, in, &state->arena);
	if (class->was_read)
		class->was_read(o);
	if (class->form == FORM_SECTION && !o->present) /* the kernel answers without one, too */
		state->objects.n--;
	return true;
}

static enum value_type param_type(uint64_t wire_type)
{
	switch (wire_type) {
	case NLA_U8:
		return VALUE_U8;
	case NLA_U16:
		return VALUE_U16;
	case NLA_U32:
		return VALUE_U32;
	case NLA_U64:
		return VALUE_U64;
	case NLA_STRING:
		return VALUE_STRING;
	case NLA_FLAG:
		return VALUE_BOOL;
	default:
		return VALUE_OTHER;
	}
}

/* A value of a type that carved does not set, in words. */
static struct value describe_other(uint64_t wire_type, const struct nlattr *nest,
				   struct arena *arena)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = {};
	struct nlattr *a;
	int left;

	buf_add(&b, wire_type == PARAM_TYPE_U64_ARRAY ? "a list of numbers" : "of type %" PRIu64,
		wire_type);
	if (wire_type == PARAM_TYPE_U64_ARRAY) {
		const char *before = " (";
		uint64_t n;

		nla_for_each_nested(a, nest, left) {
			if (nla_type(a) != DEVLINK_ATTR_PARAM_VALUE_DATA || !attr_number(a, &n))
				continue;
			buf_add(&b, "%s%" PRIu64, before, n);
			before = ", ";
		}
		buf_add(&b, "%s", *before == ',' ? ")" : "");
	}
	text = buf_take(&b);
	return (struct value){.type = VALUE_OTHER, .str = arena_strdup(arena, text)};
}

/* VALUE { [DATA], CMODE, [DEFAULT] } */
static void read_param_value(const struct class *class, const char *name, uint64_t wire_type,
			     const struct nlattr *nest, struct state *state)
{
	enum value_type type = param_type(wire_type);
	struct attrs value;
	struct object *o;
	struct value v;
	uint64_t cmode;

	if (!attrs_parse_nest(&value, nest) ||
	    !attr_uint(value.v[DEVLINK_ATTR_PARAM_VALUE_CMODE], 1, &cmode) ||
	    cmode > CMODE_PERMANENT)
		return;
	o = state_add(state, class, name, (uint8_t)cmode);
	if (type == VALUE_OTHER)
		object_set(o, PARAM_VALUE, describe_other(wire_type, nest, &state->arena));
	else if (read_value(value.v[DEVLINK_ATTR_PARAM_VALUE_DATA], type, &state->arena, &v))
		object_set(o, PARAM_VALUE, v);
	else /* no value now, but the type is known */
		o->v[PARAM_VALUE] = (struct value){.type = type};
	if (read_default(value.v[ATTR_PARAM_VALUE_DEFAULT], type, &state->arena, &v))
		object_set(o, PARAM_DEFAULT, v);
}

/* PARAM { NAME, TYPE, VALUES_LIST { VALUE ... } } */
static bool read_param(const struct class *class, const struct attrs *top, struct state *state)
{
	struct nlattr *nest;
	struct attrs param;
	const char *name;
	uint64_t n;
	int left;

	if (!attrs_parse_nest(&param, top->v[DEVLINK_ATTR_PARAM]))
		return false;
	name = attr_string(param.v[DEVLINK_ATTR_PARAM_NAME]);
	if (!name || !param.v[DEVLINK_ATTR_PARAM_VALUES_LIST] ||
	    !attr_uint(param.v[DEVLINK_ATTR_PARAM_TYPE], 1, &n))
		return false;
	if (!is_named(name, state))
		return true;
	nla_for_each_nested(nest, param.v[DEVLINK_ATTR_PARAM_VALUES_LIST], left)
		read_param_value(class, name, n, nest, state);
	return true;
}

/* RESOURCE_LIST { RESOURCE { NAME, SIZE, ID, ..., [RESOURCE_LIST] } ... } */
static void read_tree(const struct class *class, const struct nlattr *list, const char *parent,
		      int depth, struct state *state)
{
	struct nlattr *nest;
	int left;

	if (!list || depth == RESOURCE_DEPTH_MAX)
		return;
	nla_for_each_nested(nest, list, left) {
		_cleanup_free_ char *path = NULL;
		const char *name;
		struct attrs a;

		if (!attrs_parse_nest(&a, nest))
			continue;
		name = attr_string(a.v[DEVLINK_ATTR_RESOURCE_NAME]);
		if (!name || !is_named(name, state))
			continue;
		path = mem_printf("%s/%s", parent, name);
		read_fields(state_add(state, class, path, CLASS_NO_CMODE), &a, NULL, &state->arena);
		read_tree(class, a.v[DEVLINK_ATTR_RESOURCE_LIST], path, depth + 1, state);
	}
}

/** decode_resources_of_port() - what a message tells of a port; not what it tells of the device. */
void decode_resources_of_port(const struct attrs *a, struct state *state)
{
	_cleanup_free_ char *owner = NULL;
	const char *name;
	uint64_t index;

	if (!attr_uint(a->v[DEVLINK_ATTR_PORT_INDEX], 4, &index))
		return;
	name = port_name(&state->ports, (uint32_t)index);
	owner = name ? mem_strdup(name) : mem_printf("%" PRIu64, index);
	read_tree(&class_resource, a->v[DEVLINK_ATTR_RESOURCE_LIST], owner, 0, state);
}

/**
 * decode_objects() - the objects of one class that a message tells of.
 *
 * Return: false where it lacks what makes it one of its kind: it was cut.
 */
bool decode_objects(const struct class *class, const struct attrs *a, struct state *state)
{
	if (class->form == FORM_BY_CMODE)
		return read_param(class, a, state);
	if (!class->tree)
		return read_flat(class, a, state);
	if (!a->v[DEVLINK_ATTR_PORT_INDEX]) /* what a port has is numbered apart */
		read_tree(class, a->v[DEVLINK_ATTR_RESOURCE_LIST], "", 0, state);
	return a->v[DEVLINK_ATTR_RESOURCE_LIST];
}
