# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done to health reporters, the eswitch, split ports, line cards and shared buffers, and their facts."""
import time

import rawlink as nl

REPORTERS = {"netdevsim": [(None, "dummy")], "mlx5ish": [(None, "fw"), (None, "fw_fatal"), (1, "tx")]}
WORDS = {0: "false", 1: "true"}
MODES, INLINE = ("legacy", "switchdev", "switchdev_inactive"), ("none", "link", "network", "transport")
DIRECTIONS, THRESHOLDS = ("ingress", "egress"), ("static", "dynamic")


def reporter(port, name):
    return ([] if port is None else [(nl.PORT, port)]) + [(nl.HEALTH_NAME, name)]


def health(t):
    reporters = REPORTERS.get(t.bed.model, ())
    with t.operation("health reporters"):
        for key in (reporter(*r) for r in reporters):
            t.ask(nl.HEALTH_GET, *key)
            t.ask(nl.HEALTH_SET, *key, (nl.HEALTH_GRACE, 5000), (nl.HEALTH_RECOVER, 0), (nl.HEALTH_AUTO_DUMP, 0))
            t.ask(nl.HEALTH_SET, *key, (nl.HEALTH_AUTO_DUMP, 0))
            t.ask(nl.HEALTH_SET, *key, (nl.HEALTH_BURST, 100))
            t.ask(nl.HEALTH_GET, *key)
            t.ask(nl.HEALTH_SET, *key, (nl.HEALTH_GRACE, 0), (nl.HEALTH_BURST, 100))
            t.ask(nl.HEALTH_GET, *key)
        t.ask(nl.HEALTH_SET, *reporter(None, "none-such"), (nl.HEALTH_AUTO_DUMP, 0))
        t.ask(nl.HEALTH_GET, *reporter(None, "none-such"))
        t.ask(nl.HEALTH_GET)
    with t.operation("health reporters after a reload"):
        t.reload()
        for r in reporters:
            t.ask(nl.HEALTH_GET, *reporter(*r))


def eswitch(t):
    with t.operation("eswitch"):
        t.ask(nl.ESWITCH_GET)
        for mode in (1, 1, 3, 0):
            t.ask(nl.ESWITCH_SET, (nl.ESWITCH_MODE, mode))
            t.ask(nl.ESWITCH_GET)
        t.ask(nl.ESWITCH_SET, (nl.ESWITCH_ENCAP, 0))
        t.ask(nl.ESWITCH_GET)
        t.ask(nl.ESWITCH_SET)
    if t.bed.model == "mlx5ish":
        with t.operation("eswitch and traps"):
            t.disturb()
            t.ask(nl.ESWITCH_SET, (nl.ESWITCH_MODE, 1))
            t.ask(nl.TRAP_SET, (nl.TRAP, t.kind.traps[0]), (nl.TRAP_ACTION, nl.DROP))
            t.ask(nl.ESWITCH_SET, (nl.ESWITCH_MODE, 1))
            t.disturb()
            t.ask(nl.ESWITCH_GET)
            t.reload()
            t.ask(nl.ESWITCH_GET)


def splits(t):
    with t.operation("splits"):
        for index, count in ((1, 3), (1, 8), (1, 4), (3, 2), (99, 2), (5, 2)):
            t.ask(nl.PORT_SPLIT, (nl.PORT, index), (nl.SPLIT_COUNT, count))
        t.ask(nl.PORT_SPLIT, (nl.PORT, 1))
        for index in (1, 4, 7, 99):
            t.ask(nl.PORT_GET, (nl.PORT, index))
    with t.operation("parts become one"):
        for index in (3, 1, 99):
            t.ask(nl.PORT_UNSPLIT, (nl.PORT, index))
        t.ask(nl.PORT_GET, (nl.PORT, 1))
    with t.operation("a reload forgets splits"):
        t.reload()


def pool(number):
    return (nl.SB, 0), (nl.SB_POOL, number)


def set_pool(t, number, size, kind):
    t.ask(nl.SB_POOL_SET, *pool(number), (nl.SB_POOL_SIZE, size), (nl.SB_THTYPE, kind))
    t.ask(nl.SB_POOL_GET, *pool(number))


def set_port(t, port, number, threshold):
    t.ask(nl.SB_PORT_POOL_SET, (nl.PORT, port), *pool(number), (nl.SB_THRESHOLD, threshold))
    t.ask(nl.SB_PORT_POOL_GET, (nl.PORT, port), *pool(number))


def set_tc(t, port, number, direction, of_pool, threshold):
    key = (nl.PORT, port), (nl.SB, 0), (nl.SB_TC, number), (nl.SB_POOL_TYPE, direction)
    t.ask(nl.SB_TC_SET, *key, (nl.SB_POOL, of_pool), (nl.SB_THRESHOLD, threshold))
    t.ask(nl.SB_TC_GET, *key)


