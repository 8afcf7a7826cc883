# SPDX-License-Identifier: GPL-2.0-or-later
"""polkit.py VERDICT [FILE]: a polkit that says yes, no or challenge to everything, or yes to one action, and prints
what it was asked: the details without a space. With `slow` it never answers; with FILE not before there is one."""
import json
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.freedesktop.PolicyKit1"


class Authority(dbus.service.Object):
    @dbus.service.method(NAME + ".Authority", in_signature="(sa{sv})sa{ss}us", out_signature="(bba{ss})",
                         async_callbacks=("answer", "_fail"))
    def CheckAuthorization(self, subject, action, details, flags, cancellation, answer, _fail):
        print(subject[0], subject[1]["name"], action,
              json.dumps(details, sort_keys=True, separators=(",", ":")), int(flags), repr(str(cancellation)), flush=True)

        def verdict():
            if sys.argv[1] == "slow" or (sys.argv[2:] and not os.path.exists(sys.argv[2])):
                return True
            answer((sys.argv[1] in ("yes", action), sys.argv[1] == "challenge", {}))
            return False
        if verdict():
            GLib.timeout_add(10, verdict)

    @dbus.service.method(NAME + ".Authority", in_signature="s")
    def CancelCheckAuthorization(self, cancellation):
        print("cancelled", cancellation, flush=True)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
name = dbus.service.BusName(NAME, bus)
Authority(bus, "/org/freedesktop/PolicyKit1/Authority")
print("ready", flush=True)
GLib.MainLoop().run()
