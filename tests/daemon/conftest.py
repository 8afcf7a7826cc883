# SPDX-License-Identifier: GPL-2.0-or-later
"""carved on a real kernel, with real systemd and D-Bus: root in a guest (see tests/vm/run).

What a switch is like is never carved's to say: iproute2, sysfs and the driver's debugfs tell
(switch.py), and an nlmon interface shows every request that anybody wrote to devlink (capture.py).
carved runs as the unit that is installed (Carved) or as one process that converges and ends (Once),
both built with sanitizers; see carved.py. Tests wait for conditions, never for a time.

A test takes `switch`, the only one there is, or `make_switch` for more. A further kind of switch is
a class beside Netdevsim and a row in SWITCHES.
"""
import subprocess
import time

import pytest

from capture import Capture
from carved import Carved, Once, install
from switch import Netdevsim, output
from sysbus import Bus

SWITCHES = {"netdevsim": Netdevsim}


@pytest.fixture(scope="session")
def bed():
    """All that a boot needs once."""
    for module in "netdevsim", "nlmon", "dummy":
        output("modprobe", module)
    output("ip", "link", "add", "nlmon0", "type", "nlmon")
    output("ip", "link", "set", "nlmon0", "up")


@pytest.fixture(scope="session")
def installed(bed):
    install("asan")


@pytest.fixture(scope="session")
def bus(installed):
    bus = Bus()
    yield bus
    bus.close()


@pytest.fixture(params=SWITCHES.values(), ids=SWITCHES.keys())
def make_switch(bed, request):
    """make_switch(create=True): the next switch."""
    made = []

    def make(create=True):
        made.append(request.param(10 + len(made)))
        if create:
            made[-1].create()
        return made[-1]

    yield make
    for switch in made:
        switch.remove()


@pytest.fixture
def switch(make_switch):
    return make_switch()


@pytest.fixture
def carved(bus, make_switch):
    """The unit, stopped; it must not have crashed when the test ends. Switches live longer."""
    carved = Carved(bus)
    yield carved
    carved.stop()
    result = carved.show("Result")
    report = carved.sanitizer()
    carved.reset()
    assert not report
    assert result == "success"


@pytest.fixture
def once(tmp_path):
    return Once(tmp_path)


@pytest.fixture
def capture(bed):
    capture = Capture("nlmon0")
    yield capture
    capture.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test of the unit that fails shows what the unit has logged since the test began."""
    report = (yield).get_result()
    if report.failed and "carved" in getattr(item, "funcargs", {}):
        since = f"@{item.began:.6f}"
        log = subprocess.run(["journalctl", "-q", "-ocat", "-ucarved", "--since", since],
                             stdout=subprocess.PIPE, text=True, check=False).stdout
        report.sections.append(("journal of carved", log))


def pytest_runtest_setup(item):
    item.began = time.time()
