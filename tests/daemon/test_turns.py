# SPDX-License-Identifier: GPL-2.0-or-later
"""Which devices are reloaded or flashed at the same time."""
import json
import pathlib
import time

import pytest

from carved import DEADLINE, wait

pytestmark = pytest.mark.only("fake", "several devices of one kind")

MLX5 = json.loads((pathlib.Path(__file__).parents[1] / "fake/facts/mlx5.json").read_text())
CARD = ["pci/0000:08:00.0", "pci/0000:08:00.1"]  # two functions of one
APART = ["pci/0000:08:00.0", "pci/0000:81:00.0"]
FIRMWARE = 'firmware: {version: "22.36.1010", file: mlx5/fw-22.36.1010.bin}'
SIZE = "params: {event_eq_size: 2048}"


def add(kernel, carved, handle):
    file = carved.folder / "facts.json"
    file.write_text(json.dumps({**MLX5, "handle": handle}))
    kernel.tell("add", file)


def prepare(kernel, carved, handles):
    for handle in handles:
        add(kernel, carved, handle)
    image = carved.folder / "root/lib/firmware/mlx5/fw-22.36.1010.bin"
    image.parent.mkdir(parents=True)
    image.write_text("image")


def start(carved, body, parallel=0):
    carved.file.write_text(
        f"version: 1\nsettings: {{audit_interval: 0, parallel_reloads: {parallel}}}\n"
        f"devices: {{nic: {{match: {{driver: mlx5_core}}, {body}}}}}\n")
    carved.start_no_wait()
    carved.wait_bus()


def most_at_once(carved, handles):
    """Until all of them rest."""
    end, most = time.monotonic() + DEADLINE, 0
    while time.monotonic() < end:
        states = [carved.state(handle) for handle in handles]
        most = max(most, sum(state in ("flashing", "reloading") for state in states))
        if all(state in ("converged", "quarantined", "failed") for state in states) and carved.ready():
            return most
        time.sleep(0.01)
    raise AssertionError(f"they do not come to rest: {states}")


@pytest.mark.parametrize("handles, together", [(CARD, 1), (APART, 2)], ids=["one card", "apart"])
def test_flash(kernel, carved, handles, together):
    """On a card with one chip one after the other."""
    prepare(kernel, carved, handles)
    for handle in handles:
        kernel.tell("flash", handle, 700)
    start(carved, FIRMWARE)
    assert most_at_once(carved, handles) == together
    for handle in handles:
        assert carved.state(handle) == "converged"
        assert kernel.tell("state", handle)["versions"]["running"]["fw"] == "22.36.1010"


def test_stored_meanwhile(kernel, carved):
    """Versions are read again before the second flash, which is not needed any more."""
    prepare(kernel, carved, CARD)
    for handle in CARD:
        kernel.tell("flash", handle, 700)
    start(carved, FIRMWARE)
    first = wait(lambda: next((h for h in CARD if carved.state(h) == "flashing"), None), "a flash")
    second = next(handle for handle in CARD if handle != first)
    wait(lambda: "waits until others" in carved.get(second, "StateReason"), "the other one to wait")
    kernel.tell("flash", second, 0)
    kernel.tell("update", second, "mlx5/fw-22.36.1010.bin")
    most_at_once(carved, CARD)
    assert [carved.state(handle) for handle in CARD] == ["converged", "converged"]
    assert carved.text().count("is written to flash") == 1
    assert carved.get(second, "ReloadCount") == 1


@pytest.mark.parametrize("parallel", [0, 1])
def test_parallel_reloads(kernel, carved, parallel):
    prepare(kernel, carved, APART)
    for handle in APART:
        kernel.tell("delay", handle, 500)
    start(carved, SIZE, parallel)
    assert most_at_once(carved, APART) == (parallel or 2)
    for handle in APART:
        assert carved.state(handle) == "converged"


def test_held_back(kernel, carved):
    """Its reload fails, and would fail on the others: they are left alone until somebody has looked."""
    first, second = APART
    prepare(kernel, carved, [first])
    kernel.tell("delay", first, 300)
    kernel.tell("fail-up", first, "EIO", "times=1", "text=the card is dead")
    start(carved, SIZE, 1)
    carved.wait_state(first, "reloading")
    add(kernel, carved, second)
    carved.wait_state(first, "quarantined")
    wait(lambda: "held back" in carved.get(second, "StateReason"), "the other one to be held back")
    assert carved.state(second) == "pending-reload"
    carved.wait_ready()
    assert carved.get(second, "ReloadCount") == 0
    assert carved.ctl("retry", second)[0] == 0
    assert carved.state(second) == "converged"


def entry(handle, version):
    return (f'"{handle[-1]}": {{match: {{handle: "{handle}"}}, firmware: {{version: "{version}", '
            f'file: mlx5/fw-{version}.bin}}}}')


@pytest.mark.parametrize("agree", [True, False], ids=["until they agree", "until one wants none"])
def test_functions_want_different_firmware(kernel, carved, agree):
    """None of them is flashed, which the next boot would undo."""
    prepare(kernel, carved, CARD)
    other = carved.folder / "root/lib/firmware/mlx5/fw-22.36.1020.bin"
    other.write_text("image")
    carved.file.write_text("version: 1\nsettings: {audit_interval: 0}\ndevices: {"
                           f'{entry(CARD[0], "22.36.1010")}, {entry(CARD[1], "22.36.1020")}}}\n')
    carved.start_no_wait()
    carved.wait_bus()
    carved.wait_ready()
    for handle, rival, version in ((CARD[0], CARD[1], "22.36.1020"), (CARD[1], CARD[0], "22.36.1010")):
        assert carved.state(handle) == "failed"
        assert f"{rival} (entry {rival[-1]}) wants {version} in the same flash chip" in carved.get(handle, "StateReason")
        assert kernel.tell("state", handle)["versions"]["running"]["fw"] == "22.35.1012"
    assert "is written to flash" not in carved.text()
    carved.file.write_text("version: 1\nsettings: {audit_interval: 0}\ndevices: {"
                           f'{entry(CARD[0], "22.36.1010")}' +
                           (f', {entry(CARD[1], "22.36.1010")}' if agree else "") + "}\n")
    carved.call("Reload", "a{sv}")
    for handle, state in zip(CARD, ("converged", "converged" if agree else "unmanaged")):
        carved.wait_state(handle, state)
        assert state == "unmanaged" or kernel.tell("state", handle)["versions"]["running"]["fw"] == "22.36.1010"


def test_cards_want_different_firmware(kernel, carved):
    """Each is asked to flash its own; the kernel has an image for the first only."""
    prepare(kernel, carved, APART)
    other = carved.folder / "root/lib/firmware/mlx5/fw-22.36.1020.bin"
    other.write_text("image")
    carved.file.write_text("version: 1\nsettings: {audit_interval: 0}\ndevices: {"
                           f'{entry(APART[0], "22.36.1010")}, '
                           f'{entry(APART[1], "22.36.1020").replace(chr(34) + "0" + chr(34) + ":", "b:", 1)}}}\n')
    carved.start_no_wait()
    carved.wait_bus()
    most_at_once(carved, APART)
    assert carved.state(APART[0]) == "converged"
    assert "failed to locate the requested firmware file" in carved.get(APART[1], "StateReason")
    assert "flash chip" not in carved.text()
