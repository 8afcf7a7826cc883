// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All that can go wrong once, at every place: a whole apply on each kind of device, of which each
 * request in turn fails in each way, the device goes away and comes back, the process is cut, or
 * another program reloads. After it the device is as wanted, or its state says what went wrong;
 * asked again, it is as wanted. What is wanted is told by a table of this file, and what is there
 * by the model of the device: carved is not asked.
 *
 * ONLY=KIND/MISCHIEF/N runs one case, or several where the end is left out; VERBOSE=1 prints what
 * was sent.
 */
#include "sim.h"
#include "base/clock.h"
#include "base/log.h"
#include "golden.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/devlink.h>
#include <stdlib.h>
#include <string.h>

/* ---- the kinds of devices, and what is wanted of them ---- */

#define SPLITS                                                                                     \
	" 'port_splits': {'p1': {'count': 0, 'lanes': 4, 'splittable': 1},"                        \
	"  'p2': {'count': 0, 'lanes': 4, 'splittable': 1}},"
#define CARDS " 'linecards': {'1': {'type': '', 'state': 'unprovisioned', 'supported': 'A, B'}},"
#define BUFFERS                                                                                    \
	" 'shared_buffers': {'pools': {'0/0': {'size': 0, 'type': 'dynamic', 'direction': "        \
	"'ingress', 'cell': 96}}, 'ports': {'p1/0/0': {'threshold': 7}, 'p2/0/0': {'threshold': "  \
	"7}}},"
#define SIZES_OF                                                                                   \
	" 'resources': {"                                                                          \
	"  '/kvd': {'size': 1000, 'min': 1000, 'max': 1000, 'granularity': 10, 'id': 1},"          \
	"  '/kvd/a': {'size': 500, 'min': 100, 'max': 900, 'granularity': 10, 'occ': 3, 'id': 2}," \
	"  '/kvd/b': {'size': 500, 'min': 100, 'max': 900, 'granularity': 10, 'occ': 3, 'id': "    \
	"3}},"
#define PARAMS_OF                                                                                  \
	" 'params': {"                                                                             \
	"  'fw_load_policy': {'driverinit': {'type': 'u8', 'value': 0}},"                          \
	"  'macs': {'driverinit': {'type': 'u32', 'value': 32}},"                                  \
	"  'mode': {'runtime': {'type': 'string', 'value': 'dmfs'}}},"
#define TRAPS_OF                                                                                   \
	" 'trap_policers': {'1': {'rate': 1000, 'burst': 128}, '2': {'rate': 2000, 'burst': "      \
	"256}},"                                                                                   \
	" 'trap_groups': {'l2': {'policer': 'none'}, 'l3': {'policer': 1}},"                       \
	" 'traps': {'t1': {'action': 'drop', 'type': 'drop', 'group': 'l2'},"                      \
	"  't2': {'action': 'drop', 'type': 'drop', 'group': 'l3'},"                               \
	"  'x1': {'action': 'trap', 'type': 'exception', 'group': 'l2'}}}"
#define REINITS "['driver_reinit', 'unspec', 'local', 0]"
#define BOTH	REINITS ", ['fw_activate', 'unspec', 'local', 0]"
#define DEVICE(driver, versions, counters)                                                         \
	"{'format': 1, 'handle': 'sim/a', 'driver': '" driver "', 'versions': {" versions "},"     \
	" 'reload': {'failed': false, 'counters': [" counters                                      \
	"]}," CARDS SPLITS SIZES_OF PARAMS_OF " 'eswitch': {'mode': 'legacy'}," BUFFERS TRAPS_OF
#define RUNNING "'running': {'fw': '1.0.0'}"
#define STORED	RUNNING ", 'stored': {'fw': '1.0.0'}"

