# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel would say, if the wire did not spoil it."""
from carved import entry


def test_lost_answer(switch, carved, relay):
    """The kernel has carried a request out, but nobody hears of it: a read tells."""
    w = switch.words
    relay.start("drop-answer TRAP_SET")
    carved.run(entry(switch, traps={w.trap: "trap", w.trap2: "trap"}))
    carved.settled(switch)
    switch.check({("trap", w.trap): "trap", ("trap", w.trap2): "trap"})
    assert [line for line in relay.log() if "TRAP_SET" in line and "rule=drop-answer" in line]
