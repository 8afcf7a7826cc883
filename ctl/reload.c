// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl reload: has the daemon read its files again and waits until all devices have come to
 * rest, however long a flash takes. What a result means for the exit code is decided here.
 */
#include "ctl.h"
#include "fetch.h"
#include "output.h"
#include "wait.h"

#include <stdio.h>

static void say_diagnostics(const text_list *diagnostics)
{
	vec_each(text, diagnostics)
		fprintf(stderr, "%s%s", *text, output_newline(*text));
}

/* The daemon keeps its config: show its diagnostics. */
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
	r = client_send_patiently(c, call, &error, &reply);
	if (r < 0 && sd_bus_error_has_name(&error, CLIENT_INVALID_CONFIG)) {
		r = refused(c, error.message ? error.message : "", ret);
		return r < 0 ? r : 1;
	}
	if (r < 0)
		return sd_bus_error_is_set(&error) ? client_fail(c, &error, r) : r;
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

/* The files are accepted: wait until they are in force. */
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
	int r = w->client->ctl->no_wait ? 0 : wait_prepare(w);

	if (r == 0)
		r = request(w->client, a, &job);
	if (r > 0)
		return show(w->client->ctl, a, CTL_ERROR);
	return r < 0 ? CTL_ERROR : settle(w, job, a);
}

/**
 * command_reload() - carvectl reload [--no-wait].
 *
 * Return: the exit code.
 */
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
