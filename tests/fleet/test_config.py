# SPDX-License-Identifier: GPL-2.0-or-later
"""The modules on one switch."""
import yaml
from conftest import HANDLE, program


def policy(rate, **more):
    return {"version": 1, "devices": {"leaf": {
        "match": {"driver": "mlxsw_spectrum"}, "trap_policers": {1: {"rate": rate}}, **more}}}


def result(run, host):
    return run.of(host.name)[-1]


def given(host, rate):
    """A config that is there, and in force."""
    host.bed.file.write_text(yaml.safe_dump(policy(rate)))
    assert host.bed.ctl("reload").returncode == 0
    assert host.policer(1) == rate


def test_check_mode_says_what_then_happens(fleet, host):
    """And the second time, nothing."""
    rate, written = host.policer(1), host.writes()
    run = fleet.config(policy(1000), "--check", "--diff")
    said = result(run, host)
    assert run.code == 0, run.text
    assert said["changed"]
    assert host.policer(1) == rate and "leaf" not in host.bed.file.read_text()
    assert host.writes() == written
    assert [(s["kind"], s["object"]) for s in said["steps"]] == [("trap_policer", "1")]
    assert "trap_policers.1.rate: 1000" in said["diff"]["after"]

    run = fleet.config(policy(1000))
    did = result(run, host)
    assert run.code == 0, run.text
    assert (did["changed"], did["carved_state"], did["steps"]) == (True, "converged", said["steps"])
    assert host.policer(1) == 1000
    assert host.writes() == [*written, "TRAP_POLICER_SET"]

    stamp = host.bed.file.stat()
    run = fleet.config(policy(1000))
    again = result(run, host)
    assert run.code == 0, run.text
    assert (again["changed"], again["carved_state"], again["steps"]) == (False, "converged", [])
    assert host.policer(1) == 1000
    assert host.writes() == [*written, "TRAP_POLICER_SET"]
    assert (host.bed.file.stat().st_ino, host.bed.file.stat().st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)


def once_after_reload(host, command):
    """carvectl, but that when the status is asked for the first time after a reload, this command is run instead."""
    told = host.bed.folder / "told"
    return program(host, f"""case " $* " in
        *' reload '*) touch {told} ;;
        *' status '*) [ ! -e {told} ] || {{ rm {told}; {command}; exit; }} ;;
        esac; exec $carvectl "$@" """)


def test_a_trial_is_confirmed(fleet, host):
    """Over a connection that was made when nothing went on any more."""
    busy = once_after_reload(
        host, """$carvectl "$@" | sed '0,/"state"/s/"state": *"[a-z]*"/"state":"applying"/'""")
    run = fleet.config(policy(1000), confirm="5m", carvectl=busy)
    assert run.code == 0, run.text
    assert result(run, host)["carved_state"] == "converged"
    assert host.used_for() == ["reset", "status", "wait", "reset", "status", "confirm"]
    assert host.carved.get("ConfirmDeadlineUSec") == 0
    assert host.policer(1) == 1000


def test_a_trial_that_is_over_is_not_confirmed(fleet, host):
    given(host, 1000)
    ended = once_after_reload(host, """$carvectl rollback --yes >&2; $carvectl "$@" """)
    run = fleet.config(policy(2000), confirm="5m", carvectl=ended)
    assert run.code != 0 and "the trial is over already" in result(run, host)["msg"], run.text
    assert "confirm" not in host.used_for()
    assert host.policer(1) == 1000


def test_a_reload_needs_to_be_permitted(fleet, host):
    size = host.size("/kvd/hash_single")
    run = fleet.config(policy(1000, resources={"/kvd/hash_single": 65536}))
    said = result(run, host)
    assert run.code != 0 and "disrupt is not set" in said["msg"]
    assert "leaf" not in host.bed.file.read_text()
    assert host.size("/kvd/hash_single") == size
    assert not host.writes()


def test_a_reload_that_is_permitted_is_made(fleet, host):
    wanted = policy(1000, reload="manual", resources={"/kvd/hash_single": 65536})
    said = result(fleet.config(wanted, "--check", disrupt=True, confirm="5m"), host)
    assert "RELOAD" not in host.writes()
    run = fleet.config(wanted, disrupt=True, confirm="5m")
    assert run.code == 0, run.text
    assert result(run, host)["steps"] == said["steps"] and "reload" in [s["kind"] for s in said["steps"]]
    assert host.writes().count("RELOAD") == 1
    assert host.size("/kvd/hash_single") == 65536
    assert host.policer(1) == 1000
    assert host.carved.get("ConfirmDeadlineUSec") == 0


def test_a_file_that_is_wrong_is_not_written(fleet, host):
    run = fleet.config(policy("fast"))
    said = result(run, host)
    assert run.code != 0
    assert f"{host.bed.file}:8:15: error" in said["msg"], said["msg"]
    assert "leaf" not in host.bed.file.read_text() and not host.writes()


