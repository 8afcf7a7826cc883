// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts configs, devices and jobs together. Decides in which phase carved is, and when it ends. */
#include "manager/manager.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/chan.h"
#include "loop/loop.h"
#include "manager/absent.h"
#include "manager/enact.h"
#include "manager/manager_parts.h"
#include "manager/turns.h"
#include "store/lock.h"
#include "store/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Another carved holds the lock, perhaps a dead one whose request the kernel still carries out. */
#define LOCK_RETRY_USEC (USEC_PER_SEC / 4)

/* --- conclusions -------------------------------------------------------------- */

static void finish(struct manager *m, int exit_code)
{
	m->exit_code = exit_code;
	loop_stop(m->loop);
}

/* With --once the exit code says what has been reached, however it ends. */
static int exit_code_of(const struct manager *m)
{
	return !m->options.once || devices_state(&m->devices) == STATE_CONVERGED
		       ? EXIT_CONVERGED
		       : EXIT_NOT_CONVERGED;
}

/* Devices that register from now on have nothing that a trial has left. */
static void undone(struct manager *m)
{
	for (size_t i = 0; i < m->devices.list.n; i++)
		if (devices_at(&m->devices, i)->mandate == MANDATE_UNDO) /* of one that is paused */
			return;
	m->devices.undoing = false;
	configs_undone(&m->configs);
}

/* What follows from all that happened at one wake-up. */
static void conclude(void *user)
{
	struct manager *m = user;
	bool settled = false;

	devices_conclude(&m->devices);
	turns_end(&m->devices);
	if (m->reloaded)
		emit(&m->observers, config_loaded, !m->configs.diags.n_errors);
	m->reloaded = false;
	if (m->phase != MANAGER_STOPPING) {
		settled = jobs_settled(&m->jobs, &m->devices, !m->finder.problem);
		if (m->configs.fresh && !devices_busy(&m->devices)) {
			emit(&m->observers, concluded, false); /* before the disk is waited for */
			keeper_keep(&m->keeper);
		}
		if (settled)
			undone(m);
		keeper_retry(&m->keeper);
		jobs_end(&m->jobs, &m->devices, &m->observers);
	}
	emit(&m->observers, concluded, settled);
	devices_keep(&m->devices);
	if (m->phase == MANAGER_STOPPING
		    ? devices_interruptible(&m->devices)
		    : settled && m->options.once && !devices_retrying(&m->devices) &&
			      !devices_saving(&m->devices))
		finish(m, exit_code_of(m));
	else if (!m->options.once)
		devices_trim(&m->devices);
}

/* Drivers have had time enough to come up. */
static void on_settle_timer(void *user)
{
	struct manager *m = user;
	entry_list absent = {};

	if (m->devices.listed)
		devices_absent(&m->devices, &absent);
	else /* on a busy machine the kernel takes longer to tell */
		loop_timer_set(m->settle_timer, clock_now() + USEC_PER_SEC / 10);
	vec_each(e, &absent) {
		_cleanup_free_ char *why = absent_reason(&m->devices, *e);

		log_with(LOG_WARNING,
			 &(struct log_fields){.id = MESSAGE_ABSENT,
					      .file = (*e)->mark.file,
					      .line = (*e)->mark.line},
			 "no device matches the entry %s: %s", (*e)->name, why);
	}
	vec_clear(&absent);
	loop_defer(m->conclusion);
}

/* --- from start to end ---------------------------------------------------------- */

static void wait_for_lock(struct manager *m)
{
	loop_defer(m->conclusion);
	loop_timer_set(m->lock_timer, clock_now() + LOCK_RETRY_USEC);
}

static void on_lock(struct manager *m)
{
	m->phase = MANAGER_RUNNING;
	store_forget_devices(&m->store);
	keeper_begin(&m->keeper);
	enact_schedule_trial(m);
	finder_start(&m->finder);
}

/*
 * What another carved did meanwhile is in the ledger, and what it was told in the files: this is a
 * start like any.
 */
static void start_again(struct manager *m)
{
	configs_start_again(&m->configs);
	m->devices.config = m->configs.in_force;
	m->devices.undoing = m->configs.ledger.undoing;
	m->reloaded = true;
	enact_schedule_settle(m);
	on_lock(m);
}

/* Whoever cannot be sure to be alone writes nothing. */
static void on_no_lock(struct manager *m, int error)
{
	if (error != m->lock_error)
		log_fact(LOG_ERR, MESSAGE_NOT_SAVED, "%s/lock: %s", m->options.runtime_dir,
			 strerror(-error));
	m->lock_error = error;
	if (m->options.once)
		finish(m, EXIT_NOT_CONVERGED);
	else
		wait_for_lock(m);
}

static void on_lock_timer(void *user)
{
	struct manager *m = user;
	int r = store_lock(&m->store);

	if (r == -EWOULDBLOCK)
		wait_for_lock(m);
	else if (r < 0)
		on_no_lock(m, r);
	else
		start_again(m);
}

static void take_lock(struct manager *m)
{
	int r = store_lock(&m->store);

	if (r == -EWOULDBLOCK && m->options.once) {
		log_fact(LOG_ERR, MESSAGE_RUNNING, "carved is running already (%s/lock)",
			 m->options.runtime_dir);
		finish(m, EXIT_RUNNING);
	} else if (r == -EWOULDBLOCK) {
		log_fact(LOG_NOTICE, MESSAGE_RUNNING,
			 "another carved has not ended yet (%s/lock): waiting for it",
			 m->options.runtime_dir);
		wait_for_lock(m);
	} else if (r < 0) {
		on_no_lock(m, r);
	} else {
		on_lock(m);
	}
}

