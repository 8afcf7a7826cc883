# SPDX-License-Identifier: GPL-2.0-or-later
"""A device that is busy: who waits for it and who does not. One long reload, one long flash; all is asked meanwhile."""
import os
import pathlib
import signal
import socket
import threading
import time
import types

import pytest

import rawlink as nl
from switches import AsicSim, kernel

BUSY = 2.0                                                   # seconds


def reload(device):
    device.ask(nl.RELOAD, (nl.RELOAD_ACTION, nl.REINIT), link=nl.Link())


def flash(device):
    device.ask(nl.FLASH, (nl.FILE, "kernel-facts.img"), link=nl.Link())


def start(function, *argv):
    thread = threading.Thread(target=function, args=argv)
    thread.start()
    return thread


def questions(busy, other):
    """{name: (device, request, flags, flags of sendmsg)}."""
    trap = (nl.TRAP, "sip_is_mc")
    return {
        "itself": (busy, [nl.GET], nl.ACK, 0),
        "its information": (busy, [nl.INFO_GET], nl.ACK, 0),
        "its param": (busy, [nl.PARAM_GET, (nl.PARAM_NAME, "fw_load_policy")], nl.ACK, 0),
        "its resources": (busy, [nl.RESOURCE_DUMP], nl.ACK, 0),
        "itself, not to wait": (busy, [nl.GET], nl.ACK, socket.MSG_DONTWAIT),
        "itself, to reload": (busy, [nl.RELOAD, (nl.RELOAD_ACTION, nl.REINIT)], nl.ACK, 0),
        "all traps": (None, [nl.TRAP_GET], nl.DUMP, 0),
        "all devices": (None, [nl.GET], nl.DUMP, 0),
        "another's traps": (other, [nl.TRAP_GET], nl.DUMP, 0),
        "another": (other, [nl.GET], nl.ACK, 0),
        "another's information": (other, [nl.INFO_GET], nl.ACK, 0),
        "another's trap": (other, [nl.TRAP_GET, trap], nl.ACK, 0),
        "another's resources": (other, [nl.RESOURCE_DUMP], nl.ACK, 0),
        "another's policer, to set": (other, [nl.POLICER_SET, (nl.POLICER, 9), (nl.RATE, 128)], nl.ACK, 0),
        "another, to reload": (other, [nl.RELOAD, (nl.RELOAD_ACTION, nl.REINIT)], nl.ACK, 0),
    }


def ask_meanwhile(busy, other, answered):
    def ask(name, device, request, flags, more):
        if device:
            request = [request[0], *device.address, *request[1:]]
        assert not nl.Link().ask(*request, flags=flags, more=more).error, name
        answered[name] = time.monotonic()

    return [start(ask, k, *q) for k, q in questions(busy, other).items()]


@pytest.fixture(scope="module", params=[reload, flash])
def meanwhile(request, asicsim, plug):
    """Asks all the questions while a child process has the device busy, and kills that. .waited: their names."""
    busy, other = plug(AsicSim, "spectrum1"), plug(AsicSim, "spectrum1")
    image = pathlib.Path("/lib/firmware/kernel-facts.img")
    image.write_text("asicsim-fw spectrum1 13.2010.2000\n", encoding="ascii")
    busy.board.set("reload_ms", int(BUSY * 1000))
    busy.board.set("flash_ms", f"{int(BUSY * 1000)} 20")
    listener, answered, notes = nl.Link(group=True), {}, []
    pid = os.fork()
    if not pid:
        request.param(busy)
        os._exit(0)
    while not {"POLICER_DEL", "FLASH_STATUS"} & {m.word for m in notes}:
        notes += listener.notes(busy)
        time.sleep(0.01)
    threads = ask_meanwhile(busy, other, answered)
    time.sleep(BUSY / 4)
    busy.board.set("reload_ms", 0)                           # of the next one
    notes += listener.notes(busy)
    os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    end = time.monotonic()
    for thread in threads:
        thread.join()
    image.unlink()
    yield types.SimpleNamespace(
        what=request.param, waited={k for k, t in answered.items() if t > end - BUSY / 4}, answered=set(answered),
        notes=[m.word for m in notes], status=status, reloads=busy.stats()[1, 0],
        flashes=busy.board.count("flash", "13.2010.2000"))
    busy.remove()
    other.remove()


