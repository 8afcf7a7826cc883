# SPDX-License-Identifier: GPL-2.0-or-later
"""The fake kernel (tests/fake) as a place where switches are: a process of its own for every test.
It is controlled, and looked into, through its control socket; other requesters than carved are
connections of their own."""
import json
import os
import pathlib
import socket
import subprocess

import rawlink as nl
from beds import FakeLink
from capture import Write
from switch import Switch, Work
from words import MLX5, NETDEVSIM, SPECTRUM1

TOP = pathlib.Path(__file__).resolve().parents[2]
KINDS = {"RESOURCE_SET": "resource", "RELOAD": "reload", "FLASH_UPDATE": "flash",
         "TRAP_SET": "trap", "TRAP_GROUP_SET": "group", "TRAP_POLICER_SET": "policer",
         "HEALTH_REPORTER_SET": "health", "ESWITCH_SET": "eswitch",
         "PORT_SPLIT": "split", "PORT_UNSPLIT": "unsplit", "LINECARD_SET": "linecard"}
VALUES = {"resource": "size", "trap": "action", "reload": "action", "group": "policer",
          "health": "auto_dump", "eswitch": "mode", "split": "count", "linecard": "type"}
COMMANDS = {"driverinit": "PARAM_SET", "runtime": "PARAM_SET", "permanent": "PARAM_SET",
            **{kind: command for command, kind in KINDS.items()}}
UNLIMITED = 2**64 - 1
# carved asks uname(2) what to expect
LINE = [line for line, since in (("6.1", (0, 0)), ("6.12", (6, 6)), ("7.3", (7, 1)))
        if tuple(map(int, os.uname().release.split(".")[:2])) >= since][-1]


