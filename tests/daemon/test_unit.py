# SPDX-License-Identifier: GPL-2.0-or-later
"""What carved.service promises, and that its sandbox leaves carved what it needs: see doc/unit.md, which names
these tests."""
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil

import pytest

from carved import entry, wait
from switch import FIRMWARE, output
from test_apply import check_all, everything

SYSTEMD = pytest.mark.anywhere("systemd is the same for all switches")
TOP = pathlib.Path(__file__).resolve().parents[2]
DROPIN = pathlib.Path("/run/systemd/system/carved.service.d/one-test.conf")
LOCK = pathlib.Path("/run/carved/private/lock")
STATE = pathlib.Path("/var/lib/carved")
SHORT = "WatchdogSec=2s\n"
PAUSE = 0.3  # seconds between looks at a unit


@contextlib.contextmanager
def changed_unit(text):
    DROPIN.write_text("[Service]\n" + text)
    output("systemctl", "daemon-reload")
    try:
        yield
    finally:
        DROPIN.unlink()
        output("systemctl", "daemon-reload")


def message_id(name):
    text = (TOP / "daemon/base/messages.h").read_text()
    return re.search(rf"^#define MESSAGE_{name}\s+\"(\w+)\"", text, re.M)[1]


def told(name, unit):
    """The journal's lines of this kind, since the unit was started."""
    lines = output("journalctl", "-q", "-ojson", f"_SYSTEMD_INVOCATION_ID={unit.show('InvocationID')}",
                   f"MESSAGE_ID={message_id(name)}").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.only("asicsim", "a flash of netdevsim changes no version")
def test_flash_outlives_watchdog(switch, unit):
    """Three times the watchdog's time, in the kernel, while the unit starts. The image, its digest and the boot's id
    can be read in the sandbox."""
    version = re.sub(r"\d+$", lambda m: f"{int(m[0]) + 1:04}", switch.board.active("fw", "running"))
    image = f"asicsim-fw spectrum1 {version}\n".encode()
    (FIRMWARE / switch.image).write_bytes(image)
    switch.board.set("flash_ms", "6000 60")
    wanted = {"version": f'"{version}"', "file": switch.image, "sha256": f'"{hashlib.sha256(image).hexdigest()}"'}
    with changed_unit(SHORT):
        unit.config(entry(switch, firmware=wanted))
        unit.start_no_wait()
        wait(unit.ready, "the unit to be started", deadline=60, pause=PAUSE)
        assert unit.show("NRestarts", "ActiveState") == ["0", "active"]
        unit.settled(switch)
    assert switch.board.active("fw", "running") == version
    assert len(told("FLASHED", unit)) == len(told("FIRMWARE_RUNS", unit)) == 1
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    memory, = STATE.glob("devices/*.json")
    assert boot in memory.read_text()


@SYSTEMD
def test_remembers(switch, unit, capture):
    """A reload, then a stop: what is kept below /run and /var/lib can be written and read in the sandbox, and by
    nobody else; with it broken files do no harm, and nothing is done twice."""
    unit.run(everything(switch))
    unit.stop()
    kept = [file for folder in (LOCK.parent, STATE) for file in folder.rglob("*") if file.is_file()]
    for where in LOCK.parent / "devices", STATE / "devices", STATE / "accepted.json":
        assert [file for file in kept if file.is_relative_to(where)], where
    assert {(file.owner(), file.stat().st_mode & 0o077) for file in kept} == {("carved", 0)}
    unit.file.write_text("version: 2\n")
    capture.clear()
    unit.start()
    unit.settled(switch)
    check_all(switch)
    assert capture.writes() == []
    assert unit.manager("Diagnostics") != []
    assert switch.reloads() == 1


@SYSTEMD
def test_hung_loop_is_ended(switch, unit):
    with changed_unit(SHORT):
        unit.run(entry(switch, traps={switch.words.trap: "trap"}))
        unit.kill("STOP")
        wait(lambda: unit.show("NRestarts", "ActiveState") == ["1", "active"], "it to be started again", pause=PAUSE)
        assert unit.state(switch) == "converged"


@SYSTEMD
def test_switched_off(switch, unit, capture):
    """carved=off on the kernel's command line."""
    cmdline = pathlib.Path("/run/carved-test-cmdline")
    cmdline.write_text(pathlib.Path("/proc/cmdline").read_text().rstrip() + " carved=off\n")
    with changed_unit(f"BindReadOnlyPaths={cmdline}:/proc/cmdline\n"):
        unit.run(entry(switch, **switch.words.wanted))
        assert "carved=off" in unit.get(switch, "StateReason")
        assert "0 of 1 devices converged" in unit.show("StatusText")
        unit.reload(entry(switch, **switch.words.wanted, drift="enforce"))
        unit.stop()
    assert capture.writes() == []


