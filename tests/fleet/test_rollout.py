# SPDX-License-Identifier: GPL-2.0-or-later
"""The role and the playbooks on several switches: nothing is written before all have been looked at,
and the first that is not as declared is the last."""
import json

import pytest
from conftest import HANDLE

CHECK = "carved.fleet.carved_check"


def policy(rate, **more):
    return {"version": 1, "devices": {"leaf": {
        "match": {"driver": "mlxsw_spectrum"}, "trap_policers": {1: {"rate": rate}}, **more}}}


@pytest.fixture
def leaves(fleet):
    leaves = fleet.add(3)
    for host in leaves:
        host.carved.config()
        host.start()
    captured = fleet.play("carved.fleet.capture")
    assert captured.code == 0, captured.text
    return leaves


def rates(leaves):
    return [host.policer(1) for host in leaves]


def test_captured_beside_the_inventory(fleet, leaves):
    file = fleet.folder / "carved-facts/leaf1" / (HANDLE.replace("/", "!") + ".json")
    assert json.loads(file.read_text())["handle"] == HANDLE


def test_roll_out_and_again(fleet, leaves):
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000))
    assert run.code == 0, run.text
    assert rates(leaves) == [1000] * 3
    again = fleet.play("carved.fleet.rollout", carved_config=policy(1000))
    assert again.code == 0, again.text
    assert [summary["changed"] for summary in again.hosts.values()] == [0, 0, 0]


def test_check_mode_writes_nothing(fleet, leaves):
    before = rates(leaves)
    run = fleet.play("carved.fleet.rollout", "--check", carved_config=policy(1000))
    assert run.code == 0, run.text
    assert [run.of(h.name)[-1]["changed"] for h in leaves] == [True] * 3
    assert rates(leaves) == before
    assert not any("leaf" in h.bed.file.read_text() for h in leaves)


def test_one_that_does_not_fit_stops_all_before_a_write(fleet, leaves):
    before = rates(leaves)
    file = next((fleet.folder / "carved-facts/leaf2").glob("pci*.json"))
    facts = json.loads(file.read_text())
    del facts["trap_policers"]["1"]
    file.write_text(json.dumps(facts))
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000))
    assert run.code != 0
    assert "/etc/carved/carved.yaml:6:7: the device has no trap policer 1" in run.of("leaf2", CHECK)[-1]["msg"], run.text
    assert not any(run.of(h.name) for h in leaves), "the module ran"
    assert rates(leaves) == before


def test_without_what_was_captured_nothing_is_done(fleet, leaves):
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000), carved_facts_dir="/nowhere")
    assert run.code != 0
    assert "nothing was captured" in run.of("leaf0", CHECK)[-1]["msg"]
    assert not any(run.of(h.name) for h in leaves)


def test_the_first_that_fails_is_the_last(fleet, leaves):
    before = leaves[2].policer(1)
    old = leaves[1].policer(1)
    leaves[1].bed.kernel.ask(f"rule {HANDLE} TRAP_POLICER_SET 1 EINVAL times=1 text=not that one")
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000))
    assert run.code != 0
    assert "not that one" in run.of("leaf1")[-1]["msg"]
    assert not run.of("leaf2")
    assert rates(leaves) == [1000, old, before]


def test_what_one_host_was_given_is_its_own(fleet, leaves):
    """A group with one exception."""
    config = policy("{{ 700 if inventory_hostname == 'leaf1' else 1000 }}")
    config["devices"]["leaf"]["trap_policers"][1]["rate"] = \
        "{{ (700 if inventory_hostname == 'leaf1' else 1000) | int }}"
    run = fleet.play("carved.fleet.rollout", carved_config=config, carved_serial=3)
    assert run.code == 0, run.text
    assert rates(leaves) == [1000, 700, 1000]
