/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the journal is told of a device. The parts of the machine say what happened and log nothing,
 * so that a plan on a copy of them (`carvectl plan --candidate`) leaves no line; device.c hands
 * their news on to here.
 */
#pragma once

#include "device/assignment.h"
#include "device/fights.h"
#include "device/flash.h"
#include "device/reloads.h"
#include "device/status.h"

/* Whom and what a line is about. */
struct journal {
	const char *handle;
	enum trigger trigger;
};

void journal_registered(struct journal j, bool managed);
void journal_unreadable(struct journal j, int error, const char *words);
void journal_slow(struct journal j, const char *request, uint64_t age);
void journal_unnamed(struct journal j, int error, const char *words);
void journal_problems(struct journal j, const struct diag_list *diags);
void journal_failure(struct journal j, const struct failure *f);
void journal_set(struct journal j, const struct step *s, uint64_t took);
void journal_foreign_size(struct journal j, const struct step *s);
void journal_ignored_size(struct journal j, const struct object *want);
void journal_drift(struct journal j, const struct step *s, bool wanted, size_t n);
void journal_yielded(struct journal j, const struct step *s, bool wanted);
void journal_flash(struct journal j, enum flash_news news, const struct firmware *f,
		   const char *reason);
void journal_attempt(struct journal j, enum attempt_news news, const char *why, bool given_up);
void journal_restored(struct journal j, unsigned settings, bool good, uint64_t took);
void journal_reloaded(struct journal j, uint64_t outage);
void journal_status(struct journal j, const struct status *s, const struct status_news *news);
