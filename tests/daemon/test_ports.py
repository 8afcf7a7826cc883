# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of object of which no SET is told to others, and those that make ports go and come."""
import json

import pytest

import rawlink as nl
from carved import entry, wait

WANTED = {"grace_period": "2m", "auto_recover": False, "auto_dump": False}
AS_WANTED = {"grace": 120000, "recover": 0, "dump": 0}


@pytest.mark.needs("health reporters")
def test_health_reporter(switch, carved):
    name = switch.words.reporter
    before = switch.health(name)
    carved.run(entry(switch, health_reporters={name: WANTED}))
    assert carved.state(switch) == "converged"
    assert switch.health(name) == AS_WANTED
    switch.reload()
    wait(lambda: switch.health(name) == AS_WANTED, "the reporter to be set again")
    carved.wait_state(switch, "converged")
    switch.set_health(name, dump=1)
    carved.apply(switch)
    assert switch.health(name) == AS_WANTED
    carved.reload(entry(switch, health_reporters={name: {"auto_dump": False}}))
    carved.settled(switch)
    assert switch.health(name) == {**before, "dump": 0}
    carved.reload(entry(switch))
    carved.settled(switch)
    assert switch.health(name) == before


@pytest.mark.needs("health reporters")
def test_health_reporter_refused(switch, carved):
    name = switch.words.reporter
    before = switch.health(name)
    carved.run(entry(switch, health_reporters={name + "x": {"auto_dump": False}, name: WANTED}))
    carved.wait_state(switch, "refused")
    assert any(f"did you mean {name}?" in text for text in carved.manager("Diagnostics"))
    assert switch.health(name) == before


@pytest.mark.needs("eswitch")
def test_eswitch(switch, carved):
    """Its mode waits for the permission of a reload; removed, the mode before comes back."""
    carved.run(entry(switch, reload="manual", eswitch={"mode": "switchdev"}))
    assert carved.state(switch) == "pending-reload"
    assert carved.get(switch, "PendingClass") == "ports"
    assert switch.eswitch() == "legacy"
    assert [step[5] for step in carved.plan(switch.handle)] == ["ports"]
    carved.apply(switch, "--allow-reload")
    carved.settled(switch)
    assert (carved.state(switch), switch.eswitch()) == ("converged", "switchdev")
    assert switch.reloads() == 0
    carved.reload(entry(switch, reload="auto"))
    carved.settled(switch)
    assert switch.eswitch() == "legacy"


@pytest.mark.needs("eswitch")
def test_eswitch_after_a_reload(target, carved):
    """A mode that is declared holds no reload back, and is there when all is over, whether the driver keeps it or not."""
    w = target.words
    carved.run(entry(target, eswitch={"mode": "switchdev"}))
    assert (carved.state(target), target.eswitch()) == ("converged", "switchdev")
    carved.reload(entry(target, eswitch={"mode": "switchdev"}, params=w.params(w.value)))
    carved.settled(target)
    assert (carved.state(target), target.eswitch()) == ("converged", "switchdev")
    assert (target.active(w.param), target.reloads()) == (w.value, 1)


@pytest.mark.needs("eswitch")
def test_eswitch_that_another_program_sets(switch, carved):
    """Drift of what takes netdevs away is not put right without being asked."""
    carved.run(entry(switch, eswitch={"mode": "switchdev"}))
    switch.set_eswitch("legacy")
    carved.apply(switch)
    carved.wait_state(switch, "pending-reload")
    assert switch.eswitch() == "legacy"
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(switch) == "converged", "the operator's word to be followed")
    assert switch.eswitch() == "switchdev"


@pytest.fixture
def asic(kernel):
    from fakes import FakeBuffers    # pylint: disable=import-outside-toplevel

    made = FakeBuffers(7, kernel)
    made.create()
    yield made
    made.remove()


BUFFERS = {"pools": {"0/1": {"size": "1Mi"}, "0/5": {"size": 2000000, "type": "static"}},
           "ports": {"default/0/1": {"threshold": 9}, "p2/0/1": {"threshold": 12}},
           "tcs": {"default/0/ingress/1": {"pool": 1}, "p3/0/ingress/1": {"pool": 1, "threshold": 10}}}


