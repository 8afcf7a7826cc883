# SPDX-License-Identifier: GPL-2.0-or-later
"""What the newest kernel of the guests tells and takes, and older ones do not: on real drivers what
test_newer.py tries on the fake."""
import json

import pytest

from board import Board
from carved import entry, wait

pytestmark = pytest.mark.only("trixie-backports", "older kernels have none of it")
CSUM = "swp_l4_csum_mode"
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
    assert f"{switch}: the device registered again" in carved.text()


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


@pytest.fixture
def function(place):  # pylint: disable=unused-argument
    """Of an adapter of which all functions are nested in one instance without a device."""
    board = Board("rvuish", 1, 30)
    yield "asicsim/asicsim30"
    board.remove()


def test_what_functions_share_is_no_device(function, carved):
    """It reports their driver, and has nothing that an entry could be about."""
    carved.run(entry("nics", match="{driver: asicsim}", params={CSUM: "l4_only"}))
    states = carved.listed()
    (shared,) = [handle for handle in states if handle.startswith("devlink_index/")]
    assert states == {function: "pending-power-cycle", shared: "unmanaged"}


def test_list_of_numbers(function, carved):
    carved.run(entry(function, params={"npc_srch_order": 3}))
    assert carved.state(function) == "refused"
    assert "param npc_srch_order is a list of numbers (" in carved.get(function, "StateReason")
    said = carved.ctl("capture", function)[1]
    assert said.startswith("# Param npc_srch_order/runtime is a list of numbers (")


def test_default_of_a_permanent_param(function, carved, capture):
    """Whichever way it is written, the driver brings it back."""
    written = []
    carved.run(entry(function))
    for value, sent in (("l4_only", "l4_only"), ("default", None), ("l4_only", "l4_only"), ("full_csum", None)):
        carved.reload(entry(function, params={CSUM: value}))
        written.append(sent)
        wait(lambda: [w.value for w in capture.writes(function)] == written, f"{value} to be set")
