# SPDX-License-Identifier: GPL-2.0-or-later
"""A device's facts in the format that the fake loads, read by hand: objects stay in the order in which the driver
registered them, which is the order of notifications. One object a line."""
import json

import kinds
import rawlink as nl
import traces

LIMITS = "unspec", "no_reset"
RELOADS = "unspec", "driver_reinit", "fw_activate"
SIZES = {"size": nl.SIZE, "size_new": nl.SIZE_NEW, "min": nl.SIZE_MIN, "max": nl.SIZE_MAX, "granularity": nl.SIZE_GRAN,
         "id": nl.RESOURCE_ID, "unit": nl.UNIT}


def _resource(attrs):
    found = {key: attrs[kind] if attrs[kind] + 1 < 2**64 else "unlimited"
             for key, kind in SIZES.items() if kind in attrs}
    return {**found, **({"occ": 2} if nl.OCC in attrs else {})}      # what is in use differs from boot to boot


def _default(message, cmode):
    """That of a driverinit param is the value that it begins with."""
    found = traces.defaults_of(message)
    return {"default": found[cmode]} if cmode in found and cmode != nl.DRIVERINIT else {}


def _versions(bed):
    return traces.versions_of(bed.link.ask(nl.INFO_GET, *bed.address).replies[0])


def _dump(bed, get):
    return [m for m in bed.link.ask(get, *bed.address, flags=nl.DUMP).replies if m.handle == bed.handle]


def _fake(bed, traps):
    """What the format has no place for, but can be seen."""
    ports = _dump(bed, nl.PORT_GET)
    netdevs = [nl.number(m.attrs[nl.PORT]) for m in ports if nl.IFINDEX in m.attrs]
    ordered = [traces.param_of(m) for m in _dump(bed, nl.PARAM_GET)]     # by the driver's ids, from 6.3 on
    specific = [p[0] for p in ordered if not p[2]]
    specific += [nl.text(m.attrs[nl.TRAP]) for m in traps if nl.TRAP_GENERIC not in m.attrs]
    more = bed.link.ask(nl.RESOURCE_DUMP, *bed.address, (nl.PORT, min(netdevs)))
    of_port = {path: _resource(attrs) for m in more.replies if nl.PORT in m.attrs
               for path, attrs in traces.resources_of(m)}
    return {"ports": len(netdevs), "first_port": min(netdevs), "cpu_port": len(ports) > len(netdevs),
            "driver_specific": specific, **({"port_resources": of_port} if of_port else {})}


def read(bed):
    """The facts of a device that has been added just now."""
    new = [m for m in bed.listener.notes(bed) if m.word == "PARAM_NEW"]      # a dump may go by their ids
    params = [traces.param_of(m) for m in new]
    groups, traps = _dump(bed, nl.GROUP_GET), _dump(bed, nl.TRAP_GET)
    info, device = bed.link.ask(nl.INFO_GET, *bed.address).attrs, bed.link.ask(nl.GET, *bed.address).replies[0]
    policers = _dump(bed, nl.POLICER_GET)
    resources = [r for m in bed.link.ask(nl.RESOURCE_DUMP, *bed.address).replies for r in traces.resources_of(m)]
    counters = [[RELOADS[a], LIMITS[x], side, n] for side, of in (("local", nl.LOCAL), ("remote", nl.REMOTE))
                for (a, x), n in device.stats(of).items()]
    return {
        "format": 1, "handle": bed.handle, "driver": nl.text(info[nl.DRIVER]), "versions": _versions(bed),
        "reload": {"failed": device.failed, "counters": counters}, "fake": _fake(bed, traps),
        "resources": {path: _resource(attrs) for path, attrs in resources},
        "params": {name: {traces.CMODES[c]: {"type": traces.TYPES[kind], "value": v, **_default(m, c)}
                          for c, v in values.items()}
                   for m, (name, kind, _, values) in zip(new, params)},
        "trap_policers": {nl.number(m.attrs[nl.POLICER]): {"rate": nl.number(m.attrs[nl.RATE]),
                                                           "burst": nl.number(m.attrs[nl.BURST])} for m in policers},
        "trap_groups": {nl.text(m.attrs[nl.GROUP]): {"policer": nl.number(m.attrs[nl.POLICER])
                                                     if nl.POLICER in m.attrs else "none"} for m in groups},
        "traps": {nl.text(m.attrs[nl.TRAP]): {"action": traces.ACTIONS[m.attrs[nl.TRAP_ACTION][0]],
                                              "type": traces.TRAP_TYPES[m.attrs[nl.TRAP_TYPE][0]],
                                              "group": nl.text(m.attrs[nl.GROUP])} for m in traps},
        **kinds.facts(bed, lambda get: _dump(bed, get))}


def write(found):
    """The text of a facts file."""
    out = []
    for key, value in found.items():
        if key in ("resources", "params", "trap_policers", "trap_groups", "traps", "linecards", "health_reporters"):
            rows = [f"  {json.dumps(str(name))}: {json.dumps(row)}" for name, row in value.items()]
            out.append(f' "{key}": {{' + ("\n" + ",\n".join(rows) if rows else "") + "}")
        else:
            out.append(f' "{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(out) + "\n}\n"