def check_buffers(asic):
    found = asic.buffers()
    pools, ports, tcs = found["pools"], found["ports"], found["tcs"]
    assert (pools["0/1"]["size"], pools["0/5"]["size"], pools["0/5"]["type"]) == (1048608, 2000064, "static")
    assert [ports[f"p{n}/0/1"]["threshold"] for n in (1, 2, 3)] == [9, 12, 9]
    assert [(tcs[f"p{n}/0/ingress/1"]["pool"], tcs[f"p{n}/0/ingress/1"]["threshold"])
            for n in (1, 2, 3)] == [(1, 8), (1, 8), (1, 10)]
    assert [ports[f"p{n}/0/4"]["threshold"] for n in (1, 2, 3)] == [7, 7, 7]


SPLITS = {"p1": 4, "p2": 2, "p3": "none"}


@pytest.mark.only("fake", "no driver of a guest splits ports")
def test_port_splits(asic, carved):
    """What is said of parts is set when they are there; from 2 to 4 goes by way of none; removed, ports are whole again."""
    parts = {"ports": {"default/0/1": {"threshold": 9}, "p1s2/0/1": {"threshold": 12}}}
    before = asic.buffers()
    carved.run(entry(asic, port_splits=SPLITS, shared_buffers=parts))
    assert carved.state(asic) == "converged"
    assert asic.splits() == {"p1": 4, "p2": 2, "p3": 0}
    code, text, _ = carved.ctl("capture", asic.handle)
    assert code == 0 and "port_splits:" in text and "p1: 4" in text and "p3: none" in text
    code, text, _ = carved.ctl("capture", asic.handle, "--facts")
    assert json.loads(text)["port_splits"]["p2"] == {"count": 2, "lanes": 4, "splittable": 0}
    code, text, _ = carved.ctl("explain", asic.handle, "p1")
    assert code == 0 and "carved.yaml:" in text, text
    found = asic.buffers()["ports"]
    assert {port: values["threshold"] for port, values in found.items() if port.endswith("/0/1")} == {
        **{f"p1s{n}/0/1": 12 if n == 2 else 9 for n in range(4)}, "p2s0/0/1": 9, "p2s1/0/1": 9, "p3/0/1": 9}
    asic.split("p1", 0)
    carved.apply(asic)
    carved.wait_state(asic, "pending-reload")
    assert (asic.splits()["p1"], carved.get(asic, "PendingClass")) == (0, "ports")
    seen = asic.kernel.capture()
    seen.clear()
    carved.reload(entry(asic, port_splits={**SPLITS, "p2": 4}, shared_buffers=parts))
    carved.settled(asic)
    assert [tuple(write)[1:] for write in seen.writes(asic.handle) if "split" in write[1]] == [
        ("unsplit", "p2s0", None), ("split", "p1", 4), ("split", "p2", 4)]
    assert (carved.state(asic), asic.splits()) == ("converged", {"p1": 4, "p2": 4, "p3": 0})
    carved.reload(entry(asic))
    carved.settled(asic)
    assert set(asic.splits().values()) == {0}
    assert asic.buffers() == before


@pytest.mark.only("fake", "no driver of a guest splits ports")
def test_port_splits_that_a_reload_forgets(asic, carved):
    """A declared split is no reason to hold a reload back, and is made again in the same go; an undeclared one is."""
    asic.split("p2", 2)
    params = {"fw_load_policy": "flash"}
    carved.run(entry(asic, port_splits={"p1": 2}))
    assert (carved.state(asic), asic.splits()) == ("converged", {"p1": 2, "p2": 2, "p3": 0})
    carved.reload(entry(asic, port_splits={"p1": 2}, params=params))
    carved.wait_state(asic, "pending-reload")
    assert "4 split ports" in carved.get(asic, "StateReason")
    carved.reload(entry(asic, port_splits={"p1": 2, "p2": 2}, params=params))
    carved.settled(asic)
    assert (carved.state(asic), asic.reloads()) == ("converged", 1)
    assert asic.splits() == {"p1": 2, "p2": 2, "p3": 0}


