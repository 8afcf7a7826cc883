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

static int compare(const struct note *note, const struct object *o, unsigned field)
{
	int c = CMP((uintptr_t)note->class, (uintptr_t)o->class);

	c = c ? c : CMP(note->cmode, o->cmode);
	c = c ? c : CMP(note->field, field);
	return c ? c : strcmp(note->name, o->name);
}

/* The place in @n->sorted that a note of the field of @o has, or would have. */
static size_t place_of(const struct notes *n, const struct object *o, unsigned field)
{
	size_t low = 0, high = n->sorted.n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&n->notes.v[n->sorted.v[middle]], o, field) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The note of the field of @o, whose place is @place; NULL: there is none. */
static struct note *note_at(const struct notes *n, size_t place, const struct object *o,
			    unsigned field)
{
	struct note *note = place < n->sorted.n ? &n->notes.v[n->sorted.v[place]] : NULL;

	return note && compare(note, o, field) == 0 ? note : NULL;
}

/** notes_find() - the value noted for a field of @o, or NULL. */
const struct value *notes_find(const struct notes *n, const struct object *o, unsigned field)
{
	const struct note *note = note_at(n, place_of(n, o, field), o, field);

	return note ? &note->value : NULL;
}

/* Forget the note whose place is @place. */
static void drop_at(struct notes *n, size_t place)
{
	size_t at = n->sorted.v[place];

	vec_remove(&n->sorted, place);
	vec_each(i, &n->sorted)
		*i -= *i > at;
	note_clear(&n->notes.v[at]);
	vec_remove(&n->notes, at);
}

/* Forget the note of one field of @o, if there is one. */
static void drop_note(struct notes *n, const struct object *o, unsigned field)
{
	size_t place = place_of(n, o, field);

	if (note_at(n, place, o, field))
		drop_at(n, place);
}

/** notes_put() - note @value for a field of @o. Return: false where it stood there already. */
bool notes_put(struct notes *n, const struct object *o, unsigned field, const struct value *value)
{
	struct note note = {
		.class = o->class, .cmode = o->cmode, .field = (uint8_t)field, .value = *value};
	size_t place = place_of(n, o, field);
	const struct note *before = note_at(n, place, o, field);

	if (before && value_equal(&before->value, value))
		return false;
	note.name = mem_strdup(o->name);
	if (value->type == VALUE_STRING)
		note.value.str = mem_strdup(value->str);
	if (before)
		drop_at(n, place);
	vec_insert(&n->sorted, place, (uint32_t)n->notes.n);
	vec_push(&n->notes, note);
	return true;
}

/** notes_clear() - free all notes; the list is empty then. */
void notes_clear(struct notes *n)
{
	vec_each(note, &n->notes)
		note_clear(note);
	vec_clear(&n->notes);
	vec_clear(&n->sorted);
}

/** note_object() - the object that is meant, with the noted value; borrows from the note. */
struct object note_object(const struct note *n)
{
	struct object o = {.class = n->class, .name = n->name, .cmode = n->cmode};

	object_set(&o, n->field, n->value);
	return o;
}

/**
 * note_settable() - the noted value, or the nearest one that can be set: not each size that was
 * there can.
 */
struct value note_settable(const struct note *n, const struct object *have)
{
	struct value v = n->value;

	if (n->class == &class_resource)
		v.num = resource_settable(have, v.num);
	return v;
}

/**
 * memory_take_changed() - has anything changed since the last call, so that it must be saved?
 * @ret_running: more than lasting.accepted, which changes with each config
 */
bool memory_take_changed(struct memory *m, bool *ret_running)
{
	bool changed = m->changed || m->accepted_changed;

	*ret_running = m->changed;
	m->changed = m->accepted_changed = false;
	return changed;
}

/** memory_note() - notes_put() on @list, which is one of @m. Return: false where it stood there. */
bool memory_note(struct memory *m, struct notes *list, const struct object *o, unsigned field,
		 const struct value *value)
{
	bool changed = notes_put(list, o, field, value);

	m->changed |= changed;
	return changed;
}

/** memory_drop() - forget the note of one field of @o, if @list, which is one of @m, has one. */
void memory_drop(struct memory *m, struct notes *list, const struct object *o, unsigned field)
{
	m->changed |= notes_find(list, o, field) != NULL;
	drop_note(list, o, field);
}

/** memory_drop_all() - notes_clear() on @list, which is one of @m. */
void memory_drop_all(struct memory *m, struct notes *list)
{
	m->changed |= list->notes.n > 0;
	notes_clear(list);
}

/** memory_set_counters() - the reload counters that were read last. */
void memory_set_counters(struct memory *m, const counter_list *counters)
{
	m->changed |= counters_differ(counters, &m->counters);
	counters_copy(&m->counters, counters);
}

/** memory_set_registration() - which one it is about: as the last answer said. */
void memory_set_registration(struct memory *m, uint64_t registration)
{
	m->changed |= m->registration != registration;
	m->registration = registration;
}

/**
 * memory_set_leaving() - has the device said that it is gone, and not been known since?
 *
 * The numbers of registrations tell that by themselves.
 */
