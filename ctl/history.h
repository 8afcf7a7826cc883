/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what devices did, as a table; needs no bus. */
#pragma once

#include "answer.h"
#include "style.h"

void history_render(const record_list *records, const struct style *style, struct buf *out);
char *history_line(const struct record_answer *r);
