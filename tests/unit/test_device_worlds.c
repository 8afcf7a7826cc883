// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random worlds: random devices, wishes and mischief. When all is quiet and somebody asks, the
 * device must come to be as wanted, within few events, and a second pass must write nothing. What
 * is wanted is known here by itself, not from plan/. WORLDS is the number of worlds, SEED the
 * first; ONLY=test_name runs one kind of them.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/devlink.h>
#include <string.h>

#define N_TRAPS	   6
#define N_GROUPS   3
#define N_POLICERS 3
#define N_PARAMS   3 /* in mode driverinit, and as many in mode runtime */
#define N_SIZES	   3
#define N_PORTS	   2
#define WHOLE	   1200 /* the parent of the sizes */
#define CELL	   96

/* With sanitizers a world costs four times as much: a quarter of them. All run without. */
#ifdef __SANITIZE_ADDRESS__
#define SHARE 4
#else
#define SHARE 1
#endif

enum kind { POLICER, GROUP, TRAP, INIT, RUNTIME, SIZE, SPLIT, MODE, POOL, LIMIT };

struct wanted {
	enum kind kind;
	char name[24];
	uint64_t num;
};

/* Of an entry: when it may be reloaded, and what is left of what it does not want any more. */
static const char *const policies[] = {"", "reload: auto, ", "reload: boot, ", "reload: manual, "};
static const char *const removals[] = {"on_removal: restore, ", "on_removal: keep, "};

struct random_world {
	uint64_t random;
	bool with_policies, manual; /* manual: the entry may not permit every reload */
	char *text;		    /* of the latest config */
	unsigned trap_group[N_TRAPS], trap_type[N_TRAPS];
	VEC(struct wanted) wanted;
	struct rig r;
	struct buf history;
};

static const struct {
	const char *section, *field;
} kinds[] = {[POLICER] = {"trap_policers", "rate"},
	     [GROUP] = {"trap_groups", "policer"},
	     [TRAP] = {"traps", "action"},
	     [INIT] = {"params", "value"},
	     [RUNTIME] = {"params", "value"},
	     [SIZE] = {"resources", "size"},
	     [SPLIT] = {"port_splits", "count"},
	     [MODE] = {"eswitch", "mode"},
	     [POOL] = {"pools", "size"},
	     [LIMIT] = {"ports", "threshold"}};

static unsigned pick(struct random_world *w, unsigned n)
{
	w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((w->random >> 33) % n);
}

static const char *or_comma(unsigned i)
{
	return i ? ", " : "";
}

static char *make_facts(struct random_world *w)
{
	static const char *const types[] = {"drop", "drop", "drop", "exception", "control"};
	struct buf b = {};

	buf_add(&b,
		"{'format': 1, 'handle': 'sim/a', 'driver': 'sim', 'reload': {'failed': false,"
		" 'counters': [['driver_reinit', 'unspec', 'local', %u]]}, 'params': {",
		pick(w, 3));
	for (unsigned i = 0; i < N_PARAMS; i++)
		buf_add(&b,
			"%s'i%u': {'driverinit': {'type': 'u32', 'value': %u}},"
			" 'r%u': {'runtime': {'type': 'u16', 'value': %u}}",
			or_comma(i), i, pick(w, 4), i, pick(w, 4));
	buf_add(&b, "}, 'trap_policers': {");
	for (unsigned i = 0; i < N_POLICERS; i++)
		buf_add(&b, "%s'%u': {'rate': %u, 'burst': 16}", or_comma(i), i + 1,
			1 + pick(w, 4));
	buf_add(&b, "}, 'trap_groups': {");
	for (unsigned i = 0; i < N_GROUPS; i++)
		buf_add(&b, "%s'g%u': {'policer': %u}", or_comma(i), i, pick(w, N_POLICERS + 1));
	buf_add(&b, "}, 'traps': {");
	for (unsigned i = 0; i < N_TRAPS; i++) {
		w->trap_group[i] = pick(w, N_GROUPS);
		w->trap_type[i] = pick(w, ARRAY_SIZE(types));
		buf_add(&b, "%s't%u': {'action': 'drop', 'type': '%s', 'group': 'g%u'}",
			or_comma(i), i, types[w->trap_type[i]], w->trap_group[i]);
	}
	buf_add(&b,
		"}, 'resources': {'/w': {'size': %d, 'min': 0, 'max': %d, 'granularity': 10,"
		" 'id': 9}",
		WHOLE, WHOLE);
	for (unsigned i = 0; i < N_SIZES; i++)
		buf_add(&b,
			", '/w/s%u': {'size': %d, 'min': 0, 'max': %d, 'granularity': 10,"
			" 'id': %u}",
			i, WHOLE / N_SIZES, WHOLE, i);
	buf_add(&b, "}, 'eswitch': {'mode': 'legacy'}, 'port_splits': {");
	for (unsigned i = 1; i <= N_PORTS; i++)
		buf_add(&b, "%s'p%u': {'count': 0, 'lanes': 4, 'splittable': 1}", or_comma(i - 1),
			i);
	buf_add(&b,
		"}, 'shared_buffers': {'pools': {'0/0': {'size': %u, 'type': 'dynamic',"
		" 'direction': 'ingress', 'cell': %u}}, 'ports': {",
		CELL * pick(w, 3), CELL);
	for (unsigned i = 1; i <= N_PORTS; i++)
		buf_add(&b, "%s'p%u/0/0': {'threshold': 7}", or_comma(i - 1), i);
	buf_add(&b, "}}}");
	return buf_take(&b);
}

static struct wanted *find_wanted(struct random_world *w, enum kind kind, const char *name)
{
	vec_each(x, &w->wanted)
		if (x->kind == kind && strcmp(x->name, name) == 0)
			return x;
	return NULL;
}

