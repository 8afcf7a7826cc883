// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kinds of object that no kernel has, each a table and nothing else: from the YAML over wishes,
 * want and plan to the bytes of a request, and from the bytes of an answer to what is shown. That
 * this links is half of the test: the list of classes is the only thing that had to be changed.
 */
#include "bus/internal.h"
#include "model/json.h"
#include "plan/bind.h"
#include "plan/drift.h"
#include "plan/make.h"
#include "wire/encode.h"
#include "wire/reading.h"
#include "wire_bytes.h"
#include "yaml/emit.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/devlink.h>
#include <jansson.h>
#include <netlink/msg.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define FAMILY 29
#define HANDLE "pci/0000:03:00.0"

/*
 * ---- a pool: four parts of a key, a nest in replies, a SET of all fields, sizes rounded up ----
 */

static const struct enum_name directions[] = {{"ingress", 0}, {"egress", 1}};
static const struct enum_names direction_names = {directions, ARRAY_SIZE(directions),
						  .closed = true};
static const struct enum_name kinds[] = {{"static", 0}, {"dynamic", 1}};
static const struct enum_names kind_names = {kinds, ARRAY_SIZE(kinds), .closed = true};

enum { TOY_POOL_SIZE, TOY_POOL_KIND, TOY_POOL_THRESHOLD, TOY_POOL_CELL, TOY_POOL_OCC };

static const struct field pool_fields[] = {
	[TOY_POOL_SIZE] = {"size", VALUE_U32, 19, FIELD_WRITABLE, NULL, "bytes"},
	[TOY_POOL_KIND] = {"kind", VALUE_U8, 20, FIELD_WRITABLE, &kind_names, "static or dynamic"},
	[TOY_POOL_THRESHOLD] = {"threshold", VALUE_U32, 21, FIELD_WRITABLE, NULL,
				"of what is free"},
	[TOY_POOL_CELL] = {"cell", VALUE_U32, 105, 0, NULL, "sizes are multiples of it"},
	[TOY_POOL_OCC] = {"occ", VALUE_U32, 23, FIELD_LIVE, NULL, "bytes in use"},
};

static void round_size(const struct object *have, unsigned field, struct value *v)
{
	uint64_t cell = object_num(have, TOY_POOL_CELL, 1);

	if (field == TOY_POOL_SIZE)
		v->num = (v->num + cell - 1) / cell * cell;
}

static const struct class class_pool = {
	.name = "toy_pool",
	.section = "toy_pools",
	.noun = "toy pool",
	.form = FORM_MAP,
	.set = SET_WHOLE,
	.phase = PHASE_POOL,
	.keys = {{"port", VALUE_STRING, 7, NULL, 0},
		 {"sb", VALUE_U32, 11, NULL, 0},
		 {"pool", VALUE_U16, 17, NULL, 1},
		 {"direction", VALUE_U8, 18, &direction_names, 0}},
	.nest = 114,
	.absent_errors = {ENODEV, EINVAL},
	.cmd_get = 200,
	.cmd_set = 201,
	.cmd_reply = 202,
	.fields = pool_fields,
	.n_fields = ARRAY_SIZE(pool_fields),
	.n_writable = 3,
	.round = round_size,
};

/* ---- a mode: its section is the only object, and each field takes a SET of its own ---- */

static const struct enum_name modes[] = {{"legacy", 0}, {"switchdev", 1}};
static const struct enum_names mode_names = {modes, ARRAY_SIZE(modes), .closed = true};
static const struct enum_name flags[] = {{"false", 0}, {"true", 1}};
static const struct enum_names flag_names = {flags, ARRAY_SIZE(flags), .closed = true};

static const struct field mode_fields[] = {
	{"mode", VALUE_U16, 25, FIELD_WRITABLE, &mode_names, "legacy or switchdev"},
	{"encap", VALUE_U8, 62, FIELD_WRITABLE, &flag_names, "true or false"},
};

static const struct class class_mode = {
	.name = "toy_mode",
	.section = "toy_mode",
	.noun = "toy mode",
	.form = FORM_SECTION,
	.set = SET_EACH,
	.phase = PHASE_ESWITCH,
	.absent_errors = {EOPNOTSUPP},
	.cmd_get = 203,
	.cmd_set = 204,
	.cmd_reply = 203,
	.fields = mode_fields,
	.n_fields = ARRAY_SIZE(mode_fields),
	.n_writable = 2,
};

