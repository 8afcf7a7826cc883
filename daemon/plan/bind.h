/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tying what was written to what the device has:
 *
 *	bind_reads(entry, handle, &world, &reads);	which objects to read
 *	...					read them into world.have
 *	bind_entry(entry, handle, &world, &want, &diags);
 *
 * Pure: neither asks the kernel, both may be called at any time.
 */
#pragma once

#include "model/config.h"
#include "model/world.h"

enum {
	BIND_NEEDS_CATALOGUE = 1, /* bind_entry(): the device's catalogue is needed to go on */
	BIND_NEEDS_IMAGE = 2,	  /* the file of ret_want->firmware must be looked at first */
};

void bind_reads(const struct entry *e, const char *handle, const struct world *w,
		struct reads *ret);
int bind_entry(const struct entry *e, const char *handle, const struct world *w,
	       struct state *ret_want, struct diag_list *diags);
