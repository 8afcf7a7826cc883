/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of the wishes of an entry, those that win on a device. */
#pragma once

#include "model/config.h"
#include "model/facts.h"

/* A wish that no higher layer beats. */
struct winner {
	const struct wish *wish;
	const char *preset; /* where it comes from; NULL: the entry's own keys */
};

typedef VEC(struct winner) winner_list;

void winners_collect(winner_list *ret, const struct entry *e, const char *handle,
		     const struct facts *facts);
