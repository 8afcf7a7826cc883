# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done to a device while the tape runs. The same for every device, with the names and numbers of its kind."""
import contextlib
import re

import kinds
import rawlink as nl
import traces
from switches import u32

FULL = 2**64 - 1
UNKNOWN = 300, b"\0\0\0\0"                                   # an attribute that no kernel knows yet
BAD_SELECTOR = u32(2) + u32(3)
EMPTY_LIMITS = u32(0) + u32(0)


class Kind:
    """Names and numbers: good params and sizes, a trap of each type, a group and policers, a version."""

    def __init__(self, params, traps, group, version, bad_params=(), sizes=(), bad_sizes=(), policer=None,
                 bad_policers=()):
        self.params, self.bad_params, self.sizes, self.bad_sizes = params, bad_params, sizes, bad_sizes
        self.traps, self.group, self.policer, self.bad_policers = traps, group, policer, bad_policers
        self.version = version


SPECTRUM = {
    "params": [("fw_load_policy", nl.T_U8, nl.DRIVERINIT, b"\1"),
               ("acl_region_rehash_interval", nl.T_U32, nl.RUNTIME, u32(4000))],
    "bad_params": [("fw_load_policy", nl.T_U8, nl.DRIVERINIT, b"\2"),
                   ("acl_region_rehash_interval", nl.T_U32, nl.RUNTIME, u32(100))],
    "traps": ("sip_is_mc", "mtu_value_is_too_small", "stp"), "group": "stp", "policer": (9, 99, 64),
    "bad_policers": [(0, 64), (2**40, 64), (99, 8), (99, 2**40), (99, 100)]}
KINDS = {
    "netdevsim": Kind(
        params=[("max_macs", nl.T_U32, nl.DRIVERINIT, u32(64)), ("test1", nl.T_BOOL, nl.DRIVERINIT, None)],
        version="0", sizes=[("/IPv4/fib", 5000), ("/IPv4", 100000), ("/nexthops", 300)], bad_sizes=[("/IPv4", 10)],
        traps=("blackhole_route", "fid_miss", "igmp_query"), group="l2_drops", policer=(3, 99, 64),
        bad_policers=[(0, 64), (8001, 64), (99, 7), (99, 65537)]),
    "spectrum1": Kind(
        sizes=[("/kvd/linear/singles", 15616), ("/kvd/hash_double", 60288)],
        bad_sizes=[("/kvd/hash_single", 87040 + 128)], version="13.2010.2000", **SPECTRUM),
    "spectrum2": Kind(version="29.2010.2000", **SPECTRUM),
    "sn4800": Kind(version="30.2010.2000", **SPECTRUM),
    "mlx5ish": Kind(
        params=[("io_eq_size", nl.T_U32, nl.DRIVERINIT, u32(512)), ("enable_roce", nl.T_BOOL, nl.DRIVERINIT, None),
                ("flow_steering_mode", nl.T_STRING, nl.RUNTIME, b"smfs\0"),
                ("enable_sriov", nl.T_BOOL, nl.PERMANENT, b"")],
        bad_params=[("io_eq_size", nl.T_U32, nl.DRIVERINIT, u32(8)),
                    ("flow_steering_mode", nl.T_STRING, nl.RUNTIME, b"other\0")],
        traps=("dmac_filter",), group="l2_drops", version="16.36.1010"),
}


