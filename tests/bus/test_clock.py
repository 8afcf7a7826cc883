# SPDX-License-Identifier: GPL-2.0-or-later
"""The wall clock is set while everything goes on, and the bus daemon ends meanwhile. carved-clock is carved with a wall
clock of its own, which a test sets; what is written is asked of the fake kernel."""
import struct
import time

import dbus
import pytest

from conftest import BUILD, NETDEVSIM, SPECTRUM, entry, wait
from test_dbus import leaf
from test_trial import TRIAL, now, results
from test_carvectl import TRAP

YEAR, HOUR = 365 * 86400, 3600
MACS = "params: {max_macs: %d}\nreload: auto"


class Clock:
    """By how many seconds carved's wall clock is ahead of the test's."""

    def __init__(self, file):
        self.file = file
        self.file.write_bytes(bytes(8))
        self.ahead = 0

    def set(self, ahead):
        self.ahead = ahead
        with self.file.open("r+b") as file:
            file.write(struct.pack("=q", ahead))

    def time(self):
        return time.time() + self.ahead

    def usec(self, seconds):
        """So many from now."""
        return dbus.UInt64(1e6 * (self.time() + seconds))


@pytest.fixture
def clock(bed):
    return Clock(bed.folder / "clock")


def sim(macs):
    return entry("sim", MACS % macs, f"{{handle: {NETDEVSIM}}}")


def macs(bed):
    return bed.kernel.device(NETDEVSIM)["params"]["max_macs"]["driverinit"]["value"]


def restart_bus(bed, carved):
    bed.bus.stop()
    bed.bus.start()
    bed.connection = bed.bus.connect()
    wait(lambda: carved.state(SPECTRUM), "carved to be on the bus again")


def test_during_everything(bed, carved, clock):
    """One device is reloaded for a config on trial, the other is paused; then the trial and the pause end in their time."""
    carved.program = BUILD / "carved-clock"
    carved.config(leaf("reload: manual\n" + TRAP), sim(32))
    carved.start(environment={"CARVED_CLOCK": str(clock.file)})
    carved.at_rest()
    carved.call("Pause", "sim", clock.usec(HOUR), {})
    bed.kernel.ask(f"rule {SPECTRUM} RELOAD * hold")
    carved.config(leaf(TRIAL), sim(48))
    carved.call("Reload", {"confirm": dbus.UInt64(1e6 * HOUR)})
    carved.wait_state(SPECTRUM, "reloading")
    for ahead in YEAR, -YEAR:
        clock.set(ahead)
        restart_bus(bed, carved)
        found = carved.all(NETDEVSIM)
        assert (found["State"], carved.state(SPECTRUM)) == ("paused", "reloading")
        for until in found["PausedUntilUSec"], carved.get("ConfirmDeadlineUSec"):
            assert HOUR / 2 < until / 1e6 - clock.time() < HOUR + 1
    bed.kernel.ask("release")
    carved.wait_state(SPECTRUM, "converged")
    assert now(bed) == ("drop", 90112, 1) and macs(bed) == 32
    assert results(carved) == ["on-trial", "replaced"] and carved.state(NETDEVSIM) == "paused"
    carved.call("Pause", "sim", clock.usec(3), {})
    clock.set(-2 * YEAR)
    restart_bus(bed, carved)
    wait(lambda: macs(bed) == 48, "the end of the pause")
    carved.wait_state(NETDEVSIM, "converged")
    carved.call("Reload", {"confirm": dbus.UInt64(2e6)})
    clock.set(-3 * YEAR)
    restart_bus(bed, carved)
    wait(lambda: now(bed) == ("trap", 98304, 2) and macs(bed) == 32, "the end of the trial")
    for handle in SPECTRUM, NETDEVSIM:
        carved.wait_state(handle, "converged")
    assert results(carved)[:2] == ["in-force", "rolled-back"]
    assert [bed.kernel.device(handle)["counters"][0][3] for handle in (SPECTRUM, NETDEVSIM)] == [2, 2]
