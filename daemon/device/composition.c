// SPDX-License-Identifier: GPL-2.0-or-later
/* See composition.h. */
#include "device/composition.h"
#include "device/goal.h"
#include "plan/ahead.h"

/** device_goal() - all that is planned for; see goal_whole(). */
void device_goal(const struct device *d, struct state *ret)
{
	goal_whole(&d->goal, &d->assignment.want, ret);
}

/** device_journal() - whom and what a line of the journal is about. */
struct journal device_journal(const struct device *d)
{
	return (struct journal){d->handle, d->history.trigger};
}

/** device_permission() - what may be done now. */
struct permission device_permission(const struct device *d)
{
	return device_permission_by(d, d->mandate);
}

/** device_permission_by() - what might be done now on another's word. */
struct permission device_permission_by(const struct device *d, enum mandate mandate)
{
	return permission_of(&(struct circumstances){
		.entry = d->assignment.used.entry,
		.mandate = mandate,
		.off = d->env->off,
		.unreadable = d->world.memory.unreadable < 0,
		.waits = d->turn.is == TURN_LATER,
		.held = d->turn.is == TURN_HELD,
		.clashes = d->turn.is == TURN_CLASH,
		.paused_until = d->world.memory.pause.until,
		.converged_once = d->world.memory.converged_once,
		.torn_down = d->world.facts.reload_failed,
		.reload_part_failed = failures_block_reload(&d->failures),
		.rollback = d->world.memory.lasting.rollback,
		.retry_at = d->failures.retry_at,
	});
}

/** device_may_go_ahead() - after a reload, could there be something to be set without a look? */
bool device_may_go_ahead(const struct device *d)
{
	if (device_permission(d).may < MAY_LIVE || !assignment_is_bound(&d->assignment) ||
	    d->world.memory.lasting.rollback != ROLLBACK_NONE)
		return false;
	vec_each(n, &d->world.memory.pristine.notes)
		if (n->class->resets)
			return true;
	return false;
}

/**
 * device_ahead() - what is set after a reload without a look.
 * @ret: must be empty; to be cleared
 *
 * What has failed is left for the plan, whether or not it is due again, and so is all while a
 * roll-back is in force.
 */
void device_ahead(const struct device *d, step_list *ret)
{
	struct ahead_limits limits = {.yielded = &d->fights.yielded};
	struct state goal = {};

	if (!device_may_go_ahead(d))
		return;
	vec_each(f, &d->failures.list)
		vec_push(&limits.failed, &f->step);
	device_goal(d, &goal);
	ahead_make(&goal, &d->world, &limits, ret);
	state_clear(&goal);
	vec_clear(&limits.failed);
}

/** device_status_input() - what the status is derived from; borrows from @d. */
struct status_input device_status_input(const struct device *d)
{
	return (struct status_input){.world = &d->world,
				     .assignment = &d->assignment,
				     .goal = &d->goal,
				     .view = &d->view,
				     .run = &d->run,
				     .failures = &d->failures,
				     .reloads = &d->reloads,
				     .fights = &d->fights,
				     .history = &d->history,
				     .permission = device_permission(d),
				     .rival = d->turn.rival,
				     .settled = d->settled};
}

/** device_add_failure() - @s did not come true: noted, and told. See failures_add(). */
void device_add_failure(struct device *d, const struct step *s, const struct step_result *r,
			uint64_t now)
{
	const struct failure *f = failures_add(&d->failures, s, r, now);

	status_changed(&d->status);
	if (!f) /* told, and not worth another record */
		return;
	journal_failure(device_journal(d), f);
	history_add_failure(&d->history);
}
