#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""guest.py [ROUNDS]: carved beside what else could do the same, on a real kernel; `run --guest LINE` starts it in a guest.

A Spectrum-1 by asicsim: every policer gets another rate, every group another policer, and each trap that drops goes to
the CPU. Contenders take turns, each from the driver's defaults, which a reload brings back; what the device is like
afterwards is asked of devlink.

  set     the settings as a process: carved --once (with nothing remembered), devlink -b, a loop of devlink, bare

Prints a table, and the ratios to the last contender as JSON.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/asicsim"))
from board import Board  # noqa: E402 # pylint: disable=wrong-import-position

BUILD = TOP / "build/plain"
CARVED = TOP / "build/root-plain/usr/sbin/carved"


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


class Bench:
    def __init__(self, folder):
        self.board = Board("spectrum1", 1, 1)
        self.handle, self.folder = "asicsim/asicsim1", folder
        self.traps = [row["name"] for row in self.rows() if row["type"] == "drop" and row["action"] == "drop"]
        self.policers = {row["policer"]: row["rate"] + 100 for row in self.rows("policer")}
        others = list(self.policers)
        self.groups = {row["name"]: others[i % len(others)] for i, row in enumerate(self.rows("group"), 1)}
        self.settings = ([f"{i}={rate}" for i, rate in self.policers.items()] +
                         [f"{name}~{i}" for name, i in self.groups.items()] + self.traps)
        lines = "".join([*(f"trap policer set {self.handle} policer {i} rate {rate}\n" for i, rate in self.policers.items()),
                         *(f"trap group set {self.handle} group {name} policer {i}\n" for name, i in self.groups.items()),
                         *(f"trap set {self.handle} trap {trap} action trap\n" for trap in self.traps)])
        (folder / "batch").write_text(lines)
        (folder / "loop").write_text("".join(f"devlink {line}" for line in lines.splitlines(True)))
        (folder / "config.yaml").write_text(
            f"version: 1\nsettings: {{audit_interval: 0, settle_timeout: 100ms}}\ndevices:\n  {self.handle}:\n" +
            "    trap_policers:\n" + "".join(f"      {i}: {{rate: {rate}}}\n" for i, rate in self.policers.items()) +
            "    trap_groups:\n" + "".join(f"      {name}: {{policer: {i}}}\n" for name, i in self.groups.items()) +
            "    traps:\n" + "".join(f"      {trap}: trap\n" for trap in self.traps))

    def rows(self, *kind):
        return next(iter(json.loads(run("devlink", "-j", "trap", *kind, "show")).values()))[self.handle]

    def check(self):
        traps = {row["name"]: row["action"] for row in self.rows()}
        assert all(traps[trap] == "trap" for trap in self.traps)
        assert {row["policer"]: row["rate"] for row in self.rows("policer")} == self.policers
        assert {row["name"]: row["policer"] for row in self.rows("group")} == self.groups

    def reload(self):
        run("devlink", "dev", "reload", self.handle)

    def timed(self, *command):
        self.reload()
        before = time.monotonic()
        run(*command)
        took = time.monotonic() - before
        self.check()
        return took

    def options(self):
        state = tempfile.mkdtemp(dir=self.folder)
        return ("--bus=none", "-c", self.folder / "config.yaml", f"--state-dir={state}", f"--runtime-dir={state}/run")

    def once(self):
        return self.timed(CARVED, "--once", "--log-level=err", *self.options())

    def batch(self):
        return self.timed("devlink", "-b", self.folder / "batch")

    def loop(self):
        return self.timed("sh", self.folder / "loop")

    def bare(self):
        return self.timed(BUILD / "bare", "netlink", self.handle, "trap", *self.settings)


def table(name, times):
    last = statistics.median(list(times.values())[-1])
    for what, list_ in times.items():
        median = statistics.median(list_)
        print(f"| {name} | {what} | {median * 1e3:.1f} ms | {max(list_) * 1e3:.1f} ms | {median / last:.2f} |", flush=True)
    return {what: statistics.median(list_) / last for what, list_ in times.items()}


def measure_set(bench, rounds):
    contenders = {"carved --once": bench.once, "a loop of devlink": bench.loop, "bare": bench.bare,
                  "devlink -b": bench.batch}
    times = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(contender())
    return table("set", times)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    run("modprobe", "asicsim")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        print(f"Linux {run('uname', '-r').strip()}, {len(bench.settings)} settings, {rounds} rounds")
        print("| row | of | median | worst | ratio to the last |\n|---|---|---:|---:|---:|")
        print(json.dumps({"set": measure_set(bench, rounds)}))
        bench.board.remove()


if __name__ == "__main__":
    main()
