# SPDX-License-Identifier: GPL-2.0-or-later
"""What ./demo shows is true, and README.md quotes it: the guest's part of the demo, as root in a guest.

Each block of README.md that is marked as ```console must stand in the demo's output, line by line; "..." there
stands for lines that are left out.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

LINE, LINES = os.environ.get("CARVED_LINE"), os.environ.get("CARVED_LINES", "").split()
pytestmark = [
    pytest.mark.skipif(os.uname().release.startswith("6.1."), reason="./demo shows it on this kernel"),
    pytest.mark.skipif(LINE == "trixie" and {"6.12", "trixie-backports"} <= set(LINES) and not os.environ.get("CARVED_EVERYTHING"),
                       reason="6.12 shows it on this kernel, trixie-backports with this Debian")]
TOP = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
# what is another one each time
CHANGES = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"),
    (r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", "TIME"),
    (r"carved\[\d+\]", "carved[PID]"),
    (r"\b\d+(min|s) ago", "N ago"),
    (r"\bconfig [0-9a-f]{8}\b", "config HASH"),
    (r"\b\d+\.\d+ (ms|s)\b", r"N \1"),
    (r"(?<=\S)  +", "  "),  # columns are as wide as that
]


def lines(text):
    for pattern, name in CHANGES:
        text = re.sub(pattern, name, text)
    return text.splitlines()


def clean_up():
    subprocess.run(["systemctl", "stop", "carved-dispatcher", "carved"], check=False)
    for bus, number in ("netdevsim", "10"), ("asicsim", "1"):
        if pathlib.Path(f"/sys/bus/{bus}/devices/{bus}{number}").exists():
            pathlib.Path(f"/sys/bus/{bus}/del_device").write_text(number)
    for folder in "/etc/carved", "/run/carved", "/var/lib/carved":
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def demo():
    done = subprocess.run(["bash", TOP / "tests/demo/steps"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    yield done
    clean_up()


def test_all_is_true(demo):
    print(demo.stdout)
    assert demo.returncode == 0


def missing(block, said):
    """The first part of the block that does not come in its turn; None if all does."""
    at = 0
    for part in "\n".join(lines(block)).split("\n...\n"):
        part = part.splitlines()
        found = (i for i in range(at, len(said)) if said[i:i + len(part)] == part)
        at = next(found, None)
        if at is None:
            return "\n".join(part)
        at += len(part)
    return None


def test_readme(demo):
    blocks = BLOCK.findall((TOP / "README.md").read_text(encoding="utf-8"))
    assert len(blocks) >= 5
    wrong = [part for part in (missing(block, lines(demo.stdout)) for block in blocks) if part]
    if wrong:
        print(demo.stdout)
    assert not wrong, "the demo does not say:\n" + "\n--\n".join(wrong)
