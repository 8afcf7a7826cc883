// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which config is in force, which devices there are, when everything has come to rest. What happens
 * to a device is its machine's to decide.
 */
#include "manager/manager.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/directory.h"
#include "kernel/netdevs.h"
#include "kernel/watch.h"
#include "manager/kept.h"
#include "model/handle.h"
#include "plan/match.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* More that wait to come to rest are no use to anybody. */
#define JOBS_MAX 256

/* Another carved holds the lock, perhaps a dead one whose request the kernel still carries out. */
#define LOCK_RETRY_USEC (USEC_PER_SEC / 4)
/* A storm can make the kernel drop notifications many times a second. */
#define OVERRUN_LOG_USEC (60 * USEC_PER_SEC)

/* Something was asked for; it ends when what it is about has come to rest. */
struct job {
	uint64_t id;
	char *name; /* of a device or an entry; "": all */
};

/* A kernel that does not answer is asked again. */
#define KERNEL_RETRY_USEC (10 * USEC_PER_SEC)

struct manager {
	struct runner_env env;
	struct manager_options options;
	struct yaml_paths paths;
	const struct manager_face *face;
	void *face_user;
	struct store store;
	struct config *config;
	struct diag_list diags; /* of the last load */
	uint64_t generation;

	struct directory *directory;
	struct watch *watch;
	struct loop_io *watch_io, *hub_io;
	struct loop_timer *lock_timer, *audit_timer, *settle_timer, *sweep_timer;
	VEC(struct runner *) devices;
	departed_list departed;
	bool listed, stopping;
	text_list missed; /* devices that wait until their predecessors are swept */
	bool has_settled; /* nothing is waited for any more that is not there */
	bool waiting;	  /* another carved has the lock */
	bool fresh;	  /* the config waits for that to be in force */
	bool hold;	  /* in the middle of handing out something: no conclusions yet */
	uint64_t started;
	uint64_t overrun_logged; /* when it was said last that notifications were lost */
	char *problem;		 /* why no device can be reached at all, or NULL */
	VEC(struct job) jobs;
	uint64_t last_job;
	int exit_code;
};

/* --- who is there ------------------------------------------------------------ */

size_t manager_count(const struct manager *m)
{
	return m->devices.n;
}

struct runner *manager_at(const struct manager *m, size_t i)
{
	return m->devices.v[i];
}

/** manager_departed() - what those devices have done that are gone. */
const departed_list *manager_departed(const struct manager *m)
{
	return &m->departed;
}

/** manager_find() - the device with this handle, or NULL. */
struct runner *manager_find(const struct manager *m, const char *handle)
{
	vec_each(d, &m->devices)
		if (!runner_gone(*d) && strcmp(runner_device(*d)->handle, handle) == 0)
			return *d;
	return NULL;
}

/**
 * manager_absent() - append the entries of which there is no device.
 *
 * Wanted at each change: one look at each device and each entry.
 *
 * Return: their state: absent, but for as long as it is not known what there is.
 */
enum device_state manager_absent(const struct manager *m, entry_list *ret)
{
	const struct config *c = m->config;
	_cleanup_free_ bool *matched = mem_alloc(c->entries.n);

	vec_each(d, &m->devices)
		vec_each(e, &runner_device(*d)->assignment.matches)
			if (*e >= c->entries.v && *e < c->entries.v + c->entries.n)
				matched[*e - c->entries.v] = true; /* else of one before */
	for (size_t i = 0; i < c->entries.n; i++)
		if (!matched[i])
			vec_push(ret, &c->entries.v[i]);
	return m->listed ? STATE_ABSENT : STATE_READING;
}

static bool is_any_absent(const struct manager *m)
{
	entry_list absent = {};
	bool any;

	manager_absent(m, &absent);
	any = absent.n;
	vec_clear(&absent);
	return any;
}

const struct config *manager_config(const struct manager *m)
{
	return m->config;
}

const struct diag_list *manager_diagnostics(const struct manager *m)
{
	return &m->diags;
}

/** manager_generation() - counts the configs that came into force. */
uint64_t manager_generation(const struct manager *m)
{
	return m->generation;
}

/** manager_problem() - why no device can be reached at all, or NULL. */
const char *manager_problem(const struct manager *m)
{
	return m->waiting ? "another carved has not ended yet" : m->problem;
}

/** manager_hindrance() - why nothing can be begun now, or NULL. */
const char *manager_hindrance(const struct manager *m)
{
	if (m->stopping)
		return "carved is being stopped";
	if (m->waiting)
		return "another carved has not ended yet";
	if (m->jobs.n >= JOBS_MAX)
		return "too many jobs wait already";
	return NULL;
}

