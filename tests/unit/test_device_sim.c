// SPDX-License-Identifier: GPL-2.0-or-later
/* The device of the test and what drives the machine, see sim.h. Shares no code with plan/. */
#include "sim.h"
#include "base/clock.h"
#include "model/json.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/devlink.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EVENTS_MAX 400 /* without anything happening outside; more is an endless loop */
#define USEC_STEP  1000

/* ---- the device ---- */

static struct object *find(const struct state *s, const char *section, const char *name)
{
	const struct class *class = class_by_section(section);
	const char *slash = class == &class_param ? strrchr(name, '/') : NULL;

	vec_each(o, &s->objects) {
		if (o->class != class)
			continue;
		if (slash && strncmp(o->name, name, (size_t)(slash - name)) == 0 &&
		    !o->name[slash - name] &&
		    strcmp(enum_name(&cmode_names, o->cmode), slash + 1) == 0)
			return o;
		if (!slash && strcmp(o->name, name) == 0)
			return o;
	}
	fail_msg("the test's device has no %s %s", section, name);
	return NULL;
}

static unsigned field_index(const struct class *class, const char *field)
{
	for (unsigned i = 0; i < class->n_fields; i++)
		if (strcmp(class->fields[i].name, field) == 0)
			return i;
	fail_msg("no field %s", field);
	return 0;
}

static struct value *value_of(const struct state *s, const char *section, const char *name,
			      const char *field)
{
	struct object *o = find(s, section, name);

	return &o->v[field_index(o->class, field)];
}

/* What somebody else does: a size is staged. Names of params are NAME/CMODE. */
void sim_set(struct sim *s, const char *section, const char *name, const char *field, uint64_t num)
{
	struct object *o = find(&s->now, section, name);
	unsigned i = field_index(o->class, field);

	if (o->class->fields[i].type != VALUE_NONE)
		o->v[i].type = o->class->fields[i].type;
	o->v[i].num = num;
	o->present |= FIELD_BIT(i);
	if (i == RESOURCE_SIZE_NEW && o->class == &class_resource && num == o->v[RESOURCE_SIZE].num)
		o->present &= (field_mask)~FIELD_BIT(RESOURCE_SIZE_NEW);
}

uint64_t sim_get(const struct sim *s, const char *section, const char *name, const char *field)
{
	return value_of(&s->now, section, name, field)->num;
}

/* The value with which the driver works since the last reload. */
uint64_t sim_active(const struct sim *s, const char *param)
{
	return value_of(&s->active, "params", param, "value")->num;
}

void sim_fault(struct sim *s, struct fault f)
{
	vec_push(&s->faults, f);
}

static struct fault *fault_of(struct sim *s, const char *object)
{
	vec_each(f, &s->faults) {
		if (f->times && strcmp(f->object, object) == 0 && (!f->cause || f->cause(s))) {
			f->times--;
			return f;
		}
	}
	return NULL;
}

static void copy_state(struct state *to, const struct state *from)
{
	state_clear(to);
	state_copy(to, from);
}

static uint64_t size_next(const struct object *o)
{
	return object_num(o, RESOURCE_SIZE_NEW, o->v[RESOURCE_SIZE].num);
}

/* The kernel's check: plain sums of direct children, which wrap around. */
static bool sums_hold(const struct sim *s)
{
	vec_each(parent, &s->now.objects) {
		uint64_t sum = 0;

		if (parent->class != &class_resource)
			continue;
		vec_each(o, &s->now.objects)
			if (o->class == &class_resource && resource_is_child(o->name, parent->name))
				sum += size_next(o);
		if (sum > size_next(parent))
			return false;
	}
	return true;
}

static void commit_sizes(struct sim *s)
{
	vec_each(o, &s->now.objects) {
		if (o->class != &class_resource || (s->unread && strcmp(s->unread, o->name) == 0))
			continue;
		o->v[RESOURCE_SIZE].num = size_next(o);
		o->present &= (field_mask)~FIELD_BIT(RESOURCE_SIZE_NEW);
	}
}

static bool is_policy(const struct object *o)
{
	return o->class != &class_resource && o->class != &class_param;
}

static void add_copy(struct state *to, const struct object *o, const char *name)
{
	struct object *copy = state_add(to, o->class, name, o->cmode);

	copy->present = o->present;
	copy->has_port = o->has_port;
	for (unsigned i = 0; i < o->class->n_fields; i++) {
		copy->v[i] = o->v[i];
		if (o->v[i].type == VALUE_STRING)
			copy->v[i].str = arena_strdup(&to->arena, o->v[i].str);
	}
}

