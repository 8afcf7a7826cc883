# SPDX-License-Identifier: GPL-2.0-or-later
"""Resources: what SIZE and SIZE_NEW say when, what is checked when a size is set and what when it is reloaded."""
import pytest

import rawlink as nl
from switches import AsicSim

UNLIMITED = 2**64 - 1
SINGLES, SINGLE, DOUBLE = "kvd/linear/singles", "kvd/hash_single", "kvd/hash_double"


@pytest.fixture
def switch(asicsim, plug):
    device = plug(AsicSim, "spectrum1")
    yield device
    device.remove()


def test_size_new_shows_while_different(fresh):
    """SIZE_NEW is there only while it differs: from the SET until the driver has read it, or until it is set back."""
    assert fresh.size("IPv4/fib") == (UNLIMITED, None)
    assert not fresh.size_set("IPv4/fib", 5000).error
    assert fresh.size("IPv4/fib") == (UNLIMITED, 5000)
    assert not fresh.size_set("IPv4/fib", UNLIMITED).error
    assert fresh.size("IPv4/fib") == (UNLIMITED, None)
    assert not fresh.size_set("IPv4/fib", 5000).error
    assert not fresh.reload().error
    assert fresh.size("IPv4/fib") == (5000, None)


def test_any_reload_commits(fresh):
    """A reload takes what is staged, whoever staged it."""
    attrs = (nl.RESOURCE_ID, fresh.resources()["IPv4/fib"][nl.RESOURCE_ID]), (nl.SIZE, 5000)
    assert not fresh.ask(nl.RESOURCE_SET, *attrs, link=nl.Link()).error
    assert not fresh.ask(nl.RELOAD, link=nl.Link()).error
    assert fresh.size("IPv4/fib") == (5000, None)


def test_any_action_commits(switch):
    """A driver that reads its sizes in fw_activate commits them there as well."""
    assert not switch.size_set(SINGLES, 16000).error
    assert switch.active("size", SINGLES) == "16384"
    assert not switch.reload(nl.ACTIVATE).error
    assert switch.size(SINGLES) == (16000, None) and switch.active("size", SINGLES) == "16000"


def test_never_read_keeps_size_new(fresh):
    """A resource that the driver never reads keeps SIZE_NEW over every reload; setting it back clears it."""
    assert not fresh.size_set("IPv4/fib", 50).error
    assert not fresh.size_set("IPv4/fib-rules", 50).error
    assert not fresh.size_set("IPv4", 100).error
    for _ in range(2):
        assert not fresh.reload().error
        assert fresh.size("IPv4") == (UNLIMITED, 100) and fresh.size("IPv4/fib") == (50, None)
    assert not fresh.size_set("IPv4", UNLIMITED).error
    assert fresh.size("IPv4") == (UNLIMITED, None)


@pytest.mark.parametrize("path,size,kind", [(SINGLE, 65536 - 128, "minimum"), (SINGLE, 212992 + 128, "maximum"),
                                            (SINGLE, 65536 + 1, "granularity"), ("kvd", 245760 + 128, "fixed")])
def test_limits_are_checked_when_set(switch, path, size, kind):
    """Minimum, maximum and granularity are checked by RESOURCE_SET, which then changes nothing."""
    before = switch.resources()[path]
    if kind == "granularity":
        assert size % before[nl.SIZE_GRAN]
    else:
        assert not before[nl.SIZE_MIN] <= size <= before[nl.SIZE_MAX]
    answer = switch.size_set(path, size)
    assert answer.name == "EINVAL" and answer.warning
    assert switch.resources()[path] == before


def test_unknown_id_and_width(sim):
    """An unknown id is EINVAL; a size that is not 64 bits wide is refused by the policy."""
    assert sim.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, 999), (nl.SIZE, 1)).name == "EINVAL"
    assert sim.ask(nl.RESOURCE_SET, (nl.RESOURCE_ID, 1), (nl.SIZE, b"\1\0\0\0")).name == "ERANGE"


def test_sum_is_checked_by_reload(switch, listener):
    """Children that exceed their parent are accepted by RESOURCE_SET and make it invalid; every reload, of any
    action, then ends with EINVAL before the driver hears of it, notifies nothing and changes nothing."""
    assert switch.resources()["kvd"][nl.SIZE_VALID] == 1
    assert not switch.size_set(SINGLE, 87040 + 128).error
    assert switch.resources()["kvd"][nl.SIZE_VALID] == 0
    listener.notes()
    for action in (None, nl.REINIT, nl.ACTIVATE):
        assert switch.reload(action).name == "EINVAL"
    assert not listener.notes() and not switch.board.count("reload_down") and not switch.dev().failed
    assert switch.size(SINGLE) == (87040, 87040 + 128)
    assert not switch.size_set(DOUBLE, 60416 - 128).error    # the order of the SETs is free
    assert switch.resources()["kvd"][nl.SIZE_VALID] == 1
    assert not switch.reload().error
    assert switch.size(SINGLE) == (87040 + 128, None)


