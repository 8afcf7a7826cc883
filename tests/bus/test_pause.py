# SPDX-License-Identifier: GPL-2.0-or-later
"""A device that carved is asked to leave alone: D-Bus and carvectl. What is written is asked of the fake kernel."""
import json
import os
import shutil
import subprocess
import time

import dbus
import pytest

from conftest import BUILD, MANAGER, SPECTRUM, wait
from test_carvectl import TRAP, expect
from test_dbus import SIZES, error_of, leaf

FOREVER = 2**64 - 1
NAME = "source_mac_is_multicast"


def action(bed):
    return bed.kernel.device(SPECTRUM)["traps"][NAME]["action"]


def disturb(bed):
    """Another program changes what carved enforces, and carved hears of it."""
    bed.kernel.ask(f"set {SPECTRUM} trap {NAME} drop")
    bed.kernel.ask(f"storm {SPECTRUM} 1")


def test_pause_and_resume(bed, carved):
    carved.run(leaf(TRAP))
    assert action(bed) == "trap"
    expect(bed.ctl("pause", "leaf"), 0, "^leaf is paused until it is resumed; to end it: carvectl resume leaf$")
    carved.wait_state(SPECTRUM, "paused")
    found = carved.all(SPECTRUM)
    assert found["PausedUntilUSec"] == FOREVER
    assert found["StateReason"].startswith(f"paused by {'root'} until carvectl resume")
    disturb(bed)
    wait(lambda: carved.all(SPECTRUM)["Drift"], "carved to see it")
    assert action(bed) == "drop"
    expect(bed.ctl("status"), 3, f"^{SPECTRUM} .* paused ")
    assert bed.json("status", "leaf")["devices"][0]["paused_until_usec"] == "unlimited"
    expect(bed.ctl("resume", "leaf"), 0, "^$")
    carved.wait_state(SPECTRUM, "converged")
    assert action(bed) == "trap" and carved.all(SPECTRUM)["PausedUntilUSec"] == 0
    for name in "leaf", SPECTRUM:
        expect(bed.ctl("resume", name), 0, "^$", err=[f"^carvectl: {name} was not paused$"])
    expect(bed.ctl("resume", "laef"), 1, "^$", err=["laef"])
    triggers = [record["trigger"] for record in bed.json("history")["records"]]
    assert triggers == ["start", "pause", "resume"]


def test_pause_in_json(bed, carved):
    carved.run(leaf(TRAP))
    paused = bed.json("pause", "leaf", "1h")["devices"]
    assert [d["handle"] for d in paused] == [SPECTRUM] and paused[0]["state"] == "paused" and paused[0]["paused_until_usec"]
    resumed = bed.json("resume", "leaf")["devices"]
    assert [d["handle"] for d in resumed] == [SPECTRUM] and resumed[0]["paused_until_usec"] == 0


def test_pause_ends_by_itself(bed, carved):
    carved.run(leaf(TRAP))
    before = time.time()
    expect(bed.ctl("pause", SPECTRUM, "1500ms"), 0, rf"^{SPECTRUM} is paused until 20\d\d-.*; to end it: ")
    disturb(bed)
    until = carved.all(SPECTRUM)["PausedUntilUSec"] / 1e6
    assert before + 1 < until < before + 30
    wait(lambda: action(bed) == "trap", "the end of the pause")
    assert time.time() >= until - 0.1
    carved.wait_state(SPECTRUM, "converged")


def test_over_a_restart(bed, carved):
    carved.run(leaf(TRAP))
    carved.call("Pause", "leaf", FOREVER, {})
    carved.stop()
    bed.kernel.ask(f"set {SPECTRUM} trap {NAME} drop")
    carved.run(leaf(TRAP + "\n" + SIZES))
    assert carved.state(SPECTRUM) == "paused" and action(bed) == "drop"
    assert bed.kernel.device(SPECTRUM)["counters"][0][3] == 0
    carved.call("Resume", "leaf", {})
    carved.wait_state(SPECTRUM, "converged")
    assert action(bed) == "trap" and bed.kernel.device(SPECTRUM)["counters"][0][3] == 1


def test_what_cannot_be(bed, carved):
    carved.run(leaf(TRAP))
    for method, arguments in ("Pause", (FOREVER, {})), ("Resume", ({},)):
        for name in "", "spine":
            assert error_of(carved.call, method, name, *arguments)[0] == "org.carved1.Error.NoSuchDevice"
    for until in 0, int(time.time() * 1e6) - 1:
        assert error_of(carved.call, "Pause", "leaf", until, {})[0] == "org.freedesktop.DBus.Error.InvalidArgs"
    expect(bed.ctl("pause", "spine"), 1, "^$", err=["no device or entry is called spine"])
    assert carved.state(SPECTRUM) == "converged"


def test_without_an_end_in_sight(bed, carved):
    """What is later than any clock can say is no time in 1970."""
    carved.run(leaf(TRAP))
    carved.call("Pause", "leaf", dbus.UInt64(FOREVER - 1), {})
    assert carved.all(SPECTRUM)["PausedUntilUSec"] >= FOREVER - 10**6


def test_of_what_is_refused(bed, carved):
    """The state says less than what holds; who mends the files must see why nothing is written even then."""
    carved.run(leaf("traps: {no_such_trap: drop}"))
    bed.ctl("pause", "leaf")
    expect(bed.ctl("status", "leaf"), 3, "^ *State: refused$", "^ *Reason: paused until carvectl resume$")
    expect(bed.ctl("status"), 3, f"^{SPECTRUM} .* refused .* paused until carvectl resume$")
    bed.ctl("resume", "leaf")
    bed.ctl("pause", "leaf", "1h")
    expect(bed.ctl("status"), 3, f"^{SPECTRUM} .* refused .* paused until 2")


