// SPDX-License-Identifier: GPL-2.0
/*
 * Device parameters: runtime values live in the driver and act at once; driverinit values live in
 * the core and are read at each bring-up; permanent values live in the board's NVRAM, outlast
 * everything and act after the next start of the board. Which params exist is the model's affair.
 */
#include "asicsim.h"

static int param_index(const struct asicsim *sim, u32 id)
{
	size_t i;

	for (i = 0; i < sim->model->n_params; i++)
		if (sim->model->params[i].param.id == id)
			return i;
	return -ENOENT;
}

static bool has_cmode(const struct devlink_param *param, enum devlink_param_cmode cmode)
{
	return param->supported_cmodes & BIT(cmode);
}

const char *asicsim_cmode_name(const struct devlink_param *param)
{
	if (has_cmode(param, DEVLINK_PARAM_CMODE_RUNTIME))
		return "runtime";
	return has_cmode(param, DEVLINK_PARAM_CMODE_DRIVERINIT) ? "driverinit" : "permanent";
}

void asicsim_param_print(char *buf, size_t size, const struct devlink_param *param,
			 const union devlink_param_value *val)
{
	size_t i __maybe_unused, len __maybe_unused = 0;

	switch (param->type) {
	case DEVLINK_PARAM_TYPE_U8:
		snprintf(buf, size, "%u", val->vu8);
		break;
	case DEVLINK_PARAM_TYPE_U32:
		snprintf(buf, size, "%u", val->vu32);
		break;
	case DEVLINK_PARAM_TYPE_BOOL:
		snprintf(buf, size, "%s", val->vbool ? "true" : "false");
		break;
	case DEVLINK_PARAM_TYPE_STRING:
		snprintf(buf, size, "%s", val->vstr);
		break;
#if ASICSIM_HAS_RVUISH
	case DEVLINK_PARAM_TYPE_U64:
		snprintf(buf, size, "%llu", val->vu64);
		break;
	case DEVLINK_PARAM_TYPE_U64_ARRAY:
		buf[0] = '\0';
		for (i = 0; i < val->u64arr.size; i++)
			len += scnprintf(buf + len, size - len, "%s%llu", i ? "," : "",
					 val->u64arr.val[i]);
		break;
#endif
	default:
		snprintf(buf, size, "?");
	}
}

int ASICSIM_PARAM_GET(asicsim_param_get)
{
	struct asicsim *sim = asicsim_of(devlink);
	int i = param_index(sim, id);

	if (i < 0)
		return i;
	mutex_lock(&sim->lock);
	ctx->val = ctx->cmode == DEVLINK_PARAM_CMODE_PERMANENT ? sim->params[i].nvram
							       : sim->params[i].active;
	mutex_unlock(&sim->lock);
	return 0;
}

static void param_count(struct asicsim *sim, const char *what, const struct devlink_param *param,
			const union devlink_param_value *val)
{
	char text[40];

	asicsim_param_print(text, sizeof(text), param, val);
	asicsim_count(sim, "%s %s %s %s", what, param->name, asicsim_cmode_name(param), text);
}

int ASICSIM_PARAM_SET(asicsim_param_set)
{
	struct asicsim *sim = asicsim_of(devlink);
	const struct devlink_param *param;
	int i = param_index(sim, id);

	if (i < 0)
		return i;
	param = &sim->model->params[i].param;
	if (asicsim_set_ignored(sim, ASICSIM_PARAM, param->name)) {
		param_count(sim, "param_ignored", param, &ctx->val);
		return 0;
	}
	mutex_lock(&sim->lock);
	if (ctx->cmode == DEVLINK_PARAM_CMODE_PERMANENT)
		sim->params[i].nvram = ctx->val;
	else
		sim->params[i].active = ctx->val;
	mutex_unlock(&sim->lock);
	param_count(sim, "param_set", param, &ctx->val);
	return 0;
}

#if ASICSIM_HAS_RVUISH
int ASICSIM_PARAM_GET(asicsim_param_get_default)
{
	struct asicsim *sim = asicsim_of(devlink);
	int i = param_index(sim, id);

	if (i < 0)
		return i;
	ctx->val = sim->model->params[i].def;
	return 0;
}

int asicsim_param_reset_default(struct devlink *devlink, u32 id, enum devlink_param_cmode cmode,
				struct netlink_ext_ack *extack)
{
	struct devlink_param_gset_ctx ctx = { .cmode = cmode };
	int err = asicsim_param_get_default(devlink, id, &ctx, extack);

	return err ?: asicsim_param_set(devlink, id, &ctx, extack);
}
#endif

/*
 * The one place where every SET passes: a driverinit value is stored by the core and never
 * reaches a set callback, so it is counted here, and ignoring it means not to read it back.
 */
