# SPDX-License-Identifier: GPL-2.0-or-later
"""What people ran into on devices that neither netdevsim nor asicsim is like: cut down to the few
objects that it takes, on the fake kernel."""
import json
import pathlib
import time

import pytest

from carved import entry, wait

pytestmark = pytest.mark.only("fake", "the device is made up for the test")

FACTS = pathlib.Path(__file__).parents[1] / "fake/facts"
MLX5 = json.loads((FACTS / "mlx5.json").read_text())
SPECTRUM1 = json.loads((FACTS / "spectrum1.json").read_text())


class Device:
    """One of facts that the test gives."""

    def __init__(self, kernel, folder, facts):
        self.kernel, self.handle = kernel, facts["handle"]
        file = folder / "device.json"
        file.write_text(json.dumps({"format": 1, **facts}))
        kernel.tell("add", file)

    def __str__(self):
        return self.handle

    def rule(self, *words):
        """The last one is the extended ACK."""
        self.kernel.tell("rule", self.handle, *words[:-1], f"text={words[-1]}")

    def param(self, name, cmode="runtime"):
        params = self.kernel.tell("state", self.handle)["params"]
        return params[name][cmode]["value"]

    def size(self, path):
        return self.kernel.tell("state", self.handle)["resources"][path]["size"]

    def pending(self, path):
        return self.kernel.tell("state", self.handle)["resources"][path]["size_new"]

    def reloads(self):
        return sum(n for action, _, _, n in self.kernel.tell("state", self.handle)["counters"] if action == "driver_reinit")


def ice(kernel, folder):
    return Device(kernel, folder, {
        "handle": "pci/0000:07:00.0", "driver": "ice", "versions": {"running": {"fw.mgmt": "7.3.4"}},
        "reload": {"failed": False, "counters": []},
        "params": {"enable_roce": {"runtime": {"type": "bool", "value": True}},
                   "enable_iwarp": {"runtime": {"type": "bool", "value": False}}}})


def sets(capture, name):
    return [w.value for w in capture.writes() if w.object == name]


@pytest.mark.parametrize("first, refused", [("enable_roce", 0), ("enable_iwarp", 1)])
def test_params_that_exclude_each_other(kernel, folder, carved, capture, first, refused):
    """As written, or once more after the other one was set."""
    device = ice(kernel, folder)
    if refused:
        device.rule("PARAM_SET", "enable_iwarp", "EOPNOTSUPP", "times=1", "RoCEv2 is currently enabled")
    wanted = {"enable_roce": False, "enable_iwarp": True}
    order = sorted(wanted, key=lambda name: name != first)
    carved.run(entry(device, params={name: wanted[name] for name in order}))
    assert carved.state(device) == "converged"
    assert (device.param("enable_roce"), device.param("enable_iwarp")) == (False, True)
    assert len(sets(capture, "enable_iwarp")) == 1 + refused
    assert len(sets(capture, "enable_roce")) == 1


def mlx5_multiport(kernel, folder):
    return Device(kernel, folder, {
        **MLX5, "params": {**MLX5["params"],
                           "esw_multiport": {"runtime": {"type": "bool", "value": False}}}})


SAYS = "E-Switch must be in switchdev mode"


@pytest.mark.parametrize("change", ["silent", "told"])
def test_a_cause_that_goes_away(kernel, folder, carved, capture, change):
    """The mode is changed, without a word or with one on another param."""
    device = mlx5_multiport(kernel, folder)
    device.rule("PARAM_SET", "esw_multiport", "EOPNOTSUPP", "times=1000", SAYS)
    carved.run(entry(device, params={"esw_multiport": True, "flow_steering_mode": "smfs"}),
               audit={"silent": "1s", "told": "0"}[change])
    assert carved.state(device) == "failed"
    assert SAYS in carved.get(device, "StateReason")
    assert device.param("flow_steering_mode") == "smfs"
    records = len(carved.call("History", "su", str(device), 0)[0])
    if change == "silent":
        wait(lambda: len(sets(capture, "esw_multiport")) >= 4, "a few audits")
    kernel.tell("rules-clear")
    if change == "told":
        kernel.tell("set", device, "param", "esw_port_metadata", "runtime", "false")
    carved.wait_state(device, "converged")
    assert device.param("esw_multiport") is True
    assert len(carved.call("History", "su", str(device), 0)[0]) <= records + 1
    assert carved.text().count(f"{device}: param esw_multiport/runtime to true was refused") == 1


