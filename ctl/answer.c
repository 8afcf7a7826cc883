// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shape of the answers, and JSON made of it. Decides how things are called in the output of
 * --json; knows neither bus nor terminal.
 */
#include "answer.h"
#include "model/json.h"

#include <jansson.h>
#include <errno.h>

#define FIELD(type, name, property, form, member, of)                                              \
	{                                                                                          \
		name, property, form, offsetof(struct type, member), of                            \
	}
#define TEXT(type, name, property, member) FIELD(type, name, property, ANSWER_TEXT, member, NULL)
#define NUMBER(type, name, property, member)                                                       \
	FIELD(type, name, property, ANSWER_NUMBER, member, NULL)
#define MAYBE(type, name, property, member) FIELD(type, name, property, ANSWER_MAYBE, member, NULL)
#define FLAG(type, name, property, member)  FIELD(type, name, property, ANSWER_FLAG, member, NULL)
#define TEXTS(type, name, property, member) FIELD(type, name, property, ANSWER_TEXTS, member, NULL)
#define STRUCT(type, name, property, member, of)                                                   \
	FIELD(type, name, property, ANSWER_STRUCT, member, of)
#define ROWS(type, name, property, member, of) FIELD(type, name, property, ANSWER_ROWS, member, of)

/* Rows that come as a struct on D-Bus have its order. */
static const struct answer_field object_fields[] = {
	TEXT(object_answer, "kind", NULL, kind),     TEXT(object_answer, "object", NULL, object),
	TEXT(object_answer, "wanted", NULL, wanted), TEXT(object_answer, "actual", NULL, actual),
	TEXT(object_answer, "reason", NULL, reason), TEXT(object_answer, "origin", NULL, origin),
};

static const struct answer_field drift_fields[] = {
	TEXT(drift_answer, "object", NULL, object),
	TEXT(drift_answer, "attribute", NULL, attribute),
	TEXT(drift_answer, "wanted", NULL, wanted),
	TEXT(drift_answer, "actual", NULL, actual),
};

static const struct answer_field resource_fields[] = {
	TEXT(resource_answer, "path", NULL, path),
	MAYBE(resource_answer, "size", "size", size),
	MAYBE(resource_answer, "size_new", "size_new", size_new),
	MAYBE(resource_answer, "min", "min", min),
	MAYBE(resource_answer, "max", "max", max),
	MAYBE(resource_answer, "granularity", "granularity", granularity),
	MAYBE(resource_answer, "occ", "occ", occ),
	TEXT(resource_answer, "unit", "unit", unit),
};

static const struct answer_field absent_fields[] = {
	TEXT(absent_answer, "entry", NULL, entry),
	TEXT(absent_answer, "reason", NULL, reason),
};

static const struct answer_field progress_fields[] = {
	TEXT(progress_answer, "what", NULL, what),
	NUMBER(progress_answer, "done", NULL, done),
	NUMBER(progress_answer, "total", NULL, total),
};

static const struct answer_type drift_type = {sizeof(struct drift_answer), ARRAY_SIZE(drift_fields),
					      drift_fields, false};
static const struct answer_type resource_type = {
	sizeof(struct resource_answer), ARRAY_SIZE(resource_fields), resource_fields, true};
static const struct answer_type absent_type = {sizeof(struct absent_answer),
					       ARRAY_SIZE(absent_fields), absent_fields, false};
static const struct answer_type progress_type = {
	sizeof(struct progress_answer), ARRAY_SIZE(progress_fields), progress_fields, false};

