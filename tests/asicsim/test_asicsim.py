# SPDX-License-Identifier: GPL-2.0
"""What asicsim promises, seen through iproute2's devlink, sysfs and its debugfs files."""
import errno
import os
import threading
import time

import pytest

from board import BUS, Board, Netlink, ask, devlink, put, refused, run
from conftest import KO

KERNEL = tuple(int(n) for n in os.uname().release.split(".")[:2])
EAPOL = KERNEL >= (6, 2)
FIRST = KERNEL >= (6, 3)

NL = {"flash_status": 60, "param_new": 40, "dev_new": 3, "trap_del": 64, "health": 54}
PROFILES = {
    "scale": (64000, 15616, 32000, 16384, 128000, 48000),
    "ipv4_max": (64000, 15616, 32000, 16384, 144000, 32768),
}
PARTS = ("kvd/linear", "kvd/linear/singles", "kvd/linear/chunks", "kvd/linear/large_chunks",
         "kvd/hash_single", "kvd/hash_double")
DEFAULT = (98304, 16384, 49152, 32768, 87040, 60416)


@pytest.fixture
def sp1():
    return Board("spectrum1")


@pytest.fixture
def sp2():
    return Board("spectrum2")


@pytest.fixture
def nic():
    return Board("mlx5ish")


@pytest.fixture(params=["spectrum1", "spectrum2", "mlx5ish"])
def any_board(request):
    return Board(request.param)


def background(fn, *argv):
    t = threading.Thread(target=fn, args=argv)
    t.start()
    return t


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


# ---- plugging ----

def test_plug_and_pull(any_board):
    assert any_board.present() and any_board.active("state") == "up"
    with pytest.raises(FileExistsError):
        Board("spectrum1")
    other = Board("mlx5ish", ports=0, ident=7)
    assert other.present() and not other.ports()
    other.remove()
    assert not other.present() and any_board.present()
    with pytest.raises(FileNotFoundError):
        other.remove()


@pytest.mark.parametrize("line", ["", "1", "x spectrum1", "1 tofino", "1 spectrum1 65",
                                  "1000000 spectrum1"])
def test_plug_junk(line):
    with pytest.raises(OSError) as caught:
        put(BUS / "new_device", line or "\n")
    assert caught.value.errno == errno.EINVAL
    assert not list((BUS / "devices").iterdir())


def test_ports_and_netdevs(any_board):
    ports = any_board.ports()
    cpu = [p for p in ports.values() if p.get("flavour") == "cpu"]
    assert len(ports) - len(cpu) == 2 and len(cpu) == ("SP" in any_board.psid())
    assert all(p["type"] == "eth" for p in ports.values() if p["flavour"] == "physical")
    before = any_board.ifindexes()
    assert before == [int(any_board.active("port", n, "ifindex")) for n in "12"]
    any_board.reload()
    after = any_board.ifindexes()
    assert len(after) == 2 and not set(before) & set(after)


def test_unbind_bind(nic):
    nic.param_set("flow_steering_mode", "smfs", "runtime")
    nic.param_set("io_eq_size", "512", "driverinit")
    nic.param_set("enable_sriov", "true", "permanent")
    devlink("trap", "set", nic.handle, "trap", "dmac_filter", "action", "trap")
    nic.flash("asicsim-fw mlx5ish 16.36.1\n")
    nic.reload()
    nic.bind("unbind")
    assert not nic.present() and nic.active("state") == "down"
    nic.bind()
    assert nic.param("flow_steering_mode") == "dmfs" and nic.param("io_eq_size") == 1024
    assert nic.param("enable_sriov") is True and nic.active("param", "enable_sriov") == \
        "permanent false"
    assert nic.action("dmac_filter") == "drop"
    assert (nic.fw(), nic.fw("stored")) == ("16.35.2000", "16.36.0001")
    assert set(nic.stats().values()) == {0} and nic.count("probe") == 2


# ---- information and resources ----

def test_info(any_board):
    i = any_board.info()
    v = i["versions"]
    assert i["driver"] == "asicsim" and "serial_number" not in i
    assert v["running"]["fw"] == v["running"]["fw.version"]
    nic = "NIC" in any_board.psid()
    assert ("stored" in v) == nic and ("hw.revision" in v["fixed"]) != nic
    any_board.set("serial", "SN0001")
    assert any_board.info()["serial_number"] == "SN0001"


