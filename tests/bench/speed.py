#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""speed.py [--rounds N] [--json FILE] [ROW...]: how fast carved is beside what else could do the same.

On this machine, with the plain build, a bus and a fake kernel of its own: no guest, no privilege but to trace. Contenders
take turns, so that a busy machine is as busy for each; the ratios are what counts, the times inform. See doc/figures.md.

  edit       a config that changes 200 traps: D-Bus Reload until all is as wanted, and until the end of its job, when the
             config is on disk, too; against `bare` as a process
  once       the same by `carved --once`, from nothing remembered, against `bare` as a process
  nothing    what an Apply costs when nothing differs: requests that write, system calls (strace)
  reload     a reload by somebody else, from its last notification: until the last SET was acknowledged, the last answer
             was read, and carved says that all is right again; against `bare` that waits for it. The fake kernel takes the
             times at which it handed this to its clients. A round takes two seconds: with --rounds 300 the 95th means
             something
  idle       wake-ups in ten seconds, memory, with 1, 64 and 256 devices of 100 settings
  buffers    thresholds of 64 ports in 11 pools and of 24 traffic classes: an edit of all, until they are as wanted and to the
             end of its job, against `bare`; the same after a reload by somebody else; memory for them
  many       1, 32 and 128 devices that take one reload of 3 s each, and 20 traps: exec until all are as wanted
  bus        Get State: idle, while the device is reloaded, while 20,000 notifications come
  start      exec to READY=1 with nothing to change, against `carved --version`
  storm      100,000 notifications: processor time for each
  config     parsing, merging and binding of 1,000 to 100,000 settings: see bench_config.c
