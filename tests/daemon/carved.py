# SPDX-License-Identifier: GPL-2.0-or-later
"""carved itself: as a daemon that the test starts (Process), as the installed unit (Unit), or as a
process that converges and ends (Once). The first two are told and asked the same way, over D-Bus.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import textwrap
import threading
import time

from switch import DEADLINE, output, wait
from sysbus import BusError

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
PLACE = r"[^ :]*carved\.yaml:\d+:\d+"
NAME, ROOT = "org.carved1", "/org/carved1"
PROPERTIES = "org.freedesktop.DBus.Properties"
SYSTEMD, SYSTEMD_ROOT = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"
SANITIZER = re.compile(r"Sanitizer|runtime error")


def flow(value):
    """In one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    return {True: "true", False: "false", None: "null"}.get(value, value) \
        if value is None or isinstance(value, bool) else str(value)


def entry(name, body="", match=None, **keys):
    """An entry for the device of this handle, or for what matches: the body, then the keys."""
    lines = [f"match: {match}"] if match else []
    lines += textwrap.dedent(body).rstrip("\n").splitlines()
    lines += [f"{key}: {flow(value)}" for key, value in keys.items()]
    return f"  {name}:\n" + textwrap.indent("\n".join(lines), "    ") + "\n"


def config(*entries, audit="0", settle="100ms"):
    """A whole file."""
    return (f"version: 1\nsettings: {{audit_interval: {audit}, settle_timeout: {settle}}}\n"
            "devices:\n" + "".join(entries))


def bus_path(handle):
    def escape(i, c):
        plain = c.isascii() and (c.isalpha() or (c.isdigit() and i > 0))
        return c if plain else "".join(f"_{b:02x}" for b in c.encode())
    return f"{ROOT}/device/" + "".join(escape(i, c) for i, c in enumerate(handle))


class Carved:
    """What is told to it and asked of it. It is stopped and knows nothing when a test gets it."""

    def __init__(self, place, file):
        self.place, self.bus, self.file = place, place.bus(), file

    def config(self, *entries, **settings):
        self.file.write_text(config(*entries, **settings))

    def run(self, *entries, **settings):
        self.config(*entries, **settings)
        self.start()

    def start(self):
        """Returns when it says that it is ready, and is on the bus, for which it does not wait."""
        self.start_no_wait()
        self.wait_ready()
        self.wait_bus()

    def wait_ready(self):
        wait(self.ready, "carved to be ready")

    def wait_bus(self):
        wait(lambda: self.listed_or_none() is not None, "carved to be on the bus")

    def restart(self):
        self.stop()
        self.start()

    def ctl(self, *arguments):
        """carvectl: its exit status, what it prints, and what it says on standard error."""
        done = subprocess.run([self.place.program("carvectl"), *arguments, *self.place.ctl_options],
                              capture_output=True, text=True, check=False, timeout=DEADLINE,
                              env={**os.environ, **self.place.environment})
        assert not SANITIZER.search(done.stderr), done.stderr
        return done.returncode, done.stdout, done.stderr

    # on the bus

    def manager(self, name):
        return self.bus.call(NAME, ROOT, PROPERTIES, "Get", "ss", f"{NAME}.Manager", name)[0]

    def call(self, method, signature="", *arguments):
        return self.bus.call(NAME, ROOT, f"{NAME}.Manager", method, signature, *arguments)

    def get(self, switch, name):
        path = bus_path(str(switch))
        return self.bus.call(NAME, path, PROPERTIES, "Get", "ss", f"{NAME}.Device", name)[0]

    def plan(self, switch=""):
        return self.call("Plan", "sa{sv}", str(switch))[0]

    def listed(self):
        """Handle (or, of what is absent, entry) to state."""
        return {handle or name: state for handle, name, state, _path in self.call("ListDevices")[0]}

    def listed_or_none(self):
        """The same while it may not be on the bus yet."""
        try:
            return self.listed()
        except BusError:
            return None

    def state(self, switch):
        try:
            return self.get(switch, "State")
        except BusError:
            return None

    def wait_state(self, switch, *states):
        wait(lambda: self.state(switch) in states, f"{switch} to be {' or '.join(states)}")

    def settled(self, switch):
        """Wait until it is at rest with nothing left to do."""
        wait(lambda: self.state(switch) == "converged" and not self.plan(switch),
             f"{switch} to be converged")

    def firmware(self, switch, version, **more):
        """An image with this version, and what the entry says of it."""
        file = switch.add_image(self.place.firmware(self.folder), version)
        return {"firmware": {"version": version, "file": file, **more}}

    def apply(self, switch, *options):
        """Return: what carvectl apply prints. The device rests then."""
        status, said, error = self.ctl("apply", str(switch), *options)
        assert status in (0, 3), error
        return said

    def retry(self, switch):
        status, said, error = self.ctl("retry", str(switch))
        assert status in (0, 3), error
        return said

    def reload(self, *entries, **settings):
        """Another config, by D-Bus."""
        self.config(*entries, **settings)
        before = self.manager("Generation")
        self.call("Reload", "a{sv}")
        wait(lambda: self.manager("Generation") > before, "the config to be taken over")


