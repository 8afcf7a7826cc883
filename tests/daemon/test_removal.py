# SPDX-License-Identifier: GPL-2.0-or-later
"""What is taken out of the files goes back to what it was before carved's first write, unless the entry says keep."""
import pytest

from carved import entry, wait
from test_apply import check_all, everything

pytestmark = pytest.mark.decided("what a setting goes back to")


def test_of_everything(switch, carved, capture):
    """All classes: one reload, and the device is as it came."""
    carved.run(everything(switch))
    check_all(switch)
    capture.clear()
    carved.reload(entry(switch))
    carved.settled(switch)
    switch.check({})
    assert len(capture.writes(kind="reload")) == 1


def test_of_the_entry(switch, carved):
    carved.run(everything(switch))
    carved.reload()
    wait(lambda: carved.state(switch) == "unmanaged", "the device to be left alone")
    switch.check({})


def test_of_the_entry_while_not_running(switch, carved):
    carved.run(everything(switch))
    carved.stop()
    carved.run()
    wait(lambda: carved.state(switch) == "unmanaged", "the device to be left alone")
    switch.check({})


def test_kept(switch, carved, capture):
    carved.run(everything(switch).rstrip("\n") + "\n    on_removal: keep\n")
    capture.clear()
    carved.reload(entry(switch, on_removal="keep"))
    carved.settled(switch)
    carved.reload()
    wait(lambda: carved.state(switch) == "unmanaged", "the device to be left alone")
    carved.restart()
    check_all(switch)
    assert capture.writes() == []


def test_of_one_field(switch, carved, capture):
    """What was there before us comes back, not what the driver starts with."""
    w = switch.words
    (rate, burst), (before, _) = w.rates
    switch.set_policer(w.policer, before, burst // 2)
    carved.run(entry(switch, trap_policers={w.policer: {"rate": rate, "burst": burst}}))
    assert switch.policer(w.policer) == (rate, burst)
    capture.clear()
    carved.reload(entry(switch, trap_policers={w.policer: {"burst": burst}}))
    wait(lambda: switch.policer(w.policer) == (before, burst), "the rate to be set back")
    carved.settled(switch)
    assert [w.kind for w in capture.writes()] == ["policer"]


def test_waits_for_a_reload(switch, carved, capture):
    """What takes a reload obeys the policy of the entry that is gone; live policy goes back at once."""
    w = switch.words
    carved.run(entry(switch, **w.wanted))
    carved.reload(entry(switch, reload="manual", **w.wanted))
    carved.settled(switch)
    capture.clear()
    carved.reload()
    wait(lambda: switch.trap(w.trap) == "drop", "the trap to be set back")
    carved.wait_state(switch, "pending-reload")
    assert [w.kind for w in capture.writes()] == ["trap"]
    carved.apply(switch, "--allow-reload")
    wait(lambda: carved.state(switch) == "unmanaged", "the device to be left alone")
    switch.check({})
