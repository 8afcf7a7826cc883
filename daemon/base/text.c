// SPDX-License-Identifier: GPL-2.0-or-later
/* Strings, see text.h. Knows nothing of what they mean. */
#include "base/text.h"

#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/** buf_add() - append formatted text. */
void buf_add(struct buf *b, const char *format, ...)
{
	va_list ap, again;
	size_t need;

	va_start(ap, format);
	va_copy(again, ap);
	need = b->n + (size_t)vsnprintf(NULL, 0, format, ap) + 1;
	if (need > b->cap) {
		b->cap = MAX(need, b->cap * 2);
		b->s = mem_resize(b->s, b->cap);
	}
	b->n += (size_t)vsnprintf(b->s + b->n, b->cap - b->n, format, again);
	va_end(again);
	va_end(ap);
}

/** buf_take() - the text, now the caller's; "" if nothing was added. */
char *buf_take(struct buf *b)
{
	char *s = b->s ? b->s : mem_strdup("");

	*b = (struct buf){};
	return s;
}

void buf_clear(struct buf *b)
{
	free(b->s);
	*b = (struct buf){};
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(a, b);
}

/**
 * text_intern() - one copy of @s that lives as long as the process.
 *
 * For names of which there are few and which outlive their origin, like the paths of config files
 * in marks. Main thread only.
 */
const char *text_intern(const char *s)
{
	static void *root;
	void **node = tfind(s, &root, compare_strings);

	if (!node)
		node = tsearch(mem_strdup(s), &root, compare_strings);
	return *node;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Edits (insert, delete, replace, swap neighbours) that turn a into b; case is none. */
static unsigned edits(const char *a, const char *b, size_t na, size_t nb)
{
	unsigned d[3][64];

	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = MIN(MIN(up[j], row[j - 1]) + 1,
				     up[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], up2[j - 2] + 1);
		}
	}
	return d[na % 3][nb];
}

/** text_below() - @path without @root, if it begins with that. */
const char *text_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return strncmp(path, root, n) == 0 ? path + n : path;
}

/**
 * text_nearest() - the one of @names that @word was probably meant to be.
 *
 * Return: a member of @names, or NULL if none is near (more than a third of the letters differ).
 */
const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word);
	const char *best = NULL;
	unsigned best_edits = UINT32_MAX;

	if (len == 0 || len > 63)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len_i = strlen(names[i]);
		unsigned e;

		if (len_i > 63)
			continue;
		e = edits(word, names[i], len, len_i);
		if (e < best_edits && e <= MAX(len, len_i) / 3) {
			best_edits = e;
			best = names[i];
		}
	}
	return best;
}