def test_kvd_tree(sp1):
    r = sp1.resources()
    assert r["kvd"]["size"] == 245760 and "size_min" not in r["kvd"]      # it is fixed
    assert tuple(r[p]["size"] for p in PARTS) == DEFAULT
    limits = {p: (r[p]["size_min"], r[p]["size_max"], r[p]["size_gran"]) for p in PARTS}
    assert limits == {"kvd/linear": (0, 147456, 128), "kvd/linear/singles": (0, 147456, 1),
                      "kvd/linear/chunks": (0, 147456, 32),
                      "kvd/linear/large_chunks": (0, 147456, 512),
                      "kvd/hash_single": (65536, 212992, 128),
                      "kvd/hash_double": (32768, 180224, 128)}
    assert {"span_agents", "counters/flow", "rif_mac_profiles", "rifs"} < set(r)


def test_kvd_absent(sp2):
    assert [p for p in sp2.resources() if p.startswith("kvd")] == ["kvd"]
    refused("not supported", "resource", "show", Board("mlx5ish", ident=2).handle)


@pytest.mark.parametrize("path,size,why", [
    ("kvd", 245888, "larger than maximum"), ("kvd/hash_single", 65408, "smaller than minimum"),
    ("kvd/hash_single", 213120, "larger than maximum"), ("kvd/linear", 64, "granularity"),
    ("kvd/linear/chunks", 33, "granularity"), ("span_agents", 4, "larger than maximum")])
def test_size_refused(sp1, path, size, why):
    """By the kernel, which asks the driver's limits; nothing is staged."""
    before = sp1.resources()
    sp1.size_set(path, size, how=lambda *a: refused(why, *a))
    assert sp1.resources() == before and "size_new" not in before[path]


def test_profiles(sp1):
    for name in ("scale", "ipv4_max"):
        for path, size in zip(PARTS, PROFILES[name]):
            sp1.size_set(path, size)
        assert int(sp1.active("size", "kvd/linear")) != PROFILES[name][0] or name != "scale"
        sp1.reload()
        assert tuple(int(sp1.active("size", p)) for p in PARTS) == PROFILES[name]
        assert not [p for p, r in sp1.resources().items() if "size_new" in r]
    sp1.rebind()
    assert tuple(int(sp1.active("size", p)) for p in PARTS) == DEFAULT
    assert tuple(sp1.resources()[p]["size"] for p in PARTS) == DEFAULT


def test_sum_too_large(sp1):
    sp1.size_set("kvd/hash_single", 87040 + 128)
    for action in ("driver_reinit", "fw_activate"):
        refused("", "dev", "reload", sp1.handle, "action", action)
    assert sp1.count("reload_down") == 0 and not sp1.failed()


def test_occupancy(sp1):
    sp1.set("occ", "kvd/linear/singles 77")
    assert sp1.resources()["kvd/linear/singles"]["occ"] == 77
    with pytest.raises(OSError):
        sp1.set("occ", "kvd/hash_single 1")
    sp1.reload()
    assert sp1.resources()["kvd/linear/singles"]["occ"] == 77
    sp1.set("fail_up", 5)
    refused("", "dev", "reload", sp1.handle)
    assert "occ" not in sp1.resources()["kvd/linear/singles"]


def test_clamp(sp1):
    sp1.set("clamp_size", "kvd/linear/singles 8000")
    sp1.size_set("kvd/linear/singles", 16000)
    sp1.reload()
    assert sp1.resources()["kvd/linear/singles"]["size"] == 8000
    sp1.set("clamp_size", "kvd/linear/singles 4000 hidden")
    sp1.size_set("kvd/linear/singles", 16000)
    sp1.reload()
    assert sp1.resources()["kvd/linear/singles"]["size"] == 16000
    assert sp1.active("size", "kvd/linear/singles") == "4000"
    sp1.set("clamp_size", "kvd/hash_single 1024")
    refused("KVD", "dev", "reload", sp1.handle)
    assert sp1.failed() and sp1.count("reload_failed", "5") == 1
    sp1.set("clamp_size", "kvd/hash_single 0")
    sp1.reload()
    assert not sp1.failed() and sp1.active("state") == "up"


# ---- traps ----

