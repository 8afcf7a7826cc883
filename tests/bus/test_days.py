# SPDX-License-Identifier: GPL-2.0-or-later
"""The days of an operator, on a terminal of 80 columns: what each screen says, and that no line is wider than it has to be.
With SCREENS=FOLDER all screens are written there, to be looked at."""
import json
import os
import pathlib
import re
import shutil
import signal

import pytest

from conftest import FACTS, REPOSITORY, SPECTRUM, entry, wait
from test_carvectl import Terminal, plain
from test_dbus import leaf

COLUMNS = 80
TRAP = "traps: {source_mac_is_multicast: trap}"
NIC = "pci/0000:08:00.0"
IMAGE = 'firmware: {version: "13.2010.1406", file: mellanox/fw.mfa2}'


def is_source(line):
    """Of a file, which is shown as it is."""
    return line.startswith("  ") and not line.startswith("    /")


class Day:
    """Commands and their screens."""

    def __init__(self, bed, carved, name):
        self.bed, self.carved, self.name, self.shown = bed, carved, name, []

    def screen(self, text, words):
        self.shown.append(f"$ carvectl {' '.join(words)}\n{text}")
        return text

    def type(self, *words, says=(), hides=(), exit_code=None, types="", columns=COLUMNS, **environment):
        """`says`: patterns of whole lines, be they wrapped; `hides`: what is not on the screen."""
        terminal = Terminal(self.bed, columns, *words, types=types, **environment)
        text = self.screen(plain(terminal.read()), words)
        lines = [line.split("\r")[-1] for line in text.splitlines()]
        for line in lines:
            assert len(line) <= columns or is_source(line) or " " not in line.strip(), line
        folded = one_line(text.replace("\r", "\n"))
        for pattern in says:
            assert re.search(rf"^{pattern}$", text.replace("\r", "\n"), re.M) or re.search(rf"^{pattern}$", folded, re.M), \
                f"{pattern!r} is not in:\n{text}"
        for pattern in hides:
            assert not re.search(pattern, text), text
        if exit_code is not None:
            assert terminal.process.returncode == exit_code, text
        return text

    def kernel(self, *lines):
        for line in lines:
            self.bed.kernel.ask(line)

    def held(self, command):
        """The kernel has taken it; only from then on is there something to release."""
        wait(lambda: command in [r["command"] for r in self.bed.kernel.ask("requests")], f"{command} to be held")

    def wide(self, *words):
        """The same on a large terminal, where nothing is cut off or moved below."""
        text = self.type(*words, columns=200)
        assert "…" not in text
        return text


@pytest.fixture
def day(bed, carved, request):
    presets = bed.root / "usr/share/carved/presets"
    presets.parent.mkdir(parents=True)
    presets.symlink_to(REPOSITORY / "conf/presets")
    day = Day(bed, carved, request.node.name)
    yield day
    day.kernel("release")
    if os.environ.get("SCREENS"):
        pathlib.Path(os.environ["SCREENS"], day.name + ".txt").write_text("\n".join(day.shown))


def one_line(text):
    return re.sub(r"\n +", " ", text)


def image(day):
    folder = day.bed.root / "lib/firmware/mellanox"
    folder.mkdir(parents=True)
    (folder / "fw.mfa2").write_text("an image")
    day.kernel(f"file {SPECTRUM} mellanox/fw.mfa2 fw.version=13.2010.1406 fw=13.2010.1406")