#define ALL                                                                                        \
	"linecards: {1: A}, port_splits: {p1: 2}, resources: {/kvd/a: 300, /kvd/b: 700},"          \
	" params: {macs: 64, mode: smfs}, eswitch: {mode: switchdev},"                             \
	" shared_buffers: {pools: {0/0: {size: 960}}, ports: {p1s1/0/0: {threshold: 5}}},"         \
	" trap_policers: {1: {rate: 500}, 2: {burst: 512}}, trap_groups: {l2: {policer: 2}},"      \
	" traps: {t1: trap, t2: trap}"
#define FIRMWARE "firmware: {version: 2.0.0, file: acme.bin}, "

struct wanted {
	const char *section, *name, *field, *value;
};

static const struct wanted all[] = {
	{"linecards", "1", "type", "A"},
	{"port_splits", "p1", "count", "2"},
	{"port_splits", "p2", "count", "0"},
	{"resources", "/kvd/a", "size", "300"},
	{"resources", "/kvd/b", "size", "700"},
	{"params", "macs/driverinit", "value", "64"},
	{"params", "mode/runtime", "value", "smfs"},
	{"eswitch", "eswitch", "mode", "1"},
	{"pools", "0/0", "size", "960"},
	{"ports", "p1s0/0/0", "threshold", "7"},
	{"ports", "p1s1/0/0", "threshold", "5"},
	{"trap_policers", "1", "rate", "500"},
	{"trap_policers", "1", "burst", "128"},
	{"trap_policers", "2", "burst", "512"},
	{"trap_groups", "l2", "policer", "2"},
	{"trap_groups", "l3", "policer", "1"},
	{"traps", "t1", "action", "1"},
	{"traps", "t2", "action", "1"},
	{"traps", "x1", "action", "1"},
	{NULL, NULL, NULL, NULL},
};
static const struct wanted of_spectrum[] = {
	{"resources", "/kvd/linear", "size", "64000"},
	{"resources", "/kvd/linear/singles", "size", "15616"},
	{"resources", "/kvd/hash_single", "size", "128000"},
	{"params", "fw_load_policy/driverinit", "value", "1"},
	{"trap_policers", "1", "rate", "1024"},
	{"trap_groups", "bgp", "policer", "1"},
	{"traps", "blackhole_route", "action", "1"},
	{NULL, NULL, NULL, NULL},
};
static const struct wanted of_modular[] = {
	{"linecards", "1", "type", "16x100G"},
	{"linecards", "2", "type", "8x200G"},
	{"linecards", "3", "type", ""},
	{"params", "fw_load_policy/driverinit", "value", "1"},
	{NULL, NULL, NULL, NULL},
};
static const struct wanted of_buffers[] = {
	{"port_splits", "p1", "count", "4"},
	{"pools", "0/1", "size", "9600"},
	{"ports", "p1s3/0/0", "threshold", "5"},
	{"ports", "p2/0/0", "threshold", "5"},
	{"tcs", "p2/0/ingress/1", "pool", "1"},
	{"params", "fw_load_policy/driverinit", "value", "1"},
	{NULL, NULL, NULL, NULL},
};
static const struct wanted of_nic[] = {
	{"eswitch", "eswitch", "mode", "1"},
	{"params", "flow_steering_mode/runtime", "value", "smfs"},
	{"params", "io_eq_size/driverinit", "value", "512"},
	{"health_reporters", "p1/tx", "grace_period", "700"},
	{NULL, NULL, NULL, NULL},
};
static const struct wanted of_netdevsim[] = {
	{"resources", "/IPv4/fib", "size", "1000"},
	{"params", "max_macs/driverinit", "value", "64"},
	{"params", "test1/driverinit", "value", "0"},
	{"trap_policers", "1", "rate", "2000"},
	{"trap_groups", "l2_drops", "policer", "1"},
	{"traps", "vlan_tag_mismatch", "action", "1"},
	{"health_reporters", "dummy", "grace_period", "50"},
	{NULL, NULL, NULL, NULL},
};

