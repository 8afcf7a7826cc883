# SPDX-License-Identifier: GPL-2.0-or-later
"""devlink by hand: requests as bytes, answers as they lie on the socket, nothing interpreted that a test asks about.

A request is carried out inside of send(), so all of its answers are in the socket's queue when send() returns, and
everything it notifies is in the queues of the subscribers: nothing here waits, except where the kernel does.
"""
import errno
import os
import socket
import struct

ACK, DUMP, FILTERED = 4, 0x300, 0x20
NOOP, ERROR, DONE = 1, 2, 3

# commands
GET, NEW, DEL, PORT_GET, PORT_SET, PORT_NEW = 1, 3, 4, 5, 6, 7
ESWITCH_GET, ESWITCH_SET, RESOURCE_SET, RESOURCE_DUMP, RELOAD = 29, 30, 35, 36, 37
PARAM_GET, PARAM_SET, REGION_GET, INFO_GET = 38, 39, 42, 51
PORT_SPLIT, PORT_UNSPLIT, LINECARD_GET, LINECARD_SET = 9, 10, 78, 79
SB_POOL_GET, SB_POOL_SET, SB_PORT_POOL_GET, SB_PORT_POOL_SET, SB_TC_GET, SB_TC_SET = 15, 16, 19, 20, 23, 24
HEALTH_GET, HEALTH_SET, HEALTH_DIAGNOSE, HEALTH_DUMP = 52, 53, 55, 56
FLASH, TRAP_GET, TRAP_SET, GROUP_GET, GROUP_SET, POLICER_GET, POLICER_SET = 58, 61, 62, 65, 66, 69, 70
NOTES = {3: "NEW", 4: "DEL", 7: "PORT_NEW", 8: "PORT_DEL", 40: "PARAM_NEW", 41: "PARAM_DEL", 44: "REGION_NEW",
         45: "REGION_DEL", 54: "HEALTH", 58: "FLASH", 59: "FLASH_END", 60: "FLASH_STATUS", 63: "TRAP_NEW",
         64: "TRAP_DEL", 67: "GROUP_NEW", 68: "GROUP_DEL", 71: "POLICER_NEW", 72: "POLICER_DEL"}

# attributes
BUS, DEV, PORT, PORT_TYPE, IFINDEX, SPLIT_COUNT = 1, 2, 3, 4, 6, 9
RESOURCE_LIST, RESOURCE_NAME, RESOURCE_ID, SIZE, SIZE_NEW, SIZE_VALID = 63, 65, 66, 67, 68, 69
SIZE_MIN, SIZE_MAX, SIZE_GRAN, UNIT, OCC = 70, 71, 72, 73, 74
PARAM, PARAM_NAME, GENERIC, PARAM_TYPE, VALUES, DATA, CMODE, REGION = 80, 81, 82, 83, 84, 86, 87, 88
DRIVER, VER_FIXED, VER_RUNNING, VER_STORED, VER_NAME, VER_VALUE = 98, 100, 101, 102, 103, 104
FILE, COMPONENT, STATUS_MSG, STATUS_DONE, STATUS_TOTAL, STATUS_TIMEOUT, OVERWRITE = 122, 123, 124, 125, 126, 151, 152
TRAP, TRAP_ACTION, TRAP_TYPE, TRAP_GENERIC, GROUP = 130, 131, 132, 133, 135
FAILED, POLICER, RATE, BURST = 136, 142, 143, 144
RELOAD_ACTION, PERFORMED, LIMITS, DEV_STATS, LOCAL, REMOTE = 153, 154, 155, 156, 157, 161
ACTION_INFO, ACTION_STATS, STATS_LIMIT, STATS_VALUE = 162, 163, 159, 160
SB, SB_POOL, SB_POOL_TYPE, SB_POOL_SIZE, SB_THTYPE, SB_THRESHOLD, SB_TC, SB_CELL = 11, 17, 18, 19, 20, 21, 22, 105
PORT_NUMBER, SPLIT_GROUP, SUBPORT, PORT_LANES = 78, 10, 79, 147
LINECARD, LINECARD_STATE, LINECARD_TYPE, LINECARD_TYPES = 171, 172, 173, 174
ESWITCH_MODE, ESWITCH_INLINE, ESWITCH_ENCAP = 25, 26, 62
HEALTH, HEALTH_NAME, HEALTH_GRACE, HEALTH_RECOVER, HEALTH_AUTO_DUMP = 114, 115, 120, 121, 141
HEALTH_BURST = 181                                           # since 6.18
DEFAULT, RESET_DEFAULT, INDEX, SCOPE = 182, 183, 184, 185    # since 6.19, 6.19, 7.1, 7.1
INDEX_BUS = "devlink_index"

