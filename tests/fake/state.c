// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tests look at: all values of all devices, in force and pending, and every request in the
 * order in which the kernel came to it.
 */
#include "model.h"

#include <inttypes.h>
#include <string.h>

static const char *const cmodes[] = {"runtime", "driverinit", "permanent"};
static const char *const actions[] = {"drop", "trap", "mirror"};
static const char *const reload_actions[] = {"unspec", "driver_reinit", "fw_activate"};
static const char *const reload_limits[] = {"unspec", "no_reset"};

/** number_json() - as the facts format writes numbers. */
json_t *number_json(uint64_t n)
{
	if (n == UINT64_MAX)
		return json_string("unlimited");
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_sprintf("%" PRIu64, n);
}

static json_t *value_json(enum param_type type, const struct value *v)
{
	if (!v->has)
		return json_null();
	switch (type) {
	case TYPE_STRING:
		return json_string(v->str);
	case TYPE_FLAG:
		return json_boolean(v->num);
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_U64:
		break;
	}
	return number_json(v->num);
}

static json_t *params_json(const struct device *d)
{
	json_t *all = json_object();

	for (size_t i = 0; i < d->n_params; i++) {
		const struct param *p = &d->params[i];
		json_t *one = json_object();

		for (unsigned m = 0; m < N_CMODES; m++) {
			const struct value *shown =
				p->mode[m].fresh.has ? &p->mode[m].fresh : &p->mode[m].now;

			if (p->mode[m].supported)
				json_object_set_new(
					one, cmodes[m],
					json_pack("{s:o,s:o}", "value", value_json(p->type, shown),
						  "active",
						  value_json(p->type, &p->mode[m].active)));
		}
		json_object_set_new(all, p->name, one);
	}
	return all;
}

static json_t *resources_json(const struct device *d)
{
	json_t *all = json_object();

	for (size_t i = 0; i < d->n_resources; i++) {
		const struct resource *r = &d->resources[i];

		json_object_set_new(all, r->path,
				    json_pack("{s:o,s:o,s:o,s:b}", "size", number_json(r->size),
					      "size_new", number_json(r->size_new), "active",
					      number_json(r->active), "valid", (int)r->valid));
	}
	return all;
}

static json_t *policers_json(const struct device *d)
{
	json_t *all = json_object();

	for (size_t i = 0; i < d->n_policers; i++) {
		const struct policer *p = &d->policers[i];
		char id[16];

		snprintf(id, sizeof(id), "%" PRIu32, p->id);
		json_object_set_new(all, id,
				    json_pack("{s:o,s:o}", "rate", number_json(p->rate), "burst",
					      number_json(p->burst)));
	}
	return all;
}

static json_t *groups_json(const struct device *d)
{
	json_t *all = json_object();

	for (size_t i = 0; i < d->n_groups; i++)
		json_object_set_new(all, d->groups[i].name,
				    json_pack("{s:i}", "policer", (int)d->groups[i].policer));
	return all;
}

static json_t *traps_json(const struct device *d)
{
	json_t *all = json_object();

	for (size_t i = 0; i < d->n_traps; i++)
		json_object_set_new(all, d->traps[i].name,
				    json_pack("{s:s,s:s}", "action", actions[d->traps[i].action],
					      "group", d->groups[d->traps[i].group].name));
	return all;
}

static json_t *counters_json(const struct device *d)
{
	json_t *all = json_array();

	for (unsigned remote = 0; remote < 2; remote++)
		for (unsigned a = 1; a < N_ACTIONS; a++)
			for (unsigned l = 0; l < N_LIMITS; l++)
				if (d->stats[remote][a][l] ||
				    (!remote && !l && d->actions & 1u << a))
					json_array_append_new(
						all, json_pack("[s,s,s,i]", reload_actions[a],
							       reload_limits[l],
							       remote ? "remote" : "local",
							       (int)d->stats[remote][a][l]));
	return all;
}

json_t *device_json(const struct device *d)
{
	static const char *const operations[] = {"none", "reload", "flash"};
	json_t *j = json_pack("{s:s,s:b,s:b,s:b,s:s,s:O}", "handle", d->handle, "registered",
			      (int)d->registered, "up", (int)d->up, "reload_failed",
			      (int)d->reload_failed, "operation", operations[d->operation.kind],
			      "versions", d->versions);

	if (d->index)
		json_object_set_new(j, "index", json_integer(d->index));
	json_object_set_new(j, "driver", d->driver ? json_string(d->driver) : json_null());
	json_object_set_new(j, "counters", counters_json(d));
	json_object_set_new(j, "resources", resources_json(d));
	json_object_set_new(j, "params", params_json(d));
	json_object_set_new(j, "trap_policers", policers_json(d));
	json_object_set_new(j, "trap_groups", groups_json(d));
	json_object_set_new(j, "traps", traps_json(d));
	flats_json(d, j);
	linecards_json(d, j);
	ports_json(d, j);
	json_object_set_new(j, "requests",
			    json_pack("{s:i,s:i,s:i,s:i}", "gets", (int)d->counts.gets, "sets",
				      (int)d->counts.sets, "reloads", (int)d->counts.reloads,
				      "flashes", (int)d->counts.flashes));
	return j;
}

