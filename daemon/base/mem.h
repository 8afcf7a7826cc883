/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that never fails: running out of it ends the process, and systemd starts a new one, which
 * converges from what is on disk and in the kernel. Callers therefore have no out-of-memory paths.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _unused_       __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
#define CMP(a, b)     (((a) > (b)) - ((a) < (b)))

/* container_of(): the struct of @type whose @member is at @p. */
#define container_of(p, type, member)                                                              \
	({                                                                                         \
		__typeof__(((type *)0)->member) *member_ = (p);                                    \
		(type *)((char *)member_ - offsetof(type, member));                                \
	})

/* TAKE(): hand over what a pointer owns and forget it. */
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

void *mem_alloc(size_t size);
void *mem_resize(void *p, size_t size);
char *mem_strdup(const char *s);
void mem_one_heap(void);
void mem_trim(void);
char *mem_vprintf(const char *format, va_list ap) _printf_(1, 0);
char *mem_printf(const char *format, ...) _printf_(1, 2);

#define mem_new(type) ((type *)mem_alloc(sizeof(type)))

static inline void freep(void *p)
{
	free(*(void **)p);
}

#define _cleanup_free_ _cleanup_(freep)
