/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device: what is told of it, and its scripts, which run one after the other when it rests. What
 * happens while they run has its turn after them.
 *
 *	told_read(&d->told, m);
 *	device_hear(d, "config");
 */
#pragma once

#include "base/vec.h"
#include "child.h"
#include "events.h"
#include "scripts.h"
#include "told.h"

/* The same for all. */
struct bench {
	sd_event *event;
	struct scripts scripts;
	uint64_t limit; /* of one script, microseconds */
};

/* A script whose turn comes. */
struct due {
	enum event event;
	char *path;
};

struct device {
	struct bench *bench;
	char *path; /* on D-Bus */
	struct told told;
	struct events events;
	char *trigger; /* what set it going last, in carved's words */
	bool rests, gone;

	sd_event_source *timer;
	uint64_t patience; /* until then udev is waited for, of clock_now(); 0: not yet */

	VEC(struct due) due;
	size_t at; /* the script of `due` that runs */
	VEC(char *) environment;
	struct child *child;
};

struct device *device_new(struct bench *b, const char *path, const char *trigger);
void device_hear(struct device *d, const char *trigger);
void device_leave(struct device *d);
bool device_is_idle(const struct device *d);
struct device *device_free(struct device *d);
