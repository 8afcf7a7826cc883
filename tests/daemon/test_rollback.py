# SPDX-License-Identifier: GPL-2.0-or-later
"""Reloads that fail after the tear-down: the values that worked come back, and what failed is left alone until somebody
says so. And a device that somebody else has left torn down."""
import shutil

import pytest

from carved import entry, wait
from switch import Refused

PASSES = pytest.mark.needs("fault that passes")


def good(switch):
    """An entry that works, with a policy; and what it comes to."""
    w = switch.words
    return (entry(switch, resources={w.size: w.sizes[1]}, traps={w.trap: "trap"}),
            {("size", w.size): w.sizes[1], ("trap", w.trap): "trap"})


def bad(switch):
    """The one whose reload fails. Its policy is another one."""
    w = switch.words
    return entry(switch, **{**w.wanted, "traps": {w.trap: "trap", w.trap2: "trap"}})


def bad_changes(switch):
    return {**switch.words.wanted_changes, ("trap", switch.words.trap2): "trap"}


def rolled_back(switch, carved, fails=1):
    """A good config, then one whose reload fails so many times. Return: what is in force at the end."""
    text, changes = good(switch)
    carved.run(text)
    switch.check(changes)
    switch.fail_reloads(fails)
    carved.reload(bad(switch))
    carved.wait_state(switch, "quarantined")
    wait(lambda: not switch.reload_failed() and switch.trap(switch.words.trap2) == "trap", "the roll-back")
    changes[("trap", switch.words.trap2)] = "trap"
    switch.check(changes)
    return changes


def forget_since_boot(carved):
    shutil.rmtree(carved.folder / "runtime")
    (carved.folder / "runtime").mkdir()
    carved.place.give(carved.folder)


@PASSES
def test_back_to_the_values_that_worked(switch, carved, capture):
    changes = rolled_back(switch, carved)
    assert "worked before are in force" in carved.get(switch, "StateReason")
    assert "did not come up" in carved.get(switch, "LastExtack")
    size = switch.words.size
    assert next(row for row in carved.get(switch, "Objects") if row[1] == size)[4].startswith("in quarantine")
    assert len(capture.writes(kind="reload")) == 3
    capture.clear()
    # the same part again, or a start, is no reason to try what failed
    carved.reload(bad(switch))
    carved.restart()
    assert carved.state(switch) == "quarantined"
    assert capture.writes() == []
    # live policy goes on
    switch.set_trap(switch.words.trap, "drop")
    carved.call("Reload", "a{sv}")
    wait(lambda: switch.trap(switch.words.trap) == "trap", "the trap to be set back")
    switch.check(changes)
    assert carved.state(switch) == "quarantined"


@PASSES
def test_quarantine_is_remembered_without_run(switch, carved, capture):
    """As after a reboot of which the device knows nothing."""
    changes = rolled_back(switch, carved)
    carved.stop()
    forget_since_boot(carved)
    capture.clear()
    carved.start()
    assert carved.state(switch) == "quarantined"
    assert capture.writes() == []
    switch.check(changes)


@PASSES
def test_quarantine_of_a_device_that_registers_anew(switch, carved, capture):
    """As after a reboot: the values that worked come back with one reload, what failed does not."""
    changes = rolled_back(switch, carved)
    carved.stop()
    forget_since_boot(carved)
    switch.unbind()
    switch.bind()
    capture.clear()
    carved.start()
    assert carved.state(switch) == "quarantined"
    switch.check(changes)
    assert len(capture.writes(kind="reload")) == 1


@pytest.mark.only("fake", "tests/power-cuts boots eleven guests for it")
def test_power_cuts_in_the_reload_at_boot(switch, carved, capture):
    """Nothing is left of each but the disk: the tenth is the last that is tried."""
    switch.slow_reload(300)
    carved.config(entry(switch, **switch.words.wanted))
    for cut in range(1, 11):
        carved.start_no_wait()
        wait(lambda: len(capture.writes(kind="reload")) == cut, f"reload {cut}")
        carved.crash()
        wait(lambda: switch.reloads() == 1, "the end of the reload")
        switch.unbind()
        switch.bind()
        forget_since_boot(carved)
    carved.start()
    assert carved.state(switch) == "quarantined"
    assert "in each of 10 reloads" in carved.get(switch, "StateReason")
    assert len(capture.writes(kind="reload")) == 10
    switch.check({("trap", switch.words.trap): "trap"})
    carved.retry(switch)
    carved.settled(switch)
    switch.check(switch.words.wanted_changes)


