# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a script runs: on a device of the running kernel, or on the fake with that device's facts. Both give a
requester, a listener and what is done behind devlink's back: bind and unbind, faults, firmware files."""
import json
import pathlib
import socket
import struct
import subprocess

import rawlink as nl
import switches

FIRMWARE = pathlib.Path("/lib/firmware")


class Bed:
    """model: netdevsim, or a personality of asicsim."""

    def __init__(self, model, handle):
        self.model, self.handle = model, handle
        bus, dev = handle.split("/")
        self.address = (nl.BUS, bus), (nl.DEV, dev)


class RealBed(Bed):
    """A new device of the running kernel; the listener has heard of its coming."""

    def __init__(self, model):
        self.listener = nl.Link(group=True)
        make = switches.NetdevSim if model == "netdevsim" else lambda i: switches.AsicSim(i, model)
        self.device = make(10)
        if model == "mlx5ish":
            self.device.board.set("num_vfs", 0)              # the fake has no representors
        super().__init__(model, self.device.handle)
        self.link = nl.Link()
        self.fail_up, self.fail_down = self.device.fail_up, self.device.fail_down
        self.files = []

    def bind(self):
        self.device.driver("bind")

    def unbind(self):
        self.device.driver("unbind")

    def fail_flash(self, percent):
        self.device.board.set("flash_fail", f"{percent} 5")

    def recover(self):
        self.device.board.set("recover")

    def remote_reload(self, how):
        """full or no_reset, by another host."""
        self.device.board.set("remote_reload", how)

    def image(self, version):
        """The name of a firmware file."""
        file = FIRMWARE / "conformance.img"
        file.write_text(f"asicsim-fw {self.model} {version}\n", encoding="ascii")
        self.files.append(file)
        return file.name

    def close(self):
        for file in self.files:
            file.unlink(missing_ok=True)
        self.device.remove()


class FakeLink(nl.Link):
    """A socket of the fake: a datagram ends with NLMSG_NOOP once all answers to it have come."""

    def __init__(self, path, group=False):                   # pylint: disable=super-init-not-called
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.connect(str(path))
        self.seq = 0
        nl.Link.family = 16
        found = self.ask(3, (2, "devlink")).attrs
        nl.Link.family = nl.number(found[1])
        if group:
            ident = nl.number(dict(nl.each(next(nl.each(found[7]))[1]))[2])
            self.sock.send(struct.pack("IHHIII", 20, nl.NOOP, 0, 0, 0, ident))

    def receive(self, limit=None):
        found = []
        while True:
            data = self.sock.recv(1 << 18)
            if struct.unpack_from("H", data, 4)[0] == nl.NOOP:
                return found
            found += nl.messages_of(data)

    def notes(self, *devices):
        """What was told before this request to nobody's device was answered."""
        self.send(nl.GET, (nl.BUS, "none"), (nl.DEV, "none"))
        return [m for m in self.receive() if not m.seq]


class FakeBed(Bed):
    """fake-kernel with the facts in a file."""

    def __init__(self, model, facts, line, program, folder):
        super().__init__(model, json.loads(facts.read_text())["handle"])
        paths = folder / "fake", folder / "control"
        self.process = subprocess.Popen([program, "--listen", paths[0], "--control", paths[1], "--line", line, facts],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.control = socket.socket(socket.AF_UNIX)
        self.control.connect(str(paths[1]))
        self.link, self.listener = FakeLink(paths[0]), FakeLink(paths[0], group=True)

    def tell(self, line):
        """A line of the control socket; see tests/fake/control.c."""
        self.control.send(line.encode() + b"\n")
        said = b""
        while not said.endswith(b"\n"):
            said += self.control.recv(4096)
        assert b'"error"' not in said, (line, said)

    def fail_up(self, on):
        error = "EINVAL" if self.model == "netdevsim" else "EIO"
        self.tell(f"fail-up {self.handle} {error} early=1 times={999 if on else 0}")

    def fail_down(self, on):
        error = "EOPNOTSUPP" if self.model == "netdevsim" else "EBUSY"
        self.tell(f"refuse-down {self.handle} {error} times={999 if on else 0}")

    def bind(self):
        self.tell(f"bind {self.handle}")

    def unbind(self):
        self.tell(f"unbind {self.handle}")

    def fail_flash(self, percent):
        self.tell(f"fail-flash {self.handle} EIO percent={percent}")

    def recover(self):
        self.tell(f"self-reinit {self.handle}")

    def remote_reload(self, how):
        self.tell(f"remote-reload {self.handle} fw_activate {how.replace('full', '')}")

    def image(self, version):
        self.tell(f"file {self.handle} conformance.img fw.version={version} fw={version}")
        return "conformance.img"

    def close(self):
        self.control.close()
        self.link.sock.close()
        self.listener.sock.close()
        self.process.terminate()
        assert self.process.wait() == 0
        self.process.stdout.close()
