/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings and small objects that live and die together: those of one config, of one snapshot. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *last;
};

/* How far it was filled. */
struct arena_mark {
	struct arena_block *last;
	size_t used;
};

void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark to);
void arena_clear(struct arena *a);
