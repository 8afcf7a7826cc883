#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""guest.py [ROUNDS [ROW...]]: carved beside what else could do the same, on a real kernel; `run --guest LINE` starts it
in a guest.

A Spectrum-1 by asicsim: every policer gets another rate, every group another policer, and each trap that drops goes to
the CPU. Contenders take turns, each from the driver's defaults, which a reload brings back; what the device is like
afterwards is asked of devlink.

  set       the settings as a process: carved --once (with nothing remembered), a loop of devlink, bare, devlink -b; and
            what it takes to start carved and devlink at all
  edit      the traps get another action: SIGHUP until a carved that is up says that all is as wanted, and until READY=1
            says that the config is on disk, too, against `bare` and devlink -b
  reload    a reload by somebody else: from when the driver is through with it, right before its last notification, until
            the last SET is done, by the driver's own clock, and until carved says that all is right again; against `bare`,
            which waits for that notification and reads nothing
  operator  a reload takes a second. The policers get other rates; or they, a size and a param do, which takes a reload; or
            somebody else reloads, and the contender is called at once. How long it takes until all is in force, and, as
            netlink sockets of the bench see it, for how long the port's netdev is away and a trap that is there does not
            trap yet. Contenders: a carved that is up; an operator with devlink -b, who writes all of the policy, and
            reloads only where that is needed; and a oneshot unit that is restarted, whose script does what a boot needs

Prints a table, and the ratios to the last contender as JSON; of the row `operator` the seconds.
"""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/asicsim"))
from board import Board, Netlink  # noqa: E402 # pylint: disable=wrong-import-position

# copied into the guest: to map a page of what is shared with the host takes longer than to set a trap
CARVED, BARE = pathlib.Path("/run/bench/carved"), pathlib.Path("/run/bench/bare")


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


class Bench:
    def __init__(self, folder):
        self.board = Board("spectrum1", 1, 1)
        self.handle, self.folder, self.action, self.boot = "asicsim/asicsim1", folder, "trap", None
        self.traps = [row["name"] for row in self.rows() if row["type"] == "drop" and row["action"] == "drop"]
        self.policers = {row["policer"]: row["rate"] + 100 for row in self.rows("policer")}
        others = list(self.policers)
        self.groups = {row["name"]: others[i % len(others)] for i, row in enumerate(self.rows("group"), 1)}
        self.settings = ([f"{i}={rate}" for i, rate in self.policers.items()] +
                         [f"{name}~{i}" for name, i in self.groups.items()] + self.traps)
        self.write()

    def write(self):
        """The same in each contender's words."""
        lines = "".join([*(f"trap policer set {self.handle} policer {i} rate {rate}\n" for i, rate in self.policers.items()),
                         *(f"trap group set {self.handle} group {name} policer {i}\n" for name, i in self.groups.items()),
                         *(f"trap set {self.handle} trap {trap} action {self.action}\n" for trap in self.traps)])
        size, policy = self.boot or (None, None)
        boot = (f"resource set {self.handle} path /kvd/hash_double size {size}\n"
                f"dev param set {self.handle} name fw_load_policy value {policy} cmode driverinit\n"
                f"dev reload {self.handle}\n{lines}")
        (self.folder / "batch").write_text(lines)
        (self.folder / "boot").write_text(boot)
        for name, text in ("loop", lines), ("boot-loop", boot):
            (self.folder / name).write_text("".join(f"devlink {line}" for line in text.splitlines(True)))
        (self.folder / "config.yaml").write_text(
            f"version: 1\nsettings: {{audit_interval: 0, settle_timeout: 100ms}}\ndevices:\n  {self.handle}:\n" +
            (f"    resources: {{/kvd/hash_double: {size}}}\n    params: {{fw_load_policy: {{driverinit: {policy}}}}}\n"
             if self.boot else "") +
            "    trap_policers:\n" + "".join(f"      {i}: {{rate: {rate}}}\n" for i, rate in self.policers.items()) +
            "    trap_groups:\n" + "".join(f"      {name}: {{policer: {i}}}\n" for name, i in self.groups.items()) +
            "    traps:\n" + "".join(f"      {trap}: {self.action}\n" for trap in self.traps))

    def rows(self, *kind):
        return next(iter(json.loads(run("devlink", "-j", "trap", *kind, "show")).values()))[self.handle]

    def check(self):
        traps = {row["name"]: row["action"] for row in self.rows()}
        assert all(traps[trap] == self.action for trap in self.traps)
        assert {row["policer"]: row["rate"] for row in self.rows("policer")} == self.policers
        assert {row["name"]: row["policer"] for row in self.rows("group")} == self.groups
        assert not self.boot or self.active() == self.boot

    def active(self):
        """What the device itself says of what takes a reload."""
        policy = self.board.active("param", "fw_load_policy", "driverinit")
        return int(self.board.active("size", "kvd/hash_double")), ("driver", "flash")[int(policy)]

    def reload(self):
        run("devlink", "dev", "reload", self.handle)

    def stamps(self):
        """When the driver was through with the last reload, and with the last SET, as time.monotonic() tells time."""
        at = dict(line.split() for line in self.board.get("stamps").splitlines())
        return int(at["reload"]) / 1e9, int(at["set"]) / 1e9

    def timed(self, *command):
        self.reload()
        run("udevadm", "settle")  # with the port's netdev, which came back
        before = time.monotonic()
        run(*command)
        took = time.monotonic() - before
        self.check()
        return took

    def options(self):
        state = tempfile.mkdtemp(dir=self.folder)
        return ("--bus=none", "-c", self.folder / "config.yaml", f"--state-dir={state}", f"--runtime-dir={state}/run")

    def start(self):
        run(CARVED, "--version")

    def start_devlink(self):
        run("devlink", "-V")

    def once(self):
        return self.timed(CARVED, "--once", "--log-level=err", *self.options())

    def batch(self):
        return self.timed("devlink", "-b", self.folder / "batch")

    def loop(self):
        return self.timed("sh", self.folder / "loop")

    def bare(self):
        return self.timed(BARE, "netlink", self.handle, "trap", *self.settings)

    def turn(self):
        """Another action for the traps, in the files."""
        self.action = "drop" if self.action == "trap" else "trap"
        self.write()

    def other(self, boot):
        """Other rates; if @boot, what takes a reload gets another value, too."""
        self.policers = {i: rate ^ 1 for i, rate in self.policers.items()}
        if boot:
            self.boot = (60416, "driver") if self.boot == (60288, "flash") else (60288, "flash")
        self.write()


