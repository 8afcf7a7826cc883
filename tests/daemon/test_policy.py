# SPDX-License-Identifier: GPL-2.0-or-later
"""When carved may reload a device, and when it may write at all."""
from carved import entry, wait


def test_manual(switch, carved, capture):
    w = switch.words
    carved.run(entry(switch, reload="manual", **w.wanted))
    assert carved.state(switch) == "pending-reload"
    assert carved.get(switch, "PendingClass") == "reload"
    switch.check({("trap", w.trap): "trap"})
    assert [w.kind for w in capture.writes()] == ["trap"]
    switch.reload()
    wait(lambda: switch.trap(w.trap) == "trap", "the trap to be set again")
    carved.wait_state(switch, "pending-reload")
    switch.check({("trap", w.trap): "trap"})


def test_boot(switch, carved):
    w = switch.words
    carved.run(entry(switch, reload="boot", **w.wanted))
    assert carved.state(switch) == "converged"
    assert (switch.active(w.param), switch.size(w.size)) == (w.value, w.sizes[0])
    assert switch.reloads() == 1
    carved.reload(entry(switch, reload="boot", resources={w.size: w.sizes[1]},
                        traps={w.trap: "trap", w.trap2: "trap"}))
    wait(lambda: switch.trap(w.trap2) == "trap", "the live part of the new config")
    carved.wait_state(switch, "pending-reload")
    assert (switch.size(w.size), switch.staged(), switch.reloads()) == (w.sizes[0], {}, 1)
    switch.unbind()
    switch.bind()
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    assert (switch.size(w.size), switch.reloads()) == (w.sizes[1], 1)


def test_later_drift_waits(switch, carved, capture):
    """Others have brought a value into force: the reload it takes is not carved's to decide."""
    w = switch.words
    carved.run(entry(switch, **w.wanted))
    carved.kill("STOP")
    switch.set_param(w.param, w.other)
    switch.reload()
    capture.clear()
    carved.kill("CONT")
    carved.wait_state(switch, "pending-reload")
    assert switch.trap(w.trap) == "trap"
    assert (switch.param(w.param), switch.active(w.param)) == (w.other, w.other)
    assert [w.kind for w in capture.writes()] == ["trap"]
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the operator's word to be followed")
    assert (switch.param(w.param), switch.active(w.param)) == (w.value, w.value)
    assert switch.reloads() == 3


def test_report(switch, carved, capture):
    w = switch.words
    carved.run(entry(switch, drift="report", **w.wanted))
    assert carved.state(switch) == "converged"
    assert switch.reloads() == 1
    capture.clear()
    switch.reload()
    carved.wait_state(switch, "drifted")
    assert switch.trap(w.trap) == "drop"
    assert [w.kind for w in capture.writes()] == ["reload"]
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the operator's word to be followed")
    assert switch.trap(w.trap) == "trap"
    assert switch.reloads() == 2
