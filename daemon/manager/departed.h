/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What devices have done that are gone: it is told to whoever asks, and given back to the successor
 * of the same handle, so that a driver that is bound anew does not lose its history. The successor
 * also learns what its predecessor had accepted, for where it refuses the latest config.
 */
#pragma once

#include "manager/runner.h"

struct past {
	char *handle, *entry; /* entry: the last one, "" if there was none */
	record_list records;  /* oldest first */
	struct assignment accepted;
};

typedef VEC(struct past) past_list;

void past_keep(past_list *l, struct managed *m);
void past_return(past_list *l, struct managed *m);
void past_clear(past_list *l);
