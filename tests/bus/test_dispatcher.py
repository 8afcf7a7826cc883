# SPDX-License-Identifier: GPL-2.0-or-later
"""carved-dispatcher: which scripts it runs after what, with what they are given, and what it will not run. What was
run is told by the scripts themselves."""
import os
import re
import signal
import subprocess

import pytest

from conftest import BUILD, DEADLINE, NETDEVSIM, SPECTRUM, wait
from test_carvectl import TRAP
from test_dbus import SIZES, leaf

EVENTS = "registered", "reloaded", "converged", "failed"
TELL = """#!/bin/sh
env -0 >%s/$CARVED_EVENT.environment
echo "$CARVED_EVENT ${0##*/} $CARVED_HANDLE" >>%s
"""


class Dispatcher:
    """Its scripts leave a line each in `told`."""

    def __init__(self, bed):
        self.bed, self.told, self.log = bed, bed.folder / "told", bed.folder / "dispatcher.log"
        self.told.touch()
        self.folder, self.process = bed.root / "etc/carved/dispatch.d", None
        for event in EVENTS:
            (self.folder / f"{event}.d").mkdir(parents=True)

    def script(self, event, name, text=None, mode=0o755):
        path = self.folder / f"{event}.d" / name
        path.write_text(text or TELL % (self.bed.folder, self.told))
        path.chmod(mode)
        return path

    def start(self, *options):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([BUILD / "carved-dispatcher", f"--config-root={self.bed.root}", *options],
                                            stderr=log, stdout=log, stdin=subprocess.PIPE,
                                            env={**self.bed.environment, "SECRET": "1"})

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(DEADLINE) == 0, self.log.read_text()
            self.process.stdin.close()
        assert not re.search("Sanitizer|runtime error", self.log.read_text()), self.log.read_text()

    def lines(self, handle=SPECTRUM):
        """What was run for this device."""
        found = [line.split() for line in self.told.read_text().splitlines()]
        return [(event, name) for event, name, about in found if about == handle]

    def wait_lines(self, *wanted):
        try:
            wait(lambda: self.lines()[-len(wanted):] == list(wanted), "the scripts")
        except AssertionError:
            assert self.lines()[-len(wanted):] == list(wanted), self.log.read_text()

    def wait_said(self, text):
        wait(lambda: text in self.log.read_text(), text)

    def environment(self, event):
        text = (self.bed.folder / f"{event}.environment").read_text()
        return dict(line.split("=", 1) for line in text.split("\0") if line)


@pytest.fixture
def dispatcher(bed):
    dispatcher = Dispatcher(bed)
    yield dispatcher
    dispatcher.stop()


@pytest.fixture
def telling(dispatcher):
    """One script for each event."""
    for event in EVENTS:
        dispatcher.script(event, "tell")
    return dispatcher


def test_what_there_is(bed, carved, telling):
    """When it starts, with carved there: what a script would have made good must be made good now. In their order."""
    carved.run(leaf(TRAP + "\n" + SIZES))
    telling.start()
    telling.wait_lines(("registered", "tell"), ("reloaded", "tell"), ("converged", "tell"))
    wait(lambda: telling.lines(NETDEVSIM) == [("registered", "tell")], "the device that is nobody's")
    assert len(telling.lines()) == 3


def test_environment(bed, carved, telling):
    """What is told, and nothing of what the dispatcher has itself."""
    telling.start()
    carved.run(leaf(TRAP))
    telling.wait_lines(("registered", "tell"), ("converged", "tell"))
    found = telling.environment("converged")
    assert found.pop("PATH").endswith("/sbin:/bin")
    found.pop("PWD", None)
    assert found == {"CARVED_HANDLE": SPECTRUM, "CARVED_ENTRY": "leaf", "CARVED_DRIVER": "mlxsw_spectrum",
                     "CARVED_TRIGGER": "start", "CARVED_STATE": "converged", "CARVED_NETDEVS": "",
                     "CARVED_EVENT": "converged"}


def test_reloaded(bed, carved, telling):
    """By others and by carved, each once."""
    carved.run(leaf(TRAP))
    telling.start()
    telling.wait_lines(("registered", "tell"), ("converged", "tell"))
    bed.kernel.ask(f"reload {SPECTRUM}")
    telling.wait_lines(("converged", "tell"), ("reloaded", "tell"), ("converged", "tell"))
    assert telling.environment("reloaded")["CARVED_TRIGGER"] == "foreign-reload"
    assert bed.ctl("wait").returncode == 0
    carved.config(leaf(TRAP + "\n" + SIZES))
    assert bed.ctl("reload").returncode == 0
    telling.wait_lines(("reloaded", "tell"), ("converged", "tell"), ("reloaded", "tell"), ("converged", "tell"))
    assert telling.environment("reloaded")["CARVED_TRIGGER"] == "config"
    assert len(telling.lines()) == 6