class Notify(threading.Thread):
    """systemd's end of the protocol of readiness. Somebody must read it, or carved would wait."""

    def __init__(self, path):
        super().__init__(daemon=True)
        path.unlink(missing_ok=True)
        self.path, self.status, self.times_ready = str(path), "", 0
        self.ready, self.stopping = threading.Event(), threading.Event()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        path.chmod(0o666)
        self.start()

    def run(self):
        for told in iter(lambda: self.socket.recv(4096), b"END"):
            for line in told.decode().split("\n"):
                key, _, value = line.partition("=")
                if key == "STATUS":
                    self.status = value
                if (key, value) == ("READY", "1"):
                    self.times_ready += 1
                    self.ready.set()
                if (key, value) == ("STOPPING", "1"):
                    self.stopping.set()
        self.socket.close()

    def end(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"END", self.path)
        self.join()


def memory(pid):
    """Resident, in kB."""
    return number_of("VmRSS", pathlib.Path(f"/proc/{pid}/status"))


def number_of(what, status):
    return int(re.search(rf"\n{what}:\s+(\d+)", status.read_text())[1])


class Process(Carved):
    """A daemon started by the test, as the unit would: its user, its capability, its protocol."""

    def __init__(self, place, kernel, folder, variant="asan"):
        self.folder, self.kernel, self.variant = folder, kernel, variant
        super().__init__(place, prepare(folder))
        place.give(folder)
        self.process = self.notify = None
        self.log = folder / "log"

    def command(self):
        return [self.place.program("carved", self.variant), f"--bus={self.place.bus_kind}",
                *options(self.folder, self.kernel)]

    def start_no_wait(self):
        self.notify = Notify(self.folder / "notify")
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, preexec_fn=self.place.become_carved,
                env={**os.environ, **self.place.environment, "NOTIFY_SOCKET": self.notify.path,
                     "ASAN_OPTIONS": f"detect_leaks={int(self.place.leaks)}"})

    def ready(self):
        return self.notify.ready.is_set()

    def wait_ready(self):
        end = time.monotonic() + DEADLINE
        while not self.notify.ready.wait(0.1):
            assert self.running(), f"carved has ended: {self.process.returncode}"
            assert time.monotonic() < end, "waited in vain: carved to be ready"

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, name):
        os.kill(self.process.pid, getattr(signal, f"SIG{name}"))

    def wait_end(self):
        """Its exit status."""
        status = self.process.wait(DEADLINE)
        self.notify.end()
        self.process = None
        return status

    def stop(self):
        if self.process:
            self.process.terminate()
            status = self.wait_end()
            assert status == 0, f"carved has ended with {status}"

    def status(self):
        """The line that systemctl status shows."""
        return self.notify.status

    def processor_time(self):
        """In seconds."""
        user, system = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def leave(self, signal_name):
        """Let it end while the kernel carries out its request, which may take long. Return: the process."""
        self.kill(signal_name)
        self.notify.end()
        left, self.process = self.process, None
        return left

    def crash(self):
        """As by a power cut; what it was about to do is not done."""
        self.kill("KILL")
        self.wait_end()

    def text(self):
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def finish(self):
        try:
            self.stop()
        finally:
            if self.process:
                self.crash()
            assert not SANITIZER.search(self.text()), self.text()


