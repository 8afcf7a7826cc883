# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers of another uid may take. Needs root, to be somebody else."""
import collections
import os
import re
import select

import pytest

from conftest import MANAGER, NAME, OBJECTS, REPOSITORY, ROOT, SPECTRUM, entry, wait
from flood import Caller, Flood
from test_dbus import LEAF

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
NOBODY = 65534
LIMITS = "org.freedesktop.DBus.Error.LimitsExceeded"
INTERACTIVE = 4  # a flag of a message
ALL_OBJECTS = (NAME, ROOT, OBJECTS, "GetManagedObjects", ())


@pytest.fixture
def leaf(carved):
    carved.run(entry("leaf", "traps: {source_mac_is_multicast: trap}", LEAF))


@pytest.fixture
def nobodies(bed):
    """Connections of another uid, as many as are asked for."""
    made = []

    def make(n):
        made.extend(Caller(str(bed.bus.path), NOBODY) for _ in range(n))
        return made[-n:]
    yield make
    for caller in made:
        caller.close()


def call(member, *arguments):
    return (NAME, ROOT, MANAGER, member, arguments)


def wait_answers(callers, n):
    wait(lambda: sum(c.pending() for c in callers) >= n, f"{n} answers")
    assert sum(c.pending() for c in callers) == n
    return collections.Counter(name for c in callers for name in c.names)


def action(bed):
    return bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"]


def test_a_flood_of_calls_is_not_in_the_kernels_way(bed, carved, leaf):
    """400 calls are outstanding at any time: what a reload has reset is set right before 800 are answered."""
    with Flood(bed.bus.address, NOBODY, 4, 100, ALL_OBJECTS) as flood:
        wait(lambda: flood.answers > 20, "the flood to begin")
        before = flood.served
        bed.kernel.ask(f"reload {SPECTRUM} driver_reinit")
        assert action(bed) == "drop"
        wait(lambda: action(bed) == "trap" or flood.served > before + 800, "the trap to be set again")
        assert action(bed) == "trap"


@pytest.mark.parametrize("member, options", [("Plan", {"candidate": True}), ("Capture", {})])
def test_what_waits_for_a_device_is_shared(bed, carved, leaf, nobodies, member, options):
    """Two of a connection and four of a uid wait for a device that is slow to read; root waits beside them."""
    carved.call(member, "leaf", options)
    bed.kernel.ask(f"rule {SPECTRUM} * * hold")
    callers = nobodies(3)
    for caller in callers:
        caller.send(call(member, "leaf", options), 3)
    assert wait_answers(callers, 5) == {LIMITS: 5}
    answers, errors = [], []
    carved.object().get_dbus_method(member, MANAGER)("leaf", options, reply_handler=answers.append,
                                                     error_handler=errors.append)
    bed.kernel.ask("rules-clear")
    bed.kernel.ask("release")
    wait(lambda: answers or errors, "root's answer")
    assert answers and not errors
    assert wait_answers(callers, 9) == {LIMITS: 5}
    for caller in callers:
        caller.send(call(member, "leaf", options))
    assert wait_answers(callers, 12) == {LIMITS: 5}


def dumps(bed):
    """The reads of all traps so far."""
    return [r for r in bed.kernel.ask("requests") if r["command"] == "TRAP_GET" and r.get("dump")]


def test_one_read_is_shared(bed, carved, leaf, nobodies):
    """A device is read for all who ask, four times a second at most."""
    before_all = len(dumps(bed))
    callers = nobodies(4)
    for _ in range(5):
        before = sum(c.pending() for c in callers)
        for caller in callers:
            caller.send(call("Capture", "leaf", {}))
        wait_answers(callers, before + len(callers))
    assert not [name for c in callers for name in c.names]
    assert 0 < len(dumps(bed)) - before_all <= 6


def test_questions_to_polkit_are_shared(bed, carved, leaf, nobodies):
    """One of a connection and eight of a uid are open; another uid's is asked, and root is not kept waiting."""
    polkit = bed.helper("polkit.py", "slow")
    callers = nobodies(10)
    for caller in callers:
        caller.send(call("Reload", {}), 2, INTERACTIVE)
    assert wait_answers(callers, 12) == {LIMITS: 12}
    for _ in range(8):
        assert polkit.stdout.readline().startswith("system-bus-name")
    other = Caller(str(bed.bus.path), 2)
    other.send(call("Reload", {}), 1, INTERACTIVE)
    assert polkit.stdout.readline().startswith("system-bus-name")
    other.close()
    assert carved.call("Reload", {}) and carved.get("Generation") == 2


def test_a_caller_that_left_is_forgotten(bed, carved, leaf, nobodies):
    polkit = bed.helper("polkit.py", "slow")
    for i in range(1, 4):
        caller = nobodies(1)[0]
        caller.send(call("Reload", {}), 1, INTERACTIVE)
        asked = polkit.stdout.readline()
        identity = re.search("'(.*)'$", asked)[1]
        caller.close()
        wait(lambda: select.select([polkit.stdout], [], [], 0)[0], "polkit to be told")
        assert polkit.stdout.readline() == f"cancelled {identity}\n", i
    assert carved.get("Generation") == 1


def test_large_arguments_are_not_kept(bed, carved, leaf, nobodies):
    polkit = bed.helper("polkit.py", "slow")
    caller = nobodies(1)[0]
    for bad in (call("Apply", "x" * 1000, {}), call("Apply", "leaf", {"comment": "x" * 1000}),
                call("Apply", "leaf", {"x" * 1000: True}), call("Reload", {f"o{i}": True for i in range(20)}),
                call("Plan", "leaf", {"candidate": True, "comment": "x" * 1000}), call("Retry", "x" * 1000),
                call("Capture", "x" * 1000, {})):
        before = caller.pending()
        caller.send(bad)
        wait_answers([caller], before + 1)
        assert caller.names[-1] == "org.freedesktop.DBus.Error.InvalidArgs", bad
    caller.send(call("Apply", "leaf", {"comment": "x" * 100}))
    assert "org.carved1.apply" in polkit.stdout.readline()


def test_memory_of_calls_that_wait_for_polkit(bed, carved, nobodies):
    """The plain build: 12 calls with 20 MB of options each over four connections, and a polkit that does not answer."""
    carved.program = REPOSITORY / "build/plain/carved"
    carved.run(entry("leaf", "traps: {source_mac_is_multicast: trap}", LEAF))
    bed.helper("polkit.py", "slow")
    callers = nobodies(4)
    attack = call("Apply", "leaf", {"comment": "x" * 20_000_000})
    for i in range(12):
        callers[i % 4].send(attack, 1, INTERACTIVE)
        wait_answers(callers, i + 1)
    status = (carved.proc() / "status").read_text()
    assert int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) < 32 * 1024
