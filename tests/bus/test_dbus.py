# SPDX-License-Identifier: GPL-2.0-or-later
"""org.carved1 as any client of D-Bus meets it."""
import os
import re
import signal
import time

import dbus
import pytest

from conftest import (DEVICE, FACTS, MANAGER, NETDEVSIM, OBJECTS, PROPERTIES, ROOT, SPECTRUM, entry, wait)

LEAF = '{driver: mlxsw_spectrum}'
SIZES = "resources: {/kvd/linear: 90112, /kvd/linear/chunks: 40960, /kvd/hash_double: 68608}"


def leaf(body, name="leaf"):
    return entry(name, body, LEAF)


def error_of(call, *arguments, **keywords):
    with pytest.raises(dbus.DBusException) as caught:
        call(*arguments, **keywords)
    return caught.value.get_dbus_name(), caught.value.get_dbus_message()


def test_properties_of_a_converged_device(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}\n" + SIZES))
    found = carved.all(SPECTRUM)
    assert (found["Handle"], found["Entry"], found["Driver"]) == (SPECTRUM, "leaf", "mlxsw_spectrum")
    assert found["State"] == "converged", found["StateReason"]
    assert found["Drift"] == [] and found["Drift"].signature == "(ssss)"
    assert found["FirmwareRunning"] == "13.2010.1006"
    assert found["Progress"] == ("", 0, 0)
    assert found["ReloadCount"] == 1 and found["LastReloadOutageUSec"] > 0
    assert abs(found["ConvergedAtUSec"] / 1e6 - time.time()) < 60
    resources = {str(path): dict(fields) for path, fields in found["Resources"]}
    assert resources["/kvd/linear"] == {"size": 90112, "min": 0, "max": 147456, "granularity": 128, "occ": 12,
                                        "unit": "entry"}
    assert "occ" not in resources["/kvd/hash_double"]


