/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of bus/ share. */
#pragma once

#include "bus/bus.h"

#include <systemd/sd-bus.h>

#define BUS_ERROR(name)	  "org.carved1.Error." name
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

/* Somebody who waits for a device's catalogue. */
struct bus_capture {
	sd_bus_message *call;
	struct managed *managed;
	uint64_t catalogues; /* as many had been read when it was asked for */
	bool facts;
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
	bool lost;     /* ... and it was said so, since the name was ours */
	bool nameless; /* the bus has refused the name */
	VEC(struct bus_device) devices;
	VEC(struct bus_capture) captures;
	enum device_state state; /* as told */
};

extern const sd_bus_vtable bus_manager_vtable[], bus_device_vtable[];

int bus_capture(sd_bus_message *m, void *user, sd_bus_error *error);
void bus_captures_answer(struct bus *b, const struct managed *changed);
void bus_captures_drop(struct bus *b, const struct managed *removed);
bool bus_device_is_meant(const struct device *d, const char *name);
char *bus_device_path(const char *handle);