/* ---- a card: a string, which may be none ---- */

static const struct enum_names card_names = {.empty = "none"};

static const struct field card_fields[] = {
	{"type", VALUE_STRING, 173, FIELD_WRITABLE | FIELD_ZERO_IS_NONE, &card_names, "a name"},
};

static const struct class class_card = {
	.name = "toy_card",
	.section = "toy_cards",
	.noun = "toy card",
	.form = FORM_SCALAR,
	.phase = PHASE_LINECARD,
	.keys = {{"number", VALUE_U32, 171, NULL, 0}},
	.absent_errors = {ENODEV},
	.cmd_get = 205,
	.cmd_set = 206,
	.cmd_reply = 207,
	.fields = card_fields,
	.n_fields = ARRAY_SIZE(card_fields),
	.n_writable = 1,
};

/* ---- a reporter: of a port, so read by one dump; a duration, one that cannot be set ---- */

static const struct enum_names period_names = {.duration = true};

static const struct field reporter_fields[] = {
	{"period", VALUE_U64, 120, FIELD_WRITABLE, &period_names, "between two recoveries"},
};

static bool reporter_settable(const struct object *have, struct buf *why)
{
	if (object_has(have, 0))
		return true;
	buf_add(why, "does not recover");
	return false;
}

static const struct class class_reporter = {
	.name = "toy_reporter",
	.section = "toy_reporters",
	.noun = "toy reporter",
	.form = FORM_MAP,
	.phase = PHASE_HEALTH,
	.keys = {{"port", VALUE_STRING, 3, NULL, 0}, {"reporter", VALUE_STRING, 115, NULL, 0}},
	.nest = 114,
	.absent_errors = {EINVAL},
	.cmd_get = 208,
	.cmd_set = 209,
	.cmd_reply = 208,
	.fields = reporter_fields,
	.n_fields = ARRAY_SIZE(reporter_fields),
	.n_writable = 1,
	.settable = reporter_settable,
};

/* ---- a leaf: its replies tell of nodes, too, which have another key ---- */

enum { TOY_SORT = 66, TOY_LEAF = 0, TOY_NODE = 1 };

static const struct field leaf_fields[] = {
	{"share", VALUE_U64, 64, FIELD_WRITABLE, NULL, "bytes per second"},
};

static const struct class class_leaf = {
	.name = "toy_leaf",
	.section = "toy_leafs",
	.noun = "toy leaf",
	.form = FORM_SCALAR,
	.phase = PHASE_PARAM,
	.keys = {{"port", VALUE_U32, 3, NULL, 0}},
	.absent_errors = {ENODEV},
	.cmd_get = 210,
	.cmd_set = 211,
	.cmd_reply = 212,
	.sort_attr = TOY_SORT,
	.sort = TOY_LEAF,
	.fields = leaf_fields,
	.n_fields = ARRAY_SIZE(leaf_fields),
	.n_writable = 1,
};

const struct class *const classes[] = {
	&class_resource, &class_param, &class_trap_policer, &class_trap_group, &class_trap,
	&class_leaf,	 &class_pool,  &class_mode,	    &class_card,       &class_reporter,
};
const size_t n_classes = ARRAY_SIZE(classes);

/* ---- a device that has them, as it answers ---- */

static size_t open_answer(struct bytes *b, uint8_t command)
{
	size_t at = msg_open(b, FAMILY, 0, 1, command);

	put_string(b, DEVLINK_ATTR_BUS_NAME, "pci");
	put_string(b, DEVLINK_ATTR_DEV_NAME, "0000:03:00.0");
	return at;
}

static void put_pool(struct bytes *b)
{
	size_t at = open_answer(b, 202), nest;

	put_string(b, 7, "p1");
	put_u32(b, 11, 0);
	nest = nest_open(b, 114);
	put_u16(b, 17, 4);
	put_u8(b, 18, 0);
	put_u32(b, 19, 960);
	put_u8(b, 20, 1);
	put_u32(b, 21, 7);
	put_u32(b, 105, 96);
	put_u32(b, 23, 55);
	nest_close(b, nest);
	msg_close(b, at);
}

static void put_mode(struct bytes *b)
{
	size_t at = open_answer(b, 203);

	put_u16(b, 25, 0);
	put_u8(b, 62, 0);
	msg_close(b, at);
}