void memory_set_leaving(struct memory *m, bool leaving)
{
	leaving &= !m->registration;
	m->changed |= m->leaving != leaving;
	m->leaving = leaving;
}

/** memory_count_reloads() - so many reloads of carved's, and by other programs, were seen. */
void memory_count_reloads(struct memory *m, unsigned own, unsigned foreign)
{
	m->reloads += own;
	m->foreign_reloads += foreign;
	m->changed |= own || foreign;
}

/**
 * memory_set_removal() - what is done with values that leave the config.
 * @restore: they go back to what they were before carved's first write
 * @reload: enum reload_policy of the entry that named them
 */
void memory_set_removal(struct memory *m, bool restore, uint8_t reload)
{
	m->changed |= m->restore != restore || m->reload != reload;
	m->restore = restore;
	m->reload = reload;
}

/** memory_set_undo() - is what only a trial wanted still to go back, kept or not? */
void memory_set_undo(struct memory *m, bool undo)
{
	m->changed |= m->undo != undo;
	m->undo = undo;
}

/** memory_set_place() - the object of @n, a pristine value, is wanted otherwise at @mark. */
void memory_set_place(struct memory *m, struct note *n, struct mark mark)
{
	mark.column = 0; /* only the line is shown */
	m->changed |= !mark_same(n->mark, mark);
	n->mark = mark;
}

/** memory_keep() - @n, a pristine value, does or does not wait for the end of a trial. */
void memory_keep(struct memory *m, struct note *n, bool kept)
{
	m->changed |= n->kept != kept;
	n->kept = kept;
}

/** memory_set_both_performed() - a driver_reinit was counted as fw_activate too. */
void memory_set_both_performed(struct memory *m)
{
	m->changed |= !m->both_performed;
	m->both_performed = true;
}

/**
 * memory_wait_for_boot() - @v, of a permanent param, is set: in force after a power cycle.
 *
 * What is in force until then and is set back waits for nothing.
 */
void memory_wait_for_boot(struct memory *m, const struct object *o, const struct value *v)
{
	const struct value *before = notes_find(&m->before_boot, o, PARAM_VALUE);

	if (before && value_equal(before, v)) {
		memory_drop(m, &m->until_boot, o, PARAM_VALUE);
		memory_drop(m, &m->before_boot, o, PARAM_VALUE);
		return;
	}
	memory_note(m, &m->until_boot, o, PARAM_VALUE, v);
	m->changed |= m->activated || m->registered;
	m->activated = m->registered = false;
}

/** memory_end_wait() - permanent params are in force without a power cycle. */
void memory_end_wait(struct memory *m)
{
	memory_drop_all(m, &m->until_boot);
	memory_drop_all(m, &m->before_boot);
	m->activated = m->registered = false;
}

/** memory_set_converged() - all is as wanted, so no reload of carved is the cause of anything. */
void memory_set_converged(struct memory *m)
{
	m->changed |= !m->converged_once || m->lasting.reregistrations;
	m->converged_once = true;
	m->lasting.reregistrations = 0;
}

/** memory_set_accepted() - @hash of the config that the device lives by, or 0. */
void memory_set_accepted(struct memory *m, uint64_t hash)
{
	m->accepted_changed |= m->lasting.accepted != hash;
	m->lasting.accepted = hash;
}

/**
 * memory_set_pause() - leave the device alone, or not any more.
 * @until: of the boot's clock, microseconds; 0: it is not left alone; UINT64_MAX: without an end
 * @wall: the same, since 1970
 * @by: asks; copied
 */
void memory_set_pause(struct memory *m, uint64_t until, uint64_t wall, const char *by)
{
	m->changed |= until || m->pause.until;
	free(m->pause.by);
	m->pause = (struct pause){until, wall, until ? mem_strdup(by ? by : "") : NULL};
}

/** memory_set_flash() - how far firmware has come; takes over the strings of @latch. */
void memory_set_flash(struct memory *m, struct flash_latch latch)
{
	m->changed |= latch.stage != FLASH_NONE || m->lasting.flash.stage != FLASH_NONE;
	flash_latch_clear(&m->lasting.flash);
	m->lasting.flash = latch;
}

/** memory_set_torn() - has a reload of carved left the device torn down? */
void memory_set_torn(struct memory *m, bool torn)
{
	m->changed |= m->lasting.torn != torn;
	m->lasting.torn = torn;
}

/**
 * memory_begin_attempt() - a reload is about to be sent.
 * @key: what it is meant to bring into force; taken over
 * @action: DEVLINK_RELOAD_ACTION_*
 */
void memory_begin_attempt(struct memory *m, char *key, uint8_t action)
{
	free(m->lasting.attempt);
	m->lasting.attempt = key;
	m->lasting.action = action;
	m->lasting.reregistrations++;
	m->changed = true;
}

/**
 * memory_end_attempt() - the outcome of the reload is known.
 * @reregistrations: so many in a row, this one counted, ended with another registration, or with
 * the system going down
 */
void memory_end_attempt(struct memory *m, unsigned reregistrations)
{
	free(m->lasting.attempt);
	m->lasting.attempt = NULL;
	m->lasting.reregistrations = reregistrations;
	m->changed = true;
}