"""
import argparse
import collections
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARVED_BUILD", TOP / "build/plain")).resolve()
sys.path.insert(0, str(TOP / "tests/bus"))
os.environ["CARVED_BUILD"] = str(BUILD)
import conftest  # pylint: disable=wrong-import-position
from conftest import DEVICE, PROPERTIES, SPECTRUM, Bed, Carved, Signals, entry  # pylint: disable=wrong-import-position
from gi.repository import GLib  # pylint: disable=wrong-import-position

TRAPS = [f"bench_{i:03}" for i in range(200)]
RELOAD_MSEC = 100  # of somebody else; that of a switch takes seconds
CLOCK = os.sysconf("SC_CLK_TCK")


def facts_of(handle, traps):
    """A Spectrum-1 with so many traps more."""
    facts = json.loads((TOP / "tests/fake/facts/spectrum1.json").read_text())
    facts["handle"] = handle
    for name in traps:
        facts["traps"][name] = {"action": "drop", "type": "drop", "group": "l2_drops"}
    return facts


def facts_of_buffers(handle, ports):
    """A device whose thresholds are codes, of so many ports."""
    directions = {n: "ingress" if n < 4 or n == 9 else "egress" for n in range(11)}
    tcs = [("ingress", n, 0) for n in range(8)] + [("egress", n, 4) for n in range(16)]
    quota = {"threshold": 9, "occ": 0, "occ_max": 0}
    return {"format": 1, "handle": handle, "driver": "bench",
            "reload": {"failed": False, "counters": [["driver_reinit", "unspec", "local", 0]]},
            "shared_buffers": {
                "pools": {f"0/{n}": {"size": 9600000, "type": "dynamic", "direction": direction, "cell": 96}
                          for n, direction in directions.items()},
                "ports": {f"p{port}/0/{n}": quota for port in range(1, ports + 1) for n in directions},
                "tcs": {f"p{port}/0/{direction}/{n}": {"pool": pool, **quota}
                        for port in range(1, ports + 1) for direction, n, pool in tcs}}}


def thresholds(number):
    """For every port."""
    rows = [f"    default/0/{n}: {{threshold: {number}}}\n" for n in range(11)]
    tcs = [f"    default/0/{direction}/{n}: {{threshold: {number}}}\n"
           for direction, many in (("ingress", 8), ("egress", 16)) for n in range(many)]
    return "shared_buffers:\n  ports:\n" + "".join(rows) + "  tcs:\n" + "".join(tcs)


def policy(action, traps):
    return "traps:\n" + "".join(f"  {name}: {action}\n" for name in traps)


def until(condition, limit=60):
    """As conftest.wait(), but awake at once when a signal comes."""
    context, end = GLib.MainContext.default(), time.monotonic() + limit
    GLib.timeout_add(int(limit * 1000), lambda: False)
    while not condition():
        assert time.monotonic() < end
        context.iteration(True)


class Quiet(Carved):
    """Without lines for debugging, and with other options."""

    def start(self, *options, environment=None):
        super().start("--log-level=info", *options, environment=environment)


class Stage:
    """A bus, a fake kernel with one big device, carved."""

    def __init__(self, handles=(SPECTRUM,), traps=TRAPS, facts=facts_of):
        self.bed = Bed()
        self.bed.kernel.stop()
        files = []
        for i, handle in enumerate(handles):
            files.append(self.bed.folder / f"facts{i}.json")
            files[-1].write_text(json.dumps(facts(handle, traps)))
        self.bed.kernel = conftest.Kernel(self.bed.folder, files)
        self.kernel, self.traps, self.handles = self.bed.kernel, traps, handles
        self.carved = Quiet(self.bed)
        self.signals = Signals(self.bed.connection)

    def close(self):
        if self.carved.process:
            self.carved.stop()
        self.bed.close()

    def config(self, action):
        self.carved.config(*(entry(f"e{i}", policy(action, self.traps), f"{{handle: '{handle}'}}")
                             for i, handle in enumerate(self.handles)))

    def is_all(self, action):
        found = [self.kernel.device(handle)["traps"] for handle in self.handles]
        return all(traps[trap]["action"] == action for traps in found for trap in self.traps)

    def bare(self, action):
        before = time.monotonic()
        subprocess.run([BUILD / "bare", self.kernel.path, SPECTRUM, action, *self.traps], check=True,
                       stdout=subprocess.DEVNULL)
        return time.monotonic() - before

    def cpu(self):
        fields = (self.carved.proc() / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK


def spread(times):
    times = sorted(times)
    return {"median": statistics.median(times), "p95": times[min(len(times) - 1, int(len(times) * .95))], "n": len(times)}


def against(rounds, **contenders):
    """Each in turn; what of one took how long, or several times of it, and the ratio of the medians to the last one's."""
    times = collections.defaultdict(list)
    for _ in range(rounds):
        for name, run in contenders.items():
            took = run()
            for what, seconds in took.items() if isinstance(took, dict) else [("", took)]:
                times[f"{name}, {what}" if what else name].append(seconds)
    result = {name: spread(list_) for name, list_ in times.items()}
    last = statistics.median(list(times.values())[-1])
    for figures in result.values():
        figures["ratio"] = figures["median"] / last
    return result


def row_edit(rounds):
    stage = Stage()
    actions = ["trap", "drop"]

    def carved():
        stage.config(actions[0])
        stage.signals.clear()
        before = time.monotonic()
        job = stage.carved.call("Reload", {})
        until(lambda: stage.signals.of("Changed"))
        took = time.monotonic() - before
        until(lambda: any(row[0] == job for row in stage.signals.of("JobRemoved")))
        ends.append(time.monotonic() - before)
        assert stage.is_all(actions[0])
        actions.reverse()
        return took

    def bare():
        return other.bare(actions[0])
    ends = []
    other = Stage()
    stage.config("drop")
    stage.carved.start()
    stage.carved.at_rest()
    result = against(rounds, carved=carved, bare=bare)
    result["carved, the job"] = spread(ends)
    stage.close()
    other.close()
    return result


def row_once(rounds):
    stage = Stage()

    def fresh():
        stage.kernel.ask(f"reload {SPECTRUM}")
        assert stage.is_all("drop")

    def carved():
        fresh()
        for name in "state", "runtime":
            subprocess.run(["rm", "-rf", stage.bed.folder / name], check=True)
            (stage.bed.folder / name).mkdir()
        before = time.monotonic()
        done = subprocess.run([BUILD / "carved", "--once", "--bus=none", f"--kernel=unix:{stage.kernel.path}",
                               f"--config-root={stage.bed.root}", f"--state-dir={stage.bed.folder}/state",
                               f"--runtime-dir={stage.bed.folder}/runtime", "--log-level=err"],
                              capture_output=True, text=True, check=False)
        took = time.monotonic() - before
        assert done.returncode == 0 and stage.is_all("trap"), done.stderr
        return took

    def bare():
        fresh()
        took = stage.bare("trap")
        assert stage.is_all("trap")
        return took
    stage.config("trap")
    result = against(rounds, carved=carved, bare=bare)
    stage.close()
    return result


