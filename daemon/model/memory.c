// SPDX-License-Identifier: GPL-2.0-or-later
/* Notes on objects. When they are made and dropped is the device machine's. */
#include "model/memory.h"

#include <string.h>

static void note_clear(struct note *n)
{
	free(n->name);
	if (n->value.type == VALUE_STRING)
		free((char *)n->value.str);
}

static struct note *find(const struct notes *n, const struct object *o)
{
	vec_each(note, &n->notes)
		if (note->class == o->class && note->cmode == o->cmode &&
		    strcmp(note->name, o->name) == 0)
			return note;
	return NULL;
}

/** notes_find() - the value noted for @o, or NULL. */
const struct value *notes_find(const struct notes *n, const struct object *o)
{
	const struct note *note = find(n, o);

	return note ? &note->value : NULL;
}

void notes_drop(struct notes *n, const struct object *o)
{
	struct note *note = find(n, o);

	if (!note)
		return;
	note_clear(note);
	vec_remove(&n->notes, (size_t)(note - n->notes.v));
}

/** notes_put() - note @value for @o instead of what was noted. */
void notes_put(struct notes *n, const struct object *o, const struct value *value)
{
	struct note note = {.class = o->class, .cmode = o->cmode, .value = *value};

	note.name = mem_strdup(o->name);
	if (value->type == VALUE_STRING)
		note.value.str = mem_strdup(value->str);
	notes_drop(n, o);
	vec_push(&n->notes, note);
}

void notes_clear(struct notes *n)
{
	vec_each(note, &n->notes)
		note_clear(note);
	vec_clear(&n->notes);
}

void memory_clear(struct memory *m)
{
	vec_clear(&m->counters);
	notes_clear(&m->in_force);
	notes_clear(&m->unread);
	notes_clear(&m->until_boot);
	*m = (struct memory){};
}

/** memory_restart() - the device registered anew: keep only what is not about its registration. */
void memory_restart(struct memory *m)
{
	struct memory kept = {.until_boot = m->until_boot,
			      .reloads = m->reloads,
			      .foreign_reloads = m->foreign_reloads};

	m->until_boot = (struct notes){};
	memory_clear(m);
	*m = kept;
}
