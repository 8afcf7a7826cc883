// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl check: files read and checked here, without the daemon, a bus or a kernel; with a
 * captured device also bound to it, by the code that the daemon uses. The first file is the main
 * one, the others are laid over it in their order.
 */
#include "client.h"
#include "ctl.h"
#include "model/json.h"
#include "output.h"
#include "plan/bind.h"
#include "plan/match.h"
#include "yaml/yaml.h"

struct check {
	const struct ctl *ctl;
	struct config *config;
	char *handle; /* of the captured device */
	struct world world;
	const struct entry *entry; /* the entry of the device, where one matches */
	struct diag_list diags;
};

static int load_facts(struct check *c)
{
	_cleanup_free_ char *why = NULL;
	json_error_t error;
	json_t *j = json_load_file(c->ctl->facts_file, JSON_REJECT_DUPLICATES, &error);
	int r = 0;

	if (!j && error.line < 0)
		client_say("%s", error.text);
	else if (!j)
		client_say("%s:%d:%d: %s", c->ctl->facts_file, error.line, error.column,
			   error.text);
	else
		r = facts_from_json(j, &c->world, &c->handle, &why);
	if (why)
		client_say("%s: %s; it is written by: carvectl capture DEVICE --facts",
			   c->ctl->facts_file, why);
	json_decref(j);
	return j ? r : -1;
}

/* Choose the entry as the daemon does when the device registers. */
static void bind(struct check *c)
{
	entry_list matches = {};
	struct state want = {};
	const char *driver = c->world.facts.driver;

	match_all(c->config, c->handle, &c->world.facts, &matches);
	c->entry = matches.n ? matches.v[0] : NULL;
	if (!c->entry)
		diag_add(&c->diags, DIAG_NOTE, (struct mark){.file = c->ctl->facts_file}, NULL,
			 c->handle, "no entry matches this device%s%s; it would not be managed",
			 driver ? " of driver " : "", driver ? driver : "");
	else if (matches.n > 1)
		match_conflict(&matches, c->handle, &c->diags);
	else
		bind_entry(c->entry, c->handle, &c->world, &want, &c->diags);
	state_clear(&want);
	vec_clear(&matches);
}

static void check_files(struct check *c)
{
	struct yaml_paths paths = {.root = c->ctl->config_root ? c->ctl->config_root : "",
				   .file = c->ctl->args[0],
				   .dropins = c->ctl->args + 1,
				   .n_dropins = c->ctl->n_args - 1};

	if (yaml_load(&paths, &c->config, &c->diags) == 0 && c->handle)
		bind(c);
}

/* The line that is written where there is no error; notes do not count as one. */
static void render_verdict(const struct check *c, struct buf *out)
{
	if (c->diags.n_errors)
		return;
	if (c->entry)
		buf_add(out, "No errors; entry %s fits %s.\n", c->entry->name, c->handle);
	else
		buf_add(out, "No errors.\n");
}

static void answer_of(const struct check *c, struct check_answer *a)
{
	answer_init(&check_type, a);
	a->result = c->diags.n_errors ? "refused" : "good";
	a->entry = c->entry ? c->entry->name : "";
	a->handle = c->handle ? c->handle : "";
	a->errors = c->diags.n_errors;
	vec_each(d, &c->diags.diags)
		vec_push(&a->problems,
			 ((struct problem_answer){.severity = diag_severity_name(d->severity),
						  .file = d->mark.file ? d->mark.file : "",
						  .line = d->mark.line,
						  .column = d->mark.column,
						  .handle = d->device ? d->device : "",
						  .message = d->message,
						  .source = d->source ? d->source : ""}));
}

static int show(const struct check *c)
{
	int exit_code = c->diags.n_errors ? CTL_ERROR : CTL_OK;
	struct check_answer a;
	struct buf out = {};

	if (c->ctl->json) {
		answer_of(c, &a);
		exit_code = output_json(&check_type, &a, exit_code);
		answer_clear(&check_type, &a, &a.arena);
		return exit_code;
	}
	if (c->diags.diags.n) {
		_cleanup_free_ char *text = diag_render_all(&c->diags);

		fputs(text, stderr);
	}
	render_verdict(c, &out);
	return output_text(&out, exit_code);
}

/**
 * command_check() - carvectl check FILE... [--facts FACTS].
 *
 * Return: the exit code.
 */
int command_check(const struct ctl *ctl)
{
	struct check c = {.ctl = ctl};
	int exit_code = CTL_ERROR;

	if (!ctl->facts_file || load_facts(&c) == 0) {
		check_files(&c);
		exit_code = show(&c);
	}
	config_unref(c.config);
	world_clear(&c.world);
	diag_clear(&c.diags);
	free(c.handle);
	return exit_code;
}
