# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may change something. Needs root, to be somebody else; polkit is played by polkit.py."""
import json
import os
import pathlib
import subprocess
import xml.etree.ElementTree

import dbus
import pytest

from conftest import NOBODY, REPOSITORY, SPECTRUM, entry, wait
from test_dbus import LEAF, SIZES

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
ACTIONS = {"Reload": "org.carved1.reload", "Apply": "org.carved1.apply", "Retry": "org.carved1.apply",
           "Pause": "org.carved1.apply", "Resume": "org.carved1.apply",
           "Confirm": "org.carved1.reload", "Rollback": "org.carved1.reload"}
APPLY, RELOAD, DISRUPT = (f"org.carved1.{name}" for name in ("apply", "reload", "disrupt"))
ERROR = "org.freedesktop.DBus.Error."


class Caller:
    """Nobody calls: its name on the bus, and what came of it."""

    def __init__(self, bed, method, interactive=False):
        program = pathlib.Path(__file__).parent / "caller.py"
        with program.open(encoding="utf-8") as source:  # nobody may not be allowed to look into this folder
            self.process = subprocess.Popen([*NOBODY, "/usr/bin/python3", "-", str(int(interactive)), method],
                                            env=bed.environment, stdin=source, stdout=subprocess.PIPE, text=True)
        self.name = self.process.stdout.readline().strip()

    def result(self):
        rest = self.process.stdout.read().strip()
        self.process.stdout.close()
        assert self.process.wait() == 0
        return rest


@pytest.fixture
def leaf(carved):
    carved.run(entry("leaf", "traps: {source_mac_is_multicast: trap}", LEAF))


@pytest.mark.parametrize("method", ACTIONS)
def test_nobody_without_polkit(bed, carved, leaf, method):
    assert Caller(bed, method, True).result() == ERROR + "AccessDenied"
    assert carved.get("Generation") == 1 and len(carved.call("History", "", 0)) == 1


@pytest.mark.parametrize("method", ACTIONS)
def test_polkit_is_asked_and_told(bed, carved, leaf, method):
    polkit = bed.helper("polkit.py", "yes")
    for interactive in 0, 1:
        caller = Caller(bed, method, interactive)
        assert caller.result() in ("ok", "org.carved1.Error.NoTrial", "org.carved1.Error.NoSuchConfig")
        subject, name, action, details, flags, identity = polkit.stdout.readline().split()
        assert (subject, name, action) == ("system-bus-name", caller.name, ACTIONS[method])
        assert (flags, identity) == (str(interactive), f"'carved-{interactive + 1}'")
        assert json.loads(details) == {
            "device": "leaf" if action == APPLY else "", "allow-reload": "no", "disrupts": "none",
            "config": in_force(carved)}


def in_force(carved):
    return str(carved.call("ListConfigs")[0][0])


def body(text):
    return entry("leaf", "traps: {source_mac_is_multicast: trap}\n" + text, LEAF)


AUTO, MANUAL = (body(f"reload: {policy}\n" + SIZES) for policy in ("auto", "manual"))
IMAGE = "mellanox/mlxsw_spectrum-13.2010.1406.mfa2"


def adopt(carved, state, *entries):
    """By root, who is not asked, and waits."""
    carved.config(*entries)
    carved.bed.ctl("reload")
    carved.wait_state(SPECTRUM, state)


def new_sizes(_bed, carved):
    carved.config(AUTO)


def new_sizes_by_hand(_bed, carved):
    carved.config(MANUAL)


def other_trap(_bed, carved):
    carved.config(entry("leaf", "reload: auto\ntraps: {vlan_tag_mismatch: trap}", LEAF))


def new_image(bed, carved):
    file = bed.root / "lib/firmware" / IMAGE
    file.parent.mkdir(parents=True)
    file.write_text("x")
    carved.config(body(f"firmware: {{version: 13.2010.1406, file: {IMAGE}}}"))


def waits_for_apply(_bed, carved):
    adopt(carved, "pending-reload", MANUAL)


def quarantined(bed, carved):
    bed.kernel.ask(f"fail-up {SPECTRUM} EINVAL times=1")
    adopt(carved, "quarantined", AUTO)


def other_sizes_in_force(_bed, carved):
    adopt(carved, "converged", AUTO)


def on_trial(bed, carved, config=AUTO):
    """What it brought goes back by a reload, whatever the policy."""
    carved.config(config)
    carved.call("Reload", {"confirm": dbus.UInt64(60_000_000)})
    wait(lambda: reloads(bed) >= 1 and carved.state(SPECTRUM) == "converged", "the trial to be at rest")


def on_trial_with_keep(bed, carved):
    """What is taken out of a config may be kept, but not what a trial brought."""
    adopt(carved, "converged", body("on_removal: keep\n"))
    on_trial(bed, carved, body("on_removal: keep\nreload: auto\n" + SIZES))


def waits_for_resume(_bed, carved):
    carved.call("Pause", "leaf", dbus.UInt64(2**64 - 1), {})
    adopt(carved, "paused", AUTO)


