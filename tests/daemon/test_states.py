# SPDX-License-Identifier: GPL-2.0-or-later
"""States that no other test reaches, and what is shown when several hold."""
import pytest

from carved import entry, wait
from test_firmware import newer

pytestmark = pytest.mark.decided("which state is shown")


@pytest.mark.only("fake", "no real kernel stops at a SET")
def test_applying(switch, kernel, carved, capture):
    """What is being written is told while it is."""
    w = switch.words
    kernel.tell("rule", switch, "TRAP_SET", w.trap, "hold")
    carved.config(entry(switch, traps={w.trap: "trap"}))
    carved.start_no_wait()
    wait(lambda: capture.writes(kind="trap"), "the request")
    wait(lambda: carved.state(switch) == "applying", "applying to be shown")
    assert not carved.ready()
    kernel.tell("release")
    carved.wait_ready()
    assert switch.trap(w.trap) == "trap"


def test_fight(switch, carved, capture):
    """The third time in ten minutes it is left to somebody else, but only that one key; another config ends it."""
    w = switch.words
    text = entry(switch, traps={w.trap: "trap", w.trap2: "trap"})
    carved.run(text, audit="500ms")
    for _ in range(2):
        switch.set_trap(w.trap, "drop")
        wait(lambda: switch.trap(w.trap) == "trap", "the trap to be set back")
        carved.settled(switch)
    switch.set_trap(w.trap, "drop")
    carved.wait_state(switch, "drifted")
    assert w.trap in carved.get(switch, "StateReason")
    capture.clear()
    switch.set_trap(w.trap2, "drop")
    wait(lambda: switch.trap(w.trap2) == "trap", "the other one to be set back")
    carved.wait_state(switch, "drifted")
    assert switch.trap(w.trap) == "drop"
    carved.reload(text)
    wait(lambda: switch.trap(w.trap) == "trap", "the new config to be carried out")
    carved.settled(switch)


@pytest.mark.parametrize("way", ["retry", "foreign reload"])
def test_fight_and_after(switch, carved, way):
    """Somebody's reload is no end of it, and no fight by itself; carvectl retry ends it."""
    w = switch.words
    carved.run(entry(switch, traps={w.trap: "trap", w.trap2: "trap"}), audit="500ms")
    for _ in range(4):
        switch.reload()
        wait(lambda: switch.trap(w.trap) == "trap" and switch.trap(w.trap2) == "trap", "all to be restored")
        carved.settled(switch)
    for _ in range(3):
        carved.settled(switch)
        switch.set_trap(w.trap, "drop")
        wait(lambda: switch.trap(w.trap) == "trap" or carved.state(switch) == "drifted", "a reaction")
    carved.wait_state(switch, "drifted")
    if way == "retry":
        carved.retry(switch)
        carved.settled(switch)
        assert switch.trap(w.trap) == "trap"
    else:
        switch.reload()
        wait(lambda: switch.trap(w.trap2) == "trap", "the other one to be restored")
        carved.wait_state(switch, "drifted")
        assert switch.trap(w.trap) == "drop"


@pytest.mark.needs("live activation")
def test_power_cycle(target, carved, capture):
    """A permanent param waits from the SET until another boot, over restarts and registrations; it is not set back."""
    w = target.words
    name, value = w.permanent
    text = entry(target, params={name: value}, traps={w.trap: "trap"})
    carved.run(text)
    assert carved.state(target) == "pending-power-cycle"
    assert carved.get(target, "PendingClass") == "power-cycle"
    assert target.param(name, "permanent") == value
    carved.restart()
    target.unbind()
    target.bind()
    wait(lambda: target.exists() and target.trap(w.trap) == "trap", "the trap to be set again")
    carved.wait_state(target, "pending-power-cycle")
    carved.reload(entry(target, traps={w.trap: "trap"}))
    carved.call("Reload", "a{sv}")
    assert target.param(name, "permanent") == value
    assert len(capture.writes(kind="permanent")) == 1


@pytest.mark.needs("live activation")
def test_several_at_once(target, carved):
    """The worst is shown, all are in the reason."""
    w = target.words
    name, value = w.permanent
    says = target.fail_set("trap", w.trap2)
    carved.run(entry(target, params={name: value, **w.params(w.value)}, reload="manual",
                     traps={w.trap: "trap", w.trap2: "trap"}, **carved.firmware(target, newer(target))))
    assert carved.state(target) == "failed"
    reason = carved.get(target, "StateReason")
    for part in says, "power cycle", name, "permitted reload", w.param, "firmware":
        assert part in reason
    target.relent()
    carved.call("Reload", "a{sv}")
    carved.wait_state(target, "pending-power-cycle")
    assert target.trap(w.trap2) == "trap"