def test_first_install(day):
    """What is there without a config; its state as the first one; a size that does not fit, and one that does."""
    file = day.bed.file
    shutil.copy(REPOSITORY / "conf/carved.yaml", file)
    day.carved.start()
    day.carved.at_rest()
    day.type(says=[f"  {SPECTRUM} +mlxsw_spectrum +unmanaged .*", "carved: converged"], exit_code=0)
    day.type("status", SPECTRUM, says=["         State: unmanaged", "/kvd +245760 +- +▒+", r".*carvectl capture \S+"])
    day.type("plan", says=["Nothing to do."], exit_code=0)
    day.type("explain", SPECTRUM, says=[f"{SPECTRUM} is unmanaged", "  to manage it, start from: carvectl capture .*"])
    captured = day.bed.ctl("capture", SPECTRUM).stdout
    file.write_text(captured)
    day.type("plan", "--candidate", says=["Nothing to do."], exit_code=0)
    day.type("reload", says=["Nothing was done.", "carved: converged"], exit_code=0)
    day.type(says=[f"● {SPECTRUM} +mlxsw_spectrum +converged .*"], hides=["ENTRY"])
    larger = captured.replace("/kvd/hash_double: 60416", "/kvd/hash_double: 80384")
    file.write_text(larger)
    for words, exit_code in ((["plan", "--candidate"], 1), (["reload"], 3)):
        text = day.type(*words, says=[r".*carved.yaml:11:25: error:", "        /kvd/hash_double: 80384", " +\\^"], exit_code=exit_code)
        assert "= 265728, 19968 too many" in one_line(text)
    day.type(says=[f"× {SPECTRUM} .* refused .*", "The configuration does not fit a device; .*"], hides=["…"])
    file.write_text(larger.replace("/kvd/hash_single: 87040", "/kvd/hash_single: rest"))
    day.type("plan", "--candidate", says=[f"{SPECTRUM} +reload +resource +/kvd/hash_single +87040 → 67072", "3 steps, 1 reload"], exit_code=2)
    day.type("diff", says=[r"~ devices\.pci/0000:03:00\.0\.resources\./kvd/hash_single +87040 → rest"], exit_code=2)
    day.type("reload", types="y\n", says=["This disturbs traffic:", f"  {SPECTRUM}: reload", r"Go on\? \[y/N\] .*", "carved: converged"], exit_code=0)
    day.type("configs", says=["0 +[0-9a-f]{16} .* in-force", "1 +.* replaced"])
    day.wide("status", SPECTRUM, "--all")


def test_mistakes(day):
    """All in one go, with the source and what was meant."""
    day.carved.run(leaf(TRAP))
    day.bed.file.write_text("""version: 1
setings: {}
devices:
  leaf:
    match: {driver: mlxsw_spectrum}
    drfit: enforce
    resources: {kvd/linear: 10, /kvd/hash_single: 1_000}
    traps: {source_mac_is_multicast: dorp}
""")
    done = ["unknown key", "  setings: {}", "  \\^", "      drfit: enforce", " +\\^"]
    text = day.type("reload", says=[".*:2:1: error: " + done[0], *done[1:]], exit_code=1)
    assert 'did you mean "settings"' in one_line(text) and 'write 1000 instead of "1_000"' in one_line(text)
    assert text.count("error:") == 5 and text.endswith("carvectl: the configuration is refused; the one in force stays\n")
    day.type(says=["The configuration has errors; what was accepted before stays in force."], hides=["to adopt"], exit_code=0)
    day.type("diff", says=["carvectl: the files on disk would be refused"], exit_code=1)
    day.carved.config(leaf(TRAP))
    day.type("reload", says=["Nothing was done.", "carved: converged"])
    day.type(hides=["errors"])


def test_match_that_matches_nothing(day):
    """A live entry with a mistake in its match: what is undone, and what was meant."""
    day.carved.run(leaf(TRAP))
    day.bed.file.write_text(day.bed.file.read_text().replace("driver:", "drivr:"))
    day.type("plan", "--candidate", says=[f"{SPECTRUM} +live +trap +source_mac_is_multicast +trap → drop", "    restore: was .*"], exit_code=2)
    day.type("reload", says=["carved: absent"], exit_code=3)
    day.type(says=["○ leaf +- +absent .*", "    no device reports a key drivr; did you mean driver\\? .*", "carved: absent, 0 of 1 converged"])
    day.type("explain", "leaf", says=["leaf is absent", "  no device reports a key drivr; did you mean driver\\? .*"])
    day.type("plan", says=["entry leaf is absent: no device reports a key drivr; did you mean driver\\? .*"], exit_code=1)


