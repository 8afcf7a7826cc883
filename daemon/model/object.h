/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of one device. What is wanted and what is there have the same type, so that a difference
 * is a merge of two sorted lists. An object is known by class, name and cmode; present says which
 * fields have a value: all that the kernel told for `have`, those that somebody wrote for `want`.
 */
#pragma once

#include "base/arena.h"
#include "model/class.h"
#include "model/diag.h"
#include "model/firmware.h"
#include "model/port.h"

typedef uint16_t field_mask; /* of fields of an object: FIELD_BIT(index) */

#define FIELD_BIT(field) ((field_mask)(1u << (field)))

/* Of some devices there are thousands: members are in an order that leaves no gaps. */
struct object {
	const struct class *class;
	const char *name;
	struct value v[CLASS_MAX_FIELDS];
	struct mark *marks;	 /* of a want: where its writable values were written, or NULL */
	const char *error_words; /* the kernel's, with error; or NULL */
	int error;		 /* of a have: -errno where it is there, but cannot be read */
	int order;		 /* of a want: those of one phase are set in this order */
	uint32_t port;		 /* the index of the port that it is of */
	field_mask present;
	field_mask restored; /* of a want: not written any more, they go back to what they were */
	bool has_port;
	uint8_t cmode; /* enum cmode for params, else CLASS_NO_CMODE */
};

/* The object that was found last, and how far behind the one before; may wrap around. */
struct finger {
	size_t at, stride;
};

/* Sorted objects of one device; names and strings live in the arena. */
struct state {
	struct arena arena;
	VEC(struct object) objects;
	port_list ports;	  /* of a have, where it has objects of ports */
	bool ports_read;	  /* of a have: there are no other ports than these */
	struct firmware firmware; /* of a want */
	const char *passed_over;  /* of a have: the name, made text, of an object that has none */
	struct finger *last;	  /* moved by state_find() also in a const state; may be NULL */
};

struct object *state_add(struct state *s, const struct class *class, const char *name,
			 uint8_t cmode);
void state_sort(struct state *s);
void state_sorted(struct state *s);
struct object *state_find(const struct state *s, const struct class *class, const char *name,
			  uint8_t cmode);
void state_set_mark(struct state *s, struct object *o, unsigned field, struct mark mark);
void state_add_port(struct state *s, const struct port *port);
void state_copy(struct state *to, const struct state *from);
bool state_same(const struct state *a, const struct state *b);
void state_clear(struct state *s);

int object_compare_names(const struct class *a, const char *a_name, const struct class *b,
			 const char *b_name);
int object_compare(const struct object *a, const struct object *b);
bool object_has(const struct object *o, unsigned field);
void object_set(struct object *o, unsigned field, struct value v);
struct mark object_mark(const struct object *o, unsigned field);
field_mask object_differs(const struct object *want, const struct object *have);
field_mask object_writable(const struct object *o);
bool object_is_none(const struct object *o, unsigned field);
uint64_t object_num(const struct object *o, unsigned field, uint64_t otherwise);
const char *object_str(const struct object *o, unsigned field);
const struct enum_names *object_names(const struct object *o, unsigned field);
enum effect object_effect(const struct object *o);
bool object_reload_class(const struct object *o);

char *object_progress(const struct object *o);
char *object_label(const struct object *o);
char *origin_format(struct mark mark, bool restored);
char *object_origin(const struct object *o, unsigned field);
char *object_format(const struct object *o, field_mask fields);

uint64_t resource_settable(const struct object *have, uint64_t size);

bool resource_is_of_port(const struct object *o);
bool resource_is_child(const char *path, const char *parent);
