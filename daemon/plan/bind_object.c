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

static bool is_settable(struct binder *b, const struct wish *w, const struct object *have)
{
	_cleanup_free_ char *text = NULL;
	struct buf why = {};
	bool settable = !have->class->settable || have->class->settable(have, &why);

	text = buf_take(&why);
	if (!settable)
		bind_error(b, w, "%s %s %s", w->class->noun, w->object, text);
	return settable;
}

static void want_field(struct binder *b, const struct wish *w, const struct object *have,
		       unsigned i)
{
	const struct field *field = &w->class->fields[i];
	struct value v;

	if (!bind_parse(b, w, field->type, field->names, &v))
		return;
	if (w->class->round)
		w->class->round(have, i, &v);
	if (bind_takes(b, w, have, i, &v))
		bind_want(b, w, w->class, w->object, CLASS_NO_CMODE, i, v);
}

static void bind_one(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	const struct object *have = bind_find(b, w);

	if (!have)
		bind_missing(b, winner);
	else if (is_settable(b, w, have))
		want_field(b, w, have, field_of(w));
}

/** bind_objects() - want the values that @n winners write. */
void bind_objects(struct binder *b, const struct winner *first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bind_one(b, &first[i]);
}
