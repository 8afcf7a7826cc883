// SPDX-License-Identifier: GPL-2.0
/*
 * The kinds of board asicsim knows, as tables: traps, groups, policers, resources, params and
 * firmware of each personality. Constants only; what is done with them is decided elsewhere.
 * README.md names the function of the real driver that each table and each rule models.
 */
#include "asicsim.h"

#undef IPV6_ROUTER_ALERT	/* an option number of the IPv6 API; here the trap is meant */

#define TRAP(_type, _action, _id, _group)						\
	{ .trap = DEVLINK_TRAP_GENERIC(_type, _action, _id,				\
				       DEVLINK_TRAP_GROUP_GENERIC_ID_##_group,		\
				       DEVLINK_TRAP_METADATA_TYPE_F_IN_PORT) }
#define DROP(_id, _group)	TRAP(DROP, DROP, _id, _group)
#define EXCEPTION(_id, _group)	TRAP(EXCEPTION, TRAP, _id, _group)
#define CONTROL(_id, _group)	TRAP(CONTROL, TRAP, _id, _group)
#define COPY(_id, _group)	TRAP(CONTROL, MIRROR, _id, _group)
#define ARP(_id)		ASICSIM_ARP(_id, NEIGH_DISCOVERY)
#define GROUP(_id, _policer)	{ .group = DEVLINK_TRAP_GROUP_GENERIC(_id, _policer) }

enum {
	TRAP_ID_IRIF_DISABLED = DEVLINK_TRAP_GENERIC_ID_MAX + 1,
	TRAP_ID_ERIF_DISABLED,
};

#define DRIVER_DROP(_id, _name)								\
	{ .trap = DEVLINK_TRAP_DRIVER(DROP, DROP, _id, _name,				\
				      DEVLINK_TRAP_GROUP_GENERIC_ID_L3_DROPS,		\
				      DEVLINK_TRAP_METADATA_TYPE_F_IN_PORT) }