U8, U16, U32, U64 = "B", "H", "I", "Q"
WIDTH = {**dict.fromkeys((RESOURCE_ID, SIZE, RATE, BURST, HEALTH_GRACE, HEALTH_BURST), U64), **dict.fromkeys((POLICER, PORT, PORT_TYPE, SPLIT_COUNT, INDEX, SCOPE), U32),
         **dict.fromkeys((PARAM_TYPE, CMODE, TRAP_ACTION, RELOAD_ACTION, ESWITCH_INLINE, ESWITCH_ENCAP, HEALTH_RECOVER,
                          HEALTH_AUTO_DUMP), U8), ESWITCH_MODE: "H", SB: U32, SB_POOL: "H", SB_THRESHOLD: U32,
         SB_POOL_TYPE: U8, SB_POOL_SIZE: U32, SB_THTYPE: U8, SB_TC: "H", LINECARD: U32}
REINIT, ACTIVATE = 1, 2                                      # reload actions
DROP, TRAPPED, MIRROR = 0, 1, 2                              # trap actions
RUNTIME, DRIVERINIT, PERMANENT = 0, 1, 2                     # cmodes
T_U8, T_U32, T_U64, T_STRING, T_BOOL, T_U64_ARRAY = 1, 3, 4, 5, 6, 0x81   # types of params
NO_RESET = struct.pack("II", 2, 2)                           # RELOAD_LIMITS: value, selector


