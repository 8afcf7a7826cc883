// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all binders do: complain with the place where it was written, miss an object by name, want a
 * value. Knows no class.
 */
#include "plan/binder.h"
#include "plan/quirks.h"

#include <linux/devlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void complain(struct binder *b, struct mark mark, const char *source, const char *format,
		     va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		text = mem_strdup(format);
	diag_add(b->diags, DIAG_ERROR, mark, source, b->handle, "%s", text);
	free(text);
}

/** bind_error() - an error in the value of a wish. */
void bind_error(struct binder *b, const struct wish *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(b, w->mark, w->source, format, ap);
	va_end(ap);
}

/** bind_error_name() - an error in the object's name. */
void bind_error_name(struct binder *b, const struct wish *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(b, w->object_mark, w->object_source, format, ap);
	va_end(ap);
}

/* Names of all objects of a class: of the last read for resources, of the catalogue for the rest.
 */
static void list_names(const struct binder *b, const struct class *class, text_list *names)
{
	const struct state *s =
		class->read == READ_BY_NAME ? &b->world->catalogue : &b->world->have;

	vec_each(o, &s->objects)
		if (o->class == class &&
		    (!names->n || strcmp(names->v[names->n - 1], o->name) != 0))
			vec_push(names, o->name);
}

/* The part of the wish's path that the device has and does not divide; NULL: none. */
static const char *undivided(const struct wish *w, const text_list *names)
{
	const char *found = NULL;

	vec_each(name, names) {
		size_t n = strlen(*name);

		if (strncmp(w->object, *name, n) == 0 && w->object[n] == '/')
			found = *name;
	}
	vec_each(name, names)
		if (found && resource_is_child(*name, found))
			return NULL;
	return found;
}

static void suggest(const struct binder *b, struct buf *out, const struct wish *w,
		    const text_list *names)
{
	const char *near = text_nearest(w->object, names->v, names->n);

	if (undivided(w, names)) {
		buf_add(out, "; its %s has no parts", undivided(w, names));
	} else if (text_equal(near, w->object) || (!names->n && b->world->params_cut)) {
		return; /* it is listed, but EINVAL to a GET of it; or the list is not known */
	} else if (!names->n && w->class->none_at_all) {
		buf_add(out, "; %s", w->class->none_at_all);
	} else if (!names->n) {
		buf_add(out, "; it has no %ss at all", w->class->noun);
	} else if (near) {
		buf_add(out, "; did you mean %s?", near);
	} else {
		size_t shown = MIN(names->n, (size_t)8);

		buf_add(out, "; it has ");
		for (size_t i = 0; i < shown; i++)
			buf_add(out, "%s%s", i ? ", " : "", names->v[i]);
		if (shown < names->n)
			buf_add(out, " and %zu more", names->n - shown);
	}
}

/* Several values of one object are missed together. */
static bool said_missing(struct binder *b, const struct wish *w)
{
	const struct wish *last = b->missing;

	b->missing = w;
	return last && last->class == w->class && last->object_mark.file == w->object_mark.file &&
	       last->object_mark.line == w->object_mark.line &&
	       last->object_mark.column == w->object_mark.column &&
	       strcmp(last->object, w->object) == 0;
}

/**
 * bind_missing() - the device has no such object.
 *
 * What only a preset names is a note; what the entry names is an error with the nearest name.
 */
void bind_missing(struct binder *b, const struct winner *w)
{
	const struct wish *wish = w->wish;
	_cleanup_free_ char *text = NULL;
	struct buf hint = {};
	text_list names = {};

	if (wish->class->read == READ_BY_NAME && !w->preset && !b->world->has_catalogue) {
		b->needs_catalogue = true;
		return;
	}
	if (said_missing(b, wish))
		return;
	if (w->preset) {
		vec_push(&b->lacks, *w);
		return;
	}
	if (b->diags->n_errors < DIAG_MAX) { /* of more than are shown none looks for a name */
		list_names(b, wish->class, &names);
		suggest(b, &hint, wish, &names);
	}
	text = buf_take(&hint);
	if (wish->class->form == FORM_SECTION)
		bind_error_name(b, wish, "the device has no %s", wish->class->noun);
	else
		bind_error_name(b, wish, "the device has no %s %s%s", wish->class->noun,
				wish->object, text);
	vec_clear(&names);
}

/** bind_settable() - complain of an object that cannot be set. Return: false where it is one. */
bool bind_settable(struct binder *b, const struct wish *w, const struct object *have)
{
	_cleanup_free_ char *text = NULL;
	struct buf why = {};
	bool settable = !have->class->settable || have->class->settable(have, &why);

	text = buf_take(&why);
	if (!settable)
		bind_error(b, w, "%s %s %s", w->class->noun, w->object, text);
	return settable;
}