static const struct kind {
	const char *name, *facts, *config; /* facts: text, or a file of tests/fake/facts */
	const struct wanted *wanted;
	const char *kernel, *firmware; /* firmware: the version that has to run, or NULL */
	bool both, asks, numbered;     /* see struct sim */
} kinds[] = {
	{.name = "switch",
	 .facts = DEVICE("mlxsw_spectrum", RUNNING, BOTH),
	 .config = FIRMWARE ALL,
	 .wanted = all,
	 .firmware = "2.0.0",
	 .both = true},
	{.name = "numbered",
	 .facts = DEVICE("mlxsw_spectrum", RUNNING, BOTH),
	 .config = FIRMWARE ALL,
	 .wanted = all,
	 .kernel = "7.1.0",
	 .firmware = "2.0.0",
	 .both = true,
	 .numbered = true},
	{.name = "stores",
	 .facts = DEVICE("acme", STORED, BOTH),
	 .config = FIRMWARE ALL,
	 .wanted = all,
	 .firmware = "2.0.0"},
	{.name = "asks",
	 .facts = DEVICE("acme", STORED, BOTH),
	 .config = FIRMWARE ALL,
	 .wanted = all,
	 .kernel = "6.12.1",
	 .firmware = "2.0.0",
	 .asks = true},
	{.name = "no-firmware", .facts = DEVICE("acme", "", REINITS), .config = ALL, .wanted = all},
	{.name = "spectrum1",
	 .facts = "spectrum1.json",
	 .config = "resources: {/kvd/linear: 64000, /kvd/linear/singles: 15616,"
		   " /kvd/linear/chunks: 32000, /kvd/linear/large_chunks: 16384,"
		   " /kvd/hash_single: 128000, /kvd/hash_double: 48000},"
		   " params: {fw_load_policy: flash}, trap_policers: {1: {rate: 1024, burst: "
		   "256}}, trap_groups: {bgp: {policer: 1}, l2_drops: {action: trap}},"
		   " traps: {blackhole_route: trap}",
	 .wanted = of_spectrum,
	 .both = true},
	{.name = "sn4800",
	 .facts = "sn4800.json",
	 .config = "linecards: {1: 16x100G, 2: 8x200G, 3: none}, params: {fw_load_policy: flash}",
	 .wanted = of_modular,
	 .both = true},
	{.name = "buffers",
	 .facts = "buffers.json",
	 .config = "port_splits: {p1: 4}, params: {fw_load_policy: flash},"
		   " shared_buffers: {pools: {0/1: {size: 9600}}, ports: {default/0/0: "
		   "{threshold: 5}}, tcs: {p2/0/ingress/1: {pool: 1}}}",
	 .wanted = of_buffers,
	 .both = true},
	{.name = "nic",
	 .facts = "mlx5.json",
	 .config = "eswitch: {mode: switchdev}, params: {flow_steering_mode: smfs, io_eq_size: "
		   "512}, health_reporters: {p1/tx: {grace_period: 700ms}}",
	 .wanted = of_nic},
	{.name = "netdevsim",
	 .facts = "netdevsim.json",
	 .config = "resources: {/IPv4/fib: 1000}, params: {max_macs: 64, test1: false},"
		   " trap_policers: {1: {rate: 2000}}, trap_groups: {l2_drops: {policer: 1, "
		   "action: trap}}, health_reporters: {dummy: {grace_period: 50ms}}",
	 .wanted = of_netdevsim},
};

/* ---- what goes wrong ---- */

enum way { FAILS, VANISHES, UNPLUGGED, CUT, CUT_AT_SAVE, RELOADED, RELOADED_MEANWHILE };

