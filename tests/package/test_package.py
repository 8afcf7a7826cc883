# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of the Debian package on a switch that is at work: root in a guest, with the packages of tests/package/build.

The tests are one life, in their order: installed, used, upgraded, removed, installed again, purged. In the guest of the
line trixie it begins with the package of Debian 12, as where a machine has come from there; with Debian 13's own it
begins in that of trixie-backports, which leaves out what the other shows. On 6.1 it is purged when it was removed.
"""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import time

import pytest

LINE = os.environ.get("CARVED_LINE")
pytestmark = pytest.mark.skipif(LINE == "6.12", reason="dpkg knows no kernel: Debian 12 with its own is enough")
OTHERS = "trixie" in os.environ.get("CARVED_LINES", "").split() and not os.environ.get("CARVED_EVERYTHING")
TRIXIE_DOES = pytest.mark.skipif(
    LINE == "trixie-backports" and OTHERS,
    reason="dpkg, systemd and polkit are those of trixie, where it is shown")
BUILD = pathlib.Path(__file__).resolve().parents[2] / "build/package"
RELEASE = platform.freedesktop_os_release()["VERSION_CODENAME"]
FIRST = "bookworm" if LINE == "trixie" else RELEASE
UNITS = {"bookworm": "/lib/systemd/system"}.get(RELEASE, "/usr/lib/systemd/system")
HANDLE = "netdevsim/netdevsim30"
DROPIN = pathlib.Path("/etc/carved/carved.d/switch.yaml")
PRIVATE = pathlib.Path("/run/carved/private")
RULES = pathlib.Path("/etc/polkit-1/rules.d/50-carved.rules")
ACTIONS = pathlib.Path("/usr/share/polkit-1/actions/org.carved1.policy")
DENIED, ASK = (f"org.freedesktop.DBus.Error.{name}" for name in ("AccessDenied", "InteractiveAuthorizationRequired"))
CONFIG = f"""\
version: 1
settings: {{audit_interval: 0, settle_timeout: 1s}}
devices:
  {HANDLE}:
    params: {{max_macs: {{driverinit: 7}}}}
    traps: {{tail_drop: trap}}
"""


def output(*command):
    """What a command prints; it must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=120)
    print(f"$ {' '.join(command)}\n{done.stdout}")
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}"
    return done.stdout


def wait(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.1)


def package(later=False, release=RELEASE):
    found, = (BUILD / release).glob("later/carved_*.deb" if later else "carved_*.deb")
    return str(found)


def dpkg(*arguments):
    return output("dpkg", "--force-confold", *arguments)


def show(*properties):
    lines = output("systemctl", "show", "carved", *(f"-p{p}" for p in properties)).splitlines()
    found = dict(line.split("=", 1) for line in lines)
    return [found[p] for p in properties]


def converged():
    return subprocess.run(["carvectl", "status", HANDLE], check=False).returncode == 0


def reloads():
    dev = json.loads(output("devlink", "-j", "-s", "dev", "show", HANDLE))["dev"][HANDLE]
    return dev["stats"]["reload"]["driver_reinit"]["unspecified"]


def as_wanted():
    """By devlink: the trap and the size in force."""
    trap, = json.loads(output("devlink", "-j", "trap", "show", HANDLE, "trap", "tail_drop"))["trap"][HANDLE]
    macs = pathlib.Path("/sys/kernel/debug/netdevsim/netdevsim30/max_macs").read_text()
    return (trap["action"], int(macs)) == ("trap", 7)


@pytest.fixture(scope="module", autouse=True)
def switch():
    output("modprobe", "netdevsim")
    pathlib.Path("/sys/bus/netdevsim/new_device").write_text("30 1")
    yield
    pathlib.Path("/sys/bus/netdevsim/del_device").write_text("30")


@pytest.fixture(autouse=True)
def journal():
    """A test that fails shows what the unit has logged."""
    yield
    print(subprocess.run(["journalctl", "-q", "-ocat", "-ucarved", "-n30"], stdout=subprocess.PIPE,
                         text=True, check=False).stdout)


def understood():
    """The unit has what this systemd knows, and nothing else."""
    done = subprocess.run(["systemd-analyze", "verify", "carved.service"], capture_output=True, text=True, check=False)
    assert not re.search("(?i)unknown", done.stderr), done.stderr


def test_installed():
    """It runs, is on the bus, and does nothing."""
    dpkg("--install", package(release=FIRST))
    assert show("ActiveState", "UnitFileState") == ["active", "enabled"]
    assert output("ps", "-o", "user=", "-C", "carved").split() == ["carved"]
    assert "carved: converged" in output("carvectl", "status")
    assert "D-Bus" not in output("journalctl", "-q", "-ocat", "-ucarved")
    assert reloads() == 0
    understood()
    state = pathlib.Path("/var/lib/carved")
    for own in state, PRIVATE:
        assert (own.owner(), own.stat().st_mode & 0o777) == ("carved", 0o700)
    assert (PRIVATE.parent.owner(), PRIVATE.parent.stat().st_mode & 0o777) == ("root", 0o755)
    assert "inactive" in output("systemctl", "show", "-pActiveState", "carved-metrics.timer")


