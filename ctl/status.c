// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl status: all devices in a table, or all there is to know of some. Decides what is shown
 * and in which order; takes states and reasons as the daemon gives them.
 */
#include "status.h"
#include "ctl.h"
#include "fetch.h"
#include "glyph.h"
#include "output.h"
#include "table.h"

#include <inttypes.h>

#define LABEL_WIDTH 14 /* "  Last reload: " without the last space */

static bool is(const char *state, const char *name)
{
	return strcmp(state, name) == 0;
}

/* --- all devices ------------------------------------------------------------- */

static const struct table_column marked_columns[] = {
	{.title = "", .tight = true},
	{.title = "DEVICE", .fit = TABLE_WRAP},
	{.title = "ENTRY", .fit = TABLE_WRAP, .min = 8, .spare = 1},
	{.title = "DRIVER", .fit = TABLE_WRAP, .min = 8, .spare = 2},
	{.title = "STATE", .fit = TABLE_WRAP},
	{.title = "RELOADS", .fit = TABLE_WRAP, .spare = 3},
	{.title = "REASON", .fit = TABLE_CUT, .min = 40, .spare = 4, .below = true},
};

static void add_device(struct table *t, const struct device_answer *d, const struct style *style)
{
	_cleanup_free_ char *reloads =
		mem_printf("%" PRIu64 "/%" PRIu64, d->reloads, d->foreign_reloads);
	enum colour colour = state_colour(d->state);

	if (style->marks)
		table_add(t, state_mark(d->state, style), colour);
	table_add(t, d->handle, COLOUR_NONE);
	table_add(t, d->entry, COLOUR_NONE);
	table_add(t, d->driver, COLOUR_NONE);
	table_add(t, d->state, colour);
	table_add(t, *d->handle ? reloads : "", COLOUR_NONE);
	table_add(t, d->reason, COLOUR_NONE);
}

static void render_table(const struct status_answer *a, const struct style *style, struct buf *out)
{
	struct table t = {.columns = marked_columns, .n_columns = ARRAY_SIZE(marked_columns)};

	if (!style->marks) {
		t.columns++;
		t.n_columns--;
	}
	vec_each(d, &a->devices)
		add_device(&t, d, style);
	table_render(&t, style, out);
	table_clear(&t);
}

/** status_render_diagnostics() - append the diagnostics as the daemon wrote them. */
void status_render_diagnostics(const text_list *diagnostics, struct buf *out)
{
	bool errors = false;

	if (!diagnostics->n)
		return;
	vec_each(text, diagnostics)
		errors = errors || strstr(*text, "error: ");
	buf_add(out, "\n%s\n",
		errors ? "The configuration has errors; what was accepted before stays in force."
		       : "Remarks:");
	vec_each(text, diagnostics)
		buf_add(out, "%s%s", *text, output_newline(*text));
}

static void render_summary(const struct status_answer *a, const struct style *style,
			   struct buf *out)
{
	enum colour colour = state_colour(a->state);
	size_t managed = 0, converged = 0;

	vec_each(d, &a->devices) {
		managed += !is(d->state, "unmanaged");
		converged += is(d->state, "converged");
	}
	buf_add(out, "carved: %s%s%s", colour_begin(colour, style), a->state,
		colour_end(colour, style));
	if (managed)
		buf_add(out, ", %zu of %zu converged", converged, managed);
	buf_add(out, "\n");
}

/** status_render() - append the table of all devices, the diagnostics and the manager's state. */
void status_render(const struct status_answer *a, const struct style *style, struct buf *out)
{
	if (a->devices.n)
		render_table(a, style, out);
	else
		buf_add(out, "There are no devices, and the configuration names none.\n");
	status_render_diagnostics(&a->diagnostics, out);
	buf_add(out, "\n");
	render_summary(a, style, out);
}

/* --- one device -------------------------------------------------------------- */

static void put_label(const char *label, const char *text, const struct style *style,
		      struct buf *out)
{
	if (!*text)
		return;
	buf_add(out, "%*s: ", LABEL_WIDTH, label);
	wrap_render(text, LABEL_WIDTH + 2, style, out);
}

static void put_state(const struct device_answer *d, const struct style *style, struct buf *out)
{
	enum colour colour = state_colour(d->state);

	buf_add(out, "%*s: %s%s%s\n", LABEL_WIDTH, "State", colour_begin(colour, style), d->state,
		colour_end(colour, style));
}

static void put_reloads(const struct device_answer *d, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *counts = mem_printf("%" PRIu64 " by carved, %" PRIu64 " by others",
						 d->reloads, d->foreign_reloads);
	_cleanup_free_ char *outage =
		mem_printf("%" PRIu64 ".%03" PRIu64 " s outage", d->outage_usec / 1000000,
			   d->outage_usec / 1000 % 1000);

	put_label("Reloads", counts, style, out);
	put_label("Last reload", d->outage_usec ? outage : "", style, out);
}

