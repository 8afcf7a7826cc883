# SPDX-License-Identifier: GPL-2.0-or-later
"""ansible-playbook for one play after the other: what it imports is imported once, which takes as long as a play.

A line of standard input is a play, as JSON: its arguments, its folder, and the files for its standard output and
error. Each runs in a process of its own, and the line that answers is its exit status.
"""
import importlib
import json
import os
import pkgutil
import sys

from ansible.cli.playbook import PlaybookCLI
from ansible.executor import module_common  # noqa: F401


def play(arguments, folder, files):
    """Returns the exit status."""
    os.chdir(folder)
    for fd, file in enumerate([os.devnull, *files]):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), fd)
    try:
        PlaybookCLI.cli_executor(["ansible-playbook", *arguments])
    except SystemExit as end:
        return end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


for kind in "become", "cache", "callback", "connection", "inventory", "shell", "strategy", "vars":
    package = importlib.import_module(f"ansible.plugins.{kind}")
    for plugin in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"ansible.plugins.{kind}.{plugin.name}")

for line in sys.stdin:
    child = os.fork()
    if not child:
        status = 70
        try:
            status = play(**json.loads(line))
        finally:
            os._exit(status)  # the temporary folder is the next one's, too
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
