// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trap groups: the policer must be there, and the action is a macro over the group's traps, as it
 * can neither be read back nor is it applied as a whole.
 */
#include "plan/binder.h"

#include <inttypes.h>
#include <string.h>

static bool is_action(const struct wish *w)
{
	return strcmp(w->attr, w->class->fields[GROUP_ACTION].name) == 0;
}

static bool policer_exists(struct binder *b, const struct winner *winner, uint64_t id)
{
	const struct wish *w = winner->wish;
	struct wish *policer;
	const char *name;

	if (id == 0)
		return true;
	name = arena_printf(&b->want->arena, "%" PRIu64, id);
	if (state_find(&b->world->have, &class_trap_policer, name, CLASS_NO_CMODE))
		return true;
	policer = arena_alloc(&b->want->arena, sizeof(*policer));
	*policer = *w;
	policer->class = &class_trap_policer;
	policer->object = name;
	policer->object_mark = w->mark;
	policer->object_source = w->source;
	bind_missing(b, &(struct winner){policer, winner->preset});
	return false;
}

/* A group action is a macro over the group's drop traps; a trap's own wish, of any layer, beats it.
 */
static void bind_group_action(struct binder *b, const struct wish *w)
{
	bool any = false;
	struct value v;

	if (!b->world->has_catalogue) {
		b->needs_catalogue = true;
		return;
	}
	if (!bind_parse(b, w, VALUE_U8, &trap_action_names, &v))
		return;
	vec_each(t, &b->world->catalogue.objects) {
		if (t->class != &class_trap || !text_equal(object_str(t, TRAP_GROUP), w->object) ||
		    object_num(t, TRAP_TYPE, TRAP_TYPE_CONTROL) != TRAP_TYPE_DROP)
			continue;
		any = true;
		if (bind_winner(b, t->class, t->name))
			continue;
		if (!bind_takes(b, w, t, TRAP_ACTION, &v))
			return; /* nor the others: once is enough */
		bind_want(b, w, &class_trap, t->name, CLASS_NO_CMODE, TRAP_ACTION, v);
	}
	if (!any)
		diag_add(b->diags, DIAG_WARNING, w->mark, w->source, b->handle,
			 "trap group %s has no trap of type drop: its action sets nothing",
			 w->object);
}

static void bind_one(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	const struct object *have = bind_find(b, w);
	struct value v;

	if (!have)
		bind_missing(b, winner);
	else if (is_action(w))
		bind_group_action(b, w);
	else if (bind_parse(b, w, VALUE_U32, &policer_names, &v) &&
		 policer_exists(b, winner, v.num) && bind_takes(b, w, have, GROUP_POLICER, &v))
		bind_want(b, w, w->class, w->object, CLASS_NO_CMODE, GROUP_POLICER, v);
}

/** bind_groups() - want the policers, and the actions of traps, that @n winners write. */
void bind_groups(struct binder *b, const struct winner *first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bind_one(b, &first[i]);
}

static void read_traps(struct reads *reads, const struct world *w, const char *group)
{
	if (!w->has_catalogue && !w->facts.reload_failed)
		reads->catalogue = true;
	vec_each(t, &w->catalogue.objects)
		if (t->class == &class_trap && text_equal(object_str(t, TRAP_GROUP), group))
			reads_add(reads, t->class, t->name);
}

/** bind_group_reads() - what has to be read beside the group itself. */
void bind_group_reads(struct reads *reads, const struct world *w, const struct wish *wish)
{
	if (is_action(wish))
		read_traps(reads, w, wish->object);
	else if (strspn(wish->text, "123456789") > 0)
		reads_add(reads, &class_trap_policer, wish->text);
}
