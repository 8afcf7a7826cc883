/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the device machine share; nobody else includes it. */
#pragma once

#include "device.h"

/* device_config.c: which entry is the device's, and what it comes to */
void device_use_latest(struct device *d);
int device_bind(struct device *d);
void assignment_set(struct assignment *a, struct config *config, const struct entry *entry);

/* device_learn.c: what a read tells beyond the values themselves */
bool device_absorb(struct device *d, const struct device_reading *r);
void device_learn(struct device *d);

/* device_failure.c: what did not come true, and for how long it is not tried again */
bool error_is_transient(int error);
bool error_means_lost(int error);
void failure_add(struct device *d, const struct step *s, int error, const char *extack,
		 uint64_t now);
void failures_drop_transient(struct device *d);
void failures_clear(struct device *d);
bool failures_block_reload(const struct device *d);
void steps_copy(step_list *to, const struct step *s);
void device_note_error(struct device *d, const char *error, const char *extack);

/* device_state.c: the state, its reason, and its one setter */
void device_update_state(struct device *d, uint64_t now);

bool device_reload_permitted(const struct device *d);
bool device_live_permitted(const struct device *d);