def test_nothing_happens(bed, carved, telling):
    """Looks of carved at the device are no events, nor is what carved does while it is started again."""
    carved.run(leaf(TRAP))
    telling.start()
    telling.wait_lines(("registered", "tell"), ("converged", "tell"))
    bed.kernel.ask(f"storm {SPECTRUM} 3")
    carved.stop()
    carved.start()
    carved.at_rest()
    bed.kernel.ask(f"reload {SPECTRUM}")
    telling.wait_lines(("registered", "tell"), ("converged", "tell"), ("reloaded", "tell"), ("converged", "tell"))
    assert len(telling.lines()) == 4


def test_while_carved_was_away(bed, carved, telling):
    carved.run(leaf(TRAP))
    telling.start()
    telling.wait_lines(("registered", "tell"), ("converged", "tell"))
    carved.stop()
    bed.kernel.ask(f"reload {SPECTRUM}")
    carved.start()
    telling.wait_lines(("converged", "tell"), ("reloaded", "tell"), ("converged", "tell"))


def test_registered_again(bed, carved, telling):
    """With a goodbye that carved hears, and so fast that it is the same device to carved."""
    carved.run(leaf(TRAP))
    telling.start()
    telling.wait_lines(("registered", "tell"), ("converged", "tell"))
    bed.kernel.ask(f"unbind {SPECTRUM}")
    wait(lambda: carved.state(SPECTRUM) != "converged", "carved to miss it")
    bed.kernel.ask(f"bind {SPECTRUM}")
    telling.wait_lines(("converged", "tell"), ("registered", "tell"), ("converged", "tell"))
    bed.kernel.ask(f"unbind {SPECTRUM}")
    bed.kernel.ask(f"bind {SPECTRUM}")
    telling.wait_lines(*[("registered", "tell"), ("converged", "tell")] * 3)


def test_failed(bed, carved, telling):
    carved.run(leaf(TRAP))
    telling.start()
    telling.wait_lines(("registered", "tell"), ("converged", "tell"))
    carved.config(leaf("resources: {/kvd/linear: 1}"))
    bed.ctl("reload")
    telling.wait_lines(("converged", "tell"), ("failed", "tell"))
    assert telling.environment("failed")["CARVED_STATE"] == "refused"
    carved.config(leaf(TRAP))
    bed.ctl("reload")
    telling.wait_lines(("failed", "tell"), ("converged", "tell"))


def test_order_and_names(bed, carved, dispatcher):
    """By name; what is no script, or not executable, is passed over without a word. One that fails stops no other."""
    for name in "20-b", "100-c", ".hidden", "10-a~", "10-a.dpkg-old":
        dispatcher.script("converged", name)
    dispatcher.script("converged", "15-no-script", mode=0o644)
    dispatcher.script("converged", "16-fails", "#!/bin/sh\necho complaint\nexit 3\n")
    dispatcher.script("converged", "17-not-a-program", "#!/no/such/shell\n")
    dispatcher.script("converged", "19-real-time", "#!/bin/sh\nkill -40 $$\n")
    (dispatcher.folder / "converged.d/18-folder").mkdir()
    (dispatcher.folder / "converged.d/30-link").symlink_to("../failed.d/linked")
    dispatcher.script("failed", "linked")
    carved.run(leaf(TRAP))
    dispatcher.start()
    dispatcher.wait_lines(*(("converged", name) for name in ("100-c", "20-b", "30-link")))
    said = dispatcher.log.read_text()
    assert "complaint\n" in said
    assert f"{SPECTRUM}: {dispatcher.folder}/converged.d/16-fails: it ended with status 3\n" in said
    assert f"{SPECTRUM}: {dispatcher.folder}/converged.d/17-not-a-program: No such file or directory\n" in said
    assert f"{SPECTRUM}: {dispatcher.folder}/converged.d/19-real-time: it was ended by the signal 40\n" in said
    assert "15-no-script" not in said and ".hidden" not in said and "18-folder" not in said


def test_what_others_can_write(bed, carved, dispatcher):
    """A script, its folder, or what a link leads to; told once."""
    dispatcher.script("converged", "10-good")
    dispatcher.script("converged", "20-writable", mode=0o777)
    dispatcher.script("converged", "30-group", mode=0o775)
    outside = bed.root / "outside"
    outside.mkdir()
    (outside / "script").write_text(TELL % (bed.folder, dispatcher.told))
    (outside / "script").chmod(0o755)
    outside.chmod(0o777)
    (dispatcher.folder / "converged.d/40-link").symlink_to("../../../../outside/script")
    dispatcher.script("reloaded", "10-good")
    (dispatcher.folder / "reloaded.d").chmod(0o777)
    carved.run(leaf(TRAP))
    dispatcher.start()
    dispatcher.wait_lines(("converged", "10-good"))
    bed.kernel.ask(f"reload {SPECTRUM}")
    dispatcher.wait_lines(("converged", "10-good"), ("converged", "10-good"))
    said = dispatcher.log.read_text()
    folder = "/etc/carved/dispatch.d"
    for name in f"{folder}/converged.d/20-writable", f"{folder}/converged.d/30-group", f"{folder}/reloaded.d":
        assert said.count(f"{name} is not run: {name} is writable by others than root (mode 07") == 1
    assert said.count(f"{folder}/converged.d/40-link is not run: /outside is writable by others than root (mode 07") == 1
    (dispatcher.folder / "reloaded.d").chmod(0o755)
    bed.kernel.ask(f"reload {SPECTRUM}")
    dispatcher.wait_lines(("reloaded", "10-good"), ("converged", "10-good"))
    assert {name for _, name in dispatcher.lines()} == {"10-good"}


