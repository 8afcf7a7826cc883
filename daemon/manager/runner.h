/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device machine with its channel, timer and files: carries out what the machine asks for. */
#pragma once

#include "device/device.h"
#include "kernel/chan.h"
#include "loop/loop.h"
#include "store/store.h"
#include "wire/decode.h"

struct managed;

/* How far a flash is, whoever asked for it. */
struct progress {
	char *what;
	uint64_t done, total; /* total 0: not known */
};

/* What all devices share. */
struct managed_environment {
	struct loop *loop;
	struct chan_hub *hub;
	const struct store *store;
	uint16_t family;
	/* before an answer is judged: let the notifications that came before it be known */
	void (*drain)(void *user);
	/* the device changed, or is to be forgotten: it must not be freed inside of the call */
	void (*changed)(void *user, struct managed *m);
	void *user;
	const char *kernel; /* its release */
	const char *boot;   /* the boot's id */
	const char *images; /* what the kernel's directories of firmware are below */
	const char *sysfs;  /* what /sys is below */
	bool off;	    /* write nothing */
	bool stopping;	    /* start nothing new */
};

struct managed *managed_new(const struct managed_environment *env, const char *handle,
			    struct config *config, const char *trigger);
struct managed *managed_free(struct managed *m);
void managed_event(struct managed *m, const struct device_event *e);
const struct device *managed_device(const struct managed *m);
record_list managed_take_records(struct managed *m);
void managed_inherit(struct managed *m, record_list *records, const struct assignment *accepted);
void managed_inherit_config(struct managed *m, struct config *config);
bool managed_gone(const struct managed *m);
bool managed_saving(const struct managed *m);
bool managed_writing(const struct managed *m);
const struct progress *managed_progress(const struct managed *m);
void managed_set_progress(struct managed *m, const struct flash_progress *flash);

/* A file of firmware, looked at for somebody else than the device's machine. */
struct managed_look;
struct managed_look *managed_look_new(const struct managed *m, const struct firmware *f,
				      void (*done)(void *user), void *user);
struct managed_look *managed_look_free(struct managed_look *l);
const struct image_verdict *managed_look_verdict(const struct managed_look *l);
