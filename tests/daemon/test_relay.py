# SPDX-License-Identifier: GPL-2.0-or-later
"""A real kernel whose answers get lost, cut, late or replaced on the way: tests/relay between carved and it.

Which request is spoilt is said by its command; that it was is in the relay's log, which has all that carved has sent.
`capture` sees behind the relay, what the kernel was asked."""
import errno

import pytest

from carved import entry
from switch import wait

pytestmark = pytest.mark.anywhere("what happens on the way does not depend on the switch", lines=2)

READS = "GETFAMILY", "GET", "INFO_GET", "PARAM_GET", "RESOURCE_DUMP", "TRAP_GET"


def converge(switch, carved, relay, *rules):
    """Every rule takes hold of one request, and all that is wanted comes true in spite of that, with one reload."""
    w = switch.words
    relay.start(*rules)
    carved.run(entry(switch, **w.wanted))
    carved.settled(switch)
    assert relay.spoilt() == len(rules)
    came_true(switch)


def came_true(switch):
    w = switch.words
    switch.check({("size", w.size): w.sizes[0], ("driverinit", w.param): w.value, ("active", w.param): w.value,
                  ("trap", w.trap): "trap"})
    assert switch.reloads() == 1 and not switch.reload_failed()


@pytest.mark.parametrize("command", READS)
def test_read_lost_then_cut(switch, carved, capture, relay, command):
    """It is read again, and nothing else is written because of it."""
    converge(switch, carved, relay, f"drop-answer {command} 1", f"truncate=28 {command} 2")
    assert [w.kind for w in capture.writes()].count("reload") == 1 and len(capture.writes()) == 4


def test_list_lost_then_cut(switch, carved, relay):
    """A device that no entry names is found all the same."""
    w = switch.words
    relay.start("drop-answer GET 1", "truncate=28 GET 2")
    carved.run(entry("all", match=f"{{driver: {switch.driver}}}", traps={w.trap: "trap"}))
    carved.settled(switch)
    assert relay.spoilt() == 2 and switch.trap(w.trap) == "trap"


def test_nothing_is_said_of_what_was_not_read(switch, carved, relay):
    """From here on all answers are lost: it is not converged, it cannot be read."""
    w = switch.words
    relay.start("drop-answer TRAP_GET *")
    carved.config(entry(switch, traps={w.trap: "trap"}))
    carved.start_no_wait()
    wait(lambda: carved.state(switch) not in (None, "reading"), "the device to be given up")
    assert carved.state(switch) == "failed"
    assert "-> converged" not in carved.text()
    relay.rules()
    carved.call("Reload", "a{sv}")
    carved.settled(switch)
    assert switch.trap(w.trap) == "trap"


def test_answer_to_a_set_lost(switch, carved, capture, relay):
    """Carried out, as reading shows: it is not sent again."""
    converge(switch, carved, relay, "drop-answer TRAP_SET")
    assert len(capture.writes(kind="trap")) == 1


@pytest.mark.parametrize("command", ["PARAM_SET", "RESOURCE_SET"])
def test_answer_to_a_staging_set_lost(switch, carved, capture, relay, command):
    """Taken back until it is tried again, so that nobody's reload finds half of it; then one reload with all."""
    converge(switch, carved, relay, f"drop-answer {command}")
    kinds = [w.kind for w in capture.writes()]
    assert kinds.count("reload") == 1 and kinds[kinds.index("reload") + 1:] == ["trap"]


@pytest.mark.parametrize("command,kind", [("TRAP_SET", "trap"), ("PARAM_SET", "driverinit"),
                                          ("RESOURCE_SET", "size")])
def test_set_lost(switch, carved, relay, command, kind):
    """Not carried out, as reading shows: it is sent again."""
    converge(switch, carved, relay, f"drop-request {command}")
    assert len(relay.requests(command)) == 2, kind


