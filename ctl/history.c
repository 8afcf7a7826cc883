// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl history: what happened, the oldest first. Decides how a record looks, and that the
 * journal is asked where a time or a boot is given.
 */
#include "history.h"
#include "base/clock.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"
#include "past.h"
#include "table.h"
#include "when.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

static const struct table_column columns[] = {
	{.title = "TIME", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "DEVICE", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "TRIGGER", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "RESULT", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "OUTAGE", .fit = TABLE_WRAP, .spare = 1, .squeeze = true},
	{.title = "WHAT WAS DONE", .fit = TABLE_WRAP, .min = 50, .spare = 2, .below = true},
};

static void add_record(struct table *t, const struct record_answer *r)
{
	_cleanup_free_ char *time = when_text(r->time);
	_cleanup_free_ char *outage =
		r->outage_usec ? when_duration(r->outage_usec) : mem_strdup("");

	table_add(t, time, COLOUR_NONE);
	table_add(t, r->handle, COLOUR_NONE);
	table_add(t, r->trigger, COLOUR_NONE);
	table_add(t, r->result, state_colour(r->result));
	table_add(t, outage, COLOUR_NONE);
	table_add(t, r->detail, COLOUR_NONE);
}

/** history_render() - append a table of @records. */
void history_render(const record_list *records, const struct style *style, struct buf *out)
{
	struct table t = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};

	vec_each(r, records)
		add_record(&t, r);
	table_render(&t, style, out);
	table_clear(&t);
}

/** history_line() - one record as a line, without a newline; to be freed. */
char *history_line(const struct record_answer *r)
{
	_cleanup_free_ char *outage = when_duration(r->outage_usec);

	return mem_printf("%s: %s (%s)%s%s%s%s", r->handle, r->result, r->trigger,
			  r->outage_usec ? ", outage " : "", r->outage_usec ? outage : "",
			  *r->detail ? ": " : "", r->detail);
}

/* --- the command ------------------------------------------------------------------------- */

/* A time as people write it, or so long ago. Return: 0 or CTL_USAGE. */
static int read_since(const char *text, uint64_t *ret)
{
	static const char *const forms[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
	uint64_t ago;

	if (clock_parse_duration(text, &ago) == 0) {
		*ret = clock_wall() > ago ? clock_wall() - ago : 1;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end) {
			*ret = (uint64_t)mktime(&tm) * USEC_PER_SEC;
			return 0;
		}
	}
	client_say("--since=%s is not a time; write it like 90s, 5m, 24h or \"2026-11-22 12:00\"",
		   text);
	return CTL_USAGE;
}

/* @nothing: where there is none */
static int show(const struct ctl *ctl, const struct history_answer *a, const char *nothing)
{
	struct style style = style_of(STDOUT_FILENO);
	struct buf out = {};

	if (ctl->json)
		return output_json(&history_type, a, CTL_OK);
	if (a->records.n)
		history_render(&a->records, &style, &out);
	else
		buf_add(&out, "%s", nothing);
	return output_text(&out, CTL_OK);
}

/* Out of the journal: carved need not run. */
static int show_past(const struct ctl *ctl)
{
	struct past_query q = {.directory = ctl->journal,
			       .device = ctl->n_args ? ctl->args[0] : NULL,
			       .boot = ctl->boot};
	int exit_code = ctl->since ? read_since(ctl->since, &q.since) : CTL_OK;
	struct history_answer a = {};

	if (exit_code != CTL_OK)
		return exit_code;
	exit_code = past_fetch(&q, &a) < 0 ? CTL_ERROR
					   : show(ctl, &a, "The journal tells of nothing.\n");
	if (!q.directory && past_is_hidden())
		client_say("not all can be seen: the journal is for root and the groups adm and "
			   "systemd-journal");
	answer_clear(&history_type, &a, &a.arena);
	return exit_code;
}

static int show_present(const struct ctl *ctl)
{
	const char *device = ctl->n_args ? ctl->args[0] : "";
	_cleanup_client_ struct client c = {};
	struct history_answer a = {};
	int exit_code = CTL_ERROR, r = client_open(&c, ctl);

	if (r >= 0)
		r = fetch_records(&c, device, 0, &a.arena, &a.records);
	if (r == -ENODEV)
		fetch_no_such_device(&c, device);
	if (r >= 0)
		exit_code = show(ctl, &a,
				 "Nothing since carved started; of earlier runs: carvectl history "
				 "--since 24h\n");
	answer_clear(&history_type, &a, &a.arena);
	return exit_code;
}

/**
 * command_history() - carvectl history [DEVICE] [--since TIME] [--boot BOOT] [--journal DIR].
 *
 * Return: the exit code.
 */
int command_history(const struct ctl *ctl)
{
	return ctl->since || ctl->boot || ctl->journal ? show_past(ctl) : show_present(ctl);
}
