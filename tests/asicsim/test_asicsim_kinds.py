# SPDX-License-Identifier: GPL-2.0
"""Ports that are split, line cards, shared buffers, the eswitch and health reporters of asicsim."""
import json
import time

import pytest

from board import Board, ask, devlink, refused, run

@pytest.fixture
def sn():
    return Board("sn4800")


@pytest.fixture
def nic():
    return Board("mlx5ish", ports=1)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


def names(board):
    """Of all ports with a netdev, index by what it is called."""
    return {p["netdev"].removeprefix("asim1"): int(i) for i, p in board.ports().items() if "netdev" in p}


def row_of(*what):
    """The only one of a `devlink sb`, whose JSON has rubbish in front of it and for a handle."""
    said = run("devlink", "-j", "sb", *what).stdout
    return json.loads(said[said.index("[") + 1:said.rindex("]")])


def pool(board, number):
    return ask("sb", "pool", "show", board.handle, "pool", str(number))[board.handle][0]


def set_pool(board, number, size, kind, how=devlink):
    return how("sb", "pool", "set", board.handle, "pool", str(number), "size", str(size), "thtype", kind)


def quota(board, port, number):
    return row_of("port", "pool", "show", f"{board.handle}/{port}", "pool", str(number))["threshold"]


def set_quota(board, port, number, threshold, how=devlink):
    return how("sb", "port", "pool", "set", f"{board.handle}/{port}", "pool", str(number), "th", str(threshold))


def tc(board, port, number, direction):
    row = row_of("tc", "bind", "show", f"{board.handle}/{port}", "tc", str(number), "type", direction)
    return row["pool"], row["threshold"]


def set_tc(board, port, number, direction, of_pool, threshold, how=devlink):
    return how("sb", "tc", "bind", "set", f"{board.handle}/{port}", "tc", str(number), "type", direction,
               "pool", str(of_pool), "th", str(threshold))


# ---- splits ----

def test_split(sn):
    assert names(sn) == {"p1": 1, "p2": 5}
    port = sn.ports()["1"]
    assert port["lanes"] == 4 and port["splittable"] is True
    devlink("port", "split", f"{sn.handle}/1", "count", "4")
    assert names(sn) == {"p1s0": 1, "p1s1": 2, "p1s2": 3, "p1s3": 4, "p2": 5}
    part = sn.ports()["3"]
    assert (part["port"], part["split_group"], part["lanes"], part["splittable"]) == (1, 1, 1, False)
    refused("", "port", "split", f"{sn.handle}/2", "count", "2")
    devlink("port", "unsplit", f"{sn.handle}/3")
    assert names(sn) == {"p1": 1, "p2": 5} and sn.ports()["1"]["lanes"] == 4
    devlink("port", "split", f"{sn.handle}/5", "count", "2")
    assert names(sn) == {"p1": 1, "p2s0": 5, "p2s1": 7}
    sn.reload()
    assert names(sn) == {"p1": 1, "p2": 5}
    assert (sn.count("split", "p1"), sn.count("unsplit", "p1"), sn.count("split", "p2")) == (1, 1, 1)


def test_split_refused(sn):
    for count in ("3", "8", "1"):
        refused("", "port", "split", f"{sn.handle}/1", "count", count)
    refused("not split", "port", "unsplit", f"{sn.handle}/1")
    sn.set("fail_set", "split p1 22 1 Unsupported split configuration")
    refused("Unsupported split configuration", "port", "split", f"{sn.handle}/1", "count", "2")
    sn.set("ignore_set", "split p1")
    devlink("port", "split", f"{sn.handle}/1", "count", "2")
    assert names(sn) == {"p1": 1, "p2": 5}
    refused("", "port", "split", f"{Board('spectrum1', ident=2).handle}/1", "count", "2")


# ---- shared buffers ----