def buffers(t):
    with t.operation("pools"):
        for number, size, kind in ((1, 1000, 0), (1, 1000, 1), (1, 1001, 1), (1, 1000, 2), (4, 1000, 0), (8, 1000, 0)):
            set_pool(t, number, size, kind)
        t.ask(nl.SB_POOL_SET, *pool(1), (nl.SB_POOL_SIZE, 1))
        t.ask(nl.SB_POOL_GET, *pool(30))
        t.ask(nl.SB_POOL_GET, (nl.SB, 9), (nl.SB_POOL, 0))
    with t.operation("thresholds of ports"):
        for number, threshold in ((1, 9), (1, 2), (1, 17), (5, 1000), (30, 1)):
            set_port(t, 1, number, threshold)
        set_port(t, 99, 1, 9)
    with t.operation("traffic classes"):
        for row in ((3, 0, 1, 9), (3, 0, 4, 9), (3, 0, 1, 2), (3, 0, 30, 9), (3, 1, 5, 1000), (30, 0, 1, 9)):
            set_tc(t, 1, *row)
    with t.operation("another type"):
        set_pool(t, 1, 1000, 0)
        t.ask(nl.SB_PORT_POOL_GET, (nl.PORT, 1), *pool(1))
        t.ask(nl.SB_TC_GET, (nl.PORT, 1), (nl.SB, 0), (nl.SB_TC, 3), (nl.SB_POOL_TYPE, 0))
        set_pool(t, 1, 1000, 1)
        t.ask(nl.SB_PORT_POOL_GET, (nl.PORT, 1), *pool(1))
    with t.operation("a split forgets thresholds"):
        t.ask(nl.PORT_SPLIT, (nl.PORT, 1), (nl.SPLIT_COUNT, 2))
        for index in (1, 3):
            t.ask(nl.SB_PORT_POOL_GET, (nl.PORT, index), *pool(1))
    with t.operation("a reload forgets buffers"):
        t.reload()
        t.ask(nl.SB_POOL_GET, *pool(1))
        t.ask(nl.SB_PORT_POOL_GET, (nl.PORT, 1), *pool(5))


def card_state(t, card):
    answer = t.bed.link.ask(nl.LINECARD_GET, *t.bed.address, (nl.LINECARD, card))
    return nl.number(answer.replies[0].attrs[nl.LINECARD_STATE])


def set_card(t, card, kind, state):
    t.ask(nl.LINECARD_SET, (nl.LINECARD, card), (nl.LINECARD_TYPE, kind))
    end = time.monotonic() + 60
    while card_state(t, card) != state:
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
    t.ask(nl.LINECARD_GET, (nl.LINECARD, card))


def linecards(t):
    with t.operation("line cards"):
        set_card(t, 2, "8x200G", 6)
    with t.operation("line cards refuse"):
        for kind in ("16x100G", "8x200G", "none-such"):
            t.ask(nl.LINECARD_SET, (nl.LINECARD, 2), (nl.LINECARD_TYPE, kind))
        t.ask(nl.LINECARD_SET, (nl.LINECARD, 99), (nl.LINECARD_TYPE, "8x200G"))
        t.ask(nl.LINECARD_SET, (nl.LINECARD, 1), (nl.LINECARD_TYPE, ""))
        t.ask(nl.LINECARD_SET, (nl.LINECARD, 1))
        t.ask(nl.LINECARD_GET)
    with t.operation("a reload keeps line cards"):
        t.reload()
        t.ask(nl.LINECARD_GET, (nl.LINECARD, 2))
    with t.operation("no line card"):
        set_card(t, 2, "", 1)


# ---- facts ----

def _number(found, kind):
    return nl.number(found[kind])


def _eswitch(bed):
    found = bed.link.ask(nl.ESWITCH_GET, *bed.address).attrs
    tables = {nl.ESWITCH_MODE: ("mode", MODES), nl.ESWITCH_INLINE: ("inline_mode", INLINE),
              nl.ESWITCH_ENCAP: ("encap", WORDS)}
    return {name: words[_number(found, kind)] for kind, (name, words) in tables.items() if kind in found}


def _health(bed):
    facts = {}
    for port, name in REPORTERS.get(bed.model, ()):
        message = bed.link.ask(nl.HEALTH_GET, *bed.address, *reporter(port, name)).attrs
        found = dict(nl.each(message[nl.HEALTH]))
        facts[(f"p{port}/" if port is not None else "") + name] = {
            **({"grace_period": _number(found, nl.HEALTH_GRACE)} if nl.HEALTH_GRACE in found else {}),
            **{key: WORDS[_number(found, kind)] for key, kind in (("auto_recover", nl.HEALTH_RECOVER),
                                                                  ("auto_dump", nl.HEALTH_AUTO_DUMP)) if kind in found}}
    return facts


