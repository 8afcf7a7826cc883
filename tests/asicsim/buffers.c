// SPDX-License-Identifier: GPL-2.0
/*
 * Shared buffers after mlxsw's spectrum_buffers.c: pools in cells, thresholds of ports and traffic
 * classes, which are codes where the pool is dynamic and sizes where it is static. Everything is at
 * the driver's values after a bring-up, and what is of a port after its making.
 */
#include "asicsim.h"

#define CELL		144u
#define CELLS		436906u
#define REST		393216u
#define CPU_CELLS	1778u
#define INFINITE	CELLS
#define CODE_OFFSET	2		/* of a dynamic threshold to what the ASIC takes */
#define CODE_MIN	1
#define CODE_MAX	14

#define INGRESS		DEVLINK_SB_POOL_TYPE_INGRESS
#define EGRESS		DEVLINK_SB_POOL_TYPE_EGRESS
#define STATIC		DEVLINK_SB_THRESHOLD_TYPE_STATIC
#define DYNAMIC		DEVLINK_SB_THRESHOLD_TYPE_DYNAMIC
#define FIRST_MULTICAST	8
#define MULTICAST_POOL	8

/* mlxsw_sp2_sb_pool_dess[], mlxsw_sp2_sb_prs[], mlxsw_sp2_sb_pms[] */
static const struct pool_desc {
	enum devlink_sb_pool_type dir;
	enum devlink_sb_threshold_type type;
	u32 cells, port_threshold;
	bool freeze_type, freeze_size;
} pools[ASICSIM_POOLS] = {
	{ INGRESS, DYNAMIC, REST, 7 },
	{ INGRESS, STATIC, 0, 0 },
	{ INGRESS, STATIC, 0, 0 },
	{ INGRESS, STATIC, 0, 0 },
	{ EGRESS, DYNAMIC, REST, 7, .freeze_type = true },
	{ EGRESS, STATIC, 0, 0 },
	{ EGRESS, STATIC, 0, 0 },
	{ EGRESS, STATIC, 0, 0 },
	{ EGRESS, STATIC, INFINITE, 625, .freeze_type = true, .freeze_size = true },
	{ INGRESS, DYNAMIC, CPU_CELLS, 1, .freeze_type = true, .freeze_size = true },
	{ EGRESS, DYNAMIC, CPU_CELLS, 1, .freeze_type = true, .freeze_size = true },
};

static bool tc_frozen(enum devlink_sb_pool_type dir, u16 tc)
{
	return dir == EGRESS && tc >= FIRST_MULTICAST;
}

/* mlxsw_sp2_sb_cms_ingress[], mlxsw_sp2_sb_cms_egress[] */
static struct asicsim_tc tc_default(enum devlink_sb_pool_type dir, u16 tc)
{
	if (tc_frozen(dir, tc))
		return (struct asicsim_tc) { .pool = MULTICAST_POOL, .threshold = INFINITE };
	if (dir == EGRESS)
		return (struct asicsim_tc) { .pool = 4, .threshold = 9 };
	return (struct asicsim_tc) { .pool = 0, .threshold = tc ? 7 : 8 };
}

/* mlxsw_sp_port_sb_cms_init(), mlxsw_sp_port_sb_pms_init() */
void asicsim_buffers_port_reset(struct asicsim *sim, struct asicsim_port *p)
{
	u16 i;

	if (!sim->model->buffers || p->flavour != DEVLINK_PORT_FLAVOUR_PHYSICAL)
		return;
	for (i = 0; i < ASICSIM_POOLS; i++)
		p->pools[i] = (struct asicsim_quota) { .threshold = pools[i].port_threshold };
	for (i = 0; i < ASICSIM_TCS; i++) {
		p->tcs[INGRESS][i] = tc_default(INGRESS, i);
		p->tcs[EGRESS][i] = tc_default(EGRESS, i);
	}
}

/* mlxsw_sp_buffers_init() */
int asicsim_buffers_up(struct asicsim *sim, struct devlink *devlink)
{
	u32 i;
	int err;

	if (!sim->model->buffers)
		return 0;
	mutex_lock(&sim->lock);
	for (i = 0; i < ASICSIM_POOLS; i++)
		sim->pools[i] = (struct asicsim_pool) { pools[i].type, pools[i].cells };
	mutex_unlock(&sim->lock);
	err = devl_sb_register(devlink, 0, CELLS * CELL, 5, 6, 8, ASICSIM_TCS);
	sim->buffers_on = !err;
	return err;
}

