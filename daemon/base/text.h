/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers on strings: comparing, interning, the nearest of many names. */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>

typedef VEC(const char *) text_list;

/* A string under construction; s is always NUL-terminated or NULL while empty. */
struct buf {
	char *s;
	size_t n, cap;
};

void buf_add(struct buf *b, const char *format, ...) _printf_(2, 3);
char *buf_take(struct buf *b);
void buf_clear(struct buf *b);

bool text_equal(const char *a, const char *b);
const char *text_intern(const char *s);
const char *text_below(const char *path, const char *root);
const char *text_nearest(const char *word, const char *const *names, size_t n);
