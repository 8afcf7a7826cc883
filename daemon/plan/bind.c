// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From wishes to wanted objects: names must exist, values must have the device's type, actions must
 * be possible. Sizes of resources are resolved in resources.c. Complains about everything at once,
 * each with the place where it was written.
 */
#include "plan/bind.h"
#include "plan/binder.h"
#include "plan/quirks.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/devlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void complain(struct binder *b, struct mark mark, const char *source, const char *format,
		     va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		text = mem_strdup(format);
	diag_add(b->diags, DIAG_ERROR, mark, source, b->handle, "%s", text);
	free(text);
}

/** bind_error() - an error in the value of a wish. */
void bind_error(struct binder *b, const struct wish *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(b, w->mark, w->source, format, ap);
	va_end(ap);
}

/** bind_error_name() - an error in the object's name. */
void bind_error_name(struct binder *b, const struct wish *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(b, w->object_mark, w->object_source, format, ap);
	va_end(ap);
}

/* Names of all objects of a class: of the last read for resources, of the catalogue for the rest.
 */
static void list_names(const struct binder *b, const struct class *class, text_list *names)
{
	const struct state *s = class == &class_resource ? &b->world->have : &b->world->catalogue;

	vec_each(o, &s->objects)
		if (o->class == class &&
		    (!names->n || strcmp(names->v[names->n - 1], o->name) != 0))
			vec_push(names, o->name);
}

/* The part of the wish's path that the device has and does not divide; NULL: none. */
static const char *undivided(const struct wish *w, const text_list *names)
{
	const char *found = NULL;

	vec_each(name, names) {
		size_t n = strlen(*name);

		if (strncmp(w->object, *name, n) == 0 && w->object[n] == '/')
			found = *name;
	}
	vec_each(name, names)
		if (found && resource_is_child(*name, found))
			return NULL;
	return found;
}

static void suggest(const struct binder *b, struct buf *out, const struct wish *w,
		    const text_list *names)
{
	const char *near = text_nearest(w->object, names->v, names->n);

	if (undivided(w, names)) {
		buf_add(out, "; its %s has no parts", undivided(w, names));
	} else if (text_equal(near, w->object) || (!names->n && b->world->params_cut)) {
		return; /* it is listed, but EINVAL to a GET of it; or the list is not known */
	} else if (!names->n) {
		buf_add(out, "; it has no %ss at all", w->class->noun);
	} else if (near) {
		buf_add(out, "; did you mean %s?", near);
	} else {
		size_t shown = MIN(names->n, (size_t)8);

		buf_add(out, "; it has ");
		for (size_t i = 0; i < shown; i++)
			buf_add(out, "%s%s", i ? ", " : "", names->v[i]);
		if (shown < names->n)
			buf_add(out, " and %zu more", names->n - shown);
	}
}

/* Several values of one object are missed together. */
static bool said_missing(struct binder *b, const struct wish *w)
{
	const struct wish *last = b->missing;

	b->missing = w;
	return last && last->class == w->class && last->object_mark.file == w->object_mark.file &&
	       last->object_mark.line == w->object_mark.line &&
	       last->object_mark.column == w->object_mark.column &&
	       strcmp(last->object, w->object) == 0;
}

/**
 * bind_missing() - the device has no such object.
 *
 * What only a preset names is a note; what the entry names is an error with the nearest name.
 */
void bind_missing(struct binder *b, const struct winner *w)
{
	const struct wish *wish = w->wish;
	_cleanup_free_ char *text = NULL;
	struct buf hint = {};
	text_list names = {};

	if (wish->class != &class_resource && !w->preset && !b->world->has_catalogue) {
		b->needs_catalogue = true;
		return;
	}
	if (said_missing(b, wish))
		return;
	if (w->preset) {
		diag_add(b->diags, DIAG_NOTE, wish->object_mark, NULL, b->handle,
			 "no %s %s here; preset %s is applied without it", wish->class->noun,
			 wish->object, w->preset);
		return;
	}
	if (b->diags->n_errors < DIAG_MAX) { /* of more than are shown none looks for a name */
		list_names(b, wish->class, &names);
		suggest(b, &hint, wish, &names);
	}
	text = buf_take(&hint);
	bind_error_name(b, wish, "the device has no %s %s%s", wish->class->noun, wish->object,
			text);
	vec_clear(&names);
}

