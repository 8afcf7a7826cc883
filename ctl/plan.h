/* SPDX-License-Identifier: GPL-2.0-or-later */
/* carvectl plan, as far as it needs no bus. */
#pragma once

#include "answer.h"
#include "style.h"

void plan_find_held(struct plan_answer *a, const struct plan_answer *permitted);
int plan_exit_code(const struct plan_answer *a);
void plan_render_lasting(const struct plan_answer *a, struct buf *out);
void plan_render(const struct plan_answer *a, const struct style *style, struct buf *out);