static const struct answer_field device_fields[] = {
	TEXT(device_answer, "handle", "Handle", handle),
	TEXT(device_answer, "entry", "Entry", entry),
	TEXT(device_answer, "driver", "Driver", driver),
	TEXT(device_answer, "state", "State", state),
	TEXT(device_answer, "reason", "StateReason", reason),
	TEXT(device_answer, "pending_class", "PendingClass", pending_class),
	TEXT(device_answer, "firmware_running", "FirmwareRunning", firmware_running),
	TEXT(device_answer, "firmware_stored", "FirmwareStored", firmware_stored),
	NUMBER(device_answer, "reload_count", "ReloadCount", reloads),
	NUMBER(device_answer, "foreign_reload_count", "ForeignReloadCount", foreign_reloads),
	NUMBER(device_answer, "last_reload_outage_usec", "LastReloadOutageUSec", outage_usec),
	NUMBER(device_answer, "converged_at_usec", "ConvergedAtUSec", converged_at),
	NUMBER(device_answer, "state_since_usec", "StateSinceUSec", state_since),
	NUMBER(device_answer, "down_since_usec", "DownSinceUSec", down_since),
	NUMBER(device_answer, "next_attempt_usec", "NextAttemptUSec", next_attempt),
	NUMBER(device_answer, "last_error_usec", "LastErrorUSec", error_at),
	NUMBER(device_answer, "last_read_usec", "LastReadUSec", read_at),
	NUMBER(device_answer, "paused_until_usec", "PausedUntilUSec", paused_until),
	NUMBER(device_answer, "last_change_usec", NULL, changed_at),
	TEXT(device_answer, "last_trigger", NULL, last_trigger),
	TEXT(device_answer, "last_error", "LastError", last_error),
	TEXT(device_answer, "last_extack", "LastExtack", last_extack),
	TEXTS(device_answer, "netdevs", "NetDevs", netdevs),
	STRUCT(device_answer, "progress", "Progress", progress, &progress_type),
	ROWS(device_answer, "drift", "Drift", drift, &drift_type),
	ROWS(device_answer, "resources", "Resources", resources, &resource_type),
	ROWS(device_answer, "objects", "Objects", objects, &object_type), /* last two: see below */
};

static const struct answer_type brief_device_type = {
	sizeof(struct device_answer), ARRAY_SIZE(device_fields) - 2, device_fields, false};

#define MANAGER_FIELDS                                                                             \
	TEXT(status_answer, "version", "Version", version),                                        \
		TEXT(status_answer, "state", "State", state),                                      \
		NUMBER(status_answer, "generation", "Generation", generation),                     \
		TEXTS(status_answer, "config_files", "ConfigFiles", files),                        \
		FLAG(status_answer, "config_out_of_sync", "ConfigOutOfSync", out_of_sync),         \
		NUMBER(status_answer, "confirm_deadline_usec", "ConfirmDeadlineUSec",              \
		       confirm_deadline),                                                          \
		ROWS(status_answer, "absent_entries", "AbsentEntries", absent, &absent_type),      \
		TEXTS(status_answer, "diagnostics", "Diagnostics", diagnostics)

static const struct answer_field status_fields[] = {
	MANAGER_FIELDS, ROWS(status_answer, "devices", NULL, devices, &device_type)};

static const struct answer_field overview_fields[] = {
	MANAGER_FIELDS, ROWS(status_answer, "devices", NULL, devices, &brief_device_type)};

static const struct answer_field record_fields[] = {
	NUMBER(record_answer, "time_usec", NULL, time),
	TEXT(record_answer, "handle", NULL, handle),
	TEXT(record_answer, "trigger", NULL, trigger),
	TEXT(record_answer, "result", NULL, result),
	TEXT(record_answer, "detail", NULL, detail),
	NUMBER(record_answer, "outage_usec", NULL, outage_usec),
};

static const struct answer_field history_fields[] = {
	ROWS(history_answer, "records", NULL, records, &record_type),
};

static const struct answer_field apply_fields[] = {
	TEXT(apply_answer, "result", NULL, result),
	ROWS(apply_answer, "records", NULL, records, &record_type),
};

static const struct answer_field event_fields[] = {
	TEXT(event_answer, "event", NULL, event),
	NUMBER(event_answer, "time_usec", NULL, time),
	TEXT(event_answer, "handle", NULL, handle),
	TEXT(event_answer, "state", NULL, state),
	TEXT(event_answer, "trigger", NULL, record.trigger),
	TEXT(event_answer, "detail", NULL, text),
	NUMBER(event_answer, "outage_usec", NULL, record.outage_usec),
};