static void want(struct random_world *w, enum kind kind, const char *name, uint64_t num)
{
	struct wanted *x = find_wanted(w, kind, name);

	if (!x)
		x = vec_add(&w->wanted);
	x->kind = kind;
	snprintf(x->name, sizeof(x->name), "%s", name);
	x->num = num;
}

static void write_sizes(struct random_world *w, struct buf *b)
{
	unsigned left = WHOLE / 10;

	buf_add(b, "resources: {");
	for (unsigned i = 0; i < N_SIZES; i++) {
		unsigned n = pick(w, left + 1) * 10;
		char name[24];

		snprintf(name, sizeof(name), "/w/s%u", i);
		buf_add(b, "%s%s: %u", or_comma(i), name, n);
		want(w, SIZE, name, n);
		left -= n / 10;
	}
	buf_add(b, "}, ");
}

static void write_params(struct random_world *w, struct buf *b)
{
	buf_add(b, "params: {");
	for (unsigned i = 0; i < 2 * N_PARAMS; i++) {
		bool init = i < N_PARAMS;
		unsigned n = pick(w, 4);
		char name[24];

		if (pick(w, 3) == 0)
			continue;
		snprintf(name, sizeof(name), "%c%u/%s", init ? 'i' : 'r', i % N_PARAMS,
			 init ? "driverinit" : "runtime");
		buf_add(b, "%c%u: %u, ", name[0], i % N_PARAMS, n);
		want(w, init ? INIT : RUNTIME, name, n);
	}
	buf_add(b, "}, ");
}

static const char *const actions[] = {"drop", "trap", "mirror"};

static void want_group_action(struct random_world *w, unsigned group, unsigned action)
{
	for (unsigned i = 0; i < N_TRAPS; i++) {
		char name[24];

		snprintf(name, sizeof(name), "t%u", i);
		if (w->trap_group[i] == group && w->trap_type[i] < 3)
			want(w, TRAP, name, action);
	}
}

static void write_groups(struct random_world *w, struct buf *b)
{
	buf_add(b, "trap_groups: {");
	for (unsigned i = 0; i < N_GROUPS; i++) {
		unsigned action = pick(w, 6), policer = pick(w, N_POLICERS + 2);
		char name[24];

		if (action >= ARRAY_SIZE(actions) && policer > N_POLICERS)
			continue;
		snprintf(name, sizeof(name), "g%u", i);
		buf_add(b, "%s: {", name);
		if (action < ARRAY_SIZE(actions)) {
			buf_add(b, "action: %s, ", actions[action]);
			want_group_action(w, i, action);
		}
		if (policer <= N_POLICERS) {
			buf_add(b, "policer: %u", policer);
			want(w, GROUP, name, policer);
		}
		buf_add(b, "}, ");
	}
	buf_add(b, "}, ");
}

static void write_traps(struct random_world *w, struct buf *b)
{
	buf_add(b, "traps: {");
	for (unsigned i = 0; i < N_TRAPS; i++) {
		unsigned action = pick(w, 6);
		char name[24];

		if (w->trap_type[i] >= 3 || action >= ARRAY_SIZE(actions))
			continue;
		snprintf(name, sizeof(name), "t%u", i);
		buf_add(b, "%s: %s, ", name, actions[action]);
		want(w, TRAP, name, action);
	}
	buf_add(b, "}, trap_policers: {");
	for (unsigned i = 1; i <= N_POLICERS; i++) {
		unsigned rate = 1 + pick(w, 4);
		char name[24];

		if (pick(w, 2))
			continue;
		snprintf(name, sizeof(name), "%u", i);
		buf_add(b, "%u: {rate: %u}, ", i, rate);
		want(w, POLICER, name, rate);
	}
	buf_add(b, "}");
}

static unsigned write_splits(struct random_world *w, struct buf *b)
{
	unsigned first = 0;

	buf_add(b, ", port_splits: {");
	for (unsigned i = 1; i <= N_PORTS; i++) {
		unsigned n = pick(w, 4);
		char name[24];

		if (n == 3)
			continue;
		snprintf(name, sizeof(name), "p%u", i);
		buf_add(b, "%s: %u, ", name, 2 * n);
		want(w, SPLIT, name, 2 * n);
		if (i == 1)
			first = 2 * n;
	}
	buf_add(b, "}");
	return first;
}

/* What is said of all ports, and of a part of the first one where it is to be split. */
static void write_limits(struct random_world *w, struct buf *b, unsigned parts)
{
	unsigned all = 3 + pick(w, 3), one = 6 + pick(w, 3);

	buf_add(b, "ports: {default/0/0: {threshold: %u}", all);
	want(w, LIMIT, "default/0/0", all);
	if (parts) {
		buf_add(b, ", p1s1/0/0: {threshold: %u}", one);
		want(w, LIMIT, "p1s1/0/0", one);
	}
	buf_add(b, "}");
}

static void write_ports(struct random_world *w, struct buf *b)
{
	unsigned parts = pick(w, 2) ? write_splits(w, b) : 0, bytes = 1 + pick(w, 300);

	if (pick(w, 2)) {
		unsigned mode = pick(w, 2);

		buf_add(b, ", eswitch: {mode: %s}", mode ? "switchdev" : "legacy");
		want(w, MODE, "eswitch", mode);
	}
	if (pick(w, 2))
		return;
	buf_add(b, ", shared_buffers: {pools: {0/0: {size: %u}}, ", bytes);
	want(w, POOL, "0/0", (bytes + CELL - 1) / CELL * CELL);
	write_limits(w, b, parts);
	buf_add(b, "}");
}

