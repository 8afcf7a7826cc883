// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks at files of firmware, for the plan of a config that is not in force. What a file must be
 * like is kernel/image.c's.
 */
#include "manager/look.h"
#include "kernel/image.h"
#include "manager/worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct look {
	struct look_job *job; /* NULL: it has ended */
	struct image_verdict image;
	void (*done)(void *user);
	void *user;
};

/* Runs another precheck and keeps its words. */
struct look_job {
	struct work work;
	struct look *look; /* NULL: it is gone; looked at in the loop only */
	struct precheck *check;
	char *why;
};

/**
 * look_precheck() - look at a file where the kernel would find it.
 * @images: what the kernel's directories of firmware are below; "/" in production, where root must
 * own them
 */
struct precheck *look_precheck(const char *images, const char *file, const char *sha256)
{
	struct image_tree tree = {.prefix = images,
				  .owner = strcmp(images, "/") == 0 ? 0 : getuid()};

	return image_precheck(&tree, file, sha256);
}

static int run(struct precheck *p, _unused_ char **ret_why)
{
	struct look_job *job = container_of(p, struct look_job, work.precheck);

	return job->check->run(job->check, &job->why);
}

static struct precheck *free_job(struct precheck *p)
{
	struct look_job *job = container_of(p, struct look_job, work.precheck);

	job->check->free(job->check);
	free(job->why);
	free(job);
	return NULL;
}

static void on_done(struct work *w, int error)
{
	struct look_job *job = container_of(w, struct look_job, work);
	struct look *l = job->look;

	if (!l)
		return;
	l->job = NULL;
	l->image.error = error;
	l->image.why = TAKE(job->why);
	l->done(l->user);
}

/**
 * look_new() - look at the file of @f.
 * @images: as in look_precheck()
 * @done: called later, and may free it
 */
struct look *look_new(struct worker *worker, const char *images, const struct firmware *f,
		      void (*done)(void *user), void *user)
{
	struct look *l = mem_new(struct look);
	struct look_job *job = mem_new(struct look_job);

	*l = (struct look){.job = job, .done = done, .user = user};
	l->image = (struct image_verdict){.file = mem_strdup(f->file),
					  .sha256 = mem_strdup(f->sha256),
					  .error = -EINPROGRESS};
	*job = (struct look_job){
		.work = {.precheck = {.run = run, .free = free_job}, .done = on_done},
		.look = l,
		.check = look_precheck(images, f->file, f->sha256)};
	worker_submit(worker, &job->work);
	return l;
}

/** look_free() - done is not called any more. Return: NULL. */
struct look *look_free(struct look *l)
{
	if (l->job)
		l->job->look = NULL;
	image_verdict_clear(&l->image);
	free(l);
	return NULL;
}

/**
 * look_verdict() - what came of it.
 *
 * Return: what the file is like; its error is -EINPROGRESS until that is known.
 */
const struct image_verdict *look_verdict(const struct look *l)
{
	return &l->image;
}
