// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kinds of object that are a key and a row of numbers: health reporters, the eswitch. One table
 * says how they look in messages and in facts; what a driver does with a SET is a function of the
 * kind.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEALTH_GRACE, HEALTH_BURST, HEALTH_RECOVER, HEALTH_DUMP };
enum { ESWITCH_MODE };

static const char *const truths[] = {"false", "true", NULL};
static const char *const states[] = {"healthy", "error", NULL};
static const char *const modes[] = {"legacy", "switchdev", "switchdev_inactive", NULL};
static const char *const inline_modes[] = {"none", "link", "network", "transport", NULL};

struct flat_field {
	const char *name;
	uint16_t attr;
	unsigned size; /* bytes in a message */
	bool fixed;    /* no SET takes it */
	const char *const *words;
};

struct flat_key {
	uint16_t attr;
	unsigned size; /* 0: a string */
	bool port;     /* in facts its physical number, "p1" */
};

/* devlink_nl_health_reporter_set_doit() */
static int set_health(struct call *c, struct flat *o, const struct nlattr *const *new)
{
	if (!o->v[HEALTH_RECOVER].has &&
	    (new[HEALTH_GRACE] || new[HEALTH_RECOVER] || new[HEALTH_BURST]))
		return -EOPNOTSUPP;
	if (!o->v[HEALTH_DUMP].has && new[HEALTH_DUMP])
		return -EOPNOTSUPP;
	if (new[HEALTH_GRACE]) {
		o->v[HEALTH_GRACE].num = attr_num(new[HEALTH_GRACE]);
		if (!o->v[HEALTH_GRACE].num)
			o->v[HEALTH_BURST].num = 0;
	}
	if (c->fake->line >= FAKE_7_3 && new[HEALTH_BURST]) {
		if (attr_num(new[HEALTH_BURST]) && !o->v[HEALTH_GRACE].num)
			return -EINVAL;
		o->v[HEALTH_BURST].num = attr_num(new[HEALTH_BURST]);
	}
	for (unsigned i = HEALTH_RECOVER; i <= HEALTH_DUMP; i++)
		if (new[i])
			o->v[i].num = attr_num(new[i]) != 0;
	return 0;
}

static bool traps_are_active(const struct device *d)
{
	for (size_t i = 0; i < d->n_traps; i++)
		if (d->traps[i].type == DEVLINK_TRAP_TYPE_DROP &&
		    d->traps[i].action != DEVLINK_TRAP_ACTION_DROP)
			return true;
	return false;
}

/* nsim_devlink_eswitch_mode_set(), mlx5_devlink_eswitch_mode_set(); each field with its own op. */
static int set_eswitch(struct call *c, struct flat *o, const struct nlattr *const *new)
{
	const struct nlattr *mode = new[ESWITCH_MODE];

	if (mode && attr_num(mode) > (c->fake->line >= FAKE_7_3 ? 2 : 1))
		return -ERANGE;
	for (unsigned i = 0; i < FLAT_FIELDS; i++)
		if (new[i] && !o->v[i].has)
			return -EOPNOTSUPP;
	if (mode && attr_num(mode) == 2 && !c->dev->quirks.inactive)
		return -EINVAL;
	if (mode && attr_num(mode) && c->dev->quirks.traps_need_legacy &&
	    o->v[ESWITCH_MODE].num != attr_num(mode) && traps_are_active(c->dev)) {
		call_say_driver(c, "Switchdev mode is not supported when traps are active");
		return -EOPNOTSUPP;
	}
	for (unsigned i = 0; i < FLAT_FIELDS; i++)
		if (new[i])
			o->v[i].num = attr_num(new[i]);
	return 0;
}

/* Kept over a reload: what the driver makes at its probe only. */
static bool keeps_health(const struct device *d, const struct flat *o)
{
	return d->quirks.health_survives && o->port < 0;
}

static bool keeps_eswitch(const struct device *d, const struct flat *o)
{
	(void)o;
	return d->quirks.eswitch_survives;
}

