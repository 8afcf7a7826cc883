// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of a device as JSON: a row for each member, so that what is written is what is read.
 * Numbers of enums are not written, but their names, so that an enum may change. Earlier versions
 * wrote numbers; those are read as they were meant then: a table of names is in the order of that
 * time, and only grows. The numbers of counters are the kernel's.
 */
#include "model/config.h"
#include "model/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/devlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_FORMAT  1
#define LASTING_FORMAT 1

/* Numbers of the version before are indices of these. */
struct names {
	const char *const *v;
	size_t n;
};

#define NAMES(array)                                                                               \
	{                                                                                          \
		array, ARRAY_SIZE(array)                                                           \
	}

static const char *const value_types[] = {
	[VALUE_NONE] = NULL, [VALUE_U8] = "u8",		[VALUE_U16] = "u16",   [VALUE_U32] = "u32",
	[VALUE_U64] = "u64", [VALUE_STRING] = "string", [VALUE_BOOL] = "bool",
};

static const char *const policies[] = {
	[RELOAD_AUTO] = "auto", [RELOAD_BOOT] = "boot", [RELOAD_MANUAL] = "manual"};

static const char *const actions[] = {[DEVLINK_RELOAD_ACTION_UNSPEC] = "none",
				      [DEVLINK_RELOAD_ACTION_DRIVER_REINIT] = "driver_reinit",
				      [DEVLINK_RELOAD_ACTION_FW_ACTIVATE] = "fw_activate"};

static const char *const rollbacks[] = {[ROLLBACK_NONE] = "none",
					[ROLLBACK_GOOD] = "good",
					[ROLLBACK_DEFAULTS] = "defaults",
					[ROLLBACK_GIVEN_UP] = "given_up"};

static const char *const stages[] = {
	[FLASH_NONE] = "none",		 [FLASH_BEGUN] = "begun",
	[FLASH_WRITTEN] = "written",	 [FLASH_ACTIVATED] = "activated",
	[FLASH_CONFIRMED] = "confirmed", [FLASH_FAILED] = "failed",
	[FLASH_MISMATCH] = "mismatch",	 [FLASH_UNVERIFIED] = "unverified",
};

_Static_assert(ARRAY_SIZE(rollbacks) == ROLLBACK_MAX, "each roll-back has a name");
_Static_assert(ARRAY_SIZE(stages) == FLASH_STAGES, "each stage has a name");

static const struct names type_names = NAMES(value_types), policy_names = NAMES(policies),
			  action_names = NAMES(actions), rollback_names = NAMES(rollbacks),
			  stage_names = NAMES(stages);

static const char *name_of(const struct names *names, uint64_t num)
{
	return num < names->n ? names->v[num] : NULL;
}