def test_trap_catalogue(any_board):
    psid = any_board.psid()
    traps = any_board.traps()
    if "NIC" in psid:
        assert set(traps) == {"dmac_filter", "ingress_vlan_filter"}
        assert any_board.groups() == {"l2_drops": None}
        return
    extra = "SP2" in psid
    assert len(traps) == 75 + extra + 2 * EAPOL
    assert len(any_board.groups()) == 24 + extra + EAPOL
    assert len(any_board.policers()) == 24 and any_board.policers()[1] == (10240, 4096)
    kinds = [t["type"] for t in traps.values()]
    assert kinds.count("exception") == 8 and kinds.count("drop") == 23 + extra + EAPOL
    assert ("early_drop" in traps) == extra and traps["igmp_query"]["action"] == "mirror"
    assert any_board.groups()["l3_drops"] == 1


def test_trap_rules_switch(sp2):
    devlink("trap", "set", sp2.handle, "trap", "blackhole_route", "action", "trap")
    assert sp2.action("blackhole_route") == "trap" == sp2.active("trap", "blackhole_route")
    assert sp2.count("trap_set", "blackhole_route", "trap") == 1
    refused("Invalid argument", "trap", "set", sp2.handle, "trap", "blackhole_route",
            "action", "mirror")
    refused("Invalid argument", "trap", "set", sp2.handle, "trap", "igmp_query",
            "action", "mirror")
    refused("not supported", "trap", "set", sp2.handle, "trap", "early_drop", "action", "drop")
    devlink("trap", "set", sp2.handle, "trap", "stp", "action", "drop")
    assert sp2.action("stp") == "trap" and sp2.count("trap_set", "stp") == 0


def test_trap_rules_nic(nic):
    refused("not supported", "trap", "set", nic.handle, "trap", "dmac_filter", "action", "mirror")
    refused("not supported", "trap", "group", "set", nic.handle, "group", "l2_drops", "nopolicer")
    devlink("trap", "group", "set", nic.handle, "group", "l2_drops", "action", "trap")
    assert nic.active("trap", "dmac_filter") == "trap" == nic.active("trap", "ingress_vlan_filter")


def test_group_policer(sp1):
    devlink("trap", "group", "set", sp1.handle, "group", "l3_drops", "policer", "9")
    assert sp1.groups()["l3_drops"] == 9 and sp1.active("group", "l3_drops") == "9"
    devlink("trap", "group", "set", sp1.handle, "group", "l3_drops", "nopolicer")
    assert sp1.groups()["l3_drops"] is None and sp1.active("group", "l3_drops") == "0"
    refused("", "trap", "group", "set", sp1.handle, "group", "l3_drops", "policer", "99")
    devlink("trap", "group", "set", sp1.handle, "group", "acl_sample", "policer", "1")


@pytest.mark.parametrize("group,old", [("buffer_drops", 20), ("acl_sample", None)])
def test_group_fixed(sp2, group, old):
    refused("not supported", "trap", "group", "set", sp2.handle, "group", group, "policer", "1")
    assert sp2.groups()[group] == old and sp2.count("group_refused", group, "1") == 1


def test_policer_rules(sp1):
    devlink("trap", "policer", "set", sp1.handle, "policer", "3", "rate", "2000000000",
            "burst", "16777216")
    assert sp1.policers()[3] == (2000000000, 16777216)
    assert sp1.active("policer", "3") == "2000000000 16777216"
    for rate, burst in (("0", "16"), ("2000000001", "16"), ("1", "8"), ("1", "33554432")):
        refused("", "trap", "policer", "set", sp1.handle, "policer", "3", "rate", rate,
                "burst", burst)
    refused("power of two", "trap", "policer", "set", sp1.handle, "policer", "3", "burst", "100")
    assert sp1.count("policer_refused", "3") == 1 and sp1.count("policer_set", "3") == 1


@pytest.mark.parametrize("action", ["driver_reinit", "fw_activate"])
def test_reload_resets(sp1, action):
    devlink("trap", "set", sp1.handle, "trap", "sip_is_mc", "action", "trap")
    devlink("trap", "group", "set", sp1.handle, "group", "stp", "policer", "9")
    devlink("trap", "policer", "set", sp1.handle, "policer", "9", "rate", "7")
    sp1.param_set("acl_region_rehash_interval", "9000", "runtime")
    code = {"driver_reinit": 1, "fw_activate": 2}[action]
    assert Netlink().reload(sp1, code) == 0x6
    assert sp1.action("sip_is_mc") == "drop" and sp1.groups()["stp"] == 2
    assert sp1.policers()[9] == (128, 128) and sp1.param("acl_region_rehash_interval") == 5000
    assert sp1.stats() == {("driver_reinit", "unspecified"): 1, ("fw_activate", "unspecified"): 1}


