# SPDX-License-Identifier: GPL-2.0-or-later
"""Configs on trial, rolled back, put aside: D-Bus and carvectl. What is in force is asked of the fake kernel."""
import json
import shutil
import signal
import time

import dbus
import pytest

from conftest import DEADLINE, SPECTRUM, wait
from test_carvectl import TRAP, expect
from test_dbus import SIZES, error_of, leaf

NAME = "source_mac_is_multicast"
LINEAR = "/kvd/linear"
MINUTE = dbus.UInt64(60_000_000)
TRIAL = "reload: auto\n" + SIZES + "\ntraps: {" + NAME + ": drop}"


def device(bed):
    return bed.kernel.device(SPECTRUM)


def now(bed):
    """What is in force: of the trap, and of the resource."""
    found = device(bed)
    return found["traps"][NAME]["action"], found["resources"][LINEAR]["size"], found["counters"][0][3]


def try_it(carved, signals=None, confirm=MINUTE):
    carved.config(leaf(TRIAL))
    job = carved.call("Reload", {"confirm": confirm})
    if signals:
        wait(lambda: any(ended == job for ended, _ in signals.of("JobRemoved")), "the job to end")
    return job


def results(carved):
    return [str(result) for _, _, _, result in carved.call("ListConfigs")]


@pytest.fixture
def old(bed, carved):
    """In force, and what it comes to."""
    carved.run(leaf("reload: manual\n" + TRAP))
    before = now(bed)
    assert before == ("trap", 98304, 0)
    return before


def test_confirmed(bed, carved, signals, old):
    begun = time.time()
    try_it(carved, signals)
    assert now(bed) == ("drop", 90112, 1)
    assert begun + 50 < carved.get("ConfirmDeadlineUSec") / 1e6 < begun + 120
    assert results(carved) == ["on-trial", "replaced"]
    expect(bed.ctl("status"), 0, "^The config is on trial until .*, for another [0-9]+ (s|min|h); to keep it: carvectl confirm$")
    expect(bed.ctl("confirm"), 0, "^The config is confirmed, and stays in force.$")
    assert carved.get("ConfirmDeadlineUSec") == 0 and results(carved) == ["in-force", "replaced"]
    expect(bed.ctl("confirm"), 1, "^$", err=["no config is on trial"])
    carved.process.send_signal(signal.SIGKILL)
    carved.process.wait(DEADLINE)
    carved.start()
    carved.at_rest()
    assert now(bed) == ("drop", 90112, 1) and carved.get("ConfirmDeadlineUSec") == 0


@pytest.mark.parametrize("again", ["confirm", "stop"])
def test_confirmation_that_cannot_be_saved(bed, carved, signals, old, again):
    """It is said, until it is saved after all: when it is asked for again, or at the end."""
    try_it(carved, signals)
    ledger = bed.folder / "state/ledger.json"
    kept = ledger.read_text()
    ledger.unlink()
    (ledger / "in-the-way").mkdir(parents=True)
    expect(bed.ctl("confirm"), 1, "^$", err=[r"it is confirmed, but that cannot be saved: .* \(Is a directory\)"])
    expect(bed.ctl("status"), 0, "^which config is in force cannot be saved, .*: Is a directory;")
    assert bed.ctl("confirm").returncode == 1
    assert carved.log.read_text().count("is not saved: Is a directory") == 1
    shutil.rmtree(ledger)
    ledger.write_text(kept)
    if again == "stop":
        carved.stop()
    else:
        expect(bed.ctl("confirm"), 0, "^The config is confirmed, and stays in force.$")
        assert carved.get("Diagnostics") == []
        carved.process.send_signal(signal.SIGKILL)
        carved.process.wait(DEADLINE)
    carved.start()
    carved.at_rest()
    assert now(bed) == ("drop", 90112, 1) and carved.get("ConfirmDeadlineUSec") == 0


def test_rolled_back_at_the_deadline(bed, carved, signals, old):
    """By a reload, which the policy of the old config would not permit; the files stay as they are."""
    try_it(carved, signals, dbus.UInt64(3_000_000))
    assert now(bed)[:2] == ("drop", 90112)
    wait(lambda: now(bed) == ("trap", old[1], 2), "the old config to come back")
    carved.wait_state(SPECTRUM, "converged")
    assert carved.get("ConfirmDeadlineUSec") == 0 and carved.get("ConfigOutOfSync")
    assert results(carved) == ["in-force", "rolled-back", "replaced"]
    expect(bed.ctl("configs"), 0, "^0 .* deadline +in-force$")
    expect(bed.ctl("status"), 0, f"^{bed.file}: rolled back at .*: it was not confirmed in time$",
           "^The files on disk differ from what is in force;")
    assert "drop" in bed.file.read_text()
    carved.stop()  # and again, with the same files
    carved.start()
    carved.at_rest()
    assert now(bed) == ("trap", old[1], 2) and carved.get("ConfigOutOfSync")
    expect(bed.ctl("reload"), 0, "^carved: converged$")
    assert now(bed) == ("drop", 90112, 3) and not carved.get("ConfigOutOfSync")
    assert carved.get("Diagnostics") == []