static const struct flat_kind {
	const char *section;
	uint8_t get, set;
	uint16_t nest;
	int absent; /* errno of a key that there is not */
	struct flat_key keys[FLAT_KEYS];
	struct flat_field fields[FLAT_FIELDS];
	int (*change)(struct call *c, struct flat *o, const struct nlattr *const *new);
	bool (*keeps)(const struct device *d, const struct flat *o);
} kinds[] = {
	{"health_reporters",
	 DEVLINK_CMD_HEALTH_REPORTER_GET,
	 DEVLINK_CMD_HEALTH_REPORTER_SET,
	 DEVLINK_ATTR_HEALTH_REPORTER,
	 EINVAL,
	 {{DEVLINK_ATTR_PORT_INDEX, 4, true}, {DEVLINK_ATTR_HEALTH_REPORTER_NAME, 0, false}},
	 {{"grace_period", DEVLINK_ATTR_HEALTH_REPORTER_GRACEFUL_PERIOD, 8, false, NULL},
	  {"burst_period", ATTR_BURST_PERIOD, 8, false, NULL},
	  {"auto_recover", DEVLINK_ATTR_HEALTH_REPORTER_AUTO_RECOVER, 1, false, truths},
	  {"auto_dump", DEVLINK_ATTR_HEALTH_REPORTER_AUTO_DUMP, 1, false, truths},
	  {"state", DEVLINK_ATTR_HEALTH_REPORTER_STATE, 1, true, states},
	  {"errors", DEVLINK_ATTR_HEALTH_REPORTER_ERR_COUNT, 8, true, NULL},
	  {"recoveries", DEVLINK_ATTR_HEALTH_REPORTER_RECOVER_COUNT, 8, true, NULL}},
	 set_health,
	 keeps_health},
	{"eswitch",
	 DEVLINK_CMD_ESWITCH_GET,
	 DEVLINK_CMD_ESWITCH_SET,
	 0,
	 EOPNOTSUPP,
	 {{0, 0, false}},
	 {{"mode", DEVLINK_ATTR_ESWITCH_MODE, 2, false, modes},
	  {"inline_mode", DEVLINK_ATTR_ESWITCH_INLINE_MODE, 1, false, inline_modes},
	  {"encap", DEVLINK_ATTR_ESWITCH_ENCAP_MODE, 1, false, truths}},
	 set_eswitch,
	 keeps_eswitch},
};

static const struct flat_kind *kind_of(uint8_t command)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].get == command || kinds[i].set == command)
			return &kinds[i];
	return NULL;
}

static void put_number(struct bytes *b, uint16_t attr, unsigned size, uint64_t n)
{
	switch (size) {
	case 1:
		put_u8(b, attr, (uint8_t)n);
		return;
	case 2:
		put_u16(b, attr, (uint16_t)n);
		return;
	case 4:
		put_u32(b, attr, (uint32_t)n);
		return;
	default:
		put_u64(b, attr, n);
	}
}

/* A port's attribute is at the top level, all others of a kind with a nest in it. */
static int fill_flat(struct fake *f, struct bytes *b, const struct device *d,
		     const struct flat_kind *k, const struct flat *o)
{
	size_t nest = 0;

	b->pad = f->pad;
	put_handle(b, d);
	if (o->port >= 0)
		put_u32(b, DEVLINK_ATTR_PORT_INDEX, (uint32_t)o->port);
	if (k->nest)
		nest = nest_start(b, k->nest);
	for (unsigned i = 0; i < FLAT_KEYS; i++) {
		if (!k->keys[i].attr || k->keys[i].port)
			continue;
		if (k->keys[i].size)
			put_number(b, k->keys[i].attr, k->keys[i].size, o->key[i].num);
		else
			put_string(b, k->keys[i].attr, o->key[i].str);
	}
	for (unsigned i = 0; i < FLAT_FIELDS; i++)
		if (o->v[i].has && (k->fields[i].attr != ATTR_BURST_PERIOD || f->line >= FAKE_7_3))
			put_number(b, k->fields[i].attr, k->fields[i].size, o->v[i].num);
	if (k->nest)
		nest_end(b, nest);
	return 0;
}

