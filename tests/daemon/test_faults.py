# SPDX-License-Identifier: GPL-2.0-or-later
"""Reloads fail, SETs fail, sizes are not read, somebody else holds the device for long."""
import ctypes
import os
import re
import socket

import pytest

from carved import PLACE, entry, wait


def check_wanted(switch):
    w = switch.words
    assert (switch.size(w.size), switch.active(w.param)) == (w.sizes[0], w.value)
    assert switch.trap(w.trap) == "trap"


def test_reload_refused(switch, carved, capture):
    """Before anything was torn down: what was staged is taken back."""
    w = switch.words
    switch.refuse_reload()
    carved.run(entry(switch, **w.wanted), audit="1s")
    assert carved.state(switch) == "failed"
    assert carved.get(switch, "LastExtack")
    switch.check({("trap", w.trap): "trap"})
    # it looks again, but does not try again
    switch.set_trap(w.trap, "drop")
    wait(lambda: switch.trap(w.trap) == "trap", "the trap to be set back")
    assert len(capture.writes(kind="reload")) == 1
    switch.refuse_reload(False)
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    check_wanted(switch)
    assert switch.reloads() == 1


def test_reload_failed(switch, carved, capture):
    """After it was torn down: no loop of reloads, and a way out."""
    w = switch.words
    switch.fail_reload()
    carved.run(entry(switch, **w.wanted), audit="1s")
    carved.wait_state(switch, "quarantined")
    assert switch.reload_failed()
    assert carved.get(switch, "LastError")
    assert 1 <= len(capture.writes(kind="reload")) <= 4
    switch.fail_reload(False)
    carved.reload(entry(switch, **{**w.wanted, "resources": {w.size: w.sizes[1]}}))
    carved.wait_state(switch, "converged")
    assert not switch.reload_failed()
    assert (switch.size(w.size), switch.active(w.param)) == (w.sizes[1], w.value)
    assert switch.trap(w.trap) == "trap"


@pytest.mark.needs("failing SET of anything")
@pytest.mark.parametrize("kind", ["group", "trap"])
def test_set_refused(switch, carved, capture, kind):
    """One object stays as it was, the others are set; its extended ACK is shown."""
    w = switch.words
    name = {"group": w.group, "trap": w.trap}[kind]
    changes = {("policer", w.policer): w.rates[0], ("group", w.group): None,
               ("trap", w.trap): "trap"}
    says = switch.fail_set(kind, name)
    rate, burst = w.rates[0]
    carved.run(entry(switch, trap_policers={w.policer: {"rate": rate, "burst": burst}},
                     trap_groups={w.group: {"policer": "none"}}, traps={w.trap: "trap"}))
    carved.wait_state(switch, "failed")
    assert says in carved.get(switch, "LastExtack")
    assert re.search(PLACE, carved.get(switch, "LastError"))
    del changes[kind, name]
    switch.check(changes)
    assert len([w for w in capture.writes() if (w.kind, w.object) == (kind, name)]) == 1


@pytest.mark.needs("size that is not read")
def test_size_that_the_driver_never_reads(switch, carved, capture):
    trap, (path, sizes) = switch.words.trap, switch.words.unread
    carved.run(entry(switch, resources=sizes, traps={trap: "trap"}), audit="1s")
    assert carved.state(switch) == "converged"
    assert "accepted-unread" in carved.get(switch, "StateReason")
    assert switch.staged() == {path: sizes[path]}
    assert switch.reloads() == 1
    switch.reload()
    wait(lambda: switch.trap(trap) == "trap", "the trap to be set again")
    carved.settled(switch)
    carved.restart()
    assert carved.state(switch) == "converged"
    assert switch.reloads() == 2
    assert len(capture.writes(kind="reload")) == 2


@pytest.mark.needs("slow reload")
def test_slow_reload_is_waited_for(switch, carved):
    switch.slow_reload(1000)
    carved.config(entry(switch, **switch.words.wanted))
    carved.start_no_wait()
    wait(lambda: carved.state(switch) == "reloading", "the reload to be shown")
    assert not carved.ready()
    carved.wait_ready()
    check_wanted(switch)