@pytest.mark.parametrize("end", ["confirmed", "over", "over and broken", "over and as before", "edited"])
def test_over_a_restart(bed, carved, signals, old, end):
    try_it(carved, signals, dbus.UInt64(2_000_000) if end.startswith("over") else MINUTE)
    carved.process.send_signal(signal.SIGKILL)
    carved.process.wait(DEADLINE)
    if end == "edited":  # whatever was not asked for does not count while the trial goes on
        carved.config(leaf(TRAP))
    if end.startswith("over"):
        time.sleep(2)
    if end == "over and broken":  # what was kept last is what was on trial
        bed.file.write_text("devices: 7\n")
    if end == "over and as before":  # which is no reason to leave what was on trial
        carved.config(leaf("reload: manual\n" + TRAP))
    carved.start()
    carved.at_rest()
    if end.startswith("over"):
        wait(lambda: now(bed)[:2] == old[:2], "the old config to come back")
        carved.wait_state(SPECTRUM, "converged")
        return
    assert now(bed) == ("drop", 90112, 1) and carved.get("ConfirmDeadlineUSec") > 0
    carved.call("Confirm", {})
    assert carved.get("ConfirmDeadlineUSec") == 0


def test_after_a_reboot(bed, carved, signals, old):
    """Another boot than the trial's: the ledger is the only one that knows of it."""
    try_it(carved, signals)
    carved.stop()
    ledger = bed.folder / "state/ledger.json"
    text = json.loads(ledger.read_text())
    text["trial"]["boot"] = "another"
    ledger.write_text(json.dumps(text))
    carved.start()
    carved.at_rest()
    assert now(bed)[:2] == old[:2]
    assert carved.get("Diagnostics")[0].endswith("the system was rebooted before it was confirmed")
    assert carved.call("ListConfigs")[0][2] == "reboot"


def test_during_a_trial(bed, carved, signals, old):
    try_it(carved, signals)
    first = carved.get("ConfirmDeadlineUSec")
    carved.config(leaf(SIZES + "\n" + TRAP))
    expect(bed.ctl("reload"), 1, "^$", err=["a config is on trial: first carvectl confirm, or carvectl rollback"])
    assert error_of(carved.call, "Reload", {})[0] == "org.carved1.Error.Busy"
    carved.process.send_signal(signal.SIGHUP)
    expect(bed.ctl("reload", "--confirm", "10m"), 0, "^On trial until ")
    assert now(bed) == ("trap", 90112, 1) and carved.get("ConfirmDeadlineUSec") > first
    assert results(carved) == ["on-trial", "replaced", "replaced"]
    expect(bed.ctl("rollback"), 0, "^carved: converged$", err=[f"^{bed.file}: rolled back at .*: root asked for it$"])
    assert now(bed)[:2] == old[:2] and carved.get("ConfirmDeadlineUSec") == 0
    assert "asked for it" in carved.get("Diagnostics")[0]


@pytest.mark.parametrize("command, said", [("rollback", ["rolled back at "]), ("reload", [])])
def test_back_by_another_trial(bed, carved, signals, old, command, said):
    """To the config before, of which no trial can be: all that was on trial goes back, as after any."""
    try_it(carved, signals)
    if command == "reload":
        carved.config(leaf("reload: manual\n" + TRAP))
    expect(bed.ctl(command, "--confirm", "10m"), 0, "^carved: converged$", err=said)
    assert now(bed)[:2] == old[:2] and carved.get("ConfirmDeadlineUSec") == 0
    assert results(carved) == ["in-force", "rolled-back", "replaced"]


def test_a_trial_that_is_refused(bed, carved, old):
    bed.file.write_text("version: 1\ndevcies: {}\n")
    expect(bed.ctl("reload", "--confirm", "1m"), 1, "^$", err=[f"^{bed.file}:2:1: error: ", "refused"])
    assert carved.get("ConfirmDeadlineUSec") == 0 and now(bed) == old


def test_rollback(bed, carved, old):
    """Older ones by their numbers; what the files say is left alone."""
    carved.config(leaf("traps: {" + NAME + ": drop}"))
    bed.ctl("reload")
    expect(bed.ctl("configs"), 0, r"^N +CONFIG +ACCEPTED +BY +RESULT$", r"^0 +[0-9a-f]{16} +20.* +root +in-force$",
           r"^1 +[0-9a-f]{16} +20.* +start +replaced$")
    assert [config["result"] for config in bed.json("configs")["configs"]] == ["in-force", "replaced"]
    expect(bed.ctl("configs", "show", "1"), 0, f"^# {bed.file}$", "^    traps: {" + NAME + ": trap}$")
    expect(bed.ctl("rollback", "1"), 0, "^carved: converged$", err=["^the files on disk were put aside at .*: root asked for an older config$"])
    assert now(bed)[0] == "trap" and carved.get("ConfigOutOfSync")
    expect(bed.ctl("status"), 0, "^the files on disk were put aside at .*: root asked for an older config$")
    expect(bed.ctl("rollback"), 0)
    assert now(bed)[0] == "drop" and not carved.get("ConfigOutOfSync")
    for number in "7", "x", "-1":
        assert bed.ctl("rollback", "--", number).returncode == 1
    assert error_of(carved.call, "Rollback", "0" * 15, {})[0] == "org.carved1.Error.NoSuchConfig"
    assert error_of(carved.call, "Rollback", "1" * 16, {})[0] == "org.carved1.Error.NoSuchConfig"