static bool key_is(const struct flat_key *k, const struct flat *o, unsigned i,
		   const struct attrs *a)
{
	const struct nlattr *attr = a->v[k->attr];

	if (k->port)
		return attr ? o->port == (int64_t)attr_num(attr) : o->port < 0;
	if (!attr)
		return false;
	return k->size ? o->key[i].num == attr_num(attr)
		       : strcmp(o->key[i].str, attr_data(attr)) == 0;
}

/** flat_find() - the object that a request is about, or NULL. */
struct flat *flat_find(const struct call *c)
{
	const struct flat_kind *k = kind_of(c->command);

	for (size_t i = 0; k && c->dev && i < c->dev->n_flats; i++) {
		struct flat *o = &c->dev->flats[i];
		bool same = o->kind == (size_t)(k - kinds);

		for (unsigned n = 0; same && n < FLAT_KEYS && k->keys[n].attr; n++)
			same = key_is(&k->keys[n], o, n, &c->a);
		if (same)
			return o;
	}
	return NULL;
}

int get_flat(struct call *c)
{
	const struct flat_kind *k = kind_of(c->command);
	const struct flat *o = flat_find(c);
	const struct flat none = {.port = -1};
	struct bytes b = {};
	size_t at;

	if (k->keys[0].attr && (!o || !c->dev->up))
		return -k->absent;
	at = reply_start(c, &b, c->command, 0);
	fill_flat(c->fake, &b, c->dev, k, o ? o : &none);
	reply_send(c, &b, at);
	return 0;
}

int set_flat(struct call *c)
{
	const struct flat_kind *k = kind_of(c->command);
	const struct nlattr *new[FLAT_FIELDS] = {};
	struct flat *o = flat_find(c);

	if (!o || !c->dev->up)
		return -k->absent;
	for (unsigned i = 0; i < FLAT_FIELDS; i++)
		if (k->fields[i].attr && !k->fields[i].fixed)
			new[i] = c->a.v[k->fields[i].attr];
	return k->change(c, o, new);
}

/** flats_of() - how many objects a dump of @command has. */
size_t flats_of(const struct device *d, uint8_t command)
{
	const struct flat_kind *k = kind_of(command);
	size_t n = 0;

	for (size_t i = 0; k && d->up && i < d->n_flats; i++)
		n += d->flats[i].kind == (size_t)(k - kinds);
	return n;
}

/** flat_dump() - object @i of a dump: the device's come first. */
int flat_dump(struct fake *f, struct bytes *b, const struct device *d, uint8_t command, size_t i)
{
	const struct flat_kind *k = kind_of(command);

	for (int of_port = 0; of_port <= 1; of_port++) {
		for (size_t n = 0; n < d->n_flats; n++) {
			const struct flat *o = &d->flats[n];

			if (o->kind != (size_t)(k - kinds) || (o->port >= 0) != of_port)
				continue;
			if (i-- == 0)
				return fill_flat(f, b, d, k, o);
		}
	}
	return -EOPNOTSUPP;
}

/** flats_reset() - back to the driver's own values; @reload: but for what it keeps then. */
void flats_reset(struct device *d, bool reload)
{
	for (size_t i = 0; i < d->n_flats; i++) {
		struct flat *o = &d->flats[i];

		if (!reload || !kinds[o->kind].keeps(d, o))
			memcpy(o->v, o->initial, sizeof(o->v));
	}
}

static bool read_word(json_t *j, const char *const *words, uint64_t *ret)
{
	for (unsigned i = 0; words && words[i] && json_is_string(j); i++) {
		if (strcmp(words[i], json_string_value(j)) == 0) {
			*ret = i;
			return true;
		}
	}
	return number_read(j, ret);
}

static bool read_key(struct flat *o, const struct flat_kind *k, const char *name)
{
	char *text = o->text = strdup(name), *part;

	for (unsigned i = 0; text && i < FLAT_KEYS && k->keys[i].attr; i++) {
		if (k->keys[i].port) {
			o->port = -1;
			if (!strchr(name, '/'))
				continue;
			part = strsep(&text, "/");
			o->port = *part == 'p' ? strtol(part + 1, NULL, 10) - 1 : -1;
			if (o->port < 0)
				return false;
			continue;
		}
		part = strsep(&text, "/");
		o->key[i].str = part;
		o->key[i].num = strtoul(part, NULL, 10);
	}
	return o->text;
}

