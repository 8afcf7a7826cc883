# SPDX-License-Identifier: GPL-2.0-or-later
"""The units that are shipped beside carved.service, under systemd: what the kernel forgets in a reload and carved does
not know comes back by carved-dispatcher's scripts, or by systemd-networkd; who needs the switch as declared can wait
for it; a timer is a maintenance window. Which scripts are run after what is shown by tests/bus."""
import contextlib
import os
import pathlib
import subprocess
import sys

import pytest

from carved import entry, wait
from rings import ring
from switch import output

pytestmark = [pytest.mark.needs("systemd"),
              pytest.mark.only("netdevsim", "one switch whose ports have rings and can be bridged is enough")]
DISPATCH = pathlib.Path("/etc/carved/dispatch.d")
UNITS = pathlib.Path("/run/systemd/system")


def netdevs(switch):
    """Those that the switch has now; none while it is reloaded."""
    try:
        return sorted(os.listdir(f"/sys/bus/{switch.bus}/devices/{switch.name}/net"))
    except FileNotFoundError:
        return []


def master(netdev):
    link = pathlib.Path(f"/sys/class/net/{netdev}/master")
    return link.resolve().name if link.exists() else None


@contextlib.contextmanager
def drop_in(name, text):
    """Of a unit; what it runs does not look for leaks, which needs ptrace."""
    file = UNITS / f"{name}.d/test.conf"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n{text}")
    output("systemctl", "daemon-reload")
    try:
        yield
    finally:
        file.unlink()
        output("systemctl", "daemon-reload")


@pytest.fixture
def bridge(udev):
    output("modprobe", "bridge")
    output("ip", "link", "add", "br0", "type", "bridge")
    yield "br0"
    output("ip", "link", "del", "br0")


def script(event, name, text):
    path = DISPATCH / f"{event}.d" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def dispatcher(unit):
    DISPATCH.mkdir()
    with drop_in("carved-dispatcher.service", ""):
        yield lambda: output("systemctl", "start", "carved-dispatcher")
        subprocess.run(["systemctl", "stop", "carved-dispatcher"], check=True)
    assert "Sanitizer" not in output("journalctl", "-q", "-ocat", "-ucarved-dispatcher")


def has_all_back(switch, names):
    now = netdevs(switch)
    try:
        return len(now) == names and all(master(netdev) == "br0" and ring(netdev) == 1024 for netdev in now)
    except OSError:  # one of them is renamed or gone meanwhile
        return False


def test_what_a_reload_forgets(switch, unit, dispatcher, bridge):
    """Rings and bridge: after a reload by others, one by carved, and another binding of the driver; and it is the
    kernel that forgets them."""
    names = len(netdevs(switch))
    script("registered", "10-ports", f"""#!{sys.executable}
import os, subprocess, sys
sys.path.insert(0, "{pathlib.Path(__file__).parent}")
from rings import ring
for netdev in os.environ["CARVED_NETDEVS"].split():
    ring(netdev, 1024)
    subprocess.run(["ip", "link", "set", netdev, "master", "br0", "up"], check=True)
    print("port", netdev)
""")
    unit.run(entry(switch, traps={switch.words.trap: "trap"}))
    assert names and not has_all_back(switch, names)
    dispatcher()
    wait(lambda: has_all_back(switch, names), "the ports as the script makes them")
    switch.reload()
    assert not has_all_back(switch, names)
    wait(lambda: unit.get(switch, "ForeignReloadCount") == 1, "carved to see it")
    unit.settled(switch)
    assert not any(map(master, netdevs(switch)))  # there is no script for that yet
    (DISPATCH / "reloaded.d").mkdir()
    (DISPATCH / "reloaded.d/10-ports").symlink_to("../registered.d/10-ports")
    switch.reload()
    wait(lambda: has_all_back(switch, names), "the ports after a reload by others")
    unit.reload(entry(switch, traps={switch.words.trap: "trap"}, resources={switch.words.size: switch.words.sizes[0]}))
    wait(lambda: unit.get(switch, "ReloadCount") == 1, "a reload by carved")
    wait(lambda: has_all_back(switch, names), "the ports after it")
    switch.unbind()
    switch.bind()
    wait(lambda: has_all_back(switch, names), "the ports of another binding")
    said = output("journalctl", "-q", "-ocat", "-ucarved-dispatcher", "-t10-ports").split("\n")
    assert sum(line.startswith("port ") for line in said) == 4 * names


