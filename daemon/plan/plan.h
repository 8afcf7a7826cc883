/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plan is, and the policy that it is made by (make.h).
 *
 * The steps are in order and grouped by phase. They are carried out phase by phase up to and with
 * the first barrier (a flash, a reload); then the device is read and planned anew. What stands
 * behind the barrier shows people what is to come. An empty plan means that all is as wanted,
 * except what `pending` and `yielded` say.
 */
#pragma once

#include "model/world.h"
#include "plan/firmware.h"
#include "model/step.h"

struct policy {
	bool reload;		  /* a reload is permitted now */
	bool destroy;		  /* ... even if something is lost that does not come back */
	const step_list *refused; /* SETs that the kernel refused: not to be tried again; or NULL */
	bool overdue;		  /* what the driver is at by itself has taken too long */
	const struct notes *yielded; /* objects to leave as they are; or NULL */
	bool patient; /* what others have staged is not set back now: they may be at work */
};

struct plan {
	step_list steps;
	step_list refused; /* those of policy.refused that would be among them */
	step_list left;	   /* those that are not, as policy.patient says */
	enum firmware_need firmware;
	enum disruption pending; /* the class of what waits for a permission, or DISRUPTION_NONE */
	bool ports_wait;	 /* structural steps are among them */
	struct buf pending_text; /* the objects that wait, for people */
	struct buf moving_text;	 /* the objects that the driver is at by itself, for people */
	struct buf unread_text;	 /* sizes that the driver does not read, for people */
	struct buf unreadable_text; /* objects that cannot be read, for people */
	struct buf yielded_text; /* objects of policy.yielded that are not as wanted, for people */
};

void plan_clear(struct plan *p);
