# SPDX-License-Identifier: GPL-2.0-or-later
"""flood.py ADDRESS UID CONNECTIONS OUTSTANDING SECONDS: calls carved without pause as somebody else; prints the answers.

Speaks D-Bus by itself: what it costs to ask must be less than what it costs to answer.
"""
import os
import select
import socket
import struct
import sys
import threading
import time

NAME, ROOT, PROPERTIES = "org.carved1", "/org/carved1", "org.freedesktop.DBus.Properties"
GET_ALL = (NAME, ROOT, PROPERTIES, "GetAll", ("org.carved1.Manager",))
HELLO = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", ())
ERROR, RETURN = 3, 2


def text(value):
    data = value.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def padded(data, to=8):
    return data + b"\0" * (-len(data) % to)


def message(call, serial):
    """A method call whose arguments are strings."""
    destination, path, interface, member, arguments = call
    body = b""
    for argument in arguments:
        body = padded(body, 4) + text(argument)
    fields = b""
    for code, kind, value in (1, "o", path), (2, "s", interface), (3, "s", member), (6, "s", destination):
        fields = padded(fields) + bytes([code, 1, ord(kind), 0]) + text(value)
    if arguments:
        fields = padded(fields) + bytes([8, 1, ord("g"), 0, len(arguments)]) + b"s" * len(arguments) + b"\0"
    return padded(struct.pack("<cBBBIII", b"l", 1, 0, 1, len(body), serial, len(fields)) + fields) + body


class Caller:
    """A connection of another uid, which is who it was when it was made."""

    def __init__(self, path, uid):
        self.socket = socket.socket(socket.AF_UNIX)
        before = os.geteuid()
        os.seteuid(uid)
        try:
            self.socket.connect(path)
        finally:
            os.seteuid(before)
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\n")
        assert self.socket.recv(4096).startswith(b"OK"), "not let in"
        self.socket.sendall(b"BEGIN\r\n")
        self.serial, self.rest = 0, b""
        self.answers, self.errors = 0, 0
        self.send(HELLO)
        while not self.read():
            pass
        self.answers = 0

    def send(self, call, n=1):
        data = b""
        for _ in range(n):
            self.serial += 1
            data += message(call, self.serial)
        self.socket.sendall(data)

    def read(self):
        """How many answers there were; waits for something."""
        data = self.socket.recv(1 << 20)
        assert data, "the bus has hung up"
        self.rest += data
        found, at = 0, 0
        while len(self.rest) - at >= 16:
            body, _, fields = struct.unpack_from("<III", self.rest, at + 4)
            size = 16 + (fields + 7) // 8 * 8 + body
            if len(self.rest) - at < size:
                break
            found += self.rest[at + 1] in (RETURN, ERROR)
            self.errors += self.rest[at + 1] == ERROR
            at += size
        self.rest = self.rest[at:]
        self.answers += found
        return found


class Flood:
    """So many connections with so many calls outstanding each, in a thread."""

    def __init__(self, address, uid, connections, outstanding, call=GET_ALL):
        self.callers = [Caller(address.removeprefix("unix:path="), uid) for _ in range(connections)]
        self.outstanding, self.call = outstanding, call
        self.ended = False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        for caller in self.callers:
            caller.send(self.call, self.outstanding)
        sockets = {caller.socket: caller for caller in self.callers}
        while not self.ended:
            for ready in select.select(list(sockets), [], [], 0.1)[0]:
                caller = sockets[ready]
                found = caller.read()
                if found and not self.ended:
                    caller.send(self.call, found)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        for caller in self.callers:
            caller.socket.close()

    @property
    def answers(self):
        return sum(caller.answers for caller in self.callers)

    @property
    def errors(self):
        return sum(caller.errors for caller in self.callers)

    @property
    def served(self):
        return self.answers - self.errors


def main(address, uid, connections, outstanding, seconds):
    with Flood(address, int(uid), int(connections), int(outstanding)) as flood:
        time.sleep(float(seconds))
        print(flood.answers, flood.errors)


if __name__ == "__main__":
    main(*sys.argv[1:])
