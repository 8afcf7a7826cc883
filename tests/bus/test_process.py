# SPDX-License-Identifier: GPL-2.0-or-later
"""carved as a process: how it ends."""
import fcntl
import os
import re
import signal
import subprocess

import pytest

from conftest import BUILD, Carved, DEADLINE, MANAGER, NETDEVSIM, NOBODY, SPECTRUM, wait
from test_dbus import error_of, leaf


def test_once_is_interrupted(bed, carved):
    """Its exit code says what was reached, not that it was told to end."""
    carved.config(leaf("traps: {source_mac_is_multicast: trap}"))
    bed.kernel.ask(f"rule {SPECTRUM} * * hold")
    carved.start("--once", "--bus=none")
    wait(lambda: "unmanaged" in carved.log.read_text(), "the other device to be read")
    process, carved.process = carved.process, None
    process.terminate()
    assert process.wait(DEADLINE) == 3
    bed.kernel.ask("release")


def test_config_in_the_wrong_hands(bed, carved):
    """It is refused by name and mode like any other mistake, and a FIFO holds nothing up."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    bed.file.chmod(0o666)
    done = bed.ctl("reload")
    assert done.returncode == 1 and "writable by others than root (mode 0666)" in done.stderr
    assert carved.get("Generation") == 1 and carved.state(SPECTRUM) == "converged"
    bed.file.unlink()
    os.mkfifo(bed.file)
    done = bed.ctl("reload")
    assert done.returncode == 1 and "carved.yaml: error: not a regular file" in done.stderr
    assert carved.state(SPECTRUM) == "converged"


def test_one_line_for_each_step(bed, carved):
    """What is staged says what it waits for; what is restored after a reload by others is one line, and so is drift."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap, vlan_tag_mismatch: trap}\nresources: {/kvd/hash_double: 60288}"))
    known = len(told(carved))
    assert sorted(told(carved)) == [
        "resource /kvd/hash_double is set: 60416 -> 60288, at the next reload",
        "trap source_mac_is_multicast is set: drop -> trap", "trap vlan_tag_mismatch is set: drop -> trap"]
    assert len(re.findall(rf"^{SPECTRUM}: reloaded by carved; ports were down for up to [0-9.]+ ms$", carved.log.read_text(), re.M)) == 1
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: "2 settings restored" in carved.log.read_text(), "the reload to be made good")
    carved.wait_state(SPECTRUM, "converged")
    for trap in "source_mac_is_multicast", "vlan_tag_mismatch":
        bed.kernel.ask(f"set {SPECTRUM} trap {trap} drop")
    bed.kernel.ask(f"storm {SPECTRUM} 1")
    wait(lambda: len(told(carved)) > known, "the trap to be set back")
    carved.wait_state(SPECTRUM, "converged")
    assert told(carved)[known:] == ["trap vlan_tag_mismatch is set: drop -> trap"]
    assert carved.log.read_text().count("trap source_mac_is_multicast is drop, wanted trap, and 1 more") == 1


def test_reload_that_forgets_more_than_is_restored(bed, carved):
    """What was set again is told, though something else still waits, and a reload is told where nothing was set."""
    carved.run(leaf("reload: manual\ntraps: {source_mac_is_multicast: trap}\nresources: {/kvd/hash_double: 60288}"))
    assert carved.state(SPECTRUM) == "pending-reload"
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: f"{SPECTRUM}: 1 setting restored" in carved.log.read_text(), "the reload to be told")
    assert carved.state(SPECTRUM) == "pending-reload"
    carved.config(leaf("reload: manual\nresources: {/kvd/hash_double: 60288}"))
    bed.ctl("reload")
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: f"{SPECTRUM}: nothing was restored after a reload by somebody else\n" in carved.log.read_text(), "the reload to be told")


