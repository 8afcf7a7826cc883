# SPDX-License-Identifier: GPL-2.0-or-later
"""carved is killed at every request of a first convergence, before the kernel has carried it out and after; the next
one brings about the same, with one flash and one reload in all, or two where nobody can tell whether a flash was made.
"""
import pytest

from carved import Process, entry, wait

pytestmark = pytest.mark.only("fake-spectrum1", "only the fake stops at a request that is told by its number, and one "
                              "switch with firmware, sizes, params and policies is enough")
WRITES = ("PARAM_SET", "FLASH_UPDATE", "RESOURCE_SET", "RELOAD", "TRAP_POLICER_SET", "TRAP_GROUP_SET",
          "TRAP_SET")


def held(kernel):
    """The request that the kernel has been told to hold, when it has come: no other takes any time."""
    return next((r for r in kernel.tell("requests") if r["error"] is None), None)


def carried_out(kernel, command):
    return sum(r["command"] == command and r["error"] is not None for r in kernel.tell("requests"))


def kill_at(kernel, carved, target, command, n, before):
    """Return: whether there was such a request."""
    firmware = carved.firmware(target, target.running()[:-1] + "9")
    w = target.words
    rate, burst = w.rates[0]
    carved.config(entry(target, **w.wanted, **firmware, trap_groups={w.group: {"policer": "none"}},
                        trap_policers={w.policer: {"rate": rate, "burst": burst}}))
    kernel.tell("forget")
    kernel.tell("rule", "*", command, "*", "hold" if before else "lose-answer", f"skip={n - 1}")
    carved.start_no_wait()
    wait(lambda: carved.ready() or (held(kernel) if before else carried_out(kernel, command) >= n), f"{command} {n}",
         pause=0)
    killed = not carved.ready()
    at_flash = before and killed and held(kernel)["command"] == "FLASH_UPDATE"
    carved.crash()
    kernel.tell("rules-clear")
    carved.start()
    carved.settled(target)
    target.check({**w.wanted_changes, ("group", w.group): None, ("policer", w.policer): (rate, burst)})
    assert target.running() == firmware["firmware"]["version"]
    # what the kernel has been asked for is not asked for again; of a flash only a reload tells whether it was
    done = target.state()["requests"]
    assert (done["flashes"], done["reloads"]) == (1, 1 + at_flash)
    return killed


def at_each(place, kernel, make_switch, command, story):
    """story(carved, target, n) for the first, the second ... such request, until it says that there was none.
    Return: how many there were."""
    n, more = 0, True
    while more:
        n += 1
        target, carved = make_switch(), Process(place, kernel, place.new_folder())
        try:
            more = story(carved, target, n)
        except AssertionError:
            print(f"{command} {n}:\n{carved.text()}")
            raise
        finally:
            carved.finish()
        target.remove()
    print(f"{n - 1} times")
    return n - 1


def kill_at_all(place, kernel, make_switch, command, before):
    return at_each(place, kernel, make_switch, command,
                   lambda carved, target, n: kill_at(kernel, carved, target, command, n, before))


def test_before_every_request(place, kernel, make_switch):
    assert kill_at_all(place, kernel, make_switch, "*", before=True) > 20


@pytest.mark.parametrize("command", WRITES)
def test_after_every_write(place, kernel, make_switch, command):
    """It was carried out, and nobody has heard of it."""
    assert kill_at_all(place, kernel, make_switch, command, before=False) >= 1
