# SPDX-License-Identifier: GPL-2.0-or-later
"""caller.py INTERACTIVE METHOD: calls a method of carved for the device `leaf`, Apply+ with a reload if need be,
Reload+ on trial; prints the error's name, or ok."""
import sys

import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # pylint: disable=wrong-import-position

ARGUMENTS = {"Reload": ("(a{sv})", ({},)), "Apply": ("(sa{sv})", ("leaf", {})), "Retry": ("(s)", ("leaf",)),
             "Apply+": ("(sa{sv})", ("leaf", {"allow-reload": GLib.Variant("b", True)})),
             "Pause": ("(sta{sv})", ("leaf", 2**64 - 1, {})), "Resume": ("(sa{sv})", ("leaf", {})),
             "Confirm": ("(a{sv})", ({},)), "Rollback": ("(sa{sv})", ("", {})),
             "Reload+": ("(a{sv})", ({"confirm": GLib.Variant("t", 60_000_000)},))}
signature, values = ARGUMENTS[sys.argv[2]]
flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if sys.argv[1] == "1" else Gio.DBusCallFlags.NONE
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
print(bus.get_unique_name(), flush=True)
try:
    bus.call_sync("org.carved1", "/org/carved1", "org.carved1.Manager", sys.argv[2].rstrip("+"), GLib.Variant(signature, values),
                  None, flags, -1)
    print("ok")
except GLib.Error as error:
    print(Gio.DBusError.get_remote_error(error))