static const struct answer_field step_fields[] = {
	TEXT(step_answer, "handle", NULL, handle), TEXT(step_answer, "kind", NULL, kind),
	TEXT(step_answer, "object", NULL, object), TEXT(step_answer, "from", NULL, from),
	TEXT(step_answer, "to", NULL, to),	   TEXT(step_answer, "class", NULL, class),
	TEXT(step_answer, "origin", NULL, origin),
};

static const struct answer_field hindered_fields[] = {
	TEXT(hindered_answer, "handle", NULL, handle),
	TEXT(hindered_answer, "entry", NULL, entry),
	TEXT(hindered_answer, "state", NULL, state),
	TEXT(hindered_answer, "reason", NULL, reason),
};

static const struct answer_type hindered_type = {
	sizeof(struct hindered_answer), ARRAY_SIZE(hindered_fields), hindered_fields, false};

static const struct answer_field plan_fields[] = {
	ROWS(plan_answer, "steps", NULL, steps, &step_type),
	ROWS(plan_answer, "held", NULL, held, &step_type),
	ROWS(plan_answer, "hindered", NULL, hindered, &hindered_type),
};

static const struct answer_field config_fields[] = {
	TEXT(config_answer, "hash", NULL, hash),
	NUMBER(config_answer, "time_usec", NULL, time),
	TEXT(config_answer, "who", NULL, who),
	TEXT(config_answer, "result", NULL, result),
};

static const struct answer_type config_type = {sizeof(struct config_answer),
					       ARRAY_SIZE(config_fields), config_fields, false};

static const struct answer_field configs_fields[] = {
	ROWS(configs_answer, "configs", NULL, configs, &config_type),
};

static const struct answer_field file_fields[] = {
	TEXT(file_answer, "path", NULL, path),
	FIELD(file_answer, "text", NULL, ANSWER_LINES, text, NULL),
};

static const struct answer_type file_type = {sizeof(struct file_answer), ARRAY_SIZE(file_fields),
					     file_fields, false};

static const struct answer_field files_fields[] = {
	ROWS(files_answer, "files", NULL, files, &file_type),
};

static const struct answer_field difference_fields[] = {
	TEXT(difference_answer, "path", NULL, path),
	TEXT(difference_answer, "from", NULL, from),
	TEXT(difference_answer, "to", NULL, to),
	TEXT(difference_answer, "origin", NULL, origin),
};

static const struct answer_type difference_type = {
	sizeof(struct difference_answer), ARRAY_SIZE(difference_fields), difference_fields, false};

static const struct answer_field diff_fields[] = {
	ROWS(diff_answer, "changes", NULL, changes, &difference_type),
	ROWS(diff_answer, "steps", NULL, steps, &step_type),
};

