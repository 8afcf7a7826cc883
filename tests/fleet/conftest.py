# SPDX-License-Identifier: GPL-2.0-or-later
"""Switches that Ansible reaches: each a carved on the fake kernel and a bus of its own, with files
of its own. Ansible runs as it would for real hosts, but that their connection is to this machine.

What a switch is like is asked of the fake kernel.
"""
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest
import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("bus_bed", TOP / "tests/bus/conftest.py")
bus_bed = importlib.util.module_from_spec(spec)
sys.modules["bus_bed"] = bus_bed
spec.loader.exec_module(bus_bed)

HANDLE = bus_bed.SPECTRUM
PLUGINS = pathlib.Path(__file__).parent


class Host:
    """A switch."""

    def __init__(self, name, fleet):
        self.name, self.fleet = name, fleet
        self.bed = bus_bed.Bed()
        self.carved = bus_bed.Carved(self.bed)
        self.cut = self.bed.folder / "cut"

    def start(self):
        self.carved.start()
        self.carved.at_rest()

    def close(self):
        self.carved.stop()
        self.bed.close()

    def variables(self):
        return {"carved_root": str(self.bed.root), "cut": str(self.cut),
                "carved_environment": {k: str(v) for k, v in self.bed.environment.items()}}

    def policer(self, number):
        """Its rate, as the kernel has it."""
        return self.bed.kernel.ask(f"state {HANDLE}")["trap_policers"][str(number)]["rate"]

    def size(self, path):
        return self.bed.kernel.ask(f"state {HANDLE}")["resources"][path]["size"]

    def used_for(self):
        """What the connection was used for, without the module: "reset" and commands of carvectl."""
        lines = pathlib.Path(f"{self.cut}-events").read_text().splitlines()
        return [line if line == "reset" else command[1] for line in lines
                if (command := re.search(r"--bus=system (?:--json )?(\w+)", line)) or line == "reset"]

    def wait(self, condition, what):
        return bus_bed.wait(condition, what)

    def writes(self):
        """The requests that ask for a change, in their order."""
        return [r["command"] for r in self.bed.kernel.ask("requests")
                if r["command"].endswith("_SET") or r["command"] in ("RELOAD", "FLASH_UPDATE")]


def program(host, text):
    """carvectl, but for what `text` does."""
    script = host.bed.folder / "carvectl"
    script.write_text(f"#!/bin/sh\ncarvectl={host.fleet.carvectl}\n{text}\n")
    script.chmod(0o755)
    return str(script)


class Run:
    """What Ansible said, by host and task."""

    def __init__(self, code, said, complaints=""):
        self.code, self.text = code, said + complaints
        try:
            self.document = json.loads(said)
        except ValueError:
            raise AssertionError(self.text) from None
        self.hosts = self.document["hosts"]

    def of(self, host, action="carved.fleet.carved_config"):
        """The results of the tasks of one kind on a host."""
        return [r for r in self.document["results"] if (r["host"], r["action"]) == (host, action)]


def environment(folder, collections, plugins):
    """Of an Ansible with these collections and plugins, whose own files are in this folder."""
    return {"ANSIBLE_COLLECTIONS_PATHS": str(collections),  # before ansible-core 2.15
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_CONNECTION_PLUGINS": str(plugins / "connection"),
            "ANSIBLE_CONFIG": str(plugins / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "results",
            "ANSIBLE_CALLBACK_PLUGINS": str(plugins / "callback"), "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"), "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_DEPRECATION_WARNINGS": "0", "ANSIBLE_LOCALHOST_WARNING": "0", "HOME": str(folder)}


class Controller:
    """Plays playbooks one after the other; see controller.py."""

    def __init__(self, folder, collections):
        self.files = [folder / "output", folder / "error"]
        self.process = subprocess.Popen(
            ["/usr/bin/python3", PLUGINS / "controller.py"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, **environment(folder, collections, PLUGINS)})

    def play(self, arguments, folder):
        self.process.stdin.write(json.dumps({
            "arguments": [str(a) for a in arguments], "folder": str(folder),
            "files": [str(f) for f in self.files]}) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return Run(code, *(f.read_text() for f in self.files))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(60) == 0


class Fleet:
    """Switches and the Ansible that knows them: a process a play, or else a controller."""
    command = ["ansible-playbook"]
    plugins = PLUGINS

    def __init__(self, folder, collections, controller=None):
        self.folder, self.collections, self.controller = folder, collections, controller
        self.hosts = []
        self.carvectl = TOP / "build/plain/carvectl"  # each task starts it several times
        self.variables = {"ansible_connection": "cut", "ansible_python_interpreter": sys.executable,
                          "carved_install": False, "carved_carvectl": str(self.carvectl)}

    def add(self, number):
        hosts = [Host(f"leaf{i}", self) for i in range(len(self.hosts), len(self.hosts) + number)]
        self.hosts += hosts
        return hosts

    def close(self):
        for host in self.hosts:
            host.close()

    def inventory(self, **variables):
        file = self.folder / "inventory.yml"
        file.write_text(yaml.safe_dump({"carved": {
            "hosts": {h.name: h.variables() for h in self.hosts},
            "vars": {**self.variables, **variables}}}))
        return file

    def play(self, playbook, *options, more=None, **variables):
        """Run a playbook of the collection, or one that is given as a list of plays. more: of the environment."""
        if isinstance(playbook, list):
            path = self.folder / "playbook.yml"
            path.write_text(yaml.safe_dump(playbook, sort_keys=False))
            playbook = path
        arguments = ["-i", self.inventory(**variables), *options, playbook]
        if self.controller and not more:
            return self.controller.play(arguments, self.folder)
        done = subprocess.run(
            [*self.command, *arguments],
            env={**os.environ, **environment(self.folder, self.collections, self.plugins), **(more or {})},
            capture_output=True, text=True, check=False, timeout=900, cwd=self.folder)
        return Run(done.returncode, done.stdout, done.stderr)

    def config(self, config, *options, more=None, **arguments):
        """One task of the module on all hosts."""
        task = {"carved.fleet.carved_config": {
            "dest": "{{ carved_root }}/etc/carved/carved.yaml", "carvectl": "{{ carved_carvectl }}",
            **({"config": config} if config is not None else {}), **arguments}}
        return self.play([{"hosts": "carved", "gather_facts": False,
                           "environment": "{{ carved_environment }}", "tasks": [task]}],
                         *options, more=more)


def installed(folder, more=None):
    """The collection, built and installed below `folder` as its users do; where it is."""
    folder.mkdir(exist_ok=True)
    for words in (["build", TOP / "ansible"], ["install", "carved-fleet-0.1.0.tar.gz", "-p", folder / "collections"]):
        subprocess.run(["ansible-galaxy", "collection", *words], check=True, stdout=subprocess.DEVNULL, cwd=folder,
                       env={**os.environ, "HOME": str(folder), **(more or {})})
    return folder / "collections"


@pytest.fixture(scope="session")
def collections():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="carved-collection-"))
    yield installed(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def controller(collections, tmp_path_factory):
    controller = Controller(tmp_path_factory.mktemp("controller"), collections)
    yield controller
    controller.close()


@pytest.fixture
def fleet(collections, controller):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="carved-fleet-"))
    fleet = Fleet(folder, collections, controller)
    yield fleet
    fleet.close()
    shutil.rmtree(folder)


@pytest.fixture
def host(fleet):
    """One switch whose carved runs and has nothing to do yet."""
    host, = fleet.add(1)
    host.carved.config()
    host.start()
    return host
