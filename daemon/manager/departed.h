/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What devices have done that are gone: it is told to whoever asks, and given back to the successor
 * of the same handle, so that a driver that is bound anew does not lose its history. The successor
 * also learns what its predecessor had accepted, for where it refuses the latest config.
 */
#pragma once

#include "manager/runner.h"

/* One that is gone. */
struct departed {
	char *handle, *entry; /* entry: the last one, "" if there was none */
	record_list records;  /* oldest first */
	struct config_entry accepted;
};

typedef VEC(struct departed) departed_list;

void departed_keep(departed_list *l, struct runner *r);
void departed_return(departed_list *l, struct runner *r);
void departed_clear(departed_list *l);
