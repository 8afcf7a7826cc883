# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware: one flash and one activation, in the reload that is planned anyway; never twice the same in one boot."""
import hashlib
import re

import pytest

from carved import PLACE, entry, wait
from sysbus import BusError
from test_rollback import forget_since_boot

ACTIVATION = pytest.mark.needs("activation")


def after(version, n=1):
    """A version that is newer by n; older, if that is negative."""
    head, _, last = version.rpartition(".")
    return f"{head}.{int(last) + n:0{len(last)}}"


def newer(switch):
    return after(switch.running())


def kinds(capture):
    return [w.kind for w in capture.writes()]


def flashes(capture):
    return len(capture.writes(kind="flash"))


def reset_by_one(switch):
    """Does one reload with either action activate firmware and load params?"""
    return switch.words.size is not None


@ACTIVATION
def test_with_all_else(target, carved, capture):
    """Where either action does both, there is one reload; else there may be two. What flashing depends on is staged
    before the flash, all else after it."""
    w, version = target.words, newer(target)
    # a reload shows what the driver does in it
    carved.run(entry(target, params=w.params(w.value), traps={w.trap: "trap"}))
    carved.reload(entry(target, params=w.params(w.default), traps={w.trap: "trap"}))
    carved.settled(target)
    capture.clear()
    carved.reload(entry(target, **w.wanted, **carved.firmware(target, version)))
    carved.settled(target)
    target.check(w.wanted_changes)
    assert target.running() == version
    done = kinds(capture)
    assert done.count("flash") == 1
    assert done.count("reload") == 1 if reset_by_one(target) else done.count("reload") <= 2
    assert done.index("flash") < done.index("reload")
    if w.param == "fw_load_policy":
        assert done.index("driverinit") < done.index("flash")
    if w.size:
        assert done.index("flash") < done.index("resource")
    assert capture.writes(kind="reload")[0].value == ("driver_reinit" if reset_by_one(target) else "fw_activate")


@ACTIVATION
def test_plan_and_permission(target, carved, capture):
    """What would be done is shown with its class; nothing is flashed before a reload is permitted."""
    w, version = target.words, newer(target)
    before = target.running()
    firmware = carved.firmware(target, version)
    carved.run(entry(target, reload="manual", traps={w.trap: "trap"}, **firmware))
    assert carved.state(target) == "pending-reload"
    assert version in carved.get(target, "StateReason")
    klass = "reload" if reset_by_one(target) else "fw-live"
    assert carved.get(target, "PendingClass") == klass
    plan = [(kind, old, new, cls) for _, kind, _, old, new, cls, _ in carved.plan(target)]
    assert plan[0] == ("firmware", before, version, klass)
    assert [(row[0], row[3]) for row in plan] == [("firmware", klass), ("reload", klass)]
    assert kinds(capture) == ["trap"]
    capture.clear()
    carved.reload(entry(target, traps={w.trap: "trap"}, **firmware))
    carved.settled(target)
    assert target.running() == version
    assert kinds(capture)[:2] == ["flash", "reload"]


@pytest.mark.needs("live activation")
def test_without_a_reset(target, carved, capture):
    w, version = target.words, newer(target)
    carved.run(entry(target, traps={w.trap: "trap"}, **carved.firmware(target, version)))
    carved.settled(target)
    assert target.running() == version
    assert (target.activations(), target.reloads()) == (1, 0)
    assert kinds(capture).count("trap") == 1
    # one that somebody has stored already is only activated
    version = after(version)
    firmware = carved.firmware(target, version)["firmware"]
    target.image = firmware["file"]
    target.flash().wait()
    capture.clear()
    carved.reload(entry(target, traps={w.trap: "trap"}, firmware={"version": version}))
    carved.settled(target)
    assert target.running() == version and kinds(capture) == ["reload"]


