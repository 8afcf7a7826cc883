# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the suite runs. A guest (see tests/vm/run): root, real kernel, systemd, system bus. Or the
host: nothing but processes without privileges, a bus of their own and the fake kernel. What
differs between the two is here."""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import privileges
from capture import Capture
from carved import Unit
from fakes import FakeBuffers, FakeKernel, FakeMlx5, FakeModular, FakeNetdevsim, FakeSpectrum1
from switch import FIRMWARE, Asicsim, AsicsimMlx5, AsicsimSn4800, Netdevsim, loaded, output, personality
from sysbus import Bus

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build"

BUS_CONFIG = """\
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <policy context="default">
    <allow send_destination="*"/> <allow receive_sender="*"/> <allow own="*"/>
  </policy>
</busconfig>
"""


def installed(name):
    return f"usr/{'sbin' if name == 'carved' else 'bin'}/{name}"


class Place:
    """`carved` of a test is a Process in a folder of its own."""

    environment = {}
    ctl_options = ()
    become_carved = None  # what the process of carved does before it is carved
    connection = None

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="carved-"))
        self.folder.chmod(0o755)
        self.folders = 0

    def close(self):
        if self.connection:
            self.connection.close()
        shutil.rmtree(self.folder)

    def new_folder(self):
        """Short: sockets are in there."""
        self.folders += 1
        folder = self.folder / str(self.folders)
        folder.mkdir()
        return folder

    def bus(self):
        """One connection for all tests."""
        if not self.connection:
            self.connection = Bus(self.bus_address)
        return self.connection

    def program(self, name, variant="asan"):
        """Of the build, as it would be installed."""
        return str(BUILD / f"root-{variant}" / installed(name))


class Kernel:
    """The real one. `option` is carved's."""

    option = "netlink"

    def close(self):
        pass

    def capture(self):
        return Capture("nlmon0")


class Guest(Place):
    kinds = {"netdevsim": Netdevsim, "asicsim": Asicsim}
    captured = {"netdevsim": Netdevsim, **{f"asicsim-{name}": personality(name) for name in
                                           ("spectrum1", "spectrum2", "sn4800", "mlx5ish")}}
    flashed = {**kinds, "asicsim-mlx5ish": AsicsimMlx5}
    buffered = modular = AsicsimSn4800
    bus_address, bus_kind = "/run/dbus/system_bus_socket", "system"
    leaks = False  # the search takes longer than most tests; Once does it

    def __init__(self):
        super().__init__()
        for module in "netdevsim", "asicsim", "nlmon", "dummy":
            if not loaded(module):
                output("modprobe", module)
        output("ip", "link", "add", "nlmon0", "type", "nlmon")
        output("ip", "link", "set", "nlmon0", "up")
        # udev renames the ports of every new switch and of every reload
        output("udevadm", "control", "--stop-exec-queue")
        self.install()

    def close(self):
        super().close()
        output("systemctl", "restart", "systemd-udevd")
        output("ip", "link", "del", "nlmon0")

    def install(self):
        """Over the guest's own files, as a package would."""
        shutil.copytree(BUILD / "root-asan", "/", symlinks=True, dirs_exist_ok=True)
        dropin = pathlib.Path("/run/systemd/system/carved.service.d/test.conf")
        dropin.parent.mkdir(parents=True, exist_ok=True)
        dropin.write_text("[Unit]\nStartLimitIntervalSec=0\n[Service]\n"
                          # the search for leaks needs ptrace; Once does it. What was freed is kept
                          # for a while, which counts
                          "Environment=ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16:log_path=/run/carved/private/sanitizer\n"
                          "Environment=UBSAN_OPTIONS=log_path=/run/carved/private/sanitizer\n")
        output("systemd-sysusers", "/usr/lib/sysusers.d/carved.conf")
        self.user = pwd.getpwnam("carved")
        output("systemctl", "daemon-reload")
        dbus = "org.freedesktop.DBus"
        self.bus().call(dbus, "/org/freedesktop/DBus", dbus, "ReloadConfig")

    def program(self, name, variant="asan"):
        """What is installed is on a faster file system."""
        return f"/{installed(name)}" if variant == "asan" else super().program(name, variant)

    def become_carved(self):
        """As the unit's User=, AmbientCapabilities= and CapabilityBoundingSet= do."""
        privileges.drop(self.user.pw_uid, self.user.pw_gid, privileges.CAP_NET_ADMIN)

    def give(self, folder):
        """To the user carved."""
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def kernel(self, folder):
        return Kernel()

    def make(self, kind, number, kernel):
        return kind(number)

    def unit(self):
        return Unit(self)

    def firmware(self, _folder):
        """Where a carved in this folder looks for it."""
        return FIRMWARE


class Host(Place):
    kinds = {"fake-spectrum1": FakeSpectrum1, "fake-netdevsim": FakeNetdevsim}
    captured = kinds
    flashed = {**kinds, "fake-mlx5": FakeMlx5}
    buffered, modular = FakeBuffers, FakeModular
    bus_kind, ctl_options = "user", ("--bus=user",)
    leaks = True

    def __init__(self):
        super().__init__()
        self.bus_address = str(self.folder / "bus")
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.bus_address}"}
        file = self.folder / "bus.conf"
        file.write_text(BUS_CONFIG.format(self.bus_address))
        self.daemon = subprocess.Popen(["dbus-daemon", f"--config-file={file}", "--nofork",
                                        "--print-address"], stdout=subprocess.PIPE)
        assert self.daemon.stdout.readline()

    def close(self):
        self.daemon.terminate()
        self.daemon.wait()
        super().close()

    def give(self, folder):
        """It is one's own."""

    def kernel(self, folder):
        return FakeKernel(folder, str(BUILD / "asan/fake-kernel"))

    def make(self, kind, number, kernel):
        return kind(number, kernel)

    def firmware(self, folder):
        firmware = folder / "root/lib/firmware"
        firmware.mkdir(parents=True, exist_ok=True)
        return firmware


class Relay:
    """Between carved and the kernel from start() on; a carved that runs does not notice."""

    def __init__(self, folder):
        self.listen, self.file, self.log = (
            folder / name for name in ("relay", "relay.rules", "relay.log"))
        self.process, self.option = None, f"unix:{self.listen}"

    def start(self, *rules):
        self.rules(*rules)
        self.process = subprocess.Popen(
            [str(BUILD / "asan/relay"), "--listen", self.listen, "--rules", self.file,
             "--log", self.log],
            stdout=subprocess.PIPE, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        assert self.process.stdout.readline() == b"ready\n"
        self.listen.chmod(0o666)

    def rules(self, *rules):
        """These from now on, and no other."""
        new = self.file.with_suffix(".new")
        new.write_text("".join(f"{rule}\n" for rule in rules), encoding="utf-8")
        new.replace(self.file)

    def stop(self):
        """Its end is the end of all connections."""
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
        self.process = None

    def requests(self, command=None):
        """A line for each: ordinal, command, handle, object, and the rule if there was one."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if command in (None, line.split()[1])]

    def spoilt(self):
        """Of how many requests a rule has taken hold."""
        return sum("rule=" in line for line in self.requests())
