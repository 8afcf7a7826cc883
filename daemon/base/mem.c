// SPDX-License-Identifier: GPL-2.0-or-later
/* Zeroed memory or abort(), see mem.h. */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *must(void *p)
{
	if (!p) {
		fputs("carved: out of memory\n", stderr);
		abort();
	}
	return p;
}

/** mem_alloc() - @size zeroed bytes, to be freed with free(). */
void *mem_alloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

/** mem_resize() - realloc() that does not fail; new bytes are not zeroed. */
void *mem_resize(void *p, size_t size)
{
	return must(realloc(p, size ? size : 1));
}

/** mem_strdup() - a copy of @s; NULL for NULL. */
char *mem_strdup(const char *s)
{
	return s ? must(strdup(s)) : NULL;
}

/** mem_vprintf() - formatted string, to be freed with free(). */
char *mem_vprintf(const char *format, va_list ap)
{
	char first[128], *s;
	va_list again;
	size_t n;

	va_copy(again, ap);
	n = (size_t)vsnprintf(first, sizeof(first), format, ap);
	s = must(malloc(n + 1));
	if (n < sizeof(first))
		memcpy(s, first, n + 1);
	else
		vsnprintf(s, n + 1, format, again);
	va_end(again);
	return s;
}

/** mem_printf() - the same. */
char *mem_printf(const char *format, ...)
{
	va_list ap;
	char *s;

	va_start(ap, format);
	s = mem_vprintf(format, ap);
	va_end(ap);
	return s;
}

/**
 * mem_one_heap() - threads that begin later allocate from the one heap, and get none of their own.
 *
 * Theirs would keep what a short burst took; what they do between two system calls is little.
 */
void mem_one_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
}

/** mem_trim() - what was freed goes back to the system, as far as it is whole pages. */
void mem_trim(void)
{
	malloc_trim(0);
}
