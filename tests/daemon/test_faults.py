# SPDX-License-Identifier: GPL-2.0-or-later
"""Reloads fail, sizes are not read, somebody else holds the device for long."""
import pathlib
import subprocess

import pytest

from carved import entry, wait

WANTED = "resources: {/nexthops: 100}\nparams: {max_macs: 48}\ntraps: {tail_drop: trap}"
UNREAD = """\
resources: {/IPv4: 100000, /IPv4/fib: 5000, /IPv4/fib-rules: 5000}
traps: {tail_drop: trap}
"""


def test_reload_refused(switch, carved, capture):
    """Before anything was torn down: what was staged is taken back."""
    switch.knob("dont_allow_reload", "Y")
    carved.run(entry(switch, WANTED), audit="1s")
    assert carved.state(switch) == "failed"
    assert carved.get(switch, "LastExtack")
    assert switch.staged() == {}
    assert (switch.param("max_macs"), switch.active("max_macs")) == (32, 32)
    assert switch.trap("tail_drop") == "trap"
    # it looks again, but does not try again
    switch.set_trap("tail_drop", "drop")
    wait(lambda: switch.trap("tail_drop") == "trap", "the trap to be set back")
    assert len(capture.writes(kind="reload")) == 1
    switch.knob("dont_allow_reload", "N")
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    assert (switch.size("/nexthops"), switch.active("max_macs")) == (100, 48)
    assert switch.reloads() == 1


def test_reload_failed(switch, carved, capture):
    """After it was torn down: no loop of reloads, and a way out."""
    switch.knob("fail_reload", "Y")
    carved.run(entry(switch, WANTED), audit="1s")
    wait(lambda: carved.state(switch) in ("failed", "quarantined"), "the device to be given up")
    assert switch.reload_failed()
    assert carved.get(switch, "LastError")
    assert 1 <= len(capture.writes(kind="reload")) <= 2
    switch.knob("fail_reload", "N")
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    assert not switch.reload_failed()
    assert (switch.size("/nexthops"), switch.active("max_macs")) == (100, 48)
    assert switch.trap("tail_drop") == "trap"


def test_size_that_the_driver_never_reads(switch, carved, capture):
    carved.run(entry(switch, UNREAD), audit="1s")
    assert carved.state(switch) == "converged"
    assert "accepted-unread" in carved.get(switch, "StateReason")
    assert switch.staged() == {"/IPv4": 100000}
    assert switch.reloads() == 1
    switch.reload()
    wait(lambda: switch.trap("tail_drop") == "trap", "the trap to be set again")
    carved.settled(switch)
    carved.restart()
    assert carved.state(switch) == "converged"
    assert switch.reloads() == 2
    assert len(capture.writes(kind="reload")) == 2


@pytest.fixture
def flash(make_switch, capture):
    """flash(switch): for many seconds no other request to this switch is answered."""
    file = pathlib.Path("/lib/firmware/carved-test.bin")
    file.write_bytes(b"x" * 1024)
    running = []

    def start(switch):
        command = ["devlink", "dev", "flash", switch.handle, "file", file.name]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        wait(lambda: capture.writes(switch.handle, "flash"), "the flash to begin")
        return running[-1]

    yield start
    for process in running:
        process.wait()
    file.unlink()


def test_busy_device_holds_nobody_up(make_switch, carved, flash):
    one, two = make_switch(), make_switch()
    carved.run(entry("all", "traps: {tail_drop: trap}", match=f"{{driver: {one.driver}}}"))
    busy = flash(one)
    two.reload()
    wait(lambda: carved.get(two, "ForeignReloadCount") == 1, "the reload to be seen")
    wait(lambda: two.trap("tail_drop") == "trap", "the other device to be restored")
    answers = 0
    while answers < 20:
        assert carved.get(one, "Handle") == one.handle
        answers += 1
    assert busy.poll() is None, "all that was to happen before the flash ended"
    assert busy.wait() == 0
    carved.settled(one)
    carved.settled(two)
    assert carved.show("ActiveState", "NRestarts") == ["active", "0"]


def test_start_while_a_device_is_busy(make_switch, carved, flash):
    one, two = make_switch(), make_switch()
    carved.config(entry(one, "traps: {tail_drop: trap}"), entry(two, "traps: {tail_drop: trap}"))
    busy = flash(one)
    carved.start_no_wait()
    wait(lambda: two.trap("tail_drop") == "trap", "the other device to be converged")
    wait(lambda: carved.state(one) == "reading", "the device to be waited for")
    assert carved.get(one, "StateReason")
    assert carved.state(two) == "converged"
    assert busy.poll() is None, "all that was to happen before the flash ended"
    wait(lambda: carved.show("ActiveState") == "active", "the unit to be ready")
    assert one.trap("tail_drop") == "trap"


def test_stop_while_a_device_is_busy(make_switch, carved, flash):
    """The kernel does not let go of a request: the unit ends late, but well."""
    switch = make_switch()
    carved.run(entry(switch, "traps: {tail_drop: trap}"), audit="1s")
    busy = flash(switch)
    carved.wait_state(switch, "reading")
    carved.stop()
    assert carved.show("Result", "ExecMainStatus") == ["success", "0"]
    assert busy.wait() == 0