static const struct asicsim_trap_desc spectrum_traps[] = {
	DROP(SMAC_MC, L2_DROPS),
	DROP(VLAN_TAG_MISMATCH, L2_DROPS),
	DROP(INGRESS_VLAN_FILTER, L2_DROPS),
	DROP(INGRESS_STP_FILTER, L2_DROPS),
	DROP(EMPTY_TX_LIST, L2_DROPS),
	DROP(PORT_LOOPBACK_FILTER, L2_DROPS),
	DROP(BLACKHOLE_ROUTE, L3_DROPS),
	DROP(NON_IP_PACKET, L3_DROPS),
	DROP(UC_DIP_MC_DMAC, L3_DROPS),
	DROP(DIP_LB, L3_DROPS),
	DROP(SIP_MC, L3_DROPS),
	DROP(SIP_LB, L3_DROPS),
	DROP(CORRUPTED_IP_HDR, L3_DROPS),
	DROP(IPV4_SIP_BC, L3_DROPS),
	DROP(IPV6_MC_DIP_RESERVED_SCOPE, L3_DROPS),
	DROP(IPV6_MC_DIP_INTERFACE_LOCAL_SCOPE, L3_DROPS),
	EXCEPTION(MTU_ERROR, L3_EXCEPTIONS),
	EXCEPTION(TTL_ERROR, L3_EXCEPTIONS),
	EXCEPTION(RPF, L3_EXCEPTIONS),
	EXCEPTION(REJECT_ROUTE, L3_EXCEPTIONS),
	EXCEPTION(UNRESOLVED_NEIGH, L3_EXCEPTIONS),
	EXCEPTION(IPV4_LPM_UNICAST_MISS, L3_EXCEPTIONS),
	EXCEPTION(IPV6_LPM_UNICAST_MISS, L3_EXCEPTIONS),
	DRIVER_DROP(TRAP_ID_IRIF_DISABLED, "irif_disabled"),
	DRIVER_DROP(TRAP_ID_ERIF_DISABLED, "erif_disabled"),
	DROP(NON_ROUTABLE, L3_DROPS),
	EXCEPTION(DECAP_ERROR, TUNNEL_DROPS),
	DROP(OVERLAY_SMAC_MC, TUNNEL_DROPS),
	DROP(INGRESS_FLOW_ACTION_DROP, ACL_DROPS),
	DROP(EGRESS_FLOW_ACTION_DROP, ACL_DROPS),
	CONTROL(STP, STP),
	CONTROL(LACP, LACP),
	CONTROL(LLDP, LLDP),
	COPY(IGMP_QUERY, MC_SNOOPING),
	CONTROL(IGMP_V1_REPORT, MC_SNOOPING),
	CONTROL(IGMP_V2_REPORT, MC_SNOOPING),
	CONTROL(IGMP_V3_REPORT, MC_SNOOPING),
	CONTROL(IGMP_V2_LEAVE, MC_SNOOPING),
	COPY(MLD_QUERY, MC_SNOOPING),
	CONTROL(MLD_V1_REPORT, MC_SNOOPING),
	CONTROL(MLD_V2_REPORT, MC_SNOOPING),
	CONTROL(MLD_V1_DONE, MC_SNOOPING),
	CONTROL(IPV4_DHCP, DHCP),
	CONTROL(IPV6_DHCP, DHCP),
	ARP(ARP_REQUEST),
	ARP(ARP_RESPONSE),
	CONTROL(ARP_OVERLAY, NEIGH_DISCOVERY),
	CONTROL(IPV6_NEIGH_SOLICIT, NEIGH_DISCOVERY),
	CONTROL(IPV6_NEIGH_ADVERT, NEIGH_DISCOVERY),
	CONTROL(IPV4_BFD, BFD),
	CONTROL(IPV6_BFD, BFD),
	CONTROL(IPV4_OSPF, OSPF),
	CONTROL(IPV6_OSPF, OSPF),
	CONTROL(IPV4_BGP, BGP),
	CONTROL(IPV6_BGP, BGP),
	CONTROL(IPV4_VRRP, VRRP),
	CONTROL(IPV6_VRRP, VRRP),
	CONTROL(IPV4_PIM, PIM),
	CONTROL(IPV6_PIM, PIM),
	COPY(UC_LB, UC_LB),
	CONTROL(LOCAL_ROUTE, LOCAL_DELIVERY),
	CONTROL(EXTERNAL_ROUTE, EXTERNAL_DELIVERY),
	CONTROL(IPV6_UC_DIP_LINK_LOCAL_SCOPE, LOCAL_DELIVERY),
	CONTROL(IPV4_ROUTER_ALERT, LOCAL_DELIVERY),
	CONTROL(IPV6_ROUTER_ALERT, LOCAL_DELIVERY),
	CONTROL(IPV6_DIP_ALL_NODES, IPV6),
	CONTROL(IPV6_DIP_ALL_ROUTERS, IPV6),
	CONTROL(IPV6_ROUTER_SOLICIT, IPV6),
	CONTROL(IPV6_ROUTER_ADVERT, IPV6),
	CONTROL(IPV6_REDIRECT, IPV6),
	CONTROL(PTP_EVENT, PTP_EVENT),
	CONTROL(PTP_GENERAL, PTP_GENERAL),
	CONTROL(FLOW_ACTION_TRAP, ACL_TRAP),
	DROP(BLACKHOLE_NEXTHOP, L3_DROPS),
#if ASICSIM_HAS_EAPOL
	CONTROL(EAPOL, EAPOL),
	DROP(LOCKED_PORT, L2_DROPS),
#endif
};

static const struct asicsim_trap_desc spectrum1_traps[] = {
	COPY(FLOW_ACTION_SAMPLE, ACL_SAMPLE),
};

static const struct asicsim_trap_desc spectrum2_traps[] = {
	{ .trap = DEVLINK_TRAP_GENERIC(DROP, TRAP, EARLY_DROP,
				       DEVLINK_TRAP_GROUP_GENERIC_ID_BUFFER_DROPS,
				       DEVLINK_TRAP_METADATA_TYPE_F_IN_PORT),
	  .source = true },
	COPY(FLOW_ACTION_SAMPLE, ACL_SAMPLE),
};