static void drop(struct state *s, bool (*which)(const struct object *o, const char *port),
		 const char *port)
{
	size_t n = 0;

	for (size_t i = 0; i < s->objects.n; i++)
		if (!which(&s->objects.v[i], port))
			s->objects.v[n++] = s->objects.v[i];
	s->objects.n = n;
}

/* A line card stays what it was provisioned for. */
static bool is_reset(const struct object *o, _unused_ const char *port)
{
	return is_policy(o) && o->class != &class_linecard;
}

/* What a reload puts back as the driver makes it: no port is split. */
static void reset_policy(struct sim *s)
{
	drop(&s->now, is_reset, NULL);
	vec_each(o, &s->defaults.objects)
		if (is_reset(o, NULL))
			add_copy(&s->now, o, o->name);
	state_sort(&s->now);
}

/* Of the port that is called so, or of a part of it. */
static bool is_of_port(const struct object *o, const char *port)
{
	const char *end = class_port_of(o->class, o->name);
	_cleanup_free_ char *name = NULL, *whole = NULL;

	if (!end || o->class->read == READ_PORTS)
		return false;
	name = mem_printf("%.*s", (int)(end - o->name), o->name);
	whole = port_whole(name);
	return strcmp(whole, port) == 0;
}

/* The ports in the place of @port have what the driver gives to each. */
static void remake_port(struct sim *s, const char *port, uint64_t count)
{
	drop(&s->now, is_of_port, port);
	vec_each(o, &s->defaults.objects) {
		for (uint64_t i = 0; is_of_port(o, port) && i < MAX(count, UINT64_C(1)); i++) {
			const char *rest = class_port_of(o->class, o->name);
			_cleanup_free_ char *name =
				count ? mem_printf("%ss%" PRIu64 "%s", port, i, rest)
				      : mem_printf("%s%s", port, rest);

			add_copy(&s->now, o, name);
		}
	}
	state_sort(&s->now);
}

/* Anybody's split, or its end: 0. Return: 0 or -EINVAL. */
int sim_split(struct sim *s, const char *port, uint64_t count)
{
	struct value *v = value_of(&s->now, "port_splits", port, "count");

	if (count == v->num || (count && v->num))
		return -EINVAL;
	v->num = count;
	remake_port(s, port, count);
	return 0;
}

static void count(struct sim *s, uint8_t action)
{
	vec_each(c, &s->facts.counters)
		if (c->action == action && !c->limit && !c->remote)
			c->value++;
}

/* What `devlink dev info` says of "fw". */
void sim_version(struct sim *s, enum version_kind kind, const char *value)
{
	vec_each(v, &s->facts.versions)
		if (v->kind == kind && strcmp(v->name, "fw") == 0)
			v->value = value;
}

static bool does(const struct sim *s, uint8_t asked, uint8_t action)
{
	return asked == action || s->both;
}

/* Does the driver read what is staged in this reload? */
static bool initialises(const struct sim *s, uint8_t asked)
{
	return does(s, asked, DEVLINK_RELOAD_ACTION_DRIVER_REINIT) ||
	       !facts_offers(&s->facts, DEVLINK_RELOAD_ACTION_DRIVER_REINIT,
			     DEVLINK_RELOAD_LIMIT_UNSPEC);
}

static int flash(struct sim *s, const struct step *step)
{
	s->flashes++;
	s->written = arena_strdup(&s->facts.arena, s->image ? s->image : step->firmware.version);
	sim_version(s, VERSION_STORED, s->written);
	return 0;
}

/* Anybody's reload. Return: 0 or -errno. */
int sim_reload(struct sim *s, uint8_t action)
{
	if (!sums_hold(s))
		return -EINVAL;
	if (!facts_offers(&s->facts, action, DEVLINK_RELOAD_LIMIT_UNSPEC))
		return -EOPNOTSUPP;
	if (initialises(s, action))
		commit_sizes(s);
	if (s->tears_down) {
		s->tears_down--;
		s->facts.reload_failed = true;
		return -ENOSPC;
	}
	s->facts.reload_failed = false;
	reset_policy(s);
	if (initialises(s, action) && !(s->asks && action != DEVLINK_RELOAD_ACTION_DRIVER_REINIT))
		copy_state(&s->active, &s->now);
	if (s->written && does(s, action, DEVLINK_RELOAD_ACTION_FW_ACTIVATE)) {
		sim_version(s, VERSION_RUNNING, s->written);
		s->written = NULL;
	}
	s->reloads++;
	for (uint8_t a = DEVLINK_RELOAD_ACTION_DRIVER_REINIT;
	     a <= DEVLINK_RELOAD_ACTION_FW_ACTIVATE; a++)
		if (does(s, action, a))
			count(s, a);
	return 0;
}