def test_pools(sn):
    assert len(ask("sb", "pool", "show")[sn.handle]) == 11
    assert (pool(sn, 0)["type"], pool(sn, 0)["thtype"], pool(sn, 1)["thtype"]) == ("ingress", "dynamic", "static")
    set_pool(sn, 1, 1000001, "dynamic")
    assert (pool(sn, 1)["size"], pool(sn, 1)["cell_size"], sn.active("pool", "1")) == (1000080, 144, "dynamic 1000080")
    refused("Exceeded", *"sb pool set".split(), sn.handle, "pool", "1", "size", "70000000", "thtype", "static")
    set_pool(sn, 4, 1000000, "static", how=lambda *a: refused("threshold type", *a))
    set_pool(sn, 8, pool(sn, 8)["size"], "static", how=lambda *a: refused("size is forbidden", *a))
    sn.reload()
    assert (pool(sn, 1)["size"], pool(sn, 1)["thtype"]) == (0, "static")


def test_thresholds(sn):
    assert (quota(sn, 1, 0), quota(sn, 1, 1)) == (9, 0)
    set_quota(sn, 1, 0, 16)
    set_quota(sn, 1, 1, 1000)
    assert (quota(sn, 1, 0), quota(sn, 1, 1), quota(sn, 5, 0)) == (16, 1008, 9)
    set_pool(sn, 1, 1000000, "dynamic")
    assert quota(sn, 1, 1) == 9                              # seven cells are a code now
    for threshold in (2, 17):
        set_quota(sn, 1, 0, threshold, how=lambda *a: refused("Invalid dynamic", *a))
    set_quota(sn, 0, 0, 9, how=lambda *a: refused("CPU port", *a))
    devlink("port", "split", f"{sn.handle}/1", "count", "2")
    assert (quota(sn, 1, 0), quota(sn, 3, 0)) == (9, 9)
    assert sn.active("sb_port", "p1s0/0") == "9"


def test_traffic_classes(sn):
    assert tc(sn, 1, 0, "ingress") == (0, 10)
    set_tc(sn, 1, 3, "ingress", 1, 2000)
    assert (tc(sn, 1, 3, "ingress"), sn.active("sb_tc", "p1/ingress/3")) == ((1, 2016), "1 2016")
    set_tc(sn, 1, 3, "ingress", 4, 9, how=lambda *a: refused("vice versa", *a))
    set_tc(sn, 1, 9, "egress", 4, 9, how=lambda *a: refused("different pool", *a))
    set_tc(sn, 1, 9, "egress", *tc(sn, 1, 9, "egress"), how=lambda *a: refused("threshold is forbidden", *a))
    sn.set("ignore_set", "sb_tc p1/ingress/3")
    set_tc(sn, 1, 3, "ingress", 0, 9)
    assert tc(sn, 1, 3, "ingress") == (1, 2016)
    assert (sn.count("sb_tc_set"), sn.count("sb_tc_ignored"), sn.count("sb_tc_refused")) == (1, 1, 3)


def test_occupancy(sn):
    def seen():
        of_port = ask("sb", "occupancy", "show", f"{sn.handle}/1")["asim1p1"]["pool"]["0"]
        return of_port["current"], of_port["max"]

    sn.set("buffer_fill", "p1 0 10")
    devlink("sb", "occupancy", "snapshot", sn.handle)
    sn.set("buffer_fill", "p1 0 3")
    assert seen() == (1440, 1440)
    devlink("sb", "occupancy", "snapshot", sn.handle)
    assert seen() == (432, 1440)
    devlink("sb", "occupancy", "clearmax", sn.handle)
    devlink("sb", "occupancy", "snapshot", sn.handle)
    assert seen() == (432, 432)


# ---- line cards ----

def card(board, number):
    row = ask("lc", "show", board.handle, "lc", str(number))[board.handle][0]
    return row["state"], row.get("type")


def set_card(board, number, kind, how=devlink):
    return how("lc", "set", board.handle, "lc", str(number), *(["type", kind] if kind else ["notype"]))


