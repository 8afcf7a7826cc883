# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot be done: nothing is written, and the message says where it was asked for."""
import re
import time

import pytest

from carved import NOBODY, PLACE, config, entry, wait
from words import NETDEVSIM, SPECTRUM1

DECIDED = pytest.mark.decided("whether it is begun at all")
FILE = {
    "malformed": ("devices: {\n", "{"),
    "unknown key": ("devices: {a: {match: {driver: d}, trap: {}}}", 'did you mean "traps"'),
    "wrong type": ("devices: {a: {match: {driver: d}, traps: 7}}", "map"),
    "action": ("devices: {a: {match: {driver: d}, traps: {tail_drop: dorp}}}", "dorp"),
    "yaml 1.1": ("devices: {a: {match: {driver: d}, params: {test1: on}}}", "true"),
    "empty match": ("devices: {a: {match: {}, traps: {tail_drop: trap}}}", "match"),
    "no version": (None, "version"),
}


def test_models_know_the_same_refusals():
    assert NETDEVSIM.refusals.keys() == SPECTRUM1.refusals.keys()


def test_against_the_device(switch, carved, capture, without):
    """One after the other. The rest of the entry is not carried out either."""
    w = switch.words
    carved.run(entry(switch))
    for case, row in w.refusals.items():
        if isinstance(row, str):
            without(case, row)
            continue
        body, says = row
        if not body.startswith("traps"):
            body += f"\ntraps: {{{w.trap2}: trap}}"
        carved.reload(entry(switch, body))
        wait(lambda: any(re.search(PLACE, line) and says in line
                         for line in carved.manager("Diagnostics")), f"{case}: {says}")
        assert carved.state(switch) == "refused"
        assert says in carved.text()
        assert capture.writes() == [], case


def test_below_occupancy(switch, carved, capture):
    path, used = switch.occupied()
    carved.run(entry(switch, resources={path: used - 1}))
    assert carved.state(switch) == "refused"
    diagnostics = carved.manager("Diagnostics")
    assert any(re.search(PLACE, line) and "in use" in line for line in diagnostics)
    assert capture.writes() == []


@pytest.mark.only("fake", "a file is refused before any kernel is asked")
@pytest.mark.parametrize("body,says", FILE.values(), ids=FILE.keys())
def test_file(once, body, says):
    text = f"version: 1\n{body}\n" if body else "devices: {a: {match: {driver: d}}}\n"
    status, said = once.run("--once", text=text)
    assert status == 78
    assert any(says in line for line in said.splitlines() if re.search(PLACE + ": error", line))


@DECIDED
def test_all_problems_at_once(switch, once, capture):
    refusals = [switch.words.refusals[case] for case in ("resource", "param", "trap")]
    text = config(entry(switch, "\n".join(body for body, _ in refusals)))
    status, said = once.run("--once", text=text)
    assert status == 3
    assert "refused" in said
    for line, (_, says) in enumerate(refusals, 5):
        assert any(f":{line}:" in text and says in text for text in said.splitlines())
    assert capture.writes() == []


@DECIDED
def test_absent_device(switch, once, capture):
    text = config(entry(f"{switch.bus}/absent", traps={switch.words.trap: "trap"}))
    status, said = once.run("--once", text=text)
    assert status == 3
    assert f"{switch.bus}/absent" in said
    assert capture.writes() == []


@DECIDED
def test_two_entries_on_one_device(switch, once, capture):
    traps = {switch.words.trap: "trap"}
    text = config(entry("one", traps=traps, match=f"{{handle: '{switch}'}}"),
                  entry("two", traps=traps, match=f"{{driver: {switch.driver}}}"))
    status, said = once.run("--once", text=text)
    assert status == 3
    assert re.search(PLACE + ".*entries one .* and two both match", said)
    assert capture.writes() == []


@pytest.mark.needs("known driver")
def test_limits_that_the_driver_is_known_for(switch, carved, capture):
    w = switch.words
    bad, says = w.bad_policer
    carved.run(entry(switch, trap_policers={w.policer: bad}, traps={w.trap: "trap"}))
    assert carved.state(switch) == "refused"
    assert any(re.search(PLACE, line) and says in line for line in carved.manager("Diagnostics"))
    assert capture.writes() == []


def test_refused_by_the_driver(switch, carved, capture):
    """One object stays as it was; the others are set; it is tried again at audits, ever more seldom."""
    w = switch.words
    rate, burst = w.rates[1]
    says = switch.fail_set("policer", w.policer)
    text = entry(switch, trap_policers={w.policer: {"rate": rate, "burst": burst}},
                 traps={w.trap: "trap"})
    start = time.monotonic()
    carved.run(text, audit="1s")
    assert carved.state(switch) == "failed"
    assert says in carved.get(switch, "LastExtack")
    assert re.search(PLACE, carved.get(switch, "LastError"))
    switch.check({("trap", w.trap): "trap"})
    # what it does later shows that it has looked again
    switch.set_trap(w.trap, "drop")
    wait(lambda: switch.trap(w.trap) == "trap", "the trap to be set back")
    assert 1 <= len(capture.writes(kind="policer")) <= 2 + time.monotonic() - start
    assert carved.state(switch) == "failed"
    # something changes
    switch.relent()
    carved.reload(text)
    carved.settled(switch)
    assert switch.policer(w.policer) == (rate, burst)


@pytest.mark.needs("netlink")
def test_no_privilege(switch, once):
    trap = switch.words.trap
    text = config(entry(switch, traps={trap: "trap"}))
    for folder in once.folder, once.folder / "state", once.folder / "runtime":
        folder.chmod(0o777)
    status, said = once.run("--once", text=text, prefix=NOBODY)
    assert status == 3
    assert "CAP_NET_ADMIN" in said
    assert switch.trap(trap) == "drop"


@DECIDED
def test_daemon_is_running(switch, carved, once):
    carved.run(entry(switch, traps={switch.words.trap: "trap"}))
    status, said = once.run("--once", "--runtime-dir", carved.folder / "runtime", text=config())
    assert status == 75
    assert "running" in said


@DECIDED
def test_not_converged(switch, once):
    w = switch.words
    switch.fail_set("policer", w.policer)
    text = config(entry(switch, trap_policers={w.policer: {"rate": w.rates[0][0]}}))
    assert once.run("--once", text=text)[0] == 3


@pytest.mark.only("fake", "the command line asks no kernel")
@pytest.mark.parametrize("argument,status", [("--version", 0), ("--help", 0), ("--nonsense", 64),
                                             ("extra", 64), ("--bus=nonsense", 64), ("--kernel=unix:", 64)])
def test_usage(once, argument, status):
    assert once.run(argument)[0] == status
