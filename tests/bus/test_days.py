# SPDX-License-Identifier: GPL-2.0-or-later
"""The days of an operator, on a terminal of 80 columns: what each screen says, and that no line is wider than it has to be.
With SCREENS=FOLDER all screens are written there, to be looked at."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from conftest import BUILD, FACTS, NOBODY, REPOSITORY, SPECTRUM, entry, wait
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
    shutil.copytree(REPOSITORY / "conf/presets", presets)  # not all may look into the repository
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
    day.type("reload", says=["carved: absent", "entry leaf is absent: no device reports a key drivr; did you mean driver\\? .*"], exit_code=3)
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
    day.type("status", "leaf", says=["         State: reloading", "        Reason: 0 of \\d steps, trigger config",
                                     "resource  /kvd/hash_double  60288   60416"])
    day.type("plan", says=[f"{SPECTRUM} is reloading: 0 of \\d steps, trigger config"], hides=["Nothing to do"], exit_code=2)
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
    day.type("plan", says=[f"{SPECTRUM} is drifted: another program keeps changing it; left .*"], hides=["Nothing"])
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
    day.type("status", "leaf", says=["         State: quarantined, DOWN", "          DOWN: since .*"], hides=["Last reload"])
    day.kernel(f"fail-up {SPECTRUM} EIO times=0")


def test_busy_for_the_moment(day):
    """What is tried again by itself has no record yet: the kernel's words are there all the same."""
    day.carved.run(leaf("trap_policers: {1: {rate: 1000}}"))
    day.kernel(f"rule {SPECTRUM} TRAP_SET * EBUSY times=1000 text=in use")
    day.carved.config(leaf(TRAP))
    text = day.type("reload", says=["carved: failed", "What is missing and why: carvectl status"], exit_code=3)
    assert f"{SPECTRUM} has failed: trap source_mac_is_multicast to trap was refused: Device or resource busy: mlxsw_spectrum: in use" \
        in one_line(text.replace("\r", "\n"))
    day.type("status", "leaf", says=["         State: failed", "      Next try: in \\d+ s"])
    day.kernel("rules-clear")
    day.type("retry", "leaf", says=["carved: converged"], exit_code=0)


def test_power_cycle(day, tmp_path):
    """It is written, and stays so when nothing names it any more."""
    facts = json.loads((FACTS / "mlx5.json").read_text())
    facts["params"]["total_vfs"] = {"permanent": {"type": "u32", "value": 0}}
    (tmp_path / "facts").write_text(json.dumps(facts))
    day.kernel(f"add {tmp_path}/facts")
    day.carved.run(entry("nic", "params: {enable_sriov: {permanent: true}, total_vfs: {permanent: 8}}", "{driver: mlx5_core}"))
    day.type("status", "nic", says=["         State: pending-power-cycle", "param +enable_sriov/permanent +true +true .*"], exit_code=3)
    day.type("plan", says=[f"{NIC} is pending-power-cycle: waits for a power cycle: param enable_sriov, param total_vfs"],
             hides=["Nothing"], exit_code=0)
    day.type("explain", "nic", says=["  the device shows: true", "  but: in force after a power cycle"], hides=["as wanted"])
    day.carved.config()
    day.type("reload", says=["carved: converged"], exit_code=0)
    day.type(says=[f"  {NIC} .* unmanaged .*", "    param enable_sriov, param total_vfs were set before, and take effect.*"])


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
    day.type(says=["○ leaf .* absent .*", "    no device has the driver mlxsw_spectrum; known here are netdevsim"], exit_code=3)
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