def test_drift_of_what_is_only_reported(bed, carved):
    carved.run(leaf("drift: report\ntraps: {source_mac_is_multicast: trap}\nresources: {/kvd/linear: 98304}"))
    bed.kernel.ask(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    bed.kernel.ask(f"set {SPECTRUM} resource /kvd/linear 65536")
    bed.kernel.ask(f"storm {SPECTRUM} 1")
    carved.wait_state(SPECTRUM, "drifted")
    assert list(carved.all(SPECTRUM)["Drift"]) == [("/kvd/linear", "size_new", "98304", "65536"),
                                                   ("source_mac_is_multicast", "action", "trap", "drop")]


def test_staged_params_are_not_in_force(bed, carved):
    """A driverinit value that waits for a reload is drift, though the kernel shows it."""
    carved.run(entry("sim", "reload: manual\nparams: {max_macs: {driverinit: 64}}", "{driver: netdevsim}"))
    assert carved.state(NETDEVSIM) == "pending-reload"
    assert list(carved.all(NETDEVSIM)["Drift"]) == [("max_macs/driverinit", "value", "64", "32")]


# --- changes


def test_apply_says_that_a_reload_is_needed(bed, carved, signals):
    carved.run(leaf("reload: manual\n" + SIZES))
    assert carved.state(SPECTRUM) == "pending-reload"
    for name in SPECTRUM, "leaf":
        error, text = error_of(carved.call, "Apply", name, {})
        assert error == "org.carved1.Error.ReloadNotAllowed" and "/kvd/linear" in text
    assert bed.kernel.device(SPECTRUM)["counters"][0][3] == 0


def test_apply_with_a_reload(bed, carved, signals):
    carved.run(leaf("reload: manual\n" + SIZES))
    job = carved.call("Apply", "leaf", {"allow-reload": dbus.Boolean(True), "unknown": dbus.String("x")})
    wait(lambda: (job, "converged") in signals.of("JobRemoved"), "the job to end")
    assert carved.all(SPECTRUM)["ReloadCount"] == 1
    wait(lambda: (SPECTRUM, "apply", "converged") in signals.of("Changed"), "the change to be told")


def test_apply_looks_again(bed, carved, signals):
    """What nobody told is found and set right."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    bed.kernel.ask(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    job = carved.call("Apply", "", {})
    wait(lambda: (job, "converged") in signals.of("JobRemoved"), "the job to end")
    assert carved.call("History", "leaf", 1)[0][2:4] == ("apply", "converged")
    assert carved.call("History", "leaf", 1)[0][4].endswith(", asked by " + (f"uid {os.getuid()}" if os.getuid() else "root"))
    assert list(carved.all(SPECTRUM)["Drift"]) == []


def test_netdevs(bed, carved, signals):
    """What sysfs has, and what it has after an audit: a rename without a message."""
    folder = bed.root / "sys/bus/pci/devices/0000:03:00.0/net"
    names = [f"swp{number}" for number in range(12)]
    for name in names:
        (folder / name).mkdir(parents=True)
    carved.run(leaf("traps: {}"), audit="1s")
    assert list(carved.all(SPECTRUM)["NetDevs"]) == names
    assert list(carved.all(NETDEVSIM)["NetDevs"]) == []
    assert list(bed.json("status", "leaf")["devices"][0]["netdevs"]) == names
    line = re.search("^ +Netdevs: (swp.*)$", bed.ctl("status", "leaf").stdout, re.M)[1]
    assert line.split(", ") == names
    (folder / "swp3").rename(folder / "uplink")
    wait(lambda: any("uplink" in change.get("NetDevs", []) for _, change, _ in signals.of("PropertiesChanged")), "the new name")


def test_netdevs_of_ports_that_come(bed, carved):
    """No audit is waited for: the kernel tells of ports."""
    folder = bed.root / "sys/bus/pci/devices/0000:03:00.0/net"
    (folder / "swp1").mkdir(parents=True)
    bed.kernel.ask(f"remove {SPECTRUM}")
    bed.kernel.ask(f"add {FACTS / 'buffers.json'}")
    carved.run(leaf("params: {fw_load_policy: {driverinit: driver}}"))
    assert list(carved.all(SPECTRUM)["NetDevs"]) == ["swp1"]
    for part in range(2):
        (folder / f"swp1s{part}").mkdir()
    (folder / "swp1").rmdir()
    bed.kernel.ask(f"set {SPECTRUM} port p1 2")
    wait(lambda: list(carved.all(SPECTRUM)["NetDevs"]) == ["swp1s0", "swp1s1"], "the netdevs of the parts")


def test_apply_where_the_config_is_refused(bed, carved):
    carved.run(leaf("resources: {/kvd/linear: 1}"))
    assert carved.state(SPECTRUM) == "refused"
    error, text = error_of(carved.call, "Apply", "leaf", {})
    assert error == "org.carved1.Error.Refused"
    assert "carved.yaml:6:30: error: " in text


def test_names_that_mean_nothing(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"), entry("spine", "traps: {}", "{driver: none}"))
    for method, arguments in (("Apply", ({},)), ("Retry", ()), ("Plan", ({},)), ("History", (0,)),
                              ("Capture", ({},)), ("Plan", ({"candidate": True},))):
        assert error_of(carved.call, method, "laef", *arguments)[0] == "org.carved1.Error.NoSuchDevice"
    assert error_of(carved.call, "Apply", "spine", {})[0] == "org.carved1.Error.NoSuchDevice"
    assert error_of(carved.call, "Retry", "")[0] == "org.carved1.Error.NoSuchDevice"
    assert error_of(carved.call, "Plan", "spine", {}) == ("org.carved1.Error.NoSuchDevice",
                                                          "no device matches the entry spine")


def test_options_of_another_type(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    known = {"Apply": {"allow-reload"}, "Plan": {"candidate"}, "Capture": {"facts", "json"}}
    for method, own in known.items():
        for option in set().union(*known.values()):
            options = dbus.Dictionary({option: "yes"}, signature="sv")
            if option in own:
                assert error_of(carved.call, method, "leaf", options) == (
                    "org.freedesktop.DBus.Error.InvalidArgs", f"the option {option} takes a boolean")
            else:
                carved.call(method, "leaf", options)


def test_capture_of_several_devices(bed, carved):
    """There is one text: nothing is left out of it silently."""
    carved.run(entry("all", "traps: {}", '{handle: "*"}'))
    error, text = error_of(carved.call, "Capture", "all", {})
    assert error == "org.freedesktop.DBus.Error.InvalidArgs" and NETDEVSIM in text and SPECTRUM in text
    assert NETDEVSIM in carved.call("Capture", NETDEVSIM, {})


def test_retry(bed, carved, signals):
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET source_mac_is_multicast EINVAL times=1 text=not now")
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    found = carved.all(SPECTRUM)
    assert (found["State"], found["LastExtack"]) == ("failed", "mlxsw_spectrum: not now")
    assert found["Objects"][0][4].endswith(f"not now ({bed.file}:6:38)")
    job = carved.call("Retry", "leaf")
    wait(lambda: (job, "converged") in signals.of("JobRemoved"), "the job to end")


def test_a_refused_reload_of_the_config(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    assert carved.get("ConfigOutOfSync") == 0
    bed.file.write_text("version: 1\ndevcies: {}\n")
    assert carved.get("ConfigOutOfSync") == 1
    error, text = error_of(carved.call, "Reload", {})
    assert error == "org.carved1.Error.InvalidConfig" and 'did you mean "devices"?' in text
    assert [str(line).split(": ")[1] for line in carved.get("Diagnostics")] == ["error"]
    assert carved.get("ConfigOutOfSync") == 1 and carved.get("Generation") == 1


def test_out_of_sync(bed, carved):
    """Whatever would be read differently, and nothing else."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    bed.file.write_text(bed.file.read_text())
    assert carved.get("ConfigOutOfSync") == 0
    dropin = bed.root / "etc/carved/carved.d/x.yaml"
    dropin.parent.mkdir()
    dropin.write_text("settings: {settle_timeout: 1s}\n")
    assert carved.get("ConfigOutOfSync") == 1
    carved.call("Reload", {})
    assert carved.get("ConfigOutOfSync") == 0
    dropin.unlink()
    assert carved.get("ConfigOutOfSync") == 1


@pytest.mark.parametrize("newer", [[leaf("traps: {vlan_tag_mismatch: trap}\nresources: {/kvd/linear: 1}")],
                                   [leaf("traps: {}"), leaf("traps: {vlan_tag_mismatch: trap}", "other")]])
def test_what_was_accepted_outlives_the_driver(bed, carved, newer):
    """A config that is refused does not come into force by binding the driver anew; the one before it does."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    carved.config(*newer)
    carved.call("Reload", {})
    carved.wait_state(SPECTRUM, "refused")
    for _ in range(2):
        bed.kernel.ask(f"unbind {SPECTRUM}")
        wait(lambda: carved.state(SPECTRUM) is None, "the device to go")
        bed.kernel.ask(f"bind {SPECTRUM}")
        traps = lambda: {n: t["action"] for n, t in bed.kernel.device(SPECTRUM)["traps"].items()}
        wait(lambda: traps()["source_mac_is_multicast"] == "trap", "what was accepted")
        carved.wait_state(SPECTRUM, "refused")
        assert traps()["vlan_tag_mismatch"] == "drop"
    carved.config(leaf("traps: {vlan_tag_mismatch: trap}"))
    carved.call("Reload", {})
    carved.wait_state(SPECTRUM, "converged")
    assert traps()["vlan_tag_mismatch"] == "trap"


@pytest.mark.parametrize("below", [False, True])
def test_a_file_of_its_own(bed, carved, below):
    """One that is given by its name is kept for bad times too, wherever it is."""
    carved.config(leaf("traps: {source_mac_is_multicast: trap}"))
    file = bed.file.rename((bed.root if below else bed.folder) / "own.yaml")
    carved.start("-c", str(file))
    carved.at_rest()
    assert list(carved.get("ConfigFiles")) == [str(file)]
    carved.stop()
    bed.kernel.ask(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    file.write_text("devcies: {}\n")
    carved.start("-c", str(file))
    carved.at_rest()
    assert bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"] == "trap"
    assert f"{file}:1:1: error: " in carved.get("Diagnostics")[0] and carved.get("ConfigOutOfSync") == 1


# --- plans of files that are not in force


def test_candidate(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    carved.config(entry("other", "traps: {vlan_tag_mismatch: trap}\n" + SIZES, LEAF))
    steps = carved.call("Plan", "other", {"candidate": True})
    assert [(kind, name, old, new, weight) for _, kind, name, old, new, weight, _ in steps] == [
        ("resource", "/kvd/linear", "98304", "90112", "reload"),
        ("resource", "/kvd/linear/chunks", "49152", "40960", "reload"),
        ("resource", "/kvd/hash_double", "60416", "68608", "reload"),
        ("reload", "driver_reinit", "", "reload 1 of 1", "reload"),
        ("trap", "source_mac_is_multicast", "trap", "drop", "live"),
        ("trap", "vlan_tag_mismatch", "drop", "trap", "live")]
    assert carved.call("Plan", "", {}) == []
    assert carved.get("Generation") == 1 and carved.all(SPECTRUM)["Entry"] == "leaf"


def test_candidate_that_is_refused(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    carved.config(leaf("traps: {source_mac_is_multicsat: trap}"))
    error, text = error_of(carved.call, "Plan", "", {"candidate": True})
    assert error == "org.carved1.Error.Refused" and "did you mean source_mac_is_multicast?" in text
    bed.file.write_text("version: 2\n")
    assert error_of(carved.call, "Plan", "", {"candidate": True})[0] == "org.carved1.Error.InvalidConfig"
    assert carved.state(SPECTRUM) == "converged"
    assert carved.get("Diagnostics") == []


# --- history and signals


def test_history(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}\n" + SIZES))
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: len(carved.call("History", "", 0)) == 2, "the record of the foreign reload")
    first, second = carved.call("History", SPECTRUM, 0)
    assert first[1:4] == (SPECTRUM, "start", "converged") and "driver_reinit" in first[4] and first[5] > 0
    assert second[2] == "foreign-reload" and second[5] > 0
    assert abs(first[0] / 1e6 - time.time()) < 60 and first[0] <= second[0]
    assert "asked" not in first[4] and re.search("; config [0-9a-f]{8}$", second[4])
    assert carved.call("History", "", 1) == [second]
    assert carved.call("History", "", 0) == [first, second]  # a time is told the same way again


def test_history_outlives_the_driver(bed, carved, signals):
    """What happened before a device went is told while it is away, and when it is back, but not signalled again."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"), entry("spine", "traps: {}", "{driver: none}"))
    first = carved.call("History", "", 0)
    assert len(first) == 1 and carved.call("History", "spine", 0) == []
    bed.kernel.ask(f"unbind {SPECTRUM}")
    wait(lambda: carved.state(SPECTRUM) is None, "the device to go")
    for name in "", "leaf", SPECTRUM:
        assert carved.call("History", name, 0) == first
    assert error_of(carved.call, "History", "laef", 0)[0] == "org.carved1.Error.NoSuchDevice"
    signals.clear()
    bed.kernel.ask(f"bind {SPECTRUM}")
    wait(lambda: len(carved.call("History", "leaf", 0)) == 2, "the new record")
    assert carved.call("History", "", 0)[0] == first[0]
    assert carved.call("History", "leaf", 0)[1][2] == "registration"
    carved.wait_state(SPECTRUM, "converged")
    assert signals.of("Changed") == [(SPECTRUM, "registration", "converged")]


