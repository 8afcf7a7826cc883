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
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct object_answer {
	const char *kind, *object, *wanted, *actual, *reason, *origin;
};

struct drift_answer {
	const char *object, *attribute, *wanted, *actual;
};

/* A number that need not be known. */
struct maybe {
	uint64_t n;
	bool known;
};

struct resource_answer {
	const char *path, *unit;
	struct maybe size, size_new, min, max, granularity, occ;
};

struct progress_answer {
	const char *what;
	uint64_t done, total;
};

struct device_answer {
	const char *handle, *entry, *driver, *state, *reason, *pending_class;
	const char *firmware_running, *firmware_stored, *last_error, *last_extack, *last_trigger;
	uint64_t reloads, foreign_reloads, outage_usec;
	uint64_t converged_at, read_at, changed_at; /* microseconds since 1970, 0: never */
	uint64_t paused_until; /* the same; 0: it is not, UINT64_MAX: without an end */
	uint64_t state_since, down_since, next_attempt, error_at; /* the same; 0: not */
	struct progress_answer progress;
	text_list netdevs;
	VEC(struct drift_answer) drift;
	VEC(struct resource_answer) resources;
	VEC(struct object_answer) objects;
};

struct absent_answer {
	const char *entry, *reason;
};

struct status_answer {
	struct arena arena;
	const char *version, *state;
	uint64_t generation;
	bool out_of_sync;
	uint64_t confirm_deadline; /* microseconds since 1970; 0: nothing is on trial */
	text_list files, diagnostics;
	VEC(struct absent_answer) absent;
	VEC(struct device_answer) devices;
	size_t hidden; /* converged ones that were left out of these */
};

/* What a device did between two rests. */
struct record_answer {
	const char *handle, *trigger, *result, *detail;
	uint64_t time; /* microseconds since 1970 */
	uint64_t outage_usec;
};

typedef VEC(struct record_answer) record_list;

struct history_answer {
	struct arena arena;
	record_list records;
};

struct step_answer {
	const char *handle, *kind, *object, *from, *to, *class, *origin;
};

/* A device, or an entry without one, of which a plan does not tell all. */
struct hindered_answer {
	const char *handle, *entry, *state, *reason;
};

typedef VEC(struct step_answer) step_answer_list;

struct plan_answer {
	struct arena arena;
	step_answer_list steps;
	step_answer_list held; /* those of them that wait for a permitted reload */
	VEC(struct hindered_answer) hindered;
	bool out_of_sync; /* the files on disk say something else */
};

/* A config that was accepted. */
struct config_answer {
	const char *hash, *who, *result;
	uint64_t time; /* microseconds since 1970 */
};

/* The newest first. */
struct configs_answer {
	struct arena arena;
	VEC(struct config_answer) configs;
};

struct file_answer {
	const char *path, *text;
};

struct files_answer {
	struct arena arena;
	VEC(struct file_answer) files;
};

/* Of a key that another config says something else for; empty: it says nothing. */
struct difference_answer {
	const char *path, *from, *to, *origin;
};

struct diff_answer {
	struct arena arena;
	VEC(struct difference_answer) changes;
	step_answer_list steps; /* what the second config would do now; borrowed */
};

struct reload_answer {
	struct arena arena;
	const char *result;
	uint64_t confirm_deadline; /* as in status_answer */
	text_list diagnostics;
	record_list records; /* what was done */
};

struct apply_answer {
	struct arena arena;
	const char *result;
	record_list records;
};

/* One line of `monitor`. */
struct event_answer {
	const char *event;		   /* "change", "state", "device" or "daemon" */
	const char *handle, *state, *text; /* what does not apply is empty */
	uint64_t time;
	struct record_answer record; /* of a change */
};

struct problem_answer {
	const char *severity, *file, *handle, *message, *source;
	uint64_t line, column;
};

/* What a size comes to that is written as a part, the rest, the least or the most. */
struct size_answer {
	const char *path, *written;
	uint64_t size;
};

/* A captured device; without an entry none matches it. */
struct checked_answer {
	const char *handle, *entry;
	VEC(struct size_answer) sizes;
};

struct check_answer {
	struct arena arena;
	const char *result, *entry, *handle; /* the first device's */
	uint64_t errors;
	VEC(struct problem_answer) problems;
	VEC(struct checked_answer) devices;
	text_list unchecked; /* what was not looked at */
};

enum answer_form {
	ANSWER_TEXT,   /* const char *; D-Bus s */
	ANSWER_LINES,  /* the same, of several lines */
	ANSWER_NUMBER, /* uint64_t; t */
	ANSWER_MAYBE,  /* struct maybe; t */
	ANSWER_FLAG,   /* bool; b */
	ANSWER_TEXTS,  /* text_list; as */
	ANSWER_STRUCT, /* a struct; (...) */
	ANSWER_ROWS,   /* VEC of structs; a(...) */
};

struct answer_type;

struct answer_field {
	const char *name;     /* in JSON */
	const char *property; /* on D-Bus, or NULL */
	enum answer_form form;
	size_t offset;
	const struct answer_type *of; /* ANSWER_STRUCT and ANSWER_ROWS */
};

struct answer_type {
	size_t size;
	size_t n_fields;
	const struct answer_field *fields;
	bool dictionary; /* on D-Bus: the first field, then an a{sv} of the others */
};

/* Lists of any element type have this layout, see vec.h. */
struct answer_rows {
	void *v;
	size_t n, cap;
};

/* The overview is the status without the objects. */
extern const struct answer_type device_type, overview_type, status_type;
extern const struct answer_type apply_type, check_type, event_type, history_type, object_type,
	configs_type, diff_type, files_type, plan_type, problem_type, record_type, reload_type,
	step_type;

void answer_init(const struct answer_type *type, void *answer);
void answer_clear(const struct answer_type *type, void *answer, struct arena *arena);
bool answer_waits_for_others(const char *reason);
json_t *answer_to_json(const struct answer_type *type, const void *answer);
int answer_print_line(const struct answer_type *type, const void *answer, FILE *to);
int answer_print_json(const struct answer_type *type, const void *answer, FILE *to);
