/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the device machine share; nobody else includes it. */
#pragma once

#include "device/device.h"

/* assignment.c: which entry is the device's, and what it comes to */
void device_use_latest(struct device *d);
int device_bind(struct device *d);
void device_release(struct device *d);
void assignment_set(struct assignment *a, struct config *config, const struct entry *entry);

/* goal.c: what to plan for */
void device_compose(struct device *d);
void device_note_pristine(struct device *d, const struct step *s);
const struct entry *device_removed_entry(const struct device *d);
bool device_is_removed(const struct device *d);
bool device_is_bound(const struct device *d);

/* reloads.c: a reload that failed after the tear-down */
char *device_key(const struct device *d);
void device_forgive(struct device *d);
void device_check_key(struct device *d);
void device_begin_attempt(struct device *d, const struct step *s);
void device_judge_attempt(struct device *d, bool another, uint64_t now);
bool device_rollback_due(const struct device *d);

/* flash.c: how far the wanted firmware has come */
void device_begin_flash(struct device *d, const struct step *s);
void device_flash_ended(struct device *d, const struct step *s, const struct step_result *r,
			uint64_t now);
void device_activated(struct device *d);
void device_follow_firmware(struct device *d);
void device_look_again(struct device *d);
void device_need_image(struct device *d, const struct firmware *f);
void device_take_image(struct device *d, int error, const char *why);

/* fights.c: somebody else who wants something else */
bool device_find_fights(struct device *d, uint64_t now);
void device_end_fights(struct device *d);

/* history.c: what happened, for people */
void device_note_done(struct device *d, const struct step *s);
void device_record(struct device *d, uint64_t now);
void device_drop_records(struct device *d);

/* view.c: what a read tells beyond the values themselves */
bool device_absorb(struct device *d, const struct device_reading *r, uint64_t now);
void device_learn(struct device *d);

/* device.c */
bool device_rereads(const struct device *d);

/* failures.c: what did not come true, and for how long it is not tried again */
bool error_is_transient(int error);
void failure_add(struct device *d, const struct step *s, const struct step_result *r, uint64_t now);
void failures_drop_transient(struct device *d);
void failures_drop_reload(struct device *d);
uint64_t failure_retry_after(unsigned attempt);
extern const unsigned failure_retries;
void failures_clear(struct device *d);
bool failures_block_reload(const struct device *d);
void steps_copy(step_list *to, const struct step *s);
void device_note_error(struct device *d, const char *error, const char *extack);

/* status.c: the state, its reason, and its one setter */
void device_update_state(struct device *d, uint64_t now);

bool device_reload_permitted(const struct device *d);
bool device_live_permitted(const struct device *d);