/** memory_set_proven() - the device has converged with @key; NULL: that means nothing any more. */
void memory_set_proven(struct memory *m, const char *key)
{
	if (text_equal(m->lasting.proven, key))
		return;
	m->changed = true;
	free(m->lasting.proven);
	m->lasting.proven = mem_strdup(key);
}

/**
 * memory_begin_rollback() - the attempt has failed for @reason, which is taken over.
 * @boot: the id of the boot in which it did
 */
void memory_begin_rollback(struct memory *m, char *reason, const char *boot)
{
	struct lasting *l = &m->lasting;

	free(l->failed_boot);
	l->failed_boot = mem_strdup(boot);
	free(l->quarantine);
	l->quarantine = mem_strdup(l->attempt);
	free(l->reason);
	l->reason = reason;
	memory_set_rollback(m, ROLLBACK_GOOD, 0);
}

/**
 * memory_set_rollback() - which values are brought back.
 * @tries: reloads that brought `good` back in vain
 */
void memory_set_rollback(struct memory *m, enum rollback rollback, unsigned tries)
{
	m->changed = true;
	m->lasting.rollback = rollback;
	m->lasting.tries = tries;
}

/** memory_forgive() - what was not to be tried again may be. */
void memory_forgive(struct memory *m)
{
	struct lasting *l = &m->lasting;

	l->reregistrations = 0;
	free(l->quarantine);
	free(l->reason);
	l->quarantine = l->reason = NULL;
	memory_set_rollback(m, ROLLBACK_NONE, 0);
}

/** lasting_clear() - forget what outlives a reboot. */
void lasting_clear(struct lasting *l)
{
	notes_clear(&l->good);
	free(l->attempt);
	free(l->quarantine);
	free(l->failed_boot);
	free(l->proven);
	free(l->reason);
	flash_latch_clear(&l->flash);
	*l = (struct lasting){};
}

/** memory_clear() - forget all. */
void memory_clear(struct memory *m)
{
	vec_clear(&m->counters);
	notes_clear(&m->in_force);
	notes_clear(&m->doubtful);
	notes_clear(&m->staged);
	notes_clear(&m->ignored_sizes);
	notes_clear(&m->hidden_until_boot);
	notes_clear(&m->pristine);
	notes_clear(&m->until_boot);
	notes_clear(&m->before_boot);
	free(m->pause.by);
	lasting_clear(&m->lasting);
	*m = (struct memory){};
}

static void notes_copy(struct notes *to, const struct notes *from)
{
	*to = (struct notes){};
	vec_each(n, &from->notes) {
		struct note copy = *n;

		copy.name = mem_strdup(n->name);
		if (n->value.type == VALUE_STRING)
			copy.value.str = mem_strdup(n->value.str);
		vec_push(&to->notes, copy);
	}
	vec_each(at, &from->sorted)
		vec_push(&to->sorted, *at);
}

/** memory_copy() - make @to, which must be empty, equal to @from. */
void memory_copy(struct memory *to, const struct memory *from)
{
	*to = *from;
	to->counters = (counter_list){};
	counters_copy(&to->counters, &from->counters);
	notes_copy(&to->in_force, &from->in_force);
	notes_copy(&to->doubtful, &from->doubtful);
	notes_copy(&to->staged, &from->staged);
	notes_copy(&to->ignored_sizes, &from->ignored_sizes);
	notes_copy(&to->hidden_until_boot, &from->hidden_until_boot);
	notes_copy(&to->pristine, &from->pristine);
	notes_copy(&to->until_boot, &from->until_boot);
	notes_copy(&to->before_boot, &from->before_boot);
	notes_copy(&to->lasting.good, &from->lasting.good);
	to->pause.by = mem_strdup(from->pause.by);
	to->lasting.attempt = mem_strdup(from->lasting.attempt);
	to->lasting.quarantine = mem_strdup(from->lasting.quarantine);
	to->lasting.failed_boot = mem_strdup(from->lasting.failed_boot);
	to->lasting.proven = mem_strdup(from->lasting.proven);
	to->lasting.reason = mem_strdup(from->lasting.reason);
	to->lasting.flash.firmware = mem_strdup(from->lasting.flash.firmware);
	to->lasting.flash.boot = mem_strdup(from->lasting.flash.boot);
	to->lasting.flash.reason = mem_strdup(from->lasting.flash.reason);
}

/** memory_restart() - the device registered again: keep only what is not about its registration. */
void memory_restart(struct memory *m)
{
	m->changed |= m->counters.n || m->registration || m->leaving || m->converged_once;
	m->times_registered++;
	vec_clear(&m->counters);
	m->registration = 0;
	m->leaving = false;
	memory_drop_all(m, &m->in_force);
	memory_drop_all(m, &m->doubtful);
	memory_drop_all(m, &m->staged);
	memory_drop_all(m, &m->ignored_sizes);
	memory_drop_all(m, &m->hidden_until_boot);
	memory_drop_all(m, &m->before_boot);
	memory_drop_all(m, &m->pristine);
	memory_set_undo(m, false);
	m->converged_once = false;
}
