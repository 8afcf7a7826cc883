# SPDX-License-Identifier: GPL-2.0-or-later
"""liar.py FAILS: has the name of carved, and says what terminals obey in every text; with FAILS each call that changes
something, or plans or captures, fails with such a text, by the error of that name."""
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.carved1"
MANAGER, DEVICE = NAME + ".Manager", NAME + ".Device"
BAD = "\x1b]0;TITLE\x07\x1b[5m\u009b31m\r\u202e\u009d0;T\u009c\b\x7fé"
LINES = BAD + "\n" + BAD
PATH = "/org/carved1/device/pci_2fx_5f_1b_9b"
HANDLE = "pci/" + BAD
ENTRY = "leaf" + BAD
FAILS = sys.argv[1] if len(sys.argv) > 1 else None


def row(signature, *values):
    return dbus.Struct(values, signature=signature)


def text(n):
    return [BAD] * n


class Liar(dbus.service.Object):
    def answer(self, value):
        if FAILS:
            raise dbus.DBusException(LINES, name=FAILS)
        return value

    @dbus.service.signal(MANAGER, signature="ts")
    def JobRemoved(self, job, result):
        pass

    @dbus.service.signal(MANAGER, signature="sss")
    def Changed(self, device, trigger, result):
        pass

    def job(self):
        GLib.timeout_add(100, lambda: self.JobRemoved(7, BAD))
        GLib.timeout_add(50, lambda: self.Changed(HANDLE, BAD, BAD))
        return self.answer(dbus.UInt64(7))

    @dbus.service.method(MANAGER, in_signature="a{sv}", out_signature="t")
    def Reload(self, _options):
        return self.job()

    @dbus.service.method(MANAGER, in_signature="sa{sv}", out_signature="t")
    def Apply(self, _device, _options):
        return self.job()

    @dbus.service.method(MANAGER, in_signature="s", out_signature="t")
    def Retry(self, _device):
        return self.job()

    @dbus.service.method(MANAGER, in_signature="sa{sv}", out_signature="a(sssssss)")
    def Plan(self, _device, _options):
        return self.answer([row("sssssss", *text(7))])

    @dbus.service.method(MANAGER, in_signature="sa{sv}", out_signature="s")
    def Capture(self, _device, _options):
        return self.answer(LINES)

    @dbus.service.method(MANAGER, in_signature="su", out_signature="a(tsssst)")
    def History(self, _device, _max):
        return dbus.Array([row("tsssst", dbus.UInt64(2**60), *text(4), dbus.UInt64(5))], signature="(tsssst)")

    @dbus.service.method(MANAGER, out_signature="a(ssso)")
    def ListDevices(self):
        return [row("ssso", HANDLE, ENTRY, BAD, dbus.ObjectPath(PATH)), row("ssso", "", ENTRY + "2", BAD, dbus.ObjectPath("/"))]

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, _interface, _name):
        return BAD

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        if interface == MANAGER:
            return {"Version": BAD, "State": BAD, "Generation": dbus.UInt64(1), "ConfigOutOfSync": True,
                    "ConfigFiles": dbus.Array([LINES], signature="s"),
                    "Diagnostics": dbus.Array([f"/etc/x{BAD}:1:1: error: {LINES}"], signature="s")}
        return properties()


def properties():
    names = ("Driver", "State", "StateReason", "PendingClass", "FirmwareRunning", "FirmwareStored",
             "LastError", "LastExtack")
    size = {"size": dbus.UInt64(1), "size_new": dbus.UInt64(2), "unit": BAD}
    return {**dict.fromkeys(names, BAD), "Handle": HANDLE, "Entry": ENTRY, "ReloadCount": dbus.UInt64(1), "ConvergedAtUSec": dbus.UInt64(2**50),
            "Progress": row("stt", BAD, dbus.UInt64(1), dbus.UInt64(3)),
            "Objects": dbus.Array([row("ssssss", *text(6)), row("ssssss", "resource", *text(5))], signature="(ssssss)"),
            "Drift": dbus.Array([row("ssss", *text(4))], signature="(ssss)"),
            "Resources": dbus.Array([row("sa{sv}", BAD, dbus.Dictionary(size, signature="sv"))], signature="(sa{sv})")}


class Device(dbus.service.Object):
    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="s", out_signature="a{sv}")
    def GetAll(self, _interface):
        return properties()

    @dbus.service.signal(dbus.PROPERTIES_IFACE, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, gone):
        pass


class Objects(Liar):
    @dbus.service.signal("org.freedesktop.DBus.ObjectManager", signature="oas")
    def InterfacesRemoved(self, path, interfaces):
        pass


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
liar, device = Objects(bus, "/org/carved1"), Device(bus, PATH)
name = dbus.service.BusName(NAME, bus)


def tell():
    device.PropertiesChanged(DEVICE, properties(), [])
    liar.Changed(HANDLE, BAD, BAD)
    liar.InterfacesRemoved(PATH, [DEVICE])
    return True


GLib.timeout_add(100, tell)
print("ready", flush=True)
GLib.MainLoop().run()
