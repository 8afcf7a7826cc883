# SPDX-License-Identifier: GPL-2.0-or-later
"""What carved says of what happens: one line for one fact, none for what is on its way, no flood."""
import re

import pytest

from carved import entry, wait

pytestmark = pytest.mark.decided("what is said, and how often")
RESTORED = r"(1 setting|\d+ settings) restored \d+\.\d ms after a reload by somebody else"
DRIFT = "changed by somebody else:"


class Lines:
    """Those that are new."""

    def __init__(self, carved):
        self.carved, self.seen = carved, 0
        self.take()

    def take(self):
        lines = self.carved.text().splitlines()
        self.seen, new = len(lines), lines[self.seen:]
        return new


def foreign_reloads(carved, switch):
    return carved.get(switch, "ForeignReloadCount")


def test_start_and_config(switch, carved):
    w = switch.words
    carved.config(entry(switch, traps={w.trap: "trap"}), settle="10s")
    carved.start_no_wait()
    carved.wait_ready()
    new = Lines(carved)
    assert [line for line in carved.text().splitlines() if switch.handle in line] == [
        f"{switch.handle}: trap {w.trap} is set: drop -> trap", f"{switch.handle}: applying -> converged"]
    carved.reload(entry(switch, traps={w.trap: "trap"}))
    carved.settled(switch)
    assert [line for line in new.take() if "D-Bus" not in line] == ["the config is in force: 1 entry, 1 file"]
    carved.reload(entry(switch, traps={w.trap: "drop"}))
    wait(lambda: switch.trap(w.trap) == "drop", "the trap to be set")
    carved.settled(switch)
    assert new.take() == ["the config is in force: 1 entry, 1 file", f"{switch.handle}: trap {w.trap} is set: trap -> drop",
                          f"{switch.handle}: applying -> converged"]


def test_reload_by_somebody(switch, carved):
    w = switch.words
    carved.run(entry(switch, traps={w.trap: "trap"}))
    new = Lines(carved)
    for n in range(1, 4):
        switch.reload()
        wait(lambda n=n: foreign_reloads(carved, switch) == n, "the reload to be counted")
        carved.settled(switch)
        line, = new.take()
        assert re.fullmatch(f"{switch.handle}: {RESTORED}", line)


def test_drift(switch, carved):
    """A policy that nobody tells of, and a param that is staged only."""
    w = switch.words
    carved.run(entry(switch, params={w.param: w.value}, traps={w.trap: "trap"}), audit="1s")
    new = Lines(carved)
    switch.set_trap(w.trap, "drop")
    wait(lambda: switch.trap(w.trap) == "trap", "the trap to be set back")
    carved.settled(switch)
    assert new.take() == [f"{switch.handle}: {DRIFT} trap {w.trap} is drop, wanted trap"]
    switch.set_param(w.param, w.other)
    wait(lambda: switch.param(w.param) == w.value, "the param to be set back")
    carved.settled(switch)
    line, = new.take()
    assert re.fullmatch(rf"{switch.handle}: {DRIFT} param {w.param}/driverinit is \w+, wanted \w+", line)


def test_storm(switch, carved):
    """Not more lines than reloads, and each says what it was. One that comes in the middle of a read is known of only
    when its values are restored already."""
    w, many = switch.words, 20
    carved.run(entry(switch, traps={w.trap: "trap"}))
    new = Lines(carved)
    for _ in range(many):
        switch.reload()
    wait(lambda: foreign_reloads(carved, switch) == many, "the reloads to be counted")
    carved.settled(switch)
    lines = new.take()
    print(f"{len(lines)} lines for {many} reloads")
    assert 1 <= len(lines) <= many
    known = f"{RESTORED}|nothing was lost in a reload by somebody else|trap {w.trap} is set: .*"
    assert all(re.fullmatch(f"{switch.handle}: ({known})", line) for line in lines), lines
