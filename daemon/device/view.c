// SPDX-License-Identifier: GPL-2.0-or-later
/* See view.h. */
#include "device/view.h"
#include "base/clock.h"
#include "model/errors.h"

#include <errno.h>
#include <string.h>

/* Re-reads after notifications: so many at once, then so many a second. */
#define BUCKET_SIZE 3.0
#define BUCKET_RATE 2.0

/* A device that cannot be read is asked again after this. */
#define READ_RETRY_USEC (10 * USEC_PER_SEC)
#define READ_LOSSES_MAX 3

/* A successor can be asked at most so long before its message comes. */
#define DOUBT_USEC (USEC_PER_SEC / 20)

/** view_init() - nothing is known; @now in microseconds, as in all functions here. */
void view_init(struct view *v, uint64_t now)
{
	*v = (struct view){.need = PART_OBJECTS,
			   .old = PART_IDENTITY,
			   .tokens = BUCKET_SIZE,
			   .tokens_at = now};
}

/** view_is_identified() - is it known what the device is? */
bool view_is_identified(const struct view *v)
{
	return v->presence != PRESENCE_UNKNOWN;
}

/** view_has_vanished() - has the device said that it is gone, and not been found again since? */
bool view_has_vanished(const struct view *v)
{
	return v->presence == PRESENCE_LEAVING || v->presence == PRESENCE_LINGERING ||
	       v->presence == PRESENCE_REPLACED;
}

/**
 * view_hear() - a notification came.
 * @e: PRESENCE_EV_NEW or PRESENCE_EV_DEL count with HEARD_COUNTERS only
 * @heard: enum heard
 */
void view_hear(struct view *v, enum presence_event e, unsigned heard, uint64_t now)
{
	v->heard.open |= heard | HEARD_ANY;
	if (!v->heard.first_at)
		v->heard.first_at = now;
	if (heard & HEARD_RECREATED)
		v->heard.recreated_at = now;
	if (!(heard & HEARD_COUNTERS))
		return;
	v->presence = presence_next(v->presence, e);
	if (e == PRESENCE_EV_DEL)
		view_outdate(v, PART_IDENTITY);
	else
		v->heard.counters_at = now;
}

/** view_flashed() - a flash, which has held the device, is over: no reload began before that. */
void view_flashed(struct view *v, uint64_t now)
{
	v->heard.first_at = now;
}

/** view_has_heard() - did a notification come since the last question? */
bool view_has_heard(const struct view *v)
{
	return v->heard.open & HEARD_ANY;
}

/** view_will_read() - a read follows in any case: notifications need not ask for another one. */
void view_will_read(struct view *v)
{
	v->heard.open &= ~(unsigned)HEARD_ANY;
}

/** view_need() - @parts, enum part, have to be read before a plan can be made. */
void view_need(struct view *v, unsigned parts)
{
	v->need |= parts;
	if (parts & (PART_CATALOGUE | PART_IMPACT))
		v->need |= PART_OBJECTS;
}

/** view_outdate() - @parts, enum part, may have changed: they are read when all else is done. */
void view_outdate(struct view *v, unsigned parts)
{
	v->old |= parts;
}

/** view_doubt_identity() - the driver is asked what it is, even if it has just failed to tell. */
void view_doubt_identity(struct view *v)
{
	v->identity.at = 0;
	view_outdate(v, PART_IDENTITY);
}

/**
 * view_needs() - what has to be done before a plan can be made.
 *
 * Return: PART_OBJECTS: read, with all that is due; PART_IMAGE: look at the file of firmware; 0:
 * nothing.
 */
enum part view_needs(const struct view *v)
{
	return v->need & PART_OBJECTS ? PART_OBJECTS : v->need & PART_IMAGE;
}

/* Not while it is torn down: a driver may have no answer then, or one that lacks half of it. */
static bool identity_is_due(const struct view *v, const struct world *w, uint64_t now)
{
	return (v->old & PART_IDENTITY) && now >= v->identity.at &&
	       !(view_is_identified(v) && w->facts.reload_failed);
}

/* The driver has just failed to tell what it is, and is not asked again yet. */
static bool is_untold(const struct view *v, uint64_t now)
{
	return v->presence == PRESENCE_HERE && v->identity.error && now < v->identity.at;
}

static bool take_token(struct view *v, uint64_t now)
{
	v->tokens += (double)(now - v->tokens_at) * BUCKET_RATE / USEC_PER_SEC;
	v->tokens = MIN(v->tokens, BUCKET_SIZE);
	v->tokens_at = now;
	if (v->tokens < 1)
		return false;
	v->tokens -= 1;
	return true;
}

/**
 * view_would_read() - with nothing else to do, is there something to be read? Takes a token.
 * @managed: the device has an entry
 * @waits: something is to be tried again at a later time, and reads then anyway
 *
 * Which traps a group has is known of a dump, which other devices can delay: policy is not kept
 * waiting for it.
 */
