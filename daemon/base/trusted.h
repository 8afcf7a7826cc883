/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening files that only root can change or exchange. */
#pragma once

#include <sys/types.h>

int trusted_open(int root, uid_t owner, const char *path, char **ret_place, char **ret_why);