static void put_card(struct bytes *b, uint32_t number, const char *type)
{
	size_t at = open_answer(b, 207);

	put_u32(b, 171, number);
	if (type)
		put_string(b, 173, type);
	msg_close(b, at);
}

static void put_reporter(struct bytes *b, const char *name, uint64_t msec)
{
	size_t at = open_answer(b, 208), nest;

	put_u32(b, 3, 9);
	nest = nest_open(b, 114);
	put_string(b, 115, name);
	if (msec)
		put_u64(b, 120, msec);
	nest_close(b, nest);
	msg_close(b, at);
}

static void read_device(struct world *w)
{
	struct bytes b = {};

	state_add_port(&w->have, &(struct port){.index = 9, .name = "p9"});
	put_pool(&b);
	put_mode(&b);
	put_card(&b, 1, "16x100G");
	put_card(&b, 2, NULL);
	put_reporter(&b, "tx", 90000);
	put_reporter(&b, "rx", 0);
	decode_each(m, b.data, b.len)
		assert_int_equal(decode_answer(m, FAMILY, HANDLE, &w->have, &w->facts), 1);
	state_sort(&w->have);
	state_copy(&w->catalogue, &w->have);
	w->has_catalogue = true;
}

/* ---- from a text to a plan ---- */

struct bed {
	struct world world;
	struct config *config;
	struct state want;
	struct diag_list diags;
	struct plan plan;
};

static void load(struct bed *bed, const char *text)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[32];

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	yaml_load(&(struct yaml_paths){.root = "/nowhere", .file = path}, &bed->config,
		  &bed->diags);
	close(fd);
}

static void load_entry(struct bed *bed, const char *keys)
{
	_cleanup_free_ char *text =
		mem_printf("version: 1\ndevices:\n  \"" HANDLE "\": {%s}\n", keys);

	load(bed, text);
}

static int plan_entry(struct bed *bed)
{
	int r = bind_entry(&bed->config->entries.v[0], HANDLE, &bed->world, &bed->want,
			   &bed->diags);

	if (r == 0)
		plan_make(&bed->want, &bed->world, &(struct policy){}, &bed->plan);
	return r;
}

static void bed_clear(struct bed *bed)
{
	plan_clear(&bed->plan);
	state_clear(&bed->want);
	diag_clear(&bed->diags);
	config_unref(bed->config);
	world_clear(&bed->world);
}

static char *messages(const struct bed *bed)
{
	struct buf b = {};

	vec_each(d, &bed->diags.diags)
		buf_add(&b, "%s\n", d->message);
	return buf_take(&b);
}

static char *steps(const struct plan *p)
{
	struct buf b = {};

	vec_each(s, &p->steps) {
		_cleanup_free_ char *label = step_object_label(s);

		buf_add(&b, "%s %s: %s -> %s\n", step_kind_name(s), label, s->from, s->to);
	}
	return buf_take(&b);
}

static void expect_steps(const char *keys, const char *expected)
{
	_cleanup_free_ char *seen = NULL;
	struct bed bed = {};

	read_device(&bed.world);
	load_entry(&bed, keys);
	assert_non_null(bed.config);
	assert_int_equal(plan_entry(&bed), 0);
	seen = steps(&bed.plan);
	assert_string_equal(seen, expected);
	bed_clear(&bed);
}

static void expect_refused(const char *keys, const char *expected)
{
	_cleanup_free_ char *seen = NULL;
	struct bed bed = {};

	read_device(&bed.world);
	load_entry(&bed, keys);
	if (bed.config)
		assert_int_equal(plan_entry(&bed), -EINVAL);
	seen = messages(&bed);
	assert_string_equal(seen, expected);
	bed_clear(&bed);
}

/* ---- the tests ---- */

static void test_plan(void **state)
{
	(void)state;
	expect_steps(
		"toy_reporters: {p9/tx: {period: 2m}}, toy_mode: {encap: true, mode: switchdev}, "
		"toy_cards: {1: none, 2: 8x400G}, "
		"toy_pools: {p1/0/4/ingress: {threshold: 9, size: 1Ki}}",
		"toy_card 1: 16x100G -> none\n"
		"toy_card 2: none -> 8x400G\n"
		"toy_mode toy_mode: mode legacy -> mode switchdev\n"
		"toy_mode toy_mode: encap false -> encap true\n"
		"toy_pool p1/0/4/ingress: size 960, threshold 7 -> size 1056, threshold 9\n"
		"toy_reporter p9/tx: 90s -> 2m\n");
	expect_steps("toy_cards: {1: 16x100G, 2: none}, toy_mode: {mode: legacy}, "
		     "toy_pools: {p1/0/4/ingress: {size: 900, kind: dynamic}}, "
		     "toy_reporters: {p9/tx: {period: 90s}}",
		     "");
	expect_steps("toy_mode: null, toy_cards: {1: null}", "");
}

