/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices there are: each handle that was heard of has a runner until the kernel says that
 * there is no such device and what is remembered of it is on disk. Notifications are marks until
 * devices_deliver(); what came of events are marks, too, until devices_conclude() tells the
 * observers.
 *
 *	devices_ask(d, handle)		there may be one: it is asked
 *	devices_hear(d, handle, ...)	a notification came
 *	devices_deliver(d)		... all of them: each machine gets one event
 *	devices_conclude(d)		from the manager's conclusion
 *
 * Invariants: sorted by handle, and no two members have the same one: a successor is asked when its
 * predecessor is forgotten. Only devices_conclude() forgets a member, so pointers to runners are
 * good until then.
 */
#pragma once

#include "manager/departed.h"
#include "manager/marks.h"
#include "manager/observer.h"
#include "store/configs.h"

struct loop_task;

struct member {
	struct runner *runner;
	struct marks marks;
	enum { NO_TURN, TURN_TO_RELOAD, TURN_TO_FLASH } turn; /* see turns.h */
	enum turn clash; /* what others with its flash chip said when it last asked to flash */
	bool told;	 /* observers know of it */
	bool changed;	 /* ... and not of this, */
	bool progress;	 /* nor of this: a flash has gone on */
	bool succeeded;	 /* it is gone, and another has registered under its handle */
};

struct devices {
	struct runner_env env; /* but for changed and user filled in by the owner */
	struct loop_task *conclusion;
	const struct observers *observers;
	struct config *config; /* in force; borrowed from configs */
	VEC(struct member) list;
	departed_list departed;
	unsigned departures; /* since files were looked at */
	bool undoing;	     /* a config on trial has come to nothing: see struct device_event */
	bool halted;	     /* a reload ended in quarantine: the rest is held back; see turns.h */
	bool listed;	     /* the kernel has told all there are, or cannot */
	bool grown;	     /* something has changed since memory was given back */
};

void devices_init(struct devices *d);
void devices_clear(struct devices *d);
void devices_ask(struct devices *d, const char *handle);
void devices_hear(struct devices *d, const char *handle, enum device_event_type kind, bool identify,
		  enum trigger trigger);
void devices_appeared(struct devices *d, const char *handle);
void devices_progress(struct devices *d, const char *handle, const struct flash_progress *flash);
void devices_deliver(struct devices *d);
void devices_send(struct devices *d, const char *name, const struct device_event *e);
void devices_keep(struct devices *d);
void devices_conclude(struct devices *d);
void devices_trim(struct devices *d);

const struct device *devices_at(const struct devices *d, size_t i);
void devices_configs(const struct devices *d, hash_list *ret);
enum device_state devices_absent(const struct devices *d, entry_list *ret);
bool devices_any_absent(const struct devices *d);
enum device_state devices_state(const struct devices *d);
bool devices_busy(const struct devices *d);
bool devices_interruptible(const struct devices *d);
bool devices_saving(const struct devices *d);
bool devices_writing(const struct devices *d);
bool devices_broken(const struct devices *d);
void devices_stop(struct devices *d);
bool devices_retrying(const struct devices *d);
