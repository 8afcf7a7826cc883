// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices out of facts files: what a captured device reports is taken for the driver's defaults.
 * The top-level key "fake" holds what no capture shows; see quirks.c. Problems are told by name.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	struct fake *fake;
	struct device *d;
	char **why;
};

static int bad(struct loader *l, const char *what, const char *name)
{
	if (l->why && !*l->why &&
	    asprintf(l->why, "%s \"%s\" is not of the facts format", what, name) < 0)
		abort();
	return -EINVAL;
}

static void *make_room(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

/** number_read() - a number, a number as text, or "unlimited". */
bool number_read(json_t *j, uint64_t *ret)
{
	const char *text = json_string_value(j);
	char *end;

	if (json_is_integer(j)) {
		*ret = (uint64_t)json_integer_value(j);
		return json_integer_value(j) >= 0;
	}
	if (!text)
		return false;
	if (strcmp(text, "unlimited") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	*ret = strtoull(text, &end, 10);
	return *text && !*end;
}

static bool number_of(json_t *object, const char *key, uint64_t otherwise, uint64_t *ret)
{
	json_t *j = json_object_get(object, key);

	*ret = otherwise;
	return !j || number_read(j, ret);
}

static const char *const param_types[] = {
	[TYPE_U8] = "u8",   [TYPE_U16] = "u16",	      [TYPE_U32] = "u32",
	[TYPE_U64] = "u64", [TYPE_STRING] = "string", [TYPE_FLAG] = "bool"};

static bool type_read(const char *name, enum param_type *ret)
{
	for (unsigned i = TYPE_U8; name && i <= TYPE_FLAG; i++) {
		if (strcmp(name, param_types[i]) == 0 ||
		    (i == TYPE_FLAG && !strcmp(name, "bool"))) {
			*ret = (enum param_type)i;
			return true;
		}
	}
	return false;
}

static bool value_read(json_t *j, enum param_type type, struct value *ret)
{
	*ret = (struct value){.has = j};
	if (!j)
		return true;
	if (type == TYPE_STRING) {
		snprintf(ret->str, sizeof(ret->str), "%s", json_string_value(j) ?: "");
		return json_is_string(j);
	}
	if (type == TYPE_FLAG) {
		ret->num = json_is_true(j);
		return json_is_boolean(j);
	}
	return number_read(j, &ret->num);
}

static const char *const cmodes[] = {"runtime", "driverinit", "permanent"};

static int load_param(struct loader *l, struct param *p, const char *name, json_t *j)
{
	p->name = name;
	p->generic = is_generic_param(name, &p->id);
	if (!p->generic)
		p->id = UINT32_MAX + (uint64_t)(p - l->d->params);
	if (json_object_size(j) == 0)
		return bad(l, "param", name);
	for (unsigned i = 0; i < N_CMODES; i++) {
		json_t *mode = json_object_get(j, cmodes[i]);

		if (!mode)
			continue;
		if (!type_read(json_string_value(json_object_get(mode, "type")), &p->type) ||
		    !value_read(json_object_get(mode, "value"), p->type, &p->mode[i].initial))
			return bad(l, "param", name);
		if (!value_read(json_object_get(mode, "default"), p->type, &p->mode[i].preset))
			return bad(l, "param", name);
		if (i == DEVLINK_PARAM_CMODE_DRIVERINIT && !p->mode[i].preset.has)
			p->mode[i].preset = p->mode[i].initial;
		p->mode[i].supported = true;
		p->mode[i].now = p->mode[i].active = p->mode[i].initial;
	}
	return 0;
}

static int load_params(struct loader *l, json_t *section)
{
	struct device *d = l->d;
	const char *name;
	json_t *j;

	d->params = make_room(json_object_size(section), sizeof(*d->params));
	json_object_foreach(section, name, j)
		if (load_param(l, &d->params[d->n_params++], name, j) < 0)
			return -EINVAL;
	return 0;
}

static int load_resource(struct loader *l, struct resource *r, const char *path, json_t *j)
{
	uint64_t unit = 0;
	bool good;

	r->path = path;
	for (const char *s = path; *s; s++)
		r->depth += *s == '/';
	r->has_occ = json_object_get(j, "occ");
	r->leaf = r->valid = true;
	good = number_of(j, "size", 0, &r->size) &&
	       number_of(j, "size_new", r->size, &r->size_new) && number_of(j, "min", 0, &r->min) &&
	       number_of(j, "max", UINT64_MAX, &r->max) &&
	       number_of(j, "granularity", 1, &r->granularity) && number_of(j, "occ", 0, &r->occ) &&
	       number_of(j, "id", 0, &r->id) && number_of(j, "unit", 0, &unit);
	r->initial = r->active = r->size;
	r->unit = (uint8_t)unit;
	return good && *path == '/' && r->granularity ? 0 : bad(l, "resource", path);
}

/* A parent stands in front of its children: the order of the paths, "/" before all else. */
static void link_resources(struct device *d)
{
	uint64_t id = 1;

	for (size_t i = 0; i < d->n_resources; i++) {
		struct resource *r = &d->resources[i];
		size_t stem = (size_t)(strrchr(r->path, '/') - r->path);

		for (size_t k = 0; k < d->n_resources; k++) {
			struct resource *p = &d->resources[k];

			if (stem && strlen(p->path) == stem && !strncmp(p->path, r->path, stem)) {
				r->parent = k + 1;
				p->leaf = false;
			}
		}
		while (!r->id || resource_by_id(d, r->id) != r) {
			r->id = id++;
			if (resource_by_id(d, r->id) == r)
				break;
			r->id = 0;
		}
	}
	for (size_t i = 0; i < d->n_resources; i++)
		if (d->resources[i].size != d->resources[i].size_new) {
			resource_validate(d, i);
			if (d->resources[i].parent)
				resource_validate(d, d->resources[i].parent - 1);
		}
}

static int load_resources(struct loader *l, json_t *section)
{
	struct device *d = l->d;
	const char *name;
	json_t *j;

	d->resources = make_room(json_object_size(section), sizeof(*d->resources));
	json_object_foreach(section, name, j)
		if (load_resource(l, &d->resources[d->n_resources++], name, j) < 0)
			return -EINVAL;
	link_resources(d);
	return 0;
}

static int load_port_resources(struct loader *l, json_t *section)
{
	struct device *d = l->d;
	const char *name;
	json_t *j;

	d->port_resources = make_room(json_object_size(section), sizeof(*d->port_resources));
	json_object_foreach(section, name, j)
		if (load_resource(l, &d->port_resources[d->n_port_resources++], name, j) < 0)
			return -EINVAL;
	return 0;
}

static int load_policers(struct loader *l, json_t *section)
{
	struct device *d = l->d;
	const char *name;
	json_t *j;

	d->policers = make_room(json_object_size(section), sizeof(*d->policers));
	json_object_foreach(section, name, j) {
		struct policer *p = &d->policers[d->n_policers++];

		p->id = (uint32_t)strtoul(name, NULL, 10);
		if (!p->id || !number_of(j, "rate", 1, &p->initial_rate) ||
		    !number_of(j, "burst", 1, &p->initial_burst))
			return bad(l, "trap policer", name);
	}
	return 0;
}

static int load_groups(struct loader *l, json_t *section, json_t *traps)
{
	struct device *d = l->d;
	const char *name;
	json_t *j;

	d->groups =
		make_room(json_object_size(section) + json_object_size(traps), sizeof(*d->groups));
	json_object_foreach(section, name, j) {
		struct group *g = &d->groups[d->n_groups++];
		json_t *policer = json_object_get(j, "policer");
		uint64_t id = 0;

		g->name = name;
		g->generic = true;
		if (policer && strcmp(json_string_value(policer) ?: "", "none") != 0 &&
		    !number_read(policer, &id))
			return bad(l, "trap group", name);
		g->initial = (uint32_t)id;
	}
	json_object_foreach(traps, name, j) {
		const char *group = json_string_value(json_object_get(j, "group"));

		if (!group)
			return bad(l, "trap", name);
		if (!group_find(d, group))
			d->groups[d->n_groups++] = (struct group){.name = group, .generic = true};
	}
	return 0;
}

static bool word_of(json_t *j, const char *const *words, size_t n, uint8_t *ret)
{
	const char *text = json_string_value(j);

	for (size_t i = 0; text && i < n; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = (uint8_t)i;
			return true;
		}
	}
	return !j;
}

static int load_traps(struct loader *l, json_t *section)
{
	static const char *const actions[] = {"drop", "trap", "mirror"};
	static const char *const types[] = {"drop", "exception", "control"};
	struct device *d = l->d;
	const char *name;
	json_t *j;

	d->traps = make_room(json_object_size(section), sizeof(*d->traps));
	json_object_foreach(section, name, j) {
		struct trap *t = &d->traps[d->n_traps++];

		t->name = name;
		t->group = (size_t)(group_find(d, json_string_value(json_object_get(j, "group"))) -
				    d->groups);
		t->generic = true;
		if (!word_of(json_object_get(j, "action"), actions, 3, &t->initial) ||
		    !word_of(json_object_get(j, "type"), types, 3, &t->type))
			return bad(l, "trap", name);
	}
	return 0;
}

static int load_reload(struct loader *l, json_t *reload)
{
	static const char *const actions[] = {"unspec", "driver_reinit", "fw_activate"};
	static const char *const limits[] = {"unspec", "no_reset"};
	size_t i;
	json_t *j;

	l->d->reload_failed = json_is_true(json_object_get(reload, "failed"));
	json_array_foreach(json_object_get(reload, "counters"), i, j) {
		uint8_t action = 0, limit = 0;
		uint64_t value;
		bool remote;

		if (!word_of(json_array_get(j, 0), actions, 3, &action) || !action ||
		    !word_of(json_array_get(j, 1), limits, 2, &limit) ||
		    !number_read(json_array_get(j, 3), &value))
			return bad(l, "reload", "counters");
		remote = strcmp(json_string_value(json_array_get(j, 2)) ?: "", "remote") == 0;
		l->d->stats[remote][action][limit] = (uint32_t)value;
		if (!remote) {
			l->d->actions |= 1u << action;
			l->d->limits |= limit ? 1u << limit : 0;
		}
	}
	return 0;
}

static int load_objects(struct loader *l, json_t *facts)
{
	json_t *traps = json_object_get(facts, "traps");
	const char *wrong;

	if (load_reload(l, json_object_get(facts, "reload")) < 0 ||
	    load_resources(l, json_object_get(facts, "resources")) < 0 ||
	    load_params(l, json_object_get(facts, "params")) < 0 ||
	    load_policers(l, json_object_get(facts, "trap_policers")) < 0 ||
	    load_groups(l, json_object_get(facts, "trap_groups"), traps) < 0 ||
	    load_traps(l, traps) < 0)
		return -EINVAL;
	if (load_port_resources(
		    l, json_object_get(json_object_get(facts, "fake"), "port_resources")) < 0)
		return -EINVAL;
	wrong = flats_load(l->d, facts);
	if (wrong)
		return bad(l, "object", wrong);
	quirks_by_driver(l->d, l->fake->line);
	if (quirks_read(l->d, json_object_get(facts, "fake")) < 0)
		return bad(l, "key", "fake");
	wrong = ports_load(l->d, facts) ?: flats_bind_ports(l->d);
	return wrong ? bad(l, "port", wrong) : 0;
}

static int load_head(struct loader *l, json_t *facts)
{
	const char *handle = json_string_value(json_object_get(facts, "handle"));
	struct device *d = l->d;
	const char *slash = handle ? strchr(handle, '/') : NULL;

	if (json_integer_value(json_object_get(facts, "format")) != 1)
		return bad(l, "format", "1");
	if (!slash || strlen(handle) >= HANDLE_SIZE || device_find(l->fake, handle))
		return bad(l, "handle", handle ?: "");
	strcpy(d->handle, handle);
	memcpy(d->bus, handle, (size_t)(slash - handle));
	strcpy(d->dev, slash + 1);
	if (strcmp(d->bus, INDEX_BUS) == 0) /* one without a device, called by its number */
		d->index = (uint32_t)strtoul(d->dev, NULL, 10);
	d->driver = json_string_value(json_object_get(facts, "driver"));
	d->versions = json_deep_copy(json_object_get(facts, "versions")) ?: json_object();
	d->flashed = json_deep_copy(json_object_get(d->versions, "stored"));
	return 0;
}

struct device *device_free(struct device *d)
{
	json_decref(d->facts);
	json_decref(d->versions);
	json_decref(d->flashed);
	free(d->params);
	free(d->resources);
	free(d->port_resources);
	free(d->policers);
	free(d->groups);
	free(d->traps);
	flats_free(d);
	linecards_free(d);
	free(d->ports);
	free(d);
	return NULL;
}

/**
 * fake_load() - a device of these facts appears, as when a driver probes.
 *
 * Counters, a failed reload and pending sizes are as in the facts, so that a world in the middle of
 * something can be made; a later unbind and bind begins with the defaults.
 *
 * Return: 0, or -EINVAL with a reason to be freed.
 */
int fake_load(struct fake *f, json_t *facts, char **ret_why)
{
	struct device *d = make_room(1, sizeof(*d));
	struct loader l = {f, d, ret_why};

	if (ret_why)
		*ret_why = NULL;
	d->facts = json_deep_copy(facts);
	if (load_head(&l, d->facts) < 0 || load_objects(&l, d->facts) < 0) {
		device_free(d);
		return -EINVAL;
	}
	objects_reset(d);
	d->up = !d->reload_failed;
	device_register(f, d);
	return 0;
}

int fake_load_file(struct fake *f, const char *path, char **ret_why)
{
	json_error_t error;
	json_t *facts = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	int r;

	if (!facts) {
		if (ret_why && asprintf(ret_why, "%s:%d: %s", path, error.line, error.text) < 0)
			abort();
		return -EINVAL;
	}
	r = fake_load(f, facts, ret_why);
	json_decref(facts);
	return r;
}
