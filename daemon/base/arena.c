// SPDX-License-Identifier: GPL-2.0-or-later
/* A bump allocator over a list of blocks; nothing is freed before all that came after it. */
#include "base/arena.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* With what malloc and a block add, sizes are powers of two: many an arena holds a few strings. */
#define OVERHEAD  48
#define BLOCK_MIN (512 - OVERHEAD)
#define BLOCK_MAX (4096 - OVERHEAD)
#define ALIGNMENT 16

struct arena_block {
	struct arena_block *previous;
	size_t used, size;
	_Alignas(ALIGNMENT) unsigned char data[];
};

static size_t next_size(const struct arena_block *last)
{
	return last ? MIN(2 * last->size + OVERHEAD, (size_t)BLOCK_MAX) : (size_t)BLOCK_MIN;
}

/** arena_alloc() - @size zeroed bytes, aligned for any object. */
void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->last;
	void *p;

	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!b || b->size - b->used < size) {
		size_t room = MAX(size, next_size(b));

		b = mem_alloc(sizeof(*b) + room);
		b->size = room;
		b->previous = a->last;
		a->last = b;
	}
	p = b->data + b->used;
	b->used += size;
	return p;
}

/** arena_strndup() - a copy of the first @n bytes of @s in the arena, ended by 0. */
char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	memcpy(copy, s, n);
	return copy;
}

/** arena_strdup() - a copy of @s in the arena; NULL of NULL. */
char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

/** arena_printf() - a formatted text in the arena. */
char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, format, again);
	va_end(again);
	va_end(ap);
	return s;
}

/** arena_mark() - how far it is filled, for arena_rewind(). */
struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->last, a->last ? a->last->used : 0};
}

/** arena_rewind() - free what was allocated since @to, an arena_mark(). */
void arena_rewind(struct arena *a, struct arena_mark to)
{
	while (a->last != to.last) {
		struct arena_block *b = a->last;

		a->last = b->previous;
		free(b);
	}
	if (!a->last)
		return;
	memset(a->last->data + to.used, 0, a->last->used - to.used);
	a->last->used = to.used;
}

/** arena_clear() - free all of it; the arena can be used again. */
void arena_clear(struct arena *a)
{
	while (a->last) {
		struct arena_block *b = a->last;

		a->last = b->previous;
		free(b);
	}
}
