// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON in and out, driven by the classes' tables. Knows no files. */
#include "model/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/devlink.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_FORMAT  1
#define LASTING_FORMAT 1
#define FACTS_FORMAT   1

/* --- memory ------------------------------------------------------------------ */

static json_t *value_to_json(const struct value *v)
{
	if (v->type == VALUE_STRING)
		return json_pack("{s:i,s:s}", "type", (int)v->type, "value", v->str);
	return json_pack("{s:i,s:o}", "type", (int)v->type, "value",
			 json_sprintf("%llu", (unsigned long long)v->num));
}

static int value_from_json(json_t *j, struct value *ret)
{
	const char *text;
	int type;

	if (json_unpack(j, "{s:i,s:s}", "type", &type, "value", &text) < 0 || type <= VALUE_NONE ||
	    type > VALUE_BOOL)
		return -EINVAL;
	ret->type = (enum value_type)type;
	if (ret->type == VALUE_STRING)
		ret->str = text;
	else
		ret->num = strtoull(text, NULL, 10);
	return 0;
}

static json_t *notes_to_json(const struct notes *n)
{
	json_t *list = json_array();

	vec_each(note, &n->notes)
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:i,s:i,s:o}", "class", note->class->name, "name",
					note->name, "cmode", (int)note->cmode, "field",
					(int)note->field, "value", value_to_json(&note->value)));
	return list;
}

static int notes_from_json(json_t *list, struct notes *n)
{
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j) {
		const char *class, *name;
		struct value value = {};
		struct object o = {};
		json_t *v;
		int cmode, field = 0;

		if (json_unpack(j, "{s:s,s:s,s:i,s?i,s:o}", "class", &class, "name", &name, "cmode",
				&cmode, "field", &field, "value", &v) < 0 ||
		    value_from_json(v, &value) < 0 || !class_by_name(class) || field < 0 ||
		    (size_t)field >= class_by_name(class)->n_writable)
			return -EINVAL;
		o = (struct object){
			.class = class_by_name(class), .name = name, .cmode = (uint8_t)cmode};
		notes_put(n, &o, (unsigned)field, &value);
	}
	return 0;
}

static json_t *counters_to_json(const counter_list *list)
{
	json_t *out = json_array();

	vec_each(c, list)
		json_array_append_new(out, json_pack("[i,i,b,I]", (int)c->action, (int)c->limit,
						     (int)c->remote, (json_int_t)c->value));
	return out;
}

static int counters_from_json(json_t *list, counter_list *ret)
{
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j) {
		int action, limit, remote;
		json_int_t value;

		if (json_unpack(j, "[i,i,b,I]", &action, &limit, &remote, &value) < 0)
			return -EINVAL;
		vec_push(ret, ((struct counter){(uint8_t)action, (uint8_t)limit, remote,
						(uint32_t)value}));
	}
	return 0;
}

static int unread_from_json(json_t *list, struct memory *m)
{
	struct notes both = {};
	int r = notes_from_json(list, &both);

	vec_each(n, &both.notes) {
		const struct object o = note_object(n);

		notes_put(n->class == &class_resource ? &m->ignored_sizes : &m->hidden_until_boot,
			  &o, n->field, &n->value);
	}
	notes_clear(&both);
	return r;
}

/**
 * memory_from_json() - fill @m but for its lasting part; it must be empty.
 *
 * Return: 0, or -EINVAL where @j is not of this format; @m is to be cleared then.
 */
int memory_from_json(json_t *j, struct memory *m)
{
	json_t *counters, *in_force, *ignored = NULL, *hidden = NULL, *until_boot = NULL,
				     *pristine = NULL,
				     *unread = NULL; /* unread: both, as an earlier version wrote */
	json_int_t reloads, foreign;
	int version, settled, restore = 0, reload = 0, both = 0;

	if (json_unpack(j, "{s:i,s:o,s:o,s?o,s?o,s?o,s?o,s?o,s?b,s?i,s?b,s:I,s:I,s:b}", "version",
			&version, "counters", &counters, "in_force", &in_force, "unread", &unread,
			"ignored_sizes", &ignored, "hidden_until_boot", &hidden, "until_boot",
			&until_boot, "pristine", &pristine, "restore", &restore, "reload", &reload,
			"both_performed", &both, "reloads", &reloads, "foreign_reloads", &foreign,
			"settled", &settled) < 0 ||
	    version != MEMORY_FORMAT)
		return -EINVAL;
	m->reloads = (uint64_t)reloads;
	m->foreign_reloads = (uint64_t)foreign;
	m->converged_once = settled;
	m->restore = restore;
	m->both_performed = both;
	m->reload = (uint8_t)reload;
	if (counters_from_json(counters, &m->counters) < 0 ||
	    notes_from_json(in_force, &m->in_force) < 0 || unread_from_json(unread, m) < 0 ||
	    notes_from_json(ignored, &m->ignored_sizes) < 0 ||
	    notes_from_json(hidden, &m->hidden_until_boot) < 0 ||
	    notes_from_json(pristine, &m->pristine) < 0 ||
	    notes_from_json(until_boot, &m->until_boot) < 0)
		return -EINVAL;
	return 0;
}

