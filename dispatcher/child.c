// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See child.h. Decides that a script whose time is over is asked to end, and then made to: with all
 * that it has started.
 */
#include "child.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* Between the request to end and the end. */
#define GRACE_USEC (5 * USEC_PER_SEC)

struct child {
	struct child_call call;
	pid_t pid;
	sd_event_source *end, *clock;
	bool overdue;
};

/* Those of real time have no names. */
static char *signal_text(int number)
{
	const char *name = sigabbrev_np(number);

	return name ? mem_printf("it was ended by the signal %s", name)
		    : mem_printf("it was ended by the signal %d", number);
}

/* Return: NULL where it ended well; else to be freed. */
static char *failure_of(const struct child *c, const siginfo_t *info)
{
	if (c->overdue)
		return mem_printf("it had not ended after %.1f s",
				  (double)c->call.limit / USEC_PER_SEC);
	if (info->si_code != CLD_EXITED)
		return signal_text(info->si_status);
	return info->si_status ? mem_printf("it ended with status %d", info->si_status) : NULL;
}

static int on_end(_unused_ sd_event_source *source, const siginfo_t *info, void *user)
{
	struct child *c = user;
	_cleanup_free_ char *failure = failure_of(c, info);
	struct child_call call = c->call;

	if (c->overdue)
		kill(-c->pid, SIGKILL);
	c->pid = 0;
	child_free(c);
	call.then(call.user, failure);
	return 0;
}

static int on_time(sd_event_source *source, _unused_ uint64_t usec, void *user)
{
	struct child *c = user;

	kill(-c->pid, c->overdue ? SIGKILL : SIGTERM);
	if (c->overdue)
		return 0;
	c->overdue = true;
	sd_event_source_set_time_relative(source, GRACE_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Where its output goes. */
static int open_output(const char *path)
{
	const char *name = strrchr(path, '/');
	int fd = -1;

	if (getenv("JOURNAL_STREAM"))
		fd = sd_journal_stream_fd(name ? name + 1 : path, LOG_INFO, 1);
	return fd < 0 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) : fd;
}

/* Signals are as in any process, and a group of its own can be ended as a whole. */
static void set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setflags(a, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(a, &none);
	posix_spawnattr_setsigdefault(a, &all);
}

static int spawn(const struct child_call *call, pid_t *ret)
{
	char *path = (char *)call->path, *arguments[] = {path, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int out = open_output(path), r;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	posix_spawn_file_actions_addchdir_np(&files, "/");
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	r = posix_spawn(ret, path, &files, &attributes, arguments, call->environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	close(out);
	return -r;
}

/**
 * child_start() - run a script.
 * @event: blocks SIGCHLD, as sd_event_add_child() asks for
 *
 * Return: 0; -errno: it does not run, and nothing more is called.
 */
int child_start(sd_event *event, const struct child_call *call, struct child **ret)
{
	struct child *c;
	pid_t pid;
	int r = spawn(call, &pid);

	if (r < 0)
		return r;
	c = mem_new(struct child);
	*c = (struct child){.call = *call, .pid = pid};
	r = sd_event_add_child(event, &c->end, pid, WEXITED, on_end, c);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &c->clock, CLOCK_MONOTONIC, call->limit, 0,
					       on_time, c);
	if (r < 0) {
		child_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

/** child_free() - one that still runs is asked to end, and not waited for. Return: NULL. */
struct child *child_free(struct child *c)
{
	if (!c)
		return NULL;
	if (c->pid)
		kill(-c->pid, SIGTERM);
	sd_event_source_disable_unref(c->end);
	sd_event_source_disable_unref(c->clock);
	free(c);
	return NULL;
}
