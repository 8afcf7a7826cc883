# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written about a switch: names and values of each model, under the words that tests use.
"""
import dataclasses


@dataclasses.dataclass
class Words:
    """`all` changes something of every kind; what it comes to is all_changes()."""

    trap: str                   # two drop traps that are dropped by default, in two groups
    trap2: str
    group: str                  # the group of trap2
    param: str                  # driverinit
    default: object             # its values: as it comes, to be wanted, and somebody else's
    value: object
    other: object
    yaml: dict                  # how these are written, where it differs
    size: str                   # a resource that may shrink by itself, and sizes
    sizes: tuple
    policer: int                # one that a group has by default, and what else it may be
    rates: tuple
    bad_policer: tuple          # one that the driver would refuse, and why
    all: dict
    group_of_all: str           # all its drop traps but `own` go to "trap"
    own: dict
    other_changes: dict
    refusals: dict              # what the entry says; what the message must contain
    runtime: tuple = None       # a runtime param and a value that is not its default
    permanent: tuple = None     # the same, in mode permanent
    reporter: str = None        # a health reporter that can recover
    unread: tuple = None        # a resource that the driver never reads, and sizes with it

    @property
    def wanted(self):
        """One of each class: a size and a param that take a reload, and a trap that does not."""
        sizes = {"resources": {self.size: self.sizes[0]}} if self.size else {}
        return {**sizes, "params": self.params(self.value), "traps": {self.trap: "trap"}}

    @property
    def wanted_changes(self):
        """What `wanted` comes to."""
        sizes = {("size", self.size): self.sizes[0]} if self.size else {}
        return {**sizes, ("driverinit", self.param): self.value,
                ("active", self.param): self.value, ("trap", self.trap): "trap"}

    def params(self, value):
        return {self.param: self.yaml.get(value, value)}

    def all_changes(self, switch):
        """By (kind, name), all that `all` makes different from a fresh switch."""
        own = {("trap", name): action for name, action in self.own.items()}
        changes = {**self.other_changes, **own}
        for name in switch.drops(self.group_of_all):
            changes.setdefault(("trap", name), "trap")
        return {k: v for k, v in changes.items() if switch.fresh[k] != v}


NETDEVSIM = Words(
    trap="tail_drop", trap2="blackhole_route", group="l3_drops",
    param="max_macs", default=32, value=48, other=99, yaml={},
    size="/nexthops", sizes=(100, 300, 77),
    policer=1, rates=((900, 512), (500, 64)), bad_policer=({"rate": 9000}, "maximum 8000"),
    all={
        "resources": {"/IPv6/fib": 2000, "/nexthops": 300},
        "params": {"max_macs": 48, "test1": False},
        "trap_policers": {1: {"rate": 500, "burst": 64}, 2: {"rate": 700}},
        "trap_groups": {"l2_drops": {"action": "trap", "policer": 1},
                        "acl_drops": {"policer": "none"}},
        "traps": {"source_mac_is_multicast": "drop", "blackhole_route": "mirror"},
    },
    group_of_all="l2_drops", own={"source_mac_is_multicast": "drop", "blackhole_route": "mirror"},
    other_changes={
        ("size", "/IPv6/fib"): 2000, ("size", "/nexthops"): 300,
        ("driverinit", "max_macs"): 48, ("active", "max_macs"): 48,
        ("driverinit", "test1"): False, ("active", "test1"): False,
        ("policer", 1): (500, 64), ("policer", 2): (700, 256),
        ("group", "l2_drops"): 1, ("group", "acl_drops"): None,
    },
    refusals={
        "resource": ("resources: {/nexthop: 100}", "did you mean /nexthops"),
        "param": ("params: {max_mac: 40}", "did you mean max_macs"),
        "trap": ("traps: {tail_dorp: trap}", "did you mean tail_drop"),
        "group": ("trap_groups: {l2_drop: {action: trap}}", "did you mean l2_drops"),
        "policer": ("trap_policers: {99: {rate: 1000}}", "policer 99"),
        "policer of a group": ("trap_groups: {l2_drops: {policer: 99}}", "policer 99"),
        "exception trap": ("traps: {fid_miss: drop}", "exception"),
        "control trap": ("traps: {igmp_query: drop}", "control"),
        "type of a param": ("params: {max_macs: many}", "many"),
        "bool": ("params: {test1: 7}", "7"),
        "range of a param": ("params: {max_macs: 5000000000}", "5000000000"),
        "cmode": ("params: {max_macs: {runtime: 40}}", "driverinit"),
        "sum of children": ("resources: {/IPv4: 1000, /IPv4/fib: 900, /IPv4/fib-rules: 200}",
                            "/IPv4/fib 900 + /IPv4/fib-rules 200"),
        "unlimited child": ("resources: {/IPv4: 1000, /IPv4/fib: 900}", "/IPv4/fib-rules"),
        "overflow of a sum": (f"resources: {{/IPv4: 1000, /IPv4/fib: 100, "
                              f"/IPv4/fib-rules: {2**64 - 2}}}", "/IPv4"),
        "percent of unlimited": ("resources: {/IPv4/fib: 40%}", "unlimited"),
        "minimum": "netdevsim takes any size",
        "maximum": "netdevsim takes any size",
        "granularity": "netdevsim takes any size",
    },
    reporter="dummy",
    unread=("/IPv4", {"/IPv4": 100000, "/IPv4/fib": 5000, "/IPv4/fib-rules": 5000}),
)

SPECTRUM1 = Words(
    trap="ingress_vlan_filter", trap2="blackhole_route", group="l3_drops",
    param="fw_load_policy", default=0, value=1, other=0, yaml={0: "driver", 1: "flash"},
    size="/kvd/linear/singles", sizes=(16000, 15000, 14000),
    policer=1, rates=((5000, 512), (500, 64)), bad_policer=({"burst": 100}, "power of two"),
    all={
        # what spectrum1-scale presets
        "resources": {"/kvd/linear": 64000, "/kvd/linear/singles": 15616,
                      "/kvd/linear/chunks": 32000, "/kvd/linear/large_chunks": 16384,
                      "/kvd/hash_single": 128000, "/kvd/hash_double": 48000},
        "params": {"fw_load_policy": "flash"},
        "trap_policers": {1: {"rate": 500, "burst": 64}, 2: {"rate": 700}},
        "trap_groups": {"l2_drops": {"action": "trap", "policer": 3},
                        "acl_drops": {"policer": "none"}},
        "traps": {"source_mac_is_multicast": "drop", "blackhole_route": "trap"},
    },
    group_of_all="l2_drops", own={"source_mac_is_multicast": "drop", "blackhole_route": "trap"},
    other_changes={
        ("size", "/kvd/linear"): 64000, ("size", "/kvd/linear/singles"): 15616,
        ("size", "/kvd/linear/chunks"): 32000, ("size", "/kvd/linear/large_chunks"): 16384,
        ("size", "/kvd/hash_single"): 128000, ("size", "/kvd/hash_double"): 48000,
        ("driverinit", "fw_load_policy"): 1, ("active", "fw_load_policy"): 1,
        ("policer", 1): (500, 64), ("policer", 2): (700, 128),
        ("group", "l2_drops"): 3, ("group", "acl_drops"): None,
    },
    refusals={
        "resource": ("resources: {/kvd/liner: 1024}", "did you mean /kvd/linear"),
        "param": ("params: {fw_load_polic: flash}", "did you mean fw_load_policy"),
        "trap": ("traps: {blackhole_ruote: trap}", "did you mean blackhole_route"),
        "group": ("trap_groups: {l2_drop: {action: trap}}", "did you mean l2_drops"),
        "policer": ("trap_policers: {99: {rate: 1000}}", "policer 99"),
        "policer of a group": ("trap_groups: {l2_drops: {policer: 99}}", "policer 99"),
        "exception trap": ("traps: {mtu_value_is_too_small: drop}", "exception"),
        "control trap": ("traps: {stp: drop}", "control"),
        "type of a param": "Spectrum-1 has one param only, whose words are checked with the file",
        "bool": "Spectrum-1 has no param that is true or false",
        "range of a param": ("params: {fw_load_policy: 300}", "300"),
        "cmode": ("params: {fw_load_policy: {runtime: flash}}", "driverinit"),
        "sum of children": ("resources: {/kvd/linear/singles: 50000}",
                            "/kvd/linear/singles 50000"),
        "unlimited child": "every size of Spectrum-1 has a limit",
        "overflow of a sum": "every size of Spectrum-1 has a limit",
        "percent of unlimited": "every size of Spectrum-1 has a limit",
        "minimum": ("resources: {/kvd/hash_single: 128}", "less than the minimum"),
        "maximum": ("resources: {/kvd/hash_single: 245760}", "more than the maximum"),
        "granularity": ("resources: {/kvd/hash_single: 87050}", "128"),
    },
    runtime=("acl_region_rehash_interval", 9000),
)

# An adapter: no resources, no policers. Firmware, and a param that only a power cycle puts in force.
MLX5 = Words(
    trap="ingress_vlan_filter", trap2="dmac_filter", group="l2_drops",
    param="io_eq_size", default=1024, value=512, other=2048, yaml={},
    size=None, sizes=(), policer=None, rates=(), bad_policer=(), all={}, group_of_all="l2_drops",
    own={}, other_changes={}, refusals={}, runtime=("flow_steering_mode", "smfs"),
    permanent=("enable_sriov", True), reporter="fw_fatal",
)
