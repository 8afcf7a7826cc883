# SPDX-License-Identifier: GPL-2.0-or-later
"""Params: when a staged driverinit value is in force, and how values are written."""
import pytest

import rawlink as nl
from switches import AsicSim, kernel, u32

MACS = "max_macs", nl.T_U32


def macs(device, cmode=nl.DRIVERINIT):
    """(what GET says, what is in force) of netdevsim's max_macs."""
    return nl.number(device.param("max_macs")[cmode]), int(device.debug("max_macs").read_text())


def test_staged_shows_at_once(fresh):
    """GET shows a staged driverinit value at once, as if it were in force; driver_reinit puts it in force."""
    assert macs(fresh) == (32, 32)
    assert not fresh.param_set(*MACS, u32(99), nl.DRIVERINIT).error
    assert macs(fresh) == (99, 32)
    assert not fresh.reload(nl.REINIT).error
    assert macs(fresh) == (99, 99)


@pytest.mark.parametrize("fixture,name,kind,data,shown", [
    ("sp1", "fw_load_policy", nl.T_U8, b"\1", ("driverinit 0", "driverinit 1")),
    ("nic", "io_eq_size", nl.T_U32, u32(512), ("driverinit 1024", "driverinit 512"))], ids=["spectrum1", "mlx5ish"])
def test_action_that_loads(request, fixture, name, kind, data, shown):
    """Which reload puts a staged driverinit value in force: driver_reinit always; fw_activate, although the driver
    reports driver_reinit as performed as well, only before 6.3."""
    device = request.getfixturevalue(fixture)
    old = device.param(name)[nl.DRIVERINIT]
    assert not device.param_set(name, kind, data, nl.DRIVERINIT).error
    assert device.param(name)[nl.DRIVERINIT] == data and device.active("param", name) == shown[0]
    answer = device.reload(nl.ACTIVATE)
    assert nl.number(answer.attrs[nl.PERFORMED][:4]) == 0b110
    assert device.active("param", name) == kernel({"6.1": shown[1], "6.12": shown[0]})
    assert device.param(name)[nl.DRIVERINIT] == data
    assert not device.reload(nl.REINIT).error
    assert device.active("param", name) == shown[1]
    device.param_set(name, kind, old, nl.DRIVERINIT)
    assert not device.reload(nl.REINIT).error
    assert device.active("param", name) == shown[0]


def test_staged_survives_failed_reload(fresh):
    """A staged value outlives a reload that fails, can be staged while it is failed, and is loaded by the next one."""
    assert not fresh.param_set(*MACS, u32(77), nl.DRIVERINIT).error
    fresh.fail_up(True)
    assert fresh.reload().error
    assert nl.number(fresh.param("max_macs")[nl.DRIVERINIT]) == 77
    assert not fresh.param_set("test1", nl.T_BOOL, None, nl.DRIVERINIT).error
    fresh.fail_up(False)
    assert not fresh.reload().error
    assert macs(fresh) == (77, 77) and fresh.debug("test1").read_text() == "N\n"


def test_refused_reload_loads_nothing(fresh):
    """A reload refused before the tear-down leaves the staged value staged."""
    fresh.param_set(*MACS, u32(78), nl.DRIVERINIT)
    fresh.fail_down(True)
    assert fresh.reload().error
    assert macs(fresh) == (78, 32)


def test_driverinit_survives_reload_not_rebind(fresh, rebind):
    """Values in force outlive further reloads; unbind and bind bring the driver's defaults, staged values are gone."""
    fresh.param_set(*MACS, u32(64), nl.DRIVERINIT)
    for _ in range(2):
        assert not fresh.reload().error
        assert macs(fresh) == (64, 64)
    fresh.param_set(*MACS, u32(65), nl.DRIVERINIT)
    rebind(fresh)
    assert macs(fresh) == (32, 32)


def test_runtime_param_is_reset_by_reload(sp1):
    """A runtime param acts at once and may be reset by a reload, as the driver likes."""
    name, default = "acl_region_rehash_interval", u32(5000)
    assert not sp1.param_set(name, nl.T_U32, u32(9000), nl.RUNTIME).error
    assert sp1.active("param", name) == "runtime 9000"
    assert not sp1.reload().error
    assert sp1.param(name) == {nl.RUNTIME: default}


