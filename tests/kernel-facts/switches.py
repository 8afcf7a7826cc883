# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices to state facts about: netdevsim, and asicsim with its board (tests/asicsim/board.py), both over rawlink."""
import os
import pathlib
import struct

import rawlink as nl
from board import Board, put

NETDEVSIM = pathlib.Path("/sys/bus/netdevsim")
KERNEL = tuple(int(n) for n in os.uname().release.split(".")[:2])


def kernel(table):
    """The entry of the newest kernel that is not newer than the running one."""
    lines = {tuple(int(n) for n in k.split(".")): v for k, v in table.items()}
    return lines[max(k for k in lines if k <= KERNEL)]


class Switch:
    """A device by its handle, asked by one socket."""

    def __init__(self, handle):
        self.handle = handle
        bus, dev = handle.split("/")
        self.address = (nl.BUS, bus), (nl.DEV, dev)
        self.link = nl.Link()

    def ask(self, cmd, *attrs, flags=nl.ACK, link=None, more=0):
        return (link or self.link).ask(cmd, *self.address, *attrs, flags=flags, more=more)

    def good(self, cmd, *attrs):
        answer = self.ask(cmd, *attrs)
        assert not answer.error, (answer.name, answer.warning)
        return answer

    # ---- the device ----

    def present(self):
        return self.ask(nl.GET).name == "OK"

    def dev(self):
        return self.good(nl.GET).replies[0]

    def stats(self, side=nl.LOCAL):
        return self.dev().stats(side)

    def reload(self, action=None, limits=None):
        attrs = [(nl.RELOAD_ACTION, action)] if action else []
        attrs += [(nl.LIMITS, limits)] if limits else []
        return self.ask(nl.RELOAD, *attrs)

    def ifindexes(self):
        found = self.ask(nl.PORT_GET, flags=nl.DUMP).replies
        return [nl.number(m.attrs[nl.IFINDEX]) for m in found if m.handle == self.handle and nl.IFINDEX in m.attrs]

    def versions(self, kind=nl.VER_RUNNING):
        pairs = [dict(nl.each(data)) for k, data in self.good(nl.INFO_GET).replies[0].list if k == kind]
        return {nl.text(p[nl.VER_NAME]): nl.text(p[nl.VER_VALUE]) for p in pairs}

    # ---- params ----

    def param(self, name):
        """{cmode: DATA or None}."""
        return param_values(self.good(nl.PARAM_GET, (nl.PARAM_NAME, name)).replies[0])

    def param_set(self, name, kind, data, cmode):
        attrs = [(nl.PARAM_NAME, name), (nl.PARAM_TYPE, kind), (nl.CMODE, cmode)]
        return self.ask(nl.PARAM_SET, *attrs, *([] if data is None else [(nl.DATA, data)]))

    # ---- traps ----

    def trap(self, name):
        return nl.number(self.good(nl.TRAP_GET, (nl.TRAP, name)).attrs[nl.TRAP_ACTION])

    def trap_set(self, name, action):
        return self.ask(nl.TRAP_SET, (nl.TRAP, name), (nl.TRAP_ACTION, action))

    def group(self, name):
        return nl.number(self.good(nl.GROUP_GET, (nl.GROUP, name)).attrs.get(nl.POLICER, b""))

    def group_set(self, name, policer):
        return self.ask(nl.GROUP_SET, (nl.GROUP, name), (nl.POLICER, policer))

    def policer(self, ident):
        attrs = self.good(nl.POLICER_GET, (nl.POLICER, ident)).attrs
        return nl.number(attrs[nl.RATE]), nl.number(attrs[nl.BURST])

    def policer_set(self, ident, rate, burst):
        return self.ask(nl.POLICER_SET, (nl.POLICER, ident), (nl.RATE, rate), (nl.BURST, burst))

    def disturb(self):
        """One SET of each of trap, group and policer, away from the defaults."""
        trap, group, policer = self.policies
        answers = self.trap_set(trap, nl.TRAPPED), self.group_set(group, policer), self.policer_set(policer, 99, 64)
        assert not any(a.error for a in answers), [a.warning for a in answers]

    def policy(self):
        trap, group, policer = self.policies
        return self.trap(trap), self.group(group), self.policer(policer)

    # ---- resources ----

    def resources(self):
        """{path: {attribute: number}}."""
        found = {}

        def walk(prefix, data):
            for _, resource in nl.each(data):
                attrs = dict(nl.each(resource))
                path = prefix + nl.text(attrs[nl.RESOURCE_NAME])
                found[path] = {k: nl.number(v) for k, v in attrs.items() if k != nl.RESOURCE_NAME}
                walk(path + "/", attrs.get(nl.RESOURCE_LIST, b""))
        for message in self.good(nl.RESOURCE_DUMP).replies:
            walk("", message.attrs[nl.RESOURCE_LIST])
        return found

    def size(self, path):
        """(SIZE, SIZE_NEW or None)."""
        attrs = self.resources()[path]
        return attrs[nl.SIZE], attrs.get(nl.SIZE_NEW)

    def size_set(self, path, size):
        ident = self.resources()[path][nl.RESOURCE_ID]
        return self.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, ident), (nl.SIZE, size))


class NetdevSim(Switch):
    model = "netdevsim"
    policies = "blackhole_route", "l2_drops", 3              # a trap, a group, another policer for it
    defaults = nl.DROP, 0, (3000, 512)

    def __init__(self, ident, ports=1):
        super().__init__(f"netdevsim/netdevsim{ident}")
        self.ident = ident
        put(NETDEVSIM / "new_device", f"{ident} {ports}")

    def remove(self):
        put(NETDEVSIM / "del_device", self.ident)

    def driver(self, how):
        put(NETDEVSIM / "drivers/netdevsim" / how, f"netdevsim{self.ident}")

    def debug(self, name):
        return pathlib.Path(f"/sys/kernel/debug/netdevsim/netdevsim{self.ident}/{name}")

    def knob(self, name, value):
        put(self.debug(name), value)

    def fail_up(self, on):
        self.knob("fail_reload", "Y" if on else "N")

    def fail_down(self, on):
        self.knob("dont_allow_reload", "Y" if on else "N")


class AsicSim(Switch):
    policies = "sip_is_mc", "stp", 9
    defaults = nl.DROP, 2, (128, 128)

    def __init__(self, ident, model, ports=2):
        super().__init__(f"asicsim/asicsim{ident}")
        self.board, self.model = Board(model, ports, ident), model
        self.remove, self.driver = self.board.remove, self.board.bind

    def active(self, *path):
        return self.board.active(*path)

    def fail_up(self, on):
        self.board.set("fail_up", "5 0" if on else "0")

    def fail_down(self, on):
        self.board.set("fail_down", "16 0" if on else "0")


def param_values(message):
    """{cmode: DATA or None} of a message with a param."""
    param = dict(nl.each(message.attrs[nl.PARAM]))
    values = [dict(nl.each(v)) for _, v in nl.each(param[nl.VALUES])]
    return {nl.number(v[nl.CMODE]): v.get(nl.DATA) for v in values}


def u32(value):
    return struct.pack("I", value)