static void write_policies(struct random_world *w, struct buf *b)
{
	unsigned policy = pick(w, ARRAY_SIZE(policies));

	w->manual = policy >= 2;
	buf_add(b, "%s%s", policies[policy], removals[pick(w, ARRAY_SIZE(removals))]);
}

static char *make_config(struct random_world *w)
{
	struct buf b = {};

	w->wanted.n = 0;
	buf_add(&b, "devices: {sim/a: {");
	if (w->with_policies)
		write_policies(w, &b);
	if (pick(w, 2))
		write_sizes(w, &b);
	write_params(w, &b);
	write_groups(w, &b);
	write_traps(w, &b);
	write_ports(w, &b);
	buf_add(&b, "}}");
	buf_add(&w->history, "config %s\n", b.s);
	free(w->text);
	w->text = mem_strdup(b.s);
	return buf_take(&b);
}

/* ---- mischief ---- */

static const char *a_label(struct random_world *w)
{
	static const char *const labels[] = {"reload",
					     "i0/driverinit",
					     "i1/driverinit",
					     "r0/runtime",
					     "/w/s0",
					     "/w/s1",
					     "g0",
					     "g1",
					     "t0",
					     "t1",
					     "1",
					     "2",
					     "p1",
					     "p2",
					     "eswitch",
					     "0/0",
					     "p1s1/0/0"};

	return labels[pick(w, ARRAY_SIZE(labels))];
}

static void set_something_of_ports(struct random_world *w)
{
	unsigned num = pick(w, 3);

	w->r.now += 6 * 60 * USEC_PER_SEC; /* as below */
	switch (pick(w, 4)) {
	case 0:
		if (!find_wanted(w, SPLIT, "p1"))
			return;
		buf_add(&w->history, "somebody splits p1 into %u\n", 2 * num);
		sim_split(&w->r.sim, "p1", 2 * num);
		return;
	case 1:
		if (!find_wanted(w, MODE, "eswitch"))
			return;
		buf_add(&w->history, "somebody sets the eswitch to %u\n", num & 1);
		sim_set(&w->r.sim, "eswitch", "eswitch", "mode", num & 1);
		return;
	case 2:
		buf_add(&w->history, "somebody sets pool 0/0 to %u\n", CELL * num);
		sim_set(&w->r.sim, "pools", "0/0", "size", CELL * num);
		return;
	case 3:
		if (sim_get(&w->r.sim, "port_splits", "p2", "count"))
			return;
		buf_add(&w->history, "somebody sets p2/0/0 to %u\n", 3 + num);
		sim_set(&w->r.sim, "ports", "p2/0/0", "threshold", 3 + num);
		return;
	}
}

static void set_something(struct random_world *w)
{
	enum kind kind = (enum kind)pick(w, SIZE + 1);
	static const unsigned counts[] = {
		[POLICER] = N_POLICERS, [GROUP] = N_GROUPS,   [TRAP] = N_TRAPS,
		[INIT] = N_PARAMS,	[RUNTIME] = N_PARAMS, [SIZE] = N_SIZES};
	static const char *const formats[] = {
		[POLICER] = "%u",	   [GROUP] = "g%u",	      [TRAP] = "t%u",
		[INIT] = "i%u/driverinit", [RUNTIME] = "r%u/runtime", [SIZE] = "/w/s%u"};
	unsigned i = pick(w, counts[kind]), num = pick(w, 3);
	const char *slot = strchr(formats[kind], '%');
	char name[40];

	if (kind == TRAP && w->trap_type[i] >= 3)
		return;
	snprintf(name, sizeof(name), "%.*s%u%s", (int)(slot - formats[kind]), formats[kind],
		 kind == POLICER ? i + 1 : i, slot + 2);
	/* later on nobody could tell; nor where it has registered and was not read since */
	if (kind == INIT && (!find_wanted(w, kind, name) || view_has_vanished(&w->r.d->view)))
		return;
	w->r.now += 6 * 60 * USEC_PER_SEC; /* three times in ten minutes would be a fight */
	buf_add(&w->history, "somebody sets %s to %u\n", name, num);
	sim_set(&w->r.sim, kinds[kind].section, name, kind == SIZE ? "size_new" : kinds[kind].field,
		kind == SIZE ? num * 10 : num);
}

/* Three tries are made; what fails more often in a row than that is given up, and rightly so. */
static bool fails_often_enough(const struct random_world *w)
{
	unsigned n = 0;

	vec_each(f, &w->r.sim.faults)
		n += f->extack ? 0 : f->times;
	return n > 1;
}

static void fail_something(struct random_world *w)
{
	static const int errors[] = {-EBUSY, -EAGAIN, -ETIMEDOUT, -ENOBUFS};
	struct fault f = {.object = a_label(w), .times = 1 + pick(w, 2)};

	f.error = errors[pick(w, ARRAY_SIZE(errors))];
	if (fails_often_enough(w))
		return;
	f.done = f.error == -ETIMEDOUT && pick(w, 2);
	buf_add(&w->history, "%s fails %u times with %s%s\n", f.object, f.times, strerror(-f.error),
		f.done ? " but is done" : "");
	sim_fault(&w->r.sim, f);
}

/* The driver refuses it for a reason that goes away without a word. */
static void refuse_something(struct random_world *w)
{
	static const char *const labels[] = {"r0/runtime", "r1/runtime", "g0", "g1",
					     "t0",	   "t1",	 "1",  "2"};
	struct fault f = {.object = labels[pick(w, ARRAY_SIZE(labels))],
			  .error = pick(w, 2) ? -EOPNOTSUPP : -EINVAL,
			  .extack = "something else comes first",
			  .times = 1 + pick(w, 4)};

	buf_add(&w->history, "%s is refused %u times\n", f.object, f.times);
	sim_fault(&w->r.sim, f);
}

static void appear(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					   .trigger = TRIGGER_NOTIFICATION});
}

