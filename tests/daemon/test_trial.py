# SPDX-License-Identifier: GPL-2.0-or-later
"""A config on trial, with the program that ships: it ends confirmed, or as it was before. carved is killed at every
write of a trial and of its roll-back, before the kernel has carried it out and after, and right after a confirmation.
"""
import re

import pytest

from carved import Process, entry, wait
from test_killed import WRITES, at_each, carried_out, held

pytestmark = pytest.mark.only("fake-spectrum1", "only the fake stops at a request that is told by its number, and one "
                              "switch with sizes, params and policies is enough")
SENT = [command for command in WRITES if command != "FLASH_UPDATE"]


def configure(carved, target, on_trial):
    """Nothing is wanted, or all there is; `keep` and `manual` are what a trial has to overrule."""
    w = target.words
    keys = {"trap_groups": {w.group: {"policer": "none"}},
            "trap_policers": {w.policer: dict(zip(("rate", "burst"), w.rates[0]))}, **w.wanted} if on_trial else {}
    carved.config(entry(target, reload="auto" if on_trial else "manual", on_removal="keep", **keys))


def check(carved, target, on_trial):
    w = target.words
    carved.settled(target)
    target.check({**w.wanted_changes, ("group", w.group): None, ("policer", w.policer): w.rates[0]} if on_trial else {})


def begin(carved, target):
    configure(carved, target, False)
    carved.start()
    configure(carved, target, True)


def ask(carved, *words):
    status, _, error = carved.ctl(*words, "--no-wait")
    assert status == 0, error


def die(kernel, carved, target, command, n, before, words):
    """Ask for it, and die at the request. Return: whether there was one."""
    kernel.tell("forget")
    kernel.tell("rule", target.handle, command, "*", "hold" if before else "lose-answer", f"skip={n - 1}")
    ask(carved, *words)

    def there():
        return held(kernel) if before else carried_out(kernel, command) >= n
    wait(lambda: there() or (carved.state(target) == "converged" and not carved.plan(target)), f"{command} {n}", pause=0)
    died = bool(there())
    carved.crash()
    kernel.tell("rules-clear")
    carved.start()
    return died


def die_at_all(place, kernel, make_switch, command, before, story):
    def die_at(carved, target, n):
        begin(carved, target)
        return story(carved, target, lambda *words: die(kernel, carved, target, command, n, before, words))
    assert at_each(place, kernel, make_switch, command, die_at) >= 1


def dies_on_trial(carved, target, die_in):
    """And is confirmed by the next carved, which is killed at once."""
    died = die_in("reload", "--confirm", "1h")
    check(carved, target, True)
    assert carved.manager("ConfirmDeadlineUSec") > 0
    assert carved.ctl("confirm")[0] == 0
    carved.crash()
    carved.start()
    check(carved, target, True)
    assert carved.manager("ConfirmDeadlineUSec") == 0
    return died


def dies_in_a_rollback(carved, target, die_in):
    ask(carved, "reload", "--confirm", "1h")
    check(carved, target, True)
    died = die_in("rollback")
    check(carved, target, False)
    assert carved.manager("ConfigOutOfSync")
    return died


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("command", SENT)
def test_killed_on_trial(place, kernel, make_switch, command, before):
    die_at_all(place, kernel, make_switch, command, before, dies_on_trial)


@pytest.mark.parametrize("command, before", [("*", True), ("PARAM_SET", False), ("RESOURCE_SET", False),
                                             ("RELOAD", False)])
def test_killed_in_a_rollback(place, kernel, make_switch, command, before):
    """What else was on trial goes with the reload."""
    die_at_all(place, kernel, make_switch, command, before, dies_in_a_rollback)


def test_told_to_systemd(place, kernel, make_switch):
    """The line of systemctl status, from the begin of a trial to its end."""
    target, carved = make_switch(), Process(place, kernel, place.new_folder())
    try:
        begin(carved, target)
        ask(carved, "reload", "--confirm", "1h")
        wait(lambda: re.search(r"; the config is on trial until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", carved.status()),
             "the trial to be told")
        check(carved, target, True)
        ask(carved, "rollback")
        check(carved, target, False)
        wait(lambda: re.search(r"^converged: 1 of 1 devices converged; .*carved\.yaml: rolled back at 20.*: (root|uid [0-9]+) asked for it$",
                               carved.status()), "the roll-back to be told")
        ask(carved, "reload", "--confirm", "1h")
        check(carved, target, True)
        assert carved.ctl("confirm")[0] == 0
        wait(lambda: carved.status() == "converged: 1 of 1 devices converged", "the end of the trial to be told")
    finally:
        carved.finish()


def test_a_rollback_that_fails(place, kernel, make_switch):
    """It ends in the quarantine of any failed reload, not in a loop."""
    target, carved = make_switch(), Process(place, kernel, place.new_folder())
    try:
        begin(carved, target)
        ask(carved, "reload", "--confirm", "1h")
        check(carved, target, True)
        target.fail_reloads(1)
        ask(carved, "rollback")
        carved.wait_state(target, "quarantined")
        wait(lambda: not target.reload_failed(), "the values that worked to come back")
        carved.wait_state(target, "quarantined")
        reloads = target.state()["requests"]["reloads"]
        carved.crash()
        carved.start()
        carved.wait_state(target, "quarantined")
        assert target.state()["requests"]["reloads"] == reloads and not target.reload_failed()
    finally:
        carved.finish()
