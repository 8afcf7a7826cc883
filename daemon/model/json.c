// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts as JSON, in and out, driven by the classes' tables. Knows no files. */
#include "model/json.h"
#include "model/handle.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/devlink.h>
#include <stdio.h>
#include <string.h>

#define FACTS_FORMAT   1
#define PORT_RESOURCES "port_resources" /* nothing of them can be wanted */

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

	if (value_is_text(v))
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

static void add_objects(json_t *facts, const struct state *s)
{
	vec_each(o, &s->objects) {
		json_t *root = o->class->within ? child(facts, o->class->within) : facts;
		const char *section = resource_is_of_port(o) ? PORT_RESOURCES : o->class->section;

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

static void add_ports(json_t *root, const port_list *ports)
{
	json_t *all = json_object();

	vec_each(p, ports) {
		char index[16];

		snprintf(index, sizeof(index), "%" PRIu32, p->index);
		json_object_set_new(all, index,
				    json_pack("{s:s*,s:s*}", "name", p->name, "netdev", p->netdev));
	}
	if (ports->n)
		json_object_set(root, "ports", all);
	json_decref(all);
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
	add_ports(j, w->catalogue.ports.n ? &w->catalogue.ports : &w->have.ports);
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
	uint64_t num;

	ret->type = type;
	if (value_is_text(ret)) {
		ret->str = arena_strdup(arena, json_string_value(j));
		return ret->str;
	}
	if (type == VALUE_BOOL) {
		ret->num = json_is_true(j);
		return json_is_boolean(j);
	}
	if (!(json_is_string(j) && enum_number(names, json_string_value(j), &num)) &&
	    !number_from_json(j, &num))
		return false;
	ret->num = num;
	return true;
}

static enum value_type type_by_name(const char *name)
{
	for (int t = VALUE_U8; name && t <= VALUE_OTHER; t++)
		if (strcmp(name, value_type_name((enum value_type)t)) == 0)
			return (enum value_type)t;
	return VALUE_NONE;
}

/* A number in a name is written in one way. */
static bool is_name(const struct class *class, const char *name)
{
	_cleanup_free_ char *why = NULL, *again = NULL;
	struct key_values key;

	if (class->tree)
		return true;
	if (class_key_parse(class, name, &key, &why) == 0)
		again = class_key_format(class, key.v);
	key_values_clear(&key);
	return text_equal(again, name);
}

static int read_object(struct reader *r, struct state *s, const struct class *class,
		       const char *name, uint8_t cmode, json_t *j)
{
	struct object *o = state_add(s, class, name, cmode);
	enum value_type type = type_by_name(json_string_value(json_object_get(j, "type")));

	if (!json_is_object(j) || !is_name(class, name) ||
	    (class->form == FORM_BY_CMODE && type == VALUE_NONE))
		return bad(r, class->noun, name);
	o->v[0].type = type;
	o->has_port = class_port_of(class, name);
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
			      ? read_object(r, &r->world->have, class, name, (uint8_t)cmode, j)
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
		return read_object(r, &r->world->have, class, class->section, CLASS_NO_CMODE,
				   section);
	json_object_foreach(section, name, j) {
		if (ret < 0)
			return ret;
		ret = class->form == FORM_BY_CMODE
			      ? read_cmodes(r, class, name, j)
			      : read_object(r, &r->world->have, class, name, CLASS_NO_CMODE, j);
	}
	return ret;
}

/* They are in the catalogue only, where nobody looks for what can be set. */
static int read_port_resources(struct reader *r, json_t *section)
{
	const char *name;
	json_t *j;
	int ret = 0;

	json_object_foreach(section, name, j) {
		if (ret == 0 && *name == '/')
			ret = bad(r, "resource of a port", name);
		if (ret == 0)
			ret = read_object(r, &r->world->catalogue, &class_resource, name,
					  CLASS_NO_CMODE, j);
	}
	state_sort(&r->world->catalogue);
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

static void read_ports(struct reader *r, json_t *ports)
{
	const char *index;
	json_t *j;

	json_object_foreach(ports, index, j)
		state_add_port(
			&r->world->have,
			&(struct port){.index = (uint32_t)strtoul(index, NULL, 10),
				       .name = json_string_value(json_object_get(j, "name")),
				       .netdev = json_string_value(json_object_get(j, "netdev"))});
}

static const char *keep(struct facts *f, json_t *j, const char *key)
{
	return arena_strdup(&f->arena, json_string_value(json_object_get(j, key)));
}

static void read_impact(json_t *j, struct impact *i)
{
	int splits = 0, vfs = 0, netdevs = 0, up = 0, mastered = 0, switchdev = 0;
	int subfunctions = 0, rate_nodes = 0;

	if (json_unpack(j, "{s?i,s?i,s?i,s?i,s?i,s?i,s?i,s?b}", "netdevs", &netdevs, "up", &up,
			"mastered", &mastered, "splits", &splits, "vfs", &vfs, "subfunctions",
			&subfunctions, "rate_nodes", &rate_nodes, "switchdev", &switchdev) < 0)
		return;
	*i = (struct impact){.known = true,
			     .netdevs = (unsigned)netdevs,
			     .up = (unsigned)up,
			     .mastered = (unsigned)mastered,
			     .splits = (unsigned)splits,
			     .vfs = (unsigned)vfs,
			     .subfunctions = (unsigned)subfunctions,
			     .rate_nodes = (unsigned)rate_nodes,
			     .switchdev = switchdev};
}

/* Lines and tabs may be in a value, as in a param's. */
static bool is_shown(const char *s)
{
	_cleanup_free_ char *clean = text_clean(s, strlen(s));

	return text_equal(s, clean);
}

/*
 * Escapes in JSON can hide what a terminal obeys. Return: the first name or value that does, or
 * NULL.
 */
static const char *find_hidden(json_t *j)
{
	const char *key, *found = NULL;
	json_t *value;
	size_t i;

	if (json_is_string(j))
		return is_shown(json_string_value(j)) ? NULL : json_string_value(j);
	json_array_foreach(j, i, value)
		found = found ? found : find_hidden(value);
	json_object_foreach(j, key, value) {
		if (!found && !text_is_line(key))
			found = key;
		found = found ? found : find_hidden(value);
	}
	return found;
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
	const char *hidden = find_hidden(j);
	const char *handle = json_string_value(json_object_get(j, "handle"));
	int ret = 0;

	*ret_why = NULL;
	if (hidden) {
		_cleanup_free_ char *shown = text_clean_line(hidden);

		return bad(&r, "text", shown);
	}
	if (json_integer_value(json_object_get(j, "format")) != FACTS_FORMAT)
		return bad(&r, "format", "1");
	if (!handle || !handle_valid(handle))
		return bad(&r, "handle", handle ? handle : "");
	w->kernel = keep(&w->facts, j, "kernel");
	w->facts.driver = keep(&w->facts, j, "driver");
	w->facts.serial_number = keep(&w->facts, j, "serial_number");
	w->facts.board_serial_number = keep(&w->facts, j, "board.serial_number");
	w->facts.reload_failed = json_is_true(json_object_get(reload, "failed"));
	ret = read_versions(&r, json_object_get(j, "versions"));
	if (ret == 0)
		ret = read_counters(&r, json_object_get(reload, "counters"));
	for (size_t i = 0; ret == 0 && i < n_classes; i++)
		ret = read_section(&r, classes[i],
				   json_object_get(classes[i]->within
							   ? json_object_get(j, classes[i]->within)
							   : j,
						   classes[i]->section));
	read_ports(&r, json_object_get(j, "ports"));
	state_sort(&w->have);
	state_copy(&w->catalogue, &w->have);
	if (ret == 0)
		ret = read_port_resources(&r, json_object_get(j, PORT_RESOURCES));
	w->has_catalogue = w->offline = true;
	read_impact(json_object_get(j, "impact"), &w->impact);
	if (ret == 0)
		*ret_handle = mem_strdup(handle);
	return ret;
}
