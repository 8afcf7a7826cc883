/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending a batch on a socket and sorting the answers; blocks for as long as the kernel takes. */
#pragma once

#include "kernel/chan.h"

int exchange_batch(const struct transport *t, int fd, uint32_t *seq, void *buffer, struct batch *b);
