// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The devlink decoder. Flat objects (traps, groups, policers) follow the classes' tables; params
 * and resources are nests of their own, facts come from GET and INFO_GET. Trusts no length and no
 * order.
 */
#include "wire/decode.h"
#include "wire/attr.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#define RESOURCE_DEPTH_MAX 8

/** decode_first() - the first message of a buffer, or NULL. */
const struct nlmsghdr *decode_first(const void *data, size_t len)
{
	return nlmsg_ok(data, (int)len) ? data : NULL;
}

/** decode_next() - the message behind @m, or NULL. */
const struct nlmsghdr *decode_next(const struct nlmsghdr *m, const void *data, size_t len)
{
	size_t used = (size_t)((const char *)m - (const char *)data) + NLMSG_ALIGN(m->nlmsg_len);

	return used < len ? decode_first((const char *)data + used, len - used) : NULL;
}

static uint8_t command_of(const struct nlmsghdr *m)
{
	return ((const struct genlmsghdr *)nlmsg_data(m))->cmd;
}

static uint32_t config_group(const struct nlattr *groups)
{
	struct nlattr *group, *g[CTRL_ATTR_MCAST_GRP_MAX + 1];
	uint64_t id;
	int left;

	nla_for_each_nested(group, groups, left) {
		const char *name;

		if (nla_parse_nested(g, CTRL_ATTR_MCAST_GRP_MAX, group, NULL) < 0)
			continue;
		name = attr_string(g[CTRL_ATTR_MCAST_GRP_NAME]);
		if (name && strcmp(name, DEVLINK_GENL_MCGRP_CONFIG_NAME) == 0 &&
		    attr_uint(g[CTRL_ATTR_MCAST_GRP_ID], 4, &id))
			return (uint32_t)id;
	}
	return 0;
}

/** decode_family() - numbers of the devlink family. Return: 0, or -EBADMSG if @m has none. */
int decode_family(const struct nlmsghdr *m, struct family *ret)
{
	struct nlattr *a[CTRL_ATTR_MAX + 1];
	uint64_t id;

	if (m->nlmsg_type != GENL_ID_CTRL || m->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ||
	    nlmsg_parse((struct nlmsghdr *)m, GENL_HDRLEN, a, CTRL_ATTR_MAX, NULL) < 0 ||
	    !attr_uint(a[CTRL_ATTR_FAMILY_ID], 2, &id) || !a[CTRL_ATTR_MCAST_GROUPS])
		return -EBADMSG;
	*ret = (struct family){(uint16_t)id, config_group(a[CTRL_ATTR_MCAST_GROUPS])};
	return ret->config_group ? 0 : -EBADMSG;
}

static bool handle_of(const struct attrs *a, char ret[static HANDLE_MAX])
{
	const char *bus = attr_string(a->v[DEVLINK_ATTR_BUS_NAME]);
	const char *dev = attr_string(a->v[DEVLINK_ATTR_DEV_NAME]);
	int n;

	if (!bus || !dev)
		return false;
	n = snprintf(ret, HANDLE_MAX, "%s/%s", bus, dev);
	return n < HANDLE_MAX && handle_valid(ret);
}

/**
 * decode_impact() - an answer to PORT_GET or ESWITCH_GET, by its attributes: Linux 6.1 gives the
 * ports of a dump the command of a device.
 *
 * Return: false where it is about another device, or was cut.
 */
bool decode_impact(const struct nlmsghdr *m, uint16_t family, const char *handle,
		   struct impact *impact)
{
	char whose[HANDLE_MAX];
	struct attrs a;
	uint64_t mode;

	if (m->nlmsg_type != family || !attrs_parse(&a, m) || !handle_of(&a, whose) ||
	    strcmp(whose, handle) != 0)
		return false;
	if (a.v[DEVLINK_ATTR_PORT_SPLIT_GROUP])
		impact->splits++;
	if (attr_uint(a.v[DEVLINK_ATTR_ESWITCH_MODE], 2, &mode))
		impact->switchdev = mode == DEVLINK_ESWITCH_MODE_SWITCHDEV;
	return true;
}

/**
 * decode_handle() - which device @m is about. Return: 0, or -EBADMSG where it is not devlink's or
 * names none.
 */
int decode_handle(const struct nlmsghdr *m, uint16_t family, char ret[static HANDLE_MAX])
{
	struct attrs a;

	if (m->nlmsg_type != family || !attrs_parse(&a, m) || !handle_of(&a, ret))
		return -EBADMSG;
	return 0;
}