int ASICSIM_PARAM_VALIDATE(asicsim_param_validate)
{
	struct asicsim *sim = asicsim_of(devlink);
	const struct asicsim_param_desc *desc;
	int i = param_index(sim, id);
	bool ignore;
	int err;

	if (i < 0)
		return i;
	desc = &sim->model->params[i];
	err = asicsim_set_fails(sim, ASICSIM_PARAM, desc->param.name, extack);
	if (!err && desc->check)
		err = desc->check(ASICSIM_VALUE(val), extack);
	if (err) {
		param_count(sim, "param_refused", &desc->param, ASICSIM_VALUE(val));
		return err;
	}
	if (!has_cmode(&desc->param, DEVLINK_PARAM_CMODE_DRIVERINIT))
		return 0;
	ignore = asicsim_set_ignored(sim, ASICSIM_PARAM, desc->param.name);
	mutex_lock(&sim->lock);
	sim->params[i].ignore_next = ignore;
	mutex_unlock(&sim->lock);
	param_count(sim, ignore ? "param_ignored" : "param_set", &desc->param, ASICSIM_VALUE(val));
	return 0;
}

/* mlxsw: from 6.3 on the rehash interval is registered by each bring-up, see README.md. */
static bool registered_by_up(const struct asicsim_param_desc *desc)
{
	return ASICSIM_REGISTERS_FIRST && desc->lost_at_init;
}

static int params_register(struct asicsim *sim, struct devlink *devlink, bool by_up)
{
	const struct asicsim_param_desc *desc = sim->model->params;
	size_t i;
	int err;

	for (i = 0; i < sim->model->n_params; i++, desc++) {
		if (registered_by_up(desc) != by_up || sim->params[i].registered)
			continue;
		err = asicsim_params_register(devlink, &desc->param, 1);
		if (err)
			return err;
		sim->params[i].registered = true;
		if (has_cmode(&desc->param, DEVLINK_PARAM_CMODE_DRIVERINIT))
			asicsim_driverinit_set(devlink, desc->param.id, desc->def);
	}
	return 0;
}

static void params_unregister(struct asicsim *sim, struct devlink *devlink, bool by_up)
{
	const struct asicsim_param_desc *desc = sim->model->params;
	size_t i;

	for (i = 0; i < sim->model->n_params; i++, desc++) {
		if (registered_by_up(desc) != by_up || !sim->params[i].registered)
			continue;
		asicsim_params_unregister(devlink, &desc->param, 1);
		sim->params[i].registered = false;
	}
}

/* A new instance: every value but the NVRAM's is the driver's default again. */
int asicsim_params_add(struct asicsim *sim, struct devlink *devlink)
{
	size_t i;
	int err;

	mutex_lock(&sim->lock);
	for (i = 0; i < sim->model->n_params; i++) {
		sim->params[i].ignore_next = false;
		if (!has_cmode(&sim->model->params[i].param, DEVLINK_PARAM_CMODE_PERMANENT))
			sim->params[i].active = sim->model->params[i].def;
	}
	mutex_unlock(&sim->lock);
	err = params_register(sim, devlink, false);
	if (err)
		params_unregister(sim, devlink, false);
	return err;
}

void asicsim_params_del(struct asicsim *sim, struct devlink *devlink)
{
	params_unregister(sim, devlink, false);
}

int asicsim_params_up(struct asicsim *sim, struct devlink *devlink)
{
	const struct asicsim_param_desc *desc = sim->model->params;
	union devlink_param_value val;
	size_t i;

	for (i = 0; i < sim->model->n_params; i++, desc++) {
		struct asicsim_param *p = &sim->params[i];

		if (desc->lost_at_init)
			val = desc->def;
		else if (!has_cmode(&desc->param, DEVLINK_PARAM_CMODE_DRIVERINIT) ||
			 asicsim_driverinit_get(devlink, desc->param.id, &val))
			continue;
		mutex_lock(&sim->lock);
		if (!p->ignore_next)
			p->active = val;
		p->ignore_next = false;
		mutex_unlock(&sim->lock);
	}
	return params_register(sim, devlink, true);
}

void asicsim_params_down(struct asicsim *sim, struct devlink *devlink)
{
	params_unregister(sim, devlink, true);
}

/* The board starts: what NVRAM says comes into force. */
void asicsim_params_power_on(struct asicsim *sim)
{
	size_t i;

	mutex_lock(&sim->lock);
	for (i = 0; i < sim->model->n_params; i++)
		if (has_cmode(&sim->model->params[i].param, DEVLINK_PARAM_CMODE_PERMANENT))
			sim->params[i].active = sim->params[i].nvram;
	mutex_unlock(&sim->lock);
}
