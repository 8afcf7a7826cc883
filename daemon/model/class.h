/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of object are tables. A kind (param, resource, trap ...) is one struct class and one struct
 * field row per attribute; a row serves the YAML, the encoder, the decoder, the diff, printing,
 * D-Bus and the man-page lint. A new kind is a new file in class/ and a line in classes.c.
 */
#pragma once

#include "model/value.h"

#define CLASS_MAX_FIELDS   8
#define CLASS_MAX_WRITABLE 4 /* writable fields come first in a class's table */
#define CLASS_MAX_KEYS	   4
#define CLASS_MAX_ERRORS   4
#define CLASS_NO_CMODE	   0xff

struct impact;
struct object;
struct state;

/* How the YAML writes an object of the class. */
enum class_form {
	FORM_SCALAR,   /* name: value, the value of the only writable field */
	FORM_MAP,      /* name: {field: value} */
	FORM_BY_CMODE, /* name: {cmode: value}, or a bare value where there is one cmode */
	FORM_SECTION,  /* {field: value}: the section is the only object, and gives it its name */
};

/* How objects are read, but for those of the catalogue, which is a dump of each class. */
enum class_read {
	READ_BY_NAME, /* each by a GET with its key, which no other device can block; where one that
			 is asked for is of a port, all by one dump */
	READ_DEVICE,  /* all by one GET without a key */
	READ_PORTS,   /* made by .of_ports of what is read of all ports */
};

/* Which writable fields a SET carries. */
enum class_set {
	SET_CHANGED, /* those that are to be changed */
	SET_WHOLE,   /* all of the object: the kernel refuses it without one of them */
	SET_EACH,    /* one: the kernel applies several one by one, and undoes none if one fails */
};

/* What becomes of a port when something that makes ports is as it is wanted. */
enum port_fate { PORT_STAYS, PORT_COMES, PORT_GOES };

/* When a value that was set is in force. */
enum effect {
	EFFECT_LIVE,
	EFFECT_STAGED, /* at the next reload */
	EFFECT_POWER_CYCLE,
};

/*
 * One part of an object's key: an attribute of its GET and SET. In the YAML, and as the object's
 * name, the parts are written with "/" between them. A port (DEVLINK_ATTR_PORT_INDEX of
 * VALUE_STRING) is the first part, and is written by its physical number: "p1", or "default" for
 * all that are not named. Its index, which is what messages have, is looked up at each read.
 */
struct key {
	const char *name;     /* in messages: "pool" */
	enum value_type type; /* VALUE_NONE: there are no more parts */
	uint16_t attr;	      /* DEVLINK_ATTR_* */
	const struct enum_names *names;
	uint64_t least; /* numbers below are none */
};

/* When a SET takes its place in a plan; each phase waits for the one before. */
enum phase {
	PHASE_MAKE_ROOM,      /* firmware that is stored already is activated */
	PHASE_FLASH_PARAM,    /* what a flash depends on */
	PHASE_FLASH,	      /* firmware is written */
	PHASE_STAGE_PARAM,    /* takes effect at the next reload */
	PHASE_STAGE_RESOURCE, /* the same */
	PHASE_RELOAD,	      /* the reload itself */
	PHASE_UNPROVISION,    /* what makes ports comes before what is set for each */
	PHASE_LINECARD,
	PHASE_UNSPLIT, /* gives lanes back that a split may need */
	PHASE_SPLIT,
	PHASE_ESWITCH,
	PHASE_UNBIND, /* what is set back leaves a pool before that changes */
	PHASE_POOL,   /* pools before the thresholds in them before what is bound to them */
	PHASE_THRESHOLD,
	PHASE_BINDING,
	PHASE_HEALTH,
	PHASE_POLICER, /* policers before bindings before actions: never trap unpoliced */
	PHASE_GROUP,
	PHASE_TRAP,
	PHASE_PARAM, /* params that take effect at once, or at the next power cycle */
};

enum field_flag {
	FIELD_WRITABLE = 1 << 0,     /* may be wanted; sent in a SET */
	FIELD_SIZE = 1 << 1,	     /* written in the grammar of size_parse() */
	FIELD_ZERO_IS_NONE = 1 << 2, /* 0 or "" is written `none` and is absent in replies */
	FIELD_LIVE = 1 << 3,	     /* moves by itself: no part of a comparison */
	FIELD_MACRO =
		1 << 4, /* the YAML takes it, bind expands it: not an attribute of the object */
	FIELD_STRUCTURAL = 1 << 5, /* a change makes ports go and come */
	FIELD_REREAD = 1 << 6,	   /* a change makes the driver show others of its values anew */
	FIELD_BY_NONE = 1 << 7,	   /* from one value to another only by way of none */
	FIELD_LIST = 1 << 8,	   /* a nest of strings: "a, b" */
};

struct field {
	const char *name;
	enum value_type type; /* VALUE_NONE: the device tells */
	uint16_t attr;	      /* DEVLINK_ATTR_* */
	uint32_t flags;	      /* enum field_flag */
	const struct enum_names *names;
	const char *doc; /* one line for the man page */
};

