/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics of the config, as carved has rendered them. */
#pragma once

#include "answer.h"
#include "style.h"

const char *remarks_handle(const char *text, size_t *ret);
bool remarks_refuse(const text_list *diagnostics);
void remarks_add(const char *text, const struct style *style, struct buf *out);
void remarks_render(const text_list *diagnostics, const struct style *style, struct buf *out);
void remarks_print(const char *text);
