# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the kernel looks for a firmware image, and which of several it takes: the order of daemon/kernel/image.c."""
import lzma
import os
import pathlib
import struct

import pytest

import rawlink as nl
from switches import AsicSim, kernel

RELEASE = os.uname().release
CUSTOM = pathlib.Path("/srv/firmware")
NAME = "carved-facts/search.img"
DIRECTORIES = [CUSTOM, pathlib.Path("/lib/firmware/updates", RELEASE), pathlib.Path("/lib/firmware/updates"),
               pathlib.Path("/lib/firmware", RELEASE), pathlib.Path("/lib/firmware")]
PARAMETER = pathlib.Path("/sys/module/firmware_class/parameters/path")


def zstd(data):
    """One frame of one block that is not compressed."""
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


def xz(data):
    return lzma.compress(data, check=lzma.CHECK_CRC32)


PACKINGS = {"": bytes, ".zst": zstd, ".xz": xz}


@pytest.fixture
def nic(asicsim, plug):
    board = plug(AsicSim, "mlx5ish")
    old = PARAMETER.read_text(encoding="ascii").strip("\n")
    yield board
    PARAMETER.write_text(old or "\0", encoding="ascii")
    board.remove()
    for directory in DIRECTORIES:
        for file in (directory / NAME).parent.glob("*"):
            file.unlink()


def image(number):
    return f"asicsim-fw mlx5ish 16.36.{number}\n".encode()


def put(directory, packing, data):
    file = directory / (NAME + packing)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def flash(nic):
    """The number of the image that was flashed, or the error."""
    answer = nic.ask(nl.FLASH, (nl.FILE, NAME))
    if answer.error:
        return answer.name
    return int(nic.versions(nl.VER_STORED)["fw.version"].split(".")[2])


def test_search(nic):
    """The name as it is in all directories, then .zst in all, then .xz in all; not each directory in turn."""
    PARAMETER.write_text(str(CUSTOM), encoding="ascii")
    places = [(directory, packing) for packing in PACKINGS for directory in DIRECTORIES]
    files = [put(directory, packing, PACKINGS[packing](image(number)))
             for number, (directory, packing) in enumerate(places)]
    taken = []
    for file in files:
        taken.append(flash(nic))
        file.unlink()
    unpacked = kernel({"6.1": ["", ".xz"], "6.12": ["", ".zst", ".xz"]})
    seen = [number for number, (_, packing) in enumerate(places) if packing in unpacked]
    # what this kernel cannot unpack is passed over
    assert taken == [min(n for n in seen if n >= i) for i in range(len(places))]
    assert flash(nic) == "ENOENT"


def test_only_zstd(nic):
    """A kernel that cannot unpack .zst does not see it."""
    put(DIRECTORIES[-1], ".zst", zstd(image(5)))
    assert flash(nic) == kernel({"6.1": "ENOENT", "6.12": 5})


def test_newline_in_parameter(nic):
    """`echo` leaves a newline in the parameter, which 6.1 takes for a part of the name."""
    put(CUSTOM, "", image(1))
    put(DIRECTORIES[-1], "", image(2))
    PARAMETER.write_text(f"{CUSTOM}\n", encoding="ascii")
    assert PARAMETER.read_text(encoding="ascii") == f"{CUSTOM}\n\n"
    assert flash(nic) == kernel({"6.1": 2, "6.12": 1})


def test_behind_the_end(nic):
    """What follows an .xz stream is ignored."""
    put(DIRECTORIES[-1], ".xz", xz(image(3)) + b"x" * 100)
    assert flash(nic) == 3
