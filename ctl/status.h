/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carvectl status, as far as it needs no bus. */
#pragma once

#include "answer.h"
#include "style.h"

void status_render(const struct status_answer *a, const struct style *style, uint64_t now,
		   struct buf *out);
void status_render_device(const struct device_answer *d, bool all, const struct style *style,
			  uint64_t now, struct buf *out);
void status_render_devices(const struct status_answer *a, bool all, const struct style *style,
			   uint64_t now, struct buf *out);
int status_exit_code(const struct status_answer *a, bool all);