def test_linecards(sn):
    assert card(sn, 1) == ("unprovisioned", None)
    sn.set("linecard_ms", 600000)
    set_card(sn, 2, "16x100G")
    assert card(sn, 2) == ("provisioning", "16x100G")
    set_card(sn, 2, None, how=lambda *a: refused("currently being provisioned", *a))
    sn.set("linecard_ms", 0)
    set_card(sn, 1, "8x200G")
    until(lambda: card(sn, 1) == ("active", "8x200G") and "l1p8" in names(sn))
    set_card(sn, 1, "16x100G", how=lambda *a: refused("already provisioned", *a))
    set_card(sn, 1, "8x200G")
    set_card(sn, 3, "junk", how=lambda *a: refused("nsupported line card type", *a))
    devlink("port", "split", f"{sn.handle}/{names(sn)['l1p5']}", "count", "4")
    assert "l1p5s3" in names(sn) and "l1p5" not in names(sn)
    sn.reload()                                              # which also ends the wait of the second
    assert card(sn, 1) == ("active", "8x200G") and "l1p5" in names(sn)
    until(lambda: card(sn, 2) == ("active", "16x100G") and "l2p16" in names(sn))
    sn.rebind()
    assert card(sn, 1) == ("active", "8x200G")
    set_card(sn, 1, None)
    until(lambda: card(sn, 1) == ("unprovisioned", None))
    assert not [name for name in names(sn) if name.startswith("l1")]


def test_linecard_fails(sn):
    sn.set("fail_linecard", 5)
    set_card(sn, 1, "8x200G")
    until(lambda: card(sn, 1)[0] == "provisioning_failed")
    set_card(sn, 1, "8x200G")
    until(lambda: card(sn, 1)[0] == "active")
    sn.set("ignore_set", "linecard 2")
    set_card(sn, 2, "8x200G")
    sn.remove()                                              # with a card that is under way for ever


# ---- an adapter ----

def eswitch(board):
    return ask("dev", "eswitch", "show", board.handle)[board.handle]


def set_eswitch(board, key, value, how=devlink):
    return how("dev", "eswitch", "set", board.handle, key, value)


def test_eswitch(nic):
    legacy = {"mode": "legacy", "inline-mode": "none", "encap-mode": "basic"}
    assert eswitch(nic) == legacy
    before = names(nic)
    set_eswitch(nic, "mode", "switchdev")
    assert names(nic) == {**before, "vf0": 65536, "vf1": 65537}
    assert nic.active("eswitch") == "switchdev 0 1"
    refused("switchdev mode", "trap", "set", nic.handle, "trap", "dmac_filter", "action", "trap")
    set_eswitch(nic, "encap-mode", "none")
    set_eswitch(nic, "inline-mode", "link", how=lambda *a: refused("Inline mode", *a))
    nic.reload()
    assert eswitch(nic) == legacy and names(nic) == before
    devlink("trap", "set", nic.handle, "trap", "dmac_filter", "action", "trap")
    set_eswitch(nic, "mode", "switchdev", how=lambda *a: refused("traps are active", *a))
    assert eswitch(nic)["mode"] == "legacy" and nic.count("eswitch_refused", "mode") == 1


def reporter(board, name, port=None):
    where = f"{board.handle}/{port}" if port else board.handle
    found = ask("health", "show", where, "reporter", name)
    return next(iter(found.values()))[0]


def test_health(nic):
    assert "grace_period" not in reporter(nic, "fw") and reporter(nic, "fw")["auto_dump"] is True
    assert reporter(nic, "tx", 1)["grace_period"] == 500
    devlink("health", "set", nic.handle, "reporter", "fw_fatal", "grace_period", "7000", "auto_dump", "false")
    devlink("health", "set", f"{nic.handle}/1", "reporter", "tx", "grace_period", "7000", "auto_recover", "false")
    nic.reload()
    assert (reporter(nic, "fw_fatal")["grace_period"], reporter(nic, "fw_fatal")["auto_dump"]) == (7000, False)
    assert (reporter(nic, "tx", 1)["grace_period"], reporter(nic, "tx", 1)["auto_recover"]) == (500, True)
    nic.rebind()
    assert (reporter(nic, "fw_fatal")["grace_period"], reporter(nic, "fw_fatal")["auto_dump"]) == (0, True)
