/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of object are tables. A kind (param, resource, trap ...) is one struct class and one struct
 * field row per attribute; a row serves the YAML, the encoder, the decoder, the diff, printing,
 * D-Bus and the man-page lint. A new kind is a new file in class/ and a line in classes.c.
 */
#pragma once

#include "model/value.h"

#define CLASS_MAX_FIELDS   8
#define CLASS_MAX_WRITABLE 2 /* writable fields come first in a class's table */
#define CLASS_NO_CMODE	   0xff

/* How the YAML writes an object of the class. */
enum class_form {
	FORM_SCALAR,   /* name: value, the value of the only writable field */
	FORM_MAP,      /* name: {field: value} */
	FORM_BY_CMODE, /* name: {cmode: value}, or a bare value where there is one cmode */
};

/* How objects of the class are addressed, in the YAML and by the kernel. */
enum class_key {
	KEY_NAME, /* a string attribute */
	KEY_ID,	  /* a u32 attribute, written as a decimal number */
	KEY_PATH, /* "/parent/child"; the kernel's u64 id is read from the device */
};

/* When a SET takes its place in a plan; each phase waits for the one before. */
enum phase {
	PHASE_FLASH_PARAM,    /* what a flash depends on */
	PHASE_FLASH,	      /* firmware is written */
	PHASE_STAGE_PARAM,    /* takes effect at the next reload */
	PHASE_STAGE_RESOURCE, /* the same */
	PHASE_RELOAD,	      /* the reload itself */
	PHASE_POLICER,	      /* policers before bindings before actions: never trap unpoliced */
	PHASE_GROUP,
	PHASE_TRAP,
	PHASE_PARAM, /* params that take effect at once, or at the next power cycle */
};

enum field_flag {
	FIELD_WRITABLE = 1 << 0,     /* may be wanted; sent in a SET */
	FIELD_SIZE = 1 << 1,	     /* written in the grammar of size_parse() */
	FIELD_ZERO_IS_NONE = 1 << 2, /* 0 is written `none` and is absent in replies */
	FIELD_LIVE = 1 << 3,	     /* moves by itself: no part of a comparison */
	FIELD_MACRO =
		1 << 4, /* the YAML takes it, bind expands it: not an attribute of the object */
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
	const char *noun;    /* in messages: "trap policer" */
	enum class_form form;
	enum class_key key;
	enum phase phase;
	uint16_t key_attr; /* DEVLINK_ATTR_* in a by-name GET and in a SET */
	uint8_t cmd_get, cmd_set, cmd_reply;
	const struct field *fields;
	size_t n_fields, n_writable;
};

extern const struct class class_param, class_resource, class_trap_policer, class_trap_group,
	class_trap;

/* Every class, in the order in which the YAML's documentation lists them. */
extern const struct class *const classes[];
extern const size_t n_classes;

/* Fields that code refers to by index; the tables are in this order. */
enum { PARAM_VALUE };
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
enum { POLICER_RATE, POLICER_BURST };
enum { GROUP_POLICER, GROUP_ACTION };
enum { TRAP_ACTION, TRAP_TYPE, TRAP_GROUP };

extern const struct enum_names cmode_names, trap_action_names, trap_type_names, policer_names;

enum cmode { CMODE_RUNTIME, CMODE_DRIVERINIT, CMODE_PERMANENT };
enum trap_type { TRAP_TYPE_DROP, TRAP_TYPE_EXCEPTION, TRAP_TYPE_CONTROL };

const struct class *class_by_section(const char *section);
const struct class *class_by_name(const char *name);
const struct enum_names *param_value_names(const char *param);
