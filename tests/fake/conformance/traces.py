# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces: what devlink says, one line a message, and what of it is left out.

    == reload                       an operation (script.py)
    > RELOAD action=1               a request
    < RELOAD performed=0x2          what the requester is answered, to the end
    < ACK OK
    * NEW failed=0 local=1.0:1 ...  what the group is told of this device meanwhile

Left out, as no two runs or kernels agree on it, or nobody may rely on it: the index of a registration (what it is more than the device's first one is told
of the device, of others only where it is missing), ifindexes and names of netdevs (that there is
one is told), statistics and metadata of traps, ports' attributes but index and type, and lanes, occupancies (that there is one is
told), the words of extended ACKs (that an ACK without error has some is told), the order of attributes and of versions,
PAD attributes, and how messages share datagrams.

Two things make traces short and lose nothing: FLASH_STATUS messages in a row that differ in `done` alone are one line
with the first and last of it and their number, and answers and notifications that stand, in this order, earlier in the
file are named by their operation and numbers there: "@reload 3-125 (from their first .. to their last)".
"""
import re

import kinds
import rawlink as nl

COMMANDS = {nl.RELOAD: "RELOAD", nl.PARAM_GET: "PARAM_GET", nl.INFO_GET: "INFO_GET",
            nl.RESOURCE_DUMP: "RESOURCE_DUMP", **nl.NOTES, **kinds.NAMES}
REQUESTS = {nl.GET: "GET", nl.PORT_GET: "PORT_GET", nl.RESOURCE_SET: "RESOURCE_SET", nl.RESOURCE_DUMP: "RESOURCE_DUMP",
            nl.RELOAD: "RELOAD", nl.PARAM_GET: "PARAM_GET", nl.PARAM_SET: "PARAM_SET", nl.INFO_GET: "INFO_GET",
            nl.FLASH: "FLASH", nl.TRAP_GET: "TRAP_GET", nl.TRAP_SET: "TRAP_SET", nl.GROUP_GET: "GROUP_GET",
            nl.GROUP_SET: "GROUP_SET", nl.POLICER_GET: "POLICER_GET", nl.POLICER_SET: "POLICER_SET",
            **kinds.REQUESTS}
ATTRIBUTES = {nl.BUS: "bus", nl.DEV: "dev", nl.PORT: "port", nl.RESOURCE_ID: "id", nl.SIZE: "size",
              nl.PARAM_NAME: "name", nl.PARAM_TYPE: "type", nl.DATA: "data", nl.CMODE: "cmode",
              nl.RESET_DEFAULT: "reset_default", nl.INDEX: "index", nl.SCOPE: "scope", nl.FILE: "file", nl.COMPONENT: "component",
              nl.TRAP: "trap", nl.TRAP_ACTION: "action", nl.GROUP: "group", nl.POLICER: "policer", nl.RATE: "rate",
              **kinds.LABELS, nl.HEALTH_NAME: "name", nl.LINECARD_TYPE: "type", nl.SPLIT_COUNT: "count",
              nl.BURST: "burst", nl.RELOAD_ACTION: "action", nl.LIMITS: "limits", nl.OVERWRITE: "overwrite"}
CMODES = {nl.RUNTIME: "runtime", nl.DRIVERINIT: "driverinit", nl.PERMANENT: "permanent"}
TYPES = {nl.T_U8: "u8", nl.T_U32: "u32", nl.T_U64: "u64", nl.T_STRING: "string", nl.T_BOOL: "bool"}
ACTIONS, TRAP_TYPES = ("drop", "trap", "mirror"), ("drop", "exception", "control")
KINDS = {nl.VER_FIXED: "fixed", nl.VER_RUNNING: "running", nl.VER_STORED: "stored"}
FEWEST = 4                                                   # lines that are worth a reference


def request(cmd, attrs, flags):
    """The line of a request; the device's handle goes without saying."""
    said = [f"{ATTRIBUTES.get(k, k)}={v.hex() if isinstance(v, bytes) else v}" for k, v in attrs]
    return " ".join(["> " + REQUESTS.get(cmd, str(cmd))] + said + (["dump"] if flags & nl.DUMP == nl.DUMP else []))


def value_of(kind, data):
    """The value of a param; None: it has none."""
    if kind == nl.T_BOOL:
        return data is not None
    return None if data is None else nl.text(data) if kind == nl.T_STRING else nl.number(data)


def param_of(message):
    """name, type, generic, {cmode: value}."""
    attrs = dict(nl.each(message.attrs[nl.PARAM]))
    kind = nl.number(attrs[nl.PARAM_TYPE])
    values = [dict(nl.each(v)) for _, v in nl.each(attrs[nl.VALUES])]
    return (nl.text(attrs[nl.PARAM_NAME]), kind, nl.GENERIC in attrs,
            {nl.number(v[nl.CMODE]): value_of(kind, v.get(nl.DATA)) for v in values})