def test_stamps(sp1):
    """By the clock that a process sees, too."""
    def stamps():
        return [int(line.split()[1]) for line in sp1.get("stamps").splitlines()]
    assert stamps() == [0, 0]
    sets = (("trap", "set", sp1.handle, "trap", "sip_is_mc", "action", "trap"),
            ("trap", "group", "set", sp1.handle, "group", "stp", "policer", "9"),
            ("trap", "policer", "set", sp1.handle, "policer", "9", "rate", "7"))
    for command in sets:
        before = time.monotonic_ns()
        devlink(*command)
        reload, last = stamps()
        assert reload == 0 and before < last < time.monotonic_ns()
    devlink("dev", "reload", sp1.handle)
    reload, same = stamps()
    assert same == last < reload < time.monotonic_ns()


@pytest.mark.parametrize("model,action", [("spectrum1", 1), ("spectrum1", 2), ("mlx5ish", 1),
                                          ("mlx5ish", 2)])
def test_keep_traps(model, action):
    board = Board(model)
    trap = "ingress_vlan_filter"
    assert int(board.get("keep_traps")) == (model == "mlx5ish" and not FIRST)
    for keep in (1, 0):
        board.set("keep_traps", keep)
        devlink("trap", "set", board.handle, "trap", trap, "action", "trap")
        if model == "spectrum1":
            devlink("trap", "group", "set", board.handle, "group", "stp", "policer", "9")
            devlink("trap", "policer", "set", board.handle, "policer", "9", "rate", "7")
        listener = Netlink(group=True)
        Netlink().reload(board, action)
        assert board.action(trap) == ("trap" if keep else "drop") == board.active("trap", trap)
        assert (NL["trap_del"] in listener.notes()) == (FIRST or not keep)
        if model == "spectrum1":
            assert board.groups()["stp"] == (9 if keep else 2)
            assert board.policers()[9][0] == (7 if keep else 128)


# ---- params ----

def test_params_switch(sp1):
    assert sp1.param("fw_load_policy") == "driver"
    for bad in ("disk", "unknown"):
        sp1.param_set("fw_load_policy", bad, "driverinit",
                      how=lambda *a: refused("fw_load_policy", *a))
    sp1.param_set("fw_load_policy", "flash", "driverinit")
    assert sp1.param("fw_load_policy") == "flash"
    assert sp1.active("param", "fw_load_policy") == "driverinit 0"
    sp1.reload("fw_activate")
    assert sp1.active("param", "fw_load_policy") == ("driverinit 0" if FIRST else "driverinit 1")
    sp1.reload()
    assert sp1.active("param", "fw_load_policy") == "driverinit 1"
    assert sp1.count("param_set", "fw_load_policy", "driverinit", "1") == 1
    for bad in ("1", "2999"):
        sp1.param_set("acl_region_rehash_interval", bad, "runtime",
                      how=lambda *a: refused("Invalid", *a))
    for good in ("0", "3000"):
        sp1.param_set("acl_region_rehash_interval", good, "runtime")
        assert sp1.active("param", "acl_region_rehash_interval") == "runtime " + good


def test_params_nic(nic):
    nic.param_set("flow_steering_mode", "hmfs", "runtime", how=lambda *a: refused("dmfs", *a))
    nic.param_set("flow_steering_mode", "smfs", "runtime")
    nic.param_set("enable_remote_dev_reset", "false", "runtime")
    nic.param_set("enable_roce", "false", "driverinit")
    for bad in ("63", "4097"):
        nic.param_set("io_eq_size", bad, "driverinit", how=lambda *a: refused("Invalid", *a))
    nic.param_set("io_eq_size", "64", "driverinit")
    assert nic.active("param", "enable_roce") == "driverinit true"
    nic.reload()
    assert nic.active("param", "enable_roce") == "driverinit false"
    assert nic.active("param", "io_eq_size") == "driverinit 64"
    assert nic.param("flow_steering_mode") == "smfs"
    assert nic.param("enable_remote_dev_reset") is False


