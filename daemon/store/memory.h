/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of each device, in two files: DIR/devices/HANDLE.json below the runtime
 * directory for as long as this boot lasts, and below the state directory what outlives it.
 *
 *	s = store_saving_new(store, handle, &memory, SAVING_ALL);	what there is now
 *	store_saving_write(s);				waits for the disk: for a thread
 *	store_saving_free(s);
 */
#pragma once

#include "model/memory.h"

struct saving;
struct store;

enum saving_kind {
	SAVING_ALL,
	SAVING_LASTING, /* what a reboot does not end */
	SAVING_RUNNING, /* what a reboot ends: no disk is waited for */
	SAVING_AGAIN,	/* all, but only where there is something of it already */
};

void store_load_memory(const struct store *s, const char *handle, struct memory *ret);
void store_each_accepted(const struct store *s, void (*each)(void *user, uint64_t hash),
			 void *user);
void store_touch_memory(const struct store *s, const char *handle);
void store_forget_devices(const struct store *s);
struct saving *store_saving_new(const struct store *s, const char *handle, const struct memory *m,
				enum saving_kind kind);
int store_saving_write(const struct saving *saving);
struct saving *store_saving_free(struct saving *saving);
