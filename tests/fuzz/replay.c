// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target over files and folders, one input a file: how a corpus becomes a test where
 * the compiler has no libFuzzer. Linked with one target; says what it did as TAP. Without
 * arguments: the CORPUS that it was built for and all goldens below $srcdir, "." if not set.
 */
#include "base/mem.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;

static int run_file(const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t *data = NULL;
	size_t n = 0, cap = 0, got;

	if (!f) {
		perror(path);
		return 1;
	}
	do {
		if (n == cap)
			data = mem_resize(data, cap = cap ? cap * 2 : 4096);
		got = fread(data + n, 1, cap - n, f);
		n += got;
	} while (got);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	inputs++;
	free(data);
	return 0;
}

static int run(const char *path)
{
	DIR *d = opendir(path);
	int bad = 0;

	if (!d)
		return run_file(path);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		_cleanup_free_ char *child = mem_printf("%s/%s", path, e->d_name);

		if (e->d_name[0] != '.')
			bad += run(child);
	}
	closedir(d);
	return bad;
}

static int run_default(void)
{
	static const char *const folders[] = {CORPUS, "tests/golden"};
	const char *srcdir = getenv("srcdir");
	int bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *path = mem_printf("%s/%s", srcdir ? srcdir : ".", folders[i]);

		bad += run(path);
	}
	return bad;
}

int main(int argc, char **argv)
{
	int bad = argc > 1 ? 0 : run_default();

	for (int i = 1; i < argc; i++)
		bad += run(argv[i]);
	bad += inputs == 0;
	printf("1..1\n%sok 1 - %zu inputs\n", bad ? "not " : "", inputs);
	return bad != 0;
}
