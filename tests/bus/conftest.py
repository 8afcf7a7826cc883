# SPDX-License-Identifier: GPL-2.0-or-later
"""carved and carvectl on a bus of their own, with the fake kernel: processes of whoever runs it, no guest.

The bus is asked with libdbus (dbus-python), which shares nothing with the daemon's sd-bus. What a device is
like is asked of the fake kernel. Tests wait for conditions, never for a time.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import dbus
import dbus.mainloop.glib
import pytest
from gi.repository import GLib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARVED_BUILD", REPOSITORY / "build/asan")).resolve()
FACTS = REPOSITORY / "tests/fake/facts"
SPECTRUM, NETDEVSIM = "pci/0000:03:00.0", "netdevsim/netdevsim10"
DEADLINE = 60
NAME, ROOT = "org.carved1", "/org/carved1"
MANAGER, DEVICE = NAME + ".Manager", NAME + ".Device"
PROPERTIES, OBJECTS = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"
# carved asks uname(2) what to expect
LINE = "6.1" if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 6) else "6.12"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)

CONFIG = """\
<busconfig>
  <type>system</type>
  <listen>unix:path={}</listen>
  <policy context="default">
    <allow user="*"/> <allow send_destination="*"/> <allow receive_sender="*"/> <allow own="*"/>
  </policy>
</busconfig>
"""


def wait(condition, what):
    """What the condition comes to, once it is true. Signals are delivered meanwhile."""
    end = time.monotonic() + DEADLINE
    context = GLib.MainContext.default()
    while True:
        while context.pending():
            context.iteration(False)
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def entry(name, body, match):
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return f"  {name}:\n    match: {match}\n{lines}"


class Bus:
    """A bus daemon."""

    def __init__(self, folder):
        self.path = folder / "bus"
        self.config = folder / "bus.conf"
        self.config.write_text(CONFIG.format(self.path))
        self.address = f"unix:path={self.path}"
        self.connections = []
        self.start()

    def start(self):
        self.daemon = subprocess.Popen(["dbus-daemon", f"--config-file={self.config}", "--nofork", "--print-address"],
                                       stdout=subprocess.PIPE)
        assert self.daemon.stdout.readline()
        self.path.chmod(0o666)

    def stop(self):
        for connection in self.connections:
            connection.close()
        self.connections = []
        self.daemon.terminate()
        self.daemon.wait()
        self.daemon.stdout.close()
        self.path.unlink(missing_ok=True)

    def connect(self):
        """A new connection: it knows nothing of what the others were told."""
        connection = dbus.bus.BusConnection(self.address)
        connection.set_exit_on_disconnect(False)
        self.connections.append(connection)
        return connection


class Kernel:
    """The fake one, and what it knows."""

    def __init__(self, folder, facts):
        self.path, self.control = folder / "kernel", folder / "control"
        self.process = subprocess.Popen([BUILD / "fake-kernel", "--listen", self.path, "--control", self.control,
                                         "--line", LINE, *facts])
        self.socket = wait(self.connect, "the fake kernel")
        self.file = self.socket.makefile("rw")

    def connect(self):
        """None before it listens, which is a moment after its socket is there."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self.control))
        except (FileNotFoundError, ConnectionRefusedError):
            return connection.close()
        return connection

    def ask(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        answer = json.loads(self.file.readline())
        assert not (isinstance(answer, dict) and "error" in answer), (line, answer)
        return answer

    def device(self, handle):
        state = self.ask(f"state {handle}")
        return state

    def stop(self):
        self.file.close()
        self.socket.close()
        self.process.terminate()
        assert self.process.wait(DEADLINE) == 0


class Signals:
    """Those of carved, in the order in which they came."""

    def __init__(self, connection):
        self.all = []
        connection.add_signal_receiver(self.take, sender_keyword=None, path_keyword="path", member_keyword="member",
                                       interface_keyword="interface", bus_name=NAME)
        connection.get_unique_name()

    def take(self, *arguments, path, member, interface):
        self.all.append((str(member), str(path), arguments))

    def clear(self):
        wait(lambda: True, "nothing")
        self.all.clear()

    def of(self, member):
        return [arguments for name, _, arguments in self.all if name == member]


class Carved:
    def __init__(self, bed):
        self.bed = bed
        self.process, self.notify, self.ready = None, None, False
        self.program = BUILD / "carved"
        self.log = bed.folder / "log"

    def config(self, *entries, audit="0"):
        text = f"version: 1\nsettings: {{audit_interval: {audit}, settle_timeout: 100ms}}\n"
        self.bed.file.write_text(text + ("devices:\n" + "".join(entries) if entries else ""))

    def start(self, *options, environment=None):
        """`at_rest` waits for the READY=1 of this one."""
        self.forget_notify()
        path = self.bed.folder / "notify"
        path.unlink(missing_ok=True)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(path))
        self.notify.setblocking(False)
        self.ready = False
        environment = {"NOTIFY_SOCKET": str(path), **(environment or {})}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--bus=system", f"--kernel=unix:{self.bed.kernel.path}",
                 f"--config-root={self.bed.root}", f"--state-dir={self.bed.folder}/state",
                 f"--runtime-dir={self.bed.folder}/runtime", "--log-level=debug", *options],
                stderr=log, env={**self.bed.environment, **environment})

    def run(self, *entries, **settings):
        """Until it has come to rest."""
        self.config(*entries, **settings)
        self.start()
        self.at_rest()

    def proc(self):
        return pathlib.Path("/proc") / str(self.process.pid)

    def is_ready(self):
        try:
            while not self.ready:
                self.ready = b"READY=1" in self.notify.recv(4096).split(b"\n")
        except BlockingIOError:
            return False
        self.forget_notify()  # who does not read it must not keep it
        return True

    def forget_notify(self):
        if self.notify:
            self.notify.close()
        self.notify = None

    def stop(self):
        self.forget_notify()
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(DEADLINE)
            self.process = None
            assert status == 0, self.log.read_text()[-4000:]

    def object(self, path=ROOT, connection=None):
        return (connection or self.bed.connection).get_object(NAME, path)

    def call(self, method, *arguments, connection=None):
        return self.object(connection=connection).get_dbus_method(method, MANAGER)(*arguments)

    def get(self, name):
        return self.object().Get(MANAGER, name, dbus_interface=PROPERTIES)

    def path(self, handle):
        return next(path for found, _, _, path in self.call("ListDevices") if found == handle)

    def all(self, handle):
        return self.object(self.path(handle)).GetAll(DEVICE, dbus_interface=PROPERTIES)

    def state(self, handle):
        try:
            return next((str(state) for found, _, state, _ in self.call("ListDevices") if found == handle), None)
        except dbus.DBusException:
            return None

    def wait_state(self, handle, state):
        wait(lambda: self.state(handle) == state, f"{handle} to be {state}")

    def at_rest(self):
        busy = ("reading", "applying", "flashing", "reloading")

        def rests():
            try:
                return self.is_ready() and not any(state in busy for _, _, state, _ in self.call("ListDevices"))
            except dbus.DBusException:
                assert self.process.poll() is None, self.log.read_text()[-4000:]
                return False
        wait(rests, "carved to come to rest")


