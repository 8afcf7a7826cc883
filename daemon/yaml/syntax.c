// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides what to say of malformed YAML. libyaml tells what its scanner or parser was about and
 * what it met; a table turns this into what a person should change, and where. Refuses to repair:
 * one such error ends the reading of a file, because all that follows would be guessed.
 */
#include "yaml/syntax.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

struct problem {
	struct diag_list *diags;
	struct place at;      /* where libyaml stopped */
	struct place context; /* where what it was about began */
	struct place open;    /* the innermost map or list around it */
};

/** place_of() - a libyaml mark, which counts from 0, as a place. */
struct place place_of(struct source *source, yaml_mark_t mark)
{
	return (struct place){source, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* The words of a line without indentation and comment; NULL where it has none. */
static char *line_words(struct source *source, uint32_t line, struct place *ret_at)
{
	size_t n = 0, start = 0, end;
	const char *p = source_line(source, line, &n);
	char *words;

	while (start < n && p[start] == ' ')
		start++;
	for (end = start; end < n; end++)
		if (p[end] == '#' && (end == start || p[end - 1] == ' '))
			break;
	while (end > start && (p[end - 1] == ' ' || p[end - 1] == '\t'))
		end--;
	if (end == start)
		return NULL;
	*ret_at = (struct place){source, line, (uint32_t)start + 1};
	words = mem_alloc(end - start + 1);
	memcpy(words, p + start, end - start);
	return words;
}

/* Is there a space in the line of @at that is none? Then that is what is wrong. */
static bool report_blank(const struct problem *p, struct place at)
{
	_cleanup_free_ char *words = line_words(at.source, at.line, &at);
	uint32_t c = words ? text_blank(words) : 0;
	size_t n = p->diags->diags.n;

	if (c && !(n && mark_same(p->diags->diags.v[n - 1].mark, place_mark(at))))
		place_blank(p->diags, at, c);
	return c;
}

/* A line that should be a key but has no colon followed by a space. */
static void report_no_colon(const struct problem *p, struct place at, const char *words)
{
	const char *colon = strchr(words, ':');

	if (colon && colon != words && colon[1] && !strchr(colon + 1, ':'))
		place_error(p->diags, at,
			    "a space is missing after \":\"; did you mean \"%.*s: %s\"?",
			    (int)(colon - words), words, colon + 1);
	else if (words[0] == '-')
		place_error(p->diags, at, "a space is missing after \"-\"; did you mean \"- %s\"?",
			    words + 1);
	else
		place_error(p->diags, at, "\":\" is missing after \"%s\"", words);
}

static void simple_key(const struct problem *p)
{
	struct place at = p->context;
	_cleanup_free_ char *words = line_words(at.source, at.line, &at);

	report_no_colon(p, p->context, words ? words : "");
}

/* Whether the line of @at has a "KEY: " before it. */
static bool has_colon_before(struct place at)
{
	size_t n = 0;
	const char *line = source_line(at.source, at.line, &n);

	return n && memmem(line, MIN(n, (size_t)at.column - 1), ": ", 2);
}

/* Looks whether the line above is to blame. Return: whether it was reported. */
static bool report_line_above(const struct problem *p)
{
	_cleanup_free_ char *words = NULL;
	struct place above = p->at;

	for (uint32_t line = p->at.line - 1; line > 0 && !words; line--)
		words = line_words(p->at.source, line, &above);
	if (!words || strstr(words, ": ") || words[0] == '-' ||
	    strchr(":,]}\"'", words[strlen(words) - 1]))
		return false;
	if (report_blank(p, above))
		return true;
	report_no_colon(p, above, words);
	return true;
}

/* A colon where no key can end: a second one, or the line above is wrong. */
static void unexpected_colon(const struct problem *p)
{
	if (has_colon_before(p->at))
		place_error(p->diags, p->at,
			    "a second \":\" in one line; put the value into quotes");
	else if (!report_line_above(p))
		place_error(p->diags, p->at,
			    "wrong indentation: the key above has a value already, nothing can be "
			    "below it");
}

static void forbidden_start(const struct problem *p)
{
	if (place_char(p->at) == '\t')
		place_error(p->diags, p->at, "a tab after \"-\" or \"?\"; use spaces");
	else
		place_error(p->diags, p->at, "nothing can start with \"%c\"; put it into quotes",
			    place_char(p->at));
}

static void report_unclosed(const struct problem *p, struct place open)
{
	char c = place_char(open), close = c == '[' ? ']' : '}';

	if (p->at.line == open.line)
		place_error(p->diags, p->at, "\",\" or \"%c\" is missing before this", close);
	else
		place_error(p->diags, open,
			    "\"%c\" is not closed: \",\" or \"%c\" is missing before line %" PRIu32,
			    c, close, p->at.line);
}

static void unclosed_bracket(const struct problem *p)
{
	report_unclosed(p, p->context);
}

static bool report_stray(const struct problem *p)
{
	char c = place_char(p->at);

	if (c == ']' || c == '}')
		place_error(p->diags, p->at, "\"%c\" closes nothing", c);
	else if (c == ':')
		place_error(p->diags, p->at, "a key is missing before \":\"");
	else
		return false;
	return true;
}

static void no_content(const struct problem *p)
{
	char open = place_char(p->open);

	if (report_stray(p))
		return;
	if (p->at.line >= p->at.source->lines.n && (open == '[' || open == '{') &&
	    place_char(p->at) == '\0')
		report_unclosed(p, p->open);
	else
		place_error(p->diags, p->at, "a value is missing here");
}

static void no_key(const struct problem *p)
{
	struct place first = p->at;
	_cleanup_free_ char *words = line_words(p->at.source, p->at.line, &first);

	if (report_stray(p))
		return;
	if (words && first.column == p->at.column && !report_line_above(p))
		place_error(p->diags, p->at,
			    "wrong indentation: this line fits none of the lines above");
	else if (!words || first.column != p->at.column)
		place_error(p->diags, p->at,
			    "text after the value; put the whole value into quotes");
}

static void no_dash(const struct problem *p)
{
	place_error(p->diags, p->at,
		    "wrong indentation: the next \"-\" of the list above is expected here");
}

static void no_document(const struct problem *p)
{
	if (!report_stray(p))
		place_error(p->diags, p->at, "nothing may stand here: the document has ended");
}

/*
 * The first row whose pattern fits "CONTEXT: PROBLEM" in libyaml's words. A row has a function, or
 * a message for where what libyaml was about began.
 */
static const struct rule {
	const char *pattern;
	void (*report)(const struct problem *p);
	const char *message;
} rules[] = {
	{"*cannot start any token", forbidden_start, NULL},
	{"while scanning a simple key:*", simple_key, NULL},
	{"*mapping values are not allowed*", unexpected_colon, NULL},
	{"while parsing a flow*: did not find expected ','*", unclosed_bracket, NULL},
	{"*did not find expected node content", no_content, NULL},
	{"*did not find expected key", no_key, NULL},
	{"*did not find expected <document start>", no_document, NULL},
	{"*did not find expected '-' indicator", no_dash, NULL},
	{"*block sequence entries are not allowed*", NULL,
	 .message = "a list cannot start here; write [a, b], or start it on the next line"},
	{"*found unexpected ':'", NULL,
	 .message = "a space is missing after the \":\" of this, or quotes around it"},
	{"while scanning an alias:*", NULL,
	 .message = "\"*\" starts an alias here; put a pattern that starts with it into quotes"},
	{"while scanning an anchor:*", NULL,
	 .message = "\"&\" starts an anchor here; put text that starts with it into quotes"},
	{"*tag*", NULL,
	 .message = "\"!\" starts a tag here; put text that starts with it into quotes"},
	{"*directive*", NULL, .message = "\"%\" starts a directive, which is not supported"},
	{"*incompatible*", NULL, .message = "\"%\" starts a directive, which is not supported"},
	{"while scanning a block scalar:*", NULL,
	 .message = "text over several lines (| or >) is not supported; write it in one line"},
	{"while scanning a quoted scalar:*", NULL, .message = "this quote is not closed"},
	{"while parsing a quoted scalar:*", NULL,
	 .message = "a wrong escape after \"\\\"; write \"\\\\\", or use single quotes"},
	{"*", NULL, .message = "this cannot stand here; is it the start of text without quotes?"},
};

/**
 * syntax_report() - report why @parser could not go on.
 * @open: where the innermost map or list begins that is not closed
 */
void syntax_report(const yaml_parser_t *parser, struct place open, struct diag_list *diags)
{
	const char *context = parser->context ? parser->context : "";
	struct problem p = {.diags = diags, .open = open};
	_cleanup_free_ char *words = NULL;
	const struct rule *rule = rules;

	p.at = place_of(open.source, parser->problem_mark);
	p.context = parser->context ? place_of(open.source, parser->context_mark) : p.at;
	words = mem_printf("%s: %s", context, parser->problem ? parser->problem : "");
	while (fnmatch(rule->pattern, words, 0) != 0)
		rule++;
	if (report_blank(&p, p.context) || report_blank(&p, p.at))
		return;
	if (rule->report)
		rule->report(&p);
	else
		place_error(diags, p.context, "%s", rule->message);
}
