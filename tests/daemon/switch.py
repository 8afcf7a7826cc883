# SPDX-License-Identifier: GPL-2.0-or-later
"""A switch to be managed: what a test can do to it and see of it, in words that every kind
understands.

A kind is a class: how its switches come and go, its knobs, its words (words.py), and what it
`lacks`. Requests go as bytes over a socket (rawlink of tests/kernel-facts): a process for each
would cost more than all else in a guest.
"""
import contextlib
import json
import pathlib
import re
import struct
import subprocess
import threading
import time

import rawlink as nl
from board import Board, put
from capture import PATHS
from words import MLX5, NETDEVSIM, SPECTRUM1

DEADLINE = 60  # generous: the guest may be emulated on a busy machine
HEALTH = {"grace": nl.HEALTH_GRACE, "recover": nl.HEALTH_RECOVER, "dump": nl.HEALTH_AUTO_DUMP}
MODES = ("legacy", "switchdev", "switchdev_inactive")
ACTIONS = ("drop", "trap", "mirror")
CMODES = ("runtime", "driverinit", "permanent")
TYPES = {1: "B", 2: "H", 3: "I", 4: "Q"}
FIRMWARE = pathlib.Path("/lib/firmware")

# What a test may ask for by needs("..."). A kind that has not got it says why in `lacks`.
FEATURES = {
    "systemd", "netlink", "relay", "runtime param", "size that is not read",
    "failing SET of anything", "slow reload", "hold that ends when told", "known driver",
    "health reporters", "eswitch",
    "fault that passes", "activation", "live activation", "firmware of the driver", "storm",
}


def output(*command, **kwargs):
    """What a command prints; it must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **kwargs)
    said = f"{' '.join(map(str, command))}: {done.returncode}: {done.stderr}{done.stdout}"
    assert done.returncode == 0, said
    return done.stdout


def wait(condition, what, deadline=DEADLINE, pause=0.02):
    """The first true value of condition()."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(pause)


class Refused(Exception):
    """The kernel's word to a request."""


