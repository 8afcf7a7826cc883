/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sysfs tells of a device: its driver and its network devices, which of them are up, which
 * have a master. Some files there wait for other devices, so only a channel's thread reads them:
 *
 *	b->v[0].precheck = netdevs_probe(root, handle, true, &names);
 *	... when the batch is back ...
 *	netdevs_found(b->v[0].precheck, &impact);
 *	netdevs_identify(b->v[0].precheck, &facts);
 */
#pragma once

#include "base/text.h"
#include "kernel/chan.h"
#include "model/facts.h"
#include "model/impact.h"

/* The devices that have netdevs; @driver may be NULL. Never blocks. */
void netdevs_each_device(const char *root,
			 void (*found)(void *user, const char *handle, const char *driver),
			 void *user);

struct precheck *netdevs_probe(const char *root, const char *handle, bool closely,
			       const text_list *names);
void netdevs_found(const struct precheck *p, struct impact *impact);
void netdevs_identify(const struct precheck *p, struct facts *facts);
