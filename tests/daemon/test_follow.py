# SPDX-License-Identifier: GPL-2.0-or-later
"""What others do to a device afterwards: reloads, re-registrations, hot plug, silent changes."""
from carved import entry, wait
from test_apply import ALL, check_all, check_policy


def counts(carved, switch):
    return carved.get(switch, "ReloadCount"), carved.get(switch, "ForeignReloadCount")


def test_foreign_reload(switch, carved, capture):
    carved.run(entry(switch, ALL))
    capture.clear()
    switch.reload()
    wait(lambda: counts(carved, switch) == (1, 1), "the reload to be counted")
    carved.settled(switch)
    check_all(switch)
    assert switch.reloads() == 2
    kinds = [w.kind for w in capture.writes()]
    assert kinds.count("reload") == 1, "the one that is not carved's"
    assert set(kinds[1:]) == {"policer", "group", "trap"}
    assert kinds[1:] == sorted(kinds[1:], key=["policer", "group", "trap"].index)


def test_many_foreign_reloads(switch, carved):
    carved.run(entry(switch, ALL))
    for _ in range(5):
        switch.reload()
    wait(lambda: counts(carved, switch) == (1, 5), "the reloads to be counted")
    carved.settled(switch)
    check_all(switch)
    assert switch.reloads() == 6


def test_reload_while_not_running(switch, carved, capture):
    carved.run(entry(switch, ALL))
    carved.stop()
    switch.reload()
    capture.clear()
    carved.start()
    check_all(switch)
    assert capture.writes(kind="reload") == []
    assert switch.reloads() == 2


def test_rebind(switch, carved, capture):
    carved.run(entry(switch, ALL))
    switch.unbind()
    wait(lambda: carved.listed() == {switch.handle: "absent"}, "the device to be missed")
    capture.clear()
    switch.bind()
    wait(lambda: carved.state(switch) == "converged", "the device to be converged again")
    check_all(switch)
    assert switch.reloads() == 1
    assert len(capture.writes(kind="reload")) == 1


def test_rebind_while_not_running(switch, carved):
    carved.run(entry(switch, ALL))
    carved.stop()
    switch.unbind()
    switch.bind()
    carved.start()
    check_all(switch)
    assert switch.reloads() == 1


def test_hot_plug(make_switch, carved):
    one, two = make_switch(), make_switch(create=False)
    carved.run(entry("all", ALL, match=f"{{handle: '{one.bus}/*'}}"))
    assert carved.listed() == {one.handle: "converged"}
    two.create()
    wait(lambda: carved.state(two) == "converged", "the new device to be converged")
    check_all(two)
    assert (one.reloads(), two.reloads()) == (1, 1)
    one.remove()
    wait(lambda: carved.listed() == {two.handle: "converged"}, "the device to be forgotten")
    two.reload()
    wait(lambda: counts(carved, two) == (1, 1), "the other device's reload to be counted")
    carved.settled(two)
    check_policy(two)


def test_device_that_comes_late(make_switch, carved):
    switch = make_switch(create=False)
    carved.run(entry(switch, ALL))
    assert carved.listed() == {switch.handle: "absent"}
    assert carved.manager("State") == "absent"
    switch.create()
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    check_all(switch)


def test_start_waits_for_devices(make_switch, carved):
    switch = make_switch(create=False)
    carved.config(entry(switch, "traps: {tail_drop: trap}"), settle="1h")
    carved.start_no_wait()
    wait(lambda: carved.listed_or_none() == {switch.handle: "absent"}, "carved on the bus")
    assert carved.show("ActiveState") == "activating"
    switch.create()
    wait(lambda: carved.show("ActiveState") == "active", "the unit to be active")
    assert switch.trap("tail_drop") == "trap"


def test_silent_changes_are_found_by_the_audit(switch, carved, capture):
    carved.run(entry(switch, ALL), audit="1s")
    capture.clear()
    switch.set_trap("vlan_tag_mismatch", "drop")
    switch.set_policer(1, 900, 512)
    wait(lambda: switch.trap("vlan_tag_mismatch") == "trap", "the trap to be set back")
    wait(lambda: switch.policer(1) == (500, 64), "the policer to be set back")
    carved.settled(switch)
    assert [w.kind for w in capture.writes()].count("reload") == 0
    assert counts(carved, switch) == (1, 0)


def test_param_set_by_others_needs_no_reload(switch, carved, capture):
    carved.run(entry(switch, ALL))
    capture.clear()
    switch.set_param("max_macs", 99)
    wait(lambda: switch.param("max_macs") == 48, "the param to be set back")
    carved.settled(switch)
    assert switch.active("max_macs") == 48
    assert switch.reloads() == 1
    assert [(w.kind, w.object, w.value) for w in capture.writes()] == [("param", "max_macs", 99),
                                                                      ("param", "max_macs", 48)]


def test_size_staged_by_others_is_set_back(switch, carved, capture):
    carved.run(entry(switch, ALL), audit="1s")
    capture.clear()
    switch.set_resource("/nexthops", 77)
    wait(lambda: switch.staged() == {}, "the size to be set back")
    carved.settled(switch)
    assert switch.size("/nexthops") == 300
    assert switch.reloads() == 1
    assert [(w.kind, w.value) for w in capture.writes()] == [("resource", 77), ("resource", 300)]
