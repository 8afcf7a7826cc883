/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text in aligned columns:
 *
 *	struct table t = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
 *	table_add(&t, handle, COLOUR_NONE);	(n_columns times for each row)
 *	table_render(&t, &style, &out);
 *	table_clear(&t);
 *
 * A table that is too wide for the style first loses columns that are empty and spaces between
 * others, then those that can be spared, or shows them below each row, then its widest columns get
 * narrower.
 */
#pragma once

#include "base/text.h"
#include "style.h"

enum table_fit {
	TABLE_CUT,  /* a cell that is too long is cut, and ends in "…" */
	TABLE_WRAP, /* it goes on in the next line */
};

struct table_column {
	const char *title;
	enum table_fit fit;
	unsigned
		min; /* not narrower than this if it can be helped; 0: not narrower than its text */
	unsigned spare; /* the highest goes first; 0: never goes */
	bool below;	/* spared, it is shown in lines of its own below the row */
	bool tight;	/* one space to the next column instead of two */
	bool squeeze;	/* one space, where there is no room for two */
};

struct table_cell {
	char *text;
	enum colour colour;
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	VEC(struct table_cell) cells; /* row by row */
};

void table_add(struct table *t, const char *text, enum colour colour);
void table_render(const struct table *t, const struct style *style, struct buf *out);
void table_clear(struct table *t);

void wrap_render(const char *text, unsigned indent, const struct style *style, struct buf *out);
