/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One script as a process: with an environment that has only what it is given, nothing on standard
 * input, its output in the journal under its own name, and an end when its time is over.
 *
 *	child_start(event, &(struct child_call){.path = ..., .limit = ..., .then = on_end}, &child);
 *	... on_end(user, "status 1") ...	and the child is freed
 */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

struct child;

struct child_call {
	const char *path;
	char *const *environment;
	uint64_t limit; /* microseconds */
	/* @failure: in words; NULL: it ended well */
	void (*then)(void *user, const char *failure);
	void *user;
};

int child_start(sd_event *event, const struct child_call *call, struct child **ret);
struct child *child_free(struct child *c);