def test_params_permanent(nic):
    nic.param_set("msix_vec_per_pf_max", "513", "permanent", how=lambda *a: refused("512", *a))
    nic.param_set("msix_vec_per_pf_max", "128", "permanent")
    nic.param_set("enable_sriov", "true", "permanent")
    assert nic.param("msix_vec_per_pf_max") == 128
    for step in (nic.rebind, nic.reload):
        step()
        assert nic.active("param", "msix_vec_per_pf_max") == "permanent 64"
    nic.reload("fw_activate")
    assert nic.active("param", "msix_vec_per_pf_max") == "permanent 128"
    assert nic.active("param", "enable_sriov") == "permanent true"


# ---- things that go wrong ----

def test_fail_down(any_board):
    before = any_board.ifindexes()
    any_board.set("fail_down", "16 2")
    for _ in range(2):
        refused("cannot be reloaded", "dev", "reload", any_board.handle)
    assert any_board.ifindexes() == before and not any_board.failed()
    any_board.reload()
    assert any_board.stats()[("driver_reinit", "unspecified")] == 1
    assert any_board.count("reload_refused", "16") == 2


def test_fail_up(any_board):
    any_board.set("fail_up", "110 0")
    for _ in range(2):
        refused("did not come up", "dev", "reload", any_board.handle)
    assert any_board.failed() and any_board.active("state") == "down"
    assert not any_board.ports()
    if not int(any_board.get("keep_traps")):
        assert not any_board.traps()
    any_board.set("fail_up", 0)
    any_board.reload()
    assert not any_board.failed() and len(any_board.ifindexes()) == 2 and any_board.traps()
    any_board.set("fail_up", 5)
    refused("", "dev", "reload", any_board.handle)
    any_board.rebind()
    assert not any_board.failed() and any_board.active("state") == "up"


def test_reload_ms(sp1):
    sp1.set("reload_ms", 600)
    start = time.monotonic()
    sp1.reload()
    assert time.monotonic() - start >= 0.6


def test_hang(sp1):
    sp1.set("hang", 1)
    t = background(sp1.reload)
    until(lambda: sp1.active("state") == "down")
    t.join(0.5)
    assert t.is_alive() and sp1.active("state") == "down"
    sp1.set("hang", 0)
    t.join()
    assert sp1.active("state") == "up" and sp1.count("reload_up") == 1


SETS = {
    "param": ("fw_load_policy", ("dev", "param", "set", "{}", "name", "fw_load_policy", "value",
                                 "flash", "cmode", "driverinit")),
    "trap": ("sip_is_mc", ("trap", "set", "{}", "trap", "sip_is_mc", "action", "trap")),
    "trap_group": ("stp", ("trap", "group", "set", "{}", "group", "stp", "policer", "9")),
    "trap_policer": ("9", ("trap", "policer", "set", "{}", "policer", "9", "rate", "50")),
}


@pytest.mark.parametrize("kind", SETS)
def test_fail_set(sp1, kind):
    name, argv = SETS[kind]
    argv = [a.format(sp1.handle) for a in argv]
    sp1.set("fail_set", f"{kind} {name} 28 2 the {kind} table is full")
    sp1.set("fail_set", f"{kind} other 5 0")
    for _ in range(2):
        refused(f"the {kind} table is full", *argv)
    assert f"{kind} other 5 0" in sp1.get("fail_set") and "full" not in sp1.get("fail_set")
    devlink(*argv)
    argv = [a.replace("flash", "driver") for a in argv]     # iproute2 sends changes only
    sp1.set("fail_set", f"{kind} * 5 0")
    refused("", *argv)
    refused("", *argv)
    sp1.set("fail_set", "clear")
    devlink(*argv)


@pytest.mark.parametrize("kind", SETS)
def test_ignore_set(sp1, kind):
    name, argv = SETS[kind]
    argv = [a.format(sp1.handle) for a in argv]
    before = sp1.get("active")
    sp1.set("ignore_set", f"{kind} {name} 1")
    devlink(*argv)
    if kind == "param":
        sp1.set("keep_traps", 1)
        sp1.reload()
        assert sp1.active("param", name) == "driverinit 0" and sp1.param(name) == "flash"
        sp1.reload()
    else:
        assert sp1.get("active") == before
        devlink(*argv)
    assert sp1.get("active") != before


