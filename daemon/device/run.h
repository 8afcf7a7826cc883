/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine is doing, and how far it is in a plan. Steps [first, end) are one phase, or
 * those after the reload that follow each other without a question: in flight while
 * ACTIVITY_WRITING, else what was done last. Nothing behind a barrier of the same plan is sent.
 *
 * A SET that goes ahead (step.ahead) follows a reload, and the read follows it at once: that says
 * whether anything is left to be done, also of what was refused.
 *
 * Such SETs are offered along with a glance, and sent at once where its answer shows a reload.
 *
 * "Accepted but not kept": a step that was acknowledged and comes up again before the device has
 * rested is not sent again. What needs no reload is sent a second time before that, as another
 * program may have changed it between the SET and its read-back.
 */
#pragma once

#include "device/failures.h"
#include "plan/plan.h"

enum activity { ACTIVITY_NONE, ACTIVITY_READING, ACTIVITY_WRITING };

struct run {
	enum activity activity;
	uint64_t since; /* the activity began, microseconds */
	struct plan plan;
	size_t first, end;
	bool told_slow;	    /* the journal was, that the activity takes long */
	const char *broken; /* the request in which the kernel broke down, or NULL */
	bool last_phase;    /* what is asked for has changed: plan again when this is answered */
	uint64_t moving_at; /* since the driver is at something by itself; 0: it is not */
	bool overdue;	    /* ... which is waited for no longer */
	step_list done;	    /* acknowledged since the device rested */
	step_list offered;  /* go ahead as soon as the glance in flight shows a reload */
};

/* How the phase that was in flight ended. */
struct phase_end {
	enum phase phase;
	bool failed;
};

void run_begin(struct run *r, enum activity a, uint64_t now);
void run_end(struct run *r);
void run_set_plan(struct run *r, struct plan *plan);
void run_set_ahead(struct run *r, step_list *steps);
void run_add_ahead(struct run *r, step_list *steps);
bool run_may_write(const struct run *r);
bool run_goes_ahead(const struct run *r);
void run_drop(struct run *r);
void run_hold(struct run *r);
bool run_next(struct run *r);
bool run_has_next(const struct run *r);
void run_acknowledged(struct run *r, const struct step *s);
void run_forget_done(struct run *r);
void run_forget_kept(struct run *r);
bool run_was_kept_out(const struct run *r, const struct step *s, bool heard);
bool run_reads_back(const struct run *r);
const struct step_traits *run_traits(const struct run *r);
uint64_t run_wake_at(const struct run *r, uint64_t now);
unsigned run_minutes(const struct run *r, uint64_t now);
const char *run_request(const struct run *r);
bool run_waits(const struct run *r);
bool run_wait(struct run *r, uint64_t now);
void run_break(struct run *r);
void run_clear(struct run *r);
