# SPDX-License-Identifier: GPL-2.0-or-later
"""The collection with Debian 13's ansible-core, which reads values and templates more strictly."""
import json
import os
import pathlib
import subprocess

import pytest
from conftest import TOP, installed
from test_config import policy, result


@pytest.fixture(scope="module")
def newer():
    """The environment in which Ansible is the newer one."""
    done = subprocess.run([TOP / "tests/fleet/newer"], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip((done.stdout + done.stderr).strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    root = pathlib.Path(done.stdout.strip())
    return {"PATH": f"{root}/usr/bin:{os.environ['PATH']}", "PYTHONPATH": f"{root}/usr/lib/python3/dist-packages"}


@pytest.fixture(scope="module")
def controller():
    """As that of conftest.py, but none: the command itself is started for each play."""


@pytest.fixture(scope="module")
def collections(newer, tmp_path_factory):
    """As `collections` of conftest.py, but built and installed by the newer one."""
    return installed(tmp_path_factory.mktemp("newer") / "built", newer)


def test_it_is_newer(newer):
    done = subprocess.run(["ansible", "--version"], env={**os.environ, **newer}, capture_output=True, text=True, check=True)
    major, minor = done.stdout.split("core ")[1].split(".")[:2]
    assert (int(major), int(minor)) >= (2, 19)


def test_documented(newer, collections, tmp_path):
    done = subprocess.run(["ansible-doc", "-t", "module", "--json", "carved.fleet.carved_config"], capture_output=True, text=True,
                          check=True, env={**os.environ, **newer, "ANSIBLE_COLLECTIONS_PATH": str(collections), "HOME": str(tmp_path)})
    assert json.loads(done.stdout)["carved.fleet.carved_config"]["doc"]["options"]


def test_a_trial_is_confirmed(fleet, host, newer):
    run = fleet.config(policy(1000), confirm="5m", more=newer)
    assert run.code == 0, run.text
    assert host.carved.get("ConfirmDeadlineUSec") == 0
    assert host.policer(1) == 1000
    again = fleet.config(policy(1000), "--check", more=newer)
    assert (again.code, result(again, host)["changed"]) == (0, False)


def test_roll_out(fleet, newer):
    """The role and both playbooks; the config has templates."""
    leaves = fleet.add(2)
    for host in leaves:
        host.carved.config()
        host.start()
    captured = fleet.play("carved.fleet.capture", more=newer)
    assert captured.code == 0, captured.text
    rate = "{{ (700 if inventory_hostname == 'leaf1' else 1000) | int }}"
    run = fleet.play("carved.fleet.rollout", carved_config=policy(rate), more=newer)
    assert run.code == 0, run.text
    assert [host.policer(1) for host in leaves] == [1000, 700]
