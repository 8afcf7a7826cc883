# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans for files that are not on disk: what a text would do in place of a file, or without it."""
import dbus
import pytest

from conftest import NOBODY, SPECTRUM, entry, wait
from test_dbus import LEAF, error_of, leaf

TRAP = "traps: {source_mac_is_multicast: trap}"
OTHER = "version: 1\ndevices:\n" + entry("leaf", "traps: {source_mac_is_multicast: drop}", LEAF)


def steps(carved, **options):
    options = {name: dbus.Dictionary(value, signature="ss") if isinstance(value, dict) else
               dbus.Array(value, signature="s") for name, value in options.items()}
    return [(kind, name, old, new) for _, kind, name, old, new, _, _ in carved.call("Plan", "", options)]


def action(bed):
    return bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"]


def test_in_place_of_a_file(bed, carved):
    carved.run(leaf(TRAP))
    assert steps(carved, files={str(bed.file): OTHER}) == [("trap", "source_mac_is_multicast", "trap", "drop")]
    assert action(bed) == "trap" and OTHER != bed.file.read_text()
    assert not carved.get("ConfigOutOfSync")


def test_a_drop_in_that_is_not_there(bed, carved):
    carved.run(leaf(TRAP))
    drop_in = bed.root / "etc/carved/carved.d/50-more.yaml"
    assert steps(carved, files={str(drop_in): OTHER}) == [("trap", "source_mac_is_multicast", "trap", "drop")]
    assert not drop_in.exists()


def test_without_a_file(bed, carved):
    drop_in = bed.root / "etc/carved/carved.d/50-more.yaml"
    drop_in.parent.mkdir()
    drop_in.write_text(OTHER)
    carved.run(leaf(TRAP))
    assert action(bed) == "drop"
    assert steps(carved, without=[str(drop_in)]) == [("trap", "source_mac_is_multicast", "drop", "trap")]
    assert steps(carved, files={str(drop_in): ""}) == [("trap", "source_mac_is_multicast", "drop", "trap")]
    assert drop_in.read_text() == OTHER


def test_a_preset_for_a_drop_in(bed, carved):
    carved.run(leaf(TRAP))
    etc = bed.root / "etc/carved"
    files = {str(etc / "presets/lax.yaml"): "version: 1\ntraps: {vlan_tag_mismatch: trap}\n",
             str(etc / "carved.d/50-lax.yaml"): "version: 1\npresets: [lax]\n"}
    assert steps(carved, files=files) == [("trap", "vlan_tag_mismatch", "drop", "trap")]


def test_what_is_wrong_is_told_by_its_path(bed, carved):
    carved.run(leaf(TRAP))
    error, text = error_of(carved.call, "Plan", "", {"files": {str(bed.file): "version: 1\ndevises: {}\n"}})
    assert error == "org.carved1.Error.InvalidConfig"
    assert f'{bed.file}:2:1: error: unknown key "devises"' in text


@pytest.mark.parametrize("options", [{"files": {"/etc/carved/carved.yaml": OTHER}}, {"without": ["/etc/x"]}])
def test_only_root_gives_files(bed, carved, options):
    carved.run(leaf(TRAP))
    words = [f"--with={path}=/dev/stdin" for path in options.get("files", ())]
    words += [f"--without={path}" for path in options.get("without", ())]
    done = bed.ctl("plan", *words, prefix=NOBODY)
    assert (done.returncode, done.stdout) == (1, "")
    assert "only root" in done.stderr


def test_the_others_wait_no_longer(bed, carved):
    """Plans with files of their own and plans without are made in turn."""
    carved.run(leaf(TRAP))
    answers = []

    def ask(options, name):
        carved.object().Plan("", options, dbus_interface="org.carved1.Manager", timeout=60,
                             reply_handler=lambda found: answers.append((name, len(found))),
                             error_handler=lambda error: answers.append((name, str(error))))
    for i in range(3):
        ask({"files": dbus.Dictionary({str(bed.file): OTHER}, signature="ss")}, "own")
        ask({"candidate": True}, "disk")
    wait(lambda: len(answers) == 6, "six answers")
    assert sorted(answers) == [("disk", 0)] * 3 + [("own", 1)] * 3


def test_carvectl(bed, carved, tmp_path):
    carved.run(leaf(TRAP))
    new = tmp_path / "new.yaml"
    new.write_text(OTHER)
    done = bed.ctl("plan", "--with", f"{bed.file}={new}")
    assert (done.returncode, done.stderr) == (2, "") and "trap → drop" in done.stdout
    assert f"{bed.file}:5" in done.stdout
    done = bed.ctl("diff", f"--with={bed.file}={new}")
    assert done.returncode == 2 and "trap → drop" in done.stdout, done
    assert "devices.leaf.traps.source_mac_is_multicast" in done.stdout
    new.write_text(bed.file.read_text() + "    trap_policers: {1: {rate: 99}}\n")
    assert "+ devices.leaf.trap_policers.1.rate" in bed.ctl("diff", f"--with={bed.file}={new}").stdout
    done = bed.ctl("plan", f"--without={bed.file}")
    assert done.returncode == 2 and "trap → drop" in done.stdout, done
    assert action(bed) == "trap"


@pytest.mark.parametrize("value,status,said", [
    ("carved.yaml=x", 64, "--with=carved.yaml=x: it is PATH=FILE"),
    ("/etc/carved/carved.yaml", 64, "it is PATH=FILE"),
    ("/etc/carved/carved.yaml=/nowhere", 1, "carvectl: /nowhere: No such file or directory")])
def test_carvectl_told_wrong(bed, value, status, said):
    done = bed.ctl("plan", "--with", value)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr


@pytest.mark.parametrize("name", ["carved.yml", "carved.d/50-more.txt", "carved.d/more/50.yaml", "carved.d/../carved.yaml",
                                  "carved.d/.50.yaml", "50-more.yaml"])
def test_what_would_not_be_read(bed, carved, name):
    """That there is nothing to do for a file that is not one of carved's would be believed."""
    carved.run(leaf(TRAP))
    path = f"{bed.root}/etc/carved/{name}"
    for option in f"--with={path}={bed.file}", f"--without={path}":
        done = bed.ctl("plan", option)
        assert (done.returncode, done.stdout) == (1, "") and f"{path}: error: it would not be read: " in done.stderr, done
