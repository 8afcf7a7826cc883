// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides what is worth a question: what the traffic of a switch, or its firmware, would notice.
 * Scripts are not asked: whoever has no terminal has decided already.
 */
#include "ask.h"
#include "table.h"

#include <stdio.h>
#include <unistd.h>

#define INDENT 2

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* What @s does, in a line; NULL where nobody would notice. To be freed. */
static char *describe(const struct step_answer *s, const struct style *style)
{
	const char *arrow = style->utf8 ? "→" : "->";

	if (is(s->kind, "firmware"))
		return mem_printf("  %s: flash %s %s %s %s", s->handle, s->object, s->from, arrow,
				  s->to);
	if (is(s->kind, "reload"))
		return mem_printf("  %s: reload%s%s", s->handle, *s->from ? ", " : "", s->from);
	if (is(s->class, "ports"))
		return mem_printf("  %s: %s %s, its netdevs go away and come back%s%s", s->handle,
				  s->kind, s->object, *s->from ? ": " : "", s->from);
	return NULL;
}

/**
 * ask_render() - append a line for each step of @plan that disturbs traffic.
 *
 * Return: how many there are.
 */
size_t ask_render(const struct plan_answer *plan, const struct style *style, struct buf *out)
{
	size_t n = 0;

	vec_each(s, &plan->steps) {
		_cleanup_free_ char *line = describe(s, style);

		if (!line)
			continue;
		buf_add(out, "%s", n++ ? "" : "This disturbs traffic:\n");
		wrap_render(line, INDENT + 2, style, out);
	}
	return n;
}

static bool is_agreed(void)
{
	char answer[16] = "";

	fputs("Go on? [y/N] ", stderr);
	fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		fputs("\n", stderr);
	if (answer[0] == 'y' || answer[0] == 'Y')
		return true;
	client_say("nothing was done");
	return false;
}

/**
 * ask_before() - on a terminal, and without --yes: show what the plan disturbs, and ask.
 * @q: what is about to be done; of what cannot be planned the command itself will say why
 *
 * Return: true to go on; false: that nothing is done has been said.
 */
bool ask_before(struct client *c, const struct plan_query *q)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	struct style style = style_of(STDERR_FILENO);
	struct plan_answer plan;
	struct buf out = {};
	bool agreed = true;

	if (c->ctl->yes || !isatty(STDIN_FILENO))
		return true;
	if (fetch_plan_quietly(c, q, &plan, &error) >= 0 && ask_render(&plan, &style, &out)) {
		fputs(out.s, stderr);
		agreed = is_agreed();
	}
	buf_clear(&out);
	answer_clear(&plan_type, &plan, &plan.arena);
	return agreed;
}
