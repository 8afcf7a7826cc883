// SPDX-License-Identifier: GPL-2.0
/*
 * Ports and their netdevs: those of the board, the CPU's, the parts of a split one, those of a line
 * card, the representors of VFs. A port is made with the driver's values and takes all it has with
 * it when it goes. Who asks for it, and whether it may, is decided elsewhere but for a split.
 */
#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "asicsim.h"

/* ---- names ---- */

void asicsim_port_name(char *buf, size_t size, const struct asicsim_port *p)
{
	char card[16] = "", part[16] = "";

	if (p->flavour == DEVLINK_PORT_FLAVOUR_CPU) {
		strscpy(buf, "cpu", size);
		return;
	}
	if (p->flavour == DEVLINK_PORT_FLAVOUR_PCI_VF) {
		snprintf(buf, size, "vf%u", p->nr);
		return;
	}
	if (p->card)
		snprintf(card, sizeof(card), "l%u", p->card->index);
	if (p->part >= 0)
		snprintf(part, sizeof(part), "s%d", p->part);
	snprintf(buf, size, "%sp%u%s", card, p->nr, part);
}

/* With sim->lock. */
struct asicsim_port *asicsim_port_find(struct asicsim *sim, const char *name)
{
	struct asicsim_port *p;
	char own[ASICSIM_NAME_SIZE];

	list_for_each_entry(p, &sim->ports, node) {
		asicsim_port_name(own, sizeof(own), p);
		if (!strcmp(own, name))
			return p;
	}
	return NULL;
}

/* ---- netdevs ---- */

struct netdev_priv {
	struct devlink_port *port;
};

static netdev_tx_t port_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static __maybe_unused struct devlink_port *port_of(struct net_device *netdev)
{
	return ((struct netdev_priv *)netdev_priv(netdev))->port;
}

static const struct net_device_ops port_ops = {
	.ndo_start_xmit = port_xmit,
	ASICSIM_NDO_PORT(port_of)
};

static int netdev_up(struct asicsim *sim, struct devlink *devlink, struct asicsim_port *p)
{
	char own[ASICSIM_NAME_SIZE], name[IFNAMSIZ];
	struct net_device *netdev;
	int err;

	asicsim_port_name(own, sizeof(own), p);
	if (snprintf(name, sizeof(name), "asim%u%s", sim->id, own) >= sizeof(name))
		return -ENAMETOOLONG;
	netdev = alloc_netdev(sizeof(struct netdev_priv), name, NET_NAME_PREDICTABLE, ether_setup);
	if (!netdev)
		return -ENOMEM;
	((struct netdev_priv *)netdev_priv(netdev))->port = &p->port;
	dev_net_set(netdev, devlink_net(devlink));
	SET_NETDEV_DEV(netdev, &sim->dev);
	netdev->netdev_ops = &port_ops;
	eth_hw_addr_random(netdev);
	asicsim_netdev_born(netdev, &p->port);
	err = register_netdev(netdev);
	if (err) {
		free_netdev(netdev);
		return err;
	}
	mutex_lock(&sim->lock);
	p->netdev = netdev;
	p->ifindex = netdev->ifindex;
	mutex_unlock(&sim->lock);
	asicsim_netdev_ready(netdev, &p->port);
	return 0;
}

/* ---- one port ---- */

static void port_attrs(struct asicsim_port *p, struct devlink_port_attrs *attrs)
{
	attrs->flavour = p->flavour;
	attrs->lanes = p->lanes;
	attrs->splittable = p->lanes > 1 && p->part < 0;
	attrs->split = p->part >= 0;
	attrs->phys.port_number = p->nr;
	attrs->phys.split_subport_number = max(p->part, 0);
}

