/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is told what happens: D-Bus and the service manager are two of them. All but config_loading
 * comes out of the manager's conclusion, once a wake-up of the loop, in the order of the members:
 * so a device of which hundreds of notifications came has changed once, and a job has ended after
 * what it was about.
 *
 *	static const struct manager_observer mine = {.concluded = on_concluded};
 *	manager_add_observer(manager, &mine, user);
 */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct runner;

/* Each may be NULL. None may change what it is told of. */
struct manager_observer {
	void (*config_loading)(void *user); /* at once, before the files are read */
	void (*device_removed)(void *user, struct runner *r);
	void (*device_added)(void *user, struct runner *r);
	void (*device_changed)(void *user, struct runner *r);
	void (*device_progress)(void *user, struct runner *r); /* of a flash */
	void (*config_loaded)(void *user, bool accepted);
	void (*job_removed)(void *user, uint64_t job, const char *result);
	/* @settled: all has come to rest, or is waited for no longer */
	void (*concluded)(void *user, bool settled);
};

struct observer {
	const struct manager_observer *calls;
	void *user;
};

struct observers {
	VEC(struct observer) list;
};

#define emit(observers, call, ...)                                                                 \
	vec_each(observer_, &(observers)->list)                                                    \
		if (observer_->calls->call)                                                        \
	observer_->calls->call(observer_->user __VA_OPT__(, ) __VA_ARGS__)
