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

static struct note *find(const struct notes *n, const struct object *o, unsigned field)
{
	vec_each(note, &n->notes)
		if (note->class == o->class && note->cmode == o->cmode && note->field == field &&
		    strcmp(note->name, o->name) == 0)
			return note;
	return NULL;
}

/** notes_find() - the value noted for a field of @o, or NULL. */
const struct value *notes_find(const struct notes *n, const struct object *o, unsigned field)
{
	const struct note *note = find(n, o, field);

	return note ? &note->value : NULL;
}

void notes_drop(struct notes *n, const struct object *o, unsigned field)
{
	struct note *note = find(n, o, field);

	if (!note)
		return;
	note_clear(note);
	vec_remove(&n->notes, (size_t)(note - n->notes.v));
}

/** notes_put() - note @value for a field of @o. Return: false where it stood there already. */
bool notes_put(struct notes *n, const struct object *o, unsigned field, const struct value *value)
{
	struct note note = {
		.class = o->class, .cmode = o->cmode, .field = (uint8_t)field, .value = *value};
	const struct note *before = find(n, o, field);

	if (before && value_equal(&before->value, value))
		return false;
	note.name = mem_strdup(o->name);
	if (value->type == VALUE_STRING)
		note.value.str = mem_strdup(value->str);
	notes_drop(n, o, field);
	vec_push(&n->notes, note);
	return true;
}

void notes_clear(struct notes *n)
{
	vec_each(note, &n->notes)
		note_clear(note);
	vec_clear(&n->notes);
}

/** note_object() - the object that is meant, with the noted value; borrows from the note. */
struct object note_object(const struct note *n)
{
	struct object o = {.class = n->class, .name = n->name, .cmode = n->cmode};

	object_set(&o, n->field, n->value);
	return o;
}

/** lasting_forgive() - what was not to be tried again may be. */
void lasting_forgive(struct lasting *l)
{
	l->rollback = ROLLBACK_NONE;
	l->tries = l->vain = 0;
	free(l->quarantine);
	free(l->reason);
	l->quarantine = l->reason = NULL;
}

void lasting_clear(struct lasting *l)
{
	lasting_forgive(l);
	notes_clear(&l->good);
	free(l->attempt);
	flash_latch_clear(&l->flash);
	*l = (struct lasting){};
}

void memory_clear(struct memory *m)
{
	vec_clear(&m->counters);
	notes_clear(&m->in_force);
	notes_clear(&m->unread);
	notes_clear(&m->pristine);
	notes_clear(&m->until_boot);
	lasting_clear(&m->lasting);
	*m = (struct memory){};
}

static void notes_copy(struct notes *to, const struct notes *from)
{
	*to = (struct notes){};
	vec_each(n, &from->notes) {
		const struct object o = note_object(n);

		notes_put(to, &o, n->field, &n->value);
	}
}

static char *copy_text(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

/** memory_copy() - make @to, which must be empty, equal to @from. */
void memory_copy(struct memory *to, const struct memory *from)
{
	*to = *from;
	to->counters = (counter_list){};
	counters_copy(&to->counters, &from->counters);
	notes_copy(&to->in_force, &from->in_force);
	notes_copy(&to->unread, &from->unread);
	notes_copy(&to->pristine, &from->pristine);
	notes_copy(&to->until_boot, &from->until_boot);
	notes_copy(&to->lasting.good, &from->lasting.good);
	to->lasting.attempt = copy_text(from->lasting.attempt);
	to->lasting.quarantine = copy_text(from->lasting.quarantine);
	to->lasting.reason = copy_text(from->lasting.reason);
	to->lasting.flash.firmware = copy_text(from->lasting.flash.firmware);
	to->lasting.flash.boot = copy_text(from->lasting.flash.boot);
	to->lasting.flash.reason = copy_text(from->lasting.flash.reason);
}

/** memory_restart() - the device registered anew: keep only what is not about its registration. */
void memory_restart(struct memory *m)
{
	vec_clear(&m->counters);
	notes_clear(&m->in_force);
	notes_clear(&m->unread);
	notes_clear(&m->pristine);
	m->settled = false;
}