class Tape:
    """[(operation, lines)] of a bed."""

    def __init__(self, bed):
        self.bed, self.kind, self.operations = bed, KINDS[bed.model], []
        self.told = []
        self.ids = {}
        self.index = bed.link.ask(nl.GET, *bed.address).replies[0].index

    @contextlib.contextmanager
    def operation(self, name):
        """Notifications come behind the requests and answers of an operation."""
        self.told = []
        yield
        notes = [m for m in self.bed.listener.notes() if m.handle == self.bed.handle]
        self.told += ["* " + line for m in notes for line in traces.lines(m, self.index)]
        self.operations.append((name, traces.squeeze(self.told)))

    def ask(self, cmd, *attrs, flags=nl.ACK, handle=True):
        self.told.append(traces.request(cmd, attrs, flags))
        answer = self.bed.link.ask(cmd, *(self.bed.address if handle else ()), *attrs, flags=flags)
        mine = [m for m in answer.messages if not m.cmd or m.handle == self.bed.handle]
        self.told += ["< " + line for m in mine for line in traces.lines(m, self.index)]
        return answer

    @contextlib.contextmanager
    def hidden(self, number):
        """An index of the moment is told as N."""
        before = len(self.told)
        yield
        self.told[before:] = [re.sub(rf"\b(index|dev)={number}\b", r"\1=N", line) for line in self.told[before:]]

    def text(self):
        return traces.fold(self.operations)

    # ---- parts of operations ----

    def param_set(self, name, kind, cmode, data):
        attrs = (nl.PARAM_NAME, name), (nl.PARAM_TYPE, kind), (nl.CMODE, cmode)
        return self.ask(nl.PARAM_SET, *attrs, *([] if data is None else [(nl.DATA, data)]))

    def size_set(self, path, size):
        return self.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, self.ids[path]), (nl.SIZE, size))

    def reload(self, *attrs):
        return self.ask(nl.RELOAD, *(attrs or ((nl.RELOAD_ACTION, nl.REINIT),)))

    def stage(self):
        for param in self.kind.params:
            self.param_set(*param)
        for size in self.kind.sizes:
            self.size_set(*size)

    def disturb(self):
        """Policy that a reload forgets."""
        self.ask(nl.TRAP_SET, (nl.TRAP, self.kind.traps[0]), (nl.TRAP_ACTION, nl.TRAPPED))
        if self.kind.policer:
            ident, rate, burst = self.kind.policer
            self.ask(nl.GROUP_SET, (nl.GROUP, self.kind.group), (nl.POLICER, ident))
            self.ask(nl.POLICER_SET, (nl.POLICER, ident), (nl.RATE, rate), (nl.BURST, burst))

    def read_params(self):
        for param in self.kind.params:
            self.ask(nl.PARAM_GET, (nl.PARAM_NAME, param[0]))

    def read_policy(self):
        self.ask(nl.TRAP_GET, (nl.TRAP, self.kind.traps[0]))
        self.ask(nl.GROUP_GET, (nl.GROUP, self.kind.group))
        self.ask(nl.POLICER_GET, (nl.POLICER, self.kind.policer[0] if self.kind.policer else 1))

    def read_all(self):
        for get in (nl.GET, nl.PORT_GET, nl.PARAM_GET, nl.POLICER_GET, nl.GROUP_GET, nl.TRAP_GET):
            self.ask(get, flags=nl.ACK | nl.DUMP)
        self.ask(nl.INFO_GET)
        answer = self.ask(nl.RESOURCE_DUMP)
        for message in answer.replies:
            self.ids.update((path, attrs[nl.RESOURCE_ID]) for path, attrs in traces.resources_of(message))


def reads(t):
    with t.operation("read"):
        t.read_all()
        t.ask(nl.GET)
        t.read_params()
        t.read_policy()
        t.ask(nl.RESOURCE_DUMP, flags=0)
        t.ask(nl.RESOURCE_DUMP, flags=nl.ACK | nl.DUMP)


