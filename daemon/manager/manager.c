// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts configs, devices and jobs together. Decides in which phase carved is, and when it ends. */
#include "manager/manager.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/chan.h"
#include "loop/loop.h"
#include "manager/absent.h"
#include "manager/configs.h"
#include "manager/finder.h"
#include "manager/jobs.h"
#include "manager/keeper.h"
#include "manager/loading.h"
#include "manager/look.h"
#include "manager/turns.h"
#include "manager/worker.h"
#include "store/file.h"
#include "store/lock.h"
#include "store/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Another carved holds the lock, perhaps a dead one whose request the kernel still carries out. */
#define LOCK_RETRY_USEC (USEC_PER_SEC / 4)

enum manager_phase { MANAGER_WAITING_FOR_LOCK, MANAGER_RUNNING, MANAGER_STOPPING };

struct manager {
	struct manager_options options;
	struct loop *loop;
	struct transport transport;
	struct chan_hub *hub;
	enum manager_phase phase;
	bool reloaded; /* the files were read again: observers are to be told */
	struct store store;
	struct configs configs;
	struct keeper keeper;
	struct devices devices;
	struct finder finder;
	struct jobs jobs;
	struct worker worker;
	struct loader loader;
	struct loading *judging; /* are the problems of the files still there? or NULL */
	struct observers observers;
	struct loop_task *conclusion;
	struct loop_timer *lock_timer, *settle_timer, *trial_timer;
	int lock_error; /* -errno: why the lock cannot be taken, as told */
	int exit_code;
};

/* --- conclusions -------------------------------------------------------------- */

static void finish(struct manager *m, int exit_code)
{
	m->exit_code = exit_code;
	loop_stop(m->loop);
}

