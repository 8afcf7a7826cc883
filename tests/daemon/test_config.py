# SPDX-License-Identifier: GPL-2.0-or-later
"""The files are edited while carved runs; and what a bad file does not do."""
import re
import subprocess

import pytest

from carved import PLACE, config, entry, wait
from sysbus import BusError

BAD = {"malformed": "version: 1\ndevices: [\n", "unknown key": "version: 1\ndevice: {}\n",
       "wrong type": "version: 1\ndevices: 7\n"}


def systemctl_reload():
    return subprocess.run(["systemctl", "reload", "carved"], check=False).returncode


def test_sighup(switch, carved, capture):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    capture.clear()
    carved.config(entry(switch, "traps: {tail_drop: trap, blackhole_route: mirror}"))
    carved.kill("HUP")
    wait(lambda: switch.trap("blackhole_route") == "mirror", "the new config to be carried out")
    carved.settled(switch)
    assert carved.manager("Generation") == 2
    assert [(w.kind, w.object) for w in capture.writes()] == [("trap", "blackhole_route")]


def test_sighup_with_the_same_files(switch, carved, capture):
    carved.run(entry(switch, "traps: {tail_drop: trap}\nparams: {max_macs: 40}"))
    capture.clear()
    carved.kill("HUP")
    wait(lambda: carved.manager("Generation") == 2, "the config to be read")
    carved.settled(switch)
    assert capture.writes() == []


def test_systemctl_reload(switch, carved):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    carved.config(entry(switch, "params: {max_macs: 56}\ntraps: {tail_drop: mirror}"))
    assert systemctl_reload() == 0
    wait(lambda: switch.trap("tail_drop") == "mirror", "the new config to be carried out")
    carved.settled(switch)
    assert switch.active("max_macs") == 56
    assert switch.reloads() == 1


def test_bus_reload(switch, carved):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    carved.reload(entry(switch, "params: {max_macs: 56}\ntraps: {tail_drop: mirror}"))
    wait(lambda: switch.active("max_macs") == 56, "the new config to be carried out")
    carved.settled(switch)
    assert switch.trap("tail_drop") == "mirror"
    assert switch.reloads() == 1


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_bad_file_leaves_all_in_force(switch, carved, capture, bad):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    capture.clear()
    carved.file.write_text(bad)
    with pytest.raises(BusError) as error:
        carved.call("Reload", "a{sv}")
    assert error.value.name == "org.carved1.Error.InvalidConfig"
    diagnostics = carved.manager("Diagnostics")
    assert diagnostics and all(re.match(PLACE + ": error: ", text) for text in diagnostics)
    assert carved.manager("Generation") == 1
    assert capture.writes() == []
    switch.reload()
    wait(lambda: switch.trap("tail_drop") == "trap", "the old config to be enforced")
    carved.reload(entry(switch, "traps: {tail_drop: mirror}"))
    wait(lambda: switch.trap("tail_drop") == "mirror", "the mended file to be carried out")
    assert carved.manager("Diagnostics") == []


def test_systemctl_reload_of_a_bad_file_fails(switch, carved, capture):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    capture.clear()
    carved.file.write_text(BAD["unknown key"])
    assert systemctl_reload() != 0
    assert carved.show("ActiveState") == "active"
    assert carved.manager("Generation") == 1
    assert capture.writes() == []
    carved.config(entry(switch, "traps: {tail_drop: mirror}"))
    assert systemctl_reload() == 0
    wait(lambda: switch.trap("tail_drop") == "mirror", "the mended file to be carried out")


def test_refused_by_the_device_leaves_the_old_part_in_force(switch, carved, capture):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    capture.clear()
    carved.reload(entry(switch, "traps: {tail_drop: mirror, blackhole_ruote: drop}"))
    carved.wait_state(switch, "refused")
    says = re.compile(PLACE + ".*did you mean blackhole_route")
    assert any(says.search(text) for text in carved.manager("Diagnostics"))
    assert capture.writes() == []
    switch.reload()
    wait(lambda: switch.trap("tail_drop") == "trap", "the old part to be enforced")
    assert carved.state(switch) == "refused"


def test_entry_taken_out(make_switch, carved):
    one, two = make_switch(), make_switch()
    carved.run(entry(one, "traps: {tail_drop: trap}"), entry(two, "traps: {tail_drop: trap}"))
    carved.reload(entry(two, "traps: {tail_drop: trap}"))
    wait(lambda: carved.state(one) == "unmanaged", "the device to be left alone")
    one.reload()
    two.reload()
    wait(lambda: two.trap("tail_drop") == "trap", "the other device to be looked after")
    assert one.trap("tail_drop") == "drop"


def test_drop_in(switch, carved):
    carved.config(entry(switch, "traps: {tail_drop: trap, blackhole_route: trap}"))
    dropin = carved.file.parent / "carved.d/50-more.yaml"
    dropin.parent.mkdir()
    body = "traps: {tail_drop: mirror, blackhole_route: null}"
    dropin.write_text("devices:\n" + entry(switch, body))
    carved.start()
    assert (switch.trap("tail_drop"), switch.trap("blackhole_route")) == ("mirror", "drop")
    assert carved.manager("ConfigFiles") == [str(carved.file), str(dropin)]


def test_start_with_a_bad_file(carved, make_switch, capture):
    """Nothing was accepted before: the unit fails and is not started again and again."""
    carved.file.write_text(BAD["wrong type"])
    assert subprocess.run(["systemctl", "start", "carved"], check=False).returncode != 0
    status, restarts = carved.show("ExecMainStatus", "NRestarts")
    assert (status, restarts) == ("78", "0")
    assert capture.writes() == []
    carved.forgive()


def test_start_with_a_bad_file_uses_the_last_good_one(switch, carved):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    carved.stop()
    switch.reload()
    carved.file.write_text(BAD["wrong type"])
    carved.start()
    assert switch.trap("tail_drop") == "trap"
    assert any(re.match(PLACE, text) for text in carved.manager("Diagnostics"))


def test_check(once):
    good = config(entry("netdevsim/netdevsim10", "traps: {tail_drop: trap}"))
    status, said = once.run("--check", text=good)
    assert (status, said) == (0, "")
    for bad in BAD.values():
        status, said = once.run("--check", text=bad)
        assert status == 1
        assert re.match(PLACE + ": error: ", said)
