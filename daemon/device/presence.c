// SPDX-License-Identifier: GPL-2.0-or-later
/* One transition table; what follows from a presence is decided elsewhere. */
#include "device/presence.h"

#define UNKNOWN	  PRESENCE_UNKNOWN
#define HERE	  PRESENCE_HERE
#define LEAVING	  PRESENCE_LEAVING
#define LINGERING PRESENCE_LINGERING
#define REPLACED  PRESENCE_REPLACED
#define GONE	  PRESENCE_GONE

static const enum presence table[][PRESENCE_EV_REGISTERED + 1] = {
	/*		NEW	  DEL	   answer     INFO	 ENODEV	heard since  registered */
	[UNKNOWN] = {UNKNOWN, UNKNOWN, UNKNOWN, HERE, GONE, UNKNOWN, UNKNOWN},
	[HERE] = {HERE, LEAVING, HERE, HERE, GONE, REPLACED, UNKNOWN},
	[LEAVING] = {REPLACED, LEAVING, LINGERING, LEAVING, GONE, REPLACED, UNKNOWN},
	[LINGERING] = {REPLACED, LEAVING, HERE, LINGERING, GONE, REPLACED, UNKNOWN},
	[REPLACED] = {REPLACED, LEAVING, UNKNOWN, REPLACED, GONE, REPLACED, UNKNOWN},
	[GONE] = {GONE, GONE, GONE, GONE, GONE, GONE, GONE},
};

/** presence_next() - what @p is after @e, see the table in the header. */
enum presence presence_next(enum presence p, enum presence_event e)
{
	return table[p][e];
}
