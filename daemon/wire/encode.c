// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The devlink encoder. Attribute numbers come from the classes' tables; only the nests of params
 * and the ids of resources are special. Shapes: include/uapi/linux/devlink.h and net/devlink/ of
 * Linux 6.1.
 */
#include "wire/encode.h"
#include "model/handle.h"
#include "wire/attr.h"

#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>

/* Attribute types of param values on the wire are netlink's own numbers. */
static uint8_t param_wire_type(enum value_type type)
{
	switch (type) {
	case VALUE_U8:
		return NLA_U8;
	case VALUE_U16:
		return NLA_U16;
	case VALUE_U32:
		return NLA_U32;
	case VALUE_U64:
		return NLA_U64;
	case VALUE_STRING:
		return NLA_STRING;
	case VALUE_BOOL:
		return NLA_FLAG;
	case VALUE_NONE:
	case VALUE_OTHER:
		break;
	}
	abort();
}

/* For a header, a handle and numbers; most requests are of a size that malloc has at hand then. */
#define ROOM 960

static void must(int r)
{
	if (r < 0) /* the message has no room: who begins one says how much text it is to hold */
		abort();
}

static void put_value(struct nl_msg *msg, int attr, const struct value *v)
{
	switch (v->type) {
	case VALUE_U8:
		must(nla_put_u8(msg, attr, (uint8_t)v->num));
		return;
	case VALUE_U16:
		must(nla_put_u16(msg, attr, (uint16_t)v->num));
		return;
	case VALUE_U32:
		must(nla_put_u32(msg, attr, (uint32_t)v->num));
		return;
	case VALUE_U64:
		must(nla_put_u64(msg, attr, v->num));
		return;
	case VALUE_STRING:
		must(nla_put_string(msg, attr, v->str));
		return;
	case VALUE_BOOL: /* false is the absence of the attribute */
		if (v->num)
			must(nla_put_flag(msg, attr));
		return;
	case VALUE_NONE:
	case VALUE_OTHER:
		break;
	}
	abort();
}

/* @text: bytes of all texts but the handle */
static struct nl_msg *new_request(uint16_t family, uint8_t command, uint8_t version, int flags,
				  const char *handle, size_t text)
{
	struct nl_msg *msg = nlmsg_alloc_size(ROOM + text);

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, NLM_F_REQUEST | flags, command, version))
		abort();
	if (handle) {
		char bus[HANDLE_PART_MAX], dev[HANDLE_PART_MAX];

		if (!handle_split(handle, bus, dev))
			abort();
		must(nla_put_string(msg, DEVLINK_ATTR_BUS_NAME, bus));
		must(nla_put_string(msg, DEVLINK_ATTR_DEV_NAME, dev));
	}
	return msg;
}

/*
 * @flags: 0: a question that its answer ends; NLM_F_DUMP; NLM_F_ACK: to be carried out and
 * acknowledged
 */
static struct nl_msg *request(uint16_t family, uint8_t command, int flags, const char *handle)
{
	return new_request(family, command, DEVLINK_GENL_VERSION, flags, handle, 0);
}

static size_t text_of(const struct object *o)
{
	size_t n = strlen(o->name);

	for (unsigned i = 0; i < o->class->n_fields; i++)
		n += o->v[i].type == VALUE_STRING ? strlen(o->v[i].str) : 0;
	return n;
}

/* A request that changes @o. */
static struct nl_msg *request_set(uint16_t family, uint8_t command, const char *handle,
				  const struct object *o)
{
	return new_request(family, command, DEVLINK_GENL_VERSION, NLM_F_ACK, handle, text_of(o));
}

/** encode_getfamily() - asks the generic netlink controller for devlink's family and group numbers.
 */
struct nl_msg *encode_getfamily(void)
{
	struct nl_msg *msg = new_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0, NULL, 0);

	must(nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, DEVLINK_GENL_NAME));
	return msg;
}

/** encode_get() - one device: RELOAD_FAILED and the reload counters. */
struct nl_msg *encode_get(uint16_t family, const char *handle)
{
	return request(family, DEVLINK_CMD_GET, 0, handle);
}

/** encode_get_all() - a dump of all devices of the network namespace. */
struct nl_msg *encode_get_all(uint16_t family)
{
	return request(family, DEVLINK_CMD_GET, NLM_F_DUMP, NULL);
}

/** encode_info_get() - one device: its driver, serial numbers and versions. */
struct nl_msg *encode_info_get(uint16_t family, const char *handle)
{
	return request(family, DEVLINK_CMD_INFO_GET, 0, handle);
}

