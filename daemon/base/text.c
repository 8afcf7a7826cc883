// SPDX-License-Identifier: GPL-2.0-or-later
/* Strings, see text.h. Knows nothing of what they mean. */
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BUF_LEAST 32

/* Room for @n bytes more and their end. */
static char *make_room(struct buf *b, size_t n)
{
	if (b->n + n >= b->cap) {
		b->cap = MAX(MAX(b->n + n + 1, b->cap * 2), BUF_LEAST);
		b->s = mem_resize(b->s, b->cap);
	}
	return b->s + b->n;
}

/** buf_add() - append formatted text. */
void buf_add(struct buf *b, const char *format, ...)
{
	size_t room = b->cap - b->n, n;
	va_list ap, again;

	va_start(ap, format);
	va_copy(again, ap);
	n = (size_t)vsnprintf(room ? b->s + b->n : NULL, room, format, ap);
	if (n >= room)
		vsnprintf(make_room(b, n), n + 1, format, again);
	b->n += n;
	va_end(again);
	va_end(ap);
}

/** buf_put() - append @text as it is. */
void buf_put(struct buf *b, const char *text)
{
	size_t n = strlen(text);

	memcpy(make_room(b, n), text, n + 1);
	b->n += n;
}

/** buf_put_number() - append @number in decimal. */
void buf_put_number(struct buf *b, uint64_t number)
{
	char digits[24], *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do
		*--p = (char)('0' + number % 10);
	while (number /= 10);
	buf_put(b, p);
}

/** buf_take() - the text, now the caller's; "" if nothing was added. */
char *buf_take(struct buf *b)
{
	char *s = b->s ? b->s : mem_strdup("");

	*b = (struct buf){};
	return s;
}

/** buf_clear() - free the text; the buffer is empty then and can be used again. */
void buf_clear(struct buf *b)
{
	free(b->s);
	*b = (struct buf){};
}

/** text_equal() - are both texts the same? NULL equals NULL only. */
bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t count_digits(const char *s)
{
	size_t n = 0;

	while (is_digit(s[n]))
		n++;
	return n;
}

/**
 * text_compare() - an order in which numbers are in that of their values: "p2/0", "p10", "p10/0".
 *
 * Of two numbers the one with more digits is greater. strverscmp(3) takes several times as long.
 */
int text_compare(const char *a, const char *b)
{
	size_t same = 0, left, right;

	while (a[same] && a[same] == b[same])
		same++;
	left = count_digits(a + same);
	right = count_digits(b + same);
	if (left != right && ((same && is_digit(a[same - 1])) || (left && right)))
		return CMP(left, right);
	return CMP((unsigned char)a[same], (unsigned char)b[same]);
}

/**
 * text_char() - the character that the @n bytes at @p begin with; *ret is its code.
 *
 * Return: bytes, or 0 where there is no valid UTF-8.
 */
