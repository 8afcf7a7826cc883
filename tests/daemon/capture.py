# SPDX-License-Identifier: GPL-2.0-or-later
"""Every request that anybody sends to devlink, as an nlmon interface shows it, in order."""
import collections
import ctypes
import socket
import struct

import rawlink as nl

SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
NETLINK_GENERIC, ETH_P_ALL = 16, 3
NLM_F_REQUEST = 1

# commands that only ask, and NOTIFY_FILTER_SET, which changes only one's own socket
READS = {1, 5, 11, 15, 19, 23, 29, 31, 32, 36, 38, 42, 46, 47, 51, 52, 55, 56, 61, 65, 69, 74}
READS |= {78, 82, 84}
PARAM_SET = 39
KINDS = {35: "resource", 37: "reload", 58: "flash", 62: "trap", 66: "group", 70: "policer",
         9: "split", 10: "unsplit", 79: "linecard"}
CMODES = ["runtime", "driverinit", "permanent"]
ACTIONS = ["drop", "trap", "mirror"]
RELOADS = [None, "driver_reinit", "fw_activate"]

# kind: a param's is its cmode; value: a policer's is (rate, burst), None is what is not sent
Write = collections.namedtuple("Write", "device kind object value")
PATHS = {}  # of resources, by handle and id; a switch tells


def messages(data):
    while len(data) >= 20:
        length, kind, flags, _seq, _pid = struct.unpack_from("=IHHII", data)
        if length < 20:
            break
        yield kind, flags, data[16:length]
        data = data[(length + 3) & ~3:]


def text(found, kind):
    return found[kind].rstrip(b"\0").decode() if kind in found else None


def number(found, kind):
    return int.from_bytes(found[kind], "little") if kind in found else None


def param_value(found):
    """By its type: a flag is there or not."""
    kind = number(found, 83)
    return 86 in found if kind == 6 else text(found, 86) if kind == 5 else number(found, 86)


def object_and_value(kind, found, paths):
    """What a request names, and what it sets."""
    if kind in CMODES:
        return text(found, 81), param_value(found)
    if kind == "resource":
        return paths.get(number(found, 66), number(found, 66)), number(found, 67)
    if kind == "reload":
        return None, RELOADS[number(found, 153) or 0]
    if kind == "flash":
        return text(found, 122), text(found, 122)
    if kind == "trap":
        return text(found, 130), ACTIONS[number(found, 131)]
    if kind == "group":
        return text(found, 135), number(found, 142) or None
    if kind == "policer":
        return number(found, 142), (number(found, 143), number(found, 144))
    if kind in ("split", "unsplit"):
        return number(found, nl.PORT), number(found, nl.SPLIT_COUNT)
    if kind == "linecard":
        return str(number(found, 171)), text(found, 173)
    return None, None


class Capture:
    def __init__(self, interface):
        self.family = nl.Link().family
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        # only what goes to the kernel: ldb [6]; jset #NLM_F_REQUEST; ret #all; ret #0
        lines = [(0x30, 0, 0, 6), (0x45, 0, 1, NLM_F_REQUEST), (6, 0, 0, 0x40000), (6, 0, 0, 0)]
        code = b"".join(struct.pack("=HBBI", *line) for line in lines)
        program = ctypes.create_string_buffer(code)
        filter_ = struct.pack("@HP", len(lines), ctypes.addressof(program))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, filter_)
        self.socket.bind((interface, ETH_P_ALL))
        self.seen = []
        # Linux 7.1 numbers registrations, and writes may name a device by that: who that is, or was
        self.listener, self.numbered, self.by_number = nl.Link(group=True), {}, 0
        self.learn(nl.Link().ask(nl.GET, flags=nl.DUMP).replies)

    def close(self):
        self.socket.close()
        self.listener.sock.close()

    def learn(self, messages):
        self.numbered.update({m.index: m.handle for m in messages if m.cmd and m.index is not None})

    def told(self):
        """Of what has registered; where a flood has drowned that, of what is there."""
        try:
            return self.listener.receive()
        except OSError:
            return nl.Link().ask(nl.GET, flags=nl.DUMP).replies

    def device_of(self, found):
        index = number(found, nl.INDEX)
        if index is None:
            return "/".join(text(found, kind) for kind in (nl.BUS, nl.DEV) if kind in found)
        self.by_number += 1
        if index not in self.numbered:
            self.learn(self.told())
        return self.numbered.get(index, f"{nl.INDEX_BUS}/{index}")

    def clear(self):
        self.drain()
        self.seen.clear()
        self.by_number = 0

    def drain(self):
        while True:
            try:
                data, (_name, protocol, *_) = self.socket.recvfrom(1 << 20, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            if protocol == NETLINK_GENERIC:
                for kind, flags, payload in messages(data):
                    if kind == self.family and flags & NLM_F_REQUEST:
                        self.add(payload)

    def add(self, payload):
        command = payload[0]
        if command in READS:
            return
        found = dict(nl.each(payload[4:]))
        if 80 in found:
            found.update(nl.each(found[80]))
        device = self.device_of(found)
        kind = KINDS.get(command, command)
        if command == PARAM_SET:
            kind = CMODES[number(found, 87)]
        self.seen.append(Write(device, kind, *object_and_value(kind, found, PATHS.get(device, {}))))

    def writes(self, device=None, kind=None):
        """What was written since the last clear(), in order."""
        self.drain()
        return [w for w in self.seen if device in (None, w.device) and kind in (None, w.kind)]
