# SPDX-License-Identifier: GPL-2.0-or-later
"""What came with Linux 6.17 to 7.3, and what older kernels make of a request that uses it: they do not see the
attribute and answer as if it were not there. So presence in an answer is what says that it may be sent."""
import struct
import time

import pytest

import rawlink as nl
from switches import KERNEL, AsicSim, kernel, u32

RESET = nl.RESET_DEFAULT, b""
ESWITCH_MODE = 25


def since(*version):
    return pytest.mark.skipif(KERNEL < version, reason="not in this kernel")


@pytest.fixture
def rvu(asicsim, plug):
    device = plug(AsicSim, "rvuish")
    yield device
    device.remove()


# ---- the index of a registration ----


@since(7, 1)
def test_index_is_in_every_message(fresh, listener):
    """Right behind the handle, four bytes; one number for all that the instance tells until it is gone."""
    index = fresh.dev().index
    assert not fresh.reload().error
    fresh.ask(nl.PARAM_SET, (nl.PARAM_NAME, "max_macs"), (nl.PARAM_TYPE, nl.T_U32), (nl.CMODE, 1), (nl.DATA, u32(9)))
    answers = [fresh.ask(get, flags=nl.DUMP) for get in (nl.PORT_GET, nl.PARAM_GET, nl.TRAP_GET, nl.GROUP_GET,
                                                          nl.POLICER_GET, nl.RESOURCE_DUMP)]
    answers += [fresh.good(get) for get in (nl.GET, nl.INFO_GET, nl.RESOURCE_DUMP)]
    told = listener.notes(fresh) + [m for a in answers for m in a.replies]
    assert len({m.cmd for m in told}) > 12
    for message in told:
        assert [kind for kind, _ in message.list[:3]] == [nl.BUS, nl.DEV, nl.INDEX]
        assert message.attrs[nl.INDEX] == u32(index)


@since(7, 1)
def test_index_of_a_registration(sim, fresh, rebind):
    """No two instances share it. A reload keeps it; unbind and bind give another one, and the old one is ENODEV."""
    index = fresh.dev().index
    assert index != sim.dev().index
    assert not fresh.reload().error and fresh.dev().index == index
    rebind(fresh)
    assert fresh.dev().index not in (index, sim.dev().index)
    assert fresh.link.ask(nl.GET, (nl.INDEX, index)).name == "ENODEV"


def test_index_as_address(sim):
    """It may stand for the handle, alone: with the handle it is EINVAL. Older kernels do not see it."""
    index = sim.dev().index or 1
    alone = sim.link.ask(nl.GET, (nl.INDEX, index))
    assert alone.name == kernel({"6.1": "EINVAL", "7.1": "OK"})
    assert [m.handle for m in alone.replies] == kernel({"6.1": [], "7.1": [sim.handle]})
    assert sim.ask(nl.GET, (nl.INDEX, index)).name == kernel({"6.1": "OK", "7.1": "EINVAL"})
    assert sim.link.ask(nl.GET, (nl.INDEX, 2**30)).name == kernel({"6.1": "EINVAL", "7.1": "ENODEV"})


@since(7, 1)
def test_writes_by_index(fresh, rebind):
    """A write to the index of an instance that is gone cannot hit its successor."""
    index = fresh.dev().index
    param = (nl.PARAM_NAME, "max_macs"), (nl.PARAM_TYPE, nl.T_U32), (nl.CMODE, nl.DRIVERINIT), (nl.DATA, u32(9))
    assert not fresh.link.ask(nl.PARAM_SET, (nl.INDEX, index), *param).error
    assert fresh.param("max_macs") == {nl.DRIVERINIT: u32(9)}
    rebind(fresh)
    assert fresh.link.ask(nl.PARAM_SET, (nl.INDEX, index), *param).name == "ENODEV"
    assert fresh.link.ask(nl.RELOAD, (nl.INDEX, index)).name == "ENODEV"
    assert fresh.param("max_macs") == {nl.DRIVERINIT: u32(32)}


@since(7, 1)
def test_index_in_a_handle(sim):
    """The bus devlink_index names an instance by its number; the answers have the real handle."""
    answer = sim.link.ask(nl.GET, (nl.BUS, nl.INDEX_BUS), (nl.DEV, str(sim.dev().index)))
    assert [m.handle for m in answer.replies] == [sim.handle]
    for name in ("x", str(2**30)):
        assert sim.link.ask(nl.GET, (nl.BUS, nl.INDEX_BUS), (nl.DEV, name)).name == "ENODEV"


