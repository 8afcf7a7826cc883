/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures for Prometheus; needs no bus. */
#pragma once

#include "answer.h"

void metrics_render(const struct status_answer *a, const struct config_answer *in_force,
		    struct buf *out);