static void test_refused(void **state)
{
	(void)state;
	expect_refused("toy_pools: {p1/0/4: {size: 1}}",
		       "toy pool \"p1/0/4\": write it as port/sb/pool/direction\n");
	expect_refused("toy_pools: {p1/0/4/up: {size: 1}}",
		       "toy pool \"p1/0/4/up\": direction: \"up\" is not one of ingress, egress\n");
	expect_refused("toy_pools: {p1/0/0/egress: {size: 1}}",
		       "toy pool \"p1/0/0/egress\": pool: the least is 1\n");
	expect_refused("toy_pools: {p1/0/70000/egress: {size: 1}}",
		       "toy pool \"p1/0/70000/egress\": pool: 70000 is more than 65535, the most "
		       "that u16 holds\n");
	expect_refused("toy_pools: {p2/0/4/ingress: {size: 1}}",
		       "the device has no toy pool p2/0/4/ingress; did you mean p1/0/4/ingress?\n");
	expect_refused("toy_pools: {p1/0/4/ingress: {occ: 1}}",
		       "unknown key \"occ\" in toy pool \"p1/0/4/ingress\"; known are size, kind, "
		       "threshold\n");
	expect_refused("toy_mode: {mod: legacy}", "unknown key \"mod\" in toy mode \"toy_mode\"; "
						  "did you mean \"mode\"?\n");
	expect_refused("toy_mode: legacy",
		       "\"toy_mode\" must be a map (KEY: VALUE), not a single value\n");
	expect_refused(
		"toy_reporters: {p9/tx: {period: 5}}",
		"toy reporter \"p9/tx\": period: \"5\" is not a duration like 500ms, 30s, 5m "
		"or 1h\n");
	expect_refused("toy_reporters: {p9/rx: {period: 5s}}",
		       "toy reporter p9/rx does not recover\n");
}

static void check_bytes(struct nl_msg *msg, const struct bytes *expected)
{
	assert_int_equal(nlmsg_hdr(msg)->nlmsg_len, expected->len);
	assert_memory_equal(nlmsg_hdr(msg), expected->data, expected->len);
	nlmsg_free(msg);
}

static size_t open_request(struct bytes *b, uint16_t flags, uint8_t command)
{
	size_t at;

	b->len = 0;
	at = msg_open(b, FAMILY, NLM_F_REQUEST | flags, 0, command);
	put_string(b, DEVLINK_ATTR_BUS_NAME, "pci");
	put_string(b, DEVLINK_ATTR_DEV_NAME, "0000:03:00.0");
	return at;
}

/* One field is to be changed, and all are sent: but what is only read. */
static void test_set_whole(void **state)
{
	struct bed bed = {};
	struct bytes b = {};
	size_t at;

	(void)state;
	read_device(&bed.world);
	load_entry(&bed, "toy_pools: {p1/0/4/ingress: {threshold: 9}}");
	assert_int_equal(plan_entry(&bed), 0);
	assert_int_equal(bed.plan.steps.n, 1);
	at = open_request(&b, NLM_F_ACK, 201);
	put_string(&b, 7, "p1");
	put_u32(&b, 11, 0);
	put_u16(&b, 17, 4);
	put_u8(&b, 18, 0);
	put_u32(&b, 19, 960);
	put_u8(&b, 20, 1);
	put_u32(&b, 21, 9);
	msg_close(&b, at);
	check_bytes(encode_step(FAMILY, HANDLE, 0, &bed.plan.steps.v[0]), &b);
	bed_clear(&bed);
}