def test_reload_that_costs_nothing(bed, carved):
    carved.run(leaf("resources: {/kvd/hash_double: 60416}"))
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: f"{SPECTRUM}: nothing was lost in a reload by somebody else\n" in carved.log.read_text(), "the reload to be told")


def told(carved):
    """What was set, by the log."""
    return re.findall(rf"^{SPECTRUM}: (.* is set: .*)$", carved.log.read_text(), re.M)


def test_carved_that_hangs(bed, carved):
    """carvectl does not wait for ever for a carved that has stopped, whatever it has asked for."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    carved.process.send_signal(signal.SIGSTOP)
    asked = [subprocess.Popen([BUILD / "carvectl", *words], stderr=subprocess.PIPE, text=True,
                              env={**bed.environment, "SYSTEMD_BUS_TIMEOUT": "2s"})
             for words in (["reload"], ["reload", "--no-wait"], ["apply"], ["plan", "--candidate"], ["capture", "leaf"],
                           ["status"])]
    try:
        for process in asked:
            said = process.communicate(timeout=DEADLINE)[1]
            assert process.returncode == 1 and said == "carvectl: carved does not answer; look at: systemctl status carved\n"
    finally:
        carved.process.send_signal(signal.SIGCONT)


def test_answer_that_takes_long(bed, carved):
    """It is waited for, and said what carved is doing."""
    bed.helper("polkit.py", "slow")
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    command = [*NOBODY, BUILD / "carvectl", "reload"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=bed.environment) as process:
        assert process.stderr.readline() == "carvectl: waiting for the answer; carved is there, its state: converged\n"
        assert process.poll() is None
        process.terminate()


def test_waiting_for_another(bed, carved, signals):
    """What cannot be known yet is not said to be missing, and that it is known then is told."""
    for handle in SPECTRUM, NETDEVSIM:
        bed.kernel.ask(f"unbind {handle}")
    with open(bed.folder / "runtime/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        carved.config(leaf("traps: {source_mac_is_multicast: trap}"))
        carved.start()
        wait(lambda: "waiting for it" in carved.log.read_text(), "carved to wait")
        rows = lambda: [tuple(map(str, row)) for row in carved.call("ListDevices")]
        assert wait(lambda: carved.state("") and rows(), "its name") == [("", "leaf", "reading", "/")]
        assert error_of(carved.call, "Apply", "", {})[0] == "org.carved1.Error.Busy"
        assert carved.get("State") == "reading" and list(carved.get("Diagnostics")) == ["another carved has not ended yet"]
        said = bed.ctl("status")
        assert said.returncode == 3 and "absent" not in said.stdout and "another carved has not ended yet" in said.stdout
        signals.clear()
    told = lambda: [arguments for arguments in signals.of("PropertiesChanged") if arguments[0] == MANAGER]
    wait(lambda: any(values.get("State") == "absent" for _, values, _ in told()), "the state to be told")
    wait(lambda: any("Diagnostics" in gone for _, _, gone in told()), "the diagnostics to be told of")
    assert carved.call("ListDevices")[0][2] == "absent" and list(carved.get("Diagnostics")) == []


@pytest.mark.parametrize("files", ["edited", "broken"])
def test_after_another(bed, carved, files):
    """What that one did meanwhile counts, not what there was when this one began to wait."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    second = Carved(bed)
    second.log = bed.folder / "second"
    second.start()
    wait(lambda: "waiting for it" in second.log.read_text(), "the second one to wait")
    carved.config(leaf("traps: {source_mac_is_multicast: drop}"))
    assert bed.ctl("reload").returncode == 0
    if files == "broken":
        bed.file.write_text("devices: 7\n")
    first = [str(hash) for hash, *_ in carved.call("ListConfigs")]
    carved.stop()
    second.at_rest()
    assert bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"] == "drop"
    assert [str(hash) for hash, *_ in second.call("ListConfigs")] == first and len(first) == 2
    assert second.get("ConfigOutOfSync") == (files == "broken")
    second.stop()