/** manager_state() - the first in precedence over all devices that are managed, and absent entries.
 */
enum device_state manager_state(const struct manager *m)
{
	enum device_state state = STATE_CONVERGED;

	if (!m->listed)
		return STATE_READING;
	vec_each(d, &m->devices)
		if (runner_device(*d)->status.state != STATE_UNMANAGED)
			state = MIN(state, runner_device(*d)->status.state);
	return state > STATE_ABSENT && is_any_absent(m) ? STATE_ABSENT : state;
}

/** manager_busy() - is any device not at rest? */
bool manager_busy(const struct manager *m)
{
	if (!m->listed)
		return true;
	vec_each(d, &m->devices)
		if (device_busy(runner_device(*d)))
			return true;
	return false;
}

/* --- coming to rest ---------------------------------------------------------- */

static bool settled(const struct manager *m)
{
	bool waits = !m->problem && !m->has_settled &&
		     clock_now() < m->started + m->config->settle_timeout;

	return !manager_busy(m) && !(waits && is_any_absent(m));
}

static uint64_t add_job(struct manager *m, const char *name)
{
	vec_push(&m->jobs, ((struct job){++m->last_job, mem_strdup(name)}));
	return m->last_job;
}

/* Return: the state in which it ended, or -EAGAIN. */
static int job_state(const struct manager *m, const struct job *job)
{
	enum device_state state = STATE_UNMANAGED;
	bool found = false;

	if (!*job->name)
		return manager_busy(m) ? -EAGAIN : (int)manager_state(m);
	vec_each(d, &m->devices) {
		const struct device *device = runner_device(*d);

		if (runner_gone(*d) || !device_matches_name(device, job->name))
			continue;
		if (device_busy(device))
			return -EAGAIN;
		found = true;
		state = MIN(state, device->status.state);
	}
	return found ? (int)state : STATE_ABSENT;
}

static void end_jobs(struct manager *m)
{
	for (size_t i = 0; i < m->jobs.n;) {
		struct job job = m->jobs.v[i];
		int state = job_state(m, &job);

		if (state < 0) {
			i++;
			continue;
		}
		vec_remove(&m->jobs, i);
		if (m->face && m->face->job_removed)
			m->face->job_removed(m->face_user, job.id,
					     device_state_name((enum device_state)state));
		free(job.name);
	}
}

static void finish(struct manager *m, int exit_code)
{
	m->exit_code = exit_code;
	loop_stop(m->env.loop);
}

/* With --once the exit code says what has been reached, however it ends. */
static int exit_code_of(const struct manager *m)
{
	return !m->options.once || manager_state(m) == STATE_CONVERGED ? EXIT_CONVERGED
								       : EXIT_NOT_CONVERGED;
}

static void check_stopped(struct manager *m)
{
	vec_each(d, &m->devices)
		if (runner_writing(*d) || runner_saving(*d))
			return;
	finish(m, exit_code_of(m));
}

/* Is there something for which --once waits? */
static bool is_unfinished(const struct manager *m)
{
	vec_each(d, &m->devices)
		if (runner_device(*d)->failures.retry_at != USEC_NEVER || runner_saving(*d))
			return true;
	return false;
}

static void check_ready(struct manager *m)
{
	bool ready = settled(m);

	if (m->hold)
		return;
	if (m->stopping) {
		check_stopped(m);
		return;
	}
	m->has_settled |= ready;
	end_jobs(m);
	if (m->face && m->face->ready)
		m->face->ready(m->face_user, ready);
	if (ready && m->options.once && !is_unfinished(m))
		finish(m, exit_code_of(m));
}

static void schedule_settle(struct manager *m)
{
	uint64_t now = clock_now(), at = m->started + m->config->settle_timeout;

	loop_timer_set(m->settle_timer, at > now ? at : now + m->config->settle_timeout);
}

/* Drivers have had time enough to come up. */
static void on_settle_timer(void *user)
{
	struct manager *m = user;
	entry_list absent = {};

	if (m->listed)
		manager_absent(m, &absent);
	vec_each(e, &absent)
		log_with(LOG_WARNING,
			 &(struct log_fields){.id = MESSAGE_ABSENT,
					      .file = (*e)->mark.file,
					      .line = (*e)->mark.line},
			 "no device matches the entry %s", (*e)->name);
	vec_clear(&absent);
	check_ready(m);
}