/** memory_to_json() - all but the lasting part. Return: a new reference. */
json_t *memory_to_json(const char *handle, const struct memory *m)
{
	return json_pack("{s:i,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:i,s:b,s:I,s:I,s:b}", "version",
			 MEMORY_FORMAT, "handle", handle, "counters",
			 counters_to_json(&m->counters), "in_force", notes_to_json(&m->in_force),
			 "ignored_sizes", notes_to_json(&m->ignored_sizes), "hidden_until_boot",
			 notes_to_json(&m->hidden_until_boot), "until_boot",
			 notes_to_json(&m->until_boot), "pristine", notes_to_json(&m->pristine),
			 "restore", (int)m->restore, "reload", (int)m->reload, "both_performed",
			 (int)m->both_performed, "reloads", (json_int_t)m->reloads,
			 "foreign_reloads", (json_int_t)m->foreign_reloads, "settled",
			 (int)m->converged_once);
}

static char *keep_string(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? mem_strdup(s) : NULL;
}

/**
 * lasting_from_json() - fill @l, which must be empty.
 *
 * Return: 0, or -EINVAL where @j is not of this format; @l is to be cleared then.
 */
int lasting_from_json(json_t *j, struct lasting *l)
{
	const char *accepted = json_string_value(json_object_get(j, "accepted"));
	/* without what an earlier version did not write */
	int action = DEVLINK_RELOAD_ACTION_DRIVER_REINIT, torn = -1, vain = 0, stage = FLASH_NONE;
	int version, rollback, tries;
	json_t *good, *flash = NULL;

	if (json_unpack(j, "{s:i,s:o,s?i,s?b,s?i,s:i,s:i,s?o}", "version", &version, "good", &good,
			"action", &action, "torn", &torn, "vain", &vain, "rollback", &rollback,
			"tries", &tries, "flash", &flash) < 0 ||
	    (flash && json_unpack(flash, "{s:i}", "stage", &stage) < 0) || stage < FLASH_NONE ||
	    stage >= FLASH_STAGES || version != LASTING_FORMAT || rollback < ROLLBACK_NONE ||
	    rollback >= ROLLBACK_MAX || tries < 0 || vain < 0)
		return -EINVAL;
	l->action = (uint8_t)action;
	l->torn = torn < 0 ? rollback != ROLLBACK_NONE : torn;
	l->reregistrations = (unsigned)vain;
	l->rollback = (enum rollback)rollback;
	l->tries = (unsigned)tries;
	l->flash = (struct flash_latch){.stage = (enum flash_stage)stage,
					.firmware = keep_string(flash, "firmware"),
					.boot = keep_string(flash, "boot"),
					.reason = keep_string(flash, "reason")};
	l->attempt = keep_string(j, "attempt");
	l->quarantine = keep_string(j, "quarantine");
	l->reason = keep_string(j, "reason");
	l->accepted = accepted ? strtoull(accepted, NULL, 16) : 0;
	return notes_from_json(good, &l->good);
}

