// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests as bytes, and bytes as answers. Both are compared as text: a request is taken apart by a
 * walker of its own, an answer is put together by wire_answers.h.
 */
#include "manager/glance.h"
#include "model/config.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/reading.h"

#include <errno.h>
#include <limits.h>
#include <inttypes.h>
#include <netlink/msg.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire_answers.h"

#define MUTATIONS 20000

/* ---- requests as text ---- */

static void describe_payload(struct buf *out, const unsigned char *p, size_t n)
{
	bool text = n >= 2 && p[n - 1] == '\0';
	uint64_t num = 0;

	for (size_t i = 0; i + 1 < n; i++)
		text &= p[i] >= ' ' && p[i] < 0x7f;
	if (text) {
		buf_add(out, "'%s'", (const char *)p);
		return;
	}
	memcpy(&num, p, n); /* little end first, like all of our switches */
	buf_add(out, "u%zu:%" PRIu64, n * 8, num);
}

/* Type, flags, command and attributes: "29 1 cmd 1: 1='pci' 2='0000:03:00.0' 153=u8:1". */
static char *describe_request(struct nl_msg *msg)
{
	const unsigned char *p = (const unsigned char *)nlmsg_hdr(msg);
	struct nlmsghdr h;
	struct genlmsghdr g;
	struct buf out = {};

	memcpy(&h, p, sizeof(h));
	memcpy(&g, p + NLMSG_HDRLEN, sizeof(g));
	assert_int_equal(h.nlmsg_seq | h.nlmsg_pid | g.reserved, 0);
	assert_int_equal(g.version, 1);
	buf_add(&out, "%u %x cmd %u:", h.nlmsg_type, h.nlmsg_flags, g.cmd);
	for (size_t at = NLMSG_HDRLEN + GENL_HDRLEN; at < h.nlmsg_len;) {
		struct nlattr a;
		size_t next;

		memcpy(&a, p + at, sizeof(a));
		assert_true(a.nla_len >= NLA_HDRLEN && at + a.nla_len <= h.nlmsg_len);
		buf_add(&out, " %u=", a.nla_type);
		describe_payload(&out, p + at + NLA_HDRLEN, a.nla_len - (size_t)NLA_HDRLEN);
		next = at + NLA_ALIGN(a.nla_len);
		for (at += a.nla_len; at < next && at < h.nlmsg_len; at++)
			assert_int_equal(p[at], 0);
		at = next;
	}
	return buf_take(&out);
}

static void check_request(struct nl_msg *msg, const char *expected)
{
	_cleanup_free_ char *text = describe_request(msg);

	nlmsg_free(msg);
	assert_string_equal(text, expected);
}

#define DEVICE "1='pci' 2='0000:03:00.0'"

static void test_encode_get(void **state)
{
	(void)state;
	check_request(encode_getfamily(), "16 1 cmd 3: 2='devlink'");
	check_request(encode_get(FAMILY, HANDLE), "29 1 cmd 1: " DEVICE);
	check_request(encode_get_all(FAMILY), "29 301 cmd 1:");
	check_request(encode_info_get(0xffff, HANDLE), "65535 1 cmd 51: " DEVICE);
	check_request(encode_device_objects(FAMILY, HANDLE, &class_resource),
		      "29 1 cmd 36: " DEVICE);
	check_request(encode_get(FAMILY, "auxiliary/mlx5_core.sf.4/x"),
		      "29 1 cmd 1: 1='auxiliary' 2='mlx5_core.sf.4/x'");
}

static void test_encode_object_get(void **state)
{
	(void)state;
	check_request(encode_object_get(FAMILY, HANDLE, &class_param, "max_macs"),
		      "29 1 cmd 38: " DEVICE " 81='max_macs'");
	check_request(encode_object_get(FAMILY, HANDLE, &class_trap, "ttl_value"),
		      "29 1 cmd 61: " DEVICE " 130='ttl_value'");
	check_request(encode_object_get(FAMILY, HANDLE, &class_trap_group, "l3_drops"),
		      "29 1 cmd 65: " DEVICE " 135='l3_drops'");
	check_request(encode_object_get(FAMILY, HANDLE, &class_trap_policer, "4294967295"),
		      "29 1 cmd 69: " DEVICE " 142=u32:4294967295");
	check_request(encode_object_dump(FAMILY, HANDLE, &class_param), "29 301 cmd 38: " DEVICE);
	check_request(encode_object_dump(FAMILY, HANDLE, &class_trap), "29 301 cmd 61: " DEVICE);
	check_request(encode_object_dump(FAMILY, HANDLE, &class_trap_group),
		      "29 301 cmd 65: " DEVICE);
	check_request(encode_object_dump(FAMILY, HANDLE, &class_trap_policer),
		      "29 301 cmd 69: " DEVICE);
}

static void test_encode_reload(void **state)
{
	(void)state;
	check_request(encode_reload(FAMILY, HANDLE, DEVLINK_RELOAD_ACTION_DRIVER_REINIT, 0),
		      "29 5 cmd 37: " DEVICE " 153=u8:1");
	check_request(encode_reload(FAMILY, HANDLE, DEVLINK_RELOAD_ACTION_FW_ACTIVATE,
				    DEVLINK_RELOAD_LIMIT_UNSPEC),
		      "29 5 cmd 37: " DEVICE " 153=u8:2");
	/* a bitfield32: value 2, selector 2 */
	check_request(encode_reload(FAMILY, HANDLE, DEVLINK_RELOAD_ACTION_FW_ACTIVATE,
				    DEVLINK_RELOAD_LIMIT_NO_RESET),
		      "29 5 cmd 37: " DEVICE " 153=u8:2 155=u64:8589934594");
}

static void test_encode_flash(void **state)
{
	char longest[FIRMWARE_TEXT_MAX + 1];
	struct nl_msg *msg;

	(void)state;
	check_request(encode_flash(FAMILY, HANDLE, "mellanox/a-13.2010.1406.mfa2", NULL),
		      "29 5 cmd 58: " DEVICE " 122='mellanox/a-13.2010.1406.mfa2'");
	check_request(encode_flash(FAMILY, HANDLE, "dummy", "fw.mgmt"),
		      "29 5 cmd 58: " DEVICE " 122='dummy' 123='fw.mgmt'");
	memset(longest, 'x', FIRMWARE_TEXT_MAX);
	longest[FIRMWARE_TEXT_MAX] = '\0';
	msg = encode_flash(FAMILY, HANDLE, longest, longest);
	assert_in_range(nlmsg_hdr(msg)->nlmsg_len, 2 * FIRMWARE_TEXT_MAX, 4096);
	nlmsg_free(msg);
}

/* A name that no device has may be in a config nevertheless; the kernel is asked for it. */
static void test_encode_long(void **state)
{
	_cleanup_free_ char *name = mem_alloc(6001);
	char part[256] = "";
	_cleanup_free_ char *handle = NULL;
	struct object o = {.class = &class_trap, .name = name};
	struct nl_msg *msg;

	(void)state;
	memset(part, 'x', sizeof(part) - 1);
	handle = mem_printf("%s/%s", part, part);
	memset(name, 'n', 6000);
	msg = encode_object_get(FAMILY, handle, &class_trap, name);
	assert_in_range(nlmsg_hdr(msg)->nlmsg_len, 6500, 6600);
	nlmsg_free(msg);
	object_set(&o, 0, (struct value){.type = VALUE_U8, .num = 1});
	msg = encode_object_set(FAMILY, handle, &o);
	assert_in_range(nlmsg_hdr(msg)->nlmsg_len, 6500, 6600);
	nlmsg_free(msg);
}

static void check_set(struct object *o, const char *expected)
{
	check_request(encode_object_set(FAMILY, HANDLE, o), expected);
	*o = (struct object){};
}

static void check_param(uint8_t cmode, struct value v, const char *expected)
{
	struct object o = {.class = &class_param, .name = "p", .cmode = cmode};

	object_set(&o, PARAM_VALUE, v);
	check_set(&o, expected);
}

#define SET_P "29 5 cmd 39: " DEVICE " 81='p' "

static void test_encode_param(void **state)
{
	(void)state;
	check_param(CMODE_RUNTIME, (struct value){.type = VALUE_U8, .num = 255},
		    SET_P "83=u8:1 87=u8:0 86=u8:255");
	check_param(CMODE_DRIVERINIT, (struct value){.type = VALUE_U16, .num = 65535},
		    SET_P "83=u8:2 87=u8:1 86=u16:65535");
	check_param(CMODE_PERMANENT, (struct value){.type = VALUE_U32, .num = UINT32_MAX},
		    SET_P "83=u8:3 87=u8:2 86=u32:4294967295");
	check_param(CMODE_RUNTIME, (struct value){.type = VALUE_U64, .num = UINT64_MAX},
		    SET_P "83=u8:4 87=u8:0 86=u64:18446744073709551615");
	check_param(CMODE_RUNTIME,
		    (struct value){.type = VALUE_STRING, .str = "0123456789012345678901234567890"},
		    SET_P "83=u8:5 87=u8:0 86='0123456789012345678901234567890'");
	check_param(CMODE_RUNTIME, (struct value){.type = VALUE_STRING, .str = ""},
		    SET_P "83=u8:5 87=u8:0 86=u8:0");
	check_param(CMODE_RUNTIME, (struct value){.type = VALUE_BOOL, .num = 1},
		    SET_P "83=u8:6 87=u8:0 86=u0:0");
	check_param(CMODE_DRIVERINIT, (struct value){.type = VALUE_BOOL, .num = 0},
		    SET_P "83=u8:6 87=u8:1");
}

/* The flag, and no value beside it. */
static void test_encode_param_reset(void **state)
{
	struct step s = {.kind = STEP_SET,
			 .reset = true,
			 .target = {.class = &class_param, .name = "p", .cmode = CMODE_PERMANENT}};

	(void)state;
	object_set(&s.target, PARAM_VALUE, (struct value){.type = VALUE_BOOL, .num = 1});
	check_request(encode_step(FAMILY, HANDLE, 0, &s), SET_P "83=u8:6 87=u8:2 183=u0:0");
	s.target.v[PARAM_VALUE] = (struct value){.type = VALUE_STRING, .str = "text"};
	check_request(encode_step(FAMILY, HANDLE, 0, &s), SET_P "83=u8:5 87=u8:2 183=u0:0");
	s.reset = false;
	check_request(encode_step(FAMILY, HANDLE, 0, &s), SET_P "83=u8:5 87=u8:2 86='text'");
}

