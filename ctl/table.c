// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides how wide each column is and where cells are cut. Knows nothing of what is in them. */
#include "table.h"
#include "glyph.h"
#include "base/text.h"

#include <stdint.h>

#define EMPTY_CELL   "-"
#define BELOW_INDENT 4

/* --- what is wide ------------------------------------------------------------ */

struct layout {
	size_t *width; /* the width of each column; 0: not shown */
	size_t limit;  /* the most columns of a line; 0: no limit */
	bool squeezed;
};

static size_t n_rows(const struct table *t)
{
	return t->cells.n / t->n_columns;
}

static const struct table_cell *cell(const struct table *t, size_t row, size_t column)
{
	return &t->cells.v[row * t->n_columns + column];
}

static size_t natural_width(const struct table *t, size_t column)
{
	size_t width = glyph_width(t->columns[column].title, SIZE_MAX);

	for (size_t i = 0; i < n_rows(t); i++)
		width = MAX(width, glyph_width(cell(t, i, column)->text, SIZE_MAX));
	return MAX(width, (size_t)1);
}

static bool column_empty(const struct table *t, size_t column)
{
	for (size_t i = 0; i < n_rows(t); i++)
		if (strcmp(cell(t, i, column)->text, EMPTY_CELL) != 0)
			return false;
	return true;
}

static size_t least_width(const struct table *t, const struct layout *l, size_t column)
{
	size_t min = t->columns[column].min;

	return min ? MIN(min, l->width[column]) : l->width[column];
}

/* Spaces after a column. */
static size_t gap_after(const struct table *t, const struct layout *l, size_t column)
{
	const struct table_column *c = &t->columns[column];

	return c->tight || (l->squeezed && c->squeeze) ? 1 : 2;
}

/* The width of a line; with @least: the narrowest that it can become. */
static size_t line_width(const struct table *t, const struct layout *l, bool least)
{
	size_t width = 0, gap = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		if (!l->width[i])
			continue;
		width += gap + (least ? least_width(t, l, i) : l->width[i]);
		gap = gap_after(t, l, i);
	}
	return width;
}

/* Drop a column whose cells are all empty. */
static bool drop_empty(const struct table *t, struct layout *l)
{
	for (size_t i = t->n_columns; i-- > 0;) {
		if (!l->width[i] || !n_rows(t) || !column_empty(t, i))
			continue;
		l->width[i] = 0;
		return true;
	}
	return false;
}

static unsigned spare_rank(const struct table *t, const struct layout *l, size_t column)
{
	return l->width[column] ? t->columns[column].spare : 0;
}

/* Drop the column that can best be spared. Return: false if none can. */
static bool drop_column(const struct table *t, struct layout *l)
{
	unsigned best = 0;
	size_t found = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		unsigned rank = spare_rank(t, l, i);

		if (rank > best) {
			best = rank;
			found = i;
		}
	}
	if (best)
		l->width[found] = 0;
	return best;
}

/* Take one from the widest column that is over its least width; with @hard, over 1. */
static bool narrow_column(const struct table *t, struct layout *l, bool hard)
{
	size_t widest = 0, found = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		size_t least = hard ? 1 : least_width(t, l, i);

		if (l->width[i] > least && l->width[i] > widest) {
			widest = l->width[i];
			found = i;
		}
	}
	if (widest)
		l->width[found]--;
	return widest;
}

static void lay_out(const struct table *t, struct layout *l)
{
	for (size_t i = 0; i < t->n_columns; i++)
		l->width[i] = natural_width(t, i);
	if (!l->limit)
		return;
	while (line_width(t, l, false) > l->limit && drop_empty(t, l))
		;
	l->squeezed = true;
	while (line_width(t, l, true) > l->limit && drop_column(t, l))
		;
	l->squeezed = false;
	l->squeezed = line_width(t, l, false) > l->limit;
	for (int hard = 0; hard < 2; hard++)
		while (line_width(t, l, false) > l->limit && narrow_column(t, l, hard))
			;
}

/* --- pieces of cells --------------------------------------------------------- */

/* A good place to break within the first @fit bytes: a space if there is one far enough on. 0:
 * none. */
static size_t good_break(const char *text, size_t fit)
{
	size_t space = 0, other = 0;

	for (size_t i = 0; i < fit; i++) {
		if (text[i] == ' ')
			space = i;
		else if (strchr("/:,;_-", text[i]))
			other = i + 1;
	}
	return space >= fit / 2 ? space : MAX(space, other);
}

/* How many bytes of @text go into a line of @width. */
static size_t wrap_at(const char *text, size_t width)
{
	size_t fit = glyph_fit(text, width), good;

	if (!text[fit] || (fit && text[fit] == ' '))
		return fit;
	if (!fit) /* a character wider than the column */
		return MAX(glyph_fit(text, 2), (size_t)1);
	good = good_break(text, fit);
	return good ? good : fit;
}

