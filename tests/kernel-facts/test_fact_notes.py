# SPDX-License-Identifier: GPL-2.0-or-later
"""Which changes notify, and what a reload, a registration and a removal say in which order."""
import subprocess

import pytest

import rawlink as nl
from rawlink import story
from switches import AsicSim, NetdevSim, kernel, param_values, u32

# a port's messages while it goes and comes: 6.12 tells of the netdev apart
PORT_GOES = kernel({"6.1": ["PORT_NEW", "PORT_DEL"], "6.12": ["PORT_NEW", "PORT_NEW", "PORT_DEL"]})
PORT_COMES = kernel({"6.1": 2, "6.12": 3})
TRAPS, GROUPS = kernel({"6.1": (75, 24), "6.12": (77, 25)})  # of asicsim's spectrum1


def sim_down(ports):
    return PORT_GOES * ports + ["TRAP_DEL"] * 14 + ["GROUP_DEL"] * 6 + ["POLICER_DEL"] * 3 + ["REGION_DEL"]


def sim_up(ports):
    return (["REGION_NEW"] + ["POLICER_NEW"] * 3 + ["GROUP_NEW"] * 6 + ["TRAP_NEW"] * 14 +
            ["PORT_NEW"] * PORT_COMES * ports)


def asic_down(ports):
    """The CPU port has no netdev. The runtime param comes and goes with the hardware where the core lets it."""
    return (PORT_GOES * ports + ["PORT_DEL"] + ["TRAP_DEL"] * TRAPS + ["GROUP_DEL"] * GROUPS + ["POLICER_DEL"] * 24 +
            kernel({"6.1": [], "6.12": ["PARAM_DEL"]}))


def asic_up(ports):
    return (kernel({"6.1": [], "6.12": ["PARAM_NEW"]}) + ["POLICER_NEW"] * 24 + ["GROUP_NEW"] * GROUPS +
            ["TRAP_NEW"] * TRAPS + ["PORT_NEW"] * (1 + PORT_COMES * ports))


def told(notes):
    """The NEWs: (failed, driver_reinit counter)."""
    return [(m.failed, m.stats()[1, 0]) for m in notes if m.cmd == nl.NEW]


@pytest.fixture(params=["netdevsim 1", "netdevsim 2", "spectrum1"])
def reloaded(request, plug):
    """A fresh device, and what it says going down and coming up."""
    request.getfixturevalue(request.param.split(" ")[0].replace("spectrum1", "asicsim"))
    if request.param == "spectrum1":
        device, down, up = plug(AsicSim, "spectrum1"), asic_down(2), asic_up(2)
    else:
        ports = int(request.param.split(" ")[1])
        device, down, up = plug(NetdevSim, ports), sim_down(ports), sim_up(ports)
    yield device, down, up
    device.remove()


def test_param_set_notifies(any_device, listener):
    """PARAM_SET notifies everybody, the sender as well, with all values, even if the value is the old one."""
    name, kind, data, cmode = {
        "netdevsim": ("max_macs", nl.T_U32, u32(64), nl.DRIVERINIT),
        "spectrum1": ("fw_load_policy", nl.T_U8, b"\1", nl.DRIVERINIT),
        "mlx5ish": ("flow_steering_mode", nl.T_STRING, b"smfs\0", nl.RUNTIME)}[any_device.model]
    old = any_device.param(name)[cmode]
    for value in (data, data, old):
        assert not any_device.param_set(name, kind, value, cmode).error
        notes = listener.notes(any_device)
        assert story(notes) == "PARAM_NEW"
        assert param_values(notes[0])[cmode] == value


def test_trap_sets_are_silent(both, listener):
    """TRAP_SET, TRAP_GROUP_SET and TRAP_POLICER_SET notify nobody."""
    both.disturb()
    assert not listener.notes()
    both.reload()


def test_resource_set_is_silent(both, listener):
    """RESOURCE_SET notifies nobody."""
    path = "IPv4/fib" if isinstance(both, NetdevSim) else "kvd/linear/singles"
    old = both.size(path)[0]
    for size in (256, old):
        assert not both.size_set(path, size).error
    assert not listener.notes()


def test_refused_param_set_is_silent(nic, listener):
    """A PARAM_SET that the driver refuses notifies nobody."""
    assert nic.param_set("io_eq_size", nl.T_U32, u32(1), nl.DRIVERINIT).error
    assert not listener.notes()


def test_reload(reloaded, listener):
    """A reload takes the objects down, brings them up in the opposite order of kinds, and ends with exactly one NEW,
    whose counter is one higher. Neither params of the core's nor resources are mentioned."""
    device, down, up = reloaded
    for count in (1, 2):
        assert not device.reload().error
        notes = listener.notes(device)
        assert story(notes) == story(down + up + ["NEW"])
        assert told(notes) == [(False, count)]


def test_failed_reload(reloaded, listener):
    """A reload that fails on the way up sends what went, then one NEW: failed, counter as it was. Failing once more
    is silent, because the flag does not change. The next good one sends what comes and two NEWs: not failed with
    the old counter, then the new counter."""
    device, down, up = reloaded
    device.fail_up(True)
    assert device.reload().error
    notes = listener.notes(device)
    assert (story(notes), told(notes)) == (story(down + ["NEW"]), [(True, 0)])
    assert device.reload().error
    assert not listener.notes(device)
    device.fail_up(False)
    assert not device.reload().error
    notes = listener.notes(device)
    assert (story(notes), told(notes)) == (story(up + ["NEW"] * 2), [(False, 0), (False, 1)])