def test_that_never_comes_true(target, carved, capture):
    """One flash, and one reload where that could activate it; then it is left alone, until its config changes."""
    w, version = target.words, newer(target)
    activates = "activation" not in target.lacks
    if activates:
        target.stick()
    firmware = carved.firmware(target, version)
    carved.run(entry(target, traps={w.trap: "trap"}, **firmware), audit="1s")
    carved.wait_state(target, "quarantined")
    assert version in carved.get(target, "StateReason")
    assert target.trap(w.trap) == "trap"
    tried = kinds(capture)
    assert tried.count("flash") == 1 and tried.count("reload") == activates
    capture.clear()
    carved.call("Reload", "a{sv}")
    carved.restart()
    target.set_trap(w.trap, "drop")
    wait(lambda: target.trap(w.trap) == "trap", "an audit")
    carved.stop()
    forget_since_boot(carved)
    carved.start()
    assert carved.state(target) == "quarantined"
    assert flashes(capture) == 0 and not capture.writes(kind="reload")
    if activates:
        target.stick(False)
        version = after(version)
        carved.reload(entry(target, traps={w.trap: "trap"}, **carved.firmware(target, version)))
        carved.settled(target)
        assert target.running() == version


@ACTIVATION
def test_flash_that_fails(target, carved, capture):
    w, version = target.words, newer(target)
    before = target.running()
    target.fail_flash(50)
    carved.run(entry(target, **w.wanted, **carved.firmware(target, version)), audit="1s")
    carved.wait_state(target, "failed")
    assert "flash" in carved.get(target, "LastError")
    assert re.search(PLACE, carved.get(target, "LastError"))
    carved.call("Reload", "a{sv}")
    carved.restart()
    carved.wait_state(target, "failed")
    assert flashes(capture) == 1 and target.running() == before
    carved.retry(target)
    carved.settled(target)
    assert flashes(capture) == 2 and target.running() == version
    target.check(w.wanted_changes)


@ACTIVATION
def test_reload_that_fails(target, carved, capture):
    """What was flashed stays flashed: when another config ends the quarantine it is activated, not flashed again."""
    w, version = target.words, newer(target)
    firmware = carved.firmware(target, version)
    target.fail_reloads(1)
    carved.run(entry(target, **w.wanted, **firmware))
    carved.wait_state(target, "quarantined")
    target.check({("trap", w.trap): "trap"})
    carved.restart()
    assert carved.state(target) == "quarantined"
    part = {"resources": {w.size: w.sizes[1]}} if w.size else {"params": w.params(w.other)}
    carved.reload(entry(target, **{**w.wanted, **part}, **firmware))
    carved.settled(target)
    assert target.running() == version
    assert flashes(capture) == 1


@ACTIVATION
def test_that_disappears(target, carved, capture):
    """The next probe starts from another image: it is not flashed again in this boot."""
    w, version = target.words, newer(target)
    target.lose_firmware()
    carved.run(entry(target, traps={w.trap: "trap"}, **carved.firmware(target, version)))
    carved.settled(target)
    capture.clear()
    target.unbind()
    target.bind()
    wait(lambda: target.exists() and target.trap(w.trap) == "trap", "the policy to be set")
    carved.wait_state(target, "failed")
    assert target.running() != version
    carved.restart()
    assert carved.state(target) == "failed"
    assert flashes(capture) == 0 and not capture.writes(kind="reload")


