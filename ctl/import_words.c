// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands of a shell script or a batch file: words, quotes, comments, and variables that are set
 * to a constant. No shell: what depends on conditions or loops is taken as if it were done once.
 */
#include "import.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

struct variable {
	const char *name, *value;
};

struct script {
	struct imported *im;
	struct at at;
	const char *p;	   /* what comes next */
	const char *start; /* of the command */
	unsigned line;	   /* of the start */
	word_list words;
	VEC(struct variable) variables;
	import_command found;
};

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *value_of(const struct script *s, const char *name, size_t n)
{
	const char *value = NULL;

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

/* One word. Return: what is behind it. */
static const char *read_word(struct script *s, const char *p)
{
	struct buf word = {};
	char quote = 0;

	buf_add(&word, "%s", "");
	for (; *p && (quote || !strchr(" \t\n;&|", *p));) {
		if (*p == quote) {
			quote = 0;
			p++;
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p++;
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

/* "NAME=VALUE" alone is a variable. */
static bool take_variable(struct script *s)
{
	const char *word = s->words.n == 1 ? s->words.v[0] : "", *equals = strchr(word, '=');

	if (!equals || equals == word || isdigit((unsigned char)*word))
		return false;
	for (const char *p = word; p < equals; p++)
		if (!is_name(*p))
			return false;
	vec_push(&s->variables,
		 ((struct variable){arena_strndup(&s->im->arena, word, (size_t)(equals - word)),
				    equals + 1}));
	return true;
}

static void end_command(struct script *s, const char *end)
{
	struct at at = {s->at.file, s->line};

	if (s->words.n && !take_variable(s)) {
		size_t n = (size_t)(end - s->start);

		while (n && isspace((unsigned char)s->start[n - 1]))
			n--;
		s->found(s->im, at, &s->words, arena_strndup(&s->im->arena, s->start, n));
	}
	s->words.n = 0;
}

static unsigned count_lines(const char *from, const char *to)
{
	unsigned n = 0;

	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

/**
 * import_script() - call @found for each command of @text, with its words and as it is written.
 * @at: where @text begins
 */
void import_script(struct imported *im, struct at at, const char *text, import_command found)
{
	struct script s = {.im = im, .at = at, .found = found};
	const char *p = text;

	while (*p) {
		if (*p == '#' && (p == text || strchr(" \t\n;", p[-1]))) {
			end_command(&s, p);
			p += strcspn(p, "\n");
		} else if (strchr("\n;&|", *p)) {
			end_command(&s, p);
			p++;
		} else if (*p == ' ' || *p == '\t' || (*p == '\\' && p[1] == '\n')) {
			p += *p == '\\' ? 2 : 1;
		} else {
			if (!s.words.n) {
				s.start = p;
				s.line = at.line + count_lines(text, p);
			}
			p = read_word(&s, p);
		}
	}
	end_command(&s, p);
	vec_clear(&s.words);
	vec_clear(&s.variables);
}