static void test_set_each(void **state)
{
	struct bed bed = {};
	struct bytes b = {};
	size_t at;

	(void)state;
	read_device(&bed.world);
	load_entry(&bed, "toy_mode: {encap: true, mode: switchdev}, toy_cards: {1: none}");
	assert_int_equal(plan_entry(&bed), 0);
	assert_int_equal(bed.plan.steps.n, 3);
	at = open_request(&b, NLM_F_ACK, 206);
	put_u32(&b, 171, 1);
	put_string(&b, 173, "");
	msg_close(&b, at);
	check_bytes(encode_step(FAMILY, HANDLE, 0, &bed.plan.steps.v[0]), &b);
	at = open_request(&b, NLM_F_ACK, 204);
	put_u16(&b, 25, 1);
	msg_close(&b, at);
	check_bytes(encode_step(FAMILY, HANDLE, 0, &bed.plan.steps.v[1]), &b);
	at = open_request(&b, NLM_F_ACK, 204);
	put_u8(&b, 62, 1);
	msg_close(&b, at);
	check_bytes(encode_step(FAMILY, HANDLE, 0, &bed.plan.steps.v[2]), &b);
	bed_clear(&bed);
}

static void put_port(struct bytes *b, uint32_t index, uint16_t flavour, uint32_t number)
{
	size_t at = open_answer(b, DEVLINK_CMD_PORT_NEW);

	put_u32(b, DEVLINK_ATTR_PORT_INDEX, index);
	put_u16(b, DEVLINK_ATTR_PORT_FLAVOUR, flavour);
	put_u32(b, DEVLINK_ATTR_PORT_NUMBER, number);
	msg_close(b, at);
}

/* Objects of ports are read by one dump, behind that of the ports; others each by its key. */
static void test_reads(void **state)
{
	winner_list winners = {};
	struct reads reads = {};
	struct reading reading;
	read_request_list requests = {};
	struct bed bed = {};
	struct bytes b = {};
	size_t at;

	(void)state;
	read_device(&bed.world);
	load_entry(&bed,
		   "toy_mode: {mode: legacy}, toy_pools: {p1/0/4/egress: {size: 1}}, "
		   "toy_reporters: {p9/tx: {period: 5s}, p9/rx: {period: 5s}, p8/x: {period: 5s}}");
	winners_collect(&winners, &bed.config->entries.v[0], HANDLE, &bed.world.facts);
	bind_reads(&winners, &bed.world, &reads);
	vec_clear(&winners);
	reads.resources = false;
	reading_start(&reading, &reads, NULL, FAMILY, HANDLE, &requests);
	assert_int_equal(requests.n, 5); /* the first one is of the device */
	at = open_request(&b, 0, 200);
	put_string(&b, 7, "p1");
	put_u32(&b, 11, 0);
	put_u16(&b, 17, 4);
	put_u8(&b, 18, 1);
	msg_close(&b, at);
	check_bytes(requests.v[2].msg, &b);
	at = open_request(&b, 0, 203);
	msg_close(&b, at);
	check_bytes(requests.v[3].msg, &b);
	at = open_request(&b, NLM_F_DUMP, DEVLINK_CMD_PORT_GET);
	msg_close(&b, at);
	assert_true(requests.v[1].dump && requests.v[1].ports);
	check_bytes(requests.v[1].msg, &b);
	at = open_request(&b, NLM_F_DUMP, 208);
	msg_close(&b, at);
	assert_true(requests.v[4].dump);
	check_bytes(requests.v[4].msg, &b);
	nlmsg_free(requests.v[0].msg);
	/* what the class calls absent is no error; another one is that of the object */
	reading_answer(&reading, &requests.v[2], &(struct read_answer){.error = -ENODEV});
	assert_int_equal(reading.have.objects.n, 0);
	reading_answer(&reading, &requests.v[2], &(struct read_answer){.error = -EOPNOTSUPP});
	assert_int_equal(reading.have.objects.v[0].error, -EOPNOTSUPP);
	reading_answer(&reading, &requests.v[4], &(struct read_answer){.error = -EINVAL});
	assert_int_equal(reading.error, 0);
	b.len = 0;
	put_reporter(&b, "tx", 1); /* of a port that is not known: as that of the CPU */
	reading_answer(&reading, &requests.v[4],
		       &(struct read_answer){.reply = b.data, .len = b.len});
	assert_int_equal(reading.have.objects.n, 1);
	b.len = 0;
	put_port(&b, 9, DEVLINK_PORT_FLAVOUR_PHYSICAL, 12);
	reading_answer(&reading, &requests.v[1],
		       &(struct read_answer){.reply = b.data, .len = b.len});
	b.len = 0;
	put_reporter(&b, "tx", 1);
	reading_answer(&reading, &requests.v[4],
		       &(struct read_answer){.reply = b.data, .len = b.len});
	assert_int_equal(reading.have.objects.n, 2);
	assert_string_equal(reading.have.objects.v[1].name, "p12/tx");
	assert_int_equal(reading.have.objects.v[1].port, 9);
	assert_int_equal(reading.catalogue.objects.n, 0);
	reading_clear(&reading);
	vec_clear(&requests);
	vec_clear(&reads.names);
	bed_clear(&bed);
}

