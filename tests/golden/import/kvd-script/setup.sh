#!/bin/bash
# Partition of a Spectrum-1 as its wiki's readers type it: sizes first, one reload after them.
DEV=pci/0000:03:00.0
KVD="/kvd"

if [ "$(devlink dev show $DEV)" = "" ]; then
	exit 1
fi
devlink resource set $DEV path ${KVD}/linear size 98304
devlink resource set "$DEV" path $KVD/hash_double size 60416 || exit 1
sudo /sbin/devlink resource set $DEV path $KVD/hash_single \
	size 87040
devlink dev reload $DEV
devlink resource set $DEV path /kvd/linear size 90112; devlink -j resource show $DEV | jq . >/tmp/sizes
for t in a b; do devlink trap set $DEV trap $t action drop; done