def test_runtime_param_may_survive_reload(nic):
    """... and may not: another driver keeps it."""
    name = "flow_steering_mode"
    assert not nic.param_set(name, nl.T_STRING, "smfs", nl.RUNTIME).error
    assert not nic.reload().error
    assert nic.param(name) == {nl.RUNTIME: b"smfs\0"}
    nic.param_set(name, nl.T_STRING, "dmfs", nl.RUNTIME)


def test_permanent_param(asicsim, plug, rebind):
    """A permanent param is in the board: it outlives unbind and bind, and shows while it is not in force yet."""
    device = plug(AsicSim, "mlx5ish")
    assert not device.param_set("msix_vec_per_pf_max", nl.T_U32, u32(128), nl.PERMANENT).error
    for step in (lambda: rebind(device), device.reload):
        step()
        assert device.param("msix_vec_per_pf_max") == {nl.PERMANENT: u32(128)}
        assert device.active("param", "msix_vec_per_pf_max") == "permanent 64"
    device.remove()


def test_bool_encoding(fresh):
    """A bool is true by an empty DATA and false by its absence, in SET and in GET; a number is refused."""
    assert fresh.param("test1") == {nl.DRIVERINIT: b""}
    assert not fresh.param_set("test1", nl.T_BOOL, None, nl.DRIVERINIT).error
    assert fresh.param("test1") == {nl.DRIVERINIT: None}
    assert fresh.param_set("test1", nl.T_BOOL, b"\1", nl.DRIVERINIT).name == "EINVAL"
    assert fresh.param_set("test1", nl.T_BOOL, b"\0", nl.DRIVERINIT).name == "EINVAL"
    assert not fresh.param_set("test1", nl.T_BOOL, b"", nl.DRIVERINIT).error
    assert fresh.param("test1") == {nl.DRIVERINIT: b""}


def test_string_limit(nic):
    """A string has up to 31 characters: one more is refused by the core and never reaches the driver."""
    for length, reaches in ((31, True), (32, False)):
        answer = nic.param_set("flow_steering_mode", nl.T_STRING, "x" * length, nl.RUNTIME)
        assert answer.name == "EINVAL" and ("dmfs" in answer.warning) == reaches
    answer = nic.param_set("flow_steering_mode", nl.T_STRING, b"smfs", nl.RUNTIME)
    assert answer.name == "EINVAL" and not answer.warning    # not terminated


def test_type_must_be_sent(sim):
    """PARAM_SET must name the type, and the right one, and give a number of its width."""
    named = (nl.PARAM_NAME, "max_macs"), (nl.CMODE, nl.DRIVERINIT), (nl.DATA, u32(9))
    answer = sim.ask(nl.PARAM_SET, *named)
    assert (answer.name, answer.missing) == ("EINVAL", nl.PARAM_TYPE)
    assert sim.ask(nl.PARAM_SET, *named, (nl.PARAM_TYPE, nl.T_U8)).name == "EINVAL"
    assert sim.param_set("max_macs", nl.T_U32, b"\1", nl.DRIVERINIT).name == "EINVAL"
    assert sim.param_set("max_macs", nl.T_U32, None, nl.DRIVERINIT).name == "EINVAL"


def test_wrong_cmode(sim):
    """A cmode that the param does not have, and one that does not exist."""
    assert sim.param_set(*MACS, u32(32), nl.RUNTIME).name == "EOPNOTSUPP"
    assert sim.param_set(*MACS, u32(32), 3).name == kernel({"6.1": "EOPNOTSUPP", "6.12": "ERANGE"})


def test_unknown_param(any_device):
    """An unknown param is EINVAL, for GET and for SET."""
    assert any_device.ask(nl.PARAM_GET, (nl.PARAM_NAME, "none_such")).name == "EINVAL"
    assert any_device.param_set("none_such", nl.T_U32, u32(1), nl.RUNTIME).name == "EINVAL"


def test_driver_refuses(nic):
    """The driver's own check refuses at once, with its words, and the value is as it was."""
    answer = nic.param_set("flow_steering_mode", nl.T_STRING, "hmfs", nl.RUNTIME)
    assert answer.error and answer.warning
    assert nic.param("flow_steering_mode") == {nl.RUNTIME: b"dmfs\0"}
