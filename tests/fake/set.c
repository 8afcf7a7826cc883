// SPDX-License-Identifier: GPL-2.0-or-later
/* The SET commands: which checks, in which order, with which errno, as in Linux. */
#include "model.h"

#include <errno.h>
#include <string.h>

struct param *param_find(struct device *d, const char *name)
{
	for (size_t i = 0; i < d->n_params; i++)
		if (strcmp(d->params[i].name, name) == 0)
			return &d->params[i];
	return NULL;
}

struct trap *trap_find(struct device *d, const char *name)
{
	for (size_t i = 0; i < d->n_traps; i++)
		if (strcmp(d->traps[i].name, name) == 0)
			return &d->traps[i];
	return NULL;
}

struct group *group_find(struct device *d, const char *name)
{
	for (size_t i = 0; i < d->n_groups; i++)
		if (strcmp(d->groups[i].name, name) == 0)
			return &d->groups[i];
	return NULL;
}

struct policer *policer_find(struct device *d, uint32_t id)
{
	for (size_t i = 0; i < d->n_policers; i++)
		if (d->policers[i].id == id)
			return &d->policers[i];
	return NULL;
}

struct resource *resource_find(struct device *d, const char *path)
{
	for (size_t i = 0; i < d->n_resources; i++)
		if (strcmp(d->resources[i].path, path) == 0)
			return &d->resources[i];
	return NULL;
}

struct resource *resource_by_id(struct device *d, uint64_t id)
{
	for (size_t i = 0; i < d->n_resources; i++)
		if (d->resources[i].id == id)
			return &d->resources[i];
	return NULL;
}

static bool string_ok(const struct nlattr *a)
{
	size_t len = attr_len(a), n = strnlen(attr_data(a), len);

	return n < len && n < STRING_SIZE;
}

/* devlink_param_value_get_from_info(): exact lengths, unlike the policy's minimum. */
static int value_of(struct call *c, enum param_type type, struct value *ret)
{
	static const size_t sizes[] = {
		[TYPE_U8] = 1, [TYPE_U16] = 2, [TYPE_U32] = 4, [TYPE_U64] = 8};
	const struct nlattr *a = c->a.v[DEVLINK_ATTR_PARAM_VALUE_DATA];

	*ret = (struct value){.has = true};
	if (type == TYPE_FLAG) {
		ret->num = a != NULL;
		return a && attr_len(a) ? -EINVAL : 0;
	}
	if (!a)
		return -EINVAL;
	if (type == TYPE_STRING) {
		if (!string_ok(a))
			return -EINVAL;
		strcpy(ret->str, attr_data(a));
		return 0;
	}
	ret->num = attr_num(a);
	return attr_len(a) == sizes[type] ? 0 : -EINVAL;
}

static int validate_param(struct call *c, const struct param *p, const struct value *v)
{
	bool good =
		!p->limited || (p->zero && v->num == 0) || (v->num >= p->min && v->num <= p->max);

	for (size_t i = 0; p->words; i++) {
		good = p->words[i] && strcmp(p->words[i], v->str) == 0;
		if (good || !p->words[i])
			break;
	}
	if (good)
		return 0;
	call_say_driver(c, "The value is out of range");
	return -EINVAL;
}

static int set_mode(struct call *c, struct param *p, unsigned cmode, const struct value *v)
{
	switch (cmode) {
	case DEVLINK_PARAM_CMODE_RUNTIME:
		p->mode[cmode].now = p->mode[cmode].active = *v;
		break;
	case DEVLINK_PARAM_CMODE_DRIVERINIT: /* from 6.3 on kept apart from the old one */
		if (c->fake->line >= FAKE_6_12)
			p->mode[cmode].fresh = *v;
		else
			p->mode[cmode].now = *v;
		break;
	case DEVLINK_PARAM_CMODE_PERMANENT: /* in NVRAM */
		p->mode[cmode].now = *v;
		break;
	}
	notify_param(c->fake, c->dev, p, DEVLINK_CMD_PARAM_NEW);
	return 0;
}

/* A flag that older kernels do not see: there the absent value is what is set. */
static int reset_param(struct call *c, struct param *p)
{
	uint64_t cmode;

	if (!c->a.v[DEVLINK_ATTR_PARAM_VALUE_CMODE])
		return call_missing(c, DEVLINK_ATTR_PARAM_VALUE_CMODE);
	cmode = attr_num(c->a.v[DEVLINK_ATTR_PARAM_VALUE_CMODE]);
	if (cmode >= N_CMODES || !p->mode[cmode].supported)
		return -EOPNOTSUPP;
	if (p->mode[cmode].preset.has)
		return set_mode(c, p, (unsigned)cmode, &p->mode[cmode].preset);
	if (cmode == DEVLINK_PARAM_CMODE_DRIVERINIT)
		call_say(c, "Default value not available");
	return -EOPNOTSUPP;
}

