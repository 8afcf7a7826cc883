/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What devices did because of a command:
 *
 *	done_mark(c, device, &arena, &before);
 *	...				ask for a job and wait for it
 *	done_fetch(c, device, before, &arena, &records);
 *	done_render(&records, &style, &out);
 */
#pragma once

#include "answer.h"
#include "client.h"
#include "style.h"

int done_mark(struct client *c, const char *device, struct arena *arena, uint64_t *ret);
int done_fetch(struct client *c, const char *device, uint64_t before, struct arena *arena,
	       record_list *ret);
char *done_state(const struct device_answer *d);
void done_render_missing(struct client *c, const record_list *records, const struct style *style,
			 struct buf *out);
void done_render(const record_list *records, const struct style *style, struct buf *out);
