/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices there are: finds devlink's numbers, then lists all devices, and lists them again
 * when asked. It has a channel of its own, as a list waits for every busy device.
 */
#pragma once

#include "kernel/chan.h"
#include "wire/decode.h"

struct directory_handlers {
	/* The numbers are known, or the kernel has no devlink (-ENOENT) or cannot be asked
	 * (-errno). */
	void (*found)(void *user, int error, const struct family *family);
	/* A device exists; called for all of them at every list. */
	void (*device)(void *user, const char *handle);
	/* A device exists whose name is not text; @name is made text. */
	void (*unnamed)(void *user, const char *name);
	/* A list is complete, or failed. */
	void (*listed)(void *user, int error);
};

struct directory;

struct directory *directory_new(struct chan_hub *hub, const struct directory_handlers *handlers,
				void *user);
struct directory *directory_free(struct directory *d);
void directory_find(struct directory *d);
void directory_list(struct directory *d);
