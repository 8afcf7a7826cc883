/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripts of an event: the executables in its folder that only root can change, in the order of
 * their names.
 *
 *	struct scripts s;
 *	if (scripts_open(&s, root, geteuid()) == 0)
 *		scripts_find(&s, EVENT_RELOADED, &paths);
 */
#pragma once

#include "base/vec.h"
#include "events.h"

#include <sys/types.h>

#define SCRIPTS_FOLDER "/etc/carved/dispatch.d"

typedef VEC(char *) path_list;

struct scripts {
	const char *root; /* before SCRIPTS_FOLDER; "" but in tests */
	int fd;		  /* of the root */
	uid_t owner;	  /* whose files are as good as root's */
	path_list told;	  /* why something is not run, each once */
};

int scripts_open(struct scripts *s, const char *root, uid_t owner);
void scripts_find(struct scripts *s, enum event event, path_list *ret);
void scripts_close(struct scripts *s);