def test_used():
    DROPIN.parent.mkdir()
    DROPIN.write_text(CONFIG)
    output("systemctl", "reload", "carved")
    wait(converged, "the config to be in force")
    assert as_wanted() and reloads() == 1


def test_reloaded_right_after_the_start():
    """It need not be on the bus yet, and goes on with the same config: without another reload."""
    before = reloads()
    output("systemctl", "restart", "carved")
    output("systemctl", "reload", "carved")
    wait(converged, "the config to be in force")
    assert as_wanted() and reloads() == before
    assert show("ActiveState", "NRestarts") == ["active", "0"]


@TRIXIE_DOES
def test_explained():
    """journalctl explains the lines, with the device's name where a text has a place for it."""
    said = output("journalctl", "-x", "-q", "-ucarved", "--no-pager")
    assert f"{HANDLE} was reloaded by carved" in said
    assert "A config is in force" in said
    assert not re.search("CARVED_[A-Z]|CONFIG_[A-Z]", said)


# --- who may change something, with Debian's polkitd


def as_user(user, *command):
    """What a command of somebody else comes to."""
    done = subprocess.run(["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", *command],
                          capture_output=True, text=True, check=False, timeout=120)
    print(f"{user} $ {' '.join(command)}\n{done}")
    return done


def retry(user):
    """What comes of org.carved1.apply: the error's name, or ok."""
    done = as_user(user, "dbus-send", "--system", "--print-reply", "--dest=org.carved1", "/org/carved1",
                   "org.carved1.Manager.Retry", f"string:{HANDLE}")
    return "ok" if done.returncode == 0 else re.match(r"Error (\S+): ", done.stderr)[1]