def row_nothing(rounds):
    stage = Stage()
    stage.config("trap")
    stage.carved.start()
    stage.carved.at_rest()
    stage.kernel.ask("forget")
    log = stage.bed.folder / "strace"
    with subprocess.Popen(["strace", "-f", "-qq", "-c", "-o", log, "-p", str(stage.carved.process.pid)]) as strace:
        time.sleep(1)
        for _ in range(rounds):
            stage.signals.clear()
            job = stage.carved.call("Apply", "", {})
            until(lambda job=job: any(row[0] == job for row in stage.signals.of("JobRemoved")))
        strace.send_signal(signal.SIGINT)
    requests = [r["command"] for r in stage.kernel.ask("requests")]
    calls = {m[2]: int(m[1]) / rounds for m in re.finditer(r"^ +[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", log.read_text(), re.M)
             if m[2] != "total"}
    stage.close()
    return {"writes": sum("SET" in r or r == "RELOAD" for r in requests), "requests": len(requests) / rounds,
            "system calls": sum(calls.values()), "of them": dict(sorted(calls.items(), key=lambda c: -c[1])[:6])}


def restored(rounds, stage, other, what, check):
    """
    After a reload by somebody else, by the fake kernel's clock, against `bare` that waits for it. It takes a moment, as any
    reload does, and what is asked meanwhile waits for its end.

    stage, other: with carved, which is at rest, and without; what: that `bare` sets; check: that all of a stage is as wanted
    """
    for where in stage, other:
        where.kernel.ask(f"delay {SPECTRUM} {RELOAD_MSEC}")
    waiter = subprocess.Popen([BUILD / "bare", "--at-reload", str(rounds), other.kernel.path, SPECTRUM, *what],
                              stdout=subprocess.PIPE, text=True)
    assert waiter.stdout.readline() == "ready\n"
    time.sleep(.2)

    def stamps(where, now):
        """Seconds from the last notification of the reload."""
        at = where.kernel.ask("stamps")
        return [at[what] / 1e6 - at["told"] / 1e6 for what in ("acked", "read")] + [now - at["told"] / 1e6]

    def carved():
        time.sleep(1.5)  # reads after notifications are limited to two a second
        stage.signals.clear()
        stage.kernel.ask(f"reload {SPECTRUM}")
        until(lambda: stage.signals.of("Changed"))
        times = stamps(stage, time.monotonic())
        assert check(stage)
        return dict(zip(("last SET", "read back", "says so"), times))

    def bare():
        other.kernel.ask(f"reload {SPECTRUM}")
        assert waiter.stdout.readline()
        last, *_ = stamps(other, 0)
        assert check(other)
        return {"last SET": last}
    result = against(rounds, carved=carved, bare=bare)
    waiter.wait()
    waiter.stdout.close()
    stage.close()
    other.close()
    return result


def row_reload(rounds):
    stage, other = Stage(), Stage()
    stage.config("trap")
    stage.carved.start()
    stage.carved.at_rest()
    return restored(rounds, stage, other, ["trap", *TRAPS], lambda which: which.is_all("trap"))


def wake_ups(process):
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M)[1])
               for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir())


def row_idle(_rounds):
    result = {}
    for n in 1, 64, 256:
        stage = Stage([f"pci/0000:{i:02x}:00.0" for i in range(n)], TRAPS[:100])
        stage.config("trap")
        stage.carved.start()
        stage.carved.at_rest()
        time.sleep(2)
        before = wake_ups(stage.carved.process)
        time.sleep(10)
        rollup = (stage.carved.proc() / "smaps_rollup").read_text()
        size = {key: int(re.search(rf"^{key}:\s+(\d+) kB", rollup, re.M)[1]) for key in ("Rss", "Private_Dirty")}
        result[f"{n} devices"] = {"wake-ups in 10 s": wake_ups(stage.carved.process) - before, **size}
        stage.close()
    return result