def test_its_own_reads_wait(meanwhile):
    """Whoever asks a device that is busy waits inside of sendmsg(2), also with MSG_DONTWAIT."""
    assert {"itself", "its information", "its param", "its resources", "itself, not to wait"} <= meanwhile.waited


def test_reloads_queue(meanwhile):
    """A second reload waits for its turn, is carried out as well, and counts."""
    assert "itself, to reload" in meanwhile.waited and meanwhile.reloads == (2 if meanwhile.what is reload else 1)


def test_dumps_wait(meanwhile):
    """A dump of all devices waits for each one that is busy."""
    assert {"all traps", "all devices"} <= meanwhile.waited


def test_filtered_dump(meanwhile):
    """A dump of another device alone waits as well on 6.1, which ignores the handle; not from 6.6 on."""
    assert ("another's traps" in meanwhile.waited) == kernel({"6.1": True, "6.12": False})


def test_others_do_not_wait(meanwhile):
    """What names another device does not wait: neither GET nor RESOURCE_DUMP nor SET nor RELOAD."""
    named = {k for k in meanwhile.answered if k.startswith("another")} - {"another's traps"}
    assert len(named) == 6 and not named & meanwhile.waited


def test_kill_does_not_interrupt(meanwhile):
    """SIGKILL does not interrupt the request: it is finished first, and only then the process ends."""
    assert os.WIFSIGNALED(meanwhile.status)
    assert (meanwhile.reloads == 2) if meanwhile.what is reload else (meanwhile.flashes == 1)


def test_notifications_come_meanwhile(meanwhile):
    """Notifications of what is under way do not wait for its end."""
    if meanwhile.what is reload:
        assert "POLICER_DEL" in meanwhile.notes and "POLICER_NEW" not in meanwhile.notes
    else:
        assert "FLASH_STATUS" in meanwhile.notes and "FLASH_END" not in meanwhile.notes


def test_registration(asicsim, plug):
    """While a driver probes, 6.1 does not know the device: ENODEV. From 6.3 on it says NEW first, and who asks waits
    until the probe has ended."""
    device, listener = plug(AsicSim, "spectrum1"), nl.Link(group=True)
    device.driver("unbind")
    listener.notes()
    device.board.set("probe_ms", 700)
    thread = start(device.driver, "bind")
    time.sleep(0.2)
    assert [m.word for m in listener.notes(device)[:1]] == kernel({"6.1": [], "6.12": ["NEW"]})
    assert thread.is_alive()
    asked = time.monotonic()
    name = device.ask(nl.GET).name
    assert (name, time.monotonic() - asked > 0.25) == kernel({"6.1": ("ENODEV", False), "6.12": ("OK", True)})
    thread.join()
    assert device.present()
    device.remove()


def test_unbind(asicsim, plug):
    """Unbind waits for a reload that is under way. Who asks then gets ENODEV at once on 6.1; later kernels have him
    wait for the reload as well, and whether he or the unbind comes next is a matter of luck."""
    device = plug(AsicSim, "spectrum1")
    device.board.set("reload_ms", 1000)
    busy = start(reload, device)
    while device.active("state") != "down":
        time.sleep(0.01)
    unbind = start(device.driver, "unbind")
    time.sleep(0.2)
    assert busy.is_alive() and unbind.is_alive()
    names, reloads = kernel({"6.1": (["ENODEV"], 0), "6.12": (["ENODEV", "OK"], 1)})
    assert device.ask(nl.GET).name in names and device.board.count("reload_up") == reloads
    busy.join()
    unbind.join()
    assert not device.present()
    device.remove()
