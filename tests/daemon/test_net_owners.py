# SPDX-License-Identifier: GPL-2.0-or-later
"""Other programs own the netdevs of a switch, as they did before carved came: Debian's ifupdown their addresses, udev
their names. What they have made is not touched by what carved sets, and after a reload they make it again, whoever has
reloaded. systemd-networkd is in test_units.py."""
import json
import pathlib

import pytest

from carved import entry, wait
from switch import output
from test_units import netdevs

pytestmark = [pytest.mark.needs("systemd"), pytest.mark.only("6.12", "what these programs do depends on no kernel: one line is enough")]
INTERFACES = pathlib.Path("/etc/network/interfaces")
RULES = pathlib.Path("/run/udev/rules.d/70-front.rules")
OFF = pathlib.Path("/etc/udev/rules.d/80-ifupdown.rules")  # it hides Debian's own, see tests/vm/lean


def link(netdev):
    """What other programs can have set of it; None if it is not there."""
    if not pathlib.Path(f"/sys/class/net/{netdev}").exists():
        return None
    found, = json.loads(output("ip", "-j", "-4", "address", "show", "dev", netdev)) or [None]
    return found and {"index": found["ifindex"], "mtu": found["mtu"], "up": "UP" in found["flags"],
                      "addresses": [row["local"] for row in found["addr_info"]]}


@pytest.fixture
def ifupdown(udev, make_switch):
    """ifupdown(SWITCH): the only netdev of the switch, whose address and MTU are in its hands from then on."""
    before = INTERFACES.read_text() if INTERFACES.exists() else None
    pathlib.Path("/run/network").mkdir(exist_ok=True)
    OFF.unlink()
    output("udevadm", "control", "--reload")
    taken = []

    def take(switch):
        output("udevadm", "settle")
        netdev, = netdevs(switch)
        INTERFACES.write_text(f"allow-hotplug {netdev}\niface {netdev} inet static\n    address 192.0.2.10/24\n    mtu 1400\n")
        output("systemctl", "start", f"ifup@{netdev}")
        taken.append(netdev)
        return netdev
    yield take
    for netdev in taken:
        output("systemctl", "stop", f"ifup@{netdev}")
    if before is None:
        INTERFACES.unlink()
    else:
        INTERFACES.write_text(before)
    OFF.symlink_to("/dev/null")
    output("udevadm", "control", "--reload")


@pytest.mark.only("netdevsim", "one switch with a port is enough")
def test_ifupdown(switch, unit, ifupdown):
    w = switch.words
    netdev = ifupdown(switch)

    def is_made():
        found = link(netdev)
        return found and (found["mtu"], found["up"], found["addresses"]) == (1400, True, ["192.0.2.10"])
    wait(is_made, "ifupdown to make it")
    before = link(netdev)
    unit.run(entry(switch, traps={w.trap: "trap"}, **{"trap_policers": {w.policer: dict(zip(("rate", "burst"), w.rates[1]))}}))
    assert switch.trap(w.trap) == "trap" and link(netdev) == before
    switch.reload()
    wait(lambda: unit.get(switch, "ForeignReloadCount") == 1, "the reload to be seen")
    unit.settled(switch)
    wait(is_made, "ifupdown to make it again after a reload by somebody")
    assert switch.trap(w.trap) == "trap" and link(netdev)["index"] != before["index"]
    unit.reload(entry(switch, traps={w.trap: "trap"}, resources={w.size: w.sizes[0]}))
    wait(lambda: unit.get(switch, "ReloadCount") == 1, "a reload by carved")
    wait(is_made, "ifupdown to make it again after that")
    unit.settled(switch)
    after = link(netdev)
    unit.reload(entry(switch, traps={w.trap: "drop"}, resources={w.size: w.sizes[0]}))
    unit.settled(switch)
    assert switch.trap(w.trap) == "drop" and link(netdev) == after


@pytest.fixture
def asic(place, kernel, udev):
    """With three ports, which udev calls by what is printed beside them."""
    RULES.parent.mkdir(parents=True, exist_ok=True)
    RULES.write_text('ACTION=="add", SUBSYSTEM=="net", ATTR{phys_port_name}=="p?*", NAME="front-$attr{phys_port_name}"\n')
    output("udevadm", "control", "--reload")
    made = place.make(place.buffered, 7, kernel)
    made.plug()
    yield made
    made.remove()
    RULES.unlink()
    output("udevadm", "control", "--reload")


def test_udev_renames(asic, carved):
    """The entry is found by a name that is there only once udev has been, each time again; ports are known by number."""
    few, many = 10 * asic.cell, 20 * asic.cell
    body = f"shared_buffers: {{ports: {{default/0/1: {{threshold: {few}}}, p2/0/1: {{threshold: {many}}}}}}}"
    wanted = {"p1/0/1": few, "p2/0/1": many, "p3/0/1": few}

    def as_wanted():
        found = asic.buffers()["ports"]
        return {port: found[port]["threshold"] for port in wanted} == wanted
    carved.run(entry("leaf", body, match='{netdev: "front-p2"}'))
    carved.wait_state(asic, "converged")
    assert as_wanted() and set(carved.get(asic, "NetDevs")) == {"front-p1", "front-p2", "front-p3"}
    for n in range(2):
        asic.reload()
        wait(lambda n=n: carved.get(asic, "ForeignReloadCount") == n + 1, "the reload to be seen")
        wait(lambda: len(netdevs(asic)) == 3 and all(name.startswith("front-p") for name in netdevs(asic)), "udev to rename them")
        carved.settled(asic)
        assert as_wanted() and carved.listed()[asic.handle] == "converged"
    asic.unbind()
    wait(lambda: carved.listed() == {"leaf": "absent"} or asic.handle not in carved.listed(), "it to be missed")
    asic.bind()
    wait(lambda: carved.listed_or_none().get(asic.handle) == "converged", "it to be found by its name")
    assert as_wanted()
