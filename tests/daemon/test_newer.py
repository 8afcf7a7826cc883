# SPDX-License-Identifier: GPL-2.0-or-later
"""What Linux 7.3 tells and takes, and older kernels do not, on a device that the test makes up: the
fake kernel of that line, whatever kernel the test itself runs on."""
import pytest

from carved import entry
from fakes import FakeKernel
from places import BUILD
from test_field import Device

pytestmark = pytest.mark.only("fake", "the device is made up for the test")


@pytest.fixture(name="kernel")
def kernel_of_7_3(place, folder):
    kernel = FakeKernel(folder, str(BUILD / "asan/fake-kernel"), "7.3")
    yield kernel
    kernel.close()


def acme(kernel, folder, **params):
    return Device(kernel, folder, {
        "handle": "pci/0000:07:00.0", "driver": "acme", "versions": {"running": {"fw": "1"}},
        "reload": {"failed": False, "counters": [["driver_reinit", "unspec", "local", 0]]},
        "params": params})


U32 = {"type": "u32", "value": 7}


def test_by_the_index_of_a_device(kernel, folder, carved):
    """Linux 7.1 lets a device be asked for as devlink_index/N, too: under that name there is none."""
    device = acme(kernel, folder, depth={"runtime": U32})
    name = f"devlink_index/{kernel.tell('state', device)['index']}"
    carved.run(entry(name, params={"depth": 8}), entry(device, params={"depth": 9}))
    assert carved.listed() == {name: "absent", str(device): "converged"}
    assert device.param("depth") == 9


def test_words_of_a_failed_get(kernel, folder, carved):
    """What the driver says of a value that it cannot read."""
    device = acme(kernel, folder, depth={"runtime": U32}, width={"runtime": U32})
    device.rule("PARAM_GET", "width", "EIO", "times=1000", "the mailbox is full")
    carved.run(entry(device, params={"depth": 9, "width": 8}))
    assert carved.state(device) == "failed"
    assert "param width (Input/output error: acme: the mailbox is full)" in carved.get(device, "StateReason")
    assert ("param", "width", "8", "-", "the driver cannot read it: Input/output error: acme: the mailbox is full") \
        in [tuple(row[:5]) for row in carved.get(device, "Objects")]
    assert device.param("depth") == 9
    kernel.tell("rules-clear")
    carved.apply(device)
    assert carved.state(device) == "converged"
    device.rule("INFO_GET", "*", "EIO", "times=1000", "no firmware answers")
    device.rule("GET", "*", "EIO", "times=1000", "the device hangs")
    carved.ctl("apply", str(device))
    assert "the device cannot be read: Input/output error: acme: the device hangs" in carved.get(device, "StateReason")
    assert "the device cannot be read: Input/output error: acme: the device hangs" in carved.text()


def test_words_of_no_versions(kernel, folder, carved):
    device = acme(kernel, folder, depth={"runtime": U32})
    device.rule("INFO_GET", "*", "EIO", "times=1000", "no firmware answers")
    carved.run(entry(device, params={"depth": 9}))
    assert device.param("depth") == 9
    said = "the driver does not tell its versions: Input/output error: acme: no firmware answers"
    assert said in carved.get(device, "StateReason")
    assert said in carved.text()
