// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shape of the answers, and JSON made of it. Decides how things are called in the output of
 * --json; knows neither bus nor terminal.
 */
#include "answer.h"

#include <errno.h>

#define TEXT(type, name, property, member)                                                         \
	{                                                                                          \
		name, property, ANSWER_TEXT, offsetof(struct type, member), NULL                   \
	}
#define NUMBER(type, name, property, member)                                                       \
	{                                                                                          \
		name, property, ANSWER_NUMBER, offsetof(struct type, member), NULL                 \
	}
#define TEXTS(type, name, property, member)                                                        \
	{                                                                                          \
		name, property, ANSWER_TEXTS, offsetof(struct type, member), NULL                  \
	}
#define ROWS(type, name, property, member, rows)                                                   \
	{                                                                                          \
		name, property, ANSWER_ROWS, offsetof(struct type, member), rows                   \
	}

/* Rows that come as a struct on D-Bus have its order. */
static const struct answer_field object_fields[] = {
	TEXT(object_answer, "kind", NULL, kind),     TEXT(object_answer, "object", NULL, object),
	TEXT(object_answer, "wanted", NULL, wanted), TEXT(object_answer, "actual", NULL, actual),
	TEXT(object_answer, "reason", NULL, reason), TEXT(object_answer, "origin", NULL, origin),
};

static const struct answer_field device_fields[] = {
	TEXT(device_answer, "handle", "Handle", handle),
	TEXT(device_answer, "entry", "Entry", entry),
	TEXT(device_answer, "driver", "Driver", driver),
	TEXT(device_answer, "state", "State", state),
	TEXT(device_answer, "reason", "StateReason", reason),
	TEXT(device_answer, "pending_class", "PendingClass", pending_class),
	NUMBER(device_answer, "reload_count", "ReloadCount", reloads),
	NUMBER(device_answer, "foreign_reload_count", "ForeignReloadCount", foreign_reloads),
	NUMBER(device_answer, "last_reload_outage_usec", "LastReloadOutageUSec", outage_usec),
	TEXT(device_answer, "last_error", "LastError", last_error),
	TEXT(device_answer, "last_extack", "LastExtack", last_extack),
	ROWS(device_answer, "objects", "Objects", objects, &object_type), /* last: see below */
};

static const struct answer_type brief_device_type = {sizeof(struct device_answer),
						     ARRAY_SIZE(device_fields) - 1, device_fields};

static const struct answer_field status_fields[] = {
	TEXT(status_answer, "state", "State", state),
	TEXTS(status_answer, "diagnostics", "Diagnostics", diagnostics),
	ROWS(status_answer, "devices", NULL, devices, &device_type),
};

static const struct answer_field overview_fields[] = {
	TEXT(status_answer, "state", "State", state),
	TEXTS(status_answer, "diagnostics", "Diagnostics", diagnostics),
	ROWS(status_answer, "devices", NULL, devices, &brief_device_type),
};

static const struct answer_field step_fields[] = {
	TEXT(step_answer, "handle", NULL, handle), TEXT(step_answer, "kind", NULL, kind),
	TEXT(step_answer, "object", NULL, object), TEXT(step_answer, "from", NULL, from),
	TEXT(step_answer, "to", NULL, to),	   TEXT(step_answer, "class", NULL, class),
	TEXT(step_answer, "origin", NULL, origin),
};

static const struct answer_field plan_fields[] = {
	ROWS(plan_answer, "steps", NULL, steps, &step_type),
};

static const struct answer_field reload_fields[] = {
	TEXT(reload_answer, "result", NULL, result),
	TEXTS(reload_answer, "diagnostics", "Diagnostics", diagnostics),
};

static const struct answer_field problem_fields[] = {
	TEXT(problem_answer, "severity", NULL, severity),
	TEXT(problem_answer, "file", NULL, file),
	NUMBER(problem_answer, "line", NULL, line),
	NUMBER(problem_answer, "column", NULL, column),
	TEXT(problem_answer, "handle", NULL, handle),
	TEXT(problem_answer, "message", NULL, message),
	TEXT(problem_answer, "source", NULL, source),
};

