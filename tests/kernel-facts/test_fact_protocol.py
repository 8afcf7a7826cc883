# SPDX-License-Identifier: GPL-2.0-or-later
"""Framing, dumps, validation, overflow."""
import errno
import time

import pytest

import rawlink as nl
from switches import AsicSim, NetdevSim, kernel, param_values, u32

UNKNOWN = 300, b"\0\0\0\0"                                   # an attribute that no kernel knows yet


@pytest.mark.parametrize("get,reply,key", [
    (nl.GET, nl.NEW, None), (nl.PORT_GET, nl.PORT_NEW, (nl.PORT, 0)), (nl.TRAP_GET, 63, (nl.TRAP, "blackhole_route")),
    (nl.GROUP_GET, 67, (nl.GROUP, "l2_drops")), (nl.POLICER_GET, 71, (nl.POLICER, 1)),
    (nl.PARAM_GET, nl.PARAM_GET, (nl.PARAM_NAME, "max_macs")), (nl.INFO_GET, nl.INFO_GET, None),
    (nl.RESOURCE_DUMP, nl.RESOURCE_DUMP, None)])
def test_reply_commands(sim, get, reply, key):
    """Replies use the code of the notification that tells the same, except params, information and resources."""
    assert {m.cmd for m in sim.good(get, *([key] if key else [])).replies} == {reply}


def test_unknown_device(sim):
    """A handle that is not there is ENODEV; one that is not complete is EINVAL."""
    assert sim.link.ask(nl.GET, (nl.BUS, "netdevsim"), (nl.DEV, "netdevsim999")).name == "ENODEV"
    assert sim.link.ask(nl.GET, (nl.BUS, "netdevsim")).name == "EINVAL"


def test_failed_flag_is_always_there(any_device):
    """NEW always has RELOAD_FAILED and the counters."""
    assert nl.FAILED in any_device.dev().attrs and any_device.stats()


def test_resource_dump_framing(sim):
    """RESOURCE_DUMP is no dump, but its answer is multi-part, ends with DONE, and with an ACK after that if one was
    asked for."""
    answer = sim.ask(nl.RESOURCE_DUMP)
    assert answer.words == ["DONE", "ACK"] and all(m.flags & 2 for m in answer.replies)
    assert sim.ask(nl.RESOURCE_DUMP, flags=0).words == ["DONE"]
    answer = sim.ask(nl.RESOURCE_DUMP, flags=nl.ACK | nl.DUMP)
    assert (answer.name, len(answer.replies)) == kernel({"6.1": ("EOPNOTSUPP", 0), "7.3": ("OK", 2)})  # and of its port


def test_dump_framing(sim):
    """A dump ends with DONE and has no ACK, asked for or not."""
    for flags in (nl.DUMP, nl.DUMP | nl.ACK):
        assert sim.ask(nl.TRAP_GET, flags=flags).words == ["DONE"]


@pytest.mark.parametrize("get", [nl.TRAP_GET, nl.GROUP_GET, nl.POLICER_GET, nl.PARAM_GET, nl.PORT_GET])
def test_dump_filter(sim, sp1, get):
    """A dump with a handle tells of this device alone from 6.6 on, and says so by a flag; before, of all."""
    answer = sp1.ask(get, flags=nl.DUMP)
    assert ({sim.handle, sp1.handle} <= {m.handle for m in answer.replies}) == kernel({"6.1": True, "6.12": False})
    assert {m.flags & nl.FILTERED for m in answer.replies} == {kernel({"6.1": 0, "6.12": nl.FILTERED})}


def test_dump_of_devices_has_no_filter(sim, sp1):
    """A dump of devices tells of all, whatever it names; of late it must name none."""
    answer = sp1.ask(nl.GET, flags=nl.DUMP)
    assert answer.name == kernel({"6.1": "OK", "7.3": "EINVAL"})
    assert answer.error or {sim.handle, sp1.handle} <= {m.handle for m in answer.replies}


@pytest.mark.parametrize("get", [nl.GET, nl.TRAP_GET, nl.GROUP_GET, nl.POLICER_GET, nl.PARAM_GET, nl.PORT_GET])
def test_dump_validation(sim, get):
    """From 6.6 on a dump with an attribute that the kernel does not know is refused, except that of devices before
    7.1; before, those of traps alone."""
    strict = "EINVAL" if get in (nl.TRAP_GET, nl.GROUP_GET, nl.POLICER_GET) else "OK"
    expected = kernel({"6.1": strict, "6.12": "OK" if get == nl.GET else "EINVAL", "7.1": "EINVAL"})
    assert sim.link.ask(get, UNKNOWN, flags=nl.DUMP).name == expected


def test_one_dump_at_a_time(sp1):
    """A socket that has not read a dump to its end cannot begin another: EBUSY, and the first one goes on."""
    link = nl.Link()
    first = link.send(nl.TRAP_GET, *sp1.address, flags=nl.DUMP)
    second = link.send(nl.GROUP_GET, *sp1.address, flags=nl.DUMP)
    found = link.receive()
    assert [m.error for m in found if m.seq == second] == [errno.EBUSY]
    assert [m.kind for m in found if m.seq == first][-1] == nl.DONE
    assert not link.ask(nl.GROUP_GET, *sp1.address, flags=nl.DUMP).error


