/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One carved at a time: see store/file.h for what it has then to itself. */
#pragma once

struct store;

int store_lock(struct store *s);
