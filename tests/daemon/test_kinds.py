# SPDX-License-Identifier: GPL-2.0-or-later
"""Every class of object goes the whole way of an operator: captured, checked, in force, explained, compared, completed."""
import json
import os
import pathlib
import re
import subprocess

import pytest

from carved import wait
from fakes import FakeSwitch

TOP = pathlib.Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.only("fake", "one device with all there is")
FACTS = TOP / "tests/fake/facts"
# an object of each, that the facts below have
CLASSES = {
    "param": "fw_load_policy/driverinit", "resource": "/kvd/linear", "linecard": "3", "port_split": "p1",
    "eswitch": "eswitch", "health_reporter": "fw_fatal", "sb_pool": "0/1", "sb_port": "p2/0/1",
    "sb_tc": "p3/0/ingress/1", "trap_policer": "1", "trap_group": "l2_drops", "trap": "source_mac_is_multicast"}


class Everything(FakeSwitch):
    """A Spectrum-1 with what other devices have beside."""

    facts = "tests/fake/facts/spectrum1.json"

    def __init__(self, number, kernel):
        super().__init__(number, kernel)
        for name, sections in (("buffers", ("port_splits", "shared_buffers")), ("sn4800", ("linecards",)),
                               ("mlx5", ("eswitch", "health_reporters"))):
            more = json.loads((FACTS / f"{name}.json").read_text())
            self.model.update({section: more[section] for section in sections})


@pytest.fixture
def all_kinds(kernel):
    made = Everything(8, kernel)
    made.plug()
    yield made
    made.remove()


def complete(carved, *words):
    """What bash offers after these words."""
    program = carved.place.program("carvectl")
    line = " ".join(("carvectl", *carved.place.ctl_options, *words))
    script = (f"source {TOP}/completions/carvectl.bash; carvectl() {{ {program} \"$@\"; }}; COMP_LINE='{line}' "
              "COMP_POINT=${#COMP_LINE} COMP_WORDBREAKS=' '; _carvectl; printf '%s\\n' \"${COMPREPLY[@]}\"")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True,
                          env={**os.environ, **carved.place.environment})
    return done.stdout.split("\n")[:-1]


def names_of_classes():
    """As the tables say it."""
    texts = [file.read_text() for file in (TOP / "daemon/class").glob("*.c")]
    return {name for text in texts for name in re.findall(r'^\t\.name = "(\w+)",', text, re.M)}


def test_all_classes(all_kinds, carved, folder):
    assert set(CLASSES) == names_of_classes()
    handle = all_kinds.handle
    carved.run()
    status, text, _ = carved.ctl("capture", handle)
    assert status == 0
    facts = folder / "facts.json"
    facts.write_text(carved.ctl("capture", handle, "--facts")[1])
    carved.file.write_text(text)
    status, said, error = carved.ctl("check", str(carved.file), "--facts", str(facts))
    assert (status, error) == (0, ""), said
    assert carved.ctl("diff")[0] == 2
    assert carved.ctl("reload", "--yes")[0] == 0
    wait(lambda: carved.state(all_kinds) == "converged", "the captured state to be there")
    assert carved.ctl("diff")[0] == 0
    objects = {(kind, name) for kind, name, *_ in carved.get(all_kinds, "Objects")}
    assert set(CLASSES.items()) <= objects, set(CLASSES.items()) - objects
    offered = complete(carved, "explain", handle, "")
    for kind, name in CLASSES.items():
        status, said, _ = carved.ctl("explain", handle, name)
        assert status == 0 and f"{kind} {name}" in said and "carved.yaml:" in said, (kind, said)
        assert name in offered, kind
