// SPDX-License-Identifier: GPL-2.0-or-later
/* What follows when another config comes into force: devices hear of it, timers begin. */
#include "manager/enact.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "manager/manager_parts.h"

/** enact_schedule_settle() - from then on what has no device is absent. */
void enact_schedule_settle(struct manager *m)
{
	uint64_t timeout = m->configs.in_force->settle_timeout, now = clock_now();
	uint64_t at = m->jobs.started + timeout;

	loop_timer_set(m->settle_timer, at > now ? at : now + timeout);
}

/** enact_schedule_trial() - as the ledger says: the timer that ends it, and what devices hear. */
void enact_schedule_trial(struct manager *m)
{
	const struct ledger *l = &m->configs.ledger;

	loop_timer_set(m->trial_timer, ledger_has_trial(l) ? l->trial.deadline : USEC_NEVER);
	m->devices.env.device.trial = ledger_has_trial(l);
}

/**
 * enact_config() - the config in force is another one: hand it to all devices.
 * @who: asks for it, for the history; or NULL
 *
 * Return: the job that ends when all have come to rest.
 */
uint64_t enact_config(struct manager *m, const char *who)
{
	const struct device_event e = {.type = DEVICE_EV_CONFIG,
				       .config = m->configs.in_force,
				       .undo = m->configs.ledger.undoing,
				       .who = who};
	uint64_t job;

	m->devices.config = m->configs.in_force;
	m->devices.undoing = m->configs.ledger.undoing;
	if (m->phase != MANAGER_WAITING_FOR_LOCK)
		keeper_begin(&m->keeper);
	enact_schedule_settle(m);
	enact_schedule_trial(m);
	job = jobs_add(&m->jobs, "");
	devices_send(&m->devices, "", &e);
	finder_follow_config(&m->finder);
	return job;
}

/**
 * enact_rollback() - the trial ends with the config before it.
 * @why: for the journal
 * @who, @ret_job: as in enact_config(); only set on success
 *
 * Return: as configs_roll_back().
 */
int enact_rollback(struct manager *m, const char *why, const char *who, uint64_t *ret_job)
{
	int r = configs_roll_back(&m->configs, why, who);

	m->reloaded = true;
	loop_defer(m->conclusion);
	if (r == 0)
		*ret_job = enact_config(m, who);
	enact_schedule_trial(m);
	return r;
}

/** enact_on_trial_timer() - roll back what was not confirmed in time. */
void enact_on_trial_timer(void *user)
{
	struct manager *m = user;
	uint64_t job;

	if (!ledger_is_over(&m->configs.ledger, clock_now(), m->configs.boot))
		enact_schedule_trial(m);
	else if (m->phase == MANAGER_RUNNING)
		enact_rollback(m, "it was not confirmed in time", NULL, &job);
}