def test_history_of_a_lost_reload(bed, carved, signals):
    """The device goes in a reload of carved's, and comes back: what was attempted, that it went, when it was as wanted again."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    signals.clear()
    bed.kernel.ask(f"delay {SPECTRUM} 1000")
    carved.config(leaf("traps: {source_mac_is_multicast: trap}\n" + SIZES))
    carved.call("Reload", {})
    carved.wait_state(SPECTRUM, "reloading")
    bed.kernel.ask(f"unbind {SPECTRUM}")
    wait(lambda: carved.state(SPECTRUM) is None, "the device to go")
    _, lost = carved.call("History", "", 0)
    assert lost[1:4] == (SPECTRUM, "config", "gone") and re.search("reload driver_reinit.*; the device is gone; config", lost[4])
    wait(lambda: signals.of("Changed") == [(SPECTRUM, "config", "gone")], "the signal of it")
    bed.kernel.ask(f"delay {SPECTRUM} 0")
    bed.kernel.ask(f"bind {SPECTRUM}")
    wait(lambda: len(carved.call("History", "leaf", 0)) == 3, "the record of its return")
    assert carved.call("History", "", 0)[2][1:4] == (SPECTRUM, "registration", "converged")


def changed(signals, path):
    """What PropertiesChanged said of a device: the values told last, and what was only said to have changed."""
    values, invalid = {}, set()
    for name, at, arguments in signals.all:
        if name == "PropertiesChanged" and at == path and arguments[0] == DEVICE:
            values.update(arguments[1])
            invalid.update(arguments[2])
    return values, invalid


def test_properties_changed(bed, carved, signals):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    path = carved.path(SPECTRUM)
    signals.clear()
    bed.kernel.ask(f"delay {SPECTRUM} 100")
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: changed(signals, path)[0].get("ForeignReloadCount") == 1, "the reload to be told")
    wait(lambda: len(carved.call("History", "", 0)) == 2, "the record")
    def told():
        now = carved.all(SPECTRUM)
        return all(now[name] == value for name, value in changed(signals, path)[0].items())
    wait(told, "what was told last to be what there is")
    values, invalid = changed(signals, path)
    assert invalid == {"Objects", "Drift", "Resources"}
    assert "Driver" not in values and "Entry" not in values  # they have not
    signals.clear()
    carved.config()
    carved.call("Reload", {})
    wait(lambda: changed(signals, path)[0].get("State") == "unmanaged", "the device to be let go")
    manager = [arguments for name, at, arguments in signals.all if name == "PropertiesChanged" and at == ROOT]
    assert any(a[0] == MANAGER and a[1].get("Generation") == 2 for a in manager)


def test_progress_of_a_reload(bed, carved, signals):
    carved.run(leaf("reload: manual\n" + SIZES))
    bed.kernel.ask(f"delay {SPECTRUM} 500")
    path = carved.path(SPECTRUM)
    job = carved.call("Apply", "leaf", {"allow-reload": True})
    carved.wait_state(SPECTRUM, "reloading")  # which is answered at once
    assert carved.all(SPECTRUM)["Progress"] == ("reload", 0, 0)
    assert carved.call("Plan", "leaf", {"candidate": True}) is not None
    wait(lambda: (job, "converged") in signals.of("JobRemoved"), "the job to end")
    told = [a[1]["Progress"] for name, at, a in signals.all
            if name == "PropertiesChanged" and at == path and "Progress" in a[1]]
    assert ("reload", 0, 0) in told and told[-1] == ("", 0, 0)


def test_nobody_waits_for_a_reload(bed, carved, signals):
    """Who asks for what must be read is told that it cannot be, long before the reload ends."""
    carved.run(leaf("reload: manual\n" + SIZES), entry("sim", "traps: {tail_drop: drop}", "{driver: netdevsim}"))
    bed.kernel.ask(f"delay {SPECTRUM} 8000")
    job = carved.call("Apply", "leaf", {"allow-reload": True})
    carved.wait_state(SPECTRUM, "reloading")
    for method in "Capture", "Plan":
        error, text = error_of(carved.call, method, "leaf", {"candidate": True})
        assert error == "org.carved1.Error.Busy" and f"{SPECTRUM} cannot be read now" in text
    carved.config(leaf("reload: manual\n" + SIZES), entry("sim", "traps: {tail_drop: trap}", "{driver: netdevsim}"))
    carved.call("Reload", {})
    wait(lambda: bed.kernel.device(NETDEVSIM)["traps"]["tail_drop"]["action"] == "trap", "the other device")
    assert carved.state(SPECTRUM) == "reloading" and not signals.of("JobRemoved")
    wait(lambda: (job, "converged") in signals.of("JobRemoved"), "the job to end")
    assert "version: 1" in carved.call("Capture", "leaf", {})


def test_devices_come_and_go(bed, carved, signals):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    objects = dbus.Interface(carved.object(), OBJECTS).GetManagedObjects
    path = carved.path(SPECTRUM)
    assert {at for at, interfaces in objects().items() if DEVICE in interfaces} == {
        path, carved.path(NETDEVSIM)}
    assert objects()[path][DEVICE]["Handle"] == SPECTRUM
    bed.kernel.ask(f"unbind {SPECTRUM}")
    wait(lambda: signals.of("InterfacesRemoved"), "the device to go")
    gone, interfaces = signals.of("InterfacesRemoved")[0]
    assert gone == path and DEVICE in interfaces and path not in objects()
    signals.clear()
    bed.kernel.ask(f"bind {SPECTRUM}")
    wait(lambda: signals.of("InterfacesAdded"), "the device to come")
    come, interfaces = signals.of("InterfacesAdded")[0]
    assert come == path and interfaces[DEVICE]["Handle"] == SPECTRUM
    assert set(carved.all(SPECTRUM)) - set(interfaces[DEVICE]) == {"Objects", "Drift", "Resources"}
    wait(lambda: carved.state(SPECTRUM) == "converged", "the device to converge")


def test_notifications_at_once_are_one_change(bed, carved, signals):
    """A reload by somebody else, of which carved hears all at one wake-up: its machine is called once for it, then for
    the counters and what was set behind them, and for what it has read back; each tells something once. What
    is derived and told for notifications alone is counted by tests/unit/test_marks.c."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    wait(lambda: signals.of("Changed"), "what was told of the start")
    before = len(carved.log.read_text())
    signals.clear()
    carved.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, carved.process.pid, os.WSTOPPED)
    bed.kernel.ask(f"reload {SPECTRUM}")
    bed.kernel.ask("requests")  # by now all notifications are on their way
    carved.process.send_signal(signal.SIGCONT)
    wait(lambda: signals.of("Changed"), "the reload to be made good")
    log = carved.log.read_text()[before:]
    counts = [int(n) for n in re.findall(f"{SPECTRUM}: (\\d+) notifications at once", log)]
    assert len(counts) == 1 and counts[0] > 100
    assert re.findall(f"{SPECTRUM}: called for (.*)", log) == ["notifications", "answers", "answers"]
    told = [a[1] for name, at, a in signals.all if name == "PropertiesChanged" and at == carved.path(SPECTRUM)]
    assert told[1]["ForeignReloadCount"] == 1, told
    assert [a["StateReason"] for a in told] == ["its driver registers traps again, as in a reload", "reading back", ""], told