static const struct mischief {
	const char *name;
	enum way way;
	struct fault fault;
	bool lost; /* no answer of the driver */
} mischiefs[] = {
	{"busy", FAILS, {.error = -EBUSY}, false},
	{"again", FAILS, {.error = -EAGAIN}, false},
	{"invalid", FAILS, {.error = -EINVAL, .extack = "the driver's words"}, false},
	{"unsupported", FAILS, {.error = -EOPNOTSUPP}, false},
	{"nodev", FAILS, {.error = -ENODEV}, false},
	{"io", FAILS, {.error = -EIO}, false},
	{"nospc", FAILS, {.error = -ENOSPC, .extack = "no room"}, false},
	{"nobufs", FAILS, {.error = -ENOBUFS, .extack = "the driver's own"}, false},
	{"lost", FAILS, {.error = -ETIMEDOUT}, true},
	{"lost-done", FAILS, {.error = -ETIMEDOUT, .done = true}, true},
	{"overrun", FAILS, {.error = -ENOBUFS, .done = true}, true},
	{"truncated", FAILS, {.error = -EBADMSG, .done = true}, true},
	{.name = "vanishes", .way = VANISHES},
	{.name = "unplugged", .way = UNPLUGGED},
	{.name = "cut", .way = CUT},
	{.name = "cut-at-save", .way = CUT_AT_SAVE},
	{.name = "reloaded", .way = RELOADED},
	{.name = "reloaded-meanwhile", .way = RELOADED_MEANWHILE},
};

/* ---- one case ---- */

struct scene {
	const struct kind *kind;
	const struct mischief *mischief; /* NULL: none */
	unsigned at;			 /* the request, or save, counted from 1 */
	struct rig r;
	bool happened, of_flash, of_policer; /* of_policer: of a policer or its binding */
	unsigned reloads, refused_reloads;   /* by carved */
	VEC(char *) lines;		     /* of the journal, in this life of the process */
	struct buf wrong;
};

static struct scene *now_running;

static void wrong(struct scene *scene, const char *format, ...) _printf_(2, 3);
static void wrong(struct scene *scene, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	assert_true(vasprintf(&text, format, args) >= 0);
	va_end(args);
	buf_add(&scene->wrong, "\t%s\n", text);
}

static void forget_lines(struct scene *scene)
{
	vec_each(line, &scene->lines)
		free(*line);
	vec_clear(&scene->lines);
}

void __wrap_log_with(int level, const struct log_fields *f, const char *format, ...) _printf_(3, 4);
void __wrap_log_with(int level, const struct log_fields *f, const char *format, ...)
{
	char *line;
	va_list args;

	if (level > LOG_NOTICE || !now_running)
		return;
	va_start(args, format);
	assert_true(vasprintf(&line, format, args) >= 0);
	va_end(args);
	vec_each(l, &now_running->lines)
		if (strcmp(*l, line) == 0 && strcmp(f->id, MESSAGE_RELOADED) != 0)
			wrong(now_running, "told twice: %s", line);
	vec_push(&now_running->lines, line);
}

static char *value_text(const struct value *v)
{
	return v->type == VALUE_STRING ? mem_strdup(v->str) : mem_printf("%" PRIu64, v->num);
}

static const struct object *object_of(const struct state *s, const struct wanted *w)
{
	vec_each(o, &s->objects) {
		_cleanup_free_ char *label = object_label(o);

		if (strcmp(o->class->section, w->section) == 0 && strcmp(label, w->name) == 0)
			return o;
	}
	return NULL;
}

/* What @w is in @s; "" where there is no such object. */
static char *is(const struct state *s, const struct wanted *w)
{
	const struct object *o = object_of(s, w);

	for (unsigned i = 0; o && i < o->class->n_fields; i++)
		if (strcmp(o->class->fields[i].name, w->field) == 0)
			return value_text(&o->v[i]);
	return mem_strdup("not there");
}

static const char *running(const struct sim *s)
{
	vec_each(v, &s->facts.versions)
		if (v->kind == VERSION_RUNNING && strcmp(v->name, "fw") == 0)
			return v->value;
	return "";
}

