# SPDX-License-Identifier: GPL-2.0-or-later
"""bench_share.py [SECONDS]: what a flood of calls by another uid does to carved. Needs root; see doc/figures.md.

The plain build on a bus and a fake kernel of its own, with 1,500 entries in its files. Measured with no flood, and with
8 connections of another uid that have 100 calls outstanding each at any time: how soon a trap is right again after
somebody else's reload, the longest time between two signs of life for the watchdog, which are due every 2 s, and how
long root's ListDevices takes.
"""
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/bus"))
os.environ["CARVED_BUILD"] = str(TOP / "build/plain")
from conftest import SPECTRUM, Bed, Carved, entry, wait  # pylint: disable=wrong-import-position

NOBODY, CONNECTIONS, OUTSTANDING = 65534, 8, 100
OBJECTS = "org.freedesktop.DBus.ObjectManager"
FLOODS = {"none": None, "GetAll": ("org.freedesktop.DBus.Properties", "GetAll", "org.carved1.Manager"),
          "GetManagedObjects": (OBJECTS, "GetManagedObjects")}


def write_files(carved):
    carved.config(entry("leaf", "traps: {source_mac_is_multicast: trap}", "{driver: mlxsw_spectrum}"))
    folder = carved.bed.file.parent / "carved.d"
    folder.mkdir()
    lines = [f"  e{i}: {{match: {{driver: nosuch{i}}}, traps: {{source_mac_is_multicast: drop}}}}\n" for i in range(1500)]
    (folder / "50-many.yaml").write_text("devices:\n" + "".join(lines))


class Watchdog:
    """Notes when carved gives a sign of life."""

    def __init__(self, folder):
        self.path = folder / "watchdog"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.environment = {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": "4000000"}
        self.signs = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            if b"WATCHDOG=1" in self.socket.recv(4096):
                self.signs.append(time.monotonic())

    def longest(self, start, end):
        times = [t for t in self.signs if start - 2.5 < t < end] + [end]
        return max(b - a for a, b in zip(times, times[1:])) if len(times) > 1 else float("inf")


def repair(bed):
    """Seconds from somebody else's reload until the trap is right."""
    action = lambda: bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"]
    bed.kernel.ask(f"reload {SPECTRUM} driver_reinit")
    start = time.monotonic()
    while action() != "trap":
        if time.monotonic() > start + 60:
            return float("inf")
        time.sleep(0.002)
    return time.monotonic() - start


def measure(bed, carved, watchdog, flood, seconds):
    command = [sys.executable, TOP / "tests/bus/flood.py", bed.bus.address, str(NOBODY), str(CONNECTIONS),
               str(OUTSTANDING), str(seconds + 3), *(flood or ())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True) if flood else None
    time.sleep(1)
    start, repairs, answers = time.monotonic(), [], []
    while time.monotonic() < start + seconds:
        if time.monotonic() > start + len(repairs) * 2:
            repairs.append(repair(bed))
        before = time.monotonic()
        carved.call("ListDevices")
        answers.append(time.monotonic() - before)
        time.sleep(0.01)
    end = time.monotonic()
    answered, refused = map(int, process.communicate()[0].split()) if process else (0, 0)
    answers.sort()
    return [f"{(answered - refused) / (seconds + 3):.0f}", f"{refused / (seconds + 3):.0f}",
            f"{statistics.median(repairs) * 1e3:.0f}", f"{max(repairs) * 1e3:.0f}", f"{watchdog.longest(start, end):.2f}",
            f"{answers[len(answers) // 2] * 1e3:.1f}", f"{answers[len(answers) * 99 // 100] * 1e3:.1f}",
            f"{answers[-1] * 1e3:.1f}"]


def main(seconds=20):
    bed = Bed()
    carved = Carved(bed)
    watchdog = Watchdog(bed.folder)
    write_files(carved)
    carved.start(environment=watchdog.environment)
    carved.forget_notify()
    wait(lambda: carved.state(SPECTRUM) == "converged", "carved to converge")
    print("| calls | served/s | refused/s | repaired, median ms | worst ms | watchdog gap s | "
          "ListDevices, median ms | 99th ms | worst ms |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, flood in FLOODS.items():
        print("|", " | ".join([name, *measure(bed, carved, watchdog, flood, int(seconds))]), "|", flush=True)
    carved.stop()
    bed.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
