// SPDX-License-Identifier: GPL-2.0-or-later
/* Collecting diagnostics and showing them the way compilers do. */
#include "model/diag.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define SOURCE_SHOWN 120 /* characters of a line */

static const char *const severity_names[] = {
	[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};

/** diag_severity_name() - as it is written before a message. */
const char *diag_severity_name(enum diag_severity severity)
{
	return severity_names[severity];
}

static void diag_free(struct diag *d)
{
	free(d->source);
	free(d->device);
	free(d->message);
}

/* Whether there is room for one more: notes make it for errors. */
static bool make_room(struct diag_list *list, enum diag_severity severity)
{
	if (list->diags.n < DIAG_MAX)
		return true;
	list->n_dropped++;
	for (size_t i = list->diags.n; severity == DIAG_ERROR && i-- > 0;) {
		if (list->diags.v[i].severity == DIAG_ERROR)
			continue;
		diag_free(&list->diags.v[i]);
		vec_remove(&list->diags, i);
		return true;
	}
	return false;
}

static char *first_line(const char *source)
{
	return source ? mem_printf("%.*s", (int)strcspn(source, "\r\n"), source) : NULL;
}

/**
 * diag_add() - append a diagnostic.
 * @source: begins with the line of @mark, which is copied; or NULL
 * @device: the handle if only this device is concerned, or NULL; copied
 * @format: the message, without place and severity
 */
void diag_add(struct diag_list *list, enum diag_severity severity, struct mark mark,
	      const char *source, const char *device, const char *format, ...)
{
	char *message = NULL;
	va_list ap;

	if (severity == DIAG_ERROR)
		list->n_errors++;
	if (!make_room(list, severity))
		return;
	va_start(ap, format);
	if (vasprintf(&message, format, ap) < 0)
		message = mem_strdup(format);
	va_end(ap);
	vec_push(&list->diags, ((struct diag){.severity = severity,
					      .mark = mark,
					      .source = first_line(source),
					      .device = mem_strdup(device),
					      .message = message}));
}

static int by_place(const void *pa, const void *pb)
{
	const struct diag *a = pa, *b = pb;
	int c = strcmp(a->mark.file ? a->mark.file : "", b->mark.file ? b->mark.file : "");

	if (c == 0)
		c = CMP(a->mark.line, b->mark.line);
	if (c == 0)
		c = CMP(a->mark.column, b->mark.column);
	return c ? c : strcmp(a->message, b->message);
}

/** diag_sort() - by file, line, column. */
void diag_sort(struct diag_list *list)
{
	vec_sort(&list->diags, by_place);
}

/** mark_same() - is it the same place? */
bool mark_same(struct mark a, struct mark b)
{
	return text_equal(a.file, b.file) && a.line == b.line && a.column == b.column;
}

/** mark_format() - "FILE:LINE:COL", as far as it is known, or "" for no place; to be freed. */
char *mark_format(struct mark mark)
{
	if (!mark.file)
		return mem_strdup("");
	if (!mark.line)
		return mem_strdup(mark.file);
	if (!mark.column)
		return mem_printf("%s:%" PRIu32, mark.file, mark.line);
	return mem_printf("%s:%" PRIu32 ":%" PRIu32, mark.file, mark.line, mark.column);
}

/* Where the character number @n after @p begins, or the end. */
static const char *skip_chars(const char *p, uint32_t n)
{
	for (; *p; p++)
		if ((*p & 0xc0) != 0x80 && n-- == 0)
			break;
	return p;
}

/*
 * A blank as wide as the character at @p, which a locale that does not know it takes for one
 * column.
 */
static const char *render_blank(const char *p, struct buf *out)
{
	uint32_t c = 0;
	size_t n = text_char(p, 4, &c);
	int width = wcwidth((wchar_t)c);

	if (c == '\t')
		buf_add(out, "\t");
	else
		buf_add(out, "%*s", width < 0 ? 1 : width, "");
	return p + MAX(n, (size_t)1);
}

/*
 * The source and the caret's line: tabs of the source stay tabs, so that the caret stands under its
 * column. Of a line that fills more than a screen only the neighbourhood is shown.
 */
static void render_source(const struct diag *d, struct buf *out)
{
	uint32_t column = d->mark.column > SOURCE_SHOWN ? d->mark.column - SOURCE_SHOWN / 2 : 1;
	const char *start = skip_chars(d->source, column - 1);
	const char *end = skip_chars(start, SOURCE_SHOWN);
	bool cut = column > 1;

	buf_add(out, "  %s%.*s%s\n  %s", cut ? "..." : "", (int)(end - start), start,
		*end ? "..." : "", cut ? "   " : "");
	for (const char *p = start; *p && column < d->mark.column; column++)
		p = render_blank(p, out);
	buf_add(out, "^\n");
}

/** diag_render() - append "FILE:LINE:COL: error: MESSAGE", the source line and a caret. */
void diag_render(const struct diag *d, struct buf *out)
{
	_cleanup_free_ char *place = mark_format(d->mark);

	buf_add(out, "%s%s%s: ", place, *place ? ": " : "", severity_names[d->severity]);
	if (d->device)
		buf_add(out, "%s: ", d->device);
	buf_add(out, "%s\n", d->message);
	if (d->source && d->mark.line)
		render_source(d, out);
}

/** diag_render_all() - the whole list as text, errors before all else; to be freed. */
char *diag_render_all(const struct diag_list *list)
{
	struct buf b = {};

	for (int rest = 0; rest <= 1; rest++)
		vec_each(d, &list->diags)
			if ((d->severity != DIAG_ERROR) == rest)
				diag_render(d, &b);
	if (list->n_dropped)
		buf_add(&b, "... and %zu more\n", list->n_dropped);
	return buf_take(&b);
}

/** diag_move() - append all of @from to @to and leave @from empty. */
void diag_move(struct diag_list *to, struct diag_list *from)
{
	to->n_errors += from->n_errors;
	to->n_dropped += from->n_dropped;
	vec_each(d, &from->diags) {
		if (make_room(to, d->severity))
			vec_push(&to->diags, *d);
		else
			diag_free(d);
	}
	vec_clear(&from->diags);
	*from = (struct diag_list){};
}

/** diag_clear() - free all diagnostics; the list is empty then. */
void diag_clear(struct diag_list *list)
{
	vec_each(d, &list->diags)
		diag_free(d);
	vec_clear(&list->diags);
	*list = (struct diag_list){};
}
