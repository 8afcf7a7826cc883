// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking handles apart. A bus name has no slash; a device name may have one. */
#include "model/handle.h"
#include "base/text.h"

#include <string.h>

/**
 * handle_split() - bus and device name of "bus/device".
 *
 * Return: false where @handle is not of this form or a part is too long.
 */
bool handle_split(const char *handle, char bus[static HANDLE_PART_MAX],
		  char dev[static HANDLE_PART_MAX])
{
	const char *slash = strchr(handle, '/');
	size_t n;

	if (!slash || slash == handle || !slash[1])
		return false;
	n = (size_t)(slash - handle);
	if (n >= HANDLE_PART_MAX || strlen(slash + 1) >= HANDLE_PART_MAX)
		return false;
	memcpy(bus, handle, n);
	bus[n] = '\0';
	strcpy(dev, slash + 1);
	return true;
}

/** handle_valid() - is it BUS/NAME, as devlink has them, in one line of text? */
bool handle_valid(const char *handle)
{
	char bus[HANDLE_PART_MAX], dev[HANDLE_PART_MAX];

	return handle_split(handle, bus, dev) && text_is_line(handle);
}
