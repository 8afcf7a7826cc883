// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides what is said above diagnostics, and where they are wrapped. */
#include "remarks.h"
#include "base/text.h"
#include "table.h"

#include <stdio.h>
#include <unistd.h>

#define INDENT 4 /* of what does not fit into the line of a message */

/**
 * remarks_handle() - the device that a diagnostic is about.
 * @ret: how long its handle is
 *
 * Return: where it begins in @text, or NULL.
 */
const char *remarks_handle(const char *text, size_t *ret)
{
	const char *start = strstr(text, ": error: ") ?: strstr(text, ": warning: ")
							  ?: strstr(text, ": note: ");
	const char *end;

	if (!start)
		return NULL;
	start = strchr(start + 2, ' ') + 1;
	end = strstr(start, ": ");
	if (!end || !memchr(start, '/', (size_t)(end - start)) ||
	    memchr(start, ' ', (size_t)(end - start)))
		return NULL;
	*ret = (size_t)(end - start);
	return start;
}

/** remarks_add() - append diagnostics: messages are wrapped, source lines and carets are not. */
void remarks_add(const char *text, const struct style *style, struct buf *out)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		_cleanup_free_ char *line = mem_printf("%.*s", (int)n, p);

		if (strncmp(line, "  ", 2) == 0 || !style->width)
			buf_add(out, "%s\n", line);
		else
			wrap_render(line, INDENT, style, out);
		p += n + (p[n] == '\n');
	}
}

/** remarks_refuse() - is one of them an error of the files, whatever the device? */
bool remarks_refuse(const text_list *diagnostics)
{
	size_t n;

	vec_each(text, diagnostics)
		if (strstr(*text, "error: ") && !remarks_handle(*text, &n))
			return true;
	return false;
}

/* What the worst of them means. */
static const char *title_of(const text_list *diagnostics)
{
	if (remarks_refuse(diagnostics))
		return "The configuration has errors; what was accepted before stays in force.";
	vec_each(text, diagnostics)
		if (strstr(*text, "error: "))
			return "The configuration does not fit a device; what it accepted before, "
			       "if anything, stays in force.";
	return "Remarks:";
}

/** remarks_render() - append the diagnostics, if there are any, below a title. */
void remarks_render(const text_list *diagnostics, const struct style *style, struct buf *out)
{
	if (!diagnostics->n)
		return;
	buf_add(out, "\n");
	wrap_render(title_of(diagnostics), 0, style, out);
	vec_each(text, diagnostics)
		remarks_add(*text, style, out);
}

/** remarks_print() - write diagnostics to standard error. */
void remarks_print(const char *text)
{
	struct style style = style_of(STDERR_FILENO);
	struct buf out = {};

	remarks_add(text, &style, &out);
	if (out.n)
		fputs(out.s, stderr);
	buf_clear(&out);
}
