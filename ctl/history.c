// SPDX-License-Identifier: GPL-2.0-or-later
/* carvectl history: what happened, the oldest first. Decides how a record looks. */
#include "history.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"
#include "table.h"
#include "when.h"

#include <errno.h>
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

	if (!records->n) {
		buf_add(out, "Nothing has happened since carved was started.\n");
		return;
	}
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

/**
 * command_history() - carvectl history [DEVICE].
 *
 * Return: the exit code.
 */
int command_history(const struct ctl *ctl)
{
	const char *device = ctl->n_args ? ctl->args[0] : "";
	_cleanup_client_ struct client c = {};
	struct history_answer a = {};
	int exit_code = CTL_ERROR, r = client_open(&c, ctl);
	struct buf out = {};

	if (r >= 0)
		r = fetch_records(&c, device, 0, &a.arena, &a.records);
	if (r == -ENODEV)
		fetch_no_such_device(&c, device);
	if (r >= 0 && ctl->json) {
		exit_code = output_json(&history_type, &a, CTL_OK);
	} else if (r >= 0) {
		struct style style = style_of(STDOUT_FILENO);

		history_render(&a.records, &style, &out);
		exit_code = output_text(&out, CTL_OK);
	}
	answer_clear(&history_type, &a, &a.arena);
	return exit_code;
}