@pytest.mark.parametrize("cmd,attrs", [
    (nl.TRAP_SET, [(nl.TRAP, "blackhole_route"), (nl.TRAP_ACTION, nl.DROP)]),
    (nl.GROUP_SET, [(nl.GROUP, "l2_drops"), (nl.POLICER, 0)]),
    (nl.POLICER_SET, [(nl.POLICER, 3), (nl.RATE, 3000)])])
def test_trap_validation(sim, cmd, attrs):
    """Commands of traps refuse unknown attributes and wrong widths on 6.1; later they ignore them as others do."""
    refused = kernel({"6.1": "EINVAL", "6.12": "OK"})
    assert sim.ask(cmd, *attrs, UNKNOWN).name == refused
    if cmd == nl.TRAP_SET:
        assert sim.ask(cmd, attrs[0], (nl.TRAP_ACTION, b"\0\0\0\0")).name == refused


@pytest.mark.parametrize("cmd,attrs", [
    (nl.PARAM_SET, [(nl.PARAM_NAME, "max_macs"), (nl.PARAM_TYPE, nl.T_U32), (nl.CMODE, 1), (nl.DATA, u32(32))]),
    (nl.RESOURCE_SET, [(nl.RESOURCE_ID, 1), (nl.SIZE, 2**64 - 1)]), (nl.RELOAD, [(nl.RELOAD_ACTION, 1)]),
    (nl.GET, []), (nl.INFO_GET, [])])
def test_liberal_validation(sim, cmd, attrs):
    """The other commands ignore attributes that they do not know."""
    assert sim.ask(cmd, *attrs, UNKNOWN).name == "OK"


def test_information(any_device):
    """INFO_GET names the driver where it can, versions by kind; a serial number only where there is one."""
    attrs = any_device.good(nl.INFO_GET).attrs
    assert any_device.versions() and 99 not in attrs
    driver = nl.text(attrs.get(nl.DRIVER, b""))
    assert driver == any_device.handle.split("/")[0]


def test_answers_are_there(sp1, listener):
    """When sendmsg(2) returns, the answer and all notifications of the request are in the queues: none comes later."""
    seq = sp1.link.send(nl.RELOAD, *sp1.address, (nl.RELOAD_ACTION, nl.REINIT))
    answer, notes = sp1.link.receive(), listener.receive()
    assert {m.seq for m in answer} == {seq} and answer[-1].word == "ACK" and notes[-1].word == "NEW"
    time.sleep(0.2)
    assert not sp1.link.receive() and not listener.receive()


def test_answers_can_be_lost(sp1):
    """On a socket that subscribes as well, the reload's own notifications push its answer out: it never comes."""
    link = nl.Link(group=True, rcvbuf=8192)
    seq = link.send(nl.RELOAD, *sp1.address, (nl.RELOAD_ACTION, nl.REINIT))
    with pytest.raises(OSError) as e:
        link.receive()
    assert e.value.errno == errno.ENOBUFS
    assert seq not in [m.seq for m in link.receive()]


def test_unreadable_object(netdevsim, plug):
    """One trap that cannot be told, as its counter cannot be read, is EMSGSIZE by name; a dump ends there, as if
    there were no more traps."""
    device = plug(NetdevSim)
    device.knob("fail_trap_drop_counter_get", "Y")
    assert device.ask(nl.TRAP_GET, (nl.TRAP, "blackhole_route")).name == "EMSGSIZE"
    answer = device.ask(nl.TRAP_GET, flags=nl.DUMP)
    assert answer.words == ["DONE"] and not answer.error
    assert not [m for m in answer.replies if m.handle == device.handle]
    device.remove()


def test_overflow(asicsim, plug):
    """A subscriber that is flooded reads ENOBUFS once, then what had come before; what comes until it has read all
    of that is lost, too; then it works again."""
    nic = plug(AsicSim, "mlx5ish")
    slow = nl.Link(group=True, rcvbuf=8192)

    def set_size(value):
        assert not nic.param_set("io_eq_size", nl.T_U32, u32(value), nl.DRIVERINIT).error

    def sizes(notes):
        named = [m for m in notes if b"io_eq_size\0" in m.attrs[nl.PARAM]]
        return [nl.number(param_values(m)[nl.DRIVERINIT]) for m in named]

    set_size(101)
    nic.board.set("storm", 300)
    with pytest.raises(OSError) as e:
        slow.receive(limit=1)
    assert e.value.errno == errno.ENOBUFS
    assert sizes(slow.receive(limit=1)) == [101]             # the oldest is still there
    set_size(102)
    rest = slow.receive()                                    # no second ENOBUFS
    assert 0 < len(rest) < 300 and 102 not in sizes(rest)
    assert {m.word for m in rest} == {"PARAM_NEW"}
    set_size(103)
    assert sizes(slow.receive()) == [103]
    nic.remove()


def test_forced_buffer(asicsim, plug):
    """SO_RCVBUFFORCE makes room for far more than a switch sends in a reload."""
    nic = plug(AsicSim, "mlx5ish")
    wide = nl.Link(group=True, rcvbuf=4 << 20)
    nic.board.set("storm", 3000)
    assert len(wide.notes(nic)) >= 3000
    nic.remove()
