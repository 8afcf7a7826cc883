# SPDX-License-Identifier: GPL-2.0-or-later
"""For all suites. What a kernel does by itself is dealt out among the guests that run the same one (SHARED).

Up to CARVED_AGAIN tests of a run that fail are run once more, at once, from new fixtures.

run-tests sets it: some thousand tests wait for what others do, beside emulated machines that share two processors.
A test that passes then counts as passed and is told as `unsteady`, with why it failed first (tests/count), up to the
last lines of run-tests. It shows a race, of its own or of carved's, and is to be mended. Who runs pytest by hand, or
looks for mutants, sees each failure.
"""
import os
import zlib

import pytest
from _pytest.runner import runtestprotocol

# of tests/vm/build: Debian 13 keeps the Linux that Debian 12 also has as an update, one source for both
SAME_KERNEL = ("6.12", "trixie")
SHARED = ("asicsim", "kernel-facts", "fake/conformance")

LEFT = pytest.StashKey()  # so many more


def pytest_configure(config):
    config.stash[LEFT] = int(os.environ.get("CARVED_AGAIN") or 0)


def here(item):
    """Each test on one of the lines with this kernel, if both are booted."""
    suite = item.nodeid.removeprefix("tests/").rpartition("/")[0]
    line, lines = os.environ.get("CARVED_LINE"), os.environ.get("CARVED_LINES", "").split()
    if suite not in SHARED or line not in SAME_KERNEL or not set(SAME_KERNEL) <= set(lines):
        return True
    return SAME_KERNEL[zlib.crc32(item.name.encode()) % 2] == line


def pytest_collection_modifyitems(config, items):
    if os.environ.get("CARVED_EVERYTHING"):
        return
    config.hook.pytest_deselected(items=[item for item in items if not here(item)])
    items[:] = [item for item in items if here(item)]


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
