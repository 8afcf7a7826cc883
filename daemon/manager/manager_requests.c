// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked of carved: other configs, trials, an apply, a pause; and when it refuses to. */
#include "base/log.h"
#include "loop/loop.h"
#include "manager/enact.h"
#include "manager/manager.h"
#include "manager/manager_parts.h"

#include <errno.h>
#include <stdlib.h>

/**
 * manager_reload() - read the config files again.
 * @who: who asks, for the history; or NULL
 * @confirm: on trial for so many microseconds; 0: for good
 * @hash: of the config that they have to say; 0: any
 * @ret_job: the job that ends when all devices have come to rest
 *
 * Return: 0; -EBUSY, see manager_refuses_config(); -EINVAL where the files are refused: diagnostics
 * say why; -ESTALE where they say another config. Of an error nothing has changed.
 */
int manager_reload(struct manager *m, const char *who, uint64_t confirm, uint64_t hash,
		   uint64_t *ret_job)
{
	const char *refusal = manager_refuses_config(m, confirm);
	struct config *config;

	if (refusal) {
		log_fact(LOG_ERR, MESSAGE_CONFIG_REFUSED, "%s", refusal);
		return -EBUSY;
	}
	emit(&m->observers, config_loading);
	m->reloaded = true;
	loop_defer(m->conclusion);
	if (configs_load(&m->configs, &config) < 0) {
		log_fact(LOG_ERR, MESSAGE_CONFIG_REFUSED,
			 "the config is refused; the one in force stays");
		return -EINVAL;
	}
	if (hash && config->hash != hash) {
		config_unref(config);
		return -ESTALE;
	}
	configs_accept(&m->configs, config, who, confirm);
	*ret_job = enact_config(m, who);
	return 0;
}

/** manager_confirm() - see configs_confirm(). Return: as that. */
int manager_confirm(struct manager *m)
{
	int r = configs_confirm(&m->configs);

	enact_schedule_trial(m);
	m->reloaded = true;
	loop_defer(m->conclusion);
	return r;
}

static int end_trial(struct manager *m, const char *who, uint64_t *ret_job)
{
	_cleanup_free_ char *why = mem_printf("%s asked for it", who ? who : "somebody");

	return enact_rollback(m, why, who, ret_job);
}

/**
 * manager_roll_back() - an older config is in force; the one before a trial ends that.
 * @hash: of a config that is kept; 0: the one before
 * @who, @confirm, @ret_job: as in manager_reload()
 *
 * Return: 0; -EBUSY, see manager_refuses_config(); -ENOENT where there is none; -errno where it
 * cannot be read again.
 */
int manager_roll_back(struct manager *m, uint64_t hash, const char *who, uint64_t confirm,
		      uint64_t *ret_job)
{
	const struct ledger *l = &m->configs.ledger;
	uint64_t to = manager_rollback_target(m, hash);
	int r;

	if (ledger_ends_trial(l, to))
		return end_trial(m, who, ret_job);
	if (manager_refuses_config(m, confirm))
		return -EBUSY;
	m->reloaded = true;
	loop_defer(m->conclusion);
	r = configs_replace(&m->configs, to, who, confirm);
	if (r == 0)
		*ret_job = enact_config(m, who);
	return r;
}

/** manager_rollback_target() - Return: the hash that a roll-back to @hash, or 0, brings back. */
uint64_t manager_rollback_target(const struct manager *m, uint64_t hash)
{
	return hash ? hash : ledger_previous(&m->configs.ledger);
}

/** manager_refuses_config() - Return: why another config cannot come into force now, or NULL. */
const char *manager_refuses_config(const struct manager *m, uint64_t confirm)
{
	if (confirm && m->phase != MANAGER_RUNNING)
		return manager_refuses_jobs(m, false);
	if (!confirm && ledger_has_trial(&m->configs.ledger))
		return "a config is on trial: first carvectl confirm, or carvectl rollback; or "
		       "with --confirm TIME, which begins another trial";
	return NULL;
}

/**
 * manager_apply() - let devices bring about what is wanted of them, now.
 * @name: of a device, or of an entry for all its devices; "" for all there are
 * @who: who asks, for the history; or NULL
 * @allow_reload: by a reload too, whatever the policy says and it destroys
 * @retry: what failed, was fought over or quarantined too
 *
 * Return: the job that ends, later, when they have come to rest.
 */
uint64_t manager_apply(struct manager *m, const char *name, const char *who, bool allow_reload,
		       bool retry)
{
	uint64_t job = jobs_add(&m->jobs, name);

	devices_send(&m->devices, name,
		     &(struct device_event){.type = DEVICE_EV_APPLY,
					    .allow_reload = allow_reload,
					    .retry = retry,
					    .who = who});
	loop_defer(m->conclusion);
	return job;
}

/**
 * manager_pause() - write nothing to devices, or go on with that.
 * @name: of a device, or of an entry for all its devices
 * @who: who asks, for the history; or NULL
 * @until: by clock_now(); 0: go on; USEC_NEVER: without an end
 * @wall: the same by clock_wall()
 */
void manager_pause(struct manager *m, const char *name, const char *who, uint64_t until,
		   uint64_t wall)
{
	devices_send(&m->devices, name,
		     &(struct device_event){
			     .type = DEVICE_EV_PAUSE, .until = until, .wall = wall, .who = who});
	loop_defer(m->conclusion);
}

/** manager_jobs_full() - see jobs_full(). Return: as that. */
bool manager_jobs_full(const struct manager *m, bool limited)
{
	return jobs_full(&m->jobs, limited);
}

/**
 * manager_refuses_jobs() - may nothing be begun now?
 * @limited: as in jobs_full()
 *
 * Return: why not, or NULL.
 */
const char *manager_refuses_jobs(const struct manager *m, bool limited)
{
	switch (m->phase) {
	case MANAGER_STOPPING:
		return "carved is being stopped";
	case MANAGER_WAITING_FOR_LOCK:
		return manager_problem(m);
	case MANAGER_RUNNING:
		return jobs_full(&m->jobs, limited) ? "too many jobs wait already" : NULL;
	}
	abort();
}