/* By the number of the registration, once that is known; a handle beside it is an error. */
static void test_encode_by_number(void **state)
{
	struct step set = {.kind = STEP_SET, .target = {.class = &class_trap, .name = "t"}};
	struct step reload = {.kind = STEP_RELOAD, .action = DEVLINK_RELOAD_ACTION_DRIVER_REINIT};
	struct step flash = {.kind = STEP_FLASH, .firmware = {.file = "dummy"}};
	struct step remember = {.kind = STEP_REMEMBER};

	(void)state;
	object_set(&set.target, TRAP_ACTION, (struct value){.type = VALUE_U8, .num = 1});
	check_request(encode_step(FAMILY, HANDLE, 0, &set),
		      "29 5 cmd 62: " DEVICE " 130='t' 131=u8:1");
	check_request(encode_step(FAMILY, HANDLE, 1, &set),
		      "29 5 cmd 62: 130='t' 131=u8:1 184=u32:0");
	check_request(encode_step(FAMILY, HANDLE, 8, &reload), "29 5 cmd 37: 153=u8:1 184=u32:7");
	check_request(encode_step(FAMILY, HANDLE, 8, &flash), "29 5 cmd 58: 122='dummy' 184=u32:7");
	assert_null(encode_step(FAMILY, HANDLE, 8, &remember));
}

static struct value u8(uint64_t n)
{
	return (struct value){.type = VALUE_U8, .num = n};
}

static struct value u32(uint64_t n)
{
	return (struct value){.type = VALUE_U32, .num = n};
}

static struct value u64(uint64_t n)
{
	return (struct value){.type = VALUE_U64, .num = n};
}

/* Only what may be written and has a value is sent. */
static void test_encode_set(void **state)
{
	struct object o = {.class = &class_resource, .name = "/a/b"};

	(void)state;
	object_set(&o, RESOURCE_SIZE, u64(UINT64_MAX));
	object_set(&o, RESOURCE_SIZE_NEW, u64(5));
	object_set(&o, RESOURCE_ID, u64(UINT64_C(0x100000002)));
	check_set(&o, "29 5 cmd 35: " DEVICE " 66=u64:4294967298 67=u64:18446744073709551615");

	o = (struct object){.class = &class_trap_policer, .name = "2"};
	object_set(&o, POLICER_RATE, u64(1000));
	object_set(&o, POLICER_BURST, u64(128));
	check_set(&o, "29 5 cmd 70: " DEVICE " 142=u32:2 143=u64:1000 144=u64:128");
	o = (struct object){.class = &class_trap_policer, .name = "2"};
	object_set(&o, POLICER_BURST, u64(128));
	check_set(&o, "29 5 cmd 70: " DEVICE " 142=u32:2 144=u64:128");

	o = (struct object){.class = &class_trap_group, .name = "l2_drops"};
	object_set(&o, GROUP_POLICER, u32(0));
	check_set(&o, "29 5 cmd 66: " DEVICE " 135='l2_drops' 142=u32:0");
	o = (struct object){.class = &class_trap_group, .name = "l2_drops"};
	object_set(&o, GROUP_POLICER, u32(7));
	object_set(&o, GROUP_ACTION, u8(1));
	check_set(&o, "29 5 cmd 66: " DEVICE " 135='l2_drops' 142=u32:7");

	o = (struct object){.class = &class_trap, .name = "ttl_value"};
	object_set(&o, TRAP_ACTION, u8(2));
	object_set(&o, TRAP_TYPE, u8(1));
	object_set(&o, TRAP_GROUP, (struct value){.type = VALUE_STRING, .str = "l3"});
	check_set(&o, "29 5 cmd 62: " DEVICE " 130='ttl_value' 131=u8:2");
}

/* `none` of a split is a command of its own, of a line card a type without letters. */
static void test_encode_structural(void **state)
{
	const struct object split = {
		.class = &class_port_split, .name = "p5", .has_port = true, .port = 9};
	const struct object card = {.class = &class_linecard, .name = "1"};
	struct object o = split;

	(void)state;
	object_set(&o, SPLIT_COUNT, u32(4));
	check_set(&o, "29 5 cmd 9: " DEVICE " 3=u32:9 9=u32:4");
	o = split;
	object_set(&o, SPLIT_COUNT, u32(0));
	check_set(&o, "29 5 cmd 10: " DEVICE " 3=u32:9");
	o = card;
	object_set(&o, CARD_TYPE, (struct value){.type = VALUE_STRING, .str = "16x100G"});
	check_set(&o, "29 5 cmd 79: " DEVICE " 171=u32:1 173='16x100G'");
	o = card;
	object_set(&o, CARD_TYPE, (struct value){.type = VALUE_STRING, .str = ""});
	check_set(&o, "29 5 cmd 79: " DEVICE " 171=u32:1 173=u8:0"); /* "" */
}

/* ---- answers as text ---- */

struct seen {
	struct state state;
	struct facts facts;
};

static void describe_object(struct buf *out, const struct object *o)
{
	buf_add(out, "%s %s", o->class->name, o->name);
	if (o->cmode != CLASS_NO_CMODE)
		buf_add(out, "/%u", o->cmode);
	if (o->error)
		buf_add(out, " unreadable %d", -o->error);
	for (unsigned i = 0; i < o->class->n_fields; i++) {
		const struct value *v = &o->v[i];

		if (o->class == &class_param && i == PARAM_VALUE)
			buf_add(out, " %s", value_type_name(v->type));
		if (!object_has(o, i))
			continue;
		if (value_is_text(v))
			buf_add(out, " %s='%s'", o->class->fields[i].name, v->str);
		else
			buf_add(out, " %s=%" PRIu64, o->class->fields[i].name, v->num);
	}
	buf_add(out, "\n");
}

static char *describe_state(const struct state *s)
{
	struct buf out = {};

	buf_add(&out, "%s", "");
	vec_each(o, &s->objects)
		describe_object(&out, o);
	return buf_take(&out);
}

static const char *or_none(const char *s)
{
	return s ? s : "-";
}

static char *describe_facts(const struct facts *f)
{
	static const char *const kinds[] = {"fixed", "running", "stored"};
	struct buf out = {};

	buf_add(&out, "driver %s, serial %s, board %s, failed %d\n", or_none(f->driver),
		or_none(f->serial_number), or_none(f->board_serial_number), f->reload_failed);
	vec_each(v, &f->versions)
		buf_add(&out, "%s %s=%s\n", kinds[v->kind], v->name, v->value);
	vec_each(c, &f->counters)
		buf_add(&out, "%s %u/%u: %u\n", c->remote ? "remote" : "local", c->action, c->limit,
			c->value);
	return buf_take(&out);
}

static void decode_all(const void *data, size_t len, struct seen *seen)
{
	decode_each(m, data, len)
		decode_answer(m, FAMILY, HANDLE, &seen->state, &seen->facts);
	state_sort(&seen->state);
}

static void seen_clear(struct seen *seen)
{
	state_clear(&seen->state);
	facts_clear(&seen->facts);
}

/* What is in @b, which is empty afterwards. */
static void check_objects(struct bytes *b, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	struct seen seen = {};

	decode_all(b->data, b->len, &seen);
	text = describe_state(&seen.state);
	seen_clear(&seen);
	b->len = 0;
	assert_string_equal(text, expected);
}

static void check_facts(struct bytes *b, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	struct seen seen = {};

	decode_all(b->data, b->len, &seen);
	text = describe_facts(&seen.facts);
	assert_int_equal(seen.state.objects.n, 0);
	seen_clear(&seen);
	b->len = 0;
	assert_string_equal(text, expected);
}

static void test_flat(void **state)
{
	struct bytes b = {};
	size_t at;

	(void)state;
	put_trap(&b, "z", 2);
	put_trap(&b, "a", 0);
	put_policer(&b, 10);
	put_policer(&b, 9);
	put_group(&b, "bound", 9);
	put_group(&b, "free", 0);
	check_objects(&b, "trap_policer 9 rate=18446744073709551615 burst=128\n"
			  "trap_policer 10 rate=18446744073709551615 burst=128\n"
			  "trap_group bound policer=9\n"
			  "trap_group free policer=0\n"
			  "trap a action=0 type=0 group='l2_drops'\n"
			  "trap z action=2 type=0 group='l2_drops'\n");
	put_trap(&b, "lost", 0);
	put_trap(&b, "kept", 1);
	msg_open_bare(&b, NLMSG_DONE, 0, 1); /* of no length: the end */
	put_trap(&b, "behind", 1);
	check_objects(&b, "trap kept action=1 type=0 group='l2_drops'\n"
			  "trap lost action=0 type=0 group='l2_drops'\n");
	at = answer_open(&b, DEVLINK_CMD_TRAP_NEW);
	put_string(&b, DEVLINK_ATTR_TRAP_NAME, "bare");
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_TRAP_POLICER_NEW);
	put_u32(&b, DEVLINK_ATTR_TRAP_POLICER_ID, 0);
	msg_close(&b, at);
	check_objects(&b, "trap_policer 0\ntrap bare\n");
}

static void put_card(struct bytes *b, uint32_t number, uint8_t card_state, const char *type)
{
	size_t at = answer_open(b, DEVLINK_CMD_LINECARD_NEW), nest;

	put_u32(b, DEVLINK_ATTR_LINECARD_INDEX, number);
	put_u8(b, DEVLINK_ATTR_LINECARD_STATE, card_state);
	if (type)
		put_string(b, DEVLINK_ATTR_LINECARD_TYPE, type);
	nest = nest_open(b, DEVLINK_ATTR_LINECARD_SUPPORTED_TYPES);
	put_string(b, DEVLINK_ATTR_LINECARD_TYPE, "16x100G");
	put_string(b, DEVLINK_ATTR_LINECARD_TYPE, "8x200G");
	nest_close(b, nest);
	msg_close(b, at);
}

/* A type is in force when the card is there: not before, and not after it has failed. */
static void test_linecards(void **state)
{
	struct bytes b = {};

	(void)state;
	put_card(&b, 1, 1, NULL);
	put_card(&b, 2, 2, "16x100G");
	put_card(&b, 3, 3, "16x100G");
	put_card(&b, 4, 4, "16x100G");
	put_card(&b, 5, 5, "16x100G");
	put_card(&b, 6, 6, "16x100G");
	check_objects(&b, "linecard 1 type='' state=1 supported='16x100G, 8x200G'\n"
			  "linecard 2 type='16x100G' state=2 supported='16x100G, 8x200G'\n"
			  "linecard 3 type='' state=3 supported='16x100G, 8x200G'\n"
			  "linecard 4 type='' state=4 supported='16x100G, 8x200G'\n"
			  "linecard 5 type='16x100G' state=5 supported='16x100G, 8x200G'\n"
			  "linecard 6 type='16x100G' state=6 supported='16x100G, 8x200G'\n");
}

