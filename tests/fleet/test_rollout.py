# SPDX-License-Identifier: GPL-2.0-or-later
"""The role and the playbooks on several switches: nothing is written before all have been looked at,
and the first that is not as declared is the last."""
import json
import shutil

import pytest
from conftest import HANDLE, Fleet, program

CONFIG, CHECK = "carved.fleet.carved_config", "carved.fleet.carved_check"


def policy(rate, **more):
    return {"version": 1, "devices": {"leaf": {
        "match": {"driver": "mlxsw_spectrum"}, "trap_policers": {1: {"rate": rate}}, **more}}}


def of_leaf1(its, others):
    """A variable."""
    return f"{{{{ {its!r} if inventory_hostname == 'leaf1' else {others!r} }}}}"


def start(fleet):
    leaves = fleet.add(3)
    for host in leaves:
        host.carved.config()
        host.start()
    return leaves


@pytest.fixture(scope="module")
def captured(collections, controller, tmp_path_factory):
    """What the playbook has kept of three switches: the same for all tests, as all switches begin alike."""
    fleet = Fleet(tmp_path_factory.mktemp("captured"), collections, controller)
    try:
        start(fleet)
        run = fleet.play("carved.fleet.capture")
    finally:
        fleet.close()
    assert run.code == 0, run.text
    return fleet.folder / "carved-facts"


@pytest.fixture
def leaves(fleet, captured):
    shutil.copytree(captured, fleet.folder / "carved-facts")
    return start(fleet)


def rates(leaves):
    return [host.policer(1) for host in leaves]


def writes(leaves):
    return [host.writes() for host in leaves]


def test_captured_beside_the_inventory(fleet, leaves):
    """One that is as it was is not written again, and in check mode none is."""
    folder = fleet.folder / "carved-facts/leaf1"
    file = folder / (HANDLE.replace("/", "!") + ".json")
    facts = json.loads(file.read_text())
    assert facts["handle"] == HANDLE and facts["trap_policers"]["1"]["rate"] == leaves[1].policer(1)
    assert len(list(folder.iterdir())) == 2 and file.stat().st_mode & 0o777 == 0o644
    file.write_text("{}")
    changed = []
    for options in ["--check"], [], []:
        run = fleet.play("carved.fleet.capture", "--limit=leaf1", *options)
        assert run.code == 0, run.text
        changed.append((run.of("leaf1", "carved.fleet.carved_info")[-1]["changed"], json.loads(file.read_text())))
    assert changed == [(True, {}), (True, facts), (False, facts)]


def test_roll_out_and_again(fleet, leaves):
    """A group with one exception."""
    config = policy("{{ (700 if inventory_hostname == 'leaf1' else 1000) | int }}")
    run = fleet.play("carved.fleet.rollout", carved_config=config)
    assert run.code == 0, run.text
    assert [r["host"] for r in run.document["results"] if r["action"] == CONFIG] == ["leaf0", "leaf1", "leaf2"]
    assert rates(leaves) == [1000, 700, 1000]
    written = writes(leaves)
    again = fleet.play("carved.fleet.rollout", carved_config=config, carved_serial=3)
    assert again.code == 0, again.text
    assert [summary["changed"] for summary in again.hosts.values()] == [0, 0, 0]
    assert rates(leaves) == [1000, 700, 1000] and writes(leaves) == written


def test_one_of_which_carved_does_not_run(fleet, leaves):
    """It is waited for, here in vain."""
    leaves[1].carved.stop()
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000), carved_timeout=1)
    assert run.code != 0
    assert [run.of(h.name, "ansible.builtin.command")[-1].get("skipped", False) for h in leaves[:2]] == [True, False]
    assert "leaf" in leaves[1].bed.file.read_text()
    assert not run.of("leaf2")


def test_check_mode_writes_nothing(fleet, leaves):
    before = rates(leaves)
    run = fleet.play("carved.fleet.rollout", "--check", carved_config=policy(1000))
    assert run.code == 0, run.text
    assert [run.of(h.name)[-1]["changed"] for h in leaves] == [True] * 3
    assert rates(leaves) == before and not any(writes(leaves))
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
    assert rates(leaves) == before and not any(writes(leaves))


