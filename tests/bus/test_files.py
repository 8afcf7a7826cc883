# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of files that can be read once, and of problems that were mended."""
import os
import signal
import threading

import dbus
import pytest

from conftest import SPECTRUM, wait
from test_dbus import leaf

TRAP = "source_mac_is_multicast"


def fill(path, text):
    with open(path, "w", encoding="utf-8") as pipe:
        pipe.write(text)


def test_a_pipe(bed, carved):
    """It reads as empty the second time; that is no config."""
    carved.config(leaf(f"traps: {{{TRAP}: trap}}"))
    pipe = bed.folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=fill, args=(pipe, bed.file.read_text()))
    writer.start()
    carved.start("-c", str(pipe))
    writer.join()
    carved.at_rest()
    for reload in (lambda: carved.process.send_signal(signal.SIGHUP),
                   lambda: pytest.raises(dbus.DBusException, carved.call, "Reload", {})):
        before = carved.log.read_text().count("can be read only once")
        reload()
        wait(lambda: carved.log.read_text().count("can be read only once") > before, "the refusal to be told")
    assert carved.state(SPECTRUM) == "converged"
    assert carved.get("Generation") == 1
    assert bed.kernel.device(SPECTRUM)["traps"][TRAP]["action"] == "trap"
    assert bed.ctl("reload").returncode == 1


def test_a_pipe_without_a_writer(bed, carved):
    """The start does not hang."""
    pipe = bed.folder / "pipe"
    os.mkfifo(pipe)
    carved.start("-c", str(pipe))
    process, carved.process = carved.process, None
    assert process.wait(30) == 78
    assert "pipe" in carved.log.read_text()


def test_a_mended_file(bed, carved):
    """What is on disk has no problem any more, and none is shown."""
    carved.run(leaf(f"traps: {{{TRAP}: trap}}"))
    good = bed.file.read_text()
    bed.file.write_text(good.replace("traps", "trops"))
    assert bed.ctl("reload").returncode == 1
    assert "trops" in bed.ctl("status").stdout
    bed.file.write_text(good)
    said = bed.ctl("status")
    assert (said.returncode, "trops" in said.stdout, list(carved.get("Diagnostics"))) == (0, False, [])
