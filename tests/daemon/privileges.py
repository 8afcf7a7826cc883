# SPDX-License-Identifier: GPL-2.0-or-later
"""Another user with one capability, between fork and exec: setpriv(1) would be one more process
for every carved."""
import ctypes
import os
import struct

CAP_NET_ADMIN, CAPS = 12, 41
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 8, 24, 38, 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if function(*arguments) < 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}{arguments}")


def drop(uid, gid, kept):
    """Keep one capability: permitted, effective, inheritable, ambient and bounding."""
    for cap in range(CAPS):
        if cap != kept:
            call(libc.prctl, PR_CAPBSET_DROP, cap, 0, 0, 0)
    call(libc.prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    low = 1 << kept
    call(libc.capset, struct.pack("=Ii", CAPABILITY_VERSION_3, 0),
         struct.pack("=6I", low, low, low, 0, 0, 0))
    call(libc.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept, 0, 0)
    call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
