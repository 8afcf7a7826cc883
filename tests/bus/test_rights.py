# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may change something. Needs root, to be somebody else; polkit is played by polkit.py."""
import os
import pathlib
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import NOBODY, REPOSITORY, SPECTRUM, entry
from test_dbus import LEAF

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
ACTIONS = {"Reload": "org.carved1.reload", "Apply": "org.carved1.apply", "Retry": "org.carved1.apply",
           "Pause": "org.carved1.apply", "Resume": "org.carved1.apply",
           "Confirm": "org.carved1.reload", "Rollback": "org.carved1.reload"}
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
def test_polkit_is_asked(bed, carved, leaf, method):
    polkit = bed.helper("polkit.py", "yes")
    for interactive in 0, 1:
        caller = Caller(bed, method, interactive)
        assert caller.result() in ("ok", "org.carved1.Error.NoTrial", "org.carved1.Error.NoSuchConfig")
        asked = polkit.stdout.readline().strip()
        assert asked == f"system-bus-name {caller.name} {ACTIONS[method]} {{}} {interactive} 'carved-{interactive + 1}'"


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
    assert set(actions) == set(ACTIONS.values())
    for action in actions.values():
        assert {a.get("key"): a.text for a in action.iter("annotate")} == {
            "org.freedesktop.policykit.owner": "unix-user:carved"}
