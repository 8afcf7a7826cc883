/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the error numbers of answers mean: the one table of them. Numbers are those of the kernel,
 * of a driver, or of the channel that lost an answer; a driver may use the channel's, too, so that
 * an answer was lost is told by a flag beside the number where it matters (struct exchange).
 */
#pragma once

#include <stdbool.h>

enum error_class {
	/* the device is busy: the same request may succeed later, with nothing changed */
	ERROR_BUSY = 1 << 0,
	/* a read that ends so is repeated at once, as it says little of the device */
	ERROR_READ_AGAIN = 1 << 1,
	/* as the channel's number: the answer, or a part of it, did not come */
	ERROR_LOST = 1 << 2,
	/* of a read of one object by its name: only this object cannot be read */
	ERROR_OF_OBJECT = 1 << 3,
};

bool error_is(int error, enum error_class class);
char *error_text(int error, const char *words);