def test_kept_config_has_its_origins(bed, carved):
    """With broken files the config comes from memory: it names the files that it was in, and none are written for it."""
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    origins = [row[-1] for row in carved.all(SPECTRUM)["Objects"]]
    assert all(origin.startswith(f"{bed.file}:") for origin in origins) and origins
    carved.stop()
    bed.file.write_text("devices: 7\n")
    carved.start()
    carved.at_rest()
    assert [row[-1] for row in carved.all(SPECTRUM)["Objects"]] == origins
    assert {file.name for file in (bed.folder / "runtime").iterdir()} == {"devices", "lock"}


def test_out_of_sync_is_not_read_each_time(bed, carved):
    """Anybody may ask, as often as he likes: once the files are some seconds old they are not read for it."""
    comparisons = lambda: carved.log.read_text().count("the files are compared")
    carved.run(leaf("traps: {}"))

    def settled():
        assert carved.get("ConfigOutOfSync") == 0
        before = comparisons()
        assert carved.get("ConfigOutOfSync") == 0
        return comparisons() == before
    wait(settled, "the files to be old")
    before = comparisons()
    for _ in range(20):
        assert carved.get("ConfigOutOfSync") == 0
    assert comparisons() == before
    text = bed.file.read_text()
    bed.file.write_text(text.replace("{}", "[]"))
    assert carved.get("ConfigOutOfSync") == 1
    bed.file.write_text(text)
    assert carved.get("ConfigOutOfSync") == 0 and comparisons() == before + 2


def test_the_bus_is_restarted(bed, carved):
    carved.run(leaf("traps: {source_mac_is_multicast: trap}"))
    bed.bus.stop()
    bed.kernel.ask(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    bed.kernel.ask(f"storm {SPECTRUM} 1")
    oracle = lambda: bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"]
    wait(lambda: oracle() == "trap", "carved to work without a bus")
    bed.bus.start()
    bed.connection = bed.bus.connect()
    wait(lambda: carved.state(SPECTRUM) == "converged", "carved to be on the bus again")
    assert len(carved.call("History", "", 0)) == 2


def test_name_comes_last(bed, carved):
    """Who sees the name sees the objects, too."""
    seen = []

    def on_owner(name, old, new):
        if new:
            seen.append(carved.get("State"))
    bed.connection.add_signal_receiver(on_owner, "NameOwnerChanged", arg0="org.carved1")
    carved.run(leaf("traps: {}"))
    wait(lambda: seen, "the name")
    assert seen[0]