static const struct asicsim_trap_desc mlx5ish_traps[] = {
	DROP(INGRESS_VLAN_FILTER, L2_DROPS),
	DROP(DMAC_FILTER, L2_DROPS),
};

static const struct asicsim_group_desc spectrum_groups[] = {
	GROUP(L2_DROPS, 1),
	GROUP(L3_DROPS, 1),
	GROUP(L3_EXCEPTIONS, 1),
	GROUP(TUNNEL_DROPS, 1),
	GROUP(ACL_DROPS, 1),
	GROUP(STP, 2),
	GROUP(LACP, 3),
	GROUP(LLDP, 4),
	GROUP(MC_SNOOPING, 5),
	GROUP(DHCP, 6),
	GROUP(NEIGH_DISCOVERY, 7),
	GROUP(BFD, 8),
	GROUP(OSPF, 9),
	GROUP(BGP, 10),
	GROUP(VRRP, 11),
	GROUP(PIM, 12),
	GROUP(UC_LB, 13),
	GROUP(LOCAL_DELIVERY, 14),
	GROUP(EXTERNAL_DELIVERY, 19),
	GROUP(IPV6, 15),
	GROUP(PTP_EVENT, 16),
	GROUP(PTP_GENERAL, 17),
	GROUP(ACL_TRAP, 18),
#if ASICSIM_HAS_EAPOL
	GROUP(EAPOL, 21),
#endif
};

static const struct asicsim_group_desc spectrum1_groups[] = {
	GROUP(ACL_SAMPLE, 0),
};

static const struct asicsim_group_desc spectrum2_groups[] = {
	{ .group = DEVLINK_TRAP_GROUP_GENERIC(BUFFER_DROPS, 20), .fixed = true },
	{ .group = DEVLINK_TRAP_GROUP_GENERIC(ACL_SAMPLE, 0), .fixed = true },
};

static const struct asicsim_group_desc mlx5ish_groups[] = {
	GROUP(L2_DROPS, 0),
};

#define POLICER(_id, _rate, _burst)						\
	DEVLINK_TRAP_POLICER(_id, _rate, _burst, 2000000000, 1, 1 << 24, 16)
#define SPARE(_id)	POLICER(_id, 1, 16)

static const struct devlink_trap_policer spectrum_policers[] = {
	POLICER(1, 10240, 4096),
	POLICER(2, 128, 128),
	POLICER(3, 128, 128),
	POLICER(4, 128, 128),
	POLICER(5, 16384, 8192),
	POLICER(6, 128, 128),
	POLICER(7, 1024, 512),
	POLICER(8, 20480, 8192),
	POLICER(9, 128, 128),
	POLICER(10, 1024, 512),
	POLICER(11, 256, 128),
	POLICER(12, 128, 128),
	POLICER(13, 128, 128),
	POLICER(14, 1024, 512),
	POLICER(15, 1024, 512),
	POLICER(16, 24576, 16384),
	POLICER(17, 19456, 8192),
	POLICER(18, 1024, 512),
	POLICER(19, 1024, 512),
	POLICER(20, 10240, 4096),
#if ASICSIM_HAS_EAPOL
	POLICER(21, 128, 128),
#else
	SPARE(21),
#endif
	SPARE(22),
	SPARE(23),
	SPARE(24),
};

#define KVD		245760
#define KVD_GRAN	128
#define SINGLE_MIN	65536
#define DOUBLE_MIN	32768
#define LINEAR_MAX	(KVD - SINGLE_MIN - DOUBLE_MIN)

enum {
	RES_KVD = 1,
	RES_LINEAR,
	RES_SINGLES,
	RES_CHUNKS,
	RES_LARGE_CHUNKS,
	RES_HASH_DOUBLE,
	RES_HASH_SINGLE,
	RES_SPAN,
	RES_COUNTERS,
	RES_COUNTERS_FLOW,
	RES_COUNTERS_RIF,
	RES_POLICERS,
	RES_SINGLE_RATE,
	RES_MAC_PROFILES,
	RES_RIFS,
};

