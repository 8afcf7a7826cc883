# SPDX-License-Identifier: GPL-2.0-or-later
"""When carved may reload a device, and when it may write at all."""
import pytest

from board import put
from carved import entry, wait
from switch import output


def test_manual(switch, carved, capture):
    w = switch.words
    carved.run(entry(switch, reload="manual", **w.wanted))
    assert carved.state(switch) == "pending-reload"
    assert carved.get(switch, "PendingClass") == "reload"
    switch.check({("trap", w.trap): "trap"})
    assert [w.kind for w in capture.writes()] == ["trap"]
    switch.reload()
    wait(lambda: switch.trap(w.trap) == "trap", "the trap to be set again")
    carved.wait_state(switch, "pending-reload")
    switch.check({("trap", w.trap): "trap"})


def test_boot(switch, carved):
    w = switch.words
    carved.run(entry(switch, reload="boot", **w.wanted))
    assert carved.state(switch) == "converged"
    assert (switch.active(w.param), switch.size(w.size)) == (w.value, w.sizes[0])
    assert switch.reloads() == 1
    carved.reload(entry(switch, reload="boot", resources={w.size: w.sizes[1]},
                        traps={w.trap: "trap", w.trap2: "trap"}))
    wait(lambda: switch.trap(w.trap2) == "trap", "the live part of the new config")
    carved.wait_state(switch, "pending-reload")
    assert (switch.size(w.size), switch.staged(), switch.reloads()) == (w.sizes[0], {}, 1)
    switch.unbind()
    switch.bind()
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    assert (switch.size(w.size), switch.reloads()) == (w.sizes[1], 1)


def test_later_drift_waits(switch, carved, capture):
    """Others have brought a value into force: the reload it takes is not carved's to decide."""
    w = switch.words
    carved.run(entry(switch, **w.wanted))
    carved.kill("STOP")
    switch.set_param(w.param, w.other)
    switch.reload()
    capture.clear()
    carved.kill("CONT")
    carved.wait_state(switch, "pending-reload")
    assert switch.trap(w.trap) == "trap"
    assert (switch.param(w.param), switch.active(w.param)) == (w.other, w.other)
    assert [w.kind for w in capture.writes()] == ["trap"]
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the operator's word to be followed")
    assert (switch.param(w.param), switch.active(w.param)) == (w.value, w.value)
    assert switch.reloads() == 3


def test_report(switch, carved, capture):
    w = switch.words
    carved.run(entry(switch, drift="report", **w.wanted))
    assert carved.state(switch) == "converged"
    assert switch.reloads() == 1
    capture.clear()
    switch.reload()
    carved.wait_state(switch, "drifted")
    assert switch.trap(w.trap) == "drop"
    assert [w.kind for w in capture.writes()] == ["reload"]
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the operator's word to be followed")
    assert switch.trap(w.trap) == "trap"
    assert switch.reloads() == 2


def test_apply(switch, carved, capture):
    """carvectl apply does what is permitted anyway; with --allow-reload all of it, whatever the policy."""
    w = switch.words
    carved.run(entry(switch, reload="manual", drift="report", **w.wanted))
    switch.set_trap(w.trap, "drop")
    carved.apply(switch)
    assert switch.trap(w.trap) == "trap"
    assert carved.state(switch) == "pending-reload"
    assert capture.writes(kind="reload") == []
    carved.apply(switch, "--allow-reload")
    carved.settled(switch)
    switch.check(w.wanted_changes)
    assert len(capture.writes(kind="reload")) == 1
    # the permission was for once
    carved.reload(entry(switch, reload="manual", params=w.params(w.value), traps={w.trap: "trap"},
                        resources={w.size: w.sizes[1]}))
    carved.wait_state(switch, "pending-reload")
    assert len(capture.writes(kind="reload")) == 1


@pytest.mark.only("netdevsim", "only netdevsim has VFs and an eswitch")
@pytest.mark.parametrize("what", ["VFs", "switchdev"])
def test_reload_that_would_destroy(switch, carved, capture, what):
    w = switch.words
    if what == "VFs":
        put(switch.device / "sriov_numvfs", 2)
    else:
        output("devlink", "dev", "eswitch", "set", switch.handle, "mode", "switchdev")
    carved.run(entry(switch, **w.wanted))
    assert carved.state(switch) == "pending-reload"
    reason = carved.get(switch, "StateReason")
    assert {"VFs": "2 VFs", "switchdev": "switchdev"}[what] in reason and "--allow-reload" in reason
    carved.apply(switch)
    carved.wait_state(switch, "pending-reload")
    assert [w.kind for w in capture.writes(kind="reload")] == []
    assert switch.staged() == {}
    carved.apply(switch, "--allow-reload")
    carved.settled(switch)
    assert (switch.size(w.size), switch.active(w.param)) == (w.sizes[0], w.value)
    assert switch.reloads() == 1


@pytest.mark.only("fake", "a guest has no master to put a port under")
@pytest.mark.parametrize("vfs", [0, 3])
def test_what_a_reload_resets(switch, carved, capture, vfs):
    """The plan names it; VFs hold the reload back."""
    w = switch.words
    device = carved.folder / f"root/sys/bus/{switch.bus}/devices/{switch.name}"
    for number, (flags, master) in enumerate([("0x1003", True), ("0x1003", False), ("0x1002", False)]):
        netdev = device / f"net/p{number}"
        netdev.mkdir(parents=True)
        (netdev / "flags").write_text(flags + "\n")
        (netdev / "phys_port_name").write_text(f"p{number}\n")
        if master:
            (netdev / "master").symlink_to("../../../bond0")
    (device / "sriov_numvfs").write_text(f"{vfs}\n")
    carved.run(entry(switch, reload="auto" if vfs else "manual", **w.wanted))
    assert carved.state(switch) == "pending-reload"
    carved.apply(switch)
    [reload] = [row for row in carved.plan(switch) if row[1] == "reload"]
    assert "2 netdevs up" in reload[3] and "1 with a master" in reload[3]
    if vfs:
        assert "3 VFs" in reload[3]
        assert "3 VFs" in carved.get(switch, "StateReason")
    assert capture.writes(kind="reload") == []
    carved.apply(switch, "--allow-reload")
    carved.settled(switch)


@pytest.mark.only("netdevsim", "the kernel's command line is the same for all switches")
def test_carved_off(switch, carved, capture, folder):
    """The way out where a config keeps the machine from starting: nothing is written, all is shown."""
    w = switch.words
    line = folder / "cmdline"
    line.write_text("console=ttyS0 carved=off quiet\n")
    output("mount", "--bind", str(line), "/proc/cmdline")
    try:
        carved.run(entry(switch, **w.wanted))
    finally:
        output("umount", "/proc/cmdline")
    assert carved.state(switch) in ("pending-reload", "drifted")
    assert "carved=off" in carved.get(switch, "StateReason")
    status, _, said = carved.ctl("apply", switch.handle, "--allow-reload")
    assert status == 1
    assert "carved=off on the kernel command line" in said and "refused" not in said
    carved.call("Reload", "a{sv}")
    assert carved.plan(switch)
    switch.check({})
    assert capture.writes() == []
    carved.restart()
    carved.settled(switch)
    switch.check(w.wanted_changes)
