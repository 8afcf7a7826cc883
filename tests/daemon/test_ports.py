# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of object of which no SET is told to others, and those that make ports go and come."""
import json

import pytest

import rawlink as nl
from carved import entry, wait

WANTED = {"grace_period": "2m", "auto_recover": False, "auto_dump": False}
AS_WANTED = {"grace": 120000, "recover": 0, "dump": 0}


@pytest.mark.needs("health reporters")
def test_health_reporter(target, carved):
    name = target.words.reporter
    before = target.health(name)
    carved.run(entry(target, health_reporters={name: WANTED}))
    assert carved.state(target) == "converged"
    assert target.health(name) == AS_WANTED
    target.reload()
    wait(lambda: target.health(name) == AS_WANTED, "the reporter to be set again")
    carved.wait_state(target, "converged")
    target.set_health(name, dump=1)
    carved.apply(target)
    assert target.health(name) == AS_WANTED
    carved.reload(entry(target, health_reporters={name: {"auto_dump": False}}))
    carved.settled(target)
    assert target.health(name) == {**before, "dump": 0}
    carved.reload(entry(target))
    carved.settled(target)
    assert target.health(name) == before


@pytest.mark.needs("health reporters")
def test_health_reporter_refused(switch, carved):
    name = switch.words.reporter
    before = switch.health(name)
    carved.run(entry(switch, health_reporters={name + "x": {"auto_dump": False}, name: WANTED}))
    carved.wait_state(switch, "refused")
    assert any(f"did you mean {name}?" in text for text in carved.manager("Diagnostics"))
    assert switch.health(name) == before


@pytest.mark.needs("eswitch")
def test_eswitch(target, carved):
    """Its mode waits for the permission of a reload; removed, the mode before comes back."""
    carved.run(entry(target, reload="manual", eswitch={"mode": "switchdev"}))
    assert carved.state(target) == "pending-reload"
    assert carved.get(target, "PendingClass") == "ports"
    assert target.eswitch() == "legacy"
    assert [step[5] for step in carved.plan(target.handle)] == ["ports"]
    carved.apply(target, "--allow-reload")
    carved.settled(target)
    assert (carved.state(target), target.eswitch()) == ("converged", "switchdev")
    assert target.reloads() == 0
    carved.reload(entry(target, reload="auto"))
    carved.settled(target)
    assert target.eswitch() == "legacy"


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
def test_eswitch_that_another_program_sets(target, carved):
    """Drift of what takes netdevs away is not put right without being asked."""
    carved.run(entry(target, eswitch={"mode": "switchdev"}))
    target.set_eswitch("legacy")
    carved.apply(target)
    carved.wait_state(target, "pending-reload")
    assert target.eswitch() == "legacy"
    carved.call("Reload", "a{sv}")
    wait(lambda: carved.state(target) == "converged", "the operator's word to be followed")
    assert target.eswitch() == "switchdev"


@pytest.fixture
def asic(place, kernel):
    """With a shared buffer, and three ports that can be split."""
    made = place.make(place.buffered, 7, kernel)
    made.plug()
    yield made
    made.remove()


BUFFERS = {"pools": {"0/1": {"size": "1Mi", "type": "dynamic"}, "0/5": {"size": 2000000, "type": "static"}},
           "ports": {"default/0/1": {"threshold": 9}, "p2/0/1": {"threshold": 12}, "p3/0/5": {"threshold": 1000}},
           "tcs": {"default/0/ingress/1": {"pool": 1}, "p3/0/ingress/1": {"pool": 1, "threshold": 10}}}