@SYSTEMD
def test_waits_for_the_one_before(switch, unit):
    """It says so, once, and goes on when that has ended."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w", encoding="utf-8") as lock:
        shutil.chown(LOCK.parent, "carved", "carved")
        shutil.chown(LOCK, "carved", "carved")
        fcntl.flock(lock, fcntl.LOCK_EX)
        unit.config(entry(switch, traps={switch.words.trap: "trap"}))
        unit.start_no_wait()
        wait(lambda: "another carved has not ended" in unit.show("StatusText"), "it to say why it waits", pause=PAUSE)
        assert unit.show("ActiveState") == "activating"
    unit.wait_ready()
    assert switch.trap(switch.words.trap) == "trap"


def in_proc(unit, file, pattern):
    return re.search(pattern, pathlib.Path(f"/proc/{unit.pid()}/{file}").read_text(), re.M)[1].split()


def cgroup(unit):
    return pathlib.Path("/sys/fs/cgroup" + unit.show("ControlGroup"))


@SYSTEMD
def test_out_of_memory(switch, unit):
    """The kernel ends it at its limit; it is started again and needs no other reload."""
    unit.run(entry(switch, **switch.words.wanted))
    limit = cgroup(unit) / "memory.max"
    before = limit.read_text()
    assert (int(before), int((cgroup(unit) / "memory.high").read_text())) == (256 << 20, 192 << 20)
    assert in_proc(unit, "limits", r"^Max core file size +(.*) bytes") == ["0", "0"]
    pid = unit.pid()
    limit.write_text("1M\n")
    wait(lambda: unit.show("NRestarts", "ActiveState") == ["1", "active"], "it to be started again", pause=PAUSE)
    assert unit.pid() != pid and limit.read_text() == before
    unit.settled(switch)
    assert switch.reloads() == 1
    switch.check(switch.words.wanted_changes)


def said(unit, text):
    return text in output("journalctl", "-q", "-ocat", "_SYSTEMD_INVOCATION_ID=" + unit.show("InvocationID"))


@SYSTEMD
@pytest.mark.only("6.12", "systemd of Debian 13 cannot start what may have one task")
def test_too_many_threads(switch, unit):
    """Where it can have none for the kernel it says so, goes on, and writes nothing."""
    unit.config(entry(switch, **switch.words.wanted))
    with changed_unit("TasksMax=1\n"):
        unit.start_no_wait()
        wait(lambda: said(unit, "Resource temporarily unavailable"), "it to say so", pause=PAUSE)
        assert unit.show("NRestarts") == "0" and unit.pid()
        assert switch.reloads() == 0
        unit.stop()
    unit.start()
    unit.settled(switch)
    switch.check(switch.words.wanted_changes)
    assert unit.show("TasksMax") == "1024"


@SYSTEMD
def test_too_many_files(switch, unit):
    """When one can be opened, by which systemd is told: it says so, and goes on later."""
    trap, trap2 = switch.words.trap, switch.words.trap2
    unit.run(entry(switch, traps={trap: "trap"}))
    assert in_proc(unit, "limits", r"^Max open files +(.*) files") == ["8192", "8192"]
    pid = unit.pid()
    unit.config(entry(switch, traps={trap2: "trap"}))
    taken = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    free = next(fd for fd in range(8192) if fd not in taken)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free + 1, 8192))
    unit.kill("HUP")
    wait(lambda: said(unit, "Too many open files"), "it to say so", pause=PAUSE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (8192, 8192))
    unit.reload(entry(switch, traps={trap2: "trap"}))
    unit.settled(switch)
    assert switch.trap(trap2) == "trap"
    assert unit.show("NRestarts") == "0" and unit.pid() == pid


@SYSTEMD
def test_runs_no_program(switch, unit):
    """Not even systemd could, in its place; and carved itself has closed the call."""
    with changed_unit("ExecStartPre=/bin/true\n"):
        unit.config(entry(switch, traps={switch.words.trap: "trap"}))
        unit.start_no_wait()
        wait(lambda: unit.show("ExecMainStatus", "Result") != ["0", "success"] or unit.show("NRestarts") != "0", "it to fail",
             pause=PAUSE)
        unit.stop()
    count = pathlib.Path("/run/carved/private/filters")
    with changed_unit(f"NoExecPaths=\nExecPaths=\nExecStartPre=/bin/sh -c 'grep Seccomp_filters /proc/self/status >{count}'\n"):
        unit.run(entry(switch, traps={switch.words.trap: "trap"}))
        before = int(count.read_text().split()[1])
        assert in_proc(unit, "status", r"^Seccomp_filters:\t(.*)") == [str(before + 1)]


@SYSTEMD
def test_drift_in_the_journal(switch, unit):
    """One line, with all that is known of it in fields."""
    trap = switch.words.trap
    unit.run(entry(switch, traps={trap: "trap"}), audit="1s")
    switch.set_trap(trap, "mirror")
    wait(lambda: switch.trap(trap) == "trap", "the trap to be set back")
    line, = wait(lambda: told("DRIFT", unit), "the line", pause=PAUSE)
    fields = {name: line[name] for name in ("CARVED_DEVICE", "CARVED_OBJECT", "CARVED_TRIGGER", "CONFIG_FILE")}
    assert fields == {"CARVED_DEVICE": switch.handle, "CARVED_OBJECT": trap, "CARVED_TRIGGER": "audit",
                      "CONFIG_FILE": str(unit.file)}
    assert unit.file.read_text().splitlines()[int(line["CONFIG_LINE"]) - 1].strip().startswith("traps:")
    assert "is mirror, wanted trap" in line["MESSAGE"]