def private(stage):
    """Memory of carved alone, in kB."""
    rollup = (stage.carved.proc() / "smaps_rollup").read_text()
    return int(re.search(r"^Private_Dirty:\s+(\d+) kB", rollup, re.M)[1])


def restored_buffers(rounds, ports, wanted):
    stage, other = Stage([SPECTRUM], ports, facts_of_buffers), Stage([SPECTRUM], ports, facts_of_buffers)
    stage.carved.config(entry("e", thresholds(wanted), f"{{handle: '{SPECTRUM}'}}"))
    stage.carved.start()
    stage.carved.at_rest()

    def check(which):
        found = which.kernel.device(SPECTRUM)["shared_buffers"]
        return all(row["threshold"] == wanted for kind in ("ports", "tcs") for row in found[kind].values())
    return restored(rounds, stage, other, ["threshold", str(ports), str(wanted)], check)


def row_buffers(rounds):
    ports, sizes, ends = 64, {}, []
    for n in 0, 4:                                           # devices; what each takes
        stage = Stage([f"pci/0000:{i:02x}:00.0" for i in range(n or 1)], ports if n else 1, facts_of_buffers)
        stage.carved.config(*(entry(f"e{i}", thresholds(9), f"{{handle: '{handle}'}}")
                              for i, handle in enumerate(stage.handles)))
        stage.carved.start()
        stage.carved.at_rest()
        time.sleep(2)
        sizes[n] = private(stage)
        stage.close()
    stage, numbers = Stage([SPECTRUM], ports, facts_of_buffers), [10, 9]
    stage.carved.config(entry("e", thresholds(9), f"{{handle: '{SPECTRUM}'}}"))
    stage.carved.start()
    stage.carved.at_rest()

    def check():
        found = stage.kernel.device(SPECTRUM)["shared_buffers"]
        assert all(row["threshold"] == numbers[0] for kind in ("ports", "tcs") for row in found[kind].values())
        numbers.reverse()

    def carved():
        stage.carved.config(entry("e", thresholds(numbers[0]), f"{{handle: '{SPECTRUM}'}}"))
        stage.signals.clear()
        before = time.monotonic()
        job = stage.carved.call("Reload", {})
        until(lambda: stage.signals.of("Changed"))
        took = time.monotonic() - before
        until(lambda: any(row[0] == job for row in stage.signals.of("JobRemoved")))
        ends.append(time.monotonic() - before)
        check()
        return took

    def bare():
        before = time.monotonic()
        subprocess.run([BUILD / "bare", stage.kernel.path, SPECTRUM, "threshold", str(ports), str(numbers[0])],
                       check=True, stdout=subprocess.DEVNULL)
        took = time.monotonic() - before
        check()
        stage.carved.call("Apply", "", {})                   # back to what is declared
        stage.carved.at_rest()
        numbers.reverse()
        return took

    edits = against(rounds, carved=carved, bare=bare)
    edits["carved, the job"] = {**spread(ends), "ratio": statistics.median(ends) / edits["bare"]["median"]}
    stage.close()
    return {**{f"edit of 2,240, {name}": figures for name, figures in edits.items()},
            **{f"reload, {name}": figures for name, figures in restored_buffers(rounds, ports, 10).items()},
            "memory": {"kB for each device more": (sizes[4] - sizes[0]) // 4}}


def row_many(_rounds):
    result, seconds = {}, 3
    for n in 1, 32, 128:
        stage = Stage([f"pci/0000:{i:02x}:00.0" for i in range(n)], TRAPS[:20])
        for handle in stage.handles:
            stage.kernel.ask(f"delay {handle} {1000 * seconds}")
        stage.carved.config(*(entry(f"e{i}", "params: {fw_load_policy: 1}\n" + policy("trap", stage.traps),
                                    f"{{handle: '{handle}'}}") for i, handle in enumerate(stage.handles)))
        before = time.monotonic()
        stage.carved.start()
        stage.carved.at_rest()
        took = time.monotonic() - before
        assert stage.is_all("trap")
        assert sum(r["command"] == "RELOAD"
                   for r in stage.kernel.ask("requests")) == n
        result[f"{n} devices"] = {"seconds": took, "processor time, s": stage.cpu()}
        stage.close()
    for figures in result.values():
        figures["ratio"] = figures["seconds"] / result["1 devices"]["seconds"]
    return result


def ask_state(stage, seconds):
    times, path = [], stage.carved.path(SPECTRUM)
    device = stage.carved.object(path)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = time.monotonic()
        device.Get(DEVICE, "State", dbus_interface=PROPERTIES)
        times.append(time.monotonic() - before)
        time.sleep(.002)
    times.sort()
    return {"median": statistics.median(times), "p99": times[len(times) * 99 // 100], "n": len(times)}


def row_bus(_rounds):
    stage, result = Stage(), {}
    stage.config("trap")
    stage.carved.start()
    stage.carved.at_rest()
    result["idle"] = ask_state(stage, 3)
    stage.kernel.ask(f"delay {SPECTRUM} 3000")
    apply = subprocess.Popen([sys.executable, "-c", "import socket,sys; s=socket.socket(socket.AF_UNIX);"
                              "s.connect(sys.argv[1]); s.send(f'reload {sys.argv[2]}\\n'.encode()); s.recv(99)",
                              stage.kernel.control, SPECTRUM])
    result["in a reload"] = ask_state(stage, 3)
    apply.wait()
    stage.carved.at_rest()
    stage.kernel.ask(f"storm {SPECTRUM} 20000")
    result["in a storm"] = ask_state(stage, 2)
    stage.close()
    return result


def row_start(rounds):
    stage = Stage()
    stage.config("trap")
    stage.carved.start()
    stage.carved.at_rest()
    stage.carved.stop()

    def carved():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            path = stage.bed.folder / "ready"
            path.unlink(missing_ok=True)
            notify.bind(str(path))
            notify.settimeout(60)
            before = time.monotonic()
            stage.carved.start(environment={"NOTIFY_SOCKET": str(path)})
            while b"READY=1" not in notify.recv(4096):
                pass
            took = time.monotonic() - before
        stage.carved.stop()
        return took

    def nothing():
        before = time.monotonic()
        subprocess.run([BUILD / "carved", "--version"], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - before
    result = against(rounds, carved=carved, version=nothing)
    stage.close()
    return result


def row_storm(_rounds):
    stage, n = Stage(), 100_000
    stage.config("trap")
    stage.carved.start()
    stage.carved.at_rest()
    before = stage.cpu()
    stage.kernel.ask(f"storm {SPECTRUM} {n}")
    stage.kernel.ask(f"set {SPECTRUM} trap {TRAPS[0]} drop")
    stage.kernel.ask(f"storm {SPECTRUM} 1")
    until_right = time.monotonic() + 60
    while not stage.is_all("trap"):
        assert time.monotonic() < until_right
        time.sleep(.05)
    time.sleep(1)
    used = stage.cpu() - before
    stage.close()
    return {"processor time, s": used, "for each, us": used / n * 1e6}


def row_config(_rounds):
    done = subprocess.run([BUILD / "bench_config"], check=True, capture_output=True, text=True)
    head, *rows = [re.split(r"\s{2,}", line.strip()) for line in done.stdout.splitlines()]
    return {f"{row[0]} {head[0]}": dict(zip(head[1:], row[1:])) for row in rows}


ROWS = {name.removeprefix("row_"): run for name, run in list(globals().items()) if name.startswith("row_")}


def show(name, result):
    for what, figures in result.items():
        if not isinstance(figures, dict):
            figures = {"": figures}
        text = ", ".join(f"{key} {value * 1e3:.2f} ms" if key in ("median", "p95", "p99") else
                         f"{key} {value:.2f}".strip() if isinstance(value, float) else f"{key} {value}".strip()
                         for key, value in figures.items())
        print(f"| {name} | {what} | {text} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    results = {}
    print("| row | of | figures |\n|---|---|---|")
    for name in options.rows or ROWS:
        results[name] = ROWS[name](options.rounds)
        show(name, results[name])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
