# SPDX-License-Identifier: GPL-2.0-or-later
"""Many devices, storms of notifications, edits and ends while something takes long."""
import json
import time

import pytest

from carved import entry, wait
from switch import DEADLINE
from test_firmware import newer

MANY = 32
RELOAD = 3  # seconds


@pytest.mark.decided("who waits for whom")
@pytest.mark.needs("slow reload")
def test_many_devices(make_switch, carved, capture):
    """They are reloaded side by side, and one that somebody holds delays neither another nor the bus."""
    switches = [make_switch() for _ in range(MANY)]
    w = switches[0].words
    for switch in switches:
        switch.slow_reload(1000 * RELOAD)
    carved.config(*(entry(s, **w.wanted) for s in switches))
    with switches[0].held(capture):
        began, slowest = time.monotonic(), 0
        carved.start_no_wait()
        carved.wait_bus()
        while True:
            asked = time.monotonic()
            time.sleep(0.05)
            states = carved.listed()
            slowest = max(slowest, time.monotonic() - asked)
            if all(states.get(s.handle) == "converged" for s in switches[1:]):  # all are found a moment later
                break
            assert asked - began < MANY * RELOAD / 2, states
        took = time.monotonic() - began
        assert not carved.ready()
    print(f"{MANY - 1} devices converged after {took:.1f} s, with a reload of {RELOAD} s each; the slowest answer of "
          f"D-Bus took {slowest * 1000:.0f} ms")
    assert slowest < RELOAD
    carved.wait_ready()
    for switch in switches:
        assert (switch.active(w.param), switch.trap(w.trap), switch.reloads()) == (w.value, "trap", 1)
    switches[-1].check(w.wanted_changes)


@pytest.mark.waits
@pytest.mark.only("asicsim", "two minutes: once")
@pytest.mark.only("6.12", "two minutes: once")
def test_long_flash(make_switch, unit, capture):
    """A flash of 100 s under a watchdog of 30 s. Meanwhile policy of another device is restored, a third one, of which
    every roll-back fails, ends with the driver's values after 71 s, and the bus answers."""
    one, two, three = make_switch(), make_switch(), make_switch()
    w, version = one.words, newer(one)
    one.long_flash(100)
    three.fail_reloads(5)
    unit.config(entry(one, **unit.firmware(one, version)), entry(two, traps={w.trap: "trap"}),
                entry(three, **w.wanted))
    unit.start_no_wait()
    unit.wait_bus()
    wait(lambda: unit.state(one) == "flashing", "the flash")
    began, slowest, restored = time.monotonic(), 0, 0
    while unit.state(one) == "flashing":
        asked = time.monotonic()
        unit.listed()
        slowest = max(slowest, time.monotonic() - asked)
        if two.trap(w.trap) == "trap":
            two.reload()
            wait(lambda: two.trap(w.trap) == "trap", "the trap to be restored")
            restored += 1
        time.sleep(1)
        assert asked < began + 200
    took = time.monotonic() - began
    print(f"a flash of {took:.0f} s; another device restored {restored} times meanwhile; the slowest answer of D-Bus "
          f"took {slowest * 1000:.0f} ms")
    assert took > 90 and restored > 10 and slowest < took / 10
    unit.wait_state(one, "converged")
    assert one.running() == version
    assert unit.state(three) == "quarantined"
    assert "before our first write are in force" in unit.get(three, "StateReason")
    three.check({("trap", w.trap): "trap"})
    assert len(capture.writes(three.handle, "reload")) == 6
    assert unit.show("NRestarts", "ActiveState") == ["0", "active"]


@pytest.mark.needs("storm")
def test_storm(switch, carved):
    """Notifications are lost by the thousand: nothing else is."""
    w = switch.words
    carved.run(entry(switch, **w.wanted))
    for round_ in range(2):  # three times would be a fight
        switch.set_trap(w.trap, "drop")  # nobody tells of it
        if round_ == 0:
            carved.kill("STOP")
        switch.storm(20000)
        carved.kill("CONT")
        wait(lambda: switch.trap(w.trap) == "trap", "it to read again", pause=0)
    assert carved.text().count("notifications were lost") == 1
    carved.settled(switch)
    switch.reload()
    switch.storm(20000)
    wait(lambda: switch.trap(w.trap) == "trap", "it to be restored")
    carved.settled(switch)
    assert carved.get(switch, "ForeignReloadCount") == 1
    switch.check(w.wanted_changes)


@pytest.mark.needs("slow reload")
def test_config_during_a_reload(switch, carved, capture):
    """What is under way is finished; then the newer one is carried out, and what is not wanted any more is not."""
    w = switch.words
    switch.slow_reload(1500)
    carved.config(entry(switch, **w.wanted))
    carved.start_no_wait()
    wait(lambda: capture.writes(kind="reload"), "the reload")
    carved.wait_bus()
    changes = {("size", w.size): w.sizes[1], ("trap", w.trap2): "trap"}
    for traps in {w.trap: "drop"}, {w.trap: "trap", w.trap2: "trap"}, {w.trap2: "trap"}:
        carved.reload(entry(switch, resources={w.size: w.sizes[1]}, traps=traps))
        assert carved.state(switch) == "reloading"
    carved.wait_ready()
    wait(lambda: switch.size(w.size) == w.sizes[1], "the newer config")
    carved.settled(switch)
    switch.check(changes)
    assert switch.reloads() == 2
    assert not [w_ for w_ in capture.writes(kind="trap") if w_.object == w.trap]


@pytest.mark.only("fake", "no real kernel stops at a SET")
def test_stopped_between_two_steps(switch, kernel, carved, capture):
    """SIGTERM: the request that the kernel is at is the last one; the next carved goes on from there."""
    w = switch.words
    kernel.tell("rule", switch, "TRAP_GROUP_SET", w.group, "hold")
    carved.config(entry(switch, params=w.params(w.value), traps={w.trap: "trap"},
                        trap_groups={w.group: {"policer": "none"}}))
    carved.start_no_wait()
    wait(lambda: capture.writes(kind="group"), "the request that is held")
    carved.kill("TERM")
    assert carved.notify.stopping.wait(DEADLINE)
    assert carved.running(), "the answer is not waited for"
    kernel.tell("release")
    assert carved.wait_end() == 0
    assert [w_.kind for w_ in capture.writes()][-1] == "group"
    carved.start()
    carved.settled(switch)
    switch.check({("driverinit", w.param): w.value, ("active", w.param): w.value, ("trap", w.trap): "trap",
                  ("group", w.group): None})
    assert switch.reloads() == 1


@pytest.mark.only("fake-spectrum1", "only the fake holds a flash until it is told to go on, and shows no stored version")
def test_stopped_in_a_flash(switch, kernel, carved, capture):
    """SIGTERM: the answer is waited for and remembered, or the next carved would not know whether it was written."""
    version = newer(switch)
    kernel.tell("rule", switch, "FLASH_UPDATE", "*", "hold")
    carved.config(entry(switch, **carved.firmware(switch, version)))
    carved.start_no_wait()
    wait(lambda: capture.writes(kind="flash"), "the flash that is held")
    carved.kill("TERM")
    assert carved.notify.stopping.wait(DEADLINE)
    kernel.tell("release")
    assert carved.wait_end() == 0
    [memory] = (carved.folder / "state/devices").glob("*.json")
    assert json.loads(memory.read_text())["flash"]["stage"] == "written"
    carved.start()
    carved.settled(switch)
    assert switch.running() == version and switch.state()["requests"]["flashes"] == 1