def defaults_of(message):
    """{cmode: value} of the param's defaults, where the kernel tells such."""
    attrs = dict(nl.each(message.attrs[nl.PARAM]))
    kind = nl.number(attrs[nl.PARAM_TYPE])
    values = [dict(nl.each(v)) for _, v in nl.each(attrs[nl.VALUES])]
    return {nl.number(v[nl.CMODE]): v[nl.DEFAULT] == b"\1" if kind == nl.T_BOOL else value_of(kind, v[nl.DEFAULT])
            for v in values if nl.DEFAULT in v}


def resources_of(message):
    """(path, {attribute: number}) of a RESOURCE_DUMP's part, parents first."""
    def walk(prefix, data):
        for _, resource in nl.each(data):
            attrs = dict(nl.each(resource))
            path = prefix + "/" + nl.text(attrs.pop(nl.RESOURCE_NAME))
            children = attrs.pop(nl.RESOURCE_LIST, b"")
            yield path, {k: nl.number(v) for k, v in attrs.items()}
            yield from walk(path, children)
    return walk("", message.attrs[nl.RESOURCE_LIST])


def versions_of(message):
    """{"fixed": {name: value}, ...}."""
    found = {}
    for kind, data in message.list:
        if kind in KINDS:
            pair = dict(nl.each(data))
            found.setdefault(KINDS[kind], {})[nl.text(pair[nl.VER_NAME])] = nl.text(pair[nl.VER_VALUE])
    return found


def _stats(message, side):
    return ",".join(f"{action}.{limit}:{n}" for (action, limit), n in sorted(message.stats(side).items()))


def _device(m):
    if nl.FAILED not in m.attrs:                             # 6.1 answers a dump of ports with NEW
        return ["port"] + _port(m)
    return [f"failed={m.attrs[nl.FAILED][0]}", f"local={_stats(m, nl.LOCAL)}", f"remote={_stats(m, nl.REMOTE)}"]


def _port(m):
    said = [str(nl.number(m.attrs[nl.PORT])), {0: "notset", 2: "eth"}[nl.number(m.attrs[nl.PORT_TYPE])]]
    return said + (["netdev"] if nl.IFINDEX in m.attrs else []) + _split(m)


def _split(m):
    """Only of a port that says how many lanes it has."""
    labels = {nl.PORT_NUMBER: "number", nl.SUBPORT: "part", nl.PORT_LANES: "lanes", nl.LINECARD: "card"}
    return [f"{label}={nl.number(m.attrs[kind])}" for kind, label in labels.items()
            if nl.PORT_LANES in m.attrs and kind in m.attrs]


def _param(m):
    name, kind, generic, values = param_of(m)
    return ([name, TYPES[kind]] + [f"{CMODES[c]}={v}" for c, v in values.items()] + (["generic"] if generic else []) +
            [f"default={v}" for v in defaults_of(m).values()])


def _trap(m):
    return [nl.text(m.attrs[nl.TRAP]), nl.text(m.attrs[nl.GROUP]), TRAP_TYPES[m.attrs[nl.TRAP_TYPE][0]],
            ACTIONS[m.attrs[nl.TRAP_ACTION][0]]] + (["generic"] if nl.TRAP_GENERIC in m.attrs else [])


def _group(m):
    policer = nl.number(m.attrs[nl.POLICER]) if nl.POLICER in m.attrs else "none"
    return [nl.text(m.attrs[nl.GROUP]), f"policer={policer}"] + (["generic"] if nl.TRAP_GENERIC in m.attrs else [])


def _policer(m):
    return [str(nl.number(m.attrs[nl.POLICER])), f"rate={nl.number(m.attrs[nl.RATE])}",
            f"burst={nl.number(m.attrs[nl.BURST])}"]


def _status(m):
    done, total, timeout = (nl.number(m.attrs[k]) for k in (nl.STATUS_DONE, nl.STATUS_TOTAL, nl.STATUS_TIMEOUT))
    component = [f"component={nl.text(m.attrs[nl.COMPONENT])}"] if nl.COMPONENT in m.attrs else []
    return ([f'"{nl.text(m.attrs[nl.STATUS_MSG])}"'] + component + [f"done={done}", f"total={total}"] +
            ([f"timeout={timeout}"] if timeout else []))


def _info(m):
    said = [f"{kind} {name}={value}" for kind, found in versions_of(m).items() for name, value in found.items()]
    return [f"driver={nl.text(m.attrs.get(nl.DRIVER, b''))}"] + sorted(said)


