# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what."""
import ctypes
import os
import subprocess

import pytest

import rawlink as nl
from rawlink import in_child
from switches import kernel, u32

NOBODY = 65534
PARAM = (nl.PARAM_NAME, "max_macs"), (nl.PARAM_TYPE, nl.T_U32), (nl.CMODE, nl.DRIVERINIT), (nl.DATA, u32(32))
PRIVILEGED = {
    "param set": (nl.PARAM_SET, *PARAM), "trap set": (nl.TRAP_SET, (nl.TRAP, "blackhole_route"), (nl.TRAP_ACTION, 0)),
    "group set": (nl.GROUP_SET, (nl.GROUP, "l2_drops"), (nl.POLICER, 0)),
    "policer set": (nl.POLICER_SET, (nl.POLICER, 1), (nl.RATE, 1000)),
    "resource set": (nl.RESOURCE_SET, (nl.RESOURCE_ID, 1), (nl.SIZE, 2**64 - 1)),
    "reload": (nl.RELOAD, (nl.RELOAD_ACTION, 1)), "flash": (nl.FLASH, (nl.FILE, "none-such")),
    "port set": (nl.PORT_SET, (nl.PORT, 0), (nl.PORT_TYPE, 2)), "eswitch set": (nl.ESWITCH_SET,),
    "eswitch get": (nl.ESWITCH_GET,), "health set": (nl.HEALTH_SET, (115, "empty")),
    "health diagnose": (nl.HEALTH_DIAGNOSE, (115, "empty")), "health dump": (nl.HEALTH_DUMP, (115, "empty")),
}
OPEN = {
    "device": (nl.GET,), "information": (nl.INFO_GET,), "port": (nl.PORT_GET, (nl.PORT, 0)),
    "param": (nl.PARAM_GET, PARAM[0]), "trap": (nl.TRAP_GET, (nl.TRAP, "blackhole_route")),
    "group": (nl.GROUP_GET, (nl.GROUP, "l2_drops")), "policer": (nl.POLICER_GET, (nl.POLICER, 1)),
    "resources": (nl.RESOURCE_DUMP,), "health": (nl.HEALTH_GET, (115, "empty")),
}


def drop():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def user_namespace():
    """Root there, with every capability there; the network namespace stays."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "unshare")


def ask_all(device, requests):
    """{what: errno name}, from a new socket."""
    link = nl.Link()
    return {k: device.ask(*q, link=link, flags=nl.DUMP if q[0] == nl.HEALTH_DUMP else nl.ACK).name
            for k, q in requests.items()}


@pytest.mark.parametrize("become", [drop, user_namespace])
def test_privileged(sim, become):
    """Every command that changes something, and a few that read, are EPERM without CAP_NET_ADMIN in the first user
    namespace, before anything else of the request is looked at; root of another user namespace does not have it."""
    said = in_child(lambda: str(ask_all(sim, PRIVILEGED)), become)
    assert said == str(dict.fromkeys(PRIVILEGED, "EPERM"))


def test_regions(sim):
    """Reading regions has been open since some kernel after 6.1."""
    said = in_child(lambda: ask_all(sim, {"region": (nl.REGION_GET, (88, "dummy"))})["region"], drop)
    assert said == kernel({"6.1": "EPERM", "6.12": "OK"})


def test_root_is_not_refused(sim):
    """The same requests of root fail for other reasons or not at all."""
    assert "EPERM" not in ask_all(sim, PRIVILEGED).values()


@pytest.mark.parametrize("become", [drop, user_namespace])
def test_open(sim, become):
    """Everybody may read by name, dump, and join the group."""
    def reads():
        said = ask_all(sim, OPEN)
        link = nl.Link(group=True)
        return str([said, link.ask(nl.TRAP_GET, flags=nl.DUMP).words])
    assert in_child(reads, become) == str([dict.fromkeys(OPEN, "OK"), ["DONE"]])


def test_notified_without_rights(sim):
    """Notifications come to everybody as well."""
    ready, go = os.pipe(), os.pipe()

    def wait():
        link = nl.Link(group=True)
        os.write(ready[1], b".")
        os.read(go[0], 1)
        return nl.story(link.notes(sim))

    pid = os.fork()
    if not pid:
        os.read(ready[0], 1)
        sim.ask(nl.PARAM_SET, *PARAM, link=nl.Link())
        os.write(go[1], b".")
        os._exit(0)
    assert in_child(wait, drop) == "PARAM_NEW"
    os.waitpid(pid, 0)
    for fd in ready + go:
        os.close(fd)


def test_opener_counts(sim):
    """A socket that was opened without the capability cannot be used with it: both sender and opener are asked."""
    def try_both():
        os.setresuid(NOBODY, NOBODY, 0)
        link = nl.Link()
        os.setresuid(0, 0, 0)
        return sim.ask(nl.PARAM_SET, *PARAM, link=link).name + " " + sim.ask(nl.PARAM_SET, *PARAM, link=nl.Link()).name
    assert in_child(try_both) == "EPERM OK"


def test_ambient_capability(sim):
    """A user other than root with CAP_NET_ADMIN as ambient capability may do all of it."""
    base = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    caps = ["--inh-caps=+net_admin", "--ambient-caps=+net_admin", "--bounding-set=-all,+net_admin"]
    command = ["devlink", "dev", "param", "set", sim.handle, "name", "max_macs", "value", "48", "cmode", "driverinit"]
    assert subprocess.run(base + command, capture_output=True, check=False).returncode
    assert nl.number(sim.param("max_macs")[nl.DRIVERINIT]) == 32
    subprocess.run(base + caps + command, check=True)
    assert nl.number(sim.param("max_macs")[nl.DRIVERINIT]) == 48
    subprocess.run(base + caps + ["devlink", "dev", "reload", sim.handle], check=True)
    sim.param_set("max_macs", nl.T_U32, u32(32), nl.DRIVERINIT)
    assert not sim.reload().error
