# SPDX-License-Identifier: GPL-2.0-or-later
"""polkit.py VERDICT: a polkit that says yes, no or challenge to everything, and prints what it was asked. With
`slow` it never answers."""
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
        print(subject[0], subject[1]["name"], action, dict(details), int(flags), repr(str(cancellation)), flush=True)
        if sys.argv[1] != "slow":
            answer((sys.argv[1] == "yes", sys.argv[1] == "challenge", {}))

    @dbus.service.method(NAME + ".Authority", in_signature="s")
    def CancelCheckAuthorization(self, cancellation):
        print("cancelled", cancellation, flush=True)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
name = dbus.service.BusName(NAME, bus)
Authority(bus, "/org/freedesktop/PolicyKit1/Authority")
print("ready", flush=True)
GLib.MainLoop().run()
