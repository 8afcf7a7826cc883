/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon answers, as plain structs, and their shape as tables. One row of a table says how
 * a member is called in the output of --json and on D-Bus: reading, writing and the man page follow
 * it.
 *
 *	struct plan_answer a = {};
 *	answer_init(&plan_type, &a);
 *	...
 *	answer_print_json(&plan_type, &a, stdout);
 *	answer_clear(&plan_type, &a, &a.arena);
 *
 * Texts live in the arena and are never NULL after answer_init(); lists own their memory.
 */
#pragma once

#include "base/arena.h"
#include "base/text.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct object_answer {
	const char *kind, *object, *wanted, *actual, *reason, *origin;
};

struct device_answer {
	const char *handle, *entry, *driver, *state, *reason, *pending_class;
	const char *last_error, *last_extack;
	uint64_t reloads, foreign_reloads, outage_usec;
	VEC(struct object_answer) objects;
};

struct status_answer {
	struct arena arena;
	const char *state;
	text_list diagnostics;
	VEC(struct device_answer) devices;
};

struct step_answer {
	const char *handle, *kind, *object, *from, *to, *class, *origin;
};

struct plan_answer {
	struct arena arena;
	VEC(struct step_answer) steps;
};

struct reload_answer {
	struct arena arena;
	const char *result;
	text_list diagnostics;
};

struct problem_answer {
	const char *severity, *file, *handle, *message, *source;
	uint64_t line, column;
};

struct check_answer {
	struct arena arena;
	const char *result, *entry, *handle;
	uint64_t errors;
	VEC(struct problem_answer) problems;
};

enum answer_form {
	ANSWER_TEXT,   /* const char *; D-Bus s */
	ANSWER_NUMBER, /* uint64_t; t */
	ANSWER_TEXTS,  /* text_list; as */
	ANSWER_ROWS,   /* VEC of structs of texts; a(s...) */
};

struct answer_type;

struct answer_field {
	const char *name;     /* in JSON */
	const char *property; /* on D-Bus, or NULL */
	enum answer_form form;
	size_t offset;
	const struct answer_type *rows; /* ANSWER_ROWS */
};

struct answer_type {
	size_t size;
	size_t n_fields;
	const struct answer_field *fields;
};

/* Lists of any element type have this layout, see vec.h. */
struct answer_rows {
	void *v;
	size_t n, cap;
};

/* The overview is the status without the objects. */
extern const struct answer_type device_type, overview_type, status_type;
extern const struct answer_type check_type, object_type, plan_type, problem_type, reload_type,
	step_type;

void answer_init(const struct answer_type *type, void *answer);
void answer_clear(const struct answer_type *type, void *answer, struct arena *arena);
json_t *answer_to_json(const struct answer_type *type, const void *answer);
int answer_print_json(const struct answer_type *type, const void *answer, FILE *to);
