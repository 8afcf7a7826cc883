/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file as text, and places in it. A place turns into a mark when it is kept in a config, and into
 * a diagnostic with the line and a caret when something is wrong there.
 */
#pragma once

#include "base/arena.h"
#include "model/diag.h"

#define SOURCE_SIZE_MAX (1024 * 1024)

struct source {
	const char *path; /* interned, as opened */
	char *bytes;	  /* without a byte order mark; NUL-terminated */
	size_t size;
	VEC(size_t) lines; /* offset of each line's first byte */
	const char *kept;  /* the same as bytes, as a config keeps it; or NULL */
};

/* Lines and columns count from 1, columns in characters. */
struct place {
	struct source *source;
	uint32_t line, column;
};

enum source_kind {
	SOURCE_REGULAR, /* nothing that could block: found in a directory */
	SOURCE_ANY,	/* a pipe will do: named by the user */
};

int source_read(const char *path, enum source_kind kind, struct diag_list *diags,
		struct source **ret);
int source_read_trusted(const char *root, const char *path, struct diag_list *diags,
			struct source **ret);
int source_trust(const char *root, const char *path, struct diag_list *diags, int *ret_fd);
bool source_dangles(const char *path);
bool source_is(const char *root, const char *path, const char *text);
int source_of_text(const char *path, const char *text, struct diag_list *diags,
		   struct source **ret);
struct source *source_free(struct source *s);
const char *source_line(const struct source *s, uint32_t line, size_t *ret_n);
const char *source_kept_line(struct place at);
char place_char(struct place at);
struct mark place_mark(struct place at);
void place_error(struct diag_list *diags, struct place at, const char *format, ...) _printf_(3, 4);
void place_blank(struct diag_list *diags, struct place at, uint32_t c);
void file_error(struct diag_list *diags, const char *path, const char *format, ...) _printf_(3, 4);