/* --- devices come and go ----------------------------------------------------- */

static void on_changed(void *user, struct runner *device)
{
	struct manager *m = user;

	if (runner_gone(device))
		loop_timer_set(m->sweep_timer, clock_now());
	else if (m->face && m->face->device_changed)
		m->face->device_changed(m->face_user, device);
	check_ready(m);
}

/* Forget the devices that are gone, when that is on disk; outside of their own calls. */
static void sweep(struct manager *m)
{
	for (size_t i = m->devices.n; i-- > 0;) {
		struct runner *d = m->devices.v[i];

		if (!runner_gone(d) || runner_saving(d))
			continue;
		vec_remove(&m->devices, i);
		log_with(LOG_INFO,
			 &(struct log_fields){.id = MESSAGE_GONE,
					      .device = runner_device(d)->handle},
			 "%s: no such device", runner_device(d)->handle);
		if (m->face && m->face->device_removed)
			m->face->device_removed(m->face_user, d);
		departed_keep(&m->departed, d);
		runner_free(d);
	}
}

static int by_handle(const void *pa, const void *pb)
{
	struct runner *const *a = pa, *const *b = pb;

	return strcmp(runner_device(*a)->handle, runner_device(*b)->handle);
}

/* A device that is gone must not be in the way of its successor, which waits until that is on disk. */
static void add_device(struct manager *m, const char *handle)
{
	struct runner *d;

	sweep(m);
	vec_each(gone, &m->devices)
		if (strcmp(runner_device(*gone)->handle, handle) == 0) {
			vec_push(&m->missed, text_intern(handle));
			return;
		}
	d = runner_new(&m->env, handle, m->config,
		       m->listed ? TRIGGER_REGISTRATION : TRIGGER_START);
	departed_return(&m->departed, d);
	kept_return(&m->store, d);
	vec_push(&m->devices, d);
	vec_sort(&m->devices, by_handle);
	if (m->face && m->face->device_added)
		m->face->device_added(m->face_user, d);
	runner_event(d, &(struct device_event){.type = DEVICE_EV_TICK});
}

static void on_device(void *user, const char *handle)
{
	struct manager *m = user;

	if (!manager_find(m, handle))
		add_device(m, handle);
}

static void on_listed(void *user, int error)
{
	struct manager *m = user;

	if (error < 0)
		log_fact(LOG_ERR, MESSAGE_KERNEL, "devices cannot be listed: %s", strerror(-error));
	m->listed = true;
	check_ready(m);
}

/* A device that the config names outright is asked by name: no other device can delay that. */
static void ask_named(struct manager *m)
{
	vec_each(e, &m->config->entries) {
		const char *handle = match_named(e);

		if (handle && handle_valid(handle))
			on_device(m, handle);
	}
}

static void on_netdev(void *user, const char *handle, const char *driver)
{
	struct manager *m = user;

	vec_each(e, &m->config->entries)
		if (handle_valid(handle) &&
		    match_may_be(e, handle, &(struct facts){.driver = driver}))
			on_device(m, handle);
}

/*
 * The list of devices waits for each that is busy. Those that the config names, and those that have
 * netdevs, are asked by name before: no other device can delay that.
 */
static void find_devices(struct manager *m)
{
	ask_named(m);
	netdevs_each_device(m->env.sysfs, on_netdev, m);
	directory_list(m->directory);
}

static void on_sweep(void *user)
{
	struct manager *m = user;
	text_list missed = m->missed;

	m->missed = (text_list){};
	sweep(m);
	vec_each(handle, &missed)
		on_device(m, *handle);
	vec_clear(&missed);
	check_ready(m);
}

/* --- notifications ----------------------------------------------------------- */

/* @handle: NULL: all devices */
static void tell(struct manager *m, const char *handle, const struct device_event *e)
{
	for (size_t i = 0; i < m->devices.n; i++) {
		struct runner *d = m->devices.v[i];

		if (!handle || strcmp(runner_device(d)->handle, handle) == 0)
			runner_event(d, e);
	}
}

static void stale(struct manager *m, const char *handle, enum device_event_type type)
{
	tell(m, handle, &(struct device_event){.type = type, .trigger = TRIGGER_NOTIFICATION});
}

/* ... with its versions. */
static void all_stale(struct manager *m, const char *handle, enum trigger trigger)
{
	tell(m, handle,
	     &(struct device_event){.type = DEVICE_EV_STALE, .trigger = trigger, .identify = true});
}

