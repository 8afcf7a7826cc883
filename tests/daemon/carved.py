# SPDX-License-Identifier: GPL-2.0-or-later
"""carved itself: as the installed unit (Carved), or as a process that converges and ends (Once)."""
import os
import pathlib
import re
import shutil
import subprocess
import textwrap

from switch import DEADLINE, output, wait
from sysbus import BusError

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
PLACE = r"[^ :]*carved\.yaml:\d+:\d+"
NAME, ROOT = "org.carved1", "/org/carved1"
PROPERTIES = "org.freedesktop.DBus.Properties"


def entry(name, body, match=None):
    """An entry for the device of this handle, or for what matches."""
    body = (f"match: {match}\n" if match else "") + textwrap.dedent(body)
    return f"  {name}:\n" + textwrap.indent(body.rstrip("\n"), "    ") + "\n"


def config(*entries, audit="0", settle="100ms"):
    """A whole file."""
    return (f"version: 1\nsettings: {{audit_interval: {audit}, settle_timeout: {settle}}}\n"
            "devices:\n" + "".join(entries))


def build(variant):
    """The installed tree of a build."""
    asan = pathlib.Path(os.environ.get("CARVED_BUILD", "/host/build/asan"))
    return asan.parent / f"root-{variant}"


def install(variant):
    """Over the guest's own files, as a package would."""
    shutil.copytree(build(variant), "/", symlinks=True, dirs_exist_ok=True)
    dropin = pathlib.Path("/run/systemd/system/carved.service.d/test.conf")
    dropin.parent.mkdir(parents=True, exist_ok=True)
    dropin.write_text("[Unit]\nStartLimitIntervalSec=0\n[Service]\n"
                      # the search for leaks needs ptrace; Once does it
                      "Environment=ASAN_OPTIONS=detect_leaks=0:log_path=/run/carved/sanitizer\n"
                      "Environment=UBSAN_OPTIONS=log_path=/run/carved/sanitizer\n")
    output("systemd-sysusers")
    dbus = "org.freedesktop.DBus"
    output("busctl", "call", dbus, "/org/freedesktop/DBus", dbus, "ReloadConfig")
    output("systemctl", "daemon-reload")


def bus_path(handle):
    def escape(i, c):
        plain = c.isascii() and (c.isalpha() or (c.isdigit() and i > 0))
        return c if plain else "".join(f"_{b:02x}" for b in c.encode())
    return f"{ROOT}/device/" + "".join(escape(i, c) for i, c in enumerate(handle))


def empty(folder):
    for path in pathlib.Path(folder).iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


class Carved:
    """The unit. It is stopped and knows nothing when a test gets it."""

    file = pathlib.Path("/etc/carved/carved.yaml")
    stopped = False  # systemctl takes its time: it is not asked to stop what is stopped

    def __init__(self, bus):
        self.bus = bus
        self.reset()

    # the unit

    def reset(self):
        self.stop()
        for folder in "/run/carved", "/var/lib/carved", str(self.file.parent):
            if os.path.exists(folder):
                empty(folder)
        self.file.parent.mkdir(exist_ok=True)

    def config(self, *entries, **settings):
        self.file.write_text(config(*entries, **settings))

    def start(self):
        """Returns when it says that it is ready."""
        Carved.stopped = False
        output("systemctl", "start", "carved", timeout=DEADLINE)

    def run(self, *entries, **settings):
        self.config(*entries, **settings)
        self.start()

    def start_no_wait(self):
        Carved.stopped = False
        output("systemctl", "start", "--no-block", "carved")

    def stop(self):
        if not Carved.stopped:
            output("systemctl", "stop", "carved")
        Carved.stopped = True

    def forgive(self):
        """What was meant to fail."""
        output("systemctl", "reset-failed", "carved")

    def restart(self):
        Carved.stopped = False
        output("systemctl", "restart", "carved", timeout=DEADLINE)

    def kill(self, signal):
        """Only the daemon; systemd starts it again after KILL."""
        output("systemctl", "kill", f"--signal={signal}", "carved")

    def show(self, *properties):
        lines = output("systemctl", "show", "carved", *(f"-p{p}" for p in properties)).splitlines()
        found = dict(line.split("=", 1) for line in lines)
        return found[properties[0]] if len(properties) == 1 else [found[p] for p in properties]

    def pid(self):
        return int(self.show("MainPID"))

    def sanitizer(self):
        """What the sanitizers have to say."""
        return "".join(f.read_text() for f in pathlib.Path("/run/carved").glob("sanitizer*"))

    # what it tells on the bus

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

    def wait_state(self, switch, state):
        wait(lambda: self.state(switch) == state, f"{switch} to be {state}")

    def settled(self, switch):
        """Wait until it is at rest with nothing left to do."""
        wait(
            lambda: self.state(switch) == "converged" and not self.plan(switch),
            f"{switch} to be converged",
        )

    def reload(self, *entries, **settings):
        """Another config, by D-Bus."""
        self.config(*entries, **settings)
        before = self.manager("Generation")
        self.call("Reload", "a{sv}")
        wait(lambda: self.manager("Generation") > before, "the config to be taken over")


class Once:
    """carved --once, with folders of its own and in search of leaks."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root"
        self.file = self.root / "etc/carved/carved.yaml"
        self.file.parent.mkdir(parents=True)
        for name in "state", "runtime":
            (folder / name).mkdir()

    def command(self, *options, variant="asan"):
        program = build(variant) / "usr/sbin/carved"
        folders = {"config-root": self.root, "state-dir": self.folder / "state",
                   "runtime-dir": self.folder / "runtime"}
        return [str(program), "--bus=none", *(f"--{k}={v}" for k, v in folders.items()), *options]

    def run(self, *options, text=None, prefix=()):
        """Its exit status and what it says."""
        if text is not None:
            self.file.write_text(text)
        try:
            done = subprocess.run([*prefix, *self.command(*options)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False,
                                  timeout=DEADLINE,
                                  env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
        except subprocess.TimeoutExpired as hung:
            print((hung.stdout or b"").decode())
            raise
        print(done.stdout)
        assert not re.search(r"Sanitizer|runtime error", done.stdout)
        return done.returncode, done.stdout
