/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 text as a terminal shows it: how wide it is, where it can be cut. */
#pragma once

#include <stddef.h>

size_t glyph_width(const char *text, size_t bytes);
size_t glyph_fit(const char *text, size_t columns);
