// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See netdevs.h. In sysfs, /sys/bus/BUS/devices/NAME/net has a directory for each. Decides that a
 * system without udev names none.
 */
#include "netdevs.h"
#include "base/text.h"

#include <dirent.h>
#include <string.h>
#include <systemd/sd-device.h>
#include <unistd.h>

#define UDEV "/run/udev/control"

/*
 * udev keeps ID_RENAMING from before it renames a netdev until it has seen the new name. A netdev
 * that is not there any more has another name by now, or is made again: it has to be looked for.
 */
static bool is_named(const char *netdev)
{
	const char *renaming;
	sd_device *d = NULL;
	int r = sd_device_new_from_subsystem_sysname(&d, "net", netdev);

	if (r >= 0)
		r = sd_device_get_is_initialized(d);
	if (r > 0 && sd_device_get_property_value(d, "ID_RENAMING", &renaming) >= 0)
		r = 0;
	sd_device_unref(d);
	return r > 0;
}

static char *folder_of(const char *handle)
{
	const char *slash = strchr(handle, '/');

	return slash ? mem_printf("/sys/bus/%.*s/devices/%s/net", (int)(slash - handle), handle,
				  slash + 1)
		     : mem_strdup("");
}

/**
 * netdevs_of() - their names, with spaces between them; to be freed.
 * @ret_named: has udev named all of them, and are these the names still?
 */
char *netdevs_of(const char *handle, bool *ret_named)
{
	_cleanup_free_ char *folder = folder_of(handle);
	bool has_udev = access(UDEV, F_OK) == 0;
	DIR *dir = opendir(folder);
	struct buf out = {};

	*ret_named = true;
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		buf_add(&out, "%s%s", out.n ? " " : "", e->d_name);
		if (has_udev && !is_named(e->d_name))
			*ret_named = false;
	}
	if (dir)
		closedir(dir);
	return out.s ? buf_take(&out) : mem_strdup("");
}
