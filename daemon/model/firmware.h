/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware that is wanted of one device, and what carved remembers of bringing it about. */
#pragma once

#include "base/arena.h"
#include "model/diag.h"

#include <stdbool.h>

/* Strings in the arena of the state that it is part of. */
struct firmware {
	const char *version;   /* NULL: none is wanted */
	const char *key;       /* the version's name in devlink info */
	const char *file;      /* NULL: only to be activated */
	const char *component; /* NULL: not sent */
	const char *sha256;    /* NULL: any */
	bool allow_downgrade;
	struct mark mark; /* of the version */
};

/* One flash and one activation for each firmware and boot: how far they came. */
enum flash_stage {
	FLASH_NONE,
	FLASH_BEGUN, /* the request was sent, its outcome is not known */
	FLASH_WRITTEN,
	FLASH_ACTIVATED,  /* a reload of ours has activated it, as the driver says */
	FLASH_CONFIRMED,  /* it has run */
	FLASH_FAILED,	  /* the kernel refused it */
	FLASH_MISMATCH,	  /* written or activated, and yet another version is there */
	FLASH_UNVERIFIED, /* activated, but whether it had been written nobody has said */
	FLASH_STAGES
};

struct flash_latch {
	enum flash_stage stage;
	char *firmware; /* firmware_text() of what it is about */
	char *boot;	/* the boot's id; all but FLASH_MISMATCH end with the boot */
	char *reason;	/* for people, or NULL */
};

/* What the kernel would load for a file name. */
struct image_verdict {
	char *file, *sha256; /* what was asked for */
	int error;	     /* 0: it can be flashed; -errno */
	char *why;	     /* of an error, for people */
};

char *firmware_text(const struct firmware *f);
void firmware_copy(struct arena *arena, struct firmware *to, const struct firmware *from);
void flash_latch_clear(struct flash_latch *l);
void image_verdict_ask(struct image_verdict *c, const struct firmware *f);
void image_verdict_clear(struct image_verdict *c);
bool image_verdict_covers(const struct image_verdict *c, const struct firmware *f);