def test_limited_reload_is_checked_too(fresh):
    """The same for a device that supports the action or not: the sizes come first."""
    assert not fresh.size_set("IPv4", 10).error
    assert fresh.resources()["IPv4"][nl.SIZE_VALID] == 0     # two unlimited children
    assert [fresh.reload(a).name for a in (nl.REINIT, nl.ACTIVATE)] == ["EINVAL", "EINVAL"]
    assert not fresh.size_set("IPv4", UNLIMITED).error


def test_sum_wraps_around(fresh):
    """The sum of the children is not checked for overflow: n and an unlimited one count as n - 1."""
    assert not fresh.size_set("IPv4", 1000).error
    assert not fresh.size_set("IPv4/fib", 100).error
    assert fresh.resources()["IPv4"][nl.SIZE_VALID] == 1
    assert fresh.size("IPv4/fib-rules") == (UNLIMITED, None)
    assert not fresh.reload().error
    assert not fresh.size_set("IPv4/fib", 1002).error
    assert fresh.resources()["IPv4"][nl.SIZE_VALID] == 0


def test_size_after_failed_reload(switch):
    """SIZE is the new number as soon as the driver has read it, even if the reload fails after that: it says nothing
    about what is in force without the flag."""
    switch.board.set("clamp_size", f"{SINGLE} 1024 hidden")  # makes the hardware refuse after the sizes were read
    assert not switch.size_set(SINGLES, 16000).error
    assert switch.reload().error
    assert switch.dev().failed and switch.size(SINGLES) == (16000, None)
    switch.board.set("clamp_size", f"{SINGLE} 0")


def test_size_after_early_failure(fresh):
    """A reload that fails before the driver has read a size leaves it staged; the next one takes it."""
    assert not fresh.size_set("IPv4/fib", 5000).error
    fresh.fail_up(True)
    assert fresh.reload().error
    assert fresh.size("IPv4/fib") == (UNLIMITED, 5000)
    fresh.fail_up(False)
    assert not fresh.reload().error
    assert fresh.size("IPv4/fib") == (5000, None)


def test_sizes_survive_reload_not_rebind(switch, rebind):
    """Sizes outlive reloads; unbind and bind bring the defaults and drop what was staged."""
    assert not switch.size_set(SINGLES, 16000).error
    for _ in range(2):
        assert not switch.reload().error
        assert switch.size(SINGLES) == (16000, None)
    assert not switch.size_set(SINGLES, 15000).error
    rebind(switch)
    assert switch.size(SINGLES) == (16384, None) and switch.active("size", SINGLES) == "16384"


def test_driver_may_take_less(switch):
    """A driver that re-registers its resources says in SIZE what it took; one that does not, does not."""
    for hidden, size in (("", 8000), (" hidden", 16000)):
        switch.board.set("clamp_size", f"{SINGLES} 8000{hidden}")
        assert not switch.size_set(SINGLES, 16000).error
        assert not switch.reload().error
        assert switch.size(SINGLES) == (size, None) and switch.active("size", SINGLES) == "8000"


@pytest.mark.parametrize("fixture,path", [("fresh", "IPv4/fib"), ("switch", SINGLES)])
def test_occupancy(request, fixture, path):
    """OCC is absent while the last reload has failed. Everything else of a resource can be read and set then."""
    device = request.getfixturevalue(fixture)
    assert nl.OCC in device.resources()[path]
    device.fail_up(True)
    assert device.reload().error
    attrs = device.resources()[path]
    assert nl.OCC not in attrs and nl.SIZE in attrs
    assert not device.size_set(path, 4096).error
    device.fail_up(False)
    assert not device.reload().error
    assert nl.OCC in device.resources()[path] and device.size(path) == (4096, None)


def test_below_occupancy(fresh):
    """A size below the occupancy is accepted by RESOURCE_SET; the reload fails on its way up."""
    occupied = fresh.resources()["IPv4/fib-rules"][nl.OCC]
    assert occupied > 1
    assert not fresh.size_set("IPv4/fib-rules", 1).error
    assert fresh.reload().name == "ENOSPC"
    assert fresh.dev().failed and fresh.size("IPv4/fib-rules") == (1, None)
    assert not fresh.size_set("IPv4/fib-rules", UNLIMITED).error
    assert not fresh.reload().error
