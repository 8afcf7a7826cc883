# SPDX-License-Identifier: GPL-2.0-or-later
"""spoil.py LISTEN KERNEL: passes messages on between carved and a fake kernel; in what the kernel says, each `SPOILED`
becomes bytes that are no text."""
import socket
import sys
import threading

BAD = b"\xff\xfe\x80\n\x1b[m"


def pump(source, sink, spoil):
    while True:
        data = source.recv(1 << 20)
        if not data:
            break
        sink.send(data.replace(b"SPOILED", BAD) if spoil else data.replace(BAD, b"SPOILED"))
    for end in source, sink:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(sys.argv[1])
listener.listen(64)
print("ready", flush=True)
while True:
    client = listener.accept()[0]
    kernel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kernel.connect(sys.argv[2])
    for ends in (client, kernel, False), (kernel, client, True):
        threading.Thread(target=pump, args=ends, daemon=True).start()
