/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between the kernels asicsim is built for, and nothing else: no other file
 * looks at LINUX_VERSION_CODE.
 *
 * The great divide is 6.3: before it an instance is registered after everything else, params
 * cannot come and go while it is registered, and traps may stay registered during a reload;
 * from it on the instance is registered first and a driver_reinit must clear all traps.
 */
#ifndef ASICSIM_COMPAT_H
#define ASICSIM_COMPAT_H

#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/devlink.h>

#define ASICSIM_HAS_EAPOL		(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0))
#define ASICSIM_REGISTERS_FIRST		(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0))

/* Arrays of numbers come with it, as do defaults and instances without a device shortly before. */
#define ASICSIM_VALUE_BY_POINTER	(LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0))
#define ASICSIM_HAS_RVUISH		ASICSIM_VALUE_BY_POINTER

/* mlxsw traps ARP where it made copies before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define ASICSIM_ARP(id, group) CONTROL(id, group)
#else
#define ASICSIM_ARP(id, group) COPY(id, group)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define ASICSIM_BUS_CONST const
#else
#define ASICSIM_BUS_CONST
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define ASICSIM_PARAM_SET(fn)						\
	fn(struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx,	\
	   struct netlink_ext_ack *extack)
#else
#define ASICSIM_PARAM_SET(fn)						\
	fn(struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define ASICSIM_PARAM_GET(fn)						\
	fn(struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx,	\
	   struct netlink_ext_ack *extack)
#else
#define ASICSIM_PARAM_GET(fn)						\
	fn(struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx)
#endif

/* A value of a param comes by pointer where it is large. */
#if ASICSIM_VALUE_BY_POINTER
#define ASICSIM_PARAM_VALIDATE(fn)					\
	fn(struct devlink *devlink, u32 id, union devlink_param_value *val,	\
	   struct netlink_ext_ack *extack)
#define ASICSIM_VALUE(val)		(val)
#else
#define ASICSIM_PARAM_VALIDATE(fn)					\
	fn(struct devlink *devlink, u32 id, union devlink_param_value val,	\
	   struct netlink_ext_ack *extack)
#define ASICSIM_VALUE(val)		(&(val))
#endif

/*
 * A text only known at run time. Before 6.2 an extended ACK merely points to its text, which is
 * sent after the callback has returned: hence the ring.
 */
static inline void asicsim_text(struct netlink_ext_ack *extack, const char *text)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	if (extack)
		NL_SET_ERR_MSG_FMT(extack, "%s", text);
#else
	static char ring[16][80];
	static atomic_t next;
	char *slot = ring[(unsigned int)atomic_inc_return(&next) % ARRAY_SIZE(ring)];

	strscpy(slot, text, sizeof(ring[0]));
	if (extack)
		extack->_msg = slot;
#endif
}

/* A reporter's own grace period: an argument before 6.18, of its operations from then on. */
#define ASICSIM_TX_GRACE	500
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define ASICSIM_GRACE(ms) .default_graceful_period = ms,
#else
#define ASICSIM_GRACE(ms)
#endif

#if ASICSIM_REGISTERS_FIRST

static inline void asicsim_devlink_begin(struct devlink *devlink)
{
	devl_lock(devlink);
	devl_register(devlink);
}

static inline void asicsim_devlink_publish(struct devlink *devlink)
{
	devl_unlock(devlink);
}

static inline void asicsim_devlink_withdraw(struct devlink *devlink)
{
	devl_lock(devlink);
}

static inline void asicsim_devlink_end(struct devlink *devlink)
{
	devl_unregister(devlink);
	devl_unlock(devlink);
}

static inline struct devlink_health_reporter *
asicsim_reporter_create(struct devlink *devlink, const struct devlink_health_reporter_ops *ops,
			void *priv)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return devl_health_reporter_create(devlink, ops, priv);
#else
	return devl_health_reporter_create(devlink, ops, 0, priv);
#endif
}

static inline struct devlink_health_reporter *
asicsim_port_reporter_create(struct devlink_port *port,
			     const struct devlink_health_reporter_ops *ops, void *priv)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return devl_port_health_reporter_create(port, ops, priv);
#else
	return devl_port_health_reporter_create(port, ops, ASICSIM_TX_GRACE, priv);
#endif
}

#define asicsim_reporter_destroy	devl_health_reporter_destroy
#define asicsim_port_reporter_destroy	devl_health_reporter_destroy
#define asicsim_linecard_create		devl_linecard_create
#define asicsim_linecard_destroy	devl_linecard_destroy
#define asicsim_params_register		devl_params_register
#define asicsim_params_unregister	devl_params_unregister
#define asicsim_driverinit_get		devl_param_driverinit_value_get
#define asicsim_param_changed		devl_param_value_changed

#else

static inline void asicsim_devlink_begin(struct devlink *devlink)
{
	devl_lock(devlink);
}

