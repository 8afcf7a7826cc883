# SPDX-License-Identifier: GPL-2.0
"""Runs as root on a kernel the module was built for. The module is taken from $ASICSIM_KO, else
from beside this file, unless it is loaded already.
"""
import os
import pathlib
import re

import pytest

from board import BUS, FIRMWARE, put, run

KO = os.environ.get("ASICSIM_KO", str(pathlib.Path(__file__).parent / "asicsim.ko"))
TROUBLE = re.compile(r"WARNING:|BUG:|Oops|refcount_t|INFO: task .* blocked|RCU stall")


@pytest.fixture(scope="session", autouse=True)
def module():
    if not BUS.exists():
        run("insmod", KO)
    FIRMWARE.mkdir(exist_ok=True)
    # udev would look at every netdev of every bring-up
    run("udevadm", "control", "--stop-exec-queue", check=False)
    yield
    run("systemctl", "restart", "systemd-udevd", check=False)
    run("rmmod", "asicsim")


@pytest.fixture(scope="session")
def kernel_log():
    """What is new in the kernel's log."""
    fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    os.lseek(fd, 0, os.SEEK_END)

    def lines():
        found = []
        while True:
            try:
                found.append(os.read(fd, 1 << 14).decode(errors="replace"))
            except BrokenPipeError:                             # some were overwritten
                continue
            except BlockingIOError:
                return found

    yield lines
    os.close(fd)


@pytest.fixture(autouse=True)
def clean(kernel_log):
    """Every test ends without boards and without trouble in the kernel's log."""
    kernel_log()
    yield
    for board in (BUS / "devices").iterdir():
        put(BUS / "del_device", board.name.removeprefix("asicsim"))
    new = kernel_log()
    assert not [x for x in new if TROUBLE.search(x)], "".join(new)