static void log_overrun(struct manager *m)
{
	uint64_t now = clock_now();

	if (m->overrun_logged && now < m->overrun_logged + OVERRUN_LOG_USEC)
		return;
	m->overrun_logged = now;
	log_fact(LOG_WARNING, MESSAGE_OVERRUN, "notifications were lost: everything is read again");
}

static void show_progress(struct manager *m, const char *handle,
			  const struct flash_progress *progress)
{
	vec_each(d, &m->devices) {
		if (handle && strcmp(runner_device(*d)->handle, handle) != 0)
			continue;
		runner_set_progress(*d, progress);
		if (m->face && m->face->device_progress)
			m->face->device_progress(m->face_user, *d);
	}
}

static void on_notification(void *user, enum watch_event event, const char *handle,
			    const struct flash_progress *progress)
{
	struct manager *m = user;

	switch (event) {
	case WATCH_STALE:
		stale(m, handle, DEVICE_EV_STALE);
		return;
	case WATCH_APPEARED:
		if (manager_find(m, handle))
			stale(m, handle, DEVICE_EV_COUNTED);
		else
			add_device(m, handle);
		return;
	case WATCH_RECREATED:
		stale(m, handle, DEVICE_EV_RECREATED);
		return;
	case WATCH_VANISHED:
		stale(m, handle, DEVICE_EV_VANISHED);
		return;
	case WATCH_PROGRESS:
		show_progress(m, handle, progress);
		if (progress->ended)
			all_stale(m, handle, TRIGGER_FLASH);
		return;
	case WATCH_OVERRUN:
		log_overrun(m);
		show_progress(m, NULL, NULL);
		all_stale(m, NULL, TRIGGER_OVERRUN);
		directory_list(m->directory);
		return;
	}
}

static void on_watch(void *user)
{
	struct manager *m = user;
	int r = m->watch ? watch_dispatch(m->watch) : 0;

	if (r == 0)
		return;
	log_fact(LOG_ERR, MESSAGE_KERNEL, "notifications: %s", strerror(-r));
	m->watch_io = loop_unwatch(m->watch_io);
	m->watch = watch_free(m->watch);
	loop_timer_set(m->audit_timer, clock_now() + KERNEL_RETRY_USEC);
}

static void on_hub(void *user)
{
	struct manager *m = user;

	chan_hub_dispatch(m->env.hub);
}

static void schedule_audit(struct manager *m)
{
	uint64_t interval = m->config->audit_interval;

	loop_timer_set(m->audit_timer, interval ? clock_now() + interval : USEC_NEVER);
}

static void on_audit(void *user)
{
	struct manager *m = user;

	schedule_audit(m);
	if (m->watch)
		all_stale(m, NULL, TRIGGER_AUDIT);
	else
		directory_find(m->directory);
}

/* --- start ------------------------------------------------------------------- */

/* A kernel without devlink will not get it; all else is tried again. */
static void set_problem(struct manager *m, int error)
{
	char *problem = error == -ENOENT
				? mem_strdup("this kernel has no devlink")
				: mem_printf("the kernel cannot be asked: %s", strerror(-error));

	if (!text_equal(problem, m->problem))
		log_fact(LOG_ERR, MESSAGE_KERNEL, "%s: no device can be managed", problem);
	free(m->problem);
	m->problem = problem;
	m->listed = true;
	if (error != -ENOENT)
		loop_timer_set(m->audit_timer, clock_now() + KERNEL_RETRY_USEC);
	check_ready(m);
}

static void on_found(void *user, int error, const struct family *family)
{
	struct manager *m = user;

	if (error == 0)
		error = watch_open(&m->options.transport, family, on_notification, m, &m->watch);
	if (error < 0) {
		set_problem(m, error);
		return;
	}
	free(m->problem);
	m->problem = NULL;
	m->env.family = family->id;
	m->watch_io = loop_watch(m->env.loop, watch_fd(m->watch), on_watch, m);
	all_stale(m, NULL, TRIGGER_START); /* where the notifications had ended */
	find_devices(m);
	schedule_audit(m);
}

static int load(struct manager *m, struct config **ret)
{
	struct diag_list diags = {};
	int r = yaml_load(&m->paths, ret, &diags);

	diag_clear(&m->diags);
	m->diags = diags;
	vec_each(d, &m->diags.diags) {
		_cleanup_free_ char *place = mark_format(d->mark);

		log_with(d->severity == DIAG_ERROR ? LOG_ERR : LOG_WARNING,
			 &(struct log_fields){.id = MESSAGE_CONFIG_PROBLEM,
					      .file = d->mark.file,
					      .line = d->mark.line},
			 "%s: %s", place, d->message);
	}
	return r;
}