/** fake_state() - all devices by their handles; a new reference. */
json_t *fake_state(const struct fake *f)
{
	json_t *devices = json_object();

	for (const struct device *d = f->devices; d; d = d->next)
		json_object_set_new(devices, d->handle, device_json(d));
	return json_pack("{s:s,s:I,s:I,s:o}", "line", fake_line_names[f->line], "now",
			 (json_int_t)f->now, "requests",
			 (json_int_t)(f->forgotten + json_array_size(f->requests)), "devices",
			 devices);
}

/** fake_requests() - those from ordinal @from on, counted from 1; a new reference. */
json_t *fake_requests(const struct fake *f, size_t from)
{
	json_t *list = json_array(), *j;
	size_t i;

	json_array_foreach(f->requests, i, j)
		if (f->forgotten + i + 1 >= from)
			json_array_append(list, j);
	return list;
}

static json_t *param_data(const struct attrs *a)
{
	const struct nlattr *data = a->v[DEVLINK_ATTR_PARAM_VALUE_DATA];
	const struct nlattr *type = a->v[DEVLINK_ATTR_PARAM_TYPE];

	if (type && attr_num(type) == TYPE_FLAG)
		return json_boolean(data);
	if (!data)
		return json_null();
	if (type && attr_num(type) == TYPE_STRING)
		return json_stringn(attr_data(data), strnlen(attr_data(data), attr_len(data)))
			       ?: json_null();
	return number_json(attr_num(data));
}

static void add_number(json_t *j, const char *key, const struct nlattr *a)
{
	if (a)
		json_object_set_new(j, key, number_json(attr_num(a)));
}

static void add_word(json_t *j, const char *key, const struct nlattr *a, const char *const *words,
		     size_t n)
{
	if (a && attr_num(a) < n)
		json_object_set_new(j, key, json_string(words[attr_num(a)]));
}

static void add_details(json_t *j, const struct call *c)
{
	const struct attrs *a = &c->a;
	const struct nlattr *limits = a->v[DEVLINK_ATTR_RELOAD_LIMITS];
	struct nla_bitfield32 bits;

	if (c->command == DEVLINK_CMD_PARAM_SET) {
		json_object_set_new(j, "value", param_data(a));
		if (a->v[ATTR_PARAM_RESET_DEFAULT])
			json_object_set_new(j, "reset", json_true());
		add_word(j, "cmode", a->v[DEVLINK_ATTR_PARAM_VALUE_CMODE], cmodes, 3);
	}
	if (c->command == DEVLINK_CMD_TRAP_GROUP_SET)
		add_number(j, "policer", a->v[DEVLINK_ATTR_TRAP_POLICER_ID]);
	flat_details(j, c);
	if (a->v[DEVLINK_ATTR_LINECARD_TYPE])
		json_object_set_new(j, "type",
				    json_string(call_string(c, DEVLINK_ATTR_LINECARD_TYPE)));
	add_number(j, "count", a->v[DEVLINK_ATTR_PORT_SPLIT_COUNT]);
	add_number(j, "index", a->v[ATTR_INDEX]);
	add_number(j, "size", a->v[DEVLINK_ATTR_RESOURCE_SIZE]);
	add_number(j, "rate", a->v[DEVLINK_ATTR_TRAP_POLICER_RATE]);
	add_number(j, "burst", a->v[DEVLINK_ATTR_TRAP_POLICER_BURST]);
	add_word(j, "action", a->v[DEVLINK_ATTR_TRAP_ACTION], actions, 3);
	add_word(j, "action", a->v[DEVLINK_ATTR_RELOAD_ACTION], reload_actions, 3);
	if (limits && attr_len(limits) == sizeof(bits)) {
		memcpy(&bits, attr_data(limits), sizeof(bits));
		json_object_set_new(j, "limits", json_integer(bits.value & bits.selector));
	}
}

/* A handle that no device has is told as it was written. */
static json_t *handle_json(const struct call *c)
{
	const char *bus = call_string(c, DEVLINK_ATTR_BUS_NAME);
	const char *dev = call_string(c, DEVLINK_ATTR_DEV_NAME);

	if (c->dev)
		return json_string(c->dev->handle);
	return bus && dev ? json_sprintf("%s/%s", bus, dev) : NULL;
}

/** log_start() - a request is being carried out; its error is null until it is over. */
void log_start(struct call *c)
{
	struct fake *f = c->fake;
	char name[HANDLE_SIZE];
	json_t *handle, *j;

	if (c->socket->entry)
		return;
	j = json_pack("{s:I,s:I,s:i,s:s,s:b,s:n}", "n",
		      (json_int_t)(f->forgotten + json_array_size(f->requests) + 1), "time",
		      (json_int_t)f->now, "socket", (int)c->socket->id, "command",
		      c->m->nlmsg_type == GENL_ID_CTRL ? "GETFAMILY" : command_name(c->command),
		      "dump", (c->m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, "error");
	if (c->socket->stranger)
		json_object_set_new(j, "stranger", json_true());
	if (c->checked) {
		handle = handle_json(c);
		if (handle)
			json_object_set_new(j, "handle", handle);
		if (*call_object(c, name))
			json_object_set_new(j, "name", json_string(name));
		add_details(j, c);
	}
	c->socket->entry = json_incref(j);
	json_array_append_new(f->requests, j);
}

/** log_end() - its outcome; also of one that never got as far as its device. */
void log_end(struct call *c, int error)
{
	log_start(c);
	json_object_set_new(c->socket->entry, "error", json_integer(error));
	if (*c->text)
		json_object_set_new(c->socket->entry, "text",
				    json_string(c->text) ?: json_string("?"));
	json_decref(c->socket->entry);
	c->socket->entry = NULL;
}
