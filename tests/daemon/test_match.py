# SPDX-License-Identifier: GPL-2.0-or-later
"""Which entry is a device's, where the driver tells little or nothing of what the device is."""
import json
import pathlib

import pytest

from carved import wait

pytestmark = pytest.mark.only("fake", "the device is made up for the test")

FACTS = pathlib.Path(__file__).parents[1] / "fake/facts/mlx5.json"
MLX5 = "pci/0000:08:00.0"
CPSW = "platform/8000000.ethernet"
POLICY = "params: {flow_steering_mode: smfs}, traps: {dmac_filter: trap}"
UNTOLD = "the driver does not tell its versions: Input/output error"


def start(carved, *entries):
    carved.file.write_text("version: 1\nsettings: {audit_interval: 1s, settle_timeout: 100ms}\ndevices:\n" +
                           "".join(f"  {line}\n" for line in entries))
    carved.start()


def is_set(kernel):
    state = kernel.tell("state", MLX5)
    return (state["params"]["flow_steering_mode"]["runtime"]["value"] == "smfs" and
            state["traps"]["dmac_filter"]["action"] == "trap")


def sysfs(carved, handle, driver=None, netdevs=()):
    """What the kernel shows of the device below /sys."""
    bus, name = handle.split("/")
    folder = carved.folder / f"root/sys/bus/{bus}/devices/{name}"
    folder.mkdir(parents=True)
    if driver:
        (folder / "driver").symlink_to(f"../../drivers/{driver}")
    for netdev in netdevs:
        (folder / "net" / netdev).mkdir(parents=True)
    return folder


@pytest.mark.waits
@pytest.mark.parametrize("entry", [f"{MLX5}: {{{POLICY}}}",
                                   f"x: {{match: {{handle: '{MLX5}'}}, {POLICY}}}"])
def test_info_get_fails(kernel, carved, entry):
    """What the match does not need is not waited for."""
    kernel.tell("add", FACTS)
    kernel.tell("rule", MLX5, "INFO_GET", "*", "EIO", "times=1000", "text=Failed to query firmware version")
    start(carved, entry)
    assert is_set(kernel)
    assert carved.state(MLX5) == "converged"
    assert UNTOLD in carved.get(MLX5, "StateReason")
    assert "no device matches" not in carved.text()
    kernel.tell("rules-clear")
    wait(lambda: carved.get(MLX5, "StateReason") == "", "the versions to be known")
    assert carved.get(MLX5, "FirmwareRunning")


@pytest.mark.waits
@pytest.mark.parametrize("keys", ["driver: mlx5_core, fw.psid: MT*", "fw.psid: MT*"])
def test_info_get_fails_and_is_needed(kernel, carved, keys):
    """The device is there: it is said what is wrong with it."""
    kernel.tell("add", FACTS)
    kernel.tell("rule", MLX5, "INFO_GET", "*", "EIO", "times=1000", "text=Failed to query firmware version")
    sysfs(carved, MLX5, "mlx5_core")
    start(carved, f"x: {{match: {{{keys}}}, {POLICY}}}")
    carved.wait_state(MLX5, "failed")
    assert UNTOLD in carved.get(MLX5, "StateReason")
    assert not is_set(kernel)
    assert "no device matches" not in carved.text()
    kernel.tell("rules-clear")
    carved.wait_state(MLX5, "converged")
    assert is_set(kernel)


@pytest.mark.waits
def test_a_device_that_is_not_read_yet(kernel, carved):
    """It may be the one that an entry means: only what cannot be it is said to be absent."""
    kernel.tell("add", FACTS)
    kernel.tell("rule", MLX5, "INFO_GET", "*", "hold")
    carved.file.write_text("version: 1\nsettings: {settle_timeout: 100ms}\ndevices:\n"
                           f"  {MLX5}: {{{POLICY}}}\n  other: {{match: {{handle: other}}, {POLICY}}}\n")
    carved.start_no_wait()
    wait(lambda: "no device matches the entry other" in carved.text(), "the end of settle_timeout")
    assert f"no device matches the entry {MLX5}" not in carved.text()
    kernel.tell("rules-clear")
    kernel.tell("release")
    wait(lambda: is_set(kernel), "the policy to be set")


def test_driver_by_sysfs(kernel, carved, tmp_path):
    """Linux 6.1 leaves it to the driver to tell its name."""
    file = tmp_path / "cpsw.json"
    file.write_text(json.dumps({
        "format": 1, "handle": CPSW, "reload": {"failed": False, "counters": []},
        "params": {"switch_mode": {"runtime": {"type": "bool", "value": False}}}}))
    kernel.tell("add", file)
    sysfs(carved, CPSW, "am65-cpsw-nuss")
    start(carved, "cpsw: {match: {driver: am65-cpsw-nuss}, params: {switch_mode: true}}")
    assert carved.state(CPSW) == "converged"
    assert kernel.tell("state", CPSW)["params"]["switch_mode"]["runtime"]["value"] is True
    assert carved.get(CPSW, "Driver") == "am65-cpsw-nuss"


def test_netdev(kernel, carved):
    """By the name that it has now."""
    kernel.tell("add", FACTS)
    folder = sysfs(carved, MLX5, "mlx5_core", ["enp8s0", "enp8s0_r1"])
    start(carved, f"x: {{match: {{netdev: eth7}}, {POLICY}}}")
    assert carved.state(MLX5) == "unmanaged"
    assert "no device has the netdev eth7; known here are enp8s0, enp8s0_r1" in carved.text()
    (folder / "net/enp8s0").rename(folder / "net/eth7")
    carved.wait_state(MLX5, "converged")
    assert is_set(kernel)


def test_a_key_that_none_reports(kernel, carved):
    kernel.tell("add", FACTS)
    start(carved, f"x: {{match: {{drvier: mlx5_core}}, {POLICY}}}", f"pci/08:00.0: {{{POLICY}}}")
    reasons = dict(carved.manager("AbsentEntries"))
    assert reasons["x"].startswith("no device reports a key drvier; did you mean driver? keys reported here are handle, driver")
    assert reasons["pci/08:00.0"] == f"no device has the handle pci/08:00.0; did you mean {MLX5}? known here are {MLX5}"
    wait(lambda: f"no device matches the entry x: {reasons['x']}" in carved.text(), "the journal to tell")
