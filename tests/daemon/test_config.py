# SPDX-License-Identifier: GPL-2.0-or-later
"""The files are edited while carved runs; and what a bad file does not do."""
import re
import subprocess

import pytest

from carved import PLACE, config, entry, wait
from sysbus import BusError

pytestmark = pytest.mark.decided("when which files are in force")
BAD = {"malformed": "version: 1\ndevices: [\n", "unknown key": "version: 1\ndevice: {}\n",
       "wrong type": "version: 1\ndevices: 7\n"}


def systemctl_reload():
    return subprocess.run(["systemctl", "reload", "carved"], check=False).returncode


def test_sighup(switch, carved, capture):
    w = switch.words
    carved.run(entry(switch, traps={w.trap: "trap"}))
    capture.clear()
    carved.config(entry(switch, traps={w.trap: "trap", w.trap2: "trap"}))
    carved.kill("HUP")
    wait(lambda: switch.trap(w.trap2) == "trap", "the new config to be carried out")
    carved.settled(switch)
    assert carved.manager("Generation") == 2
    assert [(w.kind, w.object) for w in capture.writes()] == [("trap", w.trap2)]


def test_sighup_with_the_same_files(switch, carved, capture):
    carved.run(entry(switch, **switch.words.wanted))
    capture.clear()
    carved.kill("HUP")
    wait(lambda: carved.manager("Generation") == 2, "the config to be read")
    carved.settled(switch)
    assert capture.writes() == []


def test_bus_reload(switch, carved):
    w = switch.words
    carved.run(entry(switch, traps={w.trap: "trap"}))
    carved.reload(entry(switch, params=w.params(w.value), traps={w.trap: "trap", w.trap2: "trap"}))
    wait(lambda: switch.active(w.param) == w.value, "the new config to be carried out")
    carved.settled(switch)
    assert switch.trap(w.trap2) == "trap"
    assert switch.reloads() == 1


@pytest.mark.anywhere("systemd is the same for all switches")
def test_systemctl_reload(switch, unit, capture):
    w = switch.words
    unit.run(entry(switch, traps={w.trap: "trap"}))
    unit.file.write_text(BAD["unknown key"])
    capture.clear()
    assert systemctl_reload() != 0
    assert unit.show("ActiveState") == "active"
    assert unit.manager("Generation") == 1
    assert capture.writes() == []
    unit.config(entry(switch, params=w.params(w.value), traps={w.trap2: "trap"}))
    assert systemctl_reload() == 0
    wait(lambda: switch.trap(w.trap2) == "trap", "the new config to be carried out")
    unit.settled(switch)
    assert switch.active(w.param) == w.value
    assert switch.reloads() == 1


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_bad_file_leaves_all_in_force(switch, carved, capture, bad):
    w = switch.words
    carved.run(entry(switch, traps={w.trap: "trap"}))
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
    wait(lambda: switch.trap(w.trap) == "trap", "the old config to be enforced")
    carved.reload(entry(switch, traps={w.trap2: "trap"}))
    wait(lambda: switch.trap(w.trap2) == "trap", "the mended file to be carried out")
    assert carved.manager("Diagnostics") == []


def test_refused_by_the_device_leaves_the_old_part_in_force(switch, carved, capture):
    w = switch.words
    carved.run(entry(switch, traps={w.trap: "trap"}))
    capture.clear()
    carved.reload(entry(switch, traps={w.trap: "drop", w.trap2 + "s": "drop"}))
    carved.wait_state(switch, "refused")
    says = re.compile(PLACE + f".*did you mean {w.trap2}")
    assert any(says.search(text) for text in carved.manager("Diagnostics"))
    assert capture.writes() == []
    switch.reload()
    wait(lambda: switch.trap(w.trap) == "trap", "the old part to be enforced")
    assert carved.state(switch) == "refused"


def reboot(carved, switches):
    for file in (carved.folder / "runtime").rglob("*"):
        if file.is_file():
            file.unlink()
    for switch in switches:
        switch.unbind()
        switch.bind()