static bool parse_value(struct binder *b, const struct wish *w, enum value_type type,
			const struct enum_names *names, struct value *ret)
{
	_cleanup_free_ char *why = NULL;

	if (value_parse(w->text, type, names, ret, &why) < 0) {
		bind_error(b, w, "%s %s is of type %s: %s", w->class->noun, w->object,
			   value_type_name(type), why);
		return false;
	}
	if (ret->type == VALUE_STRING)
		ret->str = arena_strdup(&b->want->arena, ret->str);
	return true;
}

/**
 * bind_staged() - complain where @want, of reload class, could be staged but never be loaded.
 *
 * What is in force already needs no reload.
 */
void bind_staged(struct binder *b, const struct wish *w, const struct object *want)
{
	const struct value *in_force = world_in_force(b->world, want, 0);
	_cleanup_free_ char *stays = NULL;
	struct buf text = {};

	if (!object_reload_class(want) || world_can_load(b->world, want->class) ||
	    (in_force && value_equal(in_force, &want->v[0])))
		return;
	if (in_force)
		value_format(in_force, object_names(want, 0), &text);
	stays = buf_take(&text);
	bind_error(b, w, "the driver offers no %sreload, so %s %s cannot be changed%s%s",
		   facts_offers(&b->world->facts, DEVLINK_RELOAD_ACTION_FW_ACTIVATE,
				DEVLINK_RELOAD_LIMIT_UNSPEC)
			   ? "driver_reinit "
			   : "",
		   want->class->noun, want->name, in_force ? "; it is " : "", stays);
}

static void want_value(struct binder *b, const struct wish *w, const struct class *class,
		       const char *name, uint8_t cmode, unsigned field, struct value v)
{
	struct object *o = state_add(b->want, class, name, cmode);

	object_set(o, field, v);
	o->mark[field] = w->mark;
	bind_staged(b, w, o);
}

/* The values of one object were wanted one by one: fold them. No value was wanted twice. */
static void fold_objects(struct state *s)
{
	size_t n = 0;

	state_sort(s);
	for (size_t i = 0; i < s->objects.n; i++) {
		struct object *o = &s->objects.v[i], *kept = n ? &s->objects.v[n - 1] : NULL;

		if (!kept || object_compare(kept, o) != 0) {
			s->objects.v[n++] = *o;
			continue;
		}
		for (unsigned f = 0; f < o->class->n_writable; f++) {
			if (!object_has(o, f))
				continue;
			object_set(kept, f, o->v[f]);
			kept->mark[f] = o->mark[f];
		}
	}
	s->objects.n = n;
}