class Work(threading.Thread):
    """Something that takes long, done by somebody else."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.error = work, None
        self.start()

    def run(self):
        try:
            self.work()
        except (OSError, Refused) as error:
            self.error = error

    def over(self):
        return not self.is_alive()

    def wait(self):
        self.join(DEADLINE)
        assert self.over(), "it does not end"
        assert self.error is None, self.error


class Switch:
    """What is the same for all kinds. `fresh`: look() of one that nobody has touched."""

    bus = driver = words = None
    lacks = {}
    looks = {}  # by kind; each look takes its time
    image = "carved-test.bin"  # what firmware is flashed from
    key = "fw.version"         # the version that it changes

    def __init__(self, name):
        self.name = name
        self.handle = f"{self.bus}/{name}"
        self.address = (nl.BUS, self.bus), (nl.DEV, name)
        self.fresh = None

    def __str__(self):
        return self.handle

    def create(self):
        self.plug()
        if type(self) not in self.looks:
            self.looks[type(self)] = self.look()
        self.fresh = self.looks[type(self)]

    # requests of somebody else

    def link(self):
        """A new socket to the kernel."""
        return nl.Link()

    def ask(self, command, *attributes, link=None):
        answer = (link or self.link()).ask(command, *self.address, *attributes)
        if answer.error:
            raise Refused(f"{answer.name} {answer.warning}")
        return answer

    def reload(self):
        self.ask(nl.RELOAD)

    def set_trap(self, name, action):
        self.ask(nl.TRAP_SET, (nl.TRAP, name), (nl.TRAP_ACTION, ACTIONS.index(action)))

    def set_group(self, name, policer):
        self.ask(nl.GROUP_SET, (nl.GROUP, name), (nl.POLICER, policer or 0))

    def set_policer(self, number, rate, burst):
        self.ask(nl.POLICER_SET, (nl.POLICER, number), (nl.RATE, rate), (nl.BURST, burst))

    def set_param(self, name, value, cmode="driverinit"):
        kind = nl.number(dict(nl.each(self.param_message(name)[nl.PARAM]))[nl.PARAM_TYPE])
        if kind in TYPES:
            data = [(nl.DATA, struct.pack(TYPES[kind], value))]
        elif kind == nl.T_STRING:
            data = [(nl.DATA, value)]
        else:
            data = [(nl.DATA, b"")] if value else []
        self.ask(nl.PARAM_SET, (nl.PARAM_NAME, name), (nl.PARAM_TYPE, kind),
                 (nl.CMODE, CMODES.index(cmode)), *data)

    def param_message(self, name):
        return self.ask(nl.PARAM_GET, (nl.PARAM_NAME, name)).replies[0].attrs

    def set_size(self, path, size):
        self.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, self.resource_id(path)), (nl.SIZE, size))

    def set_health(self, name, **values):
        self.ask(nl.HEALTH_SET, (nl.HEALTH_NAME, name), *((HEALTH[k], v) for k, v in values.items()))

    def health(self, name):
        """What the device's reporter has of HEALTH."""
        message = self.ask(nl.HEALTH_GET, (nl.HEALTH_NAME, name)).replies[0].attrs
        found = dict(nl.each(message[nl.HEALTH]))
        return {k: nl.number(found[n]) for k, n in HEALTH.items() if n in found}

    def set_eswitch(self, mode):
        self.ask(nl.ESWITCH_SET, (nl.ESWITCH_MODE, MODES.index(mode)))

    def eswitch(self):
        return MODES[nl.number(self.ask(nl.ESWITCH_GET).replies[0].attrs[nl.ESWITCH_MODE])]

    def walk_resources(self):
        """(path, attributes) of each."""
        def walk(prefix, data):
            for _, resource in nl.each(data):
                found = dict(nl.each(resource))
                path = f"{prefix}/{nl.text(found[nl.RESOURCE_NAME])}"
                yield path, found
                yield from walk(path, found.get(nl.RESOURCE_LIST, b""))

        answer = self.link().ask(nl.RESOURCE_DUMP, *self.address)
        for message in answer.replies:  # none: it has no resources
            yield from walk("", message.attrs[nl.RESOURCE_LIST])

    def resource_id(self, path):
        return nl.number(dict(self.walk_resources())[path][nl.RESOURCE_ID])

    def flash(self):
        """Somebody flashes what is in force anyway; until it is over the device answers nobody."""
        link = self.link()
        return Work(lambda: self.ask(nl.FLASH, (nl.FILE, self.image), link=link))

    def unbind_later(self):
        """When whoever holds it lets go."""
        return Work(self.unbind)

    @contextlib.contextmanager
    def held(self, capture):
        """Somebody else's long request: the device is locked meanwhile. At the end it is let go."""
        self.slow_flash(True)
        work = self.flash()
        try:
            wait(lambda: capture.writes(self.handle, "flash"), "the flash to begin")
            yield work
            assert not work.over(), "all that was to happen while the device was busy"
        finally:
            self.slow_flash(False)
            work.wait()

    def slow_flash(self, on):
        """Whether a flash takes long, the one under way included."""

    def add_image(self, folder, version):
        """A firmware file with this version; its name."""
        name = f"carved-test-{self.name}-{version}".replace(":", "-")
        (folder / name).write_text(self.image_text(version))
        return name

    def image_text(self, version):
        return f"version {version}\n"

    # how it is

    def running(self):
        return self.versions("running")[self.key]

    def size(self, path):
        return self.sizes()[path][0]

    def staged(self):
        """The sizes that wait for a reload, by path."""
        return {path: new for path, (_, new) in self.sizes().items() if new is not None}

    def live(self):
        """The part of look() that needs no reload."""
        return {k: v for k, v in self.look().items() if k[0] in ("policer", "group", "trap")}

    def check(self, changes):
        """It is as a fresh one, but for these; and nothing waits for a reload."""
        assert self.look() == {**self.fresh, **changes}
        assert self.staged() == {}


