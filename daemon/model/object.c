// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects and sorted collections of them. Knows nothing of YAML or netlink. */
#include "model/object.h"
#include "base/mem.h"

#include <string.h>

static size_t class_index(const struct class *class)
{
	size_t i = 0;

	while (classes[i] != class)
		i++;
	return i;
}

/** object_compare_names() - the order of class, then name (numbers in it as numbers). */
int object_compare_names(const struct class *a, const char *a_name, const struct class *b,
			 const char *b_name)
{
	return a == b ? text_compare(a_name, b_name) : CMP(class_index(a), class_index(b));
}

/** object_compare() - the order of object_compare_names(), then cmode. */
int object_compare(const struct object *a, const struct object *b)
{
	int c = object_compare_names(a->class, a->name, b->class, b->name);

	return c ? c : CMP(a->cmode, b->cmode);
}

static int compare(const void *a, const void *b)
{
	return object_compare(a, b);
}

/** state_add() - a new object; the state needs a state_sort() before the next state_find(). */
struct object *state_add(struct state *s, const struct class *class, const char *name,
			 uint8_t cmode)
{
	struct object *o = vec_add(&s->objects);

	o->class = class;
	o->name = arena_strdup(&s->arena, name);
	o->cmode = cmode;
	return o;
}

/** state_sort() - all objects are there: bring them into the order of object_compare(). */
void state_sort(struct state *s)
{
	vec_fit(&s->objects);
	vec_sort(&s->objects, compare);
	state_sorted(s);
}

/** state_sorted() - all objects are there, and came in that order. */
void state_sorted(struct state *s)
{
	if (!s->last && s->objects.n)
		s->last = arena_alloc(&s->arena, sizeof(*s->last));
}

static bool is_called(const struct object *o, const struct class *class, const char *name,
		      uint8_t cmode)
{
	return o->class == class && o->cmode == cmode && strcmp(o->name, name) == 0;
}

static struct object *search(const struct state *s, const struct class *class, const char *name,
			     uint8_t cmode)
{
	size_t low = 0, high = s->objects.n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct object *o = &s->objects.v[middle];
		int c = object_compare_names(o->class, o->name, class, name);

		c = c ? c : CMP(o->cmode, cmode);
		if (c == 0)
			return o;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/**
 * state_find() - the object, or NULL.
 *
 * Who looks for many looks for them in their order, for the same again, or for one of each port:
 * so the one as far on as the last time comes first, then the next one and the same.
 */
struct object *state_find(const struct state *s, const struct class *class, const char *name,
			  uint8_t cmode)
{
	struct finger none = {}, *last = s->last ? s->last : &none;
	const size_t guesses[] = {last->at + last->stride, last->at + 1, last->at};
	struct object *o = NULL;
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(guesses) && !o; i++)
		if (guesses[i] < s->objects.n &&
		    is_called(&s->objects.v[guesses[i]], class, name, cmode))
			o = &s->objects.v[guesses[i]];
	o = o ? o : search(s, class, name, cmode);
	if (!o)
		return NULL;
	at = (size_t)(o - s->objects.v);
	*last = (struct finger){.at = at, .stride = at - last->at};
	return o;
}

/** state_set_mark() - the value that @o, of @s, wants in @field was written at @mark. */
void state_set_mark(struct state *s, struct object *o, unsigned field, struct mark mark)
{
	if (!o->marks)
		o->marks = arena_alloc(&s->arena, o->class->n_writable * sizeof(*o->marks));
	o->marks[field] = mark;
}

/** state_add_port() - note a copy of @port. */
void state_add_port(struct state *s, const struct port *port)
{
	struct port *copy = vec_add(&s->ports);

	*copy = *port;
	copy->name = arena_strdup(&s->arena, port->name);
	copy->netdev = arena_strdup(&s->arena, port->netdev);
}

/** state_copy() - make @to, which must be empty, equal to @from. */
void state_copy(struct state *to, const struct state *from)
{
	vec_each(o, &from->objects) {
		struct object *copy = state_add(to, o->class, o->name, o->cmode);
		const char *name = copy->name;

		*copy = *o;
		copy->name = name;
		copy->error_words = arena_strdup(&to->arena, o->error_words);
		for (unsigned i = 0; i < o->class->n_fields; i++)
			if (value_is_text(&copy->v[i]))
				copy->v[i].str = arena_strdup(&to->arena, o->v[i].str);
		copy->marks = NULL;
		for (unsigned i = 0; o->marks && i < o->class->n_writable; i++)
			state_set_mark(to, copy, i, o->marks[i]);
	}
	vec_each(p, &from->ports)
		state_add_port(to, p);
	to->ports_read = from->ports_read;
	if (from->last)
		state_sorted(to);
	firmware_copy(&to->arena, &to->firmware, &from->firmware);
}

