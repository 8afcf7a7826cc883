/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The partition of an ASIC as a picture, as far as it needs no bus. */
#pragma once

#include "base/text.h"
#include "model/world.h"
#include "style.h"

struct client;

int picture_fetch(struct client *c, const char *device, struct world *ret);
void picture_render_sizes(const struct world *w, const struct style *style, struct buf *out);
void picture_render(const char *handle, const struct world *w, const struct style *style,
		    struct buf *out);
