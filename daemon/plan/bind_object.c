// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects of a class of which the table says all. */
#include "plan/binder.h"

#include <string.h>

/* The field that a wish is about; a bare value is that of the only one. */
static unsigned field_of(const struct wish *w)
{
	unsigned i = 0;

	while (w->attr && strcmp(w->class->fields[i].name, w->attr) != 0)
		i++;
	return i;
}

static void want_field(struct binder *b, const struct wish *w, const struct object *have,
		       unsigned i)
{
	const struct field *field = &w->class->fields[i];
	bool only = w->class->form == FORM_SECTION;
	struct value v;

	if (!have->error && !object_has(have, i)) {
		bind_error(b, w, "%s%s%s has no %s on this device", w->class->noun, only ? "" : " ",
			   only ? "" : w->object, field->name);
		return;
	}
	if (!bind_parse(b, w, field->type, field->names, &v))
		return;
	if (bind_round(b, w, have, i, &v) && bind_takes(b, w, have, i, &v))
		bind_want(b, w, w->class, w->object, CLASS_NO_CMODE, i, v);
}

/* What is said of all ports is said of those that the device has and that are not named. */
static void bind_default(struct binder *b, const struct winner *winner)
{
	const size_t before = b->diags->n_errors;
	struct wish w = *winner->wish;
	const char *rest = class_port_of(w.class, w.object);
	bool any = false;

	vec_each(o, &b->world->have.objects) {
		if (o->class != w.class || !o->has_port ||
		    strcmp(class_port_of(o->class, o->name), rest) != 0)
			continue;
		any = true;
		if (bind_winner(b, o->class, o->name))
			continue;
		w.object = o->name;
		if (bind_settable(b, &w, o))
			want_field(b, &w, o, field_of(&w));
		if (b->diags->n_errors > before) /* nor the others: once is enough */
			return;
		w.object = winner->wish->object;
	}
	if (!any)
		bind_missing(b, winner);
}

static bool is_default(const struct wish *w)
{
	const char *end = class_port_of(w->class, w->object);

	return end && (size_t)(end - w->object) == strlen(PORT_DEFAULT) &&
	       strncmp(w->object, PORT_DEFAULT, strlen(PORT_DEFAULT)) == 0;
}

static void bind_one(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	const struct object *have = bind_find(b, w);

	if (is_default(w)) {
		bind_default(b, winner);
		return;
	}
	if (bind_port_waits(b, winner))
		return;
	if (!have)
		bind_missing(b, winner);
	else if (bind_settable(b, w, have))
		want_field(b, w, have, field_of(w));
}

/** bind_objects() - want the values that @n winners write. */
void bind_objects(struct binder *b, const struct winner *first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bind_one(b, &first[i]);
}
