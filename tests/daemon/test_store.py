# SPDX-License-Identifier: GPL-2.0-or-later
"""What carved remembers on disk is damaged, of another version, or cannot be written: it is said, and it goes on."""
import json
import os
import shutil
import subprocess
import threading

import pytest

from carved import config, entry, wait
from switch import output

BROKEN = "devices: 7\n"
DAMAGE = {"cut": lambda text: text[:len(text) // 2], "empty": lambda text: "", "binary": lambda text: "\0\1\2",
          "newer": lambda text: json.dumps({**json.loads(text), "version": 99}),
          "nonsense": lambda text: '{"version": 1, "flash": 7, "in_force": []}'}


def memories(carved):
    """The two files of the one device."""
    return [file for where in ("state", "runtime") for file in (carved.folder / where / "devices").iterdir()
            if file.suffix == ".json"]


@pytest.mark.only("fake", "files are read the same way everywhere")
def test_damaged(switch, carved, capture):
    """It is set aside and costs nothing: the device tells most of it."""
    w = switch.words
    for how, damage in DAMAGE.items():
        carved.run(entry(switch, **w.wanted))
        carved.stop()
        files = memories(carved)
        assert len(files) == 2
        for file in files:
            file.write_text(damage(file.read_text()))
            file.with_suffix(".json.damaged").unlink(missing_ok=True)
        capture.clear()
        before = len(carved.text())
        carved.start()
        assert carved.state(switch) == "converged", how
        assert capture.writes() == [], how
        carved.stop()  # when all is on disk
        for file in files:
            assert f"{file}: not understood, set aside" in carved.text()[before:], how
            assert file.with_suffix(".json.damaged").exists(), how
            json.loads(file.read_text())
    switch.check(w.wanted_changes)


@pytest.mark.only("fake", "files are written the same way everywhere")
def test_managed_later(switch, carved):
    """Of a device without an entry nothing is kept. With one all is, also where nothing had to be set for it."""
    trap = switch.words.trap
    carved.run()
    wait(lambda: carved.state(switch) == "unmanaged", "the device to be read")
    carved.reload(entry(switch, on_removal="keep", traps={trap: switch.trap(trap)}))
    carved.settled(switch)
    carved.stop()
    running, = (json.loads(file.read_text()) for file in memories(carved) if file.parent.parent.name == "runtime")
    assert running["settled"] and running["counters"]


@pytest.mark.only("fake", "files are read the same way everywhere")
def test_accepted_config_is_damaged(switch, carved):
    """With broken files, it is as if none had been kept."""
    carved.run(entry(switch, traps={switch.words.trap: "trap"}))
    carved.stop()
    (carved.folder / "state/accepted.json").write_text("{")
    carved.file.write_text(BROKEN)
    carved.start_no_wait()
    assert carved.wait_end() == 78


@pytest.mark.only("fake", "files are read the same way everywhere")
def test_kept_config_is_read_twice(switch, carved):
    """The second time without the drop-in that it had the first time."""
    w = switch.words
    traps = entry(switch, traps={w.trap: "trap"})
    dropin = carved.file.parent / "carved.d/50-more.yaml"
    dropin.parent.mkdir()
    dropin.write_text("devices:\n" + entry(switch, traps={w.trap2: "trap"}))
    for _ in range(2):
        carved.run(traps)
        carved.stop()
        carved.file.write_text(BROKEN)
        switch.reload()
        carved.start()
        carved.stop()
        switch.check({("trap", w.trap): "trap", **({("trap", w.trap2): "trap"} if dropin.exists() else {})})
        dropin.unlink(missing_ok=True)


def folders(carved):
    """For another carved that shares them."""
    return [f"--{where}-dir={carved.folder / where}" for where in ("state", "runtime")]


@pytest.mark.only("fake", "files are written the same way everywhere")
def test_kept_config_is_the_daemons(switch, carved, once):
    """carved --once that finds it running keeps nothing."""
    trap = switch.words.trap
    carved.run(entry(switch, traps={trap: "trap"}))
    assert once.run("--once", *folders(carved), text=config())[0] == 75
    carved.stop()
    carved.file.write_text(BROKEN)
    switch.reload()
    carved.start()
    assert switch.trap(trap) == "trap"


@pytest.mark.only("fake", "files are written the same way everywhere")
def test_kept_config_was_read_alone(switch, carved, once):
    """With -c, from a pipe. With broken files it is what it was, and not the drop-ins and no main file."""
    trap = switch.words.trap
    pipe = once.folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=[config(entry(switch, traps={trap: "trap"}))])
    writer.start()
    assert once.run("--once", "-c", pipe, *folders(carved))[0] == 0
    writer.join()
    carved.file.write_text(BROKEN)
    switch.reload()
    carved.start()
    assert switch.trap(trap) == "trap"


