/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the merged tree to a config: settings, and entries with their layers. */
#pragma once

#include "model/config.h"
#include "yaml/files.h"
#include "yaml/node.h"

struct build {
	struct config *config;
	struct diag_list *diags;
	const found_list *presets; /* those that are wanted are read */
	bool incomplete;	   /* a file is missing: what is not there may stand in it */
	int order;		   /* of the next wish */
};

void build_config(struct build *b, const struct node *root);
