/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine of one device. Events go in, one thing to do comes out; it does nothing itself, and
 * time is a number that it is told, in microseconds:
 *
 *	device_event(dev, &event, now, &todo);
 *	DEVICE_READ:	read todo.reads, then hand in DEVICE_EV_READ; todo.steps, if there are any,
 *			follow as with DEVICE_RUN at once where facts_show_reload()
 *	DEVICE_LOOK:	look at todo.image, then hand in DEVICE_EV_IMAGE
 *	DEVICE_RUN:	save the memory if todo.save, send todo.steps, then hand in DEVICE_EV_DONE;
 *			a phase is not sent where a step before it failed, or device_stops()
 *	DEVICE_REST:	nothing; call with DEVICE_EV_TICK at todo.wake_at
 *	DEVICE_GONE:	the device is no more: forget it
 *
 * It reads, binds, plans, carries out one phase at a time up to a barrier, reads back, and is
 * converged when a plan made after a read is empty. What caused an invalidation never decides what
 * is written; it is kept for the history.
 *
 * A reload has put policy back at the driver's defaults. What is known to differ from these is set
 * ahead of that read: right behind a reload of carved's own, and after one by others when a read of
 * the counters alone, a glance, has shown it. That one waits in the kernel for a reload's end, and
 * what is to be set is handed out with it.
 *
 *	           +------------------------------ need ------------------------------+
 *	           v                                                                  |
 *	  ask -> reading -> bind -> goal -> plan -+- steps -> writing (a phase) -> results
 *	           ^                              |                                   |
 *	           +-- heard, and a token --- rest <- nothing to do                   |
 *	                                          ^------- another phase of the plan -+
 */
#pragma once

#include "device/composition.h"

enum device_event_type {
	DEVICE_EV_CONFIG,    /* .config is in force now; .undo, .who */
	DEVICE_EV_STALE,     /* something may have changed; .trigger, .identify */
	DEVICE_EV_COUNTED,   /* the same, by a message that carries counters */
	DEVICE_EV_VANISHED,  /* it says that it is gone */
	DEVICE_EV_RECREATED, /* traps, groups or policers are registered again: they go, or come */
	DEVICE_EV_HEARD, /* .heard: these of the four above, in this order; .trigger, .identify */
	DEVICE_EV_READ,	 /* .reading; .results as below, of steps that were sent along with it */
	DEVICE_EV_DONE,	 /* .results of the first .n_results of todo.steps without STEP_REMEMBER */
	DEVICE_EV_IMAGE, /* .error, .why: what the file of todo.image is like */
	DEVICE_EV_APPLY, /* bring about what is wanted; .allow_reload, .retry, .who */
	DEVICE_EV_PAUSE, /* write nothing before .until, .wall; 0: it may be written again; .who */
	DEVICE_EV_CAPTURE, /* all that the device has is to be shown: read its catalogue */
	DEVICE_EV_TURN,	   /* others have been reloaded or flashed: ask again */
	DEVICE_EV_BROKEN,  /* the kernel broke down in what is in flight */
	DEVICE_EV_TICK,
};

#define DEVICE_HEARD_MAX 4

struct device_event {
	enum device_event_type type;
	const enum device_event_type *heard; /* borrowed, as all that is pointed to */
	size_t n_heard;
	struct config *config;
	bool allow_reload; /* whatever the policy says */
	bool identify;	   /* versions, too, may have changed */
	bool undo;	   /* what only the config before wanted goes back, by whatever it takes */
	bool retry;	   /* what failed, was fought over or quarantined too */
	uint64_t until, wall; /* see struct pause */
	const char *who;      /* asks, or NULL */
	enum trigger trigger;
	int error;
	const char *why;
	const struct device_reading *reading;
	const struct step_result *results;
	size_t n_results; /* of the first ones: what follows them was not sent */
};

enum device_what { DEVICE_REST, DEVICE_READ, DEVICE_LOOK, DEVICE_RUN, DEVICE_GONE };

struct device_todo {
	enum device_what what;
	struct reads reads; /* names are the caller's to clear, and borrowed until the next event */
	const struct image_verdict *image; /* file and sha256 to look at */
	const struct step *steps;
	size_t n_steps;
	bool save;	 /* the memory must be kept first; what is not asked for now is later */
	bool lasting;	 /* ... on disk, where a power cut does not end it; else a crash does not */
	bool save_first; /* ... before a read, and whatever is in flight */
	bool running;	 /* with save: what a reboot ends has changed, too */
	uint64_t wake_at;
};

struct device *device_new(const struct device_env *env, const char *handle, struct config *config,
			  enum trigger trigger, struct memory *memory, uint64_t now);
struct device *device_free(struct device *d);
void device_event(struct device *d, const struct device_event *event, uint64_t now,
		  struct device_todo *ret);
void device_not_saved(struct device *d);
void device_inherit(struct device *d, record_list *records, const struct config_entry *accepted);
record_list device_take_records(struct device *d);

bool device_busy(const struct device *d);
bool device_stops(const struct device *d);
uint64_t device_down_since(const struct device *d);
uint64_t device_retry_at(const struct device *d);
void device_entries(const struct device *d, entry_list *ret);
const char *device_entry_name(const struct device *d);
bool device_matches_name(const struct device *d, const char *name);
enum disruption device_pending(const struct device *d);
char *device_object_status(const struct device *d, const struct object *want);
char *device_firmware_status(const struct device *d);
void device_preview(const struct device *d, bool permitted, struct plan *ret);

/* What the file of @f is like, or NULL. */
typedef const struct image_verdict *(*device_look)(void *user, const struct firmware *f);
int device_candidate(const struct device *d, struct config *config, bool permitted,
		     device_look look, void *user, struct plan *ret, struct diag_list *diags);

/* What somebody asks of a device. */
struct device_ask {
	struct config *config;
	enum mandate mandate;
	bool retry; /* what failed or was quarantined, too */
};

enum disrupts device_would_disrupt(const struct device *d, const struct device_ask *ask);