def test_some_of_many(day):
    """One entry for all, that most do not fit: each says why, and the sum is true."""
    day.kernel(f"add {FACTS}/sn4800.json", f"add {FACTS}/mlx5.json")
    day.carved.run(entry("all", "resources: {/kvd/linear: 90112, /kvd/linear/chunks: 40960}", '{handle: "*"}'))
    day.type(says=["× netdevsim/netdevsim10 .* refused .*", f"● {SPECTRUM} .* converged .*", "carved: refused, 1 of 4 converged"], exit_code=3)
    day.type("status", "--problems", says=[f"× {NIC} .*", "carved: refused, 1 of 4 converged"], hides=[f"● {SPECTRUM}"])
    day.type("plan", says=[f"{NIC} is refused: .*"], exit_code=1)
    day.wide("plan")


def test_group(day):
    """A preset, a drop-in that takes something out of it, an exception that the driver does not make, files that are not read."""
    folder = day.bed.root / "etc/carved/carved.d"
    folder.mkdir()
    day.bed.file.write_text("version: 1\npresets: [copp-baseline]\ndevices:\n  leaf:\n    match: {driver: mlxsw_spectrum}\n")
    day.carved.start()
    day.carved.at_rest()
    text = day.type("status", "leaf", says=["8 objects as wanted \\(--all\\)", "Remarks:"], exit_code=0)
    assert "preset copp-baseline is applied without what is not here: trap policer 9, 10, 14" in one_line(text)
    (folder / "50-site.yaml").write_text("devices:\n  leaf:\n    trap_policers: {9: null}\n    traps: {unresolved_neigh: drop}\n")
    text = day.type("plan", "--candidate", says=["      traps: {unresolved_neigh: drop}"], exit_code=1)
    assert "trap unresolved_neigh is of type exception: only traps of type drop have an action to set" in one_line(text)
    (folder / "50-site.yaml").write_text("devices:\n  leaf:\n    trap_groups: {l3_drops: {action: trap}}\n    traps: {non_ip: drop}\n")
    (folder / "60-more.yml").write_text("x")
    (folder / "50-site.yaml.bak").write_text("x")
    text = day.type("reload", says=["carved: converged"], exit_code=0, hides=["bak", "non_ip"])
    assert "60-more.yml: note: it is not read: only names that end in .yaml are" in one_line(text)


def test_flash(day):
    """How far it is, in the line that waits and to others who look; Ctrl-C ends the wait."""
    day.carved.run(leaf(TRAP))
    image(day)
    day.kernel(f"rule {SPECTRUM} FLASH_UPDATE * hold times=1")
    day.carved.config(leaf(TRAP + "\n" + IMAGE))
    day.type("plan", "--candidate", says=[f"{SPECTRUM} reload firmware fw +13.2010.1006 → 13.2010.1406",
                                          "The end of a trial would not undo: .*"], exit_code=2)
    day.bed.ctl("reload", "--no-wait")
    day.carved.wait_state(SPECTRUM, "flashing")
    day.held("FLASH_UPDATE")
    day.type(says=[f"↻ {SPECTRUM} .* flashing .*", "carved: flashing, 0 of 1 converged"], exit_code=3)
    day.type("status", "leaf", says=["         State: flashing"])
    day.type("plan", says=[f"{SPECTRUM} is flashing: .*"], hides=["Nothing to do"], exit_code=2)
    day.kernel("release")
    day.carved.wait_state(SPECTRUM, "converged")
    day.type("status", "leaf", says=["      Firmware: 13.2010.1406 running", "         State: converged", "   Last reload: .* s outage"])