/* The driver is bound anew: all is lost, and counters start at 0. */
void sim_register(struct sim *s)
{
	copy_state(&s->now, &s->defaults);
	copy_state(&s->active, &s->defaults);
	vec_each(c, &s->facts.counters)
		c->value = 0;
	s->facts.reload_failed = false;
	s->registrations++;
}

static int set_size(struct sim *s, struct object *o, const struct object *target)
{
	uint64_t n = target->v[RESOURCE_SIZE].num;

	if (n > object_num(o, RESOURCE_MAX, UINT64_MAX) || n < object_num(o, RESOURCE_MIN, 0) ||
	    n % object_num(o, RESOURCE_GRAN, 1))
		return -EINVAL;
	assert_true(object_has(target, RESOURCE_ID));
	assert_int_equal(target->v[RESOURCE_ID].num, o->v[RESOURCE_ID].num);
	sim_set(s, "resources", o->name, "size_new", n);
	return 0;
}

/* The SET of a card begins what sim_card() ends. */
static int begin_card(struct object *o, const char *type)
{
	if (object_has(o, CARD_STATE) && o->class->moves(o))
		return -EBUSY;
	o->v[CARD_STATE].num =
		*type ? DEVLINK_LINECARD_STATE_PROVISIONING : DEVLINK_LINECARD_STATE_UNPROVISIONING;
	return 0;
}

/* What was begun is over: it has @type, or "". */
void sim_card(struct sim *s, const char *number, const char *type)
{
	value_of(&s->now, "linecards", number, "type")->str = arena_strdup(&s->now.arena, type);
	value_of(&s->now, "linecards", number, "state")->num =
		*type ? DEVLINK_LINECARD_STATE_ACTIVE : DEVLINK_LINECARD_STATE_UNPROVISIONED;
}

static int set_object(struct sim *s, const struct object *target)
{
	struct object *o = state_find(&s->now, target->class, target->name, target->cmode);

	if (!o)
		return -ENOENT;
	if (s->forgets && strcmp(s->forgets, o->name) == 0)
		return 0;
	if (o->class == &class_resource)
		return set_size(s, o, target);
	if (o->class == &class_linecard)
		return begin_card(o, target->v[CARD_TYPE].str);
	if (o->class == &class_port_split)
		return sim_split(s, target->name, target->v[SPLIT_COUNT].num);
	if (o->class == &class_trap && o->v[TRAP_TYPE].num != TRAP_TYPE_DROP)
		return 0;
	for (unsigned i = 0; i < o->class->n_writable; i++) {
		if (!object_has(target, i))
			continue;
		assert_int_equal(target->v[i].type, o->v[i].type);
		o->v[i] = target->v[i];
		if (o->v[i].type == VALUE_STRING)
			o->v[i].str = arena_strdup(&s->now.arena, target->v[i].str);
		o->present |= FIELD_BIT(i);
	}
	return 0;
}

static const struct fault *fault_of_step(struct sim *s, const struct step *step)
{
	_cleanup_free_ char *label =
		step->kind == STEP_SET ? object_label(&step->target)
				       : mem_strdup(step->kind == STEP_FLASH ? "flash" : "reload");

	return fault_of(s, label);
}

/* @f: what goes wrong, or NULL */
static int sim_step(struct sim *s, const struct step *step, const struct fault *f)
{
	if (f && !f->done) {
		s->refused++;
		return f->error;
	}
	if (step->kind == STEP_RELOAD) {
		int r = sim_reload(s, step->action);

		return f ? f->error : r;
	}
	if (step->kind == STEP_FLASH)
		return f ? (flash(s, step), f->error) : flash(s, step);
	s->sets++;
	return f ? (set_object(s, &step->target), f->error) : set_object(s, &step->target);
}

/* ---- reading it ---- */

static bool is_asked(const struct reads *reads, const struct object *o)
{
	if (o->class == &class_resource)
		return reads->resources;
	if (reads_all_of(reads, o->class))
		return true;
	vec_each(n, &reads->names)
		if (n->class == o->class && strcmp(n->name, o->name) == 0)
			return true;
	return false;
}

static void read_facts(const struct sim *s, bool identify, struct facts *ret)
{
	counters_copy(&ret->counters, &s->facts.counters);
	ret->reload_failed = s->facts.reload_failed;
	ret->registration = s->numbered ? 1 + s->registrations : 0;
	if (!identify)
		return;
	ret->driver = arena_strdup(&ret->arena, s->facts.driver);
	vec_each(v, &s->facts.versions)
		vec_push(&ret->versions,
			 ((struct version){v->kind, arena_strdup(&ret->arena, v->name),
					   arena_strdup(&ret->arena, v->value)}));
}