class FakeKernel:
    """One process; `option` is carved's."""

    def __init__(self, folder, program, line=LINE):
        self.path, control = str(folder / "kernel"), str(folder / "control")
        self.folder, self.option = folder, f"unix:{self.path}"
        self.process = subprocess.Popen([program, "--listen", self.path, "--control", control, "--line", line],
                                        stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(control)
        self.answers = self.socket.makefile()

    def close(self):
        self.socket.close()
        self.answers.close()
        self.process.terminate()
        assert self.process.wait() == 0

    def tell(self, *words):
        """One line of the control language; its answer."""
        self.socket.sendall((" ".join(map(str, words)) + "\n").encode())
        answer = json.loads(self.answers.readline())
        assert "error" not in answer, (words, answer)
        return answer

    def capture(self):
        return FakeCapture(self)


class FakeCapture:
    """Every request that anybody sends, as the fake has seen it."""

    def __init__(self, kernel):
        self.kernel, self.first = kernel, 1

    def close(self):
        pass

    def clear(self):
        self.first = self.kernel.tell("state")["requests"] + 1

    def writes(self, device=None, kind=None):
        found = []
        for request in self.kernel.tell("requests", self.first):
            what = KINDS.get(request["command"], request.get("cmode"))
            if what and device in (None, request["handle"]) and kind in (None, what):
                name = request.get("name")
                if what == "policer":
                    name, value = int(name), (request.get("rate"), request.get("burst"))
                elif what == "flash":
                    value = name
                else:
                    value = request.get(VALUES.get(what, "value"))
                if what == "group":
                    value = value or None
                found.append(Write(request["handle"], what, name, value))
        return found


def number(value):
    return UNLIMITED if value == "unlimited" else value


class FakeSwitch(Switch):
    """A device of a facts file."""

    facts = "tests/fake/facts/spectrum1.json"

    def __init__(self, number, kernel):
        self.kernel, self.number = kernel, number
        self.model = json.loads((TOP / self.facts).read_text())
        self.bus, name = self.model["handle"].split("/")
        self.driver = self.model["driver"]
        super().__init__(name.replace("10", str(number)) if "10" in name
                         else f"0000:{number:02}:00.0")
        self.key = next(iter(self.model["versions"]["running"]))
        files = self.model["fake"]["files"]
        self.image = next(iter(files))

    # it comes and goes

    def plug(self):
        file = self.kernel.folder / f"facts-{self.number}.json"
        file.write_text(json.dumps({**self.model, "handle": self.handle}))
        self.kernel.tell("add", file)

    def remove(self):
        if self.known():
            self.kernel.tell("remove", self.handle)

    def unbind(self):
        self.kernel.tell("unbind", self.handle)

    def unbind_later(self):
        self.unbind()  # the fake answers at once
        return Work(lambda: None)

    def bind(self):
        self.kernel.tell("bind", self.handle)

    def link(self):
        return FakeLink(self.kernel.path)

    # its knobs

    def refuse_reload(self, on=True):
        self.kernel.tell("refuse-down", self.handle, "EOPNOTSUPP", f"times={1000 * on}",
                         "text=not allowed now")

    def fail_reload(self, on=True):
        self.kernel.tell("fail-up", self.handle, "EIO", f"times={1000 * on}",
                         "text=did not come up")

    def fail_reloads(self, times):
        self.kernel.tell("fail-up", self.handle, "EIO", f"times={times}", "text=did not come up")

    def add_image(self, folder, version):
        name = super().add_image(folder, version)
        keys = [] if "activation" in self.lacks else self.model["versions"]["running"]
        self.kernel.tell("file", self.handle, name, *(f"{key}={version}" for key in keys))
        return name

    def fail_flash(self, percent):
        self.kernel.tell("fail-flash", self.handle, "EIO", f"percent={percent}",
                         "text=the flash is worn out")

    def stick(self, on=True):
        self.kernel.tell("firmware", self.handle, f"sticky={int(on)}")

    def lose_firmware(self):
        self.kernel.tell("firmware", self.handle, "loses=1")

    def bring_firmware(self, version):
        self.kernel.tell("firmware", self.handle, f"builtin={version}")

    def storm(self, n):
        self.kernel.tell("queue", 100)
        self.kernel.tell("storm", self.handle, n)
        self.kernel.tell("queue", 0)

    def slow_reload(self, msec):
        self.kernel.tell("delay", self.handle, msec)

    def slow_flash(self, on):
        self.kernel.tell("flash", self.handle, 60000 * on, "steps=1000")

    def fail_set(self, kind, name):
        self.kernel.tell("rule", self.handle, COMMANDS[kind], name, "ENOSPC", "times=1000",
                         "text=no room in this table")
        return "no room in this table"

    def relent(self):
        self.kernel.tell("rules-clear")

    def occupied(self):
        path = "/kvd/linear/singles" if self.words is SPECTRUM1 else "/IPv4/fib-rules"
        self.kernel.tell("occ", self.handle, path, 77)
        return path, 77

    # how it is

    def known(self):
        return self.kernel.tell("state")["devices"].get(self.handle)

    def state(self):
        return self.kernel.tell("state", self.handle)

    def exists(self):
        return bool(self.known()) and self.known()["registered"]

    def reloads(self):
        return next((n for action, limit, side, n in self.state()["counters"]
                     if (action, limit, side) == ("driver_reinit", "unspec", "local")), 0)

    def activations(self):
        return next((n for action, limit, side, n in self.state()["counters"]
                     if (action, limit, side) == ("fw_activate", "no_reset", "local")), 0)

    def reload_failed(self):
        return self.state()["reload_failed"]

    def versions(self, kind):
        return self.state()["versions"].get(kind, {})

    def sizes(self):
        return {path: (number(r["size"]),
                       number(r["size_new"]) if r["size_new"] != r["size"] else None)
                for path, r in self.state()["resources"].items()}

    def param(self, name, cmode="driverinit"):
        return self.state()["params"][name][cmode]["value"]

    def active(self, name):
        return next(iter(self.state()["params"][name].values()))["active"]

    def trap(self, name):
        return self.state()["traps"][name]["action"]

    def group(self, name):
        return self.state()["trap_groups"][name]["policer"] or None

    def policer(self, number_):
        found = self.state()["trap_policers"][str(number_)]
        return found["rate"], found["burst"]

    def look(self):
        state = self.state()
        seen = {("size", path): number(r["size"]) for path, r in state["resources"].items()}
        for name, cmodes in state["params"].items():
            for cmode, value in cmodes.items():
                seen[cmode, name], seen["active", name] = value["value"], value["active"]
        for name, p in state["trap_policers"].items():
            seen["policer", int(name)] = p["rate"], p["burst"]
        for name, g in state["trap_groups"].items():
            seen["group", name] = g["policer"] or None
        for name, t in state["traps"].items():
            seen["trap", name] = t["action"]
        return seen

    def splits(self):
        return {port: is_["count"] for port, is_ in self.state()["port_splits"].items()}

    def split(self, port, count):
        """Somebody else splits a port, or makes it whole."""
        index = (nl.PORT, self.state()["port_splits"][port]["index"])
        if count:
            self.ask(nl.PORT_SPLIT, index, (nl.SPLIT_COUNT, count))
        else:
            self.ask(nl.PORT_UNSPLIT, index)

    def drops(self, group):
        return [name for name, t in self.model["traps"].items()
                if (t["group"], t["type"]) == (group, "drop")]


NO_KERNEL = {
    "systemd": "a process on the host, without systemd",
    "netlink": "no netlink there: carved is without privileges",
    "relay": "no kernel to relay to; the fake's own rules do the same",
}


class FakeSpectrum1(FakeSwitch):
    words = SPECTRUM1
    lacks = {
        **NO_KERNEL,
        "size that is not read": "the fake Spectrum-1 reads every size that can be changed",
        "runtime param": "the real Spectrum-1, and so the fake, has no runtime param",
        "live activation": "a Spectrum is always reset",
        "health reporters": "the facts have none", "eswitch": "a Spectrum has none",
    }


class FakeBuffers(FakeSpectrum1):
    """A part of a Spectrum-1's shared buffer, of three ports of four lanes."""

    facts = "tests/fake/facts/buffers.json"
    cell = 96

    def buffers(self):
        return self.state()["shared_buffers"]

    def index(self, label):
        return self.state()["port_splits"][label]["index"]

    def refuse_split(self, port, text):
        self.kernel.tell("rule", self.handle, "PORT_SPLIT", port, "EINVAL", "times=9", f"text={text}")

    def ignore_split(self, port):
        self.relent()
        self.kernel.tell("rule", self.handle, "PORT_SPLIT", port, "ignore", "times=9")

    def written(self, capture):
        return [tuple(write)[1:] for write in capture.writes(self.handle)]


class FakeModular(FakeBuffers):
    """An SN4800 of eight line cards, of which the third is provisioned."""

    facts = "tests/fake/facts/sn4800.json"

    def provision(self, card, kind):
        assert self.cards()[str(card)] == (kind, "active")

    def slow_cards(self, msec):
        self.kernel.tell("linecard", self.handle, msec)

    def fail_card(self, card, times):
        self.kernel.tell("linecard", self.handle, 0, card, f"fail={times}")

    def cards(self):
        return {number: (is_["type"], is_["state"]) for number, is_ in self.state()["linecards"].items()}


class FakeNetdevsim(FakeSwitch):
    facts = "tests/fake/facts/netdevsim.json"
    words = NETDEVSIM
    lacks = {
        **NO_KERNEL,
        "activation": "netdevsim keeps its versions whatever is flashed",
        "live activation": "netdevsim activates no firmware",
        "firmware of the driver": "netdevsim brings no firmware",
        "runtime param": "netdevsim has no runtime param",
    }


class FakeMlx5(FakeSwitch):
    facts = "tests/fake/facts/mlx5.json"
    words = MLX5
    lacks = {**NO_KERNEL, "firmware of the driver": "the driver of an adapter brings none"}
