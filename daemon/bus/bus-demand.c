// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides what a call would do to the traffic of switches, so that polkit can be asked for it. What
 * is not known counts as a reload.
 */
#include "bus/internal.h"
#include "manager/manager.h"
#include "manager/runner.h"
#include "model/ledger.h"
#include "plan/match.h"

/** bus_is_concerned() - would or does an entry match it? */
bool bus_is_concerned(const struct device *d, const struct config *config)
{
	if (d->assignment.used.entry)
		return true;
	vec_each(e, &config->entries)
		if (match_entry(e, d->handle, &d->world.facts))
			return true;
	return false;
}

/** bus_is_open() - may an entry match it, and only the driver fails to tell whether one does? */
bool bus_is_open(const struct device *d, const struct config *config)
{
	entry_list may = {};
	bool open;

	if (bus_is_concerned(d, config))
		return false;
	match_open(config, d->handle, &d->world.facts, &may);
	open = may.n;
	vec_clear(&may);
	return open;
}

static enum disrupts disrupts_one(const struct device *d, const struct device_ask *ask, bool other)
{
	struct config *config = ask->config;

	if (bus_is_open(d, config))
		return DISRUPTS_RELOAD;
	if (!bus_is_concerned(d, config))
		return DISRUPTS_NONE;
	if (!d->view.read.at || (other && !d->world.has_catalogue))
		return DISRUPTS_RELOAD;
	return device_would_disrupt(d, ask);
}

/** bus_disrupts() - what would be done to traffic by @demand, with @config in force. */
enum disrupts bus_disrupts(const struct bus *b, const struct demand *demand, struct config *config)
{
	bool other = config->hash != manager_config(b->manager)->hash;
	bool undo = ledger_ends_trial(manager_ledger(b->manager), config->hash);
	const struct device_ask ask = {config, undo ? MANDATE_UNDO : demand->mandate,
				       demand->retry};
	enum disrupts most = DISRUPTS_NONE;

	for (size_t i = 0; i < manager_count(b->manager); i++) {
		const struct runner *runner = manager_at(b->manager, i);
		const struct device *d = runner_device(runner);

		if (!runner_gone(runner) && device_matches_name(d, demand->device))
			most = MAX(most, disrupts_one(d, &ask, other));
	}
	return most;
}

/** bus_disrupts_name() - as polkit is told. */
const char *bus_disrupts_name(enum disrupts disrupts)
{
	switch (disrupts) {
	case DISRUPTS_NONE:
		return "none";
	case DISRUPTS_RELOAD:
		return "reload";
	case DISRUPTS_FLASH:
		return "flash";
	}
	abort();
}
