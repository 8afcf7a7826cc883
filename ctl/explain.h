/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carvectl explain, as far as it needs no bus. */
#pragma once

#include "answer.h"
#include "style.h"

size_t explain_render(const struct device_answer *d, const char *const *words, size_t n_words,
		      const struct style *style, struct buf *out);