/* All that there is of each class: by a dump, but of the section that is the only object. */
static void test_catalogue(void **state)
{
	struct reads reads = {.catalogue = true};
	struct reading reading;
	read_request_list requests = {};
	struct bytes b = {};
	size_t at;

	(void)state;
	reading_start(&reading, &reads, NULL, FAMILY, HANDLE, &requests);
	assert_int_equal(requests.n, n_classes + 1); /* GET, ports, and each class but resources */
	vec_each(q, &requests)
		assert_int_equal(q->dump, q->ports || (q->class && q->class != &class_mode));
	at = open_request(&b, 0, 203);
	msg_close(&b, at);
	check_bytes(requests.v[n_classes - 2].msg, &b);
	at = open_request(&b, NLM_F_DUMP, 208);
	msg_close(&b, at);
	check_bytes(requests.v[n_classes].msg, &b);
	b.len = 0;
	put_mode(&b);
	reading_answer(&reading, &requests.v[n_classes - 2],
		       &(struct read_answer){.reply = b.data, .len = b.len});
	assert_int_equal(reading.catalogue.objects.n, 1);
	assert_int_equal(reading.error, 0);
	for (size_t i = 0; i < requests.n; i++)
		if (i != n_classes - 2 && i != n_classes)
			nlmsg_free(requests.v[i].msg);
	reading_clear(&reading);
	vec_clear(&requests);
}

static void put_leaf(struct bytes *b, uint16_t sort)
{
	size_t at = open_answer(b, 212);

	put_u16(b, TOY_SORT, sort);
	if (sort == TOY_LEAF)
		put_u32(b, 3, 7);
	else
		put_string(b, 67, "a node");
	put_u64(b, 64, 1000);
	msg_close(b, at);
}

/* What else the same command tells of is passed over, and nothing is missed in it. */
static void test_one_kind_of_two(void **state)
{
	struct world w = {};
	struct bytes b = {};

	(void)state;
	put_leaf(&b, TOY_NODE);
	decode_each(m, b.data, b.len)
		assert_int_equal(decode_answer(m, FAMILY, HANDLE, &w.have, &w.facts), 0);
	put_leaf(&b, TOY_LEAF);
	decode_each(m, b.data, b.len)
		assert_true(decode_answer(m, FAMILY, HANDLE, &w.have, &w.facts) >= 0);
	assert_int_equal(w.have.objects.n, 1);
	assert_ptr_equal(w.have.objects.v[0].class, &class_leaf);
	assert_string_equal(w.have.objects.v[0].name, "7");
	assert_int_equal(object_num(&w.have.objects.v[0], 0, 0), 1000);
	world_clear(&w);
}

/* An answer without the nest, or without a part of the key, was cut. */
static void test_cut(void **state)
{
	struct world w = {};
	struct bytes b = {};
	size_t at = open_answer(&b, 202);

	(void)state;
	put_string(&b, 7, "p1");
	put_u32(&b, 11, 0);
	msg_close(&b, at);
	decode_each(m, b.data, b.len)
		assert_int_equal(decode_answer(m, FAMILY, HANDLE, &w.have, &w.facts), -EBADMSG);
	b.len = 0;
	at = open_answer(&b, 202);
	put_string(&b, 7, "p1");
	nest_close(&b, nest_open(&b, 114));
	msg_close(&b, at);
	decode_each(m, b.data, b.len)
		assert_int_equal(decode_answer(m, FAMILY, HANDLE, &w.have, &w.facts), -EBADMSG);
	assert_int_equal(w.have.objects.n, 0);
	world_clear(&w);
}