bool view_would_read(struct view *v, const struct world *w, bool managed, bool waits, uint64_t now)
{
	if (view_has_heard(v))
		return take_token(v, now);
	if (!managed || waits)
		return false;
	if (identity_is_due(v, w, now))
		return true;
	if (!(v->old & PART_CATALOGUE) || !w->has_catalogue || w->facts.reload_failed)
		return false;
	view_need(v, PART_CATALOGUE);
	return true;
}

/**
 * view_ask() - the next question: all that is due.
 * @winners: of the entry in use, or NULL: there is none
 * @ret: must be empty; its names are the caller's to clear
 */
void view_ask(struct view *v, const struct world *w, const winner_list *winners, uint64_t now,
	      struct reads *ret)
{
	bool full = view_is_identified(v) && !view_has_vanished(v) && winners;

	ret->identify = identity_is_due(v, w, now) || !(full || is_untold(v, now));
	if (full)
		bind_reads(winners, w, ret);
	if (v->need & PART_CATALOGUE)
		ret->catalogue = ret->resources = true;
	/* kernels that number registrations list them; older ones know another question only */
	ret->port_resources = ret->catalogue && w->facts.registration;
	ret->impact = full && (v->need & PART_IMPACT);
	ret->narrowed = world_kernel_is(w, 6, 6);
	v->asked = PART_IDENTITY | (full ? PART_OBJECTS : 0);
	v->asked_at = now;
	v->need &= ~(unsigned)PART_OBJECTS;
	v->heard.open = 0;
}

/**
 * view_may_glance() - may it have been reloaded, so that it is worth a question of its own?
 *
 * The first message is of the beginning of a reload, and the answer comes after its end. A read
 * that has failed is tried again as a whole.
 */
bool view_may_glance(const struct view *v)
{
	return (v->heard.open & HEARD_KERNEL) && v->presence == PRESENCE_HERE && !v->need &&
	       !v->read.error && !v->read.losses;
}

/** view_glance() - the next question: only the counters. */
void view_glance(struct view *v, uint64_t now)
{
	v->asked = PART_COUNTERS;
	v->asked_at = now;
	v->heard.open = 0;
}

/** view_look() - the file of firmware is being looked at. */
void view_look(struct view *v, uint64_t now)
{
	v->need &= ~(unsigned)PART_IMAGE;
	v->asked = PART_IMAGE;
	v->asked_at = now;
}

static void set_words(char **words, const char *now)
{
	free(*words);
	*words = mem_strdup(now);
}

/*
 * Versions are told by the firmware, which may be at a loss where all else can be read: what the
 * device is was known, and its policy does not wait. Only firmware does.
 */
static bool goes_on_unnamed(struct view *v, const struct world *w, int error, const char *words,
			    uint64_t now, struct reading_news *ret)
{
	if (!view_is_identified(v) || !identity_is_due(v, w, now))
		return false;
	ret->first_time = v->identity.error != error;
	set_words(&v->identity.words, words);
	v->identity.error = error;
	v->identity.at = now + READ_RETRY_USEC;
	view_need(v, PART_OBJECTS);
	return true;
}

/*
 * A lost answer or a busy kernel is asked again soon; that it goes on is an error to show.
 * @words: the kernel's, or NULL
 */
static enum reading_outcome answer_error(struct view *v, const struct world *w, int error,
					 const char *words, uint64_t now, struct reading_news *ret)
{
	bool heard = view_has_heard(v);

	if (error == -ENODEV) {
		v->presence = presence_next(v->presence, heard ? PRESENCE_EV_WAS_REPLACED
							       : PRESENCE_EV_NO_DEVICE);
		view_outdate(v, PART_IDENTITY);
		view_need(v, PART_OBJECTS);
		return heard ? READING_UNSURE : READING_GONE;
	}
	if (error_is(error, ERROR_READ_AGAIN) && v->read.losses++ < READ_LOSSES_MAX) {
		ret->retry_at = now + USEC_PER_SEC / 10;
		return READING_LATER;
	}
	if (goes_on_unnamed(v, w, error, words, now, ret))
		return READING_UNNAMED;
	ret->first_time = v->read.error != error;
	v->read.error = error;
	set_words(&v->read.words, words);
	ret->retry_at = now + READ_RETRY_USEC;
	return READING_FAILED;
}

