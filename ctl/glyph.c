// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measures text in columns of a terminal. Takes any bytes: what is not UTF-8 counts one column a
 * byte. Widths come from the locale (LC_CTYPE); in one that does not know a character it counts one
 * column.
 */
#include "glyph.h"
#include "base/text.h"

#include <wchar.h>

/* Return: the bytes of the first character of @s, which does not end there. */
static size_t next(const char *s, size_t *ret_columns)
{
	uint32_t code;
	size_t n = text_char(s, 4, &code);
	int columns = n ? wcwidth((wchar_t)code) : 1;

	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return n ? n : 1;
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
