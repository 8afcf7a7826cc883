// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl confirm, rollback and configs: which config is in force, and which ones were. Decides
 * that configs are numbered from the one in force, which is 0, backwards.
 */
#include "base/clock.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"
#include "reload.h"
#include "table.h"
#include "when.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* --- confirm -------------------------------------------------------------------------- */

/**
 * command_confirm() - carvectl confirm.
 *
 * Return: the exit code.
 */
int command_confirm(const struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_client_ struct client c = {};
	struct buf out = {};
	int r = client_open(&c, ctl);

	if (r >= 0)
		r = client_new_call(&c, "Confirm", &call);
	if (r >= 0)
		r = sd_bus_message_append(call, "a{sv}", 0);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(call, true);
	if (r < 0)
		return CTL_ERROR;
	if (client_send_patiently(&c, call, &error, &reply) < 0) {
		if (sd_bus_error_is_set(&error))
			client_fail(&c, &error, -EIO);
		return CTL_ERROR;
	}
	buf_add(&out, "The config is confirmed, and stays in force.\n");
	return output_text(&out, CTL_OK);
}

/* --- which ones there are --------------------------------------------------------------- */

static const struct table_column columns[] = {
	{.title = "N"},	       {.title = "CONFIG"},
	{.title = "ACCEPTED"}, {.title = "BY", .fit = TABLE_WRAP, .min = 8},
	{.title = "RESULT"},
};

static void render_list(const struct configs_answer *a, const struct style *style, struct buf *out)
{
	struct table t = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
	size_t n = 0;

	vec_each(c, &a->configs) {
		_cleanup_free_ char *number = mem_printf("%zu", n), *when = when_text(c->time);

		table_add(&t, number, n++ ? COLOUR_NONE : COLOUR_STRONG);
		table_add(&t, c->hash, COLOUR_NONE);
		table_add(&t, when, COLOUR_NONE);
		table_add(&t, *c->who ? c->who : "start", COLOUR_NONE);
		table_add(&t, c->result,
			  strcmp(c->result, "on-trial") == 0 ? COLOUR_WAITING : COLOUR_NONE);
	}
	table_render(&t, style, out);
	table_clear(&t);
}

static int list(struct client *c)
{
	struct style style = style_of(STDOUT_FILENO);
	struct configs_answer a;
	int exit_code = CTL_ERROR;
	struct buf out = {};

	if (fetch_configs(c, &a) >= 0 && c->ctl->json) {
		exit_code = output_json(&configs_type, &a, CTL_OK);
	} else if (a.configs.n) {
		render_list(&a, &style, &out);
		exit_code = output_text(&out, CTL_OK);
	}
	answer_clear(&configs_type, &a, &a.arena);
	return exit_code;
}

/* Each file after its name. */
static void render_files(const struct files_answer *a, const struct style *style, struct buf *out)
{
	vec_each(f, &a->files)
		buf_add(out, "%s%s# %s%s\n%s%s", f == a->files.v ? "" : "\n",
			colour_begin(COLOUR_STRONG, style), f->path,
			colour_end(COLOUR_STRONG, style), f->text, output_newline(f->text));
}

static int show(struct client *c, const char *name)
{
	struct style style = style_of(STDOUT_FILENO);
	int exit_code = CTL_ERROR;
	struct files_answer a;
	struct buf out = {};

	if (fetch_config(c, name, &a) >= 0) {
		if (!c->ctl->json)
			render_files(&a, &style, &out);
		exit_code = c->ctl->json ? output_json(&files_type, &a, CTL_OK)
					 : output_text(&out, CTL_OK);
	}
	answer_clear(&files_type, &a, &a.arena);
	return exit_code;
}

/**
 * command_configs() - carvectl configs [show N].
 *
 * Return: the exit code.
 */
int command_configs(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	bool one = ctl->n_args;

	if (one && (strcmp(ctl->args[0], "show") != 0 || ctl->n_args != 2)) {
		client_say("usage: carvectl configs, or carvectl configs show N");
		return CTL_USAGE;
	}
	if (client_open(&c, ctl) < 0)
		return CTL_ERROR;
	return one ? show(&c, ctl->args[1]) : list(&c);
}

/* --- an older one ------------------------------------------------------------------------ */

/**
 * command_rollback() - carvectl rollback [N] [--confirm TIME].
 *
 * Return: the exit code.
 */
int command_rollback(const struct ctl *ctl)
{
	return reload_run(ctl, "Rollback");
}
