// SPDX-License-Identifier: GPL-2.0-or-later
/* Flashes and reloads: which, how many, and what each of them activates. */
#include "plan/planner.h"

#include <linux/devlink.h>

#define DRIVER_REINIT DEVLINK_RELOAD_ACTION_DRIVER_REINIT
#define FW_ACTIVATE   DEVLINK_RELOAD_ACTION_FW_ACTIVATE

static bool offers(const struct planner *p, uint8_t action)
{
	return facts_offers(&p->world->facts, action, DEVLINK_RELOAD_LIMIT_UNSPEC);
}

static bool activates(const struct planner *p, uint8_t action)
{
	return firmware_activated_by(p->world, action);
}

static char *format_impact(const struct planner *p)
{
	struct buf b = {};

	impact_format(&p->world->impact, &b);
	return buf_take(&b);
}

static bool activates_live(const struct planner *p)
{
	return !p->reload &&
	       facts_offers(&p->world->facts, FW_ACTIVATE, DEVLINK_RELOAD_LIMIT_NO_RESET);
}

/** plan_activation_class() - what it costs to put the stored firmware into force. */
enum disruption plan_activation_class(const struct planner *p)
{
	if (!p->activate)
		return DISRUPTION_POWER_CYCLE;
	return activates_live(p) ? DISRUPTION_FW_LIVE : DISRUPTION_RELOAD;
}

static void add_reload(struct planner *p, uint8_t action, unsigned n, unsigned of)
{
	bool live = action == FW_ACTIVATE && activates_live(p);
	struct step *s = planner_add(p, STEP_RELOAD, PHASE_RELOAD,
				     live ? DISRUPTION_FW_LIVE : DISRUPTION_RELOAD);

	s->action = action;
	s->limit = live ? DEVLINK_RELOAD_LIMIT_NO_RESET : DEVLINK_RELOAD_LIMIT_UNSPEC;
	s->activates = p->activate && activates(p, action);
	s->from = format_impact(p);
	s->to = mem_printf("reload %u of %u%s%s", n, of,
			   s->activates ? ", activates firmware " : "",
			   s->activates ? p->want->firmware.version : "");
}

static uint8_t activating_action(const struct planner *p)
{
	return activates(p, FW_ACTIVATE) ? FW_ACTIVATE : DRIVER_REINIT;
}

/* The driver takes no other image before: one more reload, and the flash after it. */
static void add_making_room(struct planner *p, unsigned of)
{
	struct step *s = planner_add(p, STEP_RELOAD, PHASE_MAKE_ROOM, DISRUPTION_RELOAD);

	s->action = activating_action(p);
	s->limit = DEVLINK_RELOAD_LIMIT_UNSPEC;
	s->from = format_impact(p);
	s->to = mem_printf(
		"reload 1 of %u, activates firmware %s, which is stored: the driver takes "
		"no other image before",
		of, p->in_the_way);
}

/**
 * plan_reloads() - the reloads that are due: one, where there is a way.
 *
 * Two where firmware is to be activated and something else needs a driver_reinit, which does not
 * activate it: from Linux 6.3 on the other action loads no params.
 */
void plan_reloads(struct planner *p)
{
	unsigned before = p->in_the_way ? 1 : 0;
	bool two = p->reload && p->activate && !activates(p, DRIVER_REINIT) &&
		   activates(p, FW_ACTIVATE) && offers(p, DRIVER_REINIT);

	if (before && p->activate)
		add_making_room(p, before + (two ? 2 : 1));
	if (two) {
		add_reload(p, FW_ACTIVATE, before + 1, before + 2);
		add_reload(p, DRIVER_REINIT, before + 2, before + 2);
	} else if (p->reload) {
		add_reload(p,
			   offers(p, DRIVER_REINIT) || !offers(p, FW_ACTIVATE) ? DRIVER_REINIT
									       : FW_ACTIVATE,
			   before + 1, before + 1);
	} else if (p->activate) {
		add_reload(p, activating_action(p), before + 1, before + 1);
	}
}

static void say_pending(struct planner *p, const char *kind, const char *name)
{
	struct buf *b = &p->plan->pending_text;

	buf_add(b, "%s%s %s", b->n ? ", " : "", kind, name);
}

static void add_flash(struct planner *p, const struct firmware *f)
{
	const char *running = facts_version(&p->world->facts, VERSION_RUNNING, f->key);
	struct step *s = planner_add(p, STEP_FLASH, PHASE_FLASH, plan_activation_class(p));

	step_set_firmware(s, f);
	s->from = mem_strdup(running ? running : "");
	s->to = mem_strdup(f->version);
	s->mark = f->mark;
}

/** plan_firmware() - the flash, if one is due, and what is to be activated. */
void plan_firmware(struct planner *p)
{
	const struct firmware *f = &p->want->firmware;

	if (p->world->memory.lasting.rollback != ROLLBACK_NONE)
		return;
	p->plan->firmware = firmware_need(f, p->world);
	switch (p->plan->firmware) {
	case FIRMWARE_RUNS:
	case FIRMWARE_MISMATCH:
	case FIRMWARE_FAILED:
	case FIRMWARE_GONE:
		return;
	case FIRMWARE_FLASH:
		p->flash = true;
		break;
	case FIRMWARE_ACTIVATE:
		break;
	}
	p->activate = activates(p, DRIVER_REINIT) || activates(p, FW_ACTIVATE);
	p->in_the_way = p->flash ? firmware_in_the_way(f, p->world) : NULL;
	if (p->flash && p->permitted && !(p->in_the_way && !p->activate)) {
		add_flash(p, f);
		return;
	}
	if (!p->permitted || !p->activate)
		say_pending(p, "firmware", f->version);
	if (p->in_the_way)
		buf_add(&p->plan->pending_text,
			" (%s is stored and waits for its activation; the driver takes no other "
			"image before)",
			p->in_the_way);
	if (!p->activate)
		p->plan->pending = DISRUPTION_POWER_CYCLE;
}

/** plan_say_destroyed() - tell why what is pending needs more than a permitted reload. */
void plan_say_destroyed(struct planner *p)
{
	_cleanup_free_ char *impact = format_impact(p);

	buf_add(&p->plan->pending_text,
		" (it would destroy or reset %s, so it needs carvectl apply --allow-reload)",
		impact);
}
