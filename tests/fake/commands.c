// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a message to its command: what genl_rcv_msg() and devlink's pre_doit check, in that order:
 * command, permission, attributes, device, lock.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct command {
	uint8_t id;
	const char *name;
	bool admin, dump;
	bool strict_6_1; /* no GENL_DONT_VALIDATE_STRICT in 6.1 */
	int (*run)(struct call *c);
};

static const struct command commands[] = {
	{DEVLINK_CMD_GET, "GET", false, true, false, get_device},
	{DEVLINK_CMD_PORT_GET, "PORT_GET", false, true, false, get_port},
	{DEVLINK_CMD_PORT_SPLIT, "PORT_SPLIT", true, false, false, split_port},
	{DEVLINK_CMD_PORT_UNSPLIT, "PORT_UNSPLIT", true, false, false, unsplit_port},
	{DEVLINK_CMD_LINECARD_GET, "LINECARD_GET", false, true, true, get_linecard},
	{DEVLINK_CMD_LINECARD_SET, "LINECARD_SET", true, false, true, set_linecard},
	{DEVLINK_CMD_RESOURCE_SET, "RESOURCE_SET", true, false, false, set_resource},
	{DEVLINK_CMD_RESOURCE_DUMP, "RESOURCE_DUMP", false, true, false, get_resources},
	{DEVLINK_CMD_RELOAD, "RELOAD", true, false, false, reload_start},
	{DEVLINK_CMD_PARAM_GET, "PARAM_GET", false, true, false, get_param},
	{DEVLINK_CMD_PARAM_SET, "PARAM_SET", true, false, false, set_param},
	{DEVLINK_CMD_INFO_GET, "INFO_GET", false, true, false, get_info},
	{DEVLINK_CMD_FLASH_UPDATE, "FLASH_UPDATE", true, false, false, flash_start},
	{DEVLINK_CMD_SB_POOL_GET, "SB_POOL_GET", false, true, false, get_flat},
	{DEVLINK_CMD_SB_POOL_SET, "SB_POOL_SET", true, false, false, set_flat},
	{DEVLINK_CMD_SB_PORT_POOL_GET, "SB_PORT_POOL_GET", false, true, false, get_flat},
	{DEVLINK_CMD_SB_PORT_POOL_SET, "SB_PORT_POOL_SET", true, false, false, set_flat},
	{DEVLINK_CMD_SB_TC_POOL_BIND_GET, "SB_TC_POOL_BIND_GET", false, true, false, get_flat},
	{DEVLINK_CMD_SB_TC_POOL_BIND_SET, "SB_TC_POOL_BIND_SET", true, false, false, set_flat},
	{DEVLINK_CMD_ESWITCH_GET, "ESWITCH_GET", true, false, false, get_flat},
	{DEVLINK_CMD_ESWITCH_SET, "ESWITCH_SET", true, false, false, set_flat},
	{DEVLINK_CMD_HEALTH_REPORTER_GET, "HEALTH_REPORTER_GET", false, true, false, get_flat},
	{DEVLINK_CMD_HEALTH_REPORTER_SET, "HEALTH_REPORTER_SET", true, false, false, set_flat},
	{DEVLINK_CMD_TRAP_GET, "TRAP_GET", false, true, true, get_trap},
	{DEVLINK_CMD_TRAP_SET, "TRAP_SET", true, false, true, set_trap},
	{DEVLINK_CMD_TRAP_GROUP_GET, "TRAP_GROUP_GET", false, true, true, get_group},
	{DEVLINK_CMD_TRAP_GROUP_SET, "TRAP_GROUP_SET", true, false, true, set_group},
	{DEVLINK_CMD_TRAP_POLICER_GET, "TRAP_POLICER_GET", false, true, true, get_policer},
	{DEVLINK_CMD_TRAP_POLICER_SET, "TRAP_POLICER_SET", true, false, true, set_policer},
};

static const struct command *command_find(uint8_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].id == id)
			return &commands[i];
	return NULL;
}

const char *command_name(uint8_t command)
{
	const struct command *k = command_find(command);

	return k ? k->name : "other";
}

uint8_t command_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].id;
	return 0;
}

/** call_say() - the core's words; 6.1.192 puts its file's name in front. */
void call_say(struct call *c, const char *text)
{
	snprintf(c->text, sizeof(c->text), "%s%s", c->fake->line == FAKE_6_1 ? "leftover: " : "",
		 text);
}