#define TOP	DEVLINK_RESOURCE_ID_PARENT_TOP
#define FIXED(_path, _id, _parent, _size, _gran, _occ)				\
	{ .path = _path, .id = _id, .parent = _parent, .size = _size, .min = _size,	\
	  .max = _size, .gran = _gran, .fixed = true, .occ = _occ }
#define SIZED(_path, _id, _parent, _size, _min, _max, _gran, _occ)		\
	{ .path = _path, .id = _id, .parent = _parent, .size = _size, .min = _min,	\
	  .max = _max, .gran = _gran, .occ = _occ }
#define COMMON_RESOURCES							\
	FIXED("span_agents", RES_SPAN, TOP, 3, 1, true),			\
	FIXED("counters", RES_COUNTERS, TOP, 32000, 4000, false),		\
	FIXED("counters/flow", RES_COUNTERS_FLOW, RES_COUNTERS, 24000, 4000, true),	\
	FIXED("counters/rif", RES_COUNTERS_RIF, RES_COUNTERS, 8000, 4000, true),	\
	FIXED("global_policers", RES_POLICERS, TOP, 1024, 1, false),		\
	FIXED("global_policers/single_rate_policers", RES_SINGLE_RATE, RES_POLICERS,	\
	      1000, 1, true),							\
	FIXED("rif_mac_profiles", RES_MAC_PROFILES, TOP, 4, 1, true),		\
	FIXED("rifs", RES_RIFS, TOP, 1000, 1, true)

static const struct asicsim_resource_desc spectrum1_resources[] = {
	FIXED("kvd", RES_KVD, TOP, KVD, KVD_GRAN, false),
	SIZED("kvd/linear", RES_LINEAR, RES_KVD, 98304, 0, LINEAR_MAX, KVD_GRAN, true),
	SIZED("kvd/linear/singles", RES_SINGLES, RES_LINEAR, 16384, 0, LINEAR_MAX, 1, true),
	SIZED("kvd/linear/chunks", RES_CHUNKS, RES_LINEAR, 49152, 0, LINEAR_MAX, 32, true),
	SIZED("kvd/linear/large_chunks", RES_LARGE_CHUNKS, RES_LINEAR, 32768, 0, LINEAR_MAX, 512,
	      true),
	SIZED("kvd/hash_double", RES_HASH_DOUBLE, RES_KVD, 60416, DOUBLE_MIN, KVD - SINGLE_MIN,
	      KVD_GRAN, false),
	SIZED("kvd/hash_single", RES_HASH_SINGLE, RES_KVD, 87040, SINGLE_MIN, KVD - DOUBLE_MIN,
	      KVD_GRAN, false),
	COMMON_RESOURCES,
};

static const struct asicsim_resource_desc spectrum2_resources[] = {
	FIXED("kvd", RES_KVD, TOP, 1048576, KVD_GRAN, false),
	COMMON_RESOURCES,
};

static int fw_load_policy_check(const union devlink_param_value *val,
				struct netlink_ext_ack *extack)
{
	if (val->vu8 == DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_DRIVER ||
	    val->vu8 == DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_FLASH)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "fw_load_policy knows 0 (driver) and 1 (flash) only");
	return -EINVAL;
}

static int rehash_check(const union devlink_param_value *val, struct netlink_ext_ack *extack)
{
	return !val->vu32 || val->vu32 >= 3000 ? 0 : -EINVAL;
}

static int steering_check(const union devlink_param_value *val, struct netlink_ext_ack *extack)
{
	if (!strcmp(val->vstr, "dmfs") || !strcmp(val->vstr, "smfs"))
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "flow_steering_mode is dmfs or smfs");
	return -EINVAL;
}

static int eq_size_check(const union devlink_param_value *val, struct netlink_ext_ack *extack)
{
	return val->vu32 >= 64 && val->vu32 <= 4096 ? 0 : -EINVAL;
}

static int msix_check(const union devlink_param_value *val, struct netlink_ext_ack *extack)
{
	if (val->vu32 <= 512)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "no more than 512 MSI-X vectors");
	return -EINVAL;
}