/* Takes @like for a pattern of the port that is to be. */
int asicsim_port_add(struct asicsim *sim, struct devlink *devlink, const struct asicsim_port *like)
{
	struct devlink_port_attrs attrs = {};
	struct asicsim_port *p;
	int err;

	p = kmemdup(like, sizeof(*like), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	asicsim_buffers_port_reset(sim, p);
	if (p->flavour == DEVLINK_PORT_FLAVOUR_PCI_VF) {
		devlink_port_attrs_pci_vf_set(&p->port, 0, 0, p->nr, false);
	} else {
		port_attrs(p, &attrs);
		devlink_port_attrs_set(&p->port, &attrs);
	}
	if (p->card)
		devlink_port_linecard_set(&p->port, p->card->linecard);
	err = asicsim_port_register(devlink, &p->port, p->index, sim->model->lanes);
	if (err) {
		kfree(p);
		return err;
	}
	mutex_lock(&sim->lock);
	list_add_tail(&p->node, &sim->ports);
	mutex_unlock(&sim->lock);
	if (p->flavour == DEVLINK_PORT_FLAVOUR_CPU)
		return 0;
	if (p->flavour == DEVLINK_PORT_FLAVOUR_PHYSICAL)
		err = asicsim_nic_port_up(sim, p);
	return err ?: netdev_up(sim, devlink, p);
}

static void port_del(struct asicsim *sim, struct asicsim_port *p)
{
	mutex_lock(&sim->lock);
	list_del(&p->node);
	mutex_unlock(&sim->lock);
	if (p->netdev) {
		asicsim_netdev_leaving(&p->port);
		unregister_netdev(p->netdev);
		free_netdev(p->netdev);
	}
	asicsim_nic_port_down(p);
	devl_port_unregister(&p->port);
	kfree(p);
}

/* Those that are asked for, the last one first; @like NULL: all. */
void asicsim_ports_del(struct asicsim *sim,
		       bool (*like)(const struct asicsim_port *p, const void *what),
		       const void *what)
{
	struct asicsim_port *p, *next;

	list_for_each_entry_safe_reverse(p, next, &sim->ports, node)
		if (!like || like(p, what))
			port_del(sim, p);
}

/* ---- those of the board ---- */

/* The ports of the ASIC are counted by lane, so that there is a place for each part. */
u32 asicsim_port_index(const struct asicsim *sim, u32 slot)
{
	return sim->model->lanes ? 1 + slot * sim->model->lanes : 1 + slot;
}

int asicsim_ports_up(struct asicsim *sim, struct devlink *devlink)
{
	struct asicsim_port p = { .part = -1, .flavour = DEVLINK_PORT_FLAVOUR_CPU };
	int err = 0;
	u32 i;

	if (sim->model->cpu_port)
		err = asicsim_port_add(sim, devlink, &p);
	p.flavour = DEVLINK_PORT_FLAVOUR_PHYSICAL;
	p.lanes = sim->model->lanes;
	for (i = 0; !err && i < sim->n_ports; i++) {
		p.nr = i + 1;
		p.index = p.whole = asicsim_port_index(sim, i);
		err = asicsim_port_add(sim, devlink, &p);
	}
	return err;
}

/* ---- splits ---- */

static bool same_place(const struct asicsim_port *p, const void *what)
{
	const struct asicsim_port *other = what;

	return p->flavour == other->flavour && p->card == other->card && p->nr == other->nr;
}

static int parts_add(struct asicsim *sim, struct devlink *devlink, const struct asicsim_port *whole,
		     u32 count)
{
	struct asicsim_port part = *whole;
	int err = 0;
	u32 i;

	part.lanes = whole->lanes / count;
	for (i = 0; !err && i < count; i++) {
		part.part = i;
		part.index = whole->index + i * part.lanes;
		err = asicsim_port_add(sim, devlink, &part);
	}
	return err;
}

/* What a port that is made anew in the place of @p begins with. */
static void pattern(const struct asicsim_port *p, u32 lanes, struct asicsim_port *ret)
{
	*ret = (struct asicsim_port) {
		.flavour = p->flavour, .card = p->card, .nr = p->nr, .part = -1,
		.index = p->whole, .whole = p->whole, .lanes = lanes,
	};
}

/*
 * mlxsw_sp_port_split(): the port goes, and parts come at the ASIC's ports that begin with its own.
 * If they cannot be made, the whole one is made anew.
 */
int asicsim_port_split(struct devlink *devlink, struct devlink_port *port, unsigned int count,
		       struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	struct asicsim_port *p = container_of(port, struct asicsim_port, port), whole;
	char name[ASICSIM_NAME_SIZE];
	int err;

	asicsim_port_name(name, sizeof(name), p);
	err = asicsim_set_begin(sim, ASICSIM_SPLIT, name, extack);
	if (err)
		return min(err, 0);
	pattern(p, p->lanes, &whole);
	asicsim_ports_del(sim, same_place, &whole);
	asicsim_pause(sim, &sim->ports_ms);
	err = parts_add(sim, devlink, &whole, count);
	asicsim_count(sim, "split %s %u", name, count);
	if (!err)
		return 0;
	asicsim_ports_del(sim, same_place, &whole);
	asicsim_port_add(sim, devlink, &whole);
	return err;
}

static u32 lanes_of_all(struct asicsim *sim, const struct asicsim_port *part)
{
	struct asicsim_port *p;
	u32 lanes = 0;

	list_for_each_entry(p, &sim->ports, node)
		if (same_place(p, part))
			lanes += p->lanes;
	return lanes;
}

/* mlxsw_sp_port_unsplit(): by any of the parts. */
int asicsim_port_unsplit(struct devlink *devlink, struct devlink_port *port,
			 struct netlink_ext_ack *extack)
{
	struct asicsim *sim = asicsim_of(devlink);
	struct asicsim_port *p = container_of(port, struct asicsim_port, port), whole;
	char name[ASICSIM_NAME_SIZE];
	int err;

	if (p->part < 0) {
		NL_SET_ERR_MSG_MOD(extack, "Port was not split");
		return -EINVAL;
	}
	pattern(p, lanes_of_all(sim, p), &whole);
	asicsim_port_name(name, sizeof(name), &whole);
	err = asicsim_set_begin(sim, ASICSIM_SPLIT, name, extack);
	if (err)
		return min(err, 0);
	asicsim_ports_del(sim, same_place, &whole);
	asicsim_pause(sim, &sim->ports_ms);
	asicsim_count(sim, "unsplit %s", name);
	return asicsim_port_add(sim, devlink, &whole);
}
