/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of two firmware versions is the newer one. */
#pragma once

enum version_order {
	VERSION_OLDER = -1,
	VERSION_SAME = 0,
	VERSION_NEWER = 1,
	VERSION_DIFFERENT = 2, /* not the same, and nothing says which came first */
};

enum version_order version_compare(const char *driver, const char *key, const char *a,
				   const char *b);