static void take_facts(struct view *v, struct world *w, const struct device_reading *r,
		       uint64_t now, struct reading_news *ret)
{
	struct facts *facts = &w->facts;

	ret->changed |= facts->reload_failed != r->facts->reload_failed;
	if (!r->identified) {
		counters_copy(&facts->counters, &r->facts->counters);
		facts->reload_failed = r->facts->reload_failed;
		facts->registration = r->facts->registration;
		return;
	}
	if (!facts_same_versions(facts, r->facts))
		view_outdate(v, PART_CATALOGUE);
	facts_clear(facts);
	*facts = *r->facts;
	*r->facts = (struct facts){};
	ret->identified = ret->changed = true;
	v->presence = presence_next(v->presence, PRESENCE_EV_INFO);
	v->old &= ~(unsigned)PART_IDENTITY;
	ret->untold = r->untold && r->untold != v->identity.error;
	v->identity.error = r->untold;
	set_words(&v->identity.words, r->untold_words);
	v->identity.at = 0;
	if (!r->untold)
		return;
	v->identity.at = now + READ_RETRY_USEC;
	view_outdate(v, PART_IDENTITY);
}

static void take_catalogue(struct view *v, struct world *w, const struct device_reading *r)
{
	state_clear(&w->catalogue);
	w->catalogue = *r->catalogue;
	*r->catalogue = (struct state){};
	w->params_cut = r->params_cut;
	w->has_catalogue = !w->facts.reload_failed; /* else traps are missing in it */
	v->need &= ~(unsigned)PART_CATALOGUE;
	v->old &= ~(unsigned)PART_CATALOGUE;
	v->catalogues++;
}

static void take_states(struct view *v, struct world *w, const struct device_reading *r,
			struct reading_news *ret)
{
	ret->changed |= !state_same(&w->have, r->have);
	state_clear(&w->have);
	w->have = *r->have;
	*r->have = (struct state){};
	if (r->impact->known) {
		w->impact = *r->impact;
		v->need &= ~(unsigned)PART_IMPACT;
	}
	if (r->catalogued)
		take_catalogue(v, w, r);
	ret->catalogued = r->catalogued;
	ret->partial |= r->catalogued;
}

/* Everything is at the driver's defaults, and what was known is worth nothing. */
static void forget_registration(struct view *v, struct world *w)
{
	v->presence = presence_next(v->presence, PRESENCE_EV_REGISTERED);
	state_clear(&w->catalogue);
	w->has_catalogue = false;
	view_forget_image(w);
	view_outdate(v, PART_IDENTITY);
	view_need(v, PART_OBJECTS);
}

/* Do the kernel's numbers of registrations tell whether it is the one that is known? */
static bool is_numbered(const struct world *w, const struct facts *facts)
{
	return w->memory.registration && facts->registration;
}

/*
 * Is the instance that answers another one than was known? Without numbers only what was heard and
 * counters that are less than they were tell.
 */
static bool is_another(const struct view *v, const struct world *w, const struct facts *facts,
		       enum presence before)
{
	bool replaced = before == PRESENCE_REPLACED && !view_is_identified(v);

	return (replaced && !is_numbered(w, facts)) ||
	       facts_of_another(facts, &w->memory.counters, w->memory.registration);
}

/* What was heard since the question may be of its end, which came after the answer. */
static bool is_the_same(const struct view *v, const struct world *w, const struct facts *facts)
{
	return is_numbered(w, facts) && facts->registration == w->memory.registration &&
	       !view_has_heard(v);
}

/* It has said that it is gone, and answers; or a successor does that was not heard of yet. */
static bool is_doubtful(const struct view *v, const struct world *w, const struct facts *facts)
{
	return v->presence == PRESENCE_LINGERING &&
	       !(is_numbered(w, facts) && facts->registration != w->memory.registration);
}

/*
 * The driver does not tell what the device is. One that is known is read without that; of another
 * one all that needs no versions is known by now.
 */
static bool is_asked_again(const struct view *v, int untold)
{
	return v->presence == PRESENCE_HERE ||
	       (error_is(untold, ERROR_READ_AGAIN) && v->read.losses < READ_LOSSES_MAX);
}

/* Does @now lack objects of @before? Those of ports go and come with them. */
static bool lacks_objects(const struct state *now, const struct state *before)
{
	vec_each(o, &before->objects)
		if (o->class->read != READ_PORTS && !o->error &&
		    !state_find(now, o->class, o->name, o->cmode))
			return true;
	return false;
}

static bool has_of_class(const struct state *s, const struct class *class)
{
	vec_each(o, &s->objects)
		if (o->class == class)
			return true;
	return false;
}

static bool lacks_classes(const struct state *now, const struct state *before)
{
	for (size_t i = 0; i < n_classes; i++)
		if (has_of_class(before, classes[i]) && !has_of_class(now, classes[i]))
			return true;
	return false;
}

/*
 * The driver says that it has none of what it had a moment ago, as it may right after a reload for
 * what it is still setting up. Before that makes a config impossible it is asked once more.
 */
static bool is_denied(const struct view *v, const struct world *w, const struct device_reading *r)
{
	if (v->read.denied || r->facts->reload_failed)
		return false;
	return (r->denied && lacks_objects(r->have, &w->have)) ||
	       (r->catalogued && w->has_catalogue && lacks_classes(r->catalogue, &w->catalogue));
}

