/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The D-Bus face: answers from what the manager and the machines know at the moment, at once,
 * whatever the kernel is busy with. Marshalling only. The bus may come, go and come back.
 */
#pragma once

#include "manager/manager.h"

enum bus_kind { BUS_SYSTEM, BUS_USER, BUS_NONE };

struct bus_hooks {
	void (*ready)(void *user, bool ready);
	int (*reload)(void *user, const char *who, uint64_t *ret_job); /* as manager_reload() */
	void *user;
};

struct bus;

struct bus *bus_new(struct loop *loop, struct manager *manager, enum bus_kind kind,
		    const struct bus_hooks *hooks);
struct bus *bus_free(struct bus *b);