def test_wrong_image(day):
    """Missing, another one, older, and one whose flash fails."""
    day.carved.run(leaf(TRAP))
    day.carved.config(leaf(IMAGE))
    assert "there is no firmware file mellanox/fw.mfa2" in one_line(day.type("plan", "--candidate", exit_code=1))
    image(day)
    day.carved.config(leaf('firmware: {version: "13.2008.1", file: mellanox/fw.mfa2}'))
    assert "a downgrade needs allow_downgrade: true" in one_line(day.type("plan", "--candidate", exit_code=1))
    day.kernel(f"fail-flash {SPECTRUM} EIO percent=50 text=flash write error")
    day.carved.config(leaf(TRAP + "\n" + IMAGE))
    day.type("reload", "--yes", says=["carved: failed", "What is missing and why: carvectl status"], exit_code=3)
    text = day.type("status", "leaf", says=["         State: failed", "     Failed at: .*"])
    assert "flash write error" in one_line(text)
    text = day.type("plan", says=[f"{SPECTRUM} has failed: .*"])
    assert "it is not flashed again until its config changes or carvectl retry" in one_line(text)
    day.type("retry", "leaf", "--yes", says=["carved: converged"], exit_code=0)


def test_two_windows(day):
    """An edit during a reload, seen from the other window."""
    day.carved.run(leaf("resources: {/kvd/hash_double: 60416}"))
    day.kernel(f"rule {SPECTRUM} RELOAD * hold times=1")
    day.carved.config(leaf("resources: {/kvd/hash_double: 60288}"))
    day.type("reload", "--no-wait", "--yes", says=["carved: accepted"], exit_code=0)
    day.carved.wait_state(SPECTRUM, "reloading")
    day.held("RELOAD")
    day.type("status", "leaf", says=["         State: reloading", "        Reason: 1 of \\d steps, trigger config",
                                     "resource  /kvd/hash_double  60288   60416"])
    day.type("plan", says=[f"{SPECTRUM} is reloading: 1 of \\d steps, trigger config"], hides=["Nothing to do"], exit_code=2)
    day.kernel("release")
    day.type("apply", "leaf", says=["carved: converged"], exit_code=0)


def test_fight(day):
    """Another program sets it again and again: who gives way, and what ends that."""
    day.carved.run(leaf("trap_policers: {1: {rate: 1000}}"))
    rate = 1000
    while day.carved.state(SPECTRUM) != "drifted":
        rate += 1000
        assert rate < 20000, "carved never gives way"
        day.kernel(f"set {SPECTRUM} policer 1 rate={rate}", f"storm {SPECTRUM} 1")
        wait(lambda: day.carved.state(SPECTRUM) == "drifted" or
             (day.bed.kernel.device(SPECTRUM)["trap_policers"]["1"]["rate"] == 1000 and day.carved.state(SPECTRUM) == "converged"),
             "carved to answer")
    day.type("status", "leaf", says=["         State: drifted", f"         Drift: trap policer 1 rate: wanted 1000, is {rate}"], exit_code=3)
    day.type("plan", says=[f"{SPECTRUM} is drifted: somebody else sets it again and again, left .*"], hides=["Nothing"])
    day.type("explain", "leaf", says=[f"  when the cause is gone: carvectl retry {SPECTRUM}"], hides=["carvectl apply"])
    day.type("retry", "leaf", says=["carved: converged"], exit_code=0)


