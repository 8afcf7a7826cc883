# SPDX-License-Identifier: GPL-2.0-or-later
"""From YAML to the device: everything, once, in order, and nothing twice."""
from carved import config, entry

PHASES = ["driverinit", "resource", "reload", "policer", "group", "trap", "runtime"]


def everything(switch):
    return entry(switch, **switch.words.all)


def check_all(switch):
    """The device is as `all` says, and otherwise as it came."""
    switch.check(switch.words.all_changes(switch))


def writes_of(switch):
    """What `all` takes, (kind, object): each object that changes once, the others not at all."""
    kinds = {"size": "resource"}
    return {(kinds.get(kind, kind), name) for kind, name in switch.words.all_changes(switch)
            if kind != "active"}


def test_everything_with_one_reload(switch, carved):
    carved.run(everything(switch))
    check_all(switch)
    assert switch.reloads() == 1
    assert carved.state(switch) == "converged"
    assert carved.get(switch, "ReloadCount") == 1
    assert carved.get(switch, "ForeignReloadCount") == 0
    assert carved.manager("State") == "converged"


def test_second_start_writes_nothing(switch, carved, capture):
    carved.run(everything(switch))
    capture.clear()
    carved.restart()
    assert carved.state(switch) == "converged"
    assert capture.writes() == []
    assert switch.reloads() == 1


def test_order(switch, once, capture):
    assert once.run("--once", text=config(everything(switch)))[0] == 0
    check_all(switch)
    writes = capture.writes(switch.handle)
    kinds = [w.kind for w in writes]
    assert kinds == sorted(kinds, key=PHASES.index)
    assert kinds.count("reload") == 1
    objects = [(w.kind, w.object) for w in writes if w.kind != "reload"]
    assert sorted(objects, key=str) == sorted(writes_of(switch), key=str)


def test_nothing_to_change(switch, once, capture):
    w, fresh = switch.words, switch.fresh
    rate, burst = fresh["policer", w.policer]
    text = config(entry(
        switch,
        params=w.params(w.default),
        resources={w.size: "unlimited" if fresh["size", w.size] == 2**64 - 1
                   else fresh["size", w.size]},
        trap_policers={w.policer: {"rate": rate, "burst": burst}},
        trap_groups={w.group: {"policer": w.policer, "action": "drop"}},
        traps={w.trap: "drop"}))
    assert once.run("--once", text=text)[0] == 0
    assert capture.writes() == []


def test_live_policy_needs_no_reload(switch, once, capture):
    w = switch.words
    assert once.run("--once", text=config(entry(switch, traps={w.trap: "trap"})))[0] == 0
    switch.check({("trap", w.trap): "trap"})
    assert [w.kind for w in capture.writes()] == ["trap"]


def test_no_config_manages_nothing(switch, once, capture):
    assert once.run("--once")[0] == 0
    assert capture.writes() == []


def test_what_is_not_named_is_left_alone(switch, once):
    w = switch.words
    switch.set_trap(w.trap, "trap")
    switch.set_param(w.param, w.value)
    switch.set_policer(w.policer, *w.rates[0])
    assert once.run("--once", text=config(entry(switch, traps={w.trap2: "trap"})))[0] == 0
    switch.check({("trap", w.trap): "trap", ("trap", w.trap2): "trap",
                  ("driverinit", w.param): w.value, ("policer", w.policer): w.rates[0]})


def test_two_devices_by_one_entry(make_switch, carved):
    one, two = make_switch(), make_switch()
    carved.run(entry("all", match=f"{{handle: '{one.bus}/*', driver: {one.driver}}}",
                     **one.words.all))
    check_all(one)
    check_all(two)
    assert carved.listed() == {one.handle: "converged", two.handle: "converged"}