def _region(m):
    return [nl.text(m.attrs[nl.REGION])]


def _performed(m):
    return [f"performed={nl.number(m.attrs[nl.PERFORMED][:4]):#x}"]


DETAILS = {3: _device, 4: _device, 7: _port, 8: _port, nl.RELOAD: _performed, nl.PARAM_GET: _param, 40: _param,
           41: _param, 44: _region, 45: _region, nl.INFO_GET: _info, 60: _status, 63: _trap, 64: _trap, 67: _group,
           68: _group, 71: _policer, 72: _policer, **dict.fromkeys(kinds.NAMES, kinds.details)}
LABELS = {nl.SIZE: "size", nl.SIZE_NEW: "new", nl.SIZE_MIN: "min", nl.SIZE_MAX: "max", nl.SIZE_GRAN: "gran",
          nl.RESOURCE_ID: "id", nl.UNIT: "unit", nl.SIZE_VALID: "valid"}


def _index(message, first):
    if first is None or not message.cmd:
        return []
    if message.index is None:
        return ["without index"]
    return [f"index+{message.index - first}"] if message.cmd in (nl.NEW, nl.DEL) else []


def lines(message, first_index=None):
    """The lines of one message, without what precedes them."""
    if message.kind in (nl.ERROR, nl.DONE):
        return [message.word + " " + nl.errno_name(message.error) +
                (f" misses={nl.number(message.extack[5])}" if 5 in message.extack else "") +
                (" warns" if not message.error and 1 in message.extack else "")]
    details = DETAILS.get(message.cmd, lambda m: [])(message)
    if message.cmd == nl.RESOURCE_DUMP and nl.PORT in message.attrs:
        details.append(f"port={nl.number(message.attrs[nl.PORT])}")
    details += _index(message, first_index)
    details += (["multi"] if message.flags & 2 else []) + (["filtered"] if message.flags & nl.FILTERED else [])
    found = [" ".join([COMMANDS.get(message.cmd, str(message.cmd)), *details])]
    for path, attrs in resources_of(message) if message.cmd == nl.RESOURCE_DUMP else ():
        sizes = [f"{LABELS[k]}={attrs[k]}" for k in LABELS if k in attrs]
        found.append(" ".join([path, *sizes] + (["occ"] if nl.OCC in attrs else [])))
    return found


def squeeze(told):
    """Progress of a flash in one line: done=0..10 and how many."""
    out, run = [], []

    def flush():
        if len(run) > 1:
            last = re.search(r"done=(\d+)", run[-1])[1]
            out.append(re.sub(r"done=(\d+)", rf"done=\1..{last}", run[0]) + f" *{len(run)}")
        else:
            out.extend(run)
        run.clear()
    for line in told:
        if run and re.sub(r"done=\d+", "", line) != re.sub(r"done=\d+", "", run[0]):
            flush()
        if "FLASH_STATUS" in line:
            run.append(line)
        else:
            flush()
            out.append(line)
    flush()
    return out


def fold(operations):
    """The text of a trace: of [(name, lines)]. Requests are never folded."""
    text, seen, where = [], [], {}

    def longest(told, at):
        best = 0, None, 0
        for start in where.get(told[at], []):
            n, (_, operation, first) = 0, seen[start]
            while (at + n < len(told) and start + n < len(seen) and not told[at + n].startswith(">") and
                   seen[start + n][:2] == (told[at + n], operation)):
                n += 1
            best = max(best, (n, operation, first), key=lambda b: b[0])
        return best

    for name, told in operations:
        text.append(f"== {name}")
        at = 0
        while at < len(told):
            n, operation, first = longest(told, at)
            if n >= FEWEST:
                short = [" ".join(told[i].split()[:3]) for i in (at, at + n - 1)]
                text.append(f"@{operation} {first}-{first + n - 1} ({short[0]} .. {short[1]})")
            else:
                n = 1
                text.append(told[at])
            for number in range(at, at + n):
                where.setdefault(told[number], []).append(len(seen))
                seen.append((told[number], name, number + 1))
            at += n
    return "\n".join(text) + "\n"


def unfold(text):
    """The whole trace of a folded one: its lines, for looking at differences."""
    operations, out, told = {}, [], None
    for line in text.splitlines():
        if line.startswith("== "):
            told = operations[line[3:]] = []
            out.append(line)
            continue
        reference = re.match(r"@(.+) (\d+)-(\d+) \(", line)
        more = operations[reference[1]][int(reference[2]) - 1:int(reference[3])] if reference else [line]
        told.extend(more)
        out.extend(more)
    return out
