# SPDX-License-Identifier: GPL-2.0-or-later
"""What carvectl and D-Bus are called is the same everywhere: in the programs, the manual pages and completions."""
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import BUILD, DEVICE, MANAGER, REPOSITORY, ROOT, SPECTRUM, entry
from test_dbus import LEAF

MAN = REPOSITORY / "man"
FOR_ALL = {"json", "bus", "help", "version"}


def help_text():
    return subprocess.run([BUILD / "carvectl", "--help"], capture_output=True, text=True, check=True).stdout


def commands():
    """Each with its arguments."""
    text = help_text().split("Commands:\n")[1].split("\n\n")[0]
    return dict(re.match(r"  (\w+) ?(.*?)  ", line).groups() for line in text.splitlines())


def options():
    """Each with the commands that it is for; none: all."""
    text = help_text().split("Options:\n")[1].split("\n\n")[0]
    found = {}
    for name, owner in re.findall(r"^  --([\w-]+)\S*\s+(?:([\w, ]+): )?", text, re.M):
        found.setdefault(name, set()).update(set(owner.split(", ")) - {""})
    return found


def test_help_is_complete():
    assert set(commands()) == {"status", "plan", "reload", "confirm", "rollback", "configs", "diff",
                               "apply", "retry", "pause", "resume", "wait", "check", "import", "capture", "explain", "resources", "history", "monitor",
                               "metrics"}
    assert {name for name, owners in options().items() if not owners} == FOR_ALL
    assert not [line for line in help_text().splitlines() if len(line) > 80]
    assert subprocess.run([BUILD / "carvectl", "help"], capture_output=True, text=True, check=True).stdout == help_text()


def test_help_is_true():
    """Each command takes what is said, and nothing else. The plain build, as it is started some 500 times."""
    carvectl = REPOSITORY / "build/plain/carvectl"
    owned = {name: owners for name, owners in options().items() if owners}
    nowhere = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}
    for command, arguments in commands().items():
        words = [] if arguments.startswith("[") or not arguments else ["/nowhere"]
        for name, owners in owned.items():
            done = subprocess.run([carvectl, command, *words, f"--{name}"], capture_output=True, text=True,
                                  check=False, env=nowhere)
            wants_value = "requires an argument" in done.stderr
            assert (done.returncode == 64) == (command not in owners or wants_value), (command, name, done)
        done = subprocess.run([carvectl, command, *["x"] * 40], capture_output=True, check=False, env=nowhere)
        assert (done.returncode == 64) == (not arguments.endswith("...")), command


def test_manual_of_carvectl():
    page = (MAN / "carvectl.1").read_text()
    synopsis = page.split(".Sh SYNOPSIS")[1].split(".Sh DESCRIPTION")[0]
    for command in commands():
        assert f".Cm {command}\n" in synopsis
        assert re.search(rf"^\.It Cm {command}\b", page, re.M)
    for name in options():
        assert re.search(rf"^\.It Fl -{name}\b", page, re.M)
    described = set(re.findall(r"^\.It Fl -([\w-]+)", page, re.M))
    assert described == set(options())


def check_zsh_syntax(script):
    if shutil.which("zsh"):
        subprocess.run(["zsh", "-n"], input=script, text=True, check=True)


def test_completion_of_zsh():
    script = (REPOSITORY / "completions/_carvectl").read_text()
    assert re.findall(r"^\t\t'([a-z]+):", script, re.M) == list(commands())
    check_zsh_syntax(script)
    assert set(re.findall(r"--([\w-]+)=?\[", script)) == set(options())
    helps = dict(re.findall(r"^\t\t'([a-z]+):(.*)'$", script, re.M))
    assert all(re.search(rf"^  {name} .*  {re.escape(text)}$", help_text(), re.M) for name, text in helps.items())


class Bash:
    """Completion as readline asks for it."""

    def __init__(self, environment):
        self.environment = {**environment, "PATH": f"{BUILD}:{environment['PATH']}"}

    def complete(self, line):
        script = f"""
            compopt() {{ :; }}
            source {REPOSITORY}/completions/carvectl.bash
            COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:' COMP_LINE=$1 COMP_POINT=${{#1}}
            _carvectl; printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True, check=True,
                              env=self.environment)
        assert not done.stderr
        return set(done.stdout.split())


def test_completion_is_a_word(bed, tmp_path):
    """Whatever an entry is called, TAB and Enter run nothing but carvectl."""
    names = ["zz;touch PWNED;#", "zz$(touch PWNED)", "zz`touch PWNED`", "zz&touch PWNED&", "zz'x", "zz|touch PWNED"]
    (tmp_path / "names").write_text("".join(f'      "entry": "{name}",\n' for name in names))
    carvectl = tmp_path / "carvectl"
    carvectl.write_text(f"#!/bin/sh\ncat {tmp_path}/names\n")
    carvectl.chmod(0o755)
    script = f"""
        compopt() {{ :; }}
        source {REPOSITORY}/completions/carvectl.bash
        COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:' COMP_LINE='carvectl status ' COMP_POINT=16
        _carvectl
        for word in "${{COMPREPLY[@]}}"; do eval "printf '%s\\n' $word"; done
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path,
                          env={**bed.environment, "PATH": f"{tmp_path}:{bed.environment['PATH']}"})
    assert not (tmp_path / "PWNED").exists() and not done.stderr
    assert sorted(done.stdout.splitlines()) == sorted(names)


