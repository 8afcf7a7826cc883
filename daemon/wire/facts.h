/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For decode.c: what answers tell of the device itself. */
#pragma once

#include "model/facts.h"
#include "wire/attr.h"

bool decode_get(const struct attrs *a, struct facts *facts);
void decode_info(const struct nlmsghdr *m, const struct attrs *a, struct facts *facts);