def test_ignore_runtime_param(nic):
    nic.set("ignore_set", "param flow_steering_mode 0")
    nic.param_set("flow_steering_mode", "smfs", "runtime")
    assert nic.param("flow_steering_mode") == "dmfs"
    assert nic.count("param_ignored", "flow_steering_mode", "runtime", "smfs") == 1


@pytest.mark.parametrize("knob,text", [("fail_down", "x"), ("fail_up", "5000"),
                                       ("fail_set", "trap"), ("fail_set", "thing a 5"),
                                       ("ignore_set", "trap a b"), ("clamp_size", "nowhere 5"),
                                       ("flash_fail", "101 5"), ("flash_ms", "5 0"),
                                       ("builtin_fw", "1.2"), ("remote_reload", "some"),
                                       ("keep_traps", "2"), ("storm", "x")])
def test_knob_junk(sp1, knob, text):
    """What cannot be read arms no fault: a reload and a SET go on as without it."""
    with pytest.raises(OSError) as caught:
        sp1.set(knob, text)
    assert caught.value.errno == (errno.ENOENT if "nowhere" in text else errno.EINVAL)
    sp1.reload()
    assert not sp1.failed() and tuple(sp1.resources()[p]["size"] for p in PARTS) == DEFAULT
    devlink("trap", "set", sp1.handle, "trap", "blackhole_route", "action", "trap")
    assert sp1.action("blackhole_route") == "trap" == sp1.active("trap", "blackhole_route")


# ---- firmware ----

def test_flash_switch(sp1):
    assert sp1.fw() == "13.2010.1006"
    sp1.flash("asicsim-fw spectrum1 13.2010.2000\nand so on")
    assert sp1.fw() == "13.2010.1006" and sp1.active("fw", "stored") == "13.2010.2000"
    sp1.reload()
    assert sp1.fw() == "13.2010.2000" and sp1.count("flash", "13.2010.2000") == 1
    sp1.flash("asicsim-fw spectrum1 13.2010.2001\n")
    sp1.rebind()
    assert sp1.fw() == "13.2010.2001"
    refused("", "dev", "flash", sp1.handle, "file", "any", "component", "fw.version")


def test_flash_nic(nic):
    nic.flash("asicsim-fw mlx5ish 16.36.7\n")
    assert (nic.fw(), nic.fw("stored")) == ("16.35.2000", "16.36.0007")
    nic.reload()
    assert nic.fw() == "16.35.2000"
    assert Netlink().reload(nic, 2) == 0x6 and nic.fw() == "16.36.0007"


@pytest.mark.parametrize("image", ["junk", "asicsim-fw spectrum1 13.2010.2000",
                                   "asicsim-fw spectrum2 13.2010.2000\n",
                                   "asicsim-fw spectrum1 13.2010\n",
                                   "asicsim-fw spectrum1 13.2010.2000x\n"])
def test_flash_junk(sp1, image):
    sp1.flash(image, how=lambda *a: refused("firmware image", *a))
    assert sp1.active("fw", "stored") == "13.2010.1006"


def test_flash_steps_and_failure(nic):
    nic.set("flash_ms", "200 20")
    listener = Netlink(group=True)
    nic.flash("asicsim-fw mlx5ish 16.36.7\n")
    assert listener.notes().count(NL["flash_status"]) == 23
    nic.set("flash_fail", "50 110 1")
    listener = Netlink(group=True)
    nic.flash("asicsim-fw mlx5ish 16.36.8\n", how=lambda *a: refused("", *a))
    assert listener.notes().count(NL["flash_status"]) == 12
    assert nic.active("fw", "stored") == "16.36.0007"
    assert nic.count("flash_failed", "16.36.0008", "110") == 1
    nic.flash("asicsim-fw mlx5ish 16.36.8\n")


def test_sticky_version(nic):
    nic.set("sticky_version", 1)
    nic.flash("asicsim-fw mlx5ish 16.36.7\n")
    nic.reload("fw_activate")
    assert (nic.fw(), nic.fw("stored")) == ("16.35.2000", "16.36.0007")


@pytest.mark.parametrize("model,old,new", [("spectrum1", "13.2010.1006", "13.2010.2000"),
                                           ("mlx5ish", "16.35.2000", "16.36.0007")])
