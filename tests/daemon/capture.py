# SPDX-License-Identifier: GPL-2.0-or-later
"""Every request that anybody sends to devlink, as an nlmon interface shows it, in order."""
import collections
import ctypes
import socket
import struct

from switch import wait

SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
NETLINK_GENERIC, ETH_P_ALL = 16, 3
NLM_F_REQUEST = 1
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2

# commands that only ask, and NOTIFY_FILTER_SET, which changes only one's own socket
READS = {1, 5, 11, 13, 17, 21, 25, 29, 31, 32, 36, 38, 42, 46, 47, 51, 52, 55, 56, 61, 65, 69, 74}
READS |= {78, 82, 84}
KINDS = {35: "resource", 37: "reload", 39: "param", 58: "flash", 62: "trap", 66: "group"}
KINDS |= {70: "policer"}
# the attributes that say which object, and those that say which value
OBJECT = {35: [66], 39: [81], 62: [130], 66: [135], 70: [142]}
VALUE = {35: [67], 37: [153], 39: [86], 58: [122], 62: [131], 66: [131, 142], 70: [143, 144]}
STRINGS = {1, 2, 81, 122, 130, 135}

Write = collections.namedtuple("Write", "device kind object value")


def attributes(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def messages(data):
    while len(data) >= 20:
        length, kind, flags, _seq, _pid = struct.unpack_from("=IHHII", data)
        if length < 20:
            break
        yield kind, flags, data[16:length]
        data = data[(length + 3) & ~3:]


def family_id(name):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
        text = name.encode() + b"\0"
        body = struct.pack("=BBHHH", CTRL_CMD_GETFAMILY, 1, 0, len(text) + 4, CTRL_ATTR_FAMILY_NAME)
        body += text.ljust((len(text) + 3) & ~3, b"\0")
        sock.send(struct.pack("=IHHII", 16 + len(body), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0) + body)
        _kind, _flags, answer = next(messages(sock.recv(65536)))
        return struct.unpack("=H", attributes(answer[4:])[CTRL_ATTR_FAMILY_ID])[0]


def decode(kind, data):
    if kind in STRINGS:
        return data.rstrip(b"\0").decode()
    return int.from_bytes(data, "little")


class Capture:
    def __init__(self, interface):
        self.family = family_id("devlink")
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

    def close(self):
        self.socket.close()

    def clear(self):
        self.drain()
        self.seen.clear()

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
        found = attributes(payload[4:])
        if 80 in found:
            found.update(attributes(found[80]))
        device = "/".join(decode(kind, found[kind]) for kind in (1, 2) if kind in found)
        name = [decode(kind, found[kind]) for kind in OBJECT.get(command, []) if kind in found]
        value = [decode(kind, found[kind]) for kind in VALUE.get(command, []) if kind in found]
        self.seen.append(Write(device, KINDS.get(command, command), name[0] if name else None,
                               value[0] if len(value) == 1 else tuple(value)))

    def wait_for(self, device, kind, name, value):
        """Until somebody has written this."""
        wanted = Write(device, kind, name, value)
        wait(lambda: wanted in self.writes(), f"{wanted} to be seen")

    def writes(self, device=None, kind=None):
        """What was written since the last clear(), in order."""
        self.drain()
        return [w for w in self.seen if device in (None, w.device) and kind in (None, w.kind)]
