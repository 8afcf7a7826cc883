// SPDX-License-Identifier: GPL-2.0-or-later
/* Params: of which cmode a value is, and of which type, only the device tells. */
#include "plan/binder.h"

#include <string.h>

/* The cmodes that the device has for a param: how many, the last of them, and all as text. */
static int list_cmodes(const struct binder *b, const struct wish *w, int *ret_last,
		       struct buf *list)
{
	int n = 0;

	for (int cmode = CMODE_RUNTIME; cmode <= CMODE_PERMANENT; cmode++) {
		if (!state_find(&b->world->have, w->class, w->object, (uint8_t)cmode))
			continue;
		buf_add(list, "%s%s", n++ ? ", " : "", enum_name(&cmode_names, (uint64_t)cmode));
		*ret_last = cmode;
	}
	return n;
}

/*
 * One that cannot be read has no type that is known: it is wanted as it was written, for the
 * planner to name.
 */
static bool param_unreadable(struct binder *b, const struct wish *w)
{
	const char *text;

	if (!bind_find(b, w))
		return false;
	text = arena_strdup(&b->want->arena, w->text);
	bind_want(b, w, w->class, w->object, CLASS_NO_CMODE, PARAM_VALUE,
		  (struct value){.type = VALUE_STRING, .str = text});
	return true;
}

/* From a preset it is left out, as what the device has not got. */
static void complain_untold(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	static const char said[] = "this kernel tells no default of param";

	if (winner->preset)
		diag_add(b->diags, DIAG_NOTE, w->mark, NULL, b->handle,
			 "%s %s; preset %s is applied without it", said, w->object, winner->preset);
	else
		bind_error(b, w, "%s %s; write a value", said, w->object);
}

/*
 * `default` is what the driver begins with, where the kernel tells it; else a string may be called
 * so.
 */
static bool is_default(const struct wish *w, const struct object *have)
{
	return strcmp(w->text, "default") == 0 &&
	       (object_has(have, PARAM_DEFAULT) || have->v[PARAM_VALUE].type != VALUE_STRING);
}

static void bind_to_default(struct binder *b, const struct winner *winner,
			    const struct object *have)
{
	const struct wish *w = winner->wish;
	struct value v = have->v[PARAM_DEFAULT];

	if (!object_has(have, PARAM_DEFAULT)) {
		complain_untold(b, winner);
		return;
	}
	if (v.type == VALUE_STRING)
		v.str = arena_strdup(&b->want->arena, v.str);
	bind_want(b, w, w->class, w->object, have->cmode, PARAM_VALUE, v);
}

static void bind_value(struct binder *b, const struct winner *winner, const struct object *have)
{
	const struct wish *w = winner->wish;
	struct value v;

	if (!bind_settable(b, w, have))
		return;
	if (is_default(w, have))
		bind_to_default(b, winner, have);
	else if (bind_parse(b, w, have->v[PARAM_VALUE].type, param_value_names(w->object), &v))
		bind_want(b, w, w->class, w->object, have->cmode, PARAM_VALUE, v);
}

static void bind_one(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	_cleanup_free_ char *cmodes = NULL;
	const struct object *have = NULL;
	struct buf list = {};
	int last = -1, n = list_cmodes(b, w, &last, &list);
	uint64_t cmode = (uint64_t)last;

	if (n == 0) {
		if (!param_unreadable(b, w) && !b->world->facts.reload_failed)
			bind_missing(b, winner);
		return;
	}
	cmodes = buf_take(&list);
	if (w->attr)
		enum_number(&cmode_names, w->attr, &cmode);
	have = state_find(&b->world->have, w->class, w->object, (uint8_t)cmode);
	if (!w->attr && n > 1)
		bind_error(b, w, "param %s has several cmodes: write one of %s", w->object, cmodes);
	else if (!have)
		bind_error(b, w, "param %s has no cmode %s; it has %s", w->object, w->attr, cmodes);
	else
		bind_value(b, winner, have);
}

/** bind_params() - want the values that @n winners write. */
void bind_params(struct binder *b, const struct winner *first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bind_one(b, &first[i]);
}
