// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl reload: has the daemon read its files again and waits until all devices have come to
 * rest, however long a flash takes. What a result means for the exit code is decided here.
 */
#include "ctl.h"
#include "fetch.h"
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct ended {
	uint64_t job;
	char *result;
};

/* Jobs that have ended, ours or not: the signal may come before the reply that tells which is ours.
 */
struct wait {
	struct client *client;
	VEC(struct ended) ended;
	bool gone; /* the daemon left the bus */
};

static void wait_clear(struct wait *w)
{
	vec_each(e, &w->ended)
		free(e->result);
	vec_clear(&w->ended);
}

static int on_job_removed(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct wait *w = user;
	const char *result;
	uint64_t job;

	if (sd_bus_message_read(m, "ts", &job, &result) >= 0)
		vec_push(&w->ended, ((struct ended){job, mem_strdup(result)}));
	return 0;
}

static int on_owner_changed(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct wait *w = user;
	const char *before;

	if (sd_bus_message_read(m, "sss", NULL, &before, NULL) >= 0 && *before)
		w->gone = true;
	return 0;
}

static int subscribe(struct wait *w)
{
	sd_bus *bus = w->client->bus;
	int r = sd_bus_match_signal(bus, NULL, CLIENT_NAME, CLIENT_PATH, CLIENT_MANAGER,
				    "JobRemoved", on_job_removed, w);

	if (r >= 0)
		r = sd_bus_add_match(
			bus, NULL,
			"type='signal',sender='org.freedesktop.DBus',"
			"path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
			"member='NameOwnerChanged',arg0='" CLIENT_NAME "'",
			on_owner_changed, w);
	return r < 0 ? client_fail(w->client, NULL, r) : 0;
}

static const char *find_result(const struct wait *w, uint64_t job)
{
	vec_each(e, &w->ended)
		if (e->job == job)
			return e->result;
	return NULL;
}

/* Wait for the end of @job; NULL when it will not come any more, which has been said. */
static const char *wait_for(struct wait *w, uint64_t job)
{
	const char *result = NULL;
	int r = 0;

	while (r >= 0 && !w->gone && !(result = find_result(w, job))) {
		r = sd_bus_process(w->client->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(w->client->bus, UINT64_MAX);
		if (r == -EINTR)
			r = 0;
	}
	if (!result)
		client_say("carved ended before all devices had come to rest; look at: "
			   "journalctl -u carved");
	return result;
}

static void say_diagnostics(const text_list *diagnostics)
{
	vec_each(text, diagnostics)
		fprintf(stderr, "%s%s", *text, output_newline(*text));
}

/* The daemon keeps its config: show why, in its own words. */
static int refused(struct client *c, const char *why, struct reload_answer *ret)
{
	fprintf(stderr, "%s%s", why, output_newline(why));
	client_say("the configuration is refused; the one in force stays");
	ret->result = "refused";
	return fetch_diagnostics(c, ret);
}

/* Ask for the reload. Return: 0 with the job; 1 where the files are refused; -errno. */
static int request(struct client *c, struct reload_answer *ret, uint64_t *ret_job)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = client_new_call(c, "Reload", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "a{sv}", 0);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(call, true);
	if (r < 0)
		return r;
	r = client_send(c, call, UINT64_MAX, &error, &reply);
	if (r < 0 && sd_bus_error_has_name(&error, CLIENT_INVALID_CONFIG)) {
		r = refused(c, error.message ? error.message : "", ret);
		return r < 0 ? r : 1;
	}
	if (r < 0)
		return client_fail(c, &error, r);
	r = sd_bus_message_read(reply, "t", ret_job);
	return r < 0 ? client_fail(c, NULL, r) : 0;
}

static int show(const struct ctl *ctl, const struct reload_answer *a, int exit_code)
{
	struct buf out = {};

	if (ctl->json)
		return output_json(&reload_type, a, exit_code);
	if (exit_code != CTL_ERROR)
		buf_add(&out, "carved: %s\n", a->result);
	if (exit_code == CTL_NOT_THERE)
		buf_add(&out, "What is missing and why: carvectl status\n");
	return output_text(&out, exit_code);
}

/* The files are accepted: see what comes of it. */
static int settle(struct wait *w, uint64_t job, struct reload_answer *a)
{
	const struct ctl *ctl = w->client->ctl;
	const char *result = ctl->no_wait ? "accepted" : wait_for(w, job);
	int exit_code;

	if (!result || fetch_diagnostics(w->client, a) < 0)
		return CTL_ERROR;
	a->result = result;
	say_diagnostics(&a->diagnostics);
	exit_code = ctl->no_wait || strcmp(result, "converged") == 0 ? CTL_OK : CTL_NOT_THERE;
	return show(ctl, a, exit_code);
}

static int reload(struct wait *w, struct reload_answer *a)
{
	uint64_t job;
	int r = w->client->ctl->no_wait ? 0 : subscribe(w);

	if (r == 0)
		r = request(w->client, a, &job);
	if (r > 0)
		return show(w->client->ctl, a, CTL_ERROR);
	return r < 0 ? CTL_ERROR : settle(w, job, a);
}

/** command_reload() - carvectl reload [--no-wait]. */
int command_reload(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct wait w = {.client = &c};
	struct reload_answer a;
	int exit_code = CTL_ERROR;

	answer_init(&reload_type, &a);
	if (client_open(&c, ctl) >= 0)
		exit_code = reload(&w, &a);
	answer_clear(&reload_type, &a, &a.arena);
	wait_clear(&w);
	return exit_code;
}