static bool field_same(const struct object *a, const struct object *b, unsigned field)
{
	if (a->class->fields[field].flags & FIELD_LIVE)
		return true;
	return object_has(a, field) == object_has(b, field) &&
	       (!object_has(a, field) || value_equal(&a->v[field], &b->v[field]));
}

static bool object_same(const struct object *a, const struct object *b)
{
	if (object_compare(a, b) != 0 || a->error != b->error ||
	    !text_equal(a->error_words, b->error_words))
		return false;
	for (unsigned i = 0; i < a->class->n_fields; i++)
		if (!field_same(a, b, i))
			return false;
	for (unsigned i = 0; i < a->class->n_writable; i++)
		if (!mark_same(object_mark(a, i), object_mark(b, i)))
			return false;
	return true;
}

static bool firmware_same(const struct firmware *a, const struct firmware *b)
{
	return text_equal(a->version, b->version) && text_equal(a->key, b->key) &&
	       text_equal(a->file, b->file) && text_equal(a->component, b->component) &&
	       text_equal(a->sha256, b->sha256) && a->allow_downgrade == b->allow_downgrade &&
	       mark_same(a->mark, b->mark);
}

/**
 * state_same() - are all objects, their values and marks the same?
 *
 * Both are sorted. What moves by itself (FIELD_LIVE) is not looked at.
 */
bool state_same(const struct state *a, const struct state *b)
{
	if (a->objects.n != b->objects.n || !firmware_same(&a->firmware, &b->firmware))
		return false;
	for (size_t i = 0; i < a->objects.n; i++)
		if (!object_same(&a->objects.v[i], &b->objects.v[i]))
			return false;
	return true;
}

/** state_clear() - free all objects; the state is empty then. */
void state_clear(struct state *s)
{
	vec_clear(&s->objects);
	vec_clear(&s->ports);
	arena_clear(&s->arena);
	s->firmware = (struct firmware){};
	s->ports_read = false;
	s->passed_over = NULL;
	s->last = NULL;
}

/** object_has() - does the field have a value? Return: true if so. */
bool object_has(const struct object *o, unsigned field)
{
	return o->present & FIELD_BIT(field);
}

/** object_set() - give the field a value; a string is borrowed. */
void object_set(struct object *o, unsigned field, struct value v)
{
	o->v[field] = v;
	o->present |= FIELD_BIT(field);
}

/** object_mark() - where the value of a writable field was written. Return: no place if nowhere. */
struct mark object_mark(const struct object *o, unsigned field)
{
	return o->marks ? o->marks[field] : (struct mark){};
}

/**
 * object_differs() - the writable fields that @want has, and @have not with the same value; a mask.
 */
field_mask object_differs(const struct object *want, const struct object *have)
{
	field_mask differs = 0;

	for (unsigned i = 0; i < want->class->n_writable; i++)
		if (object_has(want, i) &&
		    !(object_has(have, i) && value_equal(&want->v[i], &have->v[i])))
			differs |= FIELD_BIT(i);
	return differs;
}

/** object_writable() - the writable fields that @o has; a mask. */
field_mask object_writable(const struct object *o)
{
	return o->present & (field_mask)(FIELD_BIT(o->class->n_writable) - 1);
}

/** object_is_none() - is the value of the field written `none`? Of one that can be. */
bool object_is_none(const struct object *o, unsigned field)
{
	const struct value *v = &o->v[field];

	return v->type == VALUE_STRING ? !*v->str : !v->num;
}

/** object_num() - the number in @field, or @otherwise where there is none. */
uint64_t object_num(const struct object *o, unsigned field, uint64_t otherwise)
{
	return object_has(o, field) ? o->v[field].num : otherwise;
}

/** object_str() - the string in @field, or NULL. */
const char *object_str(const struct object *o, unsigned field)
{
	return object_has(o, field) && o->v[field].type == VALUE_STRING ? o->v[field].str : NULL;
}