void asicsim_buffers_down(struct asicsim *sim, struct devlink *devlink)
{
	if (sim->buffers_on)
		devl_sb_unregister(devlink, 0);
	sim->buffers_on = false;
}

/* ---- thresholds ---- */

/* mlxsw_sp_sb_threshold_out() */
static u32 threshold_out(const struct asicsim *sim, u16 pool, u32 raw)
{
	return sim->pools[pool].type == DYNAMIC ? raw + CODE_OFFSET : raw * CELL;
}

/* mlxsw_sp_sb_threshold_in() */
static int threshold_in(const struct asicsim *sim, u16 pool, u32 threshold, u32 *raw,
			struct netlink_ext_ack *extack)
{
	if (sim->pools[pool].type != DYNAMIC) {
		*raw = DIV_ROUND_UP(threshold, CELL);
		return 0;
	}
	if (threshold < CODE_MIN + CODE_OFFSET || threshold > CODE_MAX + CODE_OFFSET) {
		NL_SET_ERR_MSG_MOD(extack, "Invalid dynamic threshold value");
		return -EINVAL;
	}
	*raw = threshold - CODE_OFFSET;
	return 0;
}

static struct asicsim_port *port_of(struct devlink_port *port)
{
	return container_of(port, struct asicsim_port, port);
}

/* ---- pools ---- */

int asicsim_pool_get(struct devlink *devlink, unsigned int sb, u16 pool,
		     struct devlink_sb_pool_info *info)
{
	struct asicsim *sim = asicsim_of(devlink);

	mutex_lock(&sim->lock);
	*info = (struct devlink_sb_pool_info) {
		.pool_type = pools[pool].dir, .size = sim->pools[pool].cells * CELL,
		.threshold_type = sim->pools[pool].type, .cell_size = CELL,
	};
	mutex_unlock(&sim->lock);
	return 0;
}

/* A size is compared in bytes with one in cells: what is frozen refuses its own value, too. */
static int pool_check(const struct asicsim *sim, u16 pool, u32 size,
		      enum devlink_sb_threshold_type type, struct netlink_ext_ack *extack)
{
	if (DIV_ROUND_UP(size, CELL) > CELLS) {
		NL_SET_ERR_MSG_MOD(extack, "Exceeded shared buffer size");
		return -EINVAL;
	}
	if (pools[pool].freeze_type && sim->pools[pool].type != type) {
		NL_SET_ERR_MSG_MOD(extack, "Changing this pool's threshold type is forbidden");
		return -EINVAL;
	}
	if (pools[pool].freeze_size && sim->pools[pool].cells != size) {
		NL_SET_ERR_MSG_MOD(extack, "Changing this pool's size is forbidden");
		return -EINVAL;
	}
	return 0;
}

/* mlxsw_sp_sb_pool_set() */
int asicsim_pool_set(struct devlink *devlink, unsigned int sb, u16 pool, u32 size,
		     enum devlink_sb_threshold_type type, struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	char name[ASICSIM_NAME_SIZE];
	int err;

	snprintf(name, sizeof(name), "%u", pool);
	err = asicsim_set_begin(sim, ASICSIM_POOL, name, extack);
	if (!err)
		err = asicsim_set_check(sim, ASICSIM_POOL, name,
					pool_check(sim, pool, size, type, extack));
	if (err)
		return min(err, 0);
	mutex_lock(&sim->lock);
	sim->pools[pool].type = type;
	sim->pools[pool].cells = DIV_ROUND_UP(size, CELL);
	mutex_unlock(&sim->lock);
	asicsim_count(sim, "pool_set %s %u %s", name, size, type == DYNAMIC ? "dynamic" : "static");
	return 0;
}

/* ---- thresholds of ports ---- */

int asicsim_quota_get(struct devlink_port *port, unsigned int sb, u16 pool, u32 *threshold)
{
	struct asicsim *sim = asicsim_of(port->devlink);

	mutex_lock(&sim->lock);
	*threshold = threshold_out(sim, pool, port_of(port)->pools[pool].threshold);
	mutex_unlock(&sim->lock);
	return 0;
}

