// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a captured device as a config file: what may be wanted, with the values there are. What
 * nobody can set (traps that are not drops, params without a value), or no file can hold (texts
 * that are not UTF-8, or have control characters, and resources with "/" at an end of their name),
 * is left out.
 */
#include "yaml/emit.h"
#include "yaml/objects.h"
#include "yaml/schema.h"
#include "yaml/source.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct emitter {
	yaml_emitter_t yaml;
	bool json;
	struct buf text;
};

static int append(void *user, unsigned char *data, size_t size)
{
	struct emitter *e = user;

	buf_add(&e->text, "%.*s", (int)size, (const char *)data);
	return 1;
}

static void emit(struct emitter *e, yaml_event_t *event, int made)
{
	if (!made || !yaml_emitter_emit(&e->yaml, event))
		abort(); /* out of memory: every document we write is well-formed */
}

static void scalar(struct emitter *e, const char *text, bool quoted)
{
	yaml_event_t event;
	int made = yaml_scalar_event_initialize(
		&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
		quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);

	emit(e, &event, made);
}

static void key(struct emitter *e, const char *text, bool quoted)
{
	scalar(e, text, quoted || e->json);
}

static void map(struct emitter *e, bool flow)
{
	yaml_event_t event;
	int made = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
						       flow || e->json ? YAML_FLOW_MAPPING_STYLE
								       : YAML_BLOCK_MAPPING_STYLE);

	emit(e, &event, made);
}

static void map_end(struct emitter *e)
{
	yaml_event_t event;
	int made = yaml_mapping_end_event_initialize(&event);

	emit(e, &event, made);
}

static void value(struct emitter *e, const struct object *o, unsigned field)
{
	_cleanup_free_ char *text = NULL;
	struct buf b = {};
	bool name;

	value_format(&o->v[field], object_names(o, field), &b);
	text = buf_take(&b);
	name = o->v[field].type != VALUE_BOOL && text[strspn(text, "0123456789")] != '\0';
	scalar(e, text, o->v[field].type == VALUE_STRING || (e->json && name));
}

static bool text_can_be_wanted(const struct object *o)
{
	const struct value *v = &o->v[0];

	return v->type != VALUE_STRING || !object_has(o, 0) ||
	       (text_is_line(v->str) && strlen(v->str) <= PARAM_STRING_MAX);
}

static bool can_be_wanted(const struct object *o)
{
	struct buf why = {};
	bool settable = !o->class->settable || o->class->settable(o, &why);

	buf_clear(&why);
	if (!settable || (o->class->is_captured && !o->class->is_captured(o)))
		return false;
	if (!text_is_line(o->name) || (o->class->tree && !objects_is_path(o->name)))
		return false;
	return text_can_be_wanted(o) && object_writable(o);
}

static void fields(struct emitter *e, const struct object *o)
{
	map(e, true);
	for (unsigned i = 0; i < o->class->n_writable; i++) {
		if (!object_has(o, i))
			continue;
		key(e, o->class->fields[i].name, false);
		value(e, o, i);
	}
	map_end(e);
}

/* One object; a param is one object for each of its cmodes. Returns the first object behind it. */
static const struct object *object(struct emitter *e, const struct object *o,
				   const struct object *end)
{
	const struct object *first = o;

	if (o->class->form != FORM_SECTION)
		key(e, o->name,
		    text_blank(o->name) || (strspn(o->name, "0123456789") > 0 &&
					    o->class->keys[0].type == VALUE_STRING));
	switch (o->class->form) {
	case FORM_SCALAR:
		value(e, o, 0);
		return o + 1;
	case FORM_MAP:
	case FORM_SECTION:
		fields(e, o);
		return o + 1;
	case FORM_BY_CMODE:
		break;
	}
	map(e, true);
	for (; o < end && o->class == first->class && strcmp(o->name, first->name) == 0; o++) {
		if (!can_be_wanted(o))
			continue;
		key(e, enum_name(&cmode_names, o->cmode), false);
		value(e, o, 0);
	}
	map_end(e);
	return o;
}

static void section(struct emitter *e, const struct class *class, const struct state *s)
{
	const struct object *o = s->objects.v, *end = o + s->objects.n;
	bool open = false;

	while (o < end) {
		if (o->class != class || !can_be_wanted(o)) {
			o++;
			continue;
		}
		if (!open) {
			key(e, class->section, false);
			if (class->form != FORM_SECTION)
				map(e, false);
		}
		open = class->form != FORM_SECTION;
		o = object(e, o, end);
	}
	if (open)
		map_end(e);
}

