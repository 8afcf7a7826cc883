// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The work of carved itself in one row of tests/bench/counts, for callgrind to count: what is in
 * measured() counts, as far as it is of daemon/. A device of 200 traps, or of 64 ports with 35
 * thresholds each, in the process and on virtual time (tests/unit/sim.h), so that a run is like any
 * other.
 *
 *	bench_counts ROW
 */
#include "plan/bind.h"
#include "sim.h"
#include "wire/encode.h"
#include "wire/reading.h"
#include "wire_answers.h"

#include <string.h>

#define TRAPS	 200
#define ENTRIES	 50
#define ACT_TRAP 1

/* Thresholds of a port: in pools, and of traffic classes. */
#define PORTS	   64
#define POOLS	   11
#define INGRESS	   8
#define EGRESS	   16
#define THRESHOLDS (PORTS * (POOLS + INGRESS + EGRESS))

struct bench {
	struct rig r;
	char *facts, *drop, *trap, *many;
	char *buffers, *nine, *ten; /* a device with thresholds, and configs of it */
	struct config *config;
	struct bytes answers[TRAPS];
};

static char *traps_as(const char *entry, const char *action)
{
	struct buf b = {};

	buf_add(&b, "%s: {traps: {", entry);
	for (int i = 0; i < TRAPS; i++)
		buf_add(&b, "trap_%03d: %s, ", i, action);
	buf_add(&b, "}}");
	return buf_take(&b);
}

static char *config_as(const char *action)
{
	_cleanup_free_ char *entry = traps_as("sim/a", action);

	return mem_printf("devices: {%s}", entry);
}

static char *config_of_many(void)
{
	struct buf b = {};

	buf_add(&b, "devices: {");
	for (int i = 0; i < ENTRIES; i++) {
		_cleanup_free_ char *name = mem_printf("sim/%d", i),
				    *entry = traps_as(name, "trap");

		buf_add(&b, "%s, ", entry);
	}
	buf_add(&b, "}");
	return buf_take(&b);
}

static char *make_facts(void)
{
	struct buf b = {};

	buf_add(&b, "{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'reload': {'failed': false, "
		    "'counters': [['driver_reinit', 'unspec', 'local', 0]]}, 'trap_groups': "
		    "{'l2': {'policer': 'none'}}, 'traps': {");
	for (int i = 0; i < TRAPS; i++)
		buf_add(&b, "%s'trap_%03d': {'action': 'drop', 'type': 'drop', 'group': 'l2'}",
			i ? ", " : "", i);
	buf_add(&b, "}}");
	return buf_take(&b);
}

/* The thresholds of @port, behind a "{" or others. */
static void add_rows(struct buf *b, const char *port, const char *between, int n, const char *value)
{
	for (int i = 0; i < n; i++)
		buf_add(b, "%s'%s/0/%s%d': {%s}", b->s[b->n - 1] == '{' ? "" : ", ", port, between,
			i, value);
}

static void add_pools(struct buf *b, const char *port, const char *value)
{
	add_rows(b, port, "", POOLS, value);
}

static void add_tcs(struct buf *b, const char *port, const char *value)
{
	add_rows(b, port, "ingress/", INGRESS, value);
	add_rows(b, port, "egress/", EGRESS, value);
}

static char *thresholds(const char *number)
{
	_cleanup_free_ char *value = mem_printf("threshold: %s", number);
	struct buf b = {};

	buf_add(&b, "devices: {sim/a: {shared_buffers: {ports: {");
	add_pools(&b, "default", value);
	buf_add(&b, "}, tcs: {");
	add_tcs(&b, "default", value);
	buf_add(&b, "}}}}");
	return buf_take(&b);
}

static void add_ports(struct buf *b,
		      void (*add)(struct buf *b, const char *port, const char *value),
		      const char *value)
{
	for (int i = 1; i <= PORTS; i++) {
		_cleanup_free_ char *port = mem_printf("p%d", i);

		add(b, port, value);
	}
}

static char *make_buffers(void)
{
	struct buf b = {};

	buf_add(&b, "{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'reload': {'failed': false, "
		    "'counters': [['driver_reinit', 'unspec', 'local', 0]]}, 'shared_buffers': "
		    "{'ports': {");
	add_ports(&b, add_pools, "'threshold': 9, 'occ': 0, 'occ_max': 0");
	buf_add(&b, "}, 'tcs': {");
	add_ports(&b, add_tcs, "'pool': 0, 'threshold': 9, 'occ': 0, 'occ_max': 0");
	buf_add(&b, "}}}");
	return buf_take(&b);
}

/* ---- the rows ---- */

static void start_changed(struct bench *b)
{
	rig_start(&b->r, b->facts, b->trap);
	assert_string_equal(device_state_name(b->r.d->status.state), "converged");
	assert_int_equal(b->r.sim.sets, TRAPS);
}

static void start_same(struct bench *b)
{
	rig_start(&b->r, b->facts, b->drop);
	assert_int_equal(b->r.sim.sets, 0);
}

static void nothing_before(struct bench *b _unused_)
{
}

