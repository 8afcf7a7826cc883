// SPDX-License-Identifier: GPL-2.0-or-later
/* See assignment.h. */
#include "device/assignment.h"
#include "plan/match.h"

#include <string.h>

/* What stands for an entry that is gone while its values are set back. */
static const struct entry removed[] = {
	[RELOAD_AUTO] = {.name = "", .reload = RELOAD_AUTO},
	[RELOAD_BOOT] = {.name = "", .reload = RELOAD_BOOT},
	[RELOAD_MANUAL] = {.name = "", .reload = RELOAD_MANUAL},
};

/**
 * assignment_removed_entry() - the entry for values that are to be set back, or NULL: there are
 * none.
 */
const struct entry *assignment_removed_entry(const struct memory *m)
{
	vec_each(n, &m->pristine.notes)
		if (m->restore && !n->kept)
			return &removed[m->reload];
	return NULL;
}

/** assignment_is_removed() - is what an entry left behind all that is still managed? */
bool assignment_is_removed(const struct assignment *a)
{
	return a->used.entry >= removed && a->used.entry < removed + ARRAY_SIZE(removed);
}

/** config_entry_set() - hold a reference on @config, which may be NULL. */
void config_entry_set(struct config_entry *e, struct config *config, const struct entry *entry)
{
	struct config *old = e->config;

	e->config = config ? config_ref(config) : NULL;
	e->entry = entry;
	config_unref(old);
}

/**
 * assignment_set_latest() - @config is in force for the whole switch; assignment_match() follows.
 */
void assignment_set_latest(struct assignment *a, struct config *config)
{
	config_ref(config);
	config_unref(a->latest);
	a->latest = config;
	vec_clear(&a->matches); /* they were of the one before */
	vec_clear(&a->may);
}

static void add_entry(entry_list *list, const struct entry *entry)
{
	vec_each(e, list)
		if (strcmp((*e)->name, entry->name) == 0)
			return;
	vec_push(list, entry);
}

/**
 * assignment_entries() - by whose names the device is called: the entry in use, then those of the
 * latest config that match it, which may be refused; or else those that may match it.
 * @ret: must be empty; gets each name once
 */
void assignment_entries(const struct assignment *a, entry_list *ret)
{
	if (a->used.entry)
		add_entry(ret, a->used.entry);
	vec_each(e, &a->matches)
		add_entry(ret, *e);
	if (!ret->n)
		vec_each(e, &a->may)
			add_entry(ret, *e);
}

/*
 * @config, which may be NULL, is what the device is kept to where a later one is refused; on disk,
 * too.
 */
static void set_accepted(struct assignment *a, struct memory *m, struct config *config,
			 const struct entry *entry)
{
	config_entry_set(&a->accepted, config, entry);
	memory_set_accepted(m, config ? config->hash : 0);
}

/** assignment_release() - the device is not managed any more. */
void assignment_release(struct assignment *a, struct memory *m)
{
	config_entry_set(&a->used, NULL, NULL);
	vec_clear(&a->winners);
	set_accepted(a, m, NULL, NULL);
	state_clear(&a->want);
}

/* Problems are told once, not at every read. */
static void take_diags(struct assignment *a, struct diag_list *diags, struct assignment_news *news)
{
	_cleanup_free_ char *before = diag_render_all(&a->diags);
	_cleanup_free_ char *after = diag_render_all(diags);

	diag_clear(&a->diags);
	diag_move(&a->diags, diags);
	news->problems |= strcmp(before, after) != 0;
}

/**
 * assignment_inherit() - what a predecessor of the same handle has accepted last.
 * @accepted: its entry is NULL where that is not known: the one that matches the device
 *
 * It is in use where the latest config is refused, as it would be had the device never gone.
 */
void assignment_inherit(struct assignment *a, struct memory *m, const struct config_entry *accepted)
{
	if (!accepted->config || accepted->config == a->latest)
		return;
	set_accepted(a, m, accepted->config, accepted->entry);
	a->unverified = true;
}

/* Another device may have the handle now. */
static void verify_inheritance(struct assignment *a, const char *handle, struct world *w)
{
	const struct entry *first;
	entry_list matches = {};

	if (!a->unverified)
		return;
	a->unverified = false;
	match_all(a->accepted.config, handle, &w->facts, &matches);
	first = matches.n ? matches.v[0] : NULL;
	if (!first || (a->accepted.entry ? first != a->accepted.entry : matches.n > 1))
		set_accepted(a, &w->memory, NULL, NULL);
	else
		config_entry_set(&a->accepted, a->accepted.config, first);
	vec_clear(&matches);
}