static void put_port(struct bytes *b, uint32_t index, uint32_t number, int part, uint32_t lanes)
{
	size_t at = answer_open(b, DEVLINK_CMD_PORT_NEW);

	put_u32(b, DEVLINK_ATTR_PORT_INDEX, index);
	put_u16(b, DEVLINK_ATTR_PORT_FLAVOUR, DEVLINK_PORT_FLAVOUR_PHYSICAL);
	put_u32(b, DEVLINK_ATTR_PORT_NUMBER, number);
	put_u8(b, DEVLINK_ATTR_PORT_SPLITTABLE, part < 0 && lanes > 1);
	if (lanes)
		put_u32(b, DEVLINK_ATTR_PORT_LANES, lanes);
	if (part >= 0) {
		put_u32(b, DEVLINK_ATTR_PORT_SPLIT_GROUP, number);
		put_u32(b, DEVLINK_ATTR_PORT_SPLIT_SUBPORT_NUMBER, (uint32_t)part);
	}
	if (number > 90)
		put_u32(b, DEVLINK_ATTR_LINECARD_INDEX, 7);
	msg_close(b, at);
}

/* Parts of one port, wherever they stand in the answer, are one object. */
static void test_splits(void **state)
{
	struct reads reads = {};
	read_request_list requests = {};
	_cleanup_free_ char *text = NULL;
	struct bytes b = {};
	struct reading r;

	(void)state;
	vec_push(&reads.names, ((struct read_name){&class_port_split, "p1"}));
	reading_start(&r, &reads, NULL, FAMILY, HANDLE, &requests);
	assert_int_equal(requests.n, 2); /* GET, and the ports */
	put_port(&b, 20, 2, 0, 2);
	put_port(&b, 1, 1, -1, 4);
	put_port(&b, 21, 2, 1, 2);
	put_port(&b, 3, 3, -1, 0);
	put_port(&b, 4, 91, -1, 1);
	reading_answer(&r, &requests.v[1], &(struct read_answer){.reply = b.data, .len = b.len});
	reading_finish(&r);
	text = describe_state(&r.have);
	assert_string_equal(text, "port_split l7p91 count=0 lanes=1 splittable=0\n"
				  "port_split p1 count=0 lanes=4 splittable=1\n"
				  "port_split p2 count=2 lanes=4 splittable=0\n");
	assert_int_equal(state_find(&r.have, &class_port_split, "p2", CLASS_NO_CMODE)->port, 20);
	vec_each(q, &requests)
		nlmsg_free(q->msg);
	vec_clear(&requests);
	vec_clear(&reads.names);
	reading_clear(&r);
}

/* Short, unterminated and empty attributes count as absent; an object without its key is none. */
static void test_damaged_attributes(void **state)
{
	struct bytes b = {};
	size_t at;

	(void)state;
	at = answer_open(&b, DEVLINK_CMD_TRAP_NEW);
	put_attr(&b, DEVLINK_ATTR_TRAP_NAME, "unterminated", 12);
	put_u8(&b, DEVLINK_ATTR_TRAP_ACTION, 1);
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_TRAP_NEW);
	put_attr(&b, DEVLINK_ATTR_TRAP_NAME, NULL, 0);
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_TRAP_NEW);
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_TRAP_POLICER_NEW);
	put_u16(&b, DEVLINK_ATTR_TRAP_POLICER_ID, 7);
	msg_close(&b, at);
	check_objects(&b, "");
	at = answer_open(&b, DEVLINK_CMD_TRAP_NEW);
	put_string(&b, DEVLINK_ATTR_TRAP_NAME, "t");
	put_attr(&b, DEVLINK_ATTR_TRAP_ACTION, NULL, 0);
	put_u32(&b, DEVLINK_ATTR_TRAP_TYPE, 2); /* longer than needed */
	put_attr(&b, DEVLINK_ATTR_TRAP_GROUP_NAME, "ab", 2);
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_TRAP_POLICER_NEW);
	put_u32(&b, DEVLINK_ATTR_TRAP_POLICER_ID, 7);
	put_u32(&b, DEVLINK_ATTR_TRAP_POLICER_RATE, 5);
	put_u64(&b, DEVLINK_ATTR_TRAP_POLICER_BURST, 6);
	msg_close(&b, at);
	check_objects(&b, "trap_policer 7 burst=6\ntrap t type=2\n");
}

/* What has no name that is text is passed over; what lies beside it is not. */
static void test_names_not_text(void **state)
{
	static const char *const names[] = {"\xff\xfe\x80", "a\nb", "\x1b[1m",
					    "\xc2\x9b"
					    "1m",
					    "\t"};
	struct bytes b = {};
	size_t at, list, nest;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct seen seen = {};

		put_trap(&b, names[i], 2);
		put_group(&b, names[i], 9);
		put_param(&b, names[i], 5, "value", 6);
		at = answer_open(&b, DEVLINK_CMD_RESOURCE_DUMP);
		list = nest_open(&b, DEVLINK_ATTR_RESOURCE_LIST);
		for (int text = 0; text < 2; text++) {
			nest = nest_open(&b, DEVLINK_ATTR_RESOURCE);
			put_string(&b, DEVLINK_ATTR_RESOURCE_NAME, text ? "kvd" : names[i]);
			put_u64(&b, DEVLINK_ATTR_RESOURCE_SIZE, 7);
			nest_close(&b, nest);
		}
		nest_close(&b, list);
		msg_close(&b, at);
		put_trap(&b, "t", 0);
		decode_all(b.data, b.len, &seen);
		assert_non_null(seen.state.passed_over);
		assert_null(strpbrk(seen.state.passed_over, "\x1b\n\t\x80\x9b\xc2\xff"));
		seen_clear(&seen);
		check_objects(&b,
			      "resource /kvd size=7\ntrap t action=0 type=0 group='l2_drops'\n");
	}
}

/* Attributes that this build has never heard of, before, between and after. */
static void test_unknown_attributes(void **state)
{
	struct bytes b = {};
	size_t at, nest;

	(void)state;
	at = msg_open(&b, FAMILY, 0, 1, DEVLINK_CMD_TRAP_GROUP_NEW);
	put_u32(&b, ATTR_INDEX, 12);
	put_handle(&b, "pci", "0000:03:00.0");
	nest = nest_open(&b, 500 | NLA_F_NESTED);
	put_string(&b, DEVLINK_ATTR_TRAP_GROUP_NAME, "not this");
	nest_close(&b, nest);
	put_string(&b, DEVLINK_ATTR_TRAP_GROUP_NAME, "g");
	put_attr(&b, 177, NULL, 0);
	put_u32(&b, DEVLINK_ATTR_TRAP_POLICER_ID, 3);
	put_attr(&b, 0x3fff, "xyz", 3);
	msg_close(&b, at);
	check_objects(&b, "trap_group g policer=3\n");
}

static void put_nobodys(struct bytes *b, uint16_t family, const char *bus, const char *dev)
{
	size_t at = msg_open(b, family, 0, 1, DEVLINK_CMD_TRAP_NEW);

	if (bus)
		put_string(b, DEVLINK_ATTR_BUS_NAME, bus);
	if (dev)
		put_string(b, DEVLINK_ATTR_DEV_NAME, dev);
	put_string(b, DEVLINK_ATTR_TRAP_NAME, "t");
	msg_close(b, at);
}

static void test_not_ours(void **state)
{
	struct bytes b = {};
	size_t at;

	(void)state;
	put_nobodys(&b, FAMILY, "pci", "0000:03:00.1");
	put_nobodys(&b, FAMILY, "pci", "0000:03:00.");
	put_nobodys(&b, FAMILY, "PCI", "0000:03:00.0");
	put_nobodys(&b, FAMILY, "pci", NULL);
	put_nobodys(&b, FAMILY, NULL, "0000:03:00.0");
	put_nobodys(&b, FAMILY + 1, "pci", "0000:03:00.0");
	put_nobodys(&b, GENL_ID_CTRL, "pci", "0000:03:00.0");
	put_nobodys(&b, NLMSG_ERROR, "pci", "0000:03:00.0");
	msg_close(&b, msg_open_bare(&b, FAMILY, 0, 1));
	msg_close(&b, msg_open(&b, FAMILY, 0, 1, DEVLINK_CMD_TRAP_NEW));
	at = answer_open(&b, 250);
	put_string(&b, DEVLINK_ATTR_TRAP_NAME, "t");
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_TRAP_GET); /* the request's own command */
	put_string(&b, DEVLINK_ATTR_TRAP_NAME, "t");
	msg_close(&b, at);
	check_objects(&b, "");
}

/* ---- params ---- */

static void test_params(void **state)
{
	static const uint8_t n8 = 255;
	static const uint16_t n16 = 65535;
	static const uint32_t n32 = UINT32_MAX;
	static const uint64_t n64 = UINT64_MAX;
	struct bytes b = {};

	(void)state;
	put_param(&b, "a8", 1, &n8, 1);
	put_param(&b, "b16", 2, &n16, 2);
	put_param(&b, "c32", 3, &n32, 4);
	put_param(&b, "d64", 4, &n64, 8);
	put_param(&b, "e-string", 5, "text", 5);
	put_param(&b, "f-empty", 5, "", 1);
	put_param(&b, "g-true", 6, NULL, 0);
	put_param(&b, "h-false", 6, absent, 0);
	put_param(&b, "i-no-value", 3, absent, 0);
	put_param(&b, "j-short", 3, &n16, 2);
	put_param(&b, "k-unterminated", 5, "text", 4);
	put_param(&b, "l-array", 0x81, &n64, 8);
	put_param(&b, "m-nested", 8, &n64, 8);
	put_param(&b, "n-zero", 0, &n64, 8);
	put_param(&b, "o-no-type", -1, &n64, 8);
	put_param(&b, NULL, 3, &n32, 4);
	check_objects(&b, "param a8/0 u8 value=255\n"
			  "param b16/0 u16 value=65535\n"
			  "param c32/0 u32 value=4294967295\n"
			  "param d64/0 u64 value=18446744073709551615\n"
			  "param e-string/0 string value='text'\n"
			  "param f-empty/0 string value=''\n"
			  "param g-true/0 bool value=1\n"
			  "param h-false/0 bool value=0\n"
			  "param i-no-value/0 u32\n"
			  "param j-short/0 u32\n"
			  "param k-unterminated/0 string\n"
			  "param l-array/0 other value='a list of numbers (18446744073709551615)'\n"
			  "param m-nested/0 other value='of type 8'\n"
			  "param n-zero/0 other value='of type 0'\n");
}