static void edit(struct bench *b)
{
	rig_config(&b->r, b->trap);
	assert_int_equal(b->r.sim.sets, TRAPS);
}

static void apply(struct bench *b)
{
	rig_send(&b->r, &(struct device_event){.type = DEVICE_EV_APPLY});
	assert_int_equal(b->r.sim.sets, TRAPS);
}

static void reload(struct bench *b)
{
	sim_reload(&b->r.sim, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	rig_send(&b->r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					       .trigger = TRIGGER_NOTIFICATION});
	assert_int_equal(b->r.sim.sets, 2 * TRAPS);
}

static void start_buffers(struct bench *b)
{
	rig_start(&b->r, b->buffers, b->nine);
	assert_int_equal(b->r.sim.sets, 0);
}

static void edit_thresholds(struct bench *b)
{
	rig_config(&b->r, b->ten);
	assert_int_equal(b->r.sim.sets, THRESHOLDS);
	assert_string_equal(device_state_name(b->r.d->status.state), "converged");
}

static void load(struct bench *b)
{
	struct config *c = rig_load(b->many);

	vec_each(e, &c->entries) {
		struct diag_list diags = {};
		struct state want = {};

		assert_int_equal(bind_entry(e, "sim/a", &b->r.d->world, &want, &diags), 0);
		assert_int_equal(want.objects.n, TRAPS);
		state_clear(&want);
		diag_clear(&diags);
	}
	config_unref(c);
}

static void make_answers(struct bench *b)
{
	start_same(b);
	for (int i = 0; i < TRAPS; i++) {
		_cleanup_free_ char *name = mem_printf("trap_%03d", i);

		put_trap(&b->answers[i], name, ACT_TRAP);
	}
}

/* All of them in the answer to a dump. */
static void make_dump(struct bench *b)
{
	start_same(b);
	for (int i = 0; i < TRAPS; i++) {
		_cleanup_free_ char *name = mem_printf("trap_%03d", i);

		put_trap(&b->answers[0], name, ACT_TRAP);
	}
}

/* Reads them all, and sets each. */
static void read_and_set(struct bench *b, bool narrowed)
{
	read_request_list requests = {};
	struct reading reading;
	struct reads reads = {.narrowed = narrowed};

	for (int i = 0; i < TRAPS; i++) {
		const struct object *o = &b->r.d->world.have.objects.v[i];

		vec_push(&reads.names, ((struct read_name){.class = o->class, .name = o->name}));
	}
	reading_start(&reading, &reads, NULL, FAMILY, HANDLE, &requests);
	for (size_t i = 1; i < requests.n; i++)
		reading_answer(&reading, &requests.v[i],
			       &(struct read_answer){.reply = b->answers[i - 1].data,
						     .len = b->answers[i - 1].len});
	assert_int_equal(requests.n, narrowed ? 2 : 1 + TRAPS);
	reading_finish(&reading);
	assert_int_equal(reading.have.objects.n, TRAPS);
	vec_each(o, &reading.have.objects) {
		struct step s = {.kind = STEP_SET, .phase = PHASE_TRAP};

		step_set_target(&s, o, 1);
		encode_free(encode_step(FAMILY, HANDLE, 0, &s));
		step_clear(&s);
	}
	vec_each(request, &requests)
		encode_free(request->msg);
	vec_clear(&requests);
	vec_clear(&reads.names);
	reading_clear(&reading);
}

static void speak(struct bench *b)
{
	read_and_set(b, false);
}

static void speak_of_all(struct bench *b)
{
	read_and_set(b, true);
}

static const struct row {
	const char *name;
	void (*before)(struct bench *b), (*run)(struct bench *b);
} rows[] = {{"edit", start_same, edit},	       {"nothing", start_changed, apply},
	    {"reload", start_changed, reload}, {"start", nothing_before, start_same},
	    {"load", start_same, load},	       {"wire", make_answers, speak},
	    {"dump", make_dump, speak_of_all}, {"thresholds", start_buffers, edit_thresholds}};

/* All that counts: callgrind is told its name. */
__attribute__((noinline)) void measured(const struct row *row, struct bench *b);

void measured(const struct row *row, struct bench *b)
{
	row->run(b);
}

int main(int argc, char **argv)
{
	static struct bench b;
	const struct row *row = NULL;

	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(rows); i++)
		if (strcmp(argv[1], rows[i].name) == 0)
			row = &rows[i];
	if (!row) {
		fprintf(stderr, "usage: bench_counts "
				"edit|nothing|reload|start|load|wire|dump|thresholds\n");
		return 64;
	}
	b.facts = make_facts();
	b.drop = config_as("drop");
	b.trap = config_as("trap");
	b.many = config_of_many();
	b.buffers = make_buffers();
	b.nine = thresholds("9");
	b.ten = thresholds("10");
	row->before(&b);
	measured(row, &b);
	rig_clear(&b.r);
	free(b.facts);
	free(b.drop);
	free(b.trap);
	free(b.many);
	free(b.buffers);
	free(b.nine);
	free(b.ten);
	return 0;
}