def test_foreign_reload_goes_on(day):
    """What is asked meanwhile is answered, by what was read before it, and says what is waited for."""
    day.carved.run(leaf(TRAP))
    day.kernel(f"delay {SPECTRUM} 3600000", f"reload {SPECTRUM}")
    busy = "the kernel is busy with another request to the device"
    wait(lambda: day.carved.all(SPECTRUM)["StateReason"] == busy, "the reload to take long")
    day.type(says=[f"↻ {SPECTRUM} +leaf +mlxsw_spectrum +reading .*", f"    {busy}", "carved: reading, 0 of 1 converged"], exit_code=3)
    day.type("status", "leaf", says=["         State: reading", f"        Reason: {busy}", " Was converged: .*"], exit_code=3)
    day.type("plan", says=[f"{SPECTRUM} is reading: {busy}"], hides=["Nothing to do"], exit_code=2)
    day.type("explain", "leaf", says=[f"  {busy}", "The one object was as wanted when it was last read\\."])
    for words in ["plan", "--candidate"], ["capture", "leaf"], ["resources", "leaf"]:
        day.type(*words, says=[f"carvectl: {SPECTRUM} cannot be read now: {busy}"], exit_code=1)
    day.type("history", says=[f".* {SPECTRUM} +start +converged"], hides=["foreign"], exit_code=0)
    day.kernel(f"delay {SPECTRUM} 0")
    day.carved.wait_state(SPECTRUM, "converged")
    day.type("history", says=[f".* {SPECTRUM} +foreign-reload +converged +\\d.*"])
    day.type("status", "leaf", says=["       Reloads: 0 by carved, 1 by others", "   Last reload: .* s outage"], exit_code=0)
    assert day.bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"] == "trap"


def test_ninety_objects(day):
    """The first screen has what is not as wanted, whatever else is managed."""
    facts = json.loads((FACTS / "spectrum1.json").read_text())
    facts["handle"] = "pci/0000:04:00.0"
    for i in range(43):
        facts["traps"][f"one_more_drop_that_has_a_long_name_{i}"] = facts["traps"]["source_mac_is_multicast"]
    file = day.bed.folder / "many.json"
    file.write_text(json.dumps(facts))
    day.kernel(f"add {file}")
    day.carved.run()
    day.bed.file.write_text(day.bed.ctl("capture", facts["handle"]).stdout)
    day.type("reload", says=["Nothing was done.", "carved: converged"], exit_code=0)
    day.kernel("rule * TRAP_SET sip_is_mc EINVAL times=9 text=not this one")
    day.bed.file.write_text(day.bed.file.read_text().replace("sip_is_mc: drop", "sip_is_mc: trap").replace("non_ip: drop", "non_ip: trap"))
    day.type("reload", says=["carved: failed"], exit_code=3)
    text = day.type("status", facts["handle"], says=["         State: failed", "trap +sip_is_mc +trap +drop +.*", "92 objects as wanted \\(--all\\)"],
                    hides=["trap +non_ip"], exit_code=3)
    assert len(text.splitlines()) <= 26  # 24 where the path is not that long
    text = day.type("status", facts["handle"], "--all", says=["trap +non_ip +trap +trap"], hides=["--all\\)"])
    assert len(re.findall("^(?:resource|param|trap_policer|trap_group|trap) ", text, re.M)) == 93
    day.type("explain", facts["handle"], says=["trap sip_is_mc"], hides=["non_ip"])


def jq(text, program):
    done = subprocess.run(["jq", "--compact-output", "--exit-status", program], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), (program, text, done.stderr)
    return done.stdout