/* From Linux 6.19 on; of a bool it is a number, as its absence would say nothing. */
static void test_param_defaults(void **state)
{
	static const uint32_t n32 = 7;
	static const uint64_t n64 = UINT64_MAX;
	static const uint8_t yes = 1, no = 0, other = 2;
	struct bytes b = {};

	(void)state;
	put_param_default(&b, "a32", 3, &n32, 4);
	put_param_default(&b, "b64", 4, &n64, 8);
	put_param_default(&b, "c-string", 5, "text", 5);
	put_param_default(&b, "d-true", 6, &yes, 1);
	put_param_default(&b, "e-false", 6, &no, 1);
	put_param_default(&b, "f-short", 3, &yes, 1);
	put_param_default(&b, "g-empty", 6, NULL, 0);
	put_param_default(&b, "h-none", 6, absent, 0);
	put_param_default(&b, "i-array", 0x81, &n64, 8);
	put_param_default(&b, "j-odd", 6, &other, 1);
	check_objects(&b, "param a32/0 u32 default=7\n"
			  "param b64/0 u64 default=18446744073709551615\n"
			  "param c-string/0 string default='text'\n"
			  "param d-true/0 bool value=0 default=1\n"
			  "param e-false/0 bool value=0 default=0\n"
			  "param f-short/0 u32\n"
			  "param g-empty/0 bool value=0\n"
			  "param h-none/0 bool value=0\n"
			  "param i-array/0 other value='a list of numbers'\n"
			  "param j-odd/0 bool value=0 default=1\n");
}

static void test_param_lists(void **state)
{
	static const uint32_t small = 3;
	static const uint64_t large = 1ULL << 40;
	struct bytes b = {};
	struct param_nests p = param_open(&b, "npc_srch_order", 0x81);
	size_t nest = nest_open(&b, DEVLINK_ATTR_PARAM_VALUE);

	(void)state;
	put_attr(&b, DEVLINK_ATTR_PARAM_VALUE_DATA, &small, 4);
	put_attr(&b, DEVLINK_ATTR_PARAM_VALUE_DATA, &large, 8);
	put_attr(&b, DEVLINK_ATTR_PARAM_VALUE_DATA, &small, 2);
	put_u8(&b, DEVLINK_ATTR_PARAM_VALUE_CMODE, 2);
	nest_close(&b, nest);
	param_close(&b, &p);
	check_objects(&b, "param npc_srch_order/2 other value='a list of numbers (3, "
			  "1099511627776)'\n");
}

static void test_param_values(void **state)
{
	static const uint32_t one = 1, two = 2, three = 3;
	struct bytes b = {};
	struct param_nests p = param_open(&b, "several", 3);
	size_t at, nest;

	(void)state;
	put_value(&b, 2, &three, 4);
	put_value(&b, 0, &one, 4);
	put_value(&b, 1, &two, 4);
	put_value(&b, 3, &two, 4); /* no cmode of ours */
	put_value(&b, 255, &two, 4);
	nest = nest_open(&b, DEVLINK_ATTR_PARAM_VALUE); /* no cmode */
	put_u32(&b, DEVLINK_ATTR_PARAM_VALUE_DATA, 9);
	nest_close(&b, nest);
	put_attr(&b, DEVLINK_ATTR_PARAM_VALUE, NULL, 0);
	param_close(&b, &p);
	p = param_open(&b, "none", 3);
	param_close(&b, &p);
	p = param_open(&b, "text", NLA_STRING);
	put_value(&b, 0, "ok\xc3\xa9", 5);
	put_value(&b, 2, "no\xc3", 4); /* no UTF-8: no value */
	param_close(&b, &p);
	at = answer_open(&b, DEVLINK_CMD_PARAM_GET); /* no list */
	nest = nest_open(&b, DEVLINK_ATTR_PARAM);
	put_string(&b, DEVLINK_ATTR_PARAM_NAME, "no list");
	put_u8(&b, DEVLINK_ATTR_PARAM_TYPE, 3);
	nest_close(&b, nest);
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_PARAM_GET); /* no nest */
	msg_close(&b, at);
	at = answer_open(&b, DEVLINK_CMD_PARAM_GET); /* an empty one */
	put_attr(&b, DEVLINK_ATTR_PARAM, NULL, 0);
	msg_close(&b, at);
	check_objects(&b, "param several/0 u32 value=1\n"
			  "param several/1 u32 value=2\n"
			  "param several/2 u32 value=3\n"
			  "param text/0 string value='ok\xc3\xa9'\n"
			  "param text/2 string\n");
}

/* ---- resources ---- */

static void test_resources(void **state)
{
	struct bytes b = {};

	(void)state;
	put_tree(&b);
	check_objects(&b, "resource /kvd size=100 id=1\n"
			  "resource /kvd/hash size=300 id=3\n"
			  "resource /kvd/linear size=200 id=2\n"
			  "resource /linear size=400 id=4\n"
			  "resource /whole size=900 size_new=18446744073709551615 min=6 max=5 "
			  "granularity=4 occ=3 id=9 unit=0\n");
	msg_close(&b, answer_open(&b, DEVLINK_CMD_RESOURCE_DUMP));
	check_objects(&b, "");
}

/* What a port has is numbered apart from what the device has, and may be called the same. */
static void test_resources_of_a_port(void **state)
{
	struct bytes b = {};
	size_t at, list;

	(void)state;
	put_tree(&b);
	at = answer_open(&b, DEVLINK_CMD_RESOURCE_DUMP);
	put_u32(&b, DEVLINK_ATTR_PORT_INDEX, 0);
	list = nest_open(&b, DEVLINK_ATTR_RESOURCE_LIST);
	put_resource(&b, "linear", 1);
	put_resource(&b, "of_a_port", 2);
	nest_close(&b, list);
	msg_close(&b, at);
	check_objects(&b, "resource /kvd size=100 id=1\n"
			  "resource /kvd/hash size=300 id=3\n"
			  "resource /kvd/linear size=200 id=2\n"
			  "resource /linear size=400 id=4\n"
			  "resource /whole size=900 size_new=18446744073709551615 min=6 max=5 "
			  "granularity=4 occ=3 id=9 unit=0\n");
}

static void test_list_of_port_resources(void **state)
{
	_cleanup_free_ char *have = NULL;
	struct state found = {};
	struct bytes b = {};

	(void)state;
	state_add_port(&found, &(struct port){.index = 4, .name = "p5", .netdev = "eth5"});
	put_tree(&b); /* of the device: it is read otherwise */
	for (uint32_t port = 4; port < 6; port++) {
		size_t at = answer_open(&b, DEVLINK_CMD_RESOURCE_DUMP), list;

		put_u32(&b, DEVLINK_ATTR_PORT_INDEX, port);
		list = nest_open(&b, DEVLINK_ATTR_RESOURCE_LIST);
		put_resource(&b, "table", 1);
		nest_close(&b, list);
		msg_close(&b, at);
	}
	decode_each(m, b.data, b.len)
		assert_true(decode_port_resources(m, FAMILY, HANDLE, &found));
	decode_each(m, b.data, b.len)
		assert_false(decode_port_resources(m, FAMILY, "pci/0000:04:00.0", &found));
	state_sort(&found);
	have = describe_state(&found);
	state_clear(&found);
	assert_string_equal(have, "resource 5/table size=100 id=1\n"
				  "resource p5/table size=100 id=1\n");
	check_request(encode_port_resources(FAMILY, HANDLE), "29 301 cmd 36: " DEVICE);
}

/* A tree deeper than any driver's is read down to a depth that is safe. */
static void test_resources_too_deep(void **state)
{
	enum { DEPTH = 500 };
	struct bytes *b = mem_new(struct bytes);
	size_t at = answer_open(b, DEVLINK_CMD_RESOURCE_DUMP), nests[2 * DEPTH];

	(void)state;
	for (size_t i = 0; i < DEPTH; i++) {
		nests[2 * i] = nest_open(b, DEVLINK_ATTR_RESOURCE_LIST);
		nests[2 * i + 1] = nest_open(b, DEVLINK_ATTR_RESOURCE);
		put_string(b, DEVLINK_ATTR_RESOURCE_NAME, "x");
	}
	for (size_t i = 2 * DEPTH; i-- > 0;)
		nest_close(b, nests[i]);
	msg_close(b, at);
	check_objects(b, "resource /x\n"
			 "resource /x/x\n"
			 "resource /x/x/x\n"
			 "resource /x/x/x/x\n"
			 "resource /x/x/x/x/x\n"
			 "resource /x/x/x/x/x/x\n"
			 "resource /x/x/x/x/x/x/x\n"
			 "resource /x/x/x/x/x/x/x/x\n");
	free(b);
}

/* ---- facts ---- */

#define NOTHING_KNOWN "driver -, serial -, board -, failed "
#define ALL_COUNTERS                                                                               \
	"local 1/0: 5\nlocal 2/0: 6\nlocal 2/1: 7\n"                                               \
	"remote 1/0: 4294967293\nremote 2/0: 4294967294\nremote 2/1: 4294967295\n"

static void test_get(void **state)
{
	struct bytes b = {};

	(void)state;
	put_get(&b, 0);
	check_facts(&b, NOTHING_KNOWN "0\n" ALL_COUNTERS);
	put_get(&b, 0); /* the later one replaces */
	put_get(&b, 1);
	check_facts(&b, NOTHING_KNOWN "1\n" ALL_COUNTERS);
	put_get(&b, 1);
	msg_close(&b, answer_open(&b, DEVLINK_CMD_NEW)); /* cut: it replaces nothing */
	check_facts(&b, NOTHING_KNOWN "1\n" ALL_COUNTERS);
}

/* What @g says of the answer in @b, which is emptied. Return: is what is offered along sent? */
static bool glance_opens(struct bytes *b, const struct glance *g)
{
	const struct exchange answer = {.reply = b->data, .reply_len = b->len};
	struct glance glance = *g;
	struct precheck *check;
	char *why = NULL;
	int r;

	glance.answer = &answer;
	check = glance_precheck(&glance);
	r = check->run(check, &why);
	assert_null(why);
	assert_true(r == 0 || r == -ECANCELED);
	check->free(check);
	b->len = 0;
	return r == 0;
}

static void raise_counters(counter_list *list, unsigned by)
{
	vec_each(c, list)
		c->value += by;
}

static void test_glance(void **state)
{
	struct glance g = {.family = FAMILY, .handle = HANDLE};
	struct bytes b = {};
	struct facts now = {};
	struct state none = {};

	(void)state;
	put_get(&b, 0);
	assert_false(glance_opens(&b, &g)); /* none are known */
	put_get(&b, 0);
	decode_each(m, b.data, b.len)
		decode_answer(m, FAMILY, HANDLE, &none, &now);
	counters_copy(&g.counters, &now.counters);
	assert_false(glance_opens(&b, &g));	 /* as they were */
	assert_false(glance_opens(&b, &g));	 /* no answer */
	raise_counters(&g.counters, UINT32_MAX); /* were one less */
	put_get(&b, 0);
	assert_true(glance_opens(&b, &g));
	put_get(&b, 1);
	assert_false(glance_opens(&b, &g)); /* torn down */
	assert_true(facts_show_reload(&now, &g.counters, 0));
	now.registration = 7;
	assert_true(facts_show_reload(&now, &g.counters, 7));
	assert_false(facts_show_reload(&now, &g.counters, 8));
	raise_counters(&g.counters, 2); /* were more: it has registered since */
	put_get(&b, 0);
	assert_false(glance_opens(&b, &g));
	vec_clear(&g.counters);
	facts_clear(&now);
	state_clear(&none);
}

