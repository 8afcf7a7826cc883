/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line that says how far a device is, for a terminal. */
#pragma once

#include "answer.h"
#include "style.h"

void progress_render(const struct device_answer *d, uint64_t elapsed, const struct style *style,
		     struct buf *out);
