/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the config in force is written to the disk. What the files and the ledger on disk would not
 * bring back at a start is there before a device hears of it. All else need not be: devices do not
 * wait for the disk, only the end of a job does.
 *
 *	keeper_begin(k)		a config was adopted
 *	keeper_keep(k)		... all rest, or carved ends: it has to be on disk now
 *	keeper_retry(k)		... a write may have failed
 */
#pragma once

#include <stdbool.h>

struct configs;
struct devices;
struct loop;
struct loop_timer;

struct keeper {
	struct configs *configs;
	const struct devices *devices;
	struct loop_timer *timer;
	bool retrying; /* the timer is for what could not be saved */
};

void keeper_init(struct keeper *k, struct configs *configs, const struct devices *devices,
		 struct loop *loop);
void keeper_begin(struct keeper *k);
void keeper_keep(struct keeper *k);
void keeper_retry(struct keeper *k);
void keeper_clear(struct keeper *k);