def test_completion_of_bash(bed):
    bash = Bash(bed.environment)
    assert bash.complete("carvectl ") == set(commands())
    for command in commands():
        wanted = FOR_ALL | {name for name, owners in options().items() if command in owners}
        assert {word.strip("-=") for word in bash.complete(f"carvectl {command} --")} == wanted
    assert bash.complete("carvectl --bus=") == {"system", "user"}
    for words in "--for=", "--for ":
        assert bash.complete(f"carvectl wait {words}") == {"converged", "settled"}
    assert bash.complete("carvectl history --since ") == set()


def test_completion_of_devices(bed, carved):
    carved.run(entry("leaf", "traps: {}", LEAF), entry("spine", "traps: {}", "{driver: none}"))
    bash = Bash(bed.environment)
    for command, arguments in commands().items():
        if "DEVICE" in arguments:
            assert {"leaf", "spine", SPECTRUM} <= bash.complete(f"carvectl {command} ")
    assert bash.complete("carvectl status pci/0000:03") == {"03:00.0"}  # after the last colon, as readline has it
    assert bash.complete("carvectl --json status sp") == {"spine"}
    for words in "status leaf", "plan --with", "history --boot", "rollback":
        assert not {"leaf", "spine"} & bash.complete(f"carvectl {words} ")
    for words in "rollback", "diff", "configs show":
        assert bash.complete(f"carvectl {words} ") == {"0"}


def test_completion_of_files(bed, tmp_path):
    for name in "one.yaml", "other.yaml":
        (tmp_path / name).touch()
    bash = Bash(bed.environment)
    for words in "check", "check --facts", "import", "metrics --output":
        assert bash.complete(f"carvectl {words} {tmp_path}/on") == {f"{tmp_path}/one.yaml"}
    assert bash.complete(f"carvectl plan {tmp_path}/on") == set()
    for words in "--with=", "--with=/etc/carved/carved.yaml=", "--with ", "--without=":
        assert bash.complete(f"carvectl plan {words}{tmp_path}/on") == {f"{tmp_path}/one.yaml"}
    (tmp_path / "orchard").mkdir()
    assert bash.complete(f"carvectl history --journal {tmp_path}/o") == {f"{tmp_path}/orchard"}


def introspected(carved, path, interface):
    text = carved.object(path).Introspect(dbus_interface="org.freedesktop.DBus.Introspectable")
    node = next(i for i in xml.etree.ElementTree.fromstring(text) if i.get("name") == interface)

    def arguments(member, direction):
        return [a for a in member if a.tag == "arg" and a.get("direction", "in") == direction]
    return node, arguments


@pytest.mark.parametrize("interface", [MANAGER, DEVICE])
def test_manual_of_dbus(bed, carved, interface):
    carved.run(entry("leaf", "traps: {}", LEAF))
    node, arguments = introspected(carved, ROOT if interface == MANAGER else carved.path(SPECTRUM), interface)
    page = (MAN / "org.carved1.5").read_text()
    described = set()
    for member in node:
        name = member.get("name")
        if member.tag == "property":
            line = f".It Va {name} No {member.get('type')}"
        elif member.tag in ("method", "signal"):
            words = "".join(f' "{a.get("type")} {a.get("name")}"' for a in arguments(member, "in"))
            out = "".join(f' No \\(-> Va "{a.get("type")} {a.get("name")}"' for a in arguments(member, "out"))
            line = f".It Fn {name}{words}{out}"
        else:
            continue
        described.add(line)
        assert f"\n{line}\n" in page, line
    section = re.findall(rf"\.Ss \w+ of {interface}\n(.*?)(?=\.Ss|\.Sh)", page, re.S)
    assert set(re.findall(r"^\.It .*", "".join(section), re.M)) == described


def test_examples_of_dbus(bed, carved):
    """What the manual page shows can be typed, and gives what it shows."""
    carved.run(entry("leaf-asic", "traps: {}", LEAF))
    page = (MAN / "org.carved1.5").read_text().split(".Sh EXAMPLES")[1]
    typed = re.findall(r"^[$#] (busctl .*?)(?<!\\e)\n", page, re.M | re.S)
    assert len(typed) == 8
    for line in typed:
        words = line.replace("\\e\n", " ").replace("busctl ", f"busctl --address={bed.bus.address} ", 1)
        if "monitor" in words:
            continue
        done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stderr)
        if "get-property" in words and "State" in words:
            assert done.stdout == 's "converged"\n'