def test_answer_to_a_reload_lost(switch, carved, capture, relay):
    """The counter shows that it was carried out: no second one, and nobody else's."""
    converge(switch, carved, relay, "drop-answer RELOAD")
    assert len(relay.requests("RELOAD")) == len(capture.writes(kind="reload")) == 1
    assert carved.get(switch, "ForeignReloadCount") == 0


def test_reload_lost(switch, carved, capture, relay):
    """The counter shows that it was not."""
    converge(switch, carved, relay, "drop-request RELOAD")
    assert len(relay.requests("RELOAD")) == 2 and len(capture.writes(kind="reload")) == 1


@pytest.mark.parametrize("error", ["EBUSY", "EAGAIN"])
def test_reload_at_a_bad_moment(switch, carved, relay, error):
    """It is tried again, unasked."""
    converge(switch, carved, relay, f"errno={getattr(errno, error)} RELOAD")
    assert len(relay.requests("RELOAD")) == 2


@pytest.mark.parametrize("error", ["EOPNOTSUPP", "EIO"])
def test_reload_refused_for_good(switch, carved, relay, error):
    """What was staged is taken back, and it is not tried again until somebody says so."""
    w = switch.words
    relay.start(f"errno={getattr(errno, error)} RELOAD")
    carved.run(entry(switch, **w.wanted), audit="1s")
    carved.wait_state(switch, "failed")
    switch.check({("trap", w.trap): "trap"})
    switch.set_trap(w.trap, "drop")
    wait(lambda: switch.trap(w.trap) == "trap", "it to look again")
    assert len(relay.requests("RELOAD")) == 1
    carved.call("Reload", "a{sv}")
    carved.settled(switch)
    came_true(switch)
    assert len(relay.requests("RELOAD")) == 2


def test_late_answer(make_switch, carved, relay):
    """Of one device: neither the other one nor D-Bus waits for it."""
    one, two = make_switch(), make_switch()
    trap = one.words.trap
    relay.start()
    carved.run(entry("all", match=f"{{driver: {one.driver}}}", traps={trap: "trap"}))
    for switch in one, two:
        carved.settled(switch)
    relay.rules("delay TRAP_SET")
    one.reload()
    wait(relay.spoilt, "the answer to be late")
    two.reload()
    wait(lambda: two.trap(trap) == "trap", "the other device to be restored")
    carved.settled(two)
    # its SET went along with the question whether it was reloaded, which is not answered yet
    assert carved.state(one) == "reading" and one.trap(trap) == "drop"
    relay.rules()
    wait(lambda: one.trap(trap) == "trap" and carved.get(one, "ForeignReloadCount") == 1, "the late one, too")
    carved.settled(one)


def test_overrun(switch, carved, relay):
    """All that is told of somebody's reload is that something was lost: everything is read."""
    trap = switch.words.trap
    relay.start()
    carved.run(entry(switch, traps={trap: "trap"}))
    carved.settled(switch)
    relay.rules("overrun")
    switch.reload()
    wait(lambda: switch.trap(trap) == "trap", "the trap to be set again")
    carved.settled(switch)
    assert carved.get(switch, "ForeignReloadCount") == 1


def test_device_comes_in_an_overrun(make_switch, carved, relay):
    """The word of its coming is lost."""
    switch = make_switch(create=False)
    trap = switch.words.trap
    relay.start()
    carved.run(entry(switch, traps={trap: "trap"}))
    wait(lambda: carved.listed() == {str(switch): "absent"}, "the device to be waited for")
    relay.rules("overrun")
    switch.create()
    carved.settled(switch)
    assert switch.trap(trap) == "trap"


def test_notifications_lost(switch, carved, relay):
    """Nobody tells: an audit finds out."""
    trap = switch.words.trap
    relay.start()
    carved.run(entry(switch, traps={trap: "trap"}), audit="1s")
    carved.settled(switch)
    relay.rules("drop-notifications")
    switch.reload()
    wait(lambda: switch.trap(trap) == "trap", "the trap to be set again")
