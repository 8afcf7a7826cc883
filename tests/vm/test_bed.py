# SPDX-License-Identifier: GPL-2.0-or-later
"""What every test in the guest takes for granted: a healthy systemd, and devices to drive."""
import json
import pathlib
import re
import subprocess

import pytest

NETDEVSIM = pathlib.Path("/sys/bus/netdevsim")


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_systemd_is_running():
    assert pathlib.Path("/proc/1/comm").read_text() == "systemd\n"
    assert output("systemctl", "is-system-running", "--wait") == "running\n"


def test_system_bus_answers():
    assert "org.freedesktop.systemd1" in output("busctl", "--system", "--acquired", "list")


def test_netdevsim_is_a_devlink_device():
    output("modprobe", "netdevsim")
    (NETDEVSIM / "new_device").write_text("7 2")
    try:
        assert "netdevsim/netdevsim7" in json.loads(output("devlink", "-j", "dev"))["dev"]
    finally:
        (NETDEVSIM / "del_device").write_text("7")
    assert "netdevsim/netdevsim7" not in json.loads(output("devlink", "-j", "dev"))["dev"]


@pytest.mark.parametrize("module", ["asicsim", "psample", "nlmon", "dummy", "veth", "bridge"])
def test_module_loads(module):
    output("modprobe", module)


def test_firmware_folder_is_writable():
    file = pathlib.Path("/lib/firmware/bed")
    file.write_bytes(b"x")
    file.unlink()


def test_kernel_is_content():
    assert not re.search(r"WARNING:|BUG:|Oops|refcount_t", output("dmesg"))