def test_three_in_the_morning(day):
    """drift: report"""
    day.carved.run(leaf("drift: report\n" + TRAP), audit="1s")
    day.kernel(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    day.carved.wait_state(SPECTRUM, "drifted")
    day.type("status", "leaf", says=["        Reason: 1 difference is only reported \\(drift: report\\): trap", " Was converged: .*"])
    day.type("plan", says=[f"{SPECTRUM} +live +trap +source_mac_is_multicast +drop → trap", "1 step"], hides=["is drifted"], exit_code=2)
    day.type("explain", "leaf", says=[f"  to set it as declared: carvectl apply {SPECTRUM}"])
    day.type("apply", "leaf", says=["carved: converged"], exit_code=0)


def test_reload_that_fails(day):
    """The size that worked comes back; what failed waits for the operator."""
    day.carved.run(leaf("resources: {/kvd/hash_double: 60288}"))
    day.kernel(f"fail-up {SPECTRUM} EIO times=1 text=device did not come up")
    day.carved.config(leaf("resources: {/kvd/hash_double: 60160}"))
    day.type("reload", "--yes", says=["carved: quarantined"], exit_code=3)
    text = day.type("status", "leaf", says=["         State: quarantined", "   Last reload: .* s outage"], hides=["DOWN"])
    day.type("history", hides=["\\d of \\d steps"])
    assert "the values that worked before are in force" in one_line(text)
    day.type("plan", says=[f"{SPECTRUM} is quarantined: .*"], exit_code=1)
    day.type("explain", "leaf", says=[f"  when the cause is gone: carvectl retry {SPECTRUM}"])
    day.type("retry", "leaf", "--yes", says=["carved: converged"], exit_code=0)


def test_switch_that_is_down(day):
    """The roll-back fails, too: DOWN is on the first screen, with the next attempt."""
    day.carved.run(leaf("resources: {/kvd/hash_double: 60288}"))
    day.kernel(f"fail-up {SPECTRUM} EIO times=100 text=device did not come up")
    day.carved.config(leaf("resources: {/kvd/hash_double: 60160}"))
    day.bed.ctl("reload", "--no-wait")
    wait(lambda: day.carved.state(SPECTRUM) == "quarantined" and day.carved.all(SPECTRUM)["NextAttemptUSec"], "the roll-back to fail")
    day.type(says=[f"× {SPECTRUM} .* quarantined, DOWN .*"])
    day.type("status", "leaf", says=["         State: quarantined, DOWN", "          DOWN: since .*"])
    day.kernel(f"fail-up {SPECTRUM} EIO times=0")


def test_power_cycle(day):
    """It is written, and stays so when nothing names it any more."""
    day.kernel(f"add {FACTS}/mlx5.json")
    day.carved.run(entry("nic", "params: {enable_sriov: {permanent: true}}", "{driver: mlx5_core}"))
    day.type("status", "nic", says=["         State: pending-power-cycle", "param +enable_sriov/permanent +true +true .*"], exit_code=3)
    day.type("plan", says=[f"{NIC} is pending-power-cycle: waits for a power cycle: param .*"], hides=["Nothing"], exit_code=0)
    day.type("explain", "nic", says=["  the device shows: true", "  but: in force after a power cycle"], hides=["as wanted"])
    day.carved.config()
    day.type("reload", says=["carved: converged"], exit_code=0)
    day.type(says=[f"  {NIC} .* unmanaged .*", "    param enable_sriov was set before, and takes effect at the next power cycle"])


def test_window(day):
    """reload: manual"""
    day.carved.run(leaf("reload: manual\nresources: {/kvd/hash_double: 60416}"))
    day.carved.config(leaf("reload: manual\nresources: {/kvd/hash_double: 60288}\ntrap_policers: {1: {rate: 1000}}"))
    day.type("plan", "--candidate", says=["3 steps, 1 reload", "2 of them wait for a permitted reload; .*"], exit_code=2)
    day.type("reload", says=["carved: pending-reload"], exit_code=3)
    day.type("explain", "leaf", says=["  to reload it now, whatever that resets: .*", "  because: waits for a permitted reload"])
    day.type("apply", "leaf", says=["carvectl: to reload it now, .*"])
    day.type("apply", "leaf", "--allow-reload", says=["carved: converged"], exit_code=0)
    day.carved.config()
    day.type("reload", says=["carved: pending-reload"], exit_code=3)
    text = day.type("explain", SPECTRUM)
    assert re.search(r"wanted: 60416, as it was before \S+/carved.yaml:7, which is gone", one_line(text).replace("carved/ carved", "carved/carved"))
    day.type("apply", SPECTRUM, "--allow-reload", says=["carved: unmanaged"], exit_code=0)


def test_restart_with_a_broken_file(day):
    day.carved.run(leaf(TRAP))
    day.bed.file.write_text("version: 1\ndevcies: {}\n")
    day.carved.stop()
    day.carved.start()
    day.carved.at_rest()
    day.type(says=[f"● {SPECTRUM} .*", "The configuration has errors; what was accepted before stays in force.", "  devcies: {}"],
             hides=["to adopt them"], exit_code=0)
    day.type("history", says=["Nothing since carved started; .*"])
    day.carved.config(leaf(TRAP))
    day.type("reload", says=["carved: converged"], exit_code=0)


def test_device_that_goes(day):
    day.carved.run(leaf(TRAP))
    day.kernel(f"unbind {SPECTRUM}")
    wait(lambda: day.carved.state(SPECTRUM) is None, "it to be missed")
    day.type(says=["○ leaf .* absent .*", "    no device has the driver mlxsw_spectrum; here are netdevsim"], exit_code=3)
    day.type("explain", "leaf", says=["leaf is absent"])
    day.type("pause", "leaf", says=["carvectl: no device matches the entry leaf"], exit_code=1)
    day.kernel(f"bind {SPECTRUM}")
    day.carved.wait_state(SPECTRUM, "converged")
    day.type("history", says=[f".* {SPECTRUM} +registration +converged.*"])


def test_interrupted(day):
    """Ctrl-C in a flash ends the wait only, and says so."""
    day.carved.run(leaf(TRAP))
    image(day)
    day.kernel(f"rule {SPECTRUM} FLASH_UPDATE * hold times=1")
    day.carved.config(leaf(TRAP + "\n" + IMAGE))
    terminal = Terminal(day.bed, COLUMNS, "reload", "--yes")
    day.carved.wait_state(SPECTRUM, "flashing")
    day.held("FLASH_UPDATE")
    terminal.process.send_signal(signal.SIGINT)
    text = day.screen(plain(terminal.read()), ["reload", "--yes"])
    assert text.endswith("carvectl: carved goes on; to follow it: carvectl monitor, or carvectl status\n")
    assert terminal.process.returncode == -signal.SIGINT
    day.kernel("release")
    day.carved.wait_state(SPECTRUM, "converged")
    text = day.type("history", "leaf")
    assert "firmware fw 13.2010.1006 -> 13.2010.1406; reload fw_activate;" in one_line(text)


def test_removal(day):
    """What no file names any more is set back, or stays with on_removal: keep."""
    def policer():
        return day.bed.kernel.device(SPECTRUM)["trap_policers"]["1"]["rate"]

    before = policer()
    kept = "on_removal: keep\n" + TRAP
    day.carved.run(leaf(kept + "\ntrap_policers: {1: {rate: 1000}}"))
    day.carved.config(leaf(kept))
    day.type("plan", "--candidate", says=["Nothing to do."], exit_code=0)
    day.type("reload", says=["Nothing was done.", "carved: converged"], exit_code=0)
    day.type("status", "leaf", says=["1 object as wanted \\(--all\\)"])
    assert policer() == 1000
    day.carved.config(leaf("trap_policers: {1: {rate: 2000}}"))
    day.type("reload", says=["carved: converged"], exit_code=0)
    day.carved.config()
    day.type("plan", "--candidate", says=[f"{SPECTRUM} +live +trap_policer +1 +rate 2000 → rate .*", "    restore: was .*"], exit_code=2)
    day.type("reload", says=["carved: converged"], exit_code=0)
    assert policer() in (before, 1000)
    day.type("explain", SPECTRUM, says=[f"{SPECTRUM} is unmanaged"])


def test_many_devices(day):
    """Each has a line, and what is done to it one more."""
    for i in range(40):
        facts = json.loads((FACTS / "netdevsim.json").read_text())
        facts["handle"] = f"pci/0000:{0x40 + i:02x}:00.0"
        file = day.bed.folder / f"{i}.json"
        file.write_text(json.dumps(facts))
        day.kernel(f"add {file}")
    day.carved.run(entry("all", TRAP, "{driver: netdevsim}"))
    text = day.type(says=["carved: converged, 41 of 41 converged"], exit_code=0)
    assert len(text.splitlines()) == 1 + 42 + 2
    day.carved.config(entry("all", TRAP.replace("trap}", "drop}"), "{driver: netdevsim}"))
    day.type("plan", "--candidate", says=["41 steps"], exit_code=2)
    text = day.type("reload", says=["carved: converged"], exit_code=0)
    assert one_line(text).count("trap source_mac_is_multicast trap -> drop") == 41
    day.type("status", "--problems", says=["No device is other than wanted."], exit_code=0)


def test_what_is_typed_wrong(day):
    day.carved.run(leaf(TRAP))
    day.type("show", says=["carvectl: there is no command show; did you mean status\\?"], exit_code=64)
    day.type("reload", "leaf", says=["carvectl: reload takes no arguments"], exit_code=64)
    day.type("plan", "leef", says=["carvectl: no device or entry is called leef; did you mean leaf\\?"], exit_code=1)
    day.type("explain", "leaf", "x", says=["carvectl: nothing that is called x is managed on leaf; .*"], exit_code=1)


def test_size_below_what_is_in_use(day):
    """Where that is seen, and what is said of a smaller size; a check in CI that knows the device."""
    day.carved.run(leaf(TRAP))
    day.kernel(f"occ {SPECTRUM} /kvd/linear/chunks 45000")
    day.type("resources", "leaf", says=["    chunks +49152 +45000 0-147456/32 +·+█+▒+·+"])
    day.carved.config(leaf("resources: {/kvd/linear/chunks: 32768}"))
    text = day.type("plan", "--candidate", exit_code=1)
    assert "32768 is less than the 45000 entries of /kvd/linear/chunks in use" in one_line(text)
    day.type("reload", "--yes", says=["carved: refused"], exit_code=3)
    day.type("status", "leaf", says=["         State: refused", "1 object as wanted \\(--all\\)"])
    day.type("check", str(day.bed.file), "--facts", str(FACTS / "mlx5.json"), says=["No errors\\."], exit_code=0)


def test_killed(day):
    """With a reload under way, which is lost with it: the next start makes up for that."""
    day.carved.run(leaf("resources: {/kvd/hash_double: 60416}"))
    day.kernel(f"rule {SPECTRUM} RELOAD * hold times=1")
    day.carved.config(leaf("resources: {/kvd/hash_double: 60288}"))
    day.bed.ctl("reload", "--no-wait")
    day.carved.wait_state(SPECTRUM, "reloading")
    day.held("RELOAD")
    day.carved.process.kill()
    day.carved.process.wait()
    day.type(says=["carvectl: carved is not running; start it with: systemctl start carved"], exit_code=1)
    day.carved.start()
    day.carved.at_rest()
    day.type(says=[f"● {SPECTRUM} +leaf +mlxsw_spectrum +converged .*", "carved: converged, 1 of 1 converged"], exit_code=0)
    day.type("status", "leaf", says=["1 object as wanted \\(--all\\)"], hides=["Drift"])
    assert [r["command"] for r in day.bed.kernel.ask("requests")].count("RELOAD") == 2
    assert day.bed.kernel.device(SPECTRUM)["resources"]["/kvd/hash_double"]["size"] == 60288
