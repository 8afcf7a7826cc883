# SPDX-License-Identifier: GPL-2.0-or-later
"""Traps, groups, policers: what a SET does and what it only seems to do."""
import pytest

import rawlink as nl
from switches import kernel


@pytest.mark.parametrize("name,kept", [("fid_miss", nl.TRAPPED), ("igmp_v1_report", nl.TRAPPED),
                                       ("igmp_query", nl.MIRROR)])
def test_non_drop_is_skipped(sim, name, kept):
    """TRAP_SET of an exception or control trap succeeds, changes nothing and says so only in a warning."""
    answer = sim.trap_set(name, nl.DROP)
    assert answer.name == "OK" and answer.warning
    assert sim.trap(name) == kept


def test_driver_never_hears(sp1):
    """... and the driver is not asked."""
    assert sp1.trap_set("stp", nl.DROP).warning
    assert sp1.trap("stp") == nl.TRAPPED and not sp1.board.count("trap_set", "stp")


def test_same_action_reaches_the_driver(sp1):
    """Setting the action that a trap has already is no no-op: the driver is asked, and may refuse."""
    assert sp1.trap("igmp_query") == nl.MIRROR
    assert sp1.trap_set("igmp_query", nl.MIRROR).name == "EINVAL"


def test_driver_chooses_actions(sim, sp1, nic):
    """Whether a drop trap can be mirrored is the driver's to say, and so is its errno."""
    assert sim.trap_set("blackhole_route", nl.MIRROR).name == "OK"
    assert sp1.trap_set("blackhole_route", nl.MIRROR).name == "EINVAL"
    assert nic.trap_set("dmac_filter", nl.MIRROR).name == "EOPNOTSUPP"
    assert [sim.trap("blackhole_route"), sp1.trap("blackhole_route")] == [nl.MIRROR, nl.DROP]
    sim.trap_set("blackhole_route", nl.DROP)


def test_bad_action(sim):
    """An action that does not exist; and TRAP_SET without one succeeds and does nothing."""
    assert sim.ask(nl.TRAP_SET, (nl.TRAP, "blackhole_route"), (nl.TRAP_ACTION, 3)).name == \
        kernel({"6.1": "EINVAL", "6.12": "ERANGE"})
    assert sim.ask(nl.TRAP_SET, (nl.TRAP, "blackhole_route")).name == "OK"


def test_group_action_is_a_macro(sim):
    """A group has no action to read; setting one sets its drop traps and leaves the others."""
    answer = sim.ask(nl.GROUP_SET, (nl.GROUP, "l2_drops"), (nl.TRAP_ACTION, nl.TRAPPED))
    assert not answer.error
    assert nl.TRAP_ACTION not in sim.good(nl.GROUP_GET, (nl.GROUP, "l2_drops")).attrs
    assert sim.trap("vlan_tag_mismatch") == nl.TRAPPED
    sim.ask(nl.GROUP_SET, (nl.GROUP, "l2_drops"), (nl.TRAP_ACTION, nl.DROP))
    assert sim.trap("vlan_tag_mismatch") == nl.DROP and sim.trap("fid_miss") == nl.TRAPPED


def test_group_unbind(both):
    """A group is unbound by the policer 0, and then has no policer to read."""
    group, policer = "l3_drops", both.policies[2]
    old = both.group(group)
    for ident in (policer, 0):
        assert not both.group_set(group, ident).error
        attrs = both.good(nl.GROUP_GET, (nl.GROUP, group)).attrs
        assert nl.number(attrs.get(nl.POLICER, b"")) == ident and (nl.POLICER in attrs) == bool(ident)
    assert both.group_set(group, 4000).name == "ENOENT"
    both.group_set(group, old)


def test_policer_limits(both):
    """Rate and burst outside of the driver's limits are EINVAL in the core's words; the limits cannot be read."""
    ident = both.policies[2]
    before = both.policer(ident)
    for rate, burst in ((0, 64), (2**40, 64), (99, 1), (99, 2**40)):
        answer = both.policer_set(ident, rate, burst)
        assert answer.name == "EINVAL" and answer.warning
    assert both.policer(ident) == before


def test_policer_rules_of_driver(sp1):
    """A driver has rules of its own, such as bursts that are powers of two."""
    answer = sp1.policer_set(9, 99, 100)
    assert answer.name == "EINVAL" and "power of two" in answer.warning


def test_policer_half_set(sim):
    """Of rate and burst, what is not sent stays."""
    assert not sim.ask(nl.POLICER_SET, (nl.POLICER, 1), (nl.RATE, 1234)).error
    assert sim.policer(1) == (1234, 128)
    assert not sim.ask(nl.POLICER_SET, (nl.POLICER, 1), (nl.BURST, 64)).error
    assert sim.policer(1) == (1234, 64)
    assert not sim.reload().error


def test_unknown_names(both):
    """Unknown traps, groups and policers are ENOENT, to read and to set."""
    for get, put, key in ((nl.TRAP_GET, nl.TRAP_SET, (nl.TRAP, "none_such")),
                          (nl.GROUP_GET, nl.GROUP_SET, (nl.GROUP, "none_such")),
                          (nl.POLICER_GET, nl.POLICER_SET, (nl.POLICER, 4000))):
        assert [both.ask(get, key).name, both.ask(put, key).name] == ["ENOENT", "ENOENT"]


def test_without(nic):
    """A driver without policers or resources answers EOPNOTSUPP, as does one without traps."""
    assert nic.ask(nl.POLICER_GET, (nl.POLICER, 1)).name == "EOPNOTSUPP"
    assert nic.ask(nl.RESOURCE_DUMP).name == "EOPNOTSUPP"
    assert nic.group_set("l2_drops", 0).name == "EOPNOTSUPP"
