#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bench_fleet.py [NUMBER...]: how long a roll-out takes on so many switches of the fake kernel.

One task of carved.fleet.carved_config with confirm, forks 10: the seconds of the first run, which changes each switch,
and of the second, which changes none. Ends with 1 where a switch is not as declared, or where the time per switch grows
by more than a half from the fewest to the most.
"""
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fleet"))
import conftest  # noqa: E402

CONFIG = {"version": 1, "devices": {"leaf": {"match": {"driver": "mlxsw_spectrum"}, "trap_policers": {1: {"rate": 1000}}}}}


def timed(fleet):
    began = time.monotonic()
    run = fleet.config(CONFIG, "--forks=10", confirm="5m")
    changed = sum(host["changed"] for host in run.hosts.values())
    if run.code or any(host.policer(1) != 1000 for host in fleet.hosts):
        sys.exit(f"not as declared: {run.text}")
    return time.monotonic() - began, changed


def main(numbers):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="carved-fleet-"))
    per_switch = []
    print(f"{'switches':>8} {'first':>8} {'per switch':>11} {'second':>8} {'changed':>8}")
    for number in sorted(numbers):
        place = folder / str(number)
        place.mkdir()
        fleet = conftest.Fleet(place, conftest.installed(folder / f"collection-{number}"))
        for host in fleet.add(number):
            host.carved.config()
            host.start()
        first, changed = timed(fleet)
        second, again = timed(fleet)
        per_switch.append(first / number)
        print(f"{number:8} {first:7.1f}s {first / number:10.2f}s {second:7.1f}s {changed:4}, {again}", flush=True)
        fleet.close()
        if (changed, again) != (number, 0):
            return 1
    shutil.rmtree(folder)
    return per_switch[-1] > 1.5 * per_switch[0]


if __name__ == "__main__":
    sys.exit(main([int(n) for n in sys.argv[1:]] or [10, 20, 50, 100]))
