# SPDX-License-Identifier: GPL-2.0-or-later
"""What others do to a device afterwards: reloads, re-registrations, hot plug, silent changes."""
import pathlib

import pytest

from carved import entry, wait
from switch import output
from test_apply import PHASES, check_all, everything, writes_of


def counts(carved, switch):
    return carved.get(switch, "ReloadCount"), carved.get(switch, "ForeignReloadCount")


def test_foreign_reload(switch, carved, capture):
    carved.run(everything(switch))
    capture.clear()
    switch.reload()
    wait(lambda: counts(carved, switch) == (1, 1), "the reload to be counted")
    carved.settled(switch)
    check_all(switch)
    assert switch.reloads() == 2
    kinds = [w.kind for w in capture.writes()]
    assert kinds.count("reload") == 1, "the one that is not carved's"
    assert set(kinds[1:]) == {k for k, _ in writes_of(switch)} - {"driverinit", "resource"}
    assert kinds[1:] == sorted(kinds[1:], key=PHASES.index)


def test_many_foreign_reloads(switch, carved):
    carved.run(everything(switch))
    for _ in range(5):
        switch.reload()
    wait(lambda: counts(carved, switch) == (1, 5), "the reloads to be counted")
    carved.settled(switch)
    check_all(switch)
    assert switch.reloads() == 6


def test_reload_while_not_running(switch, carved, capture):
    carved.run(everything(switch))
    carved.stop()
    switch.reload()
    capture.clear()
    carved.start()
    check_all(switch)
    assert capture.writes(kind="reload") == []
    assert switch.reloads() == 2


def test_rebind(switch, carved, capture):
    carved.run(everything(switch))
    switch.unbind()
    wait(lambda: carved.listed() == {switch.handle: "absent"}, "the device to be missed")
    capture.clear()
    switch.bind()
    wait(lambda: carved.state(switch) == "converged", "the device to be converged again")
    check_all(switch)
    assert switch.reloads() == 1
    assert len(capture.writes(kind="reload")) == 1


def test_rebind_while_not_running(switch, carved):
    carved.run(everything(switch))
    carved.stop()
    switch.unbind()
    switch.bind()
    carved.start()
    check_all(switch)
    assert switch.reloads() == 1


def test_hot_plug(make_switch, carved):
    one, two = make_switch(), make_switch(create=False)
    carved.run(entry("all", match=f"{{handle: '{one.bus}/*'}}", **one.words.all))
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
    check_all(two)


@pytest.fixture
def elsewhere():
    """A network namespace that carved is not in; what is left in it goes back when it is deleted."""
    output("ip", "netns", "add", "elsewhere")
    yield "elsewhere"
    output("ip", "netns", "del", "elsewhere")


@pytest.mark.only("guest", "the fake has no network namespaces")
def test_moved_to_another_namespace_and_back(switch, carved, capture, elsewhere):
    """There it is not one of carved's; back again, it has kept its sizes and params, but not its policy."""
    carved.run(everything(switch))
    output("devlink", "dev", "reload", switch.handle, "netns", elsewhere)
    wait(lambda: carved.listed() == {switch.handle: "absent"}, "the device to be missed")
    capture.clear()
    output("ip", "netns", "exec", elsewhere, "devlink", "dev", "reload", switch.handle, "netns", "1")
    wait(lambda: carved.listed() == {switch.handle: "converged"}, "the device to be converged again")
    check_all(switch)
    assert capture.writes(kind="reload") == []


def rename_ports(switch, how):
    for n, port in enumerate(pathlib.Path(f"/sys/bus/{switch.bus}/devices/{switch.name}/net").iterdir()):
        output("ip", "link", "set", port.name, "name", f"{how}{n}")


@pytest.mark.only("guest", "the fake has no netdevs")
def test_renamed_ports(switch, carved, capture):
    """As udev does, also after the last message of a reload; from Linux 6.2 on the kernel tells of it."""
    carved.run(everything(switch))
    rename_ports(switch, "front")
    switch.reload()
    rename_ports(switch, "back")
    wait(lambda: counts(carved, switch) == (1, 1), "the reload to be counted")
    carved.settled(switch)
    check_all(switch)
    capture.clear()
    rename_ports(switch, "side")
    switch.set_param(switch.words.param, switch.words.other)
    wait(lambda: switch.param(switch.words.param) == switch.words.value, "the param to be set back")
    carved.settled(switch)
    assert [w.kind for w in capture.writes()] == ["driverinit", "driverinit"]
    assert counts(carved, switch) == (1, 1)