def _buffers(dump):
    """Without the CPU port, of which facts say nothing."""
    ports = {_number(m.attrs, nl.PORT): f"p{_number(m.attrs, nl.PORT_NUMBER)}" for m in dump(nl.PORT_GET)
             if nl.PORT_LANES in m.attrs}
    pools = {f"0/{_number(m.attrs, nl.SB_POOL)}": {
        "size": _number(m.attrs, nl.SB_POOL_SIZE), "type": THRESHOLDS[_number(m.attrs, nl.SB_THTYPE)],
        "direction": DIRECTIONS[_number(m.attrs, nl.SB_POOL_TYPE)], "cell": _number(m.attrs, nl.SB_CELL)}
        for m in dump(nl.SB_POOL_GET)}
    quotas = {f"{ports[_number(m.attrs, nl.PORT)]}/0/{_number(m.attrs, nl.SB_POOL)}": {
        "threshold": _number(m.attrs, nl.SB_THRESHOLD), "occ": 0, "occ_max": 0}
        for m in dump(nl.SB_PORT_POOL_GET) if _number(m.attrs, nl.PORT) in ports}
    tcs = {f"{ports[_number(m.attrs, nl.PORT)]}/0/{DIRECTIONS[_number(m.attrs, nl.SB_POOL_TYPE)]}"
           f"/{_number(m.attrs, nl.SB_TC)}": {"pool": _number(m.attrs, nl.SB_POOL),
                                              "threshold": _number(m.attrs, nl.SB_THRESHOLD), "occ": 0, "occ_max": 0}
           for m in dump(nl.SB_TC_GET) if _number(m.attrs, nl.PORT) in ports}
    lanes = {label: {"count": 0, "lanes": 4, "splittable": 1} for label in ports.values()}
    return {"port_splits": lanes, "shared_buffers": {"pools": pools, "ports": quotas, "tcs": tcs}}


def _cards(dump):
    cards = {}
    for message in dump(nl.LINECARD_GET):
        types = ", ".join(nl.text(kind) for _, kind in nl.each(message.attrs[nl.LINECARD_TYPES]))
        cards[_number(message.attrs, nl.LINECARD)] = {"type": "", "state": "unprovisioned", "supported": types}
    return {"linecards": cards}


def facts(bed, dump):
    """The sections of these kinds, of a device that nothing was done to yet."""
    if bed.model == "sn4800":
        return {**_cards(dump), **_buffers(dump)}
    if bed.model in REPORTERS:
        return {"eswitch": _eswitch(bed), "health_reporters": _health(bed)}
    return {}


# ---- traces ----

LABELS = {nl.PORT: "port", nl.SB_POOL: "pool", nl.SB_POOL_TYPE: "direction", nl.SB_POOL_SIZE: "size",
          nl.SB_THTYPE: "type", nl.SB_THRESHOLD: "threshold", nl.SB_TC: "tc", nl.SB_CELL: "cell",
          nl.ESWITCH_MODE: "mode", nl.ESWITCH_INLINE: "inline", nl.ESWITCH_ENCAP: "encap", nl.LINECARD: "card",
          nl.LINECARD_STATE: "state", nl.HEALTH_GRACE: "grace", nl.HEALTH_BURST: "burst", nl.HEALTH_RECOVER: "recover",
          nl.HEALTH_AUTO_DUMP: "dump"}


def details(message):
    """The numbers of a message, and the strings by which it is known."""
    found = {**message.attrs, **(dict(nl.each(message.attrs[nl.HEALTH])) if nl.HEALTH in message.attrs else {})}
    words = [nl.text(found[kind]) for kind in (nl.HEALTH_NAME, nl.LINECARD_TYPE) if kind in found]
    return words + [f"{label}={_number(found, kind)}" for kind, label in LABELS.items() if kind in found]


NAMES = {nl.SB_POOL_GET + 2: "SB_POOL_NEW", nl.SB_PORT_POOL_GET + 2: "SB_PORT_POOL_NEW", nl.SB_TC_GET + 2: "SB_TC_NEW",
         nl.ESWITCH_GET: "ESWITCH_GET", nl.HEALTH_GET: "HEALTH_GET", 80: "LINECARD_NEW", 81: "LINECARD_DEL"}
REQUESTS = {nl.SB_POOL_GET: "SB_POOL_GET", nl.SB_POOL_SET: "SB_POOL_SET", nl.SB_PORT_POOL_GET: "SB_PORT_POOL_GET",
            nl.SB_PORT_POOL_SET: "SB_PORT_POOL_SET", nl.SB_TC_GET: "SB_TC_GET", nl.SB_TC_SET: "SB_TC_SET",
            nl.ESWITCH_GET: "ESWITCH_GET", nl.ESWITCH_SET: "ESWITCH_SET", nl.HEALTH_GET: "HEALTH_GET",
            nl.HEALTH_SET: "HEALTH_SET", nl.LINECARD_GET: "LINECARD_GET", nl.LINECARD_SET: "LINECARD_SET",
            nl.PORT_SPLIT: "PORT_SPLIT", nl.PORT_UNSPLIT: "PORT_UNSPLIT"}
