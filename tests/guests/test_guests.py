# SPDX-License-Identifier: GPL-2.0-or-later
"""Three switches, guests with a real kernel and a sshd on loopback, as Ansible has them: it runs as an ordinary user,
and a reload cuts the connection (guest). What a switch is like is told by its driver."""
import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("fleet_bed", TOP / "tests/fleet/conftest.py")
fleet_bed = importlib.util.module_from_spec(spec)
sys.modules["fleet_bed"] = fleet_bed
spec.loader.exec_module(fleet_bed)

DEADLINE = 600  # three emulated machines boot beside four others
ORDINARY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
SIZE, TRAP = "kvd/linear/singles", "ingress_vlan_filter"
CUT_OFF = 15000  # the size with which a guest has no network


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Guest:
    """A switch that boots; `folder` is shared with it."""

    def __init__(self, name, folder, logs):
        self.name, self.folder, self.port = name, folder, free_port()
        self.log = open(logs / f"{name}.log", "w", encoding="utf-8")
        forward = f"hostfwd=tcp:127.0.0.1:{self.port}-:22"
        self.run = subprocess.Popen(
            [TOP / "tests/vm/run", "-k", "6.12", "-l", logs / name, "-t", "1500",
             "/host/tests/guests/guest", f"/host/{folder.relative_to(TOP)}"],
            stdout=self.log, stderr=self.log, env={
                **os.environ, "VM_MEM": "384", "VM_SMP": "1", "VM_APPEND": "net.ifnames=0",
                "VM_DEVICES": f"-netdev user,id=net,restrict=on,{forward} -device virtio-net-pci,netdev=net"})

    def ssh(self, *command, check=True):
        """As root, with a connection of its own."""
        done = subprocess.run(["ssh", "-p", str(self.port), "-i", self.folder / "user", *self.options(self.folder),
                               "-oBatchMode=yes", f"-oConnectTimeout={30 if check else 10}", "root@127.0.0.1", *command],
                              capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if done.returncode == 0 else None

    @staticmethod
    def options(folder):
        return [f"-oUserKnownHostsFile={folder}/known_hosts", "-oServerAliveInterval=10"]

    def variables(self):
        return {"ansible_port": self.port}

    def looks_like(self, check=True):
        """What the hardware works with, by its driver: the size, the trap, the firmware, and how often it was reloaded.
        A connection costs the emulated processor most of a second, so there is one for all."""
        told = self.ssh("cat /sys/kernel/debug/asicsim/asicsim1/{active,counters}", check=check) or ""
        rest = {start: line.removeprefix(f"{start} ") for line in told.splitlines()
                for start in (f"size {SIZE}", f"trap {TRAP}", "fw running") if line.startswith(f"{start} ")}
        reloads = sum(int(line.split()[-1]) for line in told.splitlines() if line.startswith("reload_up "))
        return rest.get(f"size {SIZE}"), rest.get(f"trap {TRAP}"), rest.get("fw running"), reloads

    def end(self):
        """The kernel must have nothing to complain of."""
        self.ssh("touch /run/end", check=False)
        try:
            status = self.run.wait(120)
        except subprocess.TimeoutExpired:
            self.run.terminate()
            status = self.run.wait()
        self.log.close()
        return status


def key(file):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)


@pytest.fixture(scope="module")
def fleet():
    """Three guests, and an Ansible that has all it needs in a folder of its own."""
    shared = pathlib.Path(tempfile.mkdtemp(prefix="guests-", dir=TOP / "build"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="carved-guests-"))
    logs = TOP / "build/logs/guests"
    logs.mkdir(parents=True, exist_ok=True)
    key(shared / "host")
    key(shared / "user")
    fleet = fleet_bed.Fleet(folder, fleet_bed.installed(folder))
    fleet.hosts = [Guest(f"leaf{i}", shared, logs) for i in range(3)]
    public = (shared / "host.pub").read_text()
    (shared / "known_hosts").write_text("".join(f"[127.0.0.1]:{host.port} {public}" for host in fleet.hosts))
    prepare(fleet, shared)
    try:
        end = time.monotonic() + DEADLINE
        while len(list(shared.glob("*.up"))) < 3:
            ended = {host.run.poll() for host in fleet.hosts} - {None}
            if 77 in ended:
                pytest.skip("Debian's archive, as configured here, has no Linux 6.12")
            assert time.monotonic() < end and not ended, "a guest does not boot"
            time.sleep(0.2)
        good(play(fleet, "capture"))
        yield fleet
    finally:
        ended = [host.end() for host in fleet.hosts]
        shutil.rmtree(shared)
        shutil.rmtree(folder)
    assert ended == [0, 0, 0]