static int quota_check(struct asicsim *sim, struct asicsim_port *p, u16 pool, u32 threshold,
		       u32 *raw, struct netlink_ext_ack *extack)
{
	if (p->flavour == DEVLINK_PORT_FLAVOUR_CPU) {
		NL_SET_ERR_MSG_MOD(extack, "Changing CPU port's threshold is forbidden");
		return -EINVAL;
	}
	return threshold_in(sim, pool, threshold, raw, extack);
}

/* mlxsw_sp_sb_port_pool_set() */
int asicsim_quota_set(struct devlink_port *port, unsigned int sb, u16 pool, u32 threshold,
		      struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(port->devlink);
	struct asicsim_port *p = port_of(port);
	char name[ASICSIM_NAME_SIZE], own[16];
	int err;
	u32 raw;

	asicsim_port_name(own, sizeof(own), p);
	snprintf(name, sizeof(name), "%s/%u", own, pool);
	err = asicsim_set_begin(sim, ASICSIM_SB_PORT, name, extack);
	if (!err)
		err = asicsim_set_check(sim, ASICSIM_SB_PORT, name,
					quota_check(sim, p, pool, threshold, &raw, extack));
	if (err)
		return min(err, 0);
	mutex_lock(&sim->lock);
	p->pools[pool].threshold = raw;
	mutex_unlock(&sim->lock);
	asicsim_count(sim, "sb_port_set %s %u", name, threshold);
	return 0;
}

/* ---- traffic classes ---- */

int asicsim_tc_get(struct devlink_port *port, unsigned int sb, u16 tc,
		   enum devlink_sb_pool_type dir, u16 *pool, u32 *threshold)
{
	struct asicsim *sim = asicsim_of(port->devlink);
	const struct asicsim_tc *t = &port_of(port)->tcs[dir][tc];

	mutex_lock(&sim->lock);
	*pool = t->pool;
	*threshold = threshold_out(sim, t->pool, t->threshold);
	mutex_unlock(&sim->lock);
	return 0;
}

static int tc_check(struct asicsim *sim, struct asicsim_port *p, u16 tc,
		    enum devlink_sb_pool_type dir, u16 pool, u32 threshold, u32 *raw,
		    struct netlink_ext_ack *extack)
{
	struct asicsim_tc frozen = tc_default(dir, tc);

	if (p->flavour == DEVLINK_PORT_FLAVOUR_CPU) {
		NL_SET_ERR_MSG_MOD(extack, "Changing CPU port's binding is forbidden");
		return -EINVAL;
	}
	if (pools[pool].dir != dir) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Binding egress TC to ingress pool and vice versa is forbidden");
		return -EINVAL;
	}
	if (tc_frozen(dir, tc) && pool != frozen.pool) {
		NL_SET_ERR_MSG_MOD(extack, "Binding this TC to a different pool is forbidden");
		return -EINVAL;
	}
	if (tc_frozen(dir, tc) && threshold != frozen.threshold) {
		NL_SET_ERR_MSG_MOD(extack, "Changing this TC's threshold is forbidden");
		return -EINVAL;
	}
	return threshold_in(sim, pool, threshold, raw, extack);
}

/* mlxsw_sp_sb_tc_pool_bind_set() */
int asicsim_tc_set(struct devlink_port *port, unsigned int sb, u16 tc,
		   enum devlink_sb_pool_type dir, u16 pool, u32 threshold,
		   struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(port->devlink);
	struct asicsim_port *p = port_of(port);
	char name[ASICSIM_NAME_SIZE], own[16];
	int err;
	u32 raw;

	asicsim_port_name(own, sizeof(own), p);
	snprintf(name, sizeof(name), "%s/%s/%u", own, dir == EGRESS ? "egress" : "ingress", tc);
	err = asicsim_set_begin(sim, ASICSIM_SB_TC, name, extack);
	if (!err)
		err = asicsim_set_check(sim, ASICSIM_SB_TC, name,
					tc_check(sim, p, tc, dir, pool, threshold, &raw, extack));
	if (err)
		return min(err, 0);
	mutex_lock(&sim->lock);
	p->tcs[dir][tc] = (struct asicsim_tc) { .pool = pool, .threshold = raw };
	mutex_unlock(&sim->lock);
	asicsim_count(sim, "sb_tc_set %s %u %u", name, pool, threshold);
	return 0;
}

