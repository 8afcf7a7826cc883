# SPDX-License-Identifier: GPL-2.0-or-later
"""How a device of many objects is read, and what becomes of it when its driver fails to tell of one of them."""
import json
import time

import pytest

from conftest import FACTS, LINE, SPECTRUM, entry, wait

TRAPS = [f"many_{i:02}" for i in range(40)]
BROKEN = TRAPS[20]


@pytest.fixture(name="kernel")
def kernel_of_many(bed):
    """In the place of the bed's device one with many traps more."""
    facts = json.loads((FACTS / "spectrum1.json").read_text())
    for name in TRAPS:
        facts["traps"][name] = {"action": "drop", "type": "drop", "group": "l2_drops"}
    file = bed.folder / "many.json"
    file.write_text(json.dumps(facts))
    bed.kernel.ask(f"remove {SPECTRUM}")
    bed.kernel.ask(f"add {file}")
    return bed.kernel


POLICY = entry("many", "traps:\n" + "".join(f"  {name}: trap\n" for name in TRAPS), f"{{handle: '{SPECTRUM}'}}")


def actions(kernel):
    traps = kernel.device(SPECTRUM)["traps"]
    return {traps[name]["action"] for name in TRAPS}


def apply(carved, signals):
    signals.clear()
    job = carved.call("Apply", "", {})
    wait(lambda: any(row[0] == job for row in signals.of("JobRemoved")), "the end of the job")


def asked(kernel):
    """Dumps of traps, and the names that were asked for."""
    rows = [row for row in kernel.ask("requests") if row["command"] == "TRAP_GET"]
    return sum(row["dump"] for row in rows), [row["name"] for row in rows if not row["dump"]]


def test_many_by_one_dump(carved, signals, kernel):
    """Where a dump is of one device alone; before Linux 6.6 each is asked for."""
    carved.run(POLICY)
    assert carved.state(SPECTRUM) == "converged" and actions(kernel) == {"trap"}
    kernel.ask("forget")
    apply(carved, signals)
    assert asked(kernel) == ((0, TRAPS) if LINE == "6.1" else (1, []))
    kernel.ask(f"set {SPECTRUM} trap {TRAPS[3]} drop")
    apply(carved, signals)
    assert actions(kernel) == {"trap"}


def test_order_of_a_restore(carved, signals, kernel):
    """What the bench of a reload measures: told of, set, read back."""
    carved.run(POLICY)
    signals.clear()
    before = kernel.ask("stamps")
    kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: signals.of("Changed"), "what changed to be told")
    carved.wait_state(SPECTRUM, "converged")
    after = kernel.ask("stamps")
    assert actions(kernel) == {"trap"}
    assert before["acked"] < after["told"] < after["acked"] < after["read"] < time.monotonic() * 1e6


def test_dump_that_ends_early(bed, carved, signals, kernel):
    """The kernel ends it at what the driver fails to tell: all else is looked at by name, and set, and nothing is asked
    for again and again."""
    carved.run(POLICY)
    kernel.ask(f"break {SPECTRUM} trap {BROKEN}")
    for name in TRAPS[3], TRAPS[30]:
        kernel.ask(f"set {SPECTRUM} trap {name} drop")
    kernel.ask("forget")
    apply(carved, signals)
    carved.at_rest()
    assert actions(kernel) == {"trap"}
    dumps, names = asked(kernel)
    assert names == (dumps * TRAPS[20:] if dumps else len(names) // len(TRAPS) * TRAPS)
    assert 1 <= names.count(BROKEN) <= 3
    assert BROKEN in bed.ctl("status", SPECTRUM).stdout
    kernel.ask(f"mend {SPECTRUM} trap {BROKEN}")
    apply(carved, signals)
    carved.wait_state(SPECTRUM, "converged")
    assert BROKEN not in bed.ctl("status", SPECTRUM).stdout