/* The successor's message comes before or after the read that the farewell led to. */
static void register_anew(struct random_world *w)
{
	bool late = pick(w, 2);

	buf_add(&w->history, "it registers anew%s\n", late ? ", and says so late" : "");
	sim_register(&w->r.sim);
	if (!late)
		w->r.during_read = appear;
	rig_send(&w->r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					       .trigger = TRIGGER_NOTIFICATION});
	if (late)
		appear(&w->r);
	w->r.during_read = NULL;
}

/* Unplugged, and plugged in again later: nobody but the disk remembers. */
static void replug(struct random_world *w)
{
	buf_add(&w->history, "it is unplugged, and plugged in again\n");
	w->r.during_read = w->r.during_write = NULL;
	w->r.sim.gone = true;
	rig_send(&w->r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					       .trigger = TRIGGER_NOTIFICATION});
	w->r.sim.gone = false;
	sim_register(&w->r.sim);
	if (!w->r.killed)
		rig_restart(&w->r);
}

static void hear_always(struct rig *r)
{
	r->during_read = hear_always;
	rig_stale(r);
}

static void reload_in_between(struct rig *r)
{
	if (sim_reload(&r->sim, DEVLINK_RELOAD_ACTION_DRIVER_REINIT) == 0)
		appear(r);
}

static void ask_in_between(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_APPLY});
}

static void capture_in_between(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_CAPTURE});
}

/* Unless it is paused anyway. */
static void pause_in_between(struct rig *r)
{
	if (r->d->world.memory.pause.until)
		return;
	rig_send(r, &(struct device_event){
			    .type = DEVICE_EV_PAUSE, .until = USEC_NEVER, .who = "the test"});
	rig_send(r, &(struct device_event){.type = DEVICE_EV_PAUSE});
}

static void remove_in_between(struct rig *r)
{
	_cleanup_config_ struct config *none = rig_load("devices: {}");

	rig_send(r, &(struct device_event){.type = DEVICE_EV_CONFIG, .config = none});
	rig_send(r, &(struct device_event){.type = DEVICE_EV_CONFIG, .config = r->config});
}

/* While the machine is at something. */
static void interfere(struct random_world *w)
{
	static const struct {
		const char *what;
		void (*during_read)(struct rig *r), (*during_write)(struct rig *r);
	} ways[] = {{"something is heard during every read", hear_always, NULL},
		    {"nothing is heard any more", NULL, NULL},
		    {"somebody reloads during the next read", reload_in_between, NULL},
		    {"of a reload is heard during the next read", appear, NULL},
		    {"somebody reloads during the next write", NULL, reload_in_between},
		    {"somebody asks during the next read", ask_in_between, NULL},
		    {"somebody asks during the next write", NULL, ask_in_between},
		    {"it is captured during the next read", capture_in_between, NULL},
		    {"it is captured during the next write", NULL, capture_in_between},
		    {"a pause during the next read", pause_in_between, NULL},
		    {"a pause during the next write", NULL, pause_in_between},
		    {"no config during the next read", remove_in_between, NULL},
		    {"no config during the next write", NULL, remove_in_between}};
	unsigned i = pick(w, ARRAY_SIZE(ways));

	buf_add(&w->history, "%s\n", ways[i].what);
	w->r.during_read = ways[i].during_read;
	w->r.during_write = ways[i].during_write;
}

static void reload_by_others(struct random_world *w)
{
	buf_add(&w->history, "somebody reloads\n");
	if (sim_reload(&w->r.sim, DEVLINK_RELOAD_ACTION_DRIVER_REINIT) == 0)
		rig_send(&w->r, &(struct device_event){.type = DEVICE_EV_COUNTED,
						       .trigger = TRIGGER_NOTIFICATION});
}

/* No fight, however often, and whether or not it can be read at once. */
static void reborn(struct random_world *w)
{
	unsigned i = pick(w, N_TRAPS), times = 1 + pick(w, 4);
	char name[24];

	snprintf(name, sizeof(name), "t%u", i);
	buf_add(&w->history, "the driver makes trap %s anew, %u times\n", name, times);
	while (times-- && !w->r.killed) {
		for (unsigned n = pick(w, 5); n > 0 && !w->r.killed; n--)
			rig_stale(&w->r);
		if (w->trap_type[i] < 3)
			sim_set(&w->r.sim, "traps", name, "action", 0);
		if (!w->r.killed)
			rig_send(&w->r, &(struct device_event){.type = DEVICE_EV_RECREATED,
							       .trigger = TRIGGER_NOTIFICATION});
		if (!w->r.killed)
			rig_tick(&w->r);
	}
}

static void mischief(struct random_world *w)
{
	_cleanup_free_ char *config = NULL;

	switch (pick(w, 15)) {
	case 0:
	case 1:
		set_something(w);
		break;
	case 2:
		fail_something(w);
		break;
	case 3:
		register_anew(w);
		break;
	case 4:
		reload_by_others(w);
		break;
	case 5:
		config = make_config(w);
		rig_config(&w->r, config);
		break;
	case 6:
		buf_add(&w->history, "it will be killed\n");
		w->r.kill_at = w->r.actions + 1 + pick(w, 6);
		w->r.undone = pick(w, 4);
		break;
	case 7:
		rig_tick(&w->r);
		break;
	case 8:
		w->r.sim.tears_down = 1 + pick(w, 3);
		buf_add(&w->history, "%u reloads tear it down and fail\n", w->r.sim.tears_down);
		break;
	case 9:
		replug(w);
		break;
	case 10:
		interfere(w);
		break;
	case 11:
		reborn(w);
		break;
	case 12:
		refuse_something(w);
		break;
	case 13:
	case 14:
		set_something_of_ports(w);
		break;
	}
	if (pick(w, 2) && !w->r.killed)
		rig_stale(&w->r);
	if (w->r.killed) {
		buf_add(&w->history, "restarted\n");
		rig_restart(&w->r);
	}
}

