# SPDX-License-Identifier: GPL-2.0-or-later
"""Reloads that do not come back, and a kernel that breaks down in them. What an oops leaves locked it leaves locked for
ever, so these tests have a guest of their own. They look at the boards by debugfs: whoever dumps from devlink hangs."""
import pathlib
import re
import sys
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / name) for name in ("daemon", "asicsim", "kernel-facts", "fake/conformance")]

from carved import entry                     # noqa: E402 # pylint: disable=wrong-import-position
from places import Guest                     # noqa: E402 # pylint: disable=wrong-import-position
from switch import Asicsim, output, wait     # noqa: E402 # pylint: disable=wrong-import-position

MINUTES = 180  # a deadline for what takes one of them
SIZE, TRAP = "kvd/linear/singles", "ingress_vlan_filter"
COMPLAINT = r"WARNING:|BUG:|BUG at|Oops|refcount_t|blocked for more"


@pytest.fixture(scope="module")
def place():
    place = Guest()
    yield place
    place.close()


@pytest.fixture(scope="module")
def boards(place):
    """One for each reload that goes wrong, and one that shows whether the others are looked after."""
    made = [place.make(Asicsim, 10 + i, None) for i in range(4)]
    for board in made:
        board.create()
    return made


@pytest.fixture
def unit(place, boards):
    unit = place.unit()
    unit.run(*wanted(boards), audit="1s")
    yield unit
    if unit.stopped:  # if not, a test has failed, and what it has left may hang for ever
        unit.finish()


def wanted(boards, *resized):
    """The size of these boards is another one."""
    return [entry(board, traps={TRAP: "trap"},
                  **({"resources": {"/" + SIZE: 16000}} if board in resized else {})) for board in boards]


def resize(unit, boards, *resized):
    """Their sizes are wanted, which takes a reload that is not waited for."""
    unit.config(*wanted(boards, *resized), audit="1s")
    unit.call("Reload", "a{sv}")
    wait(lambda: resized[-1].board.active("state") == "down", "the board to be torn down")


def is_looked_after(board):
    """What another program sets is set back."""
    before = board.board.count("trap_set", TRAP, "trap")
    board.set_trap(TRAP, "drop")
    wait(lambda: board.board.count("trap_set", TRAP, "trap") > before, f"the trap of {board} to be set back")


def said(pid):
    """What this process of it has logged."""
    return output("journalctl", "-q", "-ocat", f"_PID={pid}", "-ucarved")


def wait_told(pid, text):
    wait(lambda: text in said(pid), f"it to say: {text}", pause=0.5)


def stop(unit):
    output("systemctl", "stop", "--no-block", "carved")
    wait(lambda: unit.show("ActiveState") == "deactivating", "carved to be told to stop", pause=0.2)


def stopped(unit, pid):
    try:
        wait(lambda: unit.show("ActiveState") == "inactive", "the end of carved", pause=0.2)
    except AssertionError:
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
            print(task.name, (task / "stack").read_text())
        raise
    unit.stopped = True


def test_a_reload_that_does_not_come_back(unit, boards):
    """Told once, after a minute, with its age; the others go on; and a stop says what it waits for."""
    slow, other = boards[0], boards[3]
    slow.board.set("hang", 1)
    resize(unit, boards, slow)
    is_looked_after(other)
    unit.wait_state(other, "converged")
    assert unit.state(slow) == "reloading"
    assert "has not finished" not in unit.get(slow, "StateReason")
    wait(lambda: "the kernel has not finished a reload for 1 min" in unit.get(slow, "StateReason"), "its age", MINUTES, pause=1)
    pid = unit.pid()
    told = f"{slow}: the kernel has not finished a reload for "
    wait_told(pid, told)
    assert int(re.search(re.escape(told) + r"(\d+) s", said(pid))[1]) >= 60
    assert "has not finished a reload" in unit.ctl("status", str(slow))[1]
    is_looked_after(other)
    stop(unit)
    wait_told(pid, f"{slow}: to stop waits for a reload")
    assert unit.show("ActiveState") == "deactivating" and slow.board.active("state") == "down"
    assert said(pid).count(told) == 1
    slow.board.set("hang", 0)
    stopped(unit, pid)
    assert slow.board.active("size", SIZE) == "16000"


def test_threads_that_die_in_a_reload(unit, boards):
    """One while all else goes on, one when carved is to stop already: it stops all the same."""
    _, first, second, other = boards
    output("sysctl", "-w", "kernel.panic_on_oops=0")
    assert not re.search(COMPLAINT, output("dmesg"))
    pid = unit.pid()
    first.board.set("oops", 1)
    resize(unit, boards, first)
    unit.wait_state(first, "failed")
    assert unit.get(first, "StateReason") == "the kernel broke down in a reload of this device; reboot"
    is_looked_after(other)
    second.board.set("hang", 1)
    second.board.set("oops", 1)
    resize(unit, boards, first, second)
    stop(unit)
    wait_told(pid, f"{second}: to stop waits for a reload")
    assert f"{first}: to stop waits" not in said(pid)
    time.sleep(1.5)  # carved, which looks after its threads each second, has to go on with that
    second.board.set("hang", 0)
    stopped(unit, pid)
    assert not pathlib.Path(f"/proc/{pid}").exists()
    # these two oopses were asked for; no other complaint of the kernel is taken away here
    log = output("dmesg")
    print(log)
    assert len(re.findall("Oops:", log)) == len(re.findall(r"RIP: 0010:\w*reload_up\+.*\[asicsim\]", log)) // 2 == 2
    assert not re.search(r"WARNING:|refcount_t|blocked for more", log)
    output("dmesg", "--clear")
