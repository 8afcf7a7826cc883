// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides when a job has ended and when carved is ready. */
#include "manager/jobs.h"
#include "base/clock.h"

#include <errno.h>

/* More that wait to come to rest are no use to anybody. */
#define JOBS_MAX 256

/** jobs_add() - Return: the number of a new job for @name, a device or an entry; "" for all. */
uint64_t jobs_add(struct jobs *j, const char *name)
{
	vec_push(&j->list, ((struct job){++j->last, mem_strdup(name)}));
	return j->last;
}

/** jobs_full() - do too many wait already? @limited: for those who leave some for others. */
bool jobs_full(const struct jobs *j, bool limited)
{
	return j->list.n >= (limited ? JOBS_MAX * 3 / 4 : JOBS_MAX);
}

/* Return: the state in which it ended, or -EAGAIN. */
static int job_state(const struct job *job, const struct devices *d)
{
	enum device_state state = STATE_UNMANAGED;
	bool found = false;

	if (!*job->name)
		return devices_busy(d) ? -EAGAIN : (int)devices_state(d);
	for (size_t i = 0; i < d->list.n; i++) {
		const struct device *device = devices_at(d, i);

		if (runner_gone(d->list.v[i].runner) || !device_matches_name(device, job->name))
			continue;
		if (device_busy(device))
			return -EAGAIN;
		found = true;
		state = MIN(state, device->status.state);
	}
	return found ? (int)state : STATE_ABSENT;
}

/** jobs_end() - end those whose devices are at rest, and tell the observers. */
void jobs_end(struct jobs *j, const struct devices *d, const struct observers *o)
{
	for (size_t i = 0; i < j->list.n;) {
		struct job job = j->list.v[i];
		int state = job_state(&job, d);

		if (state < 0) {
			i++;
			continue;
		}
		vec_remove(&j->list, i);
		emit(o, job_removed, job.id, device_state_name((enum device_state)state));
		free(job.name);
	}
}

/**
 * jobs_settled() - has all come to rest?
 * @reachable: there may be devices: those that are absent are waited for, for a while after the
 * start
 */
bool jobs_settled(struct jobs *j, const struct devices *d, bool reachable)
{
	bool waits = reachable && !j->waited_enough &&
		     clock_now() < j->started + d->config->settle_timeout;
	bool settled = !devices_busy(d) && !(waits && devices_any_absent(d));

	j->waited_enough |= settled;
	return settled;
}

/** jobs_clear() - at the end. */
void jobs_clear(struct jobs *j)
{
	vec_each(job, &j->list)
		free(job->name);
	vec_clear(&j->list);
}
