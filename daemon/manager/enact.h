/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What another config sets going; see manager.h for how it is asked for. */
#pragma once

#include <stdint.h>

struct manager;

uint64_t enact_config(struct manager *m, const char *who);
int enact_rollback(struct manager *m, const char *why, const char *who, uint64_t *ret_job);
void enact_schedule_settle(struct manager *m);
void enact_schedule_trial(struct manager *m);
void enact_on_trial_timer(void *user);