def test_all_by_jq(day):
    """One document each, whatever the exit code; what is shown on standard error is not in it."""
    waiting = leaf("reload: manual\nresources: {/kvd/hash_double: 60288}\n" + TRAP)
    day.carved.run(waiting, entry("gone", TRAP, "{driver: none}"))
    file = str(day.bed.file)
    asked = {
        ("status",): '.devices[] | select(.state == "pending-reload").handle', ("status", "leaf"): ".devices[0].objects[0].wanted",
        ("plan",): ".steps[-1].to, .held[-1].class, .hindered[0].reason", ("plan", "--candidate"): ".steps | length > 0",
        ("history",): ".records[0].time_usec / 1000", ("configs",): ".configs[0].hash", ("configs", "show", "0"): ".files[0].text",
        ("diff",): ".changes == []", ("explain", "leaf"): ".devices[0].reason", ("resources",): ".[] | keys[0]",
        ("capture", "leaf"): ".devices | keys[0]", ("capture", "leaf", "--facts"): ".handle", ("check", file): ".unchecked[0]",
        ("import", file): ".config.version", ("reload",): ".result", ("apply", "leaf"): ".result", ("retry", "leaf"): ".result",
        ("pause", "leaf"): ".devices[0].paused_until_usec", ("resume", "leaf"): ".devices[0].handle"}
    for words, program in asked.items():
        jq(day.bed.ctl("--json", *words).stdout, program)
    assert day.bed.ctl("import", file).stderr == "carvectl: no command of devlink that sets something was found\n"
    day.bed.file.write_text("version: 1\ndevcies: {}\n")
    for words, program in {("check", file): ".problems[0]", ("reload",): ".diagnostics[0]", ("status",): ".diagnostics[0]"}.items():
        assert "devcies" in jq(day.bed.ctl("--json", *words).stdout, program)
    with subprocess.Popen([BUILD / "carvectl", "--json", "monitor"], env=day.bed.environment, stdout=subprocess.PIPE, text=True) as monitor:
        wait(lambda: day.kernel(f"reload {SPECTRUM}") or day.carved.all(SPECTRUM)["ForeignReloadCount"] > 3, "some reloads")
        day.carved.stop()
        lines = [monitor.stdout.readline() for _ in range(2)]
        monitor.terminate()
    assert all(jq(line, ".event, .time_usec") for line in lines)


def test_journal(day):
    """A day as the journal has it: a line for a fact, in the order in which they came about."""
    size = "resources: {/kvd/hash_double: %d}\n" + TRAP
    log, seen = day.carved.log, []

    def lines(*wanted, sometime=()):
        """Those that are new, when the last one has come. `sometime`: others, wherever they stand among them."""
        n = len(wanted) + len(sometime)
        wait(lambda: len(log.read_text().splitlines()) - len(seen) >= n, f"{wanted[-1]!r} in {log.read_text()!r}")
        new = log.read_text().splitlines()[len(seen):]
        seen.extend(new)
        for pattern in sometime:
            new.remove(next(line for line in new if re.fullmatch(pattern, line)))
        assert len(new) == len(wanted), new
        for line, pattern in zip(new, wanted):
            assert re.fullmatch(pattern.replace("DEV", SPECTRUM), line), (pattern, line)

    day.carved.config(leaf(size % 60288))
    day.carved.start("--log-level=info")
    day.carved.at_rest()
    lines("the config is in force: 1 entry, 1 file", "DEV: resource /kvd/hash_double is set: 60416 -> 60288, at the next reload",
          r"DEV: applying -> reloading \(0 of 2 steps, trigger start\)", "DEV: trap source_mac_is_multicast is set: drop -> trap",
          r"DEV: reloaded by carved; ports were down for up to \S+ ms", "DEV: applying -> converged",
          sometime=["netdevsim/netdevsim10: reading -> unmanaged"])
    day.kernel(f"reload {SPECTRUM}")
    lines(r"DEV: 1 setting restored \S+ ms after a reload by somebody else")
    day.kernel(f"set {SPECTRUM} trap source_mac_is_multicast drop", f"storm {SPECTRUM} 1")
    lines("DEV: changed by somebody else: trap source_mac_is_multicast is drop, wanted trap")
    day.carved.wait_state(SPECTRUM, "converged")
    day.kernel(f"fail-up {SPECTRUM} EIO times=1 text=it did not come up")
    day.carved.config(leaf(size % 60160), entry("sim", TRAP, "{driver: netdevsm}"))
    day.type("reload", "--yes", exit_code=3)
    failed = "reload driver_reinit failed: Input/output error: mlxsw_spectrum: it did not come up"
    lines("the config is in force: 2 entries, 1 file", "DEV: resource /kvd/hash_double is set: 60288 -> 60160, at the next reload",
          r"DEV: applying -> reloading \(0 of \d steps, trigger config\)", f"DEV: {failed}", "DEV: going back to the values that worked",
          "DEV: resource /kvd/hash_double is set: 60160 -> 60288, at the next reload", "DEV: trap source_mac_is_multicast is set: drop -> trap",
          r"DEV: reloaded by carved; ports were down for up to \S+ ms",
          rf"DEV: reloading -> quarantined \({failed}; the values that worked before are in force; .*\)",
          sometime=["no device matches the entry sim: no device has the driver netdevsm; did you mean netdevsim\\? known here are netdevsim, mlxsw_spectrum"])
    day.bed.file.write_text("version: 1\ndevcies: {}\n")
    day.type("reload", exit_code=1)
    lines(r'.*/carved.yaml:2:1: unknown key "devcies" in this file; did you mean "devices"\?', "the config is refused; the one in force stays")
    day.kernel(f"unbind {SPECTRUM}")
    lines("DEV: the device is gone")


