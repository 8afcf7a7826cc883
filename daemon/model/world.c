// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime of a world, and which value of an object works now. */
#include "model/world.h"

/** world_in_force() - the value with which the driver works, or NULL where that is not known. */
const struct value *world_in_force(const struct world *w, const struct object *o, unsigned field)
{
	const struct object *have = state_find(&w->have, o->class, o->name, o->cmode);
	const struct value *staged_over = notes_find(&w->memory.in_force, o, field);

	if (!have || have->error || !object_has(have, field))
		return NULL;
	return staged_over ? staged_over : &have->v[field];
}

void world_clear(struct world *w)
{
	state_clear(&w->have);
	state_clear(&w->catalogue);
	facts_clear(&w->facts);
	memory_clear(&w->memory);
	image_verdict_clear(&w->image);
	*w = (struct world){};
}