static bool asks_for_ports(const struct reads *reads)
{
	vec_each(n, &reads->names)
		if (class_has_ports(n->class) || class_is_structural(n->class))
			return true;
	return reads->catalogue;
}

static void add_port(struct state *have, char *name)
{
	state_add_port(have, &(struct port){.name = name});
	free(name);
}

/* Those that are named by what they have, and the parts of what is split. */
static void read_ports(const struct sim *s, struct state *have)
{
	have->ports_read = true;
	vec_each(o, &s->now.objects) {
		const char *end = class_port_of(o->class, o->name);

		if (s->facts.reload_failed || !end)
			continue;
		if (o->class != &class_port_split || !o->v[SPLIT_COUNT].num)
			add_port(have, mem_printf("%.*s", (int)(end - o->name), o->name));
		for (uint64_t i = 0; o->class == &class_port_split && i < o->v[SPLIT_COUNT].num;
		     i++)
			add_port(have, mem_printf("%ss%" PRIu64, o->name, i));
	}
}

static void read_objects(const struct sim *s, const struct reads *reads, struct state *have,
			 struct state *catalogue)
{
	vec_each(o, &s->now.objects) {
		if (s->facts.reload_failed &&
		    (is_policy(o) || (s->fades && strcmp(s->fades, o->name) == 0)))
			continue;
		if (is_asked(reads, o) && s->hides && strcmp(s->hides, o->name) == 0)
			state_add(have, o->class, o->name, CLASS_NO_CMODE)->error = -EIO;
		else if (is_asked(reads, o))
			add_copy(have, o, o->name);
		if (reads->catalogue && o->class != &class_resource)
			add_copy(catalogue, o, o->name);
	}
	if (asks_for_ports(reads))
		read_ports(s, have);
	state_sort(have);
	state_sort(catalogue);
}

/* ---- the machine and its outside ---- */

struct config *rig_load(const char *text)
{
	_cleanup_free_ char *whole = mem_printf("version: 1\n%s", text), *wrong = NULL;
	struct diag_list diags = {};
	struct config *c = NULL;
	char path[32];
	int fd = memfd_create("config", MFD_CLOEXEC);

	assert_int_equal(write(fd, whole, strlen(whole)), strlen(whole));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (yaml_load(&(struct yaml_paths){.root = "/nowhere", .file = path}, &c, &diags) < 0) {
		wrong = diag_render_all(&diags);
		print_error("%s", wrong);
	}
	close(fd);
	diag_clear(&diags);
	assert_non_null(c);
	return c;
}

static void log_step(struct rig *r, const struct step *s)
{
	_cleanup_free_ char *object = step_object_label(s);

	if (s->kind == STEP_REMEMBER)
		return;
	if (s->kind == STEP_RELOAD)
		buf_add(&r->log, "reload %s\n", object);
	else if (s->kind == STEP_FLASH)
		buf_add(&r->log, "flash %s\n", s->to);
	else
		buf_add(&r->log, "%s %s: %s%s-> %s\n", s->target.class->name, object, s->from,
			*s->from ? " " : "", s->to);
}

/* A note of a value in force is on disk before the value is replaced. */
static void check_remembered(const struct rig *r, const struct device_todo *todo)
{
	struct lasting lasting = {};
	struct memory memory = {};

	if (r->disk_full) /* it goes on all the same */
		return;
	if (r->lasting) /* policy does not wait for it */
		assert_int_equal(lasting_from_json(r->lasting, &lasting), 0);
	assert_int_equal(memory_from_json(r->saved, &memory), 0);
	for (size_t i = 0; i < todo->n_steps; i++) {
		const struct step *s = &todo->steps[i];

		if (s->kind == STEP_RELOAD && !r->d->world.facts.reload_failed)
			assert_non_null(lasting.attempt);
		if (s->kind == STEP_SET && s->target.class == &class_resource && !s->foreign &&
		    lasting.rollback == ROLLBACK_NONE && !r->d->world.facts.reload_failed)
			assert_true(notes_find(&lasting.good, &s->target, RESOURCE_SIZE) ||
				    notes_find(&memory.pristine, &s->target, RESOURCE_SIZE));
		if (s->kind != STEP_REMEMBER)
			continue;
		assert_non_null(notes_find(&memory.in_force, &s->target, PARAM_VALUE));
	}
	memory_clear(&memory);
	lasting_clear(&lasting);
}