def test_plain_terminals_and_pipes(day):
    """Without UTF-8 there is ASCII only, in a pipe or with NO_COLOR no escapes, and no words are lost with them."""
    day.carved.run(leaf("reload: manual\nresources: {/kvd/hash_double: 60288}\n" + TRAP))
    for words in ["status"], ["status", "leaf"], ["plan"], ["resources", "leaf"], ["explain", "leaf"], ["history"]:
        colour = Terminal(day.bed, COLUMNS, *words).read()
        assert ("\x1b[" in colour) == (words[0] != "explain"), words
        ascii_only = day.type(*words, LC_ALL="C")
        assert ascii_only.isascii(), ascii_only
        assert "\x1b" not in Terminal(day.bed, COLUMNS, *words, NO_COLOR="1").read()
        piped = day.bed.ctl(*words)
        assert "\x1b" not in piped.stdout and not piped.stderr
        for word in SPECTRUM, words[-1]:
            assert (word in ascii_only) == (word in piped.stdout)


def test_a_second_one(day):
    """Beside the one that runs, none writes: --once says so and ends, a daemon waits and says for what."""
    day.carved.run(leaf(TRAP))
    day.kernel("forget")
    day.carved.config(leaf(TRAP.replace("trap}", "drop}")))
    command = [BUILD / "carved", f"--kernel=unix:{day.bed.kernel.path}", f"--config-root={day.bed.root}",
               f"--state-dir={day.bed.folder}/state", f"--runtime-dir={day.bed.folder}/runtime"]
    once = subprocess.run([*command, "--once"], env=day.bed.environment, capture_output=True, text=True, check=False)
    assert (once.returncode, once.stdout) == (75, "")
    assert once.stderr == f"carved is running already ({day.bed.folder}/runtime/lock)\n"
    assert subprocess.run([*command, "--check"], check=False).returncode == 0
    with subprocess.Popen(command, env=day.bed.environment, stderr=subprocess.PIPE, text=True) as second:
        assert "another carved has not ended yet" in second.stderr.readline()
        second.terminate()
    assert second.returncode == 0
    assert not [r for r in day.bed.kernel.ask("requests") if r["command"].endswith("SET")]
    day.type(says=["carved: converged, 1 of 1 converged"], exit_code=0)


