// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands of a shell script or a batch file: words, quotes, comments, and variables that are set
 * to a constant. No shell: what depends on conditions or loops is taken as if it were done once.
 */
#include "import.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define APART		 "\n;&|()"   /* of commands */
#define BETWEEN		 " \t" APART /* of words */
#define DEPTH_MAX	 16
#define SUBSTITUTION_MAX 1024

struct variable {
	const char *name, *value;
};

struct script {
	struct imported *im;
	struct at at;
	const struct script *outer; /* whose variables are known, too; or NULL */
	unsigned depth;
	const char *text;
	const char *start; /* of the command */
	unsigned line;	   /* of the start */
	word_list words;
	VEC(struct variable) variables;
	import_command found;
};

static unsigned count_lines(const char *from, const char *to)
{
	unsigned n = 0;

	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *value_of(const struct script *s, const char *name, size_t n)
{
	const char *value = NULL;

	for (; s && !value; s = s->outer)
		vec_each(v, &s->variables)
			if (strlen(v->name) == n && memcmp(v->name, name, n) == 0)
				value = v->value;
	return value;
}

/* At a "$": append what it stands for, or itself where that is not known. Return: what follows. */
static const char *expand(const struct script *s, const char *p, struct buf *word)
{
	bool braces = p[1] == '{';
	const char *name = p + (braces ? 2 : 1), *end = name, *value;

	while (is_name(*end))
		end++;
	value = value_of(s, name, (size_t)(end - name));
	if (braces && *end != '}')
		value = NULL;
	if (!value || end == name) {
		buf_add(word, "$");
		return p + 1;
	}
	buf_add(word, "%s", value);
	return end + (braces ? 1 : 0);
}

static void read_script(struct script *s);

/* Where `$(...)` or "`...`" ends that begins at @p; NULL: it is none, or has no end. */
static const char *substitution_end(const char *p)
{
	unsigned depth = 0;

	if (*p == '`')
		return strchr(p + 1, '`');
	if (p[0] != '$' || p[1] != '(')
		return NULL;
	for (const char *start = p++; *p && p - start < SUBSTITUTION_MAX; p++) {
		depth += *p == '(';
		if (*p == ')' && --depth == 0)
			return p;
	}
	return NULL;
}

/* What a word takes from the commands in it, up to @end, is not known; they are commands, too. */
static const char *take_substitution(struct script *s, const char *p, const char *end,
				     struct buf *word)
{
	const char *inside = p + (*p == '$' ? 2 : 1);

	buf_add(word, "%.*s", (int)(end + 1 - p), p);
	read_script(&(struct script){
		.outer = s,
		.depth = s->depth + 1,
		.im = s->im,
		.at = {s->at.file, s->at.line + count_lines(s->text, p)},
		.text = arena_strndup(&s->im->arena, inside, (size_t)(end - inside)),
		.found = s->found,
	});
	return end + 1;
}

/* One word. Return: what is behind it. */
static const char *read_word(struct script *s, const char *p)
{
	struct buf word = {};
	const char *end;
	char quote = 0;

	buf_add(&word, "%s", "");
	for (; *p && (quote || !strchr(BETWEEN, *p));) {
		if (*p == quote) {
			quote = 0;
			p++;
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p++;
		} else if (quote != '\'' && s->depth < DEPTH_MAX && (end = substitution_end(p))) {
			p = take_substitution(s, p, end, &word);
		} else if (*p == '$' && quote != '\'') {
			p = expand(s, p, &word);
		} else if (*p == '\\' && quote != '\'' && p[1]) {
			p += p[1] == '\n' ? 2 : 1;
			if (p[-1] != '\n')
				buf_add(&word, "%c", *p++);
		} else {
			buf_add(&word, "%c", *p++);
		}
	}
	vec_push(&s->words, arena_strdup(&s->im->arena, word.s));
	buf_clear(&word);
	return p;
}

static bool is_variable(const char *word)
{
	size_t n = 0;

	while (is_name(word[n]))
		n++;
	return n && word[n] == '=' && !isdigit((unsigned char)*word);
}

/* "NAME=VALUE" alone is a variable, also behind export and the like. */
static bool take_variables(struct script *s)
{
	static const char *const before[] = {"export", "local", "readonly", "declare", "typeset"};
	size_t first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		first |= strcmp(s->words.v[0], before[i]) == 0;
	while (first && first < s->words.n && s->words.v[first][0] == '-')
		first++;
	for (size_t i = first; i < s->words.n; i++)
		if (!is_variable(s->words.v[i]))
			return false;
	for (size_t i = first; i < s->words.n; i++) {
		const char *word = s->words.v[i], *equals = strchr(word, '=');

		vec_push(&s->variables, ((struct variable){arena_strndup(&s->im->arena, word,
									 (size_t)(equals - word)),
							   equals + 1}));
	}
	return true;
}

static void end_command(struct script *s, const char *end)
{
	struct at at = {s->at.file, s->line};

	if (s->words.n && !take_variables(s)) {
		size_t n = (size_t)(end - s->start);

		while (n && isspace((unsigned char)s->start[n - 1]))
			n--;
		s->found(s->im, at, &s->words, arena_strndup(&s->im->arena, s->start, n));
	}
	s->words.n = 0;
}

static void read_script(struct script *s)
{
	const char *p = s->text;

	while (*p) {
		if (*p == '#' && (p == s->text || strchr(" \t\n;", p[-1]))) {
			end_command(s, p);
			p += strcspn(p, "\n");
		} else if (strchr(APART, *p)) {
			end_command(s, p);
			p++;
		} else if (*p == ' ' || *p == '\t' || (*p == '\\' && p[1] == '\n')) {
			p += *p == '\\' ? 2 : 1;
		} else {
			if (!s->words.n) {
				s->start = p;
				s->line = s->at.line + count_lines(s->text, p);
			}
			p = read_word(s, p);
		}
	}
	end_command(s, p);
	vec_clear(&s->words);
	vec_clear(&s->variables);
}

/**
 * import_script() - call @found for each command of @text, with its words and as it is written.
 * @at: where @text begins
 */
void import_script(struct imported *im, struct at at, const char *text, import_command found)
{
	read_script(&(struct script){.im = im, .at = at, .text = text, .found = found});
}
