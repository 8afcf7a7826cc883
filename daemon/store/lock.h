/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct store;

int store_lock(struct store *s);
