// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Differences between what is wanted and what is in force, whatever may or may not be done about
 * them. A staged driverinit value is not in force; a size that is pending without being wanted is a
 * difference of its own.
 */
#include "plan/drift.h"
#include "model/version.h"

static char *format(const struct object *o, unsigned field, const struct value *v)
{
	struct buf b = {};

	value_format(v, object_names(o, field), &b);
	return buf_take(&b);
}

static void add(drift_list *list, const struct object *want, unsigned wanted, unsigned field,
		const struct value *actual)
{
	static const struct value nothing = {.type = VALUE_NONE};
	struct drift *d = vec_add(list);

	d->object = object_label(want);
	d->attribute = mem_strdup(want->class->fields[field].name);
	d->wanted = format(want, wanted, &want->v[wanted]);
	d->actual = format(want, wanted, actual ? actual : &nothing);
}

/* A size that the driver does not read, or a param that it shows after the power cycle. */
static bool is_unread(const struct world *w, const struct object *want)
{
	const struct notes *notes =
		want->class->pending ? &w->memory.ignored_sizes : &w->memory.hidden_until_boot;
	const struct value *v = notes_find(notes, want, 0);

	return v && value_equal(v, &want->v[0]);
}

static struct object in_force(const struct world *w, const struct object *want)
{
	struct object now = {.class = want->class, .name = want->name, .cmode = want->cmode};

	for (unsigned i = 0; i < want->class->n_writable; i++) {
		const struct value *v = world_in_force(w, want, i);

		if (v)
			object_set(&now, i, *v);
	}
	return now;
}

static void find(const struct world *w, const struct object *want, drift_list *list)
{
	const struct object *have = state_find(&w->have, want->class, want->name, want->cmode);
	const struct object now = in_force(w, want);
	field_mask differs = is_unread(w, want) ? 0 : object_differs(want, &now);
	unsigned pending = want->class->pending;

	for (unsigned i = 0; i < want->class->n_writable; i++)
		if (differs & FIELD_BIT(i))
			add(list, want, i, i, object_has(&now, i) ? &now.v[i] : NULL);
	if (pending && have && object_has(have, pending) &&
	    !value_equal(&want->v[0], &have->v[pending]))
		add(list, want, 0, pending, &have->v[pending]);
}

/** drift_is_in_force() - is there no difference? */
bool drift_is_in_force(const struct object *want, const struct world *w)
{
	drift_list list = {};
	bool none;

	find(w, want, &list);
	none = !list.n;
	drift_clear(&list);
	return none;
}

/** drift_of_firmware() - does another version run than @f, or none that is known? */
bool drift_of_firmware(const struct firmware *f, const struct world *w)
{
	const char *runs = f->version ? facts_version(&w->facts, VERSION_RUNNING, f->key) : NULL;

	return f->version && !(runs && version_compare(w->facts.driver, f->key, runs, f->version) ==
					       VERSION_SAME);
}

/** drift_find() - append all differences of @want, in its order. */
void drift_find(const struct state *want, const struct world *w, drift_list *ret)
{
	const struct firmware *f = &want->firmware;

	if (drift_of_firmware(f, w))
		vec_push(ret,
			 ((struct drift){
				 mem_strdup("firmware"), mem_strdup(f->key), mem_strdup(f->version),
				 mem_strdup(facts_version(&w->facts, VERSION_RUNNING, f->key)
						    ?: "-")}));
	vec_each(o, &want->objects)
		find(w, o, ret);
}

/** drift_clear() - free all rows; the list is empty then. */
void drift_clear(drift_list *list)
{
	vec_each(d, list) {
		free(d->object);
		free(d->attribute);
		free(d->wanted);
		free(d->actual);
	}
	vec_clear(list);
}
