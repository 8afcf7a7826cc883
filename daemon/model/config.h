/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The desired state as it was written: merged from all files, not yet tied to a device. Everything
 * in a config lives in its arena; it is immutable once loaded and shared by reference.
 */
#pragma once

#include "base/arena.h"
#include "model/class.h"
#include "model/diag.h"

enum reload_policy { RELOAD_AUTO, RELOAD_BOOT, RELOAD_MANUAL };
enum drift_policy { DRIFT_ENFORCE, DRIFT_REPORT };
enum removal_policy { REMOVAL_RESTORE, REMOVAL_KEEP };

/*
 * One value somebody wrote under a class's section. Layers are bound from the lowest to the
 * highest; a wish beats a lower one of the same class, object and attr. A wish with text NULL
 * (`null` in the YAML) takes lower ones away: of the attr, of the whole object (attr NULL too), of
 * the whole class (object NULL too). Within a layer such a wish comes before those of the same
 * object or class that stay.
 */
struct wish {
	const struct class *class;
	const char *object; /* "max_macs", "/kvd/linear", "1" */
	const char *attr;   /* field name or cmode name; NULL: a bare value */
	const char *text;
	struct mark mark;	   /* of the value */
	struct mark object_mark;   /* of the object's name */
	const char *source;	   /* where the line of mark begins in its file, for carets */
	const char *object_source; /* ... and that of object_mark */
	int order;		   /* from 1: layer by layer, as the object is written */
};

enum firmware_key {
	FIRMWARE_VERSION,
	FIRMWARE_VERSION_KEY,
	FIRMWARE_FILE,
	FIRMWARE_COMPONENT,
	FIRMWARE_SHA256,	  /* 64 lower-case digits */
	FIRMWARE_ALLOW_DOWNGRADE, /* "true" or "false" */
	FIRMWARE_KEYS
};

#define FIRMWARE_TEXT_MAX 1000u /* bytes of each, so that any request has room for two */

/* What one layer, or all of them, say of the firmware. Without mark.file: nothing. */
struct firmware_wish {
	struct mark mark;   /* of the word `firmware` */
	const char *source; /* where its line begins */
	bool cleared;	    /* `null` stood here: what lower layers say is taken away first */
	struct {
		const char *text; /* NULL with a mark: `null`, takes a lower one away */
		const char *source;
		struct mark mark; /* of the value; without file: not written */
	} v[FIRMWARE_KEYS];
};

extern const char *const firmware_key_names[FIRMWARE_KEYS];

struct match {
	const char *key, *pattern;
	struct mark mark;
};

struct match_list {
	struct match *v;
	size_t n, cap;
};

/* A preset, or an entry's own keys; the own keys are the last layer. */
struct layer {
	const char *preset; /* NULL: the entry's own */
	struct match_list matches;
	VEC(struct wish) wishes;
	const struct firmware_wish *firmware; /* NULL: nothing */
};

struct entry {
	const char *name;
	const char *source; /* where the line of mark begins */
	struct mark mark;   /* of the name */
	struct match_list matches;
	enum reload_policy reload;
	enum drift_policy drift;
	enum removal_policy on_removal;
	VEC(struct layer) layers;
};

struct config_file {
	const char *path; /* interned */
	const char *text; /* as it was read */
};

struct config {
	unsigned refs;
	struct arena arena;
	VEC(struct config_file) files;		 /* those that were read, in order */
	uint64_t hash;				 /* of their names and bytes */
	uint64_t hash_before;			 /* the same, as earlier versions reckoned it */
	uint64_t audit_interval, settle_timeout; /* microseconds */
	unsigned parallel_reloads;		 /* 0: as many as there are */
	VEC(struct entry) entries;
};

typedef VEC(const struct entry *) entry_list; /* borrowed from a config */

#define CONFIG_AUDIT_INTERVAL_DEFAULT (UINT64_C(300) * 1000000)
#define CONFIG_SETTLE_TIMEOUT_DEFAULT (UINT64_C(30) * 1000000)

void firmware_merge(struct firmware_wish *low, const struct firmware_wish *high);

struct config *config_new(void);
struct config *config_ref(struct config *c);
struct config *config_unref(struct config *c);
void config_unrefp(struct config **c);

#define _cleanup_config_ _cleanup_(config_unrefp)