/**
 * view_answer() - take a read in.
 * @ret: must be empty; its lists are to be cleared
 *
 * Return: READING_GOOD where world is as the device is now, unless the news say that it registered
 * and nothing but that is known yet (view_is_identified()).
 */
enum reading_outcome view_answer(struct view *v, struct world *w, const struct device_reading *r,
				 uint64_t now, struct reading_news *ret)
{
	enum presence before = v->presence;

	ret->partial = !(v->asked & PART_OBJECTS);
	ret->glance = v->asked == PART_COUNTERS;
	v->asked = 0;
	if (r->error < 0)
		return answer_error(v, w, r->error, r->words, now, ret);
	if (r->untold && is_asked_again(v, r->untold))
		return answer_error(v, w, r->untold, r->untold_words, now, ret);
	v->read.error = 0;
	set_words(&v->read.words, NULL);
	v->read.at = now;
	v->read.losses = 0;
	v->presence = presence_next(v->presence, is_the_same(v, w, r->facts) ? PRESENCE_EV_SAME
									     : PRESENCE_EV_ANSWER);
	if (is_doubtful(v, w, r->facts)) {
		ret->retry_at = now + DOUBT_USEC;
		return READING_UNSURE;
	}
	counters_copy(&ret->before, &w->memory.counters);
	counters_copy(&ret->now, &r->facts->counters);
	ret->first = !w->memory.counters.n && ret->now.n;
	ret->registered = is_another(v, w, r->facts, before);
	v->read.denied = !ret->registered && is_denied(v, w, r);
	if (v->read.denied) {
		view_need(v, PART_OBJECTS);
		return READING_UNSURE;
	}
	if (ret->registered) {
		forget_registration(v, w);
		if (!r->identified)
			return READING_GOOD;
	}
	take_facts(v, w, r, now, ret);
	if (ret->glance)
		return READING_GOOD;
	take_states(v, w, r, ret);
	v->read.asked = v->asked_at;
	return READING_GOOD;
}

/** view_take_image() - the file of firmware was looked at. @why: of an @error, or NULL */
void view_take_image(struct view *v, struct world *w, int error, const char *why)
{
	v->asked = 0;
	free(w->image.why);
	w->image.error = error;
	w->image.why = error ? mem_strdup(why ? why : strerror(-error)) : NULL;
	view_need(v, PART_OBJECTS);
}

/** view_forget_image() - the file may be another one now. */
void view_forget_image(struct world *w)
{
	image_verdict_clear(&w->image);
}

/** view_rereads() - has an answer been lost, so that what is known may be old? */
bool view_rereads(const struct view *v)
{
	return v->read.losses && !v->read.error;
}

/** view_is_reset() - were traps, groups or policers registered again since they were asked for? */
bool view_is_reset(const struct view *v)
{
	return v->heard.recreated_at > v->read.asked;
}

/* What was heard before the last question is answered. */
static uint64_t unanswered(const struct view *v, uint64_t at)
{
	return view_has_heard(v) && at >= v->asked_at ? at : 0;
}

static void note_unread(struct view *v, const struct world *w)
{
	notes_clear(&v->unread);
	vec_each(o, &w->have.objects)
		if (o->error)
			notes_put(&v->unread, o, 0, &(struct value){.type = VALUE_BOOL});
}

/**
 * view_was_unread() - could the object of @o not be read when the device last rested?
 *
 * One that is not read has no modes.
 */
bool view_was_unread(const struct view *v, const struct object *o)
{
	vec_each(n, &v->unread.notes)
		if (n->class == o->class && strcmp(n->name, o->name) == 0)
			return true;
	return false;
}

/** view_rest() - the device has come to rest. */
void view_rest(struct view *v, struct world *w)
{
	w->impact.known = false;
	note_unread(v, w);
	v->heard.first_at = view_has_heard(v) ? MAX(v->heard.first_at, v->asked_at) : 0;
	v->heard.counters_at = unanswered(v, v->heard.counters_at);
	v->heard.recreated_at = unanswered(v, v->heard.recreated_at);
}

/**
 * view_wake_at() - when there may be something to read; USEC_NEVER. What was heard waits for a
 * token.
 */
uint64_t view_wake_at(const struct view *v, uint64_t now)
{
	uint64_t at = view_has_heard(v) ? now + USEC_PER_SEC / 2 : USEC_NEVER;

	return v->identity.at > now ? MIN(at, v->identity.at) : at;
}

/** view_clear() - free what it holds; @v is of no more use. */
void view_clear(struct view *v)
{
	set_words(&v->read.words, NULL);
	set_words(&v->identity.words, NULL);
	notes_clear(&v->unread);
}
