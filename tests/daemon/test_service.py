# SPDX-License-Identifier: GPL-2.0-or-later
"""carved among systemd and the bus: readiness, ends, privileges, and its costs at rest."""
import os
import pathlib
import re
import socket
import subprocess
import time

import pytest

from carved import NAME, NOBODY, config, entry, memory, wait
from switch import output
from sysbus import Bus
from test_apply import check_all, everything

SYSTEMD = pytest.mark.anywhere("systemd is the same for all switches")
MANAGER = ("org.carved1", "/org/carved1", "org.carved1.Manager")


@SYSTEMD
def test_ready_means_converged(switch, unit):
    unit.run(everything(switch))
    check_all(switch)
    assert unit.show("Type", "ActiveState") == ["notify", "active"]
    assert "1 of 1" in unit.show("StatusText")
    unit.stop()
    assert unit.show("Result", "ExecMainStatus") == ["success", "0"]


@SYSTEMD
def test_systemd_starts_it_again(switch, unit, capture):
    unit.run(everything(switch))
    capture.clear()
    unit.kill("KILL")
    wait(lambda: unit.show("NRestarts", "ActiveState") == ["1", "active"], "it to be started again", pause=0.3)
    assert unit.state(switch) == "converged"
    assert capture.writes() == []
    assert switch.reloads() == 1


@pytest.mark.parametrize("kind", ["driverinit", "resource", "reload", "policer", "trap"])
def test_killed_at_work(switch, carved, capture, kind):
    """As soon as the first request of a kind was seen."""
    carved.config(everything(switch))
    carved.start_no_wait()
    wait(lambda: capture.writes(kind=kind), f"the first {kind} request", pause=0)
    carved.crash()
    carved.start()
    carved.settled(switch)
    check_all(switch)
    assert len(capture.writes(kind="reload")) <= 2
    assert switch.reloads() <= 2


def test_stopped_at_work(switch, carved, capture):
    carved.config(everything(switch))
    carved.start_no_wait()
    wait(lambda: capture.writes(kind="reload"), "the reload", pause=0)
    carved.stop()
    carved.start()
    check_all(switch)
    assert switch.reloads() <= 2


def test_exposure(installed):
    said = output("systemd-analyze", "security", "--no-pager", "carved.service")
    print(said.splitlines()[-1])
    assert float(re.search(r"exposure level for carved.service: ([0-9.]+)", said)[1]) <= 1.3


@SYSTEMD
def test_runs_with_one_capability(switch, unit):
    unit.run(entry(switch, traps={switch.words.trap: "trap"}))
    status = pathlib.Path(f"/proc/{unit.pid()}/status").read_text()
    for which in "Eff", "Prm", "Bnd", "Amb":
        assert re.search(f"Cap{which}:\t0000000000001000", status)
    assert re.search("NoNewPrivs:\t1", status) and re.search("Seccomp:\t2", status)
    assert output("ps", "-o", "user=", "-p", str(unit.pid())).strip() == "carved"


@pytest.mark.needs("systemd")
@SYSTEMD
def test_reading_is_for_all(switch, carved):
    carved.run(entry(switch, traps={switch.words.trap: "trap"}))
    assert output(*NOBODY, "busctl", "get-property", *MANAGER, "State") == 's "converged"\n'
    assert switch.handle in output(*NOBODY, "busctl", "call", *MANAGER, "ListDevices")


@pytest.mark.needs("systemd")
@SYSTEMD
def test_changing_is_for_root(switch, carved, capture):
    w = switch.words
    carved.run(entry(switch, traps={w.trap: "trap"}))
    capture.clear()
    carved.config(entry(switch, traps={w.trap2: "trap"}))
    call = subprocess.run([*NOBODY, "busctl", "call", *MANAGER, "Reload", "a{sv}", "0"],
                          stderr=subprocess.PIPE, text=True, check=False)
    assert call.returncode != 0
    assert re.search("(?i)access.?denied|permission denied|only root|not authorized|authentication is required", call.stderr)
    assert carved.manager("Generation") == 1
    assert capture.writes() == []


def test_no_bus(switch, once):
    """Without a bus it converges all the same."""
    trap = switch.words.trap
    text = config(entry(switch, traps={trap: "trap"}))
    assert once.run("--bus=user", "--once", text=text)[0] == 0
    assert switch.trap(trap) == "trap"


def test_name_of_somebody_else(switch, carved, place):
    """Without its name it converges all the same, and gets it when it is free."""
    dbus = "org.freedesktop.DBus"
    other = Bus(place.bus_address)
    assert other.call(dbus, "/org/freedesktop/DBus", dbus, "RequestName", "su", NAME, 0) == [1]
    trap = switch.words.trap
    carved.config(entry(switch, traps={trap: "trap"}))
    carved.start_no_wait()
    carved.wait_ready()
    assert switch.trap(trap) == "trap"
    other.close()
    carved.wait_bus()
    assert carved.state(switch) == "converged"
    assert carved.text().count("D-Bus name") == 1


def number_of(key, path):
    """In a file of /proc."""
    return int(re.search(rf"^{key}:\s*(\d+)", path.read_text(), re.M)[1])


def wakeups(pid):
    """How often any of its threads has waited."""
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/status")
    return sum(number_of("voluntary_ctxt_switches", task) for task in tasks)


def quiet(pid):
    """wakeups() when what the start has left to do, files and the bus, is done."""
    before = None
    while wakeups(pid) != before:
        before = wakeups(pid)
        time.sleep(1)
    return before


@pytest.mark.anywhere("what carved costs at rest is the same on all switches")
def test_at_rest(switch, once, place, folder):
    """The plain build, on the bus, under a watchdog of 30 s."""
    once.file.write_text(config(everything(switch)))
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(folder / "notify"))
    notify.settimeout(60)
    watched = {"NOTIFY_SOCKET": notify.getsockname(), "WATCHDOG_USEC": "30000000"}
    daemon = subprocess.Popen(once.command(f"--bus={place.bus_kind}", variant="plain"),
                              env={**os.environ, **watched})
    try:
        while b"READY=1" not in notify.recv(4096).split(b"\n"):
            pass
        assert switch.reloads() == 1
        before = quiet(daemon.pid)
        time.sleep(10)  # this is what is measured
        assert wakeups(daemon.pid) - before <= 2
        print(f"VmRSS {memory(daemon.pid)} kB")
        assert memory(daemon.pid) < 8 << 10
    finally:
        daemon.terminate()
        assert daemon.wait() == 0
        notify.close()
