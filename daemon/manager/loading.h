/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The config files as they are now, or a config that is kept, read outside of the event loop for
 * whoever asks:
 *
 *	struct loading *l = loading_new(loader, NULL, done, user);
 *	... done(user): loading_result(l, &config, &problem); loading_free(l);
 *
 * They are read after loading_new(), and for all that wait for the same at once: who asks for the
 * files waits for two reads at most, however many ask for them. Who lays files of his own over them
 * waits for his turn. What a read says of the files, and a kept config, is noted in the manager's
 * configs, too.
 */
#pragma once

#include "base/vec.h"
#include "yaml/yaml.h"

struct configs;
struct load_job;
struct loading;
struct store;
struct worker;

struct loader {
	struct worker *worker;
	const struct store *store;
	struct configs *known;
	struct yaml_paths paths;
	VEC(struct loading *) served, next; /* by the read that is in progress, and by another */
	struct load_job *job;		    /* NULL: no read is in progress */
};

struct loading *loading_new(struct loader *l, struct overlay *overlay, void (*done)(void *user),
			    void *user);
struct loading *loading_kept(struct loader *l, uint64_t hash, void (*done)(void *user), void *user);
struct loading *loading_free(struct loading *l);
int loading_result(const struct loading *l, struct config **ret, const char **ret_problem);
void loader_clear(struct loader *l);