def polkit(verb):
    return subprocess.run(["systemctl", verb, "polkit"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


@pytest.fixture
def rule():
    """A rule for nobody, which is gone after the test. polkit sees by itself that there is another one."""
    def set_rule(action, result):
        RULES.write_text(f"""polkit.addRule(function(action, subject) {{
            if (action.id == "{action}" && subject.user == "nobody") return polkit.Result.{result};
        }});""")
    yield set_rule
    RULES.unlink()
    wait(lambda: retry("nobody") == ASK, "polkit to forget the rule")


@TRIXIE_DOES
def test_root_is_allowed_without_asking():
    output("systemctl", "stop", "polkit")
    assert retry("root") == "ok"
    output("carvectl", "reload")
    assert polkit("is-active") == "inactive"  # a question would have started it


@TRIXIE_DOES
def test_others_are_asked_for_a_password():
    """As shipped. Reading is for all."""
    assert retry("nobody") == ASK
    assert polkit("is-active") == "active"
    done = as_user("nobody", "carvectl", "reload")
    assert done.returncode == 1 and "interactive authentication is required for org.carved1.reload" in done.stderr
    assert as_user("nobody", "carvectl", "status").returncode == 0


@TRIXIE_DOES
def test_a_rule_allows_one_action(rule):
    rule("org.carved1.apply", "YES")
    wait(lambda: retry("nobody") == "ok", "polkit to see the rule")
    assert as_user("nobody", "carvectl", "apply", HANDLE).returncode == 0
    assert as_user("nobody", "carvectl", "reload").returncode == 1
    rule("org.carved1.reload", "YES")
    wait(lambda: retry("nobody") == ASK, "polkit to see the other rule")
    assert as_user("nobody", "carvectl", "reload").returncode == 0


@TRIXIE_DOES
def test_a_rule_denies(rule):
    rule("org.carved1.apply", "NO")
    wait(lambda: retry("nobody") == DENIED, "polkit to see the rule")
    assert retry("root") == "ok"


@TRIXIE_DOES
def test_the_service_owns_its_actions(rule):
    """By the annotation its user may ask polkit about others; of carved itself nobody is asked."""
    assert retry("carved") == "ok"
    rule("org.carved1.apply", "YES")
    wait(lambda: retry("nobody") == "ok", "polkit to see the rule")
    policy = ACTIONS.read_text()
    ACTIONS.write_text(re.sub("<annotate.*</annotate>", "", policy))
    wait(lambda: retry("nobody") == DENIED, "polkit to see that the actions are nobody's")
    assert retry("root") == "ok"
    ACTIONS.write_text(policy)
    wait(lambda: retry("nobody") == "ok", "polkit to see that they are carved's")


@TRIXIE_DOES
def test_without_polkit():
    output("systemctl", "mask", "--runtime", "--now", "polkit")
    assert (retry("nobody"), retry("root")) == (DENIED, "ok")
    done = as_user("nobody", "carvectl", "reload")
    assert done.returncode == 1 and "only root is, as polkit does not answer" in done.stderr
    output("carvectl", "reload")
    output("systemctl", "unmask", "--runtime", "polkit")


# --- and on


@TRIXIE_DOES
def test_metrics():
    """The timer leaves a whole file for node_exporter, and no lines in the journal."""
    folder = pathlib.Path("/var/lib/prometheus/node-exporter")
    folder.mkdir(parents=True)
    (folder / "carved.prom").symlink_to("/etc/hostname")
    output("systemctl", "start", "carved-metrics.service")
    assert not (folder / "carved.prom").is_symlink()
    assert "carved_up 1\n" in (folder / "carved.prom").read_text()
    assert [path.name for path in folder.iterdir()] == ["carved.prom"]
    output("systemctl", "stop", "carved")
    output("systemctl", "enable", "--now", "carved-metrics.timer")
    wait(lambda: "carved_up 0\n" in (folder / "carved.prom").read_text(), "the timer to renew it")
    output("systemctl", "start", "carved")
    assert output("journalctl", "-q", "-ucarved-metrics.service", "-ocat") == ""


def as_the_version_before():
    """It kept its files in /run/carved itself, which was its own."""
    was = pathlib.Path("/run/systemd/system/carved.service.d/before.conf")
    was.parent.mkdir(parents=True)
    was.write_text("[Service]\nRuntimeDirectory=\nRuntimeDirectory=carved\nRuntimeDirectoryMode=0755\n"
                   "ExecStart=\nExecStart=/usr/sbin/carved --runtime-dir=/run/carved\n")
    output("systemctl", "stop", "carved")
    for path in PRIVATE.iterdir():
        path.rename(PRIVATE.parent / path.name)
    PRIVATE.rmdir()
    output("systemctl", "daemon-reload")
    output("systemctl", "start", "carved")
    assert PRIVATE.parent.owner() == "carved" and not PRIVATE.exists()
    shutil.rmtree(was.parent)  # the package reads the units again


def pristine(folder):
    """What is remembered of the time before carved, by device."""
    memories = [json.loads(path.read_text()) for path in (folder / "devices").iterdir()]
    return {memory["handle"]: memory["pristine"] for memory in memories}


@TRIXIE_DOES
def test_upgraded():
    """Another process, and nothing else happens to the switch. The units are where this release has them, and
    what is remembered goes on."""
    as_the_version_before()
    dropin = PRIVATE.parent / "carved.d/boot.yaml"
    dropin.parent.mkdir()
    dropin.write_text("version: 1\n")
    kept = pristine(PRIVATE.parent)
    assert list(kept) == [HANDLE] and kept[HANDLE]
    pid, = show("MainPID")
    dpkg("--install", package(later=True))
    assert pristine(PRIVATE) == kept
    assert [path.owner() for path in (PRIVATE.parent, dropin, PRIVATE, PRIVATE / "lock")] == [*["root"] * 2, *["carved"] * 2]
    assert str(dropin) in output("busctl", "get-property", "org.carved1", "/org/carved1", "org.carved1.Manager", "ConfigFiles")
    now, state, enabled, path = show("MainPID", "ActiveState", "UnitFileState", "FragmentPath")
    assert (state, enabled, path) == ("active", "enabled", f"{UNITS}/carved.service") and now != pid
    assert f"{UNITS}/carved.service" in output("dpkg", "-L", "carved").splitlines()
    wait(converged, "the new one to say so")
    assert as_wanted() and reloads() == 1
    understood()
    assert ("PrivateTmp=disconnected" in output("systemctl", "cat", "carved")) == (RELEASE != "bookworm")


@TRIXIE_DOES
def test_removed():
    """The switch stays as it is, and what is remembered of it."""
    dpkg("--remove", "carved")
    assert show("LoadState", "ActiveState") == ["not-found", "inactive"]
    assert "inactive" in output("systemctl", "show", "-pActiveState", "carved-metrics.timer")
    assert as_wanted() and DROPIN.exists()


@TRIXIE_DOES
@pytest.mark.skipif(LINE == "6.1" and OTHERS, reason="shown on trixie")
def test_installed_again():
    dpkg("--install", package())
    wait(converged, "it to be back")
    assert as_wanted() and reloads() == 1


def test_purged():
    DROPIN.unlink()
    DROPIN.parent.rmdir()
    dpkg("--purge", "carved")
    for left in "/etc/carved", "/var/lib/carved", "/run/carved", "/usr/share/carved":
        assert not pathlib.Path(left).exists()
    assert not list(pathlib.Path("/etc/systemd/system").rglob("carved*"))
    assert as_wanted() and reloads() == 1