def encode(kind, value):
    """Numbers have the width that the kernel's policy names; bytes go as they are."""
    if isinstance(value, str):
        value = value.encode() + b"\0"
    elif isinstance(value, int):
        value = struct.pack(WIDTH[kind], value)
    return struct.pack("HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def each(data):
    """(number, content) of the attributes, in order."""
    while len(data) >= 4:
        size, kind = struct.unpack("HH", data[:4])
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def text(data):
    return data.rstrip(b"\0").decode()


def number(data):
    return int.from_bytes(data, "little")


class Message:
    """One message; .error and .extack are those of NLMSG_ERROR and NLMSG_DONE."""

    def __init__(self, data):
        self.kind, self.flags, self.seq, self.port = struct.unpack("HHII", data[4:16])
        self.cmd, self.error, self.extack, body = 0, 0, {}, data[16:]
        if self.kind in (ERROR, DONE):
            self.error = -struct.unpack("i", body[:4])[0] if len(body) >= 4 else 0
            if self.flags & 0x200:                           # NLM_F_ACK_TLVS, after the capped request's header
                self.extack = dict(each(body[20 if self.kind == ERROR else 4:]))
            body = b""
        else:
            self.cmd, body = body[0], body[4:]
        self.list = list(each(body))
        self.attrs = dict(self.list)

    @property
    def handle(self):
        return text(self.attrs.get(BUS, b"")) + "/" + text(self.attrs.get(DEV, b""))

    @property
    def index(self):
        """Of the registration; None where the kernel tells none."""
        return number(self.attrs[INDEX]) if INDEX in self.attrs else None

    @property
    def word(self):
        return "ACK" if self.kind == ERROR else "DONE" if self.kind == DONE else NOTES.get(self.cmd, str(self.cmd))

    def stats(self, side=LOCAL):
        """{(action, limit): count} of NEW."""
        found = {}
        for kind, info in each(dict(each(self.attrs[DEV_STATS]))[side]):
            if kind == ACTION_INFO:
                info = dict(each(info))
                for _, entry in each(info[ACTION_STATS]):
                    entry = dict(each(entry))
                    found[number(info[RELOAD_ACTION]), number(entry[STATS_LIMIT])] = number(entry[STATS_VALUE])
        return found

    @property
    def failed(self):
        return self.attrs[FAILED] == b"\1"


def messages_of(datagram):
    found = []
    while len(datagram) >= 16:
        size = struct.unpack("I", datagram[:4])[0]
        found.append(Message(datagram[:size]))
        datagram = datagram[(size + 3) & ~3:]
    return found


def errno_name(error):
    """Not the other name of EOPNOTSUPP."""
    return "OK" if not error else "EOPNOTSUPP" if error == errno.EOPNOTSUPP else errno.errorcode[error]


class Answer:
    """All that a request brought, in the order of the wire."""

    def __init__(self, messages, seq):
        self.messages = messages
        own = [m for m in messages if m.seq == seq]
        self.replies = [m for m in own if m.cmd]
        ends = [m for m in own if m.kind in (ERROR, DONE)]
        self.error = next((m.error for m in ends if m.error), 0)
        self.words = [m.word for m in own if not m.cmd]
        extack = {k: v for m in ends for k, v in m.extack.items()}
        self.warning, self.missing = text(extack.get(1, b"")), number(extack.get(5, b""))

    @property
    def attrs(self):
        assert len(self.replies) == 1, (self.name, self.replies)
        return self.replies[0].attrs

    @property
    def name(self):
        return errno_name(self.error)


class Link:
    """A socket; group: a subscriber of devlink's notifications."""
    family = group = None

    def __init__(self, group=False, rcvbuf=32 << 20):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, 33, rcvbuf)            # SO_RCVBUFFORCE
        except PermissionError:
            pass
        self.sock.setsockopt(270, 10, 1)                                   # NETLINK_CAP_ACK
        self.sock.setsockopt(270, 11, 1)                                   # NETLINK_EXT_ACK
        self.sock.bind((0, 0))
        self.seq = 0
        if not Link.family:
            Link.resolve()
        if group:
            self.sock.setsockopt(270, 1, Link.group)                       # NETLINK_ADD_MEMBERSHIP

    @staticmethod
    def resolve():
        Link.family = 16
        found = Link().ask(3, (2, "devlink")).attrs
        Link.family = number(found[1])
        _, first = next(each(found[7]))
        Link.group = number(dict(each(first))[2])

    def send(self, cmd, *attrs, flags=ACK, more=0):
        """More: flags of sendmsg(2)."""
        body = b"".join(encode(*a) for a in attrs)
        self.seq += 1
        self.sock.send(struct.pack("IHHIIBBH", len(body) + 20, Link.family, 1 | flags, self.seq, 0, cmd, 1, 0) + body,
                       more)
        return self.seq

    def receive(self, limit=None):
        """All that is in the queue, or the messages of this many datagrams."""
        found = []
        while limit != 0:
            try:
                data = self.sock.recv(1 << 17, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            found += messages_of(data)
            limit = limit - 1 if limit else limit
        return found

    def ask(self, cmd, *attrs, flags=ACK, more=0):
        seq = self.send(cmd, *attrs, flags=flags, more=more)
        return Answer(self.receive(), seq)

    def notes(self, *devices):
        """The notifications that have come, of these devices if any are named."""
        handles = [d.handle for d in devices]
        return [m for m in self.receive() if not m.seq and (not handles or m.handle in handles)]


def story(notes):
    """Notifications in words: "PORT_DEL TRAP_DEL*14 NEW"."""
    told = []
    for word in (n if isinstance(n, str) else n.word for n in notes):
        if told and told[-1][0] == word:
            told[-1][1] += 1
        else:
            told.append([word, 1])
    return " ".join(w if n == 1 else f"{w}*{n}" for w, n in told)


def in_child(function, *before):
    """What function() returns (a str), called in a process of its own after each of `before`."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            for step in before:
                step()
            os.write(theirs, function().encode())
        except BaseException as e:                           # pylint: disable=broad-except
            os.write(theirs, f"{type(e).__name__}: {e}".encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as f:
        said = f.read()
    os.waitpid(pid, 0)
    return said