def clocked(function):
    before = time.monotonic()
    function()
    return time.monotonic() - before


class Resident:
    """A carved that is up, and tells what it has come to as it tells systemd."""

    def __init__(self, bench):
        path = str(bench.folder / "notify")
        pathlib.Path(path).unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(60)
        self.process = subprocess.Popen([CARVED, "--log-level=err", *bench.options()],
                                        env={**os.environ, "NOTIFY_SOCKET": path})
        self.wait("READY=1")

    def wait(self, what):
        while what not in self.socket.recv(4096).decode():
            pass
        return time.monotonic()

    def silent(self):
        """What was said so far is of no interest, and nothing is said for so long."""
        self.socket.settimeout(1.5)  # reads after notifications are limited to two a second
        try:
            while True:
                self.socket.recv(4096)
        except TimeoutError:
            self.socket.settimeout(60)

    def change(self, _):
        self.process.send_signal(signal.SIGHUP)
        self.wait("READY=1")

    def restore(self):
        self.wait("STATUS=converged")

    def end(self):
        self.process.terminate()
        assert self.process.wait() == 0
        self.socket.close()


def table(name, times):
    last = statistics.median(list(times.values())[-1])
    print("| row | of | median | 95th | worst | ratio to the last |\n|---|---|---:|---:|---:|---:|")
    for what, list_ in times.items():
        list_.sort()
        median, most = statistics.median(list_), list_[min(len(list_) - 1, int(len(list_) * .95))]
        print(f"| {name} | {what} | {median * 1e3:.1f} ms | {most * 1e3:.1f} ms | {list_[-1] * 1e3:.1f} ms "
              f"| {median / last:.2f} |", flush=True)
    return {what: statistics.median(list_) / last for what, list_ in times.items()}