/* What is captured of a device says all of it, and is a config that changes nothing. */
static void test_facts_and_capture(void **state)
{
	_cleanup_free_ char *text = NULL, *yaml = NULL, *handle = NULL, *why = NULL;
	struct bed bed = {};
	struct world back = {};
	json_t *j;

	(void)state;
	read_device(&bed.world);
	j = facts_to_json(HANDLE, &bed.world);
	text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	assert_non_null(strstr(text, "\"toy_cards\":{\"1\":{\"type\":\"16x100G\"},"
				     "\"2\":{\"type\":\"\"}},\"toy_mode\":{\"encap\":\"false\","
				     "\"mode\":\"legacy\"},\"toy_pools\":{\"p1/0/4/ingress\":"
				     "{\"cell\":96,\"kind\":\"dynamic\",\"occ\":55,\"size\":960,"
				     "\"threshold\":7}},\"toy_reporters\":{\"p9/rx\":{},"
				     "\"p9/tx\":{\"period\":90000}}"));
	assert_int_equal(facts_from_json(j, &back, &handle, &why), 0);
	assert_true(state_same(&back.have, &bed.world.have));
	json_decref(j);
	yaml = yaml_emit_world(HANDLE, &bed.world, false);
	load(&bed, yaml);
	assert_non_null(bed.config);
	assert_int_equal(plan_entry(&bed), 0);
	assert_int_equal(bed.want.objects.n, 5);
	assert_int_equal(bed.plan.steps.n, 0);
	world_clear(&back);
	bed_clear(&bed);
}

/* What moves by itself is no difference; what differs is named by its attribute. */
static void test_drift(void **state)
{
	struct bed bed = {};
	drift_list drift = {};
	struct object *pool;

	(void)state;
	read_device(&bed.world);
	load_entry(&bed, "toy_pools: {p1/0/4/ingress: {size: 96, kind: dynamic, threshold: 8}}");
	assert_int_equal(plan_entry(&bed), 0);
	drift_find(&bed.want, &bed.world, &drift);
	assert_int_equal(drift.n, 2);
	assert_string_equal(drift.v[1].attribute, "threshold");
	assert_string_equal(drift.v[1].wanted, "8");
	assert_string_equal(drift.v[1].actual, "7");
	drift_clear(&drift);
	pool = state_find(&bed.world.have, &class_pool, "p1/0/4/ingress", CLASS_NO_CMODE);
	pool->v[TOY_POOL_OCC].num++;
	assert_true(state_same(&bed.world.have, &bed.world.catalogue));
	pool->v[TOY_POOL_SIZE].num++;
	assert_false(state_same(&bed.world.have, &bed.world.catalogue));
	bed_clear(&bed);
}

/* A connection that has nobody at its other end: a message needs one. */
static sd_bus *open_bus(int *ret_peer)
{
	sd_bus *bus = NULL;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_true(sd_bus_new(&bus) >= 0);
	assert_true(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
	assert_true(sd_bus_start(bus) >= 0);
	*ret_peer = fds[1];
	return bus;
}

/* A row of Objects says kind, name, what is wanted and what is there, without knowing the class. */
static void test_bus(void **state)
{
	static const char *const expected[] = {"toy_pool", "p1/0/4/ingress",
					       "size 96, kind dynamic", "size 960, kind dynamic",
					       ""};
	const struct device_env env = {.kernel = "6.12.1", .boot = "boot 1"};
	struct device d = {.env = &env, .handle = (char *)HANDLE};
	struct bed bed = {};
	sd_bus_message *m = NULL;
	const char *row[6];
	sd_bus *bus;
	int peer;

	(void)state;
	read_device(&bed.world);
	load_entry(&bed, "toy_pools: {p1/0/4/ingress: {size: 96, kind: dynamic}}");
	assert_int_equal(plan_entry(&bed), 0);
	d.world = bed.world;
	bus = open_bus(&peer);
	assert_true(sd_bus_message_new_signal(bus, &m, "/toy", "org.toy", "Row") >= 0);
	assert_true(bus_append_object(m, &d, &bed.want.objects.v[0]) >= 0);
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_rewind(m, true) >= 0);
	assert_true(sd_bus_message_read(m, "(ssssss)", &row[0], &row[1], &row[2], &row[3], &row[4],
					&row[5]) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(row[i], expected[i]);
	assert_non_null(strchr(row[5], ':'));
	sd_bus_message_unref(m);
	sd_bus_close_unref(bus);
	close(peer);
	bed_clear(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_set_whole),
		cmocka_unit_test(test_set_each),
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_one_kind_of_two),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_bus),
		cmocka_unit_test(test_facts_and_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