def newer(t):
    """What Linux 7.3 knows, and what older kernels make of it: they do not see the attribute."""
    with t.operation("resources of ports"):
        for scope in (1, 2, 3, 0, 4):
            t.ask(nl.RESOURCE_DUMP, (nl.SCOPE, scope), flags=nl.ACK | nl.DUMP)
        for port in (0, 1, 99):
            t.ask(nl.RESOURCE_DUMP, (nl.PORT, port))
        t.ask(nl.RESOURCE_DUMP, (nl.PORT, 0), flags=nl.ACK | nl.DUMP)
    with t.operation("index"):
        index = t.ask(nl.GET).replies[0].index
        index = 2**29 if index is None else index
        for cmd in (nl.GET, nl.TRAP_GET):
            with t.hidden(index):
                t.ask(cmd, (nl.INDEX, index), (nl.TRAP, t.kind.traps[0]), handle=False)
                t.ask(cmd, (nl.INDEX, index), (nl.TRAP, t.kind.traps[0]))
                t.ask(cmd, (nl.BUS, nl.INDEX_BUS), (nl.DEV, str(index)), (nl.TRAP, t.kind.traps[0]), handle=False)
        t.ask(nl.GET, (nl.INDEX, 2**30), handle=False)
        t.ask(nl.GET, (nl.BUS, nl.INDEX_BUS), (nl.DEV, "x"), handle=False)
        with t.hidden(index):
            t.ask(nl.PARAM_GET, (nl.INDEX, index), flags=nl.ACK | nl.DUMP, handle=False)
    with t.operation("reset to the default"):
        for name, kind, cmode, data in t.kind.params:
            t.param_set(name, kind, cmode, data)
            attrs = (nl.PARAM_NAME, name), (nl.PARAM_TYPE, kind)
            t.ask(nl.PARAM_SET, *attrs, (nl.CMODE, cmode), (nl.RESET_DEFAULT, b""))
            t.ask(nl.PARAM_SET, *attrs, (nl.RESET_DEFAULT, b""))
            t.ask(nl.PARAM_SET, *attrs, (nl.CMODE, 3 - cmode), (nl.RESET_DEFAULT, b""))


def reloads(t):
    with t.operation("reload"):
        t.reload()
    with t.operation("reload without an action"):
        t.ask(nl.RELOAD)
    with t.operation("set"):
        t.stage()
        t.stage()
        t.disturb()
        t.read_policy()
        t.ask(nl.RESOURCE_DUMP)
    with t.operation("reload with staged values"):
        t.reload()
        t.read_params()
        t.read_policy()
        t.ask(nl.RESOURCE_DUMP)
    with t.operation("fw_activate"):
        t.param_set(*t.kind.params[0])
        t.reload((nl.RELOAD_ACTION, nl.ACTIVATE))
        t.read_params()
    with t.operation("no_reset"):
        t.disturb()
        t.reload((nl.RELOAD_ACTION, nl.ACTIVATE), (nl.LIMITS, nl.NO_RESET))
        t.read_policy()


def failures(t):
    with t.operation("refused reload"):
        t.bed.fail_down(True)
        t.reload()
        t.bed.fail_down(False)
        t.ask(nl.GET)
    with t.operation("failed reload"):
        t.disturb()
        t.stage()
        t.bed.fail_up(True)
        t.reload()
        t.ask(nl.GET)
        t.read_params()
        t.read_policy()
        t.disturb()
        t.stage()
        t.read_all()
    with t.operation("failed again"):
        t.reload()
    with t.operation("no_reset while failed"):
        t.reload((nl.RELOAD_ACTION, nl.ACTIVATE), (nl.LIMITS, nl.NO_RESET))
    with t.operation("recovered"):
        t.bed.fail_up(False)
        t.reload()
        t.read_policy()
    with t.operation("invalid sizes"):
        for path, size in t.kind.bad_sizes:
            t.size_set(path, size)
        t.ask(nl.RESOURCE_DUMP)
        t.reload()
        t.reload((nl.RELOAD_ACTION, nl.ACTIVATE))
    with t.operation("unbind"):
        t.disturb()
        t.bed.unbind()
        t.ask(nl.GET)
    with t.operation("bind"):
        t.bed.bind()
        t.read_params()
        t.read_policy()
        t.ask(nl.RESOURCE_DUMP)