def test_refused_reload(reloaded, listener):
    """A reload that the driver refuses before it tears anything down is silent and changes nothing."""
    device, _, _ = reloaded
    before = device.ifindexes()
    device.fail_down(True)
    assert device.reload().error
    device.fail_down(False)
    assert not listener.notes()
    assert (device.ifindexes(), device.dev().failed, device.stats()[1, 0]) == (before, False, 0)


def test_no_reset_reload(nic, listener):
    """fw_activate with no_reset touches no object: exactly one NEW, with its own counter one higher."""
    before, ports = nic.stats()[2, 1], nic.ifindexes()
    assert not nic.reload(nl.ACTIVATE, nl.NO_RESET).error
    notes = listener.notes(nic)
    assert story(notes) == "NEW"
    assert notes[0].stats()[2, 1] == before + 1 and nic.ifindexes() == ports


def test_self_recovery(sp1, listener):
    """A driver that recovers by itself sends what goes and comes, but no NEW, and moves no counter."""
    before = sp1.stats()
    sp1.board.set("recover")
    notes = listener.notes(sp1)
    assert story(notes) == story(asic_down(2) + asic_up(2))
    assert sp1.stats() == before


def test_health_recovery(nic, listener):
    """A recovery through devlink health is told by HEALTH_REPORTER_RECOVER as well; still no NEW, no counter."""
    before = nic.stats()
    nic.board.set("recover")
    words = [m.word for m in listener.notes(nic)]
    assert "HEALTH" in words and "PORT_DEL" in words and "NEW" not in words
    assert nic.stats() == before


def test_remote_reload(nic, listener):
    """A reload that another host caused: NEW with a remote counter one higher, the local ones as they were."""
    local, remote = nic.stats(), nic.stats(nl.REMOTE)
    nic.board.set("remote_reload", "no_reset")
    last = [m for m in listener.notes(nic) if m.cmd == nl.NEW][-1]
    assert last.stats() == local and last.stats(nl.REMOTE)[2, 1] == remote[2, 1] + 1


PLUGGED = {
    "6.1": "NEW PORT_NEW POLICER_NEW*3 GROUP_NEW*6 TRAP_NEW*14 REGION_NEW PARAM_NEW*2",
    "6.12": "NEW PARAM_NEW*2 REGION_NEW POLICER_NEW*3 GROUP_NEW*6 TRAP_NEW*14 PORT_NEW*3",
    "7.3": "NEW PARAM_NEW*3 REGION_NEW POLICER_NEW*3 GROUP_NEW*6 TRAP_NEW*14 PORT_NEW*3",  # netdevsim's test2
}
UNPLUGGED = {
    "6.1": "PARAM_DEL*2 REGION_DEL TRAP_DEL*14 GROUP_DEL*6 POLICER_DEL*3 PORT_DEL DEL",
    "6.12": "PORT_NEW*2 PORT_DEL TRAP_DEL*14 GROUP_DEL*6 POLICER_DEL*3 REGION_DEL PARAM_DEL*2 DEL",
    "7.3": "PORT_NEW*2 PORT_DEL TRAP_DEL*14 GROUP_DEL*6 POLICER_DEL*3 REGION_DEL PARAM_DEL*3 DEL",
}


@pytest.mark.parametrize("how", ["device", "driver"])
def test_add_and_remove(netdevsim, plug, listener, how):
    """A registration begins with NEW and a removal ends with DEL, whether the device or its driver goes; between them
    each kernel has an order of its own."""
    device = plug(NetdevSim)
    if how == "device":
        assert story(listener.notes(device)) == kernel(PLUGGED)
        device.remove()
        assert story(listener.notes(device)) == kernel(UNPLUGGED)
        return
    listener.notes()
    device.driver("unbind")
    assert story(listener.notes(device)) == kernel(UNPLUGGED)
    device.driver("bind")
    assert story(listener.notes(device)) == kernel(PLUGGED)
    device.remove()


def test_remove_failed(netdevsim, plug, listener):
    """Of a device whose reload has failed only params and the device itself go."""
    device = plug(NetdevSim)
    device.fail_up(True)
    assert device.reload().error
    listener.notes()
    device.remove()
    assert story(listener.notes(device)) == kernel({"6.1": "PARAM_DEL*2 DEL", "7.3": "PARAM_DEL*3 DEL"})


def test_rename(sp1, listener):
    """A port whose netdev is renamed says so from 6.2 on."""
    name = f"asim{sp1.board.ident}p1"
    for old, new in ((name, "renamed0"), ("renamed0", name)):
        subprocess.run(["ip", "link", "set", old, "name", new], check=True)
        assert story(listener.notes(sp1)) == kernel({"6.1": "", "6.12": "PORT_NEW"})


def test_notes_carry_no_sender(sim):
    """Notifications have no sequence number, no port and no flags; the sender gets its own, before the ACK."""
    link = nl.Link(group=True)
    answer = sim.ask(nl.PARAM_SET, (nl.PARAM_NAME, "max_macs"), (nl.PARAM_TYPE, nl.T_U32), (nl.CMODE, nl.DRIVERINIT),
                     (nl.DATA, u32(32)), link=link)
    note, ack = answer.messages
    assert (note.word, note.seq, note.port, note.flags) == ("PARAM_NEW", 0, 0, 0)
    assert ack.word == "ACK"
