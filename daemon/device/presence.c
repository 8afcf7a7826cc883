// SPDX-License-Identifier: GPL-2.0-or-later
/* One transition table; what follows from a presence is decided elsewhere. */
#include "device/presence.h"

#define UNKNOWN	  PRESENCE_UNKNOWN
#define HERE	  PRESENCE_HERE
#define LEAVING	  PRESENCE_LEAVING
#define LINGERING PRESENCE_LINGERING
#define REPLACED  PRESENCE_REPLACED
#define GONE	  PRESENCE_GONE

static const enum presence table[][PRESENCE_EV_SAME + 1] = {
	/* columns: NEW, DEL, answer, INFO, ENODEV, ENODEV and heard since, registered, the same */
	[UNKNOWN] = {UNKNOWN, UNKNOWN, UNKNOWN, HERE, GONE, UNKNOWN, UNKNOWN, UNKNOWN},
	[HERE] = {HERE, LEAVING, HERE, HERE, GONE, REPLACED, UNKNOWN, HERE},
	[LEAVING] = {REPLACED, LEAVING, LINGERING, LEAVING, GONE, REPLACED, UNKNOWN, HERE},
	[LINGERING] = {REPLACED, LEAVING, HERE, LINGERING, GONE, REPLACED, UNKNOWN, HERE},
	[REPLACED] = {REPLACED, LEAVING, UNKNOWN, REPLACED, GONE, REPLACED, UNKNOWN, HERE},
	[GONE] = {GONE, GONE, GONE, GONE, GONE, GONE, GONE, GONE},
};

/** presence_next() - what @p is after @e, see the table in the header. */
enum presence presence_next(enum presence p, enum presence_event e)
{
	return table[p][e];
}
