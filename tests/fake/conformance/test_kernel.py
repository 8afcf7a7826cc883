# SPDX-License-Identifier: GPL-2.0-or-later
"""In a guest: the golden files are true of the running kernel. With UPDATE_GOLDEN=1: they become so."""
import os
import subprocess

import pytest

import facts
import script
from beds import RealBed
from conftest import GOLDEN
from switches import KERNEL, kernel

OWN = GOLDEN / ".".join(str(n) for n in KERNEL)
# that of the newest kernel that is not newer
FOLDER = OWN if os.environ.get("UPDATE_GOLDEN") else kernel({folder.name: folder for folder in GOLDEN.iterdir()})


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """udev renames netdevs some time later, which 6.12 tells."""
    subprocess.run(["udevadm", "control", "--stop-exec-queue"], check=True)
    yield
    subprocess.run(["systemctl", "restart", "systemd-udevd"], check=True)


@pytest.mark.parametrize("model", script.KINDS)
def test_golden_is_true(model, same):
    subprocess.run(["modprobe", "netdevsim" if model == "netdevsim" else "asicsim"], check=True)
    bed = RealBed(model)
    try:
        found = facts.write(facts.read(bed))
        text = script.play(bed)
    finally:
        bed.close()
    files = FOLDER / f"{model}.facts", FOLDER / f"{model}.trace"
    if os.environ.get("UPDATE_GOLDEN"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        for file, content in zip(files, (found, text)):
            file.write_text(content)
    assert found == files[0].read_text()
    same(text, files[1].read_text(), files[1])
