/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong, where it was written, and what the kernel said: one struct from origin to D-Bus.
 */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define DIAG_MAX 20 /* more are counted, not kept */

/* A place in a config file; file is interned, NULL = no place. Lines and columns count from 1. */
struct mark {
	const char *file;
	uint32_t line, column;
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag {
	enum diag_severity severity;
	struct mark mark;
	char *source; /* the line at mark, without newline; NULL = not shown */
	char *device; /* handle, or NULL */
	char *message;
};

struct diag_list {
	VEC(struct diag) diags;
	size_t n_errors; /* kept or not */
	size_t n_dropped;
};

void diag_add(struct diag_list *list, enum diag_severity severity, struct mark mark,
	      const char *source, const char *device, const char *format, ...) _printf_(6, 7);
void diag_sort(struct diag_list *list);
void diag_render(const struct diag *d, struct buf *out);
char *diag_render_all(const struct diag_list *list);
void diag_move(struct diag_list *to, struct diag_list *from);
void diag_clear(struct diag_list *list);
const char *diag_severity_name(enum diag_severity severity);
char *mark_format(struct mark mark);
bool mark_same(struct mark a, struct mark b);
