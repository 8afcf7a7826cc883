// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands of a shell script or a batch file: words, quotes, comments, and variables that are set
 * to a constant. No shell: what depends on conditions or loops is taken as if it were done once,
 * but a variable that is set again there, or by a loop, is not known any more.
 */
#include "import.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define APART	"\n;&|()"     /* of commands */
#define BETWEEN " \t<>" APART /* of words */

/* Commands in commands. */
#define DEPTH_MAX 16

struct variable {
	const char *name, *value;
};

struct script {
	struct imported *im;
	struct at at;
	const struct script *outer; /* whose variables are known, too; or NULL */
	unsigned depth;		    /* of conditions and loops */
	bool conditional;	    /* behind && or || */
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
	for (; s; s = s->outer)
		for (size_t i = s->variables.n; i-- > 0;) {
			const struct variable *v = &s->variables.v[i];

			if (strlen(v->name) == n && memcmp(v->name, name, n) == 0)
				return v->value;
		}
	return NULL;
}

static void push_word(struct script *s, struct buf *word)
{
	vec_push(&s->words, arena_strdup(&s->im->arena, word->s));
	word->n = 0;
	word->s[0] = '\0';
}

/* What a variable stands for; outside of quotes it may be several words. */
static void add_value(struct script *s, const char *value, bool quoted, struct buf *word)
{
	for (; *value; value++) {
		if (quoted || !isspace((unsigned char)*value))
			buf_add(word, "%c", *value);
		else if (word->n)
			push_word(s, word);
	}
}

/* At a "$": append what it stands for, or itself where that is not known. Return: what follows. */
static const char *expand(struct script *s, const char *p, bool quoted, struct buf *word)
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
	add_value(s, value, quoted, word);
	return end + (braces ? 1 : 0);
}

static void read_script(struct script *s);

/*
 * At "$(...)" or "`...`": what it comes to is not known, but commands in it are. Return: what
 * follows.
 */
static const char *take_substitution(struct script *s, const char *p, struct buf *word)
{
	const char *inside = p + (*p == '$' ? 2 : 1), *end = inside;
	unsigned depth = 1;

	for (; *end; end++) {
		depth += *p == '$' && *end == '(';
		depth -= *end == (*p == '$' ? ')' : '`');
		if (!depth)
			break;
	}
	read_script(&(struct script){
		.outer = s,
		.im = s->im,
		.at = {s->at.file, s->at.line + count_lines(s->text, p)},
		.text = arena_strndup(&s->im->arena, inside, (size_t)(end - inside)),
		.found = s->found,
	});
	buf_add(word, "$()");
	return end + (*end != '\0');
}

/* One word. Return: what is behind it. */
static const char *read_word(struct script *s, const char *p)
{
	struct buf word = {};
	char quote = 0;

	buf_add(&word, "%s", "");
	for (; *p && (quote || !strchr(BETWEEN, *p));) {
		if (*p == quote) {
			quote = 0;
			p++;
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p++;
		} else if (quote != '\'' && (*p == '`' || (p[0] == '$' && p[1] == '('))) {
			p = take_substitution(s, p, &word);
		} else if (*p == '$' && quote != '\'') {
			p = expand(s, p, quote, &word);
		} else if (*p == '\\' && quote != '\'' && p[1]) {
			p += p[1] == '\n' ? 2 : 1;
			if (p[-1] != '\n')
				buf_add(&word, "%c", *p++);
		} else {
			buf_add(&word, "%c", *p++);
		}
	}
	push_word(s, &word);
	buf_clear(&word);
	return p;
}

/* At a ">" or "<" behind a word, which may be the number of the file. Return: what follows. */
static const char *redirect(struct script *s, const char *p)
{
	const char *number = s->words.n ? s->words.v[s->words.n - 1] : "";
	size_t n = s->words.n;

	if (p > s->start && isdigit((unsigned char)p[-1]) && isdigit((unsigned char)*number) &&
	    !number[1])
		n--;
	p += strspn(p, "<>&");
	p += strspn(p, " \t");
	p = read_word(s, p);
	s->words.n = n;
	return p;
}

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(word, *list) != 0)
		list++;
	return *list;
}

/* Its value is not known from here on. */
static void forget(struct script *s, const char *name)
{
	if (value_of(s, name, strlen(name)))
		vec_push(&s->variables, ((struct variable){name, NULL}));
}

/* "NAME=VALUE" and "NAME+=VALUE". Return: is it that? */
static bool take_variable(struct script *s, const char *word)
{
	size_t n = 0;
	const char *name, *value, *before;
	bool more;

	while (is_name(word[n]))
		n++;
	more = n && word[n] == '+';
	if (!n || isdigit((unsigned char)*word) || word[n + more] != '=')
		return false;
	name = arena_strndup(&s->im->arena, word, n);
	value = word + n + more + 1;
	before = value_of(s, name, n);
	if (more || (before && strcmp(before, value) != 0 && (s->depth || s->conditional)))
		forget(s, name);
	else
		vec_push(&s->variables, ((struct variable){name, value}));
	return true;
}

/* Assignments alone, also behind words like "export"; what loops and "read" set. */
static void take_variables(struct script *s)
{
	static const char *const before[] = {"do",    "then",	  "else",    "{",	"!",
					     "while", "until",	  "if",	     "elif",	"export",
					     "local", "readonly", "declare", "typeset", NULL};
	static const char *const setters[] = {"for", "select", "read", "unset", "mapfile", NULL};
	size_t first = 0, i;

	while (first < s->words.n && is_one_of(s->words.v[first], before))
		first++;
	while (first && first < s->words.n && s->words.v[first][0] == '-')
		first++;
	for (i = first; i < s->words.n && strchr(s->words.v[i], '='); i++)
		;
	if (i == s->words.n) /* else they are the environment of a command */
		while (first < s->words.n && take_variable(s, s->words.v[first]))
			first++;
	else if (is_one_of(s->words.v[first], setters))
		for (i = first + 1; i < s->words.n; i++)
			forget(s, s->words.v[i]);
}

static void count_depth(struct script *s)
{
	static const char *const opens[] = {"if", "case", "for", "while", "until", "select", NULL};
	static const char *const closes[] = {"fi", "esac", "done", NULL};

	if (is_one_of(s->words.v[0], opens))
		s->depth++;
	else if (s->depth && is_one_of(s->words.v[0], closes))
		s->depth--;
}

static void end_command(struct script *s, const char *end)
{
	struct at at = {s->at.file, s->line};
	size_t n = (size_t)(end - s->start);

	if (!s->words.n)
		return;
	count_depth(s);
	take_variables(s);
	while (n && isspace((unsigned char)s->start[n - 1]))
		n--;
	s->found(s->im, at, &s->words, arena_strndup(&s->im->arena, s->start, n));
	s->words.n = 0;
	s->conditional = (*end == '&' || *end == '|') && end[1] == *end;
}

static void read_script(struct script *s)
{
	const char *p = s->text;

	if (s->im->depth >= DEPTH_MAX) {
		import_leave(s->im, s->at, s->text, "it is nested too deep");
		return;
	}
	s->im->depth++;
	while (*p) {
		if (*p == '#' && (p == s->text || strchr(BETWEEN, p[-1]))) {
			end_command(s, p);
			p += strcspn(p, "\n");
		} else if (strchr("<>", *p) || (*p == '&' && p[1] == '>')) {
			p = redirect(s, p);
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
	s->im->depth--;
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