/**
 * encode_device_objects() - all objects of one device, of a class that is READ_DEVICE.
 *
 * Not a netlink dump but a request with a multi-part answer, which NLMSG_DONE ends.
 */
struct nl_msg *encode_device_objects(uint16_t family, const char *handle, const struct class *class)
{
	return request(family, class->cmd_get, 0, handle);
}

/**
 * encode_port_resources() - the resources of the device and of each port, a dump.
 *
 * Only kernels that number registrations have it.
 */
struct nl_msg *encode_port_resources(uint16_t family, const char *handle)
{
	return request(family, DEVLINK_CMD_RESOURCE_DUMP, NLM_F_DUMP, handle);
}

/*
 * The key of the object that is called @name, but for its port. One that can be no name, as a
 * damaged file may have it, is left out: the kernel says that there is no such object.
 */
static void put_key(struct nl_msg *msg, const struct class *class, const char *name)
{
	_cleanup_free_ char *why = NULL;
	struct key_values key;
	int r = class_key_parse(class, name, &key, &why);

	for (size_t i = class_has_ports(class); r == 0 && i < class_n_keys(class); i++)
		put_value(msg, class->keys[i].attr, &key.v[i]);
	key_values_clear(&key);
}

/** encode_object_get() - one object by its name; not for resources, nor for objects of a port. */
struct nl_msg *encode_object_get(uint16_t family, const char *handle, const struct class *class,
				 const char *name)
{
	struct nl_msg *msg =
		new_request(family, class->cmd_get, DEVLINK_GENL_VERSION, 0, handle, strlen(name));

	put_key(msg, class, name);
	return msg;
}

/**
 * encode_object_dump() - all objects of a class; not for resources.
 *
 * Kernels before 6.6 ignore the handle and answer with the objects of every device, and wait for
 * each that is busy.
 */
struct nl_msg *encode_object_dump(uint16_t family, const char *handle, const struct class *class)
{
	return request(family, class->cmd_get, NLM_F_DUMP, handle);
}

/**
 * encode_port_dump() - all ports; what encode_object_dump() says of other devices holds here, too.
 */
struct nl_msg *encode_port_dump(uint16_t family, const char *handle)
{
	return request(family, DEVLINK_CMD_PORT_GET, NLM_F_DUMP, handle);
}

/** encode_rate_dump() - all rate leafs and nodes; as encode_port_dump(). */
struct nl_msg *encode_rate_dump(uint16_t family, const char *handle)
{
	return request(family, DEVLINK_CMD_RATE_GET, NLM_F_DUMP, handle);
}

/** encode_eswitch_get() - one device: the mode of its eswitch. */
struct nl_msg *encode_eswitch_get(uint16_t family, const char *handle)
{
	return request(family, DEVLINK_CMD_ESWITCH_GET, 0, handle);
}

static void put_param(struct nl_msg *msg, const struct object *o)
{
	put_key(msg, o->class, o->name);
	must(nla_put_u8(msg, DEVLINK_ATTR_PARAM_TYPE, param_wire_type(o->v[PARAM_VALUE].type)));
	must(nla_put_u8(msg, DEVLINK_ATTR_PARAM_VALUE_CMODE, o->cmode));
	put_value(msg, DEVLINK_ATTR_PARAM_VALUE_DATA, &o->v[PARAM_VALUE]);
}

/*
 * Let the driver bring back the default of a param.
 *
 * Only where the last GET of it told a default for this cmode: older kernels do not know the
 * attribute, pass over it, and take the absence of a value for that of a bool which is false.
 */
static struct nl_msg *param_reset(uint16_t family, const char *handle, const struct object *o)
{
	struct nl_msg *msg = request_set(family, o->class->cmd_set, handle, o);

	put_key(msg, o->class, o->name);
	must(nla_put_u8(msg, DEVLINK_ATTR_PARAM_TYPE, param_wire_type(o->v[PARAM_VALUE].type)));
	must(nla_put_u8(msg, DEVLINK_ATTR_PARAM_VALUE_CMODE, o->cmode));
	must(nla_put_flag(msg, ATTR_PARAM_RESET_DEFAULT));
	return msg;
}

/*
 * Does a SET carry the field? Of a SET_WHOLE one that is not to be changed has the present value.
 */
static bool is_sent(const struct object *o, unsigned field)
{
	return object_has(o, field) ||
	       (o->class->set == SET_WHOLE && o->v[field].type != VALUE_NONE);
}