static bool read_flat(struct device *d, const struct flat_kind *k, const char *name, json_t *j)
{
	struct flat *o;

	d->flats = realloc(d->flats, (d->n_flats + 1) * sizeof(*d->flats));
	if (!d->flats)
		abort();
	o = &d->flats[d->n_flats++];
	*o = (struct flat){.kind = (size_t)(k - kinds), .name = name, .port = -1};
	if (!read_key(o, k, name))
		return false;
	for (unsigned i = 0; i < FLAT_FIELDS && k->fields[i].name; i++) {
		json_t *value = json_object_get(j, k->fields[i].name);

		o->v[i].has = value;
		if (value && !read_word(value, k->fields[i].words, &o->v[i].num))
			return false;
	}
	if (k->fields[HEALTH_BURST].attr ==
	    ATTR_BURST_PERIOD) /* the kernel's own, where it has it */
		o->v[HEALTH_BURST].has = o->v[HEALTH_RECOVER].has;
	memcpy(o->initial, o->v, sizeof(o->v));
	return true;
}

/** flats_load() - of a facts document. Return: NULL, or the name that is wrong. */
const char *flats_load(struct device *d, json_t *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		json_t *section = json_object_get(facts, kinds[i].section), *j;
		const char *name;

		if (section && !kinds[i].keys[0].attr) {
			if (!read_flat(d, &kinds[i], kinds[i].section, section))
				return kinds[i].section;
			continue;
		}
		json_object_foreach(section, name, j)
			if (!read_flat(d, &kinds[i], name, j))
				return name;
	}
	return NULL;
}

/** flats_bind_ports() - ports of facts are numbers, and there are so many; make them indexes. */
void flats_bind_ports(struct device *d)
{
	for (size_t i = 0; i < d->n_flats; i++)
		if (d->flats[i].port >= d->quirks.ports)
			d->quirks.ports = (unsigned)d->flats[i].port + 1;
	for (size_t i = 0; i < d->n_flats; i++)
		if (d->flats[i].port >= 0)
			d->flats[i].port =
				port_index(d, (unsigned)d->flats[i].port + d->quirks.cpu_port);
}

void flats_free(struct device *d)
{
	for (size_t i = 0; i < d->n_flats; i++)
		free(d->flats[i].text);
	free(d->flats);
}

/** flats_json() - add the sections to what tests look at. */
void flats_json(const struct device *d, json_t *all)
{
	for (size_t i = 0; i < d->n_flats; i++) {
		const struct flat *o = &d->flats[i];
		const struct flat_kind *k = &kinds[o->kind];
		json_t *section = json_object_get(all, k->section), *j = json_object();

		if (!section) {
			section = json_object();
			json_object_set_new(all, k->section, section);
		}
		for (unsigned n = 0; n < FLAT_FIELDS && k->fields[n].name; n++)
			if (o->v[n].has)
				json_object_set_new(
					j, k->fields[n].name,
					k->fields[n].words
						? json_string(k->fields[n].words[o->v[n].num])
						: number_json(o->v[n].num));
		if (k->keys[0].attr)
			json_object_set_new(section, o->name, j);
		else
			json_object_set_new(all, k->section, j);
	}
}

/** flat_details() - what a SET asks for, in the log of requests. */
void flat_details(json_t *j, const struct call *c)
{
	const struct flat_kind *k = kind_of(c->command);

	for (unsigned i = 0; k && k->set == c->command && i < FLAT_FIELDS; i++) {
		const struct flat_field *f = &k->fields[i];

		if (f->attr && c->a.v[f->attr])
			json_object_set_new(j, f->name, number_json(attr_num(c->a.v[f->attr])));
	}
}

/** flat_is_switchdev() - is the eswitch in another mode than legacy? */
bool flat_is_switchdev(const struct device *d)
{
	for (size_t i = 0; i < d->n_flats; i++)
		if (kinds[d->flats[i].kind].get == DEVLINK_CMD_ESWITCH_GET &&
		    d->flats[i].v[ESWITCH_MODE].num)
			return true;
	return false;
}
