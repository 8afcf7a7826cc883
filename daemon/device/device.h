/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine of one device. Events go in, one thing to do comes out; it does nothing itself, and
 * time is a number that it is told:
 *
 *	device_event(dev, &event, now, &todo);
 *	DEVICE_READ:	read todo.reads, then hand in DEVICE_EV_READ
 *	DEVICE_LOOK:	look at todo.image, then hand in DEVICE_EV_IMAGE
 *	DEVICE_RUN:	save the memory if todo.save, send todo.steps, then hand in DEVICE_EV_DONE
 *	DEVICE_REST:	nothing; call with DEVICE_EV_TICK at todo.wake_at
 *	DEVICE_GONE:	the device is no more: forget it
 *
 * It reads, binds, plans, carries out one phase at a time up to a barrier, reads back, and is
 * converged when a plan made after a read is empty. What caused an invalidation never decides what
 * is written; it is kept for people.
 */
#pragma once

#include "model/config.h"
#include "model/world.h"
#include "plan/plan.h"

/* In order of precedence: when several hold, the first one is the state. */
enum device_state {
	STATE_QUARANTINED,
	STATE_FAILED,
	STATE_REFUSED,
	STATE_RELOADING,
	STATE_FLASHING,
	STATE_APPLYING,
	STATE_READING,
	STATE_PENDING_POWER_CYCLE,
	STATE_PENDING_RELOAD,
	STATE_DRIFTED,
	STATE_ABSENT,
	STATE_CONVERGED,
	STATE_UNMANAGED,
};

const char *device_state_name(enum device_state s);

/* A SET or RELOAD that did not come true. */
struct failure {
	struct step step;
	int error;    /* -errno; 0: accepted but not kept */
	bool lost;    /* ... that no answer came */
	char *extack; /* the kernel's words, or NULL */
	bool transient;
};

typedef VEC(struct failure) failure_list;

/* What the device did between two rests, for people. */
struct record {
	uint64_t at; /* when it came to rest */
	char *trigger, *result, *detail;
	uint64_t outage; /* of a reload in it, microseconds; 0: none */
};

typedef VEC(struct record) record_list;

/* So many are kept; the oldest goes first. */
#define RECORDS_MAX 64

enum device_activity { DEVICE_IDLE, DEVICE_READING, DEVICE_WRITING };

/* A config and the device's entry in it. */
struct assignment {
	struct config *config; /* a reference, or NULL */
	const struct entry *entry;
};

struct flip;

/* What is the same for all devices. */
struct device_env {
	const char *kernel; /* its release */
	const char *boot;   /* the boot's id */
	bool off;	    /* carved=off: nothing is written */
};

struct device {
	const struct device_env *env;
	char *handle;
	struct config *latest; /* the config in force for the whole switch */
	struct assignment
		used; /* the one carried out; its entry is NULL while unmanaged or unknown */
	struct assignment accepted; /* the last one that could be bound: what `want` comes from */
	bool inherited;		    /* ... by a predecessor, and not looked at yet */
	struct world world;
	struct state want;	/* what the config says */
	struct state goal;	/* what is planned for, see goal.c */
	entry_list matches;	/* of latest: more than one are refused */
	bool refused;		/* the latest config is not carried out; diags say why */
	struct diag_list diags; /* errors, and notes */

	/* what it is doing */
	enum device_activity activity;
	uint64_t since;
	struct plan plan;
	size_t first, end; /* steps in flight */
	bool identified;   /* it has answered INFO_GET */
	bool gone;

	/* what it has to do */
	bool need_read, identify, need_catalogue, need_image, need_impact;
	bool full;	       /* the read in flight is more than an identification */
	bool old_catalogue;    /* what the device has may be more or less by now */
	bool outdated;	       /* what is in flight answers an old question: read again */
	bool stale;	       /* a notification came: read again, but not too often */
	bool vanished;	       /* it said that it is gone */
	bool appeared;	       /* ... and that it is there, since */
	bool doubted;	       /* ... or that is waited for already */
	bool counted;	       /* a reload or a registration was heard of since the last question */
	uint64_t recreated_at; /* it made objects anew, so their values are the driver's; 0: no */
	uint64_t catalogues;   /* how many were read */
	double tokens;	       /* bucket that limits reads after notifications */
	uint64_t tokens_at;

	/* what is permitted */
	bool explicit; /* an operator or a registration asks: live changes despite `drift: report`
			*/
	bool allow_reload; /* the same for reloads */
	bool force_reload; /* ... whatever the policy says */

