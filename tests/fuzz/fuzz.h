/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all targets need: an assertion that no option turns off, and the input as a stream. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of an input; where nothing is, zeros follow. */
struct fuzz_input {
	const uint8_t *p;
	size_t n;
};

/* The next @n <= 8 bytes, the lowest first. */
static inline uint64_t fuzz_number(struct fuzz_input *in, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n && in->n; i++, in->n--)
		value |= (uint64_t)*in->p++ << (8 * i);
	return value;
}

/* The next text, up to a NUL. Return: to be freed. */
static inline char *fuzz_text(struct fuzz_input *in)
{
	size_t n = strnlen((const char *)in->p, in->n);
	char *text = strndup((const char *)in->p, n);

	in->p += n;
	in->n -= n;
	fuzz_number(in, 1);
	return text;
}
