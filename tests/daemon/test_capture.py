# SPDX-License-Identifier: GPL-2.0-or-later
"""carvectl capture: a desired state that changes nothing, and facts like those that are shipped."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

from switch import output, wait

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "asicsim"))

FACTS = pathlib.Path("/usr/share/carved/facts")
KERNEL = tuple(int(n) for n in os.uname().release.split(".")[:2])
# The shipped facts are of 6.1; what later kernels have besides.
NEWER = {"traps": {"eapol", "locked_port"}, "trap_groups": {"eapol"}, "trap_policers": {"21"}}
# Not of the device, but of the moment, or of the place where it sits.
MOMENTARY = {"handle"}


def make_netdevsim(number):
    subprocess.run(["modprobe", "netdevsim"], check=True)
    pathlib.Path("/sys/bus/netdevsim/new_device").write_text(f"{number} 2", encoding="ascii")
    return f"netdevsim/netdevsim{number}", lambda: pathlib.Path(
        "/sys/bus/netdevsim/del_device").write_text(str(number), encoding="ascii")


def maker(personality):
    def make(number):
        if subprocess.run(["modprobe", "asicsim"], check=False).returncode:
            pytest.skip("asicsim is not there")
        from board import BUS, put   # pylint: disable=import-outside-toplevel
        put(BUS / "new_device", f"{number} {personality}")
        return f"asicsim/asicsim{number}", lambda: put(BUS / "del_device", str(number))
    return make


KINDS = {"netdevsim": make_netdevsim}
KINDS |= {f"asicsim-{p}": maker(p) for p in ("spectrum1", "spectrum2", "mlx5ish")}


@pytest.fixture(params=KINDS, name="kind")
def fixture_kind(request, bed):
    handle, remove = KINDS[request.param](77)
    yield request.param, handle
    remove()


def plain(facts):
    """Without what differs between two captures of devices of one kind."""
    kept = {k: v for k, v in facts.items() if k not in MOMENTARY}
    for resource in kept.get("resources", {}).values():
        resource.pop("occ", None)
    for section, names in NEWER.items():
        if KERNEL >= (6, 2):
            kept[section] = {k: v for k, v in kept.get(section, {}).items() if k not in names}
    return kept


def test_facts_are_those_that_are_shipped(kind, carved):
    name, handle = kind
    carved.run()
    captured = json.loads(output("carvectl", "capture", handle, "--facts"))
    assert captured["handle"] == handle
    assert plain(captured) == plain(json.loads((FACTS / f"{name}.json").read_text()))


def test_captured_state_changes_nothing(kind, carved, capture, tmp_path):
    _, handle = kind
    carved.run()
    carved.file.write_text(output("carvectl", "capture", handle))
    facts = tmp_path / "facts.json"
    facts.write_text(output("carvectl", "capture", handle, "--facts"))
    said = output("carvectl", "check", carved.file, "--facts", facts)
    assert said.startswith("No errors; entry ") and said.endswith(f" fits {handle}.\n")
    output("carvectl", "reload")
    wait(lambda: carved.call("ListDevices")[0][0][2] == "converged", "converged")
    assert output("carvectl", "plan", "--json")
    assert json.loads(output("carvectl", "plan", "--json")) == {"steps": []}
    assert not capture.writes()


def test_no_such_device(carved):
    carved.run()
    done = subprocess.run(["carvectl", "capture", "pci/none"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1
    assert "pci/none" in done.stderr