def half_way(t):
    """A driver that fails after a part of the way up takes it back. Only netdevsim checks what is in use."""
    if t.bed.model == "netdevsim":
        with t.operation("no room"):
            t.size_set("/IPv4/fib-rules", 1)
            t.reload()
            t.ask(nl.RESOURCE_DUMP)
        with t.operation("room"):
            t.size_set("/IPv4/fib-rules", FULL)
            t.reload()


def unasked(t):
    """What the driver or another host does."""
    if t.bed.model == "spectrum1":
        with t.operation("recovery"):
            t.stage()
            t.disturb()
            t.bed.recover()
            t.read_params()
            t.read_policy()
            t.ask(nl.RESOURCE_DUMP)
        with t.operation("reload after the recovery"):
            t.reload()
    if t.bed.model == "mlx5ish":
        for how in ("full", "no_reset"):
            with t.operation(f"remote reload {how}"):
                t.disturb()
                t.bed.remote_reload(how)
                t.read_params()
                t.read_policy()


def farewell(t):
    with t.operation("unbind of a failed one"):
        t.bed.fail_up(True)
        t.reload()
        t.bed.unbind()
    with t.operation("bind after that"):
        t.bed.bind()
        t.bed.fail_up(False)


def flashes(t):
    """netdevsim takes ten seconds for each."""
    with t.operation("flash"):
        t.ask(nl.FLASH, (nl.FILE, t.bed.image(t.kind.version)))
        t.ask(nl.INFO_GET)
    if t.bed.model != "netdevsim":
        with t.operation("flash that fails"):
            t.bed.fail_flash(50)
            t.ask(nl.FLASH, (nl.FILE, "conformance.img"))
    with t.operation("flash runs"):
        t.reload((nl.RELOAD_ACTION, nl.ACTIVATE))
        t.ask(nl.INFO_GET)
    with t.operation("flash refused"):
        t.ask(nl.FLASH)
        for name in ("none-such", "/none-such", "../none-such", ""):
            t.ask(nl.FLASH, (nl.FILE, name))
        t.ask(nl.FLASH, (nl.FILE, "conformance.img"), (nl.COMPONENT, "none-such"))
        t.ask(nl.FLASH, (nl.FILE, "conformance.img"), (nl.OVERWRITE, u32(1) + u32(1)))
        t.ask(nl.FLASH, (nl.FILE, "conformance.img"), (nl.OVERWRITE, u32(4) + u32(4)))


def mistakes(t):
    name, kind, cmode, data = t.kind.params[0]
    others = {nl.RUNTIME, nl.DRIVERINIT, nl.PERMANENT} - {cmode}
    with t.operation("wrong handles and commands"):
        t.ask(nl.GET, (nl.BUS, "none"), (nl.DEV, "none"), handle=False)
        t.ask(nl.GET, (nl.BUS, "none"), handle=False)
        t.ask(nl.GET, UNKNOWN)
        t.ask(200)
    with t.operation("wrong params"):
        t.ask(nl.PARAM_GET)
        t.ask(nl.PARAM_GET, (nl.PARAM_NAME, "none-such"))
        t.ask(nl.PARAM_SET, (nl.PARAM_NAME, name))
        t.param_set("none-such", kind, cmode, data)
        t.param_set(name, nl.T_STRING, cmode, b"x\0")
        t.param_set(name, kind, cmode, None)
        t.param_set(name, kind, cmode, data + b"\0\0\0\0")
        t.ask(nl.PARAM_SET, (nl.PARAM_NAME, name), (nl.PARAM_TYPE, kind), (nl.DATA, data))
        for other in sorted(others) + [3]:
            t.param_set(name, kind, other, data)
        for param in t.kind.bad_params:
            t.param_set(*param)
        t.ask(nl.PARAM_SET, (nl.PARAM_NAME, name), (nl.PARAM_TYPE, kind), (nl.CMODE, cmode), (nl.DATA, data), UNKNOWN)
    with t.operation("wrong sizes"):
        t.ask(nl.RESOURCE_SET, (nl.SIZE, 1))
        t.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, 1))
        t.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, 99), (nl.SIZE, 1))
        t.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, 1), (nl.SIZE, u32(1)))
        for path in ("/kvd", "/kvd/linear/chunks", "/kvd/hash_single"):
            for size in (1, 33, 2**40) if path in t.ids else ():
                t.size_set(path, size)
    with t.operation("wrong policy"):
        wrong_policy(t)
    with t.operation("wrong reloads"):
        for action in (0, 3):
            t.reload((nl.RELOAD_ACTION, action))
        for limits in (BAD_SELECTOR, EMPTY_LIMITS, nl.NO_RESET, u32(1) + u32(1), u32(4) + u32(4)):
            t.reload((nl.RELOAD_ACTION, nl.REINIT), (nl.LIMITS, limits))
        t.reload((nl.RELOAD_ACTION, b""))


