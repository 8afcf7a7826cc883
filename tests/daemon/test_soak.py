# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody reloads the device again and again, the files are edited meanwhile, now and then a request of carved's fails
or its answer is lost, and notifications come in storms: nothing gets lost, and carved does not grow. --cycles=N says how
often; tests/soak is the long one."""
import os
import random
import time

import pytest

from carved import Process, entry, memory, wait

WARM = 10  # cycles before fds and memory are looked at
ACTIONS = ("drop", "trap")
FAULTS = 0.04  # so many cycles have one
STORM = 100  # notifications for each cycle, at the end


def draw(dice, switch):
    """Keys of an entry, and what they come to. What is not drawn goes back to what it was."""
    w, keys, changes = switch.words, {}, {}
    traps = {name: dice.choice(ACTIONS) for name in dice.sample(switch.drops(w.group_of_all), 2) + [w.trap2]}
    keys["traps"] = traps
    changes.update({("trap", name): action for name, action in traps.items()})
    if dice.random() < 0.5:
        rate, burst = dice.choice(w.rates)
        keys["trap_policers"] = {w.policer: {"rate": rate, "burst": burst}}
        changes["policer", w.policer] = (rate, burst)
    if dice.random() < 0.5:
        keys["trap_groups"] = {w.group: {"policer": "none"}}
        changes["group", w.group] = None
    if dice.random() < 0.2:
        keys["params"] = w.params(w.value)
        changes["driverinit", w.param] = changes["active", w.param] = w.value
    if dice.random() < 0.2:
        keys["resources"] = {w.size: dice.choice(w.sizes)}
        changes["size", w.size] = keys["resources"][w.size]
    return keys, changes


def spoil(dice, kernel, switch):
    """The next request of this kind fails for the moment, or its answer is lost. Return: how many faults that is."""
    if not hasattr(kernel, "tell") or dice.random() >= FAULTS:
        return 0
    command = dice.choice(("TRAP_SET", "TRAP_POLICER_SET", "TRAP_GROUP_SET", "PARAM_SET", "RESOURCE_SET", "GET"))
    kernel.tell("rule", switch.handle, command, "*", dice.choice(("EBUSY", "EAGAIN", "lose", "lose-answer")))
    return 1


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.fixture
def plain(place, kernel, make_switch):
    """Without sanitizers, which keep what was freed."""
    carved = Process(place, kernel, place.new_folder(), variant="plain")
    yield carved
    carved.finish()


@pytest.mark.decided("what is lost or grows in the long run")
@pytest.mark.needs("storm")
def test_soak(make_switch, kernel, plain, request):
    cycles, switch, dice = request.config.getoption("--cycles"), make_switch(), random.Random(7)
    keys, changes = draw(dice, switch)
    plain.run(entry(switch, **keys))
    pid, began, edits, reloads, faults = plain.process.pid, time.monotonic(), 0, 0, 0
    for cycle in range(cycles):
        if cycle == WARM:
            at_first = fds(pid), memory(pid)
        if dice.random() < 0.5:
            keys, changes = draw(dice, switch)
            plain.config(entry(switch, **keys))
            plain.kill("HUP")
            edits += 1
        faults += spoil(dice, kernel, switch)
        if dice.random() < 0.8:
            switch.reload()
            reloads += 1
        wait(lambda: plain.manager("Generation") == edits + 1, "the files to be read")
        expected = {**switch.fresh, **changes}
        wait(lambda: switch.look() == expected, f"cycle {cycle}: {keys}")
        plain.settled(switch)
        switch.check(changes)
    wait(lambda: plain.get(switch, "ForeignReloadCount") == reloads, "every reload to be counted")
    plain.settled(switch)
    switch.storm(STORM * cycles)
    switch.reload()
    wait(lambda: plain.get(switch, "ForeignReloadCount") == reloads + 1, "the reload in the storm to be counted")
    plain.settled(switch)
    switch.check(changes)
    print(f"{cycles} cycles in {time.monotonic() - began:.0f} s: {reloads} reloads by somebody, {edits} edits, {faults} "
          f"faults, a storm of {STORM * cycles}, no setting lost; fds {at_first[0]} -> {fds(pid)}, resident {at_first[1]} -> {memory(pid)} kB")
    assert fds(pid) <= at_first[0]
    assert memory(pid) <= at_first[1] + 1024