/*
 * With TRACE=FILE each call of the machine is a line of it: event, what it asks for, what it shows.
 */
static void trace(const struct rig *r, const struct device_event *e, const struct device_todo *todo)
{
	static const char *const events[] = {
		[DEVICE_EV_CONFIG] = "config",	 [DEVICE_EV_STALE] = "stale",
		[DEVICE_EV_COUNTED] = "counted", [DEVICE_EV_VANISHED] = "vanished",
		[DEVICE_EV_READ] = "read",	 [DEVICE_EV_DONE] = "done",
		[DEVICE_EV_IMAGE] = "image",	 [DEVICE_EV_RECREATED] = "recreated",
		[DEVICE_EV_APPLY] = "apply",	 [DEVICE_EV_CAPTURE] = "capture",
		[DEVICE_EV_PAUSE] = "pause",	 [DEVICE_EV_TICK] = "tick"};
	static const char *const whats[] = {[DEVICE_REST] = "rest",
					    [DEVICE_READ] = "read",
					    [DEVICE_LOOK] = "look",
					    [DEVICE_RUN] = "run",
					    [DEVICE_GONE] = "gone"};
	static FILE *file;
	const struct reads *reads = &todo->reads;
	const char *path = getenv("TRACE");

	if (!path || (!file && !(file = fopen(path, "we"))))
		return;
	fprintf(file, "%s -> %s%s", events[e->type], whats[todo->what], todo->save ? " save" : "");
	if (todo->what == DEVICE_READ)
		fprintf(file, " %s%s%s%s%s%zu", reads->identify ? "i" : "",
			reads->catalogue ? "c" : "", reads->resources ? "r" : "",
			reads->impact ? "m" : "", reads->narrowed ? "n" : "", reads->names.n);
	for (size_t i = 0; i < todo->n_steps; i++) {
		_cleanup_free_ char *label = step_object_label(&todo->steps[i]);

		fprintf(file, ", %s %s: %s -> %s", step_kind_name(&todo->steps[i]), label,
			todo->steps[i].from, todo->steps[i].to);
	}
	if (todo->wake_at != USEC_NEVER)
		fprintf(file, " +%" PRIu64, todo->wake_at - MIN(todo->wake_at, r->now));
	fprintf(file, " | %s (%s)\n", device_state_name(r->d->status.state), r->d->status.reason);
}

static void forget(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}

/* As manager/runner.c keeps it: what nothing that is written waits for when the device rests. */
static void save(struct rig *r, const struct device_todo *todo)
{
	bool writes = todo->what == DEVICE_RUN, lasting = !writes || todo->lasting;
	bool waits = !writes && r->d->run.activity != ACTIVITY_NONE && !todo->save_first;

	r->unsaved |= todo->save;
	r->unsaved_running |= todo->running;
	if (!r->unsaved || waits || (!lasting && !r->unsaved_running))
		return;
	if (++r->saves == r->dies_at_save) {
		r->killed = true;
		return;
	}
	r->unsaved = !lasting;
	if (r->disk_full) {
		device_not_saved(r->d);
		return;
	}
	if (r->unsaved_running) {
		forget(&r->saved);
		r->saved = memory_to_json(r->d->handle, &r->d->world.memory);
		assert_non_null(r->saved);
	}
	r->unsaved_running = false;
	if (!lasting)
		return;
	forget(&r->lasting);
	r->lasting = lasting_to_json(r->d->handle, &r->d->world.memory.lasting);
	assert_non_null(r->lasting);
}

static void deliver(struct rig *r, const struct device_event *e, struct device_todo *todo)
{
	r->now += USEC_STEP;
	r->events++;
	device_event(r->d, e, r->now, todo);
	trace(r, e, todo);
	save(r, todo);
	assert_true(device_state_name(r->d->status.state) != NULL);
	/* what is gone, as far as is known, has not converged */
	assert_false(view_has_vanished(&r->d->view) && r->d->status.state == STATE_CONVERGED);
	/* what a reload known of has undone is not there before it was read again */
	assert_false(r->d->reloads.foreign_open && r->d->status.state == STATE_CONVERGED &&
		     todo->wake_at > r->now);
	/* nor is that in force which was registered again */
	assert_false(view_is_reset(&r->d->view) && r->d->status.state == STATE_CONVERGED);
	if (r->watch)
		r->watch(r);
}

/* Hands in an event that the machine must only take note of: something is in flight. */
static void interrupt(struct rig *r, void (**during)(struct rig *r))
{
	void (*f)(struct rig * r) = *during;

	*during = NULL;
	if (f)
		f(r);
}

