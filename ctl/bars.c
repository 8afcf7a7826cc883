// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides how wide the columns are, and how much of a line is a bar. Knows nothing of devices. */
#include "bars.h"
#include "glyph.h"
#include "table.h"

#include <stdint.h>

#define WIDTH_DEFAULT 80
#define BAR_MIN	      16

/* --- the bar ---------------------------------------------------------------------------------- */

struct glyphs {
	const char *taken, *free, *rest;
};

static struct glyphs glyphs_of(enum bar_kind kind, const struct style *style)
{
	if (kind == BAR_LINE)
		return style->utf8 ? (struct glyphs){"━", "━", " "}
				   : (struct glyphs){"-", "-", " "};
	if (kind == BAR_ALONE)
		return style->utf8 ? (struct glyphs){"█", "▒", " "}
				   : (struct glyphs){"#", "=", " "};
	return style->utf8 ? (struct glyphs){"█", "▒", "·"} : (struct glyphs){"#", "=", "."};
}

static void draw_bar(const struct bar *b, unsigned cells, const struct style *style,
		     struct buf *out)
{
	struct glyphs g = glyphs_of(b->kind, style);
	double from = b->from * cells, to = b->to * cells, taken = b->taken * cells;
	bool begun = false;

	for (unsigned i = 0; i < cells; i++) {
		double middle = i + 0.5;
		bool in = middle >= from && middle < to;
		/* what is there at all is seen */
		bool thin = to - from < 1 && i == (unsigned)from;
		bool used = in && (middle < taken || (taken > from && !begun));

		begun |= in;
		buf_add(out, "%s", used ? g.taken : in || thin ? g.free : g.rest);
	}
}

/* --- columns ---------------------------------------------------------------------------------- */

/* How wide they are. The range is 0 where a bar has no room beside it: it is shown below. */
struct columns {
	unsigned name, size, used, range, bar;
};

static unsigned width_of(const char *text)
{
	return (unsigned)glyph_width(text, SIZE_MAX);
}

static struct columns measure(const struct bars *b, const struct style *style)
{
	unsigned width = style->width ? style->width : WIDTH_DEFAULT, rest;
	struct columns c = {};

	vec_each(l, &b->lines) {
		c.name = MAX(c.name, l->indent + width_of(l->name));
		c.size = MAX(c.size, width_of(l->size));
		c.used = MAX(c.used, width_of(l->used));
		c.range = MAX(c.range, width_of(l->range));
	}
	rest = c.name + c.size + c.used + 3;
	if (width < rest + c.range + 1 + BAR_MIN)
		c.range = 0;
	else
		rest += c.range + 1;
	c.bar = width > rest + BAR_MIN ? width - rest : BAR_MIN;
	return c;
}

static void pad(unsigned width, const char *text, struct buf *out)
{
	unsigned used = width_of(text);

	buf_add(out, "%*s", (int)(width > used ? width - used : 0), "");
}

static void put_left(unsigned width, const char *text, struct buf *out)
{
	buf_add(out, "%s", text);
	pad(width, text, out);
}

static void put_right(unsigned width, const char *text, struct buf *out)
{
	buf_add(out, " ");
	pad(width, text, out);
	buf_add(out, "%s", text);
}

/* What has no column of its own. */
static void put_below(const struct bar *l, const struct columns *c, const struct style *style,
		      struct buf *out)
{
	bool range = !c->range && !l->title && *l->range;
	_cleanup_free_ char *text = mem_printf("%s%s%s%s", l->below, *l->below && range ? "; " : "",
					       range ? l->range_is : "", range ? l->range : "");

	if (!*text)
		return;
	buf_add(out, "%*s", (int)l->indent + 2, "");
	wrap_render(text, l->indent + 2, style, out);
}

static void trim(struct buf *out)
{
	while (out->n && out->s[out->n - 1] == ' ')
		out->s[--out->n] = '\0';
}

static void put_line(const struct bar *l, const struct columns *c, const struct style *style,
		     struct buf *out)
{
	enum colour colour = l->title ? COLOUR_STRONG : COLOUR_NONE;

	buf_add(out, "%s%*s", colour_begin(colour, style), (int)l->indent, "");
	put_left(c->name - l->indent, l->name, out);
	put_right(c->size, l->size, out);
	put_right(c->used, l->used, out);
	buf_add(out, " ");
	if (c->range) {
		put_left(c->range, l->range, out);
		buf_add(out, " ");
	}
	if (l->kind == BAR_NONE)
		buf_add(out, "%s", l->words);
	else
		draw_bar(l, c->bar, style, out);
	trim(out);
	buf_add(out, "%s\n", colour_end(colour, style));
	put_below(l, c, style, out);
}

/* --- the lines -------------------------------------------------------------------------------- */

/** bars_add() - a new line at the end, with empty texts and no bar. */
struct bar *bars_add(struct bars *b)
{
	struct bar *l = vec_add(&b->lines);

	*l = (struct bar){"", "", "", "", "", "", "", 0, BAR_NONE, 0, 0, 0, false};
	return l;
}

/** bars_title() - what the columns are called in the lines that follow. */
void bars_title(struct bars *b, const char *name, const char *size, const char *used,
		const char *range, const char *words)
{
	struct bar *l = bars_add(b);

	l->title = true;
	l->name = name;
	l->size = size;
	l->used = used;
	l->range = range;
	l->words = words;
}

/** bars_render() - append all lines, with an empty one before each title but the first. */
void bars_render(const struct bars *b, const struct style *style, struct buf *out)
{
	struct columns c = measure(b, style);

	vec_each(l, &b->lines) {
		if (l->title && l != b->lines.v)
			buf_add(out, "\n");
		put_line(l, &c, style, out);
	}
}

/** bars_clear() - free the lines; there are none then. */
void bars_clear(struct bars *b)
{
	vec_clear(&b->lines);
	arena_clear(&b->arena);
}