static const struct answer_field check_fields[] = {
	TEXT(check_answer, "result", NULL, result),
	NUMBER(check_answer, "errors", NULL, errors),
	TEXT(check_answer, "entry", NULL, entry),
	TEXT(check_answer, "handle", NULL, handle),
	ROWS(check_answer, "problems", NULL, problems, &problem_type),
};

#define TYPE(name, of, fields)                                                                     \
	const struct answer_type name = {sizeof(struct of), ARRAY_SIZE(fields), fields}

TYPE(object_type, object_answer, object_fields);
TYPE(device_type, device_answer, device_fields);
TYPE(status_type, status_answer, status_fields);
TYPE(overview_type, status_answer, overview_fields);
TYPE(step_type, step_answer, step_fields);
TYPE(plan_type, plan_answer, plan_fields);
TYPE(problem_type, problem_answer, problem_fields);
TYPE(check_type, check_answer, check_fields);
TYPE(reload_type, reload_answer, reload_fields);

static const void *member(const void *answer, const struct answer_field *f)
{
	return (const char *)answer + f->offset;
}

/** answer_init() - make @answer empty: texts are "", not NULL. */
void answer_init(const struct answer_type *type, void *answer)
{
	memset(answer, 0, type->size);
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].form == ANSWER_TEXT)
			*(const char **)((char *)answer + type->fields[i].offset) = "";
}

static void clear_lists(const struct answer_type *type, void *answer)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct answer_field *f = &type->fields[i];
		struct answer_rows rows;

		if (f->form != ANSWER_ROWS && f->form != ANSWER_TEXTS)
			continue;
		memcpy(&rows, member(answer, f), sizeof(rows));
		for (size_t j = 0; f->rows && j < rows.n; j++)
			clear_lists(f->rows, (char *)rows.v + j * f->rows->size);
		free(rows.v);
	}
}

/** answer_clear() - free the lists of @answer and the @arena with its texts. */
void answer_clear(const struct answer_type *type, void *answer, struct arena *arena)
{
	clear_lists(type, answer);
	arena_clear(arena);
	memset(answer, 0, type->size);
}

static json_t *texts_to_json(const text_list *texts)
{
	json_t *array = json_array();

	vec_each(text, texts)
		json_array_append_new(array, json_string(*text));
	return array;
}

static json_t *rows_to_json(const struct answer_type *type, const void *list)
{
	json_t *array = json_array();
	struct answer_rows rows;

	memcpy(&rows, list, sizeof(rows));
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(array,
				      answer_to_json(type, (const char *)rows.v + i * type->size));
	return array;
}

static json_t *field_to_json(const struct answer_field *f, const void *value)
{
	switch (f->form) {
	case ANSWER_TEXT:
		return json_string(*(const char *const *)value);
	case ANSWER_NUMBER:
		return json_integer((json_int_t)MIN(*(const uint64_t *)value, (uint64_t)INT64_MAX));
	case ANSWER_TEXTS:
		return texts_to_json(value);
	case ANSWER_ROWS:
		return rows_to_json(f->rows, value);
	}
	return NULL;
}

/** answer_to_json() - a new object with one key for each field, in their order. */
json_t *answer_to_json(const struct answer_type *type, const void *answer)
{
	json_t *object = json_object();

	for (size_t i = 0; i < type->n_fields; i++)
		json_object_set_new(
			object, type->fields[i].name,
			field_to_json(&type->fields[i], member(answer, &type->fields[i])));
	return object;
}

/** answer_print_json() - @answer as one document; 0, or -EIO if it could not be written. */
int answer_print_json(const struct answer_type *type, const void *answer, FILE *to)
{
	json_t *document = answer_to_json(type, answer);
	int r = json_dumpf(document, to, JSON_INDENT(2));

	json_decref(document);
	return r < 0 || fputc('\n', to) == EOF ? -EIO : 0;
}