def test_a_switch_that_does_not_converge_takes_back_the_old(fleet, host):
    given(host, 1000)
    text = host.bed.file.read_text()
    host.bed.kernel.ask("rule pci/0000:03:00.0 TRAP_POLICER_SET 1 EINVAL times=1 text=not that one")
    run = fleet.config(policy(2000), confirm="5m")
    said = result(run, host)
    assert run.code != 0 and "not that one" in said["msg"], said
    assert "is back" in said["msg"]
    assert host.bed.file.read_text() == text
    assert host.policer(1) == 1000
    assert not host.carved.get("ConfigOutOfSync")


def test_absent(fleet, host):
    drop_in = "{{ carved_root }}/etc/carved/carved.d/50-leaf.yaml"
    rate = host.policer(1)
    fleet.config(policy(1000), dest=drop_in)
    file = host.bed.root / "etc/carved/carved.d/50-leaf.yaml"
    assert host.policer(1) == 1000 and file.exists()
    run = fleet.config(None, dest=drop_in, state="absent")
    assert run.code == 0 and result(run, host)["changed"], run.text
    assert host.policer(1) == rate and not file.exists()
    run = fleet.config(None, dest=drop_in, state="absent")
    assert run.code == 0 and not result(run, host)["changed"], run.text


def test_drop_ins_and_presets_come_with_it(fleet, host):
    """What an interrupted run has left beside them is not read."""
    drop_ins = host.bed.root / "etc/carved/carved.d"
    drop_ins.mkdir()
    (drop_ins / ".carved-k3j2").write_text("version: 1\ndevi")
    run = fleet.config({"version": 1, "devices": {"leaf": {
        "match": {"driver": "mlxsw_spectrum"}, "presets": ["slow"]}}},
        presets={"slow": {"version": 1, "trap_policers": {1: {"rate": 500}}}},
        dropins={"50-more": {"version": 1, "devices": {"leaf": {"trap_policers": {2: {"rate": 700}}}}}})
    assert run.code == 0, run.text
    assert (host.policer(1), host.policer(2)) == (500, 700)
    assert sorted(f.name for f in drop_ins.iterdir()) == [".carved-k3j2", "50-more.yaml"]


def test_unknown_arguments(fleet, host):
    run = fleet.config(policy(1000), confrim="5m")
    assert run.code != 0 and "confrim" in result(run, host)["msg"]
    assert "leaf" not in host.bed.file.read_text() and not host.writes()


def test_a_carved_that_is_too_old_for_trials(fleet, host):
    old = program(host, "$carvectl \"$@\" | sed s/confirm_deadline_usec/unknown/")
    run = fleet.config(policy(1000), confirm="5m", carvectl=old)
    assert run.code != 0 and "too old for trials" in result(run, host)["msg"]
    assert "leaf" not in host.bed.file.read_text() and not host.writes()


def test_a_host_that_cannot_be_reached_at_all(fleet, host):
    host.cut.touch()
    run = fleet.config(policy(1000))
    assert run.code != 0 and result(run, host)["unreachable"]
    assert "leaf" not in host.bed.file.read_text()


def test_a_switch_of_which_carved_does_not_run(fleet, host):
    """The file is written, and in force when it starts."""
    rate = host.policer(1)
    host.carved.stop()
    run = fleet.config(policy(1000))
    assert run.code == 0, run.text
    assert (result(run, host)["changed"], result(run, host)["running"]) == (True, False)
    assert host.policer(1) == rate
    host.start()
    assert host.policer(1) == 1000


def test_a_trial_of_somebody_else_is_left_alone(fleet, host):
    host.carved.config("  leaf:\n    match: {driver: mlxsw_spectrum}\n    trap_policers: {1: {rate: 700}}\n")
    assert host.bed.ctl("reload", "--confirm=5m").returncode == 0
    run = fleet.config(policy(1000), confirm="5m")
    assert run.code != 0 and "is on trial" in result(run, host)["msg"]
    assert host.policer(1) == 700 and host.carved.get("ConfirmDeadlineUSec") > 0
    assert "700" in host.bed.file.read_text()


def info(fleet, host, **arguments):
    run = fleet.play([{"hosts": "carved", "gather_facts": False, "environment": "{{ carved_environment }}", "tasks": [
        {"carved.fleet.carved_info": {"carvectl": "{{ carved_carvectl }}", **arguments}}]}])
    return run.of(host.name, "carved.fleet.carved_info")[-1]


def test_info(fleet, host):
    found = info(fleet, host, gather=["status", "facts", "resources"])
    assert not found["changed"]
    assert {d["handle"] for d in found["status"]["devices"]} == {HANDLE, "netdevsim/netdevsim10"}
    assert found["facts"][HANDLE]["trap_policers"]["1"]["rate"] == host.policer(1)
    sizes = {path: r["size"] for path, r in found["resources"][HANDLE].items()}
    assert sizes["/kvd/linear"] == host.size("/kvd/linear")
    assert set(info(fleet, host, gather=["facts"], devices=[HANDLE])["facts"]) == {HANDLE}


def test_info_of_what_is_not_there(fleet, host):
    found = info(fleet, host, devices=["leaf9"])
    assert "no device or entry leaf9" in found["msg"]