def test_without_what_was_captured_nothing_is_done(fleet, leaves):
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000), carved_facts_dir="/nowhere")
    assert run.code != 0
    assert "nothing was captured" in run.of("leaf0", CHECK)[-1]["msg"]
    assert not any(run.of(h.name) for h in leaves) and not any(writes(leaves))


def test_the_first_that_fails_is_the_last(fleet, leaves):
    before = leaves[2].policer(1)
    old = leaves[1].policer(1)
    leaves[1].bed.kernel.ask(f"rule {HANDLE} TRAP_POLICER_SET 1 EINVAL times=1 text=not that one")
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000))
    assert run.code != 0
    assert "not that one" in run.of("leaf1")[-1]["msg"]
    assert not run.of("leaf2")
    assert rates(leaves) == [1000, old, before]


def test_one_that_is_not_reached_again_comes_back_by_itself(fleet, leaves):
    old = leaves[1].policer(1)
    # the switch is cut off as soon as the new config is in force
    cutting = program(leaves[1], "$carvectl \"$@\" || exit\ncase \" $* \" in *' --confirm '*) "
                                 f"touch {leaves[1].cut} ;; esac")
    run = fleet.play("carved.fleet.rollout", carved_config=policy(2000), carved_confirm=of_leaf1("5s", "5m"),
                     carved_timeout=of_leaf1(3, 300), carved_carvectl=of_leaf1(cutting, str(fleet.carvectl)))
    assert run.code != 0
    assert "takes back what was in force before" in run.of("leaf1")[-1]["msg"], run.text
    assert not run.of("leaf2")
    leaves[1].wait(lambda: leaves[1].policer(1) == old, "the roll-back")
    assert leaves[1].writes() == ["TRAP_POLICER_SET"] * 2
    assert (leaves[0].policer(1), leaves[2].writes()) == (2000, [])
    leaves[1].cut.unlink()
    # the next run sees that the files are not in force, and puts them on trial again
    run = fleet.play("carved.fleet.rollout", carved_config=policy(2000))
    assert run.code == 0, run.text
    assert [summary["changed"] for summary in run.hosts.values()] == [0, 1, 1]
    assert rates(leaves) == [2000] * 3


IMAGE = "mellanox/mlxsw_spectrum-13.2010.1406.mfa2"


def running(host):
    return host.bed.kernel.device(HANDLE)["versions"]["running"]["fw.version"]


def flashes(host):
    return host.writes().count("FLASH_UPDATE")


@pytest.fixture
def image(leaves):
    """Beside each switch's firmware."""
    for host in leaves:
        file = host.bed.root / "lib/firmware" / IMAGE
        file.parent.mkdir(parents=True)
        file.write_text("image")
    return {"version": "13.2010.1406", "file": IMAGE}


def test_firmware_in_series(fleet, leaves, image):
    """Only where it is permitted to disturb traffic; again, nothing is flashed."""
    old = running(leaves[0])
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000, firmware=image))
    assert run.code != 0 and "disrupt is not set" in run.of("leaf0")[-1]["msg"], run.text
    assert [running(host) for host in leaves] == [old] * 3 and [flashes(host) for host in leaves] == [0] * 3
    for _ in range(2):
        run = fleet.play("carved.fleet.rollout", carved_config=policy(1000, firmware=image), carved_disrupt=True)
        assert run.code == 0, run.text
        assert [running(host) for host in leaves] == ["13.2010.1406"] * 3
        assert [flashes(host) for host in leaves] == [1] * 3
    assert [summary["changed"] for summary in run.hosts.values()] == [0, 0, 0] and rates(leaves) == [1000] * 3


def test_firmware_that_does_not_come_true_is_the_last(fleet, leaves, image):
    old = running(leaves[1])
    leaves[1].bed.kernel.ask(f"rule {HANDLE} FLASH_UPDATE * EIO times=1 text=flash chip worn out")
    run = fleet.play("carved.fleet.rollout", carved_config=policy(1000, firmware=image), carved_disrupt=True)
    assert run.code != 0
    assert "flash chip worn out" in run.of("leaf1")[-1]["msg"], run.text
    assert not run.of("leaf2")
    assert [running(host) for host in leaves] == ["13.2010.1406", old, old]
    assert [flashes(host) for host in leaves][2] == 0