static bool read_value(const struct nlattr *a, enum value_type type, struct arena *arena,
		       struct value *ret)
{
	static const size_t sizes[] = {
		[VALUE_U8] = 1, [VALUE_U16] = 2, [VALUE_U32] = 4, [VALUE_U64] = 8};

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
		ret->type = type;
		return attr_uint(a, sizes[type], &ret->num);
	case VALUE_NONE:
		break;
	}
	return false;
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
		if (read_value(attr_in(top, nest, f->attr), f->type, arena, &v))
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

/* Readers return false where the message lacks what makes it one of its kind: it was cut. */
static bool read_flat(const struct class *class, const struct attrs *top, struct state *state)
{
	struct value key[CLASS_MAX_KEYS];
	_cleanup_free_ char *name = NULL;
	const struct attrs *in = NULL;
	struct attrs nest;

	if (class->nest) {
		if (!attrs_parse_nest(&nest, top->v[class->nest]))
			return false;
		in = &nest;
	}
	for (size_t i = 0; i < class_n_keys(class); i++)
		if (!read_key(attr_in(top, in, class->keys[i].attr), class->keys[i].type,
			      &state->arena, &key[i]))
			return false;
	name = class_key_format(class, key);
	read_fields(state_add(state, class, name, CLASS_NO_CMODE), top, in, &state->arena);
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
	default: /* a type of newer kernels: the param is not shown */
		return VALUE_NONE;
	}
}

/* PARAM { NAME, TYPE, VALUES_LIST { VALUE { [DATA], CMODE } ... } } */
static bool read_param(const struct class *class, const struct attrs *top, struct state *state)
{
	struct attrs param, value;
	struct nlattr *nest;
	const char *name;
	uint64_t n;
	int left;

	if (!attrs_parse_nest(&param, top->v[DEVLINK_ATTR_PARAM]))
		return false;
	name = attr_string(param.v[DEVLINK_ATTR_PARAM_NAME]);
	if (!name || !param.v[DEVLINK_ATTR_PARAM_VALUES_LIST] ||
	    !attr_uint(param.v[DEVLINK_ATTR_PARAM_TYPE], 1, &n))
		return false;
	if (param_type(n) == VALUE_NONE)
		return true;
	nla_for_each_nested(nest, param.v[DEVLINK_ATTR_PARAM_VALUES_LIST], left) {
		struct object *o;
		struct value v;
		uint64_t cmode;

		if (!attrs_parse_nest(&value, nest) ||
		    !attr_uint(value.v[DEVLINK_ATTR_PARAM_VALUE_CMODE], 1, &cmode) ||
		    cmode > CMODE_PERMANENT)
			continue;
		o = state_add(state, class, name, (uint8_t)cmode);
		if (read_value(value.v[DEVLINK_ATTR_PARAM_VALUE_DATA], param_type(n), &state->arena,
			       &v))
			object_set(o, PARAM_VALUE, v);
		else /* no value now, but the type is known */
			o->v[PARAM_VALUE] = (struct value){.type = param_type(n)};
	}
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
		if (!name)
			continue;
		path = mem_printf("%s/%s", parent, name);
		read_fields(state_add(state, class, path, CLASS_NO_CMODE), &a, NULL, &state->arena);
		read_tree(class, a.v[DEVLINK_ATTR_RESOURCE_LIST], path, depth + 1, state);
	}
}

static bool read_objects(const struct class *class, const struct attrs *a, struct state *state)
{
	if (class->form == FORM_BY_CMODE)
		return read_param(class, a, state);
	if (!class->tree)
		return read_flat(class, a, state);
	read_tree(class, a->v[DEVLINK_ATTR_RESOURCE_LIST], "", 0, state);
	return a->v[DEVLINK_ATTR_RESOURCE_LIST];
}