/**
 * manager_load_candidate() - the config that is in the files now, without adopting it.
 *
 * Return: 0; -EINVAL with errors in @diags; -ENODATA where the config came from something that can be
 * read only once.
 */
int manager_load_candidate(const struct manager *m, struct config **ret, struct diag_list *diags)
{
	const char *file = m->paths.file;
	struct stat st;

	if (file && stat(file, &st) == 0 && !S_ISREG(st.st_mode))
		return -ENODATA;
	return yaml_load(&m->paths, ret, diags);
}

/** manager_out_of_sync() - do the files on disk say something else than what is in force? */
bool manager_out_of_sync(const struct manager *m)
{
	_cleanup_config_ struct config *config = NULL;
	struct diag_list diags = {};
	int r = manager_load_candidate(m, &config, &diags);

	diag_clear(&diags);
	return r == 0 ? config->hash != m->config->hash : r != -ENODATA;
}

/* Older ones by which no device lives are no use. */
static void forget_configs(const struct manager *m)
{
	hash_list used = {};

	vec_push(&used, m->config->hash);
	vec_each(d, &m->devices)
		vec_push(&used, runner_device(*d)->world.memory.lasting.accepted);
	vec_each(p, &m->departed)
		if (p->accepted.config)
			vec_push(&used, p->accepted.config->hash);
	store_forget_configs(&m->store, &used);
	vec_clear(&used);
}

/* @m->config is in force now. What is kept belongs to the carved that has the lock. */
static void accept_config(struct manager *m)
{
	int r = store_keep_config(&m->store, m->paths.root, m->paths.file, m->config);

	m->fresh = false;
	m->generation++;
	log_fact(LOG_INFO, MESSAGE_CONFIG_ACCEPTED,
		 "the config is in force: %zu entries, %zu files", m->config->entries.n,
		 m->config->files.n);
	if (r < 0)
		log_fact(LOG_WARNING, MESSAGE_NOT_SAVED,
			 "the config is not kept for a start with broken files: %s", strerror(-r));
	forget_configs(m);
}

/* At start, with broken files: what was accepted last, before a restart or a reboot. */
static int load_kept(struct manager *m)
{
	int r = m->options.once ? -ENOENT : kept_load(&m->store, 0, &m->config);

	if (r < 0)
		return r;
	m->generation++;
	log_fact(LOG_ERR, MESSAGE_CONFIG_REFUSED,
		 "the config is refused; the one accepted last is in force");
	return 0;
}

static void on_lock_timer(void *user)
{
	struct manager *m = user;
	int r = store_lock(&m->store);

	if (r == -EWOULDBLOCK && m->options.once) {
		log_fact(LOG_ERR, MESSAGE_RUNNING, "a carved is running already (%s/lock)",
			 m->options.runtime_dir);
		finish(m, EXIT_RUNNING);
	} else if (r == -EWOULDBLOCK) {
		if (!m->waiting)
			log_fact(LOG_NOTICE, MESSAGE_RUNNING,
				 "another carved has not ended yet (%s/lock): waiting for it",
				 m->options.runtime_dir);
		m->waiting = true;
		check_ready(m);
		loop_timer_set(m->lock_timer, clock_now() + LOCK_RETRY_USEC);
	} else {
		m->waiting = false;
		if (r < 0)
			log_fact(LOG_ERR, MESSAGE_NOT_SAVED, "%s/lock: %s", m->options.runtime_dir,
				 strerror(-r));
		if (m->fresh)
			accept_config(m);
		directory_find(m->directory);
	}
}

static const struct directory_handlers directory_handlers = {
	.found = on_found, .device = on_device, .listed = on_listed};

struct manager *manager_new(struct loop *loop, const struct manager_options *options)
{
	struct manager *m = mem_new(struct manager);

	m->options = *options;
	m->paths = (struct yaml_paths){.root = options->config_root, .file = options->config_file};
	m->env = (struct runner_env){.device = options->device,
				     .loop = loop,
				     .hub = chan_hub_new(&options->transport),
				     .store = &m->store,
				     .sysfs = options->transport.unix_path ? options->config_root
									   : "",
				     .images = options->transport.unix_path && *options->config_root
						       ? options->config_root
						       : "/",
				     .drain = on_watch,
				     .changed = on_changed,
				     .user = m};
	m->store.lock_fd = -1;
	m->started = clock_now();
	m->directory = directory_new(m->env.hub, &directory_handlers, m);
	m->hub_io = loop_watch(loop, chan_hub_fd(m->env.hub), on_hub, m);
	m->lock_timer = loop_timer_new(loop, on_lock_timer, m);
	m->audit_timer = loop_timer_new(loop, on_audit, m);
	m->settle_timer = loop_timer_new(loop, on_settle_timer, m);
	m->sweep_timer = loop_timer_new(loop, on_sweep, m);
	return m;
}