/* The number of the registration, with 4 or 8 bytes; without one nothing stays of that before. */
static void test_get_number(void **state)
{
	struct facts facts = {};
	struct state have = {};
	struct bytes b = {};

	(void)state;
	for (size_t n = 0; n < 4; n++) {
		static const uint64_t expected[] = {1, UINT64_C(1) << 31, 6, 0};
		size_t at = answer_open(&b, DEVLINK_CMD_NEW);

		put_u8(&b, DEVLINK_ATTR_RELOAD_FAILED, 0);
		if (n == 2)
			put_u64(&b, ATTR_INDEX, 5);
		else if (n < 2)
			put_u32(&b, ATTR_INDEX, n ? INT32_MAX : 0);
		msg_close(&b, at);
		assert_int_equal(
			decode_answer((struct nlmsghdr *)b.data, FAMILY, HANDLE, &have, &facts), 1);
		assert_int_equal(facts.registration, expected[n]);
		b.len = 0;
	}
	facts_clear(&facts);
	state_clear(&have);
}

static void test_info(void **state)
{
	struct bytes b = {};
	size_t at;

	(void)state;
	put_info(&b);
	check_facts(&b, "driver mlxsw_spectrum, serial S1, board B1, failed 0\n"
			"fixed hw.revision=A0\nfixed fw.psid=MT_1\n"
			"running fw.version=13.1.2\nrunning fw=13.1.2\n"
			"stored fw=13.1.3\nstored fw=13.1.4\nstored empty=\n");
	msg_close(&b, answer_open(&b, DEVLINK_CMD_INFO_GET));
	check_facts(&b, NOTHING_KNOWN "0\n");
	at = answer_open(&b, DEVLINK_CMD_INFO_GET);
	put_string(&b, DEVLINK_ATTR_INFO_SERIAL_NUMBER, "S\xff\xff ");
	msg_close(&b, at);
	check_facts(&b, "driver -, serial S?? , board -, failed 0\n");
}

/* ---- acknowledgements ---- */

/* What @b says, as "-2: text"; "none" where it is no acknowledgement. */
static void check_ack(struct bytes *b, const char *expected)
{
	_cleanup_free_ char *exact = mem_alloc(b->len), *text = NULL;
	const struct nlmsghdr *m;
	struct ack ack;

	memcpy(exact, b->data, b->len);
	m = decode_first(exact, b->len);
	b->len = 0;
	assert_non_null(m);
	if (decode_ack(m, &ack) == 0) {
		text = mem_printf("%d: %s", ack.error, or_none(ack.text));
		free(ack.text);
	}
	assert_string_equal(text ? text : "none", expected);
}

static void test_ack(void **state)
{
	const uint16_t tlvs = NLM_F_ACK_TLVS, capped = NLM_F_CAPPED;
	struct bytes b = {};

	(void)state;
	put_ack(&b, 1, 0, NULL);
	check_ack(&b, "0: -");
	put_ack(&b, 1, -ENOENT, NULL);
	check_ack(&b, "-2: -");
	put_ack(&b, 1, 0, "a warning");
	check_ack(&b, "0: a warning");
	put_ack(&b, 1, -EINVAL, "two\nlines, \xff and \x1b[1m \n\n");
	check_ack(&b, "-22: two lines, ? and ?[1m");
	put_ack(&b, 1, -EINVAL, "\n");
	check_ack(&b, "-22: -");
	put_error(&b, capped | tlvs, -EINVAL, 0, 60);
	check_ack(&b, "-22: words");
	put_error(&b, tlvs, -EINVAL, 44, 60);
	check_ack(&b, "-22: words");
	put_error(&b, tlvs, -EINVAL, 43, 59); /* its end is padded */
	check_ack(&b, "-22: words");
	put_error(&b, tlvs, -EINVAL, 0, 16);
	check_ack(&b, "-22: words");
	put_error(&b, 0, -EINVAL, 44, 60);
	check_ack(&b, "-22: -");
	put_error(&b, capped, -EINVAL, 0, 60);
	check_ack(&b, "-22: -");
}

/* Requests that claim more or less than there is: no text perhaps, but always the error. */
static void test_ack_lies(void **state)
{
	static const uint32_t lengths[] = {
		0,	    1,		15,	    17,		61,	    100,	0x7fffffff,
		0x80000000, 0xffffff00, 0xfffffff0, 0xfffffffc, 0xfffffffe, 0xffffffff,
	};
	struct bytes b = {};
	size_t at;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		_cleanup_free_ char *exact = NULL;
		struct ack ack;

		put_error(&b, NLM_F_ACK_TLVS, -EPERM, 44, lengths[i]);
		exact = mem_alloc(b.len);
		memcpy(exact, b.data, b.len);
		b.len = 0;
		assert_int_equal(decode_ack((struct nlmsghdr *)exact, &ack), 0);
		assert_int_equal(ack.error, -EPERM);
		free(ack.text);
	}
	at = msg_open_bare(&b, NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, 1);
	put_raw(&b, &(struct nlmsgerr){.error = -EPERM}, sizeof(struct nlmsgerr));
	put_attr(&b, NLMSGERR_ATTR_MSG, "unterminated", 12);
	msg_close(&b, at);
	check_ack(&b, "-1: -");
	at = msg_open_bare(&b, NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, 1);
	put_raw(&b, &(struct nlmsgerr){.error = -EPERM}, sizeof(struct nlmsgerr));
	msg_close(&b, at);
	check_ack(&b, "-1: -");
	at = msg_open_bare(&b, NLMSG_ERROR, NLM_F_ACK_TLVS, 1);
	put_raw(&b, &(int){-EPERM}, sizeof(int));
	msg_close(&b, at);
	check_ack(&b, "none");
	msg_close(&b, msg_open_bare(&b, NLMSG_ERROR, 0, 1));
	check_ack(&b, "none");
}

static void test_done(void **state)
{
	struct bytes b = {};
	size_t at;

	(void)state;
	put_done(&b, 1, 0);
	check_ack(&b, "0: -");
	put_ack(&b, 1, 5, NULL);
	check_ack(&b, "-74: -");
	put_ack(&b, 1, INT_MIN, NULL);
	check_ack(&b, "-74: -");
	put_ack(&b, 1, -4096, "beyond");
	check_ack(&b, "-74: beyond");
	put_ack(&b, 1, -4095, NULL);
	check_ack(&b, "-4095: -");
	put_done(&b, 1, -EINTR);
	check_ack(&b, "-4: -");
	put_done(&b, 1, 5);
	check_ack(&b, "-74: -");
	msg_close(&b, msg_open_bare(&b, NLMSG_DONE, 0, 1));
	check_ack(&b, "0: -");
	at = msg_open_bare(&b, NLMSG_DONE, NLM_F_MULTI | NLM_F_ACK_TLVS, 1);
	put_raw(&b, &(int){-EINVAL}, sizeof(int));
	put_string(&b, NLMSGERR_ATTR_MSG, "why the list ends");
	msg_close(&b, at);
	check_ack(&b, "-22: why the list ends");
	at = msg_open_bare(&b, NLMSG_DONE, NLM_F_ACK_TLVS, 1);
	msg_close(&b, at);
	check_ack(&b, "0: -");
	msg_close(&b, msg_open_bare(&b, NLMSG_NOOP, 0, 1));
	check_ack(&b, "none");
	put_trap(&b, "t", 1);
	check_ack(&b, "none");
}

/* ---- the family ---- */

static int family_of(struct bytes *b, struct family *ret)
{
	int r = decode_family((const struct nlmsghdr *)b->data, ret);

	b->len = 0;
	return r;
}

static void test_family(void **state)
{
	struct bytes b = {};
	struct family f = {};
	size_t at;

	(void)state;
	put_family(&b, GENL_ID_CTRL, 0xfffe, 23);
	assert_int_equal(family_of(&b, &f), 0);
	assert_int_equal(f.id, 0xfffe);
	assert_int_equal(f.config_group, 23);
	put_family(&b, GENL_ID_CTRL, 21, 0);
	assert_int_equal(family_of(&b, &f), -EBADMSG);
	put_family(&b, GENL_ID_CTRL, 0, 5);
	assert_int_equal(family_of(&b, &f), -EBADMSG);
	put_family(&b, FAMILY, 21, 5);
	assert_int_equal(family_of(&b, &f), -EBADMSG);
	msg_close(&b, msg_open_bare(&b, GENL_ID_CTRL, 0, 1));
	assert_int_equal(family_of(&b, &f), -EBADMSG);
	at = msg_open(&b, GENL_ID_CTRL, 0, 1, CTRL_CMD_NEWFAMILY);
	put_u16(&b, CTRL_ATTR_FAMILY_ID, 5);
	msg_close(&b, at);
	assert_int_equal(family_of(&b, &f), -EBADMSG);
}

/* ---- handles ---- */

static int handle_of(const char *bus, const char *dev, char ret[static HANDLE_MAX])
{
	struct bytes b = {};
	size_t at = msg_open(&b, FAMILY, 0, 0, DEVLINK_CMD_DEL);
	struct notification n = {};
	int r;

	put_handle(&b, bus, dev);
	msg_close(&b, at);
	r = decode_handle((const struct nlmsghdr *)b.data, FAMILY, ret);
	assert_int_equal(decode_notification((const struct nlmsghdr *)b.data, FAMILY, &n), r);
	assert_int_equal(n.command, r == 0 ? DEVLINK_CMD_DEL : 0);
	assert_false(n.is_flash);
	if (r == 0)
		assert_string_equal(n.handle, ret);
	return r;
}

