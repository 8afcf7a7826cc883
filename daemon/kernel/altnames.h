/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alternative names of netdevs, which sysfs does not have: the kernel tells by generic netlink
 * which netdev has a name, and no list of them. Waits for whoever holds the lock of the netdevs, so
 * only a channel's thread asks.
 */
#pragma once

#include "base/text.h"

void altnames_resolve(const text_list *names,
		      void (*found)(void *user, const char *name, const char *netdev), void *user);