class KernelSwitch(Switch):
    """Seen through the kernel's devlink."""

    reader = None  # one socket for all that is only read

    def create(self):
        super().create()
        PATHS[self.handle] = {nl.number(found[nl.RESOURCE_ID]): path
                              for path, found in self.walk_resources()}

    def read(self, command, *attributes):
        if not KernelSwitch.reader:
            KernelSwitch.reader = nl.Link()
        return self.ask(command, *attributes, link=KernelSwitch.reader)

    def dump(self, command):
        if not KernelSwitch.reader:
            KernelSwitch.reader = nl.Link()
        replies = KernelSwitch.reader.ask(command, flags=nl.DUMP).replies
        return [m.attrs for m in replies if m.handle == self.handle]

    def exists(self):
        try:
            self.read(nl.GET)
        except Refused:
            return False
        return True

    def reloads(self):
        """Reloads since it registered, by anybody."""
        return self.read(nl.GET).replies[0].stats().get((nl.REINIT, 0), 0)

    def activations(self):
        """How often firmware was activated without a reset."""
        return self.read(nl.GET).replies[0].stats().get((nl.ACTIVATE, 1), 0)

    def reload_failed(self):
        return self.read(nl.GET).replies[0].failed

    def versions(self, kind):
        """Of this kind, running or stored, by key."""
        wanted = {"running": nl.VER_RUNNING, "stored": nl.VER_STORED}[kind]
        pairs = [dict(nl.each(data)) for found, data in self.read(nl.INFO_GET).replies[0].list
                 if found == wanted]
        return {nl.text(p[nl.VER_NAME]): nl.text(p[nl.VER_VALUE]) for p in pairs}

    def sizes(self):
        """By path: the size, and the one that waits for a reload, if any."""
        return {path: (nl.number(found[nl.SIZE]),
                       nl.number(found[nl.SIZE_NEW]) if nl.SIZE_NEW in found else None)
                for path, found in self.walk_resources()}

    def param(self, name, cmode="driverinit"):
        return param_values(self.read(nl.PARAM_GET, (nl.PARAM_NAME, name)).replies[0].attrs)[cmode]

    def trap(self, name):
        return ACTIONS[nl.number(self.read(nl.TRAP_GET, (nl.TRAP, name)).attrs[nl.TRAP_ACTION])]

    def group(self, name):
        """The policer that the group is bound to."""
        found = self.read(nl.GROUP_GET, (nl.GROUP, name)).attrs
        return nl.number(found.get(nl.POLICER, b"")) or None

    def policer(self, number):
        """Rate and burst."""
        found = self.read(nl.POLICER_GET, (nl.POLICER, number)).attrs
        return nl.number(found[nl.RATE]), nl.number(found[nl.BURST])

    def look(self):
        """All of it, (kind, name): value."""
        seen = {("size", path): size for path, (size, _) in self.sizes().items()}
        for found in self.dump(nl.PARAM_GET):
            name = nl.text(dict(nl.each(found[nl.PARAM]))[nl.PARAM_NAME])
            for cmode, value in param_values(found).items():
                seen[cmode, name] = value
                seen["active", name] = self.active(name)
        for found in self.dump(nl.POLICER_GET):
            seen["policer", nl.number(found[nl.POLICER])] = (nl.number(found[nl.RATE]),
                                                             nl.number(found[nl.BURST]))
        for found in self.dump(nl.GROUP_GET):
            seen["group", nl.text(found[nl.GROUP])] = nl.number(found.get(nl.POLICER, b"")) or None
        for found in self.dump(nl.TRAP_GET):
            seen["trap", nl.text(found[nl.TRAP])] = ACTIONS[nl.number(found[nl.TRAP_ACTION])]
        return seen

    def drops(self, group):
        """The drop traps of a group."""
        return [nl.text(t[nl.TRAP]) for t in self.dump(nl.TRAP_GET)
                if nl.text(t[nl.GROUP]) == group and nl.number(t[nl.TRAP_TYPE]) == 0]


def param_values(found):
    """By cmode, of a message with a param."""
    param = dict(nl.each(found[nl.PARAM]))
    kind, values = nl.number(param[nl.PARAM_TYPE]), {}
    for _, value in nl.each(param[nl.VALUES]):
        value = dict(nl.each(value))
        data = value.get(nl.DATA)
        if kind in TYPES:
            data = nl.number(data)
        elif kind == nl.T_STRING:
            data = nl.text(data)
        else:
            data = data is not None
        values[CMODES[nl.number(value[nl.CMODE])]] = data
    return values


