// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is to see of carved: its config, its devices, what is wrong. No device hears of it. */
#include "manager/absent.h"
#include "manager/look.h"
#include "manager/manager.h"
#include "manager/manager_parts.h"

/** manager_load_candidate() - see loading_new(). Return: as that. */
struct loading *manager_load_candidate(struct manager *m, struct overlay *overlay,
				       void (*done)(void *user), void *user)
{
	return loading_new(&m->loader, overlay, done, user);
}

/** manager_load_kept() - see loading_kept(). Return: as that. */
struct loading *manager_load_kept(struct manager *m, uint64_t hash, void (*done)(void *user),
				  void *user)
{
	return loading_kept(&m->loader, hash, done, user);
}

static void on_judged(void *user)
{
	struct manager *m = user;

	m->judging = loading_free(m->judging);
}

/** manager_diagnostics() - Return: the problems of the files, adopted or not. */
const struct diag_list *manager_diagnostics(struct manager *m)
{
	if (configs_doubt(&m->configs) && !m->judging)
		m->judging = loading_new(&m->loader, NULL, on_judged, m);
	return configs_problems(&m->configs);
}

/** manager_generation() - Return: how many configs came into force. */
uint64_t manager_generation(const struct manager *m)
{
	return m->configs.generation;
}

/** manager_out_of_sync() - do the files on disk say something else than what is in force? */
bool manager_out_of_sync(struct manager *m)
{
	return configs_out_of_sync(&m->configs);
}

/** manager_ledger() - Return: which configs were accepted, and what is on trial. */
const struct ledger *manager_ledger(const struct manager *m)
{
	return &m->configs.ledger;
}

/** manager_known_config() - see configs_known(). Return: as that. */
struct config *manager_known_config(const struct manager *m, uint64_t hash)
{
	return configs_known(&m->configs, hash);
}

/** manager_config() - Return: the config in force. */
const struct config *manager_config(const struct manager *m)
{
	return m->configs.in_force;
}

/** manager_count() - Return: how many devices there are, sorted by handle. */
size_t manager_count(const struct manager *m)
{
	return m->devices.list.n;
}

/** manager_at() - Return: the device number @i; it may be gone. */
struct runner *manager_at(const struct manager *m, size_t i)
{
	return m->devices.list.v[i].runner;
}

/** manager_count_departed() - Return: how many devices that are gone are remembered. */
size_t manager_count_departed(const struct manager *m)
{
	return m->devices.departed.n;
}

/** manager_departed() - Return: what such a device has done. */
const struct departed *manager_departed(const struct manager *m, size_t i)
{
	return &m->devices.departed.v[i];
}

/** manager_state() - see devices_state(). */
enum device_state manager_state(const struct manager *m)
{
	return devices_state(&m->devices);
}

/** manager_absent() - see devices_absent(). */
enum device_state manager_absent(const struct manager *m, entry_list *ret)
{
	return devices_absent(&m->devices, ret);
}

/** manager_absent_reason() - see absent_reason(). */
char *manager_absent_reason(const struct manager *m, const struct entry *e)
{
	return absent_reason(&m->devices, e);
}

/** manager_busy() - is any device not at rest? */
bool manager_busy(const struct manager *m)
{
	return devices_busy(&m->devices);
}

/** manager_problem() - Return: why no device can be reached at all, or NULL. */
const char *manager_problem(const struct manager *m)
{
	if (m->phase != MANAGER_WAITING_FOR_LOCK)
		return m->finder.problem;
	return m->lock_error ? "it cannot be made sure that no other carved runs: see the journal"
			     : "another carved has not ended yet";
}

/** manager_unsaved() - see configs_unsaved(). Return: as that. */
int manager_unsaved(const struct manager *m)
{
	return configs_unsaved(&m->configs);
}

/**
 * manager_look() - look at a file of firmware that no device's machine has asked for; see
 * look_new().
 */
struct look *manager_look(struct manager *m, const struct firmware *f, void (*done)(void *user),
			  void *user)
{
	return look_new(&m->worker, m->devices.env.images, f, done, user);
}