size_t text_char(const char *p, size_t n, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)p;
	size_t len = u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	uint32_t c = u[0] & (0x7fU >> len);

	if (u[0] < 0x80) {
		*ret = u[0];
		return 1;
	}
	if (len == 0 || len > n || u[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/**
 * text_is_control() - does a terminal do something else than show @c?
 *
 * Control characters but the newline and the tab, ends of lines of another kind, what makes text
 * look other than it is read (right-to-left marks), and what is no character.
 */
bool text_is_control(uint32_t c)
{
	if (c < 0x20)
		return c != '\n' && c != '\t';
	return (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

/** text_is_utf8() - is all of @s valid UTF-8? */
bool text_is_utf8(const char *s)
{
	uint32_t c;

	for (size_t n = strlen(s), len; n; s += len, n -= len) {
		len = text_char(s, n, &c);
		if (len == 0)
			return false;
	}
	return true;
}

/** text_is_line() - is @s one line of text, UTF-8 without any control character? */
bool text_is_line(const char *s)
{
	uint32_t c;

	for (size_t n = strlen(s), len; n; s += len, n -= len) {
		len = 1;
		if (*s >= ' ' && *s <= '~') /* as most are */
			continue;
		len = text_char(s, n, &c);
		if (len == 0 || c < ' ' || text_is_control(c))
			return false;
	}
	return true;
}

/**
 * text_blank() - the first character of @s that shows as a space, or not at all, and is no space.
 *
 * Text that is copied from a page or a chat has them. Return: 0 where there is none.
 */
uint32_t text_blank(const char *s)
{
	uint32_t c;

	for (size_t n = strlen(s), len; n; s += len, n -= len) {
		len = 1;
		if ((unsigned char)*s < 0x80)
			continue;
		len = text_char(s, n, &c);
		if (len == 0)
			return 0;
		if (c == 0xa0 || c == 0xad || c == 0x1680 || (c >= 0x2000 && c <= 0x200f) ||
		    c == 0x202f || (c >= 0x205f && c <= 0x2064) || c == 0x3000)
			return c;
	}
	return 0;
}

/**
 * text_number() - the number that the first @digits bytes of @text write.
 * @text: begins with so many decimal digits
 *
 * Return: 0, or -ERANGE from 2^64 on.
 */
int text_number(const char *text, size_t digits, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < digits; i++)
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n))
			return -ERANGE;
	*ret = n;
	return 0;
}

/*
 * A copy of @n bytes in which "?" stands for all that is not kept, one for a byte that is no text.
 */
static char *clean(const char *p, size_t n, bool one_line)
{
	char *copy = mem_alloc(n + 1);
	size_t out = 0;

	for (size_t i = 0, len; i < n; i += len) {
		uint32_t c;

		len = text_char(p + i, n - i, &c);
		if (len == 0 || text_is_control(c) || (one_line && c < ' ')) {
			copy[out++] = '?';
			len = MAX(len, (size_t)1);
		} else {
			memcpy(copy + out, p + i, len);
			out += len;
		}
	}
	return copy;
}

/** text_clean() - @n bytes as UTF-8 that a terminal can show, with "?" for what it cannot. */
char *text_clean(const char *p, size_t n)
{
	return clean(p, n, false);
}

/** text_clean_line() - @s as text_clean(), with "?" also for newlines and tabs. */
char *text_clean_line(const char *s)
{
	return clean(s, strlen(s), true);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(a, b);
}

/**
 * text_intern() - one copy of @s that lives as long as the process.
 *
 * For names of which there are few and which outlive their origin, like the paths of config files
 * in marks. In any thread.
 */
const char *text_intern(const char *s)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static void *root;
	const char *found;
	void **node;

	pthread_mutex_lock(&lock);
	node = tfind(s, &root, compare_strings);
	if (!node)
		node = tsearch(mem_strdup(s), &root, compare_strings);
	found = *node;
	pthread_mutex_unlock(&lock);
	return found;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* How many edits (insert, delete, replace, swap) turn a into b; upper case equals lower. */
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

/** text_below() - @path without @root if it begins with that, else all of @path. */
const char *text_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return strncmp(path, root, n) == 0 ? path + n : path;
}

/* "policers" of "trap_policers", "/linear" of "/kvd/linear". */
static bool is_last_part(const char *word, const char *name)
{
	size_t n = strlen(name), part;

	word += *word == '/';
	part = strlen(word);
	return part && n > part && strchr("_/", name[n - part - 1]) &&
	       strcasecmp(name + n - part, word) == 0;
}

static const char *whole_of(const char *word, const char *const *names, size_t n)
{
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!is_last_part(word, names[i]))
			continue;
		if (found)
			return NULL;
		found = names[i];
	}
	return found;
}

/**
 * text_nearest() - the one of @names that @word was probably meant to be.
 *
 * Return: a member of @names that is near (at most a third of the letters differ), or else the only
 * one of which @word is the last part; NULL if there is none.
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
	return best ? best : whole_of(word, names, n);
}