def test_lose_fw(model, old, new):
    board = Board(model)
    board.flash(f"asicsim-fw {model} {new}\n")
    board.reload("fw_activate")
    board.rebind()
    assert board.fw() == new
    board.set("lose_fw", 1)
    board.reload("fw_activate")
    assert board.fw() == new
    board.rebind()
    assert board.fw() == old and board.active("fw", "stored") == old


def test_auto_flash(sp1):
    sp1.set("builtin_fw", "13.2011.5")
    sp1.reload()
    assert sp1.fw() == "13.2011.5" and sp1.count("auto_flash", "13.2011.5") == 1
    sp1.flash("asicsim-fw spectrum1 13.2010.9\n")
    sp1.rebind()
    assert sp1.fw() == "13.2011.5" and sp1.count("auto_flash") == 2
    sp1.param_set("fw_load_policy", "flash", "driverinit")
    sp1.reload()
    sp1.flash("asicsim-fw spectrum1 13.2010.9\n")
    sp1.reload()
    assert sp1.fw() == "13.2010.9" and sp1.count("auto_flash") == 2


def test_auto_flash_in_vain(sp1):
    sp1.set("builtin_fw", "13.2011.5")
    sp1.set("sticky_version", 1)
    refused("", "dev", "reload", sp1.handle)
    assert sp1.failed() and sp1.count("reload_failed", "11") == 1
    sp1.set("builtin_fw", "14.1.1")
    refused("major", "dev", "reload", sp1.handle)


# ---- reloads of other kinds ----

def test_no_reset(nic):
    nic.flash("asicsim-fw mlx5ish 16.36.7\n")
    before = nic.ifindexes()
    assert Netlink().reload(nic, 2, limit=1) == 0x4
    assert nic.fw() == "16.36.0007" and nic.ifindexes() == before
    assert nic.stats()[("fw_activate", "no_reset")] == 1
    nic.set("fail_up", 5)
    refused("", "dev", "reload", nic.handle)
    with pytest.raises(OSError):
        Netlink().reload(nic, 2, limit=1)
    assert nic.failed()
    with pytest.raises(OSError):
        Netlink().reload(Board("spectrum1", ident=2), 2, limit=1)


def test_remote_reload(nic):
    before = nic.ifindexes()
    nic.flash("asicsim-fw mlx5ish 16.36.7\n")
    nic.set("remote_reload", "full")
    assert nic.fw() == "16.36.0007" and not set(nic.ifindexes()) & set(before)
    nic.set("remote_reload", "no_reset")
    assert nic.stats("remote_reload") == {
        ("driver_reinit", "unspecified"): 1, ("fw_activate", "unspecified"): 1,
        ("fw_activate", "no_reset"): 1}
    assert set(nic.stats().values()) == {0}


def test_recover(any_board):
    trap = "ingress_vlan_filter"
    devlink("trap", "set", any_board.handle, "trap", trap, "action", "trap")
    before, nic = any_board.ifindexes(), "NIC" in any_board.psid()
    listener = Netlink(group=True)
    any_board.set("keep_traps", 0)
    any_board.set("recover")
    notes = listener.notes()
    assert any_board.count("reinit") == 1 and not set(any_board.ifindexes()) & set(before)
    assert any_board.action(trap) == "drop" and NL["dev_new"] not in notes
    assert NL["trap_del"] in notes and (NL["health"] in notes) == nic
    assert set(any_board.stats().values()) == {0}
    any_board.set("fail_up", 5)
    with pytest.raises(OSError):
        any_board.set("recover")
    assert any_board.active("state") == "down" and not any_board.failed()
    any_board.reload()
    assert any_board.active("state") == "up"


def test_storm(any_board):
    listener = Netlink(group=True)
    any_board.set("storm", 500)
    assert listener.notes().count(NL["param_new"]) == 500


def test_reprobe(sp1):
    sp1.param_set("fw_load_policy", "flash", "driverinit")
    sp1.reload()
    sp1.set("reprobe")
    assert sp1.param("fw_load_policy") == "driver" and set(sp1.stats().values()) == {0}
    sp1.set("fail_probe", 5)
    sp1.set("reprobe")
    assert not sp1.present() and sp1.count("probe_failed", "5") == 1
    with pytest.raises(OSError):
        sp1.set("storm", 1)
    sp1.bind()
    assert sp1.present()
    sp1.set("probe_ms", 500)
    start = time.monotonic()
    sp1.set("reprobe")
    assert time.monotonic() - start >= 0.5


