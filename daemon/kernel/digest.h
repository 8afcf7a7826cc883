/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SHA-256 of a file, or of what is packed in it. */
#pragma once

#include <stdint.h>

enum packing { PACKED_NOT, PACKED_ZSTD, PACKED_XZ };

#define DIGEST_TEXT 65 /* 64 lower-case digits and a NUL */

int digest_file(int fd, enum packing packing, uint64_t *ret_size, char ret[static DIGEST_TEXT]);
