# SPDX-License-Identifier: GPL-2.0-or-later
"""carvectl wait, as scripts and units use it."""
import subprocess

import pytest

from conftest import BUILD, DEADLINE, SPECTRUM, wait
from test_carvectl import TRAP, expect
from test_dbus import SIZES, leaf

NAME = "source_mac_is_multicast"


def test_it_is_there(bed, carved):
    carved.run(leaf(TRAP))
    for words in [], ["leaf"], [SPECTRUM], ["--for=converged"], ["--for", "settled", "--timeout", "1s"]:
        expect(bed.ctl("wait", *words), 0, "^$")


def test_it_is_not(bed, carved):
    carved.run(leaf("reload: manual\n" + SIZES))
    expect(bed.ctl("wait", "--timeout", "200ms"), 3, "^$",
           err=[f"^carvectl: {SPECTRUM} is pending-reload: waits for a permitted reload"])
    expect(bed.ctl("wait", "--for=settled"), 0, "^$")


def test_it_comes_to_be(bed, carved):
    """While the kernel is at work it is neither; then it is both."""
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET * hold")
    carved.config(leaf(TRAP))
    carved.start()
    wait(lambda: carved.state(SPECTRUM) == "applying", "carved to be at work")
    waiters = [subprocess.Popen([BUILD / "carvectl", "wait", *words], env=bed.environment)
               for words in (["leaf"], ["--for=settled"])]
    assert bed.ctl("wait", "--for=settled", "--timeout", "100ms").returncode == 3
    assert all(waiter.poll() is None for waiter in waiters)
    bed.kernel.ask("release")
    assert [waiter.wait(DEADLINE) for waiter in waiters] == [0, 0]


def test_reloaded_by_others(bed, carved):
    """It is not there again before the kernel has taken what was set right behind the reload."""
    carved.run(leaf(TRAP))
    bed.kernel.ask(f"rule {SPECTRUM} TRAP_SET * hold")
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: carved.state(SPECTRUM) == "reading", "the reload to be noticed")
    for words in [], ["--for=settled"]:
        assert bed.ctl("wait", *words, "--timeout", "100ms").returncode == 3
    bed.kernel.ask("release")
    assert bed.ctl("wait").returncode == 0
    assert bed.kernel.ask(f"state {SPECTRUM}")["traps"][NAME]["action"] == "trap"


def test_what_is_not_known(bed, carved):
    expect(bed.ctl("wait"), 1, "^$", err=["carved is not running"])
    carved.run(leaf(TRAP))
    expect(bed.ctl("wait", "spine"), 1, "^$", err=["no device or entry is called spine"])


@pytest.mark.parametrize("words", [["--for=x"], ["--timeout", "5"]])
def test_usage(bed, words):
    assert bed.ctl("wait", *words).returncode == 64