def test_netns(sp1):
    run("ip", "netns", "add", "asim")
    try:
        devlink("dev", "reload", sp1.handle, "netns", "asim")
        assert not sp1.present() and not sp1.ports()
        links = run("ip", "-n", "asim", "-br", "link").stdout
        assert "asim1p1" in links and "asim1p2" in links
    finally:
        run("ip", "netns", "del", "asim")
    until(sp1.present)
    assert len(sp1.ifindexes()) == 2


# ---- pulled while busy ----

def busy(board, what):
    if what == "flash":
        board.set("flash_ms", "800 40")
        t = background(lambda: board.flash("asicsim-fw spectrum1 13.2010.3\n",
                                           how=lambda *a: run("devlink", *a, check=False)))
    elif what == "recover":
        board.set("reload_ms", 800)
        t = background(lambda: board.set("recover"))
    else:
        board.set("reload_ms", 800)
        t = background(lambda: run("devlink", "dev", "reload", board.handle, check=False))
    time.sleep(0.3)
    return t


@pytest.mark.parametrize("what", ["reload", "flash", "recover"])
@pytest.mark.parametrize("how", ["unbind", "del_device", "rmmod"])
def test_gone_while_busy(what, how):
    board = Board("spectrum1")
    t = busy(board, what)
    if how == "unbind":
        board.bind("unbind")
        t.join()
        board.bind()
        assert board.present()
    elif how == "del_device":
        board.remove()
        t.join()
    else:
        for _ in range(100):
            if run("rmmod", "asicsim", check=False).returncode == 0:
                break
            time.sleep(0.1)
        t.join()
        assert not BUS.exists()
        run("insmod", KO)
    assert how == "unbind" or not board.present()


def test_knobs_while_busy(sp1):
    t = busy(sp1, "reload")
    until(lambda: sp1.active("state") == "down")
    sp1.set("fail_down", "16")
    assert sp1.active("state") == "down" and t.is_alive()
    t.join()


def test_many_boards():
    models = ("spectrum1", "spectrum2", "mlx5ish")
    boards = [Board(models[i % 3], ident=10 + i) for i in range(6)]
    threads = [background(lambda b=b: [b.reload() for _ in range(2)]) for b in boards]
    for _ in range(2):
        ask("trap", "show")
        ask("port", "show")
    for t in threads:
        t.join()
    for b in boards:
        assert b.stats()[("driver_reinit", "unspecified")] == 2 and len(b.ifindexes()) == 2
        b.remove()


def test_del_and_bind_race():
    board = Board("mlx5ish")

    def churn():
        for _ in range(8):
            for how in ("unbind", "bind"):
                try:
                    board.bind(how)
                except OSError:
                    pass

    threads = [background(churn), background(lambda: [
        run("devlink", "dev", "reload", board.handle, check=False) for _ in range(10)])]
    for _ in range(10):
        try:
            board.set("recover")
        except OSError:
            pass
        run("devlink", "trap", "show", check=False)
    for t in threads:
        t.join()


# --- what newer kernels have

NEWER = tuple(int(n) for n in os.uname().release.split(".")[:2]) >= (7, 2)


def instances():
    return set(ask("dev"))


@pytest.mark.skipif(NEWER, reason="this kernel has all that rvuish shows")
def test_no_rvuish():
    with pytest.raises(OSError):
        Board("rvuish")


@pytest.mark.skipif(not NEWER, reason="not in this kernel")
def test_rvuish():
    """Params that are wider, and an instance without a device as long as there is one of the kind."""
    assert not any(handle.startswith("devlink_index/") for handle in instances())
    one, two = Board("rvuish"), Board("rvuish", ident=2)
    assert one.active("param", "clock_id") == f"driverinit {0x1122334455667788}"
    assert one.active("param", "npc_srch_order") == "runtime 2,0,4294967297"
    assert one.active("param", "swp_l4_csum_mode") == "permanent full_csum"
    (shared,) = instances() - {one.handle, two.handle}
    assert shared.startswith("devlink_index/")
    two.rebind()
    assert instances() == {one.handle, two.handle, shared}
    two.bind("unbind")
    one.reload()
    assert instances() == {one.handle, shared}
    one.bind("unbind")
    assert not instances() & {one.handle, two.handle, shared}