/* The cmodes that the device has for a param: how many, the last of them, and all as text. */
static int list_cmodes(const struct binder *b, const char *name, int *ret_last, struct buf *list)
{
	int n = 0;

	for (int cmode = CMODE_RUNTIME; cmode <= CMODE_PERMANENT; cmode++) {
		if (!state_find(&b->world->have, &class_param, name, (uint8_t)cmode))
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
	const struct object *have =
		state_find(&b->world->have, &class_param, w->object, CLASS_NO_CMODE);
	const char *text = arena_strdup(&b->want->arena, w->text);

	if (!have)
		return false;
	want_value(b, w, &class_param, w->object, CLASS_NO_CMODE, PARAM_VALUE,
		   (struct value){.type = VALUE_STRING, .str = text});
	return true;
}

static void bind_param(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	_cleanup_free_ char *cmodes = NULL;
	const struct object *have = NULL;
	struct buf list = {};
	struct value v;
	int last = -1, n = list_cmodes(b, w->object, &last, &list);
	uint64_t cmode = (uint64_t)last;

	if (n == 0) {
		if (!param_unreadable(b, w) && !b->world->facts.reload_failed)
			bind_missing(b, winner);
		return;
	}
	cmodes = buf_take(&list);
	if (w->attr)
		enum_number(&cmode_names, w->attr, &cmode);
	have = state_find(&b->world->have, &class_param, w->object, (uint8_t)cmode);
	if (!w->attr && n > 1)
		bind_error(b, w, "param %s has several cmodes: write one of %s", w->object, cmodes);
	else if (!have)
		bind_error(b, w, "param %s has no cmode %s; it has %s", w->object, w->attr, cmodes);
	else if (parse_value(b, w, have->v[PARAM_VALUE].type, param_value_names(w->object), &v))
		want_value(b, w, w->class, w->object, (uint8_t)cmode, PARAM_VALUE, v);
}

/* What the driver is known to refuse; never what is there already. */
static bool driver_takes(struct binder *b, const struct wish *w, const struct object *have,
			 unsigned field, const struct value *v)
{
	const struct facts *facts = &b->world->facts;
	const struct quirks *q = quirks_of(facts->driver);

	if (object_has(have, field) && value_equal(&have->v[field], v))
		return true;
	if (have->class == &class_trap && q->no_mirror && v->num == DEVLINK_TRAP_ACTION_MIRROR)
		bind_error(b, w, "%s cannot mirror packets of trap %s; write drop or trap",
			   facts->driver, have->name);
	else if (have->class == &class_trap && quirks_lists(q->fixed_traps, have->name))
		bind_error(b, w, "the action of trap %s is fixed in %s", have->name, facts->driver);
	else if (have->class == &class_trap_group && quirks_lists(q->fixed_groups, have->name))
		bind_error(b, w, "the policer of trap group %s is fixed in %s", have->name,
			   facts->driver);
	else
		return true;
	return false;
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

static const struct object *find_have(const struct binder *b, const struct wish *w)
{
	return state_find(&b->world->have, w->class, w->object, CLASS_NO_CMODE);
}

static int by_wish_object(const void *pa, const void *pb)
{
	const struct winner *a = pa, *b = pb;
	struct object oa = {.class = a->wish->class, .name = a->wish->object};
	struct object ob = {.class = b->wish->class, .name = b->wish->object};

	return object_compare(&oa, &ob);
}

static bool trap_has_own_wish(const struct binder *b, const char *trap)
{
	struct wish wish = {.class = &class_trap, .object = trap};
	struct winner key = {.wish = &wish};

	return bsearch(&key, b->winners.v, b->winners.n, sizeof(key), by_wish_object);
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
	if (!parse_value(b, w, VALUE_U8, &trap_action_names, &v))
		return;
	vec_each(t, &b->world->catalogue.objects) {
		if (t->class != &class_trap || !text_equal(object_str(t, TRAP_GROUP), w->object) ||
		    object_num(t, TRAP_TYPE, TRAP_TYPE_CONTROL) != TRAP_TYPE_DROP)
			continue;
		any = true;
		if (trap_has_own_wish(b, t->name))
			continue;
		if (!driver_takes(b, w, t, TRAP_ACTION, &v))
			return; /* nor the others: once is enough */
		want_value(b, w, &class_trap, t->name, CLASS_NO_CMODE, TRAP_ACTION, v);
	}
	if (!any)
		diag_add(b->diags, DIAG_WARNING, w->mark, w->source, b->handle,
			 "trap group %s has no trap of type drop: its action sets nothing",
			 w->object);
}

static void bind_group(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	const struct object *have = find_have(b, w);
	struct value v;

	if (!have)
		bind_missing(b, winner);
	else if (strcmp(w->attr, class_trap_group.fields[GROUP_ACTION].name) == 0)
		bind_group_action(b, w);
	else if (parse_value(b, w, VALUE_U32, &policer_names, &v) &&
		 policer_exists(b, winner, v.num) && driver_takes(b, w, have, GROUP_POLICER, &v))
		want_value(b, w, w->class, w->object, CLASS_NO_CMODE, GROUP_POLICER, v);
}

static void bind_trap(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	const struct object *have = find_have(b, w);
	uint64_t type;
	struct value v;

	if (!have) {
		bind_missing(b, winner);
		return;
	}
	type = object_num(have, TRAP_TYPE, TRAP_TYPE_DROP);
	if (type != TRAP_TYPE_DROP)
		bind_error(b, w,
			   "trap %s is of type %s: only traps of type drop have an action to set",
			   w->object, enum_name(&trap_type_names, type));
	else if (parse_value(b, w, VALUE_U8, &trap_action_names, &v) &&
		 driver_takes(b, w, have, TRAP_ACTION, &v))
		want_value(b, w, w->class, w->object, CLASS_NO_CMODE, TRAP_ACTION, v);
}

/* The power of two at or below @n, or the one after it, within the limits. */
static uint64_t nearest_power(uint64_t n, bool above, const struct quirk_range *range)
{
	uint64_t low = UINT64_C(1) << (63 - __builtin_clzll(n | 1));

	return MAX(MIN(above ? low * 2 : low, range->max), range->min);
}

static bool policer_takes(struct binder *b, const struct wish *w, const struct object *have,
			  unsigned field, const struct value *v)
{
	const char *name = have->class->fields[field].name, *driver = b->world->facts.driver;
	const struct quirks *q = quirks_of(driver);
	const struct quirk_range *range = field == POLICER_RATE ? &q->rate : &q->burst;

	if (!range->max || (object_has(have, field) && value_equal(&have->v[field], v)))
		return true;
	if (v->num < range->min)
		bind_error(b, w, "%s %" PRIu64 " is less than the minimum %" PRIu64 " of %s", name,
			   v->num, range->min, driver);
	else if (v->num > range->max)
		bind_error(b, w, "%s %" PRIu64 " is more than the maximum %" PRIu64 " of %s", name,
			   v->num, range->max, driver);
	else if (field == POLICER_BURST && q->power_of_two && (v->num & (v->num - 1)))
		bind_error(b, w,
			   "%s %" PRIu64 " is not a power of two, which %s requires; the nearest "
			   "are %" PRIu64 " and %" PRIu64,
			   name, v->num, driver, nearest_power(v->num, false, range),
			   nearest_power(v->num, true, range));
	else
		return true;
	return false;
}

static void bind_policer(struct binder *b, const struct winner *winner)
{
	const struct wish *w = winner->wish;
	const struct object *have = find_have(b, w);
	struct value v;

	if (!have) {
		bind_missing(b, winner);
		return;
	}
	for (unsigned i = 0; i < w->class->n_writable; i++) {
		const struct field *f = &w->class->fields[i];

		if (strcmp(w->attr, f->name) == 0 && parse_value(b, w, f->type, f->names, &v) &&
		    policer_takes(b, w, have, i, &v))
			want_value(b, w, w->class, w->object, CLASS_NO_CMODE, i, v);
	}
}

static const struct {
	const struct class *class;
	void (*bind)(struct binder *b, const struct winner *w);
} binders[] = {
	{&class_param, bind_param},
	{&class_trap_policer, bind_policer},
	{&class_trap_group, bind_group},
	{&class_trap, bind_trap},
};

/*
 * While a reload has failed, traps with their groups and policers are gone for all devices, params
 * for some.
 */
static bool is_there(const struct binder *b, const struct class *class)
{
	return !b->world->facts.reload_failed || class == &class_param;
}

static void bind_all(struct binder *b)
{
	winner_list resources = {};

	vec_each(w, &b->winners)
		if (w->wish->class == &class_resource)
			vec_push(&resources, *w);
	if (resources.n)
		bind_resources(b, resources.v, resources.n);
	vec_clear(&resources);
	for (size_t i = 0; i < ARRAY_SIZE(binders); i++)
		vec_each(w, &b->winners)
			if (w->wish->class == binders[i].class && is_there(b, w->wish->class))
				binders[i].bind(b, w);
}

/**
 * bind_entry() - what entry @e wants of the device.
 * @ret_want: must be empty; sorted; resources carry their id
 * @diags: notes, and the errors if it fails
 *
 * Return: 0; BIND_NEEDS_CATALOGUE, with nothing in @ret_want and @diags; BIND_NEEDS_IMAGE, with
 * nothing but the firmware there; -EINVAL with errors.
 */
int bind_entry(const struct entry *e, const char *handle, const struct world *w,
	       struct state *ret_want, struct diag_list *diags)
{
	struct diag_list found = {};
	struct state want = {};
	struct binder b = {.handle = handle, .world = w, .want = &want, .diags = &found};
	int r = 0;

	winners_collect(&b.winners, e, handle, &w->facts);
	bind_firmware(&b, e);
	bind_all(&b);
	vec_clear(&b.winners);
	if (b.needs_catalogue)
		r = BIND_NEEDS_CATALOGUE;
	else if (found.n_errors)
		r = -EINVAL;
	else if (b.needs_image)
		r = BIND_NEEDS_IMAGE;
	if (r <= 0) {
		diag_sort(&found);
		diag_move(diags, &found);
	}
	diag_clear(&found);
	if (r == BIND_NEEDS_IMAGE)
		firmware_copy(&ret_want->arena, &ret_want->firmware, &want.firmware);
	if (r == 0) {
		fold_objects(&want);
		*ret_want = want;
	} else {
		state_clear(&want);
	}
	return r;
}

static int by_name(const void *pa, const void *pb)
{
	const struct read_name *a = pa, *b = pb;
	struct object oa = {.class = a->class, .name = a->name};
	struct object ob = {.class = b->class, .name = b->name};

	return object_compare(&oa, &ob);
}

static void drop_doubles(struct reads *reads)
{
	size_t n = 0;

	vec_sort(&reads->names, by_name);
	for (size_t i = 0; i < reads->names.n; i++)
		if (n == 0 || by_name(&reads->names.v[n - 1], &reads->names.v[i]) != 0)
			reads->names.v[n++] = reads->names.v[i];
	reads->names.n = n;
}

static void add_name(struct reads *reads, const struct class *class, const char *name)
{
	vec_push(&reads->names, ((struct read_name){class, name}));
}

static void add_group_traps(struct reads *reads, const struct world *w, const char *group)
{
	if (!w->has_catalogue && !w->facts.reload_failed)
		reads->catalogue = true;
	vec_each(t, &w->catalogue.objects)
		if (t->class == &class_trap && text_equal(object_str(t, TRAP_GROUP), group))
			add_name(reads, &class_trap, t->name);
}

/* What nobody wants any more, but carved has written. */
static void add_noted(struct reads *reads, const struct notes *notes)
{
	vec_each(n, &notes->notes)
		if (n->class != &class_resource)
			add_name(reads, n->class, n->name);
}

/**
 * bind_reads() - the objects that bind_entry() and the planner look at.
 * @ret: must be empty; names point into @e and @w
 */
void bind_reads(const struct entry *e, const char *handle, const struct world *w, struct reads *ret)
{
	winner_list winners = {};

	winners_collect(&winners, e, handle, &w->facts);
	ret->resources = true;
	vec_each(winner, &winners) {
		const struct wish *wish = winner->wish;

		if (wish->class == &class_resource)
			continue;
		add_name(ret, wish->class, wish->object);
		if (wish->class != &class_trap_group)
			continue;
		if (strcmp(wish->attr, class_trap_group.fields[GROUP_ACTION].name) == 0)
			add_group_traps(ret, w, wish->object);
		else if (strspn(wish->text, "123456789") > 0)
			add_name(ret, &class_trap_policer, wish->text);
	}
	add_noted(ret, &w->memory.pristine);
	add_noted(ret, &w->memory.lasting.good);
	drop_doubles(ret);
	vec_clear(&winners);
}
