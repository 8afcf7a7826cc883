# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers of another uid may take. Needs root, to be somebody else."""
import os

import pytest

from conftest import NAME, OBJECTS, ROOT, SPECTRUM, entry, wait
from flood import Flood
from test_dbus import LEAF

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
NOBODY = 65534
ALL_OBJECTS = (NAME, ROOT, OBJECTS, "GetManagedObjects", ())


@pytest.fixture
def leaf(carved):
    carved.run(entry("leaf", "traps: {source_mac_is_multicast: trap}", LEAF))


def action(bed):
    return bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"]


def test_a_flood_of_calls_is_not_in_the_kernels_way(bed, carved, leaf):
    """400 calls are outstanding at any time: what a reload has reset is set right before 800 are answered."""
    with Flood(bed.bus.address, NOBODY, 4, 100, ALL_OBJECTS) as flood:
        wait(lambda: flood.answers > 20, "the flood to begin")
        before = flood.served
        bed.kernel.ask(f"reload {SPECTRUM} driver_reinit")
        assert action(bed) == "drop"
        wait(lambda: action(bed) == "trap" or flood.served > before + 800, "the trap to be set again")
        assert action(bed) == "trap"
