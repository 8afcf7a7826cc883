# SPDX-License-Identifier: GPL-2.0-or-later
"""carvectl capture: a desired state that changes nothing, and facts like those that are shipped."""
import json
import os
import pathlib

from carved import wait

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNEL = tuple(int(n) for n in os.uname().release.split(".")[:2])
# The shipped facts are of 6.1; what later kernels have besides, or otherwise.
NEWER = {(6, 2): {"traps": {"eapol", "locked_port"}, "trap_groups": {"eapol"}, "trap_policers": {"21"}},
         (6, 19): {"params": {"test2"}}, (7, 3): {"traps": {"arp_request", "arp_response"}}}
# Not of the device, but of the moment, or of the place where it sits; and what no capture shows.
OTHER = {"handle", "kernel", "fake", "ports", "port_resources"}


def plain(facts):
    """Without what differs between two captures of devices of one kind."""
    kept = {k: v for k, v in facts.items() if k not in OTHER}
    for resource in kept.get("resources", {}).values():
        resource.pop("occ", None)
    for reporter in kept.get("health_reporters", {}).values():
        reporter.pop("burst_period", None)  # since 6.18
    for modes in kept.get("params", {}).values():
        for mode in modes.values():
            mode.pop("default", None)  # since 6.19
    for since, sections in NEWER.items():
        for section, names in sections.items() if KERNEL >= since else ():
            kept[section] = {k: v for k, v in kept.get(section, {}).items() if k not in names}
    # which counters there are depends on the kernel
    kept["reload"]["counters"] = [c for c in kept["reload"]["counters"] if c[-1]]
    return kept


def test_facts_are_those_that_are_shipped(any_switch, carved):
    carved.run()
    status, text, _ = carved.ctl("capture", any_switch.handle, "--facts")
    assert status == 0
    captured = json.loads(text)
    assert captured["handle"] == any_switch.handle
    assert plain(captured) == plain(json.loads((TOP / any_switch.facts).read_text()))


def test_captured_state_changes_nothing(any_switch, carved, capture, folder):
    carved.run()
    status, text, _ = carved.ctl("capture", any_switch.handle)
    assert status == 0
    carved.file.write_text(text)
    facts = folder / "facts.json"
    facts.write_text(carved.ctl("capture", any_switch.handle, "--facts")[1])
    status, said, _ = carved.ctl("check", str(carved.file), "--facts", str(facts))
    assert status == 0
    assert said.startswith("No errors; entry ") and f" fits {any_switch.handle}.\n" in said
    assert carved.ctl("reload")[0] == 0
    wait(lambda: list(carved.listed().values()) == ["converged"], "converged")
    assert json.loads(carved.ctl("plan", "--json")[1]) == {"steps": [], "held": [], "hindered": []}
    assert capture.writes() == []


def test_no_such_device(carved):
    carved.run()
    status, _, said = carved.ctl("capture", "pci/none")
    assert status == 1
    assert "pci/none" in said
