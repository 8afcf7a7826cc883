/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control core: config, devices, jobs. It carries out what the device machines ask for, and
 * tells its observers what came of it. It knows no bus.
 *
 *	struct manager *m = manager_new(loop, &options);
 *	manager_add_observer(m, &observer, user);
 *	manager_start(m); loop_run(loop); manager_exit_code(m);
 *
 * What happens at one wake-up of the loop, answers, notifications and calls alike, only leaves
 * marks; when all of it was handled, one conclusion follows: devices that are gone are forgotten,
 * observers are told what has changed, jobs end, and whether all has come to rest is decided once.
 *
 * A phase never goes back. That it is not known yet which devices there are is no phase of its own:
 * while carved is being stopped it may still be so.
 */
#pragma once

#include "manager/observer.h"
#include "manager/options.h"

struct chan_hub;
struct departed;
struct ledger;
struct loading;
struct look;
struct loop;
struct manager;
struct overlay;
struct runner;

/* Exit codes of the daemon, see sysexits.h where they come from there. */
enum {
	EXIT_CONVERGED = 0,
	EXIT_NOT_CONVERGED = 3,
	EXIT_RUNNING = 75,
	EXIT_BAD_CONFIG = 78,
};

struct manager *manager_new(struct loop *loop, const struct manager_options *options);
struct manager *manager_free(struct manager *m);
void manager_add_observer(struct manager *m, const struct manager_observer *calls, void *user);
int manager_start(struct manager *m);
void manager_stop(struct manager *m);
int manager_exit_code(const struct manager *m);

int manager_reload(struct manager *m, const char *who, uint64_t confirm, uint64_t hash,
		   uint64_t *ret_job);
int manager_confirm(struct manager *m);
int manager_roll_back(struct manager *m, uint64_t hash, const char *who, uint64_t confirm,
		      uint64_t *ret_job);
uint64_t manager_rollback_target(const struct manager *m, uint64_t hash);
const char *manager_refuses_config(const struct manager *m, uint64_t confirm);
uint64_t manager_apply(struct manager *m, const char *name, const char *who, bool allow_reload,
		       bool retry);
void manager_pause(struct manager *m, const char *name, const char *who, uint64_t until,
		   uint64_t wall);
bool manager_jobs_full(const struct manager *m, bool limited);
const char *manager_refuses_jobs(const struct manager *m, bool limited);

/* The config. */
struct loading *manager_load_candidate(struct manager *m, struct overlay *overlay,
				       void (*done)(void *user), void *user);
struct loading *manager_load_kept(struct manager *m, uint64_t hash, void (*done)(void *user),
				  void *user);
const struct diag_list *manager_diagnostics(struct manager *m);
uint64_t manager_generation(const struct manager *m);
bool manager_out_of_sync(struct manager *m);
const struct ledger *manager_ledger(const struct manager *m);
struct config *manager_known_config(const struct manager *m, uint64_t hash);
const struct config *manager_config(const struct manager *m);

/* Devices, and entries without one. */
size_t manager_count(const struct manager *m);
struct runner *manager_at(const struct manager *m, size_t i);
size_t manager_count_departed(const struct manager *m);
const struct departed *manager_departed(const struct manager *m, size_t i);
enum device_state manager_state(const struct manager *m);
enum device_state manager_absent(const struct manager *m, entry_list *ret);
char *manager_absent_reason(const struct manager *m, const struct entry *e);
bool manager_busy(const struct manager *m);
const char *manager_problem(const struct manager *m);
int manager_unsaved(const struct manager *m);
struct look *manager_look(struct manager *m, const struct firmware *f, void (*done)(void *user),
			  void *user);