struct manager *manager_free(struct manager *m)
{
	if (!m)
		return NULL;
	vec_each(d, &m->devices)
		runner_free(*d);
	vec_clear(&m->devices);
	departed_clear(&m->departed);
	vec_clear(&m->missed);
	vec_each(job, &m->jobs)
		free(job->name);
	vec_clear(&m->jobs);
	loop_unwatch(m->watch_io);
	loop_unwatch(m->hub_io);
	watch_free(m->watch);
	directory_free(m->directory);
	chan_hub_free(m->env.hub);
	loop_timer_free(m->lock_timer);
	loop_timer_free(m->audit_timer);
	loop_timer_free(m->settle_timer);
	loop_timer_free(m->sweep_timer);
	free(m->problem);
	diag_clear(&m->diags);
	config_unref(m->config);
	store_close(&m->store);
	free(m);
	return NULL;
}

void manager_set_face(struct manager *m, const struct manager_face *face, void *user)
{
	m->face = face;
	m->face_user = user;
}

/**
 * manager_start() - load the config and begin.
 *
 * Return: 0, or the exit code with which to end.
 */
int manager_start(struct manager *m)
{
	int r = store_open(&m->store, m->options.runtime_dir, m->options.state_dir);

	if (r < 0)
		log_fact(LOG_ERR, MESSAGE_NOT_SAVED, "%s or %s: %s", m->options.runtime_dir,
			 m->options.state_dir, strerror(-r));
	m->fresh = load(m, &m->config) == 0;
	if (!m->fresh && load_kept(m) < 0) {
		_cleanup_free_ char *text = diag_render_all(&m->diags);

		log_fact(LOG_ERR, MESSAGE_CONFIG_REFUSED,
			 "the config is refused, and there is none to fall back to");
		fputs(text, stderr);
		return EXIT_BAD_CONFIG;
	}
	schedule_settle(m);
	on_lock_timer(m);
	return m->exit_code;
}

/** manager_stop() - end the loop between two steps: what the kernel is at cannot be interrupted. */
void manager_stop(struct manager *m)
{
	m->stopping = m->env.stopping = true;
	check_stopped(m);
}

int manager_exit_code(const struct manager *m)
{
	return m->exit_code;
}

/**
 * manager_reload() - read the config files again.
 * @who: asks, for people; or NULL
 * @ret_job: the job that ends when all devices have come to rest
 *
 * Return: 0; -EINVAL where the files are refused: diagnostics say why, and nothing has changed.
 */
int manager_reload(struct manager *m, const char *who, uint64_t *ret_job)
{
	struct config *config;
	struct device_event e = {.type = DEVICE_EV_CONFIG, .who = who};

	if (load(m, &config) < 0) {
		log_fact(LOG_ERR, MESSAGE_CONFIG_REFUSED,
			 "the config is refused; the one in force stays");
		if (m->face && m->face->manager_changed)
			m->face->manager_changed(m->face_user);
		return -EINVAL;
	}
	config_unref(m->config);
	m->config = config;
	m->fresh = true;
	if (!m->waiting)
		accept_config(m);
	schedule_settle(m);
	*ret_job = add_job(m, "");
	e.config = config;
	m->hold = true;
	for (size_t i = 0; i < m->devices.n; i++)
		runner_event(m->devices.v[i], &e);
	if (m->watch) {
		ask_named(m);
		schedule_audit(m);
	}
	m->hold = false;
	if (m->face && m->face->manager_changed)
		m->face->manager_changed(m->face_user);
	check_ready(m);
	return 0;
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
	struct device_event e = {
		.type = DEVICE_EV_APPLY, .allow_reload = allow_reload, .retry = retry, .who = who};
	uint64_t job = add_job(m, name);

	m->hold = true;
	for (size_t i = 0; i < m->devices.n; i++)
		if (device_matches_name(runner_device(m->devices.v[i]), name))
			runner_event(m->devices.v[i], &e);
	m->hold = false;
	loop_timer_set(m->sweep_timer, clock_now());
	return job;
}