def test_busy_device_holds_nobody_up(make_switch, carved, capture):
    one, two = make_switch(), make_switch()
    trap = one.words.trap
    carved.run(entry("all", match=f"{{driver: {one.driver}}}", traps={trap: "trap"}))
    with one.held(capture):
        two.reload()
        wait(lambda: carved.get(two, "ForeignReloadCount") == 1, "the reload to be seen")
        wait(lambda: two.trap(trap) == "trap", "the other device to be restored")
        for _ in range(20):
            assert carved.get(one, "Handle") == one.handle
    carved.settled(one)
    carved.settled(two)


@pytest.mark.needs("hold that ends when told")
def test_start_while_a_device_is_busy(make_switch, carved, capture):
    one, two = make_switch(), make_switch()
    trap = one.words.trap
    carved.config(entry(one, traps={trap: "trap"}), entry(two, traps={trap: "trap"}))
    with one.held(capture):
        carved.start_no_wait()
        wait(lambda: two.trap(trap) == "trap", "the other device to be converged")
        wait(lambda: carved.state(one) == "reading", "the device to be waited for")
        assert carved.get(one, "StateReason")
        carved.wait_state(two, "converged")
        assert not carved.ready()
    carved.wait_ready()
    assert one.trap(trap) == "trap"


@pytest.mark.needs("hold that ends when told")
def test_stop_while_a_device_is_busy(switch, carved, capture):
    """The kernel does not let go of a request: carved ends late, but well."""
    carved.run(entry(switch, traps={switch.words.trap: "trap"}), audit="1s")
    with switch.held(capture):
        carved.wait_state(switch, "reading")
        carved.kill("TERM")
        assert carved.running()
    assert carved.wait_end() == 0


@pytest.mark.only("fake", "no driver in the guests fails to read a param")
def test_param_that_the_driver_cannot_read(switch, kernel, carved):
    """It is failed, and named; all else is looked after as before, and a catalogue can be had."""
    w = switch.words
    kernel.tell("rule", switch, "PARAM_GET", w.param, "EIO", "times=1000")
    carved.run(entry(switch, params=w.params(w.value), trap_groups={w.group: {"action": "trap"}}), audit="1s")
    assert carved.state(switch) == "failed"
    assert f"cannot read param {w.param} (Input/output error)" in carved.get(switch, "StateReason")
    assert switch.trap(w.trap2) == "trap"
    switch.set_trap(w.trap2, "drop")
    wait(lambda: switch.trap(w.trap2) == "trap", "the trap to be set back")
    status, said, _error = carved.ctl("capture", str(switch))
    assert status == 0
    assert w.trap2 in said
    kernel.tell("rules-clear")
    carved.wait_state(switch, "pending-reload")


def hang_up(pid, path):
    """Every connection of the process to the socket at @path is dead from now on. Return: how many there were."""
    libc, pidfd, n = ctypes.CDLL(None, use_errno=True), os.pidfd_open(pid), 0
    for fd in map(int, os.listdir(f"/proc/{pid}/fd")):
        try:
            if not os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"):
                continue
            with socket.socket(fileno=libc.syscall(438, pidfd, fd, 0)) as same:  # pidfd_getfd
                if same.getpeername() == path:
                    same.shutdown(socket.SHUT_RDWR)
                    n += 1
        except (OSError, ValueError):
            pass  # closed meanwhile, or without a peer
    os.close(pidfd)
    return n


@pytest.mark.waits
@pytest.mark.only("fake-spectrum1", "sockets of a kernel do not break one by one")
def test_no_notifications_for_a_moment(switch, kernel, carved):
    """The socket broke on which they come: it is opened again, and what was missed is read, without any audit."""
    trap = switch.words.trap
    carved.run(entry(switch, traps={trap: "trap"}))
    assert hang_up(carved.process.pid, kernel.path) > 0
    wait(lambda: "notifications: " in carved.text(), "it to be noticed")
    switch.reload()
    wait(lambda: switch.trap(trap) == "trap", "the reload to be seen")
    switch.reload()
    wait(lambda: carved.get(switch, "ForeignReloadCount") == 2, "the next one to be heard of")
    carved.settled(switch)