/** set_param() - __devlink_nl_cmd_param_set_doit(): the validator comes before the cmode check. */
int set_param(struct call *c)
{
	const char *name = call_string(c, DEVLINK_ATTR_PARAM_NAME);
	struct param *p;
	struct value v;
	uint64_t cmode;
	int r;

	if (!name)
		return call_missing(c, DEVLINK_ATTR_PARAM_NAME);
	p = param_find(c->dev, name);
	if (!p || (p->by_up && !c->dev->up))
		return -EINVAL;
	if (!c->a.v[DEVLINK_ATTR_PARAM_TYPE])
		return call_missing(c, DEVLINK_ATTR_PARAM_TYPE);
	if (attr_num(c->a.v[DEVLINK_ATTR_PARAM_TYPE]) != (uint64_t)p->type)
		return -EINVAL;
	if (c->fake->line >= FAKE_7_3 && c->a.v[ATTR_PARAM_RESET_DEFAULT])
		return reset_param(c, p);
	r = value_of(c, p->type, &v);
	if (r == 0)
		r = validate_param(c, p, &v);
	if (r)
		return r;
	if (!c->a.v[DEVLINK_ATTR_PARAM_VALUE_CMODE])
		return call_missing(c, DEVLINK_ATTR_PARAM_VALUE_CMODE);
	cmode = attr_num(c->a.v[DEVLINK_ATTR_PARAM_VALUE_CMODE]);
	if (cmode >= N_CMODES || !p->mode[cmode].supported)
		return -EOPNOTSUPP;
	return set_mode(c, p, (unsigned)cmode, &v);
}

/* devlink_resource_validate_size(): all three run; the text is that of the last one violated. */
static int validate_size(struct call *c, const struct resource *r, uint64_t size)
{
	int error = 0;

	if (size > r->max) {
		call_say(c, "Size larger than maximum");
		error = -EINVAL;
	}
	if (size < r->min) {
		call_say(c, "Size smaller than minimum");
		error = -EINVAL;
	}
	if (size % r->granularity) {
		call_say(c, "Wrong granularity");
		error = -EINVAL;
	}
	return error;
}

/** set_resource() - a sum that does not fit is accepted here, and refused by the reload. */
int set_resource(struct call *c)
{
	struct resource *r;
	uint64_t size;
	int error;

	if (!c->a.v[DEVLINK_ATTR_RESOURCE_ID])
		return call_missing(c, DEVLINK_ATTR_RESOURCE_ID);
	if (!c->a.v[DEVLINK_ATTR_RESOURCE_SIZE])
		return call_missing(c, DEVLINK_ATTR_RESOURCE_SIZE);
	r = resource_by_id(c->dev, attr_num(c->a.v[DEVLINK_ATTR_RESOURCE_ID]));
	if (!r)
		return -EINVAL;
	size = attr_num(c->a.v[DEVLINK_ATTR_RESOURCE_SIZE]);
	error = validate_size(c, r, size);
	if (error)
		return error;
	if (c->rule && c->rule->effect == RULE_CLAMP && size > c->rule->value)
		size = c->rule->value;
	r->size_new = size;
	resource_validate(c->dev, (size_t)(r - c->dev->resources));
	if (r->parent)
		resource_validate(c->dev, r->parent - 1);
	return 0;
}

/* __devlink_trap_action_set(): success, though nothing was done, for traps that are no drops. */
static int set_action(struct call *c, struct trap *t, uint8_t action)
{
	if (t->action != action && t->type != DEVLINK_TRAP_TYPE_DROP) {
		call_say(c, "Cannot change action of non-drop traps. Skipping");
		return 0;
	}
	if (t->source || (c->dev->quirks.traps_need_legacy && flat_is_switchdev(c->dev)))
		return -EOPNOTSUPP;
	if (action == DEVLINK_TRAP_ACTION_MIRROR && !c->dev->quirks.mirror)
		return -c->dev->quirks.mirror_error;
	t->action = action;
	return 0;
}

