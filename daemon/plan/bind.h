/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tying what was written to what the device has:
 *
 *	winners_collect(&winners, entry, handle, &world.facts);
 *	bind_reads(&winners, &world, &reads);	which objects to read
 *	...					read them into world.have
 *	bind_winners(entry, &winners, handle, &world, &want, &diags);
 *
 * Pure: none asks the kernel, all may be called at any time. Winners are good for as long as the
 * entry is the same, and what its layers are matched with. bind_entry() is the first and the last
 * in one.
 */
#pragma once

#include "model/world.h"
#include "plan/winners.h"

enum {
	BIND_NEEDS_CATALOGUE = 1, /* bind_entry(): the device's catalogue is needed to go on */
	BIND_NEEDS_IMAGE = 2,	  /* the file of ret_want->firmware must be looked at first */
};

void bind_reads(const winner_list *winners, const struct world *w, struct reads *ret);
int bind_winners(const struct entry *e, const winner_list *winners, const char *handle,
		 const struct world *w, struct state *ret_want, struct diag_list *diags);
int bind_entry(const struct entry *e, const char *handle, const struct world *w,
	       struct state *ret_want, struct diag_list *diags);