@pytest.mark.only("fake", "no driver of a guest splits ports")
def test_port_split_refused(asic, carved):
    """What the lanes do not allow is refused before any write; what only the driver knows, by the driver."""
    carved.run(entry(asic, port_splits={"p1": 3, "p2": 2}))
    carved.wait_state(asic, "refused")
    assert any("can be split into 2 or 4" in text for text in carved.manager("Diagnostics"))
    assert set(asic.splits().values()) == {0}
    asic.kernel.tell("rule", asic.handle, "PORT_SPLIT", "p1", "EINVAL", "times=9", "text=Unsupported split configuration")
    carved.reload(entry(asic, port_splits={"p1": 4, "p2": 2}))
    carved.wait_state(asic, "failed")
    assert "Unsupported split configuration" in carved.get(asic, "StateReason")
    assert asic.splits() == {"p1": 0, "p2": 2, "p3": 0}
    asic.kernel.tell("rules-clear")
    asic.kernel.tell("rule", asic.handle, "PORT_SPLIT", "p1", "ignore", "times=9")
    carved.call("Retry", "s", asic.handle)
    wait(lambda: "not kept" in carved.get(asic, "StateReason"), "the driver's forgetfulness to be told")
    assert asic.splits()["p1"] == 0


@pytest.fixture
def modular(kernel):
    from fakes import FakeModular    # pylint: disable=import-outside-toplevel

    made = FakeModular(9, kernel)
    made.create()
    yield made
    made.remove()


CARDS = {1: "16x100G", 3: "16x100G", 2: "none"}


@pytest.mark.only("fake", "no driver of a guest has line cards")
def test_linecards(modular, carved):
    """From one type to another goes by way of none; ports of a card are split when they are there."""
    modular.kernel.tell("linecard", modular.handle, 300)
    seen = modular.kernel.capture()
    seen.clear()
    carved.config(entry(modular, linecards=CARDS, port_splits={"l1p5": 4}))
    carved.start_no_wait()
    carved.wait_bus()
    wait(lambda: "line card 1 (provisioning)" in carved.get(modular, "StateReason"), "the wait to be told")
    assert carved.state(modular) == "applying"
    carved.settled(modular)
    assert [modular.cards()[n] for n in "123"] == [("16x100G", "active"), ("", "unprovisioned"), ("16x100G", "active")]
    assert modular.splits()["l1p5"] == 4
    assert [tuple(write)[1:] for write in seen.writes(modular.handle)] == [
        ("linecard", "3", ""), ("linecard", "1", "16x100G"), ("linecard", "3", "16x100G"), ("split", "l1p5", 4)]
    modular.reload()
    wait(lambda: modular.splits()["l1p5"] == 0, "the reload to forget the split")
    carved.call("Reload", "a{sv}")
    carved.settled(modular)
    assert (modular.splits()["l1p5"], modular.cards()["1"]) == (4, ("16x100G", "active"))
    carved.reload(entry(modular))
    carved.settled(modular)
    assert [modular.cards()[n] for n in "13"] == [("", "unprovisioned"), ("8x200G", "active")]


@pytest.mark.only("fake", "no driver of a guest has line cards")
def test_linecard_refused(modular, carved):
    carved.run(entry(modular, linecards={1: "16x100"}))
    carved.wait_state(modular, "refused")
    assert any("did you mean 16x100G?" in text for text in carved.manager("Diagnostics"))
    modular.kernel.tell("linecard", modular.handle, 0, 1, "fail=9")
    carved.reload(entry(modular, linecards={1: "16x100G"}))
    carved.wait_state(modular, "failed")
    assert "not kept: provisioning_failed" in carved.get(modular, "StateReason")
    assert [obj[3] for obj in carved.get(modular, "Objects")] == ["none"]
    modular.kernel.tell("linecard", modular.handle, 0, 1)
    carved.call("Retry", "s", modular.handle)
    carved.settled(modular)
    assert modular.cards()["1"] == ("16x100G", "active")


@pytest.mark.only("fake", "no driver of a guest has shared buffers")
def test_shared_buffers(asic, carved):
    before = asic.buffers()
    carved.run(entry(asic, shared_buffers=BUFFERS))
    assert carved.state(asic) == "converged"
    check_buffers(asic)
    asic.reload()
    wait(lambda: asic.buffers()["pools"]["0/1"]["size"] == 1048608, "the pools to be set again")
    carved.wait_state(asic, "converged")
    check_buffers(asic)
    asic.ask(nl.SB_PORT_POOL_SET, (nl.PORT, 0), (nl.SB, 0), (nl.SB_POOL, 1), (nl.SB_THRESHOLD, 5))
    assert asic.buffers()["ports"]["p1/0/1"]["threshold"] == 5
    carved.apply(asic)
    check_buffers(asic)
    carved.reload(entry(asic))
    carved.settled(asic)
    assert asic.buffers() == before