static struct runner_env environment(const struct manager *m)
{
	const struct manager_options *o = &m->options;
	bool elsewhere = o->kernel_path && *o->config_root;

	return (struct runner_env){.device = o->device,
				   .loop = m->loop,
				   .hub = m->hub,
				   .store = &m->store,
				   .sysfs = o->kernel_path ? o->config_root : "",
				   .images = elsewhere ? o->config_root : "/"};
}

/**
 * manager_new() - nothing is read or sent before manager_start().
 * @options: what they point to must outlive the manager
 */
struct manager *manager_new(struct loop *loop, const struct manager_options *options)
{
	struct manager *m = mem_new(struct manager);

	m->loop = loop;
	m->options = *options;
	m->transport.unix_path = options->kernel_path;
	m->hub = chan_hub_new(&m->transport);
	m->store = (struct store){.runtime_dir = options->runtime_dir,
				  .state_dir = options->state_dir,
				  .config_root = options->config_root,
				  .runtime_fd = -1,
				  .state_fd = -1,
				  .lock_fd = -1,
				  .former_fd = -1,
				  .former_lock_fd = -1};
	m->conclusion = loop_task_new(loop, conclude, m);
	m->configs = (struct configs){.store = &m->store,
				      .boot = options->device.boot,
				      .paths = {.root = options->config_root,
						.file = options->config_file,
						.trusted_only = true}};
	m->worker.hub = m->hub;
	m->loader = (struct loader){.worker = &m->worker,
				    .store = &m->store,
				    .known = &m->configs,
				    .paths = m->configs.paths};
	m->devices = (struct devices){
		.env = environment(m), .conclusion = m->conclusion, .observers = &m->observers};
	m->devices.env.device.take_turn = turns_take;
	m->devices.env.device.user = &m->devices;
	devices_init(&m->devices);
	m->finder = (struct finder){
		.devices = &m->devices, .loop = loop, .hub = m->hub, .transport = &m->transport};
	finder_init(&m->finder);
	m->jobs.started = clock_now();
	m->lock_timer = loop_timer_new(loop, on_lock_timer, m);
	m->settle_timer = loop_timer_new(loop, on_settle_timer, m);
	m->trial_timer = loop_timer_new(loop, enact_on_trial_timer, m);
	keeper_init(&m->keeper, &m->configs, &m->devices, loop);
	return m;
}

/** manager_free() - observers are not told. Return: NULL. */
struct manager *manager_free(struct manager *m)
{
	if (!m)
		return NULL;
	devices_clear(&m->devices);
	jobs_clear(&m->jobs);
	finder_clear(&m->finder);
	loading_free(m->judging);
	loader_clear(&m->loader);
	worker_clear(&m->worker);
	chan_hub_free(m->hub);
	loop_timer_free(m->lock_timer);
	loop_timer_free(m->settle_timer);
	loop_timer_free(m->trial_timer);
	keeper_clear(&m->keeper);
	loop_task_free(m->conclusion);
	configs_clear(&m->configs);
	store_close(&m->store);
	vec_clear(&m->observers.list);
	free(m);
	return NULL;
}

/** manager_add_observer() - tell @user from now on, after those that were added before. */
void manager_add_observer(struct manager *m, const struct manager_observer *calls, void *user)
{
	vec_push(&m->observers.list, ((struct observer){calls, user}));
}

/**
 * manager_start() - load the config and begin.
 *
 * Return: 0, or the exit code with which to end.
 */
int manager_start(struct manager *m)
{
	int r = store_open(&m->store);

	if (r < 0)
		log_fact(LOG_ERR, MESSAGE_NOT_SAVED, "%s or %s: %s", m->options.runtime_dir,
			 m->options.state_dir, strerror(-r));
	if (configs_start(&m->configs, !m->options.once) < 0) {
		_cleanup_free_ char *text = diag_render_all(&m->configs.diags);

		log_fact(LOG_ERR, MESSAGE_CONFIG_REFUSED,
			 "the config is refused, and there is none to fall back to");
		fputs(text, stderr);
		return EXIT_BAD_CONFIG;
	}
	m->devices.config = m->configs.in_force;
	m->devices.undoing = m->configs.ledger.undoing;
	enact_schedule_settle(m);
	enact_schedule_trial(m);
	take_lock(m);
	return m->exit_code;
}

/* What keeps carved from ending at once. */
static void tell_waits(const struct manager *m)
{
	vec_each(member, &m->devices.list) {
		uint64_t since;
		const char *handle = runner_device(member->runner)->handle;
		const char *request = runner_request(member->runner, &since);

		if (request)
			log_with(LOG_NOTICE,
				 &(struct log_fields){.id = MESSAGE_SLOW, .device = handle},
				 "%s: to stop waits for %s, which the kernel has been at for %u s",
				 handle, request, (unsigned)((clock_now() - since) / USEC_PER_SEC));
	}
}

/** manager_stop() - end the loop between two steps: what the kernel is at cannot be interrupted. */
void manager_stop(struct manager *m)
{
	if (m->phase == MANAGER_RUNNING) {
		tell_waits(m);
		keeper_keep(&m->keeper);
	}
	m->phase = MANAGER_STOPPING;
	devices_stop(&m->devices);
	loop_timer_set(m->lock_timer, USEC_NEVER);
	loop_defer(m->conclusion);
}

/** manager_exit_code() - Return: with what the process is to end, once the loop has. */
int manager_exit_code(const struct manager *m)
{
	return m->exit_code;
}