def test_staged_by_an_operator(kernel, folder, carved):
    """As it is declared it is his to load. Anything else is set back to what is in force, and not called wanted."""
    device = Device(kernel, folder, {
        "handle": "pci/0000:07:00.0", "driver": "acme", "versions": {"running": {"fw": "1"}},
        "reload": {"failed": False, "counters": [["driver_reinit", "unspec", "local", 0]]},
        "params": {"max_macs": {"driverinit": {"type": "u32", "value": 32}}}})
    carved.run(entry(device, params={"max_macs": 64}, reload="manual"), audit="1s")
    assert carved.state(device) == "pending-reload"
    kernel.tell("set", device, "param", "max_macs", "driverinit", 16)
    wait(lambda: device.param("max_macs", "driverinit") == 32, "the foreign value to be set back")
    wait(lambda: "changed by somebody else" in carved.text(), "a line of it")
    assert "param max_macs/driverinit is 16, in force 32" in carved.text()
    kernel.tell("set", device, "param", "max_macs", "driverinit", 64)
    read = carved.get(device, "LastReadUSec")
    wait(lambda: carved.get(device, "LastReadUSec") > read + 2500000, "two audits")
    assert device.param("max_macs", "driverinit") == 64
    assert carved.text().count("changed by somebody else") == 1
    kernel.tell("reload", device, "driver_reinit")
    carved.wait_state(device, "converged")


LINEAR = {"/kvd/linear": 64000, "/kvd/linear/chunks": 31616, "/kvd/linear/singles": 16000, "/kvd/linear/large_chunks": 16384}


@pytest.mark.parametrize("left", ["a size", "nothing"])
def test_what_goes_back_has_to_fit(kernel, folder, carved, capture, left):
    """Else the config is refused with the sum, before a write: with a size that takes the room, or one that was kept."""
    device = Device(kernel, folder, SPECTRUM1)
    if left == "a size":
        carved.run(entry(device, resources={**LINEAR, "/kvd/hash_single": 120064}))
        wanted = entry(device, resources={"/kvd/hash_single": 120064})
    else:
        carved.run(entry(device, on_removal="keep", resources={**LINEAR, "/kvd/hash_single": 120064}))
        carved.reload(entry(device, on_removal="keep", resources=LINEAR))
        carved.reload(entry(device, resources=LINEAR))
        carved.settled(device)
        wanted = entry(device)
    assert (device.size("/kvd/linear"), device.size("/kvd/hash_single"), device.reloads()) == (64000, 120064, 1)
    capture.clear()
    carved.config(wanted)
    status, _, error = carved.ctl("plan", "--candidate")
    assert (status, "278784" in error, "/kvd/linear 98304 (set back)" in error) == (1, True, True), error
    carved.reload(wanted)
    carved.wait_state(device, "refused")
    assert "/kvd/linear 98304 (set back)" in carved.get(device, "StateReason")
    assert capture.writes() == []
    carved.reload(entry(device, resources={"/kvd/hash_single": 87040}))
    carved.wait_state(device, "converged")
    assert (device.size("/kvd/linear"), device.size("/kvd/linear/chunks"), device.reloads()) == (98304, 49152, 2)


