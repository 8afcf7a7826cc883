# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot be done: nothing is written, and the message says where it was asked for."""
import re

import pytest

from carved import NOBODY, PLACE, config, entry
from switch import UNLIMITED

# what the entry says; what the message must contain
DEVICE = {
    "resource": ("resources: {/nexthop: 100}", "did you mean /nexthops"),
    "param": ("params: {max_mac: 40}", "did you mean max_macs"),
    "trap": ("traps: {tail_dorp: trap}", "did you mean tail_drop"),
    "group": ("trap_groups: {l2_drop: {action: trap}}", "did you mean l2_drops"),
    "policer": ("trap_policers: {9: {rate: 1000}}", "policer 9"),
    "policer limit": ("trap_policers: {1: {rate: 9000}}", "maximum 8000"),
    "policer of a group": ("trap_groups: {l2_drops: {policer: 9}}", "policer 9"),
    "exception trap": ("traps: {fid_miss: drop}", "exception"),
    "control trap": ("traps: {igmp_query: drop}", "control"),
    "type of a param": ("params: {max_macs: many}", "many"),
    "bool": ("params: {test1: 7}", "7"),
    "range of a param": ("params: {max_macs: 5000000000}", "5000000000"),
    "cmode": ("params: {max_macs: {runtime: 40}}", "driverinit"),
    "sum of children": ("resources: {/IPv4: 1000, /IPv4/fib: 900, /IPv4/fib-rules: 200}",
                        "/IPv4/fib 900 + /IPv4/fib-rules 200"),
    "unlimited child": ("resources: {/IPv4: 1000, /IPv4/fib: 900}", "/IPv4/fib-rules"),
    "overflow of a sum": (
        f"resources: {{/IPv4: 1000, /IPv4/fib: 100, /IPv4/fib-rules: {UNLIMITED - 1}}}", "/IPv4"),
    "percent of unlimited": ("resources: {/IPv4/fib: 40%}", "unlimited"),
    "below occupancy": ("resources: {/IPv4/fib-rules: 1}", "in use"),
}
FILE = {
    "malformed": ("devices: {\n", "{"),
    "unknown key": ("devices: {a: {match: {driver: netdevsim}, trap: {}}}", 'did you mean "traps"'),
    "wrong type": ("devices: {a: {match: {driver: netdevsim}, traps: 7}}", "map"),
    "action": ("devices: {a: {match: {driver: netdevsim}, traps: {tail_drop: dorp}}}", "dorp"),
    "yaml 1.1": ("devices: {a: {match: {driver: netdevsim}, params: {test1: on}}}", "true"),
    "empty match": ("devices: {a: {match: {}, traps: {tail_drop: trap}}}", "match"),
    "no version": (None, "version"),
}


@pytest.mark.parametrize("body,says", DEVICE.values(), ids=DEVICE.keys())
def test_against_the_device(switch, once, capture, body, says):
    # the rest of the entry must not be carried out either
    if not body.startswith("traps"):
        body += "\ntraps: {blackhole_route: trap}"
    text = config(entry(switch, body))
    status, said = once.run("--once", text=text)
    assert status == 3
    lines = [line for line in said.splitlines() if re.search(PLACE, line)]
    assert any(says in line for line in lines)
    assert "refused" in said
    assert capture.writes() == []


@pytest.mark.parametrize("body,says", FILE.values(), ids=FILE.keys())
def test_file(switch, once, capture, body, says):
    text = f"version: 1\n{body}\n" if body else "devices: {a: {match: {driver: netdevsim}}}\n"
    status, said = once.run("--once", text=text)
    assert status == 78
    assert any(says in line for line in said.splitlines() if re.search(PLACE + ": error", line))
    assert capture.writes() == []


def test_all_problems_at_once(switch, once):
    text = config(entry(switch, """\
        resources: {/nexthop: 100}
        params: {max_mac: 40}
        traps: {tail_dorp: trap}
        """))
    status, said = once.run("--once", text=text)
    assert status == 3
    for place, name in (":5:", "/nexthop"), (":6:", "max_mac"), (":7:", "tail_dorp"):
        assert any(place in line and name in line for line in said.splitlines())


def test_absent_device(once, capture):
    text = config(entry("netdevsim/netdevsim99", "traps: {tail_drop: trap}"))
    status, said = once.run("--once", text=text)
    assert status == 3
    assert "netdevsim99" in said
    assert capture.writes() == []


def test_two_entries_on_one_device(switch, once, capture):
    text = config(entry("one", "traps: {tail_drop: trap}", match=f"{{handle: {switch}}}"),
                  entry("two", "traps: {tail_drop: trap}", match=f"{{driver: {switch.driver}}}"))
    status, said = once.run("--once", text=text)
    assert status == 3
    assert re.search(PLACE + ".*entries one .* and two both match", said)
    assert capture.writes() == []


def test_refused_by_the_driver(switch, carved, capture):
    """One object stays as it was; the others are set; it is not tried again."""
    body = "trap_policers: {1: {rate: 800}}\ntraps: {tail_drop: trap}"
    switch.knob("fail_trap_policer_set", "Y")
    carved.run(entry(switch, body), audit="1s")
    assert carved.state(switch) == "failed"
    assert "fail" in carved.get(switch, "LastExtack")
    assert re.search(PLACE, carved.get(switch, "LastError"))
    assert switch.policer(1) == (1000, 128)
    assert switch.trap("tail_drop") == "trap"
    # what it does later shows that it has looked again
    switch.set_trap("tail_drop", "drop")
    capture.wait_for(switch.handle, "trap", "tail_drop", 1)
    assert len([w for w in capture.writes(kind="policer") if w.object == 1]) == 1
    assert carved.state(switch) == "failed"
    # something changes
    switch.knob("fail_trap_policer_set", "N")
    carved.reload(entry(switch, "trap_policers: {1: {rate: 900}}"))
    carved.settled(switch)
    assert switch.policer(1) == (900, 128)


def test_no_privilege(switch, once, capture):
    text = config(entry(switch, "traps: {tail_drop: trap}"))
    for folder in once.folder, once.folder / "state", once.folder / "runtime":
        folder.chmod(0o777)
    for parent in once.folder.parents:
        if parent.stat().st_mode & 0o5 != 0o5:
            parent.chmod(parent.stat().st_mode | 0o5)
    status, said = once.run("--once", text=text, prefix=NOBODY)
    assert status == 3
    assert "CAP_NET_ADMIN" in said
    assert switch.trap("tail_drop") == "drop"


def test_daemon_is_running(switch, carved, once):
    carved.run(entry(switch, "traps: {tail_drop: trap}"))
    status, said = once.run("--once", "--runtime-dir", "/run/carved", text=config())
    assert status == 75
    assert "running" in said


def test_not_converged(switch, once):
    text = config(entry(switch, "trap_policers: {1: {rate: 9000}}"))
    assert once.run("--once", text=text)[0] == 3


@pytest.mark.parametrize("argument,status", [("--version", 0), ("--help", 0), ("--nonsense", 64),
                                             ("extra", 64), ("--bus=nonsense", 64)])
def test_usage(once, argument, status):
    assert once.run(argument)[0] == status
