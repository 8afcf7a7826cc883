/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device machine with its channel, timer and files: carries out what the machine asks for.
 *
 *	struct runner *r = runner_new(&env, handle, config, TRIGGER_REGISTRATION);
 *	runner_event(r, &event);	... env.changed(env.user, r), whenever something came of it
 *	runner_free(r);			... at the end, or when gone and not saving
 *
 * Invariants: at most one batch that asks or writes is in flight, and the machine knows of it;
 * savings go ahead of what is written after them, in the same channel. What nothing that is written
 * waits for is saved when the device rests.
 */
#pragma once

#include "device/device.h"

struct chan_hub;
struct flash_progress;
struct loop;
struct runner;
struct store;

/* How far a flash is, whoever asked for it. */
struct progress {
	char *what;
	uint64_t done, total; /* total 0: not known */
};

/* What all devices share. */
struct runner_env {
	struct device_env device;
	struct loop *loop;
	struct chan_hub *hub;
	const struct store *store;
	uint16_t family;
	/* the device changed, or is to be forgotten: it must not be freed inside of the call */
	void (*changed)(void *user, struct runner *r);
	void *user;
	const char *images; /* what the kernel's directories of firmware are below */
	const char *sysfs;  /* what /sys is below */
	bool stopping;	    /* start nothing new */
};

struct runner *runner_new(const struct runner_env *env, const char *handle, struct config *config,
			  enum trigger trigger);
struct runner *runner_free(struct runner *r);
void runner_event(struct runner *r, const struct device_event *e);
void runner_stop(struct runner *r);
void runner_keep(struct runner *r);
const struct device *runner_device(const struct runner *r);
record_list runner_take_records(struct runner *r);
void runner_inherit(struct runner *r, record_list *records, const struct config_entry *accepted);
bool runner_gone(const struct runner *r);
bool runner_saving(const struct runner *r);
int runner_save_error(const struct runner *r);
const char *runner_request(const struct runner *r, uint64_t *ret_since);
bool runner_writing(const struct runner *r);
const struct progress *runner_progress(const struct runner *r);
void runner_set_progress(struct runner *r, const struct flash_progress *flash);
