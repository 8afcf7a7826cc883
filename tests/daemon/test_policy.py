# SPDX-License-Identifier: GPL-2.0-or-later
"""When carved may reload a device, and when it may write at all."""
from carved import entry, wait

WANTED = "resources: {/nexthops: 100}\nparams: {max_macs: 48}\ntraps: {tail_drop: trap}"


def nothing_staged(switch):
    return switch.staged() == {} and switch.param("max_macs") == switch.active("max_macs") == 32


def test_manual(switch, carved, capture):
    carved.run(entry(switch, "reload: manual\n" + WANTED))
    assert carved.state(switch) == "pending-reload"
    assert carved.get(switch, "PendingClass") == "reload"
    assert nothing_staged(switch)
    assert switch.trap("tail_drop") == "trap"
    assert [w.kind for w in capture.writes()] == ["trap"]
    switch.reload()
    wait(lambda: switch.trap("tail_drop") == "trap", "the trap to be set again")
    assert carved.state(switch) == "pending-reload"
    assert nothing_staged(switch)


def test_boot(switch, carved):
    carved.run(entry(switch, "reload: boot\n" + WANTED))
    assert carved.state(switch) == "converged"
    assert (switch.active("max_macs"), switch.reloads()) == (48, 1)
    carved.reload(entry(switch, "reload: boot\nparams: {max_macs: 56}\ntraps: {tail_drop: mirror}"))
    wait(lambda: switch.trap("tail_drop") == "mirror", "the live part of the new config")
    carved.wait_state(switch, "pending-reload")
    assert (switch.param("max_macs"), switch.active("max_macs"), switch.reloads()) == (48, 48, 1)
    switch.unbind()
    switch.bind()
    wait(lambda: carved.state(switch) == "converged", "the device to be converged")
    assert (switch.active("max_macs"), switch.reloads()) == (56, 1)


def test_later_drift_waits(switch, carved, capture):
    """Others have brought a value into force: the reload it takes is not carved's to decide."""
    carved.run(entry(switch, WANTED))
    carved.kill("STOP")
    switch.set_param("max_macs", 99)
    switch.reload()
    capture.clear()
    carved.kill("CONT")
    carved.wait_state(switch, "pending-reload")
    assert switch.trap("tail_drop") == "trap"
    assert (switch.param("max_macs"), switch.active("max_macs")) == (99, 99)
    assert [w.kind for w in capture.writes()] == ["trap"]
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the operator's word to be followed")
    assert (switch.param("max_macs"), switch.active("max_macs")) == (48, 48)
    assert switch.reloads() == 3


def test_report(switch, carved, capture):
    carved.run(entry(switch, "drift: report\n" + WANTED))
    assert carved.state(switch) == "converged"
    assert switch.reloads() == 1
    capture.clear()
    switch.reload()
    carved.wait_state(switch, "drifted")
    assert switch.trap("tail_drop") == "drop"
    assert [w.kind for w in capture.writes()] == ["reload"]
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the operator's word to be followed")
    assert switch.trap("tail_drop") == "trap"
    assert switch.reloads() == 2
