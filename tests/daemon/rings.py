# SPDX-License-Identifier: GPL-2.0-or-later
"""Rings of a port, by ioctl(2). Imports nothing of the suite: a script of carved-dispatcher has to start quickly."""
import ctypes
import fcntl
import socket
import struct

SIOCETHTOOL, GRING, SRING = 0x8946, 0x10, 0x11
RX = 5  # struct ethtool_ringparam: the command, four maxima, four present values


def ring(netdev, rx=None):
    """The size of a port's ring for receiving, which becomes another one if that is given."""
    words = (ctypes.c_uint32 * 9)(GRING)
    request = struct.pack("16sQ", netdev.encode(), ctypes.addressof(words))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, request)
        if rx:
            words[0], words[RX] = SRING, rx
            fcntl.ioctl(s, SIOCETHTOOL, request)
    return words[RX]
