# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever has carved's name on the bus may say anything: nothing of it that a terminal obeys is printed by carvectl."""
import json
import os
import pty
import re
import subprocess

import pytest

from conftest import BUILD, DEADLINE

COMMANDS = [["status"], ["status", "leaf"], ["status", "--json"], ["status", "leaf", "--json"], ["plan"], ["plan", "--json"], ["plan", "--candidate"], ["plan", "leaf"], ["reload"],
            ["reload", "--json"], ["reload", "--no-wait"], ["apply"], ["apply", "leaf"], ["apply", "--json"],
            ["apply", "leaf", "--allow-reload"], ["retry", "leaf"], ["retry", "leaf", "--json"], ["capture", "leaf"],
            ["capture", "leaf", "--json"], ["capture", "leaf", "--facts"], ["history"], ["history", "leaf"],
            ["history", "--json"], ["metrics"], ["resources"], ["resources", "leaf"], ["explain", "leaf"]]
ERRORS = [*("org.carved1.Error." + e for e in ("NoSuchDevice", "InvalidConfig", "Refused", "ReloadNotAllowed", "Busy")),
          *("org.freedesktop.DBus.Error." + e for e in ("AccessDenied", "UnknownMethod", "Failed", "InvalidArgs"))]
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def check(said, own=""):
    """@own: what carvectl itself sends to a terminal."""
    text = re.sub(own, "", said) if own else said
    assert not OBEYED.search(text), text.encode()
    assert "�" not in text


def ask_all(bed, commands):
    """With a name that is known, and one that is not."""
    known = next(line for line in bed.ctl("status").stdout.splitlines() if "pci/" in line).split()[0]
    for command in commands:
        for name in [known, "leaf"] if "leaf" in command else ["leaf"]:
            done = bed.ctl(*(name if word == "leaf" else word for word in command))
            check(done.stdout)
            check(done.stderr)
            if "--json" in command and done.stdout and "capture" not in command:
                assert json.loads(done.stdout)


def test_nothing_is_obeyed(bed):
    bed.helper("liar.py")
    ask_all(bed, COMMANDS)


@pytest.mark.parametrize("error", ERRORS)
def test_no_error_is_obeyed(bed, error):
    bed.helper("liar.py", error)
    ask_all(bed, [["plan", "--candidate"], ["reload"], ["apply", "leaf"], ["capture", "leaf"]])


def test_nothing_is_obeyed_on_a_terminal(bed):
    """Colours and the line that shows progress are carvectl's own."""
    bed.helper("liar.py")
    for command in COMMANDS:
        master, slave = pty.openpty()
        process = subprocess.Popen([BUILD / "carvectl", *command], env=bed.environment, stdout=slave, stderr=slave)
        os.close(slave)
        said = b""
        try:
            while data := os.read(master, 65536):
                said += data
        except OSError:  # its end
            pass
        process.wait(DEADLINE)
        os.close(master)
        check(said.decode(), "\r\n|\x1b\\[[0-9;]*m|\r|\x1b\\[K")
        assert b"\x1b[5m" not in said


def test_nothing_is_obeyed_by_monitor(bed):
    bed.helper("liar.py")
    for options in [], ["--json"]:
        with subprocess.Popen([BUILD / "carvectl", "monitor", *options], env=bed.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as process:
            lines = [process.stdout.readline() for _ in range(8)]
            process.terminate()
        check("".join(lines))
        assert any("TITLE" in line for line in lines)