	/* what became of it */
	step_list ran; /* acknowledged since the device last rested */
	failure_list failures;
	unsigned attempts; /* of what failed for the moment */
	uint64_t retry_at;
	int read_error;
	int identity_error;	/* what it is could not be read anew, the rest is without it, */
	uint64_t identify_at;	/* ... and before this it is not asked for */
	unsigned read_losses;	/* reads in a row that came to nothing for the moment */
	bool own_reload;	/* one of ours succeeded since the last read */
	uint8_t own_action;	/* ... which was this one */
	bool learn_unread;	/* ... since the last bind */
	bool known;		/* has rested since it registered or the config changed */
	VEC(struct flip) flips; /* changes by somebody else, see fights.c */
	struct notes held;	/* objects that are left to him */
	struct notes replaced;	/* what our SETs have staged over since the last read */
	uint64_t episode;	/* counts the rests, and the reads that showed nothing to do */

	/* for people */
	const char *trigger;		   /* what set it going last */
	char *who;			   /* who asked for it, or NULL */
	uint64_t disturbed_at, counted_at; /* first notification; the last one with counters */
	bool recovering;		   /* from a reload: what follows is its outage */
	unsigned foreign, restored;	   /* reloads by others, and SETs that make up for them */
	uint64_t outage;		   /* of the last reload, microseconds */
	uint64_t converged_at;		   /* 0: never */
	uint64_t read_at;		   /* the last time that it could be; 0: never */
	struct buf done;		   /* steps since it rested, for the record */
	unsigned n_done;
	bool tried;	     /* something failed since it rested */
	bool record;	     /* it has come to rest after something happened */
	bool recovered;	     /* ... a reload among it */
	record_list records; /* oldest first */
	uint64_t n_records;  /* made since it registered */
	enum device_state state;
	char *reason, *last_error, *last_extack;
	enum device_state told; /* in the journal, the last time */
	char *told_reason;
	bool moved;	   /* it has had another state since */
	bool explained;	   /* a line tells what is being set back */
	uint64_t revision; /* counts every change that people can see */
};

enum device_event_type {
	DEVICE_EV_CONFIG,    /* .config is in force now */
	DEVICE_EV_STALE,     /* something may have changed; .trigger */
	DEVICE_EV_COUNTED,   /* the same, by a message that carries counters */
	DEVICE_EV_VANISHED,  /* it says that it is gone */
	DEVICE_EV_READ,	     /* .reading */
	DEVICE_EV_DONE,	     /* .results, one for each step of todo.steps */
	DEVICE_EV_IMAGE,     /* .error, .why: what the file of todo.image is like */
	DEVICE_EV_RECREATED, /* objects were registered anew; .trigger */
	DEVICE_EV_APPLY,   /* somebody asks to bring about what is wanted; .allow_reload, .retry */
	DEVICE_EV_CAPTURE, /* somebody wants to see all that the device has: read its catalogue */
	DEVICE_EV_TICK,
};

/* What a read brought; the machine takes what it needs out of it. */
struct device_reading {
	int error; /* 0 or -errno */
	bool identified, catalogued, params_cut;
	struct state *have, *catalogue;
	struct facts *facts;
	const struct impact *impact; /* known: it was part of the read */
};

struct step_result {
	int error;	    /* 0 or -errno */
	bool lost;	    /* ... that no answer came: it may have been carried out or not */
	bool unsent;	    /* what must hold before it did not: the kernel knows nothing of it */
	const char *extack; /* borrowed */
};

struct device_event {
	enum device_event_type type;
	struct config *config;
	bool allow_reload; /* whatever the policy says */
	bool identify;	   /* versions, too, may have changed */
	bool retry;	   /* what failed, was fought over or quarantined too */
	const char *who;   /* asks, for people; or NULL */
	const char *trigger;
	int error;
	const char *why;
	const struct device_reading *reading;
	const struct step_result *results;
};

enum device_what { DEVICE_REST, DEVICE_READ, DEVICE_LOOK, DEVICE_RUN, DEVICE_GONE };

struct device_todo {
	enum device_what what;
	struct reads reads; /* names are the caller's to clear, and borrowed until the next event */
	const struct image_verdict *image; /* file and sha256 to look at */
	const struct step *steps;
	size_t n_steps;
	bool save; /* the memory must be on disk first */
	uint64_t wake_at;
};

struct device *device_new(const struct device_env *env, const char *handle, struct config *config,
			  const char *trigger, struct memory *memory, uint64_t now);
struct device *device_free(struct device *d);
void device_event(struct device *d, const struct device_event *event, uint64_t now,
		  struct device_todo *ret);
void device_not_saved(struct device *d);
bool device_busy(const struct device *d);
void device_inherit(struct device *d, const struct assignment *accepted);
void records_clear(record_list *records);
enum disruption device_pending(const struct device *d);
void failure_explain(const struct failure *f, struct buf *out);
void device_entries(const struct device *d, entry_list *ret);
const char *device_entry_name(const struct device *d);
bool device_is_called(const struct device *d, const char *name);
void device_preview(const struct device *d, struct plan *ret);

/* What the file of @f is like, or NULL. */
typedef const struct image_verdict *(*device_look)(void *user, const struct firmware *f);
int device_candidate(const struct device *d, struct config *config, device_look look, void *user,
		     struct plan *ret, struct diag_list *diags);
