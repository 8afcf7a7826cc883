// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime and names of steps. */
#include "model/step.h"
#include "base/messages.h"

#include <linux/devlink.h>

/** disruption_name() - as plans show it. Return: "" for none. */
const char *disruption_name(enum disruption d)
{
	static const char *const names[] = {
		[DISRUPTION_NONE] = "",		  [DISRUPTION_LIVE] = "live",
		[DISRUPTION_FW_LIVE] = "fw-live", [DISRUPTION_PORTS] = "ports",
		[DISRUPTION_RELOAD] = "reload",	  [DISRUPTION_POWER_CYCLE] = "power-cycle"};

	return names[d];
}

/** step_set_target() - make a copy of @o with only @fields of its writable ones the step's target.
 */
void step_set_target(struct step *s, const struct object *o, field_mask fields)
{

	s->target = *o;
	s->target.name = mem_strdup(o->name);
	s->target.marks = NULL;
	s->target.present = (o->present & (field_mask)~object_writable(o)) | fields;
	for (unsigned i = 0; i < o->class->n_fields; i++)
		if (value_is_text(&o->v[i]))
			s->target.v[i].str = mem_strdup(o->v[i].str);
}

/** step_traits() - what is true of all steps of its kind. */
const struct step_traits *step_traits(const struct step *s)
{
	static const struct step_traits table[] = {
		[STEP_REMEMBER] = {.state = STATE_APPLYING},
		[STEP_SET] = {.request = "a setting",
			      .state = STATE_APPLYING,
			      .sets = true,
			      .to = true,
			      .kept = true,
			      .tries = 1,
			      .failed = MESSAGE_SET_FAILED},
		[STEP_FLASH] = {.name = "firmware",
				.request = "a flash",
				.state = STATE_FLASHING,
				.disrupts = DISRUPTS_FLASH,
				.barrier = true,
				.restarts = true, /* a reload activates another image now */
				.to = true,
				.failed = MESSAGE_FLASH_FAILED},
		[STEP_RELOAD] = {.name = "reload",
				 .request = "a reload",
				 .state = STATE_RELOADING,
				 .disrupts = DISRUPTS_RELOAD,
				 .barrier = true,
				 .kept = true,
				 .failed = MESSAGE_RELOAD_FAILED},
	};

	return &table[s->kind];
}

/** steps_disrupt() - what the worst of @steps disrupts. */
enum disrupts steps_disrupt(const step_list *steps)
{
	enum disrupts most = DISRUPTS_NONE;

	vec_each(s, steps)
		most = MAX(most, step_traits(s)->disrupts);
	return most;
}

/** step_is_barrier() - is what follows it planned anew? */
bool step_is_barrier(const struct step *s)
{
	return step_traits(s)->barrier;
}

/**
 * step_ends_run() - is what follows its phase planned anew?
 *
 * Ports that come anew have other indexes.
 */
bool step_ends_run(const struct step *s)
{
	if (step_traits(s)->sets)
		for (unsigned i = 0; i < s->target.class->n_writable; i++)
			if (object_has(&s->target, i) &&
			    s->target.class->fields[i].flags & (FIELD_STRUCTURAL | FIELD_REREAD))
				return true;
	return step_is_barrier(s);
}

/** step_set_firmware() - make a copy of @f what the step flashes. */
void step_set_firmware(struct step *s, const struct firmware *f)
{
	s->firmware = *f;
	s->firmware.version = mem_strdup(f->version);
	s->firmware.key = mem_strdup(f->key);
	s->firmware.file = mem_strdup(f->file);
	s->firmware.component = mem_strdup(f->component);
	s->firmware.sha256 = mem_strdup(f->sha256);
}

/** step_kind_name() - what the step is about: a class's name, "firmware" or "reload". */
const char *step_kind_name(const struct step *s)
{
	const char *name = step_traits(s)->name;

	return name ? name : s->target.class->name;
}

static const char *reload_label(const struct step *s)
{
	if (s->action == DEVLINK_RELOAD_ACTION_DRIVER_REINIT)
		return "driver_reinit";
	return s->limit == DEVLINK_RELOAD_LIMIT_NO_RESET ? "fw_activate no_reset" : "fw_activate";
}

/** step_object_label() - the object, the version's name, or the reload's action; to be freed. */
char *step_object_label(const struct step *s)
{
	switch (s->kind) {
	case STEP_FLASH:
		return mem_strdup(s->firmware.key);
	case STEP_RELOAD:
		return mem_strdup(reload_label(s));
	case STEP_REMEMBER:
	case STEP_SET:
		break;
	}
	return object_label(&s->target);
}

/**
 * step_title() - "trap tail_drop", "reload driver_reinit", or "eswitch", of which there is one.
 *
 * Return: to be freed.
 */
char *step_title(const struct step *s)
{
	_cleanup_free_ char *label = step_object_label(s);
	const struct class *class = s->target.class;

	if (class && class->form == FORM_SECTION)
		return mem_strdup(class->noun);
	return mem_printf("%s %s", class ? class->noun : step_kind_name(s), label);
}

/** step_origin() - where it was written that it is to be done, or ""; to be freed. */
char *step_origin(const struct step *s)
{
	field_mask fields = s->kind == STEP_SET ? object_writable(&s->target) : 0;

	return origin_format(s->mark,
			     fields && s->target.restored & FIELD_BIT(__builtin_ctz(fields)));
}

/** step_same() - do both set the same object to the same values, in the same way? */
bool step_same(const struct step *a, const struct step *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == STEP_RELOAD)
		return a->action == b->action && a->limit == b->limit;
	if (a->kind == STEP_FLASH)
		return text_equal(a->firmware.version, b->firmware.version) &&
		       text_equal(a->firmware.file, b->firmware.file);
	return a->reset == b->reset && object_compare(&a->target, &b->target) == 0 &&
	       a->target.present == b->target.present && !object_differs(&a->target, &b->target);
}

/** step_copy() - Return: a copy of @s, to be cleared. */
struct step step_copy(const struct step *s)
{
	struct step copy = *s;

	step_set_firmware(&copy, &s->firmware);
	if (s->target.class)
		step_set_target(&copy, &s->target, object_writable(&s->target));
	copy.from = mem_strdup(s->from);
	copy.to = mem_strdup(s->to);
	return copy;
}

/** step_clear() - free what the step owns. */
void step_clear(struct step *s)
{
	free((char *)s->target.name);
	for (unsigned i = 0; s->target.class && i < s->target.class->n_fields; i++)
		if (value_is_text(&s->target.v[i]))
			free((char *)s->target.v[i].str);
	free((char *)s->firmware.version);
	free((char *)s->firmware.key);
	free((char *)s->firmware.file);
	free((char *)s->firmware.component);
	free((char *)s->firmware.sha256);
	free(s->from);
	free(s->to);
	*s = (struct step){};
}

/** steps_clear() - free all steps; the list is empty then. */
void steps_clear(step_list *steps)
{
	vec_each(s, steps)
		step_clear(s);
	vec_clear(steps);
}
