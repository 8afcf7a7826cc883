/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carvectl diff, as far as it needs no bus. */
#pragma once

#include "answer.h"
#include "style.h"
#include "yaml/yaml.h"

void diff_find(const value_list *from, const value_list *to, struct diff_answer *ret);
void diff_render(const struct diff_answer *a, const struct style *style, struct buf *out);
