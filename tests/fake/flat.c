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
enum { POOL_SIZE, POOL_TYPE, POOL_DIRECTION, POOL_CELL };
enum { SB_PORT_THRESHOLD };
enum { TC_POOL, TC_THRESHOLD };
enum { CODE_OFFSET = 2 }; /* mlxsw_sp_sb_threshold_out() */
enum {
	KEY_SB = 0,
	KEY_POOL = 1,
	PORT_KEY_SB = 1,
	PORT_KEY_POOL = 2,
	TC_KEY_TYPE = 2,
	TC_KEY_TC = 3
};

static const char *const truths[] = {"false", "true", NULL};
static const char *const states[] = {"healthy", "error", NULL};
static const char *const modes[] = {"legacy", "switchdev", "switchdev_inactive", NULL};
static const char *const directions[] = {"ingress", "egress", NULL};
static const char *const thresholds[] = {"static", "dynamic", NULL};
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
	const char *const *words;
};

/* devlink_nl_health_reporter_set_doit() */
static int set_health(struct call *c, struct flat *o, const struct nlattr *const *new)
{
	bool burst = new[HEALTH_BURST] && c->fake->line >= FAKE_7_3;

	if (!o->v[HEALTH_RECOVER].has && (new[HEALTH_GRACE] || new[HEALTH_RECOVER] || burst))
		return -EOPNOTSUPP;
	if (!o->v[HEALTH_DUMP].has && new[HEALTH_DUMP])
		return -EOPNOTSUPP;
	if (new[HEALTH_GRACE]) {
		o->v[HEALTH_GRACE].num = attr_num(new[HEALTH_GRACE]);
		if (!o->v[HEALTH_GRACE].num)
			o->v[HEALTH_BURST].num = 0;
	}
	if (burst) {
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

static const struct flat *pool_find(const struct device *d, uint64_t sb, uint64_t pool);

/* mlxsw_sp_sb_pr_write(): a pool's thresholds mean something else under another type. */
static void reckon_thresholds(struct device *d, const struct flat *pool);

static bool is_frozen_pool(const struct device *d, const struct flat *o, bool type)
{
	uint64_t n = o->key[KEY_POOL].num;

	return d->quirks.frozen_buffers && (n >= 8 || (type && n == 4));
}

/* devlink_nl_sb_pool_set_doit(), mlxsw_sp_sb_pool_set(): the size is compared in cells. */
static int set_pool(struct call *c, struct flat *o, const struct nlattr *const *new)
{
	uint64_t size, type, cell = o->v[POOL_CELL].num ?: 1;

	if (!new[POOL_TYPE]) /* nor is it said what is missing */
		return -EINVAL;
	if (!new[POOL_SIZE])
		return call_missing(c, DEVLINK_ATTR_SB_POOL_SIZE);
	size = (attr_num(new[POOL_SIZE]) + cell - 1) / cell * cell;
	type = attr_num(new[POOL_TYPE]);
	if (type > 1)
		return c->fake->line >= FAKE_6_12 ? -ERANGE : -EINVAL;
	if ((type != o->v[POOL_TYPE].num && is_frozen_pool(c->dev, o, true)) ||
	    is_frozen_pool(c->dev, o, false)) {
		call_say_driver(c, "Changing this pool is not allowed");
		return -EINVAL;
	}
	o->v[POOL_SIZE].num = size;
	if (type == o->v[POOL_TYPE].num)
		return 0;
	o->v[POOL_TYPE].num = type;
	reckon_thresholds(c->dev, o);
	return 0;
}

/* In cells, where it is one in bytes. */
static uint64_t rounded(const struct flat *pool, uint64_t n)
{
	uint64_t cell = pool->v[POOL_CELL].num ?: 1;

	return pool->v[POOL_TYPE].num ? n : (n + cell - 1) / cell * cell;
}

static int check_threshold(struct call *c, const struct flat *pool, uint64_t threshold)
{
	if (!pool->v[POOL_TYPE].num || (threshold >= 3 && threshold <= 16))
		return 0;
	call_say_driver(c, "Invalid dynamic threshold value");
	return -EINVAL;
}

/* mlxsw_sp_sb_port_pool_set() */
static int set_sb_port(struct call *c, struct flat *o, const struct nlattr *const *new)
{
	const struct flat *pool =
		pool_find(c->dev, o->key[PORT_KEY_SB].num, o->key[PORT_KEY_POOL].num);
	int r;

	if (!new[SB_PORT_THRESHOLD])
		return call_missing(c, DEVLINK_ATTR_SB_THRESHOLD);
	r = check_threshold(c, pool, attr_num(new[SB_PORT_THRESHOLD]));
	if (r == 0)
		o->v[SB_PORT_THRESHOLD].num = rounded(pool, attr_num(new[SB_PORT_THRESHOLD]));
	return r;
}

/* mlxsw_sp_sb_tc_pool_bind_set() */
static int set_tc(struct call *c, struct flat *o, const struct nlattr *const *new)
{
	const struct flat *pool;
	int r;

	if (!new[TC_POOL])
		return -EINVAL;
	if (!new[TC_THRESHOLD])
		return call_missing(c, DEVLINK_ATTR_SB_THRESHOLD);
	pool = pool_find(c->dev, o->key[PORT_KEY_SB].num, attr_num(new[TC_POOL]));
	if (!pool)
		return -EINVAL;
	if (pool->v[POOL_DIRECTION].num != o->key[TC_KEY_TYPE].num) {
		call_say_driver(c, "Binding egress TC to ingress pool and vice versa is forbidden");
		return -EINVAL;
	}
	if (c->dev->quirks.frozen_buffers && o->key[TC_KEY_TYPE].num &&
	    o->key[TC_KEY_TC].num >= 8) {
		call_say_driver(c, "Binding this TC to a different pool is forbidden");
		return -EINVAL;
	}
	r = check_threshold(c, pool, attr_num(new[TC_THRESHOLD]));
	if (r)
		return r;
	o->v[TC_POOL].num = attr_num(new[TC_POOL]);
	o->v[TC_THRESHOLD].num = rounded(pool, attr_num(new[TC_THRESHOLD]));
	return 0;
}

static bool keeps_nothing(const struct device *d, const struct flat *o)
{
	(void)d;
	(void)o;
	return false;
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
	const char *within, *section; /* within: the section that it is a part of, or NULL */
	uint8_t get, set, reply;
	uint16_t nest;
	int absent; /* errno of a key that there is not */
	struct flat_key keys[FLAT_KEYS];
	struct flat_field fields[FLAT_FIELDS];
	int (*change)(struct call *c, struct flat *o, const struct nlattr *const *new);
	bool (*keeps)(const struct device *d, const struct flat *o);
} kinds[] = {
	{NULL,
	 "health_reporters",
	 DEVLINK_CMD_HEALTH_REPORTER_GET,
	 DEVLINK_CMD_HEALTH_REPORTER_SET,
	 DEVLINK_CMD_HEALTH_REPORTER_GET,
	 DEVLINK_ATTR_HEALTH_REPORTER,
	 EINVAL,
	 {{DEVLINK_ATTR_PORT_INDEX, 4, true, NULL},
	  {DEVLINK_ATTR_HEALTH_REPORTER_NAME, 0, false, NULL}},
	 {{"grace_period", DEVLINK_ATTR_HEALTH_REPORTER_GRACEFUL_PERIOD, 8, false, NULL},
	  {"burst_period", ATTR_BURST_PERIOD, 8, false, NULL},
	  {"auto_recover", DEVLINK_ATTR_HEALTH_REPORTER_AUTO_RECOVER, 1, false, truths},
	  {"auto_dump", DEVLINK_ATTR_HEALTH_REPORTER_AUTO_DUMP, 1, false, truths},
	  {"state", DEVLINK_ATTR_HEALTH_REPORTER_STATE, 1, true, states},
	  {"errors", DEVLINK_ATTR_HEALTH_REPORTER_ERR_COUNT, 8, true, NULL},
	  {"recoveries", DEVLINK_ATTR_HEALTH_REPORTER_RECOVER_COUNT, 8, true, NULL}},
	 set_health,
	 keeps_health},
	{NULL,
	 "eswitch",
	 DEVLINK_CMD_ESWITCH_GET,
	 DEVLINK_CMD_ESWITCH_SET,
	 DEVLINK_CMD_ESWITCH_GET,
	 0,
	 EOPNOTSUPP,
	 {{0, 0, false, NULL}},
	 {{"mode", DEVLINK_ATTR_ESWITCH_MODE, 2, false, modes},
	  {"inline_mode", DEVLINK_ATTR_ESWITCH_INLINE_MODE, 1, false, inline_modes},
	  {"encap", DEVLINK_ATTR_ESWITCH_ENCAP_MODE, 1, false, truths}},
	 set_eswitch,
	 keeps_eswitch},
	{"shared_buffers",
	 "pools",
	 DEVLINK_CMD_SB_POOL_GET,
	 DEVLINK_CMD_SB_POOL_SET,
	 DEVLINK_CMD_SB_POOL_NEW,
	 0,
	 EINVAL,
	 {{DEVLINK_ATTR_SB_INDEX, 4, false, NULL}, {DEVLINK_ATTR_SB_POOL_INDEX, 2, false, NULL}},
	 {{"size", DEVLINK_ATTR_SB_POOL_SIZE, 4, false, NULL},
	  {"type", DEVLINK_ATTR_SB_POOL_THRESHOLD_TYPE, 1, false, thresholds},
	  {"direction", DEVLINK_ATTR_SB_POOL_TYPE, 1, true, directions},
	  {"cell", DEVLINK_ATTR_SB_POOL_CELL_SIZE, 4, true, NULL}},
	 set_pool,
	 keeps_nothing},
	{"shared_buffers",
	 "ports",
	 DEVLINK_CMD_SB_PORT_POOL_GET,
	 DEVLINK_CMD_SB_PORT_POOL_SET,
	 DEVLINK_CMD_SB_PORT_POOL_NEW,
	 0,
	 EINVAL,
	 {{DEVLINK_ATTR_PORT_INDEX, 4, true, NULL},
	  {DEVLINK_ATTR_SB_INDEX, 4, false, NULL},
	  {DEVLINK_ATTR_SB_POOL_INDEX, 2, false, NULL}},
	 {{"threshold", DEVLINK_ATTR_SB_THRESHOLD, 4, false, NULL}},
	 set_sb_port,
	 keeps_nothing},
	{"shared_buffers",
	 "tcs",
	 DEVLINK_CMD_SB_TC_POOL_BIND_GET,
	 DEVLINK_CMD_SB_TC_POOL_BIND_SET,
	 DEVLINK_CMD_SB_TC_POOL_BIND_NEW,
	 0,
	 EINVAL,
	 {{DEVLINK_ATTR_PORT_INDEX, 4, true, NULL},
	  {DEVLINK_ATTR_SB_INDEX, 4, false, NULL},
	  {DEVLINK_ATTR_SB_POOL_TYPE, 1, false, directions},
	  {DEVLINK_ATTR_SB_TC_INDEX, 2, false, NULL}},
	 {{"pool", DEVLINK_ATTR_SB_POOL_INDEX, 2, false, NULL},
	  {"threshold", DEVLINK_ATTR_SB_THRESHOLD, 4, false, NULL}},
	 set_tc,
	 keeps_nothing},
};

static const struct flat *pool_find(const struct device *d, uint64_t sb, uint64_t pool)
{
	for (size_t i = 0; i < d->n_flats; i++)
		if (kinds[d->flats[i].kind].change == set_pool &&
		    d->flats[i].key[KEY_SB].num == sb && d->flats[i].key[KEY_POOL].num == pool)
			return &d->flats[i];
	return NULL;
}

/* What the driver has of a threshold is shown as a code, or in bytes. */
static uint64_t reckon(uint64_t threshold, const struct flat *pool)
{
	uint64_t cell = pool->v[POOL_CELL].num ?: 1;

	return pool->v[POOL_TYPE].num ? threshold / cell + CODE_OFFSET
				      : (threshold - CODE_OFFSET) * cell;
}

static void reckon_thresholds(struct device *d, const struct flat *pool)
{
	for (size_t i = 0; i < d->n_flats; i++) {
		struct flat *o = &d->flats[i];

		if (kinds[o->kind].change == set_sb_port &&
		    o->key[PORT_KEY_POOL].num == pool->key[KEY_POOL].num)
			o->v[SB_PORT_THRESHOLD].num = reckon(o->v[SB_PORT_THRESHOLD].num, pool);
		if (kinds[o->kind].change == set_tc && o->v[TC_POOL].num == pool->key[KEY_POOL].num)
			o->v[TC_THRESHOLD].num = reckon(o->v[TC_THRESHOLD].num, pool);
	}
}

/* The driver's own threshold of a port that is made, as the pool is now. */
static void reckon_new(struct device *d, struct flat *o)
{
	bool tc = kinds[o->kind].change == set_tc, port = kinds[o->kind].change == set_sb_port;
	const struct flat *pool = NULL;

	if (tc || port)
		pool = pool_find(d, o->key[PORT_KEY_SB].num,
				 tc ? o->v[TC_POOL].num : o->key[PORT_KEY_POOL].num);
	if (pool && pool->v[POOL_TYPE].num != pool->initial[POOL_TYPE].num) {
		uint64_t *threshold = &o->v[tc ? TC_THRESHOLD : SB_PORT_THRESHOLD].num;

		*threshold = reckon(*threshold, pool);
	}
}

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

/* By kind; the device's come first, then those of its ports by index, as in xarrays. */
static int by_place(const void *a, const void *b)
{
	const struct flat *x = *(struct flat *const *)a, *y = *(struct flat *const *)b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return x < y ? -1 : 1;
}

/* What a kernel finds at once is not searched for here either. */
static void put_in_order(struct device *d)
{
	if (d->n_ordered == d->n_flats)
		return;
	free(d->ordered);
	d->ordered = calloc(d->n_flats, sizeof(*d->ordered));
	if (!d->ordered)
		abort();
	for (size_t i = 0; i < d->n_flats; i++)
		d->ordered[i] = &d->flats[i];
	qsort(d->ordered, d->n_flats, sizeof(*d->ordered), by_place);
	d->n_ordered = d->n_flats;
}

static void lose_order(struct device *d)
{
	d->n_ordered = 0;
}

/* The first in order that is not before the port @port (-1: the device) of the kind @kind. */
static size_t place_of(struct device *d, size_t kind, int64_t port)
{
	size_t low = 0, high = d->n_flats;

	put_in_order(d);
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct flat *o = d->ordered[middle];

		if (o->kind < kind || (o->kind == kind && o->port < port))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_asked_for(const struct flat_kind *k, const struct flat *o, const struct attrs *a)
{
	for (unsigned n = 0; n < FLAT_KEYS && k->keys[n].attr; n++)
		if (!key_is(&k->keys[n], o, n, a))
			return false;
	return true;
}

/** flat_find() - the object that a request is about, or NULL. */
struct flat *flat_find(const struct call *c)
{
	const struct flat_kind *k = kind_of(c->command);
	const struct nlattr *index = c->a.v[DEVLINK_ATTR_PORT_INDEX];
	size_t kind = (size_t)(k - kinds);
	int64_t port = k && k->keys[0].port && index ? (int64_t)attr_num(index) : -1;
	struct device *d = c->dev;

	for (size_t i = k && d ? place_of(d, kind, port) : 0; k && d && i < d->n_flats; i++) {
		struct flat *o = d->ordered[i];

		if (o->kind != kind || o->port != port)
			break;
		if (is_asked_for(k, o, &c->a))
			return o;
	}
	return NULL;
}

/** flat_reply() - the command of an answer to a GET or a dump. */
uint8_t flat_reply(uint8_t command)
{
	const struct flat_kind *k = kind_of(command);

	if (command == DEVLINK_CMD_LINECARD_GET)
		return DEVLINK_CMD_LINECARD_NEW;
	return k ? k->reply : command;
}

static bool has_buffer(const struct device *d, const struct nlattr *sb)
{
	for (size_t i = 0; i < d->n_flats; i++)
		if (kinds[d->flats[i].kind].change == set_pool &&
		    d->flats[i].key[KEY_SB].num == attr_num(sb))
			return true;
	return false;
}

/* devlink_sb_get_from_info(); a port is looked for before anything else. */
static int absent(const struct call *c, const struct flat_kind *k)
{
	const struct nlattr *port = c->a.v[DEVLINK_ATTR_PORT_INDEX],
			    *sb = c->a.v[DEVLINK_ATTR_SB_INDEX];

	if (!k->within)
		return -k->absent;
	if (k->keys[0].port && port && !port_by_index(c->dev, attr_num(port)))
		return -ENODEV;
	return sb && !has_buffer(c->dev, sb) ? -ENODEV : -k->absent;
}

int get_flat(struct call *c)
{
	const struct flat_kind *k = kind_of(c->command);
	const struct flat *o = flat_find(c);
	const struct flat none = {.port = -1};
	struct bytes b = {};
	size_t at;

	if (k->keys[0].attr && (!o || !c->dev->up))
		return absent(c, k);
	at = reply_start(c, &b, flat_reply(c->command), 0);
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
		return absent(c, k);
	for (unsigned i = 0; i < FLAT_FIELDS; i++)
		if (k->fields[i].attr && !k->fields[i].fixed)
			new[i] = c->a.v[k->fields[i].attr];
	return k->change(c, o, new);
}

/** flats_of() - how many objects a dump of @command has. */
size_t flats_of(struct device *d, uint8_t command)
{
	const struct flat_kind *k = kind_of(command);
	size_t kind = (size_t)(k - kinds);

	return k && d->up ? place_of(d, kind + 1, -1) - place_of(d, kind, -1) : 0;
}

/** flat_dump() - object @i of a dump. */
int flat_dump(struct fake *f, struct bytes *b, struct device *d, uint8_t command, size_t i)
{
	const struct flat_kind *k = kind_of(command);
	size_t kind = (size_t)(k - kinds), at = place_of(d, kind, -1) + i;

	if (at >= d->n_flats || d->ordered[at]->kind != kind)
		return -EOPNOTSUPP;
	return fill_flat(f, b, d, k, d->ordered[at]);
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
	struct port port;

	for (unsigned i = 0; text && i < FLAT_KEYS && k->keys[i].attr; i++) {
		if (k->keys[i].port) {
			o->port = -1;
			if (k->change == set_health && !strchr(name, '/'))
				continue;
			part = strsep(&text, "/");
			if (!port_parse(part, &port))
				return false;
			continue;
		}
		part = strsep(&text, "/");
		o->key[i].str = part;
		o->key[i].num = strtoul(part, NULL, 10);
		for (unsigned n = 0; k->keys[i].words && k->keys[i].words[n]; n++)
			if (strcmp(part, k->keys[i].words[n]) == 0)
				o->key[i].num = n;
	}
	return o->text;
}

static struct flat *add_flat(struct device *d, const struct flat_kind *k)
{
	struct flat *o;

	lose_order(d);
	d->flats = realloc(d->flats, (d->n_flats + 1) * sizeof(*d->flats));
	if (!d->flats)
		abort();
	o = &d->flats[d->n_flats++];
	*o = (struct flat){.kind = (size_t)(k - kinds), .port = -1};
	return o;
}

static bool read_flat(struct device *d, const struct flat_kind *k, const char *name, json_t *j)
{
	struct flat *o = add_flat(d, k);

	o->name = name;
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
		json_t *root = kinds[i].within ? json_object_get(facts, kinds[i].within) : facts;
		json_t *section = json_object_get(root, kinds[i].section), *j;
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

/* The port in the name of @o, by which facts know it. Return: false where it is of none. */
static bool port_of(const struct flat *o, struct port *ret)
{
	const struct flat_kind *k = &kinds[o->kind];
	char label[HANDLE_SIZE];

	if (!k->keys[0].port || (k->change == set_health && !strchr(o->name, '/')))
		return false;
	snprintf(label, sizeof(label), "%.*s", (int)strcspn(o->name, "/"), o->name);
	return port_parse(label, ret);
}

/** flats_highest_port() - the highest number of a port that one of facts is of; 0: none. */
unsigned flats_highest_port(const struct device *d)
{
	unsigned highest = 0;
	struct port p;

	for (size_t i = 0; i < d->n_flats; i++)
		if (port_of(&d->flats[i], &p) && p.card < 0 && p.number > highest)
			highest = p.number;
	return highest;
}

/** flats_bind_ports() - those of facts know the names of ports. Return: NULL, or one of no port. */
const char *flats_bind_ports(struct device *d)
{
	char label[HANDLE_SIZE];
	struct port p;

	for (size_t i = 0; i < d->n_flats; i++) {
		const struct port *port;

		if (!port_of(&d->flats[i], &p))
			continue;
		port = port_by_label(d, port_label(&p, label));
		if (!port)
			return d->flats[i].name;
		d->flats[i].port = port->index;
	}
	lose_order(d);
	return NULL;
}

/** flats_move_port() - what port @from has is from now on of @to. */
void flats_move_port(struct device *d, unsigned from, unsigned to)
{
	for (size_t i = 0; i < d->n_flats; i++)
		if (d->flats[i].port == from)
			d->flats[i].port = to;
	lose_order(d);
}

/** flats_copy_port() - @to is made where @from was: it has the same, with the driver's values. */
void flats_copy_port(struct device *d, unsigned from, const struct port *to)
{
	size_t n = d->n_flats;

	for (size_t i = 0; i < n; i++) {
		const struct flat_kind *k = &kinds[d->flats[i].kind];
		char label[HANDLE_SIZE];
		struct flat *o;

		if (d->flats[i].port != from)
			continue;
		o = add_flat(d, k);
		memcpy(o->initial, d->flats[i].initial, sizeof(o->initial));
		memcpy(o->v, o->initial, sizeof(o->v));
		if (asprintf(&o->own, "%s%s", port_label(to, label),
			     strchr(d->flats[i].name, '/')) < 0)
			abort();
		o->name = o->own;
		read_key(o, k, o->name);
		o->port = to->index;
		reckon_new(d, o);
	}
}

static void free_flat(struct flat *o)
{
	free(o->text);
	free(o->own);
}

/** flats_drop_port() - what the port with this index has goes with it. */
void flats_drop_port(struct device *d, unsigned index)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_flats; i++) {
		if (d->flats[i].port == index)
			free_flat(&d->flats[i]);
		else
			d->flats[n++] = d->flats[i];
	}
	d->n_flats = n;
	lose_order(d);
}

void flats_free(struct device *d)
{
	for (size_t i = 0; i < d->n_flats; i++)
		free_flat(&d->flats[i]);
	free(d->flats);
	free(d->ordered);
}

static json_t *section_json(json_t *root, const char *name)
{
	json_t *section = json_object_get(root, name);

	if (section)
		return section;
	section = json_object();
	json_object_set_new(root, name, section);
	return section;
}

/** flats_json() - add the sections to what tests look at. */
void flats_json(const struct device *d, json_t *all)
{
	for (size_t i = 0; i < d->n_flats; i++) {
		const struct flat *o = &d->flats[i];
		const struct flat_kind *k = &kinds[o->kind];
		json_t *root = k->within ? section_json(all, k->within) : all;
		json_t *section = section_json(root, k->section), *j = json_object();

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
