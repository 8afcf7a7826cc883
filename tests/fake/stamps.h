/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the server handed what to its clients, for whoever measures them: CLOCK_MONOTONIC in
 * microseconds, 0: never.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct stamps {
	uint64_t told;	/* the last notification of a device itself: it ends a reload */
	uint64_t acked; /* the last request that was carried out */
	uint64_t read;	/* the last answer to a question, or the end of a dump */
};

void stamps_note(struct stamps *s, const void *datagram, size_t len, uint64_t now);
char *stamps_text(const struct stamps *s);