static const char *skip_spaces(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

/* A line under construction: spaces are written only when something follows. */
struct line {
	const struct style *style;
	struct buf *out;
	size_t spaces;
};

static void line_put(struct line *l, const char *text, size_t bytes, const char *more,
		     const struct table_cell *c)
{
	if (!bytes && !*more)
		return;
	buf_add(l->out, "%*s%s%.*s%s%s", (int)l->spaces, "", colour_begin(c->colour, l->style),
		(int)bytes, text, more, colour_end(c->colour, l->style));
	l->spaces = 0;
}

/* Write the part of a cell that this line takes; return what is left for the next one. */
static const char *put_piece(struct line *l, const struct table_column *column, size_t width,
			     const char *text, const struct table_cell *c)
{
	const char *more = l->style->utf8 ? "…" : "...";
	size_t used = glyph_width(text, SIZE_MAX), bytes = strlen(text), dots;

	if (used <= width) {
		line_put(l, text, bytes, "", c);
		l->spaces += width - used;
		return "";
	}
	if (column->fit == TABLE_WRAP) {
		bytes = wrap_at(text, width);
		line_put(l, text, bytes, "", c);
		used = glyph_width(text, bytes);
		l->spaces += width > used ? width - used : 0;
		return skip_spaces(text + bytes);
	}
	dots = MIN(glyph_width(more, SIZE_MAX), width);
	bytes = glyph_fit(text, width - dots);
	if (dots < glyph_width(more, SIZE_MAX))
		more = "";
	line_put(l, text, bytes, more, c);
	l->spaces += width - glyph_width(text, bytes) - glyph_width(more, SIZE_MAX);
	return "";
}

/* Write one row, in as many lines as its longest cell needs. */
static void put_row(const struct table *t, const struct layout *l, const struct table_cell *row,
		    const struct style *style, struct buf *out)
{
	_cleanup_free_ const char **rest = mem_alloc(t->n_columns * sizeof(*rest));
	bool more = true;

	for (size_t i = 0; i < t->n_columns; i++)
		rest[i] = row[i].text;
	while (more) {
		struct line line = {style, out, 0};

		more = false;
		for (size_t i = 0; i < t->n_columns; i++) {
			if (!l->width[i])
				continue;
			rest[i] = put_piece(&line, &t->columns[i], l->width[i], rest[i], &row[i]);
			line.spaces += gap_after(t, l, i);
			more = more || *rest[i];
		}
		buf_add(out, "\n");
	}
}

/* Write the cells of dropped columns below their row. */
static void put_below(const struct table *t, const struct layout *l, const struct table_cell *row,
		      const struct style *style, struct buf *out)
{
	size_t width = l->limit > BELOW_INDENT ? l->limit - BELOW_INDENT : 1;

	for (size_t i = 0; i < t->n_columns; i++) {
		const char *rest = row[i].text;

		if (l->width[i] || !t->columns[i].below || strcmp(rest, EMPTY_CELL) == 0)
			continue;
		while (*rest) {
			struct line line = {style, out, BELOW_INDENT};

			rest = put_piece(&line, &t->columns[i], width, rest, &row[i]);
			buf_add(out, "\n");
		}
	}
}

static void put_header(const struct table *t, const struct layout *l, const struct style *style,
		       struct buf *out)
{
	_cleanup_free_ struct table_cell *titles = mem_alloc(t->n_columns * sizeof(*titles));

	for (size_t i = 0; i < t->n_columns; i++)
		titles[i] = (struct table_cell){(char *)t->columns[i].title, COLOUR_STRONG};
	put_row(t, l, titles, style, out);
}

/* --- the table --------------------------------------------------------------- */

/** table_add() - add the next cell; an empty text is shown as "-". */
void table_add(struct table *t, const char *text, enum colour colour)
{
	*vec_add(&t->cells) =
		(struct table_cell){text_clean_line(*text ? text : EMPTY_CELL), colour};
}

/** table_render() - append the titles and all rows to @out. */
void table_render(const struct table *t, const struct style *style, struct buf *out)
{
	_cleanup_free_ size_t *widths = mem_alloc(t->n_columns * sizeof(*widths));
	struct layout l = {.width = widths, .limit = style->width};

	lay_out(t, &l);
	put_header(t, &l, style, out);
	for (size_t i = 0; i < n_rows(t); i++) {
		put_row(t, &l, cell(t, i, 0), style, out);
		put_below(t, &l, cell(t, i, 0), style, out);
	}
}

/** table_clear() - free the cells; the table has none then. */
void table_clear(struct table *t)
{
	vec_each(c, &t->cells)
		free(c->text);
	vec_clear(&t->cells);
}

/**
 * wrap_render() - append @text as a paragraph.
 * @indent: columns before its second and further lines; the first is begun by the caller, as wide
 */
void wrap_render(const char *text, unsigned indent, const struct style *style, struct buf *out)
{
	_cleanup_free_ char *clean = text_clean_line(text);
	size_t width = style->width > indent + 10 ? style->width - indent : SIZE_MAX;

	for (const char *p = clean; *p;) {
		size_t bytes = wrap_at(p, width);

		buf_add(out, "%*s%.*s\n", p == clean ? 0 : (int)indent, "", (int)bytes, p);
		p = skip_spaces(p + bytes);
	}
	if (!*clean)
		buf_add(out, "\n");
}