static const struct answer_field reload_fields[] = {
	TEXT(reload_answer, "result", NULL, result),
	TEXTS(reload_answer, "diagnostics", "Diagnostics", diagnostics),
	NUMBER(reload_answer, "confirm_deadline_usec", "ConfirmDeadlineUSec", confirm_deadline),
	ROWS(reload_answer, "records", NULL, records, &record_type),
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

static const struct answer_field size_fields[] = {
	TEXT(size_answer, "path", NULL, path),
	TEXT(size_answer, "written", NULL, written),
	NUMBER(size_answer, "size", NULL, size),
};

static const struct answer_type size_type = {sizeof(struct size_answer), ARRAY_SIZE(size_fields),
					     size_fields, false};

static const struct answer_field checked_fields[] = {
	TEXT(checked_answer, "handle", NULL, handle),
	TEXT(checked_answer, "entry", NULL, entry),
	ROWS(checked_answer, "sizes", NULL, sizes, &size_type),
};

static const struct answer_type checked_type = {sizeof(struct checked_answer),
						ARRAY_SIZE(checked_fields), checked_fields, false};

static const struct answer_field check_fields[] = {
	TEXT(check_answer, "result", NULL, result),
	NUMBER(check_answer, "errors", NULL, errors),
	TEXT(check_answer, "entry", NULL, entry),
	TEXT(check_answer, "handle", NULL, handle),
	ROWS(check_answer, "problems", NULL, problems, &problem_type),
	ROWS(check_answer, "devices", NULL, devices, &checked_type),
	TEXTS(check_answer, "unchecked", NULL, unchecked),
};

#define TYPE(name, of, fields)                                                                     \
	const struct answer_type name = {sizeof(struct of), ARRAY_SIZE(fields), fields, false}

TYPE(object_type, object_answer, object_fields);
TYPE(device_type, device_answer, device_fields);
TYPE(status_type, status_answer, status_fields);
TYPE(overview_type, status_answer, overview_fields);
TYPE(step_type, step_answer, step_fields);
TYPE(configs_type, configs_answer, configs_fields);
TYPE(diff_type, diff_answer, diff_fields);
TYPE(files_type, files_answer, files_fields);
TYPE(plan_type, plan_answer, plan_fields);
TYPE(problem_type, problem_answer, problem_fields);
TYPE(check_type, check_answer, check_fields);
TYPE(reload_type, reload_answer, reload_fields);
TYPE(record_type, record_answer, record_fields);
TYPE(history_type, history_answer, history_fields);
TYPE(apply_type, apply_answer, apply_fields);
TYPE(event_type, event_answer, event_fields);

static const void *member(const void *answer, const struct answer_field *f)
{
	return (const char *)answer + f->offset;
}

/** answer_init() - make @answer empty: texts are "", not NULL. */
void answer_init(const struct answer_type *type, void *answer)
{
	memset(answer, 0, type->size);
	for (size_t i = 0; i < type->n_fields; i++) {
		void *to = (char *)answer + type->fields[i].offset;

		if (type->fields[i].form == ANSWER_TEXT || type->fields[i].form == ANSWER_LINES)
			*(const char **)to = "";
		else if (type->fields[i].form == ANSWER_STRUCT)
			answer_init(type->fields[i].of, to);
	}
}

static void clear_lists(const struct answer_type *type, void *answer)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct answer_field *f = &type->fields[i];
		struct answer_rows rows;

		if (f->form != ANSWER_ROWS && f->form != ANSWER_TEXTS)
			continue;
		memcpy(&rows, member(answer, f), sizeof(rows));
		for (size_t j = 0; f->of && j < rows.n; j++)
			clear_lists(f->of, (char *)rows.v + j * f->of->size);
		free(rows.v);
	}
}

/**
 * answer_waits_for_others() - is @reason, of a state, that other devices come first? No permission
 * shortens that.
 */
bool answer_waits_for_others(const char *reason)
{
	return strstr(reason, "waits until others");
}

/** answer_clear() - free the lists of @answer and the @arena with its texts. */
void answer_clear(const struct answer_type *type, void *answer, struct arena *arena)
{
	clear_lists(type, answer);
	arena_clear(arena);
	memset(answer, 0, type->size);
}

static json_t *maybe_to_json(const struct maybe *m)
{
	return m->known ? json_number(m->n) : json_null();
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
	case ANSWER_LINES:
		return json_string(*(const char *const *)value);
	case ANSWER_NUMBER:
		return json_number(*(const uint64_t *)value);
	case ANSWER_MAYBE:
		return maybe_to_json(value);
	case ANSWER_FLAG:
		return json_boolean(*(const bool *)value);
	case ANSWER_TEXTS:
		return texts_to_json(value);
	case ANSWER_STRUCT:
		return answer_to_json(f->of, value);
	case ANSWER_ROWS:
		return rows_to_json(f->of, value);
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

/**
 * answer_print_line() - write @answer in one line.
 *
 * Return: 0; -EIO if it could not be written.
 */
int answer_print_line(const struct answer_type *type, const void *answer, FILE *to)
{
	json_t *document = answer_to_json(type, answer);
	int r = json_dumpf(document, to, JSON_COMPACT);

	json_decref(document);
	return r < 0 || fputc('\n', to) == EOF ? -EIO : 0;
}

/**
 * answer_print_json() - write @answer as one document.
 *
 * Return: 0; -EIO if it could not be written.
 */
int answer_print_json(const struct answer_type *type, const void *answer, FILE *to)
{
	json_t *document = answer_to_json(type, answer);
	int r = json_dumpf(document, to, JSON_INDENT(2));

	json_decref(document);
	return r < 0 || fputc('\n', to) == EOF ? -EIO : 0;
}