@pytest.mark.only("fake", "files are read the same way everywhere")
@pytest.mark.parametrize("damage", [*DAMAGE.values(), lambda text: text.replace("tail_", "ta1l_"),
                                    lambda text: text.replace("devices:", "device:")],
                         ids=[*DAMAGE, "changed", "bad config"])
def test_older_config_is_damaged(switch, carved, capture, damage):
    """It is set aside, and nothing is in force for the device that lived by it."""
    trap = switch.words.trap
    carved.run(entry(switch, traps={trap: "trap"}) + "# tail_drop\n")
    file, = (carved.folder / "state/configs").iterdir()
    carved.reload(entry(switch, traps={trap + "s": "trap"}))
    carved.wait_state(switch, "refused")
    carved.crash()
    switch.reload()
    file.write_text(damage(file.read_text()))
    capture.clear()
    carved.start()
    assert carved.state(switch) == "refused"
    assert f"{file}: not understood, set aside as {file}.damaged" in carved.text()
    assert file.with_suffix(".json.damaged").exists() and not file.exists()
    assert capture.writes() == []
    carved.reload(entry(switch, traps={trap: "trap"}))
    carved.settled(switch)
    assert switch.trap(trap) == "trap"


def fnv1a(files):
    """What earlier versions called a config by."""
    total = 0xcbf29ce484222325
    for byte in "".join(f"{name}\0{text}\0" for name, text in files.items()).encode():
        total = (total ^ byte) * 0x100000001b3 % 2 ** 64
    return f"{total:016x}"


@pytest.mark.only("fake", "files are read the same way everywhere")
@pytest.mark.parametrize("said", [False, True])
def test_kept_by_the_version_before(switch, carved, said):
    """It did not say which config it is, or by another sum: with broken files, and for a device that refuses the next one."""
    trap = switch.words.trap
    carved.run(entry(switch, traps={trap: "trap"}))
    carved.stop()
    kept = carved.folder / "state/accepted.json"
    older, = (carved.folder / "state/configs").iterdir()
    before = fnv1a(json.loads(kept.read_text())["files"])
    for file in kept, older:
        what = json.loads(file.read_text())
        what["hash"] = before
        if not said:
            del what["hash"]
        file.write_text(json.dumps(what))
    older.rename(older.with_name(f"{before}.json"))
    device, = (carved.folder / "state/devices").iterdir()
    device.write_text(json.dumps(json.loads(device.read_text()) | {"accepted": before}))
    carved.file.write_text(BROKEN)
    switch.reload()
    carved.start()
    assert switch.trap(trap) == "trap"
    carved.reload(entry(switch, traps={trap + "s": "trap"}))
    carved.wait_state(switch, "refused")
    carved.crash()
    switch.reload()
    carved.start()
    assert carved.state(switch) == "refused"
    assert switch.trap(trap) == "trap"