def rounded(size, cell):
    return -(-size // cell) * cell


def check_buffers(asic, before):
    """As BUFFERS says it, and else as before."""
    found = asic.buffers()
    cell = asic.cell
    for section in found.values():
        for values in section.values():
            values.pop("occ", None), values.pop("occ_max", None)
    threshold = before["tcs"]["p1/0/ingress/1"]["threshold"]
    wanted = {
        "pools": {"0/1": {"size": rounded(1 << 20, cell), "type": "dynamic"},
                  "0/5": {"size": rounded(2000000, cell), "type": "static"}},
        "ports": {"p1/0/1": {"threshold": 9}, "p2/0/1": {"threshold": 12}, "p3/0/1": {"threshold": 9},
                  "p3/0/5": {"threshold": rounded(1000, cell)}},
        "tcs": {"p1/0/ingress/1": {"pool": 1, "threshold": threshold},
                "p2/0/ingress/1": {"pool": 1, "threshold": threshold},
                "p3/0/ingress/1": {"pool": 1, "threshold": 10}}}
    for name, section in wanted.items():
        for key, values in section.items():
            assert {k: found[name][key][k] for k in values} == values, key
    assert {k: v["threshold"] for k, v in found["ports"].items() if k.endswith("/0/4")} == {
        k: v["threshold"] for k, v in before["ports"].items() if k.endswith("/0/4")}


SPLITS = {"p1": 4, "p2": 2, "p3": "none"}


def test_port_splits(asic, carved, capture):
    """What is said of parts is set when they are there; from 2 to 4 goes by way of none; removed, ports are whole again."""
    parts = {"ports": {"default/0/0": {"threshold": 10}, "p1s2/0/0": {"threshold": 12}}}
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
    assert {port: values["threshold"] for port, values in found.items() if port.endswith("/0/0")} == {
        **{f"p1s{n}/0/0": 12 if n == 2 else 10 for n in range(4)}, "p2s0/0/0": 10, "p2s1/0/0": 10, "p3/0/0": 10}
    asic.split("p1", 0)
    carved.apply(asic)
    carved.wait_state(asic, "pending-reload")
    assert (asic.splits()["p1"], carved.get(asic, "PendingClass")) == (0, "ports")
    capture.clear()
    carved.reload(entry(asic, port_splits={**SPLITS, "p2": 4}, shared_buffers=parts))
    carved.settled(asic)
    assert [write for write in asic.written(capture) if write[0] in ("split", "unsplit")] == [
        ("unsplit", "p2s0", None), ("split", "p1", 4), ("split", "p2", 4)]
    assert (carved.state(asic), asic.splits()) == ("converged", {"p1": 4, "p2": 4, "p3": 0})
    carved.reload(entry(asic))
    carved.settled(asic)
    assert set(asic.splits().values()) == {0}
    assert asic.buffers() == before


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


def test_port_split_refused(asic, carved):
    """What the lanes do not allow is refused before any write; what only the driver knows, by the driver."""
    carved.run(entry(asic, port_splits={"p1": 3, "p2": 2}))
    carved.wait_state(asic, "refused")
    assert any("can be split into 2 or 4" in text for text in carved.manager("Diagnostics"))
    assert set(asic.splits().values()) == {0}
    asic.refuse_split("p1", "Unsupported split configuration")
    carved.reload(entry(asic, port_splits={"p1": 4, "p2": 2}))
    carved.wait_state(asic, "failed")
    assert "Unsupported split configuration" in carved.get(asic, "StateReason")
    assert asic.splits() == {"p1": 0, "p2": 2, "p3": 0}
    asic.ignore_split("p1")
    carved.call("Retry", "s", asic.handle)
    wait(lambda: "not kept" in carved.get(asic, "StateReason"), "the driver's forgetfulness to be told")
    assert asic.splits()["p1"] == 0


@pytest.fixture
def modular(place, kernel):
    """With slots for line cards, of which the third is in use."""
    made = place.make(place.modular, 9, kernel)
    made.plug()
    made.provision(3, "8x200G")
    yield made
    made.remove()


CARDS = {1: "16x100G", 3: "16x100G", 2: "none"}


def test_linecards(modular, carved, capture):
    """From one type to another goes by way of none; ports of a card are split when they are there."""
    modular.slow_cards(600000)
    capture.clear()
    carved.config(entry(modular, linecards=CARDS, port_splits={"l1p5": 4}))
    carved.start_no_wait()
    carved.wait_bus()
    wait(lambda: carved.listed().get(modular.handle, "absent") != "absent", "the device to be found")
    wait(lambda: "line card 3 (unprovisioning)" in carved.get(modular, "StateReason"), "the wait to be told")
    assert carved.state(modular) == "applying"
    modular.slow_cards(0)
    carved.settled(modular)
    assert [modular.cards()[n] for n in "123"] == [("16x100G", "active"), ("", "unprovisioned"), ("16x100G", "active")]
    assert modular.splits()["l1p5"] == 4
    written = modular.written(capture)                       # the first may be there before the other is empty
    assert [write for write in written if write[0] == "linecard"] == [
        ("linecard", "3", ""), ("linecard", "1", "16x100G"), ("linecard", "3", "16x100G")]
    assert [write for write in written if write[0] != "linecard"] == [("split", "l1p5", 4)]
    assert written.index(("linecard", "1", "16x100G")) < written.index(("split", "l1p5", 4))
    modular.reload()
    wait(lambda: modular.splits()["l1p5"] == 0, "the reload to forget the split")
    carved.call("Reload", "a{sv}")
    carved.settled(modular)
    assert (modular.splits()["l1p5"], modular.cards()["1"]) == (4, ("16x100G", "active"))
    carved.reload(entry(modular))
    carved.settled(modular)
    assert [modular.cards()[n] for n in "13"] == [("", "unprovisioned"), ("8x200G", "active")]


def test_linecard_refused(modular, carved):
    carved.run(entry(modular, linecards={1: "16x100"}))
    carved.wait_state(modular, "refused")
    assert any("did you mean 16x100G?" in text for text in carved.manager("Diagnostics"))
    modular.fail_card(1, 9)
    carved.reload(entry(modular, linecards={1: "16x100G"}))
    carved.wait_state(modular, "failed")
    assert "not kept: provisioning_failed" in carved.get(modular, "StateReason")
    assert [obj[3] for obj in carved.get(modular, "Objects")] == ["none"]
    modular.fail_card(1, 0)
    carved.call("Retry", "s", modular.handle)
    carved.settled(modular)
    assert modular.cards()["1"] == ("16x100G", "active")


def test_shared_buffers(asic, carved):
    before = asic.buffers()
    carved.run(entry(asic, shared_buffers=BUFFERS))
    assert carved.state(asic) == "converged"
    check_buffers(asic, before)
    asic.reload()
    wait(lambda: asic.buffers()["tcs"]["p3/0/ingress/1"]["threshold"] == 10, "the buffers to be set again")
    carved.wait_state(asic, "converged")
    check_buffers(asic, before)
    asic.ask(nl.SB_PORT_POOL_SET, (nl.PORT, asic.index("p1")), (nl.SB, 0), (nl.SB_POOL, 1), (nl.SB_THRESHOLD, 5))
    assert asic.buffers()["ports"]["p1/0/1"]["threshold"] == 5
    carved.apply(asic)
    check_buffers(asic, before)
    carved.reload(entry(asic))
    carved.settled(asic)
    assert asic.buffers() == before
