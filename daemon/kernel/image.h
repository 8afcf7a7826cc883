/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that the kernel will load for the name of a firmware, and what is in it. Reads whole
 * files, of 100 MB and more: only for a channel's thread.
 *
 *	b->v[0].request = encode_flash(family, handle, file, component);
 *	b->v[0].precheck = image_precheck(&(struct image_tree){.prefix = "/"}, file, sha256);
 *	chan_submit(c, b);
 */
#pragma once

#include "kernel/chan.h"
#include "kernel/digest.h"

#include <sys/types.h>

/* Where the kernel's directories are. */
struct image_tree {
	const char *prefix; /* "/", or a test's own tree */
	uid_t owner;	    /* who is trusted like root; 0, or who runs the test */
};

struct image {
	char *path;		  /* below the prefix, symbolic links followed */
	uint64_t size;		  /* of what the driver gets: unpacked */
	char sha256[DIGEST_TEXT]; /* of the same bytes */
};

int image_find(const struct image_tree *tree, const char *name, struct image *ret, char **ret_why);
void image_clear(struct image *image);

struct precheck *image_precheck(const struct image_tree *tree, const char *name,
				const char *sha256);