@since(7, 1)
def test_dump_by_index(sim, sp1):
    answer = sim.link.ask(nl.TRAP_GET, (nl.INDEX, sp1.dev().index), flags=nl.DUMP)
    assert {(m.handle, m.flags & nl.FILTERED) for m in answer.replies} == {(sp1.handle, nl.FILTERED)}


# ---- defaults ----


def values_of(device, name):
    """{cmode: [(attribute, bytes)]}."""
    param = dict(nl.each(device.good(nl.PARAM_GET, (nl.PARAM_NAME, name)).attrs[nl.PARAM]))
    found = [list(nl.each(v)) for _, v in nl.each(param[nl.VALUES])]
    return {nl.number(dict(v)[nl.CMODE]): v for v in found}


def default_of(device, name):
    (value,) = values_of(device, name).values()
    return dict(value).get(nl.DEFAULT)


def test_defaults_are_shown(sim, sp1):
    """Of a driverinit param always, what the driver began with; of others where the driver says so. That of a bool is
    a byte, as its absence would say nothing."""
    shown = kernel({"6.1": False, "6.19": True})
    assert default_of(sim, "max_macs") == (u32(32) if shown else None)
    assert default_of(sim, "test1") == (b"\1" if shown else None)
    assert default_of(sp1, "fw_load_policy") == (b"\0" if shown else None)
    assert default_of(sp1, "acl_region_rehash_interval") is None


@since(6, 19)
def test_default_stays(fresh):
    """The default is the same whatever is set, staged, or in force."""
    assert not fresh.param_set("test1", nl.T_BOOL, None, nl.DRIVERINIT).error
    assert default_of(fresh, "test1") == b"\1"
    assert not fresh.reload().error
    assert (fresh.param("test1"), default_of(fresh, "test1")) == ({nl.DRIVERINIT: None}, b"\1")


def reset(device, name, kind, cmode, *attrs):
    return device.ask(nl.PARAM_SET, (nl.PARAM_NAME, name), (nl.PARAM_TYPE, kind), (nl.CMODE, cmode), RESET, *attrs)


def test_reset_to_the_default(fresh):
    """It stages the default of a driverinit param. An older kernel does not see the flag: there a bool becomes false,
    and success is reported; a number is EINVAL, as it has no value."""
    fresh.param_set("max_macs", nl.T_U32, u32(9), nl.DRIVERINIT)
    assert not fresh.reload().error
    assert fresh.param("test1") == {nl.DRIVERINIT: b""}
    assert reset(fresh, "test1", nl.T_BOOL, nl.DRIVERINIT).name == "OK"
    assert fresh.param("test1") == {nl.DRIVERINIT: kernel({"6.1": None, "6.19": b""})}
    assert reset(fresh, "max_macs", nl.T_U32, nl.DRIVERINIT).name == kernel({"6.1": "EINVAL", "6.19": "OK"})
    staged = kernel({"6.1": 9, "6.19": 32})
    assert (fresh.param("max_macs"), fresh.debug("max_macs").read_text()) == ({nl.DRIVERINIT: u32(staged)}, "9\n")
    assert not fresh.reload().error
    assert fresh.debug("max_macs").read_text() == f"{staged}\n"


@since(6, 19)
def test_reset_looks_at_no_value(fresh, sp1):
    """With the flag DATA is not looked at. What has no default says EOPNOTSUPP."""
    assert not reset(fresh, "max_macs", nl.T_U32, nl.DRIVERINIT, (nl.DATA, b"\1")).error
    assert fresh.param("max_macs") == {nl.DRIVERINIT: u32(32)}
    answer = reset(sp1, "acl_region_rehash_interval", nl.T_U32, nl.RUNTIME)
    assert (answer.name, answer.warning) == ("EOPNOTSUPP", "")


@since(6, 19)
def test_reset_is_told(fresh, listener):
    listener.notes()
    assert not reset(fresh, "max_macs", nl.T_U32, nl.DRIVERINIT).error
    assert [m.word for m in listener.notes(fresh)] == ["PARAM_NEW"]


@since(6, 19)
def test_runtime_param_with_a_default(fresh):
    """netdevsim's test2: a reload keeps it, a reset acts at once."""
    assert (fresh.param("test2"), default_of(fresh, "test2")) == ({nl.RUNTIME: u32(1234)}, u32(1234))
    assert not fresh.param_set("test2", nl.T_U32, u32(5), nl.RUNTIME).error
    assert not fresh.reload().error
    assert (fresh.param("test2"), fresh.debug("test2").read_text()) == ({nl.RUNTIME: u32(5)}, "5\n")
    assert not reset(fresh, "test2", nl.T_U32, nl.RUNTIME).error
    assert fresh.debug("test2").read_text() == "1234\n"


