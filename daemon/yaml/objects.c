// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides how objects of a device are written: which names can be one, which attributes it has and
 * what their values look like, as far as no device is needed to tell. The classes' tables say it.
 * Refuses to know which objects and which types of params a device has; that is bind's.
 */
#include "yaml/objects.h"
#include "model/class.h"
#include "model/config.h"

#include <string.h>

/* An object while it is checked. */
struct object_place {
	const struct class *class;
	struct pair *pair;
};

/* As an operator calls it; to be freed. What a device has one of is its kind alone. */
static char *place_name(const struct object_place *o)
{
	if (strcmp(o->class->noun, o->pair->key) == 0)
		return mem_strdup(o->class->noun);
	return mem_printf("%s \"%s\"", o->class->noun, o->pair->key);
}

static void report_value(struct schema *s, const struct object_place *o, const char *attr,
			 struct node *v, const char *why)
{
	_cleanup_free_ char *name = place_name(o);

	place_error(s->diags, v->at, "%s: %s%s%s", name, attr ? attr : "", attr ? ": " : "", why);
	v->type = NODE_BAD;
}

/* What is wrong with a text without quotes that not all programs take for one; NULL: nothing. */
static char *explain_surprise(const struct node *v)
{
	_cleanup_free_ char *plain = v->quoted ? NULL : value_yaml11(v->text);

	return plain ? mem_printf("write %s instead of \"%s\", or quotes around it", plain, v->text)
		     : NULL;
}

/* The value of a param: the device will tell its type, so only what no type takes is wrong. */
static void check_param(struct schema *s, const struct object_place *o, const char *cmode,
			struct node *v)
{
	const struct enum_names *names = param_value_names(o->pair->key);
	_cleanup_free_ char *why = NULL;
	struct value value;

	if (strcmp(v->text, "default") == 0) /* that of the driver, whatever the type */
		return;
	if (!names)
		why = explain_surprise(v);
	if (!why)
		value_parse(v->text, names ? VALUE_U64 : VALUE_STRING, names, &value, &why);
	if (why)
		report_value(s, o, cmode, v, why);
}

static void check_field(struct schema *s, const struct object_place *o, const struct field *field,
			const char *attr, struct node *v)
{
	_cleanup_free_ char *why = NULL;
	struct value value;
	struct size size;

	if (field->flags & FIELD_SIZE)
		size_parse(v->text, &size, &why);
	else
		value_parse(v->text, field->type, field->names, &value, &why);
	if (why)
		report_value(s, o, attr, v, why);
}

static const struct field *writable_field(const struct class *class, const char *name)
{
	for (size_t i = 0; i < class->n_fields; i++)
		if (class->fields[i].flags & (FIELD_WRITABLE | FIELD_MACRO) &&
		    strcmp(class->fields[i].name, name) == 0)
			return &class->fields[i];
	return NULL;
}

static void unknown_attr(struct schema *s, const struct object_place *o, struct pair *p)
{
	_cleanup_free_ char *where = place_name(o);
	const char *names[CLASS_MAX_FIELDS + 8];
	size_t n = 0;

	if (o->class->form == FORM_BY_CMODE) {
		for (; n < cmode_names.n; n++)
			names[n] = cmode_names.v[n].name;
	} else {
		for (size_t i = 0; i < o->class->n_fields; i++)
			if (o->class->fields[i].flags & (FIELD_WRITABLE | FIELD_MACRO))
				names[n++] = o->class->fields[i].name;
	}
	rules_unknown(s, p, where, names, n);
}

static void check_map(struct schema *s, const struct object_place *o)
{
	for (size_t i = 0; i < o->pair->value->n; i++) {
		struct pair *p = &o->pair->value->pairs[i];
		const struct field *field = writable_field(o->class, p->key);

		if (!field)
			unknown_attr(s, o, p);
		else if (rules_expect(s, p, NODE_SCALAR))
			check_field(s, o, field, p->key, p->value);
	}
}

static void check_by_cmode(struct schema *s, const struct object_place *o)
{
	struct node *v = o->pair->value;
	uint64_t cmode;

	if (v->type != NODE_MAP) {
		if (rules_expect(s, o->pair, NODE_SCALAR))
			check_param(s, o, NULL, v);
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		struct pair *p = &v->pairs[i];

		if (!enum_number(&cmode_names, p->key, &cmode))
			unknown_attr(s, o, p);
		else if (rules_expect(s, p, NODE_SCALAR))
			check_param(s, o, p->key, p->value);
	}
}

/** objects_is_path() - may a resource be called so? */
bool objects_is_path(const char *name)
{
	size_t n = strlen(name);

	return name[0] == '/' && name[n - 1] != '/' && !strstr(name, "//");
}

/* The same path, without parts that are empty; to be freed. */
static char *without_empty_parts(const char *path)
{
	struct buf b = {};

	for (; *path; path++)
		if (*path != '/' || (path[1] && path[1] != '/'))
			buf_add(&b, "%c", *path);
	return buf_take(&b);
}

