// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime of a world. */
#include "model/world.h"

void world_clear(struct world *w)
{
	state_clear(&w->have);
	state_clear(&w->catalogue);
	facts_clear(&w->facts);
	memory_clear(&w->memory);
	image_verdict_clear(&w->image);
	*w = (struct world){};
}