@since(7, 2)
def test_permanent_param_with_a_default(rvu):
    name = "swp_l4_csum_mode"
    assert not rvu.param_set(name, nl.T_STRING, "l4_only", nl.PERMANENT).error
    assert (rvu.param(name), default_of(rvu, name)) == ({nl.PERMANENT: b"l4_only\0"}, b"full_csum\0")
    assert not reset(rvu, name, nl.T_STRING, nl.PERMANENT).error
    assert rvu.param(name) == {nl.PERMANENT: b"full_csum\0"}


# ---- wider params ----


@since(7, 2)
def test_u64_param(rvu):
    """Eight bytes, in a SET too."""
    assert rvu.param("clock_id") == {nl.DRIVERINIT: struct.pack("Q", 0x1122334455667788)}
    assert rvu.param_set("clock_id", nl.T_U64, u32(5), nl.DRIVERINIT).name == "EINVAL"
    assert not rvu.param_set("clock_id", nl.T_U64, struct.pack("Q", 2**64 - 2), nl.DRIVERINIT).error
    assert not rvu.reload().error
    assert rvu.active("param", "clock_id") == f"driverinit {2**64 - 2}"


def array_of(device):
    """[(attribute, number, bytes)] of the value."""
    (value,) = values_of(device, "npc_srch_order").values()
    return [(kind, nl.number(data), len(data)) for kind, data in value if kind != nl.CMODE]


def array_set(device, *numbers):
    attrs = (nl.PARAM_NAME, "npc_srch_order"), (nl.PARAM_TYPE, nl.T_U64_ARRAY), (nl.CMODE, nl.RUNTIME)
    return device.ask(nl.PARAM_SET, *attrs, *((nl.DATA, n) for n in numbers))


@since(7, 2)
def test_u64_array_param(rvu):
    """DATA for each number, in their order, of four bytes where they suffice, else eight; DEFAULT likewise."""
    default = [(nl.DEFAULT, 2, 4), (nl.DEFAULT, 0, 4), (nl.DEFAULT, 0x100000001, 8)]
    assert array_of(rvu) == [(nl.DATA, *rest) for _, *rest in default] + default
    assert not array_set(rvu, u32(7), struct.pack("Q", 6), u32(5)).error
    assert array_of(rvu) == [(nl.DATA, 7, 4), (nl.DATA, 6, 4), (nl.DATA, 5, 4)] + default
    assert rvu.active("param", "npc_srch_order") == "runtime 7,6,5"
    assert array_set(rvu, b"\1").name == "EINVAL"
    assert array_set(rvu, *[u32(1)] * 33).name == "EMSGSIZE"
    assert not array_set(rvu, *[u32(1)] * 32).error and len(array_of(rvu)) == 32 + 3
    assert not reset(rvu, "npc_srch_order", nl.T_U64_ARRAY, nl.RUNTIME).error
    assert array_of(rvu)[3:] == default


@since(7, 2)
def test_no_empty_array(rvu):
    """It has one number at least."""
    assert array_set(rvu).name == "EINVAL"
    assert rvu.active("param", "npc_srch_order") == "runtime 2,0,4294967297"


# ---- resources of ports ----


def owners(answer):
    """The port of each part, None for the device, and the names at its top."""
    found = []
    for message in answer.replies:
        names = [nl.text(dict(nl.each(r))[nl.RESOURCE_NAME]) for _, r in nl.each(message.attrs[nl.RESOURCE_LIST])]
        found.append((nl.number(message.attrs[nl.PORT]) if nl.PORT in message.attrs else None, names))
    return found


DEVICE = None, ["IPv4", "IPv6", "nexthops"]
PORT = 0, ["test_resource"]


def test_resources_of_a_port(sim, sp1):
    """RESOURCE_DUMP with a port answers that port's resources, before 7.1 the device's. A port without is EOPNOTSUPP,
    one that is not there ENODEV."""
    assert owners(sim.ask(nl.RESOURCE_DUMP)) == [DEVICE]
    assert owners(sim.ask(nl.RESOURCE_DUMP, (nl.PORT, 0))) == kernel({"6.1": [DEVICE], "7.1": [PORT]})
    assert sim.ask(nl.RESOURCE_DUMP, (nl.PORT, 99)).name == kernel({"6.1": "OK", "7.1": "ENODEV"})
    assert sp1.ask(nl.RESOURCE_DUMP, (nl.PORT, 1)).name == kernel({"6.1": "OK", "7.1": "EOPNOTSUPP"})