def take_turns(name, rounds, contenders):
    times = {}
    for _ in range(rounds):
        for who, contender in contenders.items():
            took = contender()
            for what, seconds in took.items() if isinstance(took, dict) else [("", took)]:
                times.setdefault(f"{who}, {what}" if what else who, []).append(seconds)
    return table(name, times)


def measure_set(bench, rounds):
    if bench.action == "drop":  # the driver's default
        bench.turn()
    return take_turns("set", rounds, {
        "carved --version": lambda: clocked(bench.start), "devlink -V": lambda: clocked(bench.start_devlink),
        "carved --once": bench.once, "a loop of devlink": bench.loop, "bare": bench.bare, "devlink -b": bench.batch})


def measure_edit(bench, rounds):
    resident = Resident(bench)

    def carved():
        resident.silent()
        bench.turn()
        before = time.monotonic()
        resident.process.send_signal(signal.SIGHUP)
        took = {"says so": resident.wait("STATUS=converged") - before, "on disk": resident.wait("READY=1") - before}
        bench.check()
        return took

    def process(command):
        resident.process.send_signal(signal.SIGSTOP)
        bench.turn()
        took = clocked(lambda: run(*command()))
        bench.turn()
        subprocess.run(["devlink", "-b", bench.folder / "batch"], check=True)
        resident.process.send_signal(signal.SIGCONT)
        return took
    result = take_turns("edit", rounds, {
        "carved": carved, "devlink -b": lambda: process(lambda: ("devlink", "-b", bench.folder / "batch")),
        "bare": lambda: process(lambda: (BARE, "netlink", bench.handle, bench.action, *bench.settings))})
    resident.end()
    return result


def measure_reload(bench, rounds):
    if bench.action == "drop":  # the driver's default
        bench.turn()
    resident = Resident(bench)

    def carved():
        resident.silent()
        bench.reload()
        end = resident.wait("STATUS=converged")
        reload, last = bench.stamps()
        bench.check()
        return {"last SET": last - reload, "says so": end - reload}

    def bare():
        resident.process.send_signal(signal.SIGSTOP)
        with subprocess.Popen([BARE, "--at-reload", "1", "netlink", bench.handle, bench.action, *bench.settings],
                              stdout=subprocess.PIPE, text=True) as waiter:
            assert waiter.stdout.readline() == "ready\n"
            bench.reload()
            waiter.stdout.readline()
        reload, last = bench.stamps()
        bench.check()
        resident.process.send_signal(signal.SIGCONT)
        return {"last SET": last - reload}
    result = take_turns("reload", rounds, {"carved": carved, "bare": bare})
    resident.end()
    return result


class ByHand:
    """An operator who knows when a reload is needed."""

    def __init__(self, bench):
        self.folder = bench.folder

    def silent(self):
        pass

    def change(self, boot):
        run("devlink", "-b", self.folder / ("boot" if boot else "batch"))

    def restore(self):
        self.change(False)

    def end(self):
        pass