static bool is_listed_before(const struct binder *b, const struct winner *w, bool by_object)
{
	for (const struct winner *before = b->lacks.v; before < w; before++)
		if (strcmp(before->preset, w->preset) == 0 &&
		    before->wish->class == w->wish->class &&
		    (!by_object || strcmp(before->wish->object, w->wish->object) == 0))
			return true;
	return false;
}

/* What a preset names in vain, kind by kind: "trap policer 9, 10, trap group bgp". */
static char *list_lacks(const struct binder *b, const char *preset)
{
	struct buf text = {};

	vec_each(first, &b->lacks) {
		if (strcmp(first->preset, preset) != 0 || is_listed_before(b, first, false))
			continue;
		buf_add(&text, "%s%s", text.n ? ", " : "", first->wish->class->noun);
		for (const struct winner *w = first; w < b->lacks.v + b->lacks.n; w++)
			if (strcmp(w->preset, preset) == 0 &&
			    w->wish->class == first->wish->class && !is_listed_before(b, w, true))
				buf_add(&text, "%s %s", w == first ? "" : ",", w->wish->object);
	}
	return buf_take(&text);
}

/** bind_note_lacks() - a note for each preset that names what the device has not got. */
void bind_note_lacks(struct binder *b)
{
	vec_each(w, &b->lacks) {
		_cleanup_free_ char *objects = NULL;
		bool said = false;

		for (const struct winner *before = b->lacks.v; before < w; before++)
			said = said || strcmp(before->preset, w->preset) == 0;
		if (said)
			continue;
		objects = list_lacks(b, w->preset);
		diag_add(b->diags, DIAG_NOTE, w->wish->object_mark, NULL, b->handle,
			 "preset %s is applied without what is not here: %s", w->preset, objects);
	}
}

/**
 * bind_parse() - the value that a wish writes; complains where it is none.
 *
 * Return: false where it is none.
 */
bool bind_parse(struct binder *b, const struct wish *w, enum value_type type,
		const struct enum_names *names, struct value *ret)
{
	_cleanup_free_ char *why = NULL;

	if (value_parse(w->text, type, names, ret, &why) < 0) {
		bind_error(b, w, "%s %s is of type %s: %s", w->class->noun, w->object,
			   value_type_name(type), why);
		return false;
	}
	if (ret->type == VALUE_STRING)
		ret->str = arena_strdup(&b->want->arena, ret->str);
	return true;
}

/**
 * bind_staged() - complain where @want, of reload class, could be staged but never be loaded.
 *
 * What is in force already needs no reload.
 */
void bind_staged(struct binder *b, const struct wish *w, const struct object *want)
{
	const struct value *in_force;
	_cleanup_free_ char *stays = NULL;
	struct buf text = {};

	if (!object_reload_class(want) || world_can_load(b->world, want->class))
		return;
	in_force = world_in_force(b->world, want, 0);
	if (in_force && value_equal(in_force, &want->v[0]))
		return;
	if (in_force)
		value_format(in_force, object_names(want, 0), &text);
	stays = buf_take(&text);
	bind_error(b, w, "the driver offers no %sreload, so %s %s cannot be changed%s%s",
		   facts_offers(&b->world->facts, DEVLINK_RELOAD_ACTION_FW_ACTIVATE,
				DEVLINK_RELOAD_LIMIT_UNSPEC)
			   ? "driver_reinit "
			   : "",
		   want->class->noun, want->name, in_force ? "; it is " : "", stays);
}

/** bind_want() - want @v in a field of an object, because @w says so. */
void bind_want(struct binder *b, const struct wish *w, const struct class *class, const char *name,
	       uint8_t cmode, unsigned field, struct value v)
{
	struct object *o = state_add(b->want, class, name, cmode);

	object_set(o, field, v);
	state_set_mark(b->want, o, field, w->mark);
	o->order = w->order;
	bind_staged(b, w, o);
}

/** reads_add() - the object is to be read; @name is borrowed. */
void reads_add(struct reads *reads, const struct class *class, const char *name)
{
	vec_push(&reads->names, ((struct read_name){class, name}));
}

static int by_wish_object(const void *pa, const void *pb)
{
	const struct winner *a = pa, *b = pb;

	return object_compare_names(a->wish->class, a->wish->object, b->wish->class,
				    b->wish->object);
}

/** bind_winner() - a wish of any layer that names the object. Return: NULL where none does. */
const struct winner *bind_winner(const struct binder *b, const struct class *class,
				 const char *name)
{
	struct wish wish = {.class = class, .object = name};
	struct winner key = {.wish = &wish};

	return b->winners->n
		       ? bsearch(&key, b->winners->v, b->winners->n, sizeof(key), by_wish_object)
		       : NULL;
}

/**
 * bind_find() - the object that the wish names, as the device has it. Return: NULL where it has
 * none.
 */
const struct object *bind_find(const struct binder *b, const struct wish *w)
{
	return state_find(&b->world->have, w->class, w->object, CLASS_NO_CMODE);
}
