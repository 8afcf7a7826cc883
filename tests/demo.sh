#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's part of ../demo: each step is shown and then checked with something that is not carved.
set -euo pipefail

device=netdevsim/netdevsim10
export NO_COLOR=1 COLUMNS=100

title() { printf '\n=== %s\n' "$*"; }
show() { printf '$ %s\n' "$*" && "$@"; }
fail() {
	echo "demo: NOT TRUE: $*" >&2
	journalctl -u carved --no-pager -o cat >&2
	exit 1
}
is() { [ "$2" = "$3" ] || fail "$1 is $2, not $3"; }

# the device as iproute2 and the driver tell it
size() { devlink -j resource show $device | jq -r ".. | objects | select(.name? == \"$1\") | .size" | head -n 1; }
action() { devlink -j trap show $device trap "$1" | jq -r '.trap[][].action'; }
policer() { devlink -j trap group show $device group "$1" | jq -r '.trap_group[][].policer'; }
in_force() { cat /sys/kernel/debug/netdevsim/netdevsim10/max_macs; }
reloads() { devlink -j -s dev show $device | jq '.dev[].stats.reload.driver_reinit.unspecified'; }
state() { busctl get-property org.carved1 "$path" org.carved1.Device State | cut -d'"' -f2; }

until_true() {
	local i
	for ((i = 0; i < 400; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	fail "in 20 s: $*"
}
has_action() { [ "$(action "$1" 2>/dev/null)" = "$2" ]; }
is_up() { [ "$(devlink -j dev show $device | jq '.dev[].reload_failed // false')" = false ]; }
has_state() { [ "$(state 2>/dev/null)" = "$1" ]; }

cp -a /host/build/root-plain/. /
systemd-sysusers
systemctl daemon-reload
busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
modprobe netdevsim
echo "10 2" >/sys/bus/netdevsim/new_device
path=/org/carved1/device/netdevsim_2fnetdevsim10

title "1. A device as its driver made it"
show devlink resource show $device
show devlink trap show $device trap blackhole_route
is "the size of IPv4/fib" "$(size fib)" unlimited
is "max_macs in force" "$(in_force)" 32
is "the action of blackhole_route" "$(action blackhole_route)" drop

title "2. What it shall be, and the plan"
cat >/etc/carved/carved.yaml <<'Y'
version: 1
settings: {audit_interval: 1h}
devices:
  leaf:
    match: {driver: netdevsim}
    reload: manual
    resources:
      /IPv4/fib: 4Ki
      /IPv4/fib-rules: 512
    params:
      max_macs: {driverinit: 64}
    trap_policers:
      1: {rate: 2000, burst: 256}
    trap_groups:
      l3_drops: {policer: 1}
    traps:
      blackhole_route: trap
Y
show cat /etc/carved/carved.yaml
show systemctl start carved
until_true has_state pending-reload
echo "\$ carvectl plan"
status=0
carvectl plan || status=$?
is "the exit code of carvectl plan" $status 2
is "the number of reloads" "$(reloads)" 0
is "the size of IPv4/fib" "$(size fib)" unlimited

title "3. Applied with one reload"
sed -i 's/reload: manual/reload: auto/' /etc/carved/carved.yaml
show carvectl reload
show carvectl status
is "the state" "$(state)" converged
is "the number of reloads" "$(reloads)" 1
is "the size of IPv4/fib" "$(size fib)" 4096
is "the size of IPv4/fib-rules" "$(size fib-rules)" 512
is "max_macs in force" "$(in_force)" 64
is "the action of blackhole_route" "$(action blackhole_route)" trap
is "the policer of l3_drops" "$(policer l3_drops)" 1

title "4. Somebody else reloads the device: the kernel forgets the trap policy, carved restores it"
devlink monitor trap >/tmp/monitor & monitor=$!
sleep 0.3
show devlink dev reload $device
until_true grep -q 'trap,new.*blackhole_route.*action drop' /tmp/monitor
until_true has_action blackhole_route trap
kill $monitor
until_true has_state converged
until_true grep -q 'restored' <(journalctl -u carved --no-pager -o cat)
journalctl -u carved --no-pager -o cat | grep restored
is "the number of reloads" "$(reloads)" 2
is "the policer of l3_drops" "$(policer l3_drops)" 1
show busctl get-property org.carved1 $path org.carved1.Device ReloadCount ForeignReloadCount
is "the count of foreign reloads" "$(busctl get-property org.carved1 $path org.carved1.Device ForeignReloadCount)" "t 1"

title "5. An edit, and systemctl reload"
sed -i 's/blackhole_route: trap/blackhole_route: mirror/' /etc/carved/carved.yaml
show systemctl reload carved
until_true has_action blackhole_route mirror
is "the number of reloads" "$(reloads)" 2

title "6. A bad edit is refused, and what was in force stays"
sed -i 's/blackhole_route: mirror/blackhole_rout: drp/' /etc/carved/carved.yaml
echo "\$ carvectl reload"
status=0
carvectl reload || status=$?
is "the exit code of carvectl reload" $status 1
! systemctl reload carved 2>/dev/null || fail "systemctl reload did not fail"
is "the action of blackhole_route" "$(action blackhole_route)" mirror
show devlink dev reload $device
until_true has_action blackhole_route mirror
is "the action of blackhole_route" "$(action blackhole_route)" mirror

title "7. Asked over D-Bus"
show busctl call org.carved1 /org/carved1 org.carved1.Manager ListDevices
show busctl get-property org.carved1 $path org.carved1.Device State StateReason
is "the manager's state" "$(busctl get-property org.carved1 /org/carved1 org.carved1.Manager State)" 's "converged"'

title "8. A reload fails half-way: what worked comes back, what failed waits until somebody asks"
sed -i 's/blackhole_rout: drp/blackhole_route: mirror/; s/fib: 4Ki/fib: 8Ki/' /etc/carved/carved.yaml
echo Y >/sys/kernel/debug/netdevsim/netdevsim10/fail_reload
echo "\$ carvectl reload"
status=0
carvectl reload || status=$?
is "the exit code of carvectl reload" $status 3
is "the state" "$(state)" quarantined
echo N >/sys/kernel/debug/netdevsim/netdevsim10/fail_reload
until_true is_up
until_true has_action blackhole_route mirror
is "the size of IPv4/fib" "$(size fib)" 4096
echo "\$ carvectl status leaf"
carvectl status leaf || true
show carvectl retry leaf
is "the state" "$(state)" converged
is "the size of IPv4/fib" "$(size fib)" 8192
is "the action of blackhole_route" "$(action blackhole_route)" mirror

title "9. What leaves the config goes back to what it was, and what happened can be looked up"
sed -i '/traps:$/d; /blackhole_route/d' /etc/carved/carved.yaml
show systemctl reload carved
until_true has_action blackhole_route drop
is "the size of IPv4/fib" "$(size fib)" 8192
show carvectl history

title "10. At rest"
pid=$(systemctl show -P MainPID carved)
rss=$(awk '/VmRSS/ {print $2}' "/proc/$pid/status")
echo "resident: $rss KiB"
[ "$rss" -lt 8192 ] || fail "carved uses $rss KiB"
show systemctl stop carved