@since(7, 1)
def test_scope_of_a_dump(sim):
    """A dump has a part for the device and for each port; a mask selects. It is strict: it takes no port."""
    for scope, expected in ((1, [DEVICE]), (2, [PORT]), (3, [DEVICE, PORT])):
        assert owners(sim.ask(nl.RESOURCE_DUMP, (nl.SCOPE, scope), flags=nl.DUMP)) == expected
    for attr in ((nl.SCOPE, 0), (nl.SCOPE, 4), (nl.PORT, 0)):
        assert sim.ask(nl.RESOURCE_DUMP, attr, flags=nl.DUMP).name == "EINVAL"


@since(7, 1)
def test_resources_of_ports_cannot_be_set(fresh):
    """Their ids are numbers of their own: RESOURCE_SET with a port and such an id sets the device's of that id."""
    (_, attrs), = nl.each(fresh.ask(nl.RESOURCE_DUMP, (nl.PORT, 0)).attrs[nl.RESOURCE_LIST])
    attrs = dict(nl.each(attrs))
    assert {k: nl.number(attrs[k]) for k in (nl.RESOURCE_ID, nl.SIZE, nl.SIZE_MIN, nl.SIZE_MAX, nl.SIZE_GRAN)} == {
        nl.RESOURCE_ID: 1, nl.SIZE: 20, nl.SIZE_MIN: 0, nl.SIZE_MAX: 100, nl.SIZE_GRAN: 1}
    assert not fresh.ask(nl.RESOURCE_SET, (nl.PORT, 0), (nl.RESOURCE_ID, 1), (nl.SIZE, 30)).error
    assert fresh.size("IPv4") == (2**64 - 1, 30)
    (_, attrs), = nl.each(fresh.ask(nl.RESOURCE_DUMP, (nl.PORT, 0)).attrs[nl.RESOURCE_LIST])
    assert nl.number(dict(nl.each(attrs))[nl.SIZE]) == 20


# ---- an instance without a device ----


@pytest.fixture
def shared(rvu):
    """The requester's (bus, dev) of the one that rvu is nested in."""
    (found,) = [m for m in rvu.link.ask(nl.GET, flags=nl.DUMP).replies if m.handle.startswith(nl.INDEX_BUS)]
    return (nl.BUS, nl.INDEX_BUS), (nl.DEV, nl.text(found.attrs[nl.DEV]))


@since(7, 2)
def test_shared_instance(rvu, shared):
    """It is called by its index, says only who its driver is, and has nothing that could be set."""
    assert rvu.link.ask(nl.GET, *shared).replies[0].index == int(shared[1][1])
    info = rvu.link.ask(nl.INFO_GET, *shared).attrs
    assert nl.text(info[nl.DRIVER]) == "asicsim" and nl.VER_RUNNING not in info
    for cmd in (nl.RELOAD, nl.RESOURCE_DUMP, nl.TRAP_GET):
        assert rvu.link.ask(cmd, *shared, (nl.TRAP, "dmac_filter")).name == "EOPNOTSUPP"
    assert ESWITCH_MODE not in rvu.link.ask(nl.ESWITCH_GET, *shared).attrs
    assert rvu.link.ask(nl.ESWITCH_SET, *shared, (ESWITCH_MODE, b"\1\0")).name == "EOPNOTSUPP"
    assert rvu.link.ask(nl.PARAM_GET, *shared, flags=nl.DUMP).replies == []
    assert rvu.link.ask(nl.FLASH, *shared, (nl.FILE, "x")).name == "EOPNOTSUPP"


@since(7, 2)
def test_shared_instance_lives_as_long_as_its_parts(asicsim, listener, plug):
    """It comes before the first of them, is told of again with each that is nested in it, and goes after the last."""
    one, two = plug(AsicSim, "rvuish"), plug(AsicSim, "rvuish")
    time.sleep(0.2)                                          # nesting is told by a worker
    notes = [m for m in listener.notes() if m.cmd in (nl.NEW, nl.DEL)]
    assert notes[0].handle.startswith(nl.INDEX_BUS)
    handle = notes[0].handle
    assert {m.handle for m in notes} == {handle, one.handle, two.handle}
    assert [m.cmd for m in notes if m.handle == handle].count(nl.NEW) >= 2
    two.remove()
    time.sleep(0.2)
    assert (handle, nl.DEL) not in [(m.handle, m.cmd) for m in listener.notes()]
    one.remove()
    assert [m.handle for m in listener.notes() if m.cmd == nl.DEL] == [one.handle, handle]


# ---- and ----


def test_eswitch_mode_inactive(sim):
    """The third mode is known from 6.19 on; netdevsim has not got it."""
    answer = sim.ask(nl.ESWITCH_SET, (ESWITCH_MODE, struct.pack("H", 2)))
    assert answer.name == kernel({"6.1": "ERANGE", "6.19": "EINVAL"})
