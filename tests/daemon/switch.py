# SPDX-License-Identifier: GPL-2.0-or-later
"""A switch to be managed, and what it is like: by iproute2, sysfs and the driver's debugfs."""
import json
import pathlib
import subprocess
import time

DEADLINE = 60  # generous: the guest may be emulated on a busy machine
UNLIMITED = 2**64 - 1


def output(*command, **kwargs):
    """What a command prints; it must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **kwargs)
    said = f"{' '.join(map(str, command))}: {done.returncode}: {done.stderr}{done.stdout}"
    assert done.returncode == 0, said
    return done.stdout


def wait(condition, what, deadline=DEADLINE, pause=0.05):
    """The first true value of condition()."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(pause)


def devlink(*arguments):
    return output("devlink", *arguments)


def devlink_json(*arguments):
    return json.loads(devlink("-j", *arguments))


class Switch:
    """What every kind of switch can do by iproute2 alone; how it comes and goes is its own."""

    bus = driver = None

    def __init__(self, name):
        self.name = name
        self.handle = f"{self.bus}/{name}"

    def __str__(self):
        return self.handle

    # how it is

    def exists(self):
        return self.handle in devlink_json("dev", "show")["dev"]

    def reloads(self):
        """Reloads since it registered, by anybody."""
        shown = devlink_json("-s", "dev", "show", self.handle)["dev"][self.handle]
        return shown["stats"]["reload"]["driver_reinit"]["unspecified"]

    def reload_failed(self):
        shown = devlink_json("dev", "show", self.handle)["dev"][self.handle]
        return shown.get("reload_failed", False)

    def resources(self):
        """By path: size, size_new, occ..."""
        found = {}

        def walk(path, level):
            for resource in level:
                found[f"{path}/{resource['name']}"] = resource
                walk(f"{path}/{resource['name']}", resource.get("resources", []))

        walk("", devlink_json("resource", "show", self.handle)["resources"][self.handle])
        return found

    def size(self, path):
        return self.resources()[path]["size"]

    def staged(self):
        """The sizes that wait for a reload, by path."""
        return {path: r["size_new"] for path, r in self.resources().items() if "size_new" in r}

    def param(self, name, cmode="driverinit"):
        shown = devlink_json("dev", "param", "show", self.handle, "name", name)["param"]
        return {v["cmode"]: v["value"] for v in shown[self.handle][0]["values"]}[cmode]

    def trap(self, name):
        shown = devlink_json("trap", "show", self.handle, "trap", name)["trap"]
        return shown[self.handle][0]["action"]

    def traps(self):
        """Actions of all traps."""
        return {t["name"]: t["action"] for t in devlink_json("trap", "show")["trap"][self.handle]}

    def group(self, name):
        """The policer that the group is bound to."""
        shown = devlink_json("trap", "group", "show", self.handle, "group", name)
        return shown["trap_group"][self.handle][0].get("policer")

    def groups(self):
        """The policers that all groups are bound to."""
        shown = devlink_json("trap", "group", "show")["trap_group"][self.handle]
        return {g["name"]: g.get("policer") for g in shown}

    def policers(self):
        shown = devlink_json("trap", "policer", "show")["trap_policer"][self.handle]
        return {p["policer"]: (p["rate"], p["burst"]) for p in shown}

    def policer(self, number):
        """Rate and burst."""
        shown = devlink_json("trap", "policer", "show", self.handle, "policer", str(number))
        shown = shown["trap_policer"][self.handle][0]
        return shown["rate"], shown["burst"]

    # what somebody else does to it

    def reload(self):
        devlink("dev", "reload", self.handle)

    def set_trap(self, name, action):
        devlink("trap", "set", self.handle, "trap", name, "action", action)

    def set_param(self, name, value, cmode="driverinit"):
        devlink("dev", "param", "set", self.handle, "name", name, "value", str(value),
                "cmode", cmode)

    def set_resource(self, path, size):
        devlink("resource", "set", self.handle, "path", path, "size", str(size))

    def set_policer(self, number, rate, burst):
        devlink("trap", "policer", "set", self.handle, "policer", str(number), "rate", str(rate),
                "burst", str(burst))


class Netdevsim(Switch):
    """The kernel's own simulator."""

    bus = driver = "netdevsim"
    sys = pathlib.Path("/sys/bus/netdevsim")

    def __init__(self, number):
        super().__init__(f"netdevsim{number}")
        self.number = number
        self.debug = pathlib.Path("/sys/kernel/debug/netdevsim") / self.name

    def create(self):
        (self.sys / "new_device").write_text(f"{self.number} 1")

    def remove(self):
        if self.debug.exists():
            (self.sys / "del_device").write_text(str(self.number))

    def unbind(self):
        (self.sys / "drivers/netdevsim/unbind").write_text(self.name)

    def bind(self):
        (self.sys / "drivers/netdevsim/bind").write_text(self.name)

    def knob(self, name, value):
        (self.debug / name).write_text(value)

    def active(self, name):
        """The value of a driverinit param that the driver works with."""
        text = (self.debug / name).read_text().strip()
        return {"Y": True, "N": False}[text] if text in "YN" else int(text)
