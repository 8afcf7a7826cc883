/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control line taken apart. */
#pragma once

#include "model.h"

#define LINE_WORDS 8
#define LINE_PAIRS 8

struct line {
	struct fake *fake;
	struct device *dev;
	const char *word[LINE_WORDS];
	size_t n;
	const char *key[LINE_PAIRS], *value[LINE_PAIRS];
	size_t n_pairs;
	const char *text;
	json_t *answer;
};

int line_errno(const char *word);
const char *line_pair(const struct line *l, const char *key);
uint64_t line_number(const struct line *l, const char *key, uint64_t otherwise);

/* stranger.c */
int stranger_reload(struct line *l);
int stranger_update(struct line *l);
int stranger_set(struct line *l);
