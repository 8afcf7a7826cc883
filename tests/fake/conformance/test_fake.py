# SPDX-License-Identifier: GPL-2.0-or-later
"""On any machine: the fake, with the facts of a device, does what the device did."""
import os
import pathlib

import pytest

import script
from beds import FakeBed
from conftest import GOLDEN, HERE

PROGRAM = pathlib.Path(os.environ.get("FAKE_KERNEL", HERE.parents[2] / "build/asan/fake-kernel"))


@pytest.mark.parametrize("trace", sorted(GOLDEN.glob("*/*.trace")), ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_as_the_kernel(trace, same, tmp_path):
    bed = FakeBed(trace.stem, trace.with_suffix(".facts"), trace.parent.name, PROGRAM, tmp_path)
    try:
        text = script.play(bed)
    finally:
        bed.close()
    same(text, trace.read_text(), trace)
