/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a device's machine together, and what takes several of them to say. Each part has a
 * header with its invariants and writes only what is its own.
 */
#pragma once

#include "device/journal.h"
#include "device/patience.h"
#include "device/status.h"

struct device;

/* May a device be reloaded or flashed, beside others? */
enum turn {
	TURN_NOW,
	TURN_LATER, /* DEVICE_EV_TURN comes when it is worth asking again */
	TURN_HELD,  /* not before the config changes or an operator asks */
	TURN_CLASH, /* another device wants other firmware in the same flash chip */
};

/* What the last plan was told. */
struct turn_told {
	enum turn is;
	char *rival; /* of a TURN_CLASH: who wants which other firmware */
};

/* What is the same for all devices. */
struct device_env {
	/*
	 * NULL: it is always its turn; @flash: its firmware is to be written; @ret_rival: of a
	 * TURN_CLASH: who wants which other firmware, to be freed
	 */
	enum turn (*take_turn)(void *user, const struct device *d, bool flash, char **ret_rival);
	void *user;
	const char *kernel; /* its release */
	const char *boot;   /* the boot's id */
	bool off;	    /* carved=off: nothing is written */
	bool trial;	    /* a config is on trial, on any of them */
};

struct device {
	const struct device_env *env;
	char *handle;
	struct world world;	      /* shared data; the parts' headers say who writes what */
	struct assignment assignment; /* which entry is the device's, and what is wanted */
	struct state goal;	      /* what is planned for and not wanted; see goal.h */
	struct view view;	      /* what is known, and what to ask */
	enum mandate mandate;
	struct run run;
	struct failures failures;
	struct reloads reloads;
	struct fights fights;
	struct patience patience;
	struct history history;
	struct status status;
	struct turn_told turn;
	bool settled; /* has rested since it registered or the config changed */
};

void device_goal(const struct device *d, struct state *ret);
struct journal device_journal(const struct device *d);
bool device_may_go_ahead(const struct device *d);
void device_ahead(const struct device *d, step_list *ret);
struct permission device_permission(const struct device *d);
struct permission device_permission_by(const struct device *d, enum mandate mandate);
struct status_input device_status_input(const struct device *d);
void device_add_failure(struct device *d, const struct step *s, const struct step_result *r,
			uint64_t now);
