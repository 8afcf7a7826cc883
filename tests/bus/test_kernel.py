# SPDX-License-Identifier: GPL-2.0-or-later
"""What drivers say is not trusted: names that are no text, and more names than there can be threads."""
import json
import os
import pathlib
import subprocess

from conftest import BUILD, FACTS, NETDEVSIM, NOBODY, OBJECTS, SPECTRUM, entry, wait
from test_dbus import leaf

STRANGER = 65534  # nobody


def add_strange(bed):
    """An object of each kind, and a device, by names that carved gets as bytes."""
    facts = json.loads((FACTS / "netdevsim.json").read_text())
    for kind, like in (("resources", "/nexthops"), ("traps", "tail_drop"), ("trap_groups", "l2_drops"),
                       ("params", "max_macs"), ("health_reporters", "empty")):
        facts[kind][("/" if kind == "resources" else "") + "SPOILED"] = facts[kind][like]
    facts["resources"]["/SPOILED"]["id"] = 99
    for handle in "netdevsim/netdevsim11", "netdevsim/SPOILED":
        facts["handle"] = handle
        file = bed.folder / "strange.json"
        file.write_text(json.dumps(facts))
        bed.kernel.ask(f"add {file}")


def test_names_that_are_no_text(bed, carved):
    """They are passed over and said once; all else is there for everybody, and is remembered."""
    add_strange(bed)
    spoiled = bed.folder / "spoiled"
    bed.helper("spoil.py", str(spoiled), str(bed.kernel.path))
    bed.kernel.path = spoiled
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"),
               entry("strange", "traps: {tail_drop: trap}", '{handle: "netdevsim/netdevsim11"}'))
    assert carved.state(SPECTRUM) == "converged"
    handles = {str(row[0]) for row in carved.call("ListDevices")}
    assert handles == {SPECTRUM, NETDEVSIM, "netdevsim/netdevsim11"}
    assert len(carved.object().GetManagedObjects(dbus_interface=OBJECTS)) == 3
    captured = bed.ctl("capture", "netdevsim/netdevsim11")
    assert captured.returncode == 0 and "/nexthops" in captured.stdout and "?" not in captured.stdout
    assert "netdevsim11" in bed.ctl("status").stdout and "netdevsim11" in bed.ctl("history").stdout
    assert "carved_up 1" in bed.ctl("metrics").stdout
    bed.ctl("apply", "strange")
    carved.stop()
    log = carved.log.read_bytes()
    assert b"\xff" not in log and b"\x1b" not in log
    for about in b"a device is passed over", b"netdevsim11: an object is passed over":
        assert log.count(about) == 1, log.decode()
    for file in bed.folder.glob("*/devices/*.json"):
        assert json.loads(file.read_text())
    assert list(bed.folder.glob("state/devices/*netdevsim11.json"))


def test_ever_new_names(bed, carved):
    """As Scalable Functions have them: 300 devices come and go, and no more files are left than of 256 and some."""
    facts = json.loads((FACTS / "netdevsim.json").read_text())
    file = bed.folder / "new.json"
    remembered = lambda: {path.name for path in (bed.folder / "state/devices").iterdir()}
    there = lambda: {str(row[0]): str(row[2]) for row in carved.call("ListDevices")}
    carved.run(entry("old", "traps: {source_mac_is_multicast: trap}", "{driver: mlxsw_spectrum}"),
               entry("new", "traps: {tail_drop: trap}", '{handle: "netdevsim/netdevsim??*"}'))
    for first in range(100, 400, 50):
        names = [f"netdevsim/netdevsim{i}" for i in range(first, first + 50)]
        for facts["handle"] in names:
            file.write_text(json.dumps(facts))
            bed.kernel.ask(f"add {file}")
        wait(lambda names=names: {there().get(name) for name in names} == {"converged"}, "the devices to be managed")
        for name in names:
            bed.kernel.ask(f"remove {name}")
        wait(lambda names=names: not set(names) & set(there()), "the devices to be gone")
    assert 256 <= len(remembered()) < 290
    assert SPECTRUM.replace("/", "!") + ".json" in remembered()


def threads(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))


def test_names_without_devices(bed, carved):
    """500 entries by handles that no device has, where there can be 60 threads: they are absent, the rest is managed."""
    names = "".join(f"  netdevsim/netdevsim{1000 + i}: {{traps: {{tail_drop: trap}}}}\n" for i in range(500))
    carved.config(leaf("traps: {source_mac_is_multicast: trap}"), names)
    for name in "state", "runtime":
        os.chown(bed.folder / name, STRANGER, STRANGER)
    bed.kernel.path.chmod(0o666)
    with open(carved.log, "ab") as log:
        process = subprocess.Popen(
            ["prlimit", "--nproc=60", "--", "setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups",
             "--inh-caps=-all", "--bounding-set=-all", BUILD / "carved", "--bus=system",
             f"--kernel=unix:{bed.kernel.path}", f"--config-root={bed.root}", f"--state-dir={bed.folder}/state",
             f"--runtime-dir={bed.folder}/runtime"], stderr=log, env=bed.environment)
    try:
        wait(lambda: carved.state(SPECTRUM) == "converged", "the device to be converged")
        rows = wait(lambda: (lambda r: len(r) >= 501 and r)(carved.call("ListDevices")), "the entries")
        wait(lambda: {str(row[2]) for row in carved.call("ListDevices") if not row[0]} == {"absent"}, "absent ones")
        assert len(rows) >= 501
        assert bed.ctl("reload", "--no-wait", prefix=NOBODY).returncode == 0  # its own user, as systemctl reload is
        assert bed.ctl("reload", "--no-wait", prefix=["setpriv", "--reuid=1", "--clear-groups"]).returncode == 1
        wait(lambda: threads(process.pid) < 8, "threads to end")
        assert bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"] == "trap"
    finally:
        process.terminate()
        assert process.wait() == 0, carved.log.read_text()[-3000:]
