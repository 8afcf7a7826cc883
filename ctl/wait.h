/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for the end of a job:
 *
 *	struct wait w = {.client = &c};
 *	wait_prepare(&w);		before the job is asked for
 *	wait_begin();
 *	...				ask for it
 *	result = wait_for(&w, job);
 *	wait_clear(&w);
 *
 * On a terminal it shows what is going on meanwhile.
 */
#pragma once

#include "client.h"
#include "fetch.h"
#include "style.h"

/* A device that is shown. */
struct watched {
	struct device_answer device;
	uint64_t since; /* in this state */
};

struct ended {
	uint64_t job;
	const char *result;
};

struct wait {
	struct client *client;
	VEC(struct ended)
	ended;		    /* ours or not: the signal may come before the reply with our job */
	bool gone;	    /* the daemon left the bus */
	struct style style; /* of standard error; marks: show progress there */
	struct arena arena;
	VEC(struct watched) watched;
	uint64_t began;
	bool shown;
};

int wait_prepare(struct wait *w);
void wait_begin(void);
const char *wait_for(struct wait *w, uint64_t job);
void wait_clear(struct wait *w);