/** lasting_to_json() - Return: a new reference. */
json_t *lasting_to_json(const char *handle, const struct lasting *l)
{
	_cleanup_free_ char *accepted = l->accepted ? mem_printf("%016" PRIx64, l->accepted) : NULL;
	json_t *flash =
		json_pack("{s:i,s:s*,s:s*,s:s*}", "stage", (int)l->flash.stage, "firmware",
			  l->flash.firmware, "boot", l->flash.boot, "reason", l->flash.reason);

	return json_pack("{s:i,s:s,s:o,s:o,s:i,s:b,s:i,s:i,s:i,s:s*,s:s*,s:s*,s:s*}", "version",
			 LASTING_FORMAT, "handle", handle, "good", notes_to_json(&l->good), "flash",
			 flash, "action", (int)l->action, "torn", (int)l->torn, "vain",
			 (int)l->reregistrations, "rollback", (int)l->rollback, "tries",
			 (int)l->tries, "attempt", l->attempt, "quarantine", l->quarantine,
			 "reason", l->reason, "accepted", accepted);
}

/* --- facts: out -------------------------------------------------------------- */

/** json_number() - numbers above what a JSON integer of the library holds are texts. */
json_t *json_number(uint64_t n)
{
	if (n == VALUE_UNLIMITED)
		return json_string("unlimited");
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_sprintf("%" PRIu64, n);
}

static json_t *field_to_json(const struct object *o, unsigned field)
{
	const struct value *v = &o->v[field];
	const char *name = NULL;

	if (v->type == VALUE_STRING)
		return json_string(v->str);
	if (v->type == VALUE_BOOL)
		return json_boolean(v->num);
	if (o->class->form != FORM_BY_CMODE)
		name = enum_name(o->class->fields[field].names, v->num);
	return name ? json_string(name) : json_number(v->num);
}

static json_t *object_to_json(const struct object *o)
{
	json_t *j = json_object();

	for (unsigned i = 0; i < o->class->n_fields; i++)
		if (object_has(o, i))
			json_object_set_new(j, o->class->fields[i].name, field_to_json(o, i));
	if (o->class->form == FORM_BY_CMODE)
		json_object_set_new(j, "type",
				    json_string(value_type_name(o->v[PARAM_VALUE].type)));
	return j;
}

static json_t *child(json_t *parent, const char *key)
{
	json_t *j = json_object_get(parent, key);

	if (!j) {
		j = json_object();
		json_object_set_new(parent, key, j);
	}
	return j;
}

static void add_objects(json_t *root, const struct state *s)
{
	vec_each(o, &s->objects) {
		const char *section = o->class->section;

		switch (o->class->form) {
		case FORM_SECTION:
			json_object_set_new(root, section, object_to_json(o));
			break;
		case FORM_BY_CMODE:
			json_object_set_new(child(child(root, section), o->name),
					    enum_name(&cmode_names, o->cmode), object_to_json(o));
			break;
		case FORM_SCALAR:
		case FORM_MAP:
			json_object_set_new(child(root, section), o->name, object_to_json(o));
			break;
		}
	}
}

static const char *const version_kinds[] = {
	[VERSION_FIXED] = "fixed", [VERSION_RUNNING] = "running", [VERSION_STORED] = "stored"};
static const char *const actions[] = {[DEVLINK_RELOAD_ACTION_UNSPEC] = "unspec",
				      [DEVLINK_RELOAD_ACTION_DRIVER_REINIT] = "driver_reinit",
				      [DEVLINK_RELOAD_ACTION_FW_ACTIVATE] = "fw_activate"};
static const char *const limits[] = {
	[DEVLINK_RELOAD_LIMIT_UNSPEC] = "unspec", [DEVLINK_RELOAD_LIMIT_NO_RESET] = "no_reset"};

static json_t *versions_to_json(const struct facts *f)
{
	json_t *j = json_object();

	vec_each(v, &f->versions)
		json_object_set_new(child(j, version_kinds[v->kind]), v->name,
				    json_string(v->value));
	return j;
}

static json_t *named_counters_to_json(const counter_list *list)
{
	json_t *j = json_array();

	vec_each(c, list)
		if (c->action < ARRAY_SIZE(actions) && c->limit < ARRAY_SIZE(limits))
			json_array_append_new(
				j, json_pack("[s,s,s,I]", actions[c->action], limits[c->limit],
					     c->remote ? "remote" : "local", (json_int_t)c->value));
	return j;
}

static void set_string(json_t *j, const char *key, const char *value)
{
	if (value)
		json_object_set_new(j, key, json_string(value));
}

/**
 * facts_to_json() - a device as it was read; the catalogue counts more than the last read.
 *
 * Return: a new reference.
 */
