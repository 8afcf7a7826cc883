// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl apply and retry: have devices looked at again and brought to what is wanted, wait, and
 * say what happened. Decides what to tell users who are not allowed to.
 */
#include "ask.h"
#include "ctl.h"
#include "done.h"
#include "fetch.h"
#include "output.h"
#include "remarks.h"
#include "wait.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct apply {
	struct wait wait;
	const char *device; /* "" for all */
	bool retry;
	struct apply_answer answer;
};

static int refused(struct apply *a, const char *why)
{
	remarks_print(why);
	client_say("the configuration is refused for %s; what was accepted before stays in force. "
		   "When this is mended: carvectl reload",
		   a->device);
	a->answer.result = "refused";
	return CTL_ERROR;
}

static int not_allowed(struct apply *a, const char *why)
{
	client_say("%s", why);
	if (!answer_waits_for_others(why))
		client_say("to reload it now, whatever that resets: carvectl apply %s "
			   "--allow-reload",
			   a->device);
	a->answer.result = "pending-reload";
	return CTL_NOT_THERE;
}

/* Return: the exit code. */
static int explain(struct apply *a, const sd_bus_error *error, int r)
{
	if (sd_bus_error_has_name(error, CLIENT_NO_SUCH_DEVICE))
		fetch_no_such_device(a->wait.client, a->device);
	else if (sd_bus_error_has_name(error, CLIENT_REFUSED))
		return refused(a, error->message);
	else if (sd_bus_error_has_name(error, CLIENT_NOT_ALLOWED))
		return not_allowed(a, error->message);
	else if (sd_bus_error_is_set(error) || r != -ETIMEDOUT)
		client_fail(a->wait.client, error, r);
	return CTL_ERROR;
}

/* Return: CTL_OK with the job, or the exit code. */
static int request(struct apply *a, uint64_t *ret_job)
{
	struct client *c = a->wait.client;
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = client_new_call(c, a->retry ? "Retry" : "Apply", &call);

	if (r >= 0)
		r = a->retry ? sd_bus_message_append(call, "s", a->device)
			     : client_append(call, a->device,
					     c->ctl->allow_reload ? "allow-reload" : NULL);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(call, true);
	if (r < 0)
		return CTL_ERROR;
	r = client_send_patiently(c, call, &error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "t", ret_job);
	return r < 0 ? explain(a, &error, r) : CTL_OK;
}

static int show(const struct apply *a, int exit_code)
{
	const struct ctl *ctl = a->wait.client->ctl;
	struct style style = style_of(STDOUT_FILENO);
	struct buf out = {};

	if (ctl->json)
		return output_json(&apply_type, &a->answer, exit_code);
	done_render(&a->answer.records, &style, &out);
	buf_add(&out, "carved: %s\n", a->answer.result);
	if (exit_code != CTL_OK)
		buf_add(&out, "What is missing and why: carvectl status%s%s\n",
			*a->device ? " " : "", a->device);
	return output_text(&out, exit_code);
}

static int carry_out(struct apply *a, uint64_t before)
{
	const char *result;
	uint64_t job;
	int exit_code;

	wait_begin();
	exit_code = request(a, &job);

	if (exit_code != CTL_OK)
		return *a->answer.result && a->wait.client->ctl->json ? show(a, exit_code)
								      : exit_code;
	result = wait_for(&a->wait, job);
	if (!result ||
	    done_fetch(a->wait.client, a->device, before, &a->answer.arena, &a->answer.records) < 0)
		return CTL_ERROR;
	a->answer.result = result;
	if (*a->device && strcmp(result, "refused") == 0)
		exit_code = CTL_ERROR;
	else if (strcmp(result, "converged") != 0 && strcmp(result, "unmanaged") != 0)
		exit_code = CTL_NOT_THERE;
	return show(a, exit_code);
}

static int run(const struct ctl *ctl, bool retry)
{
	_cleanup_client_ struct client c = {};
	struct apply a = {
		.wait = {.client = &c}, .device = ctl->n_args ? ctl->args[0] : "", .retry = retry};
	int exit_code = CTL_ERROR;
	uint64_t before;

	answer_init(&apply_type, &a.answer);
	if (client_open(&c, ctl) >= 0 && done_mark(&c, a.device, &a.answer.arena, &before) >= 0 &&
	    (!retry || ask_before(&c, &(struct plan_query){.device = a.device})) &&
	    wait_prepare(&a.wait) >= 0)
		exit_code = carry_out(&a, before);
	answer_clear(&apply_type, &a.answer, &a.answer.arena);
	wait_clear(&a.wait);
	return exit_code;
}

/**
 * command_apply() - carvectl apply [DEVICE] [--allow-reload].
 *
 * Return: the exit code.
 */
int command_apply(const struct ctl *ctl)
{
	return run(ctl, false);
}

/**
 * command_retry() - carvectl retry DEVICE.
 *
 * Return: the exit code.
 */
int command_retry(const struct ctl *ctl)
{
	return run(ctl, true);
}
