// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of `reload:`, `drift:`, carved=off, pauses and roll-backs, in one place. */
#include "device/permission.h"
#include "base/clock.h"

#include <stdlib.h>

/**
 * rollback_is_due() - is it to be brought back up now, whatever the policy? Nothing works anyway.
 */
bool rollback_is_due(const struct circumstances *c)
{
	return c->torn_down && c->retry_at == USEC_NEVER &&
	       (c->rollback == ROLLBACK_GOOD || c->rollback == ROLLBACK_DEFAULTS);
}

static bool policy_permits(const struct circumstances *c)
{
	if (c->mandate >= MANDATE_ANYTHING)
		return true;
	switch (c->entry->reload) {
	case RELOAD_AUTO:
		return c->mandate >= MANDATE_RELOAD;
	case RELOAD_BOOT:
		return !c->converged_once;
	case RELOAD_MANUAL:
		return false;
	}
	abort();
}

/* Of a device to which live changes are permitted: what stands in the way of a reload? */
static enum hindrance reload_hindrance(const struct circumstances *c)
{
	if (c->torn_down && c->rollback != ROLLBACK_NONE) {
		if (rollback_is_due(c))
			return HINDRANCE_NONE;
		return c->retry_at == USEC_NEVER ? HINDRANCE_QUARANTINE : HINDRANCE_ROLLBACK_WAITS;
	}
	if (c->reload_part_failed) /* permission is not what it waits for */
		return HINDRANCE_FAILED;
	if (!policy_permits(c))
		return HINDRANCE_POLICY;
	if (c->waits || c->held)
		return c->waits ? HINDRANCE_TURN : HINDRANCE_HELD;
	if (c->clashes)
		return HINDRANCE_CLASH;
	return HINDRANCE_NONE;
}

/** mandate_of_retry() - on whose word is it tried again? What failed may be a trial's end. */
enum mandate mandate_of_retry(const struct memory *m)
{
	return m->undo ? MANDATE_UNDO : MANDATE_RELOAD;
}

/** permission_of() - what may be done under these circumstances. */
struct permission permission_of(const struct circumstances *c)
{
	struct permission p = {.may = MAY_NOTHING, .until = USEC_NEVER};

	if (!c->entry)
		p.why = HINDRANCE_UNMANAGED;
	else if (c->off)
		p.why = HINDRANCE_OFF;
	else if (c->unreadable)
		p.why = HINDRANCE_MEMORY;
	else if (c->paused_until)
		p.why = HINDRANCE_PAUSED;
	else if (c->entry->drift == DRIFT_REPORT && c->mandate < MANDATE_LIVE &&
		 !rollback_is_due(c))
		p.why = HINDRANCE_REPORT_ONLY;
	if (p.why == HINDRANCE_PAUSED)
		p.until = c->paused_until;
	if (p.why)
		return p;
	p.why = reload_hindrance(c);
	if (p.why == HINDRANCE_ROLLBACK_WAITS)
		p.until = c->retry_at;
	if (p.why)
		p.may = MAY_LIVE;
	else
		p.may = c->mandate >= MANDATE_ANYTHING ? MAY_DESTROY : MAY_RELOAD;
	return p;
}

/**
 * hindrance_text() - what an operator reads beside an object that is not as wanted; "" for none.
 */
const char *hindrance_text(enum hindrance h)
{
	switch (h) {
	case HINDRANCE_OFF:
		return "carved=off on the kernel command line";
	case HINDRANCE_MEMORY:
		return "what carved remembers of the device cannot be read";
	case HINDRANCE_PAUSED:
		return "the device is paused";
	case HINDRANCE_REPORT_ONLY:
		return "only reported (drift: report)";
	case HINDRANCE_TURN:
		return "waits until others are reloaded or flashed";
	case HINDRANCE_HELD:
		return "held back: the reload of another device failed";
	case HINDRANCE_CLASH:
		return "held back: two devices want different firmware in one flash chip";
	case HINDRANCE_POLICY:
		return "waits for a permitted reload";
	case HINDRANCE_FAILED:
		return "held back by what failed, until carvectl retry or another config";
	case HINDRANCE_QUARANTINE:
	case HINDRANCE_ROLLBACK_WAITS:
		return "in quarantine: a reload with it failed";
	case HINDRANCE_FIGHT:
		return "left alone: another program keeps changing it";
	case HINDRANCE_NONE:
	case HINDRANCE_UNMANAGED:
		break;
	}
	return "";
}
