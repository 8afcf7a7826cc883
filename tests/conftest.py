# SPDX-License-Identifier: GPL-2.0-or-later
"""For all suites: up to CARVED_AGAIN tests of a run that fail are run once more, at once, from new fixtures.

run-tests sets it: some thousand tests wait for what others do, beside emulated machines that share two processors.
A test that passes then counts as passed and is told as `unsteady`, with why it failed first (tests/count), up to the
last lines of run-tests. It shows a race, of its own or of carved's, and is to be mended. Who runs pytest by hand, or
looks for mutants, sees each failure.
"""
import os

import pytest
from _pytest.runner import runtestprotocol

LEFT = pytest.StashKey()  # so many more


def pytest_configure(config):
    config.stash[LEFT] = int(os.environ.get("CARVED_AGAIN") or 0)


def tell(item, report):
    crash = getattr(report.longrepr, "reprcrash", None)
    item.user_properties.append(("unsteady", crash.message if crash else report.longreprtext))
    terminal = item.config.pluginmanager.getplugin("terminalreporter")
    terminal.write_line(f"\nunsteady: {item.nodeid}: {report.when}\n{report.longreprtext}\n{report.capstdout}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    stash, hook = item.config.stash, item.ihook
    if not stash[LEFT]:
        return None
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    failed = next((report for report in reports if report.failed), None)
    if failed:
        stash[LEFT] -= 1
        tell(item, failed)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
