# SPDX-License-Identifier: GPL-2.0-or-later
"""One lasting connection to the system bus: to ask costs no process, a late answer shows."""
import os
import socket
import struct

SIZES = {"y": ("B", 1), "b": ("I", 4), "n": ("h", 2), "q": ("H", 2), "i": ("i", 4), "u": ("I", 4),
         "x": ("q", 8), "t": ("Q", 8), "d": ("d", 8)}
METHOD_CALL, METHOD_RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SIGNATURE = 1, 2, 3, 4, 5, 6, 8


class BusError(Exception):
    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name = name


def first(signature):
    """The first complete type of a signature."""
    if signature[0] == "a":
        return "a" + first(signature[1:])
    if signature[0] not in "({":
        return signature[0]
    depth = 0
    for i, c in enumerate(signature):
        depth += (c in "({") - (c in ")}")
        if depth == 0:
            return signature[:i + 1]
    raise ValueError(signature)


def alignment(kind):
    if kind[0] in "({":
        return 8
    return SIZES[kind][1] if kind in SIZES else 1 if kind[0] in "gv" else 4


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def align(self, n):
        self.at = (self.at + n - 1) // n * n

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def values(self, signature):
        found = []
        while signature:
            kind = first(signature)
            signature = signature[len(kind):]
            found.append(self.value(kind))
        return found

    def value(self, kind):
        self.align(alignment(kind))
        if kind in SIZES:
            return struct.unpack("<" + SIZES[kind][0], self.take(SIZES[kind][1]))[0]
        if kind in ("s", "o", "g"):
            n = self.value("y" if kind == "g" else "u")
            return self.take(n + 1)[:n].decode()
        if kind == "v":
            return self.value(self.value("g"))
        if kind[0] in "({":
            return tuple(self.values(kind[1:-1]))
        n = self.value("u")
        self.align(alignment(kind[1:]))
        end, found = self.at + n, []
        while self.at < end:
            found.append(self.value(kind[1:]))
        return dict(found) if kind[1] == "{" else found


def pad(data, n):
    return data + bytes(-len(data) % n)


def string(text):
    return struct.pack("<I", len(text.encode())) + text.encode() + b"\0"


def header_field(code, kind, text):
    value = string(text) if kind != "g" else bytes([len(text)]) + text.encode() + b"\0"
    return struct.pack("<B", code) + bytes([1]) + kind.encode() + b"\0" + value


class Bus:
    def __init__(self, path="/run/dbus/system_bus_socket"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.serial, self.buffer = 0, b""
        self.socket.send(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.socket.recv(4096).startswith(b"OK ")
        self.socket.send(b"BEGIN\r\n")
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")

    def close(self):
        self.socket.close()

    def send(self, destination, path, interface, member, signature="", *arguments):
        """Arguments are strings, or numbers (u); an a{sv} is sent empty."""
        self.serial += 1
        body, rest = b"", list(arguments)
        for kind in signature.replace("a{sv}", "A"):
            body = pad(body, 4)
            if kind == "A":
                body = pad(body + struct.pack("<I", 0), 8)
            else:
                body += struct.pack("<I", rest.pop(0)) if kind == "u" else string(rest.pop(0))
        fields = b""
        for code, kind, text in ((PATH, "o", path), (INTERFACE, "s", interface),
                                 (MEMBER, "s", member), (DESTINATION, "s", destination),
                                 (SIGNATURE, "g", signature)):
            if text:
                fields = pad(fields, 8) + header_field(code, kind, text)
        head = struct.pack("<cBBBIII", b"l", METHOD_CALL, 0, 1, len(body), self.serial, len(fields))
        self.socket.sendall(pad(head + fields, 8) + body)
        return self.serial

    def read(self, n):
        while len(self.buffer) < n:
            more = self.socket.recv(1 << 16)
            assert more, "the bus has closed the connection"
            self.buffer += more

    def receive(self):
        """The next message: type, header fields, values."""
        self.read(16)
        _, kind, _, _, length, _, fields = struct.unpack_from("<cBBBIII", self.buffer)
        head = (16 + fields + 7) // 8 * 8
        self.read(head + length)
        reader = Reader(self.buffer[:head])
        reader.at = 12
        found = dict(reader.value("a(yv)"))
        body = Reader(self.buffer[head:head + length])
        self.buffer = self.buffer[head + length:]
        return kind, found, body.values(found.get(SIGNATURE, ""))

    def call(self, *arguments):
        serial = self.send(*arguments)
        while True:
            kind, fields, values = self.receive()
            if fields.get(REPLY_SERIAL) != serial:
                continue
            if kind == ERROR:
                raise BusError(fields[ERROR_NAME], values[0] if values else "")
            return values
