# SPDX-License-Identifier: GPL-2.0-or-later
"""One suite for every kind of switch, in two places (places.py).

In a guest, on a real kernel: netdevsim and asicsim. On the host, with --fake: the fake kernel,
without any privilege. A test takes `switch`, the only one there is, or `make_switch` for more, and
runs once for each kind of the place. What a switch is like is never carved's to say: switch.py and
fakes.py look at it, capture.py sees every request that anybody wrote. Tests speak by words
(words.py); a further kind is a class with words and a row in places.py.

carved is a process of the test's own (`carved`), the installed unit (`unit`), or one that
converges and ends (`once`), all built with sanitizers; see carved.py. `relay` puts tests/relay
between carved and the real kernel. Tests wait for conditions, never for a time.

What a kind has not got it names in `lacks`, with the reason: a test marked needs("...") is skipped
there. A test marked only("fake", "why") runs in that place or on that kind alone, one marked
anywhere("why") needs a guest, whichever it is. Skips are told at the end, by reason.
"""
import collections
import os
import pathlib
import subprocess
import sys
import time
import zlib

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / name) for name in ("asicsim", "kernel-facts", "fake/conformance")]

from carved import Once, Process            # noqa: E402 # pylint: disable=wrong-import-position
from places import Guest, Host, Relay       # noqa: E402 # pylint: disable=wrong-import-position
from switch import FEATURES, output         # noqa: E402 # pylint: disable=wrong-import-position


def pytest_addoption(parser):
    parser.addoption("--fake", action="store_true", help="on the host, with the fake kernel")
    parser.addoption("--cycles", type=int, default=50, help="of test_soak")


# the guests among which tests are dealt, and which of them this is (tests/vm/suites)
LINES = os.environ.get("CARVED_LINES", "here").split()
LINE = os.environ.get("CARVED_LINE", "here")
WITHOUT = pytest.StashKey()  # the parts of tests that were left out: (why, what)


def pytest_configure(config):
    config.stash[WITHOUT] = []
    config.addinivalue_line("markers", "needs(feature...): of the switch or its place")
    config.addinivalue_line("markers", "only(where, why): a place, guest or fake, a line, or a kind")
    config.addinivalue_line("markers", "anywhere(why, lines=1): in a guest, with netdevsim, on so many of the lines")
    config.addinivalue_line("markers", "decided(why): by carved alone; --fake has it with each kind, a guest once")
    config.addinivalue_line("markers", "waits: long and for nothing else; first, while others need the processors")


def place_class(config):
    return Host if config.getoption("--fake") else Guest


# ---- which tests on which switches ----

def pytest_generate_tests(metafunc):
    place = place_class(metafunc.config)
    for name, kinds in (("switch_kind", place.kinds), ("captured", place.captured),
                        ("flashed", place.flashed)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, kinds.values(), ids=kinds.keys(), scope="session")


def reason_to_skip(item, place):
    params = item.callspec.params if hasattr(item, "callspec") else {}
    kind = next((params[name] for name in ("switch_kind", "captured", "flashed")
                 if name in params), None)
    here = {name for name, k in {**place.kinds, **place.captured, **place.flashed}.items()
            if k is kind}
    here |= {"fake"} if place is Host else {"guest", LINE}
    lacks = kind.lacks if kind else next(iter(place.kinds.values())).lacks if place is Host else {}
    features = [f for mark in item.iter_markers("needs") for f in mark.args]
    if {"unit", "installed"} & set(item.fixturenames):
        features.append("systemd")
    if "relay" in item.fixturenames:
        features.append("relay")
    for feature in features:
        assert feature in FEATURES, f"{item.nodeid}: {feature} is not among FEATURES"
        if feature in lacks:
            return lacks[feature]
    only = [mark.args for mark in item.iter_markers("only")]
    only += [("netdevsim", *mark.args) for mark in item.iter_markers("anywhere")]
    for where, why in only:
        if where not in here:
            return why
    return None


def kind_of(item):
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return params.get("switch_kind", params.get("flashed"))


