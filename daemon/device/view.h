/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a device, how fresh it is, what to ask next. The only writer of world.have,
 * catalogue, facts, impact and image.
 *
 *	view_hear()	a notification came: it makes what is known old, and is never believed
 *	view_need()	something has to be read before a plan can be made
 *	view_needs()	is there such a thing?
 *	view_ask()	the question, which carries all that is due
 *	view_glance()	... or only whether the device was reloaded
 *	view_answer()	takes the answer in and tells what it showed beyond values
 *
 * Invariants: `asked` is not 0 only while a question is in flight; have, facts and counters are of
 * one answer, but after a glance, behind which all else is read.
 */
#pragma once

#include "device/presence.h"
#include "plan/bind.h"

enum part {
	PART_OBJECTS =
		1 << 0, /* those that the entry names, with the counters: part of each read */
	PART_IDENTITY = 1 << 1,	 /* INFO_GET */
	PART_CATALOGUE = 1 << 2, /* dumps of all params, traps, groups and policers */
	PART_IMPACT = 1 << 3,	 /* what a reload would reset */
	PART_IMAGE = 1 << 4,	 /* the file of firmware; not a part of a read */
	PART_COUNTERS = 1 << 5,	 /* nothing but GET, which is part of each read */
};

/* Kinds of notifications, a mask. */
enum heard {
	HEARD_ANY = 1 << 0, /* dropped when a read is sure to follow */
	HEARD_COUNTERS =
		1 << 1, /* one that carries reload counters, or says that the device is gone */
	HEARD_RECREATED = 1 << 2, /* traps, groups or policers go, or come: they are at defaults */
	HEARD_KERNEL = 1 << 3,	  /* a message of the kernel, or the loss of some; no audit */
};

struct view {
	enum presence presence;
	unsigned need, old,
		asked;	   /* enum part: to be read before a plan; may have changed; in flight */
	uint64_t asked_at; /* the last question, microseconds */
	struct {
		unsigned open;	       /* enum heard, since the last question */
		uint64_t first_at;     /* the first one since the last rest; 0: none */
		uint64_t counters_at;  /* the last one with counters; 0: none, or answered */
		uint64_t recreated_at; /* the last one of traps, groups, policers; 0: none */
	} heard;
	double tokens; /* limit reads after notifications */
	uint64_t tokens_at;
	struct {
		int error;	 /* the device cannot be read: -errno */
		char *words;	 /* the kernel's, with it; or NULL */
		unsigned losses; /* reads in a row that failed for the moment */
		bool denied;	 /* the last one lacked what had been there */
		uint64_t at;	 /* the last success; 0: never */
		uint64_t asked;	 /* when what it has of objects was asked for */
	} read;
	struct {
		int error;   /* INFO_GET fails: -errno */
		char *words; /* the kernel's, with it; or NULL */
		uint64_t at; /* it is not asked for before this time */
	} identity;
	struct notes unread; /* objects that could not be read when the device last rested */
	uint64_t catalogues; /* so many were read */
};

/* What a read brought; view_answer() takes what it needs out of it. */
struct device_reading {
	int error;			  /* 0 or -errno */
	int untold;			  /* of INFO_GET alone */
	const char *words, *untold_words; /* the kernel's, with these; or NULL */
	bool identified, catalogued, params_cut;
	bool denied; /* some of what was asked for is not there */
	struct state *have, *catalogue;
	struct facts *facts;
	const struct impact *impact; /* known: it was part of the read */
};

/* What became of a read. */
enum reading_outcome {
	READING_GOOD,
	READING_UNSURE,	 /* it, or what it had, is said to be gone: it has to be asked once more */
	READING_GONE,	 /* there is no such device */
	READING_LATER,	 /* lost, or refused for the moment: .retry_at */
	READING_UNNAMED, /* INFO_GET fails: the rest is read without it */
	READING_FAILED,	 /* .retry_at */
};

/* What an answer showed beyond the values themselves. */
struct reading_news {
	uint64_t retry_at;	     /* microseconds */
	bool first_time;	     /* the error is another one than before */
	bool registered;	     /* the device registered since the last answer */
	bool first;		     /* nothing was known of its counters before */
	bool untold;		     /* INFO_GET failed, of a device that was not known */
	bool identified, catalogued; /* parts of the answer */
	bool partial;		     /* there is more to read by name */
	bool glance;		     /* nothing but counters was asked for */
	bool changed;		     /* something that can be shown is different */
	counter_list before, now;
};

void view_init(struct view *v, uint64_t now);
void view_hear(struct view *v, enum presence_event e, unsigned heard, uint64_t now);
void view_need(struct view *v, unsigned parts);
void view_outdate(struct view *v, unsigned parts);
void view_doubt_identity(struct view *v);
bool view_is_identified(const struct view *v);
void view_flashed(struct view *v, uint64_t now);
bool view_has_heard(const struct view *v);
void view_will_read(struct view *v);
bool view_has_vanished(const struct view *v);
enum part view_needs(const struct view *v);
bool view_would_read(struct view *v, const struct world *w, bool managed, bool waits, uint64_t now);
void view_ask(struct view *v, const struct world *w, const winner_list *winners, uint64_t now,
	      struct reads *ret);
bool view_may_glance(const struct view *v);
void view_glance(struct view *v, uint64_t now);
void view_look(struct view *v, uint64_t now);
enum reading_outcome view_answer(struct view *v, struct world *w, const struct device_reading *r,
				 uint64_t now, struct reading_news *ret);
void view_take_image(struct view *v, struct world *w, int error, const char *why);
void view_forget_image(struct world *w);
bool view_rereads(const struct view *v);
bool view_is_reset(const struct view *v);
bool view_was_unread(const struct view *v, const struct object *o);
void view_rest(struct view *v, struct world *w);
uint64_t view_wake_at(const struct view *v, uint64_t now);
void view_clear(struct view *v);