json_t *facts_to_json(const char *handle, const struct world *w)
{
	json_t *j = json_pack("{s:i,s:s}", "format", FACTS_FORMAT, "handle", handle);

	set_string(j, "kernel", w->kernel);
	set_string(j, "driver", w->facts.driver);
	set_string(j, "serial_number", w->facts.serial_number);
	set_string(j, "board.serial_number", w->facts.board_serial_number);
	json_object_set_new(j, "versions", versions_to_json(&w->facts));
	json_object_set_new(j, "reload",
			    json_pack("{s:b,s:o}", "failed", (int)w->facts.reload_failed,
				      "counters", named_counters_to_json(&w->facts.counters)));
	add_objects(j, &w->have);
	add_objects(j, &w->catalogue);
	return j;
}

/** facts_to_text() - Return: facts_to_json() as it is shown, to be freed. */
char *facts_to_text(const char *handle, const struct world *w)
{
	json_t *j = facts_to_json(handle, w);
	char *text = json_dumps(j, JSON_INDENT(2));

	json_decref(j);
	return text;
}

/* --- facts: in --------------------------------------------------------------- */

struct reader {
	struct world *world;
	char **why;
};

static int bad(struct reader *r, const char *what, const char *name)
{
	if (!*r->why)
		*r->why = mem_printf("%s \"%s\" is not of the facts format", what, name);
	return -EINVAL;
}

static bool number_from_json(json_t *j, uint64_t *ret)
{
	char *end;

	if (json_is_integer(j)) {
		*ret = (uint64_t)json_integer_value(j);
		return json_integer_value(j) >= 0;
	}
	if (!json_is_string(j))
		return false;
	if (strcmp(json_string_value(j), "unlimited") == 0) {
		*ret = VALUE_UNLIMITED;
		return true;
	}
	*ret = strtoull(json_string_value(j), &end, 10);
	return *json_string_value(j) && !*end;
}

static bool value_of(json_t *j, enum value_type type, const struct enum_names *names,
		     struct arena *arena, struct value *ret)
{
	ret->type = type;
	if (type == VALUE_STRING) {
		ret->str = arena_strdup(arena, json_string_value(j));
		return ret->str;
	}
	if (type == VALUE_BOOL) {
		ret->num = json_is_true(j);
		return json_is_boolean(j);
	}
	return (json_is_string(j) && enum_number(names, json_string_value(j), &ret->num)) ||
	       number_from_json(j, &ret->num);
}

static enum value_type type_by_name(const char *name)
{
	for (int t = VALUE_U8; name && t <= VALUE_BOOL; t++)
		if (strcmp(name, value_type_name((enum value_type)t)) == 0)
			return (enum value_type)t;
	return VALUE_NONE;
}

static int read_object(struct reader *r, const struct class *class, const char *name, uint8_t cmode,
		       json_t *j)
{
	struct state *s = &r->world->have;
	struct object *o = state_add(s, class, name, cmode);
	enum value_type type = type_by_name(json_string_value(json_object_get(j, "type")));

	if (!json_is_object(j) || (class->form == FORM_BY_CMODE && type == VALUE_NONE))
		return bad(r, class->noun, name);
	o->v[0].type = type;
	for (unsigned i = 0; i < class->n_fields; i++) {
		const struct field *f = &class->fields[i];
		json_t *value = json_object_get(j, f->name);
		struct value v;

		if (!value || (f->flags & FIELD_MACRO))
			continue;
		if (!value_of(value, f->type == VALUE_NONE ? type : f->type, f->names, &s->arena,
			      &v))
			return bad(r, class->noun, name);
		object_set(o, i, v);
	}
	return 0;
}

static int read_cmodes(struct reader *r, const struct class *class, const char *name,
		       json_t *cmodes)
{
	const char *key;
	json_t *j;
	int ret = json_is_object(cmodes) ? 0 : bad(r, class->noun, name);

	json_object_foreach(cmodes, key, j) {
		uint64_t cmode;

		if (ret < 0)
			break;
		ret = enum_number(&cmode_names, key, &cmode)
			      ? read_object(r, class, name, (uint8_t)cmode, j)
			      : bad(r, class->noun, name);
	}
	return ret;
}

