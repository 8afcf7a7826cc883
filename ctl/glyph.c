// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measures text in columns of a terminal. Takes any bytes: what is not UTF-8 counts one column a
 * byte. Widths come from the locale (LC_CTYPE); in one that does not know a character it counts one
 * column.
 */
#include "glyph.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

/* The bytes of the character at @s, a NUL-terminated text; 0 if it is not UTF-8. */
static size_t decode(const char *s, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 0;
	uint32_t code = n <= 1 ? c : c & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret = code;
	return n;
}

/* Would it move the cursor, or change what is around it? */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static size_t next(const char *s, size_t *ret_columns)
{
	uint32_t code;
	size_t n = decode(s, &code);
	int columns = n ? wcwidth((wchar_t)code) : 1;

	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return n ? n : 1;
}

/** glyph_clean() - a copy of @text in which "?" stands for all that a terminal would not just show.
 */
char *glyph_clean(const char *text)
{
	char *copy = mem_alloc(strlen(text) + 1), *to = copy;

	for (const char *p = text; *p;) {
		uint32_t code;
		size_t n = decode(p, &code);

		if (n && !is_control(code)) {
			memcpy(to, p, n);
			to += n;
		} else {
			*to++ = '?';
		}
		p += MAX(n, (size_t)1);
	}
	*to = '\0';
	return copy;
}

/** glyph_width() - the columns that the first @bytes of @text take. */
size_t glyph_width(const char *text, size_t bytes)
{
	size_t width = 0, columns;

	for (size_t i = 0; i < bytes && text[i]; width += columns)
		i += next(text + i, &columns);
	return width;
}

/** glyph_fit() - how many bytes of @text take no more than @columns. */
size_t glyph_fit(const char *text, size_t columns)
{
	size_t width = 0, i = 0;

	while (text[i]) {
		size_t w, n = next(text + i, &w);

		if (width + w > columns)
			break;
		width += w;
		i += n;
	}
	return i;
}