/* The first thing that is not as wanted, or NULL. */
static char *differs(const struct scene *scene)
{
	const struct sim *s = &scene->r.sim;

	for (const struct wanted *w = scene->kind->wanted; w->section; w++) {
		_cleanup_free_ char *now = is(&s->now, w), *active = is(&s->active, w);

		if (strcmp(now, w->value) != 0)
			return mem_printf("%s %s is %s, not %s", w->section, w->name, now,
					  w->value);
		if (strstr(w->name, "/driverinit") && strcmp(active, w->value) != 0)
			return mem_printf("%s %s is only staged", w->section, w->name);
	}
	if (scene->kind->firmware && strcmp(running(s), scene->kind->firmware) != 0)
		return mem_printf("firmware %s runs", running(s));
	vec_each(o, &s->now.objects)
		if (o->class == &class_resource && object_has(o, RESOURCE_SIZE_NEW) &&
		    o->v[RESOURCE_SIZE_NEW].num != o->v[RESOURCE_SIZE].num)
			return mem_printf("resource %s has a size pending", o->name);
	return s->facts.reload_failed ? mem_strdup("it is torn down") : NULL;
}

/* ---- the outside ---- */

static void tell(struct rig *r, enum device_event_type type)
{
	rig_send(r, &(struct device_event){.type = type, .trigger = TRIGGER_NOTIFICATION});
}

static void reload_by_others(struct rig *r)
{
	r->during_read = r->during_write = NULL;
	if (sim_reload(&r->sim, DEVLINK_RELOAD_ACTION_DRIVER_REINIT) == 0)
		tell(r, DEVICE_EV_COUNTED);
}

static void vanish(struct rig *r)
{
	sim_register(&r->sim);
	tell(r, DEVICE_EV_VANISHED);
	tell(r, DEVICE_EV_COUNTED);
}

static bool happen(struct scene *scene, struct fault *ret)
{
	struct rig *r = &scene->r;

	scene->happened = true;
	switch (scene->mischief->way) {
	case FAILS:
		*ret = scene->mischief->fault;
		r->loses = scene->mischief->lost;
		return true;
	case VANISHES:
		vanish(r);
		return false;
	case UNPLUGGED:
		r->sim.gone = true;
		tell(r, DEVICE_EV_VANISHED);
		return false;
	case CUT:
		r->killed = true;
		return false;
	case RELOADED:
		reload_by_others(r);
		return false;
	case RELOADED_MEANWHILE:
		r->during_read = r->during_write = reload_by_others;
		return false;
	case CUT_AT_SAVE:
		break;
	}
	return false;
}

static bool is_policer(const struct class *class)
{
	return class == &class_trap_policer || class == &class_trap_group;
}

/* Is what is to guard the traps there? */
static void check_guarded(struct scene *scene, const struct object *trap)
{
	if (scene->of_policer || trap->v[TRAP_ACTION].num == DEVLINK_TRAP_ACTION_DROP)
		return;
	for (const struct wanted *w = scene->kind->wanted; w->section; w++) {
		_cleanup_free_ char *now = is(&scene->r.sim.now, w);

		if (strncmp(w->section, "trap_", 5) == 0 && strcmp(now, w->value) != 0)
			wrong(scene, "trap %s is set while %s %s is %s", trap->name, w->section,
			      w->name, now);
	}
}

static bool at_request(struct rig *r, const struct step *s, struct fault *ret)
{
	struct scene *scene = r->user;
	bool here =
		scene->mischief && scene->mischief->way != CUT_AT_SAVE && r->requests == scene->at;
	bool fails = here && happen(scene, ret);

	scene->of_flash |= here && s && s->kind == STEP_FLASH;
	if (here && s && s->kind == STEP_SET)
		scene->of_policer = is_policer(s->target.class) || scene->mischief->way != FAILS;
	if (!r->killed && s && s->kind == STEP_RELOAD)
		*(fails && !ret->done ? &scene->refused_reloads : &scene->reloads) += 1;
	if (!r->killed && s && s->kind == STEP_SET && s->target.class == &class_trap && !fails)
		check_guarded(scene, &s->target);
	return fails;
}

/* Nobody is told that all is well while it is not, unless that was not heard of yet. */
static void watch(struct rig *r)
{
	struct scene *scene = r->user;
	_cleanup_free_ char *what = NULL;

	if (r->d->status.state != STATE_CONVERGED || r->sim.gone || r->during_read ||
	    r->during_write || r->d->run.activity != ACTIVITY_NONE)
		return;
	what = differs(scene);
	if (what)
		wrong(scene, "converged, but %s", what);
}

