# SPDX-License-Identifier: GPL-2.0-or-later
"""carved --once as root, with directories that somebody else had in hand. Needs root. No bus is used."""
import fcntl
import json
import os
import pathlib
import subprocess

import pytest

from conftest import BUILD, DEADLINE, SPECTRUM, entry
from test_dbus import LEAF

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
SERVICE, NOBODY = 4242, 65534
FILE = "devices/pci!0000:03:00.0.json"
SECRET = "a secret of root\n"


class Once:
    """carved --once, on a system whose user `carved` is SERVICE."""

    def __init__(self, bed):
        self.bed = bed
        self.state, self.runtime = bed.folder / "state", bed.folder / "runtime"
        self.secret = bed.folder / "secret"
        self.secret.write_text(SECRET)
        self.secret.chmod(0o600)
        self.passwd = bed.folder / "passwd"
        self.passwd.write_text(f"root:x:0:0::/:/bin/sh\ncarved:x:{SERVICE}:{SERVICE}::/:/bin/false\n")
        bed.kernel.path.chmod(0o666)
        bed.file.write_text("version: 1\ndevices:\n" + entry("leaf", "traps: {source_mac_is_multicast: trap}", LEAF))

    def __call__(self):
        command = [BUILD / "carved", "--once", "--bus=none", f"--kernel=unix:{self.bed.kernel.path}",
                   f"--config-root={self.bed.root}", f"--state-dir={self.state}", f"--runtime-dir={self.runtime}"]
        return subprocess.run(["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/passwd && exec "$@"', self.passwd,
                               *command], env={**self.bed.environment, "ASAN_OPTIONS": "detect_leaks=0"},
                              capture_output=True, text=True, timeout=DEADLINE, check=False)

    def give(self, uid):
        """All that is there is somebody else's."""
        for folder in filter(pathlib.Path.exists, (self.state, self.runtime)):
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, uid, uid, follow_symlinks=False)

    def action(self):
        return self.bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"]

    def writes(self):
        return [r for r in self.bed.kernel.ask("requests") if r["command"].endswith("_SET")]


@pytest.fixture
def once(bed):
    return Once(bed)


def test_becomes_the_services_user(once):
    once.give(SERVICE)
    done = once()
    assert done.returncode == 0, done
    assert once.action() == "trap"
    files = [path for folder in (once.state, once.runtime) for path in folder.rglob("*")]
    assert (once.state / FILE) in files and (once.runtime / "lock") in files
    assert {(path.stat().st_uid, path.stat().st_gid) for path in files} == {(SERVICE, SERVICE)}


@pytest.mark.parametrize("which", ["state", "runtime"])
def test_directory_of_another_user(once, which):
    folder = getattr(once, which)
    os.chown(folder, NOBODY, NOBODY)
    done = once()
    assert done.returncode == 77 and f"{folder} belongs to uid {NOBODY}" in done.stderr, done
    assert not list(folder.iterdir()) and not once.writes()


@pytest.mark.parametrize("owner", [0, SERVICE])
def test_links_are_not_followed(once, owner):
    """What is to be written is a link to a file of root's, or in a directory that is a link."""
    for folder in once.state, once.runtime:
        (folder / "devices").mkdir()
        (folder / (FILE + ".new")).symlink_to(once.secret)
    (once.state / "accepted.json.new").symlink_to(once.secret)
    elsewhere = once.bed.folder / "elsewhere"
    elsewhere.mkdir()
    (once.state / "configs").symlink_to(elsewhere)
    once.give(owner)
    done = once()
    assert done.returncode == 0 and once.action() == "trap", done
    assert once.secret.read_text() == SECRET
    assert not list(elsewhere.iterdir())
    assert json.loads((once.state / FILE).read_text())["handle"] == SPECTRUM