class Netdevsim(KernelSwitch):
    """The kernel's own simulator."""

    bus = driver = "netdevsim"
    words = NETDEVSIM
    facts = "conf/facts/netdevsim.json"
    sys = pathlib.Path("/sys/bus/netdevsim")
    lacks = {
        "runtime param": "netdevsim has no runtime param",
        "failing SET of anything": "netdevsim fails only SETs of policers with a word",
        "slow reload": "netdevsim reloads as fast as it can",
        "hold that ends when told": "a flash of netdevsim takes 10 s whatever happens",
        "fault that passes": "netdevsim fails every reload, or none",
        "activation": "netdevsim keeps its versions whatever is flashed",
        "live activation": "netdevsim activates no firmware",
        "firmware of the driver": "netdevsim brings no firmware",
        "storm": "netdevsim tells no more than it has to",
    }
    key = "fw.mgmt"

    def __init__(self, number):
        super().__init__(f"netdevsim{number}")
        self.number = number
        self.debug = pathlib.Path("/sys/kernel/debug/netdevsim") / self.name
        self.device = self.sys / "devices" / self.name

    def plug(self):
        (FIRMWARE / self.image).write_bytes(b"x" * 1024)
        put(self.sys / "new_device", f"{self.number} 1")

    def remove(self):
        if self.debug.exists():
            put(self.sys / "del_device", self.number)

    def unbind(self):
        put(self.sys / "drivers/netdevsim/unbind", self.name)

    def bind(self):
        put(self.sys / "drivers/netdevsim/bind", self.name)

    def active(self, name):
        """The value of a driverinit param that the driver works with."""
        text = (self.debug / name).read_text().strip()
        return {"Y": True, "N": False}[text] if text in "YN" else int(text)

    def refuse_reload(self, on=True):
        """Before anything is torn down."""
        put(self.debug / "dont_allow_reload", "Y" if on else "N")

    def fail_reload(self, on=True):
        """After it is torn down."""
        put(self.debug / "fail_reload", "Y" if on else "N")

    def occupied(self):
        """A resource of which some entries are in use, and how many."""
        return "/IPv4/fib-rules", 3

    def fail_set(self, kind, name):
        """SETs of this object fail until relent(); what the driver says then."""
        assert kind == "policer", self.lacks["failing SET of anything"]
        put(self.debug / "fail_trap_policer_set", "Y")
        return "fail"

    def relent(self):
        put(self.debug / "fail_trap_policer_set", "N")


class Asicsim(KernelSwitch):
    """A Spectrum-1 by our own kernel module; see tests/asicsim."""

    bus = driver = "asicsim"
    words = SPECTRUM1
    model = "spectrum1"
    n_ports = 1
    image = "carved-test.asicsim"
    lacks = {
        "size that is not read": "asicsim reads every size",
        "known driver": "carved knows nothing of asicsim's policers",
        "health reporters": "asicsim has none", "eswitch": "asicsim has none",
        "live activation": "a Spectrum is always reset",
    }

    def __init__(self, number):
        super().__init__(f"asicsim{number}")
        self.number, self.board = number, None

    def plug(self):
        self.board = Board(self.model, self.n_ports, self.number)
        running = self.board.active("fw", "running")
        (FIRMWARE / self.image).write_text(f"asicsim-fw {self.model} {running}\n")

    def remove(self):
        if self.board and pathlib.Path("/sys/bus/asicsim/devices", self.name).exists():
            self.board.remove()

    def unbind(self):
        self.board.bind("unbind")

    def bind(self):
        self.board.bind()

    def active(self, name):
        """What the hardware works with."""
        _, _, text = self.board.active("param", name).partition(" ")
        return int(text) if text.isdigit() else {"true": True, "false": False}.get(text, text)

    def refuse_reload(self, on=True):
        self.board.set("fail_down", "95 0" if on else 0)

    def fail_reload(self, on=True):
        self.board.set("fail_up", "5 0" if on else 0)

    def fail_reloads(self, times):
        """The next ones."""
        self.board.set("fail_up", f"5 {times}")

    def image_text(self, version):
        return f"asicsim-fw {self.model} {version}\n"

    def fail_flash(self, percent):
        """The next one, when it has come so far."""
        self.board.set("flash_fail", f"{percent} 5")

    def stick(self, on=True):
        """No activation changes what runs."""
        self.board.set("sticky_version", int(on))

    def lose_firmware(self):
        """Each probe starts from the first image."""
        self.board.set("lose_fw", 1)

    def bring_firmware(self, version):
        """The driver's own, which replaces what is older at every probe and reload, unless a param forbids it."""
        self.board.set("builtin_fw", version)

    def long_flash(self, seconds):
        self.board.set("flash_ms", f"{1000 * seconds} 100")

    def storm(self, n):
        """So many notifications at once, of which most get lost."""
        self.board.set("storm", n)

    def slow_reload(self, msec):
        self.board.set("reload_ms", msec)

    def slow_flash(self, on):
        self.board.set("flash_ms", "60000 300" if on else "0 300")

    def fail_set(self, kind, name):
        kind = {"policer": "trap_policer", "group": "trap_group", "trap": "trap"}.get(kind, "param")
        self.board.set("fail_set", f"{kind} {name} 28 0 no room in this table")
        return "no room in this table"

    def relent(self):
        self.board.set("fail_set", "clear")

    def occupied(self):
        self.board.set("occ", "kvd/linear/singles 77")
        return "/kvd/linear/singles", 77