/* Another entry is in use, or another of its layers may apply. */
static void collect_winners(struct assignment *a, const char *handle, const struct world *w)
{
	vec_clear(&a->winners);
	if (a->used.entry)
		winners_collect(&a->winners, a->used.entry, handle, &w->facts);
}

/* Back to what was accepted before, if that is something else. */
static void fall_back(struct assignment *a, struct assignment_news *news)
{
	if (!a->accepted.config || a->accepted.config == a->used.config)
		return;
	config_entry_set(&a->used, a->accepted.config, a->accepted.entry);
	news->other = true;
}

static void refuse_conflict(struct assignment *a, const char *handle, struct assignment_news *news)
{
	struct diag_list diags = {};

	a->refused = true;
	match_conflict(&a->matches, handle, &diags);
	take_diags(a, &diags, news);
	if (!a->used.entry)
		fall_back(a, news);
}

/**
 * assignment_match() - turn to the latest config; needs the device to be identified.
 *
 * Whether it is still refused is for assignment_bind() to say: until then it is.
 */
void assignment_match(struct assignment *a, const char *handle, struct world *w,
		      struct assignment_news *news)
{
	const struct entry *before = a->used.entry, *left;

	verify_inheritance(a, handle, w);
	vec_clear(&a->matches);
	match_all(a->latest, handle, &w->facts, &a->matches);
	vec_clear(&a->may);
	if (!a->matches.n)
		match_open(a->latest, handle, &w->facts, &a->may);
	left = assignment_removed_entry(&w->memory);
	if (a->matches.n > 1) {
		refuse_conflict(a, handle, news);
	} else if (a->matches.n) {
		config_entry_set(&a->used, a->latest, a->matches.v[0]);
	} else {
		a->refused = false;
		diag_clear(&a->diags);
		if (left)
			config_entry_set(&a->used, a->latest, left);
		else
			assignment_release(a, &w->memory);
		news->released = !left;
	}
	collect_winners(a, handle, w);
	news->other |= a->used.entry && a->used.entry != before;
}

static void accept(struct assignment *a, struct world *w, struct state *want,
		   struct assignment_news *news)
{
	news->want |= !state_same(&a->want, want);
	state_clear(&a->want);
	a->want = *want;
	set_accepted(a, &w->memory, a->used.config, a->used.entry);
}

/**
 * assignment_bind() - tie the entry in use to what was read.
 *
 * Return: 0 where `want` is up to date; BIND_NEEDS_CATALOGUE; BIND_NEEDS_IMAGE: w->image says of
 * which file; -EINVAL where the entry is refused, which leaves `want` as it was.
 */
int assignment_bind(struct assignment *a, const char *handle, struct world *w,
		    struct assignment_news *news)
{
	struct diag_list diags = {};
	struct state want = {};
	int r = bind_winners(a->used.entry, &a->winners, handle, w, &want, &diags);

	if (r == BIND_NEEDS_IMAGE)
		image_verdict_ask(&w->image, &want.firmware);
	if (r > 0) {
		state_clear(&want);
		return r;
	}
	if (r < 0) {
		a->refused = true;
		take_diags(a, &diags, news);
		fall_back(a, news);
		collect_winners(a, handle, w);
		return r;
	}
	accept(a, w, &want, news);
	if (a->used.config == a->latest) {
		a->refused = false;
		take_diags(a, &diags, news);
	}
	diag_clear(&diags);
	return 0;
}

/**
 * assignment_is_bound() - does `want` say what the entry in use says? A refused one changes
 * nothing.
 */
bool assignment_is_bound(const struct assignment *a)
{
	return a->accepted.config && a->accepted.config == a->used.config &&
	       a->accepted.entry == a->used.entry;
}

/** assignment_clear() - free what it holds. */
void assignment_clear(struct assignment *a)
{
	state_clear(&a->want);
	vec_clear(&a->winners);
	vec_clear(&a->matches);
	vec_clear(&a->may);
	diag_clear(&a->diags);
	config_entry_set(&a->used, NULL, NULL);
	config_entry_set(&a->accepted, NULL, NULL);
	config_unref(a->latest);
}
