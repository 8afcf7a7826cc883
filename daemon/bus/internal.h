/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of bus/ share. */
#pragma once

#include "bus/bus.h"

#include <systemd/sd-bus.h>

#define BUS_NAME	  "org.carved1"
#define BUS_PATH	  "/org/carved1"
#define BUS_DEVICE_PREFIX "/org/carved1/device"
#define BUS_MANAGER	  "org.carved1.Manager"
#define BUS_DEVICE	  "org.carved1.Device"

/* A device that the bus knows, and what it has told of it. */
struct bus_device {
	struct managed *managed;
	char *path;
	sd_bus_slot *slot;
	uint64_t revision;
};

struct bus {
	struct loop *loop;
	struct manager *manager;
	enum bus_kind kind;
	struct bus_hooks hooks;
	sd_bus *connection;
	struct loop_io *io;
	struct loop_timer *timer;
	sd_bus_slot *manager_slot, *tree_slot;
	VEC(struct bus_device) devices;
	enum device_state state; /* as told */
};

extern const sd_bus_vtable bus_manager_vtable[], bus_device_vtable[];

char *bus_device_path(const char *handle);
