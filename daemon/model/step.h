/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a plan. It owns all that it says: config and snapshots may go while it is carried
 * out. */
#pragma once

#include "model/device_state.h"
#include "model/object.h"

/* How much a step disturbs, least first. */
enum disruption {
	DISRUPTION_NONE,
	DISRUPTION_LIVE,
	DISRUPTION_FW_LIVE,
	DISRUPTION_PORTS, /* some netdevs go and come anew */
	DISRUPTION_RELOAD,
	DISRUPTION_POWER_CYCLE
};

enum step_kind {
	STEP_REMEMBER, /* note which value is in force before another one is staged */
	STEP_SET,
	STEP_FLASH,
	STEP_RELOAD,
};

/* What is done to traffic, and so must not happen elsewhere at the same time. */
enum disrupts {
	DISRUPTS_NONE,
	DISRUPTS_RELOAD, /* the device does not work for seconds */
	DISRUPTS_FLASH,	 /* nor may any other device on its chip; ends in a reload */
};

/* What the steps of a kind have in common: one row of the table in step.c. */
struct step_traits {
	const char *name;    /* what it is about; NULL: what the class of its object is called */
	const char *request; /* to the kernel, as "a reload"; NULL: only carved's memory changes */
	enum device_state state; /* of the device while it is in flight */
	enum disrupts disrupts;
	bool sets;	    /* it gives its object a value */
	bool barrier;	    /* what follows is planned anew */
	bool restarts;	    /* what was done before may be to be done again */
	bool to;	    /* its text says which value it brings */
	bool kept;	    /* once acknowledged, a read shows it done: else it was not kept */
	unsigned tries;	    /* after a reload: so often it is sent again before it is not kept */
	const char *failed; /* MESSAGE_*: the kernel refused it, or NULL */
};

struct step {
	enum step_kind kind;
	enum phase phase;
	enum disruption disruption;
	struct object target; /* STEP_SET: with the fields to set; STEP_REMEMBER: with the value in
				 force */
	bool reset;   /* STEP_SET of a param: the driver brings its default, which is the value */
	bool ahead;   /* STEP_SET: after a reload, before what it replaces was read: .from is "" */
	bool foreign; /* STEP_SET: undoes what somebody else left pending, and nobody wants */
	uint8_t action, limit;	  /* STEP_RELOAD: DEVLINK_RELOAD_ACTION_*, DEVLINK_RELOAD_LIMIT_* */
	bool activates;		  /* STEP_RELOAD: the wanted firmware, too */
	struct firmware firmware; /* STEP_FLASH; owns its strings */
	char *from, *to;
	struct mark mark;
};

typedef VEC(struct step) step_list;

const struct step_traits *step_traits(const struct step *s);
enum disrupts steps_disrupt(const step_list *steps);
bool step_is_barrier(const struct step *s);
bool step_ends_run(const struct step *s);
void step_set_firmware(struct step *s, const struct firmware *f);
void step_set_target(struct step *s, const struct object *o, field_mask fields);
const char *step_kind_name(const struct step *s);
char *step_object_label(const struct step *s);
char *step_title(const struct step *s);
char *step_origin(const struct step *s);
bool step_same(const struct step *a, const struct step *b);
void step_clear(struct step *s);
struct step step_copy(const struct step *s);
void steps_clear(step_list *steps);
const char *disruption_name(enum disruption d);
