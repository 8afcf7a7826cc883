/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a manager is told when it is made. */
#pragma once

#include "device/device.h"

struct manager_options {
	const char *config_root, *config_file; /* as in struct yaml_paths */
	const char *runtime_dir, *state_dir;
	const char *kernel_path; /* of a stand-in's socket, for tests; NULL: netlink */
	bool once;		 /* end when everything has come to rest */
	struct device_env device;
};
