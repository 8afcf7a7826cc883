# SPDX-License-Identifier: GPL-2.0-or-later
"""carved as a process: how it ends."""
from conftest import DEADLINE, SPECTRUM, wait
from test_dbus import leaf


def test_once_is_interrupted(bed, carved):
    """Its exit code says what was reached, not that it was told to end."""
    carved.config(leaf("traps: {source_mac_is_multicast: trap}"))
    bed.kernel.ask(f"rule {SPECTRUM} * * hold")
    carved.start("--once", "--bus=none")
    wait(lambda: "unmanaged" in carved.log.read_text(), "the other device to be read")
    process, carved.process = carved.process, None
    process.terminate()
    assert process.wait(DEADLINE) == 3
    bed.kernel.ask("release")