@pytest.mark.anywhere("the names of netdevs are no driver's matter")
def test_alternative_name(switch, carved):
    """sysfs does not have it; renamed, the netdev keeps it."""
    port = next(pathlib.Path(f"/sys/bus/{switch.bus}/devices/{switch.name}/net").iterdir()).name
    alternative = "a-name-that-is-longer-than-sixteen-bytes"
    body = f"traps: {{{switch.words.trap}: trap}}"
    carved.run(entry("x", body, match=f"{{netdev: {alternative}}}"), audit="1s")
    assert carved.listed()[switch.handle] == "unmanaged"
    output("ip", "link", "property", "add", "dev", port, "altname", alternative)
    wait(lambda: carved.listed()[switch.handle] == "converged", "the name to be found")
    assert switch.trap(switch.words.trap) == "trap"
    output("ip", "link", "set", port, "name", "uplink")
    wait(lambda: "uplink" in carved.get(switch, "NetDevs"), "the new name of its own")
    assert carved.listed()[switch.handle] == "converged" and alternative not in carved.get(switch, "NetDevs")


def test_device_that_comes_late(make_switch, carved):
    switch = make_switch(create=False)
    carved.run(everything(switch))
    assert carved.listed() == {switch.handle: "absent"}
    assert carved.manager("State") == "absent"
    switch.create()
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    check_all(switch)


def test_start_waits_for_devices(make_switch, carved):
    switch = make_switch(create=False)
    trap = switch.words.trap
    carved.config(entry(switch, traps={trap: "trap"}), settle="1h")
    carved.start_no_wait()
    wait(lambda: carved.listed_or_none() == {switch.handle: "absent"}, "carved on the bus")
    assert not carved.ready()
    switch.create()
    carved.wait_ready()
    assert switch.trap(trap) == "trap"


def test_reload_waits_for_no_device(make_switch, carved):
    """Drivers are waited for at start only: `systemctl reload` would hang."""
    switch, absent = make_switch(), make_switch(create=False)
    carved.run(entry(switch, traps={switch.words.trap: "trap"}), settle="1h")
    carved.reload(*(entry(s, traps={s.words.trap: "trap"}) for s in (switch, absent)), settle="1h")
    wait(lambda: carved.notify.times_ready == 2, "the reload to be over")
    assert carved.listed() == {switch.handle: "converged", absent.handle: "absent"}


def test_silent_changes_are_found_by_the_audit(switch, carved, capture):
    w = switch.words
    carved.run(everything(switch), audit="1s")
    capture.clear()
    trap = switch.drops(w.group_of_all)[1]
    switch.set_trap(trap, "drop")
    switch.set_policer(w.policer, *w.rates[0])
    wait(lambda: switch.trap(trap) == "trap", "the trap to be set back")
    wait(lambda: switch.policer(w.policer) == w.rates[1], "the policer to be set back")
    carved.settled(switch)
    assert [w.kind for w in capture.writes()].count("reload") == 0
    assert counts(carved, switch) == (1, 0)


def test_param_set_by_others_needs_no_reload(switch, carved, capture):
    w = switch.words
    carved.run(everything(switch))
    capture.clear()
    switch.set_param(w.param, w.other)
    wait(lambda: len(capture.writes()) == 2, "the param to be set back")
    carved.settled(switch)
    check_all(switch)
    assert switch.reloads() == 1
    assert [(w.kind, w.object, w.value) for w in capture.writes()] == [
        ("driverinit", w.param, w.other), ("driverinit", w.param, w.value)]


def test_size_staged_by_others_is_set_back(switch, carved, capture):
    w = switch.words
    carved.run(everything(switch), audit="1s")
    capture.clear()
    wanted = switch.size(w.size)
    switch.set_size(w.size, w.sizes[2])
    wait(lambda: switch.staged() == {}, "the size to be set back")
    carved.settled(switch)
    check_all(switch)
    assert switch.reloads() == 1
    assert [(w.kind, w.object, w.value) for w in capture.writes()] == [
        ("resource", w.size, w.sizes[2]), ("resource", w.size, wanted)]


@pytest.mark.needs("runtime param")
def test_runtime_param_is_set_again_after_a_reload(switch, carved, capture):
    name, value = switch.words.runtime
    carved.run(entry(switch, params={name: value}))
    assert switch.param(name, "runtime") == value
    assert [w.kind for w in capture.writes()] == ["runtime"]
    switch.reload()
    wait(lambda: switch.param(name, "runtime") == value, "the param to be set again")
    carved.settled(switch)
    switch.check({("runtime", name): value, ("active", name): value})
    assert switch.reloads() == 1
