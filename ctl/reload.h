/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another config for the whole switch: asked for, waited for, shown. */
#pragma once

#include "ctl.h"

int reload_run(const struct ctl *ctl, const char *method);