static inline void asicsim_devlink_publish(struct devlink *devlink)
{
	devlink_set_features(devlink, DEVLINK_F_RELOAD);
	devl_unlock(devlink);
	devlink_register(devlink);
}

static inline void asicsim_devlink_withdraw(struct devlink *devlink)
{
	devlink_unregister(devlink);
	devl_lock(devlink);
}

static inline void asicsim_devlink_end(struct devlink *devlink)
{
	devl_unlock(devlink);
}

static inline struct devlink_health_reporter *
asicsim_reporter_create(struct devlink *devlink, const struct devlink_health_reporter_ops *ops,
			void *priv)
{
	return devlink_health_reporter_create(devlink, ops, 0, priv);
}

static inline struct devlink_health_reporter *
asicsim_port_reporter_create(struct devlink_port *port,
			     const struct devlink_health_reporter_ops *ops, void *priv)
{
	return devlink_port_health_reporter_create(port, ops, ASICSIM_TX_GRACE, priv);
}

#define asicsim_reporter_destroy	devlink_health_reporter_destroy
#define asicsim_port_reporter_destroy	devlink_port_health_reporter_destroy
#define asicsim_linecard_create		devlink_linecard_create
#define asicsim_linecard_destroy	devlink_linecard_destroy
#define asicsim_params_register		devlink_params_register
#define asicsim_params_unregister	devlink_params_unregister
#define asicsim_driverinit_get		devlink_param_driverinit_value_get
#define asicsim_param_changed		devlink_param_value_changed

#endif

static inline void asicsim_driverinit_set(struct devlink *devlink, u32 id,
					  union devlink_param_value val)
{
#if ASICSIM_VALUE_BY_POINTER
	devl_param_driverinit_value_set(devlink, id, &val);
#elif ASICSIM_REGISTERS_FIRST
	devl_param_driverinit_value_set(devlink, id, val);
#else
	devlink_param_driverinit_value_set(devlink, id, val);
#endif
}

/*
 * The instance without a device in which those of one chip are nested; NULL where the kernel has no
 * such. It is there as long as one of them is. Before @devlink is registered.
 */
static inline struct devlink *asicsim_shared_get(struct devlink *devlink, struct device *dev,
						 const struct devlink_ops *ops)
{
#if ASICSIM_HAS_RVUISH
	struct devlink *shared = devlink_shd_get("asicsim", ops, 0, dev->driver);

	if (!shared)
		return NULL;
	devl_lock(shared);
	if (devl_nested_devlink_set(shared, devlink))
		dev_warn(dev, "not nested\n");
	devl_unlock(shared);
	return shared;
#else
	return NULL;
#endif
}

static inline void asicsim_shared_put(struct devlink *shared)
{
#if ASICSIM_HAS_RVUISH
	if (shared)
		devlink_shd_put(shared);
#endif
}

/* Who the driver is: from 6.2 on the core takes it from the struct device. */
static inline int asicsim_info_driver(struct devlink_info_req *req, const char *name)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return 0;
#else
	return devlink_info_driver_name_put(req, name);
#endif
}

/*
 * Port and netdev: from 6.2 on the netdev carries a pointer and the core follows its life,
 * before it the driver tells each change and answers .ndo_get_devlink_port.
 */
static inline void asicsim_netdev_born(struct net_device *netdev, struct devlink_port *port)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	SET_NETDEV_DEVLINK_PORT(netdev, port);
#endif
}

static inline void asicsim_netdev_ready(struct net_device *netdev, struct devlink_port *port)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	devlink_port_type_eth_set(port, netdev);
#endif
}

static inline void asicsim_netdev_leaving(struct devlink_port *port)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	devlink_port_type_clear(port);
#endif
}

/* Splits are an operation of the instance before 6.5, of each port from then on. */
int asicsim_port_split(struct devlink *devlink, struct devlink_port *port, unsigned int count,
		       struct netlink_ext_ack *extack);
int asicsim_port_unsplit(struct devlink *devlink, struct devlink_port *port,
			 struct netlink_ext_ack *extack);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define ASICSIM_SPLIT_OPS
#else
#define ASICSIM_SPLIT_OPS .port_split = asicsim_port_split, .port_unsplit = asicsim_port_unsplit,
#endif

/* @splits: it is one of a personality that has splits at all. */
static inline int asicsim_port_register(struct devlink *devlink, struct devlink_port *port,
					unsigned int index, bool splits)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	static const struct devlink_port_ops ops = {
		.port_split = asicsim_port_split, .port_unsplit = asicsim_port_unsplit,
	};

	return devl_port_register_with_ops(devlink, port, index, splits ? &ops : NULL);
#else
	return devl_port_register(devlink, port, index);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define ASICSIM_NDO_PORT(fn) .ndo_get_devlink_port = fn,
#else
#define ASICSIM_NDO_PORT(fn)
#endif

#endif