class Unit(Carved):
    """The installed unit."""

    folder = None

    def __init__(self, place):
        self.stopped = True
        for folder in "/run/carved", "/var/lib/carved", "/etc/carved":
            shutil.rmtree(folder, ignore_errors=True)
        pathlib.Path("/etc/carved").mkdir()
        super().__init__(place, pathlib.Path("/etc/carved/carved.yaml"))

    def start(self):
        self.stopped = False
        output("systemctl", "start", "carved", timeout=DEADLINE)
        self.wait_bus()

    def start_no_wait(self):
        self.stopped = False
        output("systemctl", "start", "--no-block", "carved")

    def stop(self):
        if not self.stopped:
            output("systemctl", "stop", "carved")
        self.stopped = True

    def forgive(self):
        """What was meant to fail."""
        output("systemctl", "reset-failed", "carved")

    def ready(self):
        return self.show("ActiveState") == "active"

    def kill(self, name):
        """Only the daemon; systemd starts it again after KILL."""
        output("systemctl", "kill", f"--signal={name}", "carved")

    def show(self, *properties):
        """As systemctl shows them, without a process of it, which costs as much as fifty questions."""
        path, = self.bus.call(SYSTEMD, SYSTEMD_ROOT, f"{SYSTEMD}.Manager", "LoadUnit", "s", "carved.service")
        found = []
        for name in properties:
            interface = "Unit" if name in ("ActiveState", "InvocationID") else "Service"
            value, = self.bus.call(SYSTEMD, path, PROPERTIES, "Get", "ss", f"{SYSTEMD}.{interface}", name)
            found.append(bytes(value).hex() if isinstance(value, list) else str(value))
        return found[0] if len(found) == 1 else found

    def pid(self):
        return int(self.show("MainPID"))

    def text(self):
        return "".join(f.read_text() for f in pathlib.Path("/run/carved/private").glob("sanitizer*"))

    def finish(self):
        self.stop()
        assert not self.text()
        assert self.show("Result") == "success"


def prepare(folder):
    """The folders of a carved that is not installed; where its config is."""
    file = folder / "root/etc/carved/carved.yaml"
    file.parent.mkdir(parents=True)
    for name in "state", "runtime":
        (folder / name).mkdir()
    return file


def options(folder, kernel):
    folders = {"config-root": folder / "root", "state-dir": folder / "state",
               "runtime-dir": folder / "runtime"}
    return [f"--kernel={kernel.option}", *(f"--{k}={v}" for k, v in folders.items())]


class Once:
    """carved --once, with folders of its own and in search of leaks."""

    def __init__(self, place, kernel, folder):
        self.place, self.kernel, self.folder = place, kernel, folder
        self.file = prepare(folder)

    def command(self, *arguments, variant="asan"):
        return [self.place.program("carved", variant), "--bus=none",
                *options(self.folder, self.kernel), *arguments]

    def run(self, *arguments, text=None, prefix=()):
        """Its exit status and what it says."""
        if text is not None:
            self.file.write_text(text)
        try:
            done = subprocess.run([*prefix, *self.command(*arguments)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False,
                                  timeout=DEADLINE,
                                  env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
        except subprocess.TimeoutExpired as hung:
            print((hung.stdout or b"").decode())
            raise
        print(done.stdout)
        assert not SANITIZER.search(done.stdout)
        return done.returncode, done.stdout
