# SPDX-License-Identifier: GPL-2.0-or-later
"""Ports, shared buffers, line cards, the eswitch and health reporters: what devlink itself says of them."""
import pytest

import rawlink as nl
from switches import AsicSim


@pytest.fixture
def sn(asicsim):
    made = AsicSim(1, "sn4800")
    yield made
    made.remove()


@pytest.fixture
def nic(asicsim):
    made = AsicSim(2, "mlx5ish", 1)
    yield made
    made.remove()


def words(link, device):
    return [m.word for m in link.notes(device)]


def test_splits_are_told_of_by_ports_alone(sn):
    """The first part has the index of the whole one: an index does not tell who a port is."""
    listener = nl.Link(group=True)
    sn.good(nl.PORT_SPLIT, (nl.PORT, 1), (nl.SPLIT_COUNT, 2))
    told = [m for m in listener.notes(sn) if m.handle == sn.handle]
    assert {m.word for m in told} == {"PORT_NEW", "PORT_DEL"}
    part = sn.good(nl.PORT_GET, (nl.PORT, 1)).replies[0].attrs
    assert (nl.number(part[nl.PORT_NUMBER]), nl.number(part[nl.SUBPORT])) == (1, 0)


@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_count_of_a_split(sn, count):
    """A power of two and no more than there are lanes, says the core before the driver is asked."""
    assert sn.ask(nl.PORT_SPLIT, (nl.PORT, 1), (nl.SPLIT_COUNT, count)).name == "EINVAL"
    assert sn.board.count("split") == 0


def test_buffers_are_not_told_of(sn):
    listener = nl.Link(group=True)
    key = (nl.SB, 0), (nl.SB_POOL, 1)
    sn.good(nl.SB_POOL_SET, *key, (nl.SB_POOL_SIZE, 1000), (nl.SB_THTYPE, 1))
    sn.good(nl.SB_PORT_POOL_SET, (nl.PORT, 1), *key, (nl.SB_THRESHOLD, 9))
    assert words(listener, sn) == []


def test_type_of_a_pool_shows_thresholds_anew(sn):
    key = (nl.SB, 0), (nl.SB_POOL, 1)

    def shown():
        return nl.number(sn.good(nl.SB_PORT_POOL_GET, (nl.PORT, 1), *key).replies[0].attrs[nl.SB_THRESHOLD])

    assert shown() == 0
    sn.good(nl.SB_POOL_SET, *key, (nl.SB_POOL_SIZE, 0), (nl.SB_THTYPE, 1))
    assert shown() == 2                                      # which the driver does not take
    assert sn.ask(nl.SB_PORT_POOL_SET, (nl.PORT, 1), *key, (nl.SB_THRESHOLD, 2)).name == "EINVAL"


def test_line_card_goes_on_by_itself(sn):
    sn.board.set("linecard_ms", 600000)
    card = (nl.LINECARD, 1)
    sn.good(nl.LINECARD_SET, card, (nl.LINECARD_TYPE, "8x200G"))
    assert nl.number(sn.good(nl.LINECARD_GET, card).replies[0].attrs[nl.LINECARD_STATE]) == 3
    assert sn.ask(nl.LINECARD_SET, card, (nl.LINECARD_TYPE, "")).name == "EBUSY"


def test_mode_is_not_told_of(nic):
    nic.board.set("num_vfs", 0)
    listener = nl.Link(group=True)
    nic.good(nl.ESWITCH_SET, (nl.ESWITCH_MODE, 1))
    assert words(listener, nic) == []


def test_reporter_of_a_port_that_there_is_not(nic):
    """It is the device's that answers: whether the port exists has to be known before."""
    found = nic.good(nl.HEALTH_GET, (nl.PORT, 99), (nl.HEALTH_NAME, "fw_fatal")).replies[0].attrs
    assert nl.PORT not in found
    listener = nl.Link(group=True)
    nic.good(nl.HEALTH_SET, (nl.PORT, 99), (nl.HEALTH_NAME, "fw_fatal"), (nl.HEALTH_GRACE, 4000))
    data = dict(nl.each(nic.good(nl.HEALTH_GET, (nl.HEALTH_NAME, "fw_fatal")).replies[0].attrs[nl.HEALTH]))
    assert nl.number(data[nl.HEALTH_GRACE]) == 4000
    assert words(listener, nic) == []
