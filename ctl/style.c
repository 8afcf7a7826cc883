// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides width, colours and marks from what is known of the reader, and how each state of a device
 * looks. Knows nothing of what is written.
 */
#include "style.h"
#include "base/text.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80
#define LEAST_WIDTH 40 /* a narrower terminal is treated as this wide */
#define MAX_WIDTH   10000

static const struct {
	const char *state;
	enum colour colour;
	const char *mark, *ascii_mark;
} looks[] = {
	{"converged", COLOUR_GOOD, "●", "*"},
	{"reading", COLOUR_BUSY, "↻", "~"},
	{"applying", COLOUR_BUSY, "↻", "~"},
	{"flashing", COLOUR_BUSY, "↻", "~"},
	{"reloading", COLOUR_BUSY, "↻", "~"},
	{"pending-reload", COLOUR_WAITING, "○", "o"},
	{"pending-power-cycle", COLOUR_WAITING, "○", "o"},
	{"drifted", COLOUR_WAITING, "○", "o"},
	{"absent", COLOUR_WAITING, "○", "o"},
	{"paused", COLOUR_WAITING, "‖", "="},
	{"refused", COLOUR_BAD, "×", "x"},
	{"failed", COLOUR_BAD, "×", "x"},
	{"quarantined", COLOUR_BAD, "×", "x"},
	{"unmanaged", COLOUR_NONE, " ", " "},
};

/** state_colour() - the colour of a state's name; COLOUR_NONE for an unknown one. */
enum colour state_colour(const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
		if (strcmp(looks[i].state, state) == 0)
			return looks[i].colour;
	return COLOUR_NONE;
}

/** state_mark() - one character to be put before the name of a state, " " for an unknown one. */
const char *state_mark(const char *state, const struct style *style)
{
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
		if (strcmp(looks[i].state, state) == 0)
			return style->utf8 ? looks[i].mark : looks[i].ascii_mark;
	return " ";
}

/** colour_begin() - the escape sequence that turns @colour on, "" where there are no colours. */
const char *colour_begin(enum colour colour, const struct style *style)
{
	static const char *const sequences[] = {
		[COLOUR_NONE] = "",
		[COLOUR_GOOD] = "\033[32m",
		[COLOUR_WAITING] = "\033[33m",
		[COLOUR_BUSY] = "\033[36m",
		[COLOUR_BAD] = "\033[31m",
		[COLOUR_STRONG] = "\033[1m",
	};

	return style->colour ? sequences[colour] : "";
}

/** colour_end() - what ends the colour that colour_begin() has begun. */
const char *colour_end(enum colour colour, const struct style *style)
{
	return style->colour && colour != COLOUR_NONE ? "\033[0m" : "";
}

/* A width as text; 0 if it is none. */
static unsigned parse_width(const char *text)
{
	char *end;
	unsigned long n;

	if (!text || *text < '0' || *text > '9')
		return 0;
	n = strtoul(text, &end, 10);
	return *end || n > MAX_WIDTH ? 0 : (unsigned)n;
}

/**
 * style_decide() - how to write for who reads: COLUMNS goes before what the terminal says, and only
 * terminals have limits and colours.
 */
struct style style_decide(const struct style_signs *signs)
{
	struct style s = {.utf8 = signs->utf8, .marks = signs->terminal};
	bool dumb = text_equal(signs->env_term, "dumb");

	if (!signs->terminal)
		return s;
	s.width = parse_width(signs->env_columns);
	if (!s.width)
		s.width = signs->columns ? signs->columns : USUAL_WIDTH;
	s.width = MAX(s.width, LEAST_WIDTH);
	s.colour = !dumb && (!signs->env_no_color || !*signs->env_no_color);
	return s;
}

/** style_of() - how to write for who reads @fd; the locale must have been set. */
struct style style_of(int fd)
{
	struct winsize size = {};
	struct style_signs signs = {
		.terminal = isatty(fd),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.env_columns = getenv("COLUMNS"),
		.env_no_color = getenv("NO_COLOR"),
		.env_term = getenv("TERM"),
	};

	if (signs.terminal && ioctl(fd, TIOCGWINSZ, &size) == 0)
		signs.columns = size.ws_col;
	return style_decide(&signs);
}

/** style_rows() - how many lines the terminal @fd has; 0: it does not say. */
unsigned style_rows(int fd)
{
	struct winsize size = {};

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}