/* ---- until it rests ---- */

static bool end_provisioning(struct scene *scene)
{
	bool any = false;

	for (const struct wanted *w = scene->kind->wanted; w->section; w++) {
		const struct object *o = object_of(&scene->r.sim.now, w);

		if (!o || o->class != &class_linecard || !o->class->moves(o))
			continue;
		any = true;
		sim_card(&scene->r.sim, w->name,
			 o->v[CARD_STATE].num == DEVLINK_LINECARD_STATE_PROVISIONING ? w->value
										     : "");
	}
	return any;
}

static void restart(struct scene *scene)
{
	forget_lines(scene);
	rig_restart(&scene->r);
}

static void replug(struct scene *scene)
{
	scene->r.sim.gone = false;
	sim_register(&scene->r.sim);
	restart(scene);
}

static bool goes_on(const struct scene *scene)
{
	return scene->r.killed || scene->r.gone || scene->r.sim.gone ||
	       (scene->r.wake_at != USEC_NEVER && scene->r.d->status.state != STATE_CONVERGED);
}

/* What waits for the next audit is not waited for. */
static void let_it_work(struct scene *scene)
{
	struct rig *r = &scene->r;

	for (int i = 0; i < 60 && goes_on(scene) && !r->stuck; i++) {
		if (r->killed)
			restart(scene);
		else if (r->sim.gone)
			replug(scene);
		else if (r->gone) /* the next look at all devices finds it */
			restart(scene);
		else if (end_provisioning(scene))
			tell(r, DEVICE_EV_STALE);
		else
			rig_tick(r);
	}
	if (r->stuck || goes_on(scene))
		wrong(scene, "it never comes to rest");
}

/* ---- what must come of it ---- */

static bool says_why(const struct scene *scene)
{
	const struct fault *f = &scene->mischief->fault;
	const char *reason = scene->r.d->status.reason;

	if (scene->mischief->way != FAILS || scene->mischief->lost || f->error == -EBUSY ||
	    f->error == -EAGAIN)
		return false; /* it is to come true by itself */
	return strstr(reason, f->extack ?: strerror(-f->error));
}

static void expect_converged(struct scene *scene, const char *when)
{
	const struct status *s = &scene->r.d->status;
	_cleanup_free_ char *what = differs(scene);

	if (s->state != STATE_CONVERGED)
		wrong(scene, "%s %s: %s", when, device_state_name(s->state), s->reason);
	else if (what)
		wrong(scene, "%s converged, but %s", when, what);
}

static void begin(struct scene *scene)
{
	_cleanup_free_ char *path = NULL, *file = NULL, *facts = NULL, *config = NULL;
	struct rig *r = &scene->r;

	*r = (struct rig){.at_request = at_request, .watch = watch, .user = scene};
	r->sim.both = scene->kind->both;
	r->sim.asks = scene->kind->asks;
	r->sim.numbered = scene->kind->numbered;
	r->env.kernel = scene->kind->kernel;
	if (scene->mischief && scene->mischief->way == CUT_AT_SAVE)
		r->dies_at_save = scene->at;
	path = mem_printf("tests/fake/facts/%s", scene->kind->facts);
	file = golden_path(path);
	facts = *scene->kind->facts == '{' ? mem_strdup(scene->kind->facts) : golden_read(file);
	config = mem_printf("devices: {sim/a: {%s}}", scene->kind->config);
	rig_start(r, facts, config);
	let_it_work(scene);
}

static void finish(struct scene *scene)
{
	forget_lines(scene);
	buf_clear(&scene->wrong);
	now_running = NULL;
	rig_clear(&scene->r);
}

/* Nothing is left to do, now and after a start. */
static void expect_idle(struct scene *scene)
{
	rig_log_clear(&scene->r);
	rig_stale(&scene->r);
	restart(scene);
	if (scene->r.log.n)
		wrong(scene, "the second pass writes: %s", scene->r.log.s);
	expect_converged(scene, "once more");
}