static void put_header(const struct device_answer *d, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *name = glyph_clean(*d->handle ? d->handle : d->entry);
	enum colour colour = state_colour(d->state);

	if (style->marks)
		buf_add(out, "%s%s%s ", colour_begin(colour, style), state_mark(d->state, style),
			colour_end(colour, style));
	buf_add(out, "%s%s%s\n", colour_begin(COLOUR_STRONG, style), name,
		colour_end(COLOUR_STRONG, style));
	put_label("Entry", d->entry, style, out);
	put_label("Driver", d->driver, style, out);
	put_state(d, style, out);
	put_label("Reason", d->reason, style, out);
	put_label("Pending", d->pending_class, style, out);
	if (*d->handle)
		put_reloads(d, style, out);
}

static const struct table_column object_columns[] = {
	{.title = "KIND", .fit = TABLE_WRAP},
	{.title = "OBJECT", .fit = TABLE_WRAP},
	{.title = "WANTED", .fit = TABLE_WRAP, .min = 12},
	{.title = "ACTUAL", .fit = TABLE_WRAP, .min = 12},
	{.title = "WHY NOT", .fit = TABLE_WRAP, .min = 30, .spare = 1, .below = true},
	{.title = "FILE:LINE:COL", .fit = TABLE_WRAP, .spare = 2, .below = true},
};

static void add_object(struct table *t, const struct object_answer *o)
{
	bool there = strcmp(o->wanted, o->actual) == 0;

	table_add(t, o->kind, COLOUR_NONE);
	table_add(t, o->object, COLOUR_NONE);
	table_add(t, o->wanted, COLOUR_NONE);
	table_add(t, o->actual, there ? COLOUR_NONE : *o->reason ? COLOUR_BAD : COLOUR_WAITING);
	table_add(t, o->reason, COLOUR_NONE);
	table_add(t, o->origin, COLOUR_NONE);
}

static void put_objects(const struct device_answer *d, const struct style *style, struct buf *out)
{
	struct table t = {.columns = object_columns, .n_columns = ARRAY_SIZE(object_columns)};

	if (!d->objects.n) {
		buf_add(out, "Nothing is managed on it.\n");
		return;
	}
	vec_each(o, &d->objects)
		add_object(&t, o);
	table_render(&t, style, out);
	table_clear(&t);
}

/** status_render_device() - append all there is to know of one device. */
void status_render_device(const struct device_answer *d, const struct style *style, struct buf *out)
{
	put_header(d, style, out);
	if (!*d->handle)
		return;
	buf_add(out, "\n");
	put_objects(d, style, out);
	if (*d->last_error || *d->last_extack)
		buf_add(out, "\n");
	put_label("Last error", d->last_error, style, out);
	put_label("Last extack", d->last_extack, style, out);
}

/* --- the command ------------------------------------------------------------- */

/** status_exit_code() - with @all the manager's state counts, else that of the devices shown. */
int status_exit_code(const struct status_answer *a, bool all)
{
	if (all)
		return is(a->state, "converged") ? CTL_OK : CTL_NOT_THERE;
	vec_each(d, &a->devices)
		if (!is(d->state, "converged") && !is(d->state, "unmanaged"))
			return CTL_NOT_THERE;
	return CTL_OK;
}

static void render_devices(const struct status_answer *a, const struct style *style,
			   struct buf *out)
{
	vec_each(d, &a->devices) {
		if (d != a->devices.v)
			buf_add(out, "\n");
		status_render_device(d, style, out);
	}
	status_render_diagnostics(&a->diagnostics, out);
}

static int show(const struct ctl *ctl, const struct status_answer *a)
{
	struct style style = style_of_stdout();
	int exit_code = status_exit_code(a, !ctl->n_args);
	struct buf out = {};

	if (ctl->json)
		return output_json(ctl->n_args ? &status_type : &overview_type, a, exit_code);
	if (ctl->n_args)
		render_devices(a, &style, &out);
	else
		status_render(a, &style, &out);
	return output_text(&out, exit_code);
}

/** command_status() - carvectl status [DEVICE]. */
int command_status(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct status_answer a = {};
	int exit_code = CTL_ERROR;

	if (client_open(&c, ctl) >= 0 &&
	    fetch_status(&c, ctl->n_args ? ctl->args[0] : NULL, &a) >= 0)
		exit_code = show(ctl, &a);
	answer_clear(&status_type, &a, &a.arena);
	return exit_code;
}
