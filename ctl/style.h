/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How to write for who reads: a terminal with its width and colours, or a file or pipe without. */
#pragma once

#include <stdbool.h>

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_WAITING, COLOUR_BUSY, COLOUR_BAD, COLOUR_STRONG };

struct style {
	unsigned width; /* columns; 0 = no limit, nothing is cut or wrapped */
	bool marks;	/* a mark before each state */
	bool colour;
	bool utf8;
};

/* What style_decide() goes by; texts as in the environment, NULL = not set. */
struct style_signs {
	bool terminal, utf8;
	unsigned columns; /* as the terminal says, 0 = it does not */
	const char *env_columns, *env_no_color, *env_term;
};

struct style style_decide(const struct style_signs *signs);
struct style style_of(int fd);
unsigned style_rows(int fd);

enum colour state_colour(const char *state);
const char *state_mark(const char *state, const struct style *style);
const char *colour_begin(enum colour colour, const struct style *style);
const char *colour_end(enum colour colour, const struct style *style);
