/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload of one device would reset or destroy. */
#pragma once

#include "base/text.h"

#include <stdbool.h>

struct impact {
	bool known;
	unsigned netdevs, up, mastered; /* come back anew: down, without address or master */
	unsigned splits;		/* ports that are parts of split ones */
	unsigned vfs, subfunctions, rate_nodes;
	bool switchdev; /* the eswitch's mode */
};

bool impact_destroys(const struct impact *i);
void impact_format(const struct impact *i, struct buf *out);
