# SPDX-License-Identifier: GPL-2.0-or-later
"""Beside others: the kernel's own tests of devlink pass, unchanged, while carved runs with a config that is not about
their device, and the kernel itself tells that carved has written nothing; they are from Debian's source package of the
kernel that runs. And who listens to the kernel hears of an apply what he would hear of the same commands."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from carved import entry
from switch import output, wait

pytestmark = pytest.mark.only("guest", "what the kernel's own tests test is a kernel")

SELFTESTS = pathlib.Path(__file__).resolve().parents[2] / "build/selftests" / os.environ.get("CARVED_LINE", "here")
# devlink_nl_cmd_trap_set_doit before Linux 6.6, devlink_nl_trap_set_doit since; a few without an end
WRITES = re.compile(r"^devlink_nl_(cmd_)?(\w+_set|reload|flash_update|port_split|port_unsplit|\w+_new|\w+_del|\w+_clear|"
                    r"\w+_recover|\w+_test)(_doit|_doit_unlocked)?$")
ABSENT = "netdevsim/netdevsim77"
EVERYTHING = os.environ.get("CARVED_EVERYTHING")
LONG = {"fw_flash_test"}  # half a minute of waiting: only if all is to be tested
OPTIONS = {"rate_test": "tc-bw"}  # which the devlink of Debian 13 does not know, and the kernel of its backports does


class Witness:
    """Kernel probes at what carries writes out: who they were by."""

    folder = pathlib.Path("/sys/kernel/tracing")

    def __init__(self):
        if not (self.folder / "kprobe_events").exists():
            subprocess.run(["mount", "-t", "tracefs", "tracefs", str(self.folder)], check=True)
        names = {line.split()[2] for line in open("/proc/kallsyms", encoding="utf-8") if " t devlink_nl" in line.lower()}
        self.probed = []
        (self.folder / "kprobe_events").write_text("")
        events = os.open(self.folder / "kprobe_events", os.O_WRONLY | os.O_APPEND)
        for name in sorted(filter(WRITES.match, names)):
            os.write(events, f"p:carved/{name} {name}\n".encode())
            self.probed.append(name)
        os.close(events)
        (self.folder / "trace").write_text("")
        (self.folder / "events/carved/enable").write_text("1")

    def told(self):
        """[(thread, function)], oldest first."""
        return re.findall(r"^\s*(\S+)-\d+\s.*?: (devlink_nl_\w+): ", (self.folder / "trace").read_text(), re.M)

    def end(self):
        (self.folder / "events/carved/enable").write_text("0")
        (self.folder / "kprobe_events").write_text("")


@pytest.fixture
def witness(place):
    found = Witness()
    yield found
    found.end()


@pytest.fixture(name="netdevsim")
def loaded_again(udev):
    """As on any system: what the tests wait for comes from udev. At their end they unload netdevsim."""
    yield
    subprocess.run(["modprobe", "netdevsim"], check=True)


def selftest(name):
    """Return: what it prints, all of it good."""
    folder = SELFTESTS / "drivers/net/netdevsim"
    text, devlink = (folder / name).read_text(), pathlib.Path(shutil.which("devlink")).read_bytes()
    unknown = {test for test, option in OPTIONS.items() if option in text and option.encode() not in devlink}
    tests = re.search(r'ALL_TESTS="([^"]*)"', text)[1].replace("\\\n", " ").split()
    tests = [test for test in tests if test not in unknown and (EVERYTHING or test not in LONG)]
    done = subprocess.run(["env", "REQUIRE_MZ=no", f"TESTS={' '.join(tests)}", "bash", f"./{name}"], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    return [line for line in done.stdout.splitlines() if re.search(r"\[ *OK *\]", line)]


def is_carved(thread):
    return thread.startswith("carved")


@pytest.mark.only("guest" if EVERYTHING else "trixie", "most of a minute: once")
@pytest.mark.parametrize("name, least, writes, about", [
    ("devlink.sh", 9, True, [entry(ABSENT, traps={"blackhole_route": "trap"})]), ("devlink_in_netns.sh", 2, False, [])],
    ids=["beside another device's config", "beside an empty config"])
def test_selftests(carved, witness, netdevsim, name, least, writes, about):
    """Among what the first one does are reloads, a flash, and params that it stages."""
    image = pathlib.Path("/lib/firmware/dummy")  # what they flash
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_text("dummy")  # an empty one cannot be loaded
    carved.config(*about or ["  {}\n"], audit="1s")
    carved.start_no_wait()
    carved.wait_bus()
    assert len(witness.probed) > 10, witness.probed
    assert len(selftest(name)) >= least
    told = witness.told()
    assert told or not writes, "the witness has not seen the tests"
    assert [function for thread, function in told if is_carved(thread)] == []
    assert carved.running() and "sanitizer" not in carved.text().lower()


def test_the_witness_sees_carved(switch, carved, witness):
    """Or the other test would show nothing."""
    w = switch.words
    carved.run(entry(switch, **w.wanted))
    carved.settled(switch)
    kinds = {function for thread, function in witness.told() if is_carved(thread)}
    for word in "trap_set", "reload", "param_set", "resource_set":
        assert any(word in kind for kind in kinds), (word, kinds)


class Monitor:
    """devlink monitor, from when it listens."""

    def __init__(self, file):
        self.file, room = file, pathlib.Path("/proc/sys/net/core/rmem_default")
        before = room.read_text()
        with file.open("w", encoding="utf-8") as out:
            room.write_text("8388608")  # it ends where a reload tells more than its socket holds
            self.process = subprocess.Popen(["stdbuf", "-oL", "devlink", "monitor"], stdout=out)
        wait(lambda: self.socket()[0] != "00000000", "devlink monitor to listen")
        room.write_text(before)

    def socket(self):
        """By /proc/net/netlink, of generic netlink: its groups, and how much it has not read."""
        rows = [line.split() for line in open("/proc/net/netlink", encoding="utf-8")]
        return next((row[3:5] for row in rows if row[1:3] == ["16", str(self.process.pid)]), ("00000000", "0"))

    def has_read_all(self):
        """It sleeps after there was nothing left."""
        return self.socket()[1] == "0" and \
            pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"

    def told(self):
        """All its lines, and its end."""
        wait(self.has_read_all, "devlink monitor to have read all")
        self.process.terminate()
        self.process.wait()
        return self.file.read_text().splitlines()


def by_hand(switch):
    """The commands that come to `wanted` and a policer, in carved's order."""
    w, (rate, burst) = switch.words, switch.words.rates[0]
    for command in (
            f"dev param set {switch} name {w.param} value {w.yaml.get(w.value, w.value)} cmode driverinit",
            f"resource set {switch} path {w.size} size {w.sizes[0]}",
            f"dev reload {switch}",
            f"trap policer set {switch} policer {w.policer} rate {rate} burst {burst}",
            f"trap set {switch} trap {w.trap} action trap"):
        output("devlink", *command.split())


@pytest.mark.only("6.12", "what differs with the kernel differs for both")
def test_the_monitor_tells_no_difference(switch, carved, folder):
    """What devlink monitor prints of an apply is what it prints of the same commands, on the same device made again."""
    w, (rate, burst) = switch.words, switch.words.rates[0]
    monitor = Monitor(folder / "applied")
    carved.run(entry(switch, **w.wanted, trap_policers={w.policer: {"rate": rate, "burst": burst}}))
    carved.settled(switch)
    applied, look = monitor.told(), switch.look()
    carved.stop()
    switch.remove()
    switch.create()
    monitor = Monitor(folder / "by hand")
    by_hand(switch)
    assert monitor.told() == applied
    assert switch.look() == look
    assert any(line.startswith(f"[param,new] {switch}: name {w.param} ") for line in applied), applied