enum {
	PARAM_ID_REHASH = DEVLINK_PARAM_GENERIC_ID_MAX + 1,
	PARAM_ID_STEERING,
	PARAM_ID_SEARCH_ORDER,
	PARAM_ID_CSUM_MODE,
};

#define DRIVERINIT(_id)									\
	DEVLINK_PARAM_GENERIC(_id, BIT(DEVLINK_PARAM_CMODE_DRIVERINIT), NULL, NULL,	\
			      asicsim_param_validate)
#define PERMANENT(_id)									\
	DEVLINK_PARAM_GENERIC(_id, BIT(DEVLINK_PARAM_CMODE_PERMANENT), asicsim_param_get,	\
			      asicsim_param_set, asicsim_param_validate)
#define RUNTIME(_id, _name, _type)							\
	DEVLINK_PARAM_DRIVER(_id, _name, DEVLINK_PARAM_TYPE_##_type,			\
			     BIT(DEVLINK_PARAM_CMODE_RUNTIME), asicsim_param_get,	\
			     asicsim_param_set, asicsim_param_validate)

static const struct asicsim_param_desc spectrum_params[] = {
	{ .param = DRIVERINIT(FW_LOAD_POLICY),
	  .def.vu8 = DEVLINK_PARAM_FW_LOAD_POLICY_VALUE_DRIVER, .check = fw_load_policy_check },
	{ .param = RUNTIME(PARAM_ID_REHASH, "acl_region_rehash_interval", U32),
	  .def.vu32 = 5000, .check = rehash_check, .lost_at_init = true },
};

static const struct asicsim_param_desc mlx5ish_params[] = {
	{ .param = RUNTIME(PARAM_ID_STEERING, "flow_steering_mode", STRING),
	  .def.vstr = "dmfs", .check = steering_check },
	{ .param = DRIVERINIT(ENABLE_ROCE), .def.vbool = true },
	{ .param = DEVLINK_PARAM_GENERIC(ENABLE_REMOTE_DEV_RESET,
					 BIT(DEVLINK_PARAM_CMODE_RUNTIME), asicsim_param_get,
					 asicsim_param_set, asicsim_param_validate),
	  .def.vbool = true },
	{ .param = DRIVERINIT(IO_EQ_SIZE), .def.vu32 = 1024, .check = eq_size_check },
	{ .param = DRIVERINIT(EVENT_EQ_SIZE), .def.vu32 = 4096, .check = eq_size_check },
	{ .param = PERMANENT(ENABLE_SRIOV) },
	{ .param = PERMANENT(MSIX_VEC_PER_PF_MAX), .def.vu32 = 64, .check = msix_check },
};