class AsicsimMlx5(Asicsim):
    """An adapter by the same module."""

    words = MLX5
    model = "mlx5ish"
    lacks = {"firmware of the driver": "the driver of an adapter brings none"}


class AsicsimSn4800(Asicsim):
    """A switch with slots for line cards by the same module, three ports of its own and a shared buffer. Seen through
    iproute2; what that garbles (thresholds) through the module's own file."""

    model, n_ports, n_cards = "sn4800", 3, 4
    lanes, cell = 4, 144

    # what happens to it

    def devlink(self, *words):
        return output("devlink", *words)

    def split(self, port, count):
        """Somebody else splits a port, or makes it whole."""
        where = f"{self.handle}/{self.rows(port)[0]}"
        self.devlink("port", *(("split", where, "count", str(count)) if count else ("unsplit", where)))

    def refuse_split(self, port, text):
        self.board.set("fail_set", f"split {port} 22 9 {text}")

    def ignore_split(self, port):
        self.relent()
        self.board.set("ignore_set", f"split {port} 9")

    def provision(self, card, kind):
        self.devlink("lc", "set", self.handle, "lc", str(card), "type", kind)
        wait(lambda: self.cards()[str(card)] == (kind, "active"), "the line card")

    def slow_cards(self, msec):
        self.board.set("linecard_ms", msec)

    def fail_card(self, card, times):
        assert card and self.board.set("fail_linecard", f"5 {times}" if times else 0) is None

    # how it is

    def rows(self, label=None):
        """The ports of iproute2, by index; those of one place, or [index] of it."""
        found = json.loads(self.devlink("-j", "port", "show"))["port"]
        rows = {int(key.rsplit("/", 1)[1]): row for key, row in found.items()
                if key.startswith(self.handle + "/") and row["flavour"] == "physical"}
        return [index for index, row in rows.items() if place(row) == label] if label else rows

    def index(self, label):
        return self.rows(label)[0]

    def splits(self):
        found = {}
        for row in self.rows().values():
            found[place(row)] = found.get(place(row), 0) + ("split_group" in row)
        return found

    def cards(self):
        rows = json.loads(self.devlink("-j", "lc", "show"))["lc"][self.handle]
        return {str(row["lc"]): (row.get("type", ""), row["state"]) for row in rows}

    def buffers(self):
        rows = json.loads(self.devlink("-j", "sb", "pool", "show"))["pool"][self.handle]
        pools = {f"0/{row['pool']}": {"size": row["size"], "type": row["thtype"]} for row in rows}
        ports, tcs = {}, {}
        for kind, name, *numbers in (line.split() for line in self.board.get("active").splitlines()):
            port, _, rest = name.partition("/")
            if kind == "sb_port":
                ports[f"{port}/0/{rest}"] = {"threshold": int(numbers[0])}
            if kind == "sb_tc":
                tcs[f"{port}/0/{rest}"] = {"pool": int(numbers[0]), "threshold": int(numbers[1])}
        return {"pools": pools, "ports": ports, "tcs": tcs}

    def written(self, capture):
        """What was sent, with places for indexes, which are counted by lane."""
        found = []
        for _device, kind, what, value in capture.writes(self.handle):
            if kind in ("split", "unsplit"):
                slot, lane = divmod(what - 1, self.lanes)
                what = f"p{slot + 1}" if slot < 64 else f"l{(slot - 64) // 16 + 1}p{(slot - 64) % 16 + 1}"
                what += f"s{lane}" if kind == "unsplit" else ""
            found.append((kind, what, value))
        return found


def place(row):
    """p5, or l1p5, of a port of iproute2: what it is a part of, if it is split."""
    return (f"l{row['lc']}" if "lc" in row else "") + f"p{row['port']}"


def personality(name):
    """Another board, of which there are no words: only capture looks at it."""
    return type(f"Asicsim{name}", (Asicsim,),
                {"model": name, "words": None, "facts": f"conf/facts/asicsim-{name}.json"})


def loaded(module):
    return re.search(rf"^{module} ", pathlib.Path("/proc/modules").read_text(), re.M)