struct class
{
	const char *name;    /* of one object: "trap_policer" */
	const char *section; /* of the YAML entry: "trap_policers" */
	const char *within;  /* the section that this one is a part of; NULL: it stands by itself */
	const char *noun;    /* in messages: "trap policer" */
	const char *none_at_all; /* ... where a device has none; NULL: "it has no nouns at all" */
	enum class_form form;
	enum class_read read;
	enum class_set set;
	enum effect effect;
	const enum effect *cmode_effects; /* FORM_BY_CMODE: by cmode, instead of effect */
	enum phase phase, staged_phase;	  /* staged_phase: of values that are staged */
	enum phase none_phase;		  /* FIELD_BY_NONE: of a SET to none */
	enum phase back_phase; /* of a SET by which the first field is set back; 0: as ever */
	unsigned progress;     /* the field that says how far the driver is with it; 0: none */
	bool tree;	       /* named by a path of any depth; the key is a field */
	bool outlives_reload;  /* objects may be there though a reload has failed */
	bool resets; /* a reload brings objects back at the driver's defaults; SET_CHANGED only */
	bool ends_dump; /* the kernel ends a dump at an object that it fails to read */
	unsigned
		pending; /* EFFECT_STAGED: the field with what is staged; 0: it shows as in force */
	struct key keys[CLASS_MAX_KEYS];
	bool port_optional; /* the port may be left out, with its "/": the object is the device's */
	bool whole_ports;   /* ... and is never a part of a split one */
	uint16_t nest;	    /* the attribute that fields and keys of a reply lie in; 0: none does */
	int absent_errors[CLASS_MAX_ERRORS]; /* errno of a GET: the device has no such object */
	uint8_t cmd_get, cmd_set, cmd_reply;
	uint8_t cmd_none; /* FIELD_BY_NONE: of a SET to none, which carries no field; 0: cmd_set */
	/* Where cmd_reply tells of several kinds: the u16 that says which, and what it is of this
	 * one; sort_attr 0: it tells of one kind */
	uint16_t sort_attr, sort;
	const struct field *fields;
	size_t n_fields, n_writable;

	/* Of what is special; each may be NULL. */
	const struct enum_names *(*value_names)(const char *object); /* instead of the field's */
	void (*round)(const struct object *have, unsigned field,
		      struct value *v); /* as the driver */
	bool (*settable)(const struct object *have, struct buf *why);
	int (*rank)(const struct object *target, const struct object *have); /* in the phase */
	void (*was_read)(struct object *o); /* put right what the kernel says of it */
	/* Is the driver at it by itself? Then it is waited for, and nothing is set. */
	bool (*moves)(const struct object *have);
	void (*of_ports)(struct state *s); /* READ_PORTS: add the objects */
	/* Take out of what a reload destroys what @want brings back after it. */
	void (*declares)(const struct object *want, const struct object *have, struct impact *i);
	bool (*concerns)(const char *object, const char *port); /* structural: NULL: all ports */
	/* Structural: the object that makes @port, or NULL, to be freed. */
	char *(*maker)(const char *port);
	/* ... and what the wanted value of its field does to a port; @hint: of one that goes */
	enum port_fate (*fate)(const struct object *have, const struct value *wanted,
			       const char *port, struct buf *hint);
	bool (*is_captured)(const struct object *have); /* worth writing down; NULL: all are */
};

extern const struct class class_param, class_resource, class_linecard, class_port_split,
	class_eswitch, class_health_reporter, class_sb_pool, class_sb_port, class_sb_tc,
	class_trap_policer, class_trap_group, class_trap;

/* Every class, in the order in which the YAML's documentation lists them. */
extern const struct class *const classes[];
extern const size_t n_classes;

/* Fields that code refers to by index; the tables are in this order. */
enum { PARAM_VALUE, PARAM_DEFAULT };
enum {
	RESOURCE_SIZE,
	RESOURCE_SIZE_NEW,
	RESOURCE_MIN,
	RESOURCE_MAX,
	RESOURCE_GRAN,
	RESOURCE_OCC,
	RESOURCE_ID,
	RESOURCE_UNIT
};
enum { CARD_TYPE, CARD_STATE, CARD_SUPPORTED };
enum { SPLIT_COUNT, SPLIT_LANES, SPLIT_SPLITTABLE };
enum { ESWITCH_MODE, ESWITCH_INLINE_MODE, ESWITCH_ENCAP };
enum {
	HEALTH_GRACE_PERIOD,
	HEALTH_BURST_PERIOD,
	HEALTH_AUTO_RECOVER,
	HEALTH_AUTO_DUMP,
	HEALTH_STATE,
	HEALTH_ERRORS,
	HEALTH_RECOVERIES
};
enum { POOL_SIZE, POOL_TYPE, POOL_DIRECTION, POOL_CELL };
enum { TC_POOL, TC_THRESHOLD, TC_OCC, TC_OCC_MAX };
enum { POLICER_RATE, POLICER_BURST };
enum { GROUP_POLICER, GROUP_ACTION };
enum { TRAP_ACTION, TRAP_TYPE, TRAP_GROUP };

extern const struct enum_names cmode_names, trap_action_names, trap_type_names, policer_names;

enum cmode { CMODE_RUNTIME, CMODE_DRIVERINIT, CMODE_PERMANENT };
enum trap_type { TRAP_TYPE_DROP, TRAP_TYPE_EXCEPTION, TRAP_TYPE_CONTROL };

/* The parts of an object's key, one value for each part that the class has. */
struct key_values {
	struct value v[CLASS_MAX_KEYS];
	char *text; /* what strings point into */
};

const struct class *class_by_section(const char *section);
const struct class *class_by_name(const char *name);
size_t class_n_keys(const struct class *class);
bool class_is_structural(const struct class *class);
bool class_has_ports(const struct class *class);
const char *class_port_of(const struct class *class, const char *name);
int class_key_parse(const struct class *class, const char *name, struct key_values *ret,
		    char **ret_why);
char *class_key_format(const struct class *class, const struct value *v);
void key_values_clear(struct key_values *k);
const struct enum_names *param_value_names(const char *param);