def test_rollback_on_trial(bed, carved, signals, old):
    carved.config(leaf("traps: {" + NAME + ": drop}"))
    bed.ctl("reload")
    expect(bed.ctl("rollback", "1", "--confirm", "2s"), 0, "^On trial until ", err=["^the files on disk were put aside at "])
    assert now(bed)[0] == "trap"
    wait(lambda: now(bed)[0] == "drop", "the other one to come back")
    carved.wait_state(SPECTRUM, "converged")
    assert not carved.get("ConfigOutOfSync") and carved.get("Diagnostics") == []


def test_right_after_another(bed, carved, old):
    """What a trial comes back to is on disk, be it accepted a moment before."""
    carved.config(leaf(f"reload: manual\ntraps: {{{NAME}: drop}}"))
    carved.call("Reload", {})
    carved.config(leaf("reload: manual\n" + TRAP))
    carved.call("Reload", {"confirm": MINUTE})
    carved.process.send_signal(signal.SIGKILL)
    carved.process.wait()
    carved.start()
    carved.at_rest()
    assert now(bed)[0] == "trap" and results(carved)[0] == "on-trial"
    expect(bed.ctl("rollback"), 0, "^carved: converged$", err=["rolled back at .*: root asked for it"])
    assert now(bed)[0] == "drop" and results(carved)[0] == "in-force"


def test_nothing_before(bed, carved):
    carved.run(leaf(TRAP))
    expect(bed.ctl("rollback"), 1, "^$", err=["no config before is kept"])


@pytest.mark.parametrize("name", ["0" * 16, "0x" + "1" * 14, " " * 15 + "1", "-" + "1" * 15])
def test_names_that_no_config_has(bed, carved, old, name):
    """Not even that of the one in force, or of the one before."""
    for method, arguments in ("Rollback", ({},)), ("ReadConfig", ()), ("Plan", ({"config": name},)):
        first = "" if method == "Plan" else name
        assert error_of(carved.call, method, first, *arguments) == ("org.carved1.Error.NoSuchConfig",
                                                                    f"no config {name} is kept")


def test_twenty_are_kept(bed, carved, old):
    for i in range(25):
        carved.config(leaf(f"traps: {{{NAME}: {'drop' if i % 2 else 'trap'}}} # {i}"))
        carved.call("Reload", {})
    assert len(results(carved)) == 20
    wait(lambda: len(list((bed.folder / "state/configs").iterdir())) <= 21, "others to be forgotten")
    expect(bed.ctl("configs", "show", "19"), 0, "# 5$")


def test_firmware_does_not_come_back(bed, carved, old):
    """Said before, and by the plan."""
    file = bed.root / "lib/firmware/new.mfa2"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    carved.config(leaf("firmware: {version: 13.2010.1406, file: new.mfa2}"))
    said = f"^The end of a trial would not undo: {SPECTRUM} firmware .* to 13.2010.1406$"
    expect(bed.ctl("plan", "--candidate"), 2, said)
    expect(bed.ctl("reload", "--confirm", "1m", "--no-wait"), 0, "^On trial until ", err=[said])


@pytest.mark.parametrize("confirm", ["0", "5", "x"])
def test_times_that_are_none(bed, confirm):
    assert bed.ctl("reload", "--confirm", confirm).returncode == 64


def test_diff(bed, carved, old):
    expect(bed.ctl("diff"), 0, "^No difference.$")
    assert bed.json("diff") == {"changes": [], "steps": []}
    carved.config(leaf(TRIAL))
    expect(bed.ctl("diff"), 2, rf"^~ +devices.leaf.reload +manual → auto +{bed.file}:6:\d+$",
           rf"^\+ +devices.leaf.resources./kvd/linear +90112 +{bed.file}:7:\d+$",
           f"^~ +devices.leaf.traps.{NAME} +trap → drop ", "^5 steps, 1 reload$")
    assert "\x1b" not in bed.ctl("diff").stdout
    bed.ctl("reload")
    expect(bed.ctl("diff", "1", "0"), 2, "^~ +devices.leaf.reload +manual → auto ")
    expect(bed.ctl("diff", "0", "1"), 2, "^- +devices.leaf.resources./kvd/linear +90112 ")
    bed.file.write_text("version: 1\ndevcies: {}\n")
    expect(bed.ctl("diff"), 1, "^$", err=[f"^{bed.file}:2:1: error: ", "the files on disk would be refused"])
    assert bed.ctl("diff", "9").returncode == 1