/* With --once the exit code says what has been reached, however it ends. */
static int exit_code_of(const struct manager *m)
{
	return !m->options.once || manager_state(m) == STATE_CONVERGED ? EXIT_CONVERGED
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
		if (m->configs.fresh && !devices_busy(&m->devices))
			keeper_keep(&m->keeper);
		if (settled)
			undone(m);
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

static void schedule_settle(struct manager *m)
{
	uint64_t timeout = m->configs.in_force->settle_timeout, now = clock_now();
	uint64_t at = m->jobs.started + timeout;

	loop_timer_set(m->settle_timer, at > now ? at : now + timeout);
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

/* --- the config ------------------------------------------------------------------- */

static void schedule_trial(struct manager *m)
{
	const struct ledger *l = &m->configs.ledger;

	loop_timer_set(m->trial_timer, ledger_has_trial(l) ? l->trial.deadline : USEC_NEVER);
	m->devices.env.device.trial = ledger_has_trial(l);
}

/* Return: the job that ends when all have come to rest. */
static uint64_t enact(struct manager *m, const char *who)
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
	schedule_settle(m);
	schedule_trial(m);
	job = jobs_add(&m->jobs, "");
	devices_send(&m->devices, "", &e);
	finder_follow_config(&m->finder);
	return job;
}

static int roll_back(struct manager *m, const char *why, const char *who, uint64_t *ret_job)
{
	int r = configs_roll_back(&m->configs, why, who);

	m->reloaded = true;
	loop_defer(m->conclusion);
	if (r == 0)
		*ret_job = enact(m, who);
	schedule_trial(m);
	return r;
}

static int end_trial(struct manager *m, const char *who, uint64_t *ret_job)
{
	_cleanup_free_ char *why = mem_printf("%s asked for it", who ? who : "somebody");

	return roll_back(m, why, who, ret_job);
}

static void on_trial_timer(void *user)
{
	struct manager *m = user;
	uint64_t job;

	if (!ledger_is_over(&m->configs.ledger, clock_now(), m->configs.boot))
		schedule_trial(m);
	else if (m->phase == MANAGER_RUNNING)
		roll_back(m, "it was not confirmed in time", NULL, &job);
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
	schedule_trial(m);
	finder_start(&m->finder);
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
		on_lock(m);
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
	m->trial_timer = loop_timer_new(loop, on_trial_timer, m);
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
	schedule_settle(m);
	schedule_trial(m);
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

/* --- what may be asked for ------------------------------------------------------- */

/**
 * manager_reload() - read the config files again.
 * @who: asks, for people; or NULL
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
	*ret_job = enact(m, who);
	return 0;
}

/** manager_confirm() - see configs_confirm(). Return: as that. */
int manager_confirm(struct manager *m)
{
	int r = configs_confirm(&m->configs);

	schedule_trial(m);
	m->reloaded = true;
	loop_defer(m->conclusion);
	return r;
}

/**
 * manager_roll_back() - an older config is in force; without a trial of its own it ends one.
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

	if (ledger_has_trial(l) && to == l->trial.before && !confirm)
		return end_trial(m, who, ret_job);
	if (manager_refuses_config(m, confirm))
		return -EBUSY;
	m->reloaded = true;
	loop_defer(m->conclusion);
	r = configs_replace(&m->configs, to, who, confirm);
	if (r == 0)
		*ret_job = enact(m, who);
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
 * @who: asks, for people; or NULL
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
 * @who: asks, for people; or NULL
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

/* --- what there is to see --------------------------------------------------------- */

/** manager_load_candidate() - see loading_new(). Return: as that. */
struct loading *manager_load_candidate(struct manager *m, struct overlay *overlay,
				       void (*done)(void *user), void *user)
{
	return loading_new(&m->loader, overlay, done, user);
}

/** manager_load_kept() - see loading_kept(). Return: as that. */
struct loading *manager_load_kept(struct manager *m, uint64_t hash, void (*done)(void *user),
				  void *user)
{
	return loading_kept(&m->loader, hash, done, user);
}

static void on_judged(void *user)
{
	struct manager *m = user;

	m->judging = loading_free(m->judging);
}

/** manager_diagnostics() - Return: the problems of the files, adopted or not. */
const struct diag_list *manager_diagnostics(struct manager *m)
{
	if (configs_doubt(&m->configs) && !m->judging)
		m->judging = loading_new(&m->loader, NULL, on_judged, m);
	return configs_problems(&m->configs);
}

/** manager_generation() - Return: how many configs came into force. */
uint64_t manager_generation(const struct manager *m)
{
	return m->configs.generation;
}

/** manager_out_of_sync() - do the files on disk say something else than what is in force? */
bool manager_out_of_sync(struct manager *m)
{
	return configs_out_of_sync(&m->configs);
}

/** manager_ledger() - Return: which configs were accepted, and what is on trial. */
const struct ledger *manager_ledger(const struct manager *m)
{
	return &m->configs.ledger;
}

/** manager_known_config() - see configs_known(). Return: as that. */
struct config *manager_known_config(const struct manager *m, uint64_t hash)
{
	return configs_known(&m->configs, hash);
}

/** manager_config() - Return: the config in force. */
const struct config *manager_config(const struct manager *m)
{
	return m->configs.in_force;
}

/** manager_count() - Return: how many devices there are, sorted by handle. */
size_t manager_count(const struct manager *m)
{
	return m->devices.list.n;
}

/** manager_at() - Return: the device number @i; it may be gone. */
struct runner *manager_at(const struct manager *m, size_t i)
{
	return m->devices.list.v[i].runner;
}

/** manager_count_departed() - Return: how many devices that are gone are remembered. */
size_t manager_count_departed(const struct manager *m)
{
	return m->devices.departed.n;
}

/** manager_departed() - Return: what such a device has done. */
const struct departed *manager_departed(const struct manager *m, size_t i)
{
	return &m->devices.departed.v[i];
}

/** manager_state() - see devices_state(). */
enum device_state manager_state(const struct manager *m)
{
	return devices_state(&m->devices);
}

/** manager_absent() - see devices_absent(). */
enum device_state manager_absent(const struct manager *m, entry_list *ret)
{
	return devices_absent(&m->devices, ret);
}

/** manager_absent_reason() - see absent_reason(). */
char *manager_absent_reason(const struct manager *m, const struct entry *e)
{
	return absent_reason(&m->devices, e);
}

/** manager_busy() - is any device not at rest? */
bool manager_busy(const struct manager *m)
{
	return devices_busy(&m->devices);
}

/** manager_problem() - Return: why no device can be reached at all, or NULL. */
const char *manager_problem(const struct manager *m)
{
	if (m->phase != MANAGER_WAITING_FOR_LOCK)
		return m->finder.problem;
	return m->lock_error ? "it cannot be made sure that no other carved runs: see the journal"
			     : "another carved has not ended yet";
}

/**
 * manager_look() - look at a file of firmware for somebody else than a device's machine; see
 * look_new().
 */
struct look *manager_look(struct manager *m, const struct firmware *f, void (*done)(void *user),
			  void *user)
{
	return look_new(&m->worker, m->devices.env.images, f, done, user);
}
