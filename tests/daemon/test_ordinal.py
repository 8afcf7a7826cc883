# SPDX-License-Identifier: GPL-2.0-or-later
"""One request of a first convergence fails, by its number: as many switches as there are cases, side by side. What of it
no real kernel is needed for is in tests/unit/test_exhaustive.c, case by case; here is the program that is shipped."""
import pytest

from carved import entry, wait

pytestmark = pytest.mark.only("fake-spectrum1", "only the fake spoils a request that is told by its number, and one kind "
                              "with firmware, sizes, params and policies is enough")
LOST = "the kernel's answer was lost"
FAULTS = {"EBUSY": "Device or resource busy", "EAGAIN": "Resource temporarily unavailable", "EINVAL": "Invalid argument",
          "EOPNOTSUPP": "Operation not supported", "ENODEV": "No such device", "EIO": "Input/output error",
          "ENOSPC": "No space left on device", "lose": LOST, "lose-answer": LOST}
ABSENT = "EOPNOTSUPP", "EINVAL"  # to a question: there is no such object, which is believed
EACH = 6  # requests of each fault, spread over all
REST = "converged", "failed", "quarantined", "pending-reload"


def wanted(carved, switch):
    w = switch.words
    rate, burst = w.rates[0]
    keys = {**w.wanted, **carved.firmware(switch, switch.running()[:-1] + "9"),
            "trap_groups": {w.group: {"policer": "none"}}, "trap_policers": {w.policer: {"rate": rate, "burst": burst}}}
    return keys, {**w.wanted_changes, ("group", w.group): None, ("policer", w.policer): (rate, burst)}


def requests(kernel, switch):
    return [r["command"] for r in kernel.tell("requests") if switch.handle in r.values()]


def is_read(command):
    return "SET" not in command and command not in ("RELOAD", "FLASH_UPDATE")


def test_a_request_fails(make_switch, kernel, carved):
    """It is as wanted, or says why it is not; asked again it is, with one flash and one reload in all: what only waits
    for its activation is not written again."""
    first = make_switch()
    keys, changes = wanted(carved, first)
    carved.run(entry(first, **keys))
    carved.settled(first)
    commands = requests(kernel, first)
    assert len(commands) > 20
    cases = []
    for i, fault in enumerate(FAULTS):
        for j in range(EACH):
            n = (i + j * len(commands) // EACH) % len(commands)
            switch = make_switch()
            kernel.tell("rule", switch.handle, "*", "*", fault, f"skip={n}")
            cases.append((switch, fault, n))
    carved.config(*(entry(switch, **wanted(carved, switch)[0]) for switch, _, _ in [(first, 0, 0), *cases]),
                  audit="2s")  # one that was said not to be there is found by an audit
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.manager("State") not in ("reading", "applying", "flashing", "reloading"), "all to rest")
    for switch, fault, n in cases:
        wait(lambda: carved.state(switch) in REST, f"{switch} to rest")
        if carved.state(switch) != "converged" and not (fault in ABSENT and is_read(commands[n])):
            assert FAULTS[fault] in carved.get(switch, "StateReason"), (fault, n, commands[n])
    kernel.tell("rules-clear")
    for switch, fault, n in cases:
        carved.call("Retry", "s", switch.handle)
    for switch, fault, n in cases:
        carved.settled(switch)
        switch.check(changes)
        done = switch.state()["requests"]
        assert done["flashes"] == 1, (fault, n, commands[n], done)
        assert done["reloads"] == 1 or fault not in ("lose-answer", "EBUSY", "EAGAIN"), (fault, n, commands[n], done)
        assert done["reloads"] <= 2, (fault, n, commands[n], done)
