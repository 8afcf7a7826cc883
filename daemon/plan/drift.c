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
	const struct notes *notes = want->class == &class_resource ? &w->memory.ignored_sizes
								   : &w->memory.hidden_until_boot;
	const struct value *v = notes_find(notes, want, 0);

	return v && value_equal(v, &want->v[0]);
}

static void find(const struct world *w, const struct object *want, drift_list *list)
{
	const struct object *have = state_find(&w->have, want->class, want->name, want->cmode);
	bool resource = want->class == &class_resource;

	for (unsigned i = 0; i < want->class->n_writable; i++) {
		const struct value *actual = world_in_force(w, want, i);

		if (object_has(want, i) && !(actual && value_equal(&want->v[i], actual)) &&
		    !is_unread(w, want))
			add(list, want, i, i, actual);
	}
	if (resource && have && object_has(have, RESOURCE_SIZE_NEW) &&
	    !value_equal(&want->v[RESOURCE_SIZE], &have->v[RESOURCE_SIZE_NEW]))
		add(list, want, RESOURCE_SIZE, RESOURCE_SIZE_NEW, &have->v[RESOURCE_SIZE_NEW]);
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

/** drift_find() - all differences of @want, in its order; @ret must be empty. */
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