/* ---- what must come of it ---- */

/* Of each port that there is. */
static bool limits_hold(struct random_world *w, const struct wanted *all)
{
	const struct wanted *one = find_wanted(w, LIMIT, "p1s1/0/0");
	bool good = true;

	vec_each(o, &w->r.sim.now.objects) {
		bool named = one && strcmp(o->name, one->name) == 0;
		uint64_t want = named ? one->num : all->num;

		if (o->class != &class_sb_port || o->v[0].num == want)
			continue;
		print_error("port %s is %" PRIu64 ", not %" PRIu64 "\n", o->name, o->v[0].num,
			    want);
		good = false;
	}
	return good;
}

static bool holds(struct random_world *w, const struct wanted *x)
{
	const char *section = kinds[x->kind].section, *field = kinds[x->kind].field;
	uint64_t is;

	if (x->kind == LIMIT)
		return strncmp(x->name, "default", 7) != 0 || limits_hold(w, x);
	is = sim_get(&w->r.sim, section, x->name, field);
	if (x->kind == INIT && sim_active(&w->r.sim, x->name) != x->num)
		is = sim_active(&w->r.sim, x->name);
	if (is == x->num)
		return true;
	print_error("%s %s is %" PRIu64 ", not %" PRIu64 "\n", section, x->name, is, x->num);
	return false;
}

static bool needs_permission(enum kind kind)
{
	return kind == INIT || kind == SIZE || kind == SPLIT || kind == MODE;
}

static bool all_hold(struct random_world *w, bool live_only)
{
	bool good = true;

	vec_each(x, &w->wanted)
		if (!live_only || !needs_permission(x->kind))
			good &= holds(w, x);
	return good;
}

static bool is_state(struct random_world *w, enum device_state state, enum device_state other)
{
	bool good = !w->r.stuck && (w->r.d->status.state == state || w->r.d->status.state == other);

	if (w->r.stuck)
		print_error("it never comes to rest\n");
	else if (!good)
		print_error("%s: %s\n", device_state_name(w->r.d->status.state),
			    w->r.d->status.reason);
	return good;
}

static bool quiet(struct random_world *w)
{
	return is_state(w, STATE_CONVERGED, STATE_CONVERGED);
}

/* Nothing is waited for, nor read. */
static bool sleeps(struct random_world *w)
{
	unsigned before;

	rig_tick(&w->r);
	before = w->r.reads;
	rig_tick(&w->r);
	if (w->r.wake_at == USEC_NEVER && w->r.reads == before)
		return true;
	print_error("it wakes up by itself\n");
	return false;
}

/* Nothing is left to write: neither now nor after a restart. */
static bool idle(struct random_world *w)
{
	rig_log_clear(&w->r);
	w->r.now += 100 * USEC_PER_SEC;
	rig_stale(&w->r);
	rig_restart(&w->r);
	if (!w->r.log.n)
		return quiet(w) && sleeps(w);
	print_error("the second pass writes:\n%s", w->r.log.s);
	return false;
}

/* Audits, each of which sends at most once what was refused. */
static void audit_for_hours(struct random_world *w)
{
	for (int i = 0; i < 3 && w->r.d->failures.list.n && !w->r.stuck; i++) {
		w->r.now += 3600 * USEC_PER_SEC;
		rig_stale(&w->r);
	}
}

static void let_it_work(struct random_world *w, enum device_state other)
{
	for (int i = 0; i < 10 && !w->r.stuck && w->r.d->status.state != STATE_CONVERGED &&
			w->r.d->status.state != other;
	     i++)
		rig_tick(&w->r);
}

/* No more mischief: what needs no reload is as wanted without anybody's asking. */
static bool enforces(struct random_world *w)
{
	w->r.kill_at = w->r.sim.tears_down = 0;
	w->r.sim.faults.n = 0;
	w->r.during_read = w->r.during_write = NULL;
	if (w->r.killed)
		rig_restart(&w->r);
	w->r.now += 100 * USEC_PER_SEC;
	rig_stale(&w->r);
	let_it_work(w, STATE_PENDING_RELOAD);
	audit_for_hours(w);
	if (w->r.sim.facts.reload_failed) /* and nobody has permitted to bring it back */
		return is_state(w, STATE_FAILED, STATE_FAILED);
	if (w->r.d->status.state != STATE_QUARANTINED &&
	    !is_state(w, STATE_CONVERGED, STATE_PENDING_RELOAD))
		return false;
	return all_hold(w, w->r.d->status.state != STATE_CONVERGED);
}