static void check_path(struct schema *s, const struct pair *p)
{
	_cleanup_free_ char *meant = without_empty_parts(p->key);

	if (p->key[0] != '/')
		place_error(s->diags, p->at, "a resource is a path: did you mean \"/%s\"?", p->key);
	else if (!objects_is_path(p->key))
		place_error(s->diags, p->at, "resource \"%s\" has an empty part%s%s%s", p->key,
			    *meant ? "; did you mean \"" : "", meant, *meant ? "\"?" : "");
}

static void check_id(struct schema *s, const struct object_place *o)
{
	const char *key = o->pair->key;
	_cleanup_free_ char *why = NULL;
	struct value v;

	if (value_parse(key, o->class->keys[0].type, NULL, &v, &why) < 0)
		place_error(s->diags, o->pair->at, "number of a %s: %s", o->class->noun, why);
	else if (v.num < o->class->keys[0].least || strspn(key, "0123456789") != strlen(key))
		place_error(s->diags, o->pair->at,
			    "\"%s\" is not the number of a %s: 1, 2 and so on, without a unit", key,
			    o->class->noun);
}

static void check_key(struct schema *s, const struct object_place *o)
{
	_cleanup_free_ char *why = NULL;
	struct key_values key;

	if (class_key_parse(o->class, o->pair->key, &key, &why) < 0)
		place_error(s->diags, o->pair->at, "%s \"%s\": %s", o->class->noun, o->pair->key,
			    why);
	key_values_clear(&key);
}

static void check_name(struct schema *s, const struct object_place *o)
{
	size_t n = class_n_keys(o->class);

	if (o->class->tree)
		check_path(s, o->pair);
	else if (n > 1 || class_has_ports(o->class))
		check_key(s, o);
	else if (n == 1 && o->class->keys[0].type != VALUE_STRING)
		check_id(s, o);
}

static void check_object(struct schema *s, const struct object_place *o)
{
	if (!rules_is_half(o->pair))
		check_name(s, o);
	switch (o->class->form) {
	case FORM_SCALAR:
		if (rules_expect(s, o->pair, NODE_SCALAR))
			check_field(s, o, &o->class->fields[0], NULL, o->pair->value);
		return;
	case FORM_MAP:
	case FORM_SECTION:
		if (rules_expect(s, o->pair, NODE_MAP))
			check_map(s, o);
		return;
	case FORM_BY_CMODE:
		check_by_cmode(s, o);
		return;
	}
}

/** objects_check() - check the objects of the class whose section @section is. */
void objects_check(struct schema *s, struct pair *section)
{
	const struct class *class = class_by_section(section->key);

	if (class->form == FORM_SECTION) {
		check_object(s, &(struct object_place){class, section});
		return;
	}
	for (size_t i = 0; i < section->value->n; i++)
		check_object(s, &(struct object_place){class, &section->value->pairs[i]});
}

static void check_text(struct schema *s, struct pair *p)
{
	rules_text(s, p);
	if (p->value->text[0] == '\0')
		place_error(s->diags, p->value->at, "%s of the firmware is empty", p->key);
	if (strlen(p->value->text) > FIRMWARE_TEXT_MAX)
		place_error(s->diags, p->value->at, "%s of the firmware is longer than %u bytes",
			    p->key, FIRMWARE_TEXT_MAX);
}

static void check_file(struct schema *s, struct pair *p)
{
	const char *text = p->value->text;

	check_text(s, p);
	if (text[0] == '/')
		place_error(s->diags, p->value->at,
			    "file must be relative to the kernel's firmware directory");
	for (const char *part = text; part; part = strchr(part, '/')) {
		part += part[0] == '/';
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
			place_error(s->diags, p->value->at, "file must not contain \"..\"");
			return;
		}
	}
}

static void check_sha256(struct schema *s, struct pair *p)
{
	const char *text = p->value->text;
	size_t n = strlen(text), digits = strspn(text, "0123456789abcdefABCDEF");

	if (n != 64 || digits != 64)
		place_error(s->diags, p->value->at, "sha256 must be 64 hexadecimal digits");
}

static void check_bool(struct schema *s, struct pair *p)
{
	_cleanup_free_ char *why = NULL;
	struct value v;

	if (value_parse(p->value->text, VALUE_BOOL, NULL, &v, &why) < 0)
		place_error(s->diags, p->value->at, "%s: %s", p->key, why);
}

#define ANY_FILE (FILE_MAIN | FILE_DROPIN | FILE_PRESET)

static const struct key_rule firmware_rules[] = {
	{"version", NODE_SCALAR, check_text, ANY_FILE},
	{"version_key", NODE_SCALAR, check_text, ANY_FILE},
	{"file", NODE_SCALAR, check_file, ANY_FILE},
	{"component", NODE_SCALAR, check_text, ANY_FILE},
	{"sha256", NODE_SCALAR, check_sha256, ANY_FILE},
	{"allow_downgrade", NODE_SCALAR, check_bool, ANY_FILE},
};
static const struct key_set firmware_keys = {"firmware", firmware_rules, ARRAY_SIZE(firmware_rules),
					     NULL,	 NULL,		 NULL};

/** firmware_check() - check the keys of `firmware`. */
void firmware_check(struct schema *s, struct pair *p)
{
	rules_check(s, p->value, &firmware_keys, FILE_MAIN);
}