/* Which of @names are the first @n characters of @text? */
static int find_name(const struct names *names, const char *text, size_t n, uint64_t *ret)
{
	for (size_t i = 0; i < names->n; i++) {
		if (names->v[i] && strlen(names->v[i]) == n && memcmp(names->v[i], text, n) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* A name, or a number that has one. */
static int number_of(const json_t *j, const struct names *names, uint64_t *ret)
{
	const char *text = json_string_value(j);

	if (json_is_integer(j)) {
		*ret = (uint64_t)json_integer_value(j);
		return name_of(names, *ret) ? 0 : -EINVAL;
	}
	return text ? find_name(names, text, strlen(text), ret) : -EINVAL;
}

/* --- values, notes, counters -------------------------------------------------- */

/*
 * @value, a new reference, as a member of @j; NULL is what could not be made, as it is no text.
 * There may be thousands of notes, for which json_pack() takes as long again.
 */
static bool set(json_t *j, const char *key, json_t *value)
{
	return json_object_set_new_nocheck(j, key, value) == 0;
}

/* Return: @j, or NULL where something of it was not made. */
static json_t *whole(json_t *j, bool made)
{
	if (!made)
		json_decref(j);
	return made ? j : NULL;
}

/* "u32:1000", not an object: there may be thousands. NULL where it is no text. */
static json_t *value_to_json(const struct value *v)
{
	const char *type = name_of(&type_names, v->type);
	_cleanup_free_ char *text = NULL;

	if (type)
		text = v->type == VALUE_STRING ? mem_printf("%s:%s", type, v->str)
					       : mem_printf("%s:%" PRIu64, type, v->num);
	return json_string(text);
}

/* An earlier version wrote an object, with the type as a member of its own. */
static int value_from_json(json_t *j, struct value *ret)
{
	const char *text = json_string_value(j), *colon = text ? strchr(text, ':') : NULL;
	uint64_t type;
	int r;

	if (json_is_object(j)) {
		text = json_string_value(json_object_get(j, "value"));
		r = text ? number_of(json_object_get(j, "type"), &type_names, &type) : -EINVAL;
	} else {
		r = colon ? find_name(&type_names, text, (size_t)(colon - text), &type) : -EINVAL;
		text = colon ? colon + 1 : NULL;
	}
	if (r < 0)
		return r;
	ret->type = (enum value_type)type;
	if (ret->type == VALUE_STRING)
		ret->str = text;
	else
		ret->num = strtoull(text, NULL, 10);
	return 0;
}

static json_t *note_to_json(const struct note *note)
{
	json_t *j = json_object();
	const char *cmode = enum_name(&cmode_names, note->cmode);
	bool made = set(j, "class", json_string(note->class->name));

	made &= set(j, "name", json_string(note->name));
	if (cmode)
		made &= set(j, "cmode", json_string(cmode));
	made &= set(j, "field", json_string(note->class->fields[note->field].name));
	made &= set(j, "value", value_to_json(&note->value));
	if (note->mark.file) {
		set(j, "file", json_string(note->mark.file));
		made &= set(j, "line", json_integer(note->mark.line));
	}
	if (note->kept)
		made &= set(j, "kept", json_true());
	return whole(j, made);
}

static json_t *notes_to_json(const struct notes *n)
{
	json_t *list = json_array();

	vec_each(note, &n->notes)
		json_array_append_new(list, note_to_json(note));
	return list;
}

/* Missing: the object has none; else a name, or a number of before. */
static int cmode_from_json(const json_t *j, uint8_t *ret)
{
	uint64_t cmode = CLASS_NO_CMODE;

	if (json_is_integer(j))
		cmode = (uint64_t)json_integer_value(j);
	else if (j &&
		 !(json_is_string(j) && enum_number(&cmode_names, json_string_value(j), &cmode)))
		return -EINVAL;
	*ret = (uint8_t)cmode;
	return 0;
}

/* Missing: the first. */
static int field_from_json(const json_t *j, const struct class *class, unsigned *ret)
{
	const char *text = json_string_value(j);
	json_int_t number = json_is_integer(j) ? json_integer_value(j) : -1;

	for (unsigned i = 0; i < class->n_writable; i++) {
		if (!j || number == i || (text && strcmp(class->fields[i].name, text) == 0)) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int note_from_json(json_t *j, struct notes *n)
{
	const char *class, *name, *file = NULL;
	struct value value = {};
	int line = 0, kept = false;
	struct note *note;
	struct object o = {};
	unsigned field;
	json_t *v;

	if (json_unpack(j, "{s:s,s:s,s:o,s?s,s?i,s?b}", "class", &class, "name", &name, "value", &v,
			"file", &file, "line", &line, "kept", &kept) < 0)
		return -EINVAL;
	o.class = class_by_name(class);
	o.name = name;
	if (!o.class || value_from_json(v, &value) < 0 ||
	    cmode_from_json(json_object_get(j, "cmode"), &o.cmode) < 0 ||
	    field_from_json(json_object_get(j, "field"), o.class, &field) < 0)
		return -EINVAL;
	if (!notes_put(n, &o, field, &value))
		return 0;
	note = &n->notes.v[n->notes.n - 1];
	if (file && line > 0)
		note->mark = (struct mark){.file = text_intern(file), .line = (uint32_t)line};
	note->kept = kept;
	return 0;
}

static int notes_from_json(json_t *list, struct notes *n)
{
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j)
		if (note_from_json(j, n) < 0)
			return -EINVAL;
	return 0;
}

static json_t *counters_to_json(const counter_list *list)
{
	json_t *out = json_array();

	vec_each(c, list)
		json_array_append_new(out, json_pack("[i,i,b,I]", (int)c->action, (int)c->limit,
						     (int)c->remote, (json_int_t)c->value));
	return out;
}

static int counters_from_json(json_t *list, counter_list *ret)
{
	size_t i;
	json_t *j;

	json_array_foreach(list, i, j) {
		int action, limit, remote;
		json_int_t value;

		if (json_unpack(j, "[i,i,b,I]", &action, &limit, &remote, &value) < 0)
			return -EINVAL;
		vec_push(ret, ((struct counter){(uint8_t)action, (uint8_t)limit, remote,
						(uint32_t)value}));
	}
	return 0;
}

/* --- rows ------------------------------------------------------------------------ */

enum form {
	FLAG,	  /* bool */
	NUMBER,	  /* unsigned */
	COUNT,	  /* uint64_t */
	NAME,	  /* a number of .size bytes with names */
	TEXT,	  /* char *, or NULL: not written */
	HASH,	  /* uint64_t; 0: not written */
	NOTES,	  /* struct notes */
	COUNTERS, /* counter_list */
};

struct row {
	const char *key;
	enum form form;
	bool optional; /* earlier versions did not write it: what is there stays */
	size_t offset, size;
	const struct names *names;
};

#define ROW(type, key, form, member, optional, names)                                              \
	{                                                                                          \
		key, form, optional, offsetof(struct type, member),                                \
			sizeof(((struct type *)0)->member), names                                  \
	}
#define SINCE(type, key, form, member)	ROW(type, key, form, member, true, NULL)
#define ALWAYS(type, key, form, member) ROW(type, key, form, member, false, NULL)

static const struct row memory_rows[] = {
	ALWAYS(memory, "counters", COUNTERS, counters),
	SINCE(memory, "registration", COUNT, registration),
	SINCE(memory, "leaving", FLAG, leaving),
	ALWAYS(memory, "in_force", NOTES, in_force),
	SINCE(memory, "doubtful", NOTES, doubtful),
	SINCE(memory, "staged", NOTES, staged),
	SINCE(memory, "ignored_sizes", NOTES, ignored_sizes),
	SINCE(memory, "hidden_until_boot", NOTES, hidden_until_boot),
	SINCE(memory, "until_boot", NOTES, until_boot),
	SINCE(memory, "before_boot", NOTES, before_boot),
	SINCE(memory, "activated", FLAG, activated),
	SINCE(memory, "registered", FLAG, registered),
	SINCE(memory, "pristine", NOTES, pristine),
	SINCE(memory, "restore", FLAG, restore),
	SINCE(memory, "undo", FLAG, undo),
	ROW(memory, "reload", NAME, reload, true, &policy_names),
	SINCE(memory, "both_performed", FLAG, both_performed),
	ALWAYS(memory, "reloads", COUNT, reloads),
	ALWAYS(memory, "foreign_reloads", COUNT, foreign_reloads),
	SINCE(memory, "times_registered", COUNT, times_registered),
	ALWAYS(memory, "settled", FLAG, converged_once),
	SINCE(memory, "paused_until", COUNT, pause.until),
	SINCE(memory, "paused_until_wall", COUNT, pause.wall),
	SINCE(memory, "paused_by", TEXT, pause.by),
};

static const struct row lasting_rows[] = {
	ALWAYS(lasting, "good", NOTES, good),
	SINCE(lasting, "attempt", TEXT, attempt),
	ROW(lasting, "action", NAME, action, true, &action_names),
	SINCE(lasting, "torn", FLAG, torn),
	SINCE(lasting, "vain", NUMBER, reregistrations),
	ROW(lasting, "rollback", NAME, rollback, false, &rollback_names),
	ALWAYS(lasting, "tries", NUMBER, tries),
	SINCE(lasting, "quarantine", TEXT, quarantine),
	SINCE(lasting, "reason", TEXT, reason),
	SINCE(lasting, "failed_boot", TEXT, failed_boot),
	SINCE(lasting, "proven", TEXT, proven),
	SINCE(lasting, "accepted", HASH, accepted),
};

static const struct row flash_rows[] = {
	ROW(flash_latch, "stage", NAME, stage, false, &stage_names),
	SINCE(flash_latch, "firmware", TEXT, firmware),
	SINCE(flash_latch, "boot", TEXT, boot),
	SINCE(flash_latch, "reason", TEXT, reason),
};

static json_t *member_to_json(const struct row *row, const void *p)
{
	const char *text;
	uint64_t hash;

	switch (row->form) {
	case FLAG:
		return json_boolean(*(const bool *)p);
	case NUMBER:
		return json_integer(*(const unsigned *)p);
	case COUNT:
		return json_integer((json_int_t) * (const uint64_t *)p);
	case NAME:
		return json_string(name_of(row->names, row->size == 1 ? *(const uint8_t *)p
								      : *(const unsigned *)p));
	case TEXT:
		text = *(char *const *)p;
		return text ? json_string(text) : NULL;
	case HASH:
		hash = *(const uint64_t *)p;
		return hash ? json_sprintf("%016" PRIx64, hash) : NULL;
	case NOTES:
		return notes_to_json(p);
	case COUNTERS:
		return counters_to_json(p);
	}
	abort();
}

static int name_from_json(const struct row *row, const json_t *j, void *p)
{
	uint64_t num;

	if (number_of(j, row->names, &num) < 0)
		return -EINVAL;
	if (row->size == 1)
		*(uint8_t *)p = (uint8_t)num;
	else
		*(unsigned *)p = (unsigned)num;
	return 0;
}

static int member_from_json(const struct row *row, json_t *j, void *p)
{
	json_int_t n = json_integer_value(j);

	switch (row->form) {
	case FLAG:
		*(bool *)p = json_is_true(j);
		return json_is_boolean(j) ? 0 : -EINVAL;
	case NUMBER:
		*(unsigned *)p = (unsigned)n;
		return json_is_integer(j) && n >= 0 ? 0 : -EINVAL;
	case COUNT:
		*(uint64_t *)p = (uint64_t)n;
		return json_is_integer(j) ? 0 : -EINVAL;
	case NAME:
		return name_from_json(row, j, p);
	case TEXT:
		*(char **)p = mem_strdup(json_string_value(j));
		return 0;
	case HASH:
		*(uint64_t *)p = json_is_string(j) ? strtoull(json_string_value(j), NULL, 16) : 0;
		return 0;
	case NOTES:
		return notes_from_json(j, p);
	case COUNTERS:
		return counters_from_json(j, p);
	}
	abort();
}

static void rows_to_json(const struct row *rows, size_t n, const void *from, json_t *to)
{
	for (size_t i = 0; i < n; i++) {
		json_t *j = member_to_json(&rows[i], (const char *)from + rows[i].offset);

		if (j)
			json_object_set_new(to, rows[i].key, j);
	}
}

static int rows_from_json(const struct row *rows, size_t n, json_t *from, void *to)
{
	for (size_t i = 0; i < n; i++) {
		json_t *j = json_object_get(from, rows[i].key);

		if (!j && rows[i].optional)
			continue;
		if (!j || member_from_json(&rows[i], j, (char *)to + rows[i].offset) < 0)
			return -EINVAL;
	}
	return 0;
}

static bool is_version(json_t *j, int version)
{
	json_t *found = json_object_get(j, "version");

	return json_is_integer(found) && json_integer_value(found) == version;
}

/* --- the two files ----------------------------------------------------------------- */

/* Both lists as one, as an earlier version wrote them. */
static int unread_from_json(json_t *list, struct memory *m)
{
	struct notes both = {};
	int r = notes_from_json(list, &both);

	vec_each(n, &both.notes) {
		const struct object o = note_object(n);

		notes_put(n->class == &class_resource ? &m->ignored_sizes : &m->hidden_until_boot,
			  &o, n->field, &n->value);
	}
	notes_clear(&both);
	return r;
}

/**
 * memory_from_json() - fill @m but for its lasting part; it must be empty.
 *
 * Return: 0, or -EINVAL where @j is not of this format; @m is to be cleared then.
 */
int memory_from_json(json_t *j, struct memory *m)
{
	if (!is_version(j, MEMORY_FORMAT) ||
	    rows_from_json(memory_rows, ARRAY_SIZE(memory_rows), j, m) < 0)
		return -EINVAL;
	return unread_from_json(json_object_get(j, "unread"), m);
}

/** memory_to_json() - all but the lasting part. Return: a new reference. */
json_t *memory_to_json(const char *handle, const struct memory *m)
{
	json_t *j = json_pack("{s:i,s:s}", "version", MEMORY_FORMAT, "handle", handle);

	rows_to_json(memory_rows, ARRAY_SIZE(memory_rows), m, j);
	return j;
}

/**
 * lasting_from_json() - fill @l, which must be empty.
 *
 * Return: 0, or -EINVAL where @j is not of this format; @l is to be cleared then.
 */
int lasting_from_json(json_t *j, struct lasting *l)
{
	json_t *flash = json_object_get(j, "flash");

	/* without what earlier versions did not write */
	l->action = DEVLINK_RELOAD_ACTION_DRIVER_REINIT;
	if (!is_version(j, LASTING_FORMAT) ||
	    rows_from_json(lasting_rows, ARRAY_SIZE(lasting_rows), j, l) < 0)
		return -EINVAL;
	if (!json_object_get(j, "torn"))
		l->torn = l->rollback != ROLLBACK_NONE;
	return flash ? rows_from_json(flash_rows, ARRAY_SIZE(flash_rows), flash, &l->flash) : 0;
}

/** lasting_to_json() - Return: a new reference. */
json_t *lasting_to_json(const char *handle, const struct lasting *l)
{
	json_t *j = json_pack("{s:i,s:s}", "version", LASTING_FORMAT, "handle", handle);
	json_t *flash = json_object();

	rows_to_json(flash_rows, ARRAY_SIZE(flash_rows), &l->flash, flash);
	json_object_set_new(j, "flash", flash);
	rows_to_json(lasting_rows, ARRAY_SIZE(lasting_rows), l, j);
	return j;
}
