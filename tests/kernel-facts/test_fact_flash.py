# SPDX-License-Identifier: GPL-2.0-or-later
"""FLASH_UPDATE: files, notifications, outcome, and when a version runs."""
import pathlib
import time

import pytest

import rawlink as nl
from rawlink import story
from switches import AsicSim, kernel

FIRMWARE = pathlib.Path("/lib/firmware")


@pytest.fixture
def image():
    """image(model, version): the name of a firmware image."""
    file = FIRMWARE / "kernel-facts.img"

    def make(model, version):
        file.write_text(f"asicsim-fw {model} {version}\n", encoding="ascii")
        return file.name
    yield make
    file.unlink(missing_ok=True)


@pytest.fixture
def board(asicsim, plug):
    made = []

    def make(model):
        made.append(plug(AsicSim, model))
        return made[-1]
    yield make
    for device in made:
        device.remove()


def flash(device, name, *attrs):
    return device.ask(nl.FLASH, (nl.FILE, name), *attrs)


def test_notifications(board, image, listener):
    """A flash begins with FLASH_UPDATE, goes on with STATUS and ends with FLASH_UPDATE_END, before its ACK."""
    nic = board("mlx5ish")
    name = image("mlx5ish", "16.36.7")
    listener.notes()
    assert not flash(nic, name).error
    notes = listener.notes(nic)
    assert story(notes) == "FLASH FLASH_STATUS*13 FLASH_END"
    steps = [(nl.number(m.attrs[nl.STATUS_DONE]), nl.number(m.attrs[nl.STATUS_TOTAL])) for m in notes[1:-1]]
    assert steps[0] == (0, 0) == steps[-1] and steps[-2] == (10, 10)


def test_outcome_is_in_the_ack(board, image, listener):
    """A flash that fails halfway ends with FLASH_UPDATE_END as well, which is like that of a good one: what came of it
    stands in the ACK alone."""
    nic = board("mlx5ish")
    name = image("mlx5ish", "16.36.7")
    ends = []
    for percent, error in ((50, "EIO"), (0, "OK")):
        nic.board.set("flash_fail", f"{percent} 5" if percent else "0 0")
        listener.notes()
        assert flash(nic, name).name == error
        notes = listener.notes(nic)
        assert story(notes).startswith("FLASH FLASH_STATUS") and notes[-1].word == "FLASH_END"
        ends.append(notes[-1].list)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("name,error", [("none-such.img", "ENOENT"), ("/lib/firmware/kernel-facts.img", "ENOENT"),
                                        ("../firmware/kernel-facts.img", "EINVAL"), ("", "EINVAL")])
def test_bad_file(board, image, listener, name, error):
    """A file that is not there, an absolute path and one with ".." are refused without any notification."""
    nic = board("mlx5ish")
    image("mlx5ish", "16.36.7")
    listener.notes()
    assert flash(nic, name).name == error
    assert not listener.notes() and not nic.board.count("flash")


def test_relative_path(board, image):
    """A name is looked up under /lib/firmware; a folder in it is fine."""
    nic = board("mlx5ish")
    name = image("mlx5ish", "16.36.7")
    (FIRMWARE / "facts").mkdir()
    (FIRMWARE / name).rename(FIRMWARE / "facts" / name)
    answer = flash(nic, f"facts/{name}")
    (FIRMWARE / "facts" / name).unlink()
    (FIRMWARE / "facts").rmdir()
    assert answer.name == "OK"


def test_unknown_component(board, image, listener):
    """A component that the driver does not name is refused without any notification."""
    nic = board("mlx5ish")
    name = image("mlx5ish", "16.36.7")
    listener.notes()
    assert flash(nic, name, (nl.COMPONENT, "none-such")).name == "EINVAL"
    assert not listener.notes()


def test_bad_image(board, image, listener):
    """An image that the driver refuses at once is notified as begun and ended."""
    nic = board("mlx5ish")
    name = image("spectrum1", "13.2010.3")
    listener.notes()
    assert flash(nic, name).name == "EINVAL"
    assert story(listener.notes(nic)) == "FLASH FLASH_END"


def test_flash_only_writes(board, image):
    """A flash changes no counter and no running version; where the driver tells what is stored, that is the new one.
    fw_activate runs it, driver_reinit does not; no_reset does, too."""
    nic = board("mlx5ish")
    assert not flash(nic, image("mlx5ish", "16.36.7")).error
    old, new = "16.35.2000", "16.36.0007"

    def versions():
        return nic.versions()["fw.version"], nic.versions(nl.VER_STORED)["fw.version"]
    assert versions() == (old, new) and set(nic.stats().values()) == {0}
    assert not nic.reload(nl.REINIT).error
    assert versions() == (old, new)
    assert not nic.reload(nl.ACTIVATE).error
    assert versions() == (new, new)
    assert not flash(nic, image("mlx5ish", "16.36.8")).error
    assert not nic.reload(nl.ACTIVATE, nl.NO_RESET).error
    assert versions() == ("16.36.0008", "16.36.0008")


def test_stored_may_be_invisible(board, image):
    """A driver that tells no stored version: nothing shows that another one waits. Any reload of it runs it."""
    switch = board("spectrum1")
    before = switch.good(nl.INFO_GET).replies[0].list
    assert not switch.versions(nl.VER_STORED)
    assert not flash(switch, image("spectrum1", "13.2010.2000")).error
    assert switch.good(nl.INFO_GET).replies[0].list == before
    assert not switch.reload(nl.REINIT).error
    assert switch.versions()["fw.version"] == "13.2010.2000"


def test_netdevsim(sim, listener):
    """50 steps of 100 ms each, before 7.1 500 of 10 ms."""
    (FIRMWARE / "kernel-facts.img").write_bytes(b"x")
    listener.notes()
    began = time.monotonic()
    assert not flash(sim, "kernel-facts.img").error
    took, notes = time.monotonic() - began, listener.notes(sim)
    (FIRMWARE / "kernel-facts.img").unlink()
    assert story(notes) == kernel({"6.1": "FLASH FLASH_STATUS*504 FLASH_END", "7.1": "FLASH FLASH_STATUS*54 FLASH_END"})
    assert took > 5