@pytest.mark.only("fake", "files are written the same way everywhere")
def test_no_folder(switch, carved):
    """A file is in its place. It converges all the same, and says so."""
    where = "state"
    shutil.rmtree(carved.folder / where)
    (carved.folder / where).write_text("")
    carved.run(entry(switch, **switch.words.wanted))
    carved.settled(switch)
    switch.check(switch.words.wanted_changes)
    assert f"{carved.folder / where}" in carved.text()
    assert "cannot be saved" in carved.text()


@pytest.mark.only("fake", "files are written the same way everywhere")
def test_no_lock(switch, carved, capture):
    """Whoever cannot be sure to be alone writes nothing, and says so."""
    shutil.rmtree(carved.folder / "runtime")
    (carved.folder / "runtime").write_text("")
    carved.config(entry(switch, **switch.words.wanted))
    carved.start_no_wait()
    wait(lambda: "/lock: Not a directory" in carved.text(), "carved to say so")
    assert capture.writes() == [] and not list((carved.folder / "state").rglob("*.json"))
    carved.stop()


@pytest.mark.only("fake", "files are written the same way everywhere")
def test_folders_are_made(switch, carved):
    """What is remembered is nobody else's, also where no unit has made the folder."""
    for where in "state", "runtime":
        shutil.rmtree(carved.folder / where)
    carved.run(entry(switch, **switch.words.wanted))
    carved.settled(switch)
    assert (carved.folder / "state").stat().st_mode & 0o777 == 0o700
    assert (carved.folder / "state/accepted.json").exists() and (carved.folder / "runtime/lock").exists()


@pytest.mark.only("fake", "files are written the same way everywhere")
def test_folders_are_removed(switch, carved):
    """While carved runs; with what it does next they are there again."""
    w = switch.words
    carved.run(entry(switch, **w.wanted))
    carved.settled(switch)
    made = [carved.folder / name for name in ("state/devices", "state/configs", "runtime/devices")]
    for folder in made:
        shutil.rmtree(folder)
    carved.reload(entry(switch, on_removal="keep"))
    carved.settled(switch)
    carved.stop()
    assert all(list(folder.iterdir()) for folder in made)
    assert "saved" not in carved.text() and "not kept" not in carved.text()


@pytest.mark.anywhere("what a mount is like does not depend on the switch")
@pytest.mark.parametrize("where, options", [("state", "size=4k,nr_inodes=3"), ("state", "ro"), ("runtime", "size=4k")])
def test_mount(switch, carved, capture, where, options):
    """Full, or read-only. What takes a reload is carried out once, not at every read."""
    folder = carved.folder / where
    output("mount", "-t", "tmpfs", "-o", f"{options},mode=777", "none", str(folder))
    try:
        if options != "ro":
            (folder / "full").write_bytes(b"x" * 4096)
        carved.run(entry(switch, **switch.words.wanted), audit="1s")
        carved.settled(switch)
        assert carved.text().count("cannot be saved") >= 1
        switch.set_trap(switch.words.trap, "drop")
        wait(lambda: switch.trap(switch.words.trap) == "trap", "an audit")
        switch.check(switch.words.wanted_changes)
        assert len(capture.writes(kind="reload")) == 1
        assert carved.text().count("cannot be saved") <= 2
        carved.stop()
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.anywhere("what a mount is like does not depend on the switch")
def test_room_again(switch, carved):
    """What could not be saved is, as soon as it can be."""
    folder = carved.folder / "state"
    folder.mkdir(exist_ok=True)
    output("mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "none", str(folder))
    try:
        (folder / "full").write_bytes(b"x" * 65536)
        carved.run(entry(switch, **switch.words.wanted), audit="1s")
        carved.settled(switch)
        assert "cannot be saved" in carved.text()
        assert not list(folder.glob("devices/*.json"))
        (folder / "full").unlink()
        wait(lambda: list(folder.glob("devices/*.json")), "the next audit")
        carved.stop()
    finally:
        subprocess.run(["umount", str(folder)], check=True)
