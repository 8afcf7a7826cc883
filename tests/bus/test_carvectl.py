# SPDX-License-Identifier: GPL-2.0-or-later
"""carvectl as its users meet it: what it says, where, and with which exit code."""
import codecs
import hashlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import dbus
import dbus.service
import pytest

from conftest import BUILD, FACTS, MANAGER, NAME, NETDEVSIM, ROOT, SPECTRUM, entry, wait
from test_dbus import SIZES, leaf

TRAP = "traps: {source_mac_is_multicast: trap}"


def expect(done, status, *texts, err=()):
    """`texts` are regular expressions of what is on standard output, `err` of standard error."""
    assert done.returncode == status, done
    for text in texts:
        assert re.search(text, done.stdout, re.M), (text, done.stdout)
    for text in err:
        assert re.search(text, done.stderr, re.M), (text, done.stderr)
    if not err:
        assert done.stderr == ""


# --- what cannot work says what to do


def test_no_daemon(bed):
    for command in ("status",), ("plan",), ("reload",), ("apply",), ("retry", "x"), ("capture", "x"), ("history",), \
            ("monitor",):
        expect(bed.ctl(*command), 1, "^$", err=["^carvectl: carved is not running; start it with: systemctl start carved$"])


def test_no_bus(bed):
    expect(bed.ctl("status", DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere"), 1, "^$",
           err=["carved cannot be asked without D-Bus \\(system bus: No such file or directory\\); look at: systemctl status dbus carved$"])


def test_bus_that_lets_nobody_in(bed):
    """As it does with users that the system does not know: carved has not ended."""
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(bed.folder / "closed"))
        bus.listen()
        threading.Thread(target=lambda: [bus.accept()[0].close() for _ in range(2)], daemon=True).start()
        for command in "status", "reload":
            expect(bed.ctl(command, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={bed.folder}/closed"), 1, "^$",
                   err=["^carvectl: carved cannot be asked without D-Bus \\(system bus: [^()]+\\); look at: systemctl status dbus carved$"])


@pytest.mark.parametrize("state", ["active", "activating", "reloading"])
def test_just_started(bed, carved, state):
    """As systemd says, which does not know when carved has its name on the bus: it is waited for."""
    systemd = bed.helper("systemd.py", state)
    carved.config(leaf(TRAP))
    ctl = subprocess.Popen([BUILD / "carvectl", "reload"], env=bed.environment, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    assert systemd.stdout.readline() == "org.freedesktop.systemd1.Unit ActiveState\n"
    carved.start()
    out, err = ctl.communicate(timeout=60)
    assert (ctl.returncode, err) == (0, "") and out.endswith("carved: converged\n")


def test_started_and_not_on_the_bus(bed):
    bed.helper("systemd.py", "active")
    expect(bed.ctl("status"), 1, "^$", err=["^carvectl: carved was started and is not on D-Bus; look at: systemctl status"])


@pytest.mark.parametrize("state", ["inactive", "failed", "deactivating"])
def test_not_started(bed, state):
    systemd = bed.helper("systemd.py", state)
    expect(bed.ctl("reload", "--no-wait"), 1, "^$", err=["^carvectl: carved is not running; start it with: "])
    assert systemd.stdout.readline()


def test_no_such_device(bed, carved):
    carved.run(leaf(TRAP))
    for command in "status", "plan", "apply", "retry", "capture", "history":
        expect(bed.ctl(command, "laef"), 1, "^$",
               err=["^carvectl: no device or entry is called laef; did you mean leaf\\?$"])
    expect(bed.ctl("status", "something"), 1, "^$", err=[f"known are: .*{SPECTRUM}.*, leaf$"])


def test_absent_entry(bed, carved):
    """Its name is known, only there is nothing to be done to it."""
    carved.run(leaf(TRAP), entry("spine", TRAP, "{driver: none}"))
    for command in "apply", "retry", "capture", "resources":
        expect(bed.ctl(command, "spine"), 1, "^$", err=["^carvectl: no device matches the entry spine$"])
    expect(bed.ctl("plan", "spine"), 1, "^$", err=["^carvectl: no device matches the entry spine$"])
    expect(bed.ctl("plan"), 1, "^entry spine is absent: ")
    carved.config(leaf(TRAP), entry("tor", TRAP, "{driver: none}"))
    expect(bed.ctl("plan", "tor", "--candidate"), 1, "^$", err=["^carvectl: no device matches the entry tor$"])
    expect(bed.ctl("plan", "tro"), 1, "^$", err=["^carvectl: no device or entry is called tro"])


def test_name_that_is_no_text(bed, carved):
    """A file whose name could not be told is refused by one that can."""
    carved.run(leaf(TRAP))
    folder = bed.file.parent / "carved.d"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.yaml")).write_text("settings: {audit_interval: 1s}\n")
    for command in ["reload"], ["plan", "--candidate"]:
        expect(bed.ctl(*command), 1, "^$", err=[rf"^{folder}/caf\?\.yaml: error: the name is not UTF-8 text"])
    expect(bed.ctl("status"), 0, r"caf\?\.yaml: error: ", "^carved: converged")


@pytest.mark.parametrize("words", [["sttaus"], ["status", "a", "b"], ["retry"], ["capture"], ["monitor", "x"],
                                   ["status", "--allow-reload"], ["apply", "--nothing"], ["metrics", "--json"],
                                   ["--bus=x", "status"], [""], ["apply", "", "--allow-reload"], ["wait", ""]])
def test_usage(bed, words):
    expect(bed.ctl(*words), 64, "^$", err=["^carvectl: ", "try: carvectl --help$"])


@pytest.mark.parametrize("command", [["carvectl", "--help"], ["carvectl", "--version"], ["carved", "--help"]])
def test_help_that_cannot_be_written(bed, command):
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([BUILD / command[0], *command[1:]], env=bed.environment, stdout=full, stderr=subprocess.DEVNULL,
                              check=False).returncode == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_no_permission(bed, carved):
    carved.run(leaf(TRAP))
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    for command in ("reload",), ("apply",), ("retry", "leaf"):
        expect(bed.ctl(*command, prefix=nobody), 1, "^$",
               err=[f'no permission .*: "carvectl {command[0]}" needs root'])
    bed.helper("polkit.py", "yes")
    expect(bed.ctl("apply", prefix=nobody), 0, "^carved: converged$")


# --- status


def test_status(bed, carved):
    carved.run(leaf(TRAP), entry("spine", TRAP, "{driver: none}"))
    expect(bed.ctl("status"), 3, r"^DEVICE .* STATE +FIRMWARE +RELOADS DRIFT CHANGED",
           rf"^{SPECTRUM} +leaf +mlxsw_spectrum +converged +13.2010.1006 +0/0 +0 +\d{{4}}-", r"^spine .* absent ",
           "^carved: absent, 1 of 2 converged$")
    carved.config(leaf(TRAP))
    expect(bed.ctl("status"), 3, "The files on disk differ from what is in force; .*: carvectl reload$")
    expect(bed.ctl("reload"), 0, "^carved: converged$")
    expect(bed.ctl("status"), 0, "^carved: converged, 1 of 1 converged$")
    expect(bed.ctl("status", NETDEVSIM), 0, "State: unmanaged$", "Versions: fw.mgmt 10.20.30, fw.mgmt 10.20.30 .stored.$",
           r"^  fib +unlimited +\d+", f"^No entry matches it, .*: carvectl capture {NETDEVSIM}$")


def test_status_answers_all_questions(bed, carved):
    """What did you want, what is there, why not, since when, which line: in one answer."""
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET source_mac_is_multicast EINVAL text=not now")
    carved.run(leaf("reload: manual\ntraps: {source_mac_is_multicast: trap}\n" + SIZES),
               entry("sim", "traps: {tail_dorp: drop}", "{driver: netdevsim}"))
    expect(bed.ctl("status", "leaf"), 3, "Firmware: 13.2010.1006 running$", "State: failed$", "Pending: reload$",
           r"Since: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(\d+s ago\)$", "Reloads: 0 by carved, 0 by others$",
           rf"^resource +/kvd/linear +90112 +98304 +waits for a permitted reload +{bed.file}:8:30$",
           rf"^trap +source_mac_is_multicast +trap +drop +trap .* refused: .*: not now .* +{bed.file}:7:38$",
           r"Failed at: \d{4}-", "Drift: .*/kvd/linear size: wanted 90112, is 98304")
    assert "tail_dorp" not in bed.ctl("status", "leaf").stdout  # of another device
    expect(bed.ctl("status", "sim"), 3, "State: refused$", f"^{bed.file}.*: error: {NETDEVSIM}: .*did you mean tail_drop")


def test_status_shows_what_deviates(bed, carved):
    """With --all the rest, too; with --problems no device that is as wanted."""
    carved.run(leaf("reload: manual\n" + TRAP + "\nresources: {/kvd/hash_double: 60288}"),
               entry("sim", "traps: {tail_drop: trap}", "{driver: netdevsim}"))
    done = bed.ctl("status", "leaf")
    expect(done, 3, "^resource +/kvd/hash_double ", "^1 object as wanted .--all.$")
    assert "source_mac" not in done.stdout
    expect(bed.ctl("status", "leaf", "--all"), 3, "^resource +/kvd/hash_double ", "^trap +source_mac_is_multicast +trap +trap ")
    done = bed.ctl("status", "--problems")
    expect(done, 3, f"^{SPECTRUM} +leaf ", "^carved: pending-reload")
    assert NETDEVSIM not in done.stdout
    expect(bed.ctl("status", "sim", "--problems"), 0, "^All devices are as wanted.$")
    assert bed.ctl().stdout == bed.ctl("status").stdout and bed.ctl("-h").stdout == bed.ctl("--help").stdout


def test_sizes_that_others_have_staged(bed, carved):
    """What is not managed is no drift, but the next reload will bring it."""
    carved.run(leaf("reload: manual\nresources: {/kvd/linear: 98304}"))
    bed.kernel.ask(f"set {SPECTRUM} resource /kvd/hash_double 32768")
    carved.call("Apply", "leaf", {})
    wait(lambda: "Staged: " in bed.ctl("status", "leaf").stdout, "the size to be seen")
    expect(bed.ctl("status", "leaf"), 0, "Staged: /kvd/hash_double 60416 -> 32768, not managed, at the next reload$",
           "State: converged$")


def test_two_entries_for_one_device(bed, carved):
    carved.run(leaf(TRAP), leaf(TRAP, "other"))
    expect(bed.ctl("status"), 3, f"^{SPECTRUM} +leaf .* refused ", "entries leaf .* and other both match the device")
    assert "absent" not in bed.ctl("status").stdout
    assert len([d for d in bed.json("status")["devices"] if d["handle"] == SPECTRUM]) == 1
    for name in "leaf", "other":
        expect(bed.ctl("status", name), 3, "State: refused$", "entries leaf .* and other both match the device")
        expect(bed.ctl("apply", name), 1, "^$", err=["entries leaf .* and other both match the device"])
    carved.config(leaf(TRAP, "other"))
    expect(bed.ctl("reload"), 0, "^carved: converged$")
    expect(bed.ctl("status", "leaf"), 1, "^$", err=["no device or entry is called leaf"])


def test_an_entry_that_is_refused_is_not_absent(bed, carved):
    """Under its new name, too, while that before it is enforced."""
    carved.run(leaf(TRAP))
    carved.config(leaf("resources: {/kvd/linear: 1}", "spine"))
    done = bed.ctl("reload")
    expect(done, 3, "^carved: refused$", "carvectl status$", err=["not a multiple of the granularity"])
    assert "absent" not in bed.ctl("status").stdout
    for name in "leaf", "spine":
        expect(bed.ctl("status", name), 3, f"^.?.?{SPECTRUM}$", "Entry: leaf$", "State: refused$")


class Terminal:
    """carvectl on a terminal; `columns` as the terminal says."""

    def __init__(self, bed, columns, *words, types="", **environment):
        self.master, slave = pty.openpty()
        subprocess.run(["stty", "cols", str(columns), "rows", "50"], stdin=slave, check=True)
        self.process = subprocess.Popen([BUILD / "carvectl", *words], env={**bed.environment, **environment},
                                        stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        os.write(self.master, types.encode())

    def read(self):
        text = b""
        try:
            while more := os.read(self.master, 65536):
                text += more
        except OSError:
            pass
        os.close(self.master)
        self.process.wait()
        return text.decode().replace("\r\n", "\n")


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*[mK]", "", text)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_on_a_terminal(bed, carved, columns):
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET source_mac_is_multicast EINVAL text=not now")
    carved.run(leaf("reload: manual\ntraps: {source_mac_is_multicast: trap}\n" + SIZES),
               entry("sim", "traps: {tail_drop: trap}", "{driver: netdevsim}"))
    for words in ["status"], ["status", "leaf"], ["plan"], ["history"]:
        text = Terminal(bed, columns, *words).read()
        assert "\x1b[" in text
        assert max(len(line) for line in plain(text).splitlines()) <= columns
    text = Terminal(bed, columns, "status", NO_COLOR="1").read()
    assert "\x1b[" not in text and "● netdevsim" in text and "× pci" in text
    columns_of_80 = plain(Terminal(bed, 80, "status").read()).splitlines()[0].split()
    assert columns_of_80 == ["DEVICE", "ENTRY", "DRIVER", "STATE", "FIRMWARE", "DRIFT"]


# --- plan


def test_plan(bed, carved):
    carved.run(leaf("reload: manual\n" + SIZES))
    expect(bed.ctl("plan"), 2, rf"^{SPECTRUM} +reload +resource +/kvd/linear +98304 → 90112 +{bed.file}:7:30$",
           "^4 steps, 1 reload$")
    steps = bed.json("plan", "leaf")["steps"]
    assert [step["kind"] for step in steps] == ["resource", "resource", "resource", "reload"]
    carved.config(leaf("reload: manual\n" + TRAP))
    expect(bed.ctl("plan", "--candidate"), 2, "drop → trap", "^1 step$")
    carved.config(leaf("traps: {}"))
    expect(bed.ctl("plan", "--candidate"), 0, "^Nothing to do.$")
    carved.config(leaf("traps: {source_mac_is_multicsat: trap}"))
    expect(bed.ctl("plan", "--candidate"), 1, "^$", err=["did you mean source_mac_is_multicast"])
    bed.file.write_text("version: 1\ndevcies: {}\n")
    expect(bed.ctl("plan", "--candidate", "leaf"), 1, "^$",
           err=[f"^{bed.file}:2:1: error: .*devcies", "^carvectl: the files on disk would be refused$"])


def test_plan_looks_at_the_firmware(bed, carved):
    """At the file as it is now, also while the kernel is at work on the device."""
    carved.run(leaf(TRAP))
    file = bed.root / "lib/firmware/mellanox/new.mfa2"
    file.parent.mkdir(parents=True)
    right = hashlib.sha256(b"x").hexdigest()

    def plan(digest):
        carved.config(leaf(f'firmware: {{version: 13.2010.1406, file: mellanox/{file.name}, sha256: "{digest}"}}'))
        return bed.ctl("plan", "--candidate")
    missing = [rf"^{bed.file}:\d+:\d+: error: .*cannot be flashed: there is no firmware file mellanox/{file.name} ",
               "^carvectl: the files on disk would be refused$"]
    expect(plan(right), 1, "^$", err=missing)
    file.write_bytes(b"x")
    expect(plan("0" * 64), 1, "^$", err=[f"has the sha256 {right}, not 0000"])
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET * hold")
    carved.config(leaf("traps: {vlan_tag_mismatch: trap}"))
    carved.call("Reload", {})
    carved.wait_state(SPECTRUM, "applying")
    expect(plan(right), 2, rf"^{SPECTRUM} +\S+ +firmware +\S+ +13.2010.1006 → 13.2010.1406 ", "1 reload$")
    file.unlink()
    expect(plan(right), 1, "^$", err=missing)
    assert carved.state(SPECTRUM) == "applying"
    bed.kernel.ask("release")
    carved.wait_state(SPECTRUM, "converged")


def test_plan_reads_first(bed, carved):
    """What nobody has told carved is found, and what stands in the way is said."""
    carved.run(leaf("drift: report\nreload: manual\n" + TRAP + "\n" + SIZES))
    bed.kernel.ask(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    expect(bed.ctl("plan"), 2, rf"^{SPECTRUM} +live +trap +source_mac_is_multicast +drop → trap ",
           rf"^5 steps, 1 reload\n4 of them wait for a permitted reload; .*: carvectl apply {SPECTRUM} --allow-reload$")
    document = bed.json("plan", "leaf")
    assert [step["kind"] for step in document["held"]] == ["resource", "resource", "resource", "reload"]
    assert len(document["steps"]) == 5 and document["hindered"] == []
    carved.config(leaf("drift: report\nreload: manual\n" + TRAP + "\n" + SIZES), entry("spine", TRAP, "{driver: none}"))
    expect(bed.ctl("plan", "--candidate"), 2, "^4 of them wait for a permitted reload")
    expect(bed.ctl("plan"), 2, "^The files on disk differ from what is in force; .*: carvectl plan --candidate$")
    bed.ctl("pause", "leaf")
    expect(bed.ctl("plan"), 2, rf"^5 steps, 1 reload\n{SPECTRUM} is paused by ")


def test_plan_of_what_is_refused(bed, carved):
    carved.run(leaf("resources: {/kvd/linear: 1}"))
    expect(bed.ctl("plan"), 1, rf"^{SPECTRUM} is refused: .*granularity")
    assert bed.json("plan")["hindered"][0]["state"] == "refused"


def test_plan_of_a_kept_config(bed, carved):
    carved.run(leaf(SIZES))
    before = carved.call("ListConfigs")[0][0]
    carved.config(leaf(TRAP))
    expect(bed.ctl("reload"), 0, "^carved: converged$")
    for config in before, "before":
        steps = carved.call("Plan", "", {"config": config})
        assert [str(s[1]) for s in steps].count("reload") == 1 and "90112" in [s[4] for s in steps]
    with pytest.raises(dbus.DBusException, match="no config x is kept"):
        carved.call("Plan", "", {"config": "x"})
    with pytest.raises(dbus.DBusException, match="the option config takes a short text"):
        carved.call("Plan", "", {"config": "x" * 9000})


# --- reload, apply, retry


def test_reload(bed, carved):
    carved.run(leaf(TRAP))
    bed.file.write_text("version: 1\ndevcies: {}\n")
    expect(bed.ctl("reload"), 1, "^$", err=[f"^{bed.file}:2:1: error: ", "refused; the one in force stays"])
    expect(bed.ctl("reload", "--no-wait"), 1, "^$", err=[f"^{bed.file}:2:1: error: "])
    carved.config(leaf("reload: manual\n" + SIZES))
    expect(bed.ctl("reload", "--no-wait"), 0, "^carved: accepted$")
    expect(bed.ctl("reload"), 3, "^carved: pending-reload$")
    assert bed.json("reload") == {"result": "pending-reload", "diagnostics": [], "confirm_deadline_usec": 0,
                                  "records": []}
    carved.config(leaf(SIZES))
    expect(bed.ctl("reload"), 0, rf"^{SPECTRUM}: converged .config., outage .*: resource /kvd/linear 98304 -> 90112; ",
           "^carved: converged$")
    expect(bed.ctl("reload"), 0, "^Nothing was done.$", "^carved: converged$")


def test_reload_that_fails(bed, carved):
    """What the kernel said to it is said at once."""
    carved.run(leaf(TRAP))
    bed.kernel.ask(f"rule {SPECTRUM} RELOAD * EINVAL times=1 text=not today")
    carved.config(leaf(TRAP + "\n" + SIZES))
    expect(bed.ctl("reload"), 3, "^pci.*: failed .config.: .*not today", "^carved: failed$", "carvectl status$")
    done = bed.ctl("status", "leaf")
    expect(done, 3, "^resource +/kvd/linear .* held back by what failed, until carvectl retry or another config")
    assert "permitted" not in done.stdout and done.stdout.count("not today") == 1


def test_asks_on_a_terminal(bed, carved):
    """Before a reload, unless --yes is given, and not where the policy holds it back anyway."""
    carved.run(leaf(TRAP))
    carved.config(leaf(TRAP + "\n" + SIZES))
    for words in ["reload"], ["reload", "--no-wait"], ["reload", "--confirm", "1m"]:
        terminal = Terminal(bed, 80, *words, types="n\n")
        text = plain(terminal.read())
        assert f"This disturbs traffic:\n  {SPECTRUM}: reload\nGo on? [y/N] " in text, text
        assert "carvectl: nothing was done" in text and terminal.process.returncode == 1
    assert not [r for r in bed.kernel.ask("requests") if r["command"] == "RELOAD"]
    assert "carved: converged" in plain(Terminal(bed, 80, "reload", types="y\n").read())
    text = plain(Terminal(bed, 80, "rollback", types="n\n").read())
    assert f"  {SPECTRUM}: reload\n" in text and "nothing was done" in text
    text = plain(Terminal(bed, 80, "rollback", "--yes").read())
    assert "Go on?" not in text and "carved: converged" in text
    assert len([r for r in bed.kernel.ask("requests") if r["command"] == "RELOAD"]) == 2
    carved.config(leaf("reload: manual\n" + TRAP + "\n" + SIZES))
    text = plain(Terminal(bed, 80, "reload").read())
    assert "Go on?" not in text and "carved: pending-reload" in text


def test_asks_before_a_retry(bed, carved):
    bed.kernel.ask(f"rule {SPECTRUM} RELOAD * EINVAL times=1")
    carved.run(leaf(SIZES))
    text = plain(Terminal(bed, 80, "retry", "leaf", types="n\n").read())
    assert f"  {SPECTRUM}: reload\nGo on? [y/N] " in text and carved.state(SPECTRUM) == "failed"
    assert "carved: converged" in plain(Terminal(bed, 80, "retry", "leaf", types="y\n").read())


def test_interrupted(bed, carved):
    """To interrupt carvectl ends the wait only, and that is said."""
    carved.run(leaf(TRAP))
    bed.kernel.ask(f"rule {SPECTRUM} RELOAD * hold times=1")
    carved.config(leaf(SIZES))
    ctl = subprocess.Popen([BUILD / "carvectl", "reload"], env=bed.environment, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    wait(lambda: "RELOAD" in [r["command"] for r in bed.kernel.ask("requests")], "the reload to be held")
    ctl.send_signal(signal.SIGINT)
    out, err = ctl.communicate(timeout=60)
    assert (ctl.returncode, out) == (-signal.SIGINT, "")
    assert err == "carvectl: carved goes on; to follow it: carvectl monitor, or carvectl status\n"
    bed.kernel.ask("release")
    carved.wait_state(SPECTRUM, "converged")


def test_apply(bed, carved):
    carved.run(leaf("reload: manual\n" + SIZES))
    expect(bed.ctl("apply"), 3, "^Nothing was done.$", "^carved: pending-reload$")
    expect(bed.ctl("apply", "leaf"), 3, "^$", err=["waits for a permitted reload: .*/kvd/linear",
                                                   "carvectl apply leaf --allow-reload$"])
    expect(bed.ctl("apply", "leaf", "--allow-reload"), 0,
           rf"^{SPECTRUM}: converged \(apply\), outage \d+\.\d+ s: resource /kvd/linear 98304 -> 90112; .*driver_reinit; config [0-9a-f]{{8}}, asked by (root|uid \d+)$",
           "^carved: converged$")
    assert bed.json("apply", "leaf") == {"result": "converged", "records": []}
    expect(bed.ctl("apply"), 0, "^Nothing was done.$")


def test_apply_of_a_refused_config(bed, carved):
    carved.run(leaf("resources: {/kvd/linear: 1}"))
    expect(bed.ctl("apply", "leaf"), 1, "^$", err=["not a multiple of the granularity", "carvectl reload$"])
    expect(bed.ctl("apply"), 3, "^carved: refused$")


def test_retry(bed, carved):
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET source_mac_is_multicast EINVAL times=2 text=not now")
    carved.run(leaf(TRAP))
    expect(bed.ctl("retry", "leaf"), 3, r"^pci.*: failed \(retry\): .*: not now ", "^carved: failed$")
    expect(bed.ctl("retry", SPECTRUM), 0, r"^pci.*: converged \(retry\): trap source_mac_is_multicast drop -> trap; config [0-9a-f]+, asked by (root|uid \d+)$")


def test_a_refusal_that_is_mended_on_the_device(bed, carved):
    """Retry looks at the config again; what stood in its way was in the kernel."""
    bed.kernel.ask(f"occ {SPECTRUM} /kvd/linear 95000")
    carved.run(leaf(SIZES))
    assert carved.state(SPECTRUM) == "refused"
    bed.kernel.ask(f"occ {SPECTRUM} /kvd/linear 12")
    expect(bed.ctl("retry", "leaf"), 0, "^carved: converged$")


def test_the_daemon_ends_meanwhile(bed, carved):
    carved.run(leaf("reload: manual\n" + SIZES))
    bed.kernel.ask(f"delay {SPECTRUM} 3000")
    ctl = subprocess.Popen([BUILD / "carvectl", "apply", "leaf", "--allow-reload"], env=bed.environment,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    carved.wait_state(SPECTRUM, "reloading")
    carved.process.kill()
    carved.process.wait()
    carved.process = None
    out, err = ctl.communicate()
    assert ctl.returncode == 1 and out == ""
    assert "carved ended before all devices had come to rest; look at: journalctl -u carved" in err


def test_progress(bed, carved):
    """Of a flash and a reload, on a terminal only."""
    firmware = bed.root / "lib/firmware/mellanox/mlxsw_spectrum-13.2010.1406.mfa2"
    firmware.parent.mkdir(parents=True)
    firmware.write_text("x")
    wanted = f"firmware: {{version: 13.2010.1406, file: mellanox/{firmware.name}}}\n"
    carved.run(leaf("reload: manual\n" + wanted + TRAP))
    bed.kernel.ask(f"flash {SPECTRUM} 2000 steps=10")
    bed.kernel.ask(f"delay {SPECTRUM} 1500")
    text = plain(Terminal(bed, 100, "apply", "leaf", "--allow-reload").read())
    assert re.search(rf"\r{SPECTRUM}  flashing  \S.*\[█+░*\]  [3-8]0%  1 s", text), text
    assert re.search(rf"\r{SPECTRUM}  reloading  1 s", text), text
    assert text.splitlines()[-1] == "carved: converged"


def test_apply_of_what_is_unmanaged(bed, carved):
    """There is nothing to do, and nothing is missing."""
    carved.run(leaf(TRAP))
    expect(bed.ctl("apply", NETDEVSIM), 0, "^Nothing was done.$", "^carved: unmanaged$")
    assert bed.json("apply", NETDEVSIM)["result"] == "unmanaged"


def test_apply_of_what_is_refused(bed, carved):
    """Whether there was something to do or not, and a refusal by the device is an error."""
    carved.run(leaf("drift: report\n" + TRAP))
    carved.config(leaf("drift: report\ntraps: {source_mac_is_multicast: trap, nix: drop}"))
    expect(bed.ctl("reload"), 3, "^carved: refused$", err=["has no trap nix"])
    expect(bed.ctl("apply", "leaf"), 1, "^$", err=["has no trap nix", "refused for leaf"])
    bed.kernel.ask(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    expect(bed.ctl("apply", "leaf"), 1, "refused .apply.: trap source_mac_is_multicast drop -> trap", "^carved: refused$",
           "carvectl status leaf$")


# --- history, monitor, metrics


def test_history(bed, carved):
    carved.run(leaf(TRAP))
    expect(bed.ctl("history"), 0, rf"^\d{{4}}-\d\d-\d\d \S+ +{SPECTRUM} +start +converged +- +trap source_mac")
    bed.kernel.ask(f"reload {SPECTRUM}")
    records = wait(lambda: len(found := bed.json("history", "leaf")["records"]) == 2 and found, "the second record")
    assert [r["trigger"] for r in records] == ["start", "foreign-reload"]
    assert records[1]["outage_usec"] > 0 and records[1]["handle"] == SPECTRUM
    assert "source_mac_is_multicast -> trap;" in records[1]["detail"]
    expect(bed.ctl("history", NETDEVSIM), 0, "^Nothing since carved started")


class OtherCarved(dbus.service.Object):
    """One whose records the test makes up."""

    records = []

    @dbus.service.method(MANAGER, in_signature="su", out_signature="a(tsssst)")
    def History(self, device, newest):
        return self.records[-newest:] if newest else self.records

    @dbus.service.signal(MANAGER, signature="sss")
    def Changed(self, device, trigger, result):
        pass

    def add(self, time, detail, signalled=True):
        self.records = [*self.records, (dbus.UInt64(time), SPECTRUM, "audit", "converged", detail, dbus.UInt64(0))]
        if signalled:
            self.Changed(SPECTRUM, "audit", "converged")


class Monitor:
    def __init__(self, bed, *options):
        self.file = bed.folder / f"monitor{''.join(options)}"
        with open(self.file, "w") as out:
            self.process = subprocess.Popen([BUILD / "carvectl", "monitor", *options], env=bed.environment, stdout=out)

    def lines(self):
        """Those that are whole."""
        return self.file.read_text().rpartition("\n")[0].splitlines()

    def close(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        assert self.process.wait() == 0  # to be interrupted is how it ends


def test_monitor_and_the_clock(bed):
    """Each record is shown once, though the clock was set back or on meanwhile."""
    name = dbus.service.BusName(NAME, bed.connection)
    other = OtherCarved(bed.connection, ROOT)
    other.add(1000, "old", signalled=False)
    monitor = Monitor(bed)
    number = iter(range(1000))

    def listens():
        other.add(2000, f"new {next(number)}")
        return monitor.lines()
    wait(listens, "it to listen")
    other.records = [(dbus.UInt64(time + 7), *rest) for time, *rest in other.records]  # as the new clock has it
    other.add(500, "clock set back")
    other.add(3000, "last")
    wait(lambda: monitor.lines()[-1].endswith(": last"), "the last record")
    shown = [line.rpartition(": ")[2] for line in monitor.lines()]
    assert shown[-2:] == ["clock set back", "last"] and "old" not in shown and len(set(shown)) == len(shown)
    monitor.close()
    other.remove_from_connection()
    del name


def test_monitor(bed, carved):
    carved.run(leaf(TRAP))
    monitors = Monitor(bed), Monitor(bed, "--json")
    # they are listening when they have seen something
    for n, trap in enumerate(["drop", "trap"] * 50):
        carved.config(leaf(f"traps: {{source_mac_is_multicast: {trap}}}"))
        carved.call("Reload", {})
        carved.at_rest()
        if n > 0 and all(m.lines() for m in monitors):
            break
        time.sleep(0.05)
    bed.kernel.ask(f"reload {SPECTRUM}")
    text, lines = monitors
    seen = re.compile(rf"\S+ \S+ {SPECTRUM}: converged \(foreign-reload\), outage \d+\.\d+ s")
    wait(lambda: any(map(seen.match, text.lines())), "the reload as text")

    def events(event):
        return [e for e in map(json.loads, lines.lines()) if e["event"] == event]
    found = wait(lambda: [e for e in events("change") if e["trigger"] == "foreign-reload"], "the reload as JSON")
    assert found[0]["handle"] == SPECTRUM and found[0]["state"] == "converged" and found[0]["outage_usec"] > 0
    assert {e["state"] for e in events("state")} >= {"applying", "converged"}
    carved.stop()
    wait(lambda: [e["state"] for e in events("daemon")] == ["ended"], "the end")
    carved.start()
    wait(lambda: [e["state"] for e in events("daemon")] == ["ended", "started"], "the start")
    carved.at_rest()  # it has seen the device
    bed.kernel.ask(f"unbind {SPECTRUM}")
    wait(lambda: [e["handle"] for e in events("state") if e["state"] == "absent"] == [SPECTRUM], "the device to go")
    assert all(set(json.loads(line)) == set(found[0]) for line in lines.lines())
    for monitor, number in zip(monitors, (signal.SIGINT, signal.SIGTERM)):
        assert monitor.process.poll() is None
        monitor.close(number)


def test_metrics(bed, carved):
    expect(bed.ctl("metrics"), 1, "^carved_up 0$", err=["carved is not running"])
    carved.run(leaf("reload: manual\n" + SIZES + "\n" + TRAP))
    done = bed.ctl("metrics")
    device = f'device="{SPECTRUM}"'
    expect(done, 0, "^carved_up 1$", '^carved_state{state="pending-reload"} 1$',
           f'^carved_device_state{{{device},state="pending-reload"}} 1$', f"^carved_device_drift{{{device}}} 3$",
           f'^carved_resource_size{{{device},path="/kvd/linear"}} 98304$',
           f'^carved_resource_wanted{{{device},path="/kvd/linear"}} 90112$',
           f'^carved_resource_occupancy{{{device},path="/kvd/linear"}} 12$',
           f'^carved_device_reloads_total{{{device},by="carved"}} 0$', "^carved_config_out_of_sync 0$")
    digest = bed.json("configs")["configs"][0]["hash"]
    accepted = re.search(rf'^carved_config_info{{hash="{digest}"}} 1\n#.*\n#.*\n'
                         r"carved_config_timestamp_seconds (\S+)$", done.stdout, re.M)
    assert abs(float(accepted[1]) - time.time()) < 60
    read_at = re.search(rf"^carved_device_last_read_timestamp_seconds{{{device}}} (\S+)$", done.stdout, re.M)
    assert abs(float(read_at[1]) - time.time()) < 60


def test_metrics_are_well_formed(bed, carved):
    """Every sample has a type, said once and before it; promtool finds no fault where there is one."""
    carved.run(leaf(TRAP))
    text = bed.ctl("metrics").stdout
    types = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)
    assert len(types) == len(dict(types)) == len(re.findall(r"^# HELP \w+ .+$", text, re.M))
    known = ""
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            known = line.split()[2]
        elif not line.startswith("#"):
            assert re.fullmatch(rf'{known}({{\w+="[^"]*"(,\w+="[^"]*")*}})? (\+Inf|\d+(\.\d+)?)', line), line
    if shutil.which("promtool"):
        subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True)


def test_json_of_everything(bed, carved):
    """One document each, also where nothing is there."""
    carved.run()
    for words in ["status"], ["plan"], ["history"], ["reload"], ["apply"], ["plan", "--candidate"]:
        assert isinstance(bed.json(*words), dict)
    assert bed.json("status")["devices"][0]["handle"] == NETDEVSIM
    capture = bed.ctl("capture", SPECTRUM)
    expect(capture, 0, "^version: 1$")
    for options in ["--facts"], ["--facts", "--json"]:
        assert json.loads(bed.ctl("capture", SPECTRUM, *options).stdout)["handle"] == SPECTRUM


@pytest.mark.parametrize("handle", [SPECTRUM, NETDEVSIM])
def test_capture_as_json(bed, carved, handle):
    """It is a config as well, and changes as little as the one in YAML."""
    carved.run()
    captured = bed.json("capture", handle)["devices"][handle]
    state = bed.kernel.device(handle)
    assert {path: str(size) for path, size in captured["resources"].items()} == {
        path: str(size["size"]) for path, size in state["resources"].items()}
    assert captured["traps"]["port_list_is_empty"] == "drop"
    assert captured["trap_policers"]["1"] == {name: state["trap_policers"]["1"][name] for name in ("rate", "burst")}
    bed.file.write_text(bed.ctl("capture", handle, "--json").stdout)
    bed.kernel.ask("forget")
    expect(bed.ctl("reload"), 0, "^carved: converged$")
    assert not [r for r in bed.kernel.ask("requests") if "SET" in r["command"] or r["command"] == "RELOAD"]


def test_metrics_in_a_file(bed, carved, tmp_path):
    """All of it or nothing, and nothing is written through what lies there, or waited for."""
    other, file = tmp_path / "other", tmp_path / "carved.prom"
    other.write_text("keep\n")
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    for make in (lambda: file.symlink_to(other), lambda: os.mkfifo(file), lambda: file.hardlink_to(other), lambda: None):
        make()
        done = bed.ctl("metrics", "--output", str(file))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert "carved_up 1\n" in file.read_text() and other.read_text() == "keep\n" and file.stat().st_mode == 0o100644
        assert sorted(p.name for p in tmp_path.iterdir()) == ["carved.prom", "other"]
        file.unlink()
    file.mkdir()
    done = bed.ctl("metrics", "--output", str(file))
    assert done.returncode == 1 and "cannot write" in done.stderr and not list(file.iterdir())
    assert bed.ctl("metrics", "--output", str(tmp_path / "none/x")).returncode == 1
    carved.stop()
    assert bed.ctl("metrics", "--output", str(tmp_path / "down")).returncode == 0
    assert "carved_up 0\n" in (tmp_path / "down").read_text()


# --- resources


def test_resources(bed, carved):
    """Each where it lies in its parent; of devices that are not managed, too."""
    carved.run(leaf("reload: manual\n" + TRAP))
    bed.kernel.ask(f"set {SPECTRUM} resource /kvd/linear 65536")
    expect(bed.ctl("resources"), 0, "^netdevsim/netdevsim10  netdevsim$", "^/IPv4 +unlimited +- 0-unlimited/1$",
           f"^{SPECTRUM}  mlxsw_spectrum$", "^  hash_double +60416 +- 32768-180224/128 ▒+·+$", "^  hash_single +87040 +- .* ·+▒+·+$",
           "^  linear +98304 +12 0-147456/128 +·+█▒+$", "^    → 65536 at the next reload$",
           "^/rif_mac_profiles +1 +1 +█+$", "^TRAP POLICER +RATE +BURST +BESIDE THE FASTEST$", "^1 +10240 +4096 +━+$",
           "^  acl_drops, l2_drops, l3_drops, l3_exceptions, tunnel_drops$", "^20 +1 +16 +━$")
    text = plain(Terminal(bed, 60, "resources", "leaf", LC_ALL="C").read())
    assert max(len(line) for line in text.splitlines()) <= 60 and text.isascii()
    assert re.search(r"^  hash_single +87040 +- \.+=+\.+$\n    from-to/step: 65536-212992/128$", text, re.M)
    expect(bed.ctl("resources", "spine"), 1, "^$", err=["no device or entry is called spine"])
    expect(bed.ctl("resources", "--watch"), 1, "^$", err=["^carvectl: --watch needs a terminal, and has no JSON$"])
    found = bed.json("resources")
    assert set(found) == {SPECTRUM, NETDEVSIM} and found[SPECTRUM]["/kvd/linear"]["size_new"] == 65536


def test_pools(bed, carved, tmp_path):
    """How large each is beside the largest, and how many traffic classes are bound to it."""
    facts = tmp_path / "buffers.json"
    facts.write_text((FACTS / "buffers.json").read_text().replace("03:00", "04:00"))
    bed.kernel.ask(f"add {facts}")
    carved.run()
    expect(bed.ctl("resources", "pci/0000:04:00.0"), 0, "^BUFFER POOL +BYTES TCS KIND +BESIDE THE LARGEST$",
           "^0/0 +12440064 +6 ingress, dynamic ▒{20,}$", "^0/1 +0 +0 ingress, dynamic$", "^0/4 +13232064 +9 egress, dynamic +▒{20,}$")


class Watched(Terminal):
    """A command that goes on until it is interrupted."""

    def until(self, pattern):
        os.set_blocking(self.master, False)
        decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a character
        self.text = ""

        def is_there():
            try:
                self.text += decoder.decode(os.read(self.master, 65536))
            except BlockingIOError:
                pass
            return re.search(pattern, plain(self.text.replace("\r", "")), re.M)
        wait(is_there, pattern)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait() == 0
        os.close(self.master)


def test_resources_again_and_again(bed, carved):
    """Over what is there, for a terminal's height."""
    carved.run()
    terminal = Watched(bed, 80, "resources", SPECTRUM, "--watch")
    terminal.until("^  linear +98304 +12 .*\n(.*\n)*.*, again every 2 s; Ctrl-C ends it$")
    bed.kernel.ask(f"occ {SPECTRUM} /kvd/linear 50000")
    terminal.until("^  linear +98304 +50000 ")
    assert re.search("\x1b\\[[0-9]+A\r", terminal.text)
    subprocess.run(["stty", "rows", "10"], stdin=terminal.master, check=True)
    terminal.until("Ctrl-C ends it; [0-9]+ more lines do not fit$")
    terminal.interrupt()


def test_explain(bed, carved):
    carved.run(leaf("reload: manual\n" + TRAP + "\n" + SIZES))
    expect(bed.ctl("explain", "leaf"), 0, f"^{SPECTRUM} is pending-reload$",
           f"^  to reload it now, whatever that resets: carvectl apply {SPECTRUM} --allow-reload$",
           "^resource /kvd/linear$", f"^  wanted: 90112, by {bed.file}:8:30$", "^  in force: 98304$",
           "^  because: waits for a permitted reload$")
    done = bed.ctl("explain", "leaf", "source_mac_is_multicast")
    expect(done, 0, "^trap source_mac_is_multicast$", "^  in force: trap, as wanted$")
    assert "/kvd" not in done.stdout.split("\n\n")[1]
    for kind in "trap", "traps":  # as it is shown, as the file has it
        assert bed.ctl("explain", "leaf", kind, "source_mac_is_multicast").stdout == done.stdout
    expect(bed.ctl("explain", "leaf", "resources", "source_mac_is_multicast"), 1, "^$",
           err=["nothing that is called resources source_mac_is_multicast is managed on leaf"])
    expect(bed.ctl("explain", "leaf", "trap", "x", "y"), 64, "^$", err=["usage: carvectl explain"])
    expect(bed.ctl("explain", "leaf", "x"), 1, "^$", err=["nothing that is called x is managed on leaf"])
    assert bed.json("explain", "leaf")["devices"][0]["state"] == "pending-reload"
    bed.ctl("pause", "leaf")
    expect(bed.ctl("explain", "leaf"), 0, f"^  to end the pause: carvectl resume {SPECTRUM}$")
