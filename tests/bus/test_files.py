# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of files that can be read once, and of problems that were mended."""
import os
import pathlib
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


def test_a_file_that_was_changed_again(bed, carved):
    """What was wrong with the files is of no interest when they have changed; what is wrong with them now is."""
    carved.run(leaf(f"traps: {{{TRAP}: trap}}"))
    good = bed.file.read_text()
    bed.file.write_text(good.replace("traps", "trops"))
    assert bed.ctl("reload").returncode == 1
    bed.file.write_text(good.replace("trap}", "drop}"))
    assert list(carved.get("Diagnostics")) == []
    bed.file.write_text(good.replace("traps", "treps"))
    assert bed.ctl("reload").returncode == 1
    bed.file.write_text(good.replace("traps", "trips"))
    told = lambda: [str(line) for line in carved.get("Diagnostics")]
    assert "treps" not in str(told())
    wait(lambda: "trips" in str(told()), "the problem of now to be told")


def processor(pid):
    """Seconds of processor time of the first thread, and of the process."""
    times = lambda folder: map(int, (folder / "stat").read_text().rsplit(") ", 1)[1].split()[11:13])
    time_of = lambda folder: sum(times(folder)) / os.sysconf("SC_CLK_TCK")
    process = pathlib.Path(f"/proc/{pid}")
    return time_of(process / f"task/{pid}"), time_of(process)


def test_no_caller_keeps_the_loop_at_reading_configs(bed, carved):
    """Large files are read for callers by another thread: candidates, kept ones, and whether they have changed."""
    lines = [f"  e{i}: {{match: {{driver: nosuch{i}}}, traps: {{{TRAP}: drop, tail_drop: drop}}}}\n" for i in range(1500)]
    carved.run(leaf(f"traps: {{{TRAP}: trap}}"), *lines)
    for i in range(2):
        carved.config(leaf(f"traps: {{{TRAP}: trap}}"), *lines, f"  f{i}: {{match: {{driver: none}}, traps: {{{TRAP}: drop}}}}\n")
        carved.call("Reload", {})
    carved.at_rest()
    kept = [str(config[0]) for config in carved.call("ListConfigs")][1:]
    carved.call("Plan", "leaf", {"candidate": True})
    loop, process = processor(carved.process.pid)
    for i in range(12):
        carved.config(leaf(f"traps: {{{TRAP}: trap}}"), *lines, f"  g{i}: {{match: {{driver: none}}, traps: {{{TRAP}: drop}}}}\n")
        assert carved.get("ConfigOutOfSync")
        carved.call("Plan", "leaf", {"candidate": True})
        assert carved.call("ReadConfig", kept[i % 2])
    loop, process = processor(carved.process.pid)[0] - loop, processor(carved.process.pid)[1] - process
    assert process > 0.5 and loop < process / 3, (loop, process)
