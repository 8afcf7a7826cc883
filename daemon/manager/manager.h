/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control core: config, devices, jobs. Carries out what the device machines ask for and tells a
 * face (D-Bus, or none) what changed. Knows no bus.
 */
#pragma once

#include "manager/departed.h"

struct manager;

struct manager_options {
	const char *config_root, *config_file; /* as in struct yaml_paths */
	const char *runtime_dir, *state_dir;
	struct transport transport;
	bool once; /* end when everything has come to rest */
	struct device_env device;
};

/* What a face wants to know. Each may be NULL. */
struct manager_face {
	void (*device_added)(void *user, struct runner *r);
	void (*device_changed)(void *user, struct runner *r);
	void (*device_removed)(void *user, struct runner *r);
	void (*device_progress)(void *user, struct runner *r);
	void (*manager_changed)(void *user);
	void (*job_removed)(void *user, uint64_t job, const char *result);
	void (*ready)(void *user, bool ready);
};

/* Exit codes of the daemon, see sysexits.h where they come from there. */
enum {
	EXIT_CONVERGED = 0,
	EXIT_NOT_CONVERGED = 3,
	EXIT_RUNNING = 75,
	EXIT_BAD_CONFIG = 78,
};

struct manager *manager_new(struct loop *loop, const struct manager_options *options);
struct manager *manager_free(struct manager *m);
void manager_set_face(struct manager *m, const struct manager_face *face, void *user);
int manager_start(struct manager *m);
void manager_stop(struct manager *m);
int manager_exit_code(const struct manager *m);

int manager_reload(struct manager *m, const char *who, uint64_t *ret_job);
uint64_t manager_apply(struct manager *m, const char *name, const char *who, bool allow_reload,
		       bool retry);
int manager_load_candidate(const struct manager *m, struct config **ret, struct diag_list *diags);
enum device_state manager_state(const struct manager *m);
const struct diag_list *manager_diagnostics(const struct manager *m);
uint64_t manager_generation(const struct manager *m);
bool manager_out_of_sync(const struct manager *m);
const struct config *manager_config(const struct manager *m);

/* Devices, and entries without one. */
size_t manager_count(const struct manager *m);
struct runner *manager_at(const struct manager *m, size_t i);
const departed_list *manager_departed(const struct manager *m);
struct runner *manager_find(const struct manager *m, const char *handle);
enum device_state manager_absent(const struct manager *m, entry_list *ret);
bool manager_busy(const struct manager *m);
const char *manager_problem(const struct manager *m);
const char *manager_hindrance(const struct manager *m);
