# SPDX-License-Identifier: GPL-2.0-or-later
"""What the newest kernel of the guests tells and takes, and older ones do not: on real drivers what
test_newer.py tries on the fake."""
import json

import pytest

from carved import entry

pytestmark = pytest.mark.only("trixie-backports", "older kernels have none of it")
SIM = pytest.mark.only("netdevsim", "of its own params and ports")


def test_each_write_is_numbered(switch, carved, capture):
    words = switch.words
    carved.run(entry(switch, traps={words.trap: "trap"}))
    assert carved.state(switch) == "converged"
    assert switch.trap(words.trap) == "trap"
    written = capture.writes(switch.handle)
    assert [w.kind for w in written] == ["trap"]
    assert capture.by_number == len(written)


def test_registered_anew_while_not_running(switch, carved):
    """No counter falls: all are 0 before and after."""
    words = switch.words
    carved.run(entry(switch, traps={words.trap: "trap"}))
    carved.stop()
    switch.unbind()
    switch.bind()
    carved.start()
    carved.settled(switch)
    assert switch.trap(words.trap) == "trap"
    assert f"{switch}: the device registered anew" in carved.text()


@SIM
def test_default(switch, carved, capture):
    """netdevsim resets a param itself."""
    shown = switch.debug / "test2"
    carved.run(entry(switch, params={"test2": 5}))
    assert shown.read_text().strip() == "5"
    carved.reload(entry(switch, params={"test2": "default"}))
    carved.settled(switch)
    assert shown.read_text().strip() == "1234"
    carved.reload(entry(switch, params={"test2": 5}))
    carved.settled(switch)
    carved.reload(entry(switch))
    carved.settled(switch)
    assert shown.read_text().strip() == "1234"
    assert [w.value for w in capture.writes(switch.handle, "runtime")] == [5, None, 5, None]


@SIM
def test_resources_of_a_port(switch, carved):
    carved.run(entry(switch))
    status, said, _error = carved.ctl("resources", str(switch), "--json")
    (shown,) = json.loads(said).values()
    assert status == 0
    assert shown["p1/test_resource"]["size"] == 20
