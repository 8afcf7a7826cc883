# SPDX-License-Identifier: GPL-2.0-or-later
"""What carved relies on of the kernel, stated about netdevsim and asicsim. Runs inside of a guest (see tests/vm/run),
as root. Needs nothing of carved. A fact that differs between kernels names them in a table, kernel({"6.1": ...,
"6.12": ...}); a newer one is expected to be like the newest of the table, so that the test fails where it is not.
"""
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "asicsim"))

import rawlink                                               # noqa: E402 # pylint: disable=wrong-import-position
from switches import AsicSim, NetdevSim                      # noqa: E402 # pylint: disable=wrong-import-position


def modprobe(module):
    return subprocess.run(["modprobe", module], capture_output=True, text=True, check=False)


@pytest.fixture(scope="session", autouse=True)
def quiet():
    """udev renames the ports' netdevs some time later, which notifies on some kernels: not while we listen."""
    subprocess.run(["udevadm", "control", "--stop-exec-queue"], check=False)
    yield
    subprocess.run(["systemctl", "restart", "systemd-udevd"], check=False)


@pytest.fixture(scope="session")
def netdevsim():
    loaded = modprobe("netdevsim")
    assert loaded.returncode == 0, loaded.stderr


@pytest.fixture(scope="session")
def asicsim():
    loaded = modprobe("asicsim")
    if loaded.returncode:
        pytest.skip("asicsim is not there: " + loaded.stderr.strip())
    pathlib.Path("/lib/firmware").mkdir(exist_ok=True)


@pytest.fixture(scope="module")
def plug():
    """plug(NetdevSim, 1): a device until the module's end, or until the test removes it."""
    made = []

    def make(kind, *argv):
        made.append(kind(41 + len(made), *argv))
        return made[-1]

    yield make
    for device in made:
        try:
            device.remove()
        except OSError:
            pass


@pytest.fixture
def fresh(netdevsim, plug):
    """A netdevsim of the test's own."""
    device = plug(NetdevSim)
    yield device
    device.remove()


@pytest.fixture(scope="module")
def sim(netdevsim, plug):
    """netdevsim with one port. A test leaves it as a good reload would."""
    return plug(NetdevSim)


@pytest.fixture(scope="module")
def sp1(asicsim, plug):
    return plug(AsicSim, "spectrum1")


@pytest.fixture(scope="module")
def nic(asicsim, plug):
    return plug(AsicSim, "mlx5ish")


@pytest.fixture(params=["sim", "sp1"])
def both(request):
    """netdevsim and the switch of asicsim in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["sim", "sp1", "nic"])
def any_device(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def listener():
    return rawlink.Link(group=True)


@pytest.fixture
def rebind():
    def make(device):
        device.driver("unbind")
        device.driver("bind")
    return make
