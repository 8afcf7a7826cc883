// SPDX-License-Identifier: GPL-2.0-or-later
/* carvectl plan: the steps that carved would take now. Decides how they look; the daemon has made
 * them. */
#include "plan.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"
#include "table.h"

#include <unistd.h>

static const struct table_column columns[] = {
	{.title = "DEVICE", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "CLASS", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "KIND", .fit = TABLE_WRAP, .squeeze = true},
	{.title = "OBJECT", .fit = TABLE_WRAP, .min = 24, .squeeze = true},
	{.title = "CHANGE", .fit = TABLE_WRAP, .min = 16},
	{.title = "FILE:LINE:COL", .fit = TABLE_WRAP, .spare = 1, .below = true},
};

static enum colour class_colour(const char *class)
{
	if (strcmp(class, "reload") == 0)
		return COLOUR_WAITING;
	return strcmp(class, "power-cycle") == 0 ? COLOUR_BAD : COLOUR_NONE;
}

static void add_step(struct table *t, const struct step_answer *s, const struct style *style)
{
	_cleanup_free_ char *change =
		*s->from ? mem_printf("%s %s %s", s->from, style->utf8 ? "→" : "->", s->to)
			 : mem_strdup(s->to);

	table_add(t, s->handle, COLOUR_NONE);
	table_add(t, s->class, class_colour(s->class));
	table_add(t, s->kind, COLOUR_NONE);
	table_add(t, s->object, COLOUR_NONE);
	table_add(t, change, COLOUR_NONE);
	table_add(t, s->origin, COLOUR_NONE);
}

static void render_summary(const struct plan_answer *a, struct buf *out)
{
	size_t reloads = 0;

	vec_each(s, &a->steps)
		reloads += strcmp(s->kind, "reload") == 0;
	buf_add(out, "\n%zu step%s", a->steps.n, a->steps.n == 1 ? "" : "s");
	if (reloads)
		buf_add(out, ", %zu reload%s", reloads, reloads == 1 ? "" : "s");
	buf_add(out, "\n");
}

/** plan_render() - append the table of steps and how many there are. */
void plan_render(const struct plan_answer *a, const struct style *style, struct buf *out)
{
	struct table t = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};

	if (!a->steps.n) {
		buf_add(out, "Nothing to do.\n");
		return;
	}
	vec_each(s, &a->steps)
		add_step(&t, s, style);
	table_render(&t, style, out);
	table_clear(&t);
	render_summary(a, out);
}

static bool is_lasting(const struct step_answer *s)
{
	static const char permanent[] = "/permanent";
	size_t n = strlen(s->object), suffix = strlen(permanent);

	return strcmp(s->kind, "firmware") == 0 ||
	       (n > suffix && strcmp(s->object + n - suffix, permanent) == 0);
}

/** plan_render_lasting() - append what a trial that comes to nothing would leave behind. */
void plan_render_lasting(const struct plan_answer *a, struct buf *out)
{
	size_t before = out->n;

	vec_each(s, &a->steps)
		if (is_lasting(s))
			buf_add(out, "%s%s %s %s to %s",
				out->n == before ? "The end of a trial would not undo: " : ", ",
				s->handle, s->kind, s->object, s->to);
	if (out->n > before)
		buf_add(out, "\n");
}

static bool is_candidate(const struct ctl *ctl)
{
	return ctl->candidate || ctl->overlay.files.n;
}

static int show(const struct ctl *ctl, const struct plan_answer *a)
{
	struct style style = style_of(STDOUT_FILENO);
	int exit_code = a->steps.n ? CTL_STEPS : CTL_OK;
	struct buf out = {};

	if (ctl->json)
		return output_json(&plan_type, a, exit_code);
	plan_render(a, &style, &out);
	if (is_candidate(ctl))
		plan_render_lasting(a, &out);
	return output_text(&out, exit_code);
}

/**
 * command_plan() - carvectl plan [DEVICE] [--candidate] [--with PATH=FILE] [--without PATH].
 *
 * Return: the exit code.
 */
int command_plan(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct plan_answer a = {};
	int exit_code = CTL_ERROR;

	if (client_open(&c, ctl) >= 0 &&
	    fetch_plan(&c, ctl->n_args ? ctl->args[0] : NULL, is_candidate(ctl), &a) >= 0)
		exit_code = show(ctl, &a);
	answer_clear(&plan_type, &a, &a.arena);
	return exit_code;
}