/* Somebody asks: all is as wanted. */
static bool converges(struct random_world *w)
{
	rig_send(&w->r, &(struct device_event){.type = DEVICE_EV_CONFIG, .config = w->r.config});
	rig_send(&w->r, &(struct device_event){
				.type = DEVICE_EV_APPLY, .retry = true, .allow_reload = w->manual});
	let_it_work(w, STATE_PENDING_RELOAD);
	if (strstr(w->r.d->status.reason, "it would destroy")) /* somebody's, whom nobody asked */
		rig_send(&w->r,
			 &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	let_it_work(w, STATE_CONVERGED);
	return quiet(w) && all_hold(w, false) && idle(w);
}

static bool run_a_world(unsigned seed, bool numbered)
{
	struct random_world w = {.random = seed * UINT64_C(2654435761) + 1};
	_cleanup_free_ char *facts = make_facts(&w), *config = make_config(&w);
	bool good;

	w.r.sim.numbered = numbered;
	w.r.holds = seed % 4 == 0;
	rig_start(&w.r, facts, config);
	good = quiet(&w) && all_hold(&w, false);
	for (unsigned i = pick(&w, 8); i > 0 && !w.r.stuck; i--)
		mischief(&w);
	good = good && enforces(&w) && converges(&w);
	if (numbered && w.r.d->world.memory.registration != 1 + w.r.sim.registrations) {
		print_error("it is taken for another registration\n");
		good = false;
	}
	if (!good)
		fprintf(stderr, "world %u:\n%s", seed, w.history.s);
	free(w.text);
	vec_clear(&w.wanted);
	buf_clear(&w.history);
	rig_clear(&w.r);
	return good;
}

static bool run_world(unsigned seed)
{
	return run_a_world(seed, false);
}

static bool run_numbered(unsigned seed)
{
	return run_a_world(seed, true);
}

/* Nobody has confirmed it: @config is in force again, at once or after a kill. */
static void roll_back(struct random_world *w, const char *config)
{
	buf_add(&w->history, "rolled back to %s\n", config);
	config_unref(w->r.config);
	w->r.config = rig_load(config);
	w->r.undoing = true;
	if (pick(w, 2))
		w->r.kill_at = w->r.actions + 1 + pick(w, 6);
	rig_send(&w->r, &(struct device_event){
				.type = DEVICE_EV_CONFIG, .config = w->r.config, .undo = true});
	if (w->r.killed)
		rig_restart(&w->r);
	w->r.kill_at = 0;
	let_it_work(w, STATE_QUARANTINED);
	w->r.undoing = false;
}

/* A config on trial, and mischief: at the end it is in force, or the one before is. */
static bool run_trial(unsigned seed)
{
	struct random_world w = {.random = seed * UINT64_C(2654435761) + 7}, old;
	_cleanup_free_ char *facts = make_facts(&w), *before = make_config(&w), *config = NULL;
	bool good, confirmed;

	rig_start(&w.r, facts, before);
	good = quiet(&w) && all_hold(&w, false);
	old = w;
	w.wanted.v = NULL;
	w.wanted.n = w.wanted.cap = 0;
	config = make_config(&w);
	w.r.env.trial = true;
	rig_config(&w.r, config);
	for (unsigned i = pick(&w, 5); i > 0 && !w.r.stuck; i--)
		mischief(&w);
	confirmed = pick(&w, 3) == 0;
	w.r.env.trial = false;
	if (!confirmed) {
		vec_clear(&w.wanted);
		w.wanted.v = old.wanted.v;
		w.wanted.n = w.wanted.cap = old.wanted.n;
		roll_back(&w, before);
	}
	good = good && enforces(&w) && converges(&w);
	if (!good)
		fprintf(stderr, "trial %u:\n%s", seed, w.history.s);
	free(w.text);
	vec_clear(&w.wanted);
	if (confirmed)
		vec_clear(&old.wanted);
	buf_clear(&w.history);
	rig_clear(&w.r);
	return good;
}

/* ---- all at once ---- */

/* A config as it was in force, and what it comes to. */
struct said {
	char *text;
	bool manual;
	VEC(struct wanted) wanted;
};

/* What the device has, to compare it later. */
struct snapshot {
	struct state now, active;
};

struct life {
	struct random_world w;
	struct said before; /* the trial; its text is NULL where there is none */
	struct snapshot before_trial;
	unsigned boots;
};

static void said_clear(struct said *s)
{
	free(s->text);
	vec_clear(&s->wanted);
	*s = (struct said){};
}

static void snapshot_take(struct snapshot *s, const struct sim *sim)
{
	state_copy(&s->now, &sim->now);
	state_copy(&s->active, &sim->active);
}

static void snapshot_clear(struct snapshot *s)
{
	state_clear(&s->now);
	state_clear(&s->active);
}

static bool object_is_as(const struct state *is, const struct object *o, const char *when)
{
	const struct object *other = state_find(is, o->class, o->name, o->cmode);
	bool good = true;

	if (!other) {
		print_error("%s %s is gone%s\n", o->class->section, o->name, when);
		return false;
	}
	for (unsigned i = 0; i < o->class->n_writable; i++) {
		if (!object_has(o, i) || other->v[i].num == o->v[i].num)
			continue;
		print_error("%s %s is %" PRIu64 ", and was %" PRIu64 "%s\n", o->class->section,
			    o->name, other->v[i].num, o->v[i].num, when);
		good = false;
	}
	return good;
}

/* All that can be written is as it was, what is in force as well as what is shown. */
static bool is_as(const struct snapshot *s, const struct sim *sim)
{
	bool good = true;

	vec_each(o, &s->now.objects)
		good &= object_is_as(&sim->now, o, "");
	vec_each(o, &s->active.objects)
		if (o->class == &class_param && o->cmode == CMODE_DRIVERINIT)
			good &= object_is_as(&sim->active, o, ", in force");
	vec_each(o, &sim->now.objects) {
		if (o->class != &class_resource || !object_has(o, RESOURCE_SIZE_NEW))
			continue;
		print_error("%s is left staged\n", o->name);
		good = false;
	}
	return good;
}

/* What is in force now, with what it comes to. */
static void said_take(struct said *s, const struct random_world *w)
{
	s->text = mem_strdup(w->text);
	s->manual = w->manual;
	vec_each(x, &w->wanted)
		vec_push(&s->wanted, *x);
}

/* @s is in force again: the oracle goes by it. */
static void believe(struct random_world *w, struct said *s)
{
	free(w->text);
	w->text = TAKE(s->text);
	w->manual = s->manual;
	w->wanted.n = 0;
	vec_each(x, &s->wanted)
		vec_push(&w->wanted, *x);
	said_clear(s);
}

static void die_soon(struct random_world *w)
{
	w->r.kill_at = w->r.actions + 1 + pick(w, 8);
	w->r.undone = pick(w, 4);
	buf_add(&w->history, "killed soon\n");
}

static void live_on(struct random_world *w)
{
	if (!w->r.killed)
		return;
	buf_add(&w->history, "restarted\n");
	rig_restart(&w->r);
}

/* Another config, for a time: a second one does not change what comes back. */
static void begin_trial(struct life *l)
{
	_cleanup_free_ char *config = NULL;
	struct random_world *w = &l->w;

	if (!l->before.text)
		said_take(&l->before, w);
	config = make_config(w);
	buf_add(&w->history, "... on trial\n");
	w->r.env.trial = true;
	if (pick(w, 3) == 0)
		die_soon(w);
	rig_config(&w->r, config);
	live_on(w);
}

static void confirm(struct life *l)
{
	buf_add(&l->w.history, "confirmed\n");
	l->w.r.env.trial = false;
	said_clear(&l->before);
}

static void undo(struct life *l)
{
	l->w.r.env.trial = false;
	believe(&l->w, &l->before);
	roll_back(&l->w, l->w.text);
}

static void pause_it(struct random_world *w, uint64_t until)
{
	buf_add(&w->history, until == USEC_NEVER ? "paused\n"
			     : until		 ? "paused for a while\n"
						 : "resumed\n");
	rig_send(&w->r, &(struct device_event){.type = DEVICE_EV_PAUSE,
					       .until = until,
					       .who = until ? "the test" : NULL});
	live_on(w);
}

static bool is_paused(const struct random_world *w)
{
	return w->r.d->world.memory.pause.until;
}

static void ask_for_it(struct random_world *w)
{
	static const struct device_event asks[] = {{.type = DEVICE_EV_APPLY},
						   {.type = DEVICE_EV_APPLY, .retry = true},
						   {.type = DEVICE_EV_APPLY, .allow_reload = true},
						   {.type = DEVICE_EV_CAPTURE},
						   {.type = DEVICE_EV_TURN}};
	unsigned i = pick(w, ARRAY_SIZE(asks));

	buf_add(&w->history, "asked for %u\n", i);
	rig_send(&w->r, &asks[i]);
	live_on(w);
}

static void reboot(struct life *l)
{
	static const char *const boots[] = {"boot 2", "boot 3", "boot 4", "boot 5"};
	struct random_world *w = &l->w;

	buf_add(&w->history, "rebooted\n");
	w->r.during_read = w->r.during_write = NULL;
	w->r.sim.faults.n = w->r.sim.tears_down = 0;
	w->r.kill_at = 0;
	if (l->before.text) { /* what was not confirmed is rolled back at the start */
		w->r.env.trial = false;
		believe(w, &l->before);
		config_unref(w->r.config);
		w->r.config = rig_load(w->text);
		w->r.undoing = true;
	}
	rig_reboot(&w->r, boots[l->boots++ % ARRAY_SIZE(boots)]);
	let_it_work(w, STATE_QUARANTINED);
	w->r.undoing = false;
}

/* Nothing that is remembered gets to the disk for a while, during which nothing must die. */
static void fill_disk(struct random_world *w)
{
	buf_add(&w->history, "the disk is full\n");
	w->r.kill_at = 0;
	w->r.disk_full = true;
	for (unsigned n = 1 + pick(w, 3); n > 0; n--) {
		reload_by_others(w);
		rig_tick(&w->r);
		set_something_of_ports(w);
		rig_stale(&w->r);
	}
	buf_add(&w->history, "... and not any more\n");
	w->r.disk_full = false;
	rig_stale(&w->r);
}

/* The driver cannot say everything for a while. */
static void say_little(struct random_world *w)
{
	buf_add(&w->history, "it cannot be read a few times\n");
	w->r.read_error = pick(w, 2) ? -EIO : -EBUSY;
	w->r.read_errors = 1 + pick(w, 3);
	for (unsigned n = pick(w, 4); n > 0 && !w->r.killed; n--)
		rig_tick(&w->r);
	live_on(w);
}

static void plug_functions(struct random_world *w)
{
	w->r.sim.impact.vfs = pick(w, 3);
	buf_add(&w->history, "%u VFs\n", w->r.sim.impact.vfs);
}

/* While it is paused nothing is written, whatever happens: @log is how much was sent before. */
static bool kept_still(struct random_world *w, bool paused, size_t log)
{
	if (!paused || !is_paused(w) || w->r.log.n == log)
		return true;
	print_error("it wrote while it was paused:\n%s", w->r.log.s + log);
	return false;
}

static void something_happens(struct life *l)
{
	struct random_world *w = &l->w;

	switch (pick(w, 16)) {
	case 0:
		begin_trial(l);
		return;
	case 1:
		if (l->before.text)
			confirm(l);
		return;
	case 2:
		if (l->before.text)
			undo(l);
		return;
	case 3:
		pause_it(w, pick(w, 2) ? USEC_NEVER : w->r.now + pick(w, 900) * USEC_PER_SEC);
		return;
	case 4:
		pause_it(w, 0);
		return;
	case 5:
		ask_for_it(w);
		return;
	case 6:
		reboot(l);
		return;
	case 7:
		fill_disk(w);
		return;
	case 8:
		say_little(w);
		return;
	case 9:
		plug_functions(w);
		return;
	case 10:
		buf_add(&w->history, "stopped and started\n");
		rig_restart(&w->r);
		return;
	case 11:
		buf_add(&w->history, "asleep for hours\n");
		w->r.now += 5 * 3600 * USEC_PER_SEC;
		rig_tick(&w->r);
		return;
	default:
		mischief(w);
		return;
	}
}

/* Nobody is in the way any more: all is as wanted, or waits for a reload that is not permitted. */
static bool comes_to_be(struct life *l)
{
	struct random_world *w = &l->w;

	w->r.kill_at = w->r.read_errors = 0;
	w->r.disk_full = false;
	w->r.sim.impact.vfs = 0;
	live_on(w);
	if (l->before.text && pick(w, 2))
		undo(l);
	else if (l->before.text)
		confirm(l);
	if (is_paused(w))
		pause_it(w, 0);
	return enforces(w) && converges(w);
}

static void life_begin(struct life *l)
{
	_cleanup_free_ char *facts = make_facts(&l->w), *config = NULL;

	l->w.with_policies = true;
	config = make_config(&l->w);
	rig_start(&l->w.r, facts, config);
}

static void life_end(struct life *l)
{
	free(l->w.text);
	said_clear(&l->before);
	snapshot_clear(&l->before_trial);
	vec_clear(&l->w.wanted);
	buf_clear(&l->w.history);
	rig_clear(&l->w.r);
}

static bool run_life(unsigned seed)
{
	struct life l = {.w = {.random = seed * UINT64_C(2654435761) + 13}};
	struct random_world *w = &l.w;
	bool good = true;

	w->r.sim.numbered = pick(w, 2);
	w->r.holds = seed % 4 == 0;
	life_begin(&l);
	for (unsigned i = 2 + pick(w, 10); i > 0 && good && !w->r.stuck; i--) {
		bool paused = is_paused(w);
		size_t log = w->r.log.n;

		something_happens(&l);
		good = kept_still(w, paused, log);
	}
	good = good && comes_to_be(&l);
	if (!good)
		fprintf(stderr, "life %u:\n%s", seed, w->history.s);
	life_end(&l);
	return good;
}

/* What may happen to carved alone while a config is on trial. */
static void trouble_carved(struct random_world *w)
{
	switch (pick(w, 6)) {
	case 0:
		pause_it(w, USEC_NEVER);
		return;
	case 1:
		pause_it(w, 0);
		return;
	case 2:
		buf_add(&w->history, "stopped and started\n");
		rig_restart(&w->r);
		return;
	case 3:
		ask_for_it(w);
		return;
	case 4:
		w->r.sim.tears_down = pick(w, 3);
		buf_add(&w->history, "%u reloads tear it down\n", w->r.sim.tears_down);
		return;
	case 5:
		rig_tick(&w->r);
		live_on(w);
		return;
	}
}

/*
 * By whatever it takes: the policy of the config before does not count. Where a reload for it tore
 * the device down it is in quarantine, and a retry goes on with it.
 */
static bool is_undone(struct life *l)
{
	struct random_world *w = &l->w;

	w->r.sim.tears_down = w->r.kill_at = 0;
	if (is_paused(w))
		pause_it(w, 0);
	undo(l);
	let_it_work(w, STATE_CONVERGED);
	if (w->r.d->status.state != STATE_QUARANTINED)
		return quiet(w) && all_hold(w, false) && is_as(&l->before_trial, &w->r.sim);
	rig_send(&w->r, &(struct device_event){
				.type = DEVICE_EV_APPLY, .retry = true, .allow_reload = true});
	let_it_work(w, STATE_CONVERGED);
	return quiet(w) && all_hold(w, false) && is_as(&l->before_trial, &w->r.sim);
}

/*
 * Nobody but carved changes the device: when configs on trial have come and gone, it is as it was
 * to the last value, also of what the config in force does not name.
 */
static bool run_undo(unsigned seed)
{
	struct life l = {.w = {.random = seed * UINT64_C(2654435761) + 17}};
	struct random_world *w = &l.w;
	bool good;

	w->r.sim.numbered = pick(w, 2);
	w->r.holds = seed % 4 == 0;
	life_begin(&l);
	rig_send(&w->r, &(struct device_event){.type = DEVICE_EV_APPLY, .allow_reload = true});
	good = quiet(w) && all_hold(w, false);
	snapshot_take(&l.before_trial, &w->r.sim);
	for (unsigned i = 1 + pick(w, 2); i > 0; i--) {
		begin_trial(&l);
		for (unsigned j = pick(w, 4); j > 0; j--)
			trouble_carved(w);
	}
	good = good && is_undone(&l) && idle(w);
	if (!good)
		fprintf(stderr, "undo %u:\n%s", seed, w->history.s);
	life_end(&l);
	return good;
}

static void run_all(bool (*run)(unsigned seed), unsigned most)
{
	const char *worlds = getenv("WORLDS"), *seed = getenv("SEED");
	unsigned n = worlds ? (unsigned)atoi(worlds) : most / SHARE,
		 first = seed ? (unsigned)atoi(seed) : 1;
	unsigned bad = 0;

	for (unsigned i = 0; i < n && bad < 3; i++)
		bad += !run(first + i);
	assert_int_equal(bad, 0);
}

static void test_worlds(void **state)
{
	(void)state;
	run_all(run_world, 2000);
}

/* Linux 7.1: registrations have numbers. */
static void test_numbered_worlds(void **state)
{
	(void)state;
	run_all(run_numbered, 2000);
}

static void test_trials(void **state)
{
	(void)state;
	run_all(run_trial, 1000);
}

/* Trials, pauses, reboots, a full disk, policies, and all the mischief of the others in one. */
static void test_lives(void **state)
{
	(void)state;
	run_all(run_life, 2000);
}

static void test_undone(void **state)
{
	(void)state;
	run_all(run_undo, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_undone),		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_worlds),		cmocka_unit_test(test_trials),
		cmocka_unit_test(test_numbered_worlds),
	};

	cmocka_set_test_filter(getenv("ONLY"));
	log_set_level(getenv("LOG_LEVEL") ? getenv("LOG_LEVEL") : "emerg");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
