# SPDX-License-Identifier: GPL-2.0-or-later
"""systemd.py STATE: a systemd that says of carved.service that it is STATE, and prints that it was asked."""
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.freedesktop.systemd1"


class Unit(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        print(interface, name, flush=True)
        return sys.argv[1]


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
name = dbus.service.BusName(NAME, bus)
Unit(bus, "/org/freedesktop/systemd1/unit/carved_2eservice")
print("ready", flush=True)
GLib.MainLoop().run()