static void read_stats_entries(const struct nlattr *info, bool remote, struct facts *facts)
{
	struct nlattr *entry, *stats;
	struct attrs a, e;
	uint64_t action;
	int left;

	if (!attrs_parse_nest(&a, info) || !attr_uint(a.v[DEVLINK_ATTR_RELOAD_ACTION], 1, &action))
		return;
	stats = a.v[DEVLINK_ATTR_RELOAD_ACTION_STATS];
	if (!stats)
		return;
	nla_for_each_nested(entry, stats, left) {
		uint64_t limit, value;

		if (attrs_parse_nest(&e, entry) &&
		    attr_uint(e.v[DEVLINK_ATTR_RELOAD_STATS_LIMIT], 1, &limit) &&
		    attr_uint(e.v[DEVLINK_ATTR_RELOAD_STATS_VALUE], 4, &value))
			vec_push(&facts->counters, ((struct counter){.action = (uint8_t)action,
								     .limit = (uint8_t)limit,
								     .remote = remote,
								     .value = (uint32_t)value}));
	}
}

static void read_stats(const struct nlattr *stats, bool remote, struct facts *facts)
{
	struct nlattr *info;
	int left;

	if (!stats)
		return;
	nla_for_each_nested(info, stats, left)
		if (nla_type(info) == DEVLINK_ATTR_RELOAD_ACTION_INFO)
			read_stats_entries(info, remote, facts);
}

static bool read_get(const struct attrs *a, struct facts *facts)
{
	struct attrs stats;
	uint64_t failed;

	if (!attr_uint(a->v[DEVLINK_ATTR_RELOAD_FAILED], 1, &failed))
		return false;
	facts->reload_failed = failed;
	vec_clear(&facts->counters);
	if (!attrs_parse_nest(&stats, a->v[DEVLINK_ATTR_DEV_STATS]))
		return true;
	read_stats(stats.v[DEVLINK_ATTR_RELOAD_STATS], false, facts);
	read_stats(stats.v[DEVLINK_ATTR_REMOTE_RELOAD_STATS], true, facts);
	return true;
}

/* What a driver says in bytes that are no text could be neither shown, nor remembered. */
static char *clean(const char *s)
{
	return s ? text_clean(s, strlen(s)) : NULL;
}

static const char *keep_string(struct facts *facts, const struct nlattr *a)
{
	_cleanup_free_ char *text = clean(attr_string(a));

	return arena_strdup(&facts->arena, text);
}

static void read_version(const struct nlattr *nest, enum version_kind kind, struct facts *facts)
{
	struct attrs v;

	if (!attrs_parse_nest(&v, nest) || !attr_string(v.v[DEVLINK_ATTR_INFO_VERSION_NAME]) ||
	    !attr_string(v.v[DEVLINK_ATTR_INFO_VERSION_VALUE]))
		return;
	vec_push(&facts->versions,
		 ((struct version){kind, keep_string(facts, v.v[DEVLINK_ATTR_INFO_VERSION_NAME]),
				   keep_string(facts, v.v[DEVLINK_ATTR_INFO_VERSION_VALUE])}));
}

/* Versions repeat at the top level, so they are walked, not looked up. */
static void read_info(const struct nlmsghdr *m, const struct attrs *a, struct facts *facts)
{
	struct nlattr *attr;
	int left;

	facts->driver = keep_string(facts, a->v[DEVLINK_ATTR_INFO_DRIVER_NAME]);
	facts->serial_number = keep_string(facts, a->v[DEVLINK_ATTR_INFO_SERIAL_NUMBER]);
	facts->board_serial_number =
		keep_string(facts, a->v[DEVLINK_ATTR_INFO_BOARD_SERIAL_NUMBER]);
	nlmsg_for_each_attr(attr, (struct nlmsghdr *)m, GENL_HDRLEN, left) {
		if (nla_type(attr) == DEVLINK_ATTR_INFO_VERSION_FIXED)
			read_version(attr, VERSION_FIXED, facts);
		else if (nla_type(attr) == DEVLINK_ATTR_INFO_VERSION_RUNNING)
			read_version(attr, VERSION_RUNNING, facts);
		else if (nla_type(attr) == DEVLINK_ATTR_INFO_VERSION_STORED)
			read_version(attr, VERSION_STORED, facts);
	}
}

/**
 * decode_answer() - add what @m says of @handle to @state and @facts.
 *
 * The state needs a state_sort() afterwards. An INFO_GET answer adds to facts; a GET answer
 * replaces the counters.
 *
 * Return: 1; 0 where @m is not about @handle or of an unknown command; -EBADMSG where it was cut.
 */
int decode_answer(const struct nlmsghdr *m, uint16_t family, const char *handle,
		  struct state *state, struct facts *facts)
{
	char whose[HANDLE_MAX];
	struct attrs a;

