# SPDX-License-Identifier: GPL-2.0-or-later
"""flood.py ADDRESS UID CONNECTIONS OUTSTANDING SECONDS INTERFACE METHOD [ARGUMENT...]: calls carved without pause as
somebody else; prints how many answers there were, and how many of them were errors.

Speaks D-Bus by itself: what it costs to ask must be less than what it costs to answer.
"""
import os
import re
import select
import socket
import struct
import sys
import threading
import time

NAME, ROOT = "org.carved1", "/org/carved1"
HELLO = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", ())
ERROR, RETURN = 3, 2


def text(value):
    data = value.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def padded(data, to=8):
    return data + b"\0" * (-len(data) % to)


def options_text(options, at):
    """An a{sv} of booleans and strings that begins at `at`."""
    data = b""
    for key, value in options.items():
        data = padded(data) + text(key)
        if isinstance(value, bool):
            data = padded(data + b"\1b\0", 4) + struct.pack("<I", value)
        else:
            data = padded(data + b"\1s\0", 4) + text(value)
    start = struct.pack("<I", len(data))
    return start + b"\0" * (-(at + len(start)) % 8) + data


def message(call, serial, flags=0):
    """A method call: strings, and a{sv} where the last argument is a dictionary."""
    destination, path, interface, member, arguments = call
    body, signature = b"", b""
    for argument in arguments:
        body = padded(body, 4)
        if isinstance(argument, dict):
            body, signature = body + options_text(argument, len(body)), signature + b"a{sv}"
        else:
            body, signature = body + text(argument), signature + b"s"
    fields = b""
    for code, kind, value in (1, "o", path), (2, "s", interface), (3, "s", member), (6, "s", destination):
        fields = padded(fields) + bytes([code, 1, ord(kind), 0]) + text(value)
    if arguments:
        fields = padded(fields) + bytes([8, 1, ord("g"), 0, len(signature)]) + signature + b"\0"
    return padded(struct.pack("<cBBBIII", b"l", 1, flags, 1, len(body), serial, len(fields)) + fields) + body


def error_name(fields):
    """That of an answer, out of the fields of its header."""
    return next((word.decode() for word in re.findall(rb"[\w.]+\.[\w.]+", fields) if b"rror" in word), "")


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
        self.answers, self.errors, self.names = 0, 0, []
        self.send(HELLO)
        while not self.read():
            pass
        self.answers = 0

    def send(self, call, n=1, flags=0):
        data = b""
        for _ in range(n):
            self.serial += 1
            data += message(call, self.serial, flags)
        self.socket.sendall(data)

    def close(self):
        self.socket.close()

    def pending(self):
        """Read what has come already. The number of answers so far."""
        while select.select([self.socket], [], [], 0)[0]:
            self.read()
        return self.answers

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
            if self.rest[at + 1] == ERROR:
                self.names.append(error_name(self.rest[at + 16:at + 16 + fields]))
            at += size
        self.rest = self.rest[at:]
        self.answers += found
        return found


class Flood:
    """So many connections with so many calls outstanding each, in a thread."""

    def __init__(self, address, uid, connections, outstanding, call):
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


def main(address, uid, connections, outstanding, seconds, interface, method, *arguments):
    call = (NAME, ROOT, interface, method, arguments)
    with Flood(address, int(uid), int(connections), int(outstanding), call) as flood:
        time.sleep(float(seconds))
        print(flood.answers, flood.errors)


if __name__ == "__main__":
    main(*sys.argv[1:])
