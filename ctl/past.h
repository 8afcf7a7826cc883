/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the journal says of earlier runs of carved, and of earlier boots. */
#pragma once

#include "answer.h"

#include <stdbool.h>

struct past_query {
	const char *directory; /* of the journal; NULL: this system's */
	const char *device;    /* NULL: all */
	uint64_t since;	       /* microseconds since 1970; 0: as far as it goes */
	const char *boot;      /* "0" is this one, "-1" the one before, or an id; NULL: all */
};

int past_fetch(const struct past_query *q, struct history_answer *ret);
bool past_is_hidden(void);