def test_networkd(switch, unit, udev):
    """What it manages comes back by itself."""
    names = len(netdevs(switch))
    network = pathlib.Path("/run/systemd/network")
    network.mkdir(exist_ok=True)
    files = {network / "10-br0.netdev": "[NetDev]\nName=br0\nKind=bridge\n",
             network / "10-ports.network": "[Match]\nName=eth* en*\n[Network]\nBridge=br0\nLinkLocalAddressing=no\n"}
    for file, text in files.items():
        file.write_text(text)
    unit.run(entry(switch, traps={switch.words.trap: "trap"}))
    output("systemctl", "start", "systemd-networkd")

    def bridged():
        now = netdevs(switch)
        return len(now) == names and all(master(netdev) == "br0" for netdev in now)
    try:
        wait(bridged, "networkd to know the ports")
        unit.reload(entry(switch, traps={switch.words.trap: "trap"},
                          resources={switch.words.size: switch.words.sizes[0]}))
        wait(lambda: unit.get(switch, "ReloadCount") == 1, "the reload")
        wait(bridged, "the ports to be back in their bridge")
        unit.settled(switch)
    finally:
        output("systemctl", "stop", "systemd-networkd.socket", "systemd-networkd")
        output("ip", "link", "del", "br0")
        for file in files:
            file.unlink()


def start_waiting(*options):
    return subprocess.run(["systemctl", "start", *options, "carved-wait-converged"], check=False).returncode


def test_wait_converged(switch, unit, capture):
    """It starts with carved, has started when all is as declared, and fails when that takes too long."""
    w = switch.words
    waits = "carved-wait-converged.service"
    with drop_in(waits, "ExecStart=\nExecStart=/usr/bin/carvectl wait --timeout 1s\n"):
        unit.config(entry(switch, reload="manual", resources={w.size: w.sizes[0]}))
        unit.stopped = False
        assert start_waiting() != 0
        assert unit.ready() and unit.state(switch) == "pending-reload"
        assert "pending-reload" in output("journalctl", "-q", "-ocat", "-u", waits)
    with drop_in(waits, ""):
        assert start_waiting("--no-block") == 0
        wait(lambda: output("systemctl", "show", "-PSubState", waits) == "start\n", "it to wait")
        unit.apply(switch, "--allow-reload")
        wait(lambda: output("systemctl", "show", "-PActiveState", waits) == "active\n", "it to have started")
        output("systemctl", "stop", waits)


def test_maintenance_window(switch, unit):
    """The three lines of carved(8); a name that has to be escaped, and a handle."""
    w = switch.words
    unit.run(entry("my-leaf", match=f'{{handle: "{switch}"}}', reload="manual", resources={w.size: w.sizes[0]}))
    assert unit.state(switch) == "pending-reload"
    timer = f"carved-apply@{output('systemd-escape', 'my-leaf').strip()}.timer"
    (UNITS / timer).write_text("[Timer]\nOnCalendar=*-*-* *:*:0/2\nAccuracySec=100ms\n")
    with drop_in("carved-apply@.service", ""):
        output("systemctl", "start", timer)
        wait(lambda: unit.state(switch) == "converged", "the window to be used")
        output("systemctl", "stop", timer)
        (UNITS / timer).unlink()
        assert switch.size(w.size) == w.sizes[0]
        unit.reload(entry("my-leaf", match=f'{{handle: "{switch}"}}', reload="manual"))
        unit.wait_state(switch, "pending-reload")
        output("systemctl", "start", f"carved-apply@{output('systemd-escape', str(switch)).strip()}")
        assert unit.state(switch) == "converged" and unit.get(switch, "ReloadCount") == 2