/* INFO_GET fails. */
static void tell_nothing(struct device_reading *reading)
{
	reading->untold = -EIO;
	reading->facts->untold = true;
	reading->facts->versions.n = 0;
}

static struct impact impact_of(const struct sim *s)
{
	struct impact i = s->impact;

	vec_each(o, &s->now.objects) {
		if (o->class == &class_port_split)
			i.splits += (unsigned)o->v[SPLIT_COUNT].num;
		if (o->class == &class_eswitch)
			i.switchdev |= o->v[ESWITCH_MODE].num != 0;
	}
	return i;
}

static bool is_resource(const struct object *o, _unused_ const char *port)
{
	return o->class == &class_resource;
}

/* Is the request that comes now made to fail? */
static bool fails(struct rig *r, const struct step *s, struct fault *ret)
{
	*ret = (struct fault){};
	r->loses = false;
	r->requests++;
	return r->at_request && r->at_request(r, s, ret);
}

static void notify(struct rig *r, const struct step *s)
{
	if (r->quiet)
		return;
	if (s->kind == STEP_RELOAD)
		rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED,
						   .trigger = TRIGGER_NOTIFICATION});
	else if (s->kind == STEP_SET && s->target.class == &class_param)
		rig_send(r, &(struct device_event){.type = DEVICE_EV_STALE,
						   .trigger = TRIGGER_NOTIFICATION});
}

static struct step_result send(struct rig *r, const struct step *s)
{
	struct step_result result = {};
	const struct fault *f;
	struct fault fault;

	f = fails(r, s, &fault) ? &fault : fault_of_step(&r->sim, s);
	if (r->killed)
		return result;
	result.error = r->sim.gone ? -ENODEV : sim_step(&r->sim, s, f);
	result.extack = f ? f->extack : NULL;
	result.lost = r->loses ||
		      (!result.extack && (result.error == -ETIMEDOUT || result.error == -ENOBUFS));
	notify(r, s);
	return result;
}

/* The steps of @todo, as the machine may drop its plan while they are carried out. */
static void copy_steps(const struct device_todo *todo, step_list *ret)
{
	for (size_t i = 0; i < todo->n_steps; i++) {
		struct step *copy = vec_add(ret);

		*copy = todo->steps[i];
		if (copy->target.class)
			step_set_target(copy, &todo->steps[i].target, copy->target.present);
		step_set_firmware(copy, &todo->steps[i].firmware);
	}
}

/* As the channel does: phase by phase, as long as all is well. Return: how many were done. */
static size_t do_steps(struct rig *r, const step_list *steps, struct step_result *results)
{
	bool failed = false;
	size_t n = 0;

	for (size_t i = 0; i < steps->n; i++) {
		const struct step *s = &steps->v[i];

		if (i > 0 && s->phase != s[-1].phase) {
			interrupt(r, &r->during_write);
			if (failed || r->killed || device_stops(r->d))
				return n;
		}
		log_step(r, s);
		if (s->kind == STEP_REMEMBER || r->killed)
			continue;
		results[n] = send(r, s);
		failed |= results[n++].error != 0;
	}
	interrupt(r, &r->during_write);
	return n;
}

static void clear_copies(step_list *steps)
{
	vec_each(s, steps) {
		s->from = s->to = NULL;
		step_clear(s);
	}
	vec_clear(steps);
}

/* Does the channel send what is offered along with a glance? */
static bool shows_reload(const struct rig *r, const struct facts *facts)
{
	const struct memory *m = &r->d->world.memory;

	return !r->holds && !device_stops(r->d) &&
	       facts_show_reload(facts, &m->counters, m->registration);
}

