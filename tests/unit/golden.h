/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden tests: a folder of cases, in each a file `expected` that says what comes out, and perhaps
 * a carved.yaml with a first line `# why: ...`, which is shown where the two differ. With
 * UPDATE_GOLDEN=1 `expected` is rewritten. $srcdir is the top of the source tree, "." if not set.
 */
#pragma once

#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* The path of a file or folder of the source tree; to be freed. */
static inline char *golden_path(const char *name)
{
	const char *srcdir = getenv("srcdir");

	return mem_printf("%s/%s", srcdir ? srcdir : ".", name);
}

/* The whole text of a file, "" if there is none; to be freed. */
static inline char *golden_read(const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf b = {};
	char piece[4096];
	size_t n;

	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&b, "%.*s", (int)n, piece);
	if (f)
		fclose(f);
	return buf_take(&b);
}

/* Says why there is the case @home, if it does. */
static inline void golden_explain(const char *home)
{
	_cleanup_free_ char *path = mem_printf("%s/carved.yaml", home), *text = golden_read(path);
	static const char start[] = "# why: ";

	if (strncmp(text, start, strlen(start)) == 0)
		print_error("%s: %.*s\n", home, (int)strcspn(text + 2, "\n"), text + 2);
}

/* Is @got what @home/expected says? Says what is not. */
static inline bool golden_check(const char *home, const char *got)
{
	_cleanup_free_ char *path = mem_printf("%s/expected", home), *wanted = NULL;

	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		fputs(got, f);
		assert_int_equal(fclose(f), 0);
	}
	wanted = golden_read(path);
	if (strcmp(wanted, got) == 0)
		return true;
	golden_explain(home);
	print_error("%s: expected:\n%s%s: got:\n%s", home, wanted, home, got);
	return false;
}

/* Calls @check with each folder below @dir; fails if one is bad or there are too few. */
static inline void golden_walk(const char *dir, int least, bool (*check)(const char *home))
{
	_cleanup_free_ char *top = golden_path(dir);
	struct dirent **names;
	int n = scandir(top, &names, NULL, alphasort), bad = 0, run = 0;

	assert_true(n > 2);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *home = mem_printf("%s/%s", top, names[i]->d_name);
		struct stat st;

		if (names[i]->d_name[0] != '.' && stat(home, &st) == 0 && S_ISDIR(st.st_mode)) {
			bad += !check(home);
			run++;
		}
		free(names[i]);
	}
	free(names);
	print_message("%d cases, %d bad\n", run, bad);
	assert_true(run >= least);
	assert_int_equal(bad, 0);
}
