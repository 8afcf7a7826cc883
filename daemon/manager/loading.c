// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides who shares a read of the files, and that of a kept config. */
#include "manager/loading.h"
#include "manager/configs.h"
#include "manager/worker.h"
#include "store/configs.h"
#include "store/file.h"

#include <errno.h>

struct loading {
	struct loader *loader;
	uint64_t hash;		/* of a kept config; 0: the files */
	struct overlay overlay; /* until the read begins */
	void (*done)(void *user);
	void *user;
	int error; /* -EINPROGRESS until it is known */
	struct config *config;
	char *problem;
};

struct load_job {
	struct work work;
	struct loader *loader; /* NULL: it is gone; looked at in the loop only */
	struct configs configs;
	struct overlay overlay;
	struct store store; /* with a directory of its own */
	uint64_t hash;
	uint64_t changes; /* of the files, that were seen before */
	struct config *config;
	struct diag_list diags;
};

static int run(struct precheck *p, _unused_ char **ret_why)
{
	struct load_job *job = container_of(p, struct load_job, work.precheck);

	return job->hash ? store_load_config(&job->store, job->hash, &job->config)
			 : configs_candidate(&job->configs, &job->config, &job->diags);
}

static struct precheck *free_job(struct precheck *p)
{
	struct load_job *job = container_of(p, struct load_job, work.precheck);

	config_unref(job->config);
	diag_clear(&job->diags);
	overlay_clear(&job->overlay);
	store_close(&job->store);
	free(job);
	return NULL;
}

static void on_read(struct work *w, int error);

/* Those whose turn it is: one that has files of its own, or all that want the same. */
static void choose(struct loader *l, struct load_job *job)
{
	bool own = l->next.v[0]->overlay.files.n;

	job->hash = l->next.v[0]->hash;
	for (size_t i = 0; i < l->next.n && (!own || !l->served.n);) {
		struct loading *next = l->next.v[i];

		if (!own && (next->overlay.files.n || next->hash != job->hash)) {
			i++;
			continue;
		}
		vec_push(&l->served, next);
		vec_remove(&l->next, i);
	}
	if (!own)
		return;
	job->overlay = l->served.v[0]->overlay;
	l->served.v[0]->overlay = (struct overlay){};
	job->configs.paths.overlay = &job->overlay;
}

static void start(struct loader *l)
{
	struct load_job *job = mem_new(struct load_job);

	*job = (struct load_job){
		.work = {.precheck = {.run = run, .free = free_job}, .done = on_read},
		.loader = l,
		.configs = {.paths = l->paths},
		.store = store_reader(l->store),
		.changes = l->known->judged.changes};
	l->job = job;
	choose(l, job);
	worker_submit(l->worker, &job->work);
}

static void serve(struct loading *l, const struct load_job *job, int error)
{
	l->error = error;
	l->config = error < 0 ? NULL : config_ref(job->config);
	l->problem = diag_render_all(&job->diags);
	l->done(l->user);
}

static void on_read(struct work *w, int error)
{
	struct load_job *job = container_of(w, struct load_job, work);
	struct loader *l = job->loader;

	if (!l)
		return;
	if (job->hash && error == 0)
		configs_found(l->known, job->config);
	while (l->served.n) /* who asks meanwhile waits for the next read */
		serve(l->served.v[--l->served.n], job, error);
	if (!job->hash && !job->overlay.files.n && error != -ENODATA)
		configs_read(l->known, job->changes, &job->diags);
	l->job = NULL;
	if (l->next.n)
		start(l);
}

static struct loading *add(struct loader *l, uint64_t hash, void (*done)(void *user), void *user)
{
	struct loading *loading = mem_new(struct loading);

	*loading = (struct loading){
		.loader = l, .hash = hash, .done = done, .user = user, .error = -EINPROGRESS};
	vec_push(&l->next, loading);
	return loading;
}

/**
 * loading_new() - read the files.
 * @overlay: what is laid over them, which is taken over; or NULL
 * @done: called later, and may free it
 */
struct loading *loading_new(struct loader *l, struct overlay *overlay, void (*done)(void *user),
			    void *user)
{
	struct loading *loading = add(l, 0, done, user);

	if (overlay) {
		loading->overlay = *overlay;
		*overlay = (struct overlay){};
	}
	if (!l->job)
		start(l);
	return loading;
}

/** loading_kept() - read a kept config, by its hash. @done: as of loading_new() */
struct loading *loading_kept(struct loader *l, uint64_t hash, void (*done)(void *user), void *user)
{
	struct loading *loading = add(l, hash, done, user);

	if (!l->job)
		start(l);
	return loading;
}

/** loading_free() - done is not called any more. Return: NULL. */
struct loading *loading_free(struct loading *l)
{
	struct loader *loader;

	if (!l)
		return NULL;
	loader = l->loader;
	for (size_t i = loader->served.n; i-- > 0;)
		if (loader->served.v[i] == l)
			vec_remove(&loader->served, i);
	for (size_t i = loader->next.n; i-- > 0;)
		if (loader->next.v[i] == l)
			vec_remove(&loader->next, i);
	config_unref(l->config);
	overlay_clear(&l->overlay);
	free(l->problem);
	free(l);
	return NULL;
}

/**
 * loading_result() - what came of it.
 * @ret: its own
 * @ret_problem: diagnostics, as text
 *
 * Return: as configs_candidate() or store_load_config(); -EINPROGRESS until done was called.
 */
int loading_result(const struct loading *l, struct config **ret, const char **ret_problem)
{
	*ret = l->config;
	*ret_problem = l->problem;
	return l->error;
}

/** loader_clear() - at the end, before the worker. All loadings are freed. */
void loader_clear(struct loader *l)
{
	if (l->job)
		l->job->loader = NULL;
	vec_clear(&l->served);
	vec_clear(&l->next);
}