@pytest.mark.parametrize("how", ["restart", "reboot", "restart with -c"])
def test_refused_by_the_device_over_a_restart(make_switch, carved, capture, how):
    """The old part is not in the files any more, and stays in force for the one device that refuses the new one."""
    one, two = make_switch(), make_switch()
    w = one.words
    if how == "restart with -c":
        command = [*carved.command(), "-c", str(carved.file)]
        carved.command = lambda: command
    carved.run(entry(one, traps={w.trap: "trap"}), entry(two, traps={w.trap: "trap"}))
    carved.reload(entry(one, traps={w.trap: "drop", w.trap2 + "s": "drop"}), entry(two, traps={w.trap2: "trap"}))
    carved.wait_state(one, "refused")
    carved.settled(two)
    carved.crash()
    if how == "reboot":
        reboot(carved, (one, two))
    one.reload()
    capture.clear()
    carved.start()
    says = re.compile(PLACE + f".*did you mean {w.trap2}")
    for _ in range(2):
        wait(lambda: one.trap(w.trap) == "trap", "the old part to be enforced")
        assert carved.state(one) == "refused"
        assert any(says.search(text) for text in carved.manager("Diagnostics"))
        one.reload()
    wait(lambda: one.trap(w.trap) == "trap", "the old part to be enforced")
    assert {w.object for w in capture.writes(one.handle, "trap")} == {w.trap}
    carved.settled(two)
    two.check({("trap", w.trap2): "trap"})


def test_old_configs_are_kept_as_long_as_needed(make_switch, carved):
    one, two = make_switch(), make_switch()
    w = one.words
    configs = carved.folder / "state/configs"
    traps = ({w.trap: "trap"}, {w.trap: "drop"}, {w.trap2: "trap"}, {w.trap2: "drop"})
    carved.run(entry(one, traps=traps[0]), entry(two, traps=traps[0]))
    first = set(configs.iterdir())
    assert len(first) == 1
    for n in range(1, 24):  # 20 are kept for carvectl rollback, and what a device lives by
        carved.reload(entry(one, traps={w.trap2 + "s": "drop"}), entry(two, traps=traps[n % 4]), settle=f"{100 + n}ms")
        carved.wait_state(one, "refused")
        carved.settled(two)
    carved.restart()
    assert carved.state(one) == "refused"
    assert len(set(configs.iterdir())) == 21 and first < set(configs.iterdir())
    carved.reload(entry(one, traps=traps[3]), entry(two, traps=traps[3]))
    carved.settled(one)
    carved.settled(two)
    carved.reload(entry(one, traps=traps[2]), entry(two, traps=traps[2]))
    carved.settled(one)
    carved.restart()
    assert len(set(configs.iterdir())) == 20 and not first & set(configs.iterdir())


def test_entry_taken_out(make_switch, carved):
    one, two = make_switch(), make_switch()
    trap = one.words.trap
    carved.run(entry(one, traps={trap: "trap"}), entry(two, traps={trap: "trap"}))
    carved.reload(entry(two, traps={trap: "trap"}))
    wait(lambda: carved.state(one) == "unmanaged", "the device to be left alone")
    one.reload()
    two.reload()
    wait(lambda: two.trap(trap) == "trap", "the other device to be looked after")
    assert one.trap(trap) == "drop"


def test_drop_in(switch, carved):
    w = switch.words
    carved.config(entry(switch, traps={w.trap: "drop", w.trap2: "trap"}))
    dropin = carved.file.parent / "carved.d/50-more.yaml"
    dropin.parent.mkdir()
    dropin.write_text("devices:\n" + entry(switch, traps={w.trap: "trap", w.trap2: None}))
    carved.start()
    switch.check({("trap", w.trap): "trap"})
    assert carved.manager("ConfigFiles") == [str(carved.file), str(dropin)]


def test_start_with_a_bad_file(switch, carved, capture):
    """Nothing was accepted before."""
    carved.file.write_text(BAD["wrong type"])
    carved.start_no_wait()
    assert carved.wait_end() == 78
    assert capture.writes() == []


@pytest.mark.only("guest", "systemd is only in a guest")
def test_unit_with_a_bad_file(unit):
    """It fails and is not started again and again."""
    unit.file.write_text(BAD["wrong type"])
    assert subprocess.run(["systemctl", "start", "carved"], check=False).returncode != 0
    assert unit.show("ExecMainStatus", "NRestarts") == ["78", "0"]
    unit.forgive()


def test_start_with_a_bad_file_uses_the_last_good_one(switch, carved):
    trap = switch.words.trap
    carved.run(entry(switch, traps={trap: "trap"}))
    carved.stop()
    switch.reload()
    carved.file.write_text(BAD["wrong type"])
    carved.start()
    assert switch.trap(trap) == "trap"
    assert any(re.match(PLACE, text) for text in carved.manager("Diagnostics"))


@pytest.mark.only("fake", "carved --check asks no kernel")
def test_check(once):
    good = config(entry("netdevsim/netdevsim10", traps={"tail_drop": "trap"}))
    status, said = once.run("--check", text=good)
    assert (status, said) == (0, "")
    for bad in BAD.values():
        status, said = once.run("--check", text=bad)
        assert status == 1
        assert re.match(PLACE + ": error: ", said)
