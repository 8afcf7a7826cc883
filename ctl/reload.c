// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl reload and rollback: have another config come into force, and wait until all devices
 * have come to rest, however long a flash takes. What a result means for the exit code is decided
 * here.
 */
#include "reload.h"
#include "ask.h"
#include "base/clock.h"
#include "ctl.h"
#include "done.h"
#include "fetch.h"
#include "output.h"
#include "plan.h"
#include "remarks.h"
#include "table.h"
#include "wait.h"
#include "when.h"

#include <stdio.h>
#include <unistd.h>

static void say_diagnostics(const text_list *diagnostics)
{
	vec_each(text, diagnostics)
		remarks_print(*text);
}

/* The daemon keeps its config: show its diagnostics. */
static int refused(struct client *c, const char *why, struct reload_answer *ret)
{
	remarks_print(why);
	client_say("the configuration is refused; the one in force stays");
	ret->result = "refused";
	return fetch_diagnostics(c, ret);
}

/* What is asked for. */
struct request {
	const char *method;
	char *config;	  /* of Rollback; NULL: the one before */
	uint64_t confirm; /* microseconds; 0: for good */
};

static int append(sd_bus_message *call, const struct request *q)
{
	int r = strcmp(q->method, "Rollback") == 0
			? sd_bus_message_append(call, "s", q->config ? q->config : "")
			: 0;

	if (r < 0)
		return r;
	return q->confirm ? sd_bus_message_append(call, "a{sv}", 1, "confirm", "t", q->confirm)
			  : sd_bus_message_append(call, "a{sv}", 0);
}

/* Return: 0 with the job; 1 where the files are refused; -errno. */
static int request(struct client *c, const struct request *q, struct reload_answer *ret,
		   uint64_t *ret_job)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = client_new_call(c, q->method, &call);

	if (r >= 0)
		r = append(call, q);
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

/* What a trial that comes to nothing would leave behind; said before it begins. */
static void warn_of_trial(struct client *c)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	struct plan_answer plan;
	struct buf out = {};

	if (fetch_plan_quietly(c, &(struct plan_query){.candidate = true}, &plan, &error) >= 0)
		plan_render_lasting(&plan, &out);
	if (out.n)
		fputs(out.s, stderr);
	buf_clear(&out);
	answer_clear(&plan_type, &plan, &plan.arena);
}

static void render_trial(uint64_t deadline, struct buf *out)
{
	_cleanup_free_ char *until = when_text(deadline), *text = NULL;
	struct style style = style_of(STDOUT_FILENO);

	text = mem_printf("On trial until %s; then the config before comes back. To keep this one: "
			  "carvectl confirm",
			  until);
	wrap_render(text, 0, &style, out);
}

static int show(struct client *c, const struct reload_answer *a, int exit_code)
{
	const struct ctl *ctl = c->ctl;
	struct style style = style_of(STDOUT_FILENO);
	struct buf out = {};

	if (ctl->json)
		return output_json(&reload_type, a, exit_code);
	if (!ctl->no_wait && (a->records.n || exit_code == CTL_OK))
		done_render(&a->records, &style, &out);
	if (exit_code == CTL_NOT_THERE)
		done_render_missing(c, &a->records, &style, &out);
	if (exit_code != CTL_ERROR)
		buf_add(&out, "carved: %s\n", a->result);
	if (exit_code == CTL_NOT_THERE)
		buf_add(&out, "What is missing and why: carvectl status\n");
	if (exit_code != CTL_ERROR && a->confirm_deadline)
		render_trial(a->confirm_deadline, &out);
	return output_text(&out, exit_code);
}

/* The files are accepted: wait until they are in force. @before: see done_mark() */
static int settle(struct wait *w, uint64_t job, uint64_t before, struct reload_answer *a)
{
	const struct ctl *ctl = w->client->ctl;
	const char *result = ctl->no_wait ? "accepted" : wait_for(w, job);
	int exit_code;

	if (!result || fetch_diagnostics(w->client, a) < 0 ||
	    (!ctl->no_wait && done_fetch(w->client, "", before, &a->arena, &a->records) < 0))
		return CTL_ERROR;
	a->result = result;
	say_diagnostics(&a->diagnostics);
	exit_code = ctl->no_wait || strcmp(result, "converged") == 0 ? CTL_OK : CTL_NOT_THERE;
	return show(w->client, a, exit_code);
}

/* What the other config would do as it comes into force. */
static struct plan_query query_of(const struct request *q)
{
	bool candidate = strcmp(q->method, "Reload") == 0;

	return (struct plan_query){.candidate = candidate,
				   .config = candidate	 ? NULL
					     : q->config ? q->config
							 : "before",
				   .permitted = true};
}

static int run(struct wait *w, const struct request *q, struct reload_answer *a)
{
	struct plan_query plan = query_of(q);
	uint64_t job, before;
	int r = w->client->ctl->no_wait ? 0 : wait_prepare(w);

	if (r == 0 && q->confirm && plan.candidate)
		warn_of_trial(w->client);
	if (r == 0 && !ask_before(w->client, &plan))
		return CTL_ERROR;
	if (r == 0)
		r = done_mark(w->client, "", &a->arena, &before);
	if (r >= 0 && !w->client->ctl->no_wait)
		wait_begin();
	if (r >= 0)
		r = request(w->client, q, a, &job);
	if (r > 0)
		return show(w->client, a, CTL_ERROR);
	return r < 0 ? CTL_ERROR : settle(w, job, before, a);
}

static int read_confirm(const struct ctl *ctl, uint64_t *ret)
{
	if (!ctl->confirm || (clock_parse_duration(ctl->confirm, ret) == 0 && *ret))
		return 0;
	client_say("--confirm %s is not a time; write it like 90s, 5m or 1h", ctl->confirm);
	return CTL_USAGE;
}

/**
 * reload_run() - ask for another config, wait, and say what came of it.
 * @method: of the daemon: Reload, or Rollback to the config of the first argument
 *
 * Return: the exit code.
 */
int reload_run(const struct ctl *ctl, const char *method)
{
	_cleanup_client_ struct client c = {};
	struct wait w = {.client = &c};
	struct request q = {.method = method};
	int exit_code = read_confirm(ctl, &q.confirm);
	struct reload_answer a;

	if (exit_code != CTL_OK)
		return exit_code;
	exit_code = CTL_ERROR;
	answer_init(&reload_type, &a);
	if (client_open(&c, ctl) >= 0 &&
	    (!ctl->n_args || fetch_config_hash(&c, ctl->args[0], &q.config) >= 0))
		exit_code = run(&w, &q, &a);
	answer_clear(&reload_type, &a, &a.arena);
	wait_clear(&w);
	free(q.config);
	return exit_code;
}

/**
 * command_reload() - carvectl reload [--no-wait] [--confirm TIME].
 *
 * Return: the exit code.
 */
int command_reload(const struct ctl *ctl)
{
	return reload_run(ctl, "Reload");
}