static void do_read(struct rig *r, struct device_todo *todo, struct device_todo *next)
{
	struct step_result *results = mem_alloc(todo->n_steps * sizeof(*results));
	step_list offered = {};
	struct state have = {}, catalogue = {};
	struct facts facts = {};
	struct impact impact = {};
	struct fault fault;
	struct device_reading reading = {.identified = todo->reads.identify,
					 .catalogued = todo->reads.catalogue,
					 .have = &have,
					 .catalogue = &catalogue,
					 .facts = &facts,
					 .impact = &impact};
	struct device_event e = {.type = DEVICE_EV_READ, .reading = &reading, .results = results};

	if (fails(r, NULL, &fault))
		reading.error = fault.error;
	impact = impact_of(&r->sim);
	impact.known = todo->reads.impact;
	r->reads++;
	r->identified += todo->reads.identify;
	r->catalogued += todo->reads.catalogue;
	r->ports_asked += todo->reads.impact && todo->reads.narrowed;
	read_facts(&r->sim, todo->reads.identify, &facts);
	read_objects(&r->sim, &todo->reads, &have, &catalogue);
	if (todo->reads.resources && r->sim.denies && r->sim.denies--) {
		drop(&have, is_resource, NULL);
		reading.denied = true;
	}
	vec_clear(&todo->reads.names);
	copy_steps(todo, &offered);
	interrupt(r, &r->during_read);
	if (r->reads > r->good_reads && r->read_errors && r->read_errors--)
		reading.error = r->read_error;
	if ((r->sim.mute || (r->sim.dumb && r->sim.facts.reload_failed)) && todo->reads.identify)
		tell_nothing(&reading);
	if (r->sim.gone)
		reading.error = -ENODEV;
	if (offered.n && !r->killed && !reading.error && shows_reload(r, &facts))
		e.n_results = do_steps(r, &offered, results);
	if (!r->killed) /* meanwhile */
		deliver(r, &e, next);
	clear_copies(&offered);
	free(results);
	state_clear(&have);
	state_clear(&catalogue);
	facts_clear(&facts);
}

static void do_run(struct rig *r, const struct device_todo *todo, struct device_todo *next)
{
	struct step_result *results = mem_alloc(todo->n_steps * sizeof(*results));
	step_list steps = {};
	size_t n;

	assert_true(todo->n_steps > 0);
	check_remembered(r, todo);
	copy_steps(todo, &steps);
	n = do_steps(r, &steps, results);
	clear_copies(&steps);
	if (!r->killed) /* meanwhile */
		deliver(r,
			&(struct device_event){
				.type = DEVICE_EV_DONE, .results = results, .n_results = n},
			next);
	free(results);
}

static bool is_shown(const struct rig *r)
{
	struct facts facts = {};
	bool shown;

	read_facts(&r->sim, false, &facts);
	shown = !r->sim.gone && shows_reload(r, &facts);
	facts_clear(&facts);
	return shown;
}

static bool dies(struct rig *r)
{
	r->actions++;
	return r->killed || (r->kill_at && r->actions >= r->kill_at);
}

static void do_without_answer(struct rig *r, const struct device_todo *todo)
{
	bool failed = false;

	for (size_t i = 0; i + r->undone < todo->n_steps; i++) {
		const struct step *s = &todo->steps[i];

		if (i > 0 && s->phase != s[-1].phase && failed)
			return;
		if (s->kind != STEP_REMEMBER)
			failed |= sim_step(&r->sim, s, fault_of_step(&r->sim, s)) != 0;
	}
}

static void follow(struct rig *r, struct device_todo todo)
{
	while (!r->stuck && !r->killed) {
		struct device_todo next = {.wake_at = USEC_NEVER};

		r->wake_at = todo.wake_at;
		if (todo.what == DEVICE_GONE)
			r->gone = true;
		if (todo.what == DEVICE_GONE || todo.what == DEVICE_REST)
			return;
		if (dies(r)) { /* what was sent is done, nobody takes the answer */
			r->killed = true;
			if (todo.what == DEVICE_RUN || (todo.n_steps && is_shown(r)))
				do_without_answer(r, &todo);
			vec_clear(&todo.reads.names);
			return;
		}
		if (todo.what == DEVICE_READ)
			do_read(r, &todo, &next);
		else if (todo.what == DEVICE_LOOK)
			deliver(r,
				&(struct device_event){.type = DEVICE_EV_IMAGE,
						       .error = r->sim.image_error,
						       .why = "the test's file"},
				&next);
		else
			do_run(r, &todo, &next);
		todo = next;
		r->stuck = r->events > EVENTS_MAX;
	}
	vec_clear(&todo.reads.names);
}

/* An event from outside, and all that follows until the machine rests. */
void rig_send(struct rig *r, const struct device_event *e)
{
	bool busy = r->d->run.activity != ACTIVITY_NONE;
	struct device_todo todo;

	if (!busy)
		r->events = 0;
	deliver(r, e, &todo);
	if (busy)
		assert_int_equal(todo.what, DEVICE_REST);
	else
		follow(r, todo);
}

/* Since it was asked the last time. */
bool rig_was_reloaded(struct rig *r)
{
	bool again = r->sim.reloads != r->reloads_seen;

	r->reloads_seen = r->sim.reloads;
	return again;
}

/* The kernel's messages when a driver is bound again. */
void rig_tell_registration(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_VANISHED,
					   .trigger = TRIGGER_NOTIFICATION});
	rig_send(r, &(struct device_event){.type = DEVICE_EV_COUNTED,
					   .trigger = TRIGGER_NOTIFICATION});
}

