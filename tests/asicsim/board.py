# SPDX-License-Identifier: GPL-2.0
"""One asicsim board, as a test handles it: plugging, knobs, what user space sees of it through
iproute2's devlink, and what it does in truth (`active`, `counters`).
"""
import json
import os
import pathlib
import socket
import struct
import subprocess

BUS = pathlib.Path("/sys/bus/asicsim")
DEBUG = pathlib.Path("/sys/kernel/debug/asicsim")
FIRMWARE = pathlib.Path("/lib/firmware")


def run(*argv, check=True):
    p = subprocess.run(argv, capture_output=True, text=True)
    assert not check or p.returncode == 0, f"{' '.join(argv)}: {p.stderr}{p.stdout}"
    return p


def put(path, text):
    """One write(2), whatever it answers: Python's files try a failed write again in close()."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, str(text).encode())
    finally:
        os.close(fd)


def devlink(*argv):
    return run("devlink", *argv)


def refused(text, *argv):
    """The command fails and its message contains the text."""
    p = run("devlink", *argv, check=False)
    assert p.returncode != 0 and text in p.stderr + p.stdout, (argv, p.stderr)
    return p.stderr


def ask(*argv):
    out = run("devlink", "-j", *argv).stdout
    return next(iter(json.loads(out).values())) if out.strip() else {}


class Board:
    """One device, plugged in, with what user space sees of it and what it does in truth."""

    def __init__(self, model, ports=2, ident=1):
        self.ident, self.name = ident, f"asicsim{ident}"
        self.handle = f"asicsim/{self.name}"
        put(BUS / "new_device", f"{ident} {model} {ports}")

    def remove(self):
        put(BUS / "del_device", self.ident)

    def present(self):
        return run("devlink", "dev", "show", self.handle, check=False).returncode == 0

    def set(self, knob, value="1"):
        put(DEBUG / self.name / knob, value)

    def get(self, knob):
        return (DEBUG / self.name / knob).read_text()

    def active(self, *path):
        """The rest of the line of `active` that starts with these words."""
        want = " ".join(path) + " "
        rest = [x[len(want):] for x in self.get("active").splitlines() if x.startswith(want)]
        return rest[0] if rest else None

    def count(self, *key):
        want = " ".join(key) + " "
        return sum(int(x.rsplit(" ", 1)[1]) for x in self.get("counters").splitlines()
                   if x.startswith(want))

    def bind(self, how="bind"):
        put(BUS / "drivers/asicsim" / how, self.name)

    def rebind(self):
        self.bind("unbind")
        self.bind()

    def reload(self, action=None):
        devlink("dev", "reload", self.handle, *(["action", action] if action else []))

    def failed(self):
        return ask("dev", "show", self.handle)[self.handle].get("reload_failed", False)

    def stats(self, side="reload"):
        s = ask("-s", "dev", "show", self.handle)[self.handle]["stats"][side]
        return {(a, x): n for a, v in s.items() for x, n in v.items()}

    def info(self):
        return ask("dev", "info", self.handle)[self.handle]

    def psid(self):
        return self.info()["versions"]["fixed"]["fw.psid"]

    def fw(self, kind="running"):
        return self.info()["versions"][kind]["fw.version"]

    def traps(self):
        return {t["name"]: t for t in ask("trap", "show").get(self.handle, [])}

    def action(self, trap):
        return ask("trap", "show", self.handle, "trap", trap)[self.handle][0]["action"]

    def groups(self):
        return {g["name"]: g.get("policer") for g in ask("trap", "group", "show")[self.handle]}

    def policers(self):
        return {p["policer"]: (p["rate"], p["burst"]) for p in
                ask("trap", "policer", "show")[self.handle]}

    def param(self, name):
        p = ask("dev", "param", "show", self.handle, "name", name)[self.handle][0]
        return p["values"][0]["value"]

    def param_set(self, name, value, cmode, how=devlink):
        return how("dev", "param", "set", self.handle, "name", name, "value", value, "cmode", cmode)

    def resources(self):
        flat = {}

        def walk(prefix, items):
            for r in items:
                flat[prefix + r["name"]] = r
                walk(prefix + r["name"] + "/", r.get("resources", []))
        walk("", ask("resource", "show", self.handle)[self.handle])
        return flat

    def size_set(self, path, size, how=devlink):
        return how("resource", "set", self.handle, "path", "/" + path, "size", str(size))

    def ports(self):
        return {k.rsplit("/", 1)[1]: v for k, v in ask("port", "show").items()
                if k.startswith(self.handle + "/")}

    def ifindexes(self):
        names = [p["netdev"] for p in self.ports().values() if "netdev" in p]
        return [int(pathlib.Path(f"/sys/class/net/{n}/ifindex").read_text()) for n in names]

    def flash(self, text, how=devlink):
        path = FIRMWARE / f"{self.name}.img"
        path.write_text(text)
        try:
            return how("dev", "flash", self.handle, "file", path.name)
        finally:
            path.unlink()


class Netlink:
    """Just enough generic netlink for what iproute2 cannot send or show."""

    def __init__(self, group=False):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)         # SO_RCVBUFFORCE
        self.sock.bind((0, 0))
        reply = self.ask(16, 3, [(2, b"devlink\0")], version=2)
        self.family = struct.unpack("H", self.attrs(reply)[1])[0]
        if group:
            first = next(iter(self.attrs(self.attrs(reply)[7]).values()))
            ident = struct.unpack("I", self.attrs(first)[2])[0]
            self.sock.setsockopt(270, 1, ident)                      # NETLINK_ADD_MEMBERSHIP

    @staticmethod
    def attrs(data):
        found = {}
        while len(data) >= 4:
            size, kind = struct.unpack("HH", data[:4])
            found[kind & 0x3fff] = data[4:size]
            data = data[(size + 3) & ~3:]
        return found

    def ask(self, family, cmd, attrs, version=1):
        """Sends, returns the attributes of the reply, or raises OSError; sets .error too."""
        body = b""
        for kind, data in attrs:
            body += struct.pack("HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)
        self.sock.send(struct.pack("IHHIIBBH", len(body) + 20, family, 5, 1, 0, cmd, version, 0)
                       + body)
        reply = b""
        while True:
            data = self.sock.recv(1 << 16)
            kind = struct.unpack("H", data[4:6])[0]
            if kind == 2:
                err = -struct.unpack("i", data[16:20])[0]
                if err:
                    raise OSError(err, os.strerror(err))
                return reply
            reply = data[20:]

    def reload(self, board, action, limit=0):
        attrs = [(1, b"asicsim\0"), (2, board.name.encode() + b"\0"), (153, bytes([action]))]
        if limit:
            attrs.append((155, struct.pack("II", 1 << limit, 1 << limit)))
        got = self.attrs(self.ask(self.family, 37, attrs))
        return struct.unpack("II", got[154])[0]

    def notes(self):
        """All notifications there are, as their command numbers: what is over has notified."""
        found = []
        try:
            while True:
                found.append(self.sock.recv(1 << 16, socket.MSG_DONTWAIT)[16])
        except BlockingIOError:
            return found