def test_where_it_was_written_that_goes_back(kernel, folder, carved):
    device = Device(kernel, folder, SPECTRUM1)
    carved.run(entry(device, reload="manual", resources={"/kvd/hash_single": 70016}))
    carved.apply(device, "--allow-reload")
    assert device.size("/kvd/hash_single") == 70016
    line = next(n for n, text in enumerate(carved.file.read_text().splitlines(), 1) if "70016" in text)
    carved.reload(entry(device, reload="manual"))
    carved.wait_state(device, "pending-reload")
    for _ in range(2):
        (handle, kind, name, before, to, disruption, origin), reload = carved.plan(device)
        assert (handle, kind, name, before, to, disruption) == (str(device), "resource", "/kvd/hash_single", "70016", "87040", "reload")
        assert origin == f"restore: was {carved.file}:{line}"
        assert reload[1] == "reload"
        (kind, name, wanted, actual, reason, origin), = carved.get(device, "Objects")
        assert (name, wanted, actual, reason) == ("/kvd/hash_single", "87040", "70016", "waits for a permitted reload")
        assert carved.get(device, "Drift") == [("/kvd/hash_single", "size", "87040", "70016")]
        carved.restart()


@pytest.mark.parametrize("between", ["an empty file", "nothing", "a restart"])
def test_kept_sizes_outlive_the_entry(kernel, folder, carved, capture, between):
    """What another entry wants of other objects makes no reload for them."""
    device = Device(kernel, folder, SPECTRUM1)
    sizes = {"/kvd/hash_double": 73728, "/kvd/hash_single": 73728}
    match = f"{{driver: {SPECTRUM1['driver']}}}"
    carved.run(entry("leaf", match=match, on_removal="keep", resources=sizes))
    assert device.reloads() == 1
    if between != "nothing":
        carved.reload()
        carved.wait_state(device, "unmanaged")
    if between == "a restart":
        carved.restart()
    capture.clear()
    other = entry("leaf", match=match, trap_policers={1: {"rate": 1000}})
    carved.config(other)
    assert "reload" not in carved.ctl("plan", "--candidate")[1]
    carved.reload(other)
    carved.settled(device)
    assert {path: device.size(path) for path in sizes} == sizes
    assert device.reloads() == 1
    assert {w.kind for w in capture.writes()} <= {"policer"}


def test_staged_line_by_line(kernel, folder, carved):
    """An audit between two lines of a script leaves nothing half done: its reload succeeds. What is left staged is set back."""
    device = Device(kernel, folder, SPECTRUM1)
    carved.run(entry(device, resources=LINEAR), audit="500ms")
    script = {path: SPECTRUM1["resources"][path]["size"] for path in LINEAR}
    for path, size in script.items():
        kernel.tell("set", device, "resource", path, size)
        read = carved.get(device, "LastReadUSec")
        wait(lambda: carved.get(device, "LastReadUSec") > read + 600000, "an audit")
        assert device.pending(path) == size
    assert carved.get(device, "State") == "drifted"
    kernel.tell("reload", device, "driver_reinit")
    carved.wait_state(device, "pending-reload")
    assert {path: device.size(path) for path in LINEAR} == script
    carved.apply(device, "--allow-reload")
    assert {path: device.size(path) for path in LINEAR} == LINEAR
    for path, size in script.items():
        kernel.tell("set", device, "resource", path, size)
    carved.wait_state(device, "drifted")
    carved.wait_state(device, "converged")
    assert {path: device.pending(path) for path in LINEAR} == LINEAR


def test_reload_that_waits_for_a_flash_of_others(kernel, folder, carved):
    """What the flash takes is no outage of the reload, and how far it is no progress of carved's."""
    device = Device(kernel, folder, SPECTRUM1)
    carved.run(entry(device, resources={"/kvd/hash_single": 70016}))
    kernel.tell("flash", device, 3000, "steps=30")
    kernel.tell("update", device, next(iter(SPECTRUM1["fake"]["files"])))
    carved.reload(entry(device, resources={"/kvd/hash_single": 72064}))
    carved.wait_state(device, "reloading", "applying", "reading")
    seen = set()
    wait(lambda: seen.add(carved.get(device, "Progress")[2]) or carved.state(device) == "converged", "the end of both")
    assert device.size("/kvd/hash_single") == 72064
    assert carved.get(device, "LastReloadOutageUSec") < 1000000
    assert seen == {0}