	if (m->nlmsg_type != family)
		return 0;
	if (!attrs_parse(&a, m) || !handle_of(&a, whose))
		return -EBADMSG;
	if (strcmp(whose, handle) != 0)
		return 0;
	switch (command_of(m)) {
	case DEVLINK_CMD_NEW:
		return read_get(&a, facts) ? 1 : -EBADMSG;
	case DEVLINK_CMD_INFO_GET:
		read_info(m, &a, facts);
		return 1;
	}
	for (size_t i = 0; i < n_classes; i++)
		if (classes[i]->cmd_reply == command_of(m))
			return read_objects(classes[i], &a, state) ? 1 : -EBADMSG;
	return 0;
}

static bool is_of_flash(uint8_t command)
{
	return command == DEVLINK_CMD_FLASH_UPDATE || command == DEVLINK_CMD_FLASH_UPDATE_STATUS ||
	       command == DEVLINK_CMD_FLASH_UPDATE_END;
}

static void read_progress(const struct attrs *a, bool ended, struct flash_progress *ret)
{
	*ret = (struct flash_progress){
		.ended = ended,
		.text = attr_string(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_MSG]),
		.component = attr_string(a->v[DEVLINK_ATTR_FLASH_UPDATE_COMPONENT]),
	};
	attr_uint(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_DONE], 8, &ret->done);
	attr_uint(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_TOTAL], 8, &ret->total);
	attr_uint(a->v[DEVLINK_ATTR_FLASH_UPDATE_STATUS_TIMEOUT], 8, &ret->timeout);
}

/**
 * decode_notification() - which device and which command, and the progress of a flash.
 * @ret: strings point into @m
 *
 * Return: 0, or -EBADMSG where @m is not devlink's or names no device.
 */
int decode_notification(const struct nlmsghdr *m, uint16_t family, struct notification *ret)
{
	struct attrs a;

	if (m->nlmsg_type != family || !attrs_parse(&a, m) || !handle_of(&a, ret->handle))
		return -EBADMSG;
	ret->command = command_of(m);
	ret->is_flash = is_of_flash(ret->command);
	if (ret->is_flash)
		read_progress(&a, ret->command == DEVLINK_CMD_FLASH_UPDATE_END, &ret->flash);
	return 0;
}

/* As one line, or NULL where nothing is said: drivers end it with a line break at times. */
static char *one_line(char *text)
{
	char *end = text ? strchr(text, '\0') : NULL;

	while (end > text && strchr(" \n", end[-1]))
		*--end = '\0';
	if (end == text) {
		free(text);
		return NULL;
	}
	while (end > text)
		if (*--end == '\n')
			*end = ' ';
	return text;
}

/* The kernel's words among the attributes that start @skip bytes into @m, or NULL. */
static char *extack_text(const struct nlmsghdr *m, size_t skip)
{
	struct nlattr *a[NLMSGERR_ATTR_MAX + 1];

	if (!(m->nlmsg_flags & NLM_F_ACK_TLVS) || m->nlmsg_len < NLMSG_HDRLEN + skip ||
	    nlmsg_parse((struct nlmsghdr *)m, (int)skip, a, NLMSGERR_ATTR_MAX, NULL) < 0)
		return NULL;
	return one_line(clean(attr_string(a[NLMSGERR_ATTR_MSG])));
}

/* They stand behind the error and, unless capped, behind the whole request. */
static char *error_text(const struct nlmsghdr *m, const struct nlmsgerr *e)
{
	size_t skip = sizeof(*e);

	if (!(m->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	return extack_text(m, skip);
}

/**
 * decode_ack() - the outcome of a request.
 *
 * Return: 0; -EBADMSG where @m is neither NLMSG_ERROR nor NLMSG_DONE.
 */
int decode_ack(const struct nlmsghdr *m, struct ack *ret)
{
	const struct nlmsgerr *e = nlmsg_data(m);

	if (m->nlmsg_type == NLMSG_DONE) {
		int error = 0;

		if (m->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
			memcpy(&error, nlmsg_data(m), sizeof(error));
		*ret = (struct ack){.error = error < 0 ? error : 0,
				    .text = extack_text(m, sizeof(error))};
		return 0;
	}
	if (m->nlmsg_type != NLMSG_ERROR || m->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return -EBADMSG;
	*ret = (struct ack){.error = e->error, .text = error_text(m, e)};
	return 0;
}
