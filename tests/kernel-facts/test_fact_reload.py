# SPDX-License-Identifier: GPL-2.0-or-later
"""RELOAD: request, answer, counters, and what is gone afterwards."""
import struct

import pytest

import rawlink as nl
from rawlink import story
from switches import AsicSim, NetdevSim, kernel, u32


def test_reply_needs_a_question(both):
    """RELOAD is answered by more than an ACK only if it named an action or a limit."""
    answer = both.reload()
    assert not answer.error and not answer.replies
    answer = both.reload(nl.REINIT)
    assert [m.cmd for m in answer.replies] == [nl.RELOAD] and nl.PERFORMED in answer.attrs


@pytest.mark.parametrize("fixture,action,limits,performed", [
    ("sim", nl.REINIT, None, 0b010), ("sp1", nl.REINIT, None, 0b110), ("sp1", nl.ACTIVATE, None, 0b110),
    ("nic", nl.REINIT, None, 0b010), ("nic", nl.ACTIVATE, None, 0b110),
    pytest.param("nic", nl.ACTIVATE, nl.NO_RESET, 0b100, id="nic-no_reset")])
def test_performed(request, fixture, action, limits, performed):
    """The reply's mask has bit n for action n, at least the one asked for; its selector is the same, not all actions.
    The counters of all that were performed rise by one."""
    device = request.getfixturevalue(fixture)
    before = device.stats()
    answer = device.reload(action, limits)
    assert struct.unpack("II", answer.attrs[nl.PERFORMED]) == (performed, performed)
    limit = 1 if limits else 0
    assert device.stats() == {(a, x): n + (x == limit and performed >> a & 1) for (a, x), n in before.items()}


def test_no_reset_encoding(nic):
    """no_reset is bit 1 of a bitfield whose selector is 2. A selector of 3, which iproute2 sends, is refused later.
    It goes with fw_activate only: without an action it means driver_reinit, which cannot be limited."""
    assert not nic.reload(nl.ACTIVATE, struct.pack("II", 2, 2)).error
    assert nic.reload(nl.ACTIVATE, struct.pack("II", 2, 3)).name == kernel({"6.1": "OK", "6.12": "EINVAL"})
    assert nic.reload(nl.ACTIVATE, struct.pack("II", 0, 2)).name == "EINVAL"
    assert [nic.reload(a, nl.NO_RESET).name for a in (nl.REINIT, None)] == ["EINVAL", "EINVAL"]


def test_unsupported(sim, sp1):
    """An action or limit that the driver does not have is EOPNOTSUPP, an action that nobody has is ERANGE."""
    assert sim.reload(nl.ACTIVATE).name == "EOPNOTSUPP"
    assert sp1.reload(nl.ACTIVATE, nl.NO_RESET).name == "EOPNOTSUPP"
    assert sp1.reload(9).name == "ERANGE"


def test_order_on_one_socket(both):
    """A socket that subscribes and reloads gets: the notifications, the closing NEW, the reply, the ACK."""
    link = nl.Link(group=True)
    answer = both.ask(nl.RELOAD, (nl.RELOAD_ACTION, nl.REINIT), link=link)
    assert story(answer.messages).endswith(f"NEW {nl.RELOAD} ACK")
    assert all(not m.seq for m in answer.messages[:-2]) and answer.messages[-2].cmd == nl.RELOAD


@pytest.mark.parametrize("fixture,local", [
    ("sim", [(1, 0)]), ("sp1", [(1, 0), (2, 0)]), ("nic", [(1, 0), (2, 0), (2, 1)])], ids=["sim", "sp1", "nic"])
def test_stats_list_what_is_supported(request, fixture, local):
    """RELOAD_STATS has an entry for each supported action and limit, and no other; the remote ones list all."""
    device = request.getfixturevalue(fixture)
    assert list(device.stats()) == local
    assert list(device.stats(nl.REMOTE)) == [(1, 0), (2, 0), (2, 1)]