def test_by_busctl(day):
    """Who has nothing but systemd's tools finds it all."""
    day.carved.run(leaf("reload: manual\nresources: {/kvd/hash_double: 60288}\n" + TRAP))

    def busctl(*words):
        command = ["busctl", f"--address={day.bed.bus.address}", *words]
        return day.screen(subprocess.run(command, capture_output=True, text=True, check=True).stdout, ["(busctl)", *words])
    path = "/org/carved1/device/pci_2f0000_3a03_3a00_2e0"
    assert path in busctl("tree", "org.carved1")
    device = busctl("introspect", "org.carved1", path)
    assert re.search(r'^\.State +property +s +"pending-reload" +emits-change', device, re.M)
    assert re.search(r"^\.Objects +property +a\(ssssss\) +\S.* emits-invalidation", device, re.M)
    manager = "org.carved1", "/org/carved1", "org.carved1.Manager"
    assert busctl("call", *manager, "Plan", "sa{sv}", "leaf", "0").startswith(f'a(sssssss) 2 "{SPECTRUM}" "resource" "/kvd/hash_double"')
    assert ' "start" "pending-reload" ' in busctl("call", *manager, "History", "su", "leaf", "5")
    assert busctl("get-property", *manager, "State") == 's "pending-reload"\n'


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_who_may_only_read(day):
    """All can be seen, nothing changed, and what is refused says what it takes."""
    day.carved.run(leaf("reload: manual\nresources: {/kvd/hash_double: 60288}"))
    may = {"status": 3, "plan": 2, "plan --candidate": 2, "diff": 0, "configs": 0, "configs show 0": 0, "resources": 0, "explain leaf": 0,
           "history": 0, "capture leaf": 0, "metrics": 0}
    for words, exit_code in may.items():
        done = day.bed.ctl(*words.split(), prefix=NOBODY)
        assert (done.returncode, done.stderr) == (exit_code, "") and done.stdout, (words, done)
    day.kernel("forget")
    for words in "reload", "apply leaf --allow-reload", "retry leaf", "pause leaf", "resume leaf", "confirm", "rollback":
        done = day.bed.ctl(*words.split(), prefix=NOBODY)
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(f'carvectl: no permission \\(.*\\): "carvectl {words.split()[0]}" needs root\n', done.stderr), done
    assert not [r for r in day.bed.kernel.ask("requests") if r["command"] in ("RELOAD", "RESOURCE_SET")]
    day.type(says=["carved: pending-reload, 0 of 1 converged"], exit_code=3)


def test_on_a_bus_of_ones_own(day):
    """Tried out without root's bus: daemon and command line both by --bus=user."""
    day.carved.config(leaf(TRAP))
    day.carved.start("--bus=user", environment={"DBUS_SESSION_BUS_ADDRESS": day.bed.bus.address, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"})
    day.carved.at_rest()
    done = day.bed.ctl("--bus=user", "status", DBUS_SESSION_BUS_ADDRESS=day.bed.bus.address, DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere")
    assert done.returncode == 0 and "carved: converged, 1 of 1 converged" in done.stdout
    done = day.bed.ctl("--bus=user", "status", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
    assert done.returncode == 1 and done.stderr.endswith("look at: systemctl --user status dbus\n")


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
    day.type("status", "--problems", says=["All devices are as wanted."], exit_code=0)


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


def test_driver_that_cannot_tell(day):
    """Which entry is the device's is not known: its name is not denied, and whoever asks makes carved look again."""
    day.kernel(f"rule {SPECTRUM} INFO_GET * EIO times=1000 text=no firmware answers")
    entry_of_it = leaf("resources: {/kvd/hash_double: 60288}\n" + TRAP)
    day.carved.run(entry_of_it)
    why = "the driver does not tell its versions: Input/output error: mlxsw_spectrum: no firmware answers"
    day.type(says=[f"× {SPECTRUM} +- +failed .*", "carved: failed, 0 of 1 converged"], exit_code=3)
    day.type("status", "leaf", says=["         State: failed", f".* Reason: {why}.*"], exit_code=3)
    day.type("plan", "leaf", says=[f"{SPECTRUM} has failed: {why}"], hides=["Nothing to do"], exit_code=0)
    day.type("plan", "--candidate", says=[f"carvectl: {SPECTRUM} cannot be read now: {why}"], exit_code=1)
    day.type("wait", "leaf", "--timeout", "10ms", says=[f"carvectl: {SPECTRUM} has failed: {why}"], exit_code=3)
    day.type("explain", "leaf", says=[f"{SPECTRUM} has failed {why} when the cause is gone: .*"])
    day.kernel("rules-clear")
    day.type("reload", "--yes", says=["carved: converged"], exit_code=0)
    assert day.bed.kernel.device(SPECTRUM)["resources"]["/kvd/hash_double"]["size"] == 60288
    assert "by somebody else" not in day.carved.log.read_text()
    day.type("history", "leaf", hides=["drift"])