# what is so before, and what is done then to traffic
DISRUPTIONS = [(new_sizes, "Reload", "reload"), (new_sizes_by_hand, "Reload", "none"), (other_trap, "Reload", "none"),
               (new_image, "Reload", "flash"), (waits_for_apply, "Apply+", "reload"), (waits_for_apply, "Apply", "none"),
               (quarantined, "Retry", "reload"), (waits_for_apply, "Retry", "none"),
               (other_sizes_in_force, "Rollback", "reload"), (on_trial, "Rollback", "reload"), (new_sizes, "Reload+", "reload"),
               (on_trial_with_keep, "Rollback", "reload"), (waits_for_resume, "Resume", "reload")]


def reloads(bed):
    return sum(counter[3] for counter in bed.kernel.device(SPECTRUM)["counters"])


def asked(polkit):
    """The action, and what polkit is told."""
    _, _, action, details, _, _ = polkit.stdout.readline().split()
    return action, json.loads(details)


@pytest.mark.parametrize("before, method, disrupts", DISRUPTIONS, ids=lambda value: getattr(value, "__name__", value))
def test_who_may_interrupt_traffic(bed, carved, leaf, before, method, disrupts):
    """It takes another action to reload or flash a switch: without it nothing is done."""
    before(bed, carved)
    count, generation = reloads(bed), carved.get("Generation")
    action = ACTIONS[method.rstrip("+")]
    polkit = bed.helper("polkit.py", action)
    result = Caller(bed, method).result()
    first, details = asked(polkit)
    assert first == action
    assert (details["disrupts"], details["allow-reload"]) == (disrupts, "yes" if method == "Apply+" else "no")
    if disrupts == "none":
        assert result in ("ok", "org.carved1.Error.ReloadNotAllowed") and reloads(bed) == count
        return
    assert result == ERROR + "AccessDenied"
    assert asked(polkit) == (DISRUPT, details)
    assert (reloads(bed), carved.get("Generation")) == (count, generation)
    polkit.terminate()
    polkit.wait()
    bed.helper("polkit.py", "yes")
    assert Caller(bed, method).result() == "ok"
    wait(lambda: reloads(bed) > count, "the reload")
    if method == "Reload":
        assert in_force(carved) == details["config"]


def test_files_that_change_while_polkit_thinks(bed, carved, leaf):
    """What is in force then is what polkit was asked for, or nothing."""
    other_trap(bed, carved)
    answer = bed.folder / "answer"
    polkit = bed.helper("polkit.py", RELOAD, str(answer))
    caller = Caller(bed, "Reload")
    assert asked(polkit)[1]["disrupts"] == "none"
    new_sizes(bed, carved)
    answer.touch()
    assert caller.result() == "org.carved1.Error.Busy"
    assert (reloads(bed), carved.get("Generation")) == (0, 1)


def test_what_becomes_a_reload_while_polkit_thinks(bed, carved, leaf):
    """What was allowed as none is not made one."""
    adopt(carved, "converged", MANUAL.replace("/kvd/linear: 90112", "/kvd/linear: 98304").replace(
        "chunks: 40960", "chunks: 49152").replace("double: 68608", "double: 60416"))
    answer = bed.folder / "answer"
    polkit = bed.helper("polkit.py", APPLY, str(answer))
    caller = Caller(bed, "Apply+")
    assert asked(polkit) == (APPLY, {"device": "leaf", "allow-reload": "yes", "disrupts": "none", "config": in_force(carved)})
    adopt(carved, "pending-reload", MANUAL)
    answer.touch()
    assert caller.result() == "org.carved1.Error.ReloadNotAllowed"
    assert reloads(bed) == 0


@pytest.mark.parametrize("verdict, error", [("no", "AccessDenied"),
                                            ("challenge", "InteractiveAuthorizationRequired")])
def test_polkit_says_no(bed, carved, leaf, verdict, error):
    bed.helper("polkit.py", verdict)
    for method in ACTIONS:
        assert Caller(bed, method).result() == ERROR + error
    assert carved.get("Generation") == 1


def test_a_slow_polkit_is_in_nobodys_way(bed, carved, leaf):
    """While somebody types a password, all the rest goes on."""
    polkit = bed.helper("polkit.py", "slow")
    caller = Caller(bed, "Apply", True)
    polkit.stdout.readline()
    assert carved.state(SPECTRUM) == "converged"
    carved.call("Reload", {})
    assert carved.get("Generation") == 2
    caller.process.kill()
    caller.process.wait()
    caller.process.stdout.close()


def test_root_is_not_asked_for(bed, carved, leaf):
    bed.helper("polkit.py", "no")
    for method, arguments in ("Reload", ({},)), ("Apply", ("", {})), ("Retry", ("leaf",)):
        assert carved.call(method, *arguments) > 0


def test_reading_is_for_all(bed, carved, leaf):
    done = bed.ctl("--json", "status", "leaf", prefix=NOBODY)
    assert done.returncode == 0 and '"converged"' in done.stdout


def test_policy_file():
    """The actions that carved asks for are those of the file, and carved may ask for others."""
    tree = xml.etree.ElementTree.parse(REPOSITORY / "systemd/org.carved1.policy")
    actions = {action.get("id"): action for action in tree.iter("action")}
    assert set(actions) == {*ACTIONS.values(), DISRUPT}
    assert "go down" in actions[DISRUPT].find("message").text
    for action in actions.values():
        assert {a.get("key"): a.text for a in action.iter("annotate")} == {
            "org.freedesktop.policykit.owner": "unix-user:carved"}