def test_a_busy_device_that_no_entry_matches(kernel, folder, carved, capture):
    """Its notifications cost next to nothing, and a reload of it is not worth a line."""
    device, other = Device(kernel, folder, SPECTRUM1), Device(kernel, folder, MLX5)
    carved.run(entry(other, params={"flow_steering_mode": "smfs"}))
    first, cpu = len(kernel.tell("requests", 1)), carved.processor_time()
    for _ in range(100):
        kernel.tell("storm", device, 50)
        time.sleep(0.02)
    kernel.tell("reload", device, "driver_reinit")
    kernel.tell("unbind", device)
    kernel.tell("bind", device)
    wait(lambda: carved.get(device, "ForeignReloadCount") == 1 or carved.get(device, "State") == "unmanaged", "the device")
    asked = [r for r in kernel.tell("requests", first + 1) if r["command"] != "RELOAD"]
    assert {r["command"] for r in asked} <= {"GET", "INFO_GET"}
    assert len(asked) < 40
    assert carved.processor_time() - cpu < 0.5
    assert "restored" not in carved.text() and "registered again" not in carved.text()


VFS = {"total_vfs": {"permanent": {"type": "u32", "value": 0}}}
PERMANENT = {"total_vfs": {"permanent": 8}}


@pytest.mark.parametrize("driver, activated", [("mlx5_core", True), ("mlx5_core", False), ("bnxt_en", True)])
def test_permanent_params_without_a_reboot(kernel, folder, carved, driver, activated):
    """In force once the firmware was activated and the device registered anew, where that is known to be enough; else who
    knows says so."""
    device = Device(kernel, folder, {**MLX5, "driver": driver, "params": {**MLX5["params"], **VFS}})
    carved.run(entry(device, params=PERMANENT))
    assert carved.state(device) == "pending-power-cycle"
    if activated:
        kernel.tell("reload", device, "fw_activate")
        wait(lambda: carved.get(device, "ForeignReloadCount") == 1, "the activation to be seen")
        carved.wait_state(device, "pending-power-cycle")
    kernel.tell("power-cycle", device)
    if (driver, activated) == ("mlx5_core", True):
        carved.wait_state(device, "converged")
        assert device.param("total_vfs", "permanent") == 8
        return
    wait(lambda: "carvectl retry ends the wait" in carved.get(device, "StateReason"), "a word of the registration")
    carved.wait_state(device, "pending-power-cycle")
    carved.restart()
    assert "carvectl retry ends the wait" in carved.get(device, "StateReason")
    carved.retry(device)
    assert carved.state(device) == "converged"
    carved.restart()
    assert carved.state(device) == "converged"


def test_retry_does_not_end_a_wait_for_nothing(kernel, folder, carved):
    device = Device(kernel, folder, {**MLX5, "params": {**MLX5["params"], **VFS}})
    carved.run(entry(device, params=PERMANENT))
    carved.retry(device)
    assert carved.state(device) == "pending-power-cycle"


def test_permanent_params_that_no_file_names_any_more(kernel, folder, carved):
    """They change with the power cycle, and are no reason not to be converged."""
    device = Device(kernel, folder, {**MLX5, "params": {**MLX5["params"], **VFS}})
    carved.run(entry(device, params=PERMANENT))
    carved.reload(entry(device, params={"flow_steering_mode": "smfs"}))
    carved.wait_state(device, "converged")
    says = "param total_vfs was set before, and takes effect at the next power cycle"
    assert carved.get(device, "StateReason") == says
    assert carved.get(device, "PendingClass") == ""
    carved.reload()
    carved.wait_state(device, "unmanaged")
    assert carved.get(device, "StateReason") == says


IMAGE = {"version": "22.36.1010", "file": "mlx5/fw-22.36.1010.bin"}


def with_another_image(kernel, folder, carved):
    """An adapter on which an image waits for its activation, and takes no other one before."""
    file = carved.place.firmware(carved.folder) / IMAGE["file"]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"image")
    versions = {**MLX5["versions"], "stored": {"fw.version": "22.35.9999", "fw": "22.35.9999"}}
    device = Device(kernel, folder, {**MLX5, "versions": versions})
    kernel.tell("file", device, IMAGE["file"], *(f"{key}={IMAGE['version']}" for key in versions["stored"]))
    device.rule("FLASH_UPDATE", "*", "EBUSY", "times=1000", "Firmware flash failed: pending reset")
    return device