static const struct state *state_of(const struct class *class, const struct world *w)
{
	return class->read == READ_DEVICE ? &w->have : &w->catalogue;
}

static bool has_section(const struct class *class, const struct world *w)
{
	vec_each(o, &state_of(class, w)->objects)
		if (o->class == class && can_be_wanted(o))
			return true;
	return false;
}

/* Sections that are parts of one follow each other. */
static void sections(struct emitter *e, const struct world *w)
{
	const char *within = NULL;

	for (size_t i = 0; i < n_classes; i++) {
		const struct class *class = classes[i];

		if (!has_section(class, w))
			continue;
		if (within && !text_equal(within, class->within))
			map_end(e);
		if (class->within && !text_equal(within, class->within)) {
			key(e, class->within, false);
			map(e, false);
		}
		within = class->within;
		section(e, class, state_of(class, w));
	}
	if (within)
		map_end(e);
}

/* A character that is in no name of an entry is "?" in the pattern, which matches it. */
static char *pattern_of(const char *handle)
{
	struct buf b = {};
	size_t n;

	for (const char *p = handle; *p; p += n) {
		n = schema_entry_name(p);
		buf_add(&b, "%.*s", (int)n, p);
		if (!p[n])
			break;
		buf_add(&b, "?");
		for (n++; ((unsigned char)p[n] & 0xc0) == 0x80; n++)
			;
	}
	return buf_take(&b);
}

/* By its handle, where an entry can be called so. */
static void entry(struct emitter *e, const char *handle)
{
	_cleanup_free_ char *pattern = pattern_of(handle);
	size_t n = strlen(handle);
	bool fits = n <= SCHEMA_NAME_MAX && schema_entry_name(handle) == n;

	scalar(e, fits ? handle : "device", true);
	map(e, false);
	if (fits)
		return;
	key(e, "match", false);
	map(e, true);
	key(e, "handle", false);
	scalar(e, pattern, true);
	map_end(e);
}

static void device(struct emitter *e, const char *handle, const struct world *w)
{
	map(e, false);
	key(e, "version", false);
	scalar(e, "1", false);
	key(e, "devices", false);
	map(e, false);
	entry(e, handle);
	sections(e, w);
	map_end(e);
	map_end(e);
	map_end(e);
}

/* Why the value of a param that is there could not be set. Return: false where it could be. */
static bool find_flaw(const struct object *o, struct buf *why)
{
	const char *text = object_str(o, PARAM_VALUE);
	const char *name = NULL;

	if (o->class->settable && !o->class->settable(o, why))
		return true;
	if (object_has(o, PARAM_DEFAULT) || !object_has(o, PARAM_VALUE))
		return false;
	if (o->v[PARAM_VALUE].type <= VALUE_U64)
		name = enum_name(object_names(o, PARAM_VALUE), o->v[PARAM_VALUE].num);
	if (text_equal(text, "default") || text_equal(name, "unknown"))
		buf_add(why, "is %s, which the driver may report but not accept",
			text ? text : name);
	return why->n;
}

/* What can be read, and not be set to what it is now. */
static void comments(struct emitter *e, const struct world *w)
{
	if (w->params_cut)
		buf_add(&e->text,
			"# Params are missing here: the driver could not read all of them.\n");
	vec_each(o, &w->catalogue.objects) {
		_cleanup_free_ char *text = NULL, *label = NULL;
		struct buf why = {};

		if (o->class->form != FORM_BY_CMODE || !find_flaw(o, &why)) {
			buf_clear(&why);
			continue;
		}
		label = object_label(o);
		text = text_clean_line(why.s);
		buf_clear(&why);
		if (text_is_line(label))
			buf_add(&e->text, "# Param %s %s.\n", label, text);
	}
}

/**
 * yaml_emit_world() - a main config file with one entry, named by the handle; to be freed.
 * @w: with a catalogue
 * @json: written as JSON, which is YAML too
 */
char *yaml_emit_world(const char *handle, const struct world *w, bool json)
{
	struct emitter e = {.json = json};
	yaml_event_t event;

	if (!yaml_emitter_initialize(&e.yaml))
		abort();
	if (!json) /* it has no comments */
		comments(&e, w);
	yaml_emitter_set_output(&e.yaml, append, &e);
	yaml_emitter_set_unicode(&e.yaml, 1);
	yaml_emitter_set_width(&e.yaml, json ? -1 : 0); /* JSON folds no text; 0: as usual */
	emit(&e, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	emit(&e, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
	device(&e, handle, w);
	emit(&e, &event, yaml_document_end_event_initialize(&event, 1));
	emit(&e, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_delete(&e.yaml);
	return buf_take(&e.text);
}