def test_names_of_a_kept_config(once):
    """A device's file names a config which says that it came from elsewhere."""
    assert once().returncode == 0
    name = "00000000deadbeef"
    memory = json.loads((once.state / FILE).read_text())
    (once.state / FILE).write_text(json.dumps({**memory, "accepted": name}))
    target = once.bed.folder / "planted/file"
    files = {f"/../../../../../../../..{target}": "planted\n", "/etc/carved/carved.yaml": "version: 1\n"}
    (once.state / f"configs/{name}.json").write_text(json.dumps({"version": 1, "hash": name, "files": files}))
    done = once()
    assert not target.exists() and not target.parent.exists()
    assert done.returncode == 0 and once.action() == "trap", done
    assert (once.state / f"configs/{name}.json.damaged").exists()


@pytest.mark.parametrize("folder", ["state", "runtime"])
@pytest.mark.parametrize("kind", ["directory", "link"])
def test_memory_that_cannot_be_read(once, folder, kind):
    """It is not taken for none: nothing is written to the device, and nothing over what is remembered."""
    path = getattr(once, folder) / FILE
    path.parent.mkdir()
    if kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(once.secret)
    done = once()
    assert done.returncode == 3 and not once.writes(), done
    assert "what carved remembers of the device cannot be read" in done.stderr
    assert path.is_symlink() if kind == "link" else path.is_dir()
    assert once.secret.read_text() == SECRET


@pytest.mark.parametrize("kind", ["directory", "link"])
def test_lock_that_cannot_be_had(once, kind):
    lock = once.runtime / "lock"
    if kind == "directory":
        lock.mkdir()
    else:
        lock.symlink_to(once.secret)
    done = once()
    assert done.returncode == 3 and "/lock: " in done.stderr, done
    assert not once.writes() and not (once.state / "accepted.json").exists()


def by_the_version_before(once):
    """It has kept its files in what is root's directory now."""
    assert once().returncode == 0
    once.give(SERVICE)
    os.chown(once.runtime, 0, 0)
    former, once.runtime = once.runtime, once.runtime / "private"
    return former


def test_takes_over_what_the_version_before_kept(once):
    """With it, it knows what the trap was before. Later, its own files are the newer ones."""
    before = once.action()
    former = by_the_version_before(once)
    once.bed.file.write_text("version: 1\n")
    kept = json.loads((former / FILE).read_text())
    other = "devices/auxiliary!sf.1.json"
    (former / other).write_text("{}")
    done = once()
    assert done.returncode == 0 and once.action() == before != "trap", done
    assert (former.stat().st_uid, once.runtime.stat().st_uid) == (0, SERVICE)
    assert json.loads((former / FILE).read_text()) == kept
    (once.runtime / other).unlink()
    assert once().returncode == 0
    assert not (once.runtime / other).exists()


def test_waits_for_the_version_before(once):
    """Its last request may still be the kernel's."""
    former = by_the_version_before(once)
    writes = len(once.writes())
    with (former / "lock").open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = once()
        assert done.returncode == 75 and f"{once.runtime}/lock" in done.stderr, done
    assert len(once.writes()) == writes
    assert once().returncode == 0


def test_directories_are_made_as_the_unit_would(once):
    once.runtime = once.bed.folder / "run/private"
    once.give(SERVICE)
    assert once().returncode == 0
    assert [path.stat().st_uid for path in (once.runtime.parent, once.runtime, once.runtime / "lock")] == [0, SERVICE, SERVICE]


def test_devices_that_nothing_is_remembered_of(once):
    """A device that no entry matches has no file; of very many that are gone the files go."""
    for folder in once.state, once.runtime:
        (folder / "devices").mkdir()
        for i in range(600):
            path = folder / f"devices/auxiliary!sf.{i}.json"
            path.write_text("{}")
            os.utime(path, (i, i))
    assert once().returncode == 0
    for folder in once.state, once.runtime:
        names = {path.name for path in (folder / "devices").iterdir()}
        assert names == {f"auxiliary!sf.{i}.json" for i in range(600 - 256, 600)} | {"pci!0000:03:00.0.json"}