#if ASICSIM_HAS_RVUISH
#define WITH_DEFAULT(_id, _name, _type, _cmode)						\
	DEVLINK_PARAM_DRIVER_WITH_DEFAULTS(_id, _name, DEVLINK_PARAM_TYPE_##_type,	\
					   BIT(DEVLINK_PARAM_CMODE_##_cmode),		\
					   asicsim_param_get, asicsim_param_set,	\
					   asicsim_param_validate,			\
					   asicsim_param_get_default,			\
					   asicsim_param_reset_default)

static const struct asicsim_param_desc rvuish_params[] = {
	{ .param = DRIVERINIT(CLOCK_ID), .def.vu64 = 0x1122334455667788 },
	{ .param = WITH_DEFAULT(PARAM_ID_SEARCH_ORDER, "npc_srch_order", U64_ARRAY, RUNTIME),
	  .def.u64arr = { .size = 3, .val = { 2, 0, 0x100000001 } } },
	{ .param = WITH_DEFAULT(PARAM_ID_CSUM_MODE, "swp_l4_csum_mode", STRING, PERMANENT),
	  .def.vstr = "full_csum" },
};

static const struct asicsim_model asicsim_rvuish = {
	.name = "rvuish",
	.psid = "ASIM_RVU_0001",
	.ops = &asicsim_rvuish_ops,
	.fw = { 20, 1, 1000 },
	.shows_stored = true,
	.shared = true,
	ASICSIM_ROWS(traps, mlx5ish_traps),
	ASICSIM_ROWS(groups, mlx5ish_groups),
	ASICSIM_ROWS(params, rvuish_params),
};
#endif

const struct asicsim_model asicsim_spectrum1 = {
	.name = "spectrum1",
	.psid = "ASIM_SP1_0001",
	.hw_revision = "A0",
	.ops = &asicsim_spectrum_ops,
	.fw = { 13, 2010, 1006 },
	.resets_asic = true,
	.wants_fw = true,
	.cpu_port = true,
	.kvd_size = KVD,
	.hash_single_min = SINGLE_MIN,
	.hash_double_min = DOUBLE_MIN,
	ASICSIM_ROWS(traps, spectrum_traps),
	ASICSIM_ROWS(own_traps, spectrum1_traps),
	ASICSIM_ROWS(groups, spectrum_groups),
	ASICSIM_ROWS(own_groups, spectrum1_groups),
	ASICSIM_ROWS(policers, spectrum_policers),
	ASICSIM_ROWS(resources, spectrum1_resources),
	ASICSIM_ROWS(params, spectrum_params),
};

const struct asicsim_model asicsim_spectrum2 = {
	.name = "spectrum2",
	.psid = "ASIM_SP2_0001",
	.hw_revision = "A1",
	.ops = &asicsim_spectrum_ops,
	.fw = { 29, 2010, 1006 },
	.resets_asic = true,
	.wants_fw = true,
	.cpu_port = true,
	ASICSIM_ROWS(traps, spectrum_traps),
	ASICSIM_ROWS(own_traps, spectrum2_traps),
	ASICSIM_ROWS(groups, spectrum_groups),
	ASICSIM_ROWS(own_groups, spectrum2_groups),
	ASICSIM_ROWS(policers, spectrum_policers),
	ASICSIM_ROWS(resources, spectrum2_resources),
	ASICSIM_ROWS(params, spectrum_params),
};

const struct asicsim_model asicsim_sn4800 = {
	.name = "sn4800",
	.psid = "ASIM_SP3_0001",
	.hw_revision = "A1",
	.ops = &asicsim_sn4800_ops,
	.fw = { 30, 2010, 1406 },
	.resets_asic = true,
	.wants_fw = true,
	.cpu_port = true,
	.buffers = true,
	.lanes = 4,
	.n_cards = ASICSIM_CARDS,
	ASICSIM_ROWS(traps, spectrum_traps),
	ASICSIM_ROWS(own_traps, spectrum2_traps),
	ASICSIM_ROWS(groups, spectrum_groups),
	ASICSIM_ROWS(own_groups, spectrum2_groups),
	ASICSIM_ROWS(policers, spectrum_policers),
	ASICSIM_ROWS(resources, spectrum2_resources),
	ASICSIM_ROWS(params, spectrum_params),
};

const struct asicsim_model asicsim_mlx5ish = {
	.name = "mlx5ish",
	.psid = "ASIM_NIC_0001",
	.ops = &asicsim_mlx5ish_ops,
	.fw = { 16, 35, 2000 },
	.shows_stored = true,
	.nic = true,
	.keeps_traps = !ASICSIM_REGISTERS_FIRST,
	ASICSIM_ROWS(traps, mlx5ish_traps),
	ASICSIM_ROWS(groups, mlx5ish_groups),
	ASICSIM_ROWS(params, mlx5ish_params),
};

const struct asicsim_model *asicsim_model_find(const char *name)
{
	static const struct asicsim_model * const all[] = {
		&asicsim_spectrum1, &asicsim_spectrum2, &asicsim_sn4800, &asicsim_mlx5ish,
#if ASICSIM_HAS_RVUISH
		&asicsim_rvuish,
#endif
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

int asicsim_resource_find(const struct asicsim_model *model, const char *path)
{
	size_t i;

	for (i = 0; i < model->n_resources; i++)
		if (!strcmp(model->resources[i].path, path))
			return i;
	return -ENOENT;
}