def wrong_policy(t):
    for name in t.kind.traps:
        for action in (nl.DROP, nl.TRAPPED, nl.MIRROR, 3):
            t.ask(nl.TRAP_SET, (nl.TRAP, name), (nl.TRAP_ACTION, action))
    t.ask(nl.TRAP_SET, (nl.TRAP, t.kind.traps[0]))
    t.ask(nl.TRAP_SET, (nl.TRAP_ACTION, nl.DROP))
    t.ask(nl.TRAP_SET, (nl.TRAP, t.kind.traps[0]), (nl.TRAP_ACTION, nl.DROP), UNKNOWN)
    t.ask(nl.TRAP_SET, (nl.TRAP, t.kind.traps[0]), (nl.TRAP_ACTION, u32(0)))
    for get, put, key in ((nl.TRAP_GET, nl.TRAP_SET, (nl.TRAP, "none-such")),
                          (nl.GROUP_GET, nl.GROUP_SET, (nl.GROUP, "none-such")),
                          (nl.POLICER_GET, nl.POLICER_SET, (nl.POLICER, 4000))):
        t.ask(get, key)
        t.ask(put, key)
        t.ask(get)
    t.ask(nl.GROUP_SET, (nl.GROUP, t.kind.group), (nl.POLICER, 4000))
    t.ask(nl.GROUP_SET, (nl.GROUP, t.kind.group), (nl.TRAP_ACTION, nl.MIRROR))
    t.ask(nl.GROUP_SET, (nl.GROUP, t.kind.group), (nl.TRAP_ACTION, nl.TRAPPED), (nl.POLICER, 4000))
    t.ask(nl.GROUP_SET, (nl.GROUP, "buffer_drops"), (nl.POLICER, 1))
    t.ask(nl.GROUP_SET, (nl.GROUP, "acl_sample"), (nl.POLICER, 1))
    t.ask(nl.TRAP_SET, (nl.TRAP, "early_drop"), (nl.TRAP_ACTION, nl.DROP))
    for rate, burst in t.kind.bad_policers:
        t.ask(nl.POLICER_SET, (nl.POLICER, t.kind.policer[0]), (nl.RATE, rate), (nl.BURST, burst))
    t.ask(nl.POLICER_SET, (nl.POLICER, 1), (nl.RATE, u32(100)))


PARTS = reads, newer, reloads, failures, half_way, mistakes, flashes, unasked, farewell
ADAPTER = PARTS + (kinds.health, kinds.eswitch)
OWN_PARTS = {"spectrum2": (reads, mistakes),                 # the rest is as with spectrum1
             "sn4800": (kinds.splits, kinds.buffers, kinds.linecards), "mlx5ish": ADAPTER, "netdevsim": ADAPTER}


def play(bed):
    """The text of the script's trace."""
    t = Tape(bed)
    for part in OWN_PARTS.get(bed.model, PARTS):
        part(t)
    return t.text()