/* ---- occupancy: what was at the last snapshot ---- */

/* mlxsw_sp_sb_occ_snapshot() */
int asicsim_occ_snapshot(struct devlink *devlink, unsigned int sb)
{
	struct asicsim *sim = asicsim_of(devlink);
	struct asicsim_port *p;
	u32 i;

	mutex_lock(&sim->lock);
	list_for_each_entry(p, &sim->ports, node)
		for (i = 0; i < ASICSIM_POOLS; i++) {
			struct asicsim_quota *q = &p->pools[i];

			q->peak = max(q->peak, q->used);
			q->shown = q->used;
			q->shown_peak = q->peak;
		}
	mutex_unlock(&sim->lock);
	return 0;
}

/* mlxsw_sp_sb_occ_max_clear() */
int asicsim_occ_clear(struct devlink *devlink, unsigned int sb)
{
	struct asicsim *sim = asicsim_of(devlink);
	struct asicsim_port *p;
	u32 i;

	mutex_lock(&sim->lock);
	list_for_each_entry(p, &sim->ports, node)
		for (i = 0; i < ASICSIM_POOLS; i++)
			p->pools[i].peak = p->pools[i].used;
	mutex_unlock(&sim->lock);
	return 0;
}

int asicsim_occ_port(struct devlink_port *port, unsigned int sb, u16 pool, u32 *cur, u32 *peak)
{
	*cur = port_of(port)->pools[pool].shown * CELL;
	*peak = port_of(port)->pools[pool].shown_peak * CELL;
	return 0;
}

int asicsim_occ_tc(struct devlink_port *port, unsigned int sb, u16 tc,
		   enum devlink_sb_pool_type dir, u32 *cur, u32 *peak)
{
	*cur = 0;
	*peak = 0;
	return 0;
}

/* ---- for the tester ---- */

/* Cells that packets take, at the next snapshot. */
int asicsim_buffer_fill(struct asicsim *sim, const char *port, u32 pool, u32 cells)
{
	struct asicsim_port *p;

	if (pool >= ASICSIM_POOLS)
		return -EINVAL;
	mutex_lock(&sim->lock);
	p = asicsim_port_find(sim, port);
	if (p)
		p->pools[pool].used = cells;
	mutex_unlock(&sim->lock);
	return p ? 0 : -ENOENT;
}

static void port_show(const struct asicsim *sim, const struct asicsim_port *p, struct seq_file *s)
{
	char name[16];
	u32 i;

	asicsim_port_name(name, sizeof(name), p);
	for (i = 0; i < ASICSIM_POOLS; i++)
		seq_printf(s, "sb_port %s/%u %u\n", name, i,
			   threshold_out(sim, i, p->pools[i].threshold));
	for (i = 0; i < 2 * ASICSIM_TCS; i++) {
		const struct asicsim_tc *t = &p->tcs[i / ASICSIM_TCS][i % ASICSIM_TCS];

		if (i >= 8 && i < ASICSIM_TCS)
			continue;
		seq_printf(s, "sb_tc %s/%s/%u %u %u\n", name,
			   i < ASICSIM_TCS ? "ingress" : "egress", i % ASICSIM_TCS, t->pool,
			   threshold_out(sim, t->pool, t->threshold));
	}
}

/* With sim->lock. */
void asicsim_buffers_show(const struct asicsim *sim, struct seq_file *s)
{
	const struct asicsim_port *p;
	u32 i;

	if (!sim->buffers_on)
		return;
	for (i = 0; i < ASICSIM_POOLS; i++)
		seq_printf(s, "pool %u %s %u\n", i,
			   sim->pools[i].type == DYNAMIC ? "dynamic" : "static",
			   sim->pools[i].cells * CELL);
	list_for_each_entry(p, &sim->ports, node)
		if (p->flavour == DEVLINK_PORT_FLAVOUR_PHYSICAL)
			port_show(sim, p, s);
}
