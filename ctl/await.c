// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl wait: for scripts and units that need the switch as it is declared. Decides which states
 * are good enough.
 */
#include "base/clock.h"
#include "ctl.h"
#include "done.h"
#include "fetch.h"
#include "style.h"

#include <errno.h>

struct await {
	struct client client;
	const char *device; /* NULL: all */
	bool settled;	    /* any state will do in which nothing goes on */
	uint64_t until;
	bool news; /* something has been told since it was looked at */
};

static bool is_good(const struct await *a, const char *state)
{
	if (a->settled)
		return state_colour(state) != COLOUR_BUSY;
	return strcmp(state, "converged") == 0 || strcmp(state, "unmanaged") == 0;
}

static int on_news(sd_bus_message *m _unused_, void *user, sd_bus_error *error _unused_)
{
	struct await *a = user;

	a->news = true;
	return 0;
}

static void say_missing(const struct await *a, const struct status_answer *s)
{
	vec_each(d, &s->devices) {
		_cleanup_free_ char *text = done_state(d);

		if (!is_good(a, d->state))
			client_say("%s", text);
	}
}

/* Return: the exit code; -EAGAIN where it is too early for one. */
static int look(struct await *a)
{
	struct status_answer s;
	int exit_code = CTL_ERROR;

	a->news = false;
	if (fetch_status(&a->client, a->device, &s) >= 0) {
		exit_code = CTL_OK;
		vec_each(d, &s.devices)
			if (!is_good(a, d->state))
				exit_code = clock_now() < a->until ? -EAGAIN : CTL_NOT_THERE;
	}
	if (exit_code == CTL_NOT_THERE)
		say_missing(a, &s);
	answer_clear(&status_type, &s, &s.arena);
	return exit_code;
}

static int wait_for_news(struct await *a)
{
	int r = 0;

	while (r >= 0 && !a->news) {
		uint64_t now = clock_now();

		r = sd_bus_process(a->client.bus, NULL);
		if (r == 0 && now >= a->until)
			return 0;
		if (r == 0)
			r = client_wait(&a->client,
					a->until == USEC_NEVER ? UINT64_MAX : a->until - now);
		if (r == -EINTR)
			r = 0;
	}
	return r;
}

static int run(struct await *a)
{
	int exit_code = -EAGAIN;
	int r = sd_bus_add_match(a->client.bus, NULL, "type='signal',sender='" CLIENT_NAME "'",
				 on_news, a);

	if (r >= 0)
		r = client_match_owner(&a->client, on_news, a);
	while (r >= 0 && (exit_code = look(a)) == -EAGAIN)
		r = wait_for_news(a);
	if (r < 0 && r != -ETIMEDOUT)
		client_fail(&a->client, NULL, r);
	return r < 0 ? CTL_ERROR : exit_code;
}

static int read_options(const struct ctl *ctl, struct await *a)
{
	uint64_t time;

	if (ctl->wait_for && strcmp(ctl->wait_for, "settled") != 0 &&
	    strcmp(ctl->wait_for, "converged") != 0) {
		client_say("--for=%s: it is converged or settled", ctl->wait_for);
		return CTL_USAGE;
	}
	a->settled = ctl->wait_for && strcmp(ctl->wait_for, "settled") == 0;
	a->until = USEC_NEVER;
	if (!ctl->timeout)
		return CTL_OK;
	if (clock_parse_duration(ctl->timeout, &time) < 0) {
		client_say("--timeout %s is not a time; write it like 90s, 5m or 1h", ctl->timeout);
		return CTL_USAGE;
	}
	a->until = clock_now() + time;
	return CTL_OK;
}

/**
 * command_wait() - carvectl wait [DEVICE] [--for=converged|settled] [--timeout T].
 *
 * Return: the exit code.
 */
int command_wait(const struct ctl *ctl)
{
	struct await a = {.device = ctl->n_args ? ctl->args[0] : NULL};
	int exit_code = read_options(ctl, &a);

	if (exit_code != CTL_OK)
		return exit_code;
	exit_code = client_open(&a.client, ctl) < 0 ? CTL_ERROR : run(&a);
	client_close(&a.client);
	return exit_code;
}