static int action_of(struct call *c, uint8_t *ret)
{
	uint64_t n = attr_num(c->a.v[DEVLINK_ATTR_TRAP_ACTION]);

	*ret = (uint8_t)n;
	if (n <= DEVLINK_TRAP_ACTION_MIRROR)
		return 0;
	call_say(c, "Invalid trap action");
	return -EINVAL;
}

int set_trap(struct call *c)
{
	const char *name = call_string(c, DEVLINK_ATTR_TRAP_NAME);
	struct trap *t = name ? trap_find(c->dev, name) : NULL;
	uint8_t action;
	int r;

	if (!c->dev->n_traps || !device_has_traps(c->dev))
		return -EOPNOTSUPP;
	if (!t) {
		call_say(c, "Device did not register this trap");
		return -ENOENT;
	}
	if (!c->a.v[DEVLINK_ATTR_TRAP_ACTION])
		return 0;
	r = action_of(c, &action);
	return r ? r : set_action(c, t, action);
}

/* Stops at the first trap that the driver refuses; those before stay changed. */
static int set_group_action(struct call *c, const struct group *g, bool *ret_modified)
{
	size_t index = (size_t)(g - c->dev->groups);
	uint8_t action;
	int r;

	if (!c->a.v[DEVLINK_ATTR_TRAP_ACTION])
		return 0;
	r = action_of(c, &action);
	for (size_t i = 0; r == 0 && i < c->dev->n_traps; i++)
		if (c->dev->traps[i].group == index)
			r = set_action(c, &c->dev->traps[i], action);
	if (r == 0)
		*ret_modified = true;
	return r;
}

static int set_group_policer(struct call *c, struct group *g)
{
	uint32_t id;

	if (!c->a.v[DEVLINK_ATTR_TRAP_POLICER_ID])
		return 0;
	if (!c->dev->quirks.group_set)
		return -EOPNOTSUPP;
	id = (uint32_t)attr_num(c->a.v[DEVLINK_ATTR_TRAP_POLICER_ID]);
	if (id && !policer_find(c->dev, id)) {
		call_say(c, "Device did not register this trap policer");
		return -ENOENT;
	}
	if (g->fixed && id != g->initial)
		return -EOPNOTSUPP;
	g->policer = id;
	return 0;
}

int set_group(struct call *c)
{
	const char *name = call_string(c, DEVLINK_ATTR_TRAP_GROUP_NAME);
	struct group *g = name ? group_find(c->dev, name) : NULL;
	bool modified = false;
	int r;

	if (!c->dev->n_groups || !device_has_traps(c->dev))
		return -EOPNOTSUPP;
	if (!g) {
		call_say(c, "Device did not register this trap group");
		return -ENOENT;
	}
	r = set_group_action(c, g, &modified);
	if (r)
		return r;
	r = set_group_policer(c, g);
	if (r && modified)
		call_say(c, "Trap group set failed, but some changes were committed already");
	return r;
}

static int validate_policer(struct call *c, uint64_t rate, uint64_t burst)
{
	const struct quirks *q = &c->dev->quirks;

	if (rate < q->rate_min)
		call_say(c, "Policer rate lower than limit");
	else if (rate > q->rate_max)
		call_say(c, "Policer rate higher than limit");
	else if (burst < q->burst_min)
		call_say(c, "Policer burst size lower than limit");
	else if (burst > q->burst_max)
		call_say(c, "Policer burst size higher than limit");
	else if (q->burst_power_of_two && (burst & (burst - 1)))
		call_say_driver(c, "Policer burst size is not power of two");
	else
		return 0;
	return -EINVAL;
}

int set_policer(struct call *c)
{
	const struct nlattr *id = c->a.v[DEVLINK_ATTR_TRAP_POLICER_ID];
	const struct nlattr *rate = c->a.v[DEVLINK_ATTR_TRAP_POLICER_RATE];
	const struct nlattr *burst = c->a.v[DEVLINK_ATTR_TRAP_POLICER_BURST];
	struct policer *p = id ? policer_find(c->dev, (uint32_t)attr_num(id)) : NULL;
	uint64_t new_rate, new_burst;
	int r;

	if (!c->dev->n_policers || !device_has_traps(c->dev))
		return -EOPNOTSUPP;
	if (!p) {
		call_say(c, "Device did not register this trap policer");
		return -ENOENT;
	}
	new_rate = rate ? attr_num(rate) : p->rate;
	new_burst = burst ? attr_num(burst) : p->burst;
	r = validate_policer(c, new_rate, new_burst);
	if (r)
		return r;
	p->rate = new_rate;
	p->burst = new_burst;
	return 0;
}
