/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking on a terminal before a switch is disturbed. */
#pragma once

#include "answer.h"
#include "fetch.h"
#include "style.h"

size_t ask_render(const struct plan_answer *plan, const struct style *style, struct buf *out);
bool ask_before(struct client *c, const struct plan_query *q);