def prepare(fleet, shared):
    """An ordinary user's Ansible: what it needs is its own."""
    folder = fleet.folder
    for name in "user", "known_hosts":
        shutil.copy(shared / name, folder)
    (folder / "bin").mkdir()
    shutil.copy(TOP / "build/root-plain/usr/bin/carvectl", folder / "bin")
    shutil.copytree(fleet.plugins, folder / "plugins")
    fleet.command, fleet.plugins = [*ORDINARY, *fleet.command], folder / "plugins"
    fleet.variables = {
        "ansible_host": "127.0.0.1", "ansible_user": "root", "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(folder / "user"),
        "ansible_ssh_common_args": " ".join(Guest.options(folder)),
        "ansible_ssh_pipelining": True, "ansible_timeout": 30, "carved_install": False}
    if ORDINARY:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, 65534, 65534)


def play(fleet, playbook, *options, **variables):
    return fleet.play(f"carved.fleet.{playbook}", *options, **variables, more={
        "PATH": f"{fleet.folder}/bin:{os.environ['PATH']}", "ANSIBLE_REMOTE_TEMP": f"{fleet.folder}/remote"})


def good(run):
    assert run.code == 0, [r for r in run.document["results"] if r.get("failed") or r.get("unreachable")]
    return run


def config(size=16000, trap="trap", **more):
    return {"version": 1, "devices": {"leaf": {
        "match": {"driver": "asicsim"}, "resources": {f"/{SIZE}": size}, "traps": {TRAP: trap}, **more}}}


def of_leaf1(its, others):
    """A variable."""
    return f"{{{{ {its!r} if inventory_hostname == 'leaf1' else {others!r} }}}}"


def test_one_that_does_not_fit(fleet):
    """It ends the run before anything is written anywhere."""
    fresh = [host.looks_like() for host in fleet.hosts]
    wrong = config()
    wrong["devices"]["leaf"]["traps"] = "{{ {'no_such' if inventory_hostname == 'leaf2' else '%s': 'trap'} }}" % TRAP
    run = play(fleet, "rollout", carved_config=wrong, carved_disrupt=True)
    assert run.code != 0 and "no_such" in run.of("leaf2", "carved.fleet.carved_check")[-1]["msg"]
    assert not any(run.of(host.name) for host in fleet.hosts)
    assert [host.looks_like() for host in fleet.hosts] == fresh
    assert [trap for _, trap, _, _ in fresh] == ["drop"] * 3


def test_roll_out_in_series(fleet):
    """Firmware, for which the ASIC is reloaded, and sizes and policy with it."""
    firmware = {"version": "13.2010.2000", "file": "carved-test.asicsim"}
    run = good(play(fleet, "rollout", carved_config=config(firmware=firmware), carved_disrupt=True))
    of_hosts = [r for r in run.document["results"] if r["action"] == "carved.fleet.carved_config"]
    assert [r["host"] for r in of_hosts] == ["leaf0", "leaf1", "leaf2"]
    assert all(r["changed"] and {"firmware", "resource", "trap"} <= {step["kind"] for step in r["steps"]} for r in of_hosts)
    assert [host.looks_like() for host in fleet.hosts] == [("16000", "trap", "13.2010.2000", 1)] * 3


def test_one_that_loses_its_network(fleet):
    """It comes back by itself; the run fails by its name, and no further one is written."""
    before = [host.looks_like() for host in fleet.hosts]
    size = of_leaf1(CUT_OFF, 14000)
    run = play(fleet, "rollout", carved_config=config(size), carved_disrupt=True, carved_confirm=of_leaf1("45s", "5m"),
               carved_timeout=of_leaf1(25, 300), ansible_timeout=of_leaf1(10, 30))
    assert run.code != 0
    assert "what was in force before" in run.of("leaf1")[-1]["msg"]
    assert [name for name, summary in run.hosts.items() if summary["failures"] or summary["unreachable"]] == ["leaf1"]
    assert not run.of("leaf2")
    end = time.monotonic() + DEADLINE
    while fleet.hosts[1].looks_like(check=False)[0] != before[1][0]:
        assert time.monotonic() < end, "leaf1 does not come back"
        time.sleep(1)
    after = [host.looks_like() for host in fleet.hosts]
    assert after == [("14000", "trap", "13.2010.2000", 2), (*before[1][:3], 3), before[2]]