struct clean {
	unsigned requests, saves, reloads, flashes;
};

static void check_counts(struct scene *scene, const struct clean *clean)
{
	bool again = scene->mischief->way == VANISHES || scene->mischief->way == UNPLUGGED;
	/* what was planned with the flash goes on without it, and with it comes another reload */
	unsigned most = clean->reloads * (1 + again) + scene->of_flash;

	if (scene->reloads > most)
		wrong(scene, "%u reloads, not %u", scene->reloads, most);
	if (scene->r.sim.flashes > clean->flashes)
		wrong(scene, "%u flashes", scene->r.sim.flashes);
}

/* Return: was there an n-th request? */
static bool run_case(const struct kind *kind, const struct mischief *m, unsigned n,
		     const struct clean *clean, unsigned *bad)
{
	struct scene scene = {.kind = kind, .mischief = m, .at = n};
	bool at_all;

	now_running = &scene;
	begin(&scene);
	at_all = scene.happened || (m->way == CUT_AT_SAVE && scene.r.saves >= n);
	if (at_all && scene.r.d->status.state != STATE_CONVERGED && !says_why(&scene))
		wrong(&scene, "it does not say why: %s: %s",
		      device_state_name(scene.r.d->status.state), scene.r.d->status.reason);
	if (scene.r.d->status.state == STATE_CONVERGED)
		expect_converged(&scene, "at first");
	scene.r.now += 3600 * USEC_PER_SEC;
	rig_stale(&scene.r);
	let_it_work(&scene);
	forget_lines(&scene); /* what comes of another try is another fact */
	rig_send(&scene.r, &(struct device_event){.type = DEVICE_EV_APPLY, .retry = true});
	let_it_work(&scene);
	expect_converged(&scene, "asked again");
	check_counts(&scene, clean);
	if (at_all && (scene.wrong.n || getenv("VERBOSE")))
		print_error("%s/%s/%u:\n%s%s", kind->name, m->name, n,
			    scene.wrong.n ? scene.wrong.s : "",
			    getenv("VERBOSE") && scene.r.log.n ? scene.r.log.s : "");
	if (!scene.wrong.n)
		expect_idle(&scene);
	*bad += at_all && scene.wrong.n;
	finish(&scene);
	return at_all;
}

static struct clean run_clean(const struct kind *kind)
{
	struct scene scene = {.kind = kind};
	struct clean clean;

	now_running = &scene;
	begin(&scene);
	clean = (struct clean){scene.r.requests, scene.r.saves, scene.reloads, scene.r.sim.flashes};
	expect_converged(&scene, "undisturbed");
	expect_idle(&scene);
	if (scene.wrong.n)
		fail_msg("%s:\n%s", kind->name, scene.wrong.s);
	finish(&scene);
	return clean;
}

static bool is_selected(const char *name)
{
	const char *only = getenv("ONLY");

	return !only || strncmp(name, only, strlen(only)) == 0;
}

static void test_kind(void **state)
{
	const struct kind *kind = *state;
	struct clean clean = run_clean(kind);
	unsigned bad = 0, cases = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mischiefs); i++) {
		for (unsigned n = 1; n < 1000; n++) {
			_cleanup_free_ char *name =
				mem_printf("%s/%s/%u", kind->name, mischiefs[i].name, n);

			if (n > clean.requests + 40)
				break;
			if (!is_selected(name))
				continue;
			if (!run_case(kind, &mischiefs[i], n, &clean, &bad))
				break;
			cases++;
		}
	}
	print_message("# %s: %u requests, %u saves, %u cases\n", kind->name, clean.requests,
		      clean.saves, cases);
	assert_int_equal(bad, 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(kinds)] = {};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		tests[i] = (struct CMUnitTest){.name = kinds[i].name,
					       .test_func = test_kind,
					       .initial_state = (void *)&kinds[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