/**
 * encode_object_set() - set the writable fields that @o has.
 * @o: a resource must carry its id, a param the type that the device reported, what is of a port
 *     the index of it
 */
struct nl_msg *encode_object_set(uint16_t family, const char *handle, const struct object *o)
{
	const struct class *class = o->class;
	bool unset = class->cmd_none && object_is_none(o, 0);
	struct nl_msg *msg =
		request_set(family, unset ? class->cmd_none : class->cmd_set, handle, o);

	if (class->form == FORM_BY_CMODE) {
		put_param(msg, o);
		return msg;
	}
	if (class->tree)
		put_value(msg, class->keys[0].attr, &o->v[RESOURCE_ID]);
	else
		put_key(msg, class, o->name);
	if (o->has_port)
		must(nla_put_u32(msg, DEVLINK_ATTR_PORT_INDEX, o->port));
	for (unsigned i = 0; i < class->n_writable && !unset; i++)
		if (is_sent(o, i))
			put_value(msg, class->fields[i].attr, &o->v[i]);
	return msg;
}

/**
 * encode_reload() - reload, or activate firmware.
 * @limit: DEVLINK_RELOAD_LIMIT_UNSPEC: none
 *
 * The action is always named: only then does the kernel say what it performed.
 */
struct nl_msg *encode_reload(uint16_t family, const char *handle, uint8_t action, uint8_t limit)
{
	struct nl_msg *msg = request(family, DEVLINK_CMD_RELOAD, NLM_F_ACK, handle);
	struct nla_bitfield32 limits = {.value = 1u << limit, .selector = 1u << limit};

	must(nla_put_u8(msg, DEVLINK_ATTR_RELOAD_ACTION, action));
	if (limit != DEVLINK_RELOAD_LIMIT_UNSPEC)
		must(nla_put(msg, DEVLINK_ATTR_RELOAD_LIMITS, sizeof(limits), &limits));
	return msg;
}

/**
 * encode_flash() - write an image to the device; does not activate it.
 * @file: relative to the kernel's firmware directories, at most FIRMWARE_TEXT_MAX bytes
 * @component: NULL: not sent, which is another request than any name (some drivers take none)
 */
struct nl_msg *encode_flash(uint16_t family, const char *handle, const char *file,
			    const char *component)
{
	size_t text = strlen(file) + (component ? strlen(component) : 0);
	struct nl_msg *msg = new_request(family, DEVLINK_CMD_FLASH_UPDATE, DEVLINK_GENL_VERSION,
					 NLM_F_ACK, handle, text);

	must(nla_put_string(msg, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME, file));
	if (component)
		must(nla_put_string(msg, DEVLINK_ATTR_FLASH_UPDATE_COMPONENT, component));
	return msg;
}

static struct nl_msg *encode_for(uint16_t family, const char *handle, const struct step *s)
{
	switch (s->kind) {
	case STEP_REMEMBER:
		return NULL;
	case STEP_SET:
		return s->reset ? param_reset(family, handle, &s->target)
				: encode_object_set(family, handle, &s->target);
	case STEP_FLASH:
		return encode_flash(family, handle, s->firmware.file, s->firmware.component);
	case STEP_RELOAD:
		return encode_reload(family, handle, s->action, s->limit);
	}
	abort();
}

/**
 * encode_shrink() - give back the room that @msg, which is complete, does not need.
 *
 * Hundreds of requests wait at a time, each made with a page of room.
 *
 * Return: what is to be used in its place.
 */
struct nl_msg *encode_shrink(struct nl_msg *msg)
{
	struct nl_msg *small = nlmsg_convert(nlmsg_hdr(msg));

	if (!small)
		abort();
	nlmsg_free(msg);
	return small;
}

/**
 * encode_step() - the request that carries out @s.
 * @registration: the one that the step is planned for, see struct facts: the kernel refuses to
 *		  carry it out on a successor that has the same handle; 0: not known
 *
 * Return: NULL where it takes none.
 */
struct nl_msg *encode_step(uint16_t family, const char *handle, uint64_t registration,
			   const struct step *s)
{
	struct nl_msg *msg = encode_for(family, registration ? NULL : handle, s);

	if (msg && registration) /* instead of the handle: with it is an error */
		must(nla_put_u32(msg, ATTR_INDEX, (uint32_t)(registration - 1)));
	return msg ? encode_shrink(msg) : NULL;
}

/** encode_free() - free a request that will not be sent. */
void encode_free(struct nl_msg *msg)
{
	nlmsg_free(msg);
}
