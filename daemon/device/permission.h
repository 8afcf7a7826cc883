/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be done to a device now, and what stands in the way of more. Pure: everything that
 * counts is in struct circumstances, and no other place decides it.
 */
#pragma once

#include "model/config.h"
#include "model/memory.h"

/* On whose word: taken with MAX when somebody asks, dropped when the device rests. */
enum mandate {
	MANDATE_NONE,	  /* a notification, an audit, a retry of its own */
	MANDATE_LIVE,	  /* `carvectl apply`: live changes despite `drift: report` */
	MANDATE_RELOAD,	  /* start, registration, config change, `carvectl retry`: reloads too */
	MANDATE_ANYTHING, /* `carvectl apply --allow-reload`: whatever it destroys */
	MANDATE_UNDO,	  /* a trial ends, which permitted it: the same */
};

/* Each includes those before it. */
enum may { MAY_NOTHING, MAY_LIVE, MAY_RELOAD, MAY_DESTROY };

/* Why no more. */
enum hindrance {
	HINDRANCE_NONE,
	HINDRANCE_UNMANAGED,	  /* no entry of the config is the device's */
	HINDRANCE_OFF,		  /* carved=off on the kernel's command line */
	HINDRANCE_MEMORY,	  /* what carved remembers of it cannot be read */
	HINDRANCE_PAUSED,	  /* `carvectl pause`, until .until */
	HINDRANCE_REPORT_ONLY,	  /* `drift: report` */
	HINDRANCE_TURN,		  /* others are being reloaded or flashed */
	HINDRANCE_HELD,		  /* the reload of another one ended in quarantine */
	HINDRANCE_CLASH,	  /* another device wants other firmware in the same chip */
	HINDRANCE_POLICY,	  /* `reload:` of the entry */
	HINDRANCE_FAILED,	  /* something that belongs to a reload failed */
	HINDRANCE_QUARANTINE,	  /* torn down, and no roll-back is left to try */
	HINDRANCE_ROLLBACK_WAITS, /* torn down; the next roll-back is due at .until */
	HINDRANCE_FIGHT,	  /* another program sets the object again and again */
};

struct permission {
	enum may may;
	enum hindrance why; /* not more */
	uint64_t until;	    /* when to look again, microseconds; USEC_NEVER: at the next event */
};

struct circumstances {
	const struct entry *entry; /* NULL: unmanaged */
	enum mandate mandate;
	bool off;
	bool unreadable;	 /* its memory */
	bool waits, held;	 /* TURN_LATER, TURN_HELD */
	bool clashes;		 /* TURN_CLASH */
	uint64_t paused_until;	 /* 0: it is not; USEC_NEVER: without an end */
	bool converged_once;	 /* since the device registered */
	bool torn_down;		 /* RELOAD_FAILED */
	bool reload_part_failed; /* a SET, flash or reload of reload class did not come true */
	enum rollback rollback;
	uint64_t retry_at; /* USEC_NEVER: nothing waits for another try */
};

enum mandate mandate_of_retry(const struct memory *m);
bool rollback_is_due(const struct circumstances *c);
struct permission permission_of(const struct circumstances *c);
const char *hindrance_text(enum hindrance h);