static void test_handle(void **state)
{
	char handle[HANDLE_MAX], longest[256], longer[257], both[HANDLE_MAX];
	struct bytes b = {};
	size_t at;

	(void)state;
	memset(longest, 'x', 255);
	longest[255] = '\0';
	memset(longer, 'x', 256);
	longer[256] = '\0';
	assert_int_equal(handle_of("pci", "0000:03:00.0", handle), 0);
	assert_string_equal(handle, HANDLE);
	assert_int_equal(handle_of("devlink_index", "7", handle), 0);
	assert_int_equal(handle_of("a", "b/c", handle), 0);
	assert_string_equal(handle, "a/b/c");
	assert_int_equal(handle_of(longest, longest, handle), 0);
	snprintf(both, sizeof(both), "%s/%s", longest, longest);
	assert_string_equal(handle, both);
	assert_int_equal(handle_of(longer, "x", handle), -EBADMSG);
	assert_int_equal(handle_of("x", longer, handle), -EBADMSG);
	assert_int_equal(handle_of(longer, longer, handle), -EBADMSG);
	assert_int_equal(handle_of("", "x", handle), -EBADMSG);
	assert_int_equal(handle_of("x", "", handle), -EBADMSG);
	assert_int_equal(handle_of("pci", "\xff\xfe\x80", handle), -EILSEQ);
	assert_string_equal(handle, "pci/???");
	assert_int_equal(handle_of("p\ni", "a\x1b[1m", handle), -EILSEQ);
	assert_string_equal(handle, "p?i/a?[1m");
	assert_int_equal(handle_of("pci", "b\xc3\xb6se", handle), 0);
	at = msg_open(&b, FAMILY, 0, 0, DEVLINK_CMD_DEL);
	put_attr(&b, DEVLINK_ATTR_BUS_NAME, "pci", 3);
	put_string(&b, DEVLINK_ATTR_DEV_NAME, "x");
	msg_close(&b, at);
	assert_int_equal(decode_handle((struct nlmsghdr *)b.data, FAMILY, handle), -EBADMSG);
	assert_int_equal(decode_handle((struct nlmsghdr *)b.data, FAMILY + 1, handle), -EBADMSG);
}

/* ---- flash ---- */

static size_t flash_open(struct bytes *b, uint8_t command)
{
	b->len = 0;
	return answer_open(b, command);
}

/* Return: "ended text component done/total timeout", or "none". */
static const char *flash_seen(struct bytes *b, size_t at)
{
	static char text[256];
	struct notification n;
	struct flash_progress p;

	msg_close(b, at);
	if (decode_notification((const struct nlmsghdr *)b->data, FAMILY, &n) < 0 || !n.is_flash)
		return "none";
	p = n.flash;
	snprintf(text, sizeof(text), "%d %s %s %" PRIu64 "/%" PRIu64 " %" PRIu64, p.ended,
		 or_none(p.text), or_none(p.component), p.done, p.total, p.timeout);
	return text;
}

static void test_flash(void **state)
{
	struct bytes b = {};
	size_t at;

	(void)state;
	assert_string_equal(flash_seen(&b, flash_open(&b, 58)), "0 - - 0/0 0");
	assert_string_equal(flash_seen(&b, flash_open(&b, 59)), "1 - - 0/0 0");
	at = flash_open(&b, 60);
	put_string(&b, 124, "Flashing");
	put_string(&b, 123, "fw.mgmt");
	put_attr(&b, ATTR_PAD, NULL, 0);
	put_u64(&b, 125, 5000);
	put_u64(&b, 126, UINT64_MAX);
	put_u64(&b, 151, 90);
	assert_string_equal(flash_seen(&b, at), "0 Flashing fw.mgmt 5000/18446744073709551615 90");
	/* what is too short, or has no end, is not there */
	at = flash_open(&b, 60);
	put_attr(&b, 124, "Flashing", 8);
	put_attr(&b, 123, NULL, 0);
	put_u32(&b, 125, 7);
	put_u64(&b, 126, 8);
	assert_string_equal(flash_seen(&b, at), "0 - - 0/8 0");
	assert_string_equal(flash_seen(&b, flash_open(&b, 57)), "none");
	assert_string_equal(flash_seen(&b, flash_open(&b, 61)), "none");
	b.len = 0;
	assert_string_equal(flash_seen(&b, msg_open_bare(&b, FAMILY, 0, 0)), "none");
}

/* ---- buffers ---- */

static size_t count(const void *data, size_t len)
{
	size_t n = 0;

	decode_each(m, data, len) {
		assert_true((const char *)m + m->nlmsg_len <= (const char *)data + len);
		n++;
	}
	return n;
}

