# SPDX-License-Identifier: GPL-2.0-or-later
"""The fake behaves as the kernel does, shown in two steps:

* test_kernel.py, in a guest: what a real device sends is what stands in golden/KERNEL/DEVICE.trace, and what it is
  made of is in DEVICE.facts. UPDATE_GOLDEN=1 writes both files instead of comparing.
* test_fake.py, on any machine: the fake with these facts sends the very same.

What is done to the devices is in script.py, what a line says and leaves out in traces.py. When the two differ the
kernel is right. By hand: `tests/vm/run -k 6.1 env UPDATE_GOLDEN=1 tests/vm/suites /tmp fake/conformance`.
"""
import difflib
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "asicsim"), str(HERE.parents[1] / "kernel-facts")]

import traces                                                # noqa: E402 # pylint: disable=wrong-import-position

GUEST = "ASICSIM_KO" in os.environ                           # said by tests/vm/suites
GOLDEN = HERE / "golden"
collect_ignore = ["test_fake.py"] if GUEST else ["test_kernel.py"]


@pytest.fixture
def same():
    """same(trace, expected): equal, or the first differences in full lines."""
    def compare(text, expected, source):
        if text == expected:
            return
        one, two = traces.unfold(expected), traces.unfold(text)
        difference = list(difflib.unified_diff(one, two, str(source), "here", lineterm="", n=4))
        pytest.fail("\n".join(difference[:60]), pytrace=False)
    return compare
