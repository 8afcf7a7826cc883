// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime of a world, and which value of an object works now. */
#include "model/world.h"

#include <linux/devlink.h>
#include <stdio.h>

/**
 * reads_all_of() - are all objects of a class read by one dump?
 *
 * Return: true where one that is asked for is of a port.
 */
bool reads_all_of(const struct reads *reads, const struct class *class)
{
	if (!class_has_ports(class))
		return false;
	vec_each(n, &reads->names)
		if (n->class == class && class_port_of(class, n->name))
			return true;
	return false;
}

/** world_in_force() - the value with which the driver works, or NULL where that is not known. */
const struct value *world_in_force(const struct world *w, const struct object *o, unsigned field)
{
	const struct object *have = state_find(&w->have, o->class, o->name, o->cmode);
	const struct value *staged_over = notes_find(&w->memory.in_force, o, field);

	if (!have || have->error || !object_has(have, field))
		return NULL;
	return staged_over ? staged_over : &have->v[field];
}

/** world_kernel_is() - at least this version? */
bool world_kernel_is(const struct world *w, unsigned major, unsigned minor)
{
	unsigned is_major = 0, is_minor = 0;

	sscanf(w->kernel ? w->kernel : "", "%u.%u", &is_major, &is_minor);
	return is_major > major || (is_major == major && is_minor >= minor);
}

/**
 * world_loads() - does a reload that asks for @action load what is staged for objects of @class?
 *
 * From Linux 6.3 on params are loaded by one that asks for driver_reinit only, whatever it
 * performs.
 */
bool world_loads(const struct world *w, const struct class *class, uint8_t action)
{
	return action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT || class != &class_param ||
	       !world_kernel_is(w, 6, 3);
}

/** world_can_load() - does the driver offer a reload that loads what is staged for @class? */
bool world_can_load(const struct world *w, const struct class *class)
{
	for (uint8_t action = DEVLINK_RELOAD_ACTION_DRIVER_REINIT;
	     action <= DEVLINK_RELOAD_ACTION_FW_ACTIVATE; action++)
		if (facts_offers(&w->facts, action, DEVLINK_RELOAD_LIMIT_UNSPEC) &&
		    world_loads(w, class, action))
			return true;
	return false;
}

/**
 * world_undeclared() - of what a reload destroys, that which nothing of @want brings back in the
 * same convergence.
 */
struct impact world_undeclared(const struct world *w, const struct state *want)
{
	struct impact i = w->impact;

	vec_each(o, &want->objects)
		if (o->class->declares)
			o->class->declares(o, state_find(&w->have, o->class, o->name, o->cmode),
					   &i);
	return i;
}

/** world_clear() - free all that is known of a device. */
void world_clear(struct world *w)
{
	state_clear(&w->have);
	state_clear(&w->catalogue);
	facts_clear(&w->facts);
	memory_clear(&w->memory);
	image_verdict_clear(&w->image);
	*w = (struct world){};
}
