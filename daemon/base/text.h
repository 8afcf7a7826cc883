/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers on strings: comparing, interning, UTF-8, the nearest of many names. */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef VEC(const char *) text_list;

/* A string under construction; s is always NUL-terminated or NULL while empty. */
struct buf {
	char *s;
	size_t n, cap;
};

void buf_put(struct buf *b, const char *text);
void buf_put_number(struct buf *b, uint64_t number);
void buf_add(struct buf *b, const char *format, ...) _printf_(2, 3);
char *buf_take(struct buf *b);
void buf_clear(struct buf *b);

bool text_equal(const char *a, const char *b);
int text_compare(const char *a, const char *b);
size_t text_char(const char *p, size_t n, uint32_t *ret);
bool text_is_control(uint32_t c);
bool text_is_utf8(const char *s);
bool text_is_line(const char *s);
uint32_t text_blank(const char *s);
int text_number(const char *text, size_t digits, uint64_t *ret);
char *text_clean(const char *p, size_t n);
char *text_clean_line(const char *s);
const char *text_intern(const char *s);
const char *text_below(const char *path, const char *root);
const char *text_nearest(const char *word, const char *const *names, size_t n);