class Unit(ByHand):
    """What runs at boot is run again."""

    def __init__(self, bench):
        super().__init__(bench)
        pathlib.Path("/run/systemd/system/bench.service").write_text(
            f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=sh -e {self.folder}/boot-loop\n")
        run("systemctl", "daemon-reload")

    def change(self, _):
        run("systemctl", "restart", "bench.service")


class Watch:
    """Seconds without the port's netdev, and in which a trap that is there does not trap yet."""

    def __init__(self, bench):
        self.bench, self.away, self.default, self.over = bench, 0, 0, False
        self.links = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.links.bind((0, 1))  # RTMGRP_LINK
        self.notes, self.questions = Netlink(group=True), Netlink()
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.follow_port, self.follow_traps)]
        for thread in self.threads:
            thread.start()

    def messages(self, sock):
        """Each message, with the time at which it came; None every 20 ms in which none comes."""
        while not self.over:
            if not select.select([sock], [], [], .02)[0]:
                yield None, 0
                continue
            data, at = sock.recv(1 << 16), time.monotonic()
            while len(data) >= 16:
                size = int.from_bytes(data[:4], sys.byteorder)
                yield data[:size], at
                data = data[(size + 3) & ~3:]

    def follow_port(self):
        since = None
        for message, at in self.messages(self.links):
            kind = int.from_bytes(message[4:6], sys.byteorder) if message else 0
            if kind == 17:  # RTM_DELLINK
                since = at
            elif kind == 16 and since:  # RTM_NEWLINK
                self.away, since = self.away + at - since, None

    def follow_traps(self):
        gone = False
        for message, at in self.messages(self.notes.sock):
            command = message[16] if message else 0
            if command == 64:  # DEVLINK_CMD_TRAP_DEL
                gone = True
            elif command == 63 and gone:  # DEVLINK_CMD_TRAP_NEW
                gone = False
                self.await_traps()
                self.default += time.monotonic() - at

    def await_traps(self):
        for trap in self.bench.traps:
            while not self.traps(trap):
                time.sleep(.002)

    def traps(self, name):
        bus, dev = self.bench.handle.encode().split(b"/")
        try:
            reply = self.questions.ask(self.questions.family, 61,  # DEVLINK_CMD_TRAP_GET
                                       [(1, bus + b"\0"), (2, dev + b"\0"), (130, name.encode() + b"\0")])
        except OSError:  # not there yet
            return False
        return Netlink.attrs(reply)[131] == b"\1"  # DEVLINK_ATTR_TRAP_ACTION, DEVLINK_TRAP_ACTION_TRAP

    def end(self):
        time.sleep(.1)
        self.over = True
        for thread in self.threads:
            thread.join()
        for sock in self.links, self.notes.sock, self.questions.sock:
            sock.close()
        return self.away, self.default


def one_change(bench, way, what):
    """Return: seconds until it is in force, without the port, and at the default."""
    way.silent()
    if what != "reload":
        bench.other(what == "size, param, rates")
    watch = Watch(bench)
    if what == "reload":
        bench.reload()
    took = clocked(way.restore if what == "reload" else lambda: way.change(what != "rates"))
    seconds = took, *watch.end()
    bench.check()
    return seconds


def measure_operator(bench, rounds):
    if bench.action == "drop":  # the driver's default
        bench.turn()
    bench.board.set("reload_ms", 1000)
    bench.boot, figures = (60416, "driver"), {}
    bench.write()
    for _ in range(rounds):
        for name, kind in ("carved", Resident), ("devlink -b", ByHand), ("oneshot unit", Unit):
            way = kind(bench)
            for what in "rates", "size, param, rates", "reload":
                figures.setdefault((what, name), []).append(one_change(bench, way, what))
            way.end()
    print("| change | of | in force after | port away for | traps at the default for |\n|---|---|---:|---:|---:|")
    medians = {f"{what}, {name}": [statistics.median(column) for column in zip(*rows)]
               for (what, name), rows in sorted(figures.items())}
    for what, row in medians.items():
        print(f"| {' | '.join(what.rsplit(', ', 1))} | {' | '.join(f'{seconds:.3f} s' for seconds in row)} |", flush=True)
    bench.board.set("reload_ms", 0)
    bench.boot = None
    return medians


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    rows = {name.removeprefix("measure_"): f for name, f in globals().items() if name.startswith("measure_")}
    run("modprobe", "asicsim")
    CARVED.parent.mkdir(exist_ok=True)
    shutil.copy(TOP / "build/root-plain/usr/sbin/carved", CARVED)
    shutil.copy(TOP / "build/plain/bare", BARE)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        print(f"Linux {run('uname', '-r').strip()}, {len(bench.settings)} settings, {rounds} rounds")
        print(json.dumps({name: rows[name](bench, rounds) for name in sys.argv[2:] or rows}))
        bench.board.remove()


if __name__ == "__main__":
    main()
