# SPDX-License-Identifier: GPL-2.0-or-later
"""What Linux 7.3 tells and takes, and older kernels do not, on a device that the test makes up: the
fake kernel of that line, whatever kernel the test itself runs on."""
import re
import json

import pytest

from carved import entry, wait
from fakes import FakeKernel
from places import BUILD
from test_field import Device

pytestmark = pytest.mark.only("fake", "the device is made up for the test")


@pytest.fixture(name="kernel")
def kernel_of_7_3(folder, request):
    kernel = FakeKernel(folder, str(BUILD / "asan/fake-kernel"), getattr(request, "param", "7.3"))
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


def resets(kernel):
    """Requests to bring back a default, and how they ended."""
    return [(r["name"], r["error"]) for r in kernel.tell("requests", 1)
            if r["command"] == "PARAM_SET" and r.get("reset")]


DEEP = {"type": "u32", "value": 9, "default": 7}


def test_default(kernel, folder, carved, capture):
    """The driver brings it back itself; what is staged is staged like any value."""
    device = acme(kernel, folder, depth={"runtime": DEEP}, fast={"runtime": {
        "type": "bool", "value": False, "default": True}}, macs={"driverinit": {"type": "u32", "value": 32}})
    carved.run(entry(device, params={"depth": "default", "fast": "default", "macs": 64}))
    assert carved.state(device) == "converged"
    assert (device.param("depth"), device.param("fast"), device.param("macs", "driverinit")) == (7, True, 64)
    assert resets(kernel) == [("depth", 0), ("fast", 0)]
    carved.reload(entry(device, params={"depth": 7, "macs": "{driverinit: default}"}))
    carved.settled(device)
    assert device.param("macs", "driverinit") == 32
    assert device.param("fast") is False  # as it was found
    assert [w.value for w in capture.writes(kind="driverinit")] == [64, 32]


def test_default_that_is_told_only(kernel, folder, carved):
    """The driver has no reset: it is set like any value."""
    device = acme(kernel, folder, depth={"runtime": DEEP})
    device.rule("PARAM_SET", "depth", "EOPNOTSUPP", "times=1", "no reset")
    carved.run(entry(device, params={"depth": "default"}))
    carved.settled(device)
    assert device.param("depth") == 7
    assert [error for _name, error in resets(kernel)] == [-95]
    assert carved.text().count("was refused") == 1


def test_default_that_is_refused(kernel, folder, carved):
    """Both ways to it are tried, once, and the kernel's words for both are told."""
    device = acme(kernel, folder, depth={"runtime": DEEP})
    device.rule("PARAM_SET", "depth", "EINVAL", "times=1", "no reset now")
    device.rule("PARAM_SET", "depth", "EINVAL", "times=1000", "seven is taken")
    carved.run(entry(device, params={"depth": "default"}))
    carved.wait_state(device, "failed")
    reason = carved.get(device, "StateReason")
    assert "to 7 (the default) was refused: Invalid argument: acme: no reset now" in reason
    assert "to 7 was refused: Invalid argument: acme: seven is taken" in reason
    tries = [r for r in kernel.tell("requests", 1) if r["command"] == "PARAM_SET"]
    assert [r.get("reset", False) for r in tries] == [True, False]
    kernel.tell("rules-clear")
    carved.retry(device)
    assert carved.state(device) == "converged" and device.param("depth") == 7


def test_default_that_is_not_taken(kernel, folder, carved):
    """It is shown as a word that a SET refuses, also where it is written as that word."""
    mode = {"type": "string", "value": "default", "default": "default"}
    device = acme(kernel, folder, csum={"runtime": mode})
    carved.run(entry(device, params={"csum": "l4_only"}))
    assert device.param("csum") == "l4_only"
    carved.reload(entry(device, params={"csum": '"default"'}))
    carved.settled(device)
    assert device.param("csum") == "default"
    assert resets(kernel) == [("csum", 0)]
    carved.reload(entry(device, params={"csum": "l4_only"}))
    carved.settled(device)
    carved.reload(entry(device))  # what was found comes back in the same way
    carved.wait_state(device, "converged")
    assert device.param("csum") == "default"
    assert resets(kernel) == 2 * [("csum", 0)]


@pytest.mark.parametrize("kernel", ["6.1", "6.12"], indirect=True)
def test_default_on_older_kernels(kernel, folder, carved):
    """They would take the request for a bool that is to become false."""
    device = acme(kernel, folder, fast={"runtime": {"type": "bool", "value": True, "default": True}})
    carved.run(entry(device, params={"fast": "default"}))
    assert carved.state(device) == "refused"
    assert "this kernel tells no default of param fast; write a value" in carved.get(device, "StateReason")
    carved.reload(entry(device, params={"fast": False}))
    carved.settled(device)
    carved.reload(entry(device, params={"fast": True}))
    carved.settled(device)
    assert device.param("fast") is True
    assert not resets(kernel)


