/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network devices of a device, from sysfs: which of them are up, which have a master. Some
 * files there wait for other devices, so only a channel's thread reads them:
 *
 *	b->v[0].precheck = netdevs_probe(root, handle);
 *	... when the batch is back ...
 *	netdevs_found(b->v[0].precheck, &impact);
 */
#pragma once

#include "kernel/chan.h"
#include "model/impact.h"

/* The devices that have netdevs; @driver may be NULL. Never blocks. */
void netdevs_each_device(const char *root,
			 void (*found)(void *user, const char *handle, const char *driver),
			 void *user);

struct precheck *netdevs_probe(const char *root, const char *handle);
void netdevs_found(const struct precheck *p, struct impact *impact);