def test_another_image_waits_for_its_activation(kernel, folder, carved, capture):
    """It is activated, and then there is room for the wanted one."""
    device = with_another_image(kernel, folder, carved)
    kernel.tell("delay", device, 500)
    carved.config(entry(device, firmware=IMAGE))
    carved.start_no_wait()
    wait(lambda: capture.writes(kind="reload"), "the first reload")
    kernel.tell("rules-clear")
    carved.wait_ready()
    carved.wait_bus()
    assert carved.state(device) == "converged"
    assert kernel.tell("state", device)["versions"]["running"]["fw"] == IMAGE["version"]
    assert [w.kind for w in capture.writes()] == ["reload", "flash", "reload"]


def test_another_image_waits_and_no_reload_is_permitted(kernel, folder, carved, capture):
    device = with_another_image(kernel, folder, carved)
    carved.run(entry(device, firmware=IMAGE, reload="manual"))
    assert carved.state(device) == "pending-reload"
    assert "22.35.9999 is stored and waits for its activation" in carved.get(device, "StateReason")
    steps = [(step[1], step[4]) for step in carved.plan(device)]
    assert [kind for kind, _ in steps] == ["reload", "firmware", "reload"]
    assert "reload 1 of 2, activates firmware 22.35.9999" in steps[0][1]
    assert steps[2][1] == "reload 2 of 2, activates firmware 22.36.1010"
    assert capture.writes() == []


def test_another_image_that_is_never_activated(kernel, folder, carved, capture):
    """One reload, no flash, and not again."""
    device = with_another_image(kernel, folder, carved)
    kernel.tell("firmware", device, "sticky=1")
    carved.run(entry(device, firmware=IMAGE), audit="300ms")
    assert carved.state(device) == "failed"
    read = carved.get(device, "LastReadUSec")
    wait(lambda: carved.get(device, "LastReadUSec") > read + 1000000, "a few audits")
    assert "was accepted but not kept; it is not tried again" in carved.get(device, "StateReason")
    assert [w.kind for w in capture.writes()] == ["reload"]


@pytest.mark.parametrize("error, says", [("EINVAL", "until the config changes or carvectl retry"), ("EBUSY", "tried again after 1 s")])
def test_what_a_refused_reload_waits_for(kernel, folder, carved, error, says):
    """Not for a permission, which it had."""
    device = Device(kernel, folder, SPECTRUM1)
    kernel.tell("refuse-down", device, error, "times=1000", "text=not allowed now")
    carved.config(entry(device, resources={"/kvd/hash_single": 70016}))
    carved.start_no_wait()
    carved.wait_bus()
    wait(lambda: says in (carved.get(device, "StateReason") if carved.state(device) else ""), "the failure")
    assert "permitted" not in carved.get(device, "StateReason")
    assert carved.state(device) == "failed"
    (_, name, _, _, reason, _), = carved.get(device, "Objects")
    assert (name, reason) == ("/kvd/hash_single", "held back by what failed, until carvectl retry or another config")


def test_tables_that_cannot_be_sized(kernel, folder, carved, capture):
    """And a name as it is written on another tool's command line, or a handle without its domain."""
    device = Device(kernel, folder, {
        "handle": "platform/hellcreek", "driver": "hellcreek", "reload": {"failed": False, "counters": []},
        "resources": {"/FDB": {"size": 256, "min": 256, "max": 256, "granularity": 1, "id": 1}}})
    carved.run(entry(device, resources={"/FDB": 512}))
    assert carved.state(device) == "refused"
    assert "512 is not 256, which is both the minimum and the maximum of /FDB" in carved.get(device, "StateReason")
    carved.reload(entry(device, resources={"/FDB": "max"}))
    carved.wait_state(device, "converged")
    assert capture.writes() == []