static int read_section(struct reader *r, const struct class *class, json_t *section)
{
	const char *name;
	json_t *j;
	int ret = 0;

	if (section && class->form == FORM_SECTION)
		return read_object(r, class, class->section, CLASS_NO_CMODE, section);
	json_object_foreach(section, name, j) {
		if (ret < 0)
			return ret;
		ret = class->form == FORM_BY_CMODE ? read_cmodes(r, class, name, j)
						   : read_object(r, class, name, CLASS_NO_CMODE, j);
	}
	return ret;
}

static int index_of(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

static int read_counters(struct reader *r, json_t *list)
{
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j) {
		const char *action, *limit, *whose;
		json_int_t value;
		int a, l;

		if (json_unpack(j, "[s,s,s,I]", &action, &limit, &whose, &value) < 0)
			return bad(r, "reload", "counters");
		a = index_of(actions, ARRAY_SIZE(actions), action);
		l = index_of(limits, ARRAY_SIZE(limits), limit);
		if (a < 0 || l < 0)
			return bad(r, "reload", "counters");
		vec_push(&r->world->facts.counters,
			 ((struct counter){(uint8_t)a, (uint8_t)l, strcmp(whose, "remote") == 0,
					   (uint32_t)value}));
	}
	return 0;
}

static int read_versions(struct reader *r, json_t *versions)
{
	struct facts *f = &r->world->facts;

	for (int kind = VERSION_FIXED; kind <= VERSION_STORED; kind++) {
		const char *name;
		json_t *j;

		json_object_foreach(json_object_get(versions, version_kinds[kind]), name, j) {
			if (!json_is_string(j))
				return bad(r, "version", name);
			vec_push(&f->versions,
				 ((struct version){(enum version_kind)kind,
						   arena_strdup(&f->arena, name),
						   arena_strdup(&f->arena, json_string_value(j))}));
		}
	}
	return 0;
}

static const char *keep(struct facts *f, json_t *j, const char *key)
{
	return arena_strdup(&f->arena, json_string_value(json_object_get(j, key)));
}

static void read_impact(json_t *j, struct impact *i)
{
	int splits = 0, vfs = 0, netdevs = 0, up = 0, mastered = 0, switchdev = 0;

	if (json_unpack(j, "{s?i,s?i,s?i,s?i,s?i,s?b}", "netdevs", &netdevs, "up", &up, "mastered",
			&mastered, "splits", &splits, "vfs", &vfs, "switchdev", &switchdev) < 0)
		return;
	*i = (struct impact){.known = true,
			     .netdevs = (unsigned)netdevs,
			     .up = (unsigned)up,
			     .mastered = (unsigned)mastered,
			     .splits = (unsigned)splits,
			     .vfs = (unsigned)vfs,
			     .switchdev = switchdev};
}

/**
 * facts_from_json() - a captured device as a world whose catalogue is complete.
 * @w: must be empty; to be cleared after an error too
 * @ret_why: the reason of an error, to be freed
 *
 * Return: 0 or -EINVAL.
 */
int facts_from_json(json_t *j, struct world *w, char **ret_handle, char **ret_why)
{
	struct reader r = {.world = w, .why = ret_why};
	json_t *reload = json_object_get(j, "reload");
	int ret = 0;

	*ret_why = NULL;
	if (json_integer_value(json_object_get(j, "format")) != FACTS_FORMAT)
		return bad(&r, "format", "1");
	if (!json_is_string(json_object_get(j, "handle")))
		return bad(&r, "key", "handle");
	w->kernel = keep(&w->facts, j, "kernel");
	w->facts.driver = keep(&w->facts, j, "driver");
	w->facts.serial_number = keep(&w->facts, j, "serial_number");
	w->facts.board_serial_number = keep(&w->facts, j, "board.serial_number");
	w->facts.reload_failed = json_is_true(json_object_get(reload, "failed"));
	ret = read_versions(&r, json_object_get(j, "versions"));
	if (ret == 0)
		ret = read_counters(&r, json_object_get(reload, "counters"));
	for (size_t i = 0; ret == 0 && i < n_classes; i++)
		ret = read_section(&r, classes[i], json_object_get(j, classes[i]->section));
	state_sort(&w->have);
	state_copy(&w->catalogue, &w->have);
	w->has_catalogue = w->offline = true;
	read_impact(json_object_get(j, "impact"), &w->impact);
	if (ret == 0)
		*ret_handle = mem_strdup(json_string_value(json_object_get(j, "handle")));
	return ret;
}