/* A buffer cut off anywhere has the messages that are whole; one that lies has an end. */
static void test_buffers(void **state)
{
	struct bytes b = {};
	size_t ends[3];

	(void)state;
	assert_int_equal(count(NULL, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		put_trap(&b, "t", 1);
		ends[i] = b.len;
	}
	for (size_t len = 0; len <= b.len; len++) {
		_cleanup_free_ char *exact = mem_alloc(len);

		memcpy(exact, b.data, len);
		assert_int_equal(count(exact, len),
				 (len >= ends[0]) + (len >= ends[1]) + (len >= ends[2]));
	}
	for (uint64_t said = 0; said < 0x100000000; said = said * 5 / 4 + 1) {
		_cleanup_free_ char *exact = mem_alloc(b.len);
		uint32_t said32 = (uint32_t)said;

		memcpy(exact, b.data, b.len);
		memcpy(exact + ends[0], &said32, sizeof(said32));
		assert_true(count(exact, b.len) >= 1);
	}
}

/* ---- mutations ---- */

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

static void put_one_of_all(struct bytes *b)
{
	struct param_nests p;

	put_trap(b, "t", 1);
	put_group(b, "g", 3);
	put_policer(b, 3);
	put_param(b, "text", 5, "value", 6);
	p = param_open(b, "number", 3);
	put_value(b, 0, &(uint32_t){1}, 4);
	put_value(b, 1, &(uint32_t){2}, 4);
	put_value(b, 2, absent, 0);
	param_close(b, &p);
	put_tree(b);
	put_get(b, 1);
	put_info(b);
	put_family(b, GENL_ID_CTRL, FAMILY, 8);
	put_error(b, NLM_F_ACK_TLVS, -EINVAL, 44, 60);
	put_ack(b, 1, -EBUSY, "the kernel's words");
	put_done(b, 1, 0);
}

/* One message of @whole at random, in a buffer of its size; sometimes it and all behind it. */
static unsigned char *choose(const struct bytes *whole, size_t *ret_len)
{
	size_t n = pick((uint32_t)count(whole->data, whole->len)), at, len;
	const struct nlmsghdr *m = decode_first(whole->data, whole->len);
	unsigned char *copy;

	while (n-- > 0)
		m = decode_next(m, whole->data, whole->len);
	at = (size_t)((const unsigned char *)m - whole->data);
	len = pick(8) ? NLMSG_ALIGN(m->nlmsg_len) : whole->len - at;
	if (pick(4) == 0)
		len = pick((uint32_t)len + 1);
	copy = mem_alloc(len);
	memcpy(copy, whole->data + at, len);
	*ret_len = len;
	return copy;
}

static void mutate(unsigned char *p, size_t len)
{
	static const uint16_t lengths[] = {0, 1, 3, 4, 5, 7, 8, 0x7fff, 0x8000, 0xfffc, 0xffff};
	size_t words = len / 4;

	if (!words)
		return;
	for (uint32_t n = pick(4); n > 0; n--) /* flips */
		p[pick((uint32_t)len)] ^= (unsigned char)(1 << pick(8));
	for (uint32_t n = pick(3); n > 0; n--) /* an attribute's length, or what stands there */
		memcpy(p + 4 * pick((uint32_t)words), &lengths[pick(ARRAY_SIZE(lengths))], 2);
	if (pick(3) == 0) /* an attribute's type, or what stands there */
		memcpy(p + 4 * pick((uint32_t)words) + 2, &(uint16_t){(uint16_t)pick(200)}, 2);
	if (pick(6) == 0 && words > 1) /* pieces of itself */
		memmove(p + 4 * pick((uint32_t)words), p, 4 * (size_t)pick(2));
	if (pick(8)) /* mostly as long as it says, so that what is inside is looked at */
		memcpy(p, &(uint32_t){(uint32_t)len}, 4);
}

/* Under the sanitizer: the strings end inside of the message. */
static void read_all(const struct flash_progress *p)
{
	assert_true(!p->text || strlen(p->text) < 32768);
	assert_true(!p->component || strlen(p->component) < 32768);
}

static void look_at(const unsigned char *p, size_t len, struct seen *seen)
{
	decode_each(m, p, len) {
		char handle[HANDLE_MAX];
		struct family f;
		struct notification n;
		struct ack ack;

		decode_answer(m, FAMILY, HANDLE, &seen->state, &seen->facts);
		decode_family(m, &f);
		decode_handle(m, FAMILY, handle);
		if (decode_notification(m, FAMILY, &n) == 0 && n.is_flash)
			read_all(&n.flash);
		if (decode_ack(m, &ack) == 0)
			free(ack.text);
	}
}

static void test_mutations(void **state)
{
	struct bytes *whole = mem_new(struct bytes);
	size_t objects = 0;

	(void)state;
	put_one_of_all(whole);
	for (int i = 0; i < MUTATIONS; i++) {
		struct seen seen = {};
		size_t len;
		_cleanup_free_ unsigned char *p = choose(whole, &len);
		_cleanup_free_ char *objects_text = NULL, *facts_text = NULL;

		mutate(p, len);
		look_at(p, len, &seen);
		memset(p, 0xff, len); /* nothing of it is referred to */
		state_sort(&seen.state);
		objects_text = describe_state(&seen.state);
		facts_text = describe_facts(&seen.facts);
		objects += seen.state.objects.n;
		seen_clear(&seen);
	}
	free(whole);
	assert_true(objects > MUTATIONS / 10); /* else the mutations are too wild to reach deep */
}

/* ---- reads ---- */

static void check_reads(const struct reads *reads, const char *expected)
{
	read_request_list requests = {};
	struct reading r;
	struct buf out = {};
	_cleanup_free_ char *text = NULL;

	reading_start(&r, reads, NULL, FAMILY, HANDLE, &requests);
	assert_string_equal(r.handle, HANDLE);
	assert_int_equal(r.identified, reads->identify);
	assert_int_equal(r.catalogued, reads->catalogue);
	vec_each(q, &requests) {
		_cleanup_free_ char *request = describe_request(q->msg);

		buf_add(&out, "%s %s%s\n", request, q->class ? q->class->name : "-",
			q->dump ? " dump" : "");
		nlmsg_free(q->msg);
	}
	text = buf_take(&out);
	vec_clear(&requests);
	reading_clear(&r);
	assert_string_equal(text, expected);
}

#define GET_LINE "29 1 cmd 1: " DEVICE " -\n"

static void test_read_requests(void **state)
{
	struct reads reads = {};

	(void)state;
	check_reads(&reads, GET_LINE);
	check_reads(&(struct reads){.identify = true}, GET_LINE "29 1 cmd 51: " DEVICE " -\n");
	check_reads(&(struct reads){.resources = true},
		    GET_LINE "29 1 cmd 36: " DEVICE " resource\n");
	check_reads(&(struct reads){.catalogue = true},
		    GET_LINE "29 301 cmd 5: " DEVICE " - dump\n"
			     "29 301 cmd 38: " DEVICE " param dump\n"
			     "29 301 cmd 69: " DEVICE " trap_policer dump\n"
			     "29 301 cmd 65: " DEVICE " trap_group dump\n"
			     "29 301 cmd 61: " DEVICE " trap dump\n"
			     "29 301 cmd 78: " DEVICE " linecard dump\n"
			     "29 1 cmd 29: " DEVICE " eswitch\n"
			     "29 301 cmd 15: " DEVICE " sb_pool dump\n"
			     "29 301 cmd 19: " DEVICE " sb_port dump\n"
			     "29 301 cmd 23: " DEVICE " sb_tc dump\n"
			     "29 301 cmd 52: " DEVICE " health_reporter dump\n");
	check_reads(&(struct reads){.port_resources = true}, GET_LINE);
	vec_push(&reads.names, ((struct read_name){&class_trap, "t"}));
	vec_push(&reads.names, ((struct read_name){&class_trap_policer, "7"}));
	vec_push(&reads.names, ((struct read_name){&class_trap_group, "g"}));
	vec_push(&reads.names, ((struct read_name){&class_param, "p"}));
	reads.identify = reads.resources = true;
	check_reads(&reads, GET_LINE "29 1 cmd 51: " DEVICE " -\n"
				     "29 1 cmd 36: " DEVICE " resource\n"
				     "29 1 cmd 61: " DEVICE " 130='t' trap\n"
				     "29 1 cmd 69: " DEVICE " 142=u32:7 trap_policer\n"
				     "29 1 cmd 65: " DEVICE " 135='g' trap_group\n"
				     "29 1 cmd 38: " DEVICE " 81='p' param\n");
	vec_clear(&reads.names);
	check_reads(&(struct reads){.impact = true}, GET_LINE "29 1 cmd 29: " DEVICE " -\n");
	check_reads(&(struct reads){.impact = true, .narrowed = true},
		    GET_LINE "29 1 cmd 29: " DEVICE " -\n"
			     "29 301 cmd 5: " DEVICE " - dump\n"
			     "29 301 cmd 74: " DEVICE " - dump\n");
}

/* The error of a read in which one request ended with @error. */
static int read_error(const struct class *class, bool dump, int error)
{
	struct reading r = {};

	reading_answer(&r, &(struct read_request){.class = class, .dump = dump, .catalogue = dump},
		       &(struct read_answer){.error = error});
	reading_finish(&r);
	error = r.error;
	assert_int_equal(r.denied, class && !dump && !error);
	assert_int_equal(r.have.objects.n + r.catalogue.objects.n, 0);
	reading_clear(&r);
	return error;
}

static bool calls_absent(const struct class *class, int error)
{
	for (size_t i = 0; i < CLASS_MAX_ERRORS; i++)
		if (class->absent_errors[i] == -error)
			return true;
	return false;
}

static void test_read_errors(void **state)
{
	static const int absent_errors[] = {-ENOENT, -EINVAL, -EOPNOTSUPP};
	static const int errors[] = {-ENODEV,	 -EPERM, -EMSGSIZE, -EBUSY, -EIO,
				     -ETIMEDOUT, -EPIPE, -ENOBUFS,  -EINTR, -ENOMEM};

	(void)state;
	for (size_t c = 0; c < n_classes; c++) {
		if (classes[c]->read == READ_PORTS) /* no request is its own */
			continue;
		for (int dump = 0; dump < 2; dump++) {
			for (size_t i = 0; i < ARRAY_SIZE(absent_errors); i++)
				assert_int_equal(read_error(classes[c], dump, absent_errors[i]), 0);
			for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
				if (!calls_absent(classes[c], errors[i]) &&
				    (!dump ||
				     (classes[c] != &class_param && classes[c] != &class_eswitch)))
					assert_int_equal(read_error(classes[c], dump, errors[i]),
							 errors[i]);
			assert_int_equal(read_error(classes[c], dump, 0), dump ? 0 : -EBADMSG);
		}
	}
	assert_int_equal(read_error(NULL, false, -EOPNOTSUPP), 0);
	assert_int_equal(read_error(NULL, false, -ENOENT), -ENOENT);
	assert_int_equal(read_error(NULL, false, -EINVAL), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_int_equal(read_error(NULL, false, errors[i]), errors[i]);
}

struct port_answer {
	uint8_t command;
	uint16_t attr, num;
};

static struct impact read_impact(const struct port_answer *v, size_t n)
{
	struct reading r = {.family = FAMILY, .handle = mem_strdup(HANDLE)};
	struct bytes b = {};
	struct impact impact;

	for (size_t i = 0; i < n; i++) {
		size_t at = answer_open(&b, v[i].command);

		put_u16(&b, v[i].attr, v[i].num);
		msg_close(&b, at);
	}
	reading_answer(&r, &(struct read_request){.dump = true, .impact = true},
		       &(struct read_answer){.reply = b.data, .len = b.len});
	impact = r.impact;
	reading_clear(&r);
	return impact;
}

/* SFs, rate nodes and each mode of the eswitch but legacy are gone after a reload. */
static void test_impact(void **state)
{
	enum { FLAVOUR = 77, RATE_TYPE = 165, MODE = 25 };
	static const struct port_answer answers[] = {
		{DEVLINK_CMD_PORT_NEW, FLAVOUR, 0},   {DEVLINK_CMD_PORT_NEW, FLAVOUR, 7},
		{DEVLINK_CMD_NEW, FLAVOUR, 7}, /* what Linux 6.1 calls a port */
		{DEVLINK_CMD_RATE_NEW, RATE_TYPE, 0}, {DEVLINK_CMD_RATE_NEW, RATE_TYPE, 1},
	};
	_cleanup_free_ char *text = NULL;
	struct impact i = read_impact(answers, ARRAY_SIZE(answers));
	struct buf b = {};

	(void)state;
	impact_format(&i, &b);
	text = buf_take(&b);
	assert_string_equal(text, "2 SFs, 1 rate node");
	assert_true(impact_destroys(&i));
	assert_false(i.switchdev);
	for (uint16_t mode = 0; mode < 3; mode++) {
		i = read_impact(&(struct port_answer){DEVLINK_CMD_ESWITCH_GET, MODE, mode}, 1);
		assert_int_equal(i.switchdev, mode > 0);
		assert_int_equal(impact_destroys(&i), mode > 0);
	}
	i = (struct impact){.rate_nodes = 1};
	assert_true(impact_destroys(&i));
	i = (struct impact){.subfunctions = 1};
	assert_true(impact_destroys(&i));
}

/* What the driver cannot tell of one object is no error of the read; what nobody answered is. */
static void test_read_one_object(void **state)
{
	static const int errors[] = {-EIO, -EMSGSIZE, -ENODEV, -ETIMEDOUT, -EPERM, -524};
	static const int of_the_moment[] = {-EBUSY, -EAGAIN, -EINTR, -ENOMEM, -ENOBUFS};
	struct read_request trap = {.class = &class_trap, .name = "t"};
	struct read_request params = {.class = &class_param, .dump = true, .catalogue = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct reading r = {};

		reading_answer(&r, &trap, &(struct read_answer){.error = errors[i]});
		reading_answer(&r, &params, &(struct read_answer){.error = errors[i]});
		assert_int_equal(r.error, 0);
		assert_int_equal(r.have.objects.n, 1);
		assert_int_equal(r.have.objects.v[0].error, errors[i]);
		assert_true(r.params_cut);
		reading_answer(&r, &trap, &(struct read_answer){.error = errors[i], .lost = true});
		assert_int_equal(r.error, errors[i]);
		assert_int_equal(r.have.objects.n, 1);
		reading_clear(&r);
	}
	for (size_t i = 0; i < ARRAY_SIZE(of_the_moment); i++) {
		struct reading r = {};

		reading_answer(&r, &trap, &(struct read_answer){.error = of_the_moment[i]});
		assert_int_equal(r.error, of_the_moment[i]);
		assert_int_equal(r.have.objects.n, 0);
		reading_clear(&r);
	}
}

/* What is left of a message when its tail is cut off is no answer, however it may look. */
static void test_read_cut(void **state)
{
	struct bytes b = {};

	(void)state;
	for (size_t whole = 0, len = NLMSG_HDRLEN + GENL_HDRLEN; len <= whole || !whole; len += 4) {
		struct reading r = {.family = FAMILY, .handle = mem_strdup(HANDLE)};
		struct nlmsghdr *m;

		b.len = 0;
		put_tree(&b);
		m = (struct nlmsghdr *)b.data;
		whole = m->nlmsg_len;
		m->nlmsg_len = (uint32_t)len;
		reading_answer(&r, &(struct read_request){.class = &class_resource},
			       &(struct read_answer){.reply = b.data, .len = NLMSG_ALIGN(len)});
		assert_int_equal(r.error, len == whole ? 0 : -EBADMSG);
		reading_clear(&r);
	}
}

/* An answer of several messages of which one makes no sense, as it is cut, has not told all. */
static void test_cut_among_whole(void **state)
{
	struct bytes b = {};
	size_t whole = 0, cut = 0;

	(void)state;
	for (size_t len = NLMSG_HDRLEN + GENL_HDRLEN; len < whole || !whole; len += 4) {
		struct reading r = {.family = FAMILY, .handle = mem_strdup(HANDLE)};
		struct seen alone = {};
		struct nlmsghdr *m;

		b.len = 0;
		put_tree(&b);
		whole = b.len;
		put_tree(&b);
		m = (struct nlmsghdr *)(b.data + whole);
		m->nlmsg_len = (uint32_t)len;
		reading_answer(&r, &(struct read_request){.class = &class_resource, .dump = true},
			       &(struct read_answer){.reply = b.data, .len = whole + len});
		if (decode_answer(m, FAMILY, HANDLE, &alone.state, &alone.facts) < 0) {
			assert_int_equal(r.error, -EBADMSG);
			cut++;
		}
		state_clear(&alone.state);
		facts_clear(&alone.facts);
		reading_clear(&r);
	}
	assert_true(cut > 10);
}

static void answer(struct reading *r, const struct class *class, bool dump, struct bytes *b,
		   int error)
{
	reading_answer(r, &(struct read_request){.class = class, .dump = dump, .catalogue = dump},
		       &(struct read_answer){.reply = b->data, .len = b->len, .error = error});
	b->len = 0;
}

/* Dumps are the catalogue, all else is what the device has; the first error is the read's. */
static void test_reading(void **state)
{
	struct reads reads = {.identify = true, .catalogue = true, .resources = true};
	_cleanup_free_ char *have = NULL, *catalogue = NULL, *facts = NULL;
	read_request_list requests = {};
	struct bytes b = {};
	struct reading r;

	(void)state;
	reading_start(&r, &reads, NULL, FAMILY, HANDLE, &requests);
	vec_each(q, &requests)
		nlmsg_free(q->msg);
	vec_clear(&requests);
	put_get(&b, 1);
	answer(&r, NULL, false, &b, 0);
	answer(&r, NULL, false, &b, -EOPNOTSUPP);
	put_tree(&b);
	answer(&r, &class_resource, false, &b, 0);
	put_trap(&b, "u", 1);
	answer(&r, &class_trap, false, &b, 0);
	put_trap(&b, "t", 2);
	answer(&r, &class_trap, false, &b, 0);
	answer(&r, &class_trap, false, &b, -ENOENT);
	assert_int_equal(r.error, 0);
	put_trap(&b, "v", 0);
	put_trap(&b, "t", 2);
	put_nobodys(&b, FAMILY, "pci", "0000:04:00.0");
	answer(&r, &class_trap, true, &b, -EINTR);
	answer(&r, &class_trap_group, true, &b, -EIO);
	reading_finish(&r);
	assert_int_equal(r.error, -EINTR);
	have = describe_state(&r.have);
	catalogue = describe_state(&r.catalogue);
	facts = describe_facts(&r.facts);
	assert_non_null(state_find(&r.have, &class_trap, "u", CLASS_NO_CMODE));
	assert_null(state_find(&r.catalogue, &class_trap, "u", CLASS_NO_CMODE));
	reading_clear(&r);
	assert_non_null(strstr(have, "resource /kvd/linear size=200 id=2\n"));
	assert_non_null(strstr(have, "\ntrap t action=2 type=0 group='l2_drops'\n"
				     "trap u action=1 type=0 group='l2_drops'\n"));
	assert_string_equal(catalogue, "trap t action=2 type=0 group='l2_drops'\n"
				       "trap v action=0 type=0 group='l2_drops'\n");
	assert_string_equal(facts, NOTHING_KNOWN "1\n" ALL_COUNTERS);
}

/* ---- many of a class, by one dump ---- */

enum { MANY = 8 };

/* A read of traps t0 to t7, with one more policer than that, and of params. */
static void start_many(struct reading *r, bool narrowed, const struct state *known, size_t n,
		       read_request_list *ret)
{
	struct reads reads = {.narrowed = narrowed};
	static char names[MANY + 1][8], numbers[MANY + 1][8];

	for (size_t i = 0; i <= MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "t%zu", i);
		snprintf(numbers[i], sizeof(numbers[i]), "%zu", i + 1);
	}
	for (size_t i = 0; i <= MANY; i++)
		vec_push(&reads.names, ((struct read_name){&class_param, names[i]}));
	vec_push(&reads.names, ((struct read_name){&class_trap_policer, "7"}));
	for (size_t i = 0; i < n; i++)
		vec_push(&reads.names, ((struct read_name){&class_trap, names[i]}));
	reading_start(r, &reads, known, FAMILY, HANDLE, ret);
	vec_clear(&reads.names);
}

static void free_requests(read_request_list *list)
{
	vec_each(q, list)
		nlmsg_free(q->msg);
	vec_clear(list);
}

/* Are the traps read by a dump, which is the last request then? */
static bool dumps_many(bool narrowed, const struct state *known, size_t n)
{
	read_request_list requests = {};
	struct reading r;
	bool dump;

	start_many(&r, narrowed, known, n, &requests);
	dump = requests.v[requests.n - 1].dump;
	assert_int_equal(requests.n, 1 + MANY + 1 + 1 + (dump ? 1 : n));
	for (size_t i = 0; i + 1 < requests.n; i++)
		assert_false(requests.v[i].dump);
	reading_clear(&r);
	free_requests(&requests);
	return dump;
}

/* Params and few objects never, and not where the kernel dumps all devices. */
static void test_dump_of_many(void **state)
{
	struct state known = {};

	(void)state;
	assert_true(dumps_many(true, NULL, MANY));
	assert_false(dumps_many(false, NULL, MANY));
	assert_false(dumps_many(true, NULL, MANY - 1));
	for (int i = 0; i < 4 * MANY; i++) {
		state_add(&known, &class_trap, "t", CLASS_NO_CMODE);
		state_add(&known, &class_trap_group, "t", CLASS_NO_CMODE);
	}
	assert_true(dumps_many(true, &known, MANY));
	state_add(&known, &class_trap, "t", CLASS_NO_CMODE);
	assert_false(dumps_many(true, &known, MANY));
	assert_true(dumps_many(true, &known, MANY + 1));
	state_clear(&known);
}

/*
 * What became of a read of MANY traps whose dump said @b, ended with @error: what it has, and what
 * it asks for then.
 */
static char *after_dump(struct bytes *b, int error, bool lost)
{
	read_request_list requests = {}, rest = {};
	_cleanup_free_ char *have = NULL;
	struct reading r;
	struct buf out = {};
	bool more;

	start_many(&r, true, NULL, MANY, &requests);
	reading_answer(&r, &requests.v[requests.n - 1],
		       &(struct read_answer){
			       .reply = b->data, .len = b->len, .error = error, .lost = lost});
	b->len = 0;
	more = reading_rest(&r, &rest);
	assert_int_equal(more, rest.n > 0);
	vec_each(q, &rest) {
		assert_false(q->dump || q->catalogue);
		buf_add(&out, "%s? ", q->name);
	}
	if (rest.n) { /* what is asked for by name is believed */
		reading_answer(&r, &rest.v[0], &(struct read_answer){.error = -ENOENT});
		reading_answer(&r, &rest.v[rest.n - 1], &(struct read_answer){.error = -EMSGSIZE});
	}
	free_requests(&rest);
	assert_false(reading_rest(&r, &rest));
	reading_finish(&r);
	assert_int_equal(r.error, lost ? error : 0);
	have = describe_state(&r.have);
	assert_int_equal(r.catalogue.objects.n, 0);
	buf_add(&out, "%s", have);
	reading_clear(&r);
	free_requests(&requests);
	return buf_take(&out);
}

static void put_traps(struct bytes *b, int first, int last)
{
	for (int i = first; i <= last; i++) {
		char name[8];

		snprintf(name, sizeof(name), "t%d", i);
		put_trap(b, name, (uint8_t)(i % 3));
	}
}

static void check_dump(struct bytes *b, int error, bool lost, const char *expected)
{
	_cleanup_free_ char *text = after_dump(b, error, lost);

	assert_string_equal(text, expected);
}

#define TRAP(name, action) "trap " name " action=" action " type=0 group='l2_drops'\n"
#define ALL_BUT_T0                                                                                 \
	TRAP("t1", "1")                                                                            \
	TRAP("t2", "2")                                                                            \
	TRAP("t3", "0") TRAP("t4", "1") TRAP("t5", "2") TRAP("t6", "0") TRAP("t7", "1")
#define NONE_TOLD "t0? t1? t2? t3? t4? t5? t6? t7? trap t7 unreadable 90\n"

static void test_dump_answers(void **state)
{
	struct bytes b = {};
	size_t at;

	(void)state;
	put_traps(&b, 0, 7);
	check_dump(&b, 0, false, TRAP("t0", "0") ALL_BUT_T0);
	/* in another order, amid what was not asked for, another device's and another class's */
	put_trap(&b, "t70", 1);
	put_traps(&b, 1, 7);
	put_nobodys(&b, FAMILY, "pci", "0000:04:00.0");
	put_policer(&b, 7);
	put_trap(&b, "another", 1);
	put_trap(&b, "t0", 0);
	put_trap(&b, "t00", 1);
	check_dump(&b, 0, false, TRAP("t0", "0") ALL_BUT_T0);
	/* twice: the last counts, and it is there once */
	put_trap(&b, "t0", 2);
	put_traps(&b, 0, 7);
	put_trap(&b, "t3", 1);
	put_trap(&b, "t3", 0);
	check_dump(&b, 0, false, TRAP("t0", "0") ALL_BUT_T0);
	/* it ends at an object, or passes over one: it may be there, or be unreadable */
	put_traps(&b, 0, 5);
	check_dump(&b, 0, false,
		   "t6? t7? " TRAP("t0", "0") TRAP("t1", "1") TRAP("t2", "2") TRAP("t3", "0")
			   TRAP("t4", "1") TRAP("t5", "2") "trap t7 unreadable 90\n");
	put_traps(&b, 1, 7);
	check_dump(&b, 0, false, "t0? trap t0 unreadable 90\n" ALL_BUT_T0);
	check_dump(&b, 0, false, NONE_TOLD);
	/* an error, a word that it is not consistent, a message that is cut: all is asked for */
	put_traps(&b, 0, 7);
	check_dump(&b, -EIO, false, NONE_TOLD);
	put_traps(&b, 0, 7);
	check_dump(&b, -EAGAIN, false, NONE_TOLD);
	check_dump(&b, -ENODEV, false, NONE_TOLD);
	put_traps(&b, 0, 7);
	at = answer_open(&b, DEVLINK_CMD_TRAP_NEW);
	msg_close(&b, at);
	check_dump(&b, 0, false, NONE_TOLD);
	/* the answer was lost: the read has failed */
	put_traps(&b, 0, 2);
	check_dump(&b, -ENOBUFS, true, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump_of_many),
		cmocka_unit_test(test_dump_answers),
		cmocka_unit_test(test_encode_get),
		cmocka_unit_test(test_encode_object_get),
		cmocka_unit_test(test_encode_reload),
		cmocka_unit_test(test_encode_flash),
		cmocka_unit_test(test_encode_long),
		cmocka_unit_test(test_encode_param),
		cmocka_unit_test(test_encode_param_reset),
		cmocka_unit_test(test_encode_by_number),
		cmocka_unit_test(test_encode_set),
		cmocka_unit_test(test_encode_structural),
		cmocka_unit_test(test_linecards),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_damaged_attributes),
		cmocka_unit_test(test_names_not_text),
		cmocka_unit_test(test_unknown_attributes),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_param_values),
		cmocka_unit_test(test_param_defaults),
		cmocka_unit_test(test_param_lists),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_resources_of_a_port),
		cmocka_unit_test(test_list_of_port_resources),
		cmocka_unit_test(test_resources_too_deep),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_glance),
		cmocka_unit_test(test_get_number),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_ack),
		cmocka_unit_test(test_ack_lies),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_handle),
		cmocka_unit_test(test_flash),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_read_requests),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_impact),
		cmocka_unit_test(test_read_one_object),
		cmocka_unit_test(test_read_cut),
		cmocka_unit_test(test_cut_among_whole),
		cmocka_unit_test(test_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
