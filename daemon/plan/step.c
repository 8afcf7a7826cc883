// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime and names of steps. */
#include "plan/step.h"

#include <linux/devlink.h>

const char *disruption_name(enum disruption d)
{
	static const char *const names[] = {[DISRUPTION_NONE] = "",
					    [DISRUPTION_LIVE] = "live",
					    [DISRUPTION_FW_LIVE] = "fw-live",
					    [DISRUPTION_RELOAD] = "reload",
					    [DISRUPTION_POWER_CYCLE] = "power-cycle"};

	return names[d];
}

/** step_set_target() - make a copy of @o with only @fields of its writable ones the step's target.
 */
void step_set_target(struct step *s, const struct object *o, uint8_t fields)
{
	uint8_t writable = (uint8_t)((1u << o->class->n_writable) - 1);

	s->target = *o;
	s->target.name = mem_strdup(o->name);
	s->target.present = (uint8_t)((o->present & ~writable) | fields);
	for (unsigned i = 0; i < o->class->n_fields; i++)
		if (o->v[i].type == VALUE_STRING)
			s->target.v[i].str = mem_strdup(o->v[i].str);
}

/** step_kind_name() - what the step is about: a class's name, or "reload". */
const char *step_kind_name(const struct step *s)
{
	return s->kind == STEP_RELOAD ? "reload" : s->target.class->name;
}

/** step_object_label() - the object, or the reload's action; to be freed. */
char *step_object_label(const struct step *s)
{
	if (s->kind != STEP_RELOAD)
		return object_label(&s->target);
	return mem_strdup(s->action == DEVLINK_RELOAD_ACTION_FW_ACTIVATE ? "fw_activate"
									 : "driver_reinit");
}

/** step_same() - do both set the same object to the same values? */
bool step_same(const struct step *a, const struct step *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == STEP_RELOAD)
		return a->action == b->action;
	if (object_compare(&a->target, &b->target) != 0 || a->target.present != b->target.present)
		return false;
	for (unsigned i = 0; i < a->target.class->n_writable; i++)
		if (object_has(&a->target, i) && !value_equal(&a->target.v[i], &b->target.v[i]))
			return false;
	return true;
}

void step_clear(struct step *s)
{
	free((char *)s->target.name);
	for (unsigned i = 0; s->target.class && i < s->target.class->n_fields; i++)
		if (s->target.v[i].type == VALUE_STRING)
			free((char *)s->target.v[i].str);
	free(s->from);
	free(s->to);
	*s = (struct step){};
}

void steps_clear(step_list *steps)
{
	vec_each(s, steps)
		step_clear(s);
	vec_clear(steps);
}