void call_say_driver(struct call *c, const char *text)
{
	const struct device *d = c->dev ?: c->socket->working;

	if (*text)
		snprintf(c->text, sizeof(c->text), "%s: %s", d->driver ?: "driver", text);
}

/** call_missing() - GENL_REQ_ATTR_CHECK() failed. Return: -EINVAL. */
int call_missing(struct call *c, uint16_t attr)
{
	c->missing = attr;
	return -EINVAL;
}

/* A string attribute that the policy has found good, or NULL. */
const char *call_string(const struct call *c, uint16_t attr)
{
	return c->a.v[attr] ? attr_data(c->a.v[attr]) : NULL;
}

enum policy_kind { POLICY_STRING, POLICY_UINT, POLICY_BITS };

/* The attributes that requests may carry, and their limits by line. */
static const struct policy {
	uint16_t attr;
	enum policy_kind kind;
	unsigned len;
	uint64_t min, max[FAKE_LINES]; /* of an integer, or the bits of a bitfield32 */
} policies[] = {
	{DEVLINK_ATTR_BUS_NAME, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_DEV_NAME, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_PORT_INDEX, POLICY_UINT, 4, 0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{DEVLINK_ATTR_PORT_SPLIT_COUNT, POLICY_UINT, 4, 0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{DEVLINK_ATTR_LINECARD_INDEX, POLICY_UINT, 4, 0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{DEVLINK_ATTR_LINECARD_TYPE, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_RESOURCE_ID, POLICY_UINT, 8, 0, {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
	{DEVLINK_ATTR_RESOURCE_SIZE, POLICY_UINT, 8, 0, {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
	{DEVLINK_ATTR_PARAM_NAME, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_PARAM_TYPE, POLICY_UINT, 1, 0, {UINT8_MAX, UINT8_MAX, UINT8_MAX}},
	{DEVLINK_ATTR_PARAM_VALUE_CMODE, POLICY_UINT, 1, 0, {UINT8_MAX, 2, 2}},
	{DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_FLASH_UPDATE_COMPONENT, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_FLASH_UPDATE_OVERWRITE_MASK, POLICY_BITS, 8, 0, {3, 3, 3}},
	{DEVLINK_ATTR_TRAP_NAME, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_TRAP_ACTION, POLICY_UINT, 1, 0, {UINT8_MAX, 2, 2}},
	{DEVLINK_ATTR_TRAP_GROUP_NAME, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_ESWITCH_MODE, POLICY_UINT, 2, 0, {1, 1, 2}},
	{DEVLINK_ATTR_ESWITCH_INLINE_MODE, POLICY_UINT, 1, 0, {UINT8_MAX, 3, 3}},
	{DEVLINK_ATTR_ESWITCH_ENCAP_MODE, POLICY_UINT, 1, 0, {UINT8_MAX, 1, 1}},
	{DEVLINK_ATTR_HEALTH_REPORTER_NAME, POLICY_STRING, 0, 0, {0, 0, 0}},
	{DEVLINK_ATTR_HEALTH_REPORTER_GRACEFUL_PERIOD,
	 POLICY_UINT,
	 8,
	 0,
	 {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
	{DEVLINK_ATTR_HEALTH_REPORTER_AUTO_RECOVER,
	 POLICY_UINT,
	 1,
	 0,
	 {UINT8_MAX, UINT8_MAX, UINT8_MAX}},
	{DEVLINK_ATTR_HEALTH_REPORTER_AUTO_DUMP,
	 POLICY_UINT,
	 1,
	 0,
	 {UINT8_MAX, UINT8_MAX, UINT8_MAX}},
	{DEVLINK_ATTR_NETNS_FD, POLICY_UINT, 4, 0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{DEVLINK_ATTR_NETNS_PID, POLICY_UINT, 4, 0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{DEVLINK_ATTR_NETNS_ID, POLICY_UINT, 4, 0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{DEVLINK_ATTR_TRAP_POLICER_ID, POLICY_UINT, 4, 0, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
	{DEVLINK_ATTR_TRAP_POLICER_RATE, POLICY_UINT, 8, 0, {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
	{DEVLINK_ATTR_TRAP_POLICER_BURST, POLICY_UINT, 8, 0, {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
	{DEVLINK_ATTR_RELOAD_ACTION, POLICY_UINT, 1, 1, {2, 2, 2}},
	{DEVLINK_ATTR_RELOAD_LIMITS, POLICY_BITS, 8, 0, {3, 6, 6}},
	{ATTR_INDEX, POLICY_UINT, 4, 0, {0, 0, INT32_MAX}},
	{ATTR_RESOURCE_SCOPE_MASK, POLICY_UINT, 4, 0, {0, 0, UINT32_MAX}},
};

static int fail_policy(struct call *c, const struct nlattr *a, const char *text, int error)
{
	c->bad = a;
	snprintf(c->text, sizeof(c->text), "%s", text);
	return error;
}

/* validate_nla_bitfield32(): no unknown bit selected or set, no bit set that is not selected. */
static bool bits_ok(const struct nlattr *a, uint32_t known)
{
	struct nla_bitfield32 bits;

	memcpy(&bits, attr_data(a), sizeof(bits));
	return !(bits.selector & ~known) && !(bits.value & ~known) &&
	       !(bits.value & ~bits.selector);
}

/*
 * validate_nla(): a wrong length is ERANGE where validation is liberal, EINVAL where strict. 6.1 is
 * strict about its newer attributes always (strict_start_type).
 */
static int check_attr(struct call *c, const struct policy *p, const struct nlattr *a, bool strict)
{
	static const char failed[] = "Attribute failed policy validation";
	uint64_t max = p->max[c->fake->line];

	if (p->kind == POLICY_STRING)
		return attr_len(a) && memchr(attr_data(a), '\0', attr_len(a))
			       ? 0
			       : fail_policy(c, a, failed, -EINVAL);
	if (strict && attr_len(a) != p->len)
		return fail_policy(c, a, "invalid attribute length", -EINVAL);
	if (attr_len(a) < p->len || (p->kind == POLICY_BITS && attr_len(a) != p->len))
		return fail_policy(c, a, failed, -ERANGE);
	if (p->kind == POLICY_BITS)
		return bits_ok(a, (uint32_t)max) ? 0 : fail_policy(c, a, failed, -EINVAL);
	if (attr_num(a) < p->min || attr_num(a) > max)
		return fail_policy(c, a, "integer out of range", -ERANGE);
	return 0;
}

/* Return: NULL where the line has no opinion: an attribute that is newer than it is not seen. */
static const struct policy *policy_find(enum fake_line line, uint16_t attr)
{
	if (line < FAKE_7_3 && attr >= ATTR_PARAM_VALUE_DEFAULT)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		if (policies[i].attr == attr)
			return &policies[i];
	return NULL;
}

static int check_attrs(struct call *c, bool strict)
{
	const char *data = (const char *)c->m + NLMSG_LENGTH(GENL_HDRLEN);
	size_t len = c->m->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);

	attrs_read(&c->a, data, len);
	if (strict && c->a.left)
		return fail_policy(c, NULL, "bytes leftover after parsing attributes", -EINVAL);
	attrs_each(a, data, len)
	{
		const struct policy *p = policy_find(c->fake->line, attr_type(a));
		bool newer =
			c->fake->line == FAKE_6_1 && attr_type(a) >= DEVLINK_ATTR_TRAP_POLICER_ID;
		int r = 0;

		if (p)
			r = check_attr(c, p, a, strict || newer);
		else if (strict)
			r = fail_policy(c, a,
					attr_type(a) > DEVLINK_ATTR_MAX ? "Unknown attribute type"
									: "Unsupported attribute",
					-EINVAL);
		if (r)
			return r;
	}
	c->checked = true;
	return 0;
}

/** call_object() - what a request is about within its device, "" for the device itself. */
const char *call_object(const struct call *c, char buffer[static HANDLE_SIZE])
{
	const struct nlattr *id = c->a.v[DEVLINK_ATTR_TRAP_POLICER_ID];
	const struct nlattr *resource = c->a.v[DEVLINK_ATTR_RESOURCE_ID];
	const struct nlattr *index = c->a.v[DEVLINK_ATTR_PORT_INDEX];
	const struct port *port = index && c->dev ? port_by_index(c->dev, attr_num(index)) : NULL;
	const struct flat *flat = flat_find(c);
	const struct resource *r =
		resource && c->dev ? resource_by_id(c->dev, attr_num(resource)) : NULL;
	const char *name = call_string(c, DEVLINK_ATTR_PARAM_NAME)
				   ?: call_string(c, DEVLINK_ATTR_TRAP_NAME)
				   ?: call_string(c, DEVLINK_ATTR_TRAP_GROUP_NAME)
				   ?: call_string(c, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME);

	*buffer = '\0';
	if (linecard_label(c, buffer))
		return buffer;
	if (flat)
		snprintf(buffer, HANDLE_SIZE, "%s", flat->name);
	else if (name)
		snprintf(buffer, HANDLE_SIZE, "%s", name);
	else if (id)
		snprintf(buffer, HANDLE_SIZE, "%u", (unsigned)attr_num(id));
	else if (r)
		snprintf(buffer, HANDLE_SIZE, "%s", r->path);
	else if (port)
		port_label(port, buffer);
	return buffer;
}

/* The rule that is due for this request, if any; each is used up by its number of times. */
static const struct rule *rule_find(struct call *c)
{
	char name[HANDLE_SIZE];

	if (c->socket->stranger || !c->fake->rules)
		return NULL;
	call_object(c, name);
	for (struct rule *r = c->fake->rules; r; r = r->next) {
		if (!r->times || (r->command && r->command != c->command) ||
		    (*r->name && strcmp(r->name, name) != 0) ||
		    (strcmp(r->handle, "*") != 0 && strcmp(r->handle, c->dev->handle) != 0))
			continue;
		if (r->skip) {
			r->skip--;
			continue;
		}
		r->times--;
		return r;
	}
	return NULL;
}

static int run_by_rule(struct call *c, const struct command *k)
{
	c->rule = rule_find(c);
	if (!c->rule)
		return k->run(c);
	switch (c->rule->effect) {
	case RULE_ERROR:
		call_say_driver(c, c->rule->text);
		return -c->rule->error;
	case RULE_IGNORE:
		return 0;
	case RULE_CLAMP:
		return k->run(c);
	case RULE_LOSE_ANSWER:
		c->socket->muted = true;
		return k->run(c);
	case RULE_LOSE:
		c->socket->muted = true;
		return 0;
	case RULE_HOLD:
		c->socket->held = true;
		return CALL_WAIT;
	}
	return 0;
}

/* Objects of another device wait for nobody; in 6.1 even a filtered dump walks all instances. */
static bool dump_waits(struct call *c, bool filtered)
{
	const char *bus = call_string(c, DEVLINK_ATTR_BUS_NAME);
	const char *dev = call_string(c, DEVLINK_ATTR_DEV_NAME);

	for (const struct device *d = c->fake->devices; d; d = d->next)
		if (d->registered && !d->dying && device_locked(d) &&
		    (c->dev ? d == c->dev
			    : !filtered || (!strcmp(d->bus, bus) && !strcmp(d->dev, dev))))
			return true;
	return false;
}

/* devlink_get_from_attrs(); an instance on its way out is not found in 6.1, waited for in 6.12. */
static int find_device(struct call *c)
{
	const char *bus = call_string(c, DEVLINK_ATTR_BUS_NAME);
	const char *dev = call_string(c, DEVLINK_ATTR_DEV_NAME);
	const struct nlattr *index = c->fake->line >= FAKE_7_3 ? c->a.v[ATTR_INDEX] : NULL;
	uint64_t number = index ? attr_num(index) : 0;

	if (index ? bus || dev : !bus || !dev)
		return -EINVAL;
	if (c->fake->line >= FAKE_7_3 && bus && strcmp(bus, INDEX_BUS) == 0)
		number = strtoul(dev, NULL, 10);
	for (struct device *d = c->fake->devices; d; d = d->next) {
		if (!d->registered ||
		    (number ? d->index != number
			    : index || strcmp(d->bus, bus) || strcmp(d->dev, dev)))
			continue;
		if (d->dying && c->fake->line < FAKE_6_12)
			return -ENODEV;
		c->dev = d;
		return 0;
	}
	return -ENODEV;
}

/* Of the dumps with a policy, which from 6.6 on are strict about what is in none. */
static bool dump_takes(const struct call *c, const struct nlattr *a)
{
	uint16_t type = attr_type(a);

	if (c->command == DEVLINK_CMD_GET || c->command == DEVLINK_CMD_INFO_GET)
		return c->fake->line < FAKE_7_3;
	if (c->command == DEVLINK_CMD_RESOURCE_DUMP)
		return type == DEVLINK_ATTR_BUS_NAME || type == DEVLINK_ATTR_DEV_NAME ||
		       type == ATTR_INDEX || type == ATTR_RESOURCE_SCOPE_MASK;
	return type <= (c->fake->line < FAKE_7_3 ? ATTR_MAX_6_12 : ATTR_INDEX);
}

static int check_dump(struct call *c)
{
	const char *data = (const char *)c->m + NLMSG_LENGTH(GENL_HDRLEN);

	if (c->fake->line < FAKE_7_3 && c->command == DEVLINK_CMD_RESOURCE_DUMP)
		return -EOPNOTSUPP;
	if (c->fake->line < FAKE_6_12)
		return 0;
	attrs_each(a, data, c->m->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN))
	{
		if (!dump_takes(c, a))
			return fail_policy(c, a, "Unknown attribute type", -EINVAL);
		if (attr_type(a) == ATTR_RESOURCE_SCOPE_MASK &&
		    attr_num(a) > (SCOPE_DEVICE | SCOPE_PORTS))
			return fail_policy(c, a, "reserved bit set", -EINVAL);
	}
	return 0;
}

/* Which instance a dump is of, if it names one. */
static int filter_dump(struct call *c, bool *ret_filtered)
{
	bool names = c->a.v[DEVLINK_ATTR_BUS_NAME] && c->a.v[DEVLINK_ATTR_DEV_NAME];

	*ret_filtered = c->fake->line >= FAKE_6_12 && c->command != DEVLINK_CMD_GET && names;
	if (c->fake->line < FAKE_7_3 || (!names && !c->a.v[ATTR_INDEX]))
		return 0;
	*ret_filtered = true;
	return find_device(c);
}

/* A dump is begun in sendmsg(); one at a time on a socket. */
static int start_dump(struct call *c)
{
	struct dump *dump = &c->socket->dump;
	const struct nlattr *scope = c->a.v[ATTR_RESOURCE_SCOPE_MASK];
	bool filtered, empty = c->fake->line >= FAKE_7_3 && scope && attr_num(scope) == 0;
	int r = filter_dump(c, &filtered);

	if (r)
		return r;
	if (dump_waits(c, filtered))
		return CALL_WAIT;
	log_start(c);
	*dump = (struct dump){.running = true,
			      .filtered = filtered,
			      .command = c->command,
			      .error = empty ? -EINVAL : 0,
			      .scope = scope ? (uint32_t)attr_num(scope) : 0,
			      .seq = c->m->nlmsg_seq};
	if (c->dev)
		snprintf(dump->handle, sizeof(dump->handle), "%s", c->dev->handle);
	else if (filtered)
		snprintf(dump->handle, sizeof(dump->handle), "%s/%s",
			 call_string(c, DEVLINK_ATTR_BUS_NAME),
			 call_string(c, DEVLINK_ATTR_DEV_NAME));
	return CALL_NO_ACK;
}

static int run_locked(struct call *c, const struct command *k)
{
	log_start(c);
	if (strstr(k->name, "_SET"))
		c->dev->counts.sets++;
	else if (!k->admin)
		c->dev->counts.gets++;
	return run_by_rule(c, k);
}

/**
 * call_run() - one devlink request.
 *
 * Return: 0, -errno, CALL_WAIT to be called again, or CALL_NO_ACK.
 */
int call_run(struct call *c)
{
	const struct command *k = command_find(c->command);
	bool dump = (c->m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int r;

	if (c->socket->working) {
		struct device *d = c->socket->working;

		attrs_read(&c->a, (const char *)c->m + NLMSG_LENGTH(GENL_HDRLEN),
			   c->m->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
		return d->operation.kind == OPERATION_FLASH ? flash_continue(c, d)
							    : reload_continue(c, d);
	}
	if (!k || (dump && !k->dump))
		return -EOPNOTSUPP;
	if (k->admin && !c->socket->admin)
		return -EPERM;
	if (dump && c->socket->dump.running)
		return -EBUSY;
	r = check_attrs(c, k->strict_6_1 && c->fake->line == FAKE_6_1);
	if (r)
		return r;
	r = dump ? check_dump(c) : 0;
	if (r)
		return r;
	if (dump)
		return start_dump(c);
	r = find_device(c);
	if (r)
		return r;
	return device_locked(c->dev) ? CALL_WAIT : run_locked(c, k);
}