/** object_names() - the names of the field's numbers; a generic param's depend on its name. */
const struct enum_names *object_names(const struct object *o, unsigned field)
{
	return o->class->value_names ? o->class->value_names(o->name)
				     : o->class->fields[field].names;
}

/** object_effect() - when a change of it is in force. Return: by the class, or by the cmode. */
enum effect object_effect(const struct object *o)
{
	const enum effect *by_cmode = o->class->cmode_effects;

	return by_cmode && o->cmode != CLASS_NO_CMODE ? by_cmode[o->cmode] : o->class->effect;
}

/** object_reload_class() - does a change of it need a reload to take effect? */
bool object_reload_class(const struct object *o)
{
	return object_effect(o) == EFFECT_STAGED;
}

/**
 * object_progress() - how far the driver is with it: "provisioning".
 *
 * Return: to be freed; "" where it does not tell.
 */
char *object_progress(const struct object *o)
{
	unsigned field = o->class->progress;
	struct buf b = {};

	if (field && object_has(o, field))
		value_format(&o->v[field], o->class->fields[field].names, &b);
	return buf_take(&b);
}

/** object_label() - the object's name in output: "/kvd/linear", "max_macs/driverinit"; to be freed.
 */
char *object_label(const struct object *o)
{
	if (o->cmode == CLASS_NO_CMODE)
		return mem_strdup(o->name);
	return mem_printf("%s/%s", o->name, enum_name(&cmode_names, o->cmode));
}

/**
 * object_format() - the values of @fields (a mask), for people: "drop", "rate 1000, burst 128".
 *
 * Fields without a value are shown as "-". The result is to be freed.
 */
char *object_format(const struct object *o, field_mask fields)
{
	static const struct value nothing = {.type = VALUE_NONE};
	struct buf b = {};

	for (unsigned i = 0; i < o->class->n_fields; i++) {
		if (!(fields & FIELD_BIT(i)))
			continue;
		buf_put(&b, b.n ? ", " : "");
		if (o->class->n_writable > 1) {
			buf_put(&b, o->class->fields[i].name);
			buf_put(&b, " ");
		}
		value_format(object_has(o, i) ? &o->v[i] : &nothing, object_names(o, i), &b);
	}
	return buf_take(&b);
}

/**
 * origin_format() - where the value that is wanted was written, which is at @mark.
 * @restored: it was, and is not any more
 *
 * Return: to be freed.
 */
char *origin_format(struct mark mark, bool restored)
{
	char *place = mark_format(mark);
	_cleanup_free_ char *was = NULL;

	if (!restored)
		return place;
	was = place;
	return *was ? mem_printf("restore: was %s", was) : mem_strdup("restore");
}

/** object_origin() - where the value that is wanted of @field was written; to be freed. */
char *object_origin(const struct object *o, unsigned field)
{
	return origin_format(object_mark(o, field), o->restored & FIELD_BIT(field));
}

/**
 * resource_settable() - of what the kernel lets be set, what comes next to @size, which was there
 * once.
 *
 * A driver may register with a size outside its own granularity or limits; that one never comes
 * back.
 */
uint64_t resource_settable(const struct object *have, uint64_t size)
{
	uint64_t gran = MAX(object_num(have, RESOURCE_GRAN, 1), UINT64_C(1));
	uint64_t min = object_num(have, RESOURCE_MIN, 0);
	uint64_t max = object_num(have, RESOURCE_MAX, VALUE_UNLIMITED);

	if (size == object_num(have, RESOURCE_SIZE, size) && !object_has(have, RESOURCE_SIZE_NEW))
		return size;
	size = MIN(MAX(size, min), max);
	size -= size % gran;
	return size < min ? size + gran : size;
}

/**
 * resource_is_of_port() - is it what a port has, of which nothing can be set?
 *
 * It is called "p1/some_resource", by the physical number of the port or else by its index: the
 * device's own begin with a slash.
 */
bool resource_is_of_port(const struct object *o)
{
	return o->class == &class_resource && *o->name != '/';
}

/**
 * resource_is_child() - is @path directly below @parent? Both are paths of resources.
 *
 * Return: true if so.
 */
bool resource_is_child(const char *path, const char *parent)
{
	size_t n = strlen(parent);

	return strncmp(path, parent, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}