def lines_of(item, kinds):
    """The lines that it runs on, if these kinds can do it. What several can do runs with one of them on one line, with
    the next on a line that has another Debian, and so on in turn; what only one can do on both of these lines. Of what
    is `decided` by carved alone only one of these runs is left. One that depends on neither runs once, or on
    as many lines as its mark says; one that names its line, there."""
    if LINE in (mark.args[0] for mark in item.iter_markers("only")):
        return [LINE]
    anywhere = item.get_closest_marker("anywhere")
    if anywhere:
        turn, step = zlib.crc32(item.name.encode()), (len(LINES) + 1) // 2
        return [LINES[(turn + n * step) % len(LINES)] for n in range(anywhere.kwargs.get("lines", 1))]
    turn = zlib.crc32(item.originalname.encode())
    two = [LINES[(turn + n) % len(LINES)] for n in ((len(LINES) + 1) // 2, 0)]
    once = turn // len(LINES) if two[0] != two[1] and is_decided(item) else None
    if len(kinds) < 2:
        return two if once is None else [two[once % 2]]
    at = kinds.index(kind_of(item))
    return [two[at % 2]] if once is None or once % len(kinds) == at else []


def is_decided(item):
    return item.get_closest_marker("decided") and not {"unit", "installed", "relay"} & set(item.fixturenames)


def pytest_collection_modifyitems(config, items):
    place, able = place_class(config), collections.defaultdict(list)
    items.sort(key=lambda item: not item.get_closest_marker("waits"))
    for item in items:
        why = reason_to_skip(item, place)
        if why:
            item.add_marker(pytest.mark.skip(reason=why))
        elif kind_of(item) not in able[item.originalname]:
            able[item.originalname].append(kind_of(item))
    if place is Host or os.environ.get("CARVED_EVERYTHING"):
        return
    elsewhere = [item for item in items if not item.get_closest_marker("skip")
                 and LINE not in lines_of(item, able[item.originalname])]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


def pytest_terminal_summary(terminalreporter):
    """What was not tested, and why."""
    reasons = collections.defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        why = report.longrepr[2].removeprefix("Skipped: ")
        reasons[why].append(report.nodeid.rpartition("/")[2])
    for why, what in terminalreporter.config.stash[WITHOUT]:
        reasons[why].append(what)
    if reasons:
        terminalreporter.section("not tested here")
    for why, tests in sorted(reasons.items(), key=lambda row: -len(row[1])):
        terminalreporter.write_line(f"{why} ({len(tests)}):")
        folded = collections.Counter(test.partition("[")[0] for test in tests)
        for name, n in folded.items():
            terminalreporter.write_line(f"    {name}" + (f" ({n})" if n > 1 else ""))


# ---- fixtures ----

@pytest.fixture(scope="session")
def place(request):
    place = place_class(request.config)()
    yield place
    place.close()


@pytest.fixture
def folder(place):
    return place.new_folder()


@pytest.fixture
def kernel(place, folder):
    kernel = place.kernel(folder)
    yield kernel
    kernel.close()


def switches(place, kernel, kind):
    made = []

    def make(create=True):
        made.append(place.make(kind, 10 + len(made), kernel))
        if create:
            made[-1].create()
        return made[-1]

    yield make
    for switch in made:
        switch.remove()


@pytest.fixture
def make_switch(place, kernel, switch_kind):
    """make_switch(create=True): the next switch."""
    yield from switches(place, kernel, switch_kind)


@pytest.fixture
def switch(make_switch):
    return make_switch()


@pytest.fixture
def without(request):
    """without(WHAT, WHY): this part of the test is left out."""
    def note(what, why):
        test = request.node.nodeid.rpartition("/")[2]
        request.config.stash[WITHOUT].append((why, f"{test}: {what}"))
    return note


@pytest.fixture
def any_switch(place, kernel, captured):
    """One of every kind and personality, of which there may be no words."""
    for make in switches(place, kernel, captured):
        yield make()


@pytest.fixture
def target(place, kernel, flashed):
    """One of every kind whose firmware can be flashed."""
    for make in switches(place, kernel, flashed):
        yield make()


@pytest.fixture
def carved(request, place, kernel):
    """A process, not started; it must not have crashed when the test ends. Switches live longer."""
    for name in "make_switch", "any_switch", "target":
        if name in request.fixturenames:
            request.getfixturevalue(name)
    carved = Process(place, kernel, place.new_folder())
    yield carved
    carved.finish()


@pytest.fixture
def unit(request, place, kernel):
    """The installed unit, stopped; the same holds."""
    if "make_switch" in request.fixturenames:
        request.getfixturevalue("make_switch")
    unit = place.unit()
    yield unit
    unit.finish()


@pytest.fixture
def installed(place):
    """For a test that looks at the unit, but does not start it."""


@pytest.fixture
def udev():
    """It names netdevs, as it does for no other test in the guests. The events that were held back until then, of some
    hundred netdevs that are gone, are not carried out: of those that are there it is told again."""
    output("systemctl", "restart", "systemd-udevd")
    output("udevadm", "trigger", "--action=add", "--subsystem-match=net")
    output("udevadm", "settle")
    yield
    output("udevadm", "settle")
    output("udevadm", "control", "--stop-exec-queue")


@pytest.fixture
def once(place, kernel):
    return Once(place, kernel, place.new_folder())


@pytest.fixture
def capture(kernel):
    capture = kernel.capture()
    yield capture
    capture.close()


@pytest.fixture
def relay(kernel, folder):
    """relay.start(RULE...): a carved that is started later talks to the kernel through it."""
    relay = Relay(folder)
    kernel.option = relay.option
    yield relay
    relay.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows what carved has said since the test began."""
    report = (yield).get_result()
    found = getattr(item, "funcargs", {})
    if report.failed and "carved" in found:
        report.sections.append(("log of carved", found["carved"].text()))
    if report.failed and "unit" in found:
        since = f"@{item.began:.6f}"
        log = subprocess.run(["journalctl", "-q", "-ocat", "-ucarved", "--since", since],
                             stdout=subprocess.PIPE, text=True, check=False).stdout
        report.sections.append(("journal of carved", log))


def pytest_runtest_setup(item):
    item.began = time.time()
