/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a manager is made of; only for the files that are the manager. Three of them share what
 * manager.h declares: manager.c goes from start to end, manager_requests.c brings about what is
 * asked for, manager_view.c only looks. The first two use enact.c.
 */
#pragma once

#include "manager/configs.h"
#include "manager/devices.h"
#include "manager/finder.h"
#include "manager/jobs.h"
#include "manager/keeper.h"
#include "manager/loading.h"
#include "manager/options.h"
#include "manager/worker.h"
#include "store/file.h"

enum manager_phase { MANAGER_WAITING_FOR_LOCK, MANAGER_RUNNING, MANAGER_STOPPING };

struct manager {
	struct manager_options options;
	struct loop *loop;
	struct transport transport;
	struct chan_hub *hub;
	enum manager_phase phase;
	bool reloaded; /* the files were read again: observers are to be told */
	struct store store;
	struct configs configs;
	struct keeper keeper;
	struct devices devices;
	struct finder finder;
	struct jobs jobs;
	struct worker worker;
	struct loader loader;
	struct loading *judging; /* are the problems of the files still there? or NULL */
	struct observers observers;
	struct loop_task *conclusion;
	struct loop_timer *lock_timer, *settle_timer, *trial_timer;
	int lock_error; /* -errno: why the lock cannot be taken, as told */
	int exit_code;
};
