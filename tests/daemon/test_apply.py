# SPDX-License-Identifier: GPL-2.0-or-later
"""From YAML to the device: everything, once, in order, and nothing twice."""
from carved import config, entry

ALL = """\
resources: {/IPv6/fib: 2000, /nexthops: 300}
params: {max_macs: 48, test1: false}
trap_policers:
  1: {rate: 500, burst: 64}
  2: {rate: 700}
trap_groups:
  l2_drops: {action: trap, policer: 1}
  acl_drops: {policer: none}
traps:
  source_mac_is_multicast: drop
  blackhole_route: mirror
"""
# the drop traps of the group but the one that has a wish of its own
L2_DROPS = ["vlan_tag_mismatch", "ingress_vlan_filter", "ingress_spanning_tree_filter",
            "port_list_is_empty", "port_loopback_filter"]
PHASES = ["param", "resource", "reload", "policer", "group", "trap"]


def check_all(switch):
    """The device is as ALL says."""
    assert (switch.size("/IPv6/fib"), switch.size("/nexthops")) == (2000, 300)
    assert switch.staged() == {}
    assert (switch.param("max_macs"), switch.active("max_macs")) == (48, 48)
    assert (switch.param("test1"), switch.active("test1")) == (False, False)
    check_policy(switch)


def check_policy(switch):
    assert switch.policers() == {1: (500, 64), 2: (700, 256), 3: (3000, 512)}
    assert switch.groups() == {"l2_drops": 1, "l3_drops": 1, "l3_exceptions": 1, "buffer_drops": 2,
                               "acl_drops": None, "mc_snooping": 3}
    assert switch.traps() == {
        "source_mac_is_multicast": "drop", "blackhole_route": "mirror",
        **dict.fromkeys(L2_DROPS, "trap"),
        "tail_drop": "drop", "ingress_flow_action_drop": "drop", "egress_flow_action_drop": "drop",
        "fid_miss": "trap", "ttl_value_is_too_small": "trap", "igmp_query": "mirror",
        "igmp_v1_report": "trap"}


def test_everything_with_one_reload(switch, carved):
    carved.run(entry(switch, ALL))
    check_all(switch)
    assert switch.reloads() == 1
    assert carved.state(switch) == "converged"
    assert carved.get(switch, "ReloadCount") == 1
    assert carved.get(switch, "ForeignReloadCount") == 0
    assert carved.manager("State") == "converged"


def test_second_start_writes_nothing(switch, carved, capture):
    carved.run(entry(switch, ALL))
    capture.clear()
    carved.restart()
    assert carved.state(switch) == "converged"
    assert capture.writes() == []
    assert switch.reloads() == 1


def test_order(switch, once, capture):
    assert once.run("--once", text=config(entry(switch, ALL)))[0] == 0
    check_all(switch)
    writes = capture.writes(switch.handle)
    kinds = [w.kind for w in writes]
    assert kinds == sorted(kinds, key=PHASES.index)
    assert kinds.count("reload") == 1
    # each once, and what is so already not at all
    assert {w.object for w in writes if w.kind == "policer"} == {1, 2}
    assert {w.object for w in writes if w.kind == "group"} == {"l2_drops", "acl_drops"}
    assert {w.object for w in writes if w.kind == "trap"} == {*L2_DROPS, "blackhole_route"}
    assert [kinds.count(kind) for kind in PHASES] == [2, 2, 1, 2, 2, 6]


def test_nothing_to_change(switch, once, capture):
    text = config(entry(switch, """\
        params: {max_macs: 32, test1: true}
        resources: {/nexthops: unlimited}
        trap_policers: {1: {rate: 1000, burst: 128}}
        trap_groups: {l3_drops: {policer: 1, action: drop}}
        traps: {blackhole_route: drop}
        """))
    assert once.run("--once", text=text)[0] == 0
    assert capture.writes() == []


def test_live_policy_needs_no_reload(switch, once, capture):
    assert once.run("--once", text=config(entry(switch, "traps: {tail_drop: trap}")))[0] == 0
    assert switch.trap("tail_drop") == "trap"
    assert [w.kind for w in capture.writes()] == ["trap"]


def test_no_config_manages_nothing(switch, once, capture):
    assert once.run("--once")[0] == 0
    assert capture.writes() == []


def test_what_is_not_named_is_left_alone(switch, once):
    switch.set_trap("tail_drop", "trap")
    switch.set_param("max_macs", 40)
    switch.set_policer(3, 100, 16)
    assert once.run("--once", text=config(entry(switch, "traps: {blackhole_route: trap}")))[0] == 0
    assert switch.trap("tail_drop") == "trap"
    assert switch.param("max_macs") == 40
    assert switch.policer(3) == (100, 16)


def test_two_devices_by_one_entry(make_switch, carved):
    one, two = make_switch(), make_switch()
    carved.run(entry("all", ALL, match=f"{{handle: '{one.bus}/*', driver: {one.driver}}}"))
    check_all(one)
    check_all(two)
    assert carved.listed() == {one.handle: "converged", two.handle: "converged"}