@PASSES
@pytest.mark.parametrize("way", ["config", "retry"])
def test_way_out(switch, carved, way):
    rolled_back(switch, carved)
    reloads = switch.reloads()
    if way == "retry":
        carved.retry(switch)
        changes = bad_changes(switch)
    else:
        w = switch.words
        carved.reload(entry(switch, resources={w.size: w.sizes[2]}, traps={w.trap: "trap"}))
        changes = {("size", w.size): w.sizes[2], ("trap", w.trap): "trap"}
    carved.settled(switch)
    switch.check(changes)
    assert switch.reloads() == reloads + 1


@PASSES
def test_roll_back_is_tried_again(switch, carved, capture):
    """The reload fails, and the first roll-back; the one a second later succeeds: with that of the good config four
    reloads were asked for, of which two failed."""
    before = switch.reloads()
    rolled_back(switch, carved, fails=2)
    assert len(capture.writes(kind="reload")) == 4
    assert switch.reloads() == before + 2
    assert not switch.reload_failed()


@PASSES
def test_killed_between_failure_and_roll_back(switch, carved, capture):
    """Whose reload it was that failed is known to the next one."""
    text, changes = good(switch)
    carved.run(text)
    switch.fail_reloads(2)
    capture.clear()
    carved.reload(bad(switch))
    wait(lambda: len(capture.writes(kind="reload")) == 2 and switch.reload_failed(), "the first roll-back to fail",
         pause=0)
    carved.crash()
    carved.start_no_wait()
    wait(lambda: not switch.reload_failed(), "the roll-back")
    carved.wait_ready()
    carved.wait_bus()
    carved.wait_state(switch, "quarantined")
    wait(lambda: switch.trap(switch.words.trap2) == "trap", "the policy to be restored")
    switch.check({**changes, ("trap", switch.words.trap2): "trap"})
    assert len(capture.writes(kind="reload")) <= 4


def fail_by_somebody(switch, times=1):
    """Somebody's reload leaves it torn down; so will the next ones."""
    switch.fail_reloads(times)
    with pytest.raises(Refused):
        switch.reload()
    assert switch.reload_failed()


@PASSES
def test_failed_by_somebody(switch, carved, capture):
    """It is not carved's to reload it until somebody says so; then one reload brings everything back."""
    w = switch.words
    carved.run(entry(switch, **w.wanted))
    capture.clear()
    fail_by_somebody(switch)
    carved.wait_state(switch, "failed")
    assert "last reload failed" in carved.get(switch, "StateReason")
    assert len(capture.writes(kind="reload")) == 1
    carved.call("Reload", "a{sv}")
    carved.settled(switch)
    switch.check(w.wanted_changes)
    assert len(capture.writes(kind="reload")) == 2


@PASSES
def test_failed_at_start(switch, carved, capture):
    """One recovery, with what is wanted."""
    w = switch.words
    fail_by_somebody(switch)
    capture.clear()
    carved.run(entry(switch, **w.wanted))
    carved.settled(switch)
    switch.check(w.wanted_changes)
    assert len(capture.writes(kind="reload")) == 1


@PASSES
def test_failed_recovery(switch, carved, capture):
    """The one recovery fails, too: that is all."""
    w = switch.words
    fail_by_somebody(switch, times=2)
    capture.clear()
    carved.run(entry(switch, **w.wanted), audit="1s")
    carved.wait_state(switch, "failed")
    carved.restart()
    carved.call("Reload", "a{sv}")
    carved.settled(switch)
    switch.check(w.wanted_changes)