class Bed:
    """All that a test needs; `kernel` has both devices."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="carved-"))
        self.folder.chmod(0o755)
        self.root = self.folder / "root"
        self.file = self.root / "etc/carved/carved.yaml"
        self.file.parent.mkdir(parents=True)
        for name in "state", "runtime":
            (self.folder / name).mkdir()
        self.bus = Bus(self.folder)
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm",
                            "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address,
                            # nobody may be the owner of a process, and cannot look for its leaks
                            "LSAN_OPTIONS": "report_objects=1"}
        self.kernel = Kernel(self.folder, [FACTS / "spectrum1.json", FACTS / "netdevsim.json"])
        self.connection = self.bus.connect()
        self.helpers = []

    def close(self):
        for helper in self.helpers:
            helper.terminate()
            helper.wait()
            helper.stdout.close()
        self.kernel.stop()
        self.bus.stop()
        shutil.rmtree(self.folder)

    def helper(self, script, *arguments):
        """A script of this folder; returns when it has said something."""
        process = subprocess.Popen([sys.executable, pathlib.Path(__file__).parent / script, *arguments],
                                   env=self.environment, stdout=subprocess.PIPE, text=True)
        self.helpers.append(process)
        assert process.stdout.readline()
        return process

    def ctl(self, *arguments, prefix=(), **environment):
        """carvectl, its end and what it says."""
        done = subprocess.run([*prefix, BUILD / "carvectl", *arguments], env={**self.environment, **environment},
                              capture_output=True, text=True, check=False, timeout=DEADLINE)
        assert not re.search("Sanitizer|runtime error", done.stderr), done.stderr
        return done

    def json(self, *arguments):
        return json.loads(self.ctl("--json", *arguments).stdout)


@pytest.fixture
def bed():
    bed = Bed()
    yield bed
    bed.close()


@pytest.fixture
def carved(bed):
    carved = Carved(bed)
    yield carved
    carved.stop()


@pytest.fixture
def signals(bed):
    return Signals(bed.connection)