def test_refused_before_anything_is_written(target, carved, capture):
    """One after the other; the rest of the entry is not carried out either."""
    w, version = target.words, newer(target)
    good = carved.firmware(target, version)["firmware"]
    folder = carved.place.firmware(carved.folder)
    image = folder / good["file"]
    wrong = hashlib.sha256(b"something else").hexdigest()
    cases = {
        "a downgrade needs allow_downgrade": {"version": after(target.running(), -1), "file": good["file"]},
        "there is no firmware file": {**good, "file": "carved-test-nothing"},
        "writable": good,
        "sha256": {**good, "sha256": wrong},
        "no file is named": {"version": version},
        "reports no running version": {**good, "version_key": "fw.none"},
    }
    carved.run(entry(target))
    for says, firmware in cases.items():
        image.chmod(0o666 if says == "writable" else 0o644)
        carved.reload(entry(target, firmware=firmware, traps={w.trap: "trap"}))
        wait(lambda: any(re.search(PLACE, line) and says in line for line in carved.manager("Diagnostics")), says)
        assert carved.state(target) == "refused"
    image.chmod(0o644)
    with pytest.raises(BusError, match=r'must not contain "\.\."'):
        carved.reload(entry(target, firmware={**good, "file": f"../firmware/{good['file']}"}))
    assert capture.writes() == []


@ACTIVATION
def test_downgrade(target, carved):
    version = after(target.running(), -1)
    digest = hashlib.sha256(target.image_text(version).encode()).hexdigest()
    firmware = carved.firmware(target, version, allow_downgrade=True, sha256=digest)
    params = target.words.params(target.words.value)
    # else a Spectrum would replace what is older than its driver's own
    carved.run(entry(target, params=params))
    carved.reload(entry(target, params=params, **firmware))
    carved.settled(target)
    assert target.running() == version


@pytest.mark.needs("activation", "firmware of the driver")
def test_driver_that_flashes_its_own(target, carved, capture):
    """It replaces what is older with every reload, so that no activation helps: tried once, until its param forbids it."""
    w, own = target.words, target.running()
    version = after(own, -1)
    target.bring_firmware(own)
    firmware = carved.firmware(target, version, allow_downgrade=True)
    carved.run(entry(target, **firmware))
    carved.wait_state(target, "quarantined")
    tried = kinds(capture)
    assert target.running() == own and tried.count("flash") == 1
    carved.restart()
    assert carved.state(target) == "quarantined" and kinds(capture) == tried
    carved.reload(entry(target, params=w.params(w.value), **firmware))
    wait(lambda: target.active(w.param) == w.value, "the driver to leave firmware alone")
    carved.retry(target)
    carved.settled(target)
    assert target.running() == version and flashes(capture) == 2


@ACTIVATION
@pytest.mark.needs("hold that ends when told")
@pytest.mark.parametrize("ends", ["KILL", "TERM"])
def test_carved_ends_during_the_flash(target, carved, capture, ends):
    """The kernel goes on; the next carved waits for it, and does not flash again."""
    w, version = target.words, newer(target)
    target.slow_flash(True)
    carved.config(entry(target, traps={w.trap: "trap"}, **carved.firmware(target, version)))
    carved.start_no_wait()
    wait(lambda: flashes(capture), "the flash to begin")
    wait(lambda: carved.state(target) == "flashing", "the flash to be shown")
    first = carved.leave(ends)
    carved.start_no_wait()
    wait(lambda: carved.status().startswith("reading"), "the next one to wait")
    assert not carved.ready()
    target.slow_flash(False)
    carved.wait_ready()
    carved.settled(target)
    first.wait()
    assert flashes(capture) == 1 and len(capture.writes(kind="reload")) == 1
    assert target.running() == version and target.trap(w.trap) == "trap"


@ACTIVATION
@pytest.mark.needs("hold that ends when told")
def test_device_goes_during_the_flash(target, carved, capture):
    """It registers anew afterwards: the same version is not flashed a second time."""
    w, version = target.words, newer(target)
    target.slow_flash(True)
    carved.config(entry(target, traps={w.trap: "trap"}, **carved.firmware(target, version)))
    carved.start_no_wait()
    wait(lambda: flashes(capture), "the flash to begin")
    assert carved.state(target) == "flashing"
    gone = target.unbind_later()
    target.slow_flash(False)
    gone.wait()
    wait(lambda: not target.exists(), "the device to be gone")
    target.bind()
    carved.wait_state(target, "converged")
    assert flashes(capture) == 1
    assert target.running() == version and target.trap(w.trap) == "trap"
