/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from the kernel's answers to the steps of one phase. */
#pragma once

#include "device/composition.h"

void device_take_results(struct device *d, const struct step_result *results, size_t n_results,
			 uint64_t now);