void rig_stale(struct rig *r)
{
	rig_send(r, &(struct device_event){.type = DEVICE_EV_STALE, .trigger = TRIGGER_AUDIT});
}

/* It is as late as the machine waits for; a second at least. */
void rig_tick(struct rig *r)
{
	r->now = r->wake_at == USEC_NEVER ? r->now + USEC_PER_SEC : MAX(r->now, r->wake_at);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_TICK});
}

/* Somebody edits the file and asks for a reload of it. */
void rig_config(struct rig *r, const char *config)
{
	config_unref(r->config);
	r->config = rig_load(config);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_CONFIG, .config = r->config});
}

static void sim_init(struct sim *s, const char *facts)
{
	_cleanup_free_ char *text = mem_strdup(facts), *handle = NULL, *why = NULL;
	struct world w = {};
	json_error_t error;
	json_t *j;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(text, 0, &error);
	if (!j)
		fail_msg("%d:%d: %s", error.line, error.column, error.text);
	if (facts_from_json(j, &w, &handle, &why) < 0)
		fail_msg("%s", why);
	json_decref(j);
	s->facts = w.facts;
	w.facts = (struct facts){};
	state_copy(&s->now, &w.have);
	state_copy(&s->defaults, &w.have);
	state_copy(&s->active, &w.have);
	world_clear(&w);
}

/* The process starts: what is on disk is all that it knows. */
void rig_restart(struct rig *r)
{
	struct memory memory = {};

	r->d = device_free(r->d);
	r->killed = r->gone = false;
	r->kill_at = r->dies_at_save = 0;
	r->unsaved = r->unsaved_running = false;
	if (r->saved)
		assert_int_equal(memory_from_json(r->saved, &memory), 0);
	if (r->lasting)
		assert_int_equal(lasting_from_json(r->lasting, &memory.lasting), 0);
	r->d = device_new(&r->env, "sim/a", r->config, TRIGGER_START, &memory, r->now);
	if (r->undoing)
		rig_send(r, &(struct device_event){
				    .type = DEVICE_EV_CONFIG, .config = r->config, .undo = true});
	else
		rig_send(r, &(struct device_event){.type = DEVICE_EV_TICK});
}

/* So does the system: what is not to outlive it is gone, and the driver begins anew. */
void rig_reboot(struct rig *r, const char *boot)
{
	forget(&r->saved);
	sim_register(&r->sim);
	r->env.boot = boot;
	r->now = 10 * USEC_PER_SEC;
	rig_restart(r);
}

/** @facts may use ' for ". */
void rig_start(struct rig *r, const char *facts, const char *config)
{
	r->now = 1000 * USEC_PER_SEC;
	sim_init(&r->sim, facts);
	r->config = rig_load(config);
	r->env.kernel = r->env.kernel ?: "6.1.0";
	r->env.boot = r->env.boot ?: "boot 1";
	r->d = device_new(&r->env, "sim/a", r->config, TRIGGER_START, NULL, r->now);
	rig_send(r, &(struct device_event){.type = DEVICE_EV_TICK});
}

void rig_log_clear(struct rig *r)
{
	buf_clear(&r->log);
}

/* The device is in @state and @steps were sent since the last time this was asked. */
void rig_expect_at(struct rig *r, int line, const char *state, const char *steps)
{
	const char *sent = r->log.s ? r->log.s : "", *is = device_state_name(r->d->status.state);

	if (r->stuck)
		print_error("line %d: it never comes to rest; sent:\n%.400s...\n", line, sent);
	else if (strcmp(state, is) != 0 || strcmp(steps, sent) != 0)
		print_error("line %d: %s (%s), sent:\n%s", line, is, r->d->status.reason, sent);
	assert_false(r->stuck);
	assert_string_equal(is, state);
	assert_string_equal(sent, steps);
	rig_log_clear(r);
}

void rig_expect_reason(const struct rig *r, const char *part)
{
	if (!strstr(r->d->status.reason, part))
		print_error("\"%s\" is not in \"%s\"\n", part, r->d->status.reason);
	assert_non_null(strstr(r->d->status.reason, part));
}

void rig_clear(struct rig *r)
{
	device_free(r->d);
	config_unref(r->config);
	forget(&r->saved);
	forget(&r->lasting);
	buf_clear(&r->log);
	state_clear(&r->sim.now);
	state_clear(&r->sim.defaults);
	state_clear(&r->sim.active);
	facts_clear(&r->sim.facts);
	vec_clear(&r->sim.faults);
	*r = (struct rig){};
}
