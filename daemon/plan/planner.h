/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a plan share: what it is made from, and its list of steps. */
#pragma once

#include "plan/plan.h"

struct planner {
	const struct state *want;
	const struct world *world;
	const struct policy *policy;
	struct plan *plan;
	bool reload;	/* something wanted is not in force */
	bool permitted; /* it may be brought about by a reload now */
	bool flash, activate, takes_ports;
	const char *in_the_way; /* version of an image that is to be activated before the flash */
};

/* planner.c: the list of steps */
struct step *planner_add(struct planner *p, enum step_kind kind, enum phase phase,
			 enum disruption disruption);
void planner_add_set(struct planner *p, const struct object *target, field_mask fields,
		     enum phase phase, enum disruption disruption, char *from);
struct step *planner_last(const struct planner *p);
void planner_put_aside(struct planner *p, step_list *list);
bool planner_drop_refused(struct planner *p);
void planner_name(struct buf *list, const struct object *o);
char *planner_format(const struct object *o, const struct value *v);

/* plan_staged.c */
void plan_staged(struct planner *p, const struct object *want, const struct object *have);
void plan_undo_foreign(struct planner *p);

/* plan_live.c */
void plan_live(struct planner *p, const struct object *want, const struct object *shown);

/* plan_reload.c */
void plan_firmware(struct planner *p);
void plan_reloads(struct planner *p);
enum disruption plan_activation_class(const struct planner *p);
void plan_say_destroyed(struct planner *p);
