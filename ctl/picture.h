/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ASIC is divided into, as a picture. */
#pragma once

#include "base/text.h"
#include "model/world.h"
#include "style.h"

void picture_render_sizes(const struct world *w, const struct style *style, struct buf *out);
void picture_render(const char *handle, const struct world *w, const struct style *style,
		    struct buf *out);
