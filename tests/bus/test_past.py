# SPDX-License-Identifier: GPL-2.0-or-later
"""carvectl history out of the journal: of earlier runs and boots, without carved. The journals are made here."""
import glob
import json
import os
import shutil
import subprocess

import pytest

from conftest import BUILD, NETDEVSIM, NOBODY, SPECTRUM

REMOTE = shutil.which("systemd-journal-remote", path="/lib/systemd:/usr/lib/systemd")
NOON = 1795348800  # 2026-11-22 12:00 UTC
STATE, REFUSED = "decc6174fd5a4d69a6552c9334d74138", "9665c4cec1dd4d82b497dfd02ee0b733"


def entry(seconds, boot, message, unit="carved.service", **fields):
    fields = {"__REALTIME_TIMESTAMP": (NOON + seconds) * 1000000, "__MONOTONIC_TIMESTAMP": 1000000 + seconds,
              "_BOOT_ID": boot * 32, "_SYSTEMD_UNIT": unit, "MESSAGE": message, **fields}
    return "".join(f"{name}={value}\n" for name, value in fields.items()) + "\n"


@pytest.fixture
def journal(tmp_path):
    if not REMOTE:
        pytest.skip("there is no systemd-journal-remote")
    text = (entry(0, "1", f"{SPECTRUM}: reading -> converged", MESSAGE_ID=STATE, CARVED_DEVICE=SPECTRUM,
                  CARVED_TRIGGER="start", CARVED_STATE="converged")
            + entry(10, "1", f"{SPECTRUM}: forged", "other.service", MESSAGE_ID=STATE, CARVED_DEVICE=SPECTRUM)
            + entry(20, "1", f"{SPECTRUM}: for debugging", CARVED_DEVICE=SPECTRUM)
            + entry(30, "1", "the config is accepted", MESSAGE_ID=STATE)
            + entry(7200, "2", f"{SPECTRUM}: trap x: drop was refused\x1b[1m", MESSAGE_ID=REFUSED,
                    CARVED_DEVICE=SPECTRUM, CARVED_TRIGGER="audit")
            + entry(7300, "2", f"{NETDEVSIM}: reading -> converged", MESSAGE_ID=STATE, CARVED_DEVICE=NETDEVSIM))
    folder = tmp_path / "journal"
    folder.mkdir()
    subprocess.run([REMOTE, "-o", folder / "x.journal", "-"], input=text, text=True, check=True, capture_output=True)
    return folder


def history(*words, prefix=()):
    done = subprocess.run([*prefix, BUILD / "carvectl", "history", *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "TZ": "UTC", "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"})
    return done.returncode, done.stdout, done.stderr


def details(*words):
    status, out, _ = history("--json", *words)
    assert status == 0
    return [(r["handle"], r["trigger"], r["result"], r["detail"]) for r in json.loads(out)["records"]]


def test_all_of_it(journal):
    """What carved's unit has said of devices, with an id; nothing a terminal would obey."""
    assert details(f"--journal={journal}") == [
        (SPECTRUM, "start", "converged", "reading -> converged"),
        (SPECTRUM, "audit", "", "trap x: drop was refused?[1m"), (NETDEVSIM, "", "", "reading -> converged")]
    assert "2026-11-22 12:00:00  pci/0000:03:00.0 " in history(f"--journal={journal}")[1]


@pytest.mark.parametrize("words,count", [
    (["--boot=0"], 2), (["--boot=-1"], 1), (["--boot", "1" * 32], 1), (["--since", "2026-11-22 13:00"], 2),
    (["--since", "2026-11-22"], 3), (["--since=2026-11-22 14:00:01"], 1), ([SPECTRUM], 2),
    ([SPECTRUM, "--boot=0"], 1), (["pci/0000:99:00.0"], 0)])
def test_some_of_it(journal, words, count):
    assert len(details(f"--journal={journal}", *words)) == count


def test_what_is_not_there(journal):
    status, out, err = history(f"--journal={journal}", "--boot=-2")
    assert (status, out) == (1, "") and "the journal has no boot -2" in err
    status, out, err = history("--since=yesterday")
    assert (status, out) == (64, "") and "--since=yesterday is not a time" in err
    status, out, err = history("--journal=/nowhere")
    assert (status, out) == (1, "") and "cannot read the journal: No such file or directory" in err


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else, and have a journal")
def test_who_may_not_read_it():
    """It is said that something may be missing."""
    folder = "/run/log/journal/" + "f" * 32
    os.makedirs(folder)
    try:
        with open(f"{folder}/system.journal", "wb"):
            os.chmod(f"{folder}/system.journal", 0o640)
        status, _, err = history("--since=1h", prefix=NOBODY)
        assert status == 0 and "the journal is for root and the groups adm and systemd-journal" in err
        assert "not all can be seen" not in history("--since=1h")[2]
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(any(glob.glob(f"/{top}/log/journal/*/*.journal") for top in ("var", "run")), reason="there is one")
def test_no_journal_at_all():
    status, out, err = history("--since=1h")
    assert (status, out) == (0, "The journal tells of nothing.\n") and "there is no journal here" in err