@pytest.mark.parametrize("words", [["0"], ["5"], ["now"], ["-1s"]])
def test_times_that_are_none(bed, words):
    assert bed.ctl("pause", "--", "leaf", *words).returncode == 64


def test_asked_for_meanwhile(bed, carved):
    carved.run(leaf(TRAP))
    bed.ctl("pause", "leaf", "1h")
    for command in ["apply", "leaf"], ["retry", "leaf"]:
        expect(bed.ctl(*command), 1, "^$", err=["paused by root until 20.*; to end it: carvectl resume leaf"])
    expect(bed.ctl("reload"), 3, "^carved: paused$")
    done = bed.ctl("status", "leaf", "--json")
    assert json.loads(done.stdout)["devices"][0]["state"] == "paused"


def sets(bed):
    return [r for r in bed.kernel.ask("requests") if r["command"] == "TRAP_SET"]


def begin_reload(bed, carved):
    """By somebody else; it ends with `delay {SPECTRUM} 0`."""
    bed.kernel.ask(f"delay {SPECTRUM} 3600000")
    bed.kernel.ask(f"reload {SPECTRUM}")
    carved.wait_state(SPECTRUM, "reading")


def test_in_a_reload_by_others(bed, carved):
    """What is to be set right behind it is with the device's thread already, and is not set."""
    carved.run(leaf(TRAP))
    before = len(sets(bed))
    begin_reload(bed, carved)
    with subprocess.Popen([BUILD / "carvectl", "pause", "leaf"], env=bed.environment) as pause:
        carved.wait_state(SPECTRUM, "paused")
        bed.kernel.ask(f"delay {SPECTRUM} 0")
    assert pause.returncode == 0
    wait(lambda: carved.all(SPECTRUM)["ForeignReloadCount"] == 1 and carved.all(SPECTRUM)["Drift"], "it to be read")
    assert action(bed) == "drop" and len(sets(bed)) == before
    expect(bed.ctl("resume", "leaf"), 0, "^$")
    carved.wait_state(SPECTRUM, "converged")
    assert action(bed) == "trap" and len(sets(bed)) == before + 1


def test_edited_in_a_reload_by_others(bed, carved):
    """What the config before had is not set in between."""
    carved.run(leaf(TRAP))
    before = len(sets(bed))
    begin_reload(bed, carved)
    carved.config(leaf("traps: {vlan_tag_mismatch: trap}"))
    assert bed.ctl("reload", "--no-wait").returncode == 0
    wait(lambda: carved.get("Generation") == 2, "the config to be in force")
    bed.kernel.ask(f"delay {SPECTRUM} 0")
    wait(lambda: carved.all(SPECTRUM)["ForeignReloadCount"] == 1, "the reload to be seen")
    carved.wait_state(SPECTRUM, "converged")
    assert [r["name"] for r in sets(bed)[before:]] == ["vlan_tag_mismatch"]


def remembered(bed):
    """Does a file say so, which is all that a crash leaves?"""
    return any("paused_until" in path.read_text() and json.loads(path.read_text())["paused_until"]
               for path in (bed.folder / "runtime").rglob("*.json"))


def test_answered_when_it_is_remembered(bed, carved):
    """The device's thread, which saves, is with the kernel meanwhile: the pause is in force, and not on disk."""
    carved.run(leaf(TRAP))
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET * hold")
    disturb(bed)
    carved.wait_state(SPECTRUM, "applying")
    answers = []
    pause = carved.object().get_dbus_method("Pause", MANAGER)
    pause("leaf", dbus.UInt64(FOREVER), {}, reply_handler=lambda: answers.append("paused"), error_handler=answers.append)
    carved.wait_state(SPECTRUM, "paused")
    carved.get("State")  # would be answered later
    wait(lambda: True, "nothing")
    assert not answers and not remembered(bed)
    bed.kernel.ask("release")
    wait(lambda: answers, "an answer")
    carved.process.kill()
    assert answers == ["paused"] and remembered(bed)
    carved.process.wait()
    carved.start()
    carved.wait_state(SPECTRUM, "paused")


def test_cannot_be_remembered(bed, carved):
    """It is in force all the same, and it is said that it would not last."""
    carved.run(leaf(TRAP))
    folder = bed.folder / "runtime/devices"
    shutil.rmtree(folder)
    folder.write_text("a file")
    expect(bed.ctl("pause", "leaf"), 1, "^$", err=["in force, but would not outlive a restart of carved, as it cannot be "
                                                  "saved: Not a directory"])
    assert carved.state(SPECTRUM) == "paused"


def test_who_asked_has_left(bed, carved):
    """It is in force all the same."""
    carved.run(leaf(TRAP))
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET * hold")
    disturb(bed)
    carved.wait_state(SPECTRUM, "applying")
    asked = subprocess.Popen([BUILD / "carvectl", "pause", "leaf"], env=bed.environment)
    carved.wait_state(SPECTRUM, "paused")
    asked.kill()
    asked.wait()
    bed.kernel.ask("release")
    wait(lambda: remembered(bed), "it to be on disk")
    assert carved.state(SPECTRUM) == "paused"