@pytest.mark.skipif(os.geteuid() != 0, reason="to give a file away needs root")
def test_whose_others_are(bed, carved, dispatcher):
    os.chown(dispatcher.script("converged", "10-theirs"), 65534, 65534)
    dispatcher.script("converged", "20-ours")
    carved.run(leaf(TRAP))
    dispatcher.start()
    dispatcher.wait_lines(("converged", "20-ours"))
    assert "10-theirs does not belong to root\n" in dispatcher.log.read_text()
    assert len(dispatcher.lines()) == 1


def test_time_limit(bed, carved, dispatcher):
    """It ends with what it has started; the next one has its turn, and carved has not waited."""
    dispatcher.script("converged", "10-hangs", f"#!/bin/sh\nsleep 1000 &\necho $! >{bed.folder}/pid\nwait\n")
    dispatcher.script("converged", "20-next")
    carved.run(leaf(TRAP))
    dispatcher.start("--time-limit=2s")
    pid = int(wait(lambda: (bed.folder / "pid").exists() and (bed.folder / "pid").read_text(), "it to run"))
    assert dispatcher.lines() == []
    bed.kernel.ask(f"set {SPECTRUM} trap source_mac_is_multicast drop")
    bed.kernel.ask(f"storm {SPECTRUM} 1")
    wait(lambda: bed.kernel.device(SPECTRUM)["traps"]["source_mac_is_multicast"]["action"] == "trap", "carved to go on")
    dispatcher.wait_lines(("converged", "20-next"))
    dispatcher.wait_said("10-hangs: it had not ended after 2.0 s\n")
    wait(lambda: not os.path.exists(f"/proc/{pid}"), "its child to end")


def test_one_at_a_time(bed, carved, dispatcher):
    """What happens while the scripts of a device run has its turn after them; other devices do not wait."""
    gate = bed.folder / "gate"
    os.mkfifo(gate)
    dispatcher.script("registered", "tell", f'#!/bin/sh\n[ "$CARVED_HANDLE" != {SPECTRUM} ] || read line <{gate}\n'
                      + TELL % (bed.folder, dispatcher.told))
    dispatcher.script("reloaded", "tell")
    carved.run(leaf(TRAP))
    dispatcher.start()
    wait(lambda: dispatcher.lines(NETDEVSIM), "the other device")
    bed.kernel.ask(f"reload {SPECTRUM}")
    wait(lambda: carved.all(SPECTRUM)["ForeignReloadCount"] == 1, "carved to see it")
    carved.wait_state(SPECTRUM, "converged")
    assert dispatcher.lines() == []
    gate.write_text("go\n")
    dispatcher.wait_lines(("registered", "tell"), ("reloaded", "tell"))


def test_ended_with_a_script(bed, carved, dispatcher):
    """It does not wait for it."""
    dispatcher.script("converged", "10-hangs", f"#!/bin/sh\necho $$ >{bed.folder}/pid\nexec sleep 1000\n")
    carved.run(leaf(TRAP))
    dispatcher.start()
    pid = int(wait(lambda: (bed.folder / "pid").exists() and (bed.folder / "pid").read_text(), "it to run"))
    dispatcher.stop()
    dispatcher.process = None
    wait(lambda: not os.path.exists(f"/proc/{pid}"), "the script to end")


def test_without_a_bus(bed, dispatcher):
    """systemd starts it again."""
    dispatcher.start()
    wait(lambda: bed.connection.list_names() and len(bed.connection.list_names()) > 2, "it to be on the bus")
    bed.bus.stop()
    assert dispatcher.process.wait(DEADLINE) == 1
    dispatcher.start()
    assert dispatcher.process.wait(DEADLINE) == 1
    dispatcher.wait_said("carved-dispatcher cannot start: ")
    dispatcher.process = None
    bed.bus.start()


@pytest.mark.parametrize("words", [["--time-limit=0s"], ["--time-limit=5"], ["--bus=none"], ["--no"], ["more"]])
def test_usage(bed, words):
    done = subprocess.run([BUILD / "carved-dispatcher", *words], env=bed.environment, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 64 and "carved-dispatcher" in done.stderr