# ---- the number of a registration ----

def writes(kernel, *commands):
    return [(r.get("index"), r["error"]) for r in kernel.tell("requests", 1)
            if r["command"] in commands and not r.get("stranger")]


@pytest.mark.parametrize("kernel", ["6.12", "7.3"], indirect=True)
def test_writes_do_not_hit_a_successor(kernel, folder, carved, request):
    """The driver binds again while a SET is on its way: by its handle the successor would get it."""
    device = acme(kernel, folder, depth={"runtime": U32})
    numbered = request.node.callspec.params["kernel"] == "7.3"
    kernel.tell("rule", device, "PARAM_SET", "depth", "hold")
    carved.config(entry(device, params={"depth": 9}))
    carved.start_no_wait()
    wait(lambda: writes(kernel, "PARAM_SET"), "a SET to be on its way")
    kernel.tell("unbind", device)
    kernel.tell("bind", device)
    first = kernel.tell("state", device).get("index", 0) - 1
    kernel.tell("release")
    carved.wait_ready()
    carved.wait_bus()
    carved.settled(device)
    assert device.param("depth") == 9
    assert writes(kernel, "PARAM_SET") == ([(first, -19), (first + 1, 0)] if numbered else [(None, 0)])


def test_each_write_is_numbered(kernel, folder, carved):
    """Also reloads; reads are by the handle."""
    device = acme(kernel, folder, macs={"driverinit": {"type": "u32", "value": 32}})
    index = kernel.tell("state", device)["index"]
    carved.run(entry(device, params={"macs": 64}))
    assert carved.state(device) == "converged"
    assert writes(kernel, "PARAM_SET", "RELOAD") == 2 * [(index, 0)]
    assert {i for i, _error in writes(kernel, "GET", "PARAM_GET", "INFO_GET")} == {None}


@pytest.mark.parametrize("restarted", [False, True])
def test_registered_anew_in_silence(kernel, folder, carved, restarted):
    """No counter falls, and notifications are lost or not listened to: only the number tells."""
    device = acme(kernel, folder, depth={"runtime": U32})
    carved.run(entry(device, params={"depth": 9}), audit="1s")
    if restarted:
        carved.stop()
    else:
        kernel.tell("queue", 1)
    kernel.tell("unbind", device)
    kernel.tell("bind", device)
    if restarted:
        carved.start()
    kernel.tell("queue", 0)
    wait(lambda: device.param("depth") == 9, "the policy to be restored")
    carved.settled(device)
    assert f"{device}: the device registered again" in carved.text()


# ---- resources of ports ----

def test_resources_of_ports(kernel, folder, carved):
    """They are shown beside those of the device, and are none that could be set."""
    device = Device(kernel, folder, {
        "handle": "pci/0000:07:00.0", "driver": "acme", "versions": {"running": {"fw": "1"}},
        "reload": {"failed": False, "counters": [["driver_reinit", "unspec", "local", 0]]},
        "resources": {"/table": {"size": 100, "min": 0, "max": 200, "granularity": 1, "id": 1}},
        "fake": {"ports": 2, "port_resources": {"/table": {"size": 20, "min": 0, "max": 100, "granularity": 1,
                                                           "id": 1, "occ": 5}}}})
    carved.run(entry(device, resources={"/table": 120}))
    assert carved.state(device) == "converged"
    status, said, _error = carved.ctl("resources", str(device), "--json")
    (shown,) = json.loads(said).values()
    assert status == 0
    assert {name: r["size"] for name, r in shown.items()} == {"/table": 120, "p1/table": 20, "p2/table": 20}
    status, said, _error = carved.ctl("resources", str(device))
    assert status == 0 and re.search(r"^p1/table +20 +5 ", said, re.M), said
    rows = {path: facts for path, facts in carved.get(device, "Resources")}
    assert rows["p2/table"]["size"] == 20 and rows["p2/table"]["occ"] == 5 and rows["/table"]["size"] == 120
    assert "port" not in carved.ctl("capture", str(device))[1]
    facts = json.loads(carved.ctl("capture", str(device), "--facts")[1])
    assert set(facts["port_resources"]) == {"p1/table", "p2/table"} and set(facts["resources"]) == {"/table"}
    file = folder / "captured.json"
    file.write_text(json.dumps(facts))
    assert carved.ctl("check", str(carved.file), "--facts", str(file))[0] == 0