def test_counters_start_at_registration(asicsim, plug, rebind):
    """Counters start at 0 at each registration, and so equal ones do not prove that nothing happened: ifindexes do."""
    device = plug(AsicSim, "spectrum1")
    assert set(device.stats().values()) == {0}
    device.reload()
    before = device.dev().stats(), device.ifindexes()
    assert set(before[0].values()) == {1}
    rebind(device)
    assert set(device.stats().values()) == {0}
    device.reload()
    assert device.stats() == before[0] and not set(device.ifindexes()) & set(before[1])
    device.remove()


def test_ifindexes_change(any_device):
    """Every reload that resets gives the ports' netdevs new ifindexes."""
    before = any_device.ifindexes()
    assert before and not any_device.reload().error
    after = any_device.ifindexes()
    assert len(after) == len(before) and not set(after) & set(before)


def test_policy_is_lost(both):
    """Traps, bindings of groups and policers are at the driver's defaults after a reload."""
    both.disturb()
    assert both.policy() != both.defaults
    assert not both.reload().error
    assert both.policy() == both.defaults


def test_policy_is_lost_by_recovery(sp1):
    """... and after a recovery that no counter tells of."""
    sp1.disturb()
    sp1.board.set("recover")
    assert sp1.policy() == sp1.defaults


def test_policy_is_kept_by_no_reset(nic):
    """no_reset leaves traps as they are."""
    nic.trap_set("dmac_filter", nl.TRAPPED)
    assert not nic.reload(nl.ACTIVATE, nl.NO_RESET).error
    assert nic.trap("dmac_filter") == nl.TRAPPED
    nic.trap_set("dmac_filter", nl.DROP)


def test_policy_may_be_kept(asicsim, plug, listener):
    """A driver may keep them over a reload: before 6.3 without a word, later the core has them registered anew."""
    device = plug(AsicSim, "spectrum1")
    device.board.set("keep_traps", 1)
    device.disturb()
    before = device.policy()
    listener.notes()
    assert not device.reload().error
    assert device.policy() == before
    assert ("TRAP_NEW" in [m.word for m in listener.notes(device)]) == kernel({"6.1": False, "6.12": True})
    device.remove()


def test_policy_of_nic(nic):
    """A NIC's driver of 6.1 registers its traps once and keeps their actions; later it does so in each reload."""
    nic.trap_set("dmac_filter", nl.TRAPPED)
    assert not nic.reload().error
    assert nic.trap("dmac_filter") == kernel({"6.1": nl.TRAPPED, "6.12": nl.DROP})
    nic.trap_set("dmac_filter", nl.DROP)


@pytest.mark.parametrize("kind", ["netdevsim", "asicsim"])
def test_while_failed(request, kind, plug):
    """After a failed reload there are no ports and no traps: by name EOPNOTSUPP. Params, resources, information and
    RELOAD still work, and so does the counter, which did not move."""
    request.getfixturevalue(kind)
    device = plug(NetdevSim) if kind == "netdevsim" else plug(AsicSim, "spectrum1")
    device.fail_up(True)
    assert device.reload().error and device.dev().failed
    trap, group, policer = device.policies
    assert not device.ifindexes() and device.stats()[1, 0] == 0
    assert [device.ask(*q).name for q in ((nl.TRAP_GET, (nl.TRAP, trap)), (nl.GROUP_GET, (nl.GROUP, group)),
                                          (nl.POLICER_GET, (nl.POLICER, policer)))] == ["EOPNOTSUPP"] * 3
    assert [device.trap_set(trap, 1).name, device.group_set(group, policer).name,
            device.policer_set(policer, 99, 64).name] == ["EOPNOTSUPP"] * 3
    name = "max_macs" if kind == "netdevsim" else "fw_load_policy"
    assert device.param(name) and device.resources() and device.versions()
    if kind == "asicsim":
        answer = device.param_set("acl_region_rehash_interval", nl.T_U32, u32(7000), nl.RUNTIME)
        assert answer.name == kernel({"6.1": "OK", "6.12": "EINVAL"})      # registered by the bring-up from 6.3 on
    device.fail_up(False)
    assert not device.reload().error and not device.dev().failed
    device.remove()
